//! The claim on one mirror: one process at a time, and what a killed one left is cleared away.

use super::git::end_group;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is tried again.
const AGAIN: Duration = Duration::from_millis(100);

/// A mirror that no other process of ours changes. Ends with the process, however that ends.
pub(super) struct Claim {
    file: File,
}

impl Claim {
    /// Waits for the mirror at `path`, for this long at most.
    pub(super) fn of(path: &Path, patience: Duration) -> Result<Self, String> {
        let lock = path.with_extension("lock");
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                    std::thread::sleep(AGAIN);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err("another process is at its mirror all the time".to_owned());
                }
                Err(TryLockError::Error(error)) => {
                    return Err(format!("{}: {error}", lock.display()));
                }
            }
        }
    }

    /// Notes the git that works for this claim, so that the next one can end it if we are killed.
    pub(super) fn note(&mut self, process: u32) {
        let _ = self.file.set_len(0);
        let _ = self.file.rewind();
        let _ = write!(self.file, "{process}");
    }

    /// Clears away what a process that was killed left at `path`: its git, half clones, lock files.
    pub(super) fn tidy(&mut self, path: &Path) {
        self.end_orphan(path);
        let gone = path.with_extension("gone");
        if gone.exists() {
            // Killed between two renames: what was there is as good as what should have come.
            let whole = path.exists();
            let _ = if whole { fs::remove_dir_all(&gone) } else { fs::rename(&gone, path) };
        }
        let _ = fs::remove_dir_all(self.partial(path));
        // No ref may end like that; a ref may well begin with `tmp_`.
        sweep(path, &|name| name.ends_with(b".lock"));
        sweep(&path.join("objects"), &|name| name.starts_with(b"tmp_"));
    }

    /// Where a clone of the mirror at `path` is made.
    pub(super) fn partial(&self, path: &Path) -> PathBuf {
        path.with_extension("part")
    }

    /// Ends the git that a killed process left at work. That it is one is seen by its arguments, for
    /// its number may be another's by now.
    fn end_orphan(&mut self, path: &Path) {
        let mut text = String::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_string(&mut text));
        let Some(process) = read.ok().and_then(|_| text.trim().parse::<u32>().ok()) else { return };
        let arguments = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments);
        let stem = path.with_extension("").display().to_string();
        if arguments.contains("git") && arguments.contains(&stem) {
            end_group(process);
            std::thread::sleep(AGAIN);
        }
        let _ = self.file.set_len(0);
    }
}

/// Removes what is left over of those that `folder` and the folders below it hold.
fn sweep(folder: &Path, is_left: &dyn Fn(&[u8]) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.filter_map(Result::ok) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let left = is_left(entry.file_name().as_encoded_bytes());
        let _ = match (is_folder, left) {
            (true, true) => fs::remove_dir_all(entry.path()),
            (false, true) => fs::remove_file(entry.path()),
            (true, false) => {
                sweep(&entry.path(), is_left);
                Ok(())
            }
            (false, false) => Ok(()),
        };
    }
}
