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

/// A word that means nobody, or not one person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word} {why}")]
pub struct Nobody {
    /// In backticks, short and harmless.
    word: String,
    why: &'static str,
    /// The nearest id, or one of those that are meant.
    pub near: Option<String>,
}

impl Manifests {
    /// Whom a word means: an id of `people` first, then an address, folded; a present or previous
    /// address of a person means that person, be it for one account alone.
    ///
    /// # Errors
    /// [`Nobody`], with the nearest id, where the word is no address either, and where it is the
    /// address of different people in different accounts.
    pub fn find_person(&self, word: &str) -> Result<Whom, Nobody> {
        if let Some(id) = self.people.keys().find(|id| id.as_str() == word) {
            return Ok(Whom::Person(id.clone()));
        }
        let Ok(address) = Email::parse(word) else {
            let near = self.near_person(word).map(str::to_owned);
            return Err(Nobody { word: quoted(word), why: "is no id of `people` and no address", near });
        };
        let mut owners = self.people.iter().filter(|(_, p)| p.addresses().any(|a| *a == address)).map(|(id, _)| id);
        match (owners.next(), owners.next()) {
            (None, _) => Ok(Whom::Outsider(address)),
            (Some(id), None) => Ok(Whom::Person(id.clone())),
            (Some(one), Some(_)) => {
                let why = "is the address of different people in different accounts: name one by id";
                Err(Nobody { word: quoted(word), why, near: Some(one.to_string()) })
            }
        }
    }

    /// Whose id was meant, perhaps: the one whose name it is, else the nearest.
    pub fn near_person(&self, word: &str) -> Option<&str> {
        let is_theirs = |p: &Person| p.name.as_ref().is_some_and(|name| name.as_str().to_lowercase() == word.trim().to_lowercase());
        let named = self.people.iter().find(|(_, p)| is_theirs(p)).map(|(id, _)| id.as_str());
        named.or_else(|| nearest(word, self.people.keys().map(Atom::as_str)))
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
    /// The present address, the previous ones, and those for single accounts.
    pub fn addresses(&self) -> impl Iterator<Item = &Email> {
        let elsewhere = self.accounts.values().flat_map(|a| std::iter::once(&a.email).chain(&a.previously));
        std::iter::once(&self.email).chain(&self.previously).chain(elsewhere).map(|e| &e.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load_texts;

    #[test]
    fn a_word_means_a_person_by_every_address_of_theirs() {
        let text = "connections:\n  news: { system: solver, backend: embedded }\n  shop: { system: solver, backend: embedded }\npeople:\n  ada: { email: ada@acme.example, previously: [a@acme.example], accounts: { news: { email: ada@news.example }, shop: { email: we@shop.example } } }\n  bob: { email: bob@acme.example, accounts: { news: { email: we@shop.example } } }\n";
        let loaded = load_texts([("people.yaml", text)], "2026-11-22T09:00:00Z".parse().unwrap());
        let find = |word: &str| loaded.manifests.find_person(word);
        let ada = Whom::Person(Atom::new("ada").unwrap());
        for word in ["ada", "ada@acme.example", "A@acme.example", "Ada@News.example"] {
            assert_eq!(find(word), Ok(ada.clone()), "{word}");
        }
        assert_eq!(find("eve@acme.example"), Ok(Whom::Outsider(Email::parse("eve@acme.example").unwrap())));
        assert_eq!(find("adda").unwrap_err().near.as_deref(), Some("ada"));
        let shared = find("we@shop.example").unwrap_err();
        assert!(shared.to_string().contains("different people"), "{shared}");
    }
}
