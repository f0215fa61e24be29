//! Object folders that a store borrows from.
//!
//! The format is that of git's `gitrepository-layout`, "objects/info/alternates".

use crate::fault::Fault;
use crate::{Problem, map};
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};

/// So many times may a folder borrow from one that itself borrows; as many as git follows.
const DEPTH: usize = 5;
/// A list longer than this is not one.
const LONGEST: u64 = 1 << 20;
/// More folders than this are not followed.
const MOST: usize = 1000;

/// The folder itself and all that it borrows from, each once, and what was wrong with them.
pub(crate) fn follow(objects: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut folders = vec![objects.to_owned()];
    let mut known = vec![canonical(objects)];
    let mut round = 0..1;
    for _ in 0..DEPTH {
        for at in round.clone() {
            for folder in listed(&folders[at], problems) {
                let real = canonical(&folder);
                if known.contains(&real) || known.len() == MOST {
                    continue;
                }
                known.push(real);
                if folder.is_dir() {
                    folders.push(folder);
                } else {
                    let fault =
                        Fault::missing("a folder that objects are borrowed from is not there");
                    problems.push(fault.about(folder.display()));
                }
            }
        }
        round = round.end..folders.len();
    }
    folders
}

fn canonical(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn listed(objects: &Path, problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let path = objects.join("info/alternates");
    let mut text = Vec::new();
    let read = map::regular(&path).and_then(|file| file.take(LONGEST).read_to_end(&mut text));
    if let Err(error) = read {
        if error.kind() != std::io::ErrorKind::NotFound {
            problems.push(Fault::from(error).about(path.display()));
        }
        return Vec::new();
    }
    text.split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        .filter_map(|line| os_string(unquote(line)))
        .map(|line| objects.join(line))
        .collect()
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

/// A line that begins with a quotation mark is quoted as in C; one that is not so after all is
/// taken as it is.
fn unquote(line: &[u8]) -> Vec<u8> {
    let quoted = || {
        let mut inner = line.strip_prefix(b"\"")?.strip_suffix(b"\"")?.iter();
        let mut plain = Vec::with_capacity(line.len());
        while let Some(&byte) = inner.next() {
            if byte != b'\\' {
                plain.push(byte);
                continue;
            }
            plain.push(match *inner.next()? {
                b'a' => 7,
                b'b' => 8,
                b't' => b'\t',
                b'n' => b'\n',
                b'v' => 11,
                b'f' => 12,
                b'r' => b'\r',
                escaped @ (b'"' | b'\\') => escaped,
                high @ b'0'..=b'3' => {
                    let mut digit = || Some(inner.next()?.wrapping_sub(b'0')).filter(|&it| it < 8);
                    (high - b'0') << 6 | digit()? << 3 | digit()?
                }
                _ => return None,
            });
        }
        Some(plain)
    };
    quoted().unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_lines() {
        assert_eq!(unquote(br#""/a b/\303\244\t\"c\\""#), "/a b/ä\t\"c\\".as_bytes());
        for plain in [&b"/a\\b"[..], b"\"/a", b"\"\\9\"", b"\"\\7\""] {
            assert_eq!(unquote(plain), plain);
        }
    }
}
