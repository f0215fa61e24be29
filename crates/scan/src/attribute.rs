//! Where the blobs that hold secrets lay: paths, commits, authors, heads.

use crate::bounds::Places;
use crate::changes::{Change, Changes};
use crate::graph::{Graph, Reach};
use crate::heads::Tips;
use crate::history::Objects;
use crate::located::{Author, Located};
use crate::owners::Owners;
use crate::reader::Reader;
use crate::store::{self, OidMap, OidSet, Shelf};
use crate::tree::Wanted;
use crate::vault::{SecretNumber, Sighting};
use quietus_model::Place;
use quietus_odb::ObjectId;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What attribution knows of a repository.
pub(crate) struct Repository<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) tips: &'a Tips,
    /// What refs other than notes reach.
    pub(crate) reach: &'a Reach,
    pub(crate) notes: &'a Reach,
    /// What the current head reaches.
    pub(crate) current: &'a Reach,
    pub(crate) owners: &'a Owners,
}

/// One secret's one occurrence in one path: what is called one location.
type Occurrence = (SecretNumber, u32);

/// What a path's history says of one occurrence.
#[derive(Default)]
struct Story {
    blobs: BTreeSet<ObjectId>,
    /// The newest blob with it and the commit that made it so.
    newest: Option<(bool, u32, ObjectId)>,
    /// The commit that last changed its line, on the current head.
    touched: Option<u32>,
}

impl Repository<'_> {
    /// The locations of everything that `objects` hold. `elsewhere` are blobs that the index
    /// accounts for.
    pub(crate) fn locate(
        &self,
        objects: &Objects,
        changes: &Changes,
        elsewhere: &OidSet,
        reader: &mut Reader<'_, impl Shelf>,
    ) -> Vec<Located> {
        let (notes, files): (Vec<&Change>, Vec<&Change>) = changes
            .changes
            .iter()
            .partition(|c| self.notes.holds(c.commit) && !self.reach.holds(c.commit));
        let mut by_path: BTreeMap<&[u8], Vec<&Change>> = BTreeMap::new();
        for change in &files {
            by_path.entry(&change.path).or_default().push(change);
        }
        let now = self.at_heads(&by_path, changes, reader);
        let mut located = Vec::new();
        let mut places = Places::default();
        for (path, changes) in &by_path {
            let of_path = self.path(path, changes, &objects.blobs, &now, &mut places, reader);
            located.extend(of_path);
        }
        located.extend(self.names(changes, &now, reader));
        located.extend(self.messages(objects, &notes, reader));
        let known: OidSet = changes.changes.iter().map(|change| change.blob).collect();
        located
            .extend(stray(&objects.blobs, |blob| known.contains(blob) || elsewhere.contains(blob)));
        located
    }

    /// What each head has now at the paths in question, heads in their order.
    fn at_heads<'p>(
        &self,
        by_path: &BTreeMap<&'p [u8], Vec<&Change>>,
        changes: &'p Changes,
        reader: &mut Reader<'_, impl Shelf>,
    ) -> HashMap<&'p [u8], Vec<(usize, ObjectId)>> {
        let named = changes.named.iter().map(|named| named.path.as_slice());
        let paths: Vec<&[u8]> =
            by_path.keys().copied().chain(named).collect::<BTreeSet<_>>().into_iter().collect();
        let mut wanted = Wanted::new(paths.iter().copied());
        let mut now: HashMap<&[u8], Vec<(usize, ObjectId)>> = HashMap::new();
        if paths.is_empty() {
            return now;
        }
        for (number, head) in self.tips.heads.iter().enumerate() {
            let Some(tree) = reader.tree_of(self.graph, &head.commit) else { continue };
            for (path, id) in wanted.locate(&tree, reader).iter() {
                now.entry(paths[*path]).or_default().push((number, *id));
            }
        }
        now
    }

    fn path(
        &self,
        path: &[u8],
        changes: &[&Change],
        blobs: &OidMap<Vec<Sighting>>,
        now: &HashMap<&[u8], Vec<(usize, ObjectId)>>,
        places: &mut Places,
        reader: &Reader<'_, impl Shelf>,
    ) -> Vec<Located> {
        let none = Vec::new();
        let of = |blob: &ObjectId| blobs.get(blob).unwrap_or(&none);
        if !places.is_open() {
            let held = changes.iter().flat_map(|change| of(&change.blob));
            reader.bounds().crowd(held.map(|sighting| sighting.secret));
            return Vec::new();
        }
        let mut introduced: BTreeMap<SecretNumber, (bool, u32)> = BTreeMap::new();
        let mut stories: BTreeMap<Occurrence, Story> = BTreeMap::new();
        for change in changes {
            let is_lost = !self.reach.holds(change.commit);
            let had: Vec<&Sighting> = change.before.iter().flat_map(of).collect();
            for sighting in of(&change.blob) {
                let same = || had.iter().filter(|old| old.secret == sighting.secret);
                if same().next().is_none() {
                    let first = introduced.entry(sighting.secret).or_insert((true, u32::MAX));
                    *first = (*first).min((is_lost, change.commit));
                }
                let story = stories.entry((sighting.secret, sighting.ordinal)).or_default();
                story.blobs.insert(change.blob);
                story.newest = story.newest.max(Some((!is_lost, change.commit, change.blob)));
                let is_touched = same().all(|old| old.line_hash != sighting.line_hash);
                if is_touched && self.current.holds(change.commit) {
                    story.touched = story.touched.max(Some(change.commit));
                }
            }
        }
        let now = now.get(path).map_or(&[][..], Vec::as_slice);
        let owners = self.owners.of(path);
        let find = |blob: &ObjectId, (secret, ordinal): Occurrence| {
            of(blob).iter().find(|s| s.secret == secret && s.ordinal == ordinal)
        };
        let mut located = Vec::new();
        for (occurrence, story) in stories {
            if !places.admit(occurrence.0) {
                reader.bounds().crowd([occurrence.0]);
                continue;
            }
            let holding: Vec<&(usize, ObjectId)> =
                now.iter().filter(|(_, blob)| find(blob, occurrence).is_some()).collect();
            let newest = story.newest.map(|(_, _, blob)| blob);
            let shown = holding.first().map(|(_, blob)| *blob).or(newest);
            let Some((blob, sighting)) = shown.and_then(|b| Some((b, find(&b, occurrence)?)))
            else {
                continue;
            };
            let first = introduced.get(&occurrence.0).and_then(|(_, c)| self.author(*c, reader));
            let last = story.touched.and_then(|c| self.author(c, reader)).or_else(|| first.clone());
            located.push(Located {
                blob: Some(blob.to_string()),
                versions: story.blobs.len() as u32,
                last_author: last.map(|author| self.owners.current_name(&author.person)),
                introduced: first,
                code_owners: owners.clone(),
                at_head: self.head_names(holding.into_iter()),
                ..Located::new(Place::History, path, sighting)
            });
        }
        located
    }

    fn head_names<'n>(&self, holding: impl Iterator<Item = &'n (usize, ObjectId)>) -> Vec<Vec<u8>> {
        holding.map(|(head, _)| self.tips.heads[*head].name.clone()).collect()
    }

    /// Secrets in the names of files and folders.
    fn names(
        &self,
        changes: &Changes,
        now: &HashMap<&[u8], Vec<(usize, ObjectId)>>,
        reader: &Reader<'_, impl Shelf>,
    ) -> Vec<Located> {
        let mut located: BTreeMap<(&[u8], Occurrence), (bool, u32, &Sighting)> = BTreeMap::new();
        for named in &changes.named {
            for sighting in &named.sightings {
                let rank = (!self.reach.holds(named.commit), named.commit, sighting);
                let at = (named.path.as_slice(), (sighting.secret, sighting.ordinal));
                let first = located.entry(at).or_insert(rank);
                if (rank.0, rank.1) < (first.0, first.1) {
                    *first = rank;
                }
            }
        }
        located
            .into_iter()
            .map(|((path, _), (_, commit, sighting))| {
                let first = self.author(commit, reader);
                let now = now.get(path).map_or(&[][..], Vec::as_slice);
                Located {
                    last_author: first.as_ref().map(|a| self.owners.current_name(&a.person)),
                    introduced: first,
                    code_owners: self.owners.of(path),
                    at_head: self.head_names(now.iter()),
                    ..Located::new(Place::History, path, sighting)
                }
            })
            .collect()
    }

    /// Messages of commits and tags, and notes: they have no path, so that one secret in many of
    /// them is one location.
    fn messages(
        &self,
        objects: &Objects,
        notes: &[&Change],
        reader: &Reader<'_, impl Shelf>,
    ) -> Vec<Located> {
        let none = Vec::new();
        let spoken = objects.messages.iter().map(|message| {
            let commit = self.graph.number(&message.object);
            (commit, message.object, &message.sightings)
        });
        let noted = notes.iter().map(|change| {
            (Some(change.commit), change.blob, objects.blobs.get(&change.blob).unwrap_or(&none))
        });
        // A tag has no commit of its own and comes before them all.
        let mut all: Vec<_> = spoken.chain(noted).collect();
        all.sort_by_key(|(commit, object, _)| (*commit, *object));
        all.dedup_by_key(|(_, object, _)| *object);
        let mut located: BTreeMap<Occurrence, Located> = BTreeMap::new();
        for (commit, object, sightings) in all {
            for sighting in sightings {
                let at = (sighting.secret, sighting.ordinal);
                let one = located.entry(at).or_insert_with(|| Located {
                    versions: 0,
                    ..Located::new(Place::Message, b"", sighting)
                });
                one.versions += 1;
                one.blob = Some(object.to_string());
                one.sighting = sighting.clone();
                if one.introduced.is_none() {
                    one.introduced = commit.and_then(|commit| self.author(commit, reader));
                    one.last_author =
                        one.introduced.as_ref().map(|a| self.owners.current_name(&a.person));
                }
            }
        }
        located.into_values().collect()
    }

    fn author(&self, commit: u32, reader: &Reader<'_, impl Shelf>) -> Option<Author> {
        let known = self.graph.commit(commit);
        let data = reader.commit(&known.id)?;
        let person = store::author(&data)?.to_vec();
        Some(Author { commit: known.id.to_string(), person, time: known.time })
    }
}

/// Blobs that no commit has at any path: never committed, or what a tag names directly.
fn stray(
    blobs: &OidMap<Vec<Sighting>>,
    is_placed: impl Fn(&ObjectId) -> bool,
) -> impl Iterator<Item = Located> {
    let ordered: BTreeMap<&ObjectId, &Vec<Sighting>> = blobs.iter().collect();
    let mut located: BTreeMap<Occurrence, Located> = BTreeMap::new();
    for (blob, sightings) in ordered.into_iter().filter(|(blob, _)| !is_placed(blob)) {
        for sighting in sightings {
            let at = (sighting.secret, sighting.ordinal);
            let one = located.entry(at).or_insert_with(|| Located {
                versions: 0,
                blob: Some(blob.to_string()),
                ..Located::new(Place::History, b"", sighting)
            });
            one.versions += 1;
        }
    }
    located.into_values()
}

/// What HEAD's tree has at `path`.
pub(crate) fn head_entry(tree: &git2::Tree<'_>, path: &[u8]) -> Option<ObjectId> {
    let text = std::str::from_utf8(path).ok()?;
    Some(store::id(tree.get_path(std::path::Path::new(text)).ok()?.id()))
}
