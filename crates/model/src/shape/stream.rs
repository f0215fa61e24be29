//! Bytes for made-up credentials: the same on every machine, and none of them from anything real.

use sha2::{Digest as _, Sha256};

/// A deterministic stream of bytes: block i is SHA-256(label ‖ ":" ‖ i).
///
/// The same label gives the same bytes on every machine, and none of them came from anything real.
#[derive(Clone, Debug)]
pub struct Stream {
    label: String,
    block: u64,
    left: Vec<u8>,
}

impl Stream {
    /// A stream named `label`.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), block: 0, left: Vec::new() }
    }

    /// The stream for fixtures of the rule `id`.
    pub fn fixture(id: &str) -> Self {
        Self::new(format!("fixture:{id}"))
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.left.pop() {
                return byte;
            }
            let block = Sha256::digest(format!("{}:{}", self.label, self.block));
            self.left = block.iter().rev().copied().collect();
            self.block += 1;
        }
    }

    /// `len` characters of `alphabet`.
    pub fn take(&mut self, alphabet: &[u8], len: usize) -> Vec<u8> {
        (0..len).map(|_| alphabet[usize::from(self.byte()) % alphabet.len()]).collect()
    }
}
