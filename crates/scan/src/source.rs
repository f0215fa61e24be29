//! What may be scanned, how, and what comes of it.

use quietus_model::{Hit, RepositoryId, Scope};
use std::path::{Path, PathBuf};

/// Where bytes come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// The files of a folder, or one file. If the folder is the root of a repository, files that
    /// are as the checked-out commit has them count as seen in that commit.
    Tree(PathBuf),
    /// Every object of a repository, bare or not.
    History(PathBuf),
    /// Files and every object; for a bare repository its objects, for a mere folder its files.
    Whole(PathBuf),
    /// What is staged and not yet committed.
    Staged(PathBuf),
    /// What commits after a revision brought in.
    Since {
        /// The repository.
        path: PathBuf,
        /// The last commit that is not looked at any more.
        revision: String,
    },
    /// Bytes that the caller has, such as standard input.
    Stdin(Vec<u8>),
}

impl Source {
    /// The place on disk, where there is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Tree(path) | Self::History(path) | Self::Whole(path) | Self::Staged(path) => {
                Some(path)
            }
            Self::Since { path, .. } => Some(path),
            Self::Stdin(_) => None,
        }
    }
}

/// More threads than this only cost memory.
const MOST_THREADS: usize = 256;

/// How a scan is run.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads; 0 means one for each processor.
    pub threads: usize,
    /// Files and objects above this many bytes become a gap.
    pub max_file_size: u64,
    /// Leave out what `.gitignore` and git's other ignore files name.
    pub respect_gitignore: bool,
    /// Look at every byte of every object, and not only at what is new in it against the one that it
    /// is stored as a change to: slower, with the same outcome.
    pub whole_objects: bool,
    /// Only paths that are or lie under one of these; empty means all.
    pub path_filter: Vec<String>,
    /// The name that is configured for the repository.
    pub name: Option<RepositoryId>,
    /// A folder of the caller's own in which it is remembered what objects hold, so that no object
    /// is scanned twice by the same rules. With none, nothing is remembered. The outcome is the
    /// same.
    pub memory: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            max_file_size: 64 << 20,
            respect_gitignore: false,
            whole_objects: false,
            path_filter: Vec::new(),
            name: None,
            memory: None,
        }
    }
}

impl Options {
    pub(crate) fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some.min(MOST_THREADS),
        }
    }

    /// Whether a path of the repository is to be looked at.
    pub(crate) fn admits(&self, path: &[u8]) -> bool {
        self.path_filter.is_empty()
            || self.path_filter.iter().any(|filter| {
                let filter = filter.trim_start_matches("./").trim_end_matches('/').as_bytes();
                filter.is_empty()
                    || path
                        .strip_prefix(filter)
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            })
    }
}

/// What one scan found, and what it may claim.
#[derive(Clone, Debug)]
pub struct Scanned {
    /// Where it looked and what it could not read.
    pub scope: Scope,
    /// One hit for each secret, in the order of their fingerprints.
    pub hits: Vec<Hit>,
}

/// What a scan is busy with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Reading files.
    Files,
    /// Reading objects.
    Objects,
    /// Finding out which commits brought in what was found.
    Attribution,
}

/// Is told how far a scan has come, from any of its threads.
pub trait Progress: Sync {
    /// A stage begins; `total` is how many items it has, where that is known.
    fn stage(&self, stage: Stage, total: Option<u64>);
    /// So many more items and bytes are done.
    fn advance(&self, items: u64, bytes: u64);
}

/// Tells nobody.
impl Progress for () {
    fn stage(&self, _: Stage, _: Option<u64>) {}
    fn advance(&self, _: u64, _: u64) {}
}

/// Why nothing at all could be scanned.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// There is nothing at this path.
    #[error("{path}: {error}; check the path")]
    Unreadable {
        /// The path.
        path: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// The path holds no repository.
    #[error("{path}: not a git repository; name its top folder or a bare repository")]
    NotARepository {
        /// The path.
        path: String,
    },
    /// The repository belongs to somebody else, who could plant configuration in it.
    #[error(
        "{path}: the repository belongs to another user; if you trust them, run \
         `git config --global --add safe.directory {path}`"
    )]
    OwnedByOther {
        /// The path.
        path: String,
    },
    /// The repository has a format that cannot be read yet, or one that is better not opened.
    #[error("{path}: {detail}; scan its files instead (--tree-only)")]
    Unsupported {
        /// The path.
        path: String,
        /// What is not supported.
        detail: String,
    },
    /// The repository cannot be opened.
    #[error("{path}: the repository is damaged ({detail}); try `git fsck` there")]
    Damaged {
        /// The path.
        path: String,
        /// What git said.
        detail: String,
    },
    /// Secrets that are known cannot be looked for.
    #[error("{detail}")]
    Unsearchable {
        /// Why, and what to do.
        detail: String,
    },
    /// There is no such revision.
    #[error("{path}: no revision \"{revision}\" ({detail}); name a commit, branch or tag")]
    Revision {
        /// The path.
        path: String,
        /// The revision.
        revision: String,
        /// What git said.
        detail: String,
    },
}
