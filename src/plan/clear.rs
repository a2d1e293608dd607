use crate::desired::GuardCode;

use super::change::{AccountPlan, Cleared, Plan};
use super::one_off::OneOffAct;
use super::{Moment, digest};

/// `--allow [ACCOUNT:]CODE=N@DIGEST`: lifts one guard to N, for one plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lift {
    /// Left out where the plan has one account.
    pub account: Option<String>,
    pub code: GuardCode,
    pub to: u32,
    pub digest: String,
}

/// Why nothing of a plan may be applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotCleared {
    #[error("the plan is stale: {approved} was approved, {}", need(fresh.as_deref()))]
    Stale {
        approved: String,
        /// The digest of what the accounts need now; none where they need nothing.
        fresh: Option<String>,
    },
    #[error("{approved} is the digest of the account {account}; the plan's is {plan}")]
    OfAccount { approved: String, account: String, plan: String },
    #[error("{approved} was approved, and the saved plan is {saved}")]
    OtherFile { approved: String, saved: String },
    #[error("{0}")]
    BadLift(String),
}

fn need(fresh: Option<&str>) -> String {
    fresh.map_or_else(|| "and there is nothing to do now".to_owned(), |fresh| format!("{fresh} is what the accounts need now"))
}

impl Lift {
    /// # Errors
    /// A word that is no guard's, with the nearest that is.
    pub fn new(account: Option<String>, word: &str, to: u32, digest: String) -> Result<Self, String> {
        let code = GuardCode::find(word).ok_or_else(|| {
            let near = crate::manifest::diagnostic::nearest(word, GuardCode::ALL.map(GuardCode::word));
            format!("no guard is called `{word}`{}", near.map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())
        })?;
        Ok(Self { account, code, to, digest })
    }
}

/// A one-off action that somebody confirmed, with the key to the writer for it. Made by [`confirm`]
/// alone.
#[derive(Debug)]
pub struct Confirmed {
    act: OneOffAct,
    cleared: Cleared,
}

impl Confirmed {
    pub fn act(&self) -> &OneOffAct {
        &self.act
    }
    pub fn into_act(self) -> OneOffAct {
        self.act
    }
    /// A plan without changes: it opens the writer, and lets nothing of any plan be made.
    pub fn cleared(&self) -> &Cleared {
        &self.cleared
    }
}

/// Asks whether this one action is to be made. Beside [`clear`] the only maker of a [`Cleared`], and of
/// one that holds no change.
///
/// # Errors
/// What `ask` says where it is not.
pub fn confirm<E>(act: OneOffAct, moment: Moment, ask: impl FnOnce(&OneOffAct) -> Result<(), E>) -> Result<Confirmed, E> {
    ask(&act)?;
    let plan = Plan { as_of: moment.now, simulated: moment.simulated, digest: digest::of_plan([]), reviewed: None, accounts: Vec::new() };
    Ok(Confirmed { act, cleared: Cleared { plan, stopped: Vec::new(), idle: Vec::new() } })
}

/// Fresh ∩ approved, guards passed: for changes the only maker of [`Cleared`]. A guard stops its own
/// account; the others go on.
///
/// # Errors
/// [`NotCleared::Stale`] where another plan was approved, [`NotCleared::BadLift`] where a lift is
/// for another plan, names no account of it, or is for a guard that cannot be lifted.
pub fn clear(mut plan: Plan, approved: Option<&str>, lifts: &[Lift]) -> Result<Cleared, NotCleared> {
    if let Some(approved) = approved.filter(|d| *d != plan.digest.as_str()) {
        if let Some(account) = plan.accounts.iter().find(|a| a.digest.as_str() == approved && !a.changes.is_empty()) {
            let (account, plan) = (account.account.clone(), plan.digest.to_string());
            return Err(NotCleared::OfAccount { approved: approved.to_owned(), account, plan });
        }
        let is_done = |a: &AccountPlan| a.reading.is_complete() && a.changes.is_empty() && a.blocked.is_empty();
        let fresh = (!plan.accounts.iter().all(is_done)).then(|| plan.digest.to_string());
        return Err(NotCleared::Stale { approved: approved.to_owned(), fresh });
    }
    let mut idle = Vec::new();
    for lift in lifts {
        idle.extend(apply_lift(&mut plan, lift)?);
    }
    let mut stopped = Vec::new();
    for account in &mut plan.accounts {
        if account.is_stopped() {
            account.changes.clear();
            stopped.push(account.account.clone());
        }
    }
    Ok(Cleared { plan, stopped, idle })
}

/// Says why it lifts nothing, where it does not.
fn apply_lift(plan: &mut Plan, lift: &Lift) -> Result<Option<String>, NotCleared> {
    let refuse = |why: String| Err(NotCleared::BadLift(why));
    let digest = plan.lifted_by();
    if let Some(account) = plan.accounts.iter().find(|a| a.digest.as_str() == lift.digest && lift.digest != digest && !a.changes.is_empty())
    {
        let (code, name) = (lift.code.word(), &account.account);
        return refuse(format!("--allow {code}: {} is the digest of the account {name}; the plan's is {digest}", lift.digest));
    }
    if lift.digest != digest {
        return refuse(format!("--allow {} is for another plan ({}); this one is {digest}", lift.code.word(), lift.digest));
    }
    if !lift.code.is_liftable() {
        return refuse(format!("the guard `{}` cannot be lifted", lift.code.word()));
    }
    let single = plan.accounts.len() == 1;
    let account = match &lift.account {
        Some(name) => plan.accounts.iter_mut().find(|a| a.account == *name),
        None if single => plan.accounts.first_mut(),
        None => return refuse(format!("the plan has several accounts: write ACCOUNT:{}={}@...", lift.code.word(), lift.to)),
    };
    let Some(account) = account else {
        return refuse(format!("the plan has no account `{}`", lift.account.as_deref().unwrap_or_default()));
    };
    let mut idle = None;
    let name = account.account.clone();
    for verdict in account.guards.iter_mut().filter(|v| v.code == lift.code.word()) {
        let minimum = lift.code.is_minimum();
        let lifted = if minimum { verdict.lift.is_some() && verdict.actual >= lift.to } else { verdict.actual <= lift.to };
        if !verdict.tripped || !lifted {
            let why = match (verdict.tripped, verdict.lift.is_some()) {
                (false, _) => "that guard stops nothing here".to_owned(),
                (true, false) => format!("{} would be left, fewer than the product allows", verdict.actual),
                (true, true) => format!("this plan needs {}", verdict.actual),
            };
            idle = Some(format!("--allow {name}:{}={} lifts nothing: {why}", verdict.code, lift.to));
        }
        if verdict.tripped && lifted {
            verdict.tripped = false;
            // A minimum falls to what the plan leaves and no further: the floor was checked for that.
            verdict.limit = if minimum { verdict.actual } else { lift.to };
        }
    }
    Ok(idle)
}

#[cfg(test)]
#[path = "clear_tests.rs"]
mod tests;
