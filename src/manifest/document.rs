//! Manifests after their shape and their words were checked, before people, teams and accounts are
//! resolved. Every value that can be wrong later keeps its place.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use unicode_normalization::UnicodeNormalization;
use wildmatch::WildMatchPattern;

use crate::model::{Atom, Attrs, Domain, Domains, Email, Key, Keyed, Located, Name, Place, Recipient, Value};
use crate::systems::{Removal, SystemSpec};

/// All files of a folder, merged by top-level key.
#[derive(Default)]
pub struct Manifests {
    pub connections: BTreeMap<Atom, Connection>,
    /// Top level: for all accounts.
    pub guards: BTreeMap<Atom, Located<GuardLimit>>,
    pub people: BTreeMap<Atom, Person>,
    pub teams: BTreeMap<Atom, Team>,
    pub accounts: BTreeMap<Atom, AccountDoc>,
}

/// How one account is reached, and as whom.
pub struct Connection {
    pub spec: &'static SystemSpec,
    pub backend: BackendName,
    pub zone: Option<TimeZone>,
    pub actor_member: Option<Email>,
    /// Role, privileges and subaccounts of the actor.
    pub actor: Attrs,
    pub auth: Auth,
    pub endpoint: Option<Located<url::Url>>,
    pub expect_tenant: Option<String>,
    pub expect_actor: Option<Email>,
    /// Embedded: the database, relative to the manifests' folder.
    pub file: Option<PathBuf>,
    /// Where the links of invitations are written.
    pub links: Option<Links>,
    pub facts: BTreeMap<Key, Value>,
    pub at: Place,
}

impl Connection {
    /// A connection's name as variables spell it: upper case in ASCII, `-` as `_` (CONTRACT.md).
    pub fn as_variable(name: &str) -> String {
        name.to_ascii_uppercase().replace('-', "_")
    }
}

/// Where and how the links of invitations are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    /// Relative to the manifests' folder.
    pub directory: PathBuf,
    /// Whom they are encrypted to; none: the files' mode alone keeps them.
    pub recipient: Option<Recipient>,
}

/// Backends that are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackendName {
    Embedded,
    Scim,
}

impl BackendName {
    pub fn word(self) -> &'static str {
        match self {
            BackendName::Embedded => "embedded",
            BackendName::Scim => "scim",
        }
    }
    pub fn is_network(self) -> bool {
        match self {
            BackendName::Embedded => false,
            BackendName::Scim => true,
        }
    }
    /// Whether it can take access away and keep the record (`on-removal`).
    pub fn deactivates(self) -> bool {
        match self {
            BackendName::Embedded => false,
            BackendName::Scim => true,
        }
    }
}

/// Where the token of a connection comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `PORTCULLIS_TOKEN_<CONNECTION>`.
    Token,
    File(Located<PathBuf>),
    /// Program and arguments.
    Command(Located<Vec<String>>),
}

pub struct Person {
    pub email: Located<Email>,
    pub name: Option<Name>,
    pub previously: Vec<Located<Email>>,
    pub leaves: Option<Located<Leaves>>,
    pub at: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaves {
    Now,
    /// The last day, inclusive.
    On(Date),
}

pub struct Team {
    pub members: Vec<Located<TeamMember>>,
    pub at: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TeamMember {
    Person(Atom),
    Team(Atom),
}

pub struct AccountDoc {
    pub mode: Mode,
    pub ignore: Vec<Located<Pattern>>,
    pub protect: Vec<Located<Email>>,
    pub absent: Vec<Located<Email>>,
    /// `None`: unmanaged.
    pub domains: Option<Located<Domains>>,
    /// The places of the domains in the list.
    pub domain_places: BTreeMap<Domain, Place>,
    pub members: Vec<EntryDoc>,
    pub guards: BTreeMap<Atom, Located<GuardLimit>>,
    pub accept_blocked: BTreeSet<Atom>,
    pub invitations: Invitations,
    pub on_removal: Removal,
    pub at: Place,
}

/// What happens to people who are not listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    #[default]
    Adopt,
    Additive,
    Authoritative,
}

/// `*@vendor.example`: an address with `*` for any run of characters, folded as addresses are.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// Compiled once: it is asked for every member.
    glob: WildMatchPattern<'*', '\u{0}'>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}
impl Eq for Pattern {}

impl Pattern {
    /// Folds a pattern. `None` where a part of a domain name is not ASCII and cannot be made so,
    /// since a `*` stands in it: no address would ever match.
    pub fn parse(text: &str) -> Option<Self> {
        let local = |text: &str| text.nfc().collect::<String>().to_lowercase().nfc().collect::<String>();
        // without an `@` what follows the first `*` may be of the domain
        let at = text.rfind('@').map_or_else(|| text.find('*').unwrap_or(text.len()), |at| at + 1);
        let domain: Option<Vec<String>> = text[at..]
            .split('.')
            .map(|part| {
                if part.is_ascii() {
                    return Some(part.to_ascii_lowercase());
                }
                if part.contains('*') { None } else { idna::domain_to_ascii_strict(part).ok() }
            })
            .collect();
        let text = local(&text[..at]) + &domain?.join(".");
        Some(Self { glob: WildMatchPattern::new(&text), text })
    }
    pub fn matches(&self, email: &Email) -> bool {
        self.glob.matches(email.key())
    }
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// How invitations that nobody accepts are repeated. Durations in hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invitations {
    pub cooldown_hours: i64,
    pub attempts: u32,
    /// Only where the system states no life (SYSTEMS.md, solver).
    pub life_hours: Option<i64>,
}

impl Default for Invitations {
    fn default() -> Self {
        Self { cooldown_hours: 72, attempts: 3, life_hours: None }
    }
}

/// A guard's limit as written; what is left out keeps its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GuardLimit {
    pub count: Option<u32>,
    pub percent: Option<u32>,
    pub most: Option<u32>,
}

impl Located<GuardLimit> {
    /// What is left out is as it is for all accounts.
    #[must_use]
    pub fn over(&self, top: Option<&Self>) -> Self {
        let (own, top) = (self.value, top.map(|t| t.value).unwrap_or_default());
        let value = GuardLimit { count: own.count.or(top.count), percent: own.percent.or(top.percent), most: own.most.or(top.most) };
        Self::new(value, self.at.clone())
    }
}

/// One item of `members`.
pub struct EntryDoc {
    pub who: Located<Who>,
    /// Of `email` entries.
    pub name: Option<Located<Name>>,
    pub reason: Option<String>,
    pub start: Option<Located<Date>>,
    pub end: Option<Located<Date>>,
    pub rolling: Option<Place>,
    /// The attributes of the system, without name and end.
    pub attrs: Keyed<Located<Value>>,
    /// The whole item.
    pub at: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    Person(Atom),
    Team(Atom),
    Email(Email),
}
