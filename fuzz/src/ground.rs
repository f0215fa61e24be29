//! The folder in which forged stores stand, one after the other.

use quietus_odb::ObjectId;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Lives as long as the process, which libFuzzer ends without ceremony: who starts it sets
/// `TMPDIR` and tidies up.
static FOLDER: LazyLock<PathBuf> =
    LazyLock::new(|| tempfile::tempdir().expect("a folder can be made").keep());

/// A folder `objects` with nothing in it but these files.
pub struct Ground {
    objects: PathBuf,
}

impl Ground {
    /// An empty one. What was there before is gone.
    pub fn new() -> Self {
        let objects = FOLDER.join("objects");
        let _ = fs::remove_dir_all(&objects);
        fs::create_dir_all(objects.join("pack")).expect("a folder can be made");
        Self { objects }
    }

    /// Where it is.
    pub fn objects(&self) -> &Path {
        &self.objects
    }

    /// Writes a file of the folder `pack`.
    pub fn pack(&self, name: &str, bytes: &[u8]) {
        fs::write(self.objects.join("pack").join(name), bytes).expect("a file can be written");
    }

    /// Writes the file of a loose object.
    pub fn loose(&self, id: &ObjectId, bytes: &[u8]) {
        let hex = id.to_string();
        let folder = self.objects.join(&hex[..2]);
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::write(folder.join(&hex[2..]), bytes).expect("a file can be written");
    }
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}
