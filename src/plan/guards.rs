//! Limits that stop one account's plan before its first write, each with its own code, its limit
//! and the line that set it.

use std::collections::BTreeSet;

use crate::desired::{GuardCode, Limit};
use crate::model::{Action, Attrs, Email, Phase, Value};
use crate::systems::Axis;

use super::account::Account;
use super::block::Administrators;
use super::change::{AccountPlan, Change, Fact, Verdict};
use super::domains;

/// One verdict a guard, in the contract's order.
pub(super) fn all(account: &Account<'_>, changes: &[Change], administrators: &Administrators) -> Vec<Verdict> {
    let members = counted_members(account);
    GuardCode::ALL
        .into_iter()
        .map(|code| {
            let limit = account.desired.policy.guards.get(code);
            let Tally { actual, who } = tally(code, account, changes, administrators);
            let (most, tripped) = if code.is_minimum() {
                (administrators.limit, actual < administrators.limit && actual < administrators.now)
            } else {
                most(limit, members, actual)
            };
            Verdict {
                code: code.word(),
                account: account.name.to_string(),
                limit: most,
                actual,
                tripped,
                // Filled in when the plan's digest is known; here: whether it may be lifted.
                lift: (tripped && may_lift(code, actual, administrators)).then(String::new),
                place: limit.at.clone(),
                // Who is removed is plain from the changes, but for a plan that stops at too many.
                who: if code == GuardCode::Removals && !tripped { Vec::new() } else { who },
            }
        })
        .collect()
}

fn most(limit: &Limit, members: usize, actual: u32) -> (u32, bool) {
    let most = limit.over(members);
    (most, actual > most)
}

fn may_lift(code: GuardCode, actual: u32, administrators: &Administrators) -> bool {
    code.is_liftable() && (!code.is_minimum() || actual >= administrators.limit_floor)
}

/// Writes the exact flag that lifts each tripped guard.
pub(super) fn write_lifts(account: &mut AccountPlan, digest: &str, single: bool) {
    let name = account.account.clone();
    for verdict in &mut account.guards {
        let (code, actual) = (verdict.code, verdict.actual);
        if let Some(lift) = &mut verdict.lift {
            *lift = if single { format!("--allow {code}={actual}@{digest}") } else { format!("--allow {name}:{code}={actual}@{digest}") };
        }
    }
}

/// The pending and active ones read, without the ignored.
fn counted_members(account: &Account<'_>) -> usize {
    let counts = |p: &Phase| matches!(p, Phase::Pending { .. } | Phase::Active);
    account.reading.members.iter().filter(|m| counts(&m.phase) && !account.desired.policy.ignores(&m.email)).count()
}

struct Tally {
    actual: u32,
    who: Vec<String>,
}

impl Tally {
    fn and(mut self, more: Vec<String>) -> Self {
        self.who.extend(more);
        self.who.sort();
        self.who.dedup();
        self.actual = self.who.len() as u32;
        self
    }
}

fn tally(code: GuardCode, account: &Account<'_>, changes: &[Change], administrators: &Administrators) -> Tally {
    let count = |is: &dyn Fn(&Change) -> bool| Tally { actual: changes.iter().filter(|c| is(c)).count() as u32, who: Vec::new() };
    let named = |is: &dyn Fn(&Change) -> bool| {
        let who: Vec<String> = changes.iter().filter(|c| is(c)).map(|c| c.subject.as_str().to_owned()).collect();
        Tally { actual: who.len() as u32, who }
    };
    match code {
        GuardCode::Removals => named(&|c| c.action == Action::Remove || takes_last_scope(account, c)),
        GuardCode::Reductions => count(&|c| c.action == Action::Edit && c.direction.narrows()),
        GuardCode::CancelledInvitations => count(&|c| c.action == Action::CancelInvitation),
        GuardCode::DisallowedDomains => count(&|c| c.action == Action::DisallowDomain),
        GuardCode::OpenDomains => count(&|c| c.subject.domain().is_some_and(crate::model::Domain::is_any)),
        GuardCode::CutOff => cut_off(account, changes),
        GuardCode::NewAdministrators => named(&|c| c.administers),
        GuardCode::EndExtensions => count(&|c| !c.rolling && extends_end(account, c)),
        GuardCode::Invitations => count(&|c| c.mails() && c.invites),
        GuardCode::MinimumAdministrators => Tally { actual: lowest(account, changes, administrators), who: Vec::new() },
        GuardCode::SelfLockout => named(&|c| locks_out(account, c)).and(cut_off_where(account, changes, |e| is_actor(account, e))),
        GuardCode::Protected => {
            named(&|c| c.subject.email().is_some_and(|e| is_protected(account, e)))
                .and(cut_off_where(account, changes, |e| is_protected(account, e)))
        }
    }
}

/// A bounded actor's edit after which no scope is left that it sees.
fn takes_last_scope(account: &Account<'_>, change: &Change) -> bool {
    if account.is_unbounded() || change.action != Action::Edit {
        return false;
    }
    let scopes = |attrs: &Attrs| -> usize {
        let keys = account.spec.attrs.iter().filter(|a| a.is_scope());
        keys.filter_map(|a| attrs.get(a.key)?.as_set()).map(BTreeSet::len).sum()
    };
    scopes(&change.whole_before) > 0 && change.whole_after.as_ref().is_none_or(|a| scopes(a) == 0)
}

fn extends_end(account: &Account<'_>, change: &Change) -> bool {
    let Some(after) = &change.whole_after else { return false };
    if change.action == Action::Invite {
        return false;
    }
    account.spec.attrs.iter().filter(|a| a.axis == Axis::Until).any(|a| {
        let day = |attrs: &Attrs| attrs.get(a.key).and_then(Value::as_day);
        match (day(&change.whole_before), day(after)) {
            (Some(_), None) => true,
            (Some(b), Some(a)) => a > b,
            (None, _) => false,
        }
    })
}

fn cut_off(account: &Account<'_>, changes: &[Change]) -> Tally {
    let who = cut_off_where(account, changes, |_| true);
    Tally { actual: who.len() as u32, who }
}

/// Members who stay and whom the disallowed domains would cut off at once, sorted.
fn cut_off_where(account: &Account<'_>, changes: &[Change], is: impl Fn(&Email) -> bool) -> Vec<String> {
    let removed: BTreeSet<&str> =
        changes.iter().filter(|c| matches!(c.action, Action::Remove | Action::CancelInvitation)).map(|c| c.subject.as_str()).collect();
    let gone: BTreeSet<_> = changes.iter().filter(|c| c.action == Action::DisallowDomain).filter_map(|c| c.subject.domain()).collect();
    let mut who: Vec<String> = domains::cut_off(account, &gone, &removed).filter(|e| is(e)).map(Email::to_string).collect();
    who.sort();
    who
}

/// Active administrators once the changes are made.
pub(super) fn left_after(changes: &[Change], administrators: &Administrators) -> u32 {
    let with = |is: fn(&Change) -> &BTreeSet<Fact>| changes.iter().filter(|c| is(c).contains(&Fact::Administrators)).count() as u32;
    (administrators.now + with(|c| &c.gives)).saturating_sub(with(|c| &c.ends))
}

/// The fewest active administrators at any moment that the order allows; who is cut off is none.
fn lowest(account: &Account<'_>, changes: &[Change], administrators: &Administrators) -> u32 {
    let with = |is: fn(&Change) -> &BTreeSet<Fact>| changes.iter().filter(|c| is(c).contains(&Fact::Administrators)).count() as u32;
    let (enders, givers, waiting) = (with(|c| &c.ends), with(|c| &c.gives), with(|c| &c.needs));
    let ended: BTreeSet<&str> = changes.iter().filter(|c| c.ends_administrator()).map(|c| c.subject.as_str()).collect();
    let cut = if changes.iter().any(|c| c.action == Action::DisallowDomain) {
        let active: BTreeSet<&Email> = account.active_administrators().map(|l| &l.email).collect();
        cut_off_where(account, changes, |e| !ended.contains(e.key()) && active.contains(e)).len() as u32
    } else {
        0
    };
    // Where enders wait for all givers, the count first rises; a domain waits for neither.
    let (first, gained) = if waiting > 0 { (cut, givers) } else { (enders + cut, 0) };
    let least = administrators.now.saturating_sub(first);
    least.min((administrators.now + gained).saturating_sub(enders + cut))
}

/// Takes away the actor's own power: an administering permission somewhere, or what it may hand on.
fn locks_out(account: &Account<'_>, change: &Change) -> bool {
    if !change.subject.email().is_some_and(|e| is_actor(account, e)) {
        return false;
    }
    let before = &change.whole_before;
    let Some(after) = &change.whole_after else { return true };
    let held = |attrs: &Attrs, key: &str| attrs.get(key).and_then(Value::as_set).cloned().unwrap_or_default();
    // Beside the role: privileges, which bound what the actor may hand on (E5).
    let mut powers = account.spec.attrs.iter().filter(|a| a.axis == Axis::Power && !account.spec.is_chief(a.key));
    !account.spec.power(before).is_subset(&account.spec.power(after))
        || account.spec.administers(before) && powers.any(|a| !held(before, a.key).is_subset(&held(after, a.key)))
}

fn is_actor(account: &Account<'_>, email: &Email) -> bool {
    account.tenant.actor.member.as_ref().is_some_and(|a| account.desired.is_one_person(a, email))
}

/// Under any of the person's addresses.
fn is_protected(account: &Account<'_>, email: &Email) -> bool {
    account.desired.policy.protect.iter().any(|p| account.desired.is_one_person(p, email))
}
