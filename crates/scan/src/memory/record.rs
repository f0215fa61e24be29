//! What is remembered of a store, as it is written down.

use super::bytes::{Reader, Writer};
use super::holes::{self, Hole};
use crate::changes::Change;
use crate::gaps::Told;
use crate::history::{Message, Objects};
use crate::parallel;
use crate::reading::{Hidden, Layer, Subject};
use crate::run::Run;
use crate::store::{self, Commit, OidMap, OidSet, Shelf};
use crate::vault::{SecretNumber, Sighting};
use git2::{ObjectType, Repository};
use quietus_model::{Comments, Fingerprint, GapReason, Stats};
use quietus_odb::{Format, Inventory, ObjectId, Piece};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

/// Witnesses that are handed to a thread at a time.
const CHUNK: usize = 32;

/// Reasons for gaps that may be remembered, by their number in the file.
const REASONS: [GapReason; 3] = [GapReason::Missing, GapReason::TooLarge, GapReason::Opaque];

/// The last bytes of a file: of a pack and of an index that is a check sum over all of it. Empty
/// where it could not be read.
pub(super) type Seal = Vec<u8>;

/// All that a scan of one store came to know.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) inventory: Inventory,
    /// By which each of its pieces is known when it is touched.
    pub(super) seals: Vec<Seal>,
    /// What looking at the entries of trees cost.
    pub(super) spent: u64,
    /// What the refs led to.
    pub(super) tips: [u8; 32],
    /// Whether a commit wants an object that is not there.
    pub(super) is_missing: bool,
    /// Each secret, and the objects that tell again what is known of it. Sightings name secrets
    /// by their place here.
    pub(super) secrets: Vec<(Fingerprint, Vec<ObjectId>)>,
    /// All commits, in the order of their graph.
    pub(super) commits: Vec<Commit>,
    pub(super) objects: Objects,
    pub(super) changes: Vec<Change>,
    /// What is not written down of their paths.
    pub(super) holes: Vec<Hole>,
    pub(super) told: Told,
}

impl Record {
    /// Reads the witnesses of all secrets again that were sighted. `None` when one of these does
    /// not come of it.
    pub(super) fn testified(mut self, path: &Path, run: &Run<'_>) -> Option<Self> {
        let sighted: HashSet<SecretNumber> = self.sightings().map(|(_, one)| one.secret).collect();
        let of = |number: &SecretNumber| Some(&self.secrets.get(*number as usize)?.1);
        let witnesses = sighted.iter().filter_map(of).flatten().copied();
        let silent = hear(witnesses.collect(), path, run)?;
        // Where a witness is gone, whoever else holds the secret tells what is left to know.
        let is_open = |number: &SecretNumber| {
            of(number).is_none_or(|witnesses| witnesses.iter().any(|one| silent.contains(one)))
        };
        let open: HashSet<SecretNumber> = sighted.iter().copied().filter(is_open).collect();
        let holders = self.sightings().filter(|(_, one)| open.contains(&one.secret));
        let holders = holders.map(|(id, _)| *id).collect();
        if !hear(holders, path, run)?.is_empty() {
            return None;
        }
        let number = |(secret, _): &(Fingerprint, _)| run.vault.number(secret);
        let numbers: Vec<Option<SecretNumber>> = self.secrets.iter().map(number).collect();
        let of_blobs = self.objects.blobs.values_mut().flatten();
        let of_messages = self.objects.messages.iter_mut().flat_map(|m| &mut m.sightings);
        for sighting in of_blobs.chain(of_messages) {
            sighting.secret = (*numbers.get(sighting.secret as usize)?)?;
        }
        Some(self)
    }

    /// Paths are what they were again: for that the secrets in them must have been heard of.
    pub(super) fn filled(mut self, run: &Run<'_>) -> Option<Self> {
        holes::fill(&mut self.changes, &std::mem::take(&mut self.holes), &run.vault)?;
        Some(self)
    }

    /// All sightings, with the objects that they are in.
    fn sightings(&self) -> impl Iterator<Item = (&ObjectId, &Sighting)> {
        let blobs = self.objects.blobs.iter();
        let blobs = blobs.flat_map(|(id, all)| all.iter().map(move |one| (id, one)));
        let messages = self.objects.messages.iter();
        blobs.chain(messages.flat_map(|m| m.sightings.iter().map(move |one| (&m.object, one))))
    }

    /// Lets go of the objects that are not to be kept. Whether there were any.
    pub(super) fn thin(&mut self, is_kept: impl Fn(&ObjectId) -> bool) -> bool {
        let objects = &mut self.objects;
        let count = |all: &Objects| all.blobs.len() + all.messages.len();
        let before = count(objects) + self.commits.len();
        objects.blobs.retain(|id, _| is_kept(id));
        objects.messages.retain(|message| is_kept(&message.object));
        self.commits.retain(|commit| is_kept(&commit.id));
        count(objects) + self.commits.len() != before
    }

    pub(super) fn encode(&self, context: &str, format: Format) -> Option<Vec<u8>> {
        let mut to = Writer::new(format);
        to.bytes(context.as_bytes());
        put_inventory(&self.inventory, &mut to);
        to.list(&self.seals, |to, seal| to.bytes(seal));
        to.number(self.spent);
        to.fixed(&self.tips);
        to.number(self.is_missing.into());
        to.list(&self.secrets, |to, (fingerprint, witnesses)| {
            to.bytes(fingerprint.to_string().as_bytes());
            to.list(witnesses, Writer::id);
        });
        put_commits(&self.commits, &mut to);
        to.number(self.objects.blobs.len() as u64);
        for (id, sightings) in &self.objects.blobs {
            to.id(id);
            to.list(sightings, put_sighting);
        }
        to.list(&self.objects.messages, |to, message| {
            to.id(&message.object);
            to.list(&message.sightings, put_sighting);
        });
        let stats = self.objects.stats;
        for number in [stats.files, stats.objects, stats.commits, stats.bytes] {
            to.number(number);
        }
        to.list(&self.changes, |to, change| {
            to.bytes(&change.path);
            to.id(&change.blob);
            to.list(&change.before, Writer::id);
            to.number(change.commit.into());
        });
        to.list(&self.holes, Hole::put);
        to.number(self.told.len() as u64);
        for ((reason, object), detail) in &self.told {
            to.number(REASONS.iter().position(|one| one == reason)? as u64);
            to.bytes(object);
            to.bytes(detail.as_bytes());
        }
        to.finish()
    }

    /// What was written for just this context.
    pub(super) fn decode(bytes: &[u8], context: &str, format: Format) -> Option<Self> {
        let mut from = Reader::new(bytes, format);
        if from.bytes()? != context.as_bytes() {
            return None;
        }
        let inventory = inventory(&mut from)?;
        let seals = from.list(|from| from.bytes().map(<[u8]>::to_vec))?;
        let spent = from.number()?;
        let tips = from.fixed(32)?.try_into().ok()?;
        let is_missing = from.number::<u8>()? != 0;
        let secrets =
            from.list(|from| Some((from.text()?.parse().ok()?, from.list(Reader::id)?)))?;
        let commits = commits(&mut from)?;
        let blobs = from.list(|from| Some((from.id()?, from.list(sighting)?)))?;
        let messages = from
            .list(|from| Some(Message { object: from.id()?, sightings: from.list(sighting)? }))?;
        let stats = Stats {
            files: from.number()?,
            objects: from.number()?,
            commits: from.number()?,
            bytes: from.number()?,
        };
        let changes = from.list(|from| {
            Some(Change {
                path: from.bytes()?.to_vec(),
                blob: from.id()?,
                before: from.list(Reader::id)?,
                commit: from.number::<u32>().filter(|commit| (*commit as usize) < commits.len())?,
            })
        })?;
        let holes = from.list(Hole::read)?;
        let told = from.list(|from| {
            let reason = *REASONS.get(from.number::<usize>()?)?;
            Some(((reason, from.bytes()?.to_vec()), from.text()?))
        })?;
        let blobs: OidMap<Vec<Sighting>> = blobs.into_iter().collect();
        let objects = Objects { blobs, messages, stats, ..Objects::default() };
        let told = told.into_iter().collect();
        from.is_at_end().then_some(Self {
            inventory,
            seals,
            spent,
            tips,
            is_missing,
            secrets,
            commits,
            objects,
            changes,
            holes,
            told,
        })
    }
}

/// Reads objects again for the secrets in them; those that could not be read. `None` if none can.
fn hear(objects: OidSet, path: &Path, run: &Run<'_>) -> Option<OidSet> {
    if objects.is_empty() {
        return Some(objects);
    }
    let mut objects: Vec<ObjectId> = objects.into_iter().collect();
    objects.sort_unstable();
    let state = || store::reopen(path);
    let threads = run.options.thread_count();
    let silent = parallel::chunks(&objects, CHUNK, threads, run.cancel, state, |shelf, share| {
        let is_silent = |id: &&ObjectId| !testify(shelf, id, run);
        share.iter().filter(is_silent).copied().collect::<Vec<_>>()
    });
    Some(silent.ok()?.into_iter().flatten().collect())
}

/// Whether a witness could be read again.
fn testify(repository: &Repository, id: &ObjectId, run: &Run<'_>) -> bool {
    let Ok((kind, bytes)) = repository.object(id, run.options.max_file_size) else { return false };
    match kind {
        ObjectType::Blob => run.sight(Subject::Object(*id), &bytes),
        _ => run.sight(Subject::Object(*id), store::message(&bytes)),
    };
    true
}

fn put_inventory(inventory: &Inventory, to: &mut Writer) {
    to.list(&inventory.folders, |to, folder| to.bytes(folder.as_os_str().as_encoded_bytes()));
    to.list(&inventory.missing, |to, missing| to.bytes(missing.as_bytes()));
    to.list(&inventory.pieces, |to, piece| {
        to.number(piece.folder.into());
        to.bytes(&piece.name);
        to.number(piece.size);
        to.fixed(&piece.modified.0.to_le_bytes());
        to.number(piece.modified.1.into());
        to.number(piece.node.0);
        to.number(piece.node.1);
    });
    to.list(&inventory.loose, Writer::id);
}

fn inventory(from: &mut Reader<'_>) -> Option<Inventory> {
    let folders = from.list(|from| from.text().map(Into::into))?;
    let missing = from.list(Reader::text)?;
    let pieces = from.list(|from| {
        Some(Piece {
            folder: from.number()?,
            name: from.bytes()?.to_vec(),
            size: from.number()?,
            modified: (i64::from_le_bytes(from.fixed(8)?.try_into().ok()?), from.number()?),
            node: (from.number()?, from.number()?),
        })
    })?;
    Some(Inventory { folders, missing, pieces, loose: from.list(Reader::id)? })
}

/// A parent is nearly always a commit shortly before.
fn put_commits(commits: &[Commit], to: &mut Writer) {
    let numbers: OidMap<u64> = commits.iter().map(|commit| commit.id).zip(0..).collect();
    let mut number = 0;
    to.list(commits, |to, commit| {
        to.id(&commit.id);
        to.id(&commit.tree);
        to.fixed(&commit.time.to_le_bytes());
        to.list(&commit.parents, |to, parent| {
            match numbers.get(parent).filter(|parent| **parent < number) {
                Some(parent) => to.number(number - parent),
                None => {
                    to.number(0);
                    to.id(parent);
                }
            }
        });
        number += 1;
    });
}

fn commits(from: &mut Reader<'_>) -> Option<Vec<Commit>> {
    let count: usize = from.number()?;
    let mut all: Vec<Commit> = Vec::new();
    for number in 0..count {
        let (id, tree) = (from.id()?, from.id()?);
        let time = i64::from_le_bytes(from.fixed(8)?.try_into().ok()?);
        let parents = from.list(|from| match from.number::<usize>()? {
            0 => from.id(),
            back => Some(all.get(number.checked_sub(back)?)?.id),
        })?;
        all.push(Commit { id, tree, parents, time });
    }
    Some(all)
}

fn put_sighting(to: &mut Writer, of: &Sighting) {
    let small = [of.secret, of.ordinal, of.line, of.column, of.end_line, of.end_column];
    for number in small {
        to.number(number.into());
    }
    to.number(of.offset);
    to.fixed(&of.line_hash.to_le_bytes());
    to.number(of.allowed_inline.bits().into());
    to.number(of.hidden.is_some().into());
    if let Some(hidden) = &of.hidden {
        to.bytes(hidden.inside.as_bytes());
        to.list(&hidden.layers, |to, layer| {
            to.number(Layer::ALL.iter().take_while(|one| *one != layer).count() as u64);
        });
    }
}

fn sighting(from: &mut Reader<'_>) -> Option<Sighting> {
    Some(Sighting {
        secret: from.number()?,
        ordinal: from.number()?,
        line: from.number()?,
        column: from.number()?,
        end_line: from.number()?,
        end_column: from.number()?,
        offset: from.number()?,
        line_hash: u64::from_le_bytes(from.fixed(8)?.try_into().ok()?),
        allowed_inline: Comments::from_bits(from.number()?)?,
        hidden: match from.number::<u8>()? {
            0 => None,
            _ => Some(Arc::new(Hidden {
                inside: from.text()?,
                layers: from.list(|from| Layer::ALL.get(from.number::<usize>()?).copied())?,
            })),
        },
    })
}
