//! Ending all access of a person: what the manifests would say, in memory and as an edit of their
//! texts. Whoever is in the directory `leaves: now`; an outsider's entries go, and the address must
//! be absent from every account.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cursor::{Cursor, Parsed, Sink};
use super::diagnostic::quoted;
use super::lower::parse;
use super::source::{Source, Sources};
use super::splice::{self, NoPlace, Splice};
use super::{Leaves, Manifests, Who, Whom};
use crate::model::{Email, Located, Place};

/// One file, before and after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Relative to the manifests' folder.
    pub file: Arc<str>,
    pub before: Arc<str>,
    pub after: String,
}

/// Why a person must make the edit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what} cannot be written here by a program: {why}")]
pub struct NoEdit {
    pub at: Place,
    /// What is to be written.
    pub what: String,
    pub why: String,
}

impl Manifests {
    /// Ends the person's access: the same as the edit of [`Manifests::edit_to_revoke`].
    ///
    /// Who is found by `id` is somebody of the directory.
    pub fn revoke(&mut self, whom: &Whom) {
        match whom {
            Whom::Person(id) => {
                if let Some(person) = self.people.get_mut(id) {
                    person.leaves = Some(Located::new(Leaves::Now, person.at.clone()));
                }
            }
            Whom::Outsider(email) => {
                for account in self.accounts.values_mut() {
                    account.members.retain(|entry| entry.who.value != Who::Email(email.clone()));
                    let ignored = account.ignore.iter().any(|p| p.value.matches(email));
                    if !ignored && !account.absent.iter().any(|a| a.value == *email) {
                        account.absent.push(Located::new(email.clone(), account.at.clone()));
                    }
                }
            }
        }
    }

    /// The edit of the texts that says the same; empty where they say it already.
    ///
    /// # Errors
    /// [`NoEdit`] where a file is written in a way that only a person can edit.
    pub fn edit_to_revoke(&self, sources: &Sources, whom: &Whom) -> Result<Vec<Edit>, NoEdit> {
        let files: Vec<Parsed<'_>> = sources.iter().filter_map(|source: &Source| parse(source, &mut Sink::default())).collect();
        let named = |section: &'static str, name: &str| -> Option<Cursor<'_>> {
            files.iter().filter_map(Parsed::root).find_map(|root| root.get(section)?.get(name))
        };
        let mut splices = Vec::new();
        match whom {
            Whom::Person(id) => {
                if let Some(at) = named("people", id.as_str())
                    && self.people.get(id).is_none_or(|p| p.leaves.as_ref().is_none_or(|l| l.value != Leaves::Now))
                {
                    let refused = |why| no_edit(format!("`leaves: now` of {}", quoted(id.as_str())), why);
                    splices.push(splice::set(at, "leaves", "now").map_err(refused)?);
                }
            }
            Whom::Outsider(email) => {
                for (name, account) in &self.accounts {
                    let Some(at) = named("accounts", name.as_str()) else { continue };
                    let refused = |why| no_edit(format!("`absent: [{email}]` of {}", quoted(name.as_str())), why);
                    let ignored = account.ignore.iter().any(|p| p.value.matches(email));
                    let is_absent = ignored || account.absent.iter().any(|a| a.value == *email);
                    splices.extend(of_account(at, email, is_absent).map_err(refused)?);
                }
            }
        }
        let texts: BTreeMap<Arc<str>, String> = splice::apply(sources, splices);
        let before = |file: &Arc<str>| sources.get(file).map(|s| Arc::from(s.text())).unwrap_or_default();
        Ok(texts.into_iter().map(|(file, after)| Edit { before: before(&file), file, after }).collect())
    }
}

fn of_account(account: Cursor<'_>, email: &Email, is_absent: bool) -> Result<Vec<Splice>, NoPlace> {
    let mut splices = Vec::new();
    if let Some(members) = account.get("members").filter(|m| m.list().is_some()) {
        let is_theirs =
            |entry: Cursor<'_>| entry.get("email").and_then(Cursor::text).and_then(|t| Email::parse(t).ok()).is_some_and(|e| e == *email);
        splices.extend(splice::take(members, is_theirs)?);
    }
    if !is_absent {
        let address = splice::scalar(email.key());
        splices.push(match account.get("absent") {
            Some(list) => splice::push(list, &address)?,
            None => splice::set(account, "absent", &format!("[{address}]"))?,
        });
    }
    Ok(splices)
}

fn no_edit(what: String, NoPlace { at, why }: NoPlace) -> NoEdit {
    NoEdit { at, what, why: why.to_owned() }
}

#[cfg(test)]
#[path = "revoke_tests.rs"]
mod tests;
