//! What one system alone has, and how to see in a case that it was there.

use std::collections::BTreeSet;

use portcullis::model::{Action, Attrs, Direction, Key, Live, Value};
use portcullis::plan::{AccountPlan, Change, Risk};

use super::world::World;

struct Case<'a> {
    world: &'a World,
    plan: &'a AccountPlan,
    /// As the actor reads them.
    members: &'a [Live],
}

type Speciality = (&'static str, &'static str, fn(&Case<'_>) -> bool);

const ALL: &[Speciality] = &[
    ("emma-hq", "scopes that the actor does not see", |c| c.members.iter().any(|m| m.attrs.values().any(|v| v.is_partly()))),
    ("emma-hq", "the page of one subaccount", |c| c.fact("surface")),
    ("emma-hq", "an invitation without a mail", |c| c.any(|x| x.action == Action::Invite && !x.mails())),
    ("emma-hq", "delete and invite again", |c| c.any(|x| labels(x) == ["delete", "invite"])),
    ("emma-hq", "one edit in several calls", |c| c.any(|x| x.action == Action::Edit && x.calls.len() > 1)),
    ("emma-hq", "privileges that go with the role", |c| c.noted("privileges go with the role")),
    ("insider", "an end that is cleared", |c| c.noted("end-cleared")),
    ("insider", "an end that rolls", |c| c.noted("rolling-end")),
    ("insider", "a promotion that clears the end first", |c| c.any(|x| labels(x).windows(2).any(|two| two == ["set-end", "set-role"]))),
    ("insider", "a name that waits for the registration", |c| c.reported("name-deferred")),
    ("insider", "a whitelist that opens", |c| c.any(|x| x.subject.domain().is_some_and(|d| d.is_any()))),
    ("insider", "a role that overrides another", |c| c.any(|x| x.notes.iter().any(|n| n.starts_with("overrides ")))),
    ("gamoshi", "both kinds of members", |c| ["role", "partner"].iter().all(|kind| c.members.iter().any(|m| m.seen().contains_key(kind)))),
    ("gamoshi", "an invitation and then the level", |c| c.any(|x| labels(x).starts_with(&["invite", "set-role"]))),
    ("gamoshi", "an analytics user is invited", |c| {
        c.any(|x| x.action == Action::Invite && x.whole_after().is_some_and(|a| a.contains_key("partner")))
    }),
    ("gamoshi", "an analytics user is edited", |c| c.any(|x| x.whole_after().is_some() && x.whole_before().contains_key("partner"))),
    ("gamoshi", "settings that differ", |c| {
        c.any(|x| x.action == Action::Edit && differs(x, "settings") && x.direction == Direction::Both)
    }),
    ("gamoshi", "nobody is turned into the other kind", |c| c.plan.blocked.iter().any(|b| b.code == "no-safe-path")),
    ("gamoshi", "a removal, which is permanent", |c| c.any(|x| x.action == Action::Remove)),
    ("gamoshi", "fewer than two user managers", |c| c.plan.warnings.iter().any(|w| w.code == "no-backup-administrator")),
    ("meta-gateway", "a link that is mailed", |c| c.fact("smtp") && c.any(|x| x.action == Action::Invite && x.mails())),
    ("meta-gateway", "a link that waits", |c| c.any(|x| x.action == Action::Invite && !x.mails())),
    ("meta-gateway", "a link generated anew", |c| c.any(|x| labels(x).ends_with(&["link"]))),
    ("meta-gateway", "data sources that differ", |c| c.any(|x| x.action == Action::Edit && differs(x, "data-sources"))),
    ("meta-gateway", "data sources that go with the role", |c| c.noted("data-sources go with the role")),
    ("meta-gateway", "who may delete the account", |c| c.any(|x| x.risk == Risk::High && !x.administers)),
    ("solver", "several groups", |c| c.members.iter().any(|m| sets(m.seen().get("groups")).len() > 1)),
    ("solver", "from some groups into others", |c| c.any(|x| x.action == Action::Edit && moves(x))),
    ("solver", "a name that nobody can change", |c| c.reported("not-editable")),
];

impl Case<'_> {
    fn any(&self, of: impl Fn(&Change) -> bool) -> bool {
        self.plan.changes.iter().any(of)
    }
    fn noted(&self, note: &str) -> bool {
        self.any(|c| c.notes.iter().any(|n| n == note))
    }
    fn reported(&self, code: &str) -> bool {
        self.plan.reports.iter().any(|r| r.code == code)
    }
    /// Whether the connection states the fact, and does not deny it.
    fn fact(&self, key: &str) -> bool {
        self.world.host.tenant.facts.get(key).is_some_and(|v| v.as_flag() != Some(false))
    }
}

fn labels(change: &Change) -> Vec<&str> {
    change.calls.iter().map(|c| c.label.as_str()).collect()
}
fn of<'a>(attrs: Option<&'a Attrs>, key: &str) -> Option<&'a Value> {
    attrs.and_then(|a| a.get(key))
}
fn differs(change: &Change, key: Key) -> bool {
    of(Some(change.whole_before()), key) != of(change.whole_after(), key)
}
fn sets(value: Option<&Value>) -> BTreeSet<&str> {
    value.and_then(Value::as_set).into_iter().flatten().map(|w| w.as_str()).collect()
}
fn moves(change: &Change) -> bool {
    let (before, after) = (sets(of(Some(change.whole_before()), "groups")), sets(of(change.whole_after(), "groups")));
    !before.is_subset(&after) && !after.is_subset(&before)
}

fn said(system: &str, what: &str) -> String {
    format!("{system}: {what}")
}

/// What of it a case shows.
pub fn of_case(world: &World, plan: &AccountPlan, members: &[Live]) -> Vec<String> {
    let case = Case { world, plan, members };
    let own = ALL.iter().filter(|(system, ..)| *system == world.spec.name);
    own.filter(|(.., is_there)| is_there(&case)).map(|(system, what, _)| said(system, what)).collect()
}

/// All that cases shall show.
pub fn all() -> impl Iterator<Item = String> {
    ALL.iter().map(|(system, what, _)| said(system, what))
}
