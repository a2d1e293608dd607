use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{AccountDoc, GuardLimit, Invitations, Lint, Manifests, Mode, Pattern};
use crate::model::{Atom, Email, Located, Place};
use crate::systems::{Removal, SystemSpec};

/// A limit that stops one account's plan before its first write. In the order of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardCode {
    Removals,
    Reductions,
    CancelledInvitations,
    DisallowedDomains,
    OpenDomains,
    CutOff,
    NewAdministrators,
    EndExtensions,
    Invitations,
    MinimumAdministrators,
    SelfLockout,
    Protected,
}

impl GuardCode {
    pub const ALL: [GuardCode; 12] = [
        GuardCode::Removals,
        GuardCode::Reductions,
        GuardCode::CancelledInvitations,
        GuardCode::DisallowedDomains,
        GuardCode::OpenDomains,
        GuardCode::CutOff,
        GuardCode::NewAdministrators,
        GuardCode::EndExtensions,
        GuardCode::Invitations,
        GuardCode::MinimumAdministrators,
        GuardCode::SelfLockout,
        GuardCode::Protected,
    ];

    pub fn word(self) -> &'static str {
        match self {
            GuardCode::Removals => "removals",
            GuardCode::Reductions => "reductions",
            GuardCode::CancelledInvitations => "cancelled-invitations",
            GuardCode::DisallowedDomains => "disallowed-domains",
            GuardCode::OpenDomains => "open-domains",
            GuardCode::CutOff => "cut-off",
            GuardCode::NewAdministrators => "new-administrators",
            GuardCode::EndExtensions => "end-extensions",
            GuardCode::Invitations => "invitations",
            GuardCode::MinimumAdministrators => "minimum-administrators",
            GuardCode::SelfLockout => "self-lockout",
            GuardCode::Protected => "protected",
        }
    }

    pub fn find(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.word() == word)
    }

    /// Whether its number is the least that must stay, not the most that may go.
    pub fn is_minimum(self) -> bool {
        self == GuardCode::MinimumAdministrators
    }

    /// Whether `--allow` can lift it at all.
    pub fn is_liftable(self) -> bool {
        !matches!(self, GuardCode::SelfLockout | GuardCode::Protected)
    }

    /// Count, percent of the members read, most (CONTRACT.md, guards).
    fn default_limit(self, spec: &SystemSpec) -> (u32, u32, u32) {
        match self {
            GuardCode::Removals => (3, 20, 25),
            GuardCode::Reductions => (5, 30, 50),
            GuardCode::CancelledInvitations => (5, 50, 50),
            GuardCode::DisallowedDomains | GuardCode::OpenDomains | GuardCode::CutOff => (0, 0, 0),
            GuardCode::NewAdministrators => (3, 0, 3),
            GuardCode::EndExtensions => (3, 10, 25),
            GuardCode::Invitations => (200, 0, 200),
            GuardCode::MinimumAdministrators => (spec.floor.least, 0, spec.floor.least),
            GuardCode::SelfLockout | GuardCode::Protected => (0, 0, 0),
        }
    }
}

/// One guard's numbers for an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    pub count: u32,
    pub percent: u32,
    pub most: u32,
    /// The line that set it; `None` for a default.
    pub at: Option<Place>,
    /// The written top-level entry: an account's own is never laxer.
    cap: Option<Box<Limit>>,
}

impl Limit {
    /// What holds where no line sets it.
    pub fn default_of(code: GuardCode, spec: &SystemSpec) -> Self {
        let (count, percent, most) = code.default_limit(spec);
        Self { count, percent, most, at: None, cap: None }
    }

    /// `min(most, max(count, floor(percent × members)))`, and no more than the top level lets.
    pub fn over(&self, members: usize) -> u32 {
        let share = (members as u64 * u64::from(self.percent) / 100).min(u64::from(u32::MAX)) as u32;
        let own = self.most.min(self.count.max(share));
        self.cap.as_ref().map_or(own, |cap| own.min(cap.over(members)))
    }

    /// The plain number of `minimum-administrators`: the higher is the stricter.
    pub fn at_least(&self) -> u32 {
        self.cap.as_ref().map_or(self.count, |cap| self.count.max(cap.at_least()))
    }

    /// What is left out keeps its default. A written count that the default `most` would cap
    /// raises it: who writes 30 means 30.
    fn of((count, percent, most): (u32, u32, u32), written: &Located<GuardLimit>) -> Self {
        let GuardLimit { count: c, percent: p, most: m } = written.value;
        let most = m.unwrap_or_else(|| most.max(c.unwrap_or(0)));
        Self { count: c.unwrap_or(count), percent: p.unwrap_or(percent), most, at: Some(written.at.clone()), cap: None }
    }
}

/// The limits of one account, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guards(BTreeMap<GuardCode, Limit>);

impl Guards {
    /// The account's own entry, what it leaves out from the top-level one, else the default.
    pub fn resolve(spec: &SystemSpec, manifests: &Manifests, account: &AccountDoc) -> Self {
        let limit = |code: GuardCode| {
            let default = code.default_limit(spec);
            let top = manifests.guards.get(code.word());
            let own = account.guards.get(code.word()).map(|w| Limit::of(default, &w.over(top)));
            let top = top.map(|w| Limit::of(default, w));
            match (own, top) {
                (Some(own), top) => Limit { cap: top.map(Box::new), ..own },
                (None, Some(top)) => top,
                (None, None) => Limit::default_of(code, spec),
            }
        };
        Self(GuardCode::ALL.into_iter().map(|code| (code, limit(code))).collect())
    }

    pub fn get(&self, code: GuardCode) -> &Limit {
        &self.0[&code]
    }
}

/// What an account's file says beside its members.
pub struct Policy<'m> {
    pub mode: Mode,
    pub ignore: &'m [Located<Pattern>],
    /// Other addresses of whom `ignore` means.
    pub ignored: BTreeSet<&'m Email>,
    pub protect: BTreeSet<&'m Email>,
    /// Addresses that must not be members, with their places.
    pub absent: BTreeMap<&'m Email, &'m Place>,
    pub guards: Guards,
    pub accept_blocked: &'m BTreeSet<Atom>,
    /// Nothing is written to the account without an audit log.
    pub audit_required: bool,
    /// Lints that are off.
    pub lints: &'m BTreeMap<Lint, Place>,
    pub invitations: Invitations,
    pub on_removal: Removal,
}

impl Policy<'_> {
    /// Bots and vendor staff: seen, never touched.
    pub fn ignores(&self, email: &Email) -> bool {
        self.ignore.iter().any(|p| p.value.matches(email)) || self.ignored.contains(email)
    }
}
