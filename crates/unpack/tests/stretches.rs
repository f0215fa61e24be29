//! Encoded stretches and encoded texts: what is encoded is found, and where it lies.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;
use quietus_unpack::{Charset, Encoding, Text, spans};

/// Text in which nothing is hidden.
const ORDINARY: &str = "fn main() { let x = 5 % 3; if a && b { println!(\"hi\\n{x}\"); } } // src/a_long/path/ToSomeFile1.rs, someVeryLongCamelCaseIdentifier2\nsha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nid 123e4567-e89b-12d3-a456-426614174000\n";

fn decoded(text: &str, encoding: Encoding) -> Vec<Vec<u8>> {
    spans(text.as_bytes()).into_iter().filter(|s| s.encoding == encoding).map(|s| s.bytes).collect()
}

#[test]
fn nothing_in_ordinary_text() {
    assert_eq!(spans(ORDINARY.as_bytes()), []);
}

#[test]
fn wrapped_base64_is_one() {
    let secret = "the value of this is spread over lines ".repeat(5);
    let whole = BASE64.encode(secret.as_bytes());
    for (width, between) in [(64, "\n"), (76, "\r\n"), (60, "\n    "), (64, "\\n"), (40, "\\r\\n")]
    {
        let lines: Vec<&str> =
            whole.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap()).collect();
        let text = format!("key: \"{}\" next", lines.join(between));
        assert_eq!(decoded(&text, Encoding::Base64), [secret.as_bytes()], "{text}");
    }
    let hex = HEXLOWER.encode(secret.as_bytes());
    let lines: Vec<&str> =
        hex.as_bytes().chunks(60).map(|line| std::str::from_utf8(line).unwrap()).collect();
    assert_eq!(decoded(&lines.join("\n"), Encoding::Hex), [secret.as_bytes()]);
}

#[test]
fn base64_behind_an_escaped_newline_and_in_urls() {
    let encoded = BASE64_NOPAD.encode(b"user:and its password?");
    let want = [b"user:and its password?".to_vec()];
    for around in ["Basic {}", "\"\\n{}\\n\"", "data:x;base64,{}", "a={}&b", "<d>{}</d>", "{}"] {
        assert_eq!(decoded(&around.replace("{}", &encoded), Encoding::Base64), want, "{around}");
    }
    assert_eq!(decoded(&format!("secret-{encoded}"), Encoding::Base64), want);
}

#[test]
fn base64_of_utf16_and_of_archives() {
    let wide: Vec<u8> = "Invoke-Web -Password".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(decoded(&BASE64.encode(&wide), Encoding::Base64), [wide]);
    let gzip = [&[0x1f, 0x8b, 8, 0][..], &[0x80; 40]].concat();
    let text = BASE64.encode(&gzip);
    // Not of three classes of characters, or it is: what counts is what it decodes to.
    assert_eq!(decoded(&text, Encoding::Base64), [gzip]);
    // What says nothing readable is not handed over.
    assert_eq!(spans(BASE64.encode(&[0xa7; 60].map(|b: u8| b)).as_bytes()), []);
}

#[test]
fn escapes_keep_what_is_round_them() {
    for (text, encoding, want) in [
        (
            "url=postgres%3A%2F%2Fme%3Apa%40ss%40host%2Fdb&x",
            Encoding::Percent,
            "postgres://me:pa@ss@host/db",
        ),
        ("\"p\\u0061ss\\u003dword\\x21and\\/more\"", Encoding::Escapes, "pass=word!and/more"),
        ("'\\u{1f600} \\ud83d\\ude00pass-word-long'", Encoding::Escapes, "😀pass-word-long"),
        ("<v>p&#97;ss&amp;w&#x6f;rd-and-more</v>", Encoding::Entities, "pass&word-and-more"),
        ("key=3Dabcdefgh=\nijklmnop q", Encoding::QuotedPrintable, "key=abcdefghijklmnop"),
        ("at \x1b[1;94mabcdefghijklmnop\x1b[0m;", Encoding::Colours, " abcdefghijklmnop ;"),
    ] {
        assert_eq!(decoded(text, encoding), [want.as_bytes()], "{text}");
    }
    assert_eq!(spans(b"100% of a%20b \\users \\xyz &amp &nosuch; AT&T &#; =3 ==3D"), []);
}

#[test]
fn long_hostile_texts_take_no_longer() {
    // Quadratic, these would take minutes.
    for unit in [
        "A",
        "Aa1",
        "aB3+/-_",
        "%41",
        "%",
        "\\u0041",
        "\\",
        "&#65;",
        "&",
        "=3D",
        "=\n",
        "0123456789abcdef",
        "Zm9vYmFyMTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0\n",
        "zzzz/Aaaaaaaa1aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        "0123456789abcdef0123456789abcdef0123456789abcdef\n",
        "%41 ",
        "\\n",
    ] {
        spans(&unit.as_bytes().repeat(2_000_000 / unit.len()));
    }
}

#[test]
fn texts_by_mark_and_by_statistics() {
    let text = "user = ünïcode\r\npassword = some-value-here 😀\n".repeat(50);
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, charset) in [
        (little.clone(), Charset::Utf16Le),
        ([&b"\xff\xfe"[..], &little].concat(), Charset::Utf16Le),
        (big.clone(), Charset::Utf16Be),
        ([&b"\xfe\xff"[..], &big].concat(), Charset::Utf16Be),
        ([&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(), Charset::Utf8Marked),
        (text.clone().into_bytes(), Charset::Ascii),
    ] {
        let found = Text::of(&bytes);
        assert_eq!(found.charset(), charset);
        assert_eq!(found.bytes(), text.as_bytes());
    }
    let latin = b"p\xe4ssword = caf\xe9 \x80";
    assert_eq!(Text::of(latin).bytes(), latin);
    let numbers: Vec<u8> = (0..2000u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(Text::of(&numbers).charset(), Charset::Ascii);
    assert_eq!(Text::of(b"a\0b\0c\0d\0e\0f\0").charset(), Charset::Utf16Le);
}

fn secret() -> impl Strategy<Value = String> {
    // Longer than any that is passed over, with characters of every class.
    "[A-Za-z0-9!#$&*+,./:;=?@_-]{20,80}"
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_found(secret in secret(), before in "[a-z]{0,9}[ :=\"',(]", after in "[ \"',)\n;<]?") {
        for (encoded, encoding) in [
            (BASE64.encode(secret.as_bytes()), Encoding::Base64),
            (BASE64_NOPAD.encode(secret.as_bytes()), Encoding::Base64),
            (BASE64URL.encode(secret.as_bytes()), Encoding::Base64),
            (BASE64URL_NOPAD.encode(secret.as_bytes()), Encoding::Base64Url),
            (HEXLOWER.encode(secret.as_bytes()), Encoding::Hex),
            (HEXUPPER.encode(secret.as_bytes()), Encoding::Hex),
            (secret.bytes().map(|b| format!("%{b:02X}")).collect(), Encoding::Percent),
            (secret.bytes().map(|b| format!("\\u{b:04x}")).collect(), Encoding::Escapes),
            (secret.bytes().map(|b| format!("\\x{b:02x}")).collect(), Encoding::Escapes),
            (secret.bytes().map(|b| format!("&#{b};")).collect(), Encoding::Entities),
        ] {
            // Letters alone are a name.
            let is_mixed = encoded.bytes().any(|byte| !byte.is_ascii_alphabetic() && byte != b'=');
            if !is_mixed {
                continue;
            }
            let text = format!("{before}{encoded}{after}");
            let all = spans(text.as_bytes());
            let holds = all.iter().find(|span| {
                memchr::memmem::find(&span.bytes, secret.as_bytes()).is_some()
                    && (span.encoding == encoding || matches!(span.encoding, Encoding::Base64 | Encoding::Base64Url))
            });
            prop_assert!(holds.is_some(), "{text}: {all:?}");
            let range = &holds.unwrap().range;
            prop_assert!(range.start <= before.len() && range.end >= before.len() + encoded.len());
        }
    }

    /// What a stretch says depends on nothing that lies farther away than it is said to.
    #[test]
    fn a_stretch_by_itself_says_the_same(text in "([A-Za-z0-9+/_-]{1,50}|%[0-9A-F]{2}|\\\\u00[2-7][0-9]|&#[0-9]{2};|=3D|[ \n\"=\\\\.]){0,30}") {
        for span in spans(text.as_bytes()) {
            let start = span.range.start.saturating_sub(1);
            // An end of a line and what follows, as documented.
            let end = (span.range.end + 1).min(text.len());
            let rest = &text.as_bytes()[end..];
            let spaces = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
            let end = (end + spaces + 4).min(text.len());
            let alone = spans(&text.as_bytes()[start..end]);
            let same = alone.iter().any(|one| {
                one.bytes == span.bytes
                    && one.encoding == span.encoding
                    && one.range.start + start == span.range.start
                    && one.range.end + start == span.range.end
            });
            prop_assert!(same, "{span:?} in {text:?}, alone {alone:?}");
        }
    }

    #[test]
    fn the_way_back_is_right(text in "[a-zé😀\n]{0,3000}") {
        for big in [false, true] {
            let mut original = if big { vec![0xfe, 0xff] } else { vec![0xff, 0xfe] };
            original.extend(text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }));
            let decoded = Text::of(&original);
            prop_assert_eq!(decoded.bytes(), text.as_bytes());
            let mut at = 2;
            for (number, (place, c)) in text.char_indices().enumerate() {
                // All of the first, and then one in so many: each looks back to a mark.
                if number < 50 || number % 41 == 0 {
                    for byte in 0..c.len_utf8() {
                        prop_assert_eq!(decoded.original(place + byte), at);
                    }
                }
                at += 2 * c.len_utf16();
            }
            prop_assert_eq!(decoded.original(text.len()), at);
        }
    }
}

/// What is found in each part alone, in their order, as of the whole.
fn in_parts(text: &[u8], cuts: [std::ops::Range<usize>; 2]) -> Vec<quietus_unpack::Span> {
    let parts = cuts.into_iter().flat_map(|part| {
        let from = part.start;
        spans(&text[part]).into_iter().map(move |mut span| {
            span.range = span.range.start + from..span.range.end + from;
            span
        })
    });
    parts.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// A text falls into parts at its borders, and a border is one whatever follows it.
    #[test]
    fn a_text_is_the_sum_of_its_parts(
        pieces in proptest::collection::vec((0..16usize, "[A-Za-z0-9+/_=-]{0,44}"), 1..24),
        at in 0..900usize,
    ) {
        let line = BASE64.encode("a line of text in base 64, whole.".as_bytes());
        let between =
            [" ", "\n", "\n", "\r\n", "\n    ", "\t", "=\n", "%41", "\\u0041", "&#65;", "=3D", "\"",
            "", "\\n", "\n\n", " = "];
        let text: String = pieces.iter().map(|(number, piece)| {
            let piece = if number % 3 == 0 { &line } else { piece };
            format!("{}{piece}", between[*number])
        }).collect();
        let text = text.as_bytes();
        let at = at.min(text.len());
        let before = quietus_unpack::border_before(text, 0..at);
        let behind = quietus_unpack::border_behind(text, at);
        prop_assert!(before <= at && at <= behind);
        for cut in [before, behind] {
            let parts = in_parts(text, [0..cut, cut..text.len()]);
            let mut whole = spans(text);
            whole.sort_by_key(|span| (span.range.start, span.range.end, span.encoding));
            prop_assert_eq!(parts, whole, "cut at {} of {:?}", cut, String::from_utf8_lossy(text));
        }
        // The one behind is one whatever stands before `at`.
        for other in ["", "=", "x=", "\r", &line] {
            let text = [other.as_bytes(), &text[at..]].concat();
            let cut = behind - at + other.len();
            let mut whole = spans(&text);
            whole.sort_by_key(|span| (span.range.start, span.range.end, span.encoding));
            let parts = in_parts(&text, [0..cut, cut..text.len()]);
            prop_assert_eq!(parts, whole, "cut at {} of {:?}", cut, String::from_utf8_lossy(&text));
        }
    }
}
