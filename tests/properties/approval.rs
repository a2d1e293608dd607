//! What was approved and nothing else is made (DESIGN §6), of a part of a plan and after a run that was
//! cut off at any call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::executor::block_on;
use futures::future::{BoxFuture, ready};
use portcullis::apply::{self, ChangeResult, Record, Site};
use portcullis::backends::Backend;
use portcullis::desired::{self, Desired};
use portcullis::model::{Call, Live, Outcome, Reading};
use portcullis::plan::saved::SavedAccount;
use portcullis::plan::{self, Account, AccountPlan, Approved, Change, Moment, Moments, Plan};
use portcullis::sandbox::{MailKind, Sandbox};
use proptest::test_runner::TestCaseError;

use super::blueprint::Blueprint;
use super::count::Counts;
use super::oracle;
use super::watch::{Watch, whole};
use super::world::World;

pub const APPROVED: &str = "approved";
pub const PROVEN: &str = "proven";
pub const RESUMED: &str = "resumed";

type Holds = Result<(), TestCaseError>;

fn broken(property: &str, why: String) -> Holds {
    Err(TestCaseError::fail(format!("[{property}] {why}")))
}

/// One world, read once.
pub struct Look<'w> {
    pub world: &'w World,
    pub backend: &'w dyn Backend,
    pub desired: &'w Desired<'w>,
    pub reading: &'w Reading,
}

impl Look<'_> {
    fn with<T>(&self, approved: Option<&Approved>, look: impl FnOnce(Account<'_>) -> T) -> T {
        let origin = self.backend.origin();
        look(Account {
            name: &self.world.account,
            spec: self.world.spec,
            backend: "embedded",
            sandbox: true,
            origin: &origin,
            tenant: &self.world.host.tenant,
            caps: self.backend.reader().caps(),
            desired: self.desired,
            reading: self.reading,
            history: &portcullis::plan::History::default(),
            only: None,
            approved,
        })
    }

    pub fn planned(&self, approved: Option<&Approved>) -> Plan {
        let moment = Moment { now: self.world.now, at: None, simulated: false };
        self.with(approved, |account| plan::plan(moment, &[account]))
    }

    /// The independent checker accepts what is cleared of a plan.
    pub fn proven(&self, plan: &Plan) -> Holds {
        let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift and no digest approved");
        let evidence = self.with(None, |account| plan::evidence(plan, &cleared, &[account]));
        match portcullis_proof::check(&evidence) {
            Ok(_) => Ok(()),
            Err(refusals) => broken(PROVEN, format!("{}\n{evidence}", refusals.iter().map(|r| format!("{r}\n")).collect::<String>())),
        }
    }

    /// All changes of a plan, as approved with it.
    fn approves(&self, plan: &Plan) -> Approved {
        self.with(None, |account| SavedAccount::of(&plan.accounts[0], &account)).approved(plan.digest.as_str())
    }
}

/// Of a part of the plan just that part is planned; of all of it, the same.
pub fn a_part_is_that_part(look: &Look<'_>, plan: &Plan, pace: u64, counts: &Mutex<Counts>) -> Holds {
    let whole = look.approves(plan);
    let same = look.planned(Some(&whole));
    let (first, again) = (&plan.accounts[0], &same.accounts[0]);
    if (&again.changes, &again.digest, &again.blocked) != (&first.changes, &first.digest, &first.blocked) {
        return broken(APPROVED, format!("was approved whole and came back as another:\n{:#?}\n{:#?}", first, again));
    }
    if !again.unreviewed.is_empty() || !again.stale.is_empty() {
        return broken(APPROVED, format!("approved whole: unreviewed {:?}, stale {:?}", again.unreviewed, again.stale));
    }
    let mut part = whole;
    let is_in = |id: &String| id.bytes().fold(pace, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)) >> 40 & 1 == 0;
    part.changes.retain(|id, _| is_in(id));
    let less = look.planned(Some(&part));
    look.proven(&less)?;
    let less = &less.accounts[0];
    let made: BTreeSet<&str> = less.changes.iter().map(|c| c.id.as_str()).collect();
    if let Some(id) = made.iter().find(|id| !part.changes.contains_key(**id)) {
        return broken(APPROVED, format!("{id} is made and was not approved"));
    }
    let unreviewed: BTreeSet<&str> = less.unreviewed.iter().map(|u| u.change.id.as_str()).collect();
    let blocked: BTreeSet<&str> = less.blocked.iter().map(|b| b.id.as_str()).collect();
    for change in &first.changes {
        let id = change.id.as_str();
        let told = match part.changes.contains_key(id) {
            true => made.contains(id) != blocked.contains(id) && !unreviewed.contains(id),
            false => unreviewed.contains(id) && !made.contains(id),
        };
        if !told {
            return broken(APPROVED, format!("{id}: made {made:?}, unreviewed {unreviewed:?}, blocked {blocked:?}"));
        }
        if made.contains(id) && !blocked.is_disjoint(&change.waits_for.iter().map(String::as_str).collect()) {
            return broken(APPROVED, format!("{id} is made and waits for what is blocked: {blocked:?}"));
        }
    }
    if !less.stale.is_empty() {
        return broken(APPROVED, format!("nothing changed, and it is stale: {:?}", less.stale));
    }
    if !unreviewed.is_empty() {
        counts.lock().expect("counting does not panic").note("a part approved");
    }
    Ok(())
}

/// Lets so many calls through, and remembers which changes had one.
struct CutAfter {
    left: Mutex<usize>,
    begun: Mutex<BTreeSet<String>>,
}

impl Record for CutAfter {
    fn before<'a>(&'a self, change: &'a Change, _: usize, _: &'a Call, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        let mut left = self.left.lock().expect("nobody panics");
        if *left == 0 {
            return Box::pin(ready(Err("cut off".to_owned())));
        }
        *left -= 1;
        self.begun.lock().expect("nobody panics").insert(change.id.clone());
        Box::pin(ready(Ok(())))
    }
    fn after(&self, _: &Change, _: usize, _: &Outcome) {}
    fn finished(&self, _: &ChangeResult) {}
    fn rest(&self) {}
}

/// What everybody can do in the end, and who was written to.
pub struct End {
    access: Vec<Live>,
    mails: Vec<String>,
}

impl End {
    pub fn access(&self) -> &[Live] {
        &self.access
    }
    pub fn mails(&self) -> &[String] {
        &self.mails
    }
    pub fn of(world: &World) -> Self {
        let outbox = Sandbox::read(&world.path()).and_then(|s| s.outbox(&world.host, world.now)).expect("the outbox");
        let mut mails: Vec<String> =
            outbox.iter().filter(|m| matches!(m.kind, MailKind::Invitation | MailKind::Restored)).map(|m| m.to.key().to_owned()).collect();
        mails.sort_unstable();
        Self { access: whole(world).1, mails }
    }
}

/// The same world anew, cut off after some call and resumed: the end is that of the undisturbed run, and
/// nobody is written to who was not.
pub fn a_cut_off_run_is_resumed(blueprint: &Blueprint, calls: usize, undisturbed: &End, counts: &Mutex<Counts>) -> Holds {
    if calls == 0 {
        return Ok(());
    }
    let world = World::of(blueprint);
    let (mut desired, _) = desired::resolve(&world.manifests, world.now, None);
    let desired = desired.remove(&world.account).expect("the account is in the manifests");
    let backend = world.backend();
    let reading = block_on(backend.reader().read());
    let look = Look { world: &world, backend: &backend, desired: &desired, reading: &reading };
    let plan = look.planned(None);
    let mut approved = look.approves(&plan);
    let cut = CutAfter { left: Mutex::new(blueprint.policy.pace as usize % calls), begun: Mutex::default() };
    made(&look, &plan, &cut, blueprint.policy.pace);
    let begun = cut.begun.into_inner().expect("nobody panics");
    let steps: BTreeMap<&str, Moments> = plan.accounts[0].changes.iter().map(|c| (c.id.as_str(), Moments::of(c))).collect();
    approved.begun = begun.iter().filter_map(|id| steps.get(id.as_str())).cloned().collect();

    approved.minimum = Some(plan.accounts[0].minimum_administrators());

    let reading = block_on(backend.reader().read());
    let look = Look { reading: &reading, ..look };
    let rest = look.planned(Some(&approved));
    look.proven(&rest)?;
    let account = &rest.accounts[0];
    // An invitation that was deleted to be sent anew may have had something that no manifest asks for, or
    // been of somebody who is invited under another address, too: what is needed then is another change,
    // and not what was approved. tests/cut_off.rs has the plain case.
    let is_anew = |id: &String| id.contains("/edit-invitation/") || id.contains("/reinvite/");
    let in_part = || {
        counts.lock().expect("counting does not panic").note("a run resumed in part");
        Ok(())
    };
    let is_excused = begun.iter().any(is_anew);
    if !account.unreviewed.is_empty() || !account.stale.is_empty() {
        if is_excused {
            return in_part();
        }
        return broken(RESUMED, format!("{}unreviewed {:?}, stale {:?}", told(&plan, &begun), account.unreviewed, account.stale));
    }
    let all = CutAfter { left: Mutex::new(usize::MAX), begun: Mutex::default() };
    let results = made(&look, &rest, &all, blueprint.policy.pace.wrapping_add(1));
    let end = End::of(&world);
    let access = |members: &[Live]| oracle::access(world.spec.name, members);
    if is_excused && (access(&end.access) != access(&undisturbed.access) || end.mails != undisturbed.mails) {
        return in_part();
    }
    if access(&end.access) != access(&undisturbed.access) {
        let stopped: Vec<&str> = account.tripped().map(|g| g.code).collect();
        return broken(RESUMED, format!("{}resumed with {results:?}, stopped by {stopped:?}, and the end is another", told(&plan, &begun)));
    }
    if end.mails != undisturbed.mails {
        return broken(RESUMED, format!("{}mails to {:?}, undisturbed to {:?}", told(&plan, &begun), end.mails, undisturbed.mails));
    }
    counts.lock().expect("counting does not panic").note("a run resumed");
    Ok(())
}

/// Makes the cleared changes of a plan, as far as the record lets it.
fn made(look: &Look<'_>, plan: &Plan, record: &CutAfter, pace: u64) -> Vec<ChangeResult> {
    let cleared = plan::clear(plan.clone(), None, &[]).expect("nothing to lift and no digest approved");
    let account: &AccountPlan = &cleared.plan().accounts[0];
    let handover = look.world.handover();
    let writer = look.backend.writer(&cleared).expect("a writer");
    let watch = Watch { inner: &*writer, world: look.world, pace, steps: Mutex::default() };
    let site = Site {
        spec: look.world.spec,
        tenant: &look.world.host.tenant,
        caps: look.backend.reader().caps(),
        minimum: account.minimum_administrators(),
        reader: look.backend.reader(),
        writer: &watch,
        handover: handover.as_ref(),
        record,
        stopping: &apply::Stopping::default(),
        waits: &[],
    };
    block_on(apply::execute(&site, &account.changes))
}

fn told(plan: &Plan, begun: &BTreeSet<String>) -> String {
    let changes: Vec<String> = plan.accounts[0].changes.iter().map(|c| format!("  {} {:?} -> {:?}", c.id, c.before, c.after)).collect();
    format!("planned\n{}\nbegun {begun:?}; ", changes.join("\n"))
}
