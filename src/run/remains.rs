//! Where a person's access stays although it was revoked: an incomplete end must not read as a whole one.

use crate::apply::{Applied, ResultWord};
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
