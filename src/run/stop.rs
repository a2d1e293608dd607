use crate::backends::token::Refusal;
use crate::manifest::{Diagnostic, Nobody, Sources};
use crate::plan::NotCleared;

/// Why a run ended before anything was attempted.
pub enum Stop {
    /// The manifests are wrong.
    Manifests {
        diagnostics: Vec<Diagnostic>,
        sources: Sources,
    },
    /// Connections that may not be used, all of them; nothing was connected.
    Refused(Vec<Refusal>),
    Failed {
        message: String,
        hint: Option<String>,
    },
    /// Another plan was approved than the accounts need now.
    Stale {
        message: String,
        hint: &'static str,
    },
}

impl Stop {
    pub fn failed(message: impl Into<String>) -> Self {
        Stop::Failed { message: message.into(), hint: None }
    }
    pub fn hinted(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Stop::Failed { message: message.into(), hint: Some(hint.into()) }
    }
}

impl From<NotCleared> for Stop {
    fn from(why: NotCleared) -> Self {
        match why {
            NotCleared::Stale { fresh: None, .. } => Stop::Stale { message: why.to_string(), hint: "`portcullis plan` shows the same" },
            NotCleared::Stale { .. } => Stop::Stale { message: why.to_string(), hint: "plan again, and review what changed" },
            NotCleared::OfAccount { .. } => {
                Stop::Stale { message: why.to_string(), hint: "what is approved is the digest of the whole plan, on its last line" }
            }
            NotCleared::OtherFile { .. } => Stop::Stale { message: why.to_string(), hint: "`portcullis show FILE` prints what it is" },
            NotCleared::BadLift(message) => Stop::failed(message),
        }
    }
}

impl From<Nobody> for Stop {
    fn from(nobody: Nobody) -> Self {
        Stop::hinted(nobody.to_string(), nobody.hint())
    }
}
