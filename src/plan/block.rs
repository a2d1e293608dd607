//! What must not be attempted though the actor may: closed domains, administrators that would run
//! out, and whatever waits for a blocked change.

use std::collections::BTreeSet;

use crate::desired::{GuardCode, Wanted};
use crate::model::{Action, Channel, Domain, Domains, Known, Phase, Subject};

use super::account::{Account, Work};
use super::change::Fact;
use super::draft::Draft;

/// The administrators' minimum, as far as this reading tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Administrators {
    /// Active ones now, ignored and unmanaged ones included.
    pub now: u32,
    /// The least number, at every moment.
    pub limit: u32,
    pub limit_floor: u32,
}

pub(super) fn all(account: &Account<'_>, day: super::account::Day, work: &mut Work) -> Administrators {
    closed_domains(account, work);
    let administrators = administrators(account, day, work);
    domains_still_used(work);
    administrators
}

/// An invitation into a domain that nobody will have allowed.
fn closed_domains(account: &Account<'_>, work: &mut Work) {
    let Known::Seen(live) = &account.reading.domains else { return };
    let given: BTreeSet<Domain> = work.drafts.iter().flat_map(|d| domains_of(&d.change.gives)).collect();
    let blocked: BTreeSet<&str> = work.blocked.iter().filter(|b| b.action == Action::AllowDomain).map(|b| b.subject.as_str()).collect();
    let mut refused = Vec::new();
    for (i, draft) in work.drafts.iter_mut().enumerate() {
        let Some(domain) = domains_of(&draft.change.needs).next() else { continue };
        let opened = given.contains(&domain) || given.contains(&Domain::any());
        if live.admits(&domain) && !matches!((live, opened), (Domains::Off, true)) {
            draft.change.needs.remove(&Fact::Domain(domain));
        } else if !opened && (blocked.contains(domain.as_str()) || blocked.contains("*")) {
            refused.push((i, "awaits-blocked", format!("allow-domain {domain} first")));
        } else if !opened {
            refused.push((i, "domain-not-allowed", format!("`domains` with {domain} in it, or somebody who allows it in the console")));
        } else if !given.contains(&domain) {
            draft.change.needs.remove(&Fact::Domain(domain));
            draft.change.needs.insert(Fact::Domain(Domain::any()));
        }
    }
    take(work, &refused);
}

fn domains_of(facts: &BTreeSet<Fact>) -> impl Iterator<Item = Domain> {
    facts.iter().filter_map(|f| match f {
        Fact::Domain(d) => Some(d.clone()),
        Fact::Administrators | Fact::Whitelist | Fact::Unused(_) => None,
    })
}

/// Moves drafts, by index in rising order, to the blocked ones.
fn take(work: &mut Work, which: &[(usize, &'static str, String)]) {
    for (i, code, needs) in which.iter().rev() {
        let draft = work.drafts.remove(*i);
        work.blocked.push(draft.block(code, needs));
    }
}

fn administrators(account: &Account<'_>, day: super::account::Day, work: &mut Work) -> Administrators {
    let spec = account.spec;
    let limit = account.desired.policy.guards.get(GuardCode::MinimumAdministrators).count.max(spec.floor.least);
    let seen = account.active_administrators().count() as u32;
    let untouchable = account.reading.members.iter().any(|l| spec.is_untouchable(l) && l.phase == Phase::Active);
    let now = seen + u32::from(spec.floor.kept_by_untouchable && !untouchable);
    let all = Administrators { now, limit, limit_floor: spec.floor.least };

    let mut enders: Vec<usize> = (0..work.drafts.len()).filter(|i| work.drafts[*i].change.ends.contains(&Fact::Administrators)).collect();
    if enders.is_empty() {
        return all;
    }
    enders.sort_by(|a, b| work.drafts[*a].order_key().cmp(&work.drafts[*b].order_key()));
    if !is_known(account) {
        enders.sort_unstable();
        let why = "somebody who sees all administrators of the account";
        let refused: Vec<_> = enders.iter().map(|i| (*i, "administrators-unknown", why.to_owned())).collect();
        take(work, &refused);
        return all;
    }
    let givers = work.drafts.iter().filter(|d| d.change.gives.contains(&Fact::Administrators)).count() as u32;
    let end = (now + givers).saturating_sub(enders.len() as u32);
    if end < limit {
        let coming = coming(account, day, work);
        if end as usize + coming.len() >= limit as usize {
            let mut last: Vec<usize> = enders.split_off(enders.len().saturating_sub((limit - end) as usize));
            last.sort_unstable();
            let why = format!("{} to accept first", coming.into_iter().collect::<Vec<_>>().join(", "));
            let refused: Vec<_> = last.iter().map(|i| (*i, "awaits-acceptance", why.clone())).collect();
            take(work, &refused);
            enders = (0..work.drafts.len()).filter(|i| work.drafts[*i].change.ends.contains(&Fact::Administrators)).collect();
        }
    }
    if now < limit + enders.len() as u32 && givers > 0 {
        for i in enders {
            work.drafts[i].change.needs.insert(Fact::Administrators);
        }
    }
    all
}

/// Whether every administrator shows to this actor.
fn is_known(account: &Account<'_>) -> bool {
    if account.spec.floor.kept_by_untouchable {
        return true;
    }
    let chief = account.spec.chief().key;
    account.is_unbounded()
        && account
            .reading
            .members
            .iter()
            .all(|l| l.phase != Phase::Active || account.seen(l).contains_key(chief) || account.desired.policy.ignores(&l.email))
}

/// Declared invitees who will administer once they have accepted, and replacements that a human
/// makes. Somebody locked is neither: no acceptance is to come.
fn coming(account: &Account<'_>, day: super::account::Day, work: &Work) -> BTreeSet<String> {
    let spec = account.spec;
    let after = |d: &&Draft| d.change.whole_after.as_ref().is_some_and(|a| spec.counts_for_floor(a));
    // Who is restored and gives no administrator has never registered, and is invited again.
    let invited = |d: &&Draft| matches!(d.change.action, Action::Invite | Action::Reinvite | Action::EditInvitation | Action::Restore);
    let by_hand = |d: &&Draft| d.change.calls.iter().any(|c| c.channel != Channel::Api);
    let mut all: BTreeSet<String> = work
        .drafts
        .iter()
        .filter(|d| invited(d) || by_hand(d))
        .filter(|d| !(d.change.gives.contains(&Fact::Administrators) || d.is_active && spec.counts_for_floor(&d.change.whole_before)))
        .filter(after)
        .map(|d| d.change.subject.as_str().to_owned())
        .collect();
    for live in account.reading.members.iter().filter(|l| l.phase.is_pending()) {
        let Some(i) = account.desired.by_address.get(&live.email) else { continue };
        let Wanted::Present(merged) = account.desired.members[*i].on(day.today, spec) else { continue };
        // What the entries leave out stays as it is.
        let mut shall = account.seen(live);
        shall.extend(merged.attrs);
        if spec.counts_for_floor(&shall) {
            all.insert(live.email.to_string());
        }
    }
    all
}

/// A domain goes after the last who uses it; who stays because blocked keeps it.
fn domains_still_used(work: &mut Work) {
    let used: BTreeSet<Domain> = work
        .blocked
        .iter()
        .filter(|b| matches!(b.action, Action::Remove | Action::CancelInvitation))
        .filter_map(|b| b.subject.email().map(crate::model::Email::domain))
        .collect();
    let refused: Vec<_> = work
        .drafts
        .iter()
        .enumerate()
        .filter(|(_, d)| d.change.action == Action::DisallowDomain)
        .filter(|(_, d)| matches!(&d.change.subject, Subject::Domain(domain) if used.contains(domain)))
        .map(|(i, d)| (i, "awaits-blocked", format!("the removals in {} first", d.change.subject.as_str())))
        .collect();
    take(work, &refused);
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
