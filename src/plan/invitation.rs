//! The lifecycle of invitations: open (wait), over (again after a cool-down, at most N times, then
//! a report), failed and declined (a report).

use jiff::{SignedDuration, Timestamp};

use crate::desired::Wanted;
use crate::model::{Invitation, Live, Phase, Value};
use crate::systems::Life;

use super::account::{Account, Day, Work};
use super::change::{Blocked, Report};
use super::regroup::Pair;

/// Whether the person is to be written to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The invitation is open, or nothing is ever sent.
    No,
    Now,
    /// Over, and still cooling down until then: no mail for any reason.
    After(Timestamp),
    /// Over, and sent often enough: no mail for any reason.
    NotAgain,
}

pub(super) fn due(account: &Account<'_>, day: Day, live: &Live, pair: &Pair<'_>, work: &mut Work) -> Due {
    let Phase::Pending { sent, attempts, state } = &live.phase else { return Due::No };
    // E8: without a mail there is nothing to poll and nothing to send again; a link that is handed
    // over ends all the same (M6).
    if !account.spec.invitation_mails(account.tenant) && !account.spec.invitation.link {
        return Due::No;
    }
    let mut report = |code, message: String| {
        let place = pair.member.entries.first().map(|e| e.doc.at.clone());
        work.reports.push(Report { code, member: Some(live.email.to_string()), message, place });
    };
    match state {
        Invitation::Declined => {
            report("invitation-declined", "declined: talk to the person, or take the entry out".into());
            return Due::NotAgain;
        }
        Invitation::Failed => {
            report("invitation-failed", format!("not delivered: {}", account.spec.invitation_hints.join("; ")));
            return Due::NotAgain;
        }
        Invitation::Open | Invitation::Over => {}
    }
    let (sent, attempts) = told(account, live, *sent, *attempts);
    let no_time = sent.is_none();
    let (Some(sent), Some(attempts)) = (sent, attempts) else {
        if *state == Invitation::Over || no_time {
            report("invitation-unknown", "pending; when and how often it was sent cannot be read, so it is not sent again".into());
        }
        return if *state == Invitation::Over { Due::NotAgain } else { Due::No };
    };
    let Some(over) = over_at(account, live, sent) else { return Due::No };
    if day.now < over {
        return Due::No;
    }
    let policy = account.desired.policy.invitations;
    let hints = account.spec.invitation_hints.join("; ");
    if attempts >= policy.attempts {
        report("invitation-not-accepted", format!("invited {attempts} times and never accepted, not invited again: {hints}"));
        return Due::NotAgain;
    }
    let again = next_after(account, over);
    if day.now < again {
        return Due::After(again);
    }
    Due::Now
}

/// What is said of one that cools down: whether another goes out is for the actor to be allowed.
pub(super) fn cooling(account: &Account<'_>, live: &Live, again: Timestamp, next: Option<&Blocked>, pair: &Pair<'_>) -> Report {
    let hints = account.spec.invitation_hints.join("; ");
    let then = again.to_zoned(account.tenant.zone.clone()).date();
    let message = match next {
        _ if !matches!(pair.member.on(then, account.spec), Wanted::Present(_) | Wanted::NotYet(_)) => {
            format!("the invitation is over, and no other goes out: what asks for the person ends before {again}")
        }
        None => format!("the invitation is over; the next goes out after {again}: {hints}"),
        Some(b) => format!(
            "the invitation is over; the next is due after {again}, and blocked for this actor: {}; needs {}: {hints}",
            b.code, b.needs
        ),
    };
    let place = pair.member.entries.first().map(|e| e.doc.at.clone());
    Report { code: "invitation-over", member: Some(live.email.to_string()), message, place }
}

/// When the newest invitation went out and how many did: as the server tells, else as the audit log does
/// (DESIGN §5).
pub(super) fn told(account: &Account<'_>, live: &Live, sent: Option<Timestamp>, attempts: Option<u32>) -> (Option<Timestamp>, Option<u32>) {
    let logged = account.history.sent_to(&live.email);
    (sent.or(logged.map(|l| l.last)), attempts.or(logged.map(|l| l.attempts)))
}

/// How many hours an invitation lives, its member's end apart; `None` for ever.
pub(super) fn life(account: &Account<'_>) -> Option<i64> {
    match account.spec.invitation.life {
        Life::Days(d) | Life::DaysOrEnd(d) => Some(i64::from(d) * 24),
        Life::Setting => account.desired.policy.invitations.life_hours,
    }
}

/// When the next may go out after one that is over then.
pub(super) fn next_after(account: &Account<'_>, over: Timestamp) -> Timestamp {
    over.checked_add(SignedDuration::from_hours(account.desired.policy.invitations.cooldown_hours)).unwrap_or(Timestamp::MAX)
}

/// When an invitation is over; `None` for never.
pub(super) fn over_at(account: &Account<'_>, live: &Live, sent: Timestamp) -> Option<Timestamp> {
    let over = sent.checked_add(SignedDuration::from_hours(life(account)?)).unwrap_or(Timestamp::MAX);
    match account.spec.invitation.life {
        Life::DaysOrEnd(_) => {
            let end = live.attr("end").seen().and_then(Value::as_day);
            let after = end.and_then(|e| e.tomorrow().ok()).and_then(|d| d.to_zoned(account.tenant.zone.clone()).ok());
            Some(after.map_or(over, |z| z.timestamp().min(over)))
        }
        Life::Days(_) | Life::Setting => Some(over),
    }
}
