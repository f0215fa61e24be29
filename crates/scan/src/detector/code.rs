//! What stands where a broad rule expects a value, and is program text: names, paths, calls.

/// A broad rule knows a value by the name before it only; rules above this know a format.
pub(super) const BROAD: u8 = 20;

const QUOTES: &[u8] = b"\"'`";

/// Whether `value` is program text, or bytes that nobody types. `before` is what stands in front
/// of it: between quotes it is a value, whatever it looks like.
pub(super) fn is_code(before: &[u8], value: &[u8]) -> bool {
    if value.iter().any(|byte| !(b' '..=b'~').contains(byte)) && !is_text(value) {
        return true;
    }
    let is_address = [&b"http://"[..], b"https://"].iter().any(|start| value.starts_with(start));
    if is_address && !value.contains(&b'@') {
        return true;
    }
    let is_quoted = before.last().is_some_and(|byte| QUOTES.contains(byte));
    !is_quoted && !is_shell_assignment(before) && (has_operator(value) || is_name(value))
}

fn is_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(|text| !text.chars().any(char::is_control))
}

/// `NAME=value`, where values stand without quotes.
fn is_shell_assignment(before: &[u8]) -> bool {
    before
        .strip_suffix(b"=")
        .and_then(<[u8]>::last)
        .is_some_and(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
}

fn has_operator(value: &[u8]) -> bool {
    let holds = |text: &[u8]| value.windows(text.len()).any(|window| window == text);
    matches!(value.first(), Some(b':' | b'&' | b'*' | b'!' | b'|'))
        || matches!(value.last(), Some(b'?' | b'|' | b'\\'))
        || [&b"::"[..], b"->", b"++", b"&&", b"||", b"=="].iter().any(|operator| holds(operator))
}

/// Letters in words without a digit, or words of letters with few digits that underscores or
/// dots join: a name of a variable, field or constant.
fn is_name(value: &[u8]) -> bool {
    let is_joint = |byte: &u8| matches!(byte, b'_' | b'.' | b'-' | b'/' | b':');
    let is_plain = value.iter().all(|byte| byte.is_ascii_alphanumeric() || is_joint(byte));
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let joints = value.iter().filter(|byte| matches!(byte, b'_' | b'.')).count();
    is_plain && (digits == 0 || (joints >= 2 && digits * 4 <= value.len() - joints))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_expressions_are_code() {
        for value in [
            "method_len",
            "CredentialHello",
            "libc::passwd",
            "&RegistryConfig",
            "tmp.next",
            ":Action::Logout",
            "auth_attempts++",
            "response?",
            "libssh2_NB_state_sent3",
            "https://example.org/docs",
            "result.header_map.all",
        ] {
            assert!(is_code(b"token = ", value.as_bytes()), "{value}");
        }
        assert!(is_code(b"token = '", b"\x01\xffgix\xfe"));
    }

    #[test]
    fn values_are_not() {
        for value in ["vQ8mZr2LkT5x", "Tr0ub4dor&3", "https://bob:pw1@h", "a1_b2_c3_d4", "9f.8e.7d"]
        {
            assert!(!is_code(b"token = ", value.as_bytes()), "{value}");
        }
        assert!(!is_code(b"token = \"", b"correcthorsebattery"));
        assert!(!is_code(b"DB_PASSWORD=", b"correcthorsebattery"));
        assert!(!is_code(b"password = '", "pässwörterbuch".as_bytes()));
    }
}
