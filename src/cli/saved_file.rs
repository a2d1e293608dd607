//! The file that holds a saved plan: read whole and proven, written whole, for its owner alone.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::apply;
use crate::plan::saved::{AllowedSigners, NotSaved, Saved};
use crate::run::Stop;

/// # Errors
/// A file that cannot be read, and one that is no saved plan as it was saved.
pub(super) fn read(path: &Path) -> Result<Saved, Stop> {
    let shown = path.display();
    let bytes = fs::read(path).map_err(|e| Stop::failed(format!("{shown} cannot be read: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Stop::failed(format!("{shown} is no saved plan: it is no UTF-8")))?;
    Saved::parse(&text).map_err(|why| {
        let message = format!("{shown}: {why}");
        match why {
            NotSaved::Newer(..) => Stop::hinted(message, "take the portcullis that made it, or plan again with this one"),
            _ => Stop::hinted(message, "`portcullis plan --out FILE` saves a plan"),
        }
    })
}

/// Who may sign in a namespace.
///
/// # Errors
/// A file that cannot be read, every line of it that is wrong, and one that names nobody.
pub(super) fn signers(path: &Path, namespace: &str) -> Result<AllowedSigners, Stop> {
    let shown = path.display();
    let text = fs::read_to_string(path).map_err(|e| Stop::failed(format!("{shown} cannot be read: {e}")))?;
    let allowed = AllowedSigners::parse(&text, namespace).map_err(|wrong| Stop::failed(format!("{shown}: {}", wrong.join("; "))))?;
    if allowed.is_empty() {
        return Err(Stop::failed(format!("{shown}: nobody may sign: it has no key for the namespace {namespace}")));
    }
    Ok(allowed)
}

/// A place for a saved plan, known to be writable before anything is read.
#[must_use]
pub(super) struct SavedFile {
    path: PathBuf,
    half: PathBuf,
    file: File,
}

impl SavedFile {
    /// What the file held stays until it is written.
    ///
    /// # Errors
    /// A file that cannot be written, or is none.
    pub(super) fn open(path: &Path) -> Result<Self, Stop> {
        let refuse = |why: &dyn std::fmt::Display| Stop::failed(format!("the plan cannot be saved to {}: {why}", path.display()));
        let name = path.file_name().ok_or_else(|| refuse(&"it names no file"))?;
        if fs::symlink_metadata(path).is_ok_and(|m| !m.is_file()) {
            return Err(refuse(&"it is no regular file"));
        }
        // It would cost a manifest, or be read as one.
        if path.extension().is_some_and(|end| end == "yaml" || end == "yml") {
            return Err(refuse(&"so manifests are called: name it as `plan.json`"));
        }
        let half = path.with_file_name(format!(".{}.{}", name.to_string_lossy(), std::process::id()));
        let file = apply::private_file(&half).map_err(|e| refuse(&e))?;
        Ok(Self { path: path.to_owned(), half, file })
    }

    /// # Errors
    /// A disk that is full.
    pub(super) fn write(mut self, saved: &Saved) -> Result<(), Stop> {
        self.put(saved).map_err(|e| Stop::failed(format!("the plan cannot be saved to {}: {e}", self.path.display())))
    }

    fn put(&mut self, saved: &Saved) -> io::Result<()> {
        self.file.write_all(saved.to_text().as_bytes())?;
        self.file.sync_all()?;
        fs::rename(&self.half, &self.path)
    }
}

impl Drop for SavedFile {
    fn drop(&mut self) {
        // Gone already where the plan is in its place.
        let _ = fs::remove_file(&self.half);
    }
}
