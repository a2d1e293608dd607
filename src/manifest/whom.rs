//! Somebody as a command line names them: by an id of `people`, or by an address.

use super::diagnostic::{nearest, quoted};
use super::{Manifests, Person};
use crate::model::{Atom, Email};

/// Whom a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whom {
    /// Somebody of the directory, by id.
    Person(Atom),
    /// An address that no person claims, now or earlier.
    Outsider(Email),
}

/// A word that means nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word} is no id of `people` and no address")]
pub struct Nobody {
    /// In backticks, short and harmless.
    word: String,
    /// The nearest id.
    pub near: Option<String>,
}

impl Manifests {
    /// Whom a word means: an id of `people` first, then an address, folded; a present or previous
    /// address of a person means that person.
    ///
    /// # Errors
    /// [`Nobody`], with the nearest id, where the word is no address either.
    pub fn find_person(&self, word: &str) -> Result<Whom, Nobody> {
        if let Some(id) = self.people.keys().find(|id| id.as_str() == word) {
            return Ok(Whom::Person(id.clone()));
        }
        let Ok(address) = Email::parse(word) else {
            let near = nearest(word, self.people.keys().map(Atom::as_str)).map(str::to_owned);
            return Err(Nobody { word: quoted(word), near });
        };
        let owner = self.people.iter().find(|(_, p)| p.addresses().any(|a| *a == address));
        Ok(owner.map_or(Whom::Outsider(address), |(id, _)| Whom::Person(id.clone())))
    }

    /// The address that a person goes by now.
    pub fn address_of(&self, whom: &Whom) -> Option<Email> {
        match whom {
            Whom::Person(id) => self.people.get(id).map(|p| p.email.value.clone()),
            Whom::Outsider(email) => Some(email.clone()),
        }
    }
}

impl Person {
    /// The present address, then the previous ones.
    pub fn addresses(&self) -> impl Iterator<Item = &Email> {
        std::iter::once(&self.email).chain(&self.previously).map(|e| &e.value)
    }
}
