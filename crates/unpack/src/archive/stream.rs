//! Compressed files: gzip, bzip2, xz and Zstandard, each one stream or several in a row.

use crate::bounds::Reason;
use crate::kind::Kind;
use crate::path::unpacked;
use crate::walk::Walk;
use lzma_rust2::{LzmaReader, XzReader};
use ruzstd::decoding::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use std::io::Read;

/// No decoder may keep more bytes of what it made than this; `xz -9` and `zstd --long=26` need it.
const WINDOW: u64 = 64 << 20;
/// What a stream may make whatever its size, so that small files of zeros are read whole.
const FREE: u64 = 16 << 20;

/// So many bytes are asked of a decoder at a time.
const PIECE: usize = 64 << 10;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// There would have been more than was allowed.
    Cut,
    Failed(Reason),
}

/// What came out of a compressed stream.
pub(crate) struct Made {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
    /// Whether the ratio was what cut it.
    ratio: bool,
    limit: usize,
    streams: u64,
}

impl Made {
    /// For so many bytes of input.
    fn new(walk: &Walk<'_>, packed: usize) -> Self {
        let ratio = (packed as u64).saturating_mul(walk.bounds.ratio).saturating_add(FREE);
        let ratio = usize::try_from(ratio).unwrap_or(usize::MAX);
        let allowed = walk.allowed();
        Self {
            bytes: Vec::new(),
            end: End::Whole,
            ratio: ratio < allowed,
            // One more, so that what is exactly as large as it may be is not taken for cut off.
            limit: allowed.min(ratio).saturating_add(1),
            streams: walk.bounds.members,
        }
    }

    /// Reads to the end of one stream, or as far as the limit. Whether another may follow.
    fn pump(&mut self, from: &mut dyn Read) -> bool {
        loop {
            let len = self.bytes.len();
            if len == self.limit {
                self.end = End::Cut;
                return false;
            }
            if len == self.bytes.capacity() {
                // Grown by its own size at most, and never past the limit.
                self.bytes.reserve_exact(len.max(PIECE).min(self.limit - len));
            }
            let more = (self.limit - len).min(PIECE);
            self.bytes.resize(len + more, 0);
            let read = from.read(&mut self.bytes[len..]);
            self.bytes.truncate(len + *read.as_ref().unwrap_or(&0).min(&more));
            match read {
                Ok(0) => return self.another(),
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let large = error.kind() == std::io::ErrorKind::OutOfMemory;
                    let reason = if large { Reason::Unsupported } else { Reason::Damaged };
                    self.end = End::Failed(reason);
                    return false;
                }
            }
        }
    }

    /// Whether one more stream may be read.
    fn another(&mut self) -> bool {
        self.streams = self.streams.saturating_sub(1);
        if self.streams == 0 {
            self.end = End::Failed(Reason::Members);
        }
        self.streams > 0
    }

    /// Hands over what came out, and says what did not.
    pub(crate) fn hand(self, walk: &mut Walk<'_>, name: &[u8]) {
        match self.end {
            End::Whole => {}
            End::Cut if self.ratio => walk.gap(name, Reason::Ratio),
            // Told of when it is handed over and found to be too large.
            End::Cut => {}
            End::Failed(reason) => walk.gap(name, reason),
        }
        let len = self.bytes.len();
        let keep = if self.end == End::Cut && self.ratio { len.saturating_sub(1) } else { len };
        walk.file(name, &self.bytes[..keep]);
    }
}

/// Opens a compressed file.
pub(crate) fn read(walk: &mut Walk<'_>, kind: Kind, bytes: &[u8]) {
    let mut made = Made::new(walk, bytes.len());
    match kind {
        Kind::Gzip => gzip(bytes, &mut made),
        Kind::Bzip2 => bzip2(bytes, &mut made),
        Kind::Xz => {
            xz(bytes, &mut made);
        }
        _ => zstd(bytes, &mut made),
    }
    let name = unpacked(walk.name()).to_owned();
    made.hand(walk, name.as_bytes());
}

fn gzip(bytes: &[u8], made: &mut Made) {
    streams(bytes, &[0x1f, 0x8b], made, flate2::bufread::GzDecoder::new, |decoder| {
        decoder.get_ref()
    });
}

fn bzip2(bytes: &[u8], made: &mut Made) {
    streams(bytes, b"BZh", made, bzip2::bufread::BzDecoder::new, |decoder| decoder.get_ref());
}

/// Streams of one format, each of which begins with `magic`, one behind the other. `left` tells what
/// a decoder has not taken.
fn streams<'b, D: Read>(
    mut rest: &'b [u8],
    magic: &[u8],
    made: &mut Made,
    open: fn(&'b [u8]) -> D,
    left: fn(&D) -> &'b [u8],
) {
    // What follows the last stream and is none lies bare in the container, and is found there.
    while rest.starts_with(magic) {
        let mut decoder = open(rest);
        if !made.pump(&mut decoder) {
            return;
        }
        let after = left(&decoder);
        if after.len() == rest.len() {
            return;
        }
        rest = after;
    }
}

fn xz(bytes: &[u8], made: &mut Made) -> bool {
    made.pump(&mut XzReader::new_mem_limit(bytes, true, (WINDOW >> 10) as u32 + 1024))
}

fn zstd(mut rest: &[u8], made: &mut Made) {
    let mut frames = FrameDecoder::new();
    frames.set_max_window_size(WINDOW);
    while !rest.is_empty() {
        let mut source = rest;
        match StreamingDecoder::new_with_decoder(&mut source, &mut frames) {
            Ok(mut decoder) => {
                if !made.pump(&mut decoder) {
                    return;
                }
                if decoder.decoder.get_checksum_from_data().is_some()
                    && decoder.decoder.get_checksum_from_data()
                        != decoder.decoder.get_calculated_checksum()
                {
                    made.end = End::Failed(Reason::Damaged);
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let skipped = rest.len() - source.len();
                let end = skipped.saturating_add(length as usize);
                source = rest.get(end..).unwrap_or_default();
                if !made.another() {
                    return;
                }
            }
            Err(FrameDecoderError::WindowSizeTooBig { .. }) => {
                made.end = End::Failed(Reason::Unsupported);
                return;
            }
            Err(_) => {
                // As with the others: what follows the last frame and is none lies bare.
                if made.bytes.is_empty() {
                    made.end = End::Failed(Reason::Damaged);
                }
                return;
            }
        }
        if source.len() >= rest.len() {
            return;
        }
        rest = source;
    }
}

/// One entry of a zip, packed by `method`, and how many bytes of `packed` it took, if that is known.
/// Nothing if the method is not.
pub(crate) fn entry(walk: &Walk<'_>, method: u16, packed: &[u8]) -> Option<(Made, Option<usize>)> {
    let mut made = Made::new(walk, packed.len());
    let mut taken = None;
    match method {
        8 => {
            let mut decoder = flate2::bufread::DeflateDecoder::new(packed);
            made.pump(&mut decoder);
            taken = usize::try_from(decoder.total_in()).ok();
        }
        12 => bzip2(packed, &mut made),
        14 => lzma(packed, &mut made),
        93 => zstd(packed, &mut made),
        95 => {
            xz(packed, &mut made);
        }
        _ => return None,
    }
    Some((made, taken))
}

/// Zlib, as in PDF; what is cut off or spoilt counts as far as it goes.
pub(crate) fn zlib(walk: &Walk<'_>, packed: &[u8]) -> Made {
    let mut made = Made::new(walk, packed.len());
    made.pump(&mut flate2::bufread::ZlibDecoder::new(packed));
    made
}

/// LZMA in a zip: a version, the size of the properties, the properties, the stream (APPNOTE 5.8.8).
fn lzma(packed: &[u8], made: &mut Made) {
    let properties = match packed {
        [_, _, 5, 0, properties, a, b, c, d, ..] => {
            Some((*properties, u32::from_le_bytes([*a, *b, *c, *d])))
        }
        _ => None,
    };
    let Some((properties, window)) = properties else {
        made.end = End::Failed(Reason::Damaged);
        return;
    };
    if u64::from(window) > WINDOW {
        made.end = End::Failed(Reason::Unsupported);
        return;
    }
    match LzmaReader::new_with_props(&packed[9..], u64::MAX, properties, window, None) {
        Ok(mut decoder) => {
            made.pump(&mut decoder);
        }
        Err(_) => made.end = End::Failed(Reason::Damaged),
    }
}
