//! Tree objects as they lie in the store, and what a commit's tree has that its parents' have not.

use crate::bounds::NEW_ENTRY;
use quietus_odb::{Format, ObjectId};
use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

/// Deeper trees than any tool can check out.
pub(crate) const DEEPEST: usize = 1024;

/// More than any mode has, with the space after it.
const LONGEST_MODE: usize = 16;

/// How many bytes an entry has at least, with a name of one letter and its mode.
const SHORT_ENTRY: u64 = 28;

/// What an entry of a tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Tree,
    Blob,
    /// Another repository's commit: not looked at.
    Submodule,
}

/// One entry of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) kind: Kind,
    pub(crate) id: ObjectId,
    /// How many bytes it takes.
    pub(crate) len: usize,
}

/// The entry of a tree object that begins at `at`; `None` at its end, or where it is malformed.
pub(crate) fn entry_at(data: &[u8], at: usize, format: Format) -> Option<Entry<'_>> {
    let data = data.get(at..)?;
    let space = data.iter().take(LONGEST_MODE).position(|byte| *byte == b' ')?;
    let rest = &data[space + 1..];
    let end = rest.iter().position(|byte| *byte == 0)?;
    let id = ObjectId::from_bytes(rest.get(end + 1..end + 1 + format.id_len())?)?;
    let kind = match &data[..space] {
        b"40000" | b"040000" => Kind::Tree,
        b"160000" => Kind::Submodule,
        _ => Kind::Blob,
    };
    Some(Entry { name: &rest[..end], kind, id, len: space + end + 2 + format.id_len() })
}

/// The entries of a tree object; ends early where it is malformed.
pub(crate) fn entries(data: &[u8], format: Format) -> impl Iterator<Item = Entry<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let entry = entry_at(data, at, format)?;
        at += entry.len;
        Some(entry)
    })
}

impl Entry<'_> {
    /// Git's order of entries: a folder sorts as if its name ended in a slash. Only a hostile tree
    /// has slashes in names; there the longer name comes last, so that no two names are alike.
    pub(crate) fn order(&self, other: &Entry<'_>) -> Ordering {
        let shared = self.name.len().min(other.name.len());
        let next = |entry: &Entry<'_>| match entry.name.get(shared) {
            Some(byte) => *byte,
            None if entry.kind == Kind::Tree => b'/',
            None => 0,
        };
        self.name[..shared]
            .cmp(&other.name[..shared])
            .then_with(|| next(self).cmp(&next(other)))
            .then_with(|| self.name.len().cmp(&other.name.len()))
    }
}

/// Where trees are read.
pub(crate) trait Trees {
    /// The bytes of a tree; `None` when it cannot be read, which the reader has then noted.
    fn tree(&mut self, id: &ObjectId) -> Option<Rc<[u8]>>;
    /// How long the ids in them are.
    fn format(&self) -> Format;
}

/// Is told of every file that a commit has otherwise than each of its parents.
pub(crate) trait Visitor {
    /// A blob that no parent has at this path; `before` holds what each parent has there.
    fn blob(&mut self, path: &[u8], id: &ObjectId, before: &[ObjectId]);
    /// A name that no parent has at this place.
    fn name(&mut self, path: &[u8]);
    /// Takes what looking at entries costs; false when the walk must end here.
    fn spend(&mut self, cost: u64) -> bool;
    /// The walk was cut short at this path, which lies deeper than anything can.
    fn too_deep(&mut self, path: &[u8]);
}

/// Visits what `tree` has otherwise than all of `parents`. False when it was cut short.
pub(crate) fn changes(
    tree: &ObjectId,
    parents: &[ObjectId],
    trees: &mut impl Trees,
    visitor: &mut impl Visitor,
) -> bool {
    let mut walk = Walk { trees, visitor, path: Vec::new() };
    walk.level(tree, parents, 0)
}

struct Walk<'a, T, V> {
    trees: &'a mut T,
    visitor: &'a mut V,
    path: Vec<u8>,
}

impl<T: Trees, V: Visitor> Walk<'_, T, V> {
    /// False when the whole walk must end.
    fn level(&mut self, tree: &ObjectId, parents: &[ObjectId], depth: usize) -> bool {
        if parents.contains(tree) {
            return true;
        }
        if depth > DEEPEST {
            self.visitor.too_deep(&self.path);
            return true;
        }
        let Some(data) = self.trees.tree(tree) else { return true };
        let before: Vec<Rc<[u8]>> = parents.iter().filter_map(|id| self.trees.tree(id)).collect();
        let format = self.trees.format();
        let mut olds: Vec<_> = before.iter().map(|data| entries(data, format).peekable()).collect();
        for entry in entries(&data, format) {
            let mut had: Vec<Entry<'_>> = Vec::with_capacity(olds.len());
            for old in &mut olds {
                while old.next_if(|other| other.order(&entry).is_lt()).is_some() {}
                had.extend(old.next_if(|other| other.order(&entry).is_eq()));
            }
            if had.iter().any(|other| other.id == entry.id) {
                continue;
            }
            if !(self.visitor.spend(NEW_ENTRY) && self.entry(&entry, &had, depth)) {
                return false;
            }
        }
        // What was passed over costs little, and is paid for when it is known how much it was.
        self.visitor.spend(data.len() as u64 / SHORT_ENTRY)
    }

    fn entry(&mut self, entry: &Entry<'_>, had: &[Entry<'_>], depth: usize) -> bool {
        let len = self.path.len();
        if len > 0 {
            self.path.push(b'/');
        }
        self.path.extend_from_slice(entry.name);
        if had.is_empty() {
            self.visitor.name(&self.path);
        }
        let before: Vec<ObjectId> =
            had.iter().filter(|other| other.kind == entry.kind).map(|other| other.id).collect();
        let goes_on = match entry.kind {
            Kind::Tree => self.level(&entry.id, &before, depth + 1),
            Kind::Blob => {
                self.visitor.blob(&self.path, &entry.id, &before);
                true
            }
            Kind::Submodule => true,
        };
        self.path.truncate(len);
        goes_on
    }
}

/// What a tree has at wanted paths, without walking the rest of it.
///
/// Branches share most of their folders, so that what one folder holds is remembered.
pub(crate) struct Wanted {
    folders: Vec<HashMap<Vec<u8>, Node>>,
    remembered: HashMap<(ObjectId, usize), Found>,
}

/// The numbers of wanted paths with the objects that stand there.
pub(crate) type Found = Rc<Vec<(usize, ObjectId)>>;

#[derive(Clone, Copy, Default)]
struct Node {
    folder: Option<usize>,
    /// The number of the path that ends here, in a file or a folder.
    end: Option<usize>,
}

impl Wanted {
    /// Paths are numbered in the order given.
    pub(crate) fn new<'a>(paths: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut folders: Vec<HashMap<Vec<u8>, Node>> = vec![HashMap::new()];
        for (number, path) in paths.into_iter().enumerate() {
            let mut at = 0;
            let mut names = path.split(|byte| *byte == b'/').peekable();
            while let Some(name) = names.next() {
                let new = folders.len();
                let node = folders[at].entry(name.to_vec()).or_default();
                if names.peek().is_none() {
                    node.end = Some(number);
                } else {
                    at = *node.folder.get_or_insert(new);
                    if at == new {
                        folders.push(HashMap::new());
                    }
                }
            }
        }
        Self { folders, remembered: HashMap::new() }
    }

    /// What `tree` has at the wanted paths.
    pub(crate) fn locate(&mut self, tree: &ObjectId, trees: &mut impl Trees) -> Found {
        self.folder(tree, 0, trees)
    }

    fn folder(&mut self, tree: &ObjectId, at: usize, trees: &mut impl Trees) -> Found {
        if let Some(found) = self.remembered.get(&(*tree, at)) {
            return Rc::clone(found);
        }
        let mut found = Vec::new();
        if let Some(data) = trees.tree(tree) {
            for entry in entries(&data, trees.format()) {
                let Some(node) = self.folders[at].get(entry.name).copied() else { continue };
                found.extend(node.end.map(|number| (number, entry.id)));
                if let (Kind::Tree, Some(folder)) = (entry.kind, node.folder) {
                    found.extend_from_slice(&self.folder(&entry.id, folder, trees));
                }
            }
        }
        let found = Rc::new(found);
        self.remembered.insert((*tree, at), Rc::clone(&found));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(byte: u8) -> ObjectId {
        ObjectId::from_bytes(&[byte; 20]).unwrap()
    }

    #[derive(Default)]
    struct Shelf(HashMap<ObjectId, Rc<[u8]>>);

    impl Shelf {
        fn put(&mut self, id: u8, entries: &[(&str, &str, u8)]) -> ObjectId {
            let mut data = Vec::new();
            for (mode, name, id) in entries {
                data.extend_from_slice(format!("{mode} {name}\0").as_bytes());
                data.extend_from_slice(&[*id; 20]);
            }
            self.0.insert(object(id), data.into());
            object(id)
        }
    }

    impl Trees for Shelf {
        fn tree(&mut self, id: &ObjectId) -> Option<Rc<[u8]>> {
            self.0.get(id).cloned()
        }

        fn format(&self) -> Format {
            Format::Sha1
        }
    }

    struct Seen(Vec<String>, u64);

    impl Default for Seen {
        fn default() -> Self {
            Self(Vec::new(), 100 * NEW_ENTRY)
        }
    }

    impl Visitor for Seen {
        fn blob(&mut self, path: &[u8], id: &ObjectId, before: &[ObjectId]) {
            let before: Vec<u8> = before.iter().map(|id| id.as_bytes()[0]).collect();
            self.0.push(format!(
                "{} {} {before:?}",
                String::from_utf8_lossy(path),
                id.as_bytes()[0]
            ));
        }
        fn name(&mut self, path: &[u8]) {
            self.0.push(format!("+{}", String::from_utf8_lossy(path)));
        }
        fn spend(&mut self, cost: u64) -> bool {
            self.1 = self.1.saturating_sub(cost);
            self.1 > 0
        }
        fn too_deep(&mut self, _: &[u8]) {
            self.0.push("too deep".into());
        }
    }

    #[test]
    fn only_what_no_parent_has_is_visited() {
        let mut shelf = Shelf::default();
        shelf.put(10, &[("100644", "x", 1), ("100644", "y", 2)]);
        shelf.put(11, &[("100644", "x", 3), ("100644", "y", 2)]);
        let old = shelf.put(20, &[("100644", "a", 4), ("40000", "d", 10), ("100644", "e", 5)]);
        let new = shelf.put(21, &[("100644", "a", 4), ("100644", "b", 9), ("40000", "d", 11)]);
        let mut seen = Seen::default();
        assert!(changes(&new, &[old], &mut shelf, &mut seen));
        assert_eq!(seen.0, ["+b", "b 9 []", "d/x 3 [1]"]);

        let mut both = Seen::default();
        let other = shelf.put(22, &[("100644", "b", 9), ("40000", "d", 11)]);
        changes(&new, &[old, other], &mut shelf, &mut both);
        assert_eq!(both.0, Vec::<String>::new());

        let ours = shelf.put(30, &[("100644", "f", 1)]);
        let theirs = shelf.put(31, &[("100644", "f", 2), ("100644", "g", 3)]);
        let merged = shelf.put(32, &[("100644", "f", 2), ("100644", "g", 4)]);
        let mut taken = Seen::default();
        changes(&merged, &[ours, theirs], &mut shelf, &mut taken);
        assert_eq!(taken.0, ["g 4 [3]"]);
    }

    #[test]
    fn a_folder_and_a_file_of_one_name_are_told_apart() {
        let mut shelf = Shelf::default();
        shelf.put(10, &[("100644", "x", 1)]);
        let old = shelf.put(20, &[("100644", "a", 4), ("100644", "a.c", 5)]);
        let new = shelf.put(21, &[("100644", "a.c", 5), ("40000", "a", 10)]);
        let mut seen = Seen::default();
        changes(&new, &[old], &mut shelf, &mut seen);
        assert_eq!(seen.0, ["+a", "+a/x", "a/x 1 []"]);
    }

    #[test]
    fn a_slash_in_a_name_makes_no_folder_of_it() {
        let mut shelf = Shelf::default();
        shelf.put(10, &[("100644", "x", 1)]);
        let old = shelf.put(20, &[("40000", "a", 10)]);
        let new = shelf.put(21, &[("40000", "a/b", 10)]);
        let mut seen = Seen::default();
        changes(&new, &[old], &mut shelf, &mut seen);
        assert_eq!(seen.0, ["+a/b", "+a/b/x", "a/b/x 1 []"]);
    }

    #[test]
    fn a_tree_of_trees_without_end_is_cut() {
        let mut shelf = Shelf::default();
        for level in 1..30 {
            let entries: Vec<_> = ["a", "b", "c", "d", "e", "f", "g", "h"]
                .into_iter()
                .map(|name| ("40000", name, level + 1))
                .collect();
            shelf.put(level, &entries);
        }
        shelf.put(30, &[("100644", "x", 99)]);
        let mut seen = Seen(Vec::new(), 5000 * NEW_ENTRY);
        assert!(!changes(&object(1), &[], &mut shelf, &mut seen));
        assert!(seen.0.len() < 11_000);
        // A second commit gets nothing any more.
        let before = seen.0.len();
        assert!(!changes(&object(1), &[], &mut shelf, &mut seen));
        assert_eq!(seen.0.len(), before);
    }

    #[test]
    fn wanted_paths_are_located_without_the_rest() {
        let mut shelf = Shelf::default();
        shelf.put(10, &[("100644", "x", 1), ("100644", "y", 2)]);
        let root = shelf.put(20, &[("100644", "a", 4), ("40000", "d", 10), ("40000", "e", 77)]);
        let paths: [&[u8]; 4] = [b"d/x", b"a", b"d/z", b"a/x"];
        let mut wanted = Wanted::new(paths);
        assert_eq!(*wanted.locate(&root, &mut shelf), [(1, object(4)), (0, object(1))]);
    }

    #[test]
    fn a_malformed_tree_ends_early() {
        for bytes in [&b"100644"[..], b"100644 a", b"100644 a\0short", b""] {
            assert_eq!(entries(bytes, Format::Sha1).count(), 0);
        }
    }
}
