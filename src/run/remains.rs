//! Where a person's access stays although it was revoked: an incomplete end must not read as a whole one.

use crate::apply::{Applied, ResultWord};
use crate::model::{Email, Phase, Reading};
use crate::plan::{AccountPlan, Plan};

/// One account where access stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remains {
    pub account: String,
    /// It stays, for certain; else nobody can tell.
    pub is_certain: bool,
    /// "stopped by guard minimum-administrators".
    pub why: String,
}

/// What stays once the plan of one person is applied, account by account.
pub(super) fn after(plan: &Plan, applied: Option<&Applied>) -> Vec<Remains> {
    // As the guards stand after lifts.
    let plan = applied.map_or(plan, |done| &done.plan);
    let remains = |account: &AccountPlan| {
        let (is_certain, why) = why(account, applied)?;
        Some(Remains { account: account.account.clone(), is_certain, why })
    };
    plan.accounts.iter().filter_map(remains).collect()
}

/// Where somebody is in an account that no `accounts.NAME` manages: nothing here ends that.
pub(super) fn unmanaged(account: &str, reading: &Reading, is_theirs: impl Fn(&Email) -> bool) -> Option<Remains> {
    let remains = |is_certain, why: &str| Some(Remains { account: account.to_owned(), is_certain, why: why.to_owned() });
    if reading.proof.is_err() {
        return remains(false, "not managed, and not read whole");
    }
    let has_access = |phase: &Phase| !matches!(phase, Phase::Expired | Phase::Suspended);
    let is_here = reading.members.iter().any(|m| has_access(&m.phase) && is_theirs(&m.email));
    if is_here { remains(true, "not managed: no `accounts` entry") } else { None }
}

/// The first reason, and whether the access stays for certain.
fn why(account: &AccountPlan, applied: Option<&Applied>) -> Option<(bool, String)> {
    if !account.reading.is_complete() {
        return Some((false, "not read whole".to_owned()));
    }
    let stops: Vec<&str> = account.tripped().map(|g| g.code).collect();
    if !stops.is_empty() && !account.changes.is_empty() {
        return Some((true, format!("stopped by guard {}", stops.join(", "))));
    }
    if let Some(blocked) = account.blocked.first() {
        return Some((true, format!("blocked: {}", blocked.code)));
    }
    applied
        .and_then(|done| missed(account, done))
        .or_else(|| account.changes.iter().any(|c| !c.manual().is_empty()).then(|| (true, "until it is ended by hand".to_owned())))
        .or_else(|| {
            let said = |code: &str| account.reports.iter().any(|r| r.code == code);
            let stays = ["ignored-member", "untouchable-member"].into_iter().find(|c| said(c)).map(|c| (true, c.to_owned()));
            stays.or_else(|| said("access-may-remain").then(|| (false, "seen in part".to_owned())))
        })
}

/// What an apply did not manage.
fn missed(account: &AccountPlan, applied: &Applied) -> Option<(bool, String)> {
    let is_here = |id: &str| account.changes.iter().any(|c| c.id == id);
    if let Some(result) = applied.results.iter().find(|r| is_here(&r.id) && !r.word.is_well()) {
        return Some((result.word != ResultWord::Unknown, format!("{}: {}", result.id, result.word.word())));
    }
    if applied.left.iter().any(|c| c.account == account.account) {
        return Some((true, "a fresh reading still shows it".to_owned()));
    }
    applied.unread.iter().any(|(name, _)| *name == account.account).then(|| (false, "not read back".to_owned()))
}
