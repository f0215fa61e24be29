//! What is sealed opens for its recipients, for nobody else, and for nothing but the same bytes.
#![cfg(all(feature = "age", unix))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use quietus_escrow::{Condition, Escrow, EscrowError, Identities, Recipients, new_identity};
use quietus_model::{
    Companion, Confidence, Finding, FingerprintKey, Hit, Offline, Redacted, RuleId, Secret,
    Severity,
};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn hit(value: &str) -> Hit {
    let secret = Secret::from(value);
    let finding = Finding {
        fingerprint: FingerprintKey::new([7; 32]).fingerprint(&secret),
        renamed_from: None,
        aliases: std::collections::BTreeSet::new(),
        rule: RuleId::from("some-rule"),
        severity: Severity::High,
        confidence: Confidence::High,
        redacted: Redacted::new(&secret, ""),
        offline: Offline::Plausible,
        missing: Vec::new(),
        decoded: Vec::new(),
        tags: Vec::new(),
        locations: Vec::new(),
    };
    let parts = vec![Companion { name: "id".to_owned(), secret: Secret::from("the id") }];
    Hit { finding, secret, parts }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn each_recipient_opens_it_and_nobody_else_and_nothing_else_is_it() {
    let folder = tempfile::tempdir().unwrap();
    let made: Vec<_> = (0..3).map(|_| new_identity().unwrap()).collect();
    let recipients = Recipients::parse(&[&made[0].recipient, &made[1].recipient]).unwrap();
    let escrow = Escrow::new(folder.path().join("escrow"), recipients);
    let value = "a value that stands nowhere";
    let seal = escrow.seal(&hit(value)).unwrap().unwrap();
    escrow.sync(&[seal.id]).unwrap();
    assert_eq!(escrow.ids().unwrap(), [seal.id]);
    for key in &made[..2] {
        let opened = escrow.open(&seal, &Identities::read(&key.text).unwrap()).unwrap();
        assert_eq!((opened.rule.as_str(), opened.secret), ("some-rule", Secret::from(value)));
        assert_eq!(opened.parts, hit(value).parts);
    }
    let foreign = escrow.open(&seal, &Identities::read(&made[2].text).unwrap()).unwrap_err();
    assert!(matches!(&foreign, EscrowError::Foreign { recipients }
        if recipients.contains(&made[0].recipient)));

    let path = folder.path().join(format!("escrow/{}.age", seal.id));
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    let bytes = fs::read(&path).unwrap();
    assert!(!bytes.windows(8).any(|part| value.as_bytes().windows(8).any(|known| known == part)));
    assert_eq!(escrow.condition(&seal).unwrap(), Condition::Whole);

    // Another value of the same recipients, put in its place.
    let other = escrow.seal(&hit("another value")).unwrap().unwrap();
    fs::copy(folder.path().join(format!("escrow/{}.age", other.id)), &path).unwrap();
    assert_eq!(escrow.condition(&seal).unwrap(), Condition::Altered);
    let keys = Identities::read(&made[0].text).unwrap();
    assert!(matches!(escrow.open(&seal, &keys), Err(EscrowError::Altered { .. })));
    escrow.destroy(seal.id).unwrap();
    escrow.destroy(seal.id).unwrap();
    assert_eq!(escrow.condition(&seal).unwrap(), Condition::Missing);
    assert_eq!(escrow.ids().unwrap(), [other.id]);
}

#[test]
fn what_is_no_key_is_refused_and_a_private_one_is_not_repeated() {
    let key = new_identity().unwrap();
    let private = key.text.lines().last().unwrap();
    let error = Recipients::parse(&[private]).unwrap_err().to_string();
    assert!(error.contains("an identity") && !error.contains(private), "{error}");
    assert!(Recipients::parse(&["someone"]).unwrap_err().to_string().contains("age-keygen"));
    for text in ["", "# only a comment\n", "someone\n", key.recipient.as_str()] {
        assert!(matches!(Identities::read(text), Err(EscrowError::NoIdentity)), "{text}");
    }
}

#[test]
fn without_recipients_nothing_is_sealed_and_a_folder_that_others_can_enter_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let off = Escrow::new(folder.path().join("off"), Recipients::default());
    assert!(off.seal(&hit("value")).unwrap().is_none() && !off.is_on());
    assert!(!folder.path().join("off").exists() && off.ids().unwrap().is_empty());
    let open = folder.path().join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
    let recipients = Recipients::parse(&[new_identity().unwrap().recipient]).unwrap();
    let error = Escrow::new(&open, recipients).seal(&hit("value")).unwrap_err().to_string();
    assert!(error.contains("chmod 700"), "{error}");
    assert_eq!(fs::read_dir(&open).unwrap().count(), 0);
}
