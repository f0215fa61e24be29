//! Makes a credential of the same shape as a real one, which no issuer ever gave out.

use quietus_model::shape::{Length, Shape, Stream};
use quietus_model::{Rule, Secret};
use regex::bytes::RegexBuilder;
use std::collections::{BTreeMap, BTreeSet};

/// Makes every part in `names` for `rule`. `Err` names the first part whose format is not known.
///
/// A part with a shape is built from it. A part that is only a group of the rule's pattern is
/// read, by that pattern, from the rule's own sample text filled with fabricated parts.
pub(crate) fn credential(
    rule: &Rule,
    names: &BTreeSet<&str>,
    label: &str,
) -> Result<BTreeMap<String, Secret>, String> {
    let mut stream = Stream::new(label);
    let made: BTreeMap<&str, Vec<u8>> =
        shapes(rule).map(|(name, shape)| (name, shape.build(&mut stream, Length::Min))).collect();
    let samples: Vec<Vec<u8>> = match made.get("secret") {
        Some(secret) => {
            let texts = rule.tests.positive.iter().map(|text| filled(text, &made));
            std::iter::once(secret.clone()).chain(texts).collect()
        }
        None => Vec::new(),
    };
    let mut credential = BTreeMap::new();
    for name in names {
        let part = made.get(name).cloned().or_else(|| group(rule, name, &samples));
        let part = part.filter(|part| !part.is_empty()).ok_or_else(|| (*name).to_owned())?;
        credential.insert((*name).to_owned(), Secret::new(part));
    }
    Ok(credential)
}

/// The shapes of a rule by part. Where a companion is the secret, the rule's own shape is that of
/// the public id.
fn shapes(rule: &Rule) -> impl Iterator<Item = (&str, &Shape)> {
    let keyed_on_companion = rule.companions.iter().any(|part| part.name == "secret");
    let own = if keyed_on_companion { "id" } else { "secret" };
    let companions =
        rule.companions.iter().filter_map(|part| Some((part.name.as_str(), part.shape.as_ref()?)));
    rule.shape.iter().map(move |shape| (own, shape)).chain(companions)
}

fn filled(sample: &str, made: &BTreeMap<&str, Vec<u8>>) -> Vec<u8> {
    let mut text = sample.to_owned();
    for (name, part) in made {
        text = text.replace(&format!("{{{name}}}"), &String::from_utf8_lossy(part));
    }
    text.into_bytes()
}

fn group(rule: &Rule, name: &str, samples: &[Vec<u8>]) -> Option<Vec<u8>> {
    let pattern = RegexBuilder::new(&rule.pattern).unicode(false).build().ok()?;
    samples.iter().find_map(|sample| {
        pattern.captures(sample)?.name(name).map(|found| found.as_bytes().to_vec())
    })
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

    fn made(rule: &Rule, names: &[&str]) -> Result<BTreeMap<String, String>, String> {
        let parts = credential(rule, &names.iter().copied().collect(), "label")?;
        let text = |secret: Secret| String::from_utf8(secret.expose().to_vec()).unwrap();
        Ok(parts.into_iter().map(|(name, secret)| (name, text(secret))).collect())
    }

    #[test]
    fn parts_come_from_shapes_and_differ_by_label() {
        let rule = rule(
            "pattern='(?P<id>id-[0-9]{4})'\nshape.parts=[{lit='id-'},{chars='0-9',len=4}]\n\
             [[rule.companion]]\nname='secret'\npattern='[a-z]{9}'\nwithin=99\n\
             shape.parts=[{chars='a-z',len=9}]\n",
        );
        let one = made(&rule, &["id", "secret"]).unwrap();
        assert!(one["id"].starts_with("id-") && one["secret"].len() == 9, "{one:?}");
        let names = BTreeSet::from(["secret"]);
        let other = credential(&rule, &names, "other").unwrap();
        assert_ne!(other["secret"].expose(), one["secret"].as_bytes());
    }

    #[test]
    fn a_group_of_the_pattern_is_read_from_a_fabricated_sample() {
        let rule = rule(
            "pattern='(?:user=(?P<user>[a-z]+) )?(?P<secret>x(?P<org>[0-9]{3})y)'\n\
             shape.parts=[{lit='x'},{chars='0-9',len=3},{lit='y'}]\n\
             tests.positive=['user=alice {secret}']\n",
        );
        let parts = made(&rule, &["secret", "org", "user"]).unwrap();
        assert_eq!(parts["secret"], format!("x{}y", parts["org"]));
        assert_eq!(parts["user"], "alice");
        assert_eq!(made(&rule, &["secret", "host"]).unwrap_err(), "host");
    }

    #[test]
    fn without_a_shape_nothing_is_made_up() {
        let rule = rule("pattern='x[0-9]+'\n");
        assert_eq!(made(&rule, &["secret"]).unwrap_err(), "secret");
    }
}
