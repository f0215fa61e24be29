//! How much may come out of hostile bytes, and what is said of the rest.

/// How much [`members`](crate::members) makes at most. Whatever a bound cuts off is a [`Gap`].
///
/// What is in memory at once is at most [`Bounds::total`] bytes, and the window of one decoder for
/// each depth, which is never larger than 64 MiB.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many containers may lie in one another; 1 opens the outermost only. More than 32 is 32.
    pub depth: u32,
    /// So many bytes are handed over altogether.
    pub total: u64,
    /// So many bytes of one member.
    pub member: u64,
    /// So many members, and as many streams that follow one another in a compressed file.
    pub members: u64,
    /// A compressed stream may become so many times as large, and 16 MiB more.
    pub ratio: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { depth: 8, total: 512 << 20, member: 256 << 20, members: 100_000, ratio: 250 }
    }
}

/// What could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Gap {
    /// Where, as [`Member::path`](crate::Member::path); empty for the outermost.
    pub path: String,
    /// Why.
    pub reason: Reason,
}

/// Why something could not be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// It lies deeper than [`Bounds::depth`].
    Depth,
    /// [`Bounds::total`] is used up: this and all that follows is cut off.
    Total,
    /// It is larger than [`Bounds::member`]; what comes before the cut was handed over.
    Member,
    /// [`Bounds::members`] is used up: this and all that follows was not opened.
    Members,
    /// It unpacks to more than [`Bounds::ratio`] allows; what comes before the cut was handed over.
    Ratio,
    /// It needs a password.
    Encrypted,
    /// It is spoilt or cut short. What could be read of it was handed over.
    Damaged,
    /// It shares its bytes with another entry, as no honest archive does.
    Overlapping,
    /// It is packed in a way that is not known here, or needs a window of more than 64 MiB.
    Unsupported,
    /// There are more gaps than are told one by one.
    More,
}

impl Reason {
    /// In a few words, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Depth => "lies too deep",
            Self::Total => "too many bytes altogether",
            Self::Member => "too large",
            Self::Members => "too many members",
            Self::Ratio => "unpacks to suspiciously much",
            Self::Encrypted => "encrypted",
            Self::Damaged => "damaged",
            Self::Overlapping => "shares its bytes with another entry",
            Self::Unsupported => "packed in an unknown way",
            Self::More => "more that could not be looked at",
        }
    }
}
