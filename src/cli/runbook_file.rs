//! The file that `--runbook` names.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::plan::Plan;
use crate::render::runbook::{self, Runbook};
use crate::run::Stop;

/// A file that is open for writing; what it held stays until it is written.
#[must_use]
pub(super) struct RunbookFile {
    path: PathBuf,
    file: File,
    /// Nothing was there before.
    is_new: bool,
}

impl RunbookFile {
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn open(path: &Path) -> Result<Self, Stop> {
        let is_new = !path.exists();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(|e| refused(path, &e))?;
        Ok(Self { path: path.to_owned(), file, is_new })
    }

    /// Writes the steps that a human must make.
    ///
    /// # Errors
    /// A disk that is full.
    pub(super) fn write(mut self, plan: &Plan) -> Result<(), Stop> {
        self.replace(plan).map_err(|e| refused(&self.path, &e))
    }

    fn replace(&mut self, plan: &Plan) -> io::Result<()> {
        let mut text = Vec::new();
        runbook::markdown(&mut text, &Runbook::of(plan))?;
        // A pipe or a terminal has no length.
        if self.file.metadata()?.is_file() {
            self.file.set_len(0)?;
        }
        self.file.write_all(&text)
    }

    /// Nothing was applied: leaves what was there, and no empty file where nothing was.
    pub(super) fn abandon(self) {
        if self.is_new {
            // Nobody misses it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn refused(path: &Path, why: &io::Error) -> Stop {
    Stop::failed(format!("the runbook cannot be written to {}: {why}", path.display()))
}
