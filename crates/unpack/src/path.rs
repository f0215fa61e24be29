//! Names from inside archives, made fit to be shown.

/// No name is longer, in bytes.
const LONGEST: usize = 1024;

/// `name` without control characters, without characters that turn text round, not too long and
/// never empty.
pub(crate) fn safe(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(&name[..name.len().min(LONGEST)]);
    let mut safe: String = name.chars().map(|c| if is_fit(c) { c } else { '\u{fffd}' }).collect();
    while safe.len() > LONGEST {
        safe.pop();
    }
    if safe.is_empty() { "unnamed".to_owned() } else { safe }
}

fn is_fit(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// What a compressed file was called before: without its last ending, if that says how it is packed.
pub(crate) fn unpacked(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem =
        [".gz", ".bz2", ".xz", ".zst", ".zstd"].iter().find_map(|end| name.strip_suffix(end));
    match stem {
        Some(stem) if !stem.is_empty() => stem,
        _ => "contents",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_fit_to_be_shown() {
        assert_eq!(safe(b"../../etc/passwd"), "../../etc/passwd");
        assert_eq!(safe(b"a\x1b[2Jb\n"), "a\u{fffd}[2Jb\u{fffd}");
        assert_eq!(safe("a\u{202e}txt".as_bytes()), "a\u{fffd}txt");
        assert_eq!(safe(b""), "unnamed");
        assert!(safe(&[0xff; 9000]).len() <= LONGEST);
    }

    #[test]
    fn endings_fall_away() {
        assert_eq!(unpacked("a/b.sql.gz"), "b.sql");
        assert_eq!(unpacked(".gz"), "contents");
        assert_eq!(unpacked("x"), "contents");
    }
}
