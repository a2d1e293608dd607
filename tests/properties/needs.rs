//! Whoever `needs` names is not refused (emma-hq, whose actors see and hold different parts): each is
//! made the actor, reads the account as it would, and plans the same manifests.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

use futures::executor::block_on;
use portcullis::backends::Backend;
use portcullis::backends::embedded::Embedded;
use portcullis::desired::Desired;
use portcullis::model::{Action, Atom, Attrs, Live, Tenant, Value};
use portcullis::plan::{Blocked, Plan};
use portcullis::sandbox::Host;
use proptest::test_runner::TestCaseError;

use super::case::planned_by;
use super::count::Counts;
use super::picks::{one, word};
use super::watch::whole;
use super::world::World;

pub const NEEDS: &str = "needs";
const OF_ACTORS: [&str; 4] = ["actor-lacks-role", "actor-lacks-subaccount", "actor-lacks-privilege", "no-safe-path"];
/// Said of invitations: who is a member already may need more.
const CAVEAT: &str = "this actor does not see everybody";

pub fn refuses_nobody_named(world: &World, desired: &Desired<'_>, plan: &Plan, counts: &Mutex<Counts>) -> Result<(), TestCaseError> {
    if world.spec.name != "emma-hq" {
        return Ok(());
    }
    let (_, members) = whole(world);
    for blocked in plan.accounts[0].blocked.iter().filter(|b| OF_ACTORS.contains(&b.code)) {
        let live = members.iter().find(|m| blocked.subject.email().is_some_and(|e| m.email == *e));
        if blocked.action == Action::Invite && live.is_some() {
            if !blocked.notes.iter().any(|note| note.starts_with(CAVEAT)) {
                return Err(TestCaseError::fail(format!("[{NEEDS}] {} is a member unseen, and nothing says so", blocked.id)));
            }
            continue;
        }
        for who in named(&blocked.needs, live) {
            let host = Host { tenant: seat(world, &who), ..world.host.clone() };
            let backend = Embedded::new(world.path(), Path::new("embedded.db"), host.clone(), world.now, 3);
            let reading = block_on(backend.reader().read());
            let again = planned_by(world, &host.tenant, &backend, desired, &reading);
            let same = |b: &&Blocked| b.subject == blocked.subject && OF_ACTORS.contains(&b.code);
            counts.lock().expect("counting does not panic").note("needs names somebody");
            if let Some(refused) = again.accounts[0].blocked.iter().find(same) {
                let why = format!("{}: {} names {who:?}, who is refused: {}; {}", blocked.id, blocked.needs, refused.code, refused.needs);
                return Err(TestCaseError::fail(format!("[{NEEDS}] {why}\nlive {live:?}\nafter {:?}", blocked.after)));
            }
        }
    }
    Ok(())
}

#[derive(Debug)]
struct Named {
    role: String,
    of: BTreeSet<Atom>,
    with: BTreeSet<Atom>,
}

/// "a parent, or a manager or an administrator of emea with share-campaigns": each with no more than
/// what is said.
fn named(needs: &str, live: Option<&Live>) -> Vec<Named> {
    let words = |text: &str| text.split(" and ").filter(|w| !w.is_empty()).map(word).collect::<BTreeSet<Atom>>();
    let mut all = Vec::new();
    for group in needs.split(", ").map(|group| group.trim_start_matches("or ")) {
        let (text, does) = group.split_once(" who ").unwrap_or((group, ""));
        // That takes another entry.
        if does.starts_with("is given") {
            continue;
        }
        let (text, with) = text.split_once(" with ").unwrap_or((text, ""));
        let (roles, of) = text.split_once(" of ").unwrap_or((text, ""));
        for role in roles.split(" or ") {
            let role = role.trim_start_matches("a ").trim_start_matches("an ").to_owned();
            let mut of = words(of);
            if does.starts_with("sees the person and all") {
                let held = live.and_then(|l| l.attr("subaccounts").seen()).and_then(Value::as_set);
                of.extend(held.into_iter().flatten().cloned());
            }
            all.push(Named { role, of, with: words(with) });
        }
    }
    all
}

/// An administrator works on the page of one subaccount, the others on the top-level one.
fn seat(world: &World, who: &Named) -> Tenant {
    let mut tenant = world.host.tenant.clone();
    if who.role == "administrator" {
        let own = who.of.first().cloned().unwrap_or_else(|| word("emea"));
        tenant.facts.insert("surface", one("subaccount"));
        tenant.facts.insert("subaccount", Value::One(own));
    } else {
        tenant.facts.remove("surface");
        tenant.facts.remove("subaccount");
    }
    tenant.actor.attrs = match who.role.as_str() {
        "parent" => Attrs::from([("role", one("parent"))]),
        role => {
            Attrs::from([("role", one(role)), ("privileges", Value::Set(who.with.clone())), ("subaccounts", Value::Set(who.of.clone()))])
        }
    };
    tenant
}
