//! Packs out of choices: right ones of which the content is known, and ones with lies in them.

use crate::feed::Feed;
use crate::forge::{self, back, copy, deflate, header, length};
use quietus_odb::{Format, Kind, ObjectId};
use std::collections::BTreeMap;

/// At most so many bytes has an object that is made on purpose.
const LONGEST: usize = 40_000;
/// At most so many objects does a pack have.
const MOST: usize = 48;

/// A pack, its index, and what is in it as far as that is known.
#[derive(Debug)]
pub struct Forged {
    /// By what hash its objects are named.
    pub format: Format,
    /// Its objects, one after the other.
    pub body: Vec<u8>,
    /// Ids, and where the index says that they are.
    pub entries: Vec<(ObjectId, u64)>,
    /// The objects that must come, with their bytes.
    pub made: BTreeMap<ObjectId, (Kind, Vec<u8>)>,
    /// Whether anything in it may be wrong: then nothing is known of what must come.
    pub lies: bool,
    objects: Vec<Forgery>,
}

/// One object.
#[derive(Debug)]
struct Forgery {
    id: ObjectId,
    offset: u64,
    content: Option<(Kind, Vec<u8>)>,
}

impl Forged {
    /// An empty one.
    pub fn new(format: Format) -> Self {
        let (body, entries, objects) = (Vec::new(), Vec::new(), Vec::new());
        Self { format, body, entries, made: BTreeMap::new(), lies: false, objects }
    }

    /// One made as `feed` says; its ids are made of numbers from `first` on.
    pub fn from_feed(format: Format, feed: &mut Feed<'_>, first: u64, honest: bool) -> Self {
        let mut forged = Self::new(format);
        while !feed.is_over() && forged.objects.len() < MOST {
            let number = first + forged.objects.len() as u64;
            let kind = match feed.byte() {
                // What ends a pack, so that there may be another one.
                255 => break,
                choice => choice % if honest { 7 } else { 12 },
            };
            match kind {
                0..=2 => forged.whole(feed, number),
                3..=5 => forged.near(feed, number, kind == 5),
                6 => forged.again(feed, number),
                _ => {
                    forged.lies = true;
                    forged.lie(feed, number, kind);
                }
            }
        }
        forged
    }

    /// The bytes of the pack and of its index.
    pub fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let pack = forge::pack(self.format, self.entries.len() as u32, &self.body);
        (pack, forge::idx(self.format, &self.entries))
    }

    /// Adds bytes as an object.
    pub fn raw(&mut self, id: ObjectId, bytes: &[u8], content: Option<(Kind, Vec<u8>)>) {
        let offset = 12 + self.body.len() as u64;
        self.body.extend(bytes);
        self.entries.push((id, offset));
        if let Some(content) = &content {
            self.made.insert(id, content.clone());
        }
        self.objects.push(Forgery { id, offset, content });
    }

    /// Adds an object that is stored whole.
    pub fn add(&mut self, number: u64, kind: Kind, content: Vec<u8>, level: u32) {
        let code = kind as u8 + 1;
        let bytes = [header(code, content.len() as u64), deflate(&content, level)].concat();
        self.raw(forge::id(self.format, number), &bytes, Some((kind, content)));
    }

    /// Adds an object that is stored as a change to one that is there; by name or by place.
    pub fn change(&mut self, number: u64, base: usize, delta: &[u8], by_name: bool) {
        let id = forge::id(self.format, number);
        let base = &self.objects[base];
        let content =
            base.content.as_ref().and_then(|(kind, bytes)| Some((*kind, apply(bytes, delta)?)));
        let bytes = if by_name {
            let name = base.id.as_bytes().to_vec();
            [header(7, delta.len() as u64), name, deflate(delta, 1)].concat()
        } else {
            let distance = back(12 + self.body.len() as u64 - base.offset);
            [header(6, delta.len() as u64), distance, deflate(delta, 1)].concat()
        };
        self.raw(id, &bytes, content);
    }

    fn whole(&mut self, feed: &mut Feed<'_>, number: u64) {
        let kind = [Kind::Blob, Kind::Tree, Kind::Commit, Kind::Tag][feed.below(4)];
        let level = [1, 0, 9][feed.below(3)];
        self.add(number, kind, feed.content(), level);
    }

    fn near(&mut self, feed: &mut Feed<'_>, number: u64, by_name: bool) {
        if self.objects.is_empty() {
            return self.whole(feed, number);
        }
        let base = self.objects.len() - 1 - feed.below(self.objects.len());
        let len = self.objects[base].content.as_ref().map_or(0, |content| content.1.len());
        let delta = delta(feed, len, self.lies);
        self.change(number, base, &delta, by_name);
    }

    /// An object that stands in the pack twice, under one name: the same bytes, stored anew.
    fn again(&mut self, feed: &mut Feed<'_>, number: u64) {
        let Some(at) = self.objects.len().checked_sub(1) else { return self.whole(feed, number) };
        let Forgery { id, content, .. } = &self.objects[at - feed.below(at + 1)];
        if let (id, Some((kind, content))) = (*id, content.clone()) {
            let code = kind as u8 + 1;
            let bytes = [header(code, content.len() as u64), deflate(&content, 1)].concat();
            self.raw(id, &bytes, Some((kind, content)));
        }
    }

    fn lie(&mut self, feed: &mut Feed<'_>, number: u64, kind: u8) {
        let id = forge::id(self.format, number);
        let code = feed.byte() % 8;
        match kind {
            // Any header before deflated bytes.
            7 => {
                let content = feed.content();
                let size = feed.number();
                self.raw(id, &[header(code, size), deflate(&content, 1)].concat(), None);
            }
            // A change to anything by place.
            8 => {
                let delta = delta(feed, 50, true);
                let head = [header(6, delta.len() as u64), back(feed.number())].concat();
                self.raw(id, &[head, deflate(&delta, 1)].concat(), None);
            }
            // A change to anything by name: what comes later, what is elsewhere, itself.
            9 => {
                let base = forge::id(self.format, u64::from(feed.byte()));
                let delta = delta(feed, 50, true);
                let head = [header(7, delta.len() as u64), base.as_bytes().to_vec()].concat();
                self.raw(id, &[head, deflate(&delta, 1)].concat(), None);
            }
            // No object, or one with another check sum.
            10 => {
                let mut bytes = [header(code, feed.number()), feed.bytes().to_vec()].concat();
                if feed.once_in(3) {
                    let content = feed.content();
                    bytes = [header(3, content.len() as u64), deflate(&content, 1)].concat();
                    let at = bytes.len() - 1 - feed.below(bytes.len());
                    bytes[at] ^= feed.byte();
                }
                self.raw(id, &bytes, None);
            }
            // A place in the index that is another one's, or nobody's.
            _ => {
                let place = match self.objects.get(feed.below(MOST)) {
                    Some(other) => other.offset.wrapping_add(u64::from(feed.byte() % 4)),
                    None => feed.number(),
                };
                self.entries.push((id, place));
            }
        }
    }
}

/// A delta for a base of so many bytes, right unless it may have lies in it.
pub fn delta(feed: &mut Feed<'_>, base: usize, lies: bool) -> Vec<u8> {
    let (mut body, mut made) = (Vec::new(), 0);
    for _ in 0..feed.below(12) {
        if feed.is_over() {
            break;
        }
        let choice = feed.byte();
        if choice < 128 && base > 0 {
            // From a part of the base, or right where the last copy ended.
            let from = base * usize::from(feed.byte()) / 256;
            let len = (base - from).min(usize::from(choice) * base.div_ceil(100)).min(0xff_ffff);
            if len > 0 && made + len <= LONGEST {
                body.extend(copy(from as u64, len as u64));
                made += len;
            }
        } else if choice < 240 || !lies {
            let own = feed.bytes();
            for piece in own.chunks(127) {
                body.push(piece.len() as u8);
                body.extend(piece);
                made += piece.len();
            }
        } else if choice < 248 {
            body.extend(copy(feed.number(), feed.number()));
        } else {
            body.extend(feed.bytes());
        }
    }
    let mut said = (base as u64, made as u64);
    if lies && feed.once_in(4) {
        said.1 = feed.number();
    }
    if lies && feed.once_in(8) {
        said.0 = feed.number();
    }
    [length(said.0), length(said.1), body].concat()
}

/// What a delta makes of a base, slowly. Nothing if it makes no sense.
pub fn apply(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let mut rest = delta.iter().copied();
    let mut number = || {
        let (mut value, mut shift) = (0u128, 0);
        loop {
            let byte = rest.next()?;
            value |= u128::from(byte & 0x7f) << shift;
            shift += 7;
            if byte < 0x80 {
                return Some(value);
            }
            if shift > 62 {
                return None;
            }
        }
    };
    let (from, to) = (number()?, number()?);
    let mut out = Vec::new();
    while let Some(op) = rest.next() {
        if op >= 0x80 {
            let mut numbers = [0usize; 2];
            for bit in (0..7).filter(|bit| op >> bit & 1 != 0) {
                numbers[bit / 4] |= usize::from(rest.next()?) << (8 * (bit % 4));
            }
            let [offset, count] = numbers;
            let count = if count == 0 { 0x1_0000 } else { count };
            out.extend_from_slice(base.get(offset..offset + count)?);
        } else if op == 0 {
            return None;
        } else {
            for _ in 0..op {
                out.push(rest.next()?);
            }
        }
        if out.len() as u128 > to {
            return None;
        }
    }
    (from == base.len() as u128 && to == out.len() as u128).then_some(out)
}

/// A small pack with some of everything that is right.
pub fn few(format: Format) -> Forged {
    let mut forged = Forged::new(format);
    forged.add(0, Kind::Blob, b"The quick brown fox jumps over the lazy dog. ".repeat(3), 1);
    forged.add(1, Kind::Tree, Vec::new(), 1);
    forged.add(2, Kind::Commit, b"tree\n\nA message\n".to_vec(), 1);
    forged.add(3, Kind::Tag, b"object\n\nA tag\n".to_vec(), 1);
    let more = |base: u64, own: &[u8]| {
        let lengths = [length(base), length(base + own.len() as u64)].concat();
        [lengths, copy(0, base), vec![own.len() as u8], own.to_vec()].concat()
    };
    forged.change(4, 0, &more(135, b"Once more."), false);
    forged.change(5, 4, &more(145, b"And again."), true);
    forged.change(6, 0, &more(135, b"Otherwise."), true);
    forged.add(7, Kind::Blob, vec![b'x'; 300], 0);
    forged
}
