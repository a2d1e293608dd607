//! Solver AI Suite refuses (SYSTEMS.md S2, S3).

use super::{Ask, Rules, View};
use crate::model::Value;

pub(super) const RULES: Rules = Rules {
    system: "solver",
    out_of_reach: |_, _| None,
    view: |_| View::All,
    administers: |actor| match actor.get("groups") {
        Some(groups) => groups.as_set().is_some_and(|g| g.contains("super-user")),
        None => true,
    },
    is_administrator: |member| member.get("groups").and_then(Value::as_set).is_some_and(|g| g.contains("super-user")),
    invariants: &[("S3", s3_everyone_is_in_a_group)],
    actor: &[],
    implied: |_, _| {},
};

fn s3_everyone_is_in_a_group(ask: &Ask<'_>) -> Option<String> {
    let groups = ask.after?.get("groups").and_then(Value::as_set);
    groups.is_none_or(|g| g.is_empty()).then(|| "A user must belong to at least one group.".into())
}
