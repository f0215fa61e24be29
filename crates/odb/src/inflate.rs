//! Inflating what a pack stores: at once into a buffer, or in pieces.

use crate::buffer::Buffer;
use crate::fault::Fault;
use crate::map::Bytes;
use flate2::read::ZlibDecoder;
use std::io::{self, Read};

/// Deflate cannot make more than so many bytes of one.
const MOST: u64 = 1032;

/// Inflates one stream after the other.
pub(crate) struct Inflater {
    stored: Vec<u8>,
    #[cfg(feature = "libdeflate")]
    backend: libdeflater::Decompressor,
    #[cfg(not(feature = "libdeflate"))]
    backend: flate2::Decompress,
}

impl Inflater {
    pub(crate) fn new() -> Self {
        Self {
            stored: Vec::new(),
            #[cfg(feature = "libdeflate")]
            backend: libdeflater::Decompressor::new(),
            #[cfg(not(feature = "libdeflate"))]
            backend: flate2::Decompress::new(true),
        }
    }

    /// Inflates the stream that begins at `start` and ends at `end` or before, which must make
    /// `size` bytes.
    pub(crate) fn inflate(
        &mut self,
        bytes: &Bytes,
        (start, end): (u64, u64),
        size: u64,
        out: &mut Buffer,
    ) -> Result<(), Fault> {
        let mut end = end.min(bytes.len());
        let stored = end.saturating_sub(start);
        if size / MOST > stored {
            return Err(Fault::corrupt("it says that it has more bytes than it can have"));
        }
        if !bytes.is_mapped() {
            // What deflate adds at most to what it cannot make shorter, with room to spare.
            end = end.min(start.saturating_add(size + size / 8 + 0x1_0000));
        }
        let size = usize::try_from(size).map_err(|_| Fault::too_large("it fits no memory"))?;
        let stored = bytes.get(start, end, &mut self.stored)?;
        let (content, _) = out.begin(size).split_at_mut(size);
        one(&mut self.backend, stored, content)?;
        if self.stored.len() > 0x10_0000 {
            self.stored = Vec::new();
        }
        Ok(())
    }
}

const WRONG: &str = "it does not inflate to what it says";

#[cfg(feature = "libdeflate")]
fn one(
    backend: &mut libdeflater::Decompressor,
    stored: &[u8],
    out: &mut [u8],
) -> Result<(), Fault> {
    match backend.zlib_decompress(stored, out) {
        Ok(made) if made == out.len() => Ok(()),
        _ => Err(Fault::corrupt(WRONG)),
    }
}

#[cfg(not(feature = "libdeflate"))]
fn one(backend: &mut flate2::Decompress, stored: &[u8], out: &mut [u8]) -> Result<(), Fault> {
    use flate2::{FlushDecompress, Status};
    backend.reset(true);
    let (mut status, mut last) = (Status::Ok, u64::MAX);
    // A stream that exactly fills the room may need to be asked again for its check sum.
    while status != Status::StreamEnd && last != backend.total_in() {
        last = backend.total_in();
        let left = (&stored[last as usize..], &mut out[backend.total_out() as usize..]);
        status = backend
            .decompress(left.0, left.1, FlushDecompress::Finish)
            .map_err(|_| Fault::corrupt(WRONG))?;
    }
    if status == Status::StreamEnd && backend.total_out() == out.len() as u64 {
        Ok(())
    } else {
        Err(Fault::corrupt(WRONG))
    }
}

/// A range of a file, read from front to back.
pub(crate) struct Range<'a> {
    bytes: &'a Bytes,
    at: u64,
    end: u64,
}

impl<'a> Range<'a> {
    pub(crate) fn new(bytes: &'a Bytes, at: u64, end: u64) -> Self {
        Self { bytes, at, end: end.min(bytes.len()) }
    }
}

impl Read for Range<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let read = self.bytes.read_at(&mut into[..most], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Inflates in pieces, and sees to it that there are as many bytes as were said.
pub(crate) struct Stream<R> {
    inner: ZlibDecoder<R>,
    left: u64,
    done: bool,
}

impl<R: Read> Stream<R> {
    pub(crate) fn new(stored: R, size: u64) -> Self {
        Self::resumed(ZlibDecoder::new(stored), size)
    }

    /// A stream of which something has been read before.
    pub(crate) fn resumed(inner: ZlibDecoder<R>, left: u64) -> Self {
        Self { inner, left, done: false }
    }
}

impl<R: Read> Read for Stream<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.done || into.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            // The check sum comes after the last byte, and nothing else may.
            self.done = true;
            return match self.inner.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(wrong()),
            };
        }
        let most = into.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        let read = self.inner.read(&mut into[..most])?;
        if read == 0 {
            return Err(wrong());
        }
        self.left -= read as u64;
        Ok(read)
    }
}

fn wrong() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, WRONG)
}
