//! One world after the other, in every order, with every death and every fault.

use std::collections::BTreeMap;
use std::rc::Rc;

use portcullis::model::Live;
use portcullis::plan::Change;
use portcullis::sandbox::Answer;

use super::account::{Account, Ran, State, Wrong, email};
use super::oracle::{self, Access};
use super::world::{Held, World, changed};

/// How much there was.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub worlds: u64,
    /// Of these, what a guard stopped, and those in which something is blocked.
    pub stopped: u64,
    pub with_blocked: u64,
    /// Orders of calls, and the states of accounts and runs between two calls.
    pub orders: u64,
    pub prefixes: u64,
    /// Runs in which a call went wrong.
    pub faults: u64,
}

type Wanted = [Option<Held>; 3];

/// Where a run from a state ends, and whom it writes to.
struct End {
    key: String,
    mails: Vec<String>,
}

pub struct Walk<'a> {
    account: &'a Account,
    pub counts: Counts,
    /// To prove that an order matters: what waits for what is not heeded.
    pub forgets_order: bool,
    ends: BTreeMap<(String, Wanted), Rc<End>>,
    calls: BTreeMap<(String, String), (Answer, State)>,
}

/// What must hold between any two calls.
struct Bounds {
    before: Access,
    after: Access,
    minimum: usize,
    actor: bool,
    told: String,
}

impl Bounds {
    fn hold(&self, account: &Account, members: &[Live], told: &str) {
        let system = account.kind.system;
        let now = oracle::access(system, members);
        let more = oracle::beyond(&now, &self.before, &self.after);
        assert!(more.is_empty(), "{}, {told}: {more:?}", self.told);
        let left = oracle::administrators(system, members);
        assert!(left >= self.minimum, "{}, {told}: {left} administrators of {}", self.told, self.minimum);
        assert!(!self.actor || is_actor_in(account, members), "{}, {told}: the actor is locked out", self.told);
    }
}

fn is_actor_in(account: &Account, members: &[Live]) -> bool {
    let own: Vec<Live> = members.iter().filter(|m| m.email == email(0)).cloned().collect();
    oracle::administrators(account.kind.system, &own) == 1
}

/// The world that is walked through, undisturbed.
struct Clean<'r> {
    ran: &'r Ran,
    wanted: Wanted,
    bounds: &'r Bounds,
    end: &'r End,
}

/// How many orders go on from where a run has got to.
type Nodes = BTreeMap<(Vec<usize>, String), u64>;

impl<'a> Walk<'a> {
    pub fn new(account: &'a Account) -> Self {
        Self { account, counts: Counts::default(), forgets_order: false, ends: BTreeMap::new(), calls: BTreeMap::new() }
    }

    pub fn world(&mut self, world: &World) {
        self.counts.worlds += 1;
        let wanted = world.map(|p| p.wanted);
        let begin = self.account.begins(world);
        let ran = self.account.run(&begin, wanted, None);
        if ran.stopped {
            self.counts.stopped += 1;
            return;
        }
        self.counts.with_blocked += u64::from(!ran.plan.blocked.is_empty());
        let told = format!("{world:?}: {:?}", ran.plan.changes.iter().map(|c| (&c.id, &c.waits_for, calls(c))).collect::<Vec<_>>());
        let failed: Vec<_> = ran.results.iter().filter(|r| !r.word.is_well()).collect();
        assert!(failed.is_empty(), "{told}: {failed:?}");
        let system = self.account.kind.system;
        let minimum = ran.plan.minimum_administrators() as usize;
        let bounds = Bounds {
            before: oracle::access(system, &begin.members),
            after: oracle::access(system, &ran.end.members),
            minimum: if oracle::administrators(system, &begin.members) < minimum { 0 } else { minimum },
            actor: self.account.kind.actor.is_some() && is_actor_in(self.account, &begin.members),
            told,
        };
        for (i, members) in ran.steps.iter().enumerate() {
            bounds.hold(self.account, members, &format!("after call {i} of the run"));
        }
        // Applied, and planned again, is nothing.
        let again = self.account.run(&ran.end, wanted, None);
        assert!(again.plan.changes.is_empty(), "{}: left {:?}", bounds.told, again.plan.changes.iter().map(|c| &c.id).collect::<Vec<_>>());
        let end = Rc::new(End { key: ran.end.key(), mails: ran.end.mails.clone() });
        self.ends.insert((begin.key(), wanted), Rc::clone(&end));

        let clean = Clean { ran: &ran, wanted, bounds: &bounds, end: &end };
        let mut nodes = Nodes::new();
        let orders = self.orders(&clean, &begin, vec![0; ran.plan.changes.len()], &mut nodes);
        self.counts.orders += orders;
        self.counts.prefixes += nodes.len() as u64;
        if changed(world) == 1 || self.account.kind.faults_of_two {
            self.faults(&clean, &begin);
        }
    }

    /// Every order of the calls from here on, and a fresh run from here; answers with how many there are.
    fn orders(&mut self, clean: &Clean<'_>, state: &State, done: Vec<usize>, nodes: &mut Nodes) -> u64 {
        let Clean { ran, wanted, bounds, end } = *clean;
        let node = (done.clone(), state.key());
        if let Some(orders) = nodes.get(&node) {
            return *orders;
        }
        bounds.hold(self.account, &state.members, &format!("after {done:?}"));
        self.ends_alike(state, wanted, end, &format!("{}, died after {done:?}", bounds.told));
        let changes = &ran.plan.changes;
        let is_done = |id: &String| changes.iter().zip(&done).all(|(c, done)| c.id != *id || *done == c.calls.len());
        let next: Vec<usize> = (0..changes.len())
            .filter(|i| done[*i] < changes[*i].calls.len() && (self.forgets_order || changes[*i].waits_for.iter().all(is_done)))
            .collect();
        let mut orders = 0;
        for i in &next {
            let call = &changes[*i].calls[done[*i]];
            let key = (state.key(), format!("{:?} {call:?}", changes[*i].subject));
            let kept = self.calls.get(&key).cloned();
            // Whom a call writes to does not depend on whom others wrote to.
            let alone = State { members: state.members.clone(), mails: Vec::new() };
            let (answer, mut after) = kept.unwrap_or_else(|| self.account.call(&alone, &changes[*i].subject, call));
            self.calls.insert(key, (answer.clone(), after.clone()));
            assert!(matches!(answer, Answer::Done | Answer::Linked(_)), "{}, after {done:?}, {i}: {answer:?}", bounds.told);
            after.mails = joined(&state.mails, &after.mails);
            let mut done = done.clone();
            done[*i] += 1;
            orders += self.orders(clean, &after, done, nodes);
        }
        if next.is_empty() {
            assert_eq!((&state.key(), &state.mails), (&end.key, &end.mails), "{}, in another order", bounds.told);
            orders = 1;
        }
        nodes.insert(node, orders);
        orders
    }

    /// Every call goes wrong once in every way.
    fn faults(&mut self, clean: &Clean<'_>, begin: &State) {
        let Clean { ran, wanted, bounds, end } = *clean;
        for at in 0..ran.steps.len() {
            for wrong in [Wrong::NotDone, Wrong::DoneAndUnknown, Wrong::Refused] {
                let told = format!("{}, call {at} {wrong:?}", bounds.told);
                let faulty = self.account.run(begin, wanted, Some((at, wrong)));
                for members in &faulty.steps {
                    bounds.hold(self.account, members, &told);
                }
                assert!(faulty.steps.len() > at, "{told}: it never came to it");
                if wrong != Wrong::DoneAndUnknown {
                    assert!(faulty.results.iter().any(|r| !r.word.is_well()), "{told}: {:?}", faulty.results);
                }
                self.ends_alike(&faulty.end, wanted, end, &told);
                self.counts.faults += 1;
            }
        }
    }

    /// A fresh run from that state ends where the undisturbed one does, with what it wrote.
    fn ends_alike(&mut self, state: &State, wanted: Wanted, end: &End, told: &str) {
        let key = (state.key(), wanted);
        let rest = match self.ends.get(&key) {
            Some(rest) => Rc::clone(rest),
            None => {
                let alone = State { members: state.members.clone(), mails: Vec::new() };
                let ran = self.account.run(&alone, wanted, None);
                let rest = Rc::new(End { key: ran.end.key(), mails: ran.end.mails });
                self.ends.insert(key, Rc::clone(&rest));
                rest
            }
        };
        assert_eq!(rest.key, end.key, "{told}, from {}", state.key());
        assert_eq!(joined(&state.mails, &rest.mails), end.mails, "{told}, from {}", state.key());
    }
}

fn calls(change: &Change) -> Vec<&str> {
    change.calls.iter().map(|c| c.label.as_str()).collect()
}

fn joined(one: &[String], other: &[String]) -> Vec<String> {
    let mut all: Vec<String> = one.iter().chain(other).cloned().collect();
    all.sort();
    all
}
