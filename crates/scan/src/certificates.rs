//! Certificates that lie beside a private key: in the files of its folder, as they were when it came
//! there. Which of them are for this key, whoever asks about it finds out.

use crate::store;
use git2::{ObjectType, Repository, Tree};
use quietus_model::{Companion, Hit, Location, Place, RuleSet, Secret};
use std::path::Path;

/// The part that a rule names its certificates by.
const PART: &str = "certificate";

/// What begins a certificate in PEM (RFC 7468).
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// How files with certificates are called.
const ENDINGS: [&str; 5] = [".crt", ".cer", ".pem", ".cert", ".chain"];

/// More of one folder, of one key's places, and of one source are not looked at.
const MOST_FILES: usize = 64;
const MOST_PLACES: usize = 4;
const MOST_KEYS: usize = 500;

/// A longer file is none with the certificate of a server.
const MOST_BYTES: u64 = 64 << 10;

/// Gives each hit whose rule knows certificates those that lie beside it in the source at `path`.
pub(crate) fn beside(path: &Path, hits: &mut [Hit], rules: &RuleSet) {
    let is_key = |hit: &&mut Hit| {
        let rule = rules.get(&hit.finding.rule);
        rule.is_some_and(|rule| rule.companions.iter().any(|part| part.name == PART))
    };
    let mut keys = hits.iter_mut().filter(is_key).take(MOST_KEYS).peekable();
    if keys.peek().is_none() {
        return;
    }
    let repository = store::open(path).ok();
    for hit in keys {
        let places = hit.finding.locations.iter().take(MOST_PLACES);
        let texts: Vec<Vec<u8>> =
            places.flat_map(|place| lying(path, repository.as_ref(), place)).collect();
        for text in texts {
            let part = Companion { name: PART.to_owned(), secret: Secret::new(text) };
            if !hit.parts.contains(&part) {
                hit.parts.push(part);
            }
        }
    }
}

/// The certificates in the folder of a place.
fn lying(path: &Path, repository: Option<&Repository>, place: &Location) -> Vec<Vec<u8>> {
    let (folder, _) = place.path.as_str().rsplit_once('/').unwrap_or_default();
    match (&place.introduced, repository) {
        (Some(introduced), Some(repository)) => {
            in_commit(repository, &introduced.commit, folder).unwrap_or_default()
        }
        _ if place.place == Place::WorkTree => in_folder(&path.join(folder)),
        _ => Vec::new(),
    }
}

fn is_called_so(name: &str) -> bool {
    ENDINGS.iter().any(|ending| name.to_ascii_lowercase().ends_with(ending))
}

fn holds_one(text: &[u8]) -> bool {
    text.windows(BEGIN.len()).any(|window| window == BEGIN)
}

fn in_commit(repository: &Repository, commit: &str, folder: &str) -> Option<Vec<Vec<u8>>> {
    let commit = repository.find_commit(git2::Oid::from_str(commit).ok()?).ok()?;
    let root = commit.tree().ok()?;
    let tree = match folder {
        "" => root,
        folder => {
            root.get_path(Path::new(folder)).ok()?.to_object(repository).ok()?.into_tree().ok()?
        }
    };
    Some(in_tree(repository, &tree))
}

fn in_tree(repository: &Repository, tree: &Tree<'_>) -> Vec<Vec<u8>> {
    let odb = repository.odb().ok();
    let is_small = |id| {
        let header = odb.as_ref().and_then(|odb| odb.read_header(id).ok());
        header.is_some_and(|(length, kind)| kind == ObjectType::Blob && length as u64 <= MOST_BYTES)
    };
    let named = tree.iter().filter(|entry| entry.name().is_ok_and(is_called_so)).take(MOST_FILES);
    let small = named.map(|entry| entry.id()).filter(|id| is_small(*id));
    let texts = small.filter_map(|id| Some(repository.find_blob(id).ok()?.content().to_vec()));
    texts.filter(|text| holds_one(text)).collect()
}

fn in_folder(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let named =
        entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(is_called_so));
    // What a link points to lies elsewhere.
    let is_file = |entry: &std::fs::DirEntry| {
        entry.metadata().is_ok_and(|data| data.is_file() && data.len() <= MOST_BYTES)
    };
    let mut paths: Vec<_> =
        named.take(MOST_FILES).filter(is_file).map(|entry| entry.path()).collect();
    paths.sort();
    let texts = paths.iter().filter_map(|path| std::fs::read(path).ok());
    texts.filter(|text| holds_one(text)).collect()
}
