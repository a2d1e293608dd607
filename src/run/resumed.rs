//! Runs that were cut off: what they were to make, and had begun.

use std::collections::{BTreeMap, BTreeSet};

use wildmatch::WildMatchPattern;

use crate::apply::{self, Begin, ChangeResult, CutOff, JOURNAL_VERSION, Journal, LiftLine};
use crate::model::{Atom, Email, Reading};
use crate::plan::{AccountPlan, Approved, Change, Lift, Moments};
use crate::render::plan_view::TOOL;

use super::record::About;
use super::{Connected, Request, Site, Stop};

/// An account of which an apply was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    pub account: String,
    /// The instant at which it began.
    pub since: String,
    pub by: String,
    /// Whose access alone it was to end.
    pub revoke: Option<String>,
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
    let named = |c: CutOff| Unfinished { account: c.begin.account.account, since: c.begin.at, by: c.begin.by, revoke: c.begin.revoke };
    Ok(all(request)?.into_iter().map(named).filter(|u| is_chosen(&u.account)).collect())
}

/// The runs that were cut off, applies of the manifests by account; revocations apart.
pub(super) fn journals(request: &Request) -> Result<BTreeMap<String, CutOff>, Stop> {
    by_account(request, |cut_off| cut_off.begin.revoke.is_none())
}

/// Runs for this person alone that were cut off, by account.
pub(super) fn revocations(request: &Request, whom: &Email) -> Result<BTreeMap<String, CutOff>, Stop> {
    let whom = whom.to_string();
    by_account(request, |cut_off| cut_off.begin.revoke.as_ref() == Some(&whom))
}

fn by_account(request: &Request, is_asked: impl Fn(&CutOff) -> bool) -> Result<BTreeMap<String, CutOff>, Stop> {
    let asked = all(request)?.into_iter().filter(|cut_off| is_asked(cut_off));
    Ok(asked.map(|c| (c.begin.account.account.clone(), c)).collect())
}

fn all(request: &Request) -> Result<Vec<CutOff>, Stop> {
    apply::cut_off(&request.journals).map_err(|why| {
        Stop::hinted(format!("the journal of an apply cannot be read: {why}"), "what it made shows in a plan; move the file away to go on")
    })
}

/// Whether a run of this folder is still there.
pub fn any_running(request: &Request) -> bool {
    !apply::running_journals(&request.journals).is_empty()
}

/// Whether the last run of an account is still there; then nobody knows yet what it leaves.
pub(super) fn is_running(request: &Request, account: &Atom) -> bool {
    apply::is_running(&apply::journal_path(&request.journals, account.as_str(), None))
}

/// What was known of cut-off runs before the leases were taken must hold under them.
///
/// # Errors
/// Another run finished meanwhile.
pub(super) fn are_still(request: &Request, known: &BTreeMap<String, CutOff>) -> Result<BTreeMap<String, CutOff>, Stop> {
    let now = journals(request)?;
    let changed = known.iter().any(|(account, cut_off)| now.get(account) != Some(cut_off));
    if changed {
        return Err(Stop::hinted("another run went on with what was cut off", "run again: it reads what is left"));
    }
    Ok(now)
}

/// What an account's cut-off run was approved to make.
pub(super) fn approved(cut_off: &CutOff) -> Approved {
    let begin = &cut_off.begin;
    let mut approved = begin.account.approved(&begin.plan);
    approved.begun = begun(cut_off);
    for (id, who) in &begin.approved_by {
        if let Some(change) = approved.changes.get_mut(id) {
            change.signed = who.iter().filter_map(|address| Email::parse(address).ok()).map(|signer| BTreeSet::from([signer])).collect();
        }
    }
    approved.minimum = Some(begin.minimum_administrators);
    approved
}

/// Of the changes that it had begun, the moments of each.
pub(super) fn begun(cut_off: &CutOff) -> Vec<Moments> {
    let begun = cut_off.begun.iter().filter_map(|id| cut_off.begin.moments.get(id));
    begun.chain(&cut_off.begin.begun_before).cloned().collect()
}

/// Whether the run may still be finished as it was approved.
///
/// # Errors
/// Signatures that hold no longer, and [`is_trusted`].
pub(super) fn may_be_resumed(request: &Request, cut_off: &CutOff) -> Result<(), Stop> {
    let begin = &cut_off.begin;
    let account = &begin.account.account;
    if begin.valid_until.is_some_and(|until| until <= request.clock.now()) {
        let until = begin.valid_until.map(|u| u.to_string()).unwrap_or_default();
        return Err(Stop::hinted(format!("the signatures for {account} were valid until {until}"), "plan again, and have it approved"));
    }
    is_trusted(cut_off)
}

/// Whether the journal's digests are those of what stands in it.
///
/// # Errors
/// A journal that was changed.
pub(super) fn is_trusted(cut_off: &CutOff) -> Result<(), Stop> {
    let account = &cut_off.begin.account;
    account.prove().map_err(|why| Stop::failed(format!("the journal of {} cannot be trusted: {why}", account.account)))
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

/// Invitations that a cut-off run had sent and whose links nobody has: they are pending, and no link waits.
pub(super) fn lost_links(site: &Site<'_>, reading: &Reading, cut_off: Option<&CutOff>) -> Vec<ChangeResult> {
    let (Some(cut_off), true) = (cut_off, site.spec.hands_links_over(&site.tenant)) else { return Vec::new() };
    let Some(handover) = site.handover_as_it_is() else { return Vec::new() };
    let is_lost = |moments: &&Moments| {
        let live = reading.members.iter().find(|m| m.email.key() == moments.subject && m.phase.is_pending());
        moments.invites && live.is_some_and(|live| !handover.holds(&live.email))
    };
    let hint = "`portcullis member link`, or who generates one in the console, makes a new one";
    begun(cut_off).iter().filter(is_lost).map(|moments| ChangeResult::lost_link(&moments.id, hint)).collect()
}

/// Where an account needs nothing of what it was approved for, a run that was cut off is over.
///
/// # Errors
/// Why the journal stays open, in words for a person.
pub(super) fn nothing_is_left(request: &Request, planned: Option<&AccountPlan>, reading: &Reading, cut_off: &CutOff) -> Result<(), String> {
    let is_over = |a: &AccountPlan| a.reading.is_complete() && !a.is_stopped() && a.blocked.is_empty() && a.unreviewed.is_empty();
    // A plan for one person alone leaves out accounts without a word about them.
    let (account, revoke) = (&cut_off.begin.account.account, cut_off.begin.revoke.as_deref());
    if !planned.map_or(revoke.is_some() && reading.proof.is_ok(), is_over) {
        return Ok(());
    }
    let path = apply::journal_path(&request.journals, account, revoke);
    apply::close_journal(&path, request.clock.now()).map_err(|why| format!("the journal of {account} stays open: {why}"))
}

/// Starts the journal of one account: what was cleared for it. `audit_lines` is how long the audit log is.
pub(super) fn journal(
    request: &Request,
    lifts: &[Lift],
    about: &About<'_>,
    connected: &Connected<'_>,
    (audit_lines, approval): (Option<u64>, &str),
    earlier: Option<&CutOff>,
) -> Result<Journal, String> {
    let signed = |change: &Change| about.approved.map(|a| a.signers_of(change)).filter(|who| !who.is_empty());
    let begin = Begin {
        schema_version: JOURNAL_VERSION.to_owned(),
        tool: TOOL.to_owned(),
        at: request.clock.now().to_string(),
        by: request.by.clone(),
        plan: about.plan.to_owned(),
        lifts: lifts.iter().map(LiftLine::of).collect(),
        revoke: connected.only.as_ref().map(ToString::to_string),
        valid_until: connected.valid_until,
        audit_lines,
        minimum_administrators: about.planned.minimum_administrators(),
        account: about.account.clone(),
        moments: about.planned.changes.iter().map(|c| (c.id.clone(), Moments::of(c))).collect(),
        approval: approval.to_owned(),
        approved_by: about.planned.changes.iter().filter_map(|c| Some((c.id.clone(), signed(c)?))).collect(),
        begun_before: earlier.map(begun).unwrap_or_default(),
    };
    let path = apply::journal_path(&request.journals, &about.planned.account, begin.revoke.as_deref());
    Journal::begin(&path, begin, request.halt_at)
}
