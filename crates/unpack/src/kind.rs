//! What bytes are, by what they begin with.

use crate::archive::{tar, zip};
use crate::document::{mail, notebook, office, pyc};

/// A kind of container or document that can be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// gzip, RFC 1952.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz, the format of XZ Utils.
    Xz,
    /// Zstandard, RFC 8878.
    Zstd,
    /// tar: ustar, pax or GNU.
    Tar,
    /// zip and all that is one: jar, war, apk, whl, nupkg, docx, xlsx, pptx, crx.
    Zip,
    /// A Jupyter notebook.
    Notebook,
    /// A SQLite database.
    Sqlite,
    /// PDF.
    Pdf,
    /// Compiled Python.
    Pyc,
    /// A compiled Java class.
    Class,
    /// A program or library: ELF, PE or Mach-O.
    Executable,
    /// A mail with its headers, RFC 5322.
    Mail,
    /// XML of an office document, as it lies in a docx, xlsx, pptx, odt.
    Office,
}

impl Kind {
    /// Its name, as it is told to people and programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Zstd => "zstd",
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Notebook => "notebook",
            Self::Sqlite => "sqlite",
            Self::Pdf => "pdf",
            Self::Pyc => "pyc",
            Self::Class => "class",
            Self::Executable => "executable",
            Self::Mail => "mail",
            Self::Office => "office",
        }
    }

    /// Whether it holds files, and is none itself that one would read.
    pub fn is_archive(self) -> bool {
        let all = [Self::Gzip, Self::Bzip2, Self::Xz, Self::Zstd, Self::Tar, Self::Zip];
        all.contains(&self)
    }

    /// Whether what it is made of is a program's, and no text that somebody wrote.
    pub fn is_compiled(self) -> bool {
        matches!(self, Self::Pyc | Self::Class | Self::Executable)
    }

    /// What `bytes` are, if they can be opened. Looks at some kilobytes at the beginning, and at the
    /// end of what may be a notebook.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let by_magic = match bytes {
            [0x1f, 0x8b, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => {
                Some(Self::Bzip2)
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstd),
            [0x7f, b'E', b'L', b'F', ..]
            | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
            | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => Some(Self::Executable),
            // A fat Mach-O begins as a class does, but has fewer parts than any class has a version.
            [0xca, 0xfe, 0xba, 0xbe, _, _, major_high, major, ..] => {
                let version = u16::from_be_bytes([*major_high, *major]);
                Some(if version < 45 { Self::Executable } else { Self::Class })
            }
            [b'M', b'Z', ..] if is_pe(bytes) => Some(Self::Executable),
            _ if bytes.starts_with(b"SQLite format 3\0") => Some(Self::Sqlite),
            _ => None,
        };
        by_magic.or_else(|| Self::of_look(bytes))
    }

    /// By more than the first bytes.
    fn of_look(bytes: &[u8]) -> Option<Self> {
        let head = &bytes[..bytes.len().min(1024)];
        if zip::looks_so(bytes) {
            Some(Self::Zip)
        } else if pyc::looks_so(bytes) {
            Some(Self::Pyc)
        } else if memchr::memmem::find(head, b"%PDF-").is_some() {
            Some(Self::Pdf)
        } else if office::looks_so(bytes) {
            Some(Self::Office)
        } else if notebook::looks_so(bytes) {
            Some(Self::Notebook)
        } else if tar::looks_so(bytes) {
            Some(Self::Tar)
        } else if mail::looks_so(bytes) {
            Some(Self::Mail)
        } else {
            None
        }
    }
}

/// The header of a DOS program says where that of a PE lies.
fn is_pe(bytes: &[u8]) -> bool {
    let at = crate::number::le(bytes, 0x3c, 4).unwrap_or(u64::MAX);
    usize::try_from(at).ok().and_then(|at| bytes.get(at..)?.get(..4)) == Some(b"PE\0\0")
}
