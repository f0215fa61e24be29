//! Certificates (X.509, RFC 5280) that were issued for a private key.
//!
//! They prove no key dead: a key may have another certificate, and open what asks for none. So they
//! are never a denial. They tell until when the key vouches for somebody, and a server that shows one
//! for it says that the key is in use.

use crate::sign;
use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use quietus_model::{Hit, Secret};
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};

/// The part of a rule that is a certificate, where its secret is a private key.
pub(crate) const PART: &str = "certificate";

/// More certificates of one text than this are not looked at.
const MOST: usize = 64;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// What is told by a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// Until when it counts.
    pub(crate) until: Timestamp,
    /// The public key with its algorithm (SubjectPublicKeyInfo), in DER.
    pub(crate) key: Vec<u8>,
}

impl Certificate {
    /// Reads a certificate in DER.
    pub(crate) fn read(der: &[u8]) -> Option<Self> {
        let (whole, _) = within(der, SEQUENCE)?;
        let (signed, _) = within(whole.content, SEQUENCE)?;
        let mut rest = signed.content;
        if rest.first() == Some(&VERSION) {
            rest = element(rest)?.1;
        }
        // Serial number, algorithm, issuer.
        for _ in 0..3 {
            rest = element(rest)?.1;
        }
        let (validity, rest) = within(rest, SEQUENCE)?;
        let (_, until) = element(validity.content)?;
        let until = time(&element(until)?.0)?;
        let (_subject, rest) = within(rest, SEQUENCE)?;
        let (key, _) = within(rest, SEQUENCE)?;
        Some(Self { until, key: key.whole.to_vec() })
    }

    /// Those in a text in PEM, or in one that is in base 64 as a whole.
    pub(crate) fn all(text: &[u8]) -> Vec<Self> {
        let decoded = BASE64.decode(text.trim_ascii()).ok();
        let text = String::from_utf8_lossy(decoded.as_deref().unwrap_or(text));
        let armours = text.match_indices("-----BEGIN CERTIFICATE-----").map(|(at, _)| at);
        let read = |at: usize| Self::read(sign::der(&text.as_bytes()[at..])?.1.expose());
        armours.take(MOST).filter_map(read).collect()
    }
}

/// The one that counts longest of those which stand near the key of `hit`, or are `known`, and are for
/// this key.
pub(crate) fn of(hit: &Hit, known: &[Certificate]) -> Option<Certificate> {
    let public = public_half(&hit.secret)?;
    let parts = hit.parts.iter().filter(|part| part.name == PART);
    let near = parts.flat_map(|part| Certificate::all(part.secret.expose()));
    let all = near.chain(known.iter().cloned());
    all.filter(|one| one.key == public).max_by_key(|one| one.until)
}

/// The public key that belongs to a private one, as certificates hold it.
pub(crate) fn public_half(secret: &Secret) -> Option<Vec<u8>> {
    let decoded = BASE64.decode(secret.expose().trim_ascii()).ok().map(Secret::new);
    let (label, der) = sign::der(decoded.as_ref().unwrap_or(secret).expose())?;
    let key = match label.as_str() {
        "RSA PRIVATE KEY" => PrivateKeyDer::from(PrivatePkcs1KeyDer::from(der.expose())),
        "EC PRIVATE KEY" => PrivateKeyDer::from(PrivateSec1KeyDer::from(der.expose())),
        "PRIVATE KEY" => PrivateKeyDer::from(PrivatePkcs8KeyDer::from(der.expose())),
        _ => return None,
    };
    Some(any_supported_type(&key).ok()?.public_key()?.to_vec())
}

/// One element of DER.
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    whole: &'a [u8],
}

/// The first element, and what stands behind it.
fn element(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
            (length, rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = &bytes[..bytes.len() - rest.len()];
    Some((Element { tag: *tag, content, whole }, rest))
}

/// The same, if its tag is this one.
fn within(bytes: &[u8], tag: u8) -> Option<(Element<'_>, &[u8])> {
    element(bytes).filter(|(element, _)| element.tag == tag)
}

/// A time as certificates write it (RFC 5280, 4.1.2.5).
fn time(element: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(element.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = text.split_at_checked(match element.tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    })?;
    let number = |digits: &str| -> Option<i8> {
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let year: i16 = year.parse().ok()?;
    let year = match element.tag {
        UTC_TIME if year < 50 => year + 2000,
        UTC_TIME => year + 1900,
        _ => year,
    };
    let mut pairs = [0_i8; 5];
    for (place, pair) in pairs.iter_mut().enumerate() {
        *pair = number(rest.get(place * 2..place * 2 + 2)?)?;
    }
    let [month, day, hour, minute, second] = pairs;
    if rest.len() != 10 {
        return None;
    }
    let civil = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    TimeZone::UTC.to_timestamp(civil).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn made(year: i32) -> (KeyPair, rcgen::Certificate) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec!["x.invalid".to_owned()]).unwrap();
        params.not_after = date_time_ymd(year, 2, 3);
        let certificate = params.self_signed(&key).unwrap();
        (key, certificate)
    }

    #[test]
    fn the_end_and_the_key_are_read_and_the_key_is_known_again() {
        // Up to 2049 a year has two digits.
        for year in [1999, 2026, 2049, 2050, 4000] {
            let (key, certificate) = made(year);
            let read = Certificate::all(certificate.pem().as_bytes());
            let until: Timestamp = format!("{year}-02-03T00:00:00Z").parse().unwrap();
            assert_eq!(read.len(), 1);
            assert_eq!(read[0].until, until);
            let secret = Secret::from(key.serialize_pem().as_str());
            assert_eq!(public_half(&secret).as_ref(), Some(&read[0].key));
            let encoded = BASE64.encode(key.serialize_pem().as_bytes());
            assert_eq!(public_half(&Secret::from(encoded.as_str())).as_ref(), Some(&read[0].key));
        }
    }

    #[test]
    fn what_is_cut_is_none() {
        let (_, certificate) = made(2026);
        let der = certificate.der();
        for end in 0..der.len() {
            assert_eq!(Certificate::read(&der[..end]), None, "{end}");
        }
        assert!(public_half(&Secret::from("no key")).is_none());
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Certificate::read(&bytes);
            let _ = Certificate::all(&bytes);
        }

        #[test]
        fn no_byte_of_a_certificate_breaks_it(at in 0_usize..300, byte in any::<u8>()) {
            let (_, certificate) = made(2026);
            let mut der = certificate.der().to_vec();
            let length = der.len();
            der[at % length] = byte;
            let _ = Certificate::read(&der);
        }
    }
}
