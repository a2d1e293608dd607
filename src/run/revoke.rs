//! Ending all access of one person, now, everywhere or in the accounts that are named: the manifests as
//! an edit would change them, planned for that person alone, and the edit itself, proven before it is
//! shown.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use crate::apply::Applied;
use crate::manifest::{AccountDoc, Edit, NoEdit, Reach, Who, Whom};
use crate::model::{Email, Reading};
use crate::plan::{self, Cleared, Plan};

use super::proof::Proving;
use super::{Approval, Connected, Folder, Remains, Request, Stop, leases, remains};

/// What ends a person's access, and what the manifests should say afterwards.
pub struct Revocation {
    /// The address that the person goes by.
    pub whom: Email,
    /// The changes of that person alone.
    pub plan: Plan,
    /// Empty where the manifests say it already, and for an address that is nowhere.
    pub edit: Result<Vec<Edit>, NoEdit>,
    pub reach: Reach,
    /// No manifest names the address, and no account that was read has it.
    pub is_nowhere: bool,
    /// Accounts that can be reached and are not managed, where access stays or may stay.
    pub unmanaged: Vec<Remains>,
}

/// A folder in which the person's access has ended, in memory.
pub struct Revoke {
    folder: Folder,
    /// As the files say it.
    written: Folder,
    whom: Whom,
    reach: Reach,
    address: Email,
}

impl Revoke {
    /// Finds the person and ends their access in memory.
    ///
    /// # Errors
    /// Everything wrong with the manifests, or a word that means nobody.
    pub fn load(request: &Request, word: &str) -> Result<Self, Stop> {
        let written = Folder::load(request);
        written.desired()?;
        let whom = written.manifests().find_person(word)?;
        let address = written.manifests().address_of(&whom).ok_or_else(|| Stop::failed("the person is gone"))?;
        let reach = match request.accounts.as_slice() {
            [] => Reach::Everywhere,
            _ => Reach::In(written.chosen(request)?.into_iter().cloned().collect()),
        };
        let folder = Folder::load(request).changed(|manifests| manifests.revoke(&whom, &reach));
        Ok(Self { folder, written, whom, reach, address })
    }

    /// Reads every account and plans what ends the person's access. Holds nothing that could write.
    ///
    /// # Errors
    /// As [`super::plan()`].
    pub async fn plan(&self, request: &Request) -> Result<Revocation, Stop> {
        let connected = self.connected(request)?;
        let readings = connected.read(request).await;
        let unmanaged = self.unmanaged(request).await;
        Ok(self.revocation(request, &connected, &readings, unmanaged))
    }

    /// Shows `ask` what was found and what was cleared of its plan, and makes exactly the second.
    ///
    /// # Errors
    /// As [`super::apply()`].
    pub async fn apply(
        &self,
        request: &Request,
        approval: &Approval,
        ask: impl FnOnce(&Revocation, &Cleared) -> Result<(), Stop>,
    ) -> Result<(Revocation, Applied), Stop> {
        let (connected, leases) = leases::under(request, || self.connected(request)).await?;
        let before = connected.found(request, leases).await?;
        let unmanaged = self.unmanaged(request).await;
        let found = self.revocation(request, &connected, &before.readings, unmanaged);
        let applied = connected.apply(request, before, approval, |_, cleared| ask(&found, cleared)).await?;
        Ok((found, applied))
    }

    fn connected(&self, request: &Request) -> Result<Connected<'_>, Stop> {
        Ok(Connected::to(&self.folder, request)?.only(self.address.clone()))
    }

    /// Where the person is beside the managed accounts. What cannot be connected does not hold up the
    /// rest: it is said.
    async fn unmanaged(&self, request: &Request) -> Vec<Remains> {
        let connected = match Connected::unmanaged(&self.folder, request) {
            Ok(connected) => connected,
            Err(_) => {
                let why = "connections without `accounts` could not be read".to_owned();
                return vec![Remains { account: "others".to_owned(), is_certain: false, why }];
            }
        };
        let readings = connected.read(request).await;
        let person = match &self.whom {
            Whom::Person(id) => self.folder.manifests().people.get(id),
            Whom::Outsider(_) => None,
        };
        let is_theirs = |email: &Email| *email == self.address || person.is_some_and(|p| p.addresses().any(|a| a == email));
        let sites = connected.sites().iter().zip(&readings);
        sites.filter_map(|(site, reading)| remains::unmanaged(site.name.as_str(), reading, is_theirs)).collect()
    }

    fn revocation(&self, request: &Request, connected: &Connected<'_>, readings: &[Reading], unmanaged: Vec<Remains>) -> Revocation {
        let plan = plan::plan(request.moment(), &connected.accounts(readings));
        let is_nowhere = self.is_nowhere(readings) && unmanaged.is_empty();
        let edit = if is_nowhere { Ok(Vec::new()) } else { self.edit(request, connected, readings) };
        Revocation { whom: self.address.clone(), plan, edit, reach: self.reach.clone(), is_nowhere, unmanaged }
    }

    fn is_nowhere(&self, readings: &[Reading]) -> bool {
        let Whom::Outsider(email) = &self.whom else { return false };
        let names = |a: &AccountDoc| {
            a.absent.iter().any(|e| e.value == *email) || a.members.iter().any(|m| matches!(&m.who.value, Who::Email(e) if e == email))
        };
        let is_named = self.written.manifests().accounts.values().any(names);
        let is_seen = |r: &Reading| r.proof.is_err() || r.members.iter().any(|m| m.email == *email);
        !is_named && !readings.iter().any(is_seen)
    }

    /// The edit, once it was proven.
    fn edit(&self, request: &Request, connected: &Connected<'_>, readings: &[Reading]) -> Result<Vec<Edit>, NoEdit> {
        let edits = self.written.manifests().edit_to_revoke(self.written.sources(), &self.whom, &self.reach)?;
        if !edits.is_empty() {
            let addresses = match &self.whom {
                Whom::Person(id) => self.written.manifests().people.get(id).map(|p| p.addresses().cloned().collect()),
                Whom::Outsider(_) => None,
            };
            let addresses = addresses.unwrap_or_else(|| vec![self.address.clone()]);
            Proving { request, written: &self.written, edits: &edits, addresses }.prove(connected, readings, &self.reach)?;
        }
        Ok(edits)
    }
}

impl Revocation {
    /// Where access stays once the plan is applied, or was.
    pub fn remains(&self, applied: Option<&Applied>) -> Vec<Remains> {
        remains::after(&self.plan, applied).into_iter().chain(self.unmanaged.iter().cloned()).collect()
    }

    /// Writes the edit into the manifests, file by file, each whole or not at all.
    ///
    /// # Errors
    /// A file that changed since it was read: then none is written. A disk that is full: the message
    /// says what was written before.
    pub fn write(&self, folder: &Path) -> Result<Vec<String>, Stop> {
        let edits = self.edit.as_ref().map_err(|why| Stop::hinted(why.to_string(), "make this edit by hand"))?;
        for edit in edits {
            let found = fs::read(folder.join(&*edit.file)).map_err(|e| Stop::failed(format!("{} cannot be read again: {e}", edit.file)))?;
            if found != edit.before.as_bytes() {
                return Err(Stop::hinted(format!("{} changed meanwhile: nothing was written", edit.file), "run it again"));
            }
        }
        let mut written: Vec<String> = Vec::new();
        for edit in edits {
            replace(&folder.join(&*edit.file), edit.after.as_bytes()).map_err(|e| {
                let before = if written.is_empty() { "nothing was written".to_owned() } else { format!("written: {}", written.join(", ")) };
                Stop::failed(format!("{} cannot be written: {e}; {before}", edit.file))
            })?;
            written.push(edit.file.to_string());
        }
        Ok(written)
    }
}

/// Puts a text in a file's place in one step; the file keeps its mode, a link its target.
fn replace(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let path = path.canonicalize()?;
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let half = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let mode = fs::metadata(&path)?.permissions();
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).open(&half)?;
        file.write_all(text)?;
        file.set_permissions(mode)?;
        file.sync_all()?;
        fs::rename(&half, &path)
    };
    write().inspect_err(|_| {
        // What is half written is of no use; that it cannot be removed adds nothing.
        let _ = fs::remove_file(&half);
    })
}
