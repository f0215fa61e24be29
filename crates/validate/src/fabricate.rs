//! Makes a secret of the same shape as a real one, which no issuer ever gave out.

use quietus_model::shape::{Length, Shape, Stream};
use quietus_model::{Rule, Secret};

/// A secret for `rule`, another one for another `label`; none when its format is not known.
pub(crate) fn secret(rule: &Rule, label: &str) -> Option<Secret> {
    let made = shape(rule)?.build(&mut Stream::new(label), Length::Min);
    (!made.is_empty()).then(|| Secret::new(made))
}

/// The token with another signature, of the same length, which no key ever made.
pub(crate) fn signature(token: &Secret, label: &str) -> Option<Secret> {
    let text = token.expose();
    let signed = text.iter().rposition(|byte| *byte == b'.')? + 1;
    // Whole groups of four characters are base 64 whatever they are; the last ones stay.
    let whole = (text.len() - signed) / 4 * 4;
    let made =
        Stream::new(label).take(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", whole);
    let (kept, rest) = (&text[..signed], &text[signed + whole..]);
    (whole > 0).then(|| Secret::new([kept, &made, rest].concat()))
}

/// The format of the secret. Where a companion is the secret, the rule's own shape is that of the
/// public id.
fn shape(rule: &Rule) -> Option<&Shape> {
    match rule.companions.iter().find(|part| part.name == "secret") {
        Some(companion) => companion.shape.as_ref(),
        None => rule.shape.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quietus_model::RuleFile;

    fn rule(text: &str) -> Rule {
        let head = "[provider]\nid='x'\nname='X'\n[[rule]]\nid='x-key'\nname='X'\n\
                    severity='high'\nconfidence='high'\nanchors=['x']\n";
        RuleFile::parse("x.toml", &format!("{head}{text}")).unwrap().rules.remove(0)
    }

    #[test]
    fn it_has_the_shape_of_the_secret_and_differs_by_label() {
        let rule = rule(
            "pattern='(?P<id>id-[0-9]{4})'\nshape.parts=[{lit='id-'},{chars='0-9',len=4}]\n\
             [[rule.companion]]\nname='secret'\npattern='[a-z]{9}'\nwithin=99\n\
             shape.parts=[{chars='a-z',len=9}]\n",
        );
        let one = secret(&rule, "one").unwrap();
        assert!(one.len() == 9 && one.expose().iter().all(u8::is_ascii_lowercase));
        assert_ne!(secret(&rule, "other").unwrap().expose(), one.expose());
    }

    #[test]
    fn without_a_shape_nothing_is_made_up() {
        assert!(secret(&rule("pattern='x[0-9]+'\n"), "label").is_none());
    }
}
