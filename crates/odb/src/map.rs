//! Files as bytes: mapped into memory, or read piece by piece where they may be cut short.
#![expect(unsafe_code, reason = "a file can only be mapped into memory, and let go of, unsafely")]

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The system brings in so many bytes around what is looked at, as a power of two, if it has them
/// at hand.
const AROUND: u32 = 16;
/// When so many bytes of files are in memory, those of a pack are given back.
const MOST: u64 = 56 << 20;
/// After so many new stretches it is looked how many there are: the system often brings in more
/// than was asked for.
const LOOK: u64 = 64;

/// An open file of bytes that do not change.
#[derive(Debug)]
pub(crate) struct Bytes {
    inner: Inner,
    len: u64,
}

#[derive(Debug)]
enum Inner {
    Mapped(Mapped),
    File(File),
}

/// A map, and what of it is in memory because it was looked at.
#[derive(Debug)]
struct Mapped {
    map: Mmap,
    /// A bit for each stretch that was touched.
    touched: Box<[AtomicU64]>,
    /// How many bits were set since the pages were given back.
    count: AtomicU64,
    /// How many bytes of files were in memory then.
    floor: AtomicU64,
}

impl Mapped {
    fn new(map: Mmap) -> Self {
        let words = (map.len() >> AROUND) / 64 + 1;
        let touched = (0..words).map(|_| AtomicU64::new(0)).collect();
        let floor = AtomicU64::new(resident().unwrap_or(0));
        Self { map, touched, count: AtomicU64::new(0), floor }
    }

    fn touch(&self, start: u64, end: u64) {
        for at in start >> AROUND..=end.saturating_sub(1).max(start) >> AROUND {
            let Some(word) = self.touched.get((at / 64) as usize) else { return };
            let bit = 1 << (at % 64);
            if word.load(Relaxed) & bit == 0 && word.fetch_or(bit, Relaxed) & bit == 0 {
                let count = self.count.fetch_add(1, Relaxed);
                if count.is_multiple_of(LOOK) && self.held(count) > MOST {
                    self.release();
                }
            }
        }
    }

    /// How many bytes of it are in memory, or would be if the system brought in no more than it
    /// must.
    fn held(&self, count: u64) -> u64 {
        let more = resident().map_or(0, |bytes| bytes.saturating_sub(self.floor.load(Relaxed)));
        more.max(count << AROUND)
    }

    fn release(&self) {
        self.count.store(0, Relaxed);
        self.touched.iter().for_each(|word| word.store(0, Relaxed));
        #[cfg(unix)]
        // SAFETY: what is dropped are clean pages of a file mapped read-only; whoever looks at
        // them again, in this thread or another, sees the same bytes of the file. Only advice:
        // a refusal changes nothing.
        let _ = unsafe { self.map.unchecked_advise(memmap2::UncheckedAdvice::DontNeed) };
        self.floor.store(resident().unwrap_or(0), Relaxed);
    }
}

/// How many bytes of files this process has in memory, where the system tells
/// (proc_pid_statm(5), the third number, in pages).
fn resident() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(2)?.parse().ok()?;
    // Where pages are larger, what is held is given back later.
    Some(pages << 12)
}

impl Bytes {
    /// Opens a regular file. Nothing else is opened: a pipe would wait for ever.
    pub(crate) fn open(path: &Path, mapped: bool) -> io::Result<Self> {
        let file = regular(path)?;
        let len = file.metadata()?.len();
        if !mapped || len == 0 || usize::try_from(len).is_err() {
            return Ok(Self { inner: Inner::File(file), len });
        }
        // SAFETY: the map is read-only and private to this value, and every slice of it borrows
        // the value. Nobody else may change or shorten the file meanwhile, which cannot be
        // enforced from here: git and everything like it never writes to a pack or an index once
        // it has its name, but makes new files and unlinks old ones, which leaves the map whole.
        // `Options::mapped` is the way out where that is not to be relied on.
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self { len: map.len() as u64, inner: Inner::Mapped(Mapped::new(map)) })
    }

    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether ranges are had without reading.
    pub(crate) fn is_mapped(&self) -> bool {
        matches!(self.inner, Inner::Mapped(_))
    }

    /// The bytes from `start` to `end`, or to the end of the file if that comes first. They are
    /// read into `scratch` where the file is not mapped.
    pub(crate) fn get<'a>(
        &'a self,
        start: u64,
        end: u64,
        scratch: &'a mut Vec<u8>,
    ) -> io::Result<&'a [u8]> {
        let end = end.min(self.len);
        let start = start.min(end);
        match &self.inner {
            Inner::Mapped(mapped) => Ok(&mapped.map[start as usize..end as usize]),
            Inner::File(file) => {
                let len = (end - start) as usize;
                if scratch.len() < len {
                    *scratch = vec![0; len.next_power_of_two()];
                }
                fill(file, &mut scratch[..len], start)?;
                Ok(&scratch[..len])
            }
        }
    }

    /// The same of a few bytes, read into `scratch`, which they must fit in.
    pub(crate) fn short<'a>(
        &'a self,
        start: u64,
        end: u64,
        scratch: &'a mut [u8],
    ) -> io::Result<&'a [u8]> {
        let end = end.min(self.len);
        let start = start.min(end);
        match &self.inner {
            Inner::Mapped(mapped) => Ok(&mapped.map[start as usize..end as usize]),
            Inner::File(file) => {
                let into = &mut scratch[..(end - start) as usize];
                fill(file, into, start)?;
                Ok(into)
            }
        }
    }

    /// Reads what there is at a place, as much as fits; says how much that was.
    pub(crate) fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let len =
            into.len().min(usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX));
        match &self.inner {
            _ if len == 0 => {}
            Inner::Mapped(mapped) => {
                into[..len].copy_from_slice(&mapped.map[at as usize..at as usize + len]);
            }
            Inner::File(file) => fill(file, &mut into[..len], at)?,
        }
        Ok(len)
    }

    /// Notes that the bytes from `start` to `end` were looked at. When that were many, all pages
    /// are given back to the system, which keeps them as it sees fit; they come again when they are
    /// looked at.
    pub(crate) fn touch(&self, start: u64, end: u64) {
        if let Inner::Mapped(mapped) = &self.inner {
            mapped.touch(start, end);
        }
    }

    /// The same for bytes that are looked at next: to have them come at once costs less than one
    /// page after the other.
    pub(crate) fn foresee(&self, start: u64, end: u64) {
        self.touch(start, end);
        #[cfg(target_os = "linux")]
        if let Inner::Mapped(mapped) = &self.inner {
            let (end, start) = (end.min(self.len), start & !0xfff);
            // Only advice: older systems refuse it, and nothing else comes of that.
            let len = end.saturating_sub(start) as usize;
            let _ = mapped.map.advise_range(memmap2::Advice::PopulateRead, start as usize, len);
        }
    }

    /// Gives all pages back.
    pub(crate) fn release(&self) {
        if let Inner::Mapped(mapped) = &self.inner {
            mapped.release();
        }
    }
}

/// A file that is held whole: mapped, or read into memory.
#[derive(Debug)]
pub(crate) enum Image {
    Mapped(Bytes),
    Held(Vec<u8>),
}

impl Image {
    /// Opens a regular file as a whole.
    pub(crate) fn open(path: &Path, mapped: bool) -> io::Result<Self> {
        let bytes = Bytes::open(path, mapped)?;
        if bytes.is_mapped() {
            return Ok(Self::Mapped(bytes));
        }
        let mut held = Vec::new();
        let len = bytes.get(0, u64::MAX, &mut held)?.len();
        held.truncate(len);
        held.shrink_to_fit();
        Ok(Self::Held(held))
    }
}

impl Deref for Image {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(Bytes { inner: Inner::Mapped(mapped), .. }) => &mapped.map,
            Self::Mapped(_) => &[],
            Self::Held(held) => held,
        }
    }
}

/// Opens a file if it is a regular one.
pub(crate) fn regular(path: &Path) -> io::Result<File> {
    let not = || io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
    if !path.metadata()?.is_file() {
        return Err(not());
    }
    let file = File::open(path)?;
    // Looked at again, in case that it was swapped meanwhile.
    if file.metadata()?.is_file() { Ok(file) } else { Err(not()) }
}

#[cfg(unix)]
fn fill(file: &File, into: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, into, at)
}

#[cfg(windows)]
fn fill(file: &File, mut into: &mut [u8], mut at: u64) -> io::Result<()> {
    while !into.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, into, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        into = &mut into[read..];
        at += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_and_read_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let content: Vec<u8> = (0..100_000u32).map(|at| (at * 7 / 3) as u8).collect();
        std::fs::write(&path, &content).unwrap();
        let (map, read) = (Bytes::open(&path, true).unwrap(), Bytes::open(&path, false).unwrap());
        assert!(map.is_mapped() && !read.is_mapped());
        let (mut one, mut two) = (Vec::new(), Vec::new());
        for (start, end) in [(0, 10), (5, 70_000), (99_999, 100_005), (200_000, 200_001), (9, 3)] {
            let expected =
                content.get(start as usize..end.min(100_000) as usize).unwrap_or_default();
            assert_eq!(map.get(start, end, &mut one).unwrap(), expected);
            assert_eq!(read.get(start, end, &mut two).unwrap(), expected);
            map.touch(start, end);
            map.release();
            let (mut a, mut b) = ([0; 64], [0; 64]);
            let len = map.read_at(&mut a, start).unwrap();
            assert_eq!(len, read.read_at(&mut b, start).unwrap());
            assert_eq!(a, b);
            let rest = content.get(start as usize..).unwrap_or_default();
            assert_eq!(a[..len], rest[..rest.len().min(64)]);
        }
        assert_eq!(*Image::open(&path, true).unwrap(), content[..]);
        assert_eq!(*Image::open(&path, false).unwrap(), content[..]);
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Bytes::open(folder.path(), true).is_err());
        let empty = folder.path().join("empty");
        std::fs::write(&empty, b"").unwrap();
        let empty = Bytes::open(&empty, true).unwrap();
        assert_eq!(empty.len(), 0);
        assert_eq!(empty.get(0, 9, &mut Vec::new()).unwrap(), b"");
    }
}
