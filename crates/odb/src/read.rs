//! Reading any one object: its chain of changes is followed to the root and then made from there.

use crate::buffer::Buffer;
use crate::delta;
use crate::fault::Fault;
use crate::index::Copy;
use crate::inflate::Inflater;
use crate::loose::Loose;
use crate::lost::Lost;
use crate::pack::{Base, Entry};
use crate::store::Store;
use crate::{Copied, Kind, ObjectId, Problem, Reason};

/// A longer chain of changes is not followed from its end; git makes none of more than 4095. A
/// walk, which begins at the root, has no such bound.
const DEPTH: usize = 1 << 20;
/// So many of them may call their base by its name: only these can go round in a circle. In a chain
/// of more changes no other copies are looked for.
const NAMED: usize = 1 << 14;

/// Where an object, or the change that makes it, is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Spot {
    Packed { pack: u32, offset: u64 },
    Loose(u32),
}

/// Reads one object after the other; made by [`Store::reader`].
pub struct Reader<'s> {
    store: &'s Store,
    inflater: Inflater,
    chain: Vec<(u32, Entry, u64)>,
    delta: Buffer,
    content: Buffer,
    spare: Buffer,
    copies: Vec<Copied>,
    lost: Lost,
}

impl<'s> Reader<'s> {
    pub(crate) fn new(store: &'s Store) -> Self {
        Self {
            store,
            inflater: Inflater::new(),
            chain: Vec::new(),
            delta: Buffer::default(),
            content: Buffer::default(),
            spare: Buffer::default(),
            copies: Vec::new(),
            lost: Lost::default(),
        }
    }

    /// Reads an object of at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// It is corrupt, larger than that, or cannot be read.
    ///
    /// # Panics
    ///
    /// There is no object of that number.
    pub fn read(&mut self, number: u32, limit: u64) -> Result<(Kind, &[u8]), Problem> {
        let kind = self.find(number, limit)?;
        Ok((kind, self.content.content()))
    }

    pub(crate) fn into_read(mut self, number: u32, limit: u64) -> Result<(Kind, Vec<u8>), Problem> {
        let kind = self.find(number, limit)?;
        Ok((kind, self.content.into_content()))
    }

    fn find(&mut self, number: u32, limit: u64) -> Result<Kind, Problem> {
        let mut first = None;
        for copy in self.store.index.copies(number) {
            match self.copy(copy, limit) {
                Ok(kind) => return Ok(kind),
                Err(fault) => first = first.or(Some(fault)),
            }
        }
        let fault = first.unwrap_or_else(|| Fault::missing("it is nowhere"));
        Err(fault.about(self.store.id(number)))
    }

    /// Reads one copy of an object; see [`Self::take`].
    pub(crate) fn copy(&mut self, copy: Copy, limit: u64) -> Result<Kind, Fault> {
        self.resolve(spot(self.store, copy)?, limit)
    }

    /// Takes what was read last.
    pub(crate) fn take(&mut self) -> Buffer {
        // What is seldom used is not kept.
        self.spare = Buffer::default();
        self.delta = Buffer::default();
        std::mem::take(&mut self.content)
    }

    /// What the object is of which there is a copy.
    pub(crate) fn kind(store: &Store, copy: Copy) -> Option<Kind> {
        match chase(store, spot(store, copy).ok()?, |_| None, |_, _, _| {}).ok()? {
            Root::Loose(at) => {
                let (folder, id) = store.loose(at);
                Some(Loose::open(folder, id).ok()?.kind)
            }
            Root::Packed { kind, .. } => Some(kind),
        }
    }

    /// Reads what is stored at a spot.
    pub(crate) fn resolve(&mut self, spot: Spot, limit: u64) -> Result<Kind, Fault> {
        self.resolve_with(spot, limit, true)
    }

    /// Where part of the chain cannot be read and `mend` is set, other copies of it are looked for.
    fn resolve_with(&mut self, spot: Spot, limit: u64, mend: bool) -> Result<Kind, Fault> {
        let mut chain = std::mem::take(&mut self.chain);
        chain.clear();
        let limit = limit.min(u64::from(u32::MAX));
        let inner = limit.max(self.store.cap());
        self.lost.begin(inner);
        let lost = |spot| self.lost.why(spot, mend);
        let each = |pack, entry, offset| chain.push((pack, entry, offset));
        let root = chase(self.store, spot, lost, each);
        // Of a longer one only the end is remembered: what is nearer to its root may be readable.
        let is_short = chain.len() <= NAMED;
        let most = |chain: &Vec<_>| if chain.is_empty() { limit } else { inner };
        // What is too large to be read may still be a base.
        let is_lost = |fault: &Fault, most| fault.reason != Reason::TooLarge || most == inner;
        let mut made = match root {
            Ok(root) => self.root(root, most(&chain)).map_err(|fault| (root.spot(), fault)),
            Err(fault) => Err(fault),
        };
        loop {
            if let (Err((spot, _)), true) = (&made, mend && is_short)
                && let Some(kind) = self.another_copy(*spot, most(&chain))
            {
                made = Ok(kind);
            }
            if let Err((spot, fault)) = &made
                && is_short
                && is_lost(fault, most(&chain))
            {
                self.lost.note(*spot, fault, mend);
            }
            let Some((pack, entry, offset)) = chain.pop() else { break };
            let most = most(&chain);
            made = match made {
                Ok(kind) => match self.change(pack, &entry, most, inner) {
                    Ok(()) => Ok(kind),
                    Err(fault) => Err((Spot::Packed { pack, offset }, fault)),
                },
                Err((_, fault)) => Err((Spot::Packed { pack, offset }, fault.of_base())),
            };
        }
        self.chain = chain;
        let made = made.map_err(|(_, fault)| fault);
        if let Err(fault) = &made
            && is_lost(fault, limit)
        {
            self.lost.note(spot, fault, mend);
        }
        made
    }

    fn root(&mut self, root: Root, most: u64) -> Result<Kind, Fault> {
        match root {
            Root::Loose(at) => {
                let (folder, id) = self.store.loose(at);
                let loose = Loose::open(folder, id)?;
                fits(loose.size, most)?;
                let kind = loose.kind;
                loose.read(&mut self.content)?;
                Ok(kind)
            }
            Root::Packed { pack, kind, entry, .. } => {
                fits(entry.size, most)?;
                let pack = &self.store.packs[pack as usize];
                let range = (entry.data, pack.end);
                self.inflater.inflate(&pack.bytes, range, entry.size, &mut self.content)?;
                Ok(kind)
            }
        }
    }

    /// Reads another copy of what is stored at a spot.
    fn another_copy(&mut self, here: Spot, limit: u64) -> Option<Kind> {
        let store = self.store;
        let number = match here {
            Spot::Loose(at) => store.number(store.loose(at).1)?,
            Spot::Packed { pack, offset } => {
                let position = store.forest(pack, 1).at(offset)?;
                store.index.number(pack, position)
            }
        };
        store.index.copies(number).find_map(|copy| {
            let there = spot(store, copy).ok().filter(|&there| there != here)?;
            self.resolve_with(there, limit, false).ok()
        })
    }

    fn change(&mut self, pack: u32, entry: &Entry, most: u64, inner: u64) -> Result<(), Fault> {
        fits(entry.size, inner)?;
        let pack = &self.store.packs[pack as usize];
        let range = (entry.data, pack.end);
        self.inflater.inflate(&pack.bytes, range, entry.size, &mut self.delta)?;
        let head = delta::head(self.delta.content())?;
        fits(head.result, most)?;
        delta::apply(&self.content, self.delta.content(), head, &mut self.spare, &mut self.copies)?;
        std::mem::swap(&mut self.content, &mut self.spare);
        Ok(())
    }
}

fn fits(size: u64, limit: u64) -> Result<(), Fault> {
    if size <= limit {
        return Ok(());
    }
    Err(Fault::too_large(format!("it has {size} bytes, more than the {limit} that are held")))
}

fn spot(store: &Store, copy: Copy) -> Result<Spot, Fault> {
    match copy {
        Copy::Loose(at) => Ok(Spot::Loose(at)),
        Copy::Packed { pack, position } => {
            let offset = store.packs[pack as usize].list.offset(position);
            let offset =
                offset.ok_or_else(|| Fault::corrupt("its index does not say where it is"))?;
            Ok(Spot::Packed { pack, offset })
        }
    }
}

/// What a chain of changes begins with.
#[derive(Clone, Copy)]
enum Root {
    Loose(u32),
    Packed { pack: u32, offset: u64, kind: Kind, entry: Entry },
}

impl Root {
    fn spot(&self) -> Spot {
        match *self {
            Self::Loose(at) => Spot::Loose(at),
            Self::Packed { pack, offset, .. } => Spot::Packed { pack, offset },
        }
    }
}

/// Follows a chain to its root, or to where it is `lost`, saying each change on the way. A fault
/// comes with the spot that cannot be read.
fn chase(
    store: &Store,
    mut spot: Spot,
    lost: impl Fn(Spot) -> Option<Fault>,
    mut each: impl FnMut(u32, Entry, u64),
) -> Result<Root, (Spot, Fault)> {
    let (mut named, mut depth) = (0, 0);
    loop {
        if let Some(fault) = lost(spot) {
            return Err((spot, fault));
        }
        let (pack, offset) = match spot {
            Spot::Loose(at) => return Ok(Root::Loose(at)),
            Spot::Packed { pack, offset } => (pack, offset),
        };
        let entry = store.packs[pack as usize].entry(offset).map_err(|fault| (spot, fault))?;
        let base = match entry.base {
            Base::None(kind) => return Ok(Root::Packed { pack, offset, kind, entry }),
            Base::At(offset) => Spot::Packed { pack, offset },
            Base::Named(id) => {
                named += 1;
                base(store, pack, &id).map_err(|fault| (spot, fault))?
            }
        };
        depth += 1;
        if named > NAMED || depth > DEPTH {
            let endless = Fault::corrupt("the chain of changes that makes it has no end");
            return Err((spot, endless));
        }
        each(pack, entry, offset);
        spot = base;
    }
}

/// Finds a base by its name: in the same pack, or else anywhere.
fn base(store: &Store, pack: u32, id: &ObjectId) -> Result<Spot, Fault> {
    if let Some(position) = store.packs[pack as usize].list.find(id) {
        return spot(store, Copy::Packed { pack, position });
    }
    let number = store.number(id).ok_or_else(|| missing(id))?;
    spot(store, store.index.first(number))
}

pub(crate) fn missing(base: &ObjectId) -> Fault {
    Fault::missing(format!("it is stored as a change to {base}, which is not in the store"))
}
