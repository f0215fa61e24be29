//! The walk into containers: one after the other, within the bounds.

use crate::archive::{stream, tar, zip};
use crate::bounds::{Bounds, Gap, Reason};
use crate::document::{class, mail, notebook, office, pdf, pyc, sqlite, strings};
use crate::kind::Kind;
use crate::path::safe;

/// Gaps told one by one; the rest is one gap.
const GAPS: usize = 1000;
/// Deeper than any honest nesting; each depth takes some stack.
const DEEPEST: u32 = 32;
/// Stands between the names of containers that lie in one another.
const WITHIN: &str = "!/";

/// What a member's bytes are to its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Bytes that lay in the container, as a file in an archive does.
    File,
    /// Text made out of what the container says, as the text of a document without its markup. It is
    /// not opened any further.
    Text,
}

/// Bytes that came out of a container.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The names that lead here, with `!/` between those of containers in one another. Without
    /// control characters, and otherwise as the container has them: `../` and all. It is for people;
    /// it never names a file.
    pub path: &'a str,
    /// The bytes, as many as the bounds let through.
    pub bytes: &'a [u8],
    /// In how many containers it lies, at least 1.
    pub depth: u32,
    /// What they are to the container.
    pub form: Form,
    /// What they are by themselves, if they can be opened in turn. Their members come next.
    pub kind: Option<Kind>,
}

/// Hands over everything that lies in `bytes`, down to the depth that `bounds` set, each container
/// before what is in it. Nothing comes of bytes that are no container. `bytes` themselves are not
/// handed over.
///
/// Returns what could not be looked at, in the order it was met.
///
/// ```
/// use quietus_unpack::{Bounds, Kind, members};
///
/// let page = b"Subject: a\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\naGVsbG8gd29ybGQ=\n";
/// assert_eq!(Kind::of(page), Some(Kind::Mail));
/// let mut found = Vec::new();
/// let gaps = members(page, &Bounds::default(), &mut |member| found.push(member.bytes.to_vec()));
/// assert_eq!(found, [b"hello world"]);
/// assert!(gaps.is_empty());
/// ```
pub fn members(bytes: &[u8], bounds: &Bounds, found: &mut impl FnMut(Member<'_>)) -> Vec<Gap> {
    match Kind::of(bytes) {
        Some(kind) => members_of(kind, bytes, bounds, found),
        None => Vec::new(),
    }
}

/// As [`members`], of bytes that are known to be of a `kind`.
pub fn members_of(
    kind: Kind,
    bytes: &[u8],
    bounds: &Bounds,
    found: &mut impl FnMut(Member<'_>),
) -> Vec<Gap> {
    let mut walk = Walk {
        bounds,
        left: bounds.total,
        members: bounds.members,
        over: false,
        depth: 0,
        path: String::new(),
        gaps: Vec::new(),
        found,
    };
    walk.open(kind, bytes);
    walk.gaps
}

/// Where the walk is.
pub(crate) struct Walk<'a> {
    pub(crate) bounds: &'a Bounds,
    left: u64,
    members: u64,
    over: bool,
    depth: u32,
    path: String,
    gaps: Vec<Gap>,
    found: &'a mut dyn FnMut(Member<'_>),
}

impl Walk<'_> {
    /// Whether nothing more is taken. Readers may stop then; that there is more has been told.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// So many bytes may the next member have.
    pub(crate) fn allowed(&self) -> usize {
        usize::try_from(self.left.min(self.bounds.member)).unwrap_or(usize::MAX)
    }

    /// The name of the container that is open.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit(WITHIN).next().unwrap_or_default()
    }

    /// Something in the open container could not be looked at; `name` is empty for all of it.
    pub(crate) fn gap(&mut self, name: &[u8], reason: Reason) {
        let mut path = self.path.clone();
        if !name.is_empty() {
            if !path.is_empty() {
                path.push_str(WITHIN);
            }
            path.push_str(&safe(name));
        }
        let gap = Gap { path, reason };
        if self.gaps.len() < GAPS {
            if self.gaps.last() != Some(&gap) {
                self.gaps.push(gap);
            }
        } else if self.gaps.len() == GAPS {
            self.gaps.push(Gap { path: String::new(), reason: Reason::More });
        }
    }

    /// Text of the open container, unless there is none.
    pub(crate) fn text(&mut self, name: &[u8], text: &[u8]) {
        if !text.is_empty() {
            self.hand(name, Form::Text, text);
        }
    }

    /// A file in the open container.
    pub(crate) fn file(&mut self, name: &[u8], bytes: &[u8]) {
        self.hand(name, Form::File, bytes);
    }

    fn hand(&mut self, name: &[u8], form: Form, bytes: &[u8]) {
        if self.over {
            return;
        }
        if self.members == 0 {
            self.over = true;
            return self.gap(name, Reason::Members);
        }
        self.members -= 1;
        let allowed = self.allowed();
        if bytes.len() > allowed {
            let total = self.left < self.bounds.member;
            self.over |= total;
            self.gap(name, if total { Reason::Total } else { Reason::Member });
        }
        let bytes = &bytes[..bytes.len().min(allowed)];
        self.left -= bytes.len() as u64;

        let within = self.path.len();
        if within > 0 {
            self.path.push_str(WITHIN);
        }
        self.path.push_str(&safe(name));
        self.depth += 1;
        let kind = if form == Form::File { Kind::of(bytes) } else { None };
        (self.found)(Member { path: &self.path, bytes, depth: self.depth, form, kind });
        if let Some(kind) = kind.filter(|_| !self.over) {
            if self.depth >= self.bounds.depth.min(DEEPEST) {
                self.gap(b"", Reason::Depth);
            } else {
                self.open(kind, bytes);
            }
        }
        self.depth -= 1;
        self.path.truncate(within);
    }

    fn open(&mut self, kind: Kind, bytes: &[u8]) {
        match kind {
            Kind::Gzip | Kind::Bzip2 | Kind::Xz | Kind::Zstd => stream::read(self, kind, bytes),
            Kind::Tar => tar::read(self, bytes),
            Kind::Zip => zip::read(self, bytes),
            Kind::Notebook => notebook::read(self, bytes),
            Kind::Sqlite => sqlite::read(self, bytes),
            Kind::Pdf => pdf::read(self, bytes),
            Kind::Pyc => pyc::read(self, bytes),
            Kind::Class => class::read(self, bytes),
            Kind::Executable => strings::read(self, bytes),
            Kind::Mail => mail::read(self, bytes),
            Kind::Office => office::read(self, bytes),
        }
    }
}
