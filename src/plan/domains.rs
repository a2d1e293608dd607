//! The whitelist: switched on or off, domains allowed and disallowed.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Action, Direction, Domain, Domains, Email, Known, Phase, Subject};

use super::account::{Account, Day, Work};
use super::change::{Change, Fact, Report, Warning};
use super::draft::Found;

pub(super) fn all(account: &Account<'_>, work: &mut Work) {
    let (Some(spec), Some(wanted)) = (&account.spec.domains, account.desired.domains) else { return };
    let live = match &account.reading.domains {
        Known::Seen(live) => live,
        Known::Partly(_) | Known::Hidden | Known::Unreadable => {
            work.reports.push(Report {
                code: "unverifiable",
                member: None,
                message: "nothing here can read the whitelist of domains: check by hand".into(),
                place: account.desired.domains_at.cloned(),
            });
            return;
        }
    };
    match (live, wanted) {
        (Domains::Off, Domains::Off) => {}
        (Domains::Only(_), Domains::Off) => push(account, Action::AllowDomain, Domain::any(), Direction::Widens, work),
        (Domains::Off, Domains::Only(wanted)) => {
            // I14: switching it on lists the domains of all existing members.
            let existing: BTreeSet<Domain> = if spec.on_lists_existing { in_use(account) } else { BTreeSet::new() };
            switch_on(account, wanted, work);
            for domain in existing.difference(wanted) {
                push(account, Action::DisallowDomain, domain.clone(), Direction::Narrows, work);
            }
        }
        (Domains::Only(live), Domains::Only(wanted)) => {
            for domain in wanted.difference(live) {
                push(account, Action::AllowDomain, domain.clone(), Direction::Widens, work);
            }
            for domain in live.difference(wanted) {
                push(account, Action::DisallowDomain, domain.clone(), Direction::Narrows, work);
            }
        }
    }
}

/// From "everyone may" to a list: every part of it narrows, and the first switches it on.
fn switch_on(account: &Account<'_>, wanted: &BTreeSet<Domain>, work: &mut Work) {
    let first = wanted.iter().next();
    for domain in wanted {
        push(account, Action::AllowDomain, domain.clone(), Direction::Narrows, work);
        if Some(domain) == first
            && let Some(draft) = work.drafts.last_mut()
        {
            draft.change.gives.insert(Fact::Whitelist);
            draft.change.notes.push("switches-whitelist-on".into());
        }
    }
}

fn in_use(account: &Account<'_>) -> BTreeSet<Domain> {
    account.reading.members.iter().map(|m| m.email.domain()).collect()
}

fn push(account: &Account<'_>, action: Action, domain: Domain, direction: Direction, work: &mut Work) {
    let place = account.desired.domain_places.get(&domain).or(account.desired.domains_at).cloned();
    let switches_on = direction == Direction::Narrows;
    let found = Found { place, direction: Some(direction), ..Found::new(action, Subject::Domain(domain.clone())) };
    match found.draft(account) {
        Ok(mut draft) => {
            if switches_on && matches!(account.reading.domains, Known::Seen(Domains::Off)) {
                draft.change.needs.insert(Fact::Whitelist);
            }
            work.drafts.push(draft);
        }
        Err(blocked) => work.blocked.push(*blocked),
    }
}

/// Members who stay and whom the plan's disallowed domains would cut off, without a change of
/// their status (insider).
pub(super) fn cut_off<'a>(
    account: &'a Account<'_>,
    gone: &'a BTreeSet<&Domain>,
    removed: &'a BTreeSet<&str>,
) -> impl Iterator<Item = &'a Email> {
    account
        .reading
        .members
        .iter()
        .filter(move |m| !gone.is_empty() && gone.contains(&m.email.domain()) && !removed.contains(m.email.key()))
        .filter(|m| !matches!(m.phase, Phase::Expired | Phase::Suspended))
        .map(|m| &m.email)
}

/// Who stays, and whose domain is not on the whitelist once the plan is applied: cut off, though the
/// status does not show it (insider). A warning for each domain.
pub(super) fn cuts_off(account: &Account<'_>, day: Day, changes: &[Change]) -> Vec<Warning> {
    let Known::Seen(live) = &account.reading.domains else { return Vec::new() };
    if account.spec.domains.is_none() {
        return Vec::new();
    }
    let of = |action| changes.iter().filter(move |c| c.action == action).filter_map(|c| c.subject.domain());
    let (gone, given): (BTreeSet<&str>, BTreeSet<&str>) =
        (of(Action::DisallowDomain).map(Domain::as_str).collect(), of(Action::AllowDomain).map(Domain::as_str).collect());
    let admits = |domain: &str| match live {
        _ if given.contains("*") => true,
        // Switched on, it lists the domains of all members, and what is not wanted is taken off again.
        Domains::Off => !gone.contains(domain),
        Domains::Only(list) => !gone.contains(domain) && (given.contains(domain) || list.iter().any(|d| d.as_str() == domain)),
    };
    let removed: BTreeSet<&str> =
        changes.iter().filter(|c| matches!(c.action, Action::Remove | Action::CancelInvitation)).map(|c| c.subject.as_str()).collect();
    let mut who: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for member in account.reading.members.iter().filter(|m| m.phase.is_standing()) {
        let Some((_, domain)) = member.email.key().rsplit_once('@') else { continue };
        if !admits(domain) && !removed.contains(member.email.key()) {
            who.entry(domain).or_default().push(member.email.key());
        }
    }
    who.into_iter()
        .map(|(domain, mut who)| {
            who.sort_unstable();
            let now = gone.contains(domain);
            let what = if now { "this plan takes it off the whitelist" } else { "it is not on the whitelist" };
            Warning {
                code: "domain-cuts-off",
                on: now.then_some(day.today),
                member: super::ahead::only(&who),
                message: format!("{domain}: {what}, and their status does not show that it cuts off {}", super::ahead::names(&who)),
                place: account.desired.domains_at.cloned(),
            }
        })
        .collect()
}
