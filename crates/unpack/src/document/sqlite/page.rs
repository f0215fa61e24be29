//! Pages of a SQLite database: b-trees, cells, records and what overflows them.

use crate::number::{be, le};
use crate::text::Text;

/// A value of a row that may hide something.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// NULL and what has a fraction.
    Other,
    Number(i64),
    /// As UTF-8.
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

/// The pages of a database, each of which is read once at most, whoever points to it.
pub(super) struct Database<'a> {
    bytes: &'a [u8],
    page: usize,
    /// Without what extensions keep at the end of each page.
    usable: usize,
    encoding: u64,
    seen: Vec<bool>,
}

impl<'a> Database<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Option<Self> {
        let page = match be(bytes, 16, 2)? {
            1 => 0x1_0000,
            size if size >= 512 && size.is_power_of_two() => size as usize,
            _ => return None,
        };
        let usable = page - usize::from(*bytes.get(20)?);
        let seen = vec![false; bytes.len().div_ceil(page) + 1];
        let encoding = be(bytes, 56, 4)?;
        (usable >= 480).then_some(Self { bytes, page, usable, encoding, seen })
    }

    /// A page that was not read before. The last one may be cut short.
    fn take(&mut self, number: u32) -> Option<&'a [u8]> {
        let seen = self.seen.get_mut(number as usize)?;
        if number == 0 || std::mem::replace(seen, true) {
            return None;
        }
        let start = (number as usize - 1) * self.page;
        self.bytes.get(start..(start + self.usable).min(self.bytes.len()))
    }

    /// Hands over every row of the tree with this root, until told to stop. Whether all of it could
    /// be read.
    pub(super) fn rows(&mut self, root: u32, row: &mut dyn FnMut(&[Value]) -> bool) -> bool {
        let (mut due, mut whole) = (vec![root], true);
        while let Some(number) = due.pop() {
            let Some(page) = self.take(number) else {
                whole = false;
                continue;
            };
            let from = if number == 1 { 100 } else { 0 };
            match self.cells(page, from, &mut due, row) {
                Some(true) => {}
                // Told to stop: what is left out is told by whoever did.
                Some(false) => return whole,
                None => whole = false,
            }
        }
        whole
    }

    /// Reads one page of a tree. Nothing if it is spoilt.
    fn cells(
        &mut self,
        page: &'a [u8],
        from: usize,
        due: &mut Vec<u32>,
        row: &mut dyn FnMut(&[Value]) -> bool,
    ) -> Option<bool> {
        let kind = *page.get(from)?;
        let (inner, index) = match kind {
            2 => (true, true),
            5 => (true, false),
            10 => (false, true),
            13 => (false, false),
            _ => return None,
        };
        let count = be(page, from + 3, 2)? as usize;
        let pointers = from + if inner { 12 } else { 8 };
        let mut whole = true;
        if inner {
            due.push(be(page, from + 8, 4)? as u32);
        }
        for number in (0..count).rev() {
            let at = be(page, pointers + 2 * number, 2)? as usize;
            if inner {
                due.push(be(page, at, 4)? as u32);
            }
        }
        if inner && !index {
            return Some(true);
        }
        for number in 0..count {
            let at = be(page, pointers + 2 * number, 2)? as usize + if inner { 4 } else { 0 };
            let record = self.payload(page, at, index).and_then(|bytes| self.record(&bytes));
            match record {
                Some(record) if !row(&record) => return Some(false),
                Some(_) => {}
                None => whole = false,
            }
        }
        whole.then_some(true)
    }

    /// The payload of the cell at `at`, with what overflows into other pages.
    fn payload(&mut self, page: &[u8], at: usize, index: bool) -> Option<Vec<u8>> {
        let (len, mut at) = varint(page, at)?;
        if !index {
            at = varint(page, at)?.1;
        }
        let len = usize::try_from(len).ok()?;
        let least = (self.usable - 12) * 32 / 255 - 23;
        let most = if index { (self.usable - 12) * 64 / 255 - 23 } else { self.usable - 35 };
        let local = if len <= most {
            len
        } else {
            let rest = least + (len - least) % (self.usable - 4);
            if rest <= most { rest } else { least }
        };
        let mut payload = page.get(at..at + local)?.to_vec();
        let mut next = if local < len { be(page, at + local, 4)? as u32 } else { 0 };
        while payload.len() < len {
            // What is there is read even if the chain breaks.
            let Some(page) = self.take(next) else { break };
            let content = page.get(4..)?;
            payload.extend_from_slice(&content[..content.len().min(len - payload.len())]);
            next = be(page, 0, 4)? as u32;
        }
        Some(payload)
    }

    /// The values of a record. One that is cut short is the last.
    fn record(&self, bytes: &[u8]) -> Option<Vec<Value>> {
        let (header, mut at) = varint(bytes, 0)?;
        let mut body = usize::try_from(header).ok()?;
        let mut values = Vec::new();
        let end = body.min(bytes.len());
        while at < end {
            let (kind, next) = varint(bytes, at)?;
            at = next;
            let len = match kind {
                0..=4 => kind,
                5 => 6,
                6 | 7 => 8,
                8 | 9 => 0,
                10 | 11 => return None,
                _ => (kind - 12) / 2,
            };
            let start = body.min(bytes.len());
            body = body.saturating_add(usize::try_from(len).ok()?);
            let content = &bytes[start..body.min(bytes.len())];
            values.push(match kind {
                1..=6 => number(content),
                8 | 9 => Value::Number(kind as i64 - 8),
                0 | 7 => Value::Other,
                _ if kind % 2 == 0 => Value::Blob(content.to_vec()),
                _ => Value::Text(self.utf8(content)),
            });
        }
        Some(values)
    }

    fn utf8(&self, text: &[u8]) -> Vec<u8> {
        // The mark says what the header of the database does.
        let mark: &[u8] = match self.encoding {
            2 => b"\xff\xfe",
            3 => b"\xfe\xff",
            _ => return text.to_vec(),
        };
        Text::of(&[mark, text].concat()).bytes().to_vec()
    }
}

fn number(bytes: &[u8]) -> Value {
    let value = be(bytes, 0, bytes.len()).unwrap_or(0);
    // Numbers are signed, whatever their length.
    let shift = 64 - 8 * bytes.len().clamp(1, 8) as u32;
    Value::Number(((value << shift) as i64) >> shift)
}

/// Seven bits of each byte, the highest first; all eight of a ninth.
fn varint(bytes: &[u8], at: usize) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for offset in 0..8 {
        let byte = le(bytes, at.checked_add(offset)?, 1)?;
        value = value << 7 | byte & 0x7f;
        if byte < 0x80 {
            return Some((value, at + offset + 1));
        }
    }
    Some((value << 8 | le(bytes, at + 8, 1)?, at + 9))
}
