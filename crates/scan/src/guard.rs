//! What must not be in a repository's own folder when it is opened: whoever made it may have put
//! there what never ends, or what leads elsewhere.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// More than any configuration or list of a shallow clone's ends.
const MOST_BYTES: u64 = 16 << 20;

/// Folders below folders: as deep as the names of branches may go.
const DEEPEST: usize = 64;

/// Looks at the folders that git would read, before git does.
///
/// # Errors
/// What is wrong, when the repository is better not opened.
pub(crate) fn inspect(path: &Path) -> Result<(), String> {
    let git = path.join(".git");
    let mut folders = vec![match fs::metadata(&git) {
        Ok(found) if found.is_dir() => git,
        Ok(found) if found.is_file() => linked(path, &git, b"gitdir: ")?.unwrap_or(git),
        Ok(_) => return Err("\".git\" is neither a folder nor a file".into()),
        Err(_) if is_bare(path) => path.to_owned(),
        // Not a repository: that is told elsewhere.
        Err(_) => return Ok(()),
    }];
    // A linked work tree has its branches and its configuration in the main one.
    let common = folders[0].join("commondir");
    folders.extend(linked(&folders[0], &common, b"")?);
    let mut seen = HashSet::new();
    for folder in &folders {
        regular(folder, 0, &mut seen)?;
        alternates(folder.join("objects"), &mut seen)?;
        for name in ["config", "config.worktree"] {
            configuration(&folder.join(name))?;
        }
        // Git reads the whole of them when it opens a repository.
        for name in ["HEAD", "shallow", "info/grafts"] {
            missing_or(&folder.join(name), small_file)?;
        }
    }
    Ok(())
}

/// Stores from which git would borrow objects, and those from which they borrow.
fn alternates(objects: PathBuf, seen: &mut HashSet<PathBuf>) -> Result<(), String> {
    let mut waiting = vec![objects];
    while let Some(objects) = waiting.pop() {
        let named = missing_or(&objects.join("info/alternates"), small_file)?.unwrap_or_default();
        for line in String::from_utf8_lossy(&named).lines().filter(|line| !line.is_empty()) {
            let other = objects.join(line);
            if other.canonicalize().is_ok_and(|whole| seen.insert(whole)) {
                regular(&other, 0, seen)?;
                waiting.push(other);
            }
        }
    }
    Ok(())
}

fn is_bare(path: &Path) -> bool {
    ["HEAD", "objects", "refs"].iter().all(|name| path.join(name).symlink_metadata().is_ok())
}

/// The folder that a file names, when there is such a file.
fn linked(folder: &Path, file: &Path, prefix: &[u8]) -> Result<Option<PathBuf>, String> {
    let Some(text) = missing_or(file, small_file)? else { return Ok(None) };
    let named = text.strip_prefix(prefix).and_then(|rest| std::str::from_utf8(rest).ok());
    Ok(named.map(|named| folder.join(named.trim_end())))
}

fn configuration(file: &Path) -> Result<(), String> {
    let Some(text) = missing_or(file, small_file)? else { return Ok(()) };
    // More than git would take for an include, so that no way of writing one is overlooked.
    let opened = text.split(|byte| *byte == b'[').skip(1);
    let mut sections = opened.map(|rest| rest.trim_ascii_start());
    let is_include = |rest: &[u8]| {
        rest.get(..INCLUDE.len()).is_some_and(|name| name.eq_ignore_ascii_case(INCLUDE))
    };
    match sections.any(is_include) {
        true => Err("its configuration includes other files, which is not obeyed".into()),
        false => Ok(()),
    }
}

const INCLUDE: &[u8] = b"include";

fn missing_or<T>(path: &Path, read: fn(&Path) -> io::Result<T>) -> Result<Option<T>, String> {
    match read(path) {
        Ok(read) => Ok(Some(read)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

/// The bytes of a regular file of moderate size.
///
/// # Errors
/// When it is anything else, or cannot be read.
pub(crate) fn small_file(path: &Path) -> io::Result<Vec<u8>> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(io::Error::other(format!("more than {MOST_BYTES} bytes")));
    }
    Ok(bytes)
}

/// That nothing below a folder is a pipe or a device, which would never end. What cannot be read
/// is left for git to tell. `seen` are folders that links led to.
fn regular(folder: &Path, depth: usize, seen: &mut HashSet<PathBuf>) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("{}: folders within folders without end", folder.display()));
    }
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries.flatten() {
        let Ok(mut kind) = entry.file_type() else { continue };
        let path = entry.path();
        let mut is_new = true;
        if kind.is_symlink() {
            let Ok(target) = fs::metadata(&path) else { continue };
            kind = target.file_type();
            is_new = kind.is_dir() && path.canonicalize().is_ok_and(|whole| seen.insert(whole));
        }
        if kind.is_dir() && is_new {
            regular(&path, depth + 1, seen)?;
        }
        if is_endless(kind) {
            return Err(format!("{} is a pipe or a device", path.display()));
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_endless(kind: fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    // Not sockets: git's own watcher has one, and opening it fails at once.
    kind.is_fifo() || kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_endless(_: fs::FileType) -> bool {
    false
}
