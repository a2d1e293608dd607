//! Ending the access of a person: what the manifests would say, in memory and as an edit of their
//! texts. Whoever is in the directory `leaves: now`; where only some accounts are meant, and for an
//! outsider, the own entries go and the addresses must be absent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cursor::{Cursor, Parsed, Sink};
use super::diagnostic::quoted;
use super::lower::parse;
use super::source::Sources;
use super::splice::{self, NoPlace, Splice};
use super::{AccountDoc, EntryDoc, Leaves, Manifests, Person, Teams, Who, Whom};
use crate::model::{Atom, Email, Located, Place};

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

/// Where access is to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In every account, those of later days too.
    Everywhere,
    /// In these alone.
    In(BTreeSet<Atom>),
}

impl Reach {
    fn has(&self, account: &Atom) -> bool {
        match self {
            Reach::Everywhere => true,
            Reach::In(accounts) => accounts.contains(account),
        }
    }
}

impl Manifests {
    /// Ends the person's access: the same as the edit of [`Manifests::edit_to_revoke`], and where a
    /// team or a profile gives it, which no edit takes away for one account, all the same.
    ///
    /// Who is found by `id` is somebody of the directory.
    pub fn revoke(&mut self, whom: &Whom, reach: &Reach) {
        match (whom, reach) {
            (Whom::Person(id), Reach::Everywhere) => {
                if let Some(person) = self.people.get_mut(id) {
                    person.leaves = Some(Located::new(Leaves::Now, person.at.clone()));
                }
            }
            (Whom::Person(id), Reach::In(_)) => {
                let Some(person) = self.people.get(id).filter(|p| !p.leaves_now()) else { return };
                for (name, account) in self.accounts.iter_mut().filter(|(name, _)| reach.has(name)) {
                    account.must_lack(person.addresses_in(name.as_str()).map(|e| &e.value));
                }
            }
            (Whom::Outsider(email), _) => {
                for (_, account) in self.accounts.iter_mut().filter(|(name, _)| reach.has(name)) {
                    account.members.retain(|entry| entry.who.value != Who::Email(email.clone()));
                    account.must_lack([email]);
                }
            }
        }
    }

    /// The edit of the texts that says the same; empty where they say it already.
    ///
    /// # Errors
    /// [`NoEdit`] where a file is written in a way that only a person can edit, and where a team or a
    /// profile gives access to one account that is to end and to others that are not.
    pub fn edit_to_revoke(&self, sources: &Sources, whom: &Whom, reach: &Reach) -> Result<Vec<Edit>, NoEdit> {
        let files: Vec<Parsed<'_>> = sources.iter().filter_map(|source| parse(source, &mut Sink::default())).collect();
        let named = |section: &'static str, name: &str| -> Option<Cursor<'_>> {
            files.iter().filter_map(Parsed::root).find_map(|root| root.get(section)?.get(name))
        };
        let mut splices = Vec::new();
        let person = match whom {
            Whom::Person(id) => self.people.get_key_value(id),
            Whom::Outsider(_) => None,
        };
        match (person, reach) {
            (Some((_, person)), _) if person.leaves_now() => {}
            (Some((id, _)), Reach::Everywhere) => {
                if let Some(at) = named("people", id.as_str()) {
                    let refused = |why| no_edit(format!("`leaves: now` of {}", quoted(id.as_str())), why);
                    splices.push(splice::set(at, "leaves", "now").map_err(refused)?);
                }
            }
            _ => {
                for (name, account) in self.accounts.iter().filter(|(name, _)| reach.has(name)) {
                    let Some(at) = named("accounts", name.as_str()) else { continue };
                    let addresses: Vec<&Email> = match (person, whom) {
                        (Some((_, person)), _) => person.addresses_in(name.as_str()).map(|e| &e.value).collect(),
                        (None, Whom::Outsider(email)) => vec![email],
                        (None, Whom::Person(_)) => Vec::new(),
                    };
                    let lacking = account.lacking(addresses.iter().copied());
                    let list: Vec<&str> = lacking.iter().copied().map(Email::key).collect();
                    let what = format!("`absent: [{}]` of {}", list.join(", "), quoted(name.as_str()));
                    if let Some((id, _)) = person
                        && let Some((entry, why)) = self.shared_giver(account, id)
                    {
                        return Err(NoEdit { at: entry.at.clone(), what, why });
                    }
                    let theirs = Theirs { id: person.map(|(id, _)| id), addresses: &addresses };
                    splices.extend(of_account(at, &theirs, &lacking).map_err(|why| no_edit(what, why))?);
                }
            }
        }
        let texts: BTreeMap<Arc<str>, String> = splice::apply(sources, splices);
        let before = |file: &Arc<str>| sources.get(file).map(|s| Arc::from(s.text())).unwrap_or_default();
        Ok(texts.into_iter().map(|(file, after)| Edit { before: before(&file), file, after }).collect())
    }

    /// An entry that gives somebody access here and cannot go for this account alone: a team's, or
    /// what a profile of the person comes to. And what is to be done about it.
    fn shared_giver<'m>(&'m self, account: &'m AccountDoc, id: &Atom) -> Option<(&'m EntryDoc, String)> {
        let mut teams = Teams::of(self);
        account.members.iter().find_map(|entry| {
            let why = match (&entry.who.value, &entry.profile) {
                (Who::Team(team), _) if teams.people(team).contains(&id) => {
                    let team = quoted(team.as_str());
                    format!("the team {team} gives this access, to others and perhaps elsewhere too: take {id} out of the team, or list its people here without {id}")
                }
                (Who::Person(who), Some(profile)) if who == id && entry.at == profile.name.at => {
                    let profile = quoted(profile.name.value.as_str());
                    format!("the profile {profile} of {id} gives this access, and perhaps more elsewhere: take it from {id}, and write what is to stay as entries")
                }
                _ => return None,
            };
            Some((entry, why))
        })
    }
}

impl Person {
    fn leaves_now(&self) -> bool {
        self.leaves.as_ref().is_some_and(|l| l.value == Leaves::Now)
    }
}

impl AccountDoc {
    /// Those of the addresses that `absent` is to name: not yet there, and not ignored.
    fn lacking<'e>(&self, addresses: impl IntoIterator<Item = &'e Email>) -> Vec<&'e Email> {
        let is_said = |email: &Email| self.ignore.iter().any(|p| p.value.matches(email)) || self.absent.iter().any(|a| a.value == *email);
        let mut lacking: Vec<&Email> = Vec::new();
        for email in addresses {
            if !is_said(email) && !lacking.contains(&email) {
                lacking.push(email);
            }
        }
        lacking
    }

    fn must_lack<'e>(&mut self, addresses: impl IntoIterator<Item = &'e Email>) {
        let lacking = self.lacking(addresses);
        self.absent.extend(lacking.into_iter().map(|email| Located::new(email.clone(), self.at.clone())));
    }
}

/// Whose entries go.
struct Theirs<'a> {
    id: Option<&'a Atom>,
    addresses: &'a [&'a Email],
}

impl Theirs<'_> {
    fn has(&self, entry: Cursor<'_>) -> bool {
        let text = |key| entry.get(key).and_then(Cursor::text);
        let email = text("email").and_then(|t| Email::parse(t).ok());
        email.is_some_and(|e| self.addresses.contains(&&e)) || self.id.is_some_and(|id| text("person") == Some(id.as_str()))
    }
}

fn of_account(account: Cursor<'_>, theirs: &Theirs<'_>, lacking: &[&Email]) -> Result<Vec<Splice>, NoPlace> {
    let mut splices = Vec::new();
    if let Some(members) = account.get("members").filter(|m| m.list().is_some()) {
        splices.extend(splice::take(members, |entry| theirs.has(entry))?);
    }
    if !lacking.is_empty() {
        let addresses: Vec<String> = lacking.iter().map(|email| splice::scalar(email.key())).collect();
        splices.push(match account.get("absent") {
            Some(list) => splice::push(list, &addresses)?,
            None => splice::set(account, "absent", &format!("[{}]", addresses.join(", ")))?,
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
