//! One world through the whole story: read, plan, clear, apply watching every call, read and plan
//! again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::executor::block_on;
use portcullis::apply::{self, ChangeResult, ResultWord, Site};
use portcullis::backends::Backend;
use portcullis::desired::{self, Desired};
use portcullis::model::{Channel, Email, Live, Outcome, Reading, Tenant};
use portcullis::plan::{self, Account, AccountPlan, Moment, Plan};
use portcullis::render::{Kind, PlanView, json};
use portcullis::sandbox::{Fault, MailKind, Sandbox};
use proptest::test_runner::TestCaseError;

use super::approval::{self, End, Look};
use super::blueprint::Blueprint;
use super::count::Counts;
use super::over_http::{self, Undisturbed};
use super::watch::{Step, Watch, whole};
use super::world::World;
use super::{needs, oracle};

pub const SAME_BYTES: &str = "same-bytes";
pub const NOTHING_LEFT: &str = "nothing-left";
pub const NO_FAILURE: &str = "no-failure";
pub const ACCESS: &str = "access";
pub const ADMINISTRATORS: &str = "administrators";
pub const DOMAINS: &str = "domains";
pub const ACTOR: &str = "actor";
pub const MAILS: &str = "mails";
pub const LINKS: &str = "links";
pub const OTHERS: &str = "others";
pub const READINGS: &str = "readings";

type Holds = Result<(), TestCaseError>;

fn broken<T>(property: &str, why: String) -> Result<T, TestCaseError> {
    Err(TestCaseError::fail(format!("[{property}] {why}")))
}

/// All properties in one world.
pub fn holds(blueprint: &Blueprint, counts: &Mutex<Counts>) -> Holds {
    let world = World::of(blueprint);
    let (mut desired, found) = desired::resolve(&world.manifests, world.now, None);
    if let Some(wrong) = found.iter().find(|d| d.is_error()) {
        counts.lock().expect("counting does not panic").discard();
        return Err(TestCaseError::reject(format!("{}: {}", wrong.code, wrong.message)));
    }
    let desired = desired.remove(&world.account).expect("the account is in the manifests");
    let backend = world.backend();
    let reading = block_on(backend.reader().read());
    let plan = planned(&world, &backend, &desired, &reading);
    counts.lock().expect("counting does not panic").case(&world, &plan.accounts[0], &reading.members);
    same_bytes(&world, &backend, &desired, &reading, &plan, blueprint.policy.pace)?;
    needs::refuses_nobody_named(&world, &desired, &plan, counts)?;

    let look = Look { world: &world, backend: &backend, desired: &desired, reading: &reading };
    approval::a_part_is_that_part(&look, &plan, blueprint.policy.pace, counts)?;
    let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift and no digest approved");
    if !cleared.stopped().is_empty() {
        counts.lock().expect("counting does not panic").stop();
        return Ok(());
    }
    look.proven(&plan)?;
    let account = &cleared.plan().accounts[0];
    let (_, before) = whole(&world);
    let elsewhere = others(&world);
    let handover = world.handover();
    let writer = backend.writer(&cleared).expect("a writer");
    let watch = Watch { inner: &*writer, world: &world, pace: blueprint.policy.pace, steps: Mutex::default() };
    let site = Site {
        spec: world.spec,
        tenant: &world.host.tenant,
        caps: backend.reader().caps(),
        minimum: account.minimum_administrators(),
        reader: backend.reader(),
        writer: &watch,
        handover: handover.as_ref(),
        record: &apply::NoRecord,
        stopping: &apply::Stopping::default(),
        waits: &[],
    };
    let results = block_on(apply::execute(&site, &account.changes));
    let steps = watch.steps.into_inner().expect("no step panics");
    drop(writer);

    let again = block_on(backend.reader().read());
    let second = planned(&world, &backend, &desired, &again);
    let told = |e: TestCaseError| match e {
        TestCaseError::Fail(why) => TestCaseError::fail(format!("{why}\n{}", story(&plan.accounts[0], &steps))),
        TestCaseError::Reject(why) => TestCaseError::Reject(why),
    };
    domain_before_invitation(&steps).map_err(told)?;
    no_failure(account, &results).map_err(told)?;
    access(&world, &before, &steps).map_err(told)?;
    administrators(&world, account, &before, &steps).map_err(told)?;
    actor_stays(&world, &before, &steps).map_err(told)?;
    mails(&world, account, &results).map_err(told)?;
    nothing_left(account, &second.accounts[0], &results).map_err(told)?;
    links(&world, &steps, &results, &second).map_err(told)?;
    if others(&world) != elsewhere {
        return broken(OTHERS, "another account on the same server has changed".into());
    }
    if results.iter().any(|r| r.elsewhere.is_some()) {
        counts.lock().expect("counting does not panic").note("result exists-elsewhere");
    }
    if !world.links().is_empty() {
        counts.lock().expect("counting does not panic").note("result link in its file");
    }
    if results.iter().all(|r| r.word.is_well()) {
        let end = End::of(&world);
        approval::a_cut_off_run_is_resumed(blueprint, steps.len(), &end, counts)?;
        let clean = Undisturbed { reading: &reading, plan: &plan, before: &before, end: &end };
        over_http::the_same_and_survived(blueprint, &clean, counts)?;
    }
    same_bytes(&world, &backend, &desired, &again, &second, !blueprint.policy.pace)?;
    if let Some(fault) = blueprint.fault {
        world.fails(fault);
        let half = block_on(backend.reader().read());
        counts.lock().expect("counting does not panic").note(&format!("reading {}", fault.word()));
        half_a_reading(&planned(&world, &backend, &desired, &half).accounts[0], fault).map_err(told)?;
    }
    Ok(())
}

pub fn planned(world: &World, backend: &dyn Backend, desired: &Desired<'_>, reading: &Reading) -> Plan {
    planned_by(world, &world.host.tenant, backend, desired, reading)
}

/// As planned by the actor of this tenant.
pub fn planned_by(world: &World, tenant: &Tenant, backend: &dyn Backend, desired: &Desired<'_>, reading: &Reading) -> Plan {
    let origin = backend.origin();
    let account = Account {
        name: &world.account,
        spec: world.spec,
        backend: "embedded",
        sandbox: true,
        origin: &origin,
        tenant,
        caps: backend.reader().caps(),
        desired,
        reading,
        only: None,
        history: &portcullis::plan::History::default(),
        approved: None,
    };
    plan::plan(Moment { now: world.now, at: None, simulated: false }, &[account])
}

/// A plan depends on nothing but its inputs (DESIGN §8.5), and one address is one however the server
/// writes it (§8.9).
fn same_bytes(world: &World, backend: &dyn Backend, desired: &Desired<'_>, reading: &Reading, plan: &Plan, pace: u64) -> Holds {
    let bytes = bytes(plan);
    let mut shuffled = reading.clone();
    for turn in 0..2u64 {
        match turn {
            0 => shuffled.members.reverse(),
            _ => {
                for member in &mut shuffled.members {
                    member.email = Email::parse(&member.email.key().to_uppercase()).expect("an address");
                }
                let salt = pace.wrapping_add(turn);
                shuffled
                    .members
                    .sort_by_key(|m| m.email.key().bytes().fold(salt, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)));
            }
        }
        let other = self::bytes(&planned(world, backend, desired, &shuffled));
        if other != bytes {
            return broken(SAME_BYTES, format!("{bytes}\n--- shuffled ---\n{other}"));
        }
    }
    Ok(())
}

fn bytes(plan: &Plan) -> String {
    let mut out = Vec::new();
    json::write(&mut out, &PlanView::of(plan, Kind::Plan)).expect("a plan is JSON");
    String::from_utf8(out).expect("JSON is text")
}

fn domain_before_invitation(steps: &[Step]) -> Holds {
    for step in steps {
        let (Some(whitelist), Some(email)) = (&step.whitelist, step.subject.email()) else { continue };
        if !whitelist.admits(&email.domain()) {
            return broken(DOMAINS, format!("{email} was invited while the whitelist was {whitelist:?}: {:?}", step.outcome));
        }
    }
    Ok(())
}

/// Whatever is not `exists elsewhere`, or waits for it, is a mistake of the planner or the server.
fn no_failure(account: &AccountPlan, results: &[ChangeResult]) -> Holds {
    let elsewhere: BTreeSet<&str> = results.iter().filter(|r| r.elsewhere.is_some()).map(|r| r.id.as_str()).collect();
    for (change, result) in account.changes.iter().zip(results) {
        let excused = match result.word {
            ResultWord::Applied | ResultWord::Already => true,
            ResultWord::Failed => result.elsewhere.is_some(),
            ResultWord::Skipped => change.waits_for.iter().any(|id| elsewhere.contains(id.as_str())),
            ResultWord::Unknown => false,
        };
        if !excused || change.id != result.id {
            return broken(NO_FAILURE, format!("{} is {}: {}", result.id, result.word.word(), result.message));
        }
        if change.channel() != Channel::Api {
            return broken(NO_FAILURE, format!("{} goes through {}", change.id, change.channel().word()));
        }
    }
    if results.len() != account.changes.len() {
        return broken(NO_FAILURE, format!("{} results of {} changes", results.len(), account.changes.len()));
    }
    Ok(())
}

fn access(world: &World, before: &[Live], steps: &[Step]) -> Holds {
    let first = oracle::access(world.spec.name, before);
    let last = steps.last().map_or_else(|| first.clone(), |s| oracle::access(world.spec.name, &s.members));
    for (i, step) in steps.iter().enumerate() {
        let now = oracle::access(world.spec.name, &step.members);
        let more = oracle::beyond(&now, &first, &last);
        if !more.is_empty() {
            return broken(ACCESS, format!("after call {i}, {} of {}: {more:?}", step.label, step.subject.as_str()));
        }
    }
    Ok(())
}

fn administrators(world: &World, account: &AccountPlan, before: &[Live], steps: &[Step]) -> Holds {
    let minimum = account.minimum_administrators() as usize;
    if oracle::administrators(world.spec.name, before) < minimum {
        return Ok(());
    }
    for (i, step) in steps.iter().enumerate() {
        let left = oracle::administrators(world.spec.name, &step.members);
        if left < minimum {
            return broken(ADMINISTRATORS, format!("{left} of {minimum} after call {i}, {} of {}", step.label, step.subject.as_str()));
        }
    }
    Ok(())
}

/// The actor is still in (DESIGN §8.3).
fn actor_stays(world: &World, before: &[Live], steps: &[Step]) -> Holds {
    let Some(actor) = &world.host.tenant.actor.member else { return Ok(()) };
    let administers = |members: &[Live]| {
        let own: Vec<Live> = members.iter().filter(|m| m.email == *actor).cloned().collect();
        oracle::administrators(world.spec.name, &own) == 1
    };
    let out = |step: &&Step| administers(before) && !administers(&step.members);
    match steps.iter().find(out) {
        Some(step) => broken(ACTOR, format!("locked out by {} of {}", step.label, step.subject.as_str())),
        None => Ok(()),
    }
}

/// Nobody is written to twice (DESIGN §8.6), and nobody of whom the plan did not say so.
fn mails(world: &World, account: &AccountPlan, results: &[ChangeResult]) -> Holds {
    let outbox = Sandbox::read(&world.path()).and_then(|s| s.outbox(&world.host, world.now)).expect("the outbox");
    let told = outbox.iter().filter(|m| matches!(m.kind, MailKind::Invitation | MailKind::Restored));
    let mut sent: Vec<&str> = told.map(|m| m.to.key()).collect();
    sent.sort_unstable();
    let applied: BTreeSet<&str> = results.iter().filter(|r| r.word == ResultWord::Applied).map(|r| r.id.as_str()).collect();
    let mailing = account.changes.iter().filter(|c| c.mails() && applied.contains(c.id.as_str()));
    let mut planned: Vec<&str> = mailing.map(|c| c.subject.as_str()).collect();
    planned.sort_unstable();
    if sent == planned { Ok(()) } else { broken(MAILS, format!("sent to {sent:?}, planned {planned:?}")) }
}

/// What remains was not made because it exists elsewhere, or is blocked.
fn nothing_left(first: &AccountPlan, second: &AccountPlan, results: &[ChangeResult]) -> Holds {
    let unmade: BTreeSet<&str> =
        results.iter().filter(|r| !matches!(r.word, ResultWord::Applied | ResultWord::Already)).map(|r| r.id.as_str()).collect();
    let left: Vec<&str> = second.changes.iter().map(|c| c.id.as_str()).filter(|id| !unmade.contains(id)).collect();
    if left.is_empty() {
        return Ok(());
    }
    let shown = |c: &plan::Change| format!("{}: {:?} -> {:?}", c.id, c.before, c.after);
    let second: Vec<String> = second.changes.iter().map(shown).collect();
    broken(NOTHING_LEFT, format!("after {} changes:\n{}", first.changes.len(), second.join("\n")))
}

/// The newest link of each person is in their file, and stands in no answer and in no plan (M2).
fn links(world: &World, steps: &[Step], results: &[ChangeResult], second: &Plan) -> Holds {
    let mut newest: BTreeMap<&str, &str> = BTreeMap::new();
    for step in steps {
        if let Outcome::Linked(link) = &step.outcome {
            newest.insert(step.subject.as_str(), link.expose());
        }
    }
    let (mut waiting, mut expected) = (world.links(), newest.values().map(|l| (*l).to_owned()).collect::<Vec<_>>());
    waiting.sort_unstable();
    expected.sort_unstable();
    if waiting != expected {
        return broken(LINKS, format!("{} links in files, {} were answered", waiting.len(), expected.len()));
    }
    let said: String = results.iter().map(|r| format!("{r:?}")).chain([bytes(second)]).collect();
    match newest.iter().find(|(_, link)| said.contains(**link)) {
        Some((whom, _)) => broken(LINKS, format!("the link of {whom} is told")),
        None => Ok(()),
    }
}

/// What the same server knows of another account: no call is about it (M5).
fn others(world: &World) -> Vec<Live> {
    let page = Sandbox::read(&world.path()).and_then(|s| s.page(&world.other, world.now, None, 1000));
    page.expect("a page").members
}

/// A reading that went wrong plans nothing (DESIGN §8.1).
fn half_a_reading(plan: &AccountPlan, fault: Fault) -> Holds {
    let said = plan.reading.problems.len();
    if plan.changes.is_empty() && plan.blocked.is_empty() && !plan.reading.is_complete() && said > 0 {
        return Ok(());
    }
    broken(
        READINGS,
        format!("{} changes, {} blocked and {said} problems of a reading that {}", plan.changes.len(), plan.blocked.len(), fault.word()),
    )
}

/// What was planned and done, for whoever reads a failure.
fn story(plan: &AccountPlan, steps: &[Step]) -> String {
    let mut lines = vec!["planned:".to_owned()];
    lines.extend(plan.changes.iter().map(|c| format!("  {} {:?} -> {:?}, after {:?}", c.id, c.before, c.after, c.waits_for)));
    lines.extend(plan.blocked.iter().map(|b| format!("  blocked {} {}: {}", b.id, b.code, b.needs)));
    lines.push("called:".into());
    for step in steps {
        let outcome = match &step.outcome {
            Outcome::Refused(why) => format!("refused: {why}"),
            other => format!("{other:?}"),
        };
        lines.push(format!("  {} of {}: {outcome}", step.label, step.subject.as_str()));
    }
    lines.join("\n")
}
