//! What hangs on what in a pack: each object below the one that it is stored as a change to.

use crate::fault::Fault;
use crate::pack::{Base, Pack};
use crate::{Kind, ObjectId};
use std::panic::resume_unwind;
use std::thread;

/// In place of a node.
pub(crate) const NONE: u32 = u32::MAX;
/// More nodes than this are not counted.
const MOST: usize = (u32::MAX - 16) as usize;
/// So many bytes of a pack are asked for at once.
const FORESEEN: u64 = 4 << 20;
/// At least so many headers are read by a thread.
const SHARE: usize = 8192;

/// Why a node has no base in the pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Root {
    /// It is stored whole.
    Whole = NONE,
    /// Its base is elsewhere in the store.
    Outer = NONE - 1,
    /// Its base is nowhere.
    Missing = NONE - 2,
    /// Its base is made of it.
    Cycle = NONE - 3,
    /// What is said before its bytes makes no sense.
    Broken = NONE - 4,
}

/// The objects of a pack in the order in which they lie in it: the nodes, with about 34 bytes of
/// memory for each.
#[derive(Debug)]
pub(crate) struct Forest {
    offsets: Vec<u64>,
    positions: Vec<u32>,
    sizes: Vec<u32>,
    headers: Vec<u8>,
    bases: Vec<u32>,
    kinds: Vec<u8>,
    /// Where the children of each node begin in `children`; those of the next one follow.
    firsts: Vec<u32>,
    children: Vec<u32>,
    /// How many nodes there are below each one, itself counted.
    weights: Vec<u32>,
    /// Positions in the list of the pack that name no place of their own, and why.
    pub(crate) astray: Vec<(u32, Fault)>,
}

/// That of a pack of which nothing is asked.
pub(crate) static EMPTY: Forest = Forest {
    offsets: Vec::new(),
    positions: Vec::new(),
    sizes: Vec::new(),
    headers: Vec::new(),
    bases: Vec::new(),
    kinds: Vec::new(),
    firsts: Vec::new(),
    children: Vec::new(),
    weights: Vec::new(),
    astray: Vec::new(),
};

impl Forest {
    pub(crate) fn new(
        pack: &Pack,
        threads: usize,
        outer: &dyn Fn(&ObjectId) -> Option<Option<Kind>>,
    ) -> Self {
        let mut nodes = listed(pack);
        let mut forest = Self::headers(pack, &mut nodes, threads, outer);
        if !forest.1.is_empty() {
            // Only a pack that shares its index has objects that are not in it.
            add_unlisted(pack, &mut nodes.places, &forest.1);
            forest = Self::headers(pack, &mut nodes, threads, outer);
        }
        let mut forest = forest.0;
        forest.astray = nodes.astray;
        forest.spread_kinds();
        forest.link();
        forest.weigh();
        forest
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> u32 {
        self.offsets.len() as u32
    }

    /// Where a node begins in the pack.
    pub(crate) fn offset(&self, node: u32) -> u64 {
        self.offsets[node as usize]
    }

    /// Where the deflated bytes of a node begin.
    pub(crate) fn data(&self, node: u32) -> u64 {
        self.offset(node) + u64::from(self.headers[node as usize])
    }

    /// Where the next node begins, if there is one.
    pub(crate) fn end(&self, node: u32) -> Option<u64> {
        self.offsets.get(node as usize + 1).copied()
    }

    /// The length of what is stored, inflated; `u32::MAX` stands for more as well.
    pub(crate) fn size(&self, node: u32) -> u32 {
        self.sizes[node as usize]
    }

    /// The place of its id in the list of the pack; `None` if it is not in it.
    pub(crate) fn position(&self, node: u32) -> Option<u32> {
        Some(self.positions[node as usize]).filter(|&position| position != NONE)
    }

    /// The node that this one is stored as a change to, or why there is none.
    pub(crate) fn base(&self, node: u32) -> Result<u32, Root> {
        let base = self.bases[node as usize];
        [Root::Whole, Root::Outer, Root::Missing, Root::Cycle, Root::Broken]
            .into_iter()
            .find(|&root| root as u32 == base)
            .map_or(Ok(base), Err)
    }

    /// The place in the list of the pack of what begins at an offset.
    pub(crate) fn at(&self, offset: u64) -> Option<u32> {
        self.position(self.offsets.binary_search(&offset).ok()? as u32)
    }

    /// What a node is, if that is known.
    pub(crate) fn kind(&self, node: u32) -> Option<Kind> {
        kind(self.kinds[node as usize])
    }

    /// Where the children of a node are; see [`Self::child`]. The heaviest comes last.
    pub(crate) fn children(&self, node: u32) -> std::ops::Range<u32> {
        self.firsts[node as usize]..self.firsts[node as usize + 1]
    }

    pub(crate) fn child(&self, at: u32) -> u32 {
        self.children[at as usize]
    }

    /// How many nodes there are below one, itself counted.
    pub(crate) fn weight(&self, node: u32) -> u32 {
        self.weights[node as usize]
    }

    /// Reads all headers. Returns in second place the offsets of bases that are not listed.
    fn headers(
        pack: &Pack,
        nodes: &mut Nodes,
        threads: usize,
        outer: &dyn Fn(&ObjectId) -> Option<Option<Kind>>,
    ) -> (Self, Vec<u64>) {
        let offsets: Vec<u64> = nodes.places.iter().map(|place| place.0).collect();
        let finder = Finder::new(&offsets, pack.end);
        let share = offsets.len().div_ceil(threads.max(1)).max(SHARE);
        let shares = offsets.chunks(share).zip((0u32..).step_by(share));
        let read = |(mine, first): (&[u64], u32)| {
            Headers::read(pack, mine, first, &|base| finder.find(&offsets, base))
        };
        let mut all = Headers::default();
        if offsets.len() <= share {
            shares.for_each(|share| all.append(read(share)));
        } else {
            thread::scope(|scope| {
                let threads: Vec<_> =
                    shares.map(|share| scope.spawn(move || read(share))).collect();
                for thread in threads {
                    all.append(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
                }
            });
        }
        let mut forest = Self {
            offsets,
            positions: nodes.places.iter().map(|place| place.1).collect(),
            sizes: all.sizes,
            headers: all.lengths,
            bases: all.bases,
            kinds: all.kinds,
            firsts: Vec::new(),
            children: Vec::new(),
            weights: Vec::new(),
            astray: Vec::new(),
        };
        forest.name_bases(pack, &all.named, outer);
        (forest, all.unlisted)
    }

    /// Finds the bases that are called by name.
    fn name_bases(
        &mut self,
        pack: &Pack,
        named: &[(u32, ObjectId)],
        outer: &dyn Fn(&ObjectId) -> Option<Option<Kind>>,
    ) {
        if named.is_empty() {
            return;
        }
        let mut nodes = vec![NONE; pack.list.count() as usize];
        for (node, &position) in self.positions.iter().enumerate() {
            if position != NONE {
                nodes[position as usize] = node as u32;
            }
        }
        for &(node, id) in named {
            let inner = pack.list.find(&id).map(|position| nodes[position as usize]);
            match inner.filter(|&base| base != NONE) {
                Some(base) => self.bases[node as usize] = base,
                None => {
                    if let Some(found) = outer(&id) {
                        self.bases[node as usize] = Root::Outer as u32;
                        self.kinds[node as usize] = found.map_or(0, code);
                    }
                }
            }
        }
    }

    /// Each node is of the kind of its root. Cycles are found on the way, and cut.
    fn spread_kinds(&mut self) {
        const OPEN: u8 = 0xff;
        const UNKNOWN: u8 = 0xfe;
        let mut path = Vec::new();
        for start in 0..self.offsets.len() {
            let mut node = start;
            let kind = loop {
                match self.kinds[node] {
                    0 => {}
                    OPEN => {
                        self.bases[node] = Root::Cycle as u32;
                        break UNKNOWN;
                    }
                    known => break known,
                }
                path.push(node);
                self.kinds[node] = OPEN;
                match self.base(node as u32) {
                    Ok(base) => node = base as usize,
                    Err(_) => break UNKNOWN,
                }
            };
            for node in path.drain(..) {
                self.kinds[node] = kind;
            }
        }
    }

    /// Lists the children of each node.
    fn link(&mut self) {
        let count = self.offsets.len();
        self.firsts = vec![0; count + 1];
        let inner = |&base: &u32| (base as usize) < count;
        for &base in self.bases.iter().filter(|base| inner(base)) {
            self.firsts[base as usize + 1] += 1;
        }
        for node in 0..count {
            self.firsts[node + 1] += self.firsts[node];
        }
        self.children = vec![0; self.firsts[count] as usize];
        let mut next = self.firsts.clone();
        for (node, &base) in self.bases.iter().enumerate().filter(|(_, base)| inner(base)) {
            self.children[next[base as usize] as usize] = node as u32;
            next[base as usize] += 1;
        }
    }

    /// Counts what is below each node, and puts the heaviest child of each last.
    fn weigh(&mut self) {
        let count = self.offsets.len();
        self.weights = vec![1; count];
        let inner = |base: u32| (base as usize) < count;
        let add = |weights: &mut [u32], bases: &[u32], node: usize| {
            if inner(bases[node]) {
                weights[bases[node] as usize] += weights[node];
            }
        };
        let backward = self
            .bases
            .iter()
            .enumerate()
            .all(|(node, &base)| !inner(base) || (base as usize) < node);
        if backward {
            (0..count).rev().for_each(|node| add(&mut self.weights, &self.bases, node));
        } else {
            let mut order: Vec<u32> =
                (0..count as u32).filter(|&node| self.base(node).is_err()).collect();
            let mut at = 0;
            while let Some(&node) = order.get(at) {
                order.extend_from_slice(&self.children[self.range(node)]);
                at += 1;
            }
            for &node in order.iter().rev() {
                add(&mut self.weights, &self.bases, node as usize);
            }
        }
        for node in 0..count as u32 {
            let range = self.range(node);
            let (children, weights) = (&mut self.children[range], &self.weights);
            if children.len() > 1
                && let Some(heaviest) =
                    (0..children.len()).max_by_key(|&at| weights[children[at] as usize])
            {
                let last = children.len() - 1;
                children.swap(heaviest, last);
            }
        }
    }

    fn range(&self, node: u32) -> std::ops::Range<usize> {
        self.firsts[node as usize] as usize..self.firsts[node as usize + 1] as usize
    }
}

/// What the headers of some nodes say.
#[derive(Default)]
struct Headers {
    sizes: Vec<u32>,
    lengths: Vec<u8>,
    bases: Vec<u32>,
    kinds: Vec<u8>,
    /// Nodes that call their base by its name.
    named: Vec<(u32, ObjectId)>,
    /// Where bases begin that are not listed.
    unlisted: Vec<u64>,
}

impl Headers {
    /// Reads those at `offsets`, of nodes from `first` on. `find` gives the node at an offset.
    fn read(pack: &Pack, offsets: &[u64], first: u32, find: &dyn Fn(u64) -> Option<u32>) -> Self {
        let mut all = Self::default();
        let mut foreseen = 0;
        for (node, &offset) in (first..).zip(offsets) {
            if offset >= foreseen {
                foreseen = offset + FORESEEN;
                pack.bytes.foresee(offset, foreseen);
            }
            let entry = pack.entry(offset);
            let (size, data, kind, base) = match entry.as_ref().map(|entry| (entry.base, entry)) {
                Err(_) => (0, offset, 0, Root::Broken as u32),
                Ok((Base::None(kind), entry)) => (entry.size, entry.data, code(kind), NONE),
                Ok((Base::At(base), entry)) => {
                    let found = find(base);
                    if found.is_none() {
                        all.unlisted.push(base);
                    }
                    (entry.size, entry.data, 0, found.unwrap_or(Root::Broken as u32))
                }
                Ok((Base::Named(id), entry)) => {
                    all.named.push((node, id));
                    (entry.size, entry.data, 0, Root::Missing as u32)
                }
            };
            all.sizes.push(u32::try_from(size).unwrap_or(u32::MAX));
            all.lengths.push((data - offset) as u8);
            all.kinds.push(kind);
            all.bases.push(base);
        }
        all
    }

    fn append(&mut self, mut other: Self) {
        self.sizes.append(&mut other.sizes);
        self.lengths.append(&mut other.lengths);
        self.bases.append(&mut other.bases);
        self.kinds.append(&mut other.kinds);
        self.named.append(&mut other.named);
        self.unlisted.append(&mut other.unlisted);
    }
}

fn code(kind: Kind) -> u8 {
    kind as u8 + 1
}

fn kind(code: u8) -> Option<Kind> {
    [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag]
        .get(usize::from(code).wrapping_sub(1))
        .copied()
}

/// The places of a pack where objects begin, in order, with the positions in its list.
struct Nodes {
    places: Vec<(u64, u32)>,
    astray: Vec<(u32, Fault)>,
}

fn listed(pack: &Pack) -> Nodes {
    let mut astray = Vec::new();
    let mut places = Vec::with_capacity(pack.list.count() as usize);
    for position in 0..pack.list.count() {
        match pack.list.offset(position) {
            Some(offset) if (12..pack.end).contains(&offset) && places.len() < MOST => {
                places.push((offset, position));
            }
            _ => astray.push((position, Fault::corrupt("its place is outside of its pack"))),
        }
    }
    places.sort_unstable();
    places.dedup_by(|next, first| {
        let same = next.0 == first.0;
        if same {
            astray.push((next.1, Fault::corrupt("its place is that of another object")));
        }
        same
    });
    Nodes { places, astray }
}

/// Adds the places where bases begin that are not listed, and theirs in turn.
fn add_unlisted(pack: &Pack, places: &mut Vec<(u64, u32)>, unlisted: &[u64]) {
    let most = (pack.said as usize).min(MOST).saturating_sub(places.len());
    let listed = places.len();
    let mut known = std::collections::BTreeSet::new();
    for &start in unlisted {
        let mut offset = start;
        while known.len() < most
            && places[..listed].binary_search_by_key(&offset, |place| place.0).is_err()
            && known.insert(offset)
        {
            match pack.entry(offset).map(|entry| entry.base) {
                Ok(Base::At(base)) => offset = base,
                _ => break,
            }
        }
    }
    places.extend(known.into_iter().map(|offset| (offset, NONE)));
    places.sort_unstable();
}

/// Finds offsets in a list in order: faster than halving, since objects are of alike lengths.
struct Finder {
    shift: u32,
    starts: Vec<u32>,
}

impl Finder {
    fn new(offsets: &[u64], end: u64) -> Self {
        // So many slots that each has about one offset.
        let mut shift = 0;
        while end >> shift > offsets.len() as u64 {
            shift += 1;
        }
        let mut starts = vec![0; (end >> shift) as usize + 2];
        for &offset in offsets {
            starts[(offset >> shift) as usize + 1] += 1;
        }
        for slot in 1..starts.len() {
            starts[slot] += starts[slot - 1];
        }
        Self { shift, starts }
    }

    fn find(&self, offsets: &[u64], offset: u64) -> Option<u32> {
        let slot = (offset >> self.shift) as usize;
        let (start, end) = (*self.starts.get(slot)?, *self.starts.get(slot + 1)?);
        let there = offsets[start as usize..end as usize].binary_search(&offset).ok()?;
        Some(start + there as u32)
    }
}
