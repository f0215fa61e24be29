//! Loose objects: a file each, named by the id.

use crate::buffer::Buffer;
use crate::fault::Fault;
use crate::inflate::Stream;
use crate::map::regular;
use crate::{Format, Kind, ObjectId};
use flate2::read::ZlibDecoder;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The longest header there can be: a kind and a number.
const HEADER: usize = 32;

/// The ids of the loose objects below a folder, in order. What is named otherwise is none of them.
pub(crate) fn list(objects: &Path, format: Format) -> Vec<ObjectId> {
    let mut ids = Vec::new();
    let mut hex = Vec::with_capacity(64);
    for start in starts(objects) {
        let Ok(folder) = fs::read_dir(objects.join(&start)) else { continue };
        for file in folder.flatten() {
            hex.clear();
            hex.extend_from_slice(start.as_bytes());
            hex.extend_from_slice(file.file_name().as_encoded_bytes());
            let id = ObjectId::from_hex(&hex).filter(|id| id.format() == format);
            ids.extend(id);
        }
    }
    ids.sort_unstable();
    ids
}

/// The names that folders of loose objects may have: of those that there are, since asking for all
/// 256 takes longer than opening a small store; all of them where that is not told.
fn starts(objects: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(objects) else {
        return (0..=255u8).map(|first| format!("{first:02x}")).collect();
    };
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.len() == 2 && name.bytes().all(digit)).collect()
}

/// An open loose object of which the header has been read.
pub(crate) struct Loose {
    pub(crate) kind: Kind,
    pub(crate) size: u64,
    stream: Stream<File>,
}

impl Loose {
    pub(crate) fn open(objects: &Path, id: &ObjectId) -> Result<Self, Fault> {
        let mut decoder = ZlibDecoder::new_with_buf(regular(&path(objects, id))?, vec![0; 4096]);
        let mut header = [0; HEADER];
        let mut len = 0;
        let wrong = || Fault::corrupt("its file does not begin as that of an object");
        while header[..len].last() != Some(&0) || len == 0 {
            let into = header.get_mut(len..len + 1).ok_or_else(wrong)?;
            if decoder.read(into).map_err(|_| wrong())? == 0 {
                return Err(wrong());
            }
            len += 1;
        }
        let text = std::str::from_utf8(&header[..len - 1]).map_err(|_| wrong())?;
        let (kind, size) = text.split_once(' ').ok_or_else(wrong)?;
        let kind = match kind {
            "commit" => Kind::Commit,
            "tree" => Kind::Tree,
            "blob" => Kind::Blob,
            "tag" => Kind::Tag,
            _ => return Err(wrong()),
        };
        if !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let size = size.parse().map_err(|_| wrong())?;
        Ok(Self { kind, size, stream: Stream::resumed(decoder, size) })
    }

    /// Reads all of it, which must have been found to fit.
    pub(crate) fn read(mut self, into: &mut Buffer) -> Result<(), Fault> {
        let size = usize::try_from(self.size).map_err(|_| Fault::too_large("it fits no memory"))?;
        self.stream.read_exact(&mut into.begin(size)[..size])?;
        // Only after the last byte is the check sum looked at.
        match self.stream.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(Fault::corrupt("it has more bytes than it says")),
        }
    }
}

impl Read for Loose {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        self.stream.read(into)
    }
}

fn path(objects: &Path, id: &ObjectId) -> PathBuf {
    let hex = id.to_string();
    let (folder, file) = hex.split_at(2);
    objects.join(folder).join(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_otherwise_is_no_object() {
        let folder = tempfile::tempdir().unwrap();
        let file = "1".repeat(38);
        for start in ["ab", "00", "AB", "abc", "zz", "a", "pack"] {
            fs::create_dir(folder.path().join(start)).unwrap();
            fs::write(folder.path().join(start).join(&file), b"").unwrap();
        }
        fs::write(folder.path().join("cd"), b"").unwrap();
        fs::write(folder.path().join("ab").join("2".repeat(37)), b"").unwrap();
        fs::write(folder.path().join("ab").join("3".repeat(62)), b"").unwrap();
        let ids = |format| -> Vec<String> {
            list(folder.path(), format).iter().map(ToString::to_string).collect()
        };
        assert_eq!(ids(Format::Sha1), [format!("00{file}"), format!("ab{file}")]);
        assert_eq!(ids(Format::Sha256), [format!("ab{}", "3".repeat(62))]);
    }
}
