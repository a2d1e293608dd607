//! Insider One refuses (SYSTEMS.md I1, I2, I8).

use jiff::ToSpan;

use super::{Ask, Rules, View, one};
use crate::model::{Phase, Value, Verb};

pub(super) const RULES: Rules = Rules {
    system: "insider",
    out_of_reach: |_, _| None,
    view: |_| View::All,
    // Group administrators are not played as actors.
    administers: |actor| one(actor, "role").is_none_or(|r| r == "administrator"),
    is_administrator: |member| one(member, "role") == Some("administrator"),
    invariants: &[("I1", i1_no_temporary_administrator), ("I2", i2_at_most_30_days), ("I8", i8_registered_people_have_names)],
    actor: &[("I10", i10_only_ended_people_are_restored)],
    implied: |_, _| {},
};

fn i1_no_temporary_administrator(ask: &Ask<'_>) -> Option<String> {
    let end = ask.after?.get("end").and_then(Value::as_day);
    (end.is_some() && ask.becomes("role", "administrator"))
        .then(|| "You cannot assign the administrator role to a user with temporary access.".into())
}

fn i2_at_most_30_days(ask: &Ask<'_>) -> Option<String> {
    let day = |attrs: &crate::model::Attrs| attrs.get("end").and_then(Value::as_day);
    let end = day(ask.after?)?;
    let most = ask.clock.today.saturating_add(30.days());
    (end > most && day(ask.before) != Some(end)).then(|| format!("You can grant temporary access for up to 30 days, until {most}."))
}

fn i8_registered_people_have_names(ask: &Ask<'_>) -> Option<String> {
    (ask.named.contains("name") && !ask.registered).then(|| "Name and surname are set once the user has completed the registration.".into())
}

fn i10_only_ended_people_are_restored(ask: &Ask<'_>) -> Option<String> {
    (ask.verb == Verb::Restore && matches!(ask.phase, Some(Phase::Pending { .. })))
        .then(|| "The user is Unregistered: resend the invitation instead.".into())
}
