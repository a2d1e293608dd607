//! The Meta gateway refuses (SYSTEMS.md M1, M6). That data sources belong to standard users, and that
//! one admin stays, it refuses by its literals.

use super::{Ask, Rules, View, one};
use crate::model::Verb;

pub(super) const RULES: Rules = Rules {
    system: "meta-gateway",
    // The users of this account; the others are out of reach (M4).
    view: |_| View::All,
    administers: |actor| one(actor, "role").is_none_or(|r| r == "admin"),
    is_administrator: |member| one(member, "role") == Some("admin"),
    invariants: &[("M6", m6_links_are_for_pending_users)],
    actor: &[],
    implied: |_, _| {},
};

fn m6_links_are_for_pending_users(ask: &Ask<'_>) -> Option<String> {
    (ask.verb == Verb::Resend && !ask.is_pending()).then(|| "The user has accepted the invitation already.".into())
}
