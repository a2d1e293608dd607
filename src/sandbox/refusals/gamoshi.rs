//! Gamoshi refuses (SYSTEMS.md G1, G4, G5).

use super::{Ask, Rules, View, one};
use crate::model::{Atom, Attrs, Tenant, Value, Verb};

pub(super) const RULES: Rules = Rules {
    system: "gamoshi",
    out_of_reach: |_, _| None,
    view: |_| View::All,
    administers: |actor| match one(actor, "role") {
        Some(role) => role == "user-manager",
        None => !actor.contains_key("partner"),
    },
    is_administrator: |member| one(member, "role") == Some("user-manager"),
    invariants: &[("G4", g4_an_analytics_user_has_one_partner_and_no_level)],
    actor: &[("G1", g1_the_form_asks_for_no_level), ("G5", g5_what_the_edit_form_holds)],
    implied,
};

/// G1: who is created as a regular user has default permissions. Which ones the page does not say;
/// here it is the lower level.
fn implied(_: &Tenant, attrs: &mut Attrs) {
    if !attrs.contains_key("partner") {
        attrs.insert_if_absent("role", Value::One(Atom::literal("user")));
    }
}

fn g1_the_form_asks_for_no_level(ask: &Ask<'_>) -> Option<String> {
    let other = ask.named.iter().find(|k| !matches!(**k, "name" | "partner"))?;
    (ask.verb == Verb::Invite).then(|| format!("The New User form has no field {other}."))
}

fn g4_an_analytics_user_has_one_partner_and_no_level(ask: &Ask<'_>) -> Option<String> {
    let after = ask.after?;
    (after.contains_key("partner") && after.contains_key("role")).then(|| "An analytics user has no permission level.".into())
}

fn g5_what_the_edit_form_holds(ask: &Ask<'_>) -> Option<String> {
    let other = ask.named.iter().find(|k| !matches!(**k, "name" | "role" | "settings"))?;
    (ask.verb == Verb::Set).then(|| format!("The field {other} cannot be edited."))
}
