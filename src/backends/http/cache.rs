//! Answers kept from run to run, for runs that only look. A kept answer is served where the server
//! says 304 of it and never without asking. It holds what the account's reading holds, so it is its
//! owner's alone; no part of a token goes into it or into its name.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// Bytes in all. Above it, what was written first goes first.
const MOST: u64 = 64 * 1024 * 1024;
/// Bytes of one answer that is kept.
const MOST_OF_ONE: usize = 16 * 1024 * 1024;
const VERSION: u32 = 1;
const SUFFIX: &str = "answer";

/// A folder of kept answers.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
    most: u64,
}

/// Whose answer it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    pub origin: String,
    pub connection: String,
    pub actor: Option<String>,
    pub url: String,
}

/// The first line of a file; the body is the rest.
#[derive(Serialize, Deserialize)]
struct Head {
    version: u32,
    key: Key,
    etag: String,
    /// Of the body, so that half a file is none.
    sha256: String,
}

/// An answer as it was kept.
pub(super) struct Kept {
    pub etag: String,
    pub body: Box<RawValue>,
}

impl Cache {
    /// Below the folder of a user's caches.
    pub fn below(caches: &Path) -> Self {
        Self { folder: caches.join("portcullis"), most: MOST }
    }

    #[cfg(test)]
    pub(super) fn of_size(folder: &Path, most: u64) -> Self {
        Self { folder: folder.to_owned(), most }
    }

    /// Nothing where there is none, or where the file is damaged or somebody else's.
    pub(super) fn get(&self, key: &Key) -> Option<Kept> {
        let path = self.path(key);
        if !fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        File::open(path).ok()?.take(2 * MOST_OF_ONE as u64).read_to_end(&mut bytes).ok()?;
        let at = bytes.iter().position(|b| *b == b'\n')?;
        let (head, body) = (&bytes[..at], &bytes[at + 1..]);
        let head: Head = serde_json::from_slice(head).ok()?;
        if head.version != VERSION || head.key != *key || head.sha256 != hex(body) {
            return None;
        }
        Some(Kept { etag: head.etag, body: serde_json::from_slice(body).ok()? })
    }

    /// Keeps an answer. What cannot be kept is asked for again the next time, so nobody is told.
    pub(super) fn put(&self, key: &Key, etag: &str, body: &RawValue) {
        let body = body.get();
        if body.len() > MOST_OF_ONE {
            return;
        }
        if let Err(why) = self.write(key, etag, body) {
            tracing::debug!(%why, "an answer could not be kept");
        }
    }

    fn write(&self, key: &Key, etag: &str, body: &str) -> io::Result<()> {
        let head = Head { version: VERSION, key: key.clone(), etag: etag.to_owned(), sha256: hex(body.as_bytes()) };
        let head = serde_json::to_string(&head)?;
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        self.make_room((head.len() + 1 + body.len()) as u64)?;
        // Whole or not at all, also beside another run that keeps the same answer.
        let path = self.path(key);
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let _ = fs::remove_file(&new);
        #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.write(true).create_new(true).open(&new)?;
        let written = file.write_all(head.as_bytes()).and_then(|()| file.write_all(b"\n")).and_then(|()| file.write_all(body.as_bytes()));
        written.and_then(|()| fs::rename(&new, &path)).inspect_err(|_| drop(fs::remove_file(&new)))
    }

    /// Takes away the oldest files until there is room; those too that a run left which was cut off.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder)?.flatten() {
            if let Ok(meta) = entry.metadata()
                && meta.is_file()
            {
                files.push((meta.modified().ok(), entry.path(), meta.len()));
            }
        }
        let mut all: u64 = files.iter().map(|(.., len)| len).sum();
        files.sort();
        for (_, path, len) in files {
            if all + bytes <= self.most {
                break;
            }
            fs::remove_file(path)?;
            all -= len;
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        // No field of a URL or a name holds a line break.
        let text = [key.origin.as_str(), &key.connection, key.actor.as_deref().unwrap_or("\t"), &key.url].join("\n");
        self.folder.join(hex(text.as_bytes())).with_extension(SUFFIX)
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
