//! Buffers that are used again and again without being cleared.

/// Bytes that any buffer has beyond its content, so that short copies may be made in one step of
/// fixed length.
pub(crate) const SLACK: usize = 32;

/// A buffer. What it held before is still there until it is written over.
#[derive(Debug, Default)]
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
}

impl Buffer {
    /// Makes it `len` long and gives all of it, with at least [`SLACK`] bytes more, to be written.
    pub(crate) fn begin(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.len() < len + SLACK {
            // Made anew, not grown: what is there is of no use, and fresh zeros cost nothing.
            self.bytes = Vec::new();
            self.bytes = vec![0; room(len)];
        }
        self.len = len;
        &mut self.bytes
    }

    /// Its content.
    pub(crate) fn content(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Its content, and whatever follows it in memory.
    pub(crate) fn with_slack(&self) -> (&[u8], usize) {
        (&self.bytes, self.len)
    }

    /// How much memory it takes.
    pub(crate) fn room(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Takes its content out.
    pub(crate) fn into_content(mut self) -> Vec<u8> {
        self.bytes.truncate(self.len);
        self.bytes.shrink_to_fit();
        self.bytes
    }
}

/// How much memory a buffer for `len` bytes takes: a little more, so that others fit as well.
pub(crate) fn room(len: usize) -> usize {
    (len + len / 8 + SLACK).next_multiple_of(1024)
}
