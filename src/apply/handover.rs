//! Where the links of invitations go: one file a member, for whoever hands them over. A link is a
//! secret (SYSTEMS.md M2) and stands in no message; only where it waits does.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::model::{Email, Link};

/// Longer names are hashed: file systems take 255 bytes.
const LONGEST: usize = 200;

/// The folder of one account's links.
pub struct Handover {
    folder: PathBuf,
    /// The same as the manifests spell it.
    written: PathBuf,
}

impl Handover {
    /// Makes `directory/ACCOUNT` below the manifests' folder, for its owner alone. It is there before
    /// the first call, so that no link is lost for want of it.
    ///
    /// # Errors
    /// A folder that cannot be made, or that a link of the file system takes elsewhere.
    pub fn open(manifests: &Path, directory: &Path, account: &str) -> Result<Self, String> {
        let written = directory.join(file_name(account));
        let folder = manifests.join(&written);
        let refused = |e: io::Error| format!("the folder for links, {}, cannot be made: {e}", written.display());
        let is_link = |below: &&Path| fs::symlink_metadata(manifests.join(below)).is_ok_and(|m| m.is_symlink());
        if let Some(link) = written.ancestors().filter(|a| !a.as_os_str().is_empty()).find(is_link) {
            return Err(format!("the folder for links, {}, may lead elsewhere: {} is a link", written.display(), link.display()));
        }
        private_folder(&folder).map_err(refused)?;
        Ok(Self { folder, written })
    }

    /// Writes the newest link of a member in place of the one before, whole or not at all. Answers
    /// with where it waits.
    ///
    /// # Errors
    /// A disk that is full, in words that hold nothing of the link.
    pub(super) fn write(&self, member: &Email, link: &Link) -> Result<PathBuf, String> {
        let name = format!("{}.link", file_name(member.key()));
        let path = self.folder.join(&name);
        let half = self.folder.join(format!(".{name}.{}", std::process::id()));
        let done = write_private(&half, link).and_then(|()| fs::rename(&half, &path));
        if let Err(e) = done {
            // What is half written is of no use; that it cannot be removed adds nothing.
            let _ = fs::remove_file(&half);
            return Err(format!("{} cannot be written: {e}", self.written.join(&name).display()));
        }
        Ok(self.written.join(name))
    }
}

fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn write_private(path: &Path, link: &Link) -> io::Result<()> {
    // Left by a run that was cut off: its mode is not known to be ours.
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(link.expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// One file name a word, never hidden, never with a separator, and never a manifest's.
fn file_name(word: &str) -> String {
    let plain = |i: usize, b: u8| b.is_ascii_alphanumeric() || matches!(b, b'@' | b'-' | b'_' | b'+') || (b == b'.' && i > 0);
    let name = word.bytes().enumerate().fold(String::new(), |mut name, (i, b)| {
        if plain(i, b) {
            name.push(char::from(b));
        } else {
            name.push_str(&format!("%{b:02x}"));
        }
        name
    });
    if name.len() <= LONGEST {
        return name;
    }
    Sha256::digest(word.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn link(text: &str) -> Link {
        Link::new(SecretString::from(text))
    }

    #[test]
    fn names_of_files_are_plain_and_apart() {
        assert_eq!(file_name("n@acme.example"), "n@acme.example");
        assert_eq!(file_name("../a/b"), "%2e.%2fa%2fb");
        assert_eq!(file_name(".."), "%2e.");
        assert_eq!(file_name(&"a".repeat(300)).len(), 64);
        assert_ne!(file_name(&"a".repeat(300)), file_name(&"a".repeat(301)));
    }

    #[cfg(unix)]
    #[test]
    fn m2_a_new_link_replaces_the_old_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), Path::new("a/b"), "met").unwrap();
        let who = Email::parse("N@acme.example").unwrap();
        handover.write(&who, &link("one")).unwrap();
        let path = handover.write(&who, &link("two")).unwrap();
        assert_eq!(path, Path::new("a/b/met/n@acme.example.link"));
        let path = folder.path().join(path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("a/b/met")), mode(&folder.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(fs::read_dir(folder.path().join("a/b/met")).unwrap().count(), 1, "nothing half written is left");
    }

    #[cfg(unix)]
    #[test]
    fn m2_links_stay_below_the_manifests() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("out")).unwrap();
        let refused = Handover::open(folder.path(), Path::new("out"), "met").err().unwrap();
        assert!(refused.ends_with("out is a link"), "{refused}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn m2_what_goes_wrong_is_said_without_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), Path::new("links"), "met").unwrap();
        fs::remove_dir_all(folder.path().join("links")).unwrap();
        let why = handover.write(&Email::parse("n@acme.example").unwrap(), &link("canary")).unwrap_err();
        assert!(why.starts_with("links/met/n@acme.example.link cannot be written: ") && !why.contains("canary"), "{why}");
    }
}
