//! The whitelist: switched on or off, domains allowed and disallowed.

use std::collections::BTreeSet;

use crate::model::{Action, Direction, Domain, Domains, Email, Known, Phase, Subject};

use super::account::{Account, Work};
use super::change::{Fact, Report};
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
