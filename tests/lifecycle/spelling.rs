//! One private key in several spellings is one item; where an older ledger has one for each of them,
//! none is lost and none is opened again.

use crate::world::{World, at, issuer, listing};
use data_encoding::BASE64;
use quietus_model::Finding;
use quietus_poam::{MilestoneKind, PoamItem};
use sha2::{Digest, Sha256};

/// The text of a key that nobody made.
fn key(name: &str) -> String {
    let parts: Vec<[u8; 32]> =
        (0..8u8).map(|n| Sha256::digest([name.as_bytes(), &[n]].concat()).into()).collect();
    let body = BASE64.encode(&parts.concat());
    let lines: Vec<&str> =
        body.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    let mark = |word: &str| format!("-----{word} PRIVATE KEY-----");
    format!("{}\n{}\n{}", mark("BEGIN"), lines.join("\n"), mark("END"))
}

fn escaped(key: &str) -> String {
    key.replace('\n', "\\n")
}

fn places(item: &PoamItem) -> Vec<&str> {
    let mut paths: Vec<_> = item.presence.open().map(|seen| seen.location.path.as_str()).collect();
    paths.sort_unstable();
    paths
}

#[tokio::test]
async fn every_spelling_of_a_key_is_the_same_item() {
    let world = World::new().await;
    let repository = world.repository("app");
    let key = key("one");
    repository.commit(at(-3), "id.pem", &format!("{key}\n"));
    repository.commit(at(-2), "settings.env", &format!("KEY=\"{}\"\n", escaped(&key)));
    repository.commit(at(-1), "values.yaml", &format!("key: |\n  {}\n", key.replace('\n', "\n  ")));
    let encoded = BASE64.encode(format!("{key}\n").as_bytes());
    repository.commit(at(-1), "secret.yaml", &format!("data:\n  id: {encoded}\n"));
    let outcome = world.track(&[repository.source()], None, at(0)).await;
    let items = world.items().await;
    assert_eq!((outcome.opened.len(), items.len()), (1, 1));
    assert_eq!(places(&items[0]), ["id.pem", "secret.yaml", "settings.env", "values.yaml"]);
}

#[tokio::test]
async fn items_of_an_older_ledger_keep_what_they_have_and_see_every_spelling() {
    let world = World::new().await;
    let repository = world.repository("app");
    let key = key("two");
    repository.commit(at(-3), "id.pem", &format!("{key}\n"));
    repository.commit(at(-2), "settings.env", &format!("KEY=\"{}\"\n", escaped(&key)));
    let sources = [repository.source()];

    // What was found when each spelling had its own name.
    let mut found = world.look(&sources, at(0)).await;
    let [hit] = &found.hits[..] else { panic!("{:?}", found.hits) };
    let old = |spelling: &str, path: &str| {
        let of_path = |at: &&quietus_model::Location| at.path.as_str() == path;
        let mut hit = hit.clone();
        let locations = hit.finding.locations.iter().filter(of_path).cloned().collect();
        let fingerprint = world.fingerprint(spelling);
        hit.finding = Finding { fingerprint, aliases: [].into(), locations, ..hit.finding };
        hit
    };
    let escaped = escaped(&key);
    found.hits = vec![old(&key, "id.pem"), old(&escaped, "settings.env")];
    let outcome = world.record(&world.ledger, found, None, at(0)).await;
    assert_eq!(outcome.opened.len(), 2);

    // Today's rules see one secret: no new item, and none is gone.
    let outcome = world.track(&sources, None, at(1)).await;
    assert_eq!((outcome.opened.len(), world.items().await.len()), (0, 2));
    for spelling in [&key, &escaped] {
        assert_eq!(places(&world.item(spelling).await), ["id.pem", "settings.env"]);
        let events = world.events(spelling).await;
        assert!(events.contains(&"aliased".to_owned()), "{events:?}");
        assert!(!events.iter().any(|event| event == "left_head" || event == "absent"));
    }
    let before = world.events(&key).await.len();
    world.track(&sources, None, at(2)).await;
    assert_eq!(world.events(&key).await.len(), before, "the same again says nothing new");
    world.retest(&listing(&issuer()), at(3)).await;
    assert_eq!(world.item(&escaped).await.lost_bytes(), None);

    // While one spelling is left, no item says that its secret was removed.
    repository.delete(at(4), "id.pem");
    world.track(&sources, None, at(5)).await;
    for spelling in [&key, &escaped] {
        let item = world.item(spelling).await;
        assert_eq!(places(&item), ["settings.env"]);
        assert!(!item.milestone(MilestoneKind::Remove).is_done());
    }
    repository.delete(at(6), "settings.env");
    let outcome = world.track(&sources, None, at(7)).await;
    assert_eq!(outcome.closed, []);
    for spelling in [&key, &escaped] {
        assert!(world.item(spelling).await.milestone(MilestoneKind::Remove).is_done());
    }
}

/// A text with a backslash says one thing between the double quotes of JSON and another in a file of
/// settings: what an issuer says of the one says nothing of the other.
#[tokio::test]
async fn what_json_spells_is_another_secret_than_the_same_text_elsewhere() {
    let world = World::new().await;
    let repository = world.repository("app");
    let [start, end] = ["one", "two"].map(|name| BASE64.encode(&Sha256::digest(name)[..6]));
    let text = ["q7", &start, r"\/", &end].concat().replace('+', "x");
    repository.commit(at(-2), "settings.yaml", &format!("db_password: '{text}'\n"));
    assert_eq!(world.track(&[repository.source()], None, at(0)).await.opened.len(), 1);
    let json = format!("{{\"db_password\": \"{text}\"}}\n");
    repository.commit(at(1), "settings.json", &json);
    assert_eq!(world.track(&[repository.source()], None, at(2)).await.opened.len(), 1);

    let said = text.replace(r"\/", "/");
    for (secret, path) in [(&text, "settings.yaml"), (&said, "settings.json")] {
        assert_eq!(places(&world.item(secret).await), [path]);
        assert!(!world.events(secret).await.contains(&"aliased".to_owned()));
    }
}
