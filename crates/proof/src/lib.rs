//! An independent check of a plan of portcullis, from its evidence alone: what was read, the permission
//! rows, and the changes. It shares no type and no line with the planner, and takes nothing from it but
//! the document that README.md describes. What it proves, and what it trusts, stands there too.
//!
//! ```
//! let refusals = portcullis_proof::check("{}").unwrap_err();
//! assert_eq!(refusals[0].rule, portcullis_proof::Rule::Shape);
//! ```

mod access;
mod account;
mod change;
mod digest;
mod evidence;
mod order;
mod refusal;

use std::collections::BTreeMap;

pub use refusal::{Refusal, Rule};

use evidence::Evidence;
use refusal::Refusals;

/// The version of evidence that is understood.
pub const VERSION: &str = "1";

/// What an accepted plan was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    pub digest: String,
    pub accounts: usize,
    pub changes: usize,
    /// What no evidence of any system says, and is therefore not judged.
    pub unjudged: &'static [&'static str],
}

/// Not judged, for any system: the evidence has no data for it.
pub const UNJUDGED: &[&str] = &[
    "whether the manifests ask for a change",
    "whether the product lets the actor make it",
    "when an invitation is sent again",
    "that the people left out of the evidence neither administer nor stand in a domain that is taken off the list",
    "what the reading does not show",
];

/// Checks every rule on the whole plan.
///
/// # Errors
/// All that is wrong with it, sorted; at least one.
pub fn check(text: &str) -> Result<Proven, Vec<Refusal>> {
    let mut refusals = Refusals::default();
    let evidence: Evidence = match serde_json::from_str(text) {
        Ok(evidence) => evidence,
        Err(why) => {
            refusals.add(Rule::Shape, "plan", format!("not evidence: {why}"));
            return Err(refusals.0);
        }
    };
    let is_known = evidence.kind == "evidence" && evidence.schema_version == VERSION;
    refusals.unless(is_known, Rule::Shape, "plan", || format!("{} of version {}", evidence.kind, evidence.schema_version));
    whole(&evidence, &mut refusals);
    for account in &evidence.accounts {
        match evidence.systems.get(&account.system) {
            Some(system) => account::check(system, account, &mut refusals),
            None => refusals.add(Rule::Shape, &account.account, format!("no facts of the system {}", account.system)),
        }
    }
    if refusals.0.is_empty() {
        let changes = evidence.accounts.iter().map(|a| a.changes.len()).sum();
        return Ok(Proven { digest: evidence.digest, accounts: evidence.accounts.len(), changes, unjudged: UNJUDGED });
    }
    refusals.0.sort();
    refusals.0.dedup();
    Err(refusals.0)
}

/// The plan's own digest, of its accounts and those of which nothing is made.
fn whole(evidence: &Evidence, refusals: &mut Refusals) {
    let stopped: Vec<(&str, String)> =
        evidence.stopped.iter().map(|(name, changes)| (name.as_str(), digest::of_account(changes.iter().map(String::as_str)))).collect();
    let mut all: BTreeMap<&str, &str> = stopped.iter().map(|(name, digest)| (*name, digest.as_str())).collect();
    for account in &evidence.accounts {
        let is_first = all.insert(&account.account, &account.digest).is_none();
        refusals.unless(is_first, Rule::Shape, &account.account, || "the account stands there twice".to_owned());
    }
    let is = digest::of_plan(&all);
    refusals.unless(evidence.digest == is, Rule::Digest, "plan", || format!("its digest is {is}"));
}
