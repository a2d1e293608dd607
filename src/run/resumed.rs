//! Runs that were cut off: what they were to make, and had begun.

use std::collections::BTreeMap;

use wildmatch::WildMatchPattern;

use crate::apply::{self, Begin, CutOff, JOURNAL_VERSION, Journal, LiftLine};
use crate::plan::saved::SavedAccount;
use crate::plan::{Account, AccountPlan, Approved, Lift, Plan, Steps};
use crate::render::plan_view::TOOL;

use super::{Request, Site, Stop};

/// An account of which an apply was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub account: String,
    /// The instant at which it began.
    pub since: String,
    pub by: String,
}

/// The chosen accounts of which an apply was cut off.
///
/// # Errors
/// Journals that cannot be read.
pub fn unfinished(request: &Request) -> Result<Vec<Unfinished>, Stop> {
    let is_chosen = |account: &String| {
        let wanted = |w: &String| WildMatchPattern::<'*', '?'>::new(w).matches(account);
        request.accounts.is_empty() || request.accounts.iter().any(wanted)
    };
    let named = |c: CutOff| Unfinished { account: c.begin.account.account, since: c.begin.at, by: c.begin.by };
    Ok(journals(request)?.into_values().map(named).filter(|u| is_chosen(&u.account)).collect())
}

/// By account.
pub(super) fn journals(request: &Request) -> Result<BTreeMap<String, CutOff>, Stop> {
    let found = apply::cut_off(&request.journals).map_err(|why| {
        Stop::hinted(format!("the journal of an apply cannot be read: {why}"), "what it made shows in a plan; move the file away to go on")
    })?;
    Ok(found.into_iter().map(|c| (c.begin.account.account.clone(), c)).collect())
}

/// The run of one account that was cut off, where there is one that can be read.
pub(super) fn cut_off(request: &Request, account: &str) -> Option<CutOff> {
    journals(request).ok()?.remove(account)
}

/// What an account's cut-off run was approved to make.
pub(super) fn approved(cut_off: &CutOff) -> Approved {
    let begin = &cut_off.begin;
    let mut approved = begin.account.approved(&begin.plan);
    approved.begun = begun(cut_off);
    approved
}

/// Of the changes that it had begun, what each makes step by step.
pub(super) fn begun(cut_off: &CutOff) -> Vec<Steps> {
    cut_off.begun.iter().filter_map(|id| cut_off.begin.steps.get(id)).cloned().collect()
}

/// The lifts that it was started with, of these accounts.
///
/// # Errors
/// A guard that this version does not know.
pub(super) fn lifts(cut_off: &CutOff, sites: &[Site<'_>]) -> Result<Vec<Lift>, Stop> {
    let is_here = |l: &&LiftLine| l.account.as_ref().is_none_or(|account| sites.iter().any(|s| s.name.as_str() == account));
    let lift = |l: &LiftLine| Lift::new(l.account.clone(), &l.code, l.to, l.digest.clone()).map_err(Stop::failed);
    cut_off.begin.lifts.iter().filter(is_here).map(lift).collect()
}

/// A lift is for one plan, and so is a resumed run.
///
/// # Errors
/// Runs of several plans.
pub(super) fn one_plan<'c>(cut_off: impl Iterator<Item = &'c CutOff>) -> Result<(), Stop> {
    let plans: BTreeMap<&str, &str> = cut_off.map(|c| (c.begin.plan.as_str(), c.begin.account.account.as_str())).collect();
    if plans.len() < 2 {
        return Ok(());
    }
    let names: Vec<&str> = plans.into_values().collect();
    Err(Stop::hinted("runs of several plans were cut off", format!("resume one at a time: --account {}", names.join(", --account "))))
}

/// Where an account needs nothing of what it was approved for, a run that was cut off is over.
pub(super) fn nothing_is_left(request: &Request, account: &str, plan: &Plan) {
    let is_over = |a: &AccountPlan| a.account == account && a.reading.is_complete() && !a.is_stopped() && a.blocked.is_empty();
    if plan.accounts.iter().any(is_over)
        && let Err(why) = apply::close_journal(&apply::journal_path(&request.journals, account), request.now)
    {
        request.says(&format!("the journal of {account} stays open: {why}"));
    }
}

/// Starts the journal of one account: what was cleared for it, of the plan of this digest.
pub(super) fn journal(
    request: &Request,
    plan: &str,
    lifts: &[Lift],
    planned: &AccountPlan,
    account: &Account<'_>,
) -> Result<Journal, String> {
    let begin = Begin {
        schema_version: JOURNAL_VERSION.to_owned(),
        tool: TOOL.to_owned(),
        at: request.now.to_string(),
        by: request.by.clone(),
        plan: plan.to_owned(),
        lifts: lifts.iter().map(LiftLine::of).collect(),
        account: SavedAccount::of(planned, account),
        steps: planned.changes.iter().map(|c| (c.id.clone(), Steps::of(c))).collect(),
    };
    Journal::begin(&apply::journal_path(&request.journals, &planned.account), begin, request.halt_at)
}
