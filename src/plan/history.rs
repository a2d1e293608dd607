//! What earlier runs left in the audit log about an account: how many members it had, and how often people
//! were invited where the server does not tell.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Email, Incomplete, Reading};

/// A reading is suspect where fewer than half are left, and so many at least are gone.
const GONE: usize = 5;

/// What is known of one account from before; nothing, where there is no log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// Members at the end of the last apply, and when that was.
    pub members: Option<(usize, Timestamp)>,
    /// By address: invitations that portcullis sent and of which nothing shows that they were accepted.
    pub sent: BTreeMap<String, Sent>,
}

/// Invitations to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    pub last: Timestamp,
    pub attempts: u32,
}

impl History {
    /// Invitations to an address.
    pub fn sent_to(&self, email: &Email) -> Option<Sent> {
        self.sent.get(email.key()).copied()
    }

    /// The reading, where it is not suspect: an account that lost more than half of its members since the
    /// last apply is not taken for one that everybody left, unless somebody said so of exactly that many.
    #[must_use]
    pub fn held_against(&self, account: &str, reading: Reading, accepted: Option<usize>) -> Reading {
        let now = reading.members.len();
        match self.members {
            Some((before, at)) if reading.proof.is_ok() && is_suspect(before, now) && accepted != Some(now) => {
                let why = format!(
                    "suspect: {before} members at the end of the last apply ({at}), and {now} now; if that is right, say so: --accept-shrunk {account}={now}"
                );
                Reading::incomplete(Incomplete::new("shrunk", why))
            }
            _ => reading,
        }
    }
}

fn is_suspect(before: usize, now: usize) -> bool {
    now * 2 < before && before - now >= GONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_26_an_account_that_lost_more_than_half_is_suspect_and_an_empty_one_above_all() {
        for (before, now, suspect) in [
            (10, 0, true),
            (10, 4, true),
            (10, 5, false),
            (9, 4, true),
            (5, 0, true),
            (4, 0, false),
            (4, 1, false),
            (0, 0, false),
            (3, 90, false),
        ] {
            assert_eq!(is_suspect(before, now), suspect, "{before} then {now}");
        }
    }

    #[test]
    fn demand_26_a_suspect_reading_is_not_whole_unless_somebody_said_so_of_that_many() {
        let reading = |proof| Reading { proof, ..Reading::incomplete(Incomplete::new("failed", "it is down")) };
        let whole = || reading(Ok(crate::model::Proof::Counted));
        let at = crate::plan::sample::instant();
        let history = |members| History { members, ..History::default() };
        let held = |history: History, reading, accepted| history.held_against("news", reading, accepted).proof;
        let why = held(history(Some((9, at))), whole(), None).unwrap_err();
        assert_eq!((why.code, why.problems[0].contains("--accept-shrunk news=0")), ("shrunk", true));
        assert!(held(history(Some((9, at))), whole(), Some(1)).is_err(), "of one, and there is none");
        assert!(held(history(Some((9, at))), whole(), Some(0)).is_ok());
        assert!(held(history(Some((4, at))), whole(), None).is_ok());
        assert!(held(history(None), whole(), None).is_ok());
        let failed = held(history(Some((9, at))), reading(Err(Incomplete::new("failed", "it is down"))), None).unwrap_err();
        assert_eq!(failed.code, "failed", "it has its own reason");
    }
}
