//! Rules of insider that are code, each named after its id in SYSTEMS.md.

use jiff::ToSpan;

use crate::model::{Attrs, Tenant, Value};

use super::insider::SPEC;
use super::{Dated, Demand, Ends, Finding, Needs, Seeking, Who};

fn is_administrator(attrs: &Attrs) -> bool {
    attrs.get("role").and_then(Value::as_one).is_some_and(|r| *r == "administrator")
}

pub(super) fn i1_no_temporary_administrator(entry: &Dated<'_>, _: &Tenant) -> Option<Finding> {
    if entry.end.is_none() || !is_administrator(entry.attrs) {
        return None;
    }
    Some(Finding {
        code: "temporary-administrator",
        key: Some("end"),
        message: "an administrator cannot have an end: insider refuses temporary administrators".into(),
        hint: Some("leave `end` out, or choose another role until then".into()),
    })
}

/// Judged against the day of the run; the last day that the system takes is fine.
pub(super) fn i2_end_at_most_30_days_ahead(entry: &Dated<'_>, _: &Tenant) -> Option<Finding> {
    let end = entry.end?;
    let Ends::Native { max_ahead } = SPEC.ends else { return None };
    let most = entry.today.saturating_add(i64::from(max_ahead).days());
    if entry.rolling || end <= most {
        return None;
    }
    Some(Finding {
        code: "end-too-far",
        key: Some("end"),
        message: format!("{end} is more than {max_ahead} days ahead: insider takes an end up to {most} today"),
        hint: Some(format!(
            "write a day up to {most}; for access beyond it add `renew: rolling`, which keeps the end at most that far ahead until {end}"
        )),
    })
}

pub(super) fn i4_promotion_clears_end(before: &Attrs, after: &Attrs) -> &'static [&'static str] {
    let had_end = before.get("end").and_then(Value::as_day).is_some();
    if had_end && !is_administrator(before) && is_administrator(after) { &["end"] } else { &[] }
}

/// Access level account: administrators. Group administrators are not modelled as actors.
pub(super) fn i6_only_administrators_manage(tenant: &Tenant, _: &Seeking<'_>) -> Option<Demand> {
    let attrs = &tenant.actor.attrs;
    let may = !attrs.contains_key("role") || SPEC.counts_for_floor(attrs);
    Some(Demand::new((!may).then_some("actor-lacks-role"), Needs::any([Who::new("an administrator")])))
}
