//! Numbers, byte strings and object ids one after the other, and read again.

use quietus_odb::{Format, ObjectId};

/// Writes them.
pub(super) struct Writer {
    bytes: Vec<u8>,
    format: Format,
    is_sound: bool,
}

impl Writer {
    pub(super) fn new(format: Format) -> Self {
        Self { bytes: Vec::new(), format, is_sound: true }
    }

    /// All of it, unless something could not be written.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        self.is_sound.then_some(self.bytes)
    }

    /// Seven bits to a byte, the lowest first; the highest bit says that more follow.
    pub(super) fn number(&mut self, number: u64) {
        let mut left = number;
        while left >= 0x80 {
            self.bytes.push(left as u8 | 0x80);
            left >>= 7;
        }
        self.bytes.push(left as u8);
    }

    pub(super) fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.fixed(bytes);
    }

    /// An id of the store's own format. A hostile object may name one of the other.
    pub(super) fn id(&mut self, id: &ObjectId) {
        self.is_sound &= id.format() == self.format;
        self.fixed(id.as_bytes());
    }

    pub(super) fn list<T>(&mut self, of: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.number(of.len() as u64);
        of.iter().for_each(|one| each(self, one));
    }
}

/// Reads them. `None` is for what was never written so.
pub(super) struct Reader<'a> {
    left: &'a [u8],
    format: Format,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], format: Format) -> Self {
        Self { left: bytes, format }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.left.is_empty()
    }

    pub(super) fn fixed(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.left.split_at_checked(len)?;
        self.left = rest;
        Some(head)
    }

    pub(super) fn number<T: TryFrom<u64>>(&mut self) -> Option<T> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.fixed(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return T::try_from(number).ok();
            }
        }
        None
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.number()?;
        self.fixed(len)
    }

    pub(super) fn text(&mut self) -> Option<String> {
        String::from_utf8(self.bytes()?.to_vec()).ok()
    }

    pub(super) fn id(&mut self) -> Option<ObjectId> {
        ObjectId::from_bytes(self.fixed(self.format.id_len())?)
    }

    pub(super) fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let len: usize = self.number()?;
        // Each takes a byte at least.
        let mut all = Vec::with_capacity(len.min(self.left.len()));
        for _ in 0..len {
            all.push(each(self)?);
        }
        Some(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let id = ObjectId::from_bytes(&[9; 32]).unwrap();
        let numbers = [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX];
        let mut writer = Writer::new(Format::Sha256);
        writer.list(&numbers, |writer, number| writer.number(*number));
        writer.bytes(b"text");
        writer.id(&id);
        let whole = writer.finish().unwrap();
        let mut reader = Reader::new(&whole, Format::Sha256);
        assert_eq!(reader.list(Reader::number::<u64>).unwrap(), numbers);
        assert_eq!(reader.text().unwrap(), "text");
        assert_eq!(reader.id(), Some(id));
        assert!(reader.is_at_end());
        assert_eq!(Reader::new(&whole, Format::Sha256).number::<u8>(), Some(7));
        let mut other = Writer::new(Format::Sha1);
        other.id(&id);
        assert_eq!(other.finish(), None);
        assert_eq!(Reader::new(&[0xff; 11], Format::Sha1).number::<u64>(), None);
        assert_eq!(Reader::new(&[0x80, 2], Format::Sha1).number::<u8>(), None);
        assert_eq!(Reader::new(&[9, 1], Format::Sha1).bytes(), None);
    }
}
