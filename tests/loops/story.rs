//! The life of a credential that a real server gave out, told through the command line.

use crate::sandbox::Ran;
use crate::world::World;

/// What the command says of proof that needs a person, because the user named an endpoint for a kind
/// that has one issuer in the world.
const OVERRODE: &str = "that the user overrode";

/// Where a credential is leaked to.
pub(crate) struct Leak {
    pub(crate) file: &'static str,
    /// What the file holds.
    pub(crate) text: String,
    /// The part of it that no output may show.
    pub(crate) secret: String,
}

/// What came of it when the server was to accept a dead credential again.
pub(crate) enum Again {
    /// It does.
    Same,
    /// It never will: there is another one.
    Another(Leak),
}

/// A leaked credential and the item that is kept for it.
pub(crate) struct Story<'w> {
    pub(crate) world: &'w World,
    pub(crate) file: &'static str,
    /// What the item is called.
    pub(crate) id: String,
}

/// The whole life: found live, removed, revoked by `revoke`, denied until that is proof, closed; and
/// what `revive` brings back is open again.
pub(crate) fn life(
    world: &World,
    leak: Leak,
    revoke: impl FnOnce(),
    revive: impl FnOnce() -> Again,
) {
    let story = Story::leaked(world, leak);
    story.is_live();
    story.removed();
    story.is_live();
    revoke();
    story.is_denied_once();
    story.is_closed_by_the_second_denial();
    match revive() {
        Again::Same => story.is_reopened(),
        Again::Another(leak) => {
            Story::leaked(world, leak).is_live();
            story.is_closed();
        }
    }
}

impl<'w> Story<'w> {
    /// The leak is committed and found; nobody is asked yet.
    pub(crate) fn leaked(world: &'w World, leak: Leak) -> Self {
        let repository = world.sandbox.repository("work/app");
        repository.commit(leak.file, &leak.text, "Add");
        world.keep_secret(&leak.secret);
        let known = world.ids();
        world.run(&["track", repository.arg()]).exits(1);
        let mut new = world.ids();
        new.retain(|id| !known.contains(id));
        assert_eq!(new.len(), 1, "one leak is one item: {new:?}");
        Self { world, file: leak.file, id: new.remove(0) }
    }

    /// The file is taken out of the repository, and a scan sees that.
    pub(crate) fn removed(&self) {
        let repository = self.world.sandbox.repository("work/app");
        repository.git(&["rm", "-q", self.file]);
        repository.git(&["commit", "-q", "-m", "Remove"]);
        self.world.hours_pass(1);
        self.world.run(&["track", repository.arg()]);
    }

    /// Asks the issuer now.
    pub(crate) fn asked(&self) -> Ran {
        self.world.run(&["retest", &self.id, "--validate"])
    }

    /// Fails unless the issuer accepts it and the item is open.
    pub(crate) fn is_live(&self) {
        says(self.asked().exits(6), &["live"]);
        self.is_open();
    }

    /// Fails unless a denial is counted, and is not proof yet.
    pub(crate) fn is_denied_once(&self) {
        self.world.wait_to_ask();
        says(&self.asked(), &["denied, not yet proven", "1 of 2 denials"]);
        self.is_open();
    }

    /// Fails unless the next denial is proof, and closes the item.
    pub(crate) fn is_closed_by_the_second_denial(&self) {
        self.world.wait_to_ask();
        says(&self.world.run(&["retest", &self.id, "--validate"]), &["dead"]);
        let why = unbroken(&self.world.run(&["item", "why", &self.id]));
        if why.contains(OVERRODE) {
            self.is_open();
            let note = "the endpoint is the stand-in of our own tests";
            self.world.run(&["item", "act", &self.id, "approve", "--note", note]).exits(0);
        }
        self.is_closed();
    }

    /// Fails unless a denial on another day leaves the item open, for the reason that holds `why`.
    pub(crate) fn is_never_proven(&self, why: &str) {
        for _ in 0..3 {
            self.world.wait_to_ask();
            let asked = self.world.run(&["retest", &self.id, "--validate", "--expect", "dead"]);
            assert_ne!(asked.code(), Some(0), "{}", asked.out());
            self.is_open();
        }
        says(self.world.run(&["item", "why", &self.id]).exits(0), &["cannot close yet", why]);
    }

    /// Fails unless each answer of some days leaves the item open, and is kept as one that says
    /// nothing, for the reason that holds `why`.
    pub(crate) fn learns_nothing(&self, why: &str) {
        for _ in 0..3 {
            self.world.wait_to_ask();
            let asked = self.world.run(&["retest", &self.id, "--validate", "--expect", "dead"]);
            assert_ne!(asked.code(), Some(0), "{}", asked.out());
            self.is_open();
        }
        let shown = self.world.run(&["item", "show", &self.id, "--format", "json"]);
        says(shown.exits(0), &["indeterminate", why]);
    }

    /// Fails unless it was closed by proof.
    pub(crate) fn is_closed(&self) {
        let state = self.state();
        let why = self.world.run(&["item", "why", &self.id]).out();
        assert!(state == "closed", "{} is {state}:\n{why}", self.id);
    }

    /// Fails if it is closed.
    pub(crate) fn is_open(&self) {
        let state = self.state();
        assert!(!state.starts_with("closed"), "{} is {state}", self.id);
    }

    /// Fails unless the issuer accepts it again and that opened the item.
    pub(crate) fn is_reopened(&self) {
        self.world.wait_to_ask();
        says(self.asked().exits(6), &["live"]);
        self.is_open();
        says(self.world.run(&["item", "show", &self.id]).exits(0), &["reopened"]);
    }

    /// Where it stands; the ledger is checked on the way.
    fn state(&self) -> String {
        self.world.run(&["ledger", "verify"]).exits(0);
        let shown = self.world.run(&["item", "show", &self.id, "--format", "json"]);
        shown.exits(0).json()["state"].as_str().unwrap().to_owned()
    }
}

/// Fails unless standard output says each of `words`, wherever its lines are broken.
pub(crate) fn says(ran: &Ran, words: &[&str]) {
    let (out, err) = (unbroken(ran), ran.err());
    for word in words {
        assert!(out.contains(word), "{} does not say {word:?}:\n{out}\n{err}", ran.told());
    }
}

/// What it said on standard output, as one line.
fn unbroken(ran: &Ran) -> String {
    ran.out().split_whitespace().collect::<Vec<_>>().join(" ")
}
