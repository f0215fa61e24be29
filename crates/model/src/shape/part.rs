//! The parts of a credential's format, and how each is built.

use super::{Length, Stream};
use crate::checksum::Checksum;
use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD};
use serde::{Deserialize, Serialize};

/// How often a text is made anew until it is plain: one in five or ten is.
const ANEW: usize = 1000;

/// One part of a credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Part {
    /// Fixed text: a prefix, a marker, a separator.
    Literal {
        /// The text.
        lit: String,
    },
    /// One of several fixed texts.
    OneOf {
        /// The texts.
        one_of: Vec<String>,
    },
    /// Free characters.
    Chars {
        /// The alphabet as ranges and single characters, `0-9A-Za-z_-` (a `-` stands last).
        chars: String,
        /// The exact length in characters; or give `min` and `max`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        len: Option<usize>,
        /// The least length, when it varies.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        min: Option<usize>,
        /// The greatest length, when it varies and has an end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max: Option<usize>,
    },
    /// A text that stands encoded in the credential, such as a JSON header.
    Encoded {
        /// The text before encoding. `{n}` in it is replaced by digits.
        text: String,
        /// How it is encoded.
        encoding: Encoding,
    },
    /// Fixed bytes, where a format is not of text.
    Fixed {
        /// The bytes, in hex.
        #[serde(with = "as_hex")]
        hex: Vec<u8>,
    },
    /// Bytes and their check part, encoded together.
    Sealed {
        /// The construction, one whose check part cannot be told from the rest.
        seal: Checksum,
        /// The fixed bytes before the free ones, in hex.
        #[serde(default, with = "as_hex", skip_serializing_if = "Vec::is_empty")]
        first: Vec<u8>,
        /// How many bytes are free.
        bytes: usize,
        /// The fixed bytes behind the free ones, in hex.
        #[serde(default, with = "as_hex", skip_serializing_if = "Vec::is_empty")]
        last: Vec<u8>,
        /// It is made anew until it is of letters, digits and padding alone, as its issuer does.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        plain: bool,
    },
    /// A check part computed from what stands before it.
    Check {
        /// The construction.
        check: Checksum,
        /// What it is computed from.
        over: Over,
    },
}

/// How a text stands encoded inside a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// Base 64 with padding (RFC 4648 §4).
    Base64,
    /// Base 64 without padding.
    Base64Nopad,
    /// URL-safe base 64 with padding (RFC 4648 §5).
    Base64url,
    /// URL-safe base 64 without padding, as in a JWT (RFC 7515).
    Base64urlNopad,
}

/// What a check part is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// The free characters before it.
    Body,
    /// Everything before it, fixed parts included.
    All,
    /// Everything before the fixed part that separates it from the rest.
    Front,
}

pub(super) fn piece(part: &Part, stream: &mut Stream, length: Length) -> Vec<u8> {
    match part {
        Part::Literal { lit } => lit.clone().into_bytes(),
        Part::OneOf { one_of } => {
            one_of[usize::from(stream.byte()) % one_of.len()].clone().into_bytes()
        }
        Part::Chars { chars, len, min, max } => {
            let least = len.or(*min).unwrap_or(1);
            let wanted = match length {
                Length::Min => least,
                Length::Max => len.or(*max).unwrap_or(least + 16),
            };
            stream.take(&alphabet(chars), wanted)
        }
        Part::Encoded { text, encoding } => {
            let digits = String::from_utf8_lossy(&stream.take(b"123456789", 6)).into_owned();
            let text = text.replace("{n}", &digits);
            encoding.encode(text.as_bytes()).into_bytes()
        }
        Part::Fixed { hex } => hex.clone(),
        Part::Sealed { seal, first, bytes, last, plain } => {
            let mut made = || {
                let free: Vec<u8> = (0..*bytes).map(|_| stream.byte()).collect();
                seal.seal(&[&first[..], &free, last].concat()).into_bytes()
            };
            let is_plain =
                |text: &[u8]| text.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'=');
            let text = made();
            if !plain || is_plain(&text) {
                return text;
            }
            (0..ANEW).map(|_| made()).find(|text| is_plain(text)).unwrap_or(text)
        }
        Part::Check { .. } => Vec::new(),
    }
}

impl Encoding {
    /// What people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Base64 => "base64",
            Self::Base64Nopad => "base64 without padding",
            Self::Base64url => "base64url",
            Self::Base64urlNopad => "base64url without padding",
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Base64 => BASE64.encode(bytes),
            Self::Base64Nopad => BASE64_NOPAD.encode(bytes),
            Self::Base64url => BASE64URL.encode(bytes),
            Self::Base64urlNopad => BASE64URL_NOPAD.encode(bytes),
        }
    }
}

/// The characters of `0-9A-Za-z_-`: ranges where a `-` stands between two characters.
pub fn alphabet(ranges: &str) -> Vec<u8> {
    let bytes = ranges.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if at + 2 < bytes.len() && bytes[at + 1] == b'-' {
            out.extend(bytes[at]..=bytes[at + 2]);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    out
}

/// Bytes as hex in a rule file.
mod as_hex {
    use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&HEXLOWER.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        bytes.map_err(|error| D::Error::custom(format!("\"{text}\" is no hex: {error}")))
    }
}
