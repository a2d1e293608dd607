//! What a plan is made of.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{Action, Attrs, Call, Channel, Direction, Domain, Key, Place, Proof, Subject, Verb};

/// A hash of a canonical form: `sha256:` and 64 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(transparent)]
pub struct Digest(pub(super) String);

impl Digest {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `account/action/member`: stable as long as the change is.
pub type ChangeId = String;

/// Why an attribute differs. The order is the contract's: a change's cause is the first among its
/// attributes'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// An end has passed.
    Expiry,
    /// A day has come.
    Start,
    /// The lifecycle of an invitation.
    Invitation,
    /// No base revision was given.
    Undetermined,
}

impl Cause {
    pub fn word(self) -> &'static str {
        match self {
            Cause::Expiry => "expiry",
            Cause::Start => "start",
            Cause::Invitation => "invitation",
            Cause::Undetermined => "undetermined",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Risk {
    Low,
    High,
}

impl Risk {
    pub fn word(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::High => "high",
        }
    }
}

/// What one change gives, needs or ends. Every edge of the order comes from these.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// Members of the domain can come in.
    Domain(Domain),
    /// An active administrator more (or, ended, one less).
    Administrators,
    /// Ended: somebody less who may be one.
    PerhapsAdministrators,
    /// The whitelist is on.
    Whitelist,
    /// Nobody uses the domain any more.
    Unused(Domain),
}

/// One logical change, however many calls its system needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub id: ChangeId,
    pub account: String,
    pub subject: Subject,
    pub action: Action,
    pub digest: Digest,
    /// Only the attributes that differ, plus the chief one; `None` for an invite's before and for
    /// a removal's after.
    pub before: Option<Attrs>,
    pub after: Option<Attrs>,
    pub direction: Direction,
    pub cause: Cause,
    pub causes: BTreeMap<Key, Cause>,
    pub risk: Risk,
    /// Whether the member comes to administer.
    pub administers: bool,
    /// In a safe order.
    pub calls: Vec<Call>,
    pub place: Option<Place>,
    pub reason: Option<String>,
    pub waits_for: BTreeSet<ChangeId>,
    /// Stable words and sentences: `end-cleared`, `overrides editor (teams)`.
    pub notes: Vec<String>,
    pub(super) gives: BTreeSet<Fact>,
    pub(super) needs: BTreeSet<Fact>,
    pub(super) ends: BTreeSet<Fact>,
    /// Everything that the member seen would be, not only what differs: for guards.
    pub(super) whole_before: Attrs,
    pub(super) whole_after: Option<Attrs>,
    /// Whether its message invites.
    pub(super) invites: bool,
    /// A rolling end, which enters digests as `rolling`.
    pub(super) rolling: bool,
}

impl Change {
    /// Manual when a human makes all calls.
    pub fn channel(&self) -> Channel {
        if self.calls.iter().any(|c| c.channel == Channel::Api) {
            Channel::Api
        } else if self.calls.iter().all(|c| c.channel == Channel::Unverifiable) && !self.calls.is_empty() {
            Channel::Unverifiable
        } else {
            Channel::Manual
        }
    }
    /// Whether something of it is sent now: calls go in their order, up to the first that a human makes.
    pub fn is_sent(&self) -> bool {
        self.calls.first().is_some_and(|c| c.channel == Channel::Api)
    }
    /// The labels of the calls that a human must make.
    pub fn manual(&self) -> Vec<&str> {
        self.calls.iter().filter(|c| c.channel != Channel::Api).map(|c| c.label.as_str()).collect()
    }
    /// The attributes that a human sets and that nothing can read back.
    pub fn unverifiable(&self) -> Vec<Key> {
        self.calls.iter().filter(|c| c.channel == Channel::Unverifiable).flat_map(|c| c.set.keys().copied()).collect()
    }
    /// Whether one of its calls sends an invitation, by mail or as a link.
    pub fn invites_somebody(&self) -> bool {
        self.calls.iter().any(|c| c.channel == Channel::Api && matches!(c.verb, Verb::Invite | Verb::Resend))
    }
    pub fn mails(&self) -> bool {
        self.calls.iter().any(|c| c.mails)
    }
    /// Whether it deletes an invitation and sends a new one.
    pub fn is_anew(&self) -> bool {
        super::draft::is_anew(&self.calls)
    }
    /// Whether an active administrator is lost by it, or somebody who may be one.
    pub fn ends_administrator(&self) -> bool {
        self.ends.contains(&Fact::Administrators) || self.ends.contains(&Fact::PerhapsAdministrators)
    }
    /// All that is seen of the member before the change.
    pub fn whole_before(&self) -> &Attrs {
        &self.whole_before
    }
    pub fn is_drift(&self) -> bool {
        is_drift(self.cause, &self.causes)
    }
    /// All that the member shall have after it; `None` where the membership ends.
    pub fn whole_after(&self) -> Option<&Attrs> {
        self.whole_after.as_ref()
    }
}

/// A change that is not attempted, and who could make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocked {
    pub id: ChangeId,
    pub action: Action,
    pub subject: Subject,
    pub code: &'static str,
    pub needs: String,
    pub before: Option<Attrs>,
    pub after: Option<Attrs>,
    pub place: Option<Place>,
    pub reason: Option<String>,
    pub cause: Cause,
    pub causes: BTreeMap<Key, Cause>,
    /// The change's own: why a removal is wanted.
    pub notes: Vec<String>,
    /// The account knows this block (`accept-blocked`).
    pub accepted: bool,
}

impl Blocked {
    pub fn is_drift(&self) -> bool {
        is_drift(self.cause, &self.causes)
    }
    /// The change, not to be attempted, or refused as blocked.
    pub fn of(change: &Change, code: &'static str, needs: &str) -> Self {
        Self {
            id: change.id.clone(),
            action: change.action,
            subject: change.subject.clone(),
            code,
            needs: needs.to_owned(),
            before: change.before.clone(),
            after: change.after.clone(),
            place: change.place.clone(),
            reason: change.reason.clone(),
            cause: change.cause,
            causes: change.causes.clone(),
            notes: change.notes.clone(),
            accepted: false,
        }
    }
}

/// An approved change that came back different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    pub approved: ChangeId,
    /// The canonical forms, as approved and as the account needs it now.
    pub was: serde_json::Value,
    pub fresh: ChangeId,
    pub is: serde_json::Value,
}

/// Something worth saying that asks for no change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Report {
    pub code: &'static str,
    pub member: Option<String>,
    pub message: String,
    pub place: Option<Place>,
}

/// Something that time or an override brings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    pub code: &'static str,
    /// The day it happens.
    pub on: Option<jiff::civil::Date>,
    pub member: Option<String>,
    pub message: String,
    pub place: Option<Place>,
}

/// One guard's verdict on one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub code: &'static str,
    pub account: String,
    pub limit: u32,
    pub actual: u32,
    pub tripped: bool,
    /// The flag that lifts it for this plan, where it may be lifted.
    pub lift: Option<String>,
    /// The line that set the limit.
    pub place: Option<Place>,
    /// Who is meant, where that is not plain from the changes.
    pub who: Vec<String>,
}

impl Verdict {
    /// It would stop the account, and a flag lifted it for this plan.
    pub fn is_lifted(&self) -> bool {
        self.lift.is_some() && !self.tripped
    }
    /// It stops what falls below its limit, not what rises above it.
    pub fn is_floor(&self) -> bool {
        Self::is_floors(self.code)
    }
    /// Whether the code is that of such a guard.
    pub fn is_floors(code: &str) -> bool {
        code == crate::desired::GuardCode::MinimumAdministrators.word()
    }
}

/// How the account was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingSummary {
    pub proof: Option<Proof>,
    pub members: usize,
    pub problems: Vec<String>,
}

impl ReadingSummary {
    pub fn is_complete(&self) -> bool {
        self.proof.is_some()
    }
}

/// One account's part of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPlan {
    pub account: String,
    pub system: &'static str,
    /// Which tenant of its connection it is, where the system has tenants.
    pub tenant: Option<crate::model::Atom>,
    pub backend: &'static str,
    pub sandbox: bool,
    pub digest: Digest,
    /// The first instant of `--at` in this account's timezone, else the run's.
    pub as_of: Timestamp,
    pub reading: ReadingSummary,
    /// In a valid order; ties by action, then member.
    pub changes: Vec<Change>,
    pub blocked: Vec<Blocked>,
    /// Changes that nobody approved, where it matters: they are not made.
    pub unreviewed: Vec<super::Unreviewed>,
    /// Approved changes that came back different: they stop the account.
    pub stale: Vec<Stale>,
    pub reports: Vec<Report>,
    pub warnings: Vec<Warning>,
    pub guards: Vec<Verdict>,
}

impl AccountPlan {
    pub fn tripped(&self) -> impl Iterator<Item = &Verdict> {
        self.guards.iter().filter(|g| g.tripped)
    }
    /// Active administrators that must be left after every call: the guard's limit, or the fewest of
    /// this plan where there were fewer than that from the start and the plan does not lower it.
    pub fn minimum_administrators(&self) -> u32 {
        let guard = self.guards.iter().find(|g| g.code == crate::desired::GuardCode::MinimumAdministrators.word());
        guard.map_or(0, |g| g.limit.min(g.actual))
    }
    /// Whether nothing of it may be made: a guard stops it, or an approved change came back different.
    pub fn is_stopped(&self) -> bool {
        self.tripped().next().is_some() || !self.stale.is_empty()
    }
    /// Blocked changes that the account does not know yet.
    pub fn unaccepted(&self) -> impl Iterator<Item = &Blocked> {
        self.blocked.iter().filter(|b| !b.accepted)
    }
}

/// All changes of all accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    pub as_of: Timestamp,
    /// Made for another moment than now.
    pub simulated: bool,
    pub digest: Digest,
    /// The digest of the plan that was reviewed, of which this is what is left: what lifts name.
    pub reviewed: Option<String>,
    /// Sorted by name.
    pub accounts: Vec<AccountPlan>,
}

/// Whether something other than time and the lifecycle of invitations is behind it.
fn is_drift(cause: Cause, causes: &BTreeMap<Key, Cause>) -> bool {
    cause == Cause::Undetermined || causes.values().any(|c| *c == Cause::Undetermined)
}

impl Plan {
    /// Whether any change drifted, by hand or by a call.
    pub fn has_drift(&self) -> bool {
        self.changes().any(Change::is_drift)
    }
    /// The digest that lifts name: of the plan that was reviewed, else of this one.
    pub fn lifted_by(&self) -> &str {
        self.reviewed.as_deref().unwrap_or(self.digest.as_str())
    }
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.accounts.iter().flat_map(|a| &a.changes)
    }
    pub fn is_sandbox(&self) -> bool {
        self.accounts.iter().any(|a| a.sandbox)
    }
}

/// A plan that may be applied: approval held and no guard stops what is left in it. Made by
/// [`super::clear`], and without any change by [`super::confirm`]; no `Cleared`, no writer.
#[derive(Debug)]
pub struct Cleared {
    pub(super) plan: Plan,
    pub(super) stopped: Vec<String>,
    pub(super) idle: Vec<String>,
}

impl Cleared {
    /// The changes that may be made, account by account; an account that a guard stops has none.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }
    /// Each lift that lifts nothing, and why.
    pub fn idle_lifts(&self) -> &[String] {
        &self.idle
    }
    /// The accounts that a guard stops, or an approved change that came back different.
    pub fn stopped(&self) -> &[String] {
        &self.stopped
    }
}

#[cfg(test)]
#[path = "change_tests.rs"]
mod tests;
