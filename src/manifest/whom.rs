//! Somebody as a command line names them: by an id of `people`, or by an address.

use std::collections::BTreeMap;

use super::diagnostic::{nearest, quoted};
use super::{Manifests, OtherAddress, Person};
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
pub enum Nobody {
    /// No id, and no address: the word in backticks, and the nearest id.
    #[error("{word} is no id of `people` and no address")]
    Unknown { word: String, near: Option<String> },
    /// The address of different people in different accounts: their ids, each with its accounts.
    #[error("{word} is the address of different people in different accounts: {}", whose(owners))]
    Several { word: String, owners: BTreeMap<Atom, Vec<Atom>> },
}

/// `ada in shop, bob in news`.
fn whose(owners: &BTreeMap<Atom, Vec<Atom>>) -> String {
    let one = |(id, accounts): (&Atom, &Vec<Atom>)| {
        let accounts = accounts.iter().map(Atom::as_str).collect::<Vec<_>>().join(" and ");
        if accounts.is_empty() { id.to_string() } else { format!("{id} in {accounts}") }
    };
    owners.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl Nobody {
    /// How to name one person instead.
    pub fn hint(&self) -> String {
        match self {
            Nobody::Unknown { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Nobody::Unknown { near: None, .. } => "name somebody by an id of `people`, or by an address".to_owned(),
            Nobody::Several { owners, .. } => {
                let ids: Vec<String> = owners.keys().map(|id| format!("`{id}`")).collect();
                format!("name one by id: {}", ids.join(" or "))
            }
        }
    }
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
            return Err(Nobody::Unknown { word: quoted(word), near });
        };
        let mut owners = self.people.iter().filter(|(_, p)| p.addresses().any(|a| *a == address));
        match (owners.next(), owners.next()) {
            (None, _) => Ok(Whom::Outsider(address)),
            (Some((id, _)), None) => Ok(Whom::Person(id.clone())),
            (Some(one), Some(two)) => {
                let owners = [one, two].into_iter().chain(owners).map(|(id, p)| (id.clone(), p.accounts_with(&address))).collect();
                Err(Nobody::Several { word: quoted(word), owners })
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

    /// The accounts for which alone the address is the person's.
    fn accounts_with(&self, address: &Email) -> Vec<Atom> {
        let has = |a: &OtherAddress| std::iter::once(&a.email).chain(&a.previously).any(|e| e.value == *address);
        self.accounts.iter().filter(|(_, a)| has(a)).map(|(name, _)| name.clone()).collect()
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
        assert_eq!(find("adda").unwrap_err().hint(), "did you mean `ada`?");
        let shared = find("we@shop.example").unwrap_err();
        assert!(shared.to_string().ends_with("different people in different accounts: ada in shop, bob in news"), "{shared}");
        assert_eq!(shared.hint(), "name one by id: `ada` or `bob`");
    }
}
