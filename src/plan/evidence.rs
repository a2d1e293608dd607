//! What an independent checker needs of a cleared plan, as the canonical JSON that
//! `crates/proof/README.md` describes: written down, never decided here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use crate::desired::GuardCode;
use crate::model::{Action, Assign, Attrs, Call, Domain, Domains, Email, Known, Live, Verb};
use crate::systems::{Administrator, AttrSpec, Axis, Kind, PermitRow, Scopes, SystemSpec};

use super::Account;
use super::change::{AccountPlan, Change, Cleared, Plan};
use super::digest;
use super::draft::is_until;

/// The version of the evidence's shape.
const VERSION: &str = "1";

/// The evidence of what was cleared of a plan. `accounts` are those that it was planned from.
pub fn evidence(plan: &Plan, cleared: &Cleared, accounts: &[Account<'_>]) -> String {
    let by_name: BTreeMap<&str, &Account<'_>> = accounts.iter().map(|a| (a.name.as_str(), a)).collect();
    let is_stopped = |name: &str| cleared.stopped().iter().any(|s| s == name);
    let stopped: BTreeMap<&str, Vec<&str>> = plan
        .accounts
        .iter()
        .filter(|a| is_stopped(&a.account))
        .map(|a| (a.account.as_str(), a.changes.iter().map(|c| c.digest.as_str()).collect()))
        .collect();
    let going = || {
        let planned = cleared.plan().accounts.iter().filter(|a| !is_stopped(&a.account));
        planned.filter_map(|p| Some((p, *by_name.get(p.account.as_str())?)))
    };
    let systems: BTreeMap<&str, Json> = going().map(|(_, account)| (account.spec.name, system(account.spec))).collect();
    let accounts: Vec<Json> = going().map(|(planned, account)| of_account(planned, account)).collect();
    json!({
        "schema_version": VERSION,
        "kind": "evidence",
        "digest": cleared.plan().digest,
        "stopped": stopped,
        "systems": systems,
        "accounts": accounts,
    })
    .to_string()
}

fn system(spec: &SystemSpec) -> Json {
    json!({
        "attributes": spec.attrs.iter().map(|a| attribute(spec, a)).collect::<Vec<_>>(),
        "rows": spec.rows.iter().map(row).collect::<Vec<_>>(),
        "includes": spec.includes.iter().map(|(wider, others)| (*wider, *others)).collect::<BTreeMap<_, _>>(),
        "administers": spec.administers,
        "floor": {
            "permissions": spec.floor.permissions,
            "least": spec.floor.least,
            "kept_by_untouchable": spec.floor.kept_by_untouchable,
        },
        "untouchable": spec.untouchable.map(|(key, word)| json!({ "key": key, "word": word })),
        "native_ends": spec.has_native_ends(),
        "names_after_registration": spec.names_after_registration,
        "calls": calls(spec),
    })
}

fn attribute(spec: &SystemSpec, attr: &AttrSpec) -> Json {
    let kind = match attr.kind {
        Kind::One(_) => "one",
        Kind::Set { .. } => "set",
        Kind::Flag => "flag",
        Kind::Day => "day",
        Kind::Text => "text",
        Kind::Opaque => "opaque",
    };
    let axis = match attr.axis {
        Axis::Power => "power",
        Axis::Where => "where",
        Axis::Until => "until",
        Axis::Label => "label",
        Axis::Unknown => "unknown",
    };
    let words = attr.kind.fixed().map(|words| words.iter().map(|w| w.word).collect::<Vec<_>>());
    json!({
        "key": attr.key,
        "kind": kind,
        "axis": axis,
        "denies": attr.kind.denies(),
        "chief": spec.is_chief(attr.key),
        "words": words,
    })
}

fn row(row: &PermitRow) -> Json {
    let (account, each) = match row.scopes {
        Scopes::Account => (true, None),
        Scopes::Each(key) => (false, Some(key)),
        Scopes::AccountAndEach(key) => (true, Some(key)),
    };
    json!({ "permission": row.permission, "account": account, "each": each, "when": row.when, "denied_by": row.denied_by })
}

/// What each call of a plan does, by its label.
fn calls(spec: &SystemSpec) -> BTreeMap<String, &'static str> {
    let steps = spec.procedures.iter().flat_map(|p| p.steps).map(|s| (s.label.to_owned(), s.verb.word()));
    let sets = spec.attrs.iter().map(|a| (format!("set-{}", a.key), Verb::Set.word()));
    let deactivate = (Verb::Deactivate.word().to_owned(), Verb::Deactivate.word());
    sets.chain([deactivate]).chain(steps).collect()
}

fn of_account(planned: &AccountPlan, account: &Account<'_>) -> Json {
    let guards: BTreeMap<&str, u32> = planned.guards.iter().filter(|g| counts(g.code)).map(|g| (g.code, g.actual)).collect();
    let shown = if planned.reading.is_complete() { shown(planned, account) } else { Vec::new() };
    json!({
        "account": planned.account,
        "system": planned.system,
        "origin": account.origin,
        "tenant": digest::tenant(account),
        "reading": reading(planned, account, &shown),
        "policy": policy(planned, account, &shown),
        "blocked": planned.blocked.iter().map(|b| &b.id).collect::<BTreeSet<_>>(),
        "digest": planned.digest,
        "changes": planned.changes.iter().map(|c| of_change(account, c)).collect::<Vec<_>>(),
        "guards": guards,
    })
}

/// Whether the guard counts changes up to a limit, and is no rule of its own.
fn counts(code: &str) -> bool {
    GuardCode::find(code).is_some_and(|code| code.is_liftable() && !code.is_minimum())
}

/// Everyone whom a change names, who administers, whom nothing may touch, or who is of a domain that a change
/// takes off the list. Of all others there is nothing to judge.
fn shown<'a>(planned: &AccountPlan, account: &Account<'a>) -> Vec<&'a Live> {
    let subjects: BTreeSet<&Email> = planned.changes.iter().filter_map(|c| c.subject.email()).collect();
    let gone: BTreeSet<&Domain> =
        planned.changes.iter().filter(|c| c.action == Action::DisallowDomain).filter_map(|c| c.subject.domain()).collect();
    let is_shown = |live: &&Live| {
        subjects.contains(&live.email)
            || account.spec.is_untouchable(live)
            || (!gone.is_empty() && gone.contains(&live.email.domain()))
            || account.administrator(live) == Administrator::Yes
    };
    account.reading.members.iter().filter(is_shown).collect()
}

fn reading(planned: &AccountPlan, account: &Account<'_>, shown: &[&Live]) -> Json {
    let (reading, spec, caps) = (account.reading, account.spec, account.caps);
    let proof = planned.reading.proof;
    let mailing = |verb: Verb, mails: bool| mails.then(|| verb.word());
    let invites = spec.invitation_mails(account.tenant);
    let mails = [mailing(Verb::Invite, invites), mailing(Verb::Resend, invites), mailing(Verb::Restore, spec.restore_mails)];
    json!({
        "proof": proof.map(|p| p.word()),
        "administrators": proof.map_or(0, |_| account.administrators(shown.iter().copied())),
        "domains": match &reading.domains {
            Known::Seen(live) if spec.domains.is_some() => domains(live),
            _ => Json::Null,
        },
        "reads": caps.reads,
        "reads_invitations": caps.reads_invitations,
        "registered": caps.registered.as_ref().map(Email::key),
        "keeps_ends": caps.keeps_ends,
        "unbounded": account.is_unbounded(),
        "mails": mails.into_iter().flatten().collect::<Vec<_>>(),
        "members": shown.iter().map(|live| (live.email.key().to_owned(), member(live))).collect::<Map<_, _>>(),
    })
}

fn member(live: &Live) -> Json {
    let keys = |is: &dyn Fn(&Known<_>) -> bool| live.attrs.iter().filter(|(_, v)| is(v)).map(|(k, _)| *k).collect::<Vec<_>>();
    json!({
        "phase": live.phase.word(),
        "seen": values(&live.seen()),
        "partly": keys(&|known| known.is_partly()),
        "hidden": keys(&|known| known.seen().is_none()),
    })
}

fn domains(all: &Domains) -> Json {
    match all {
        Domains::Off => json!("off"),
        Domains::Only(list) => json!(list.iter().map(Domain::as_str).collect::<Vec<_>>()),
    }
}

fn policy(planned: &AccountPlan, account: &Account<'_>, shown: &[&Live]) -> Json {
    let (desired, policy) = (account.desired, &account.desired.policy);
    // Whoever is named, under any of their addresses that a change or a member shown has.
    let addresses = |of: &BTreeSet<&Email>| -> BTreeSet<String> {
        let known = planned.changes.iter().filter_map(|c| c.subject.email()).chain(shown.iter().map(|live| &live.email));
        let theirs = known.filter(|e| of.iter().any(|o| desired.is_one_person(o, e)));
        theirs.chain(of.iter().copied()).map(|e| e.key().to_owned()).collect()
    };
    let limits: BTreeMap<&str, u32> = planned.guards.iter().filter(|g| counts(g.code)).map(|g| (g.code, g.limit)).collect();
    let minimum = planned.guards.iter().find(|g| g.is_floor()).map_or(0, |g| g.limit);
    json!({
        "actor": addresses(&account.tenant.actor.member.iter().collect()),
        "protected": addresses(&policy.protect),
        "ignored": policy.ignore.iter().map(|p| p.value.as_str()).collect::<BTreeSet<_>>(),
        "domains": desired.domains.map_or(Json::Null, domains),
        "limits": limits,
        "minimum_administrators": minimum,
    })
}

fn of_change(account: &Account<'_>, change: &Change) -> Json {
    let attrs = |attrs: &Option<Attrs>| attrs.as_ref().map(values);
    let shows_end = change.before.iter().chain(&change.after).flat_map(|a| a.keys()).any(|k| is_until(account, k));
    json!({
        "id": change.id,
        "action": change.action.word(),
        "subject": change.subject.as_str(),
        "digest": change.digest,
        "before": attrs(&change.before),
        "after": attrs(&change.after),
        "rolling": change.rolling && shows_end,
        "calls": change.calls.iter().map(call).collect::<Vec<_>>(),
        "direction": change.direction.word(),
        "administers": change.administers,
        "waits_for": change.waits_for,
    })
}

fn call(call: &Call) -> Json {
    let set: Map<String, Json> = call
        .set
        .iter()
        .map(|(key, assign)| {
            let json = match assign {
                Assign::To(value) => json!({ "to": value.to_json() }),
                Assign::Delta { add, remove } => json!({ "delta": { "add": add, "remove": remove } }),
            };
            ((*key).to_owned(), json)
        })
        .collect();
    json!({ "label": call.label, "channel": call.channel.word(), "set": set })
}

fn values(attrs: &Attrs) -> Map<String, Json> {
    attrs.iter().map(|(key, value)| ((*key).to_owned(), value.to_json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::systems;

    #[test]
    fn a_label_names_one_kind_of_call() {
        for spec in systems::ALL {
            let known = calls(spec);
            let steps = spec.procedures.iter().flat_map(|p| p.steps);
            let other: Vec<&str> = steps.filter(|s| known[s.label] != s.verb.word()).map(|s| s.label).collect();
            assert_eq!(other, Vec::<&str>::new(), "{}", spec.name);
        }
    }
}
