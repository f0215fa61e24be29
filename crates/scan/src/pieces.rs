//! Scans what is too large to be held at once, in pieces that overlap.

use crate::reading::{Inside, Reading, Subject};
use crate::run::Run;
use crate::vault::{SecretNumber, Sighting};
use quietus_unpack::{Charset, Kind};
use std::collections::HashMap;
use std::io::{self, Read};

/// How many bytes of a piece are its own.
const PIECE: usize = 4 << 20;

/// More bytes than any file in a repository has: a few can be inflated to very many.
const MOST: u64 = 16 << 30;

/// What was read of a long stream.
#[derive(Default)]
pub(crate) struct Pieces {
    pub(crate) sightings: Vec<Sighting>,
    pub(crate) bytes: u64,
    /// Why the rest could not be read.
    pub(crate) error: Option<io::Error>,
}

/// Every secret in a stream, in the order of their places. What hides in it is found as far as it
/// shows in one piece; what does not is told.
pub(crate) fn sight(subject: Subject<'_>, stream: &mut dyn Read, run: &Run<'_>) -> Pieces {
    sight_in(subject, stream, PIECE, run)
}

/// Each piece is seen with as many bytes before and after it as a rule may look at; what begins
/// in the piece itself counts.
fn sight_in(subject: Subject<'_>, stream: &mut dyn Read, piece: usize, run: &Run<'_>) -> Pieces {
    let margin = run.vault.detector().horizon();
    let mut all = Pieces::default();
    let mut seen: HashMap<SecretNumber, u32> = HashMap::new();
    let mut buffer: Vec<u8> = Vec::with_capacity(piece + 2 * margin);
    let (mut own, mut is_over) = (0, false);
    let mut position = Position { offset: 0, line: 1, column: 1 };
    while !is_over {
        if all.bytes >= MOST {
            let detail = format!("only its first {MOST} bytes were read");
            all.error = Some(io::Error::other(detail));
            break;
        }
        let wanted = own + piece + margin;
        is_over = match fill(stream, &mut buffer, wanted) {
            Ok(is_over) => is_over,
            Err(error) => {
                all.error = Some(error);
                true
            }
        };
        let end = if is_over { buffer.len() } else { own + piece };
        if let Some(what) = unseen(&buffer, all.bytes == 0, &buffer[end..]) {
            run.cut_off(subject, what);
        }
        let mut reading = Reading::default();
        run.opener().read(&buffer, &mut reading);
        for mut sighting in run.sightings(subject, &buffer, &mut reading, &Inside::default()) {
            let at = sighting.offset as usize;
            if !(own..end).contains(&at) {
                continue;
            }
            let next = seen.entry(sighting.secret).or_default();
            sighting.ordinal = *next;
            *next += 1;
            position.shift(&mut sighting);
            all.sightings.push(sighting);
        }
        // The next piece begins where this one's own bytes end, and sees what lies before.
        let start = end.saturating_sub(margin);
        position.pass(&buffer[..start]);
        all.bytes += (end - own) as u64;
        own = end - start;
        buffer.drain(..start);
    }
    all
}

/// What of a stream cannot be seen in pieces, if that shows in one: in the first, what it is; at the
/// end of any, `beyond` it, that a stretch goes on.
fn unseen(piece: &[u8], is_first: bool, beyond: &[u8]) -> Option<&'static str> {
    let in_stretch = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(byte);
    match Kind::of(piece).filter(|_| is_first) {
        // What lies in a program lies bare in it.
        Some(Kind::Executable) => None,
        Some(_) => Some("too large to be opened"),
        None if is_first && matches!(Charset::of(piece), Charset::Utf16Le | Charset::Utf16Be) => {
            Some("too large to be read as UTF-16")
        }
        None if !beyond.is_empty() && beyond.iter().all(in_stretch) => {
            Some("too much encoded in one stretch")
        }
        None => None,
    }
}

/// Reads until `buffer` holds `wanted` bytes. Whether the stream is over.
fn fill(stream: &mut dyn Read, buffer: &mut Vec<u8>, wanted: usize) -> io::Result<bool> {
    let more = wanted.saturating_sub(buffer.len()) as u64;
    let read = stream.take(more).read_to_end(buffer)?;
    Ok((read as u64) < more)
}

/// Where in the stream the buffer begins.
struct Position {
    offset: u64,
    line: u32,
    column: u32,
}

impl Position {
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        let newlines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32;
        match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                self.line += newlines;
                self.column = (bytes.len() - last) as u32;
            }
            None => self.column = self.column.saturating_add(bytes.len() as u32),
        }
    }

    fn shift(&self, sighting: &mut Sighting) {
        let in_first_line = |line: u32| if line == 1 { self.column - 1 } else { 0 };
        sighting.column = sighting.column.saturating_add(in_first_line(sighting.line));
        sighting.end_column = sighting.end_column.saturating_add(in_first_line(sighting.end_line));
        sighting.line += self.line - 1;
        sighting.end_line += self.line - 1;
        sighting.offset += self.offset;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounds::Bounds;
    use crate::gaps::Gaps;
    use crate::made_up;
    use crate::reading::Openings;
    use crate::source::Options;
    use crate::vault::Vault;
    use proptest::prelude::*;
    use quietus_model::FingerprintKey;
    use std::sync::atomic::AtomicBool;

    proptest! {
        #[test]
        fn pieces_hold_what_the_whole_holds(
            lines in proptest::collection::vec(("[0-9a-z \n]{0,900}", 0..5u32), 1..20),
            piece in 1usize..4000,
        ) {
            let key = |number: &u32| format!(" {}_92b0c7d{number}\n", "acme");
            let text: String =
                lines.iter().map(|(text, number)| text.clone() + &key(number)).collect();
            let rules = made_up::file(&[made_up::key("8")]);
            let detector = crate::Detector::new(made_up::set(&rules)).unwrap();
            let (fingerprints, options) = (FingerprintKey::new([7; 32]), Options::default());
            let run = Run {
                vault: Vault::new(&detector, &fingerprints, jiff::Timestamp::UNIX_EPOCH),
                options: &options,
                gaps: Gaps::default(),
                bounds: Bounds::default(),
        openings: Openings::default(),
                progress: &(),
                cancel: &AtomicBool::new(false),
            };
            let whole = run.sight(Subject::Named(b"whole"), text.as_bytes());
            prop_assert_eq!(whole.len(), lines.len());
            let read = sight_in(Subject::Named(b"pieces"), &mut text.as_bytes(), piece, &run);
            prop_assert_eq!(read.bytes as usize, text.len());
            prop_assert_eq!(format!("{:?}", read.sightings), format!("{whole:?}"));
        }
    }
}
