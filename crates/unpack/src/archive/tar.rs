//! tar: ustar, pax and GNU, by POSIX.1 "pax interchange format" and the GNU tar manual.

use crate::bounds::Reason;
use crate::walk::Walk;
use memchr::memchr;

const BLOCK: usize = 512;
/// A longer header of names is not believed.
const LONGEST_HEADER: usize = 1 << 20;

/// Whether the first block is a header: its own checksum is right.
pub(crate) fn looks_so(bytes: &[u8]) -> bool {
    bytes.get(..BLOCK).is_some_and(|header| header[0] != 0 && sum_is_right(header))
}

fn sum_is_right(header: &[u8]) -> bool {
    // Nearly nothing has a number there.
    let Some(told) = number(&header[148..156]) else { return false };
    let sum: u64 = header.iter().map(|&byte| u64::from(byte)).sum();
    let own: u64 = header[148..156].iter().map(|&byte| u64::from(byte)).sum();
    told == sum - own + 8 * u64::from(b' ')
}

/// Octal digits, or a binary number if the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        return field[1..].iter().try_fold(u64::from(field[0] & 0x7f), |value, &byte| {
            value.checked_mul(256)?.checked_add(u64::from(byte))
        });
    }
    let text = field.trim_ascii_start();
    let end = text.iter().position(|byte| !(b'0'..=b'7').contains(byte)).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if !rest.iter().all(|byte| matches!(byte, 0 | b' ')) || digits.is_empty() {
        return None;
    }
    digits
        .iter()
        .try_fold(0u64, |value, &digit| value.checked_mul(8)?.checked_add(u64::from(digit - b'0')))
}

/// Up to the first NUL.
fn text(field: &[u8]) -> &[u8] {
    &field[..memchr(0, field).unwrap_or(field.len())]
}

/// What headers before a file say about it.
#[derive(Default)]
struct Said {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Said {
    /// The records of a pax header: length, space, key=value, newline.
    fn pax(&mut self, mut records: &[u8]) {
        while let Some(space) = memchr(b' ', records) {
            let len = std::str::from_utf8(&records[..space]).ok().and_then(|len| len.parse().ok());
            let Some(len) = len.filter(|&len: &usize| len > space + 1 && len <= records.len())
            else {
                return;
            };
            let record = &records[space + 1..len - 1];
            records = &records[len..];
            if let Some(path) = record.strip_prefix(b"path=") {
                self.name = Some(path.to_vec());
            } else if let Some(path) = record.strip_prefix(b"GNU.sparse.name=") {
                self.name = Some(path.to_vec());
            } else if let Some(size) = record.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
            }
        }
    }
}

/// Opens a tar. Blocks of zeros are passed over, so that archives that follow one another are read.
pub(crate) fn read(walk: &mut Walk<'_>, bytes: &[u8]) {
    let mut at = 0;
    let mut said = Said::default();
    while let Some(header) = bytes.get(at..).and_then(|rest| rest.get(..BLOCK)) {
        if walk.is_over() {
            return;
        }
        at += BLOCK;
        if header.iter().all(|&byte| byte == 0) {
            continue;
        }
        if !sum_is_right(header) {
            return walk.gap(b"", Reason::Damaged);
        }
        let kind = header[156];
        let Some(size) = number(&header[124..136]) else {
            return walk.gap(b"", Reason::Damaged);
        };
        let is_header = matches!(kind, b'x' | b'g' | b'X' | b'L' | b'K');
        let size = if is_header { size } else { said.size.unwrap_or(size) };
        // Links and folders have no content whatever their size says.
        let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
        if kind == b'S' {
            at = after_sparse(bytes, at, header[482]);
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let len = usize::try_from(size).unwrap_or(usize::MAX);
        let content = &rest[..len.min(rest.len())];
        match kind {
            b'x' | b'X' if len <= LONGEST_HEADER => said.pax(content),
            b'L' if len <= LONGEST_HEADER => said.name = Some(text(content).to_vec()),
            _ if is_header => {}
            _ => {
                let name = said.name.take().unwrap_or_else(|| name(header));
                said = Said::default();
                if !matches!(kind, b'1'..=b'6') {
                    if content.len() < len {
                        walk.gap(&name, Reason::Damaged);
                    }
                    walk.file(&name, content);
                }
            }
        }
        let blocks = len.div_ceil(BLOCK).saturating_mul(BLOCK);
        at = at.saturating_add(blocks);
    }
    if at < bytes.len() {
        walk.gap(b"", Reason::Damaged);
    }
}

fn name(header: &[u8]) -> Vec<u8> {
    let (name, prefix) = (text(&header[..100]), text(&header[345..500]));
    // GNU keeps times where POSIX has the prefix.
    if &header[257..263] == b"ustar\0" && !prefix.is_empty() {
        return [prefix, b"/", name].concat();
    }
    name.to_vec()
}

/// Behind the maps of a sparse file. What it holds follows without its holes.
fn after_sparse(bytes: &[u8], mut at: usize, mut more: u8) -> usize {
    while more != 0 {
        more = bytes.get(at + 504).copied().unwrap_or(0);
        at += BLOCK;
    }
    at
}
