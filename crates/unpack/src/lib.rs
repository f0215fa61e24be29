//! Bytes in, the bytes that hide in them out: archives, documents and encoded stretches.
//!
//! ```text
//! bytes ─┬─ Kind::of ── members ──▶ Member, each opened in turn     what was cut off: Gap
//!        └─ Text::of ── spans ────▶ Span { range, encoding, bytes }
//! ```
//!
//! [`members`] opens containers by what they begin with, whatever they are called: compressed files,
//! archives, mails, notebooks, databases, documents, programs. All of it happens in memory and within
//! [`Bounds`]; nothing is written anywhere, and no name out of an archive is ever used as one. Input
//! is hostile: what is damaged, encrypted, or more than the bounds allow is a [`Gap`], and the rest is
//! handed over.
//!
//! [`Text`] makes UTF-8 of text in other encodings and knows where in the original each byte of it
//! came from. [`spans()`] finds stretches of text that are base64, hex, percent or escaped, and
//! decodes them.
//!
//! # What others do
//!
//! Decoders are other people's, all without C: `flate2` with `zlib-rs`, as elsewhere in the
//! workspace; `bzip2`, which is `libbz2-rs-sys` by those who make `zlib-rs`; `lzma-rust2`, because it
//! takes a limit for memory, and is the one that the `zip` crate uses; `ruzstd`, because it takes a
//! limit for the window and is small. Archives are read by this crate itself: readers made for honest
//! archives copy what can be borrowed, stop at the first mistake and pass over what no directory
//! lists.

/// Names what comes out of bytes: it is another one when anything else comes out of the same.
pub const VERSION: u32 = 2;

mod archive;
mod bounds;
mod document;
mod kind;
mod number;
mod path;
mod spans;
mod text;
mod walk;

pub use bounds::{Bounds, Gap, Reason};
pub use kind::Kind;
pub use spans::{
    Encoding, Mark, STEP, Span, border_before, border_behind, may_be_encoded, may_hold, spans,
    spans_by,
};
pub use text::{Charset, Text};
pub use walk::{Form, Member, members, members_of};
