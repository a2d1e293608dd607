//! Makes what was cleared happen: executor and results. Never computes a plan.

mod audit;
mod audit_heads;
mod audit_history;
mod change;
mod clock;
mod execute;
mod exists;
mod handover;
mod journal;
mod lease;
mod lost;
mod one_off;
mod outcome;
mod private;
mod read_back;
mod stopping;

pub use audit::{
    AUDIT_VERSION, AppliedAt, Audit, ChangeEntry, Checked, Entry, What, Writer, applied_digests, check as check_audit, end_of as audit_end,
};
pub use audit_heads::{sign_head, unsigned, wrong_heads};
pub use audit_history::{Past, histories};
pub use clock::Clock;
pub use execute::{Site, WAITS, execute};
pub use handover::{Found, Handover, Ready, Swept};
#[cfg(any(test, fuzzing))]
pub(crate) use journal::fuzz as fuzz_journal;
pub use journal::{
    Begin, CutOff, JOURNAL_VERSION, Journal, LiftLine, Line, NoRecord, Record, close as close_journal, cut_off, is_running,
    path as journal_path, running as running_journals, tell as tell_journal,
};
pub use lease::{FileLeases, Holder, Lease, Leases, NoLease, Place, take as take_lease};
pub use one_off::{OneOffResult, one_off};
pub use outcome::{Applied, AuditNote, ChangeResult, Lifts, LinksApplied, ResultWord};
pub use private::{new_file as private_file, short_hash};
pub use stopping::Stopping;
