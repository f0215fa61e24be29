//! Tests of the inventory: who is who after renames, transfers and others in their place.

use super::*;

const HOST: &str = "git.example.org";

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

fn on_forge(path: &str, id: &str) -> Candidate {
    Candidate {
        url: format!("https://{HOST}/{path}.git"),
        name: None,
        forge: Some(ForgeId { host: HOST.into(), id: id.into() }),
        identity: None,
    }
}

fn by_url(url: &str) -> Candidate {
    Candidate { url: url.into(), name: None, forge: None, identity: None }
}

/// An inventory that is told of candidates, one after the other.
#[derive(Default)]
struct Inventory {
    records: BTreeMap<RepositoryId, Vec<InventoryRecord>>,
    hour: i64,
}

impl Inventory {
    fn listed(&self) -> Vec<Listed> {
        let fold = |(id, records): (&RepositoryId, &Vec<_>)| Listed::fold(id.clone(), records);
        self.records.iter().map(|one| fold(one).unwrap()).collect()
    }

    fn one(&self, id: &str) -> Listed {
        self.listed().into_iter().find(|one| one.id.as_str() == id).unwrap_or_else(|| {
            panic!("no {id} among {:?}", self.records.keys());
        })
    }

    fn append(&mut self, id: &RepositoryId, event: InventoryEvent) {
        self.hour += 1;
        let record = InventoryRecord { at: at(self.hour), by: Actor::System, event };
        self.records.entry(id.clone()).or_default().push(record);
    }

    fn tell(&mut self, candidate: &Candidate) -> Vec<Admission> {
        let admissions = admit(&self.listed(), candidate, &BTreeMap::new());
        for admission in &admissions {
            if let Admission::Append { id, version, events } = admission {
                let found = self.records.get(id).map_or(0, |records| records.len() as u64);
                assert_eq!(*version, found, "{id}");
                for event in events {
                    self.append(id, event.clone());
                }
            }
        }
        admissions
    }
}

#[test]
fn telling_twice_changes_nothing() {
    let mut inventory = Inventory::default();
    for candidate in
        [on_forge("team/app", "7"), by_url("/srv/git/x.git"), by_url("git@git.example.org:a/b.git")]
    {
        let mut candidate = candidate;
        candidate.identity = Some(RepositoryId::named("root:1"));
        assert!(matches!(inventory.tell(&candidate)[..], [Admission::Append { .. }]));
        assert!(matches!(inventory.tell(&candidate)[..], [Admission::Known(_)]));
    }
    // The same remote by another scheme is the same repository.
    let https = by_url("https://git.example.org/a/b");
    assert!(matches!(inventory.tell(&https)[..], [Admission::Known(_)]));
    assert_eq!(inventory.listed().len(), 3);
}

#[test]
fn a_forge_tells_where_a_repository_moved_and_its_name_and_source_stay() {
    let mut inventory = Inventory::default();
    inventory.tell(&on_forge("team/app", "7"));
    inventory.tell(&on_forge("other/shop", "7"));
    let one = inventory.one("git.example.org/team/app");
    assert_eq!(one.url, "https://git.example.org/other/shop.git");
    assert_eq!(one.source.as_str(), "https://git.example.org/team/app.git");
    assert!(matches!(&one.moves[..], [(_, _, MoveEvidence::Forge { forge })] if forge.id == "7"));
    assert_eq!(inventory.listed().len(), 1);
}

/// Whatever the order in which the forge tells of the two.
#[test]
fn one_that_takes_the_place_of_another_is_never_taken_for_it() {
    for order in [[0, 1], [1, 0]] {
        let mut inventory = Inventory::default();
        inventory.tell(&on_forge("team/app", "7"));
        let told = [on_forge("team/app", "8"), on_forge("team/old-app", "7")];
        for which in order {
            inventory.tell(&told[which]);
        }
        let old = inventory.one("git.example.org/team/app");
        assert_eq!(old.url, "https://git.example.org/team/old-app.git");
        assert_eq!(old.watch, Watch::On);
        let new = inventory.one("git.example.org/team/app#8");
        assert_eq!(new.url, "https://git.example.org/team/app.git");
    }
    let mut inventory = Inventory::default();
    inventory.tell(&on_forge("team/app", "7"));
    inventory.tell(&on_forge("team/app", "8"));
    let old = inventory.one("git.example.org/team/app");
    assert!(matches!(&old.watch, Watch::Displaced { by } if by.id == "8"));
    assert!(old.is_due(), "it is told of as one that cannot be read");
    // The mirror of the old one is not that of the new one.
    let new = inventory.one("git.example.org/team/app#8");
    assert_eq!(new.url, old.url);
    assert_ne!(new.source, old.source);
}

#[test]
fn what_somebody_retired_stays_so_until_they_take_it_back() {
    let mut inventory = Inventory::default();
    inventory.tell(&on_forge("team/app", "7"));
    let id = RepositoryId::named("git.example.org/team/app");
    inventory.append(&id, InventoryEvent::Retired { reason: "moved to the archive".into() });
    assert!(matches!(&inventory.tell(&on_forge("team/app", "7"))[..], [Admission::Retired(_)]));
    assert!(matches!(&inventory.tell(&on_forge("team/b", "7"))[..], [Admission::Retired(_)]));
    assert!(!inventory.one(id.as_str()).is_due());
    inventory.append(&id, InventoryEvent::Restored);
    assert!(inventory.one(id.as_str()).is_due());
}

#[test]
fn a_name_counts_before_earlier_scans_and_these_before_the_remote() {
    let url = "https://git.example.org/team/app.git";
    let scanned = BTreeMap::from([(url.to_owned(), RepositoryId::named("as-scanned"))]);
    let mut candidate = by_url(url);
    let id = |candidate: &Candidate, scanned: &BTreeMap<_, _>| match &admit(&[], candidate, scanned)
        [..]
    {
        [Admission::Append { id, .. }] => id.to_string(),
        other => format!("{other:?}"),
    };
    assert_eq!(id(&candidate, &BTreeMap::new()), "git.example.org/team/app");
    assert_eq!(id(&candidate, &scanned), "as-scanned");
    candidate.name = Some(RepositoryId::named("given"));
    assert_eq!(id(&candidate, &scanned), "given");
    assert_eq!(admit(&[], &by_url("/srv/x"), &scanned), [Admission::Nameless]);
}
