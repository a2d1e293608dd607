use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::plan::{Lift, Moment};

/// Reads one variable of the environment.
pub type Env = Box<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a run is asked for; the library reads no clock, no environment and no terminal itself.
pub struct Request {
    /// The manifests' folder.
    pub folder: PathBuf,
    /// Names or globs; empty means all.
    pub accounts: Vec<String>,
    pub now: Timestamp,
    /// The clock was set by hand: only embedded accounts may be written.
    pub simulated: bool,
    pub at: Option<Date>,
    pub trust_head: bool,
    pub forbid_sandbox: bool,
    pub env: Env,
    /// Hears what is being done, for people who wait.
    pub progress: Box<dyn Fn(&str) + Send + Sync>,
}

/// What allows an apply to write.
#[derive(Debug, Clone, Default)]
pub struct Approval {
    /// Exactly the plan of this digest.
    pub digest: Option<String>,
    pub lifts: Vec<Lift>,
    /// Nobody is asked.
    pub auto_approve: bool,
    /// Network accounts may be written though nobody reviewed the plan.
    pub unreviewed: bool,
}

impl Request {
    pub fn moment(&self) -> Moment {
        Moment { now: self.now, at: self.at, simulated: self.simulated }
    }
    pub fn says(&self, what: &str) {
        (self.progress)(what);
    }
}
