//! Some of the worlds once more, behind a bridge: what is read and planned is the same, and whatever goes
//! wrong in the server, access stays within before and after, and the next run ends where the undisturbed
//! one did.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use portcullis::apply::{self, ChangeResult, Site};
use portcullis::backends::bridge::Bridge;
use portcullis::backends::http::{Access, Endpoint, Limits, Network, Options, Patience};
use portcullis::backends::{Backend, Expect};
use portcullis::desired::{self, Desired};
use portcullis::model::bridge::{Paging, WireProof};
use portcullis::model::{Live, Reading};
use portcullis::plan::{self, Change, Plan};
use portcullis::sandbox::serve::{Conflict, HttpFault as F, Injected, RetryAfter, Served, Server, Settings};
use proptest::test_runner::TestCaseError;

use super::approval::End;
use super::blueprint::Blueprint;
use super::case::planned;
use super::count::Counts;
use super::oracle;
use super::watch::{Step, Watch, whole};
use super::world::World;

pub const BRIDGE: &str = "bridge";

/// One world in so many.
const EVERY: u64 = 8;
/// What must occur in one case of a hundred.
pub const NOTES: [&str; 2] = ["through a bridge", "a fault in a run through a bridge"];
const TOKEN: &str = "canary-4e1d";

type Holds = Result<(), TestCaseError>;

fn broken(why: String) -> Holds {
    Err(TestCaseError::fail(format!("[{BRIDGE}] {why}")))
}

/// A run that uses the network, each on its thread's own runtime.
fn block<T>(run: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: RefCell<tokio::runtime::Runtime> =
            RefCell::new(tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime"));
    }
    RUNTIME.with(|runtime| runtime.borrow().block_on(run))
}

/// Numbers that depend on the world alone.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's constants for a linear generator; the high bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides.max(1)
    }
}

/// The account of a world behind a server.
struct There {
    world: World,
    server: Server,
}

impl There {
    fn of(blueprint: &Blueprint, dice: &mut Dice) -> Self {
        let world = World::of(blueprint);
        let settings = Settings {
            proof: if dice.roll(4) == 0 { WireProof::Counted } else { WireProof::Snapshot },
            page_size: 1 + u32::try_from(dice.roll(4)).expect("a small number"),
            paging: if dice.roll(3) == 0 { Paging::Cursor } else { Paging::Offset },
            idempotency: dice.roll(2) == 0,
        };
        let tenant = world.host.tenant.name.as_ref().map(ToString::to_string);
        let served =
            Served { connection: "acc".into(), tenant, path: world.path(), host: world.host.clone(), token: TOKEN.to_owned().into() };
        let now = world.now;
        let server = Server::start(([127, 0, 0, 1], 0).into(), vec![served], settings, Box::new(move || now)).expect("it listens");
        Self { world, server }
    }

    /// Makes the plan; what was stopped by a guard is none.
    fn make(&self, bridge: &Bridge, plan: &Plan, pace: u64) -> Option<(Vec<ChangeResult>, Vec<Step>)> {
        let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift and no digest approved");
        if !cleared.stopped().is_empty() {
            return None;
        }
        let account = &cleared.plan().accounts[0];
        let handover = self.world.handover();
        let writer = bridge.writer(&cleared).expect("a writer");
        let watch = Watch { inner: &*writer, world: &self.world, pace, steps: Mutex::default() };
        let site = Site {
            spec: self.world.spec,
            tenant: &self.world.host.tenant,
            caps: bridge.reader().caps(),
            minimum: account.minimum_administrators(),
            reader: bridge.reader(),
            writer: &watch,
            handover: handover.as_ref(),
            record: &apply::NoRecord,
            stopping: &apply::Stopping::default(),
            waits: &[],
        };
        let results = block(apply::execute(&site, &account.changes));
        let steps = watch.steps.into_inner().expect("no step panics");
        Some((results, steps))
    }
}

/// What a run begins with: nothing of another one's pace and patience.
fn connected(There { world, server }: &There) -> Bridge {
    let url = format!("http://{}/acc", server.addr()).parse().expect("an address");
    let access = Access::new("acc", Endpoint::new(&url).expect("loopback"), TOKEN.into());
    let millis = Duration::from_millis;
    let patience = Patience { tries: 2, first: millis(1), most: millis(2), request: millis(1_500), run: millis(3_000) };
    let limits = Limits { connect: millis(1_000), part: millis(500), total: millis(1_000), body: 64 * 1024 };
    let network = Network::new(Options { patience, limits, clock: Some(world.now), ..Options::default() });
    Bridge::new(world.spec, &world.host.tenant, Expect::default(), access, &network).expect("a client")
}

/// What was read of one world, planned of it, and came of it, without a bridge.
pub struct Undisturbed<'a> {
    pub reading: &'a Reading,
    pub plan: &'a Plan,
    pub before: &'a [Live],
    pub end: &'a End,
}

pub fn the_same_and_survived(blueprint: &Blueprint, clean: &Undisturbed<'_>, counts: &Mutex<Counts>) -> Holds {
    let mut dice = Dice(blueprint.policy.pace);
    if dice.roll(EVERY) != 0 {
        return Ok(());
    }
    let there = There::of(blueprint, &mut dice);
    let bridge = connected(&there);
    let (mut desired, _) = desired::resolve(&there.world.manifests, there.world.now, None);
    let desired = desired.remove(&there.world.account).expect("the account is in the manifests");

    let reading = block(bridge.reader().read());
    same_reading(&there.world, &reading, clean.reading)?;
    let plan = planned(&there.world, &bridge, &desired, &reading);
    same_changes(&plan, clean.plan, "through a bridge")?;
    counts.lock().expect("counting does not panic").note(NOTES[0]);
    survived(&there, &desired, clean, &mut dice, counts)
}

fn sorted(reading: &Reading) -> Vec<Live> {
    let mut members = reading.members.clone();
    members.sort_by(|a, b| a.email.cmp(&b.email));
    members
}

fn same_reading(world: &World, bridge: &Reading, embedded: &Reading) -> Holds {
    if let Err(why) = &bridge.proof {
        return broken(format!("the account was not read: {why:?}"));
    }
    for (there, here) in sorted(bridge).iter().zip(&sorted(embedded)) {
        if there != here {
            return broken(format!("read as {there:?}, and embedded as {here:?}"));
        }
    }
    // A product without a whitelist shows none to a bridge, and embedded that everybody may come.
    let domains = |reading: &Reading| world.spec.domains.is_some().then(|| reading.domains.clone());
    let rest = |reading: &Reading| (reading.members.len(), domains(reading), reading.whoami.clone());
    if rest(bridge) == rest(embedded) { Ok(()) } else { broken(format!("{:?} and {:?}", rest(bridge), rest(embedded))) }
}

/// Equal but for what names the place.
fn same_changes(one: &Plan, other: &Plan, how: &str) -> Holds {
    let shown = |plan: &Plan| -> Vec<String> {
        let account = &plan.accounts[0];
        let change = |c: &Change| format!("{} {:?} {:?} {:?} {:?} {:?}", c.id, c.before, c.after, c.direction, c.calls, c.waits_for);
        let blocked = account.blocked.iter().map(|b| format!("{} {} {}", b.id, b.code, b.needs));
        account.changes.iter().map(change).chain(blocked).collect()
    };
    let (one, other) = (shown(one), shown(other));
    if one == other { Ok(()) } else { broken(format!("planned {how}:\n{}\nand without:\n{}", one.join("\n"), other.join("\n"))) }
}

/// Something that goes wrong, somewhere in a run of so many requests.
fn fault(dice: &mut Dice, requests: u64) -> Injected {
    let kinds = [
        F::CutBefore,
        F::CutAfter,
        F::ServerError { status: 500, done: false },
        F::ServerError { status: 502, done: true },
        F::ServerError { status: 503, done: false },
        F::TooManyRequests { retry_after: RetryAfter::Absent },
        F::TooManyRequests { retry_after: RetryAfter::Seconds(0) },
        F::Html,
        F::WrongContentType,
        F::Unauthorized,
        F::NotFound,
        F::Forbidden { member: None },
        F::Conflict { kind: Conflict::Exists },
        F::Conflict { kind: Conflict::InProgress },
        F::Changed,
        F::StaleRead,
        F::PageEmpty,
        F::PageRepeated,
        F::PageCut,
        F::NextLost,
        F::TotalLies { by: -1 },
        F::TotalLies { by: 2 },
        F::MemberMissing { member: None },
        F::OrderShuffled,
        F::IdsReused,
        F::ClockSkew { seconds: 4_000 },
    ];
    // `NotDone` is not among them: which of several writes side by side it meets is not the world's to say, and
    // tests/faults has it.
    let which = usize::try_from(dice.roll(kinds.len() as u64)).expect("a small number");
    let small = |n: u64| u32::try_from(n).expect("a small number");
    // Most strike where writes begin; some at once, some late.
    let injected = Injected::from(kinds[which].clone()).after(small(dice.roll(requests)));
    match dice.roll(4) {
        // Whoever is told to wait without an end only waits.
        0 if !matches!(injected.fault, F::TooManyRequests { .. } | F::Conflict { .. }) => injected,
        0 => injected.times(1),
        times => injected.times(small(times)),
    }
}

fn survived(there: &There, desired: &Desired<'_>, clean: &Undisturbed<'_>, dice: &mut Dice, counts: &Mutex<Counts>) -> Holds {
    let world = &there.world;
    let (pages, calls) = (clean.reading.members.len() as u64 + 2, clean.plan.changes().map(|c| c.calls.len() as u64).sum::<u64>());
    let injected = fault(dice, pages + calls);
    let told = format!("{injected:?}");
    there.server.inject(injected);

    let bridge = connected(there);
    let reading = block(bridge.reader().read());
    let plan = planned(world, &bridge, desired, &reading);
    let mut begun: BTreeSet<String> = BTreeSet::new();
    if reading.proof.is_err() {
        if !plan.accounts[0].changes.is_empty() || !plan.accounts[0].blocked.is_empty() {
            return broken(format!("{told}: planned on no reading: {:?}", plan.accounts[0].changes));
        }
        counts.lock().expect("counting does not panic").note("a bridge not read");
    } else {
        same_changes(&plan, clean.plan, &told)?;
        let Some((results, steps)) = there.make(&bridge, &plan, dice.roll(u64::MAX)) else { return Ok(()) };
        within(world, &steps, clean, &told)?;
        begun.extend(results.iter().filter(|r| r.attempts > 0 && !r.word.is_well()).map(|r| r.id.clone()));
        if there.server.fired()[0].fired > 0 {
            counts.lock().expect("counting does not panic").note(NOTES[1]);
        }
    }

    // The fault is over.
    there.server.clear_faults();
    for _ in 0..2 {
        let bridge = connected(there);
        let reading = block(bridge.reader().read());
        if let Err(why) = &reading.proof {
            return broken(format!("{told}: not read afterwards: {why:?}"));
        }
        let rest = planned(world, &bridge, desired, &reading);
        let Some((results, steps)) = there.make(&bridge, &rest, dice.roll(u64::MAX)) else { return Ok(()) };
        within(world, &steps, clean, &told)?;
        if let Some(failed) = results.iter().find(|r| !r.word.is_well()) {
            return broken(format!("{told}, begun {begun:?}, afterwards {failed:?}"));
        }
    }
    let end = End::of(world);
    // What was deleted to be invited anew may have had what no manifest asks for.
    let is_anew = |id: &String| id.contains("/edit-invitation/") || id.contains("/reinvite/");
    if begun.iter().any(is_anew) {
        counts.lock().expect("counting does not panic").note("a bridge survived in part");
        return Ok(());
    }
    if oracle::access(world.spec.name, end.access()) != oracle::access(world.spec.name, clean.end.access()) {
        return broken(format!("{told}, begun {begun:?}: the end is another"));
    }
    if end.mails() != clean.end.mails() {
        return broken(format!("{told}, begun {begun:?}: mails to {:?}, undisturbed to {:?}", end.mails(), clean.end.mails()));
    }
    Ok(())
}

/// After every call, access is within what it was and what it was to be.
fn within(world: &World, steps: &[Step], clean: &Undisturbed<'_>, told: &str) -> Holds {
    let (first, last) = (oracle::access(world.spec.name, clean.before), oracle::access(world.spec.name, clean.end.access()));
    let now = steps.iter().map(|step| (step.label.as_str(), step.members.clone())).chain([("the end", whole(world).1)]);
    for (label, members) in now {
        let now = oracle::access(world.spec.name, &members);
        let more = oracle::beyond(&now, &first, &last);
        if !more.is_empty() {
            return broken(format!("{told}: after {label}: {more:?}"));
        }
    }
    Ok(())
}
