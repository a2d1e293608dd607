//! Where the links of invitations go, and other secrets to hand over: one file a member, for whoever
//! hands them over. A link is a secret (SYSTEMS.md M2) and stands in no message; only where it waits
//! does.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::manifest::Links;
use crate::model::{Email, Link, Recipient};
use crate::systems::Secret;

use super::private;

/// Room for a link, encrypted or not, that is taken before an invitation goes out.
const ROOM: usize = 4096;
/// What the names of link files end with: in the clear, and encrypted.
const ENDINGS: [&str; 2] = [".link", ".link.age"];
/// The same of ways to a new password. No reading tells whether one was used, so no sweep takes it.
const RESETS: [&str; 2] = [".reset", ".reset.age"];

/// The folder of one account's links.
pub struct Handover {
    folder: PathBuf,
    /// The same as the manifests spell it.
    written: PathBuf,
    recipient: Option<Recipient>,
}

/// A file that stands ready for one member's link. Dropped unused it is gone again.
pub struct Ready<'h> {
    handover: &'h Handover,
    half: PathBuf,
    file: File,
    member: Email,
    endings: [&'static str; 2],
}

/// A link file as it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    name: OsString,
    /// Tells it from a newer one of the same name: no two links are alike.
    digest: Option<[u8; 32]>,
}

/// What became of the link files that are of no use any more, by their paths.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub removed: Vec<PathBuf>,
    /// With why not.
    pub kept: Vec<(PathBuf, String)>,
    /// How many are left that somebody may still need.
    pub waiting: usize,
}

impl Handover {
    /// Makes `directory/ACCOUNT` below the manifests' folder, for its owner alone. It is there before
    /// the first call, so that no link is lost for want of it.
    ///
    /// # Errors
    /// A folder that cannot be made, or that a link of the file system takes elsewhere.
    pub fn open(manifests: &Path, links: &Links, account: &str) -> Result<Self, String> {
        let handover = Self::at(manifests, links, account)?;
        private::folder(&handover.folder)
            .map_err(|e| format!("the folder for links, {}, cannot be made: {e}", handover.written.display()))?;
        Ok(handover)
    }

    /// The same without making it.
    ///
    /// # Errors
    /// A folder that a link of the file system takes elsewhere.
    pub fn at(manifests: &Path, links: &Links, account: &str) -> Result<Self, String> {
        let written = links.directory.join(private::file_name(account));
        let is_link = |below: &&Path| fs::symlink_metadata(manifests.join(below)).is_ok_and(|m| m.is_symlink());
        if let Some(link) = written.ancestors().filter(|a| !a.as_os_str().is_empty()).find(is_link) {
            return Err(format!("the folder for links, {}, may lead elsewhere: {} is a link", written.display(), link.display()));
        }
        Ok(Self { folder: manifests.join(&written), written, recipient: links.recipient.clone() })
    }

    /// Makes the file that the newest link of a member will be in, and takes its room on the disk: an
    /// invitation goes out only once its link has a place.
    ///
    /// # Errors
    /// A folder that cannot be written to, a disk that is full.
    pub fn ready(&self, member: &Email) -> Result<Ready<'_>, String> {
        self.ready_as(member, ENDINGS)
    }

    /// The same for what this secret is.
    ///
    /// # Errors
    /// As [`Handover::ready`].
    pub fn ready_for(&self, member: &Email, secret: Secret) -> Result<Ready<'_>, String> {
        match secret {
            Secret::InvitationLink => self.ready(member),
            Secret::PasswordLink | Secret::Password => self.ready_as(member, RESETS),
        }
    }

    fn ready_as(&self, member: &Email, endings: [&'static str; 2]) -> Result<Ready<'_>, String> {
        let name = self.name_of(member, endings);
        let half = self.folder.join(format!(".{name}.{}", std::process::id()));
        let file = private_file(&half).map_err(|e| format!("{} cannot be written: {e}", self.written.join(name).display()))?;
        Ok(Ready { handover: self, half, file, member: member.clone(), endings })
    }

    /// The link files that there are; none where there is no folder.
    pub fn found(&self) -> Vec<Found> {
        let is_link = |name: &OsString| name.to_str().is_some_and(|n| !n.starts_with('.') && ENDINGS.iter().any(|end| n.ends_with(end)));
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let files = entries.filter(|e| is_link(&e.file_name()) && e.file_type().is_ok_and(|kind| kind.is_file()));
        let digest = |path: &Path| fs::read(path).ok().map(|bytes| Sha256::digest(bytes).into());
        let mut found: Vec<_> = files.map(|e| Found { name: e.file_name(), digest: digest(&e.path()) }).collect();
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// Whether a link waits for the member.
    pub fn holds(&self, member: &Email) -> bool {
        names_of(member, ENDINGS).iter().any(|name| self.folder.join(name).is_file())
    }

    /// Removes those of the files whose members are not `pending`: who has accepted or is gone needs no
    /// link. What was written since the files were found stays. Both must be of one account, the files
    /// found before the members were read.
    pub fn sweep<'m>(&self, found: &[Found], pending: impl Iterator<Item = &'m Email>) -> Swept {
        let needed: BTreeSet<OsString> = pending.flat_map(|member| names_of(member, ENDINGS).map(OsString::from)).collect();
        let there = self.found();
        let waiting = there.iter().filter(|f| needed.contains(&f.name) || !found.contains(f)).count();
        let mut swept = Swept { waiting, ..Swept::default() };
        for file in found.iter().filter(|f| !needed.contains(&f.name) && there.contains(f)) {
            let path = self.written.join(&file.name);
            match fs::remove_file(self.folder.join(&file.name)) {
                Ok(()) => swept.removed.push(path),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => swept.kept.push((path, e.to_string())),
            }
        }
        swept
    }

    fn name_of(&self, member: &Email, endings: [&'static str; 2]) -> String {
        let [clear, sealed] = names_of(member, endings);
        if self.recipient.is_some() { sealed } else { clear }
    }
}

impl Ready<'_> {
    /// Puts the link in place of the one before, whole or not at all. Answers with where it waits.
    ///
    /// # Errors
    /// A disk that fails, in words that hold nothing of the link.
    pub fn write(mut self, link: &Link) -> Result<PathBuf, String> {
        let Handover { folder, written, recipient } = self.handover;
        let name = self.handover.name_of(&self.member, self.endings);
        let failed = |why: String| format!("{} cannot be written: {why}", written.join(&name).display());
        let put = |file: &mut File, bytes: &[u8]| -> io::Result<()> {
            file.rewind()?;
            file.write_all(bytes)?;
            file.set_len(bytes.len() as u64)?;
            file.sync_all()?;
            fs::rename(&self.half, folder.join(&name))?;
            private::sync_folder(&folder.join(&name))
        };
        let clear = SecretString::from(format!("{}\n", link.expose()));
        let clear = clear.expose_secret().as_bytes();
        match recipient {
            Some(recipient) => {
                let sealed = age::encrypt(recipient.key(), clear).map_err(|_| failed("it cannot be encrypted".into()))?;
                put(&mut self.file, &sealed)
            }
            None => put(&mut self.file, clear),
        }
        .map_err(|e| failed(e.to_string()))?;
        // The one before may have been written the other way; it opens nothing any more.
        for other in names_of(&self.member, self.endings).iter().filter(|other| **other != name) {
            let _ = fs::remove_file(folder.join(other));
        }
        Ok(written.join(name))
    }
}

impl Drop for Ready<'_> {
    fn drop(&mut self) {
        // Gone already where the link is in its place; that it cannot be removed adds nothing.
        let _ = fs::remove_file(&self.half);
    }
}

/// The files that may hold a member's link: in the clear, and encrypted.
fn names_of(member: &Email, endings: [&'static str; 2]) -> [String; 2] {
    let name = private::file_name(member.key());
    endings.map(|end| format!("{name}{end}"))
}

/// A new file with room for a link.
fn private_file(path: &Path) -> io::Result<File> {
    let mut file = private::new_file(path)?;
    if let Err(e) = file.write_all(&[0; ROOM]).and_then(|()| file.sync_all()) {
        let _ = fs::remove_file(path);
        return Err(e);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn link(text: &str) -> Link {
        Link::new(SecretString::from(text))
    }

    fn links(directory: &str, recipient: Option<Recipient>) -> Links {
        Links { directory: directory.into(), recipient }
    }

    fn who() -> Email {
        Email::parse("N@acme.example").unwrap()
    }

    fn put(handover: &Handover, text: &str) -> Result<PathBuf, String> {
        handover.ready(&who()).and_then(|ready| ready.write(&link(text)))
    }

    #[cfg(unix)]
    #[test]
    fn m2_a_new_link_replaces_the_old_and_only_its_owner_reads_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), &links("a/b", None), "met").unwrap();
        put(&handover, "one, which is the longer one").unwrap();
        let path = put(&handover, "two").unwrap();
        assert_eq!(path, Path::new("a/b/met/n@acme.example.link"));
        let path = folder.path().join(path);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two\n");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("a/b/met")), mode(&folder.path().join("a"))), (0o600, 0o700, 0o700));
        assert_eq!(fs::read_dir(folder.path().join("a/b/met")).unwrap().count(), 1, "nothing half written is left");
    }

    #[cfg(unix)]
    #[test]
    fn m2_an_encrypted_link_is_for_its_recipient_alone_and_replaces_one_in_the_clear() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (age::x25519::Identity::generate(), age::x25519::Identity::generate());
        put(&Handover::open(folder.path(), &links("l", None), "met").unwrap(), "in the clear").unwrap();
        let recipient = Recipient::parse(&ours.to_public().to_string()).unwrap();
        let path = put(&Handover::open(folder.path(), &links("l", Some(recipient)), "met").unwrap(), "canary").unwrap();
        assert_eq!(path, Path::new("l/met/n@acme.example.link.age"));
        let path = folder.path().join(path);
        let sealed = fs::read(&path).unwrap();
        assert!(!sealed.windows(6).any(|w| w == b"canary"));
        assert_eq!(age::decrypt(&ours, &sealed).unwrap(), b"canary\n");
        assert!(age::decrypt(&theirs, &sealed).is_err());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path().join("l/met")).unwrap().count(), 1, "the one before opens nothing any more");
    }

    #[cfg(unix)]
    #[test]
    fn m2_links_stay_below_the_manifests() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("out")).unwrap();
        let refused = Handover::open(folder.path(), &links("out", None), "met").err().unwrap();
        assert!(refused.ends_with("out is a link"), "{refused}");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    }

    #[test]
    fn m2_what_goes_wrong_is_said_without_the_link() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), &links("links", None), "met").unwrap();
        let ready = handover.ready(&who()).unwrap();
        fs::remove_dir_all(folder.path().join("links")).unwrap();
        for why in [ready.write(&link("canary")).unwrap_err(), handover.ready(&who()).err().unwrap()] {
            assert!(why.starts_with("links/met/n@acme.example.link cannot be written: ") && !why.contains("canary"), "{why}");
        }
    }

    #[test]
    fn a_place_that_was_not_needed_is_given_back() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), &links("links", None), "met").unwrap();
        let count = || fs::read_dir(folder.path().join("links/met")).unwrap().count();
        let ready = handover.ready(&who()).unwrap();
        assert_eq!((count(), handover.found()), (1, vec![]), "it is no link yet");
        drop(ready);
        assert_eq!(count(), 0);
    }

    #[test]
    fn links_of_the_pending_and_links_that_came_meanwhile_are_not_swept() {
        let folder = tempfile::tempdir().unwrap();
        let handover = Handover::open(folder.path(), &links("links", None), "met").unwrap();
        put(&handover, "one").unwrap();
        let found = handover.found();
        let here = folder.path().join("links/met");
        fs::write(here.join("notes.txt"), "kept").unwrap();
        let one_waits = Swept { waiting: 1, ..Swept::default() };
        assert_eq!(handover.sweep(&found, [who()].iter()), one_waits);
        // Somebody else invites between the reading and the sweep.
        put(&handover, "two").unwrap();
        assert_eq!(handover.sweep(&found, [].into_iter()), one_waits);
        assert!(handover.holds(&who()) && !handover.holds(&Email::parse("m@acme.example").unwrap()));
        let swept = handover.sweep(&handover.found(), [].into_iter());
        assert_eq!((swept.waiting, swept.removed, swept.kept), (0, vec![PathBuf::from("links/met/n@acme.example.link")], vec![]));
        assert_eq!(fs::read_dir(here).unwrap().count(), 1, "what is no link stays");
        assert!(!handover.holds(&who()));
    }
}
