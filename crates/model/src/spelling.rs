//! One secret in several spellings: what they have in common is what is fingerprinted.
//!
//! A private key may stand in a file of its own, indented, on one line with `\n` in it, in JSON, in
//! base 64 or as bare DER; a password in a URL has percent signs where the same one in a
//! configuration has none. Each is one secret.

use data_encoding::{BASE64_NOPAD, Encoding, Specification};
use std::sync::LazyLock;

/// What begins an armoured text (RFC 7468, section 2; RFC 9580, section 6.2).
const BEGIN: &[u8] = b"-----BEGIN ";
/// What ends it.
const END: &[u8] = b"-----END ";

/// An armoured text has no more than this in base 64.
const MOST: usize = 1 << 16;

/// Base 64 as it may have been cut: bits behind the end do not matter.
static LENIENT: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification: Specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    // What is changed is one the crate always takes.
    specification.encoding().unwrap_or(BASE64_NOPAD)
});

/// What all spellings of a private key have in common, if this is one: of an RSA, EC or Ed25519 key
/// the bytes that PKCS #1, SEC 1 and PKCS #8 share, of every other one what its armour holds.
pub fn key(bytes: &[u8]) -> Option<Vec<u8>> {
    let held = match find(bytes, BEGIN) {
        Some(at) => armoured(&bytes[at..])?,
        None => return core(bytes).map(<[u8]>::to_vec),
    };
    Some(core(&held).map_or_else(|| held.clone(), <[u8]>::to_vec))
}

/// What a text with percent signs says (RFC 3986, section 2.1); `None` if it says itself.
pub fn percent(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut said = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| number(after.get(..2)?, 16)).flatten();
        match code.and_then(|code| u8::try_from(code).ok()) {
            Some(code) => {
                said.push(code);
                rest = &after[2..];
            }
            None => {
                said.push(*first);
                rest = after;
            }
        }
    }
    (said != bytes).then_some(said)
}

/// What a text with backslashes says as JSON (RFC 8259, section 7), and one with entities as XML;
/// `None` if it says itself.
pub fn quoted(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut said = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let told = match first {
            b'\\' => escape(after),
            b'&' => entity(after),
            _ => None,
        };
        match told {
            Some((character, length)) => {
                said.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &after[length..];
            }
            None => {
                said.push(*first);
                rest = after;
            }
        }
    }
    (said != bytes).then_some(said)
}

/// The character behind a backslash, and how many bytes tell it. A line break stays as it is
/// spelled: no password has one, and what looks like it may be a folder.
fn escape(after: &[u8]) -> Option<(char, usize)> {
    let first = *after.first()?;
    match first {
        b'"' | b'\\' | b'/' => Some((char::from(first), 1)),
        b'u' => Some((char::from_u32(number(after.get(1..5)?, 16)?)?, 5)),
        _ => None,
    }
}

/// The character of an entity behind its `&`, and how many bytes tell it.
fn entity(after: &[u8]) -> Option<(char, usize)> {
    let end = after.iter().take(10).position(|byte| *byte == b';')?;
    let character = match &after[..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some((character, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_alphanumeric);
    u32::from_str_radix(str::from_utf8(digits).ok().filter(|_| is_number)?, radix).ok()
}

/// What an armour holds. Between its lines may stand what a program, a mail or a file of settings
/// puts there.
fn armoured(bytes: &[u8]) -> Option<Vec<u8>> {
    let label = BEGIN.len() + find(&bytes[BEGIN.len()..], b"-----")? + b"-----".len();
    let body = &bytes[label..];
    let body = &body[..find(body, END)?.min(MOST)];
    let mut digits = Vec::with_capacity(body.len());
    'lines: for line in unescaped(body).split(|byte| *byte == b'\n') {
        // A header of the armour: `DEK-Info: AES-128-CBC,…`.
        if find(line, b": ").is_some() {
            continue;
        }
        for piece in line.split(|byte| !is_digit(*byte) && *byte != b'=') {
            let bare = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
            // What joins two strings of a program, or begins a comment.
            let joins = bare < 3 && piece[..bare].iter().all(|byte| matches!(byte, b'+' | b'/'));
            if !joins || (bare > 0 && !digits.is_empty() && bare < piece.len()) {
                digits.extend_from_slice(&piece[..bare]);
            }
            // Behind the padding there is at most the check sum of OpenPGP.
            if bare < piece.len() {
                break 'lines;
            }
        }
    }
    // A digit alone says nothing: the last one of an armour that was cut.
    digits.truncate(digits.len() - usize::from(digits.len() % 4 == 1));
    LENIENT.decode(&digits).ok().filter(|held| held.len() >= 32)
}

/// A text in which line breaks that are spelled, however often they were escaped, are such.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        if *first != b'\\' {
            text.push(*first);
            rest = after;
            continue;
        }
        let more = after.iter().take_while(|byte| **byte == b'\\').count();
        rest = &after[more..];
        match rest.first() {
            Some(b'n' | b'r' | b't') => {
                text.push(b'\n');
                rest = &rest[1..];
            }
            // `\/` is how some programs write a slash in JSON, `\u000a` a line break.
            Some(b'u') if number(rest.get(1..5).unwrap_or_default(), 16) == Some(10) => {
                text.push(b'\n');
                rest = &rest[5..];
            }
            _ => {}
        }
    }
    text
}

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// The part of a key in DER, or in the packets of OpenPGP, that is the same in every structure round
/// it.
fn core(held: &[u8]) -> Option<&[u8]> {
    rsa(held).or_else(|| curve(held)).or_else(|| openpgp(held))
}

/// RSAPrivateKey (RFC 8017, appendix A.1.2) from its beginning to some way into the private
/// exponent, where its public one is 65537.
fn rsa(der: &[u8]) -> Option<&[u8]> {
    const VERSION: [u8; 4] = [0x02, 0x01, 0x00, 0x02];
    const PUBLIC: [u8; 6] = [0x02, 0x03, 0x01, 0x00, 0x01, 0x02];
    const SHOWN: usize = 60;
    let at = (4..der.len().min(64)).find(|at| {
        der[*at..].starts_with(&VERSION)
            && der[at - 4..].starts_with(&[0x30, 0x82])
            && modulus(&der[at + 4..]).is_some_and(|length| {
                der.get(at + 4 + length..).is_some_and(|rest| rest.starts_with(&PUBLIC))
            })
    })?;
    let end = at + 4 + modulus(&der[at + 4..])? + PUBLIC.len() + SHOWN;
    der.get(at - 4..end)
}

/// The bytes of a modulus of 1024 to 4096 bits with those that tell its length, behind its tag.
fn modulus(rest: &[u8]) -> Option<usize> {
    match rest {
        [0x81, 0x81, 0x00, ..] => Some(2 + 129),
        [0x82, 0x01, 0x01, 0x00, ..] => Some(3 + 257),
        [0x82, 0x01, 0x81, 0x00, ..] => Some(3 + 385),
        [0x82, 0x02, 0x01, 0x00, ..] => Some(3 + 513),
        _ => None,
    }
}

/// The public numbers of a secret key packet of OpenPGP (RFC 9580, section 5.5), with or without the
/// octets that begin a packet. What is secret says nothing that lasts: a program that writes a key
/// under a pass phrase seals it anew each time.
fn openpgp(packets: &[u8]) -> Option<&[u8]> {
    let packet = match packets {
        [0x94, _, packet @ ..]
        | [0x95, _, _, packet @ ..]
        | [0x96, _, _, _, _, packet @ ..]
        | [0xc5, ..=191, packet @ ..]
        | [0xc5, 192..=223, _, packet @ ..]
        | [0xc5, 255, _, _, _, _, packet @ ..] => packet,
        packet => packet,
    };
    // The version, a time and the algorithm: RSA, DSA, or one on a curve that has a name.
    let [4, _, _, _, _, algorithm, numbers @ ..] = packet else { return None };
    let (count, mut end) = match algorithm {
        1..=3 => (2, 0),
        17 => (4, 0),
        19 | 22 => (1, 1 + usize::from(*numbers.first()?)),
        _ => return None,
    };
    for _ in 0..count {
        let bits = u16::from_be_bytes([*numbers.get(end)?, *numbers.get(end + 1)?]);
        // None is as short as this but the exponent of RSA.
        (bits > 2).then_some(())?;
        end += 2 + usize::from(bits).div_ceil(8);
    }
    let is_whole = numbers.len() > end && end >= 32;
    packet.get(..6 + end).filter(|_| is_whole)
}

/// The number of ECPrivateKey (RFC 5915, section 3), or that of an Ed25519 or X25519 key (RFC 8410,
/// section 7).
fn curve(der: &[u8]) -> Option<&[u8]> {
    const ED25519: [u8; 6] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65];
    (0..der.len().min(64)).find_map(|at| match &der[at..] {
        [0x02, 0x01, 0x01, 0x04, length @ (0x20 | 0x30 | 0x42), ..] => {
            der.get(at..at + 5 + usize::from(*length))
        }
        rest if rest.starts_with(&ED25519)
            && rest.get(7..11) == Some(&[0x04, 0x22, 0x04, 0x20][..]) =>
        {
            rest.get(..11 + 32)
        }
        _ => None,
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;

    /// An RSA key of 2048 bits as far as it is looked at, in PKCS #1.
    fn rsa_key() -> Vec<u8> {
        let mut der = vec![0x30, 0x82, 0x04, 0xa4, 0x02, 0x01, 0x00, 0x02, 0x82, 0x01, 0x01, 0x00];
        der.extend((0..256u32).map(|at| (at * 37 % 251) as u8));
        der.extend([0x02, 0x03, 0x01, 0x00, 0x01, 0x02, 0x82, 0x01, 0x00]);
        der.extend((0..256u32).map(|at| (at * 53 % 241) as u8));
        der
    }

    fn pem(label: &str, der: &[u8], width: usize) -> String {
        let body = BASE64.encode(der);
        let lines: Vec<&str> = (0..body.len())
            .step_by(width)
            .map(|at| &body[at..(at + width).min(body.len())])
            .collect();
        format!("-----BEGIN {label} KEY-----\n{}\n-----END {label} KEY-----", lines.join("\n"))
    }

    #[test]
    fn a_key_is_one_however_it_is_spelled() {
        let der = rsa_key();
        let plain = pem("RSA PRIVATE", &der, 64);
        let common = key(&der).unwrap();
        assert_eq!(key(plain.as_bytes()).unwrap(), common);
        let mut wrapped = vec![0x30, 0x82, 0x04, 0xbe, 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09];
        wrapped.extend([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]);
        wrapped.extend([0x04, 0x82, 0x04, 0xa8]);
        wrapped.extend(&der);
        let spellings = [
            plain.replace('\n', "\r\n"),
            plain.replace('\n', "\n        "),
            plain.replace('\n', "\\n"),
            plain.replace('\n', "\\r\\n"),
            plain.replace('\n', "\\\\n"),
            plain.replace('\n', " "),
            plain.replace('\n', "\\n\" +\n    \""),
            plain.replace('\n', "\\n' \\\n    '"),
            plain.replace('\n', "\n> "),
            plain.replace('\n', "\\n").replace('/', "\\/"),
            pem("RSA PRIVATE", &der, 76),
            pem("PRIVATE", &wrapped, 64),
        ];
        for spelling in spellings {
            assert_eq!(key(spelling.as_bytes()).as_ref(), Some(&common), "{spelling}");
        }
        let other: Vec<u8> = der.iter().map(|byte| byte ^ u8::from(*byte > 0xf0)).collect();
        assert_ne!(key(&other), Some(common));
    }

    #[test]
    fn keys_of_curves_are_one_in_sec_1_and_pkcs_8() {
        let number: Vec<u8> = (1..=32).collect();
        let sec1 =
            [&[0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20], &number[..], &[0xa0, 0x0a]].concat();
        let pkcs8 = [&[0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x04, 0x27], &sec1[..]].concat();
        assert_eq!(key(pem("EC PRIVATE", &sec1, 64).as_bytes()), key(&pkcs8));
        assert!(key(&pkcs8).is_some());
        let ed = [&[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70][..]];
        let ed = [ed.concat(), vec![0x04, 0x22, 0x04, 0x20], number].concat();
        assert_eq!(key(pem("PRIVATE", &ed, 64).as_bytes()), key(&ed));
        assert_eq!(key(&ed).map(|core| core.len()), Some(43));
    }

    #[test]
    fn what_is_no_key_and_what_is_half_of_one_says_itself() {
        let texts =
            ["", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN X-----\n!\n-----END X-----"];
        for text in texts {
            assert_eq!(key(text.as_bytes()), None, "{text}");
        }
        assert_eq!(key(&rsa_key()[..200]), None);
    }

    #[test]
    fn headers_and_check_sums_of_an_armour_are_no_part_of_what_it_holds() {
        let held: Vec<u8> = (0..120u8).collect();
        let bare = pem("PGP PRIVATE", &held, 64);
        let full = bare
            .replacen("-----\n", "-----\nVersion: GnuPG v1\nComment: a b\n\n", 1)
            .replace("\n-----END", "\n=8xQN\n-----END");
        assert_eq!(key(full.as_bytes()), Some(held.clone()));
        assert_eq!(key(bare.as_bytes()), Some(held));
    }

    #[test]
    fn a_key_of_openpgp_is_named_by_its_public_numbers() {
        let public = [&[4, 1, 2, 3, 4, 22, 3, 0x2b, 6, 1, 1, 7, 0x40][..], &[7; 32]].concat();
        let sealed = |salt: u8| [&[0x94, 0x86][..], &public, &[0xfe], &[salt; 70]].concat();
        let armoured = |salt: u8| pem("PGP PRIVATE", &sealed(salt), 64);
        assert_eq!(key(armoured(1).as_bytes()), Some(public.clone()));
        assert_eq!(key(armoured(2).as_bytes()), key(&[&public[..], &[0, 9, 9]].concat()));
        for cut in 0..=public.len() {
            assert_eq!(openpgp(&public[..cut]), None, "{cut}");
        }
    }

    #[test]
    fn urls_json_and_xml_say_what_they_spell() {
        assert_eq!(percent(b"a%40b%2Fc").as_deref(), Some(&b"a@b/c"[..]));
        assert_eq!(percent(b"100%"), None);
        assert_eq!(percent(b"100%+1"), None);
        assert_eq!(quoted(br#"a\u0040b\/c\"\\"#).as_deref(), Some(&br#"a@b/c"\"#[..]));
        assert_eq!(quoted(b"a&#64;b&amp;&#x2F;").as_deref(), Some(&b"a@b&/"[..]));
        assert_eq!(quoted(br"C:\new\temp"), None);
        assert_eq!(quoted(b"a&b;c & d"), None);
    }
}
