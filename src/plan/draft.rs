use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Attrs, Call, Direction, Key, Phase, Place, Subject, Tenant, Value, Verb};
use crate::systems::{Administrator, Axis, Seeking, SystemSpec};

use super::account::Account;
use super::change::{Blocked, Cause, Change, Fact, Risk};
use super::{digest, preflight};

static NOTHING: Attrs = Attrs::new();

/// A change on its way into a plan: not yet cleared by preflight, not yet in an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub change: Change,
    /// Of a member that is there.
    pub phase: Option<Phase>,
    /// Whether the member holds more than is seen.
    pub partly_seen: bool,
}

/// What a diff found, before the system's calls are known.
#[derive(Clone)]
pub(super) struct Found<'a> {
    pub action: Action,
    pub subject: Subject,
    pub live: Option<&'a crate::model::Live>,
    /// All that is seen.
    pub whole_before: Attrs,
    /// All that shall be; `None` where the membership ends.
    pub whole_after: Option<Attrs>,
    pub causes: BTreeMap<Key, Cause>,
    pub cause: Cause,
    pub place: Option<Place>,
    pub reason: Option<String>,
    pub notes: Vec<String>,
    pub rolling: bool,
    pub direction: Option<Direction>,
}

impl<'a> Found<'a> {
    pub fn new(action: Action, subject: Subject) -> Self {
        Self {
            action,
            subject,
            live: None,
            whole_before: Attrs::new(),
            whole_after: None,
            causes: BTreeMap::new(),
            cause: Cause::Undetermined,
            place: None,
            reason: None,
            notes: Vec::new(),
            rolling: false,
            direction: None,
        }
    }

    /// Works out calls, direction, risk, facts and digest.
    ///
    /// Without a way in this system the draft comes back as blocked.
    pub fn draft(self, account: &Account<'_>) -> Result<Draft, Box<Blocked>> {
        let spec = account.spec;
        let (before, after) = self.shown(account);
        let empty = Attrs::new();
        let whole_after = self.whole_after.as_ref().unwrap_or(&empty);
        let phase = self.live.map(|l| l.phase.clone());
        let calls = spec.calls(
            self.action,
            phase.as_ref(),
            &self.whole_before,
            whole_after,
            account.desired.policy.on_removal,
            account.tenant,
            account.caps,
        );
        let partly_seen = self.live.is_some_and(|l| l.attrs.values().any(crate::model::Known::is_partly));
        let standing = is_standing(self.live);
        let had = if standing { &self.whole_before } else { &empty };
        let direction = self.direction.unwrap_or_else(|| direction(account, self.action, standing, had, whole_after));
        let administers = account.comes_to_administer(self.live.is_some(), had, whole_after);
        let opens = self.subject.domain().is_some_and(crate::model::Domain::is_any);
        let high = administers || opens || (spec.is_high_risk(whole_after) && !spec.is_high_risk(had));
        let id = format!("{}/{}/{}", account.name, self.action.word(), self.subject.as_str());
        let no_way = calls.is_err();
        let calls: Vec<Call> = calls.unwrap_or_default();
        let mut change = Change {
            id,
            account: account.name.to_string(),
            digest: digest::nothing(),
            before,
            after,
            direction,
            cause: self.causes.values().copied().min().map_or(self.cause, |c| c.min(self.cause)),
            causes: self.causes,
            risk: if high { Risk::High } else { Risk::Low },
            administers,
            calls,
            place: self.place,
            reason: self.reason,
            waits_for: BTreeSet::new(),
            notes: self.notes,
            gives: BTreeSet::new(),
            needs: BTreeSet::new(),
            ends: BTreeSet::new(),
            whole_before: self.whole_before,
            whole_after: self.whole_after,
            invites: invites(account, self.action, self.live),
            rolling: self.rolling,
            action: self.action,
            subject: self.subject,
        };
        change.digest = digest::of_change(account, &change);
        facts(account, &mut change, self.live);
        let draft = Draft { change, phase, partly_seen };
        if no_way {
            // What the actor may not do on any surface says better who could.
            return Err(Box::new(preflight::no_way(account, draft)));
        }
        Ok(draft)
    }

    /// `before` and `after` as the plan shows them: what differs, and the chief attribute.
    fn shown(&self, account: &Account<'_>) -> (Option<Attrs>, Option<Attrs>) {
        match (self.action, &self.whole_after) {
            (Action::AllowDomain | Action::DisallowDomain, _) => (None, None),
            (Action::Invite, after) => (None, after.clone()),
            (Action::Remove | Action::CancelInvitation, _) | (_, None) => {
                (Some(self.whole_before.iter().filter(|(_, v)| !is_unset(v)).map(|(k, v)| (*k, v.clone())).collect()), None)
            }
            (_, Some(after)) => {
                let differs =
                    |k: &Key| account.spec.is_chief(k) || (after.get(k).is_some_and(|a| self.whole_before.get(k).is_none_or(|b| a != b)));
                let of = |attrs: &Attrs| -> Attrs { attrs.iter().filter(|(k, _)| differs(k)).map(|(k, v)| (*k, v.clone())).collect() };
                (Some(of(&self.whole_before)), Some(of(after)))
            }
        }
    }
}

impl Draft {
    /// How ties break: by action, then member.
    pub fn order_key(&self) -> (Action, &Subject) {
        (self.change.action, &self.change.subject)
    }

    /// The change as the rules on actors see it.
    pub fn seeking(&self) -> Seeking<'_> {
        let change = &self.change;
        Seeking {
            action: change.action,
            exists: self.phase.is_some(),
            partly_seen: self.partly_seen,
            anew: change.is_anew(),
            before: &change.whole_before,
            after: change.whole_after.as_ref().unwrap_or(&NOTHING),
        }
    }

    /// Whether the actor has no safe way: delete and invite would lose what it does not see (E6), or
    /// what it would lose sight of it could not finish.
    pub fn has_no_safe_path(&self, account: &Account<'_>) -> bool {
        let change = &self.change;
        let loses = change.is_anew() || change.action == Action::CancelInvitation;
        loses && self.partly_seen || self.loses_sight(account)
    }

    pub fn loses_sight(&self, account: &Account<'_>) -> bool {
        loses_sight(account.spec, account.tenant, &self.change.whole_before, &self.change.calls)
    }

    /// The same, not to be attempted.
    pub fn block(self, code: &'static str, needs: &str) -> Blocked {
        Blocked::of(&self.change, code, needs)
    }
}

/// Whether it says nothing: an empty set, no end, no name.
pub(super) fn is_unset(value: &Value) -> bool {
    match value {
        Value::Set(s) => s.is_empty(),
        Value::Flag(b) => !b,
        Value::Day(d) => d.is_none(),
        Value::Text(t) => t.as_str().is_empty(),
        Value::Opaque(o) => o.as_object().is_some_and(serde_json::Map::is_empty),
        Value::One(_) => false,
    }
}

/// Whether the membership gives, or will give once accepted or unlocked, what its attributes say.
fn is_standing(live: Option<&crate::model::Live>) -> bool {
    live.is_some_and(|l| l.phase.is_standing())
}

/// `standing`: whether the membership gives anything before.
fn direction(account: &Account<'_>, action: Action, standing: bool, had: &Attrs, after: &Attrs) -> Direction {
    // Where the scopes are is unread on both sides, and the change leaves them where they are.
    let judged = |b: &Attrs, a: &Attrs| {
        let unread = |attrs: &Attrs| account.spec.with_unread_scopes(attrs, account.caps);
        if standing { account.spec.direction(&unread(b), &unread(a)) } else { account.spec.direction(b, a) }
    };
    match action {
        Action::Invite => Direction::Widens,
        Action::Restore => Direction::Widens,
        // A dead link gives nothing; a new one does.
        Action::Reinvite => Direction::Widens.and(judged(had, after)),
        Action::CancelInvitation => Direction::Narrows,
        Action::Remove if !standing => Direction::Neither,
        Action::Remove => Direction::Narrows,
        Action::EditInvitation | Action::Edit => judged(had, after),
        Action::AllowDomain => Direction::Widens,
        Action::DisallowDomain => Direction::Narrows,
    }
}

/// Whether calls delete an invitation and send a new one.
pub(super) fn is_anew(calls: &[Call]) -> bool {
    let has = |verb: Verb| calls.iter().any(|c| c.verb == verb);
    has(Verb::Delete) && has(Verb::Invite)
}

/// Whether a bounded actor would lose sight of the member before the last call: what it does not
/// see it cannot change.
pub(super) fn loses_sight(spec: &SystemSpec, tenant: &Tenant, before: &Attrs, calls: &[Call]) -> bool {
    if (spec.sees_all)(tenant) || calls.len() < 2 {
        return false;
    }
    let scopes = spec.attrs.iter().filter(|a| a.is_scope());
    let keys: Vec<Key> = scopes.map(|a| a.key).filter(|k| before.contains_key(k)).collect();
    let none = |attrs: &Attrs, key: &Key| attrs.get(key).and_then(Value::as_set).is_some_and(BTreeSet::is_empty);
    moments(before, calls).iter().any(|between| keys.iter().any(|k| !none(before, k) && none(between, k)))
}

/// What the member has after each call but the last.
fn moments(before: &Attrs, calls: &[Call]) -> Vec<Attrs> {
    let mut now = before.clone();
    let but_last = calls.split_last().map_or(&[][..], |(_, calls)| calls);
    let after = |call: &Call| {
        now = call.makes_of(std::mem::take(&mut now));
        now.clone()
    };
    but_last.iter().map(after).collect()
}

/// Whether the message of the change invites: one who never registered is invited once more by a
/// restore.
fn invites(account: &Account<'_>, action: Action, live: Option<&crate::model::Live>) -> bool {
    match action {
        Action::Invite | Action::Reinvite | Action::EditInvitation => true,
        Action::Restore => live.is_some_and(|l| !account.has_registered(l)),
        Action::AllowDomain | Action::CancelInvitation | Action::Edit | Action::Remove | Action::DisallowDomain => false,
    }
}

/// What the change gives, needs and ends. Only active members count as administrators; pending
/// and manual replacements never do, nor do those whose restoring is one more invitation.
fn facts(account: &Account<'_>, change: &mut Change, live: Option<&crate::model::Live>) {
    let spec = account.spec;
    let none = Attrs::new();
    let after = change.whole_after.as_ref().unwrap_or(&none);
    let was = live.map_or(Administrator::No, |l| account.administrator(l));
    let is_let_in = live.is_none_or(|l| !spec.is_kept_out(l, account.reading, account.desired.domains, account.caps));
    let is_active = live.is_some_and(|l| l.phase == crate::model::Phase::Active);
    let has_registered = live.is_some_and(|l| account.has_registered(l));
    let will_count = spec.counts_for_floor(after);
    let by_api = change.calls.iter().all(|c| c.channel == crate::model::Channel::Api);
    // One who administers before and after, but not at every moment between, is missed as well.
    let stays = will_count && moments(&change.whole_before, &change.calls).iter().all(|m| spec.counts_for_floor(m));
    let takes = change.action == Action::Remove || change.direction.narrows() || spec.chiefs().any(|a| after.contains_key(a.key));
    match change.action {
        Action::Edit if is_active && was == Administrator::No && will_count && is_let_in && by_api && has_registered => {
            change.gives.insert(Fact::Administrators);
        }
        Action::Restore if will_count && is_let_in && by_api && has_registered => {
            change.gives.insert(Fact::Administrators);
        }
        Action::Edit | Action::Remove if was == Administrator::Yes && !stays => {
            change.ends.insert(Fact::Administrators);
        }
        Action::Edit | Action::Remove if was == Administrator::Perhaps && takes && !stays => {
            change.ends.insert(Fact::PerhapsAdministrators);
        }
        Action::Invite => {
            if spec.domains.is_some()
                && let Some(email) = change.subject.email()
            {
                change.needs.insert(Fact::Domain(email.domain()));
            }
        }
        Action::AllowDomain => {
            if let Some(domain) = change.subject.domain() {
                change.gives.insert(Fact::Domain(domain.clone()));
            }
        }
        Action::DisallowDomain => {
            if let Some(domain) = change.subject.domain() {
                change.ends.insert(Fact::Domain(domain.clone()));
                change.needs.insert(Fact::Unused(domain.clone()));
            }
        }
        Action::Edit | Action::Restore | Action::Remove | Action::Reinvite | Action::EditInvitation | Action::CancelInvitation => {}
    }
    if let (Action::Remove | Action::CancelInvitation, Some(_), Some(email)) = (change.action, &spec.domains, change.subject.email()) {
        change.gives.insert(Fact::Unused(email.domain()));
    }
}

/// Whether an attribute is an end.
pub(super) fn is_until(account: &Account<'_>, key: &str) -> bool {
    account.spec.attr(key).is_some_and(|a| a.axis == Axis::Until)
}
