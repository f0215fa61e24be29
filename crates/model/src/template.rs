//! The templates of recipes: what may stand in braces, and what it names.
//!
//! `{PART}` is a part of the credential, or what a [`Sign`](crate::Sign) makes; `{query PART}` is
//! percent-encoded, `{decoded PART}` what percent signs stand for, `{bytes PART}` what base 64 stands for,
//! `{below PART}` what stands behind the host of the URL that the part is; `{encoded A 'text' B}` is
//! base 64 of one after the other, `{basic USER PASSWORD}` base 64 of `USER:PASSWORD`. A brace that
//! begins none of these is text, as in a JSON body.

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'t> {
    /// Text that stands as it is.
    Text(&'t str),
    /// A part, written so that it cannot break out of its place.
    Part(&'t str),
    /// A part, percent-encoded.
    Query(&'t str),
    /// What the percent signs of a part stand for (RFC 3986, section 2.1).
    Decoded(&'t str),
    /// What the base 64 that a part is stands for.
    Bytes(&'t str),
    /// Path and query of the URL that a part is.
    Below(&'t str),
    /// Base 64 of `USER:PASSWORD` (RFC 7617).
    Basic(Operand<'t>, Operand<'t>),
    /// Base 64 of one after the other.
    Encoded(Vec<Operand<'t>>),
}

/// What a piece of several is made of: a part's name, or a quoted text, or `-` for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand<'t> {
    /// A part.
    Part(&'t str),
    /// Text that stands as it is.
    Text(&'t str),
}

impl<'t> Operand<'t> {
    fn name(self) -> Option<&'t str> {
        match self {
            Self::Part(name) => Some(name),
            Self::Text(_) => None,
        }
    }
}

impl<'t> Piece<'t> {
    /// The parts that it names.
    fn names(self) -> Vec<&'t str> {
        match self {
            Self::Text(_) => Vec::new(),
            Self::Part(name)
            | Self::Query(name)
            | Self::Decoded(name)
            | Self::Bytes(name)
            | Self::Below(name) => vec![name],
            Self::Basic(user, password) => {
                [user, password].into_iter().filter_map(Operand::name).collect()
            }
            Self::Encoded(operands) => operands.into_iter().filter_map(Operand::name).collect(),
        }
    }
}

/// The names of the parts in a template.
pub fn names(template: &str) -> Vec<&str> {
    pieces(template).into_iter().flat_map(Piece::names).collect()
}

/// Splits a template.
pub fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut text = 0;
    for (at, inner) in braces(template) {
        if let Some(piece) = placeholder(inner) {
            pieces.push(Piece::Text(&template[text..at]));
            pieces.push(piece);
            text = at + inner.len() + 2;
        }
    }
    pieces.push(Piece::Text(&template[text..]));
    pieces
}

/// What stands in braces as words alone, and means nothing here: a word that is spelled wrong, which
/// would be sent as text.
pub fn misspelled(template: &str) -> Vec<&str> {
    let words = |inner: &str| {
        let mut words = inner.split(' ');
        words.next().is_some_and(is_name) && words.all(|word| operand(word).is_some())
    };
    let all = braces(template).into_iter().map(|(_, inner)| inner);
    all.filter(|inner| placeholder(inner).is_none() && words(inner)).collect()
}

/// What stands between each brace and the next one that closes, with where the brace is. Another
/// brace between them begins anew.
fn braces(template: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut open = None;
    for (at, byte) in template.bytes().enumerate() {
        match byte {
            b'{' => open = Some(at),
            b'}' => found.extend(open.take().map(|open| (open, &template[open + 1..at]))),
            _ => {}
        }
    }
    found
}

fn placeholder(inner: &str) -> Option<Piece<'_>> {
    if is_name(inner) {
        return Some(Piece::Part(inner));
    }
    if let Some(operands) = inner.strip_prefix("encoded ") {
        return operands.split(' ').map(operand).collect::<Option<_>>().map(Piece::Encoded);
    }
    let mut words = inner.split(' ');
    match (words.next()?, words.next(), words.next(), words.next()) {
        ("query", Some(name), None, None) if is_name(name) => Some(Piece::Query(name)),
        ("decoded", Some(name), None, None) if is_name(name) => Some(Piece::Decoded(name)),
        ("bytes", Some(name), None, None) if is_name(name) => Some(Piece::Bytes(name)),
        ("below", Some(name), None, None) if is_name(name) => Some(Piece::Below(name)),
        ("basic", Some(user), password, None) => {
            Some(Piece::Basic(operand(user)?, operand(password.unwrap_or("-"))?))
        }
        _ => None,
    }
}

fn operand(word: &str) -> Option<Operand<'_>> {
    let quoted = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    match word {
        "-" => Some(Operand::Text("")),
        name if is_name(name) => Some(Operand::Part(name)),
        _ => quoted('"').or_else(|| quoted('\'')).map(Operand::Text),
    }
}

/// Whether a part can be called this.
pub fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_found_in_every_way_of_writing_it() {
        let all =
            "{a}{query b}{decoded c}{bytes d}{below e}{basic f 'x' }{basic f g}{encoded h '/' i}";
        assert_eq!(names(all), ["a", "b", "c", "d", "e", "f", "g", "h", "i"]);
        assert_eq!(names("{\"t\":\"{secret}\"} { viewer { id } } {"), ["secret"]);
    }

    #[test]
    fn what_is_no_placeholder_stays_where_it_is() {
        let text = "{\"a\":{secret}} {";
        assert_eq!(
            pieces(text),
            [Piece::Text("{\"a\":"), Piece::Part("secret"), Piece::Text("} {")]
        );
    }

    #[test]
    fn a_word_that_is_spelled_wrong_is_no_text() {
        assert_eq!(
            misspelled("{qery secret} {basic a b c} {bytes}"),
            ["qery secret", "basic a b c"]
        );
        assert_eq!(
            misspelled("{\"a\": 1} {\"b\":\"c\"} { viewer { id } } {query x} {basic 'a' b}"),
            [""; 0]
        );
    }
}
