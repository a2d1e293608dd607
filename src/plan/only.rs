//! The changes of one person alone. What others need is another day's work and is taken out before
//! anything is blocked, ordered or counted; every limit is still judged on the whole reading, so that
//! the administrators' minimum counts everybody.

use crate::model::{Email, Known, Live};

use super::account::{Account, Work};
use super::change::{AccountPlan, Report};

/// Takes out what is not about the person.
pub(super) fn drafts(account: &Account<'_>, whom: &Email, work: &mut Work) {
    let is_theirs = |email: Option<&Email>| email.is_some_and(|e| account.desired.is_one_person(whom, e));
    work.drafts.retain(|d| is_theirs(d.change.subject.email()));
    work.blocked.retain(|b| is_theirs(b.subject.email()));
}

/// Takes out what is said of others, and says where the person's access stays or may stay. The warning
/// of too few administrators is theirs where one of their changes brings it.
pub(super) fn said(account: &Account<'_>, whom: &Email, plan: &mut AccountPlan) {
    let is_theirs = |member: &Option<String>| {
        member.as_ref().and_then(|m| Email::parse(m).ok()).is_some_and(|e| account.desired.is_one_person(whom, &e))
    };
    plan.reports.retain(|r| is_theirs(&r.member));
    let ends = plan.changes.iter().any(super::Change::ends_administrator);
    plan.warnings.retain(|w| is_theirs(&w.member) || (w.code == "no-backup-administrator" && ends));
    let stays = stays(account, whom);
    // A listed one is told of already.
    plan.reports.retain(|r| !stays.iter().any(|s| (s.code, &s.member) == (r.code, &r.member)));
    plan.reports.extend(stays);
    plan.reports.sort();
}

/// Whether the account has anything to say of the person.
pub(super) fn is_silent(plan: &AccountPlan) -> bool {
    plan.reading.is_complete() && plan.changes.is_empty() && plan.blocked.is_empty() && plan.reports.is_empty() && plan.warnings.is_empty()
}

/// Access that no change here ends.
fn stays(account: &Account<'_>, whom: &Email) -> Vec<Report> {
    if account.reading.proof.is_err() {
        return vec![report("access-may-remain", whom, "the account could not be read whole: access may remain here")];
    }
    let mut all = Vec::new();
    let theirs: Vec<&Live> = account.reading.members.iter().filter(|l| account.desired.is_one_person(whom, &l.email)).collect();
    for live in &theirs {
        if account.desired.policy.ignores(&live.email) {
            all.push(report("ignored-member", &live.email, "`ignore` matches the address: the access stays"));
        } else if account.spec.is_untouchable(live) {
            all.push(report("untouchable-member", &live.email, "never planned for any change: the access stays"));
        }
    }
    let is_partly_seen = theirs.iter().any(|l| l.attrs.values().any(Known::is_partly));
    if !account.is_unbounded() && (theirs.is_empty() || is_partly_seen) {
        let message = format!("this actor sees a part of the account: access may remain, ask {}", account.spec.exists_elsewhere);
        all.push(report("access-may-remain", whom, &message));
    }
    all
}

fn report(code: &'static str, member: &Email, message: &str) -> Report {
    Report { code, member: Some(member.to_string()), message: message.to_owned(), place: None }
}
