//! Progress bars on standard error, when somebody watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use quietus_scan::{Progress, Stage};
use std::io::IsTerminal;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A bar that follows the stages of a scan.
pub(crate) struct Bar {
    bar: ProgressBar,
    name: Mutex<&'static str>,
    bytes: AtomicU64,
}

impl Bar {
    /// A bar, hidden when standard error is no terminal or the user asked for quiet.
    pub(crate) fn new(quiet: bool) -> Self {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let target = if hidden {
            ProgressDrawTarget::hidden()
        } else {
            ProgressDrawTarget::stderr_with_hz(8)
        };
        Self {
            bar: ProgressBar::with_draw_target(None, target),
            name: Mutex::new(""),
            bytes: AtomicU64::new(0),
        }
    }

    /// Shows what the program is busy with, when it is no scan.
    pub(crate) fn say(&self, what: String) {
        self.bar.set_style(ProgressStyle::default_spinner());
        self.bar.set_message(what);
        self.bar.tick();
    }

    /// Takes the bar away, so that results stand alone.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Bar {
    fn stage(&self, stage: Stage, total: Option<u64>) {
        let name = match stage {
            Stage::Files => "files",
            Stage::Objects => "objects",
            Stage::Attribution => "commits of what was found",
        };
        if let Ok(mut current) = self.name.lock() {
            *current = name;
        }
        self.bytes.store(0, Ordering::Relaxed);
        let template = match total {
            Some(total) => {
                self.bar.set_length(total);
                "{bar:30} {human_pos}/{human_len} {msg} {elapsed}"
            }
            None => {
                self.bar.unset_length();
                "{spinner} {human_pos} {msg} {elapsed}"
            }
        };
        // The templates above are constants; a wrong one leaves the plain style.
        self.bar.set_style(
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        self.bar.set_message(name);
        // Only now, so that nothing is ever drawn in the default style.
        self.bar.reset();
    }

    fn advance(&self, items: u64, bytes: u64) {
        let read = self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bar.inc(items);
        if let Ok(name) = self.name.try_lock() {
            self.bar.set_message(format!("{name}, {} MB", read / 1_000_000));
        }
    }
}
