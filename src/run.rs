//! The story of a run on one screen: read, plan, clear (approval and guards), apply, verify.

mod begun;
mod connect;
mod git;
mod leases;
mod links;
mod member;
mod proof;
mod proven;
mod record;
mod remains;
mod request;
mod resumed;
mod reviewed;
mod revoke;
mod served;
mod stop;
mod verify;
mod who;
mod write;

use std::collections::BTreeMap;

use crate::apply::{Applied, CutOff, Lease};
use crate::model::Reading;
use crate::plan::saved::Saved;
use crate::plan::{self, Account, Cleared, Expiring, Lift, Plan};

use links::LinkFiles;
use record::Log;

pub use connect::{Connected, Folder, Site};
pub use member::{MemberDone, MemberOutcome, MemberRequest, member};
pub use record::audit_log;
pub use remains::Remains;
pub use request::{Approval, Env, Request};
pub use resumed::{Unfinished, any_running, unfinished};
pub use reviewed::{Reviewed, Signers};
pub use revoke::{Revocation, Revoke};
pub use stop::Stop;
pub use who::who;

/// Reads every account and plans the difference. Holds nothing that could write.
///
/// # Errors
/// [`Stop`] where nothing could be attempted; an account that cannot be read is in the plan.
pub async fn plan(request: &Request) -> Result<Plan, Stop> {
    looked(request, |_, accounts| plan::plan(request.moment(), accounts)).await
}

/// The same, and the plan to be saved.
///
/// # Errors
/// As [`plan()`].
pub async fn plan_to_save(request: &Request) -> Result<(Plan, Saved), Stop> {
    let save = |folder: &Folder, accounts: &[Account<'_>]| {
        let plan = plan::plan(request.moment(), accounts);
        let saved = reviewed::save(request, folder, &plan, accounts);
        (plan, saved)
    };
    looked(request, save).await
}

/// Reads every account, and lists what ends in the hours after the moment. Holds nothing that could
/// write.
///
/// # Errors
/// As [`plan()`].
pub async fn expiring(request: &Request, hours: i64) -> Result<Expiring, Stop> {
    looked(request, |_, accounts| plan::expiring(request.moment(), hours, accounts)).await
}

/// Reads every account, and looks at them all.
async fn looked<T>(request: &Request, look: impl FnOnce(&Folder, &[Account<'_>]) -> T) -> Result<T, Stop> {
    let folder = Folder::load(request);
    let connected = Connected::to_look(&folder, request)?;
    connected.is_to_come(request)?;
    let readings = connected.read(request).await;
    Ok(look(&folder, &connected.accounts(&readings)))
}

/// Shows `ask` the plan and what was cleared of it, and makes exactly the second.
///
/// # Errors
/// [`Stop`] where nothing was attempted: bad manifests, a refusal, another plan than the approved.
pub async fn apply(request: &Request, approval: &Approval, ask: impl FnOnce(&Plan, &Cleared) -> Result<(), Stop>) -> Result<Applied, Stop> {
    let folder = Folder::load(request);
    let connect = || match &approval.reviewed {
        Some(reviewed) => Connected::to_reviewed(&folder, request, reviewed, approval.resume),
        None if approval.resume => Connected::to_cut_off(&folder, request),
        None => Connected::to(&folder, request),
    };
    let (connected, leases) = leases::under(request, connect).await?;
    let found = connected.found(request, leases).await?;
    connected.apply(request, found, approval, ask).await
}

/// What there was before the first call.
struct Found {
    /// Held until the accounts were read back.
    leases: Vec<Box<dyn Lease>>,
    /// Runs that were cut off, by account.
    journals: BTreeMap<String, CutOff>,
    links: LinkFiles,
    readings: Vec<Reading>,
    plan: Plan,
}

impl Connected<'_> {
    /// Reads every account under its lease, and plans.
    async fn found(&self, request: &Request, leases: Vec<Box<dyn Lease>>) -> Result<Found, Stop> {
        self.is_still_approved(request)?;
        let journals = resumed::are_still(request, &self.journals)?;
        // A run for one person alone leaves what others had begun to them.
        let journals = self.only.as_ref().map_or(Ok(journals), |whom| resumed::revocations(request, whom))?;
        let links = LinkFiles::found(self.sites());
        let mut readings = self.read(request).await;
        begun::look_again(self, request, &journals, &mut readings).await;
        let plan = plan::plan(request.moment(), &self.accounts(&readings));
        Ok(Found { leases, journals, links, readings, plan })
    }

    /// From a plan on: clear, ask, apply, verify.
    async fn apply(
        &self,
        request: &Request,
        Found { leases, journals, links, readings, plan }: Found,
        approval: &Approval,
        ask: impl FnOnce(&Plan, &Cleared) -> Result<(), Stop>,
    ) -> Result<Applied, Stop> {
        self.may_be_written(approval, &plan)?;
        let lifts: Vec<Lift> = approval.lifts.iter().chain(&self.lifts).cloned().collect();
        let cleared = plan::clear(plan.clone(), approval.exactly()?, &lifts)?;
        proven::prove(&plan, &cleared, &self.accounts(&readings))?;
        ask(&plan, &cleared)?;

        let mut applied = Applied::of(plan, &cleared);
        let is_written =
            |account: &str| cleared.plan().accounts.iter().any(|a| a.account == account && a.changes.iter().any(plan::Change::is_sent));
        let is_begun = |c: &CutOff| !c.begun.is_empty();
        let log = (cleared.plan().changes().any(plan::Change::is_sent)
            || !request.accept_shrunk.is_empty()
            || self.sites().iter().filter_map(|s| journals.get(s.name.as_str())).any(is_begun))
        .then(|| Log::open(request, approval, self.sites().iter().any(|s| self.requires_audit(s.name.as_str()))));
        let run = write::Run { request, cleared: &cleared, lifts: &lifts, log: log.as_ref(), journals: &journals };
        for (site, reading) in self.sites().iter().zip(&readings).filter(|(site, _)| !is_written(site.name.as_str())) {
            links.sweep(site.name.as_str(), reading, &mut applied);
            run.nothing_to_send(self, site, reading, &mut applied);
        }
        for account in cleared.plan().accounts.iter().filter(|a| !a.changes.is_empty()) {
            request.says(&format!("applying {}", account.account));
            match run.account(self, account, self.reading_of(&account.account, &readings)?).await {
                Ok(results) => applied.add(&account.account, &account.changes, results, self.accepted(&account.account)),
                Err(why) => applied.add_unwritten(&account.changes, &why),
            }
        }
        let fresh = verify::all(request, self, &cleared, &mut applied).await;
        if let Some(log) = &log {
            log.read(request, self, &readings, &fresh, &applied);
        }
        verify::lifts(request, self, &cleared, readings, fresh, &mut applied);
        applied.audit = log.map(|log| log.note(request));
        drop(leases);
        applied.links.waiting = self.sites().iter().map(|site| links::waiting(site, &applied)).sum();
        Ok(applied)
    }
}
