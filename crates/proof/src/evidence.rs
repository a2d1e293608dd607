//! The document that is checked: what README.md and `evidence.schema.json` say. Shapes only; a field too
//! many or too few is a refusal.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;

/// Attributes by key, as the JSON of plans spells them.
pub type Attrs = BTreeMap<String, Json>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub schema_version: String,
    pub kind: String,
    /// Of the whole plan.
    pub digest: String,
    /// Accounts of which nothing is made: the digests of their changes.
    pub stopped: BTreeMap<String, Vec<String>>,
    pub systems: BTreeMap<String, System>,
    pub accounts: Vec<Account>,
}

/// The facts of a system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct System {
    pub attributes: Vec<Attribute>,
    pub rows: Vec<Row>,
    /// What whoever holds a permission can do as well, under names that the rows give others alone.
    pub includes: BTreeMap<String, BTreeSet<String>>,
    /// Permissions that let their holder change who has access.
    pub administers: BTreeSet<String>,
    pub floor: Floor,
    /// A member whose attribute is this word is never changed.
    #[serde(deserialize_with = "Option::deserialize")]
    pub untouchable: Option<Untouchable>,
    /// The product itself ends access after the last day.
    pub native_ends: bool,
    /// Names come with the registration, and are no part of an invitation.
    pub names_after_registration: bool,
    /// What each call does, by its name.
    pub calls: BTreeMap<String, Verb>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    pub key: String,
    pub kind: Kind,
    pub axis: Axis,
    /// Each word of the set takes something away.
    pub denies: bool,
    /// Every change of a member shows it.
    pub chief: bool,
    /// All words that there are; null where the product has no fixed list.
    #[serde(deserialize_with = "Option::deserialize")]
    pub words: Option<BTreeSet<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    One,
    Set,
    Flag,
    Day,
    Text,
    Opaque,
}

/// What an attribute is to access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Axis {
    Power,
    Where,
    Until,
    Label,
    Unknown,
}

/// One permission, held where all of `when` hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub permission: String,
    /// It holds for the account as a whole.
    pub account: bool,
    /// It holds in each word of this attribute.
    #[serde(deserialize_with = "Option::deserialize")]
    pub each: Option<String>,
    /// Each attribute holds one of the words; a flag holds `true`.
    pub when: Vec<(String, BTreeSet<String>)>,
    /// Each word of this attribute takes the permission away for itself.
    #[serde(deserialize_with = "Option::deserialize")]
    pub denied_by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floor {
    pub permissions: BTreeSet<String>,
    pub least: u64,
    /// Somebody untouchable always administers, seen or not.
    pub kept_by_untouchable: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Untouchable {
    pub key: String,
    pub word: String,
}

/// What one call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    Invite,
    Resend,
    EditInvitation,
    Set,
    Restore,
    Delete,
    Deactivate,
    AllowDomain,
    DisallowDomain,
}

/// One account: how it was read, what holds for it, and its part of the plan.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub account: String,
    pub system: String,
    pub origin: String,
    #[serde(deserialize_with = "Option::deserialize")]
    pub tenant: Option<String>,
    pub reading: Reading,
    pub policy: Policy,
    /// Ids of changes that must not be made.
    pub blocked: BTreeSet<String>,
    pub digest: String,
    pub changes: Vec<Change>,
    /// What each guard counted.
    pub guards: BTreeMap<String, u64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reading {
    /// How it is known to be whole; null where it is not.
    #[serde(deserialize_with = "Option::deserialize")]
    pub proof: Option<String>,
    /// Active administrators, those who hide included.
    pub administrators: u64,
    /// `"off"`, a list, or null where nobody can read it.
    #[serde(deserialize_with = "Option::deserialize")]
    pub domains: Option<Domains>,
    /// Attributes that show.
    pub reads: BTreeSet<String>,
    /// Whether invitations show: who is not pending has accepted.
    pub reads_invitations: bool,
    /// Whose registration is certain all the same.
    #[serde(deserialize_with = "Option::deserialize")]
    pub registered: Option<String>,
    /// Whether the server keeps the product's own ends.
    pub keeps_ends: bool,
    /// The actor sees everyone and every scope.
    pub unbounded: bool,
    /// Calls by which the product writes to the person.
    pub mails: Vec<Verb>,
    /// Everyone who is named by a change, administers, is untouchable, or is of a domain that a change
    /// takes off the list; by address.
    pub members: BTreeMap<String, Member>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Domains {
    /// `"off"`: everyone may.
    Off(Off),
    Only(BTreeSet<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Off {
    Off,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    pub phase: Phase,
    /// What is seen of it.
    pub seen: Attrs,
    /// Sets of which more is there than the actor sees.
    pub partly: BTreeSet<String>,
    /// What is there and not shown.
    pub hidden: BTreeSet<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    Pending,
    Active,
    Locked,
    Expired,
    Suspended,
}

impl Phase {
    /// The membership gives access, or will once accepted or unlocked.
    pub fn stands(self) -> bool {
        matches!(self, Self::Pending | Self::Active | Self::Locked)
    }
}

/// What the manifests say of the account beside its members.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Addresses of the one that portcullis signs in as.
    pub actor: BTreeSet<String>,
    pub protected: BTreeSet<String>,
    /// Addresses, `*` for any text.
    pub ignored: BTreeSet<String>,
    /// The whitelist that shall be; null where it is not managed.
    #[serde(deserialize_with = "Option::deserialize")]
    pub domains: Option<Domains>,
    /// The most that each guard lets, lifts included.
    pub limits: BTreeMap<String, u64>,
    /// The least number of active administrators.
    pub minimum_administrators: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    AllowDomain,
    Invite,
    Reinvite,
    EditInvitation,
    CancelInvitation,
    Edit,
    Restore,
    Remove,
    DisallowDomain,
}

impl Action {
    pub fn word(self) -> &'static str {
        match self {
            Self::AllowDomain => "allow-domain",
            Self::Invite => "invite",
            Self::Reinvite => "reinvite",
            Self::EditInvitation => "edit-invitation",
            Self::CancelInvitation => "cancel-invitation",
            Self::Edit => "edit",
            Self::Restore => "restore",
            Self::Remove => "remove",
            Self::DisallowDomain => "disallow-domain",
        }
    }
    pub fn is_of_a_domain(self) -> bool {
        matches!(self, Self::AllowDomain | Self::DisallowDomain)
    }
    /// The membership, or the invitation, ends.
    pub fn ends(self) -> bool {
        matches!(self, Self::Remove | Self::CancelInvitation)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub id: String,
    pub action: Action,
    /// A member's address, or a domain.
    pub subject: String,
    pub digest: String,
    #[serde(deserialize_with = "Option::deserialize")]
    pub before: Option<Attrs>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub after: Option<Attrs>,
    /// Its end enters digests as `rolling`.
    pub rolling: bool,
    pub calls: Vec<Call>,
    pub direction: Direction,
    /// The member comes to administer.
    pub administers: bool,
    /// Ids, sorted.
    pub waits_for: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    pub label: String,
    pub channel: Channel,
    pub set: BTreeMap<String, Assign>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Api,
    Manual,
    Unverifiable,
}

impl Channel {
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Manual => "manual",
            Self::Unverifiable => "unverifiable",
        }
    }
}

/// What a call does to an attribute.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Assign {
    To(Json),
    Delta { add: Vec<String>, remove: Vec<String> },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    Widens,
    Narrows,
    Both,
    Neither,
}

impl Direction {
    pub fn of(widens: bool, narrows: bool) -> Self {
        match (widens, narrows) {
            (true, false) => Self::Widens,
            (false, true) => Self::Narrows,
            (true, true) => Self::Both,
            (false, false) => Self::Neither,
        }
    }
    pub fn word(self) -> &'static str {
        match self {
            Self::Widens => "widens",
            Self::Narrows => "narrows",
            Self::Both => "both",
            Self::Neither => "neither",
        }
    }
    pub fn narrows(self) -> bool {
        matches!(self, Self::Narrows | Self::Both)
    }
}

impl Account {
    /// The change's member, where the reading has it.
    pub fn member(&self, change: &Change) -> Option<&Member> {
        (!change.action.is_of_a_domain()).then(|| self.reading.members.get(&change.subject)).flatten()
    }
}

/// The part behind the last `@`.
pub fn domain_of(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain)
}
