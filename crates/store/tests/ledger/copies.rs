//! Copies with one history, and anchors that show what a chain alone cannot.

use crate::place::Place;
use crate::postgres::Server;
use crate::samples::{at, fingerprint, key, noted, opened, scan};
use quietus_store::{
    Anchor, Append, Fault, Ledger, SignedAnchor, SigningKey, StoreError, VerifyingKey,
};
use std::process::Command;

async fn filled(place: &Place) -> Ledger {
    let ledger = place.ledger().await;
    let one = fingerprint(1);
    let scanned = Append::scan(scan("git.example.org/a", 1, 1, true));
    let batch = vec![scanned, Append::events(one, 0, vec![opened(one), noted("a")])];
    ledger.append(batch, at(1)).await.unwrap();
    ledger
}

async fn copies(from: &Place, to: &Place) {
    let ledger = filled(from).await;
    let head = ledger.copy(&to.url).await.unwrap();
    let copy = Ledger::open_existing(&to.url, &key()).await.unwrap();
    assert_eq!(copy.verify().await.unwrap(), ledger.verify().await.unwrap());
    assert_eq!(copy.items().await.unwrap(), ledger.items().await.unwrap());
    assert_eq!(copy.scans().await.unwrap(), ledger.scans().await.unwrap());
    // Again: what was added since.
    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 2, vec![noted("b")])], at(2)).await.unwrap();
    let again = ledger.copy(&to.url).await.unwrap();
    assert_eq!((again.seq, head.seq + 1), (head.seq + 1, ledger.head().await.unwrap().seq));
    assert_eq!(copy.verify().await.unwrap(), ledger.verify().await.unwrap());
    // Once the copy has a history of its own, it is none.
    copy.append(vec![Append::events(one, 3, vec![noted("c")])], at(3)).await.unwrap();
    let before = copy.head().await.unwrap();
    let error = ledger.copy(&to.url).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherHistory { .. }), "{error}");
    assert_eq!(copy.head().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_on_either_database_has_the_same_history() {
    copies(&Place::sqlite(), &Place::sqlite()).await;
    let Some(server) = Server::start() else { return };
    copies(&Place::sqlite(), &Place::postgres(&server, "one").await).await;
    copies(&Place::postgres(&server, "two").await, &Place::sqlite()).await;
}

#[tokio::test]
async fn another_ledger_and_a_changed_entry_are_not_copied() {
    let (place, other) = (Place::sqlite(), Place::sqlite());
    let ledger = filled(&place).await;
    Ledger::open(&other.url, &key(), at(9)).await.unwrap();
    let error = ledger.copy(&other.url).await.unwrap_err();
    assert!(matches!(error, StoreError::OtherHistory { .. }), "{error}");
    place.disarm().await;
    place.raw("UPDATE entry SET body = '{}' WHERE seq = 2".to_owned()).await.unwrap();
    let error = ledger.copy(&Place::sqlite().url).await.unwrap_err();
    assert!(matches!(error, StoreError::Broken { seq: 2, fault: Fault::Hash, .. }), "{error}");
}

/// Keys as people make them; `None` when there is no openssl.
fn keys() -> Option<(SigningKey, VerifyingKey)> {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let made = Command::new("openssl").args(arguments).current_dir(folder.path()).output();
        made.is_ok_and(|made| made.status.success())
    };
    let made = openssl(&["genpkey", "-algorithm", "ed25519", "-out", "key.pem"])
        && openssl(&["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"]);
    if !made {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI must have openssl");
        println!("skipped: there is no openssl that knows Ed25519");
        return None;
    }
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(SigningKey::from_pem(&read("public.pem")).is_err());
    assert!(VerifyingKey::from_pem(&read("key.pem")).is_err());
    let signer = SigningKey::from_pem(&read("key.pem")).unwrap();
    let verifier = VerifyingKey::from_pem(&read("public.pem")).unwrap();
    assert_eq!(signer.verifying_key(), verifier);
    Some((signer, verifier))
}

#[tokio::test]
async fn an_anchor_shows_what_was_cut_off_and_what_was_written_anew() {
    let Some((signer, verifier)) = keys() else { return };
    let place = Place::sqlite();
    let ledger = filled(&place).await;
    let signed = signer.sign(ledger.anchor(at(2)).await.unwrap()).unwrap();
    // As it is written to a file and read from it.
    let signed: SignedAnchor =
        serde_json::from_str(&serde_json::to_string(&signed).unwrap()).unwrap();
    let anchor = verifier.check(&signed).unwrap();
    let mut forged = signed.clone();
    forged.anchor.seq += 1;
    assert!(matches!(verifier.check(&forged).unwrap_err(), StoreError::Anchor { .. }));

    let one = fingerprint(1);
    ledger.append(vec![Append::events(one, 2, vec![noted("later")])], at(3)).await.unwrap();
    let verified = ledger.verify_against(std::slice::from_ref(&anchor)).await.unwrap();
    assert!(verified.to_string().contains("anchored up to entry 3, signed at"), "{verified}");
    assert!(ledger.verify().await.unwrap().to_string().ends_with("unanchored"));

    // The whole ledger, written anew by somebody who can: consistent in itself.
    let rewritten = Place::sqlite();
    let new = rewritten.ledger().await;
    let scanned = Append::scan(scan("git.example.org/a", 1, 1, true));
    let batch = vec![scanned, Append::events(one, 0, vec![opened(one), noted("nothing")])];
    new.append(batch, at(1)).await.unwrap();
    new.verify().await.unwrap();
    says(&new, &anchor, 3, |fault| matches!(fault, Fault::NotAnchored { .. })).await;
    // Cut short, with a head to match.
    let short = Place::sqlite();
    let cut = short.ledger().await;
    cut.append(vec![Append::scan(scan("git.example.org/a", 1, 1, true))], at(1)).await.unwrap();
    cut.verify().await.unwrap();
    says(&cut, &anchor, 2, |fault| matches!(fault, Fault::CutShort { seq: 3, .. })).await;
    // Another ledger altogether.
    let other = Place::sqlite();
    let other = Ledger::open(&other.url, &key(), at(50)).await.unwrap();
    says(&other, &anchor, 1, |fault| matches!(fault, Fault::NotAnchored { .. })).await;
}

async fn says(ledger: &Ledger, anchor: &Anchor, at: u64, is_it: impl Fn(&Fault) -> bool) {
    let error = ledger.verify_against(std::slice::from_ref(anchor)).await.unwrap_err();
    let StoreError::Broken { seq, fault, .. } = &error else { panic!("{error}") };
    assert!(*seq == at && is_it(fault), "{error}");
}
