//! What must not be attempted though the actor may: closed domains, administrators that would run
//! out, and whatever waits for a blocked change.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::{GuardCode, Wanted};
use crate::model::{Action, Channel, Domain, Domains, Known, Phase, Subject};
use crate::systems::Administrator;

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
    take(work, refused);
}

fn domains_of(facts: &BTreeSet<Fact>) -> impl Iterator<Item = Domain> {
    facts.iter().filter_map(|f| match f {
        Fact::Domain(d) => Some(d.clone()),
        Fact::Administrators | Fact::PerhapsAdministrators | Fact::Whitelist | Fact::Unused(_) => None,
    })
}

/// Moves drafts to the blocked ones, each with its code and who could make it.
fn take(work: &mut Work, which: Vec<(usize, &'static str, String)>) {
    let mut which: BTreeMap<usize, (&'static str, String)> = which.into_iter().map(|(i, code, needs)| (i, (code, needs))).collect();
    for (i, draft) in std::mem::take(&mut work.drafts).into_iter().enumerate() {
        match which.remove(&i) {
            Some((code, needs)) => work.blocked.push(draft.block(code, &needs)),
            None => work.drafts.push(draft),
        }
    }
}

/// Drafts that end a fact, by index, in the order of plans.
fn enders(work: &Work, fact: &Fact) -> Vec<usize> {
    let mut all: Vec<usize> = (0..work.drafts.len()).filter(|i| work.drafts[*i].change.ends.contains(fact)).collect();
    all.sort_by(|a, b| work.drafts[*a].order_key().cmp(&work.drafts[*b].order_key()));
    all
}

fn administrators(account: &Account<'_>, day: super::account::Day, work: &mut Work) -> Administrators {
    let spec = account.spec;
    let limit = account.desired.policy.guards.get(GuardCode::MinimumAdministrators).at_least().max(spec.floor.least);
    let limit = account.approved.and_then(|a| a.minimum).map_or(limit, |minimum| minimum.min(limit));
    let now = account.administrators(account.reading.members.iter());
    let all = Administrators { now, limit, limit_floor: spec.floor.least };

    let mut certain = enders(work, &Fact::Administrators);
    let perhaps = enders(work, &Fact::PerhapsAdministrators);
    if certain.is_empty() && perhaps.is_empty() {
        return all;
    }
    let unknown = |which: Vec<usize>| -> Vec<(usize, &'static str, String)> {
        let why = "somebody who sees all administrators of the account";
        which.into_iter().map(|i| (i, "administrators-unknown", why.to_owned())).collect()
    };
    if !spec.floor.kept_by_untouchable && !account.is_unbounded() {
        certain.extend(perhaps);
        take(work, unknown(certain));
        return all;
    }
    let givers = work.drafts.iter().filter(|d| d.change.gives.contains(&Fact::Administrators)).count() as u32;
    let end = (now + givers).saturating_sub(certain.len() as u32);
    let mut refused = Vec::new();
    if end < limit {
        let coming = coming(account, day, work);
        let missing = (limit - end) as usize;
        if !certain.is_empty() && coming.len() >= missing {
            let why = format!("{} to accept first", coming.into_iter().collect::<Vec<_>>().join(", "));
            let last = certain.split_off(certain.len().saturating_sub(missing));
            refused.extend(last.into_iter().map(|i| (i, "awaits-acceptance", why.clone())));
            // Who may administer stays as long as there are too few who do.
            refused.extend(unknown(if now + givers < limit { perhaps } else { Vec::new() }));
        } else if !perhaps.is_empty() || has_uncertain(account) {
            refused = unknown(certain.iter().copied().chain(perhaps).collect());
        }
    }
    take(work, refused);
    let certain = enders(work, &Fact::Administrators);
    if now < limit.saturating_add(certain.len() as u32) && givers > 0 {
        for i in certain {
            work.drafts[i].change.needs.insert(Fact::Administrators);
        }
    }
    all
}

/// Whether somebody may administer whom nobody can be sure of.
fn has_uncertain(account: &Account<'_>) -> bool {
    account.reading.members.iter().any(|l| account.administrator(l) == Administrator::Perhaps)
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
        .filter(|d| {
            !(d.change.gives.contains(&Fact::Administrators)
                || d.phase == Some(Phase::Active) && spec.counts_for_floor(&d.change.whole_before))
        })
        .filter(after)
        .filter(|d| !is_kept_out(account, d))
        .map(|d| d.change.subject.as_str().to_owned())
        .collect();
    for live in account.reading.members.iter().filter(|l| l.phase.is_standing() && !account.has_registered(l)) {
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

/// Somebody who is there already, and whom the whitelist keeps out: none to wait for.
fn is_kept_out(account: &Account<'_>, draft: &Draft) -> bool {
    let is_theirs = |l: &&crate::model::Live| draft.change.subject.email() == Some(&l.email);
    let live = account.reading.members.iter().find(is_theirs);
    live.is_some_and(|l| account.spec.is_kept_out(l, account.reading, account.desired.domains, account.caps))
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
    take(work, refused);
}

#[cfg(test)]
#[path = "block_tests.rs"]
mod tests;
