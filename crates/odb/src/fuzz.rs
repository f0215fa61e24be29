//! What the fuzz targets need beneath the public interface: nothing else may use it.

use crate::buffer::Buffer;
use crate::{Copied, delta};

/// What a delta makes of a base, if that has at most `most` bytes, and what was copied. It is made
/// in a buffer in which `before` still stands.
pub fn apply(
    base: &[u8],
    delta: &[u8],
    most: u64,
    before: &[u8],
) -> Option<(Vec<u8>, Vec<Copied>)> {
    let (base, mut out) = (buffer(base), buffer(before));
    let head = delta::head(delta).ok().filter(|head| head.result <= most)?;
    let mut copies = Vec::new();
    delta::apply(&base, delta, head, &mut out, &mut copies).ok()?;
    Some((out.into_content(), copies))
}

fn buffer(content: &[u8]) -> Buffer {
    let mut buffer = Buffer::default();
    buffer.begin(content.len())[..content.len()].copy_from_slice(content);
    buffer
}
