//! Counts as people read them.

/// `1 place`, `2 places`, `3 repositories`.
pub fn plural(count: u64, noun: &str) -> String {
    let grouped = thousands(count);
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) if !noun.ends_with("day") => format!("{grouped} {stem}ies"),
        _ => format!("{grouped} {noun}s"),
    }
}

/// `once`, `twice`, `7 times`.
pub fn times(count: u64) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        many => plural(many, "time"),
    }
}

/// `12,345`.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_well() {
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(plural(1, "repository"), "1 repository");
        assert_eq!(plural(2, "repository"), "2 repositories");
        assert_eq!(plural(0, "day"), "0 days");
        assert_eq!(
            [times(0), times(1), times(2), times(3)],
            ["0 times", "once", "twice", "3 times"]
        );
    }
}
