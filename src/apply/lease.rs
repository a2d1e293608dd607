//! One apply at a time, an account: whoever comes second waits, or is told who holds it and since when.

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::private;

/// How often a lease that somebody holds is tried again.
const PAUSE: Duration = Duration::from_millis(200);
/// Nobody waits longer than this without a word.
const WORD: Duration = Duration::from_secs(10);

/// What a lease is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub account: String,
    /// System, address and tenant: two folders may manage one account.
    pub of: String,
}

/// Who holds a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// User, host and process.
    pub by: String,
    /// An instant.
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, since {}", self.by, self.since)
    }
}

/// Why a lease was not given.
#[derive(Debug, thiserror::Error)]
pub enum NoLease {
    #[error("another apply of {account} is running{}", holder.as_ref().map(|h| format!(": {h}")).unwrap_or_default())]
    Held { account: String, holder: Option<Holder> },
    #[error("the lease of {account} cannot be taken: {why}")]
    Failed { account: String, why: io::Error },
}

/// Where leases are taken; on one machine, or for a whole team.
pub trait Leases: Send + Sync {
    /// Takes the lease unless somebody holds it.
    ///
    /// # Errors
    /// [`NoLease`].
    fn take(&self, place: &Place, holder: &Holder) -> Result<Box<dyn Lease>, NoLease>;
}

/// A lease that is held, until it is dropped or the process ends in whatever way.
pub trait Lease: Send {}

/// Locks of files in one folder: among the processes of one machine.
#[derive(Debug, Clone)]
pub struct FileLeases {
    pub folder: PathBuf,
}

struct Locked(File);

impl Lease for Locked {}

impl Drop for Locked {
    fn drop(&mut self) {
        // Who comes next writes over it. The lock would go with the file, but a child process that is just
        // being started has the file, too, for a moment.
        let _ = self.0.set_len(0).and_then(|()| self.0.unlock());
    }
}

impl Leases for FileLeases {
    fn take(&self, place: &Place, holder: &Holder) -> Result<Box<dyn Lease>, NoLease> {
        let failed = |why| NoLease::Failed { account: place.account.clone(), why };
        let path = self.path(place);
        private::folder(&self.folder).map_err(failed)?;
        let mut file = private::kept_file(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(NoLease::Held { account: place.account.clone(), holder: holder_in(&mut file) }),
            Err(TryLockError::Error(why)) => return Err(failed(why)),
        }
        let write = |file: &mut File| -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(&serde_json::to_vec(holder)?)
        };
        write(&mut file).map_err(failed)?;
        Ok(Box::new(Locked(file)))
    }
}

impl FileLeases {
    fn path(&self, place: &Place) -> PathBuf {
        let name = format!("{}.lease", private::short_hash(&place.of));
        Path::new(&self.folder).join(name)
    }
}

fn holder_in(file: &mut File) -> Option<Holder> {
    let mut text = String::new();
    file.rewind().and_then(|()| file.take(4096).read_to_string(&mut text)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Takes a lease, and waits for it as long as `patience` says; `says` hears for whom.
///
/// # Errors
/// [`NoLease`].
pub async fn take(
    leases: &dyn Leases,
    place: &Place,
    holder: &Holder,
    patience: Duration,
    says: impl Fn(&str),
) -> Result<Box<dyn Lease>, NoLease> {
    let start = Instant::now();
    let mut told: Option<Instant> = None;
    loop {
        match leases.take(place, holder) {
            Err(held @ NoLease::Held { .. }) if start.elapsed() < patience => {
                if told.is_none_or(|told| told.elapsed() >= WORD) {
                    says(&format!("waiting: {held}"));
                    told = Some(Instant::now());
                }
                tokio::time::sleep(PAUSE.min(patience.saturating_sub(start.elapsed()))).await;
            }
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(by: &str) -> Holder {
        Holder { by: by.into(), since: "2026-11-22T09:00:00Z".into() }
    }
    fn place(of: &str) -> Place {
        Place { account: "news".into(), of: of.into() }
    }

    #[test]
    fn the_second_is_told_who_holds_it_and_gets_it_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let leases = FileLeases { folder: folder.path().join("leases") };
        let first = leases.take(&place("a"), &holder("ada@host")).unwrap();
        let refused = leases.take(&place("a"), &holder("bob@host")).err().expect("held");
        assert_eq!(refused.to_string(), "another apply of news is running: ada@host, since 2026-11-22T09:00:00Z");
        assert!(leases.take(&place("b"), &holder("bob@host")).is_ok(), "another account of the same name");
        drop(first);
        assert!(leases.take(&place("a"), &holder("bob@host")).is_ok());
    }

    #[test]
    fn what_is_given_back_is_free_though_a_child_process_still_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let leases = FileLeases { folder: folder.path().into() };
        let file = private::kept_file(&leases.path(&place("a"))).unwrap();
        file.lock().unwrap();
        let _inherited = file.try_clone().unwrap();
        assert!(leases.take(&place("a"), &holder("bob@host")).is_err());
        drop(Locked(file));
        assert!(leases.take(&place("a"), &holder("bob@host")).is_ok());
    }

    #[test]
    fn who_waits_long_hears_of_it_once_in_a_while_and_gives_up_when_patience_ends() {
        struct Held;
        impl Leases for Held {
            fn take(&self, place: &Place, holder: &Holder) -> Result<Box<dyn Lease>, NoLease> {
                Err(NoLease::Held { account: place.account.clone(), holder: Some(holder.clone()) })
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let heard = std::cell::Cell::new(0);
        let says = |_: &str| heard.set(heard.get() + 1);
        let (place, bob) = (place("a"), holder("bob@host"));
        let refused = runtime.block_on(take(&Held, &place, &bob, PAUSE + PAUSE / 2, says));
        assert!(matches!(refused, Err(NoLease::Held { .. })));
        assert_eq!(heard.get(), 1, "two pauses are not worth a second word");
    }

    #[test]
    fn who_waits_gets_it_once_it_is_free() {
        let folder = tempfile::tempdir().unwrap();
        let leases = FileLeases { folder: folder.path().into() };
        let first = leases.take(&place("a"), &holder("ada@host")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let heard = std::cell::Cell::new(0);
            let says = |_: &str| heard.set(heard.get() + 1);
            let (place, bob) = (place("a"), holder("bob@host"));
            let second = take(&leases, &place, &bob, Duration::from_secs(60), says);
            let free = async {
                tokio::time::sleep(Duration::from_millis(20)).await;
                drop(first);
            };
            assert!(futures::join!(second, free).0.is_ok());
            assert_eq!(heard.get(), 1);
        });
    }
}
