//! Files for their owner alone.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// Longer names are hashed: file systems take 255 bytes.
const LONGEST: usize = 200;

/// The folder and those above it, of mode 0700 where they are new.
pub(super) fn folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// A new file of mode 0600 in place of one that a run which was cut off left: its mode is not known to be
/// ours.
///
/// # Errors
/// A folder or a disk that cannot be written.
pub fn new_file(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    options().write(true).create_new(true).open(path)
}

/// A file of mode 0600 where it is new, as it is where it is there.
///
/// # Errors
/// A link, or anything else that is no regular file: somebody else may have put it there.
pub(super) fn kept_file(path: &Path) -> io::Result<File> {
    if fs::symlink_metadata(path).is_ok_and(|m| !m.is_file()) {
        return Err(io::Error::other("it is no regular file"));
    }
    options().read(true).write(true).create(true).truncate(false).open(path)
}

fn options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// The name of a new file is on the disk, too.
pub(super) fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = of.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// One file name a word, never hidden, never with a separator, and never a manifest's.
pub(super) fn file_name(word: &str) -> String {
    let plain = |i: usize, b: u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'-' | b'_' | b'+') || (b == b'.' && i > 0);
    let name = word.bytes().enumerate().fold(String::new(), |mut name, (i, b)| {
        if plain(i, b) {
            name.push(char::from(b));
        } else {
            name.push_str(&format!("%{b:02x}"));
        }
        name
    });
    if name.len() <= LONGEST { name } else { hex(word) }
}

/// Sixteen digits of the hash of a text: a name for what has none.
pub fn short_hash(text: &str) -> String {
    hex(text)[..16].to_owned()
}

/// The hash of a text, in hexadecimal digits.
pub(super) fn hex(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_plain_and_apart() {
        assert_eq!(file_name("n@acme.example"), "n@acme.example");
        assert_eq!(file_name("../a/b"), "%2e.%2fa%2fb");
        assert_eq!(file_name(".."), "%2e.");
        assert_eq!(file_name(&"a".repeat(300)).len(), 64);
        assert_ne!(file_name(&"a".repeat(300)), file_name(&"a".repeat(301)));
    }
}
