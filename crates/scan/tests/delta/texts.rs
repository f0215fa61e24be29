//! Files that change: words, credentials of the rules in all their places, and edits that cut
//! them, move them, and change what stands around them.

use crate::dice::Dice;
use crate::samples::{Sample, mutants, positives};
use aho_corasick::AhoCorasick;
use data_encoding::{BASE64, BASE64URL, HEXLOWER};
use quietus_model::Rule;
use std::cell::Cell;
use std::io::Write;
use std::ops::Range;
use std::process::Command;

/// How far round a secret on its line the scanner may look; edits are made on both sides of it.
const LINE_LIMIT: usize = 4096;

/// What text is made of: code, words that say that something is no secret, and halves of formats.
const WORDS: &str = r#"let value = password token example fn return 0x41 { } " key: https:// secret é
client ' config.get( ) 1234567890 test changeme -----BEGIN \n // <a href= api_key , :: #"#;

const ALLOW: &[u8] = b" // quietus:allow kingfisher:ignore ";

/// Put into the middle of credentials, and taken out again: then all of the new version is copied,
/// and what makes a credential of it stands on both sides of a seam.
const WEDGE: &[u8] = b"<<<<<<< a wedge >>>>>>>";

/// What the files of one repository are made of.
pub(crate) struct Palette {
    /// By rule, texts with credentials in them.
    right: Vec<Vec<Vec<u8>>>,
    /// Whose turn it is: by chance some rules would never have one.
    turn: Cell<usize>,
    /// Credentials that are told by themselves, so that a file may begin and end with them.
    alone: Vec<Vec<u8>>,
    /// Texts with what is nearly one.
    spoilt: Vec<Vec<u8>>,
    /// Texts with credentials in them, encoded.
    hidden: Vec<Vec<u8>>,
    secrets: AhoCorasick,
    words: Vec<String>,
}

impl Palette {
    pub(crate) fn new(rules: &[&Rule]) -> Self {
        let right: Vec<Vec<Sample>> = rules.iter().map(|rule| positives(rule)).collect();
        let spoilt = rules.iter().flat_map(|rule| mutants(rule)).map(|mutant| mutant.sample);
        let spoilt: Vec<Sample> = spoilt.collect();
        let all = right.iter().flatten().chain(&spoilt);
        let hidden: Vec<Vec<u8>> = right
            .iter()
            .enumerate()
            .flat_map(|(way, of)| of.iter().map(move |sample| encode(&sample.text, way)))
            .collect();
        let bare = all.map(|sample| sample.secret().to_vec());
        let secrets = AhoCorasick::new(bare.chain(hidden.clone())).unwrap();
        let is_alone = |sample: &&Sample| sample.text == sample.secret();
        let alone =
            right.iter().flatten().filter(is_alone).map(|sample| sample.text.clone()).collect();
        let texts = |samples: Vec<Sample>| -> Vec<Vec<u8>> {
            samples.into_iter().map(|sample| sample.text).collect()
        };
        let right = right.into_iter().map(texts);
        let right = right.filter(|of: &Vec<Vec<u8>>| !of.is_empty()).collect();
        let spoilt = texts(spoilt);
        let mut words: Vec<String> = WORDS.split_whitespace().map(String::from).collect();
        words.extend(rules.iter().flat_map(|rule| rule.anchors.clone()));
        Self { right, turn: Cell::default(), alone, spoilt, hidden, secrets, words }
    }

    /// Where secrets stand.
    fn secrets(&self, text: &[u8]) -> Vec<Range<usize>> {
        self.secrets.find_iter(text).map(|found| found.range()).collect()
    }

    pub(crate) fn plant(&self, dice: &mut Dice) -> &[u8] {
        if dice.once_in(4) && !self.spoilt.is_empty() {
            return dice.pick::<Vec<u8>>(&self.spoilt);
        }
        if dice.once_in(4) && !self.hidden.is_empty() {
            return dice.pick::<Vec<u8>>(&self.hidden);
        }
        let turn = self.turn.get();
        self.turn.set(turn + 1);
        dice.pick::<Vec<u8>>(&self.right[turn % self.right.len()])
    }

    /// About `len` bytes of words, in lines that end with `end`.
    fn prose(&self, dice: &mut Dice, len: usize, end: &str) -> Vec<u8> {
        let mut text = Vec::new();
        while text.len() < len {
            for _ in 0..dice.from(1, 9) {
                text.extend_from_slice(dice.pick(&self.words).as_bytes());
                text.push(b' ');
            }
            // Lines that are like no other, so that not all of a file is a copy of itself.
            text.extend_from_slice(format!("{:x}", dice.below(1 << 40)).as_bytes());
            text.extend_from_slice(end.as_bytes());
        }
        text
    }

    /// A new file.
    pub(crate) fn file(&self, dice: &mut Dice) -> Vec<u8> {
        let len = match dice.below(12) {
            0 => 0,
            1 => dice.below(60),
            2 => dice.from(8_000, 24_000),
            _ => dice.from(300, 6_000),
        };
        let mut text = match dice.below(8) {
            0 => self.prose(dice, len, "\r\n"),
            1 => self.prose(dice, len, ""),
            2 => (0..len).map(|_| dice.below(256) as u8).collect(),
            _ => self.prose(dice, len, "\n"),
        };
        for _ in 0..dice.below(17) {
            self.put(dice, &mut text);
        }
        match dice.below(16) {
            0 => utf16(&text),
            2 => gzip(&text),
            3 => tar(&[&text, b"Nothing.\n", &self.prose(dice, 300, "\n")]),
            1 => BASE64.encode(&text).into_bytes(),
            _ => text,
        }
    }

    /// Puts a credential somewhere.
    fn put(&self, dice: &mut Dice, text: &mut Vec<u8>) {
        let plant = self.plant(dice).to_owned();
        let at = match dice.below(6) {
            0 => 0,
            1 => text.len(),
            2 => {
                // Right where an older credential ends or begins.
                let spans = self.secrets(text);
                let span = spans.get(dice.below(spans.len())).cloned().unwrap_or(0..0);
                if dice.once_in(2) { span.start } else { span.end }
            }
            _ => dice.below(text.len() + 1),
        };
        if (at == 0 || at == text.len()) && !self.alone.is_empty() && dice.once_in(2) {
            let alone = dice.pick::<Vec<u8>>(&self.alone);
            text.splice(at..at, alone.iter().copied());
            return;
        }
        let lines = dice.once_in(2);
        let mut put = plant;
        if lines {
            put.insert(0, b'\n');
            put.push(b'\n');
        }
        text.splice(at..at, put);
    }

    /// The file as its next version has it.
    pub(crate) fn edit(&self, dice: &mut Dice, text: &mut Vec<u8>, other: &[u8]) {
        if dice.once_in(3) {
            self.heal(dice, text);
        }
        for _ in 0..dice.below(4) {
            match dice.below(8) {
                0..=2 => self.edit_anywhere(dice, text),
                3 => self.move_blocks(dice, text, other),
                4..=6 => self.edit_near_a_secret(dice, text),
                _ => self.put(dice, text),
            }
        }
        // Files that only grow are no test of what is small.
        if text.len() > 40_000 {
            let cut = dice.range(text.len(), 30_000);
            text.drain(cut);
        }
    }

    fn edit_anywhere(&self, dice: &mut Dice, text: &mut Vec<u8>) {
        let most = *dice.pick(&[1, 2, 8, 80, 2_000]);
        let range = dice.range(text.len(), most);
        match dice.below(4) {
            0 => {
                text.drain(range);
            }
            1 => text[range].iter_mut().for_each(|byte| *byte ^= 1),
            2 => {
                let len = dice.below(200);
                let words = self.prose(dice, len, "\n");
                text.splice(range, words);
            }
            _ => {
                let word = dice.pick(&self.words).clone();
                text.splice(range.start..range.start, word.into_bytes());
            }
        }
    }

    fn move_blocks(&self, dice: &mut Dice, text: &mut Vec<u8>, other: &[u8]) {
        let block = dice.range(text.len(), 3_000);
        match dice.below(5) {
            0 => {
                let moved: Vec<u8> = text.drain(block).collect();
                let at = dice.below(text.len() + 1);
                text.splice(at..at, moved);
            }
            1 => {
                let copy = text[block].to_owned();
                let at = dice.below(text.len() + 1);
                text.splice(at..at, copy);
            }
            2 => text.rotate_left(block.start),
            3 => {
                let theirs = other[dice.range(other.len(), 3_000)].to_owned();
                text.splice(block.start..block.start, theirs);
            }
            _ => match dice.below(3) {
                0 => text.truncate(block.end),
                1 => {
                    text.drain(..block.start);
                }
                _ => text.retain(|byte| *byte != b'\n'),
            },
        }
    }

    /// Changes a secret, its line, or what stands as far from it as a rule may look.
    fn edit_near_a_secret(&self, dice: &mut Dice, text: &mut Vec<u8>) {
        let spans = self.secrets(text);
        let Some(span) = spans.get(dice.below(spans.len())).cloned() else {
            return self.edit_anywhere(dice, text);
        };
        let inside = match dice.below(3) {
            0 => *dice.pick(&[span.start, span.end]),
            _ => dice.from(span.start, span.end),
        };
        match dice.below(16) {
            0 if dice.once_in(2) => text.truncate(inside),
            1 if dice.once_in(2) => {
                text.drain(..inside);
            }
            2 => {
                text.drain(inside..(inside + dice.below(40)).min(text.len()));
            }
            3 => {
                let rest = &text[span.end..];
                let line = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                let end = span.end + line;
                text.splice(end..end, ALLOW.iter().copied());
            }
            4 => {
                let end = if dice.once_in(2) { span.start } else { span.end };
                let byte = *dice.pick(b"\nxA0_-.\"' =:/\\\0");
                text.splice(end..end, [byte]);
            }
            5 => {
                // Pushes apart what stands on several lines.
                let from = span.start.saturating_sub(200);
                let at = dice.from(from, (span.end + 200).min(text.len()));
                let len = *dice.pick(&[1, 40, 300, 700]);
                let filler = self.prose(dice, len, "\n");
                text.splice(at..at, filler);
            }
            6 => {
                text.splice(inside..inside, WEDGE.iter().copied());
            }
            7 => {
                let start = span.start.saturating_sub(dice.below(60));
                text.splice(start..start, WEDGE.iter().copied());
            }
            8 => {
                // One line, as long as the file.
                text.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
            }
            _ => self.edit_at_a_distance(dice, text, &span),
        }
    }

    /// Takes wedges out, each with nothing else around.
    fn heal(&self, dice: &mut Dice, text: &mut Vec<u8>) {
        let mut at = 0;
        while let Some(next) = text[at..].windows(WEDGE.len()).position(|here| here == WEDGE) {
            at += next;
            if dice.once_in(2) {
                text.drain(at..at + WEDGE.len());
            } else {
                at += WEDGE.len();
            }
        }
    }

    fn edit_at_a_distance(&self, dice: &mut Dice, text: &mut Vec<u8>, span: &Range<usize>) {
        let far = match dice.below(4) {
            0 => dice.below(5),
            1 => dice.below(200),
            2 => LINE_LIMIT - 8 + dice.below(16),
            _ => dice.below(17_000),
        };
        let at = match dice.once_in(2) {
            true => span.start.saturating_sub(far),
            false => (span.end + far).min(text.len()),
        };
        match dice.below(6) {
            0 if at < text.len() => {
                text.remove(at);
            }
            1 if at < text.len() => text[at] = *dice.pick(b"\nx \""),
            2..=3 => {
                text.splice(at..at, ALLOW.iter().copied());
            }
            _ => {
                let word = dice.pick(&self.words).clone();
                text.splice(at..at, word.into_bytes());
            }
        }
    }
}

/// One of the ways to hide it in text.
fn encode(text: &[u8], way: usize) -> Vec<u8> {
    let each = |show: fn(&u8) -> String| text.iter().map(show).collect::<String>().into_bytes();
    match way % 8 {
        0 => BASE64.encode(text).into_bytes(),
        1 => BASE64.encode(BASE64.encode(text).as_bytes()).into_bytes(),
        2 => {
            let lines = BASE64.encode(text).into_bytes();
            lines.chunks(76).collect::<Vec<_>>().join(&b"\n    "[..])
        }
        3 => HEXLOWER.encode(text).into_bytes(),
        4 => each(|byte| format!("%{byte:02X}")),
        5 => each(|byte| format!("\\u{byte:04x}")),
        6 => each(|byte| format!("&#{byte};")),
        _ => BASE64URL.encode(&gzip(text)).into_bytes(),
    }
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    gzip.finish().unwrap()
}

/// Files as the tar of this machine packs them.
fn tar(files: &[&[u8]]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (number, text) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{number}.txt")), text).unwrap();
    }
    let mut tar = Command::new("tar");
    tar.args(["-c", "--sort=name", "--mtime=@1700000000", "--owner=0", "--group=0", "-f", "-"]);
    let packed = tar.arg(".").current_dir(folder.path()).output().unwrap();
    assert!(packed.status.success(), "{packed:?}");
    packed.stdout
}

/// The text in UTF-16 with its mark, as some editors save it.
fn utf16(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}
