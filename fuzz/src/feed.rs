//! The fuzzer's bytes as a row of choices.

/// Gives out bytes from the front; zeros when there are no more, which is always a harmless choice.
#[derive(Clone, Debug)]
pub struct Feed<'a> {
    rest: &'a [u8],
}

impl<'a> Feed<'a> {
    /// Choices out of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all bytes were given out.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    /// All that was not given out.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// One byte.
    pub fn byte(&mut self) -> u8 {
        self.rest.split_off_first().copied().unwrap_or(0)
    }

    /// True for one byte in `times`, and never when there are no more.
    pub fn once_in(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let mut value = usize::from(self.byte());
        if end > 256 {
            value = value << 8 | usize::from(self.byte());
        }
        if end > 1 << 16 {
            value = value << 8 | usize::from(self.byte());
        }
        value % end
    }

    /// Any number: small ones cost one byte, and those near a power of two are likely.
    pub fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=199 => u64::from(small),
            power @ 200..=231 => (1u64 << (2 * (power - 200))).wrapping_add(u64::from(self.byte())),
            power @ 232..=247 => {
                (1u64 << (4 * (power - 232) + 3)).wrapping_sub(u64::from(self.byte()))
            }
            _ => {
                let mut eight = [0; 8];
                eight.iter_mut().for_each(|byte| *byte = self.byte());
                u64::from_le_bytes(eight)
            }
        }
    }

    /// As many bytes as a first one says, or as there are.
    pub fn bytes(&mut self) -> &'a [u8] {
        let len = usize::from(self.byte()).min(self.rest.len());
        self.rest.split_off(..len).unwrap_or_default()
    }

    /// The content of an object: pieces as they stand here, and long runs.
    pub fn content(&mut self) -> Vec<u8> {
        let mut content = Vec::new();
        for _ in 0..1 + self.below(4) {
            match self.byte() {
                0..=127 => content.extend_from_slice(self.bytes()),
                128..=191 => {
                    let (byte, len) = (self.byte(), self.below(9000));
                    content.resize(content.len() + len, byte);
                }
                seed @ 192.. => {
                    // Does not get shorter when it is deflated.
                    let len = self.below(9000);
                    let mut state = u32::from(seed);
                    content.extend(
                        std::iter::repeat_with(|| {
                            state = state.wrapping_mul(0x9e37_79b1).wrapping_add(0x7f4a_7c15);
                            (state >> 24) as u8
                        })
                        .take(len),
                    );
                }
            }
        }
        content
    }
}
