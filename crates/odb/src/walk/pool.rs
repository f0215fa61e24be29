//! Buffers and states at rest, to be used again.

use crate::buffer::Buffer;

/// So many buffers are kept at most.
const MOST: usize = 64;

/// The buffers of one thread that are not in use. The one used last is given out first, since the
/// processor still has it at hand.
#[derive(Default)]
pub(super) struct Pool {
    buffers: Vec<Buffer>,
    room: u64,
    limit: u64,
}

impl Pool {
    /// A pool that keeps no more than so many bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn take(&mut self) -> Buffer {
        let buffer = self.buffers.pop().unwrap_or_default();
        self.room -= buffer.room();
        buffer
    }

    pub(super) fn put(&mut self, buffer: Buffer) {
        if self.buffers.len() < MOST && self.room + buffer.room() <= self.limit {
            self.room += buffer.room();
            self.buffers.push(buffer);
        }
    }
}
