//! Why something differs, as far as today's manifests and the calendar tell: expiry and start
//! explain a difference for seven days after their day, the lifecycle of invitations its own, and
//! the rest is undetermined.

use crate::desired::{Member, Wanted, days_between};
use crate::model::{Attrs, Live, Value};
use crate::systems::Axis;

use super::account::{Account, Day};
use super::change::Cause;

/// For so many days after its day an end or a start explains a difference (CONTRACT.md, `cause`).
const EXPLAINS: i32 = 7;

/// The cause of one attribute: time, where the live value is what was wanted the day before.
pub(super) fn of_attr(account: &Account<'_>, day: Day, member: &Member<'_>, live: &Live, before: &Attrs, key: &str) -> Cause {
    let label = account.spec.attr(key).is_some_and(|a| a.axis == Axis::Label);
    let unset = before.get(key).is_none_or(|v| matches!(v, Value::Text(name) if name.as_str().is_empty()));
    if label && account.spec.names_after_registration && !live.phase.is_pending() && unset {
        return Cause::Invitation;
    }
    for (first, starts) in member.turns(day.today, EXPLAINS) {
        let Ok(eve) = first.yesterday() else { continue };
        let Wanted::Present(merged) = member.on(eve, account.spec) else { continue };
        let end = Value::Day(merged.end);
        let wanted = if key == "end" { Some(&end) } else { merged.attrs.get(key) };
        if wanted.is_some() && wanted == before.get(key) {
            return if starts { Cause::Start } else { Cause::Expiry };
        }
    }
    Cause::Undetermined
}

/// A membership that was declared to end, and has.
pub(super) fn of_gone(day: Day, wanted: &Wanted<'_>) -> Cause {
    match wanted {
        Wanted::Gone { last: Some(last), .. } if days_between(*last, day.today) <= EXPLAINS => Cause::Expiry,
        Wanted::Gone { .. } | Wanted::Present(_) | Wanted::NotYet(_) | Wanted::Unlisted => Cause::Undetermined,
    }
}

/// Somebody comes in because a day has come.
pub(super) fn of_invite(account: &Account<'_>, day: Day, member: &Member<'_>) -> Cause {
    let started = member
        .turns(day.today, EXPLAINS)
        .into_iter()
        .any(|(first, starts)| starts && first.yesterday().is_ok_and(|eve| !matches!(member.on(eve, account.spec), Wanted::Present(_))));
    if started { Cause::Start } else { Cause::Undetermined }
}

/// A membership comes back: by a start, else nobody knows why.
pub(super) fn of_restore(account: &Account<'_>, day: Day, member: &Member<'_>) -> Cause {
    of_invite(account, day, member)
}
