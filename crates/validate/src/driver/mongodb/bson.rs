//! As much of BSON (<https://bsonspec.org/spec.html>) as a login needs.

/// A document as it is written.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        // Its length is known last.
        Self(vec![0; 4])
    }

    pub(super) fn int(&mut self, name: &str, value: i32) -> &mut Self {
        self.name(0x10, name);
        self.0.extend(value.to_le_bytes());
        self
    }

    pub(super) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(0x02, name);
        self.len(value.len() + 1);
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
        self
    }

    pub(super) fn binary(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.name(0x05, name);
        self.len(value.len());
        self.0.push(0);
        self.0.extend_from_slice(value);
        self
    }

    fn name(&mut self, kind: u8, name: &str) {
        self.0.push(kind);
        self.0.extend_from_slice(name.as_bytes());
        self.0.push(0);
    }

    fn len(&mut self, len: usize) {
        self.0.extend(i32::try_from(len).unwrap_or(i32::MAX).to_le_bytes());
    }

    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.0.push(0);
        let len = i32::try_from(self.0.len()).unwrap_or(i32::MAX).to_le_bytes();
        self.0[..4].copy_from_slice(&len);
        self.0
    }
}

/// What of a document was understood: its own fields, without those of documents in it.
#[derive(Debug, PartialEq)]
pub(super) struct Document(Vec<(String, Value)>);

#[derive(Debug, PartialEq)]
enum Value {
    Number(f64),
    Text(String),
    Binary(Vec<u8>),
    Bool(bool),
    /// Of a kind that no login asks for.
    Other,
}

impl Document {
    /// Reads a whole document; `None` when it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let len = usize::try_from(int(bytes.get(..4)?)).ok()?;
        let mut rest = bytes.get(4..len)?.strip_suffix(&[0])?;
        let mut fields = Vec::new();
        while let [kind, after @ ..] = rest {
            let end = after.iter().position(|byte| *byte == 0)?;
            let name = String::from_utf8(after[..end].to_vec()).ok()?;
            let (value, after) = value(*kind, &after[end + 1..])?;
            fields.push((name, value));
            rest = after;
        }
        Some(Self(fields))
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn binary(&self, name: &str) -> Option<&[u8]> {
        match self.get(name)? {
            Value::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "whole and in range, as is looked at")]
    pub(super) fn number(&self, name: &str) -> Option<i32> {
        match self.get(name)? {
            Value::Number(number)
                if number.fract() == 0.0 && number.abs() <= f64::from(i32::MAX) =>
            {
                Some(*number as i32)
            }
            _ => None,
        }
    }

    /// Whether it holds `true`, or a number other than 0: `ok` is a number.
    pub(super) fn is_true(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(yes)) => *yes,
            Some(Value::Number(number)) => *number != 0.0,
            _ => false,
        }
    }
}

/// A value of this kind, and what stands behind it.
fn value(kind: u8, bytes: &[u8]) -> Option<(Value, &[u8])> {
    let fixed = |len: usize| bytes.split_at_checked(len);
    let counted = |more: usize| {
        let (len, rest) = bytes.split_at_checked(4)?;
        rest.split_at_checked(usize::try_from(int(len)).ok()?.checked_add(more)?)
    };
    Some(match kind {
        0x01 => {
            let (number, rest) = fixed(8)?;
            (Value::Number(f64::from_le_bytes(number.try_into().ok()?)), rest)
        }
        0x02 => {
            let (text, rest) = counted(0)?;
            (Value::Text(String::from_utf8_lossy(text.strip_suffix(&[0])?).into_owned()), rest)
        }
        0x05 => {
            let (binary, rest) = counted(1)?;
            (Value::Binary(binary.get(1..)?.to_vec()), rest)
        }
        0x08 => {
            let (yes, rest) = fixed(1)?;
            (Value::Bool(yes == [1]), rest)
        }
        0x10 => {
            let (number, rest) = fixed(4)?;
            (Value::Number(f64::from(int(number))), rest)
        }
        0x12 => {
            let (number, rest) = fixed(8)?;
            let number = i64::from_le_bytes(number.try_into().ok()?);
            (i32::try_from(number).map_or(Value::Other, |n| Value::Number(f64::from(n))), rest)
        }
        // Documents and arrays count themselves.
        0x03 | 0x04 => {
            let len = usize::try_from(int(bytes.get(..4)?)).ok()?;
            (Value::Other, fixed(len)?.1)
        }
        0x07 => (Value::Other, fixed(12)?.1),
        0x09 | 0x11 => (Value::Other, fixed(8)?.1),
        0x0a => (Value::Other, bytes),
        _ => return None,
    })
}

/// Four bytes as a number; 0 when there are fewer.
pub(super) fn int(bytes: &[u8]) -> i32 {
    bytes.try_into().map_or(0, i32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_written_is_read_and_what_is_in_it_is_passed_over() {
        let mut writer = Writer::new();
        writer.int("n", -7).text("t", "ä").binary("b", &[0, 255]);
        let bytes = writer.into_bytes();
        let read = Document::read(&bytes).unwrap();
        assert_eq!(
            (read.number("n"), read.text("t"), read.binary("b")),
            (Some(-7), Some("ä"), Some(&[0, 255][..]))
        );
        // {topologyVersion: {a: 1}, ok: 1.0, done: true}, as a server nests it.
        let mut inner = Writer::new();
        inner.int("a", 1);
        let mut whole = vec![0; 4];
        whole.extend([&[0x03][..], b"topologyVersion\0", &inner.into_bytes()].concat());
        whole.extend([&[0x01][..], b"ok\0", &1.0f64.to_le_bytes()].concat());
        whole.extend(b"\x08done\0\x01\0");
        let len = i32::try_from(whole.len()).unwrap().to_le_bytes();
        whole[..4].copy_from_slice(&len);
        let read = Document::read(&whole).unwrap();
        assert!(read.is_true("ok") && read.is_true("done") && !read.is_true("a"));
        for end in 0..whole.len() {
            assert_eq!(Document::read(&whole[..end]), None);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Document::read(&bytes);
        }
    }
}
