//! The Meta gateway refuses (SYSTEMS.md M1, M4, M6). That data sources belong to standard users, and that
//! one admin stays, it refuses by its literals.

use super::{Ask, Rules, View, one};
use crate::model::{Tenant, Verb};

pub(super) const RULES: Rules = Rules {
    system: "meta-gateway",
    out_of_reach: m4_a_host_reaches_who_delegates,
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

/// A host's admin manages the users of accounts that delegated them: of those that the host lists, and
/// as long as the account itself has not taken it back.
fn m4_a_host_reaches_who_delegates(tenant: &Tenant, delegates: bool) -> Option<String> {
    let listed = tenant.actor.delegated.as_ref()?;
    let is_listed = tenant.name.as_ref().is_some_and(|name| listed.contains(name));
    (!(is_listed && delegates)).then(|| "The account has not delegated its user management to the host.".into())
}
