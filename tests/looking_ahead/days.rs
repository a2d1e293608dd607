//! One world, from day to day.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use futures::executor::block_on;
use jiff::ToSpan;
use jiff::civil::Date;
use portcullis::apply::{self, Site};
use portcullis::backends::Backend;
use portcullis::backends::embedded::Embedded;
use portcullis::desired::{self, Desired};
use portcullis::model::{Attrs, Channel, Email, Invitation, Live, Phase, Reading};
use portcullis::plan::{self, Account, EndedBy, Ending, Expiry, History, Moment, Plan, Sight};
use portcullis::sandbox::Sandbox;
use proptest::test_runner::TestCaseError;

use super::blueprint::Blueprint;
use super::world::World;

/// How many days are gone through.
const DAYS: i64 = 14;

/// How often each kind of row was held against what happened.
#[derive(Debug, Default)]
pub struct Counts {
    pub cases: u32,
    ended: u32,
    by_product: u32,
    blocked: u32,
    stopped: u32,
    losses: u32,
    accepted: u32,
}

impl Counts {
    pub fn rare(&self) -> Vec<&'static str> {
        let few = self.cases / 100;
        let all = [("ended", self.ended), ("losses", self.losses), ("accepted", self.accepted)];
        all.into_iter().filter(|(_, many)| *many <= few).map(|(what, _)| what).collect()
    }
}

type Holds = Result<(), TestCaseError>;

/// What everybody holds who is a member, or invited.
type Truth = BTreeMap<Email, Member>;

#[derive(Debug, Clone)]
struct Member {
    holds: Attrs,
    pending: bool,
}

struct Day {
    on: Date,
    eve: Truth,
    before: Truth,
    after: Truth,
    /// A guard stopped the run.
    stopped: bool,
}

pub fn hold(blueprint: &Blueprint, counts: &Mutex<Counts>) -> Holds {
    let mut blueprint = blueprint.clone();
    // Nothing but time and runs.
    blueprint.fault = None;
    let Some(seen) = go_through(&blueprint, false)? else { return Ok(()) };
    let Seen { world, rows, reading, days } = &seen;
    counts.lock().expect("counting does not panic").cases += 1;
    // Whom the actor does not see, or no longer once it has taken all that it may, it may invite, and that
    // comes to nothing.
    let is_bounded = !(world.spec.sees_all)(&world.host.tenant);
    let hidden = |row: &&Expiry| {
        let is_there = days[0].before.get(&row.member);
        let is_emptied = is_bounded && row.pending && is_there.is_some_and(|is| !is.pending);
        is_emptied || is_there.is_some() && !reading.members.iter().any(|l| l.email == row.member)
    };
    for row in rows.iter().filter(|row| !hidden(row)) {
        of_row(world, row, days, counts).map_err(|e| told(e, row))?;
    }
    // What the plan of now is to take, and a guard stops, is told beside the list.
    let tells_all = (world.spec.sees_all)(&world.host.tenant) && !days[0].stopped;
    for day in days.iter().skip(1).filter(|_| tells_all) {
        of_day(world, day, rows, counts)?;
    }
    let invited: Vec<&Expiry> = rows.iter().filter(|row| row.pending && row.ending != Ending::Invitation && !hidden(row)).collect();
    if invited.is_empty() {
        return Ok(());
    }
    let Some(accepted) = go_through(&blueprint, true)? else { return Ok(()) };
    for row in invited {
        of_accepted(row, &accepted, counts).map_err(|e| told(e, row))?;
    }
    let is_open = |l: &Live| matches!(l.phase, Phase::Pending { state: Invitation::Open, .. });
    let is_invited = |who: &Email| reading.members.iter().any(|l| l.email == *who && is_open(l));
    for day in accepted.days.iter().skip(1).filter(|_| tells_all && !accepted.days[0].stopped) {
        for (who, before) in day.before.iter().filter(|(who, is)| is_invited(who) && !is.pending) {
            let is = |row: &Expiry| row.on == day.on && row.member == *who && row.ending != Ending::Invitation;
            if loses(world, Some(before), day.after.get(who)) && !rows.iter().any(is) {
                return Err(TestCaseError::fail(format!("{who}, who has accepted, loses on {} what no row tells: {before:?}", day.on)));
            }
        }
    }
    Ok(())
}

/// What a row of somebody who is invited says of those who accept.
fn of_accepted(row: &Expiry, accepted: &Seen, counts: &Mutex<Counts>) -> Holds {
    counts.lock().expect("counting does not panic").accepted += 1;
    let is_in = |one: &Expiry| {
        let mut one = one.clone();
        one.pending = false;
        of_row(&accepted.world, &one, &accepted.days, counts)
    };
    match &row.once_accepted {
        Some(then) => then.iter().try_for_each(is_in),
        None => is_in(row),
    }
}

/// A world, what is said of it, and what came of it day by day.
struct Seen {
    world: World,
    rows: Vec<Expiry>,
    reading: Reading,
    days: Vec<Day>,
}

/// Runs once a day; whoever is invited stays so, or accepts at once. None where somebody has to do something
/// by hand.
fn go_through(blueprint: &Blueprint, accepts: bool) -> Result<Option<Seen>, TestCaseError> {
    let mut world = World::of(blueprint);
    let manifests = std::mem::take(&mut world.manifests);
    let (mut resolved, found) = desired::resolve(&manifests, world.now, None);
    if found.iter().any(|d| d.is_error()) {
        return Err(TestCaseError::reject("an error in the manifests"));
    }
    let account = world.account.clone();
    let desired = resolved.remove(&account).expect("the account is in the manifests");
    let zone = world.host.tenant.zone.clone();
    let today = world.now.to_zoned(zone.clone()).date();
    let reading = read(&world);
    let rows = with_account(&world, &desired, &reading, |a, now| {
        plan::expiring(Moment { now, at: None, simulated: false }, DAYS * 24, &[a]).accounts.remove(0).all
    });
    let mut days = Vec::new();
    let mut eve = truth(&world);
    for number in 0..=DAYS + 1 {
        let on = today.saturating_add(number.days());
        if number > 0 {
            world.now = on.to_zoned(zone.clone()).expect("a day begins").timestamp();
        }
        let (desired, _) = desired::resolve(&manifests, world.now, None);
        let desired = &desired[&account];
        let reading = read(&world);
        let plan = with_account(&world, desired, &reading, |a, now| plan::plan(Moment { now, at: None, simulated: false }, &[a]));
        if plan.accounts[0].changes.iter().any(|c| c.calls.iter().any(|c| c.channel != Channel::Api)) {
            return Ok(None);
        }
        let before = truth(&world);
        let stopped = !run(&world, &plan);
        if accepts {
            accept(&world);
        }
        let after = truth(&world);
        days.push(Day { on, eve, before, after: after.clone(), stopped });
        eve = after;
    }
    Ok(Some(Seen { world, rows, reading, days }))
}

/// Lets in whoever has an open invitation.
fn accept(world: &World) {
    let invited: Vec<Email> = truth(world).into_iter().filter(|(_, is)| is.pending).map(|(who, _)| who).collect();
    let mut sandbox = Sandbox::write(&world.path()).expect("the sandbox file");
    for who in invited {
        // One that is over, or declined, cannot be.
        sandbox.accept(&world.host, world.now, &who).ok();
    }
}

fn told(e: TestCaseError, row: &Expiry) -> TestCaseError {
    match e {
        TestCaseError::Fail(why) => TestCaseError::fail(format!("{why}\n{row:#?}")),
        TestCaseError::Reject(why) => TestCaseError::Reject(why),
    }
}

fn backend(world: &World) -> Embedded {
    Embedded::new(world.path(), Path::new("embedded.db"), world.host.clone(), world.now, 3)
}

fn read(world: &World) -> Reading {
    block_on(backend(world).reader().read())
}

fn with_account<T>(world: &World, desired: &Desired<'_>, reading: &Reading, of: impl FnOnce(Account<'_>, jiff::Timestamp) -> T) -> T {
    let backend = backend(world);
    let origin = backend.origin();
    let account = Account {
        name: &world.account,
        spec: world.spec,
        backend: "embedded",
        sandbox: true,
        origin: &origin,
        tenant: &world.host.tenant,
        caps: backend.reader().caps(),
        desired,
        reading,
        only: None,
        history: &History::default(),
        approved: None,
    };
    of(account, world.now)
}

/// Makes the plan, unless a guard stops it.
fn run(world: &World, plan: &Plan) -> bool {
    let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift and no digest approved");
    if !cleared.stopped().is_empty() {
        return false;
    }
    let backend = backend(world);
    let handover = world.handover();
    let writer = backend.writer(&cleared).expect("a writer");
    let account = &cleared.plan().accounts[0];
    let site = Site {
        spec: world.spec,
        tenant: &world.host.tenant,
        caps: backend.reader().caps(),
        minimum: account.minimum_administrators(),
        reader: backend.reader(),
        writer: &*writer,
        handover: handover.as_ref(),
        record: &apply::NoRecord,
        stopping: &apply::Stopping::default(),
        waits: &[],
    };
    block_on(apply::execute(&site, &account.changes));
    true
}

/// Everybody who is a member, as somebody sees it who sees everything.
fn truth(world: &World) -> Truth {
    let sandbox = Sandbox::read(&world.path()).expect("the sandbox file");
    let page = sandbox.page(&world.unbounded, world.now, None, 1000).expect("a page");
    let is = |l: &&Live| l.phase.is_standing();
    let of = |l: &Live| Member { holds: held(world, l), pending: l.phase.is_pending() };
    page.members.iter().filter(is).map(|l| (l.email.clone(), of(l))).collect()
}

fn held(world: &World, live: &Live) -> Attrs {
    let is = |key: &str| {
        world.spec.attr(key).is_some_and(|a| !matches!(a.axis, portcullis::systems::Axis::Label | portcullis::systems::Axis::Until))
    };
    live.seen().into_iter().filter(|(key, _)| is(key)).collect()
}

/// Whether less is held.
fn loses(world: &World, before: Option<&Member>, after: Option<&Member>) -> bool {
    match (before, after) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => world.spec.direction(&before.holds, &after.holds).narrows(),
    }
}

/// What a row says, held against what happened on its day.
fn of_row(world: &World, row: &Expiry, days: &[Day], counts: &Mutex<Counts>) -> Holds {
    let mut counts = counts.lock().expect("counting does not panic");
    let Some(day) = days.iter().find(|d| d.on == row.on) else { return Ok(()) };
    if row.ending == Ending::Invitation || row.kept.is_some() || row.sight == Sight::Nothing {
        return Ok(());
    }
    let of = |truth: &Truth| truth.get(&row.member).cloned();
    let (eve, before, after) = (of(&day.eve), of(&day.before), of(&day.after));
    let fail = |why: &str| Err(TestCaseError::fail(format!("{why}: {eve:?} -> {before:?} -> {after:?}")));
    if row.by == EndedBy::Product {
        counts.by_product += 1;
        return if loses(world, eve.as_ref(), before.as_ref()) && before.is_none() { Ok(()) } else { fail("the product does not end it") };
    }
    if row.blocked.is_some() {
        counts.blocked += 1;
        return if row.ending == Ending::Membership && after.is_none() { fail("is ended though blocked") } else { Ok(()) };
    }
    if !row.stopped_by.is_empty() {
        counts.stopped += 1;
        return if day.stopped { Ok(()) } else { fail("no guard stops it") };
    }
    counts.ended += 1;
    if row.pending {
        // Whether its invitation is over at that hour is for the list of invitations.
        return if before.is_some() { Ok(()) } else { fail("nobody is there") };
    }
    if !loses(world, before.as_ref(), after.as_ref()) {
        return fail("nothing is lost");
    }
    if row.sight == Sight::Whole {
        let shown = |attrs: Option<&Attrs>, key: &str| attrs.and_then(|a| a.get(key)).map(|v| v.to_json().to_string());
        for key in row.before.keys() {
            if shown(Some(&row.before), key) != shown(before.as_ref().map(|m| &m.holds), key) {
                return fail("other is held before");
            }
        }
        if row.after.is_none() != after.is_none() {
            return fail("other is left");
        }
        for key in row.after.iter().flat_map(|a| a.keys()) {
            if shown(row.after.as_ref(), key) != shown(after.as_ref().map(|m| &m.holds), key) {
                return fail("other is left");
            }
        }
    }
    Ok(())
}

/// What is lost on a day stands in the list.
fn of_day(world: &World, day: &Day, rows: &[Expiry], counts: &Mutex<Counts>) -> Holds {
    for (who, before) in &day.before {
        // When an invitation is over is told with the invitations.
        if before.pending || !loses(world, Some(before), day.after.get(who)) {
            continue;
        }
        counts.lock().expect("counting does not panic").losses += 1;
        let is = |row: &&Expiry| row.on == day.on && row.member == *who && row.blocked.is_none() && row.stopped_by.is_empty();
        if !rows.iter().filter(|r| r.ending != Ending::Invitation).any(|r| is(&r)) {
            return Err(TestCaseError::fail(format!(
                "{who} loses on {} what no row tells: {before:?} -> {:?}",
                day.on,
                day.after.get(who)
            )));
        }
    }
    for (who, _) in day.eve.iter().filter(|(who, is)| !is.pending && !day.before.contains_key(*who)) {
        let is = |row: &&Expiry| row.on == day.on && row.member == *who && row.by == EndedBy::Product;
        if !rows.iter().any(|r| is(&r)) {
            return Err(TestCaseError::fail(format!("the product ends {who} on {}, and no row tells it", day.on)));
        }
    }
    Ok(())
}
