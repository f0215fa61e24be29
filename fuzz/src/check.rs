//! What must hold of any store, however hostile.

use crate::feed::Feed;
use crate::ground::Ground;
use quietus_odb::{
    Copied, Delta, Format, Kind, Kinds, Object, ObjectId, Options, Problem, Reason, Selection,
    Store, Visitor,
};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::Relaxed};

/// Larger objects are only handed over in pieces.
const LIMIT: u64 = 1 << 20;

/// How a store is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Ways {
    /// By what hash its objects are named.
    pub format: Format,
    /// Objects of more bytes are handed over in pieces.
    pub largest: u64,
    /// How many threads walk the second time.
    pub threads: usize,
    /// Which kinds are asked for the third time.
    pub kinds: u8,
}

impl Ways {
    /// As `feed` says.
    fn from_feed(feed: &mut Feed<'_>) -> Self {
        let choice = feed.byte();
        Self {
            format: if choice & 1 == 0 { Format::Sha1 } else { Format::Sha256 },
            largest: [1 << 16, 1 << 12, 1 << 8, 1 << 18][usize::from(choice >> 1 & 3)],
            threads: if choice >> 3 & 7 == 7 { 3 } else { 1 },
            kinds: feed.byte() & 0xf,
        }
    }
}

/// How each target that forges stores begins: an empty folder, how to look at it, and the choices
/// that are left.
pub fn begin(data: &[u8]) -> (Feed<'_>, Ways, Ground) {
    let mut feed = Feed::new(data);
    let ways = Ways::from_feed(&mut feed);
    (feed, ways, Ground::new())
}

/// What became of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was handed over.
    Came(Kind, Vec<u8>),
    /// It was a problem.
    Failed(Reason),
}

/// What became of each object, by its number.
pub type Fates = BTreeMap<u32, Fate>;

/// Opens and walks a store in several ways and reads all of it; fails unless all agree. `right` says
/// that all copies of an object are alike. Gives the store and what became of each object.
pub fn check(objects: &Path, ways: Ways, right: bool) -> (Store, Fates) {
    let open = |mapped, memory| {
        let options = Options { memory, largest: ways.largest, mapped };
        Store::open(objects, ways.format, &options).expect("the folder is there")
    };
    let store = open(true, 1 << 20);
    let other = open(false, 0);
    assert_eq!(store.problems(), other.problems());
    assert_eq!(store.len(), other.len());
    for number in 0..store.len() {
        let id = store.id(number);
        assert_eq!(id, other.id(number));
        assert_eq!(store.number(&id), Some(number), "an id leads to its object");
        assert!(number == 0 || store.id(number - 1) < id, "objects are in order");
        assert_eq!(store.packs_of(number).next(), Some(store.pack_of(number)));
    }
    let fates = walk(&store, Kinds::ALL, None, 1);
    assert_eq!(fates.len() as u32, store.len(), "something became of each object");
    let again = walk(&other, Kinds::ALL, None, ways.threads);
    assert!(fates == again, "it does not matter how a store is walked");
    let single = (0..store.len()).all(|number| store.packs_of(number).count() == 1);
    read(&store, &fates, right || single);
    choose(&other, &fates, ways.kinds, right || single);
    (store, fates)
}

/// Reading one by one must agree with a walk. Where copies of an object are not `alike` each may take
/// another one, since a walk looks at all of a pack and sees more that is wrong.
fn read(store: &Store, fates: &Fates, alike: bool) {
    let mut reader = store.reader();
    for (&number, fate) in fates {
        match (reader.read(number, LIMIT), fate) {
            (Ok((kind, data)), Fate::Came(there, bytes)) => {
                let same = kind == *there && data == bytes;
                assert!(same || !alike, "{number} is read otherwise");
                // Of a chain with a bad link there may be another copy, but that it ends well is not told.
                assert!(store.kind(number).is_some() || !alike);
            }
            (Ok(_), Fate::Failed(_)) => {}
            (Err(problem), Fate::Came(_, bytes)) => {
                assert!(
                    !alike || (problem.reason == Reason::TooLarge && bytes.len() as u64 > LIMIT),
                    "{number} came, but {problem:?}"
                );
            }
            (Err(problem), Fate::Failed(_)) => {
                assert_eq!(problem.subject, store.id(number).to_string());
            }
        }
    }
}

/// What is asked for is handed over, once, and nothing else is.
fn choose(store: &Store, fates: &Fates, kinds: u8, alike: bool) {
    let all = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag];
    let kinds: Kinds = all.into_iter().filter(|&kind| kinds >> kind as u8 & 1 != 0).collect();
    let asked: Vec<AtomicU8> = (0..store.len()).map(|_| AtomicU8::new(0)).collect();
    let wanted = |number: u32| {
        assert_eq!(asked[number as usize].fetch_add(1, Relaxed), 0, "asked twice");
        number % 3 != 1
    };
    let some = walk(store, kinds, Some(&wanted), 1);
    for (number, fate) in &some {
        assert!(number % 3 != 1, "{number} was not asked for");
        if let Fate::Came(kind, _) = fate {
            assert!(kinds.contains(*kind));
            assert!(!alike || Some(fate) == fates.get(number));
        }
    }
    for (&number, fate) in fates {
        // Copies that differ may say different kinds, and only one of them is asked.
        if let Fate::Came(kind, _) = fate
            && alike
            && kinds.contains(*kind)
            && number % 3 != 1
        {
            assert!(some.get(&number) == Some(fate), "{number} was asked for");
        }
    }
}

/// Walks a store and says what became of each object that was wanted.
fn walk(
    store: &Store,
    kinds: Kinds,
    wanted: Option<&(dyn Fn(u32) -> bool + Sync)>,
    threads: usize,
) -> Fates {
    let selection = Selection { kinds, wanted };
    let keep = || Keep { store, fates: Fates::new() };
    let mut fates = Fates::new();
    for keep in store.walk(&selection, threads, &AtomicBool::new(false), keep) {
        for (number, fate) in keep.fates {
            assert!(fates.insert(number, fate).is_none(), "{number} came to two threads");
        }
    }
    fates
}

struct Keep<'s> {
    store: &'s Store,
    fates: Fates,
}

impl Keep<'_> {
    fn keep(&mut self, number: u32, fate: Fate) {
        assert!(number < self.store.len());
        assert!(self.fates.insert(number, fate).is_none(), "{number} came twice");
    }
}

impl Visitor for Keep<'_> {
    /// The bytes of the object.
    type State = Vec<u8>;

    fn object(&mut self, object: Object<'_>, base: Option<&Self::State>, state: &mut Self::State) {
        assert_eq!(self.store.id(object.number), object.id());
        assert_eq!(object.delta.is_some(), base.is_some());
        if let (Some(delta), Some(bytes)) = (object.delta, base) {
            assert!(delta.base == bytes, "the base is what was handed over as such");
            changes(object.data, delta);
        }
        state.clear();
        state.extend_from_slice(object.data);
        if object.wanted {
            self.keep(object.number, Fate::Came(object.kind, object.data.to_vec()));
        }
    }

    fn stream(&mut self, number: u32, id: ObjectId, kind: Kind, size: u64, bytes: &mut dyn Read) {
        assert_eq!(self.store.id(number), id);
        let mut data = Vec::new();
        let fate = match bytes.read_to_end(&mut data) {
            Ok(_) => {
                assert_eq!(data.len() as u64, size);
                Fate::Came(kind, data)
            }
            Err(_) => {
                assert!(data.len() as u64 <= size);
                Fate::Failed(Reason::Corrupt)
            }
        };
        self.keep(number, fate);
    }

    fn problem(&mut self, problem: Problem) {
        let id = ObjectId::from_hex(problem.subject.as_bytes()).expect("it is about an object");
        let number = self.store.number(&id).expect("of this store");
        self.keep(number, Fate::Failed(problem.reason));
    }
}

/// What is said to be copied is copied, in order, and neighbours are one.
pub fn changes(data: &[u8], delta: Delta<'_>) {
    let mut before: Option<Copied> = None;
    for &copied in delta.copies {
        let Copied { source, target, len } = copied;
        assert!(len > 0);
        let (from, to) = (source as usize, target as usize);
        assert!(data[to..to + len as usize] == delta.base[from..from + len as usize]);
        if let Some(before) = before {
            let end = before.target + before.len;
            assert!(end <= target, "copies are in order");
            assert!(end < target || before.source + before.len != source, "neighbours are one");
        }
        before = Some(copied);
    }
}
