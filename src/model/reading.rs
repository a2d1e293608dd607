use std::collections::BTreeSet;

use super::{Domain, Email, Known, Live};

/// Which domains new members may come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Domains {
    /// No whitelist: everyone may.
    Off,
    Only(BTreeSet<Domain>),
}

impl Domains {
    /// Exact match (SYSTEMS.md I12).
    pub fn admits(&self, domain: &Domain) -> bool {
        match self {
            Domains::Off => true,
            Domains::Only(list) => list.contains(domain),
        }
    }
}

/// How a reading is known to be whole, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// One consistent state, marked by the server.
    Snapshot,
    /// Totals agree before and after, no identifier twice, every page well formed.
    Counted,
    OnePage,
}

impl Proof {
    pub fn word(self) -> &'static str {
        match self {
            Proof::Snapshot => "snapshot",
            Proof::Counted => "counted",
            Proof::OnePage => "one-page",
        }
    }
}

/// Why a reading is not whole; nothing is planned on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incomplete {
    /// A stable word: `failed`, `short`, `repeated`, `contradictory`, `unexpected`, `two-are-one`,
    /// `out-of-reach`, `unproven`, `shrunk`.
    pub code: &'static str,
    /// In words for a person, at least one line.
    pub problems: Vec<String>,
}

impl Incomplete {
    pub fn new(code: &'static str, problem: impl Into<String>) -> Self {
        Self { code, problems: vec![problem.into()] }
    }
}

/// Live state of one account with its proof of completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// In any order; each address once.
    pub members: Vec<Live>,
    pub domains: Known<Domains>,
    /// Who the server says the actor is.
    pub whoami: Option<Email>,
    /// The server's own identifier of the account, where it tells one.
    pub tenant: Option<String>,
    pub proof: Result<Proof, Incomplete>,
    /// What does not make the reading incomplete: where two readings of one account do not agree, how
    /// old an export is.
    pub remarks: Vec<Remark>,
}

/// What a remark is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Noticed {
    /// Two readings do not agree on somebody.
    Differs,
    /// When an export was made.
    Age,
    /// The same, where that is long ago and nobody said how old it may be.
    Old,
}

/// Something that a reading noticed, for a report or a warning.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    pub noticed: Noticed,
    pub member: Option<Email>,
    /// In words for a person.
    pub message: String,
}

impl Reading {
    /// The reading, where its proof is `best` or better; a lesser one says less than the backend promises.
    #[must_use]
    pub fn proven(self, best: Proof) -> Self {
        match self.proof {
            Ok(proof) if proof > best => {
                let why = format!("the reading is {} only, where this backend's are {}", proof.word(), best.word());
                Self::incomplete(Incomplete::new("unproven", why))
            }
            Ok(_) | Err(_) => self,
        }
    }
    /// A reading that failed: no members, and why.
    pub fn incomplete(why: Incomplete) -> Self {
        Self { members: Vec::new(), domains: Known::Unreadable, whoami: None, tenant: None, proof: Err(why), remarks: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesser_proof_than_the_backend_gives_is_no_whole_reading() {
        let of = |proof| Reading { proof: Ok(proof), ..Reading::incomplete(Incomplete::new("failed", "")) };
        for (proof, best, is_whole) in [
            (Proof::Snapshot, Proof::Snapshot, true),
            (Proof::Counted, Proof::Snapshot, false),
            (Proof::OnePage, Proof::Counted, false),
            (Proof::Counted, Proof::OnePage, true),
        ] {
            assert_eq!(of(proof).proven(best).proof.is_ok(), is_whole, "{proof:?} where {best:?} is best");
        }
    }
}
