use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::apply::{Clock, Stopping};
use crate::backends::http::{Cache, Network};
use crate::plan::{Lift, Moment, NotCleared};

use super::Reviewed;

/// Reads one variable of the environment.
pub type Env = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a run is asked for; the library reads no clock, no environment and no terminal itself.
pub struct Request {
    /// The manifests' folder.
    pub folder: PathBuf,
    /// Names or globs; empty means all.
    pub accounts: Vec<String>,
    /// When it began: what is planned is planned for this instant.
    pub now: Timestamp,
    /// What time it is meanwhile: a run may wait for another.
    pub clock: Clock,
    /// The clock was set by hand: only embedded accounts may be written.
    pub simulated: bool,
    pub at: Option<Date>,
    pub trust_head: bool,
    pub forbid_sandbox: bool,
    pub env: Env,
    /// Who runs it: user, host and process.
    pub by: String,
    /// Where journals are kept.
    pub journals: PathBuf,
    /// The audit log.
    pub audit: PathBuf,
    /// Accounts of which somebody said that they have exactly so many members, however many there were.
    pub accept_shrunk: BTreeMap<String, usize>,
    /// Where leases are taken, one place a machine.
    pub leases: PathBuf,
    /// How long to wait for a lease that somebody holds.
    pub patience: Duration,
    /// For tests: where a journal comes to a halt.
    pub halt_at: Option<usize>,
    /// Set once the run is to stop.
    pub stopping: Stopping,
    /// How network accounts are reached.
    pub network: Network,
    /// What was read before, for runs that only look.
    pub cache: Option<Cache>,
    /// Hears what is being done, for people who wait.
    pub progress: Box<dyn Fn(&str) + Send + Sync>,
}

/// What allows an apply to write.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// What of a saved plan is still to do.
    pub reviewed: Option<Reviewed>,
    /// Exactly the plan of this digest; beside a saved plan, that it is this one.
    pub digest: Option<String>,
    pub lifts: Vec<Lift>,
    /// What a run that was cut off was approved to make, and with its lifts.
    pub resume: bool,
    /// Nobody is asked.
    pub auto_approve: bool,
    /// Network accounts may be written though nobody reviewed the plan.
    pub unreviewed: bool,
}

impl Approval {
    /// How it was given, for the audit log.
    pub(super) fn word(&self) -> &'static str {
        match &self.reviewed {
            _ if self.resume => "resume",
            Some(Reviewed { signers: Some(_), .. }) => "signatures",
            Some(_) => "saved-plan",
            None if self.digest.is_some() => "digest",
            None if self.auto_approve => "auto-approve",
            None => "terminal",
        }
    }

    /// The digest that the fresh plan must have. What is left of a saved plan has one of its own.
    ///
    /// # Errors
    /// A saved plan of another digest than the approved one.
    pub(super) fn exactly(&self) -> Result<Option<&str>, NotCleared> {
        let Some(reviewed) = &self.reviewed else { return Ok(self.digest.as_deref()) };
        match self.digest.as_deref().filter(|d| *d != reviewed.saved.digest()) {
            Some(approved) => Err(NotCleared::OtherFile { approved: approved.to_owned(), saved: reviewed.saved.digest().to_owned() }),
            None => Ok(None),
        }
    }
}

impl Request {
    pub fn moment(&self) -> Moment {
        Moment { now: self.now, at: self.at, simulated: self.simulated }
    }
    pub fn says(&self, what: &str) {
        (self.progress)(what);
    }
}
