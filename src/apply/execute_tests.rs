use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures::executor::block_on;
use futures::future::{BoxFuture, poll_fn};

use super::{Site, execute};
use crate::apply::{ChangeResult, NoRecord, Record, ResultWord, Stopping};
use crate::backends::{Reader, Writer};
use crate::model::{
    Action, Actor, Attrs, Call, Caps, Channel, Incomplete, Known, Link, Live, Outcome, Phase, Proof, Reading, Subject, Tenant, Verb,
};
use crate::plan::{Change, sample};
use crate::systems::{meta_gateway, solver};

/// A server that takes a while for a write, and whose reading contradicts itself meanwhile.
#[derive(Default)]
struct Slow {
    flying: AtomicUsize,
    most: AtomicUsize,
}

struct Page<'s>(&'s Slow, Caps);

impl Reader for Page<'_> {
    fn caps(&self) -> &Caps {
        &self.1
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        let proof = match self.0.flying.load(Ordering::Relaxed) {
            0 => Ok(Proof::Counted),
            _ => Err(Incomplete::new("contradictory", "someone changed it meanwhile")),
        };
        let reading = Reading { members: Vec::new(), domains: Known::Unreadable, whoami: None, tenant: None, proof, remarks: Vec::new() };
        Box::pin(async move { reading })
    }
}

impl Writer for Slow {
    fn call<'a>(&'a self, _: &'a Subject, _: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let flying = self.flying.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(flying, Ordering::Relaxed);
        let mut rounds = 5;
        Box::pin(poll_fn(move |context| {
            if rounds > 0 {
                rounds -= 1;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.flying.fetch_sub(1, Ordering::Relaxed);
            Poll::Ready(Outcome::Applied)
        }))
    }
}

fn caps() -> Caps {
    Caps {
        reads: BTreeSet::new(),
        writes: BTreeMap::new(),
        reads_domains: false,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Counted,
    }
}

#[test]
fn administrators_are_read_again_while_nothing_of_ours_is_written() {
    let server = Slow::default();
    let page = Page(&server, caps());
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let site = Site::plain(&solver::SPEC, &tenant, &page, &server);
    let change = |i: usize| {
        let edit = sample::change("sol", Action::Edit, sample::member(&format!("p{i:02}@acme.example")), None, None);
        if i.is_multiple_of(4) { sample::ending_administrator(edit) } else { edit }
    };
    let changes: Vec<_> = (0..24).map(change).collect();
    let results = block_on(execute(&site, &changes));
    assert_eq!(results.iter().filter(|r| r.word == ResultWord::Applied).count(), 24, "{results:?}");
    assert_eq!(server.most.load(Ordering::Relaxed), 8, "the others go side by side, so many at once");
}

/// A server whose invitations answer with links.
#[derive(Default)]
struct Linking {
    calls: AtomicUsize,
}

impl Writer for Linking {
    fn call<'a>(&'a self, _: &'a Subject, _: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Outcome::Linked(Link::new("https://host.example/?token=canary".into())) })
    }
}

#[test]
fn m2_nobody_is_invited_whose_link_would_have_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let links = crate::manifest::Links { directory: "links".into(), recipient: None };
    let handover = crate::apply::Handover::open(folder.path(), &links, "met").unwrap();
    let (server, slow) = (Linking::default(), Slow::default());
    let page = Page(&slow, caps());
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let site = Site { handover: Some(&handover), ..Site::plain(&meta_gateway::SPEC, &tenant, &page, &server) };
    let invite = [sample::change("met", Action::Invite, sample::member("n@acme.example"), None, None)];
    let made = || block_on(execute(&site, &invite)).remove(0);
    assert_eq!((made().word, server.calls.load(Ordering::Relaxed)), (ResultWord::Applied, 1));
    // The disk goes between two calls.
    std::fs::remove_dir_all(folder.path().join("links")).unwrap();
    let result = made();
    assert_eq!((result.word, result.attempts, server.calls.load(Ordering::Relaxed)), (ResultWord::Failed, 0, 1));
    assert!(result.message.starts_with("not sent, since its link would be lost: links/met/n@acme.example.link"), "{}", result.message);
}

/// A change of which a human makes the first call is a step of the runbook: nothing is sent, and it is
/// not told as applied. What waits for it waits for the next run.
#[test]
fn a_change_whose_first_call_is_manual_is_not_told_as_applied() {
    let server = Slow::default();
    let page = Page(&server, caps());
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let site = Site::plain(&solver::SPEC, &tenant, &page, &server);
    let call = |label: &str, channel| sample::call(Verb::Set, label, Attrs::new(), channel);
    let mut by_hand = sample::change("sol", Action::Edit, sample::member("a@acme.example"), None, None);
    by_hand.calls = vec![call("set-groups", Channel::Manual), call("edit", Channel::Api)];
    let mut after = sample::change("sol", Action::Edit, sample::member("b@acme.example"), None, None);
    after.waits_for = BTreeSet::from([by_hand.id.clone()]);
    let results = block_on(execute(&site, &[by_hand, after]));
    assert_eq!(results.len(), 1, "{results:?}");
    assert_eq!((results[0].word, results[0].attempts), (ResultWord::Skipped, 0));
    assert!(results[0].message.starts_with("waits for a step of the runbook"), "{results:?}");
    assert_eq!(server.most.load(Ordering::Relaxed), 0);
}

#[test]
fn m3_a_link_waits_though_the_rest_of_the_change_is_manual() {
    let folder = tempfile::tempdir().unwrap();
    let links = crate::manifest::Links { directory: "links".into(), recipient: None };
    let handover = crate::apply::Handover::open(folder.path(), &links, "met").unwrap();
    let (server, slow) = (Linking::default(), Slow::default());
    let page = Page(&slow, caps());
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let site = Site { handover: Some(&handover), ..Site::plain(&meta_gateway::SPEC, &tenant, &page, &server) };
    let mut invite = sample::change("met", Action::Invite, sample::member("a@acme.example"), None, None);
    invite.calls = vec![
        sample::call(Verb::Invite, "invite", Attrs::new(), Channel::Api),
        sample::call(Verb::Set, "edit", Attrs::new(), Channel::Manual),
    ];
    let results = block_on(execute(&site, &[invite]));
    assert_eq!((results[0].word, results[0].attempts), (ResultWord::Applied, 1), "{results:?}");
    assert!(results[0].message.contains("the link waits in") && results[0].message.contains("done up to `edit`"), "{results:?}");
}

/// A server whose reading is always the same; it tells of every call, and may ask the run to stop.
struct Told {
    caps: Caps,
    reading: Reading,
    /// Whose calls take a while, and whose are refused.
    slow: &'static str,
    refused: &'static str,
    stops: Option<Stopping>,
    log: Mutex<Vec<String>>,
}

impl Told {
    fn new(members: &[(&str, &str)], proof: Result<Proof, Incomplete>) -> Self {
        let live = |(who, group): &(&str, &str)| Live {
            email: sample::member(who).email().expect("a member").clone(),
            id: None,
            phase: Phase::Active,
            attrs: [("groups", Known::Seen(sample::set(&[*group])))].into(),
        };
        let members = members.iter().map(live).collect();
        let reading = Reading { members, domains: Known::Unreadable, whoami: None, tenant: None, proof, remarks: Vec::new() };
        let caps = Caps { reads: ["groups"].into(), ..caps() };
        Self { caps, reading, slow: "", refused: "", stops: None, log: Mutex::default() }
    }
    fn run(&self, minimum: u32, record: &dyn Record, changes: &[Change]) -> Vec<ChangeResult> {
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        let plain = Site::plain(&solver::SPEC, &tenant, self, self);
        let stopping = self.stops.clone().unwrap_or_default();
        block_on(execute(&Site { minimum, record, stopping: &stopping, ..plain }, changes))
    }
    fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

impl Reader for Told {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        Box::pin(async { self.reading.clone() })
    }
}

impl Writer for Told {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let who = on.as_str().split('@').next().expect("one part").to_owned();
        self.log.lock().unwrap().push(format!("{who} {}", call.label));
        if let Some(stops) = &self.stops {
            stops.ask();
        }
        let mut rounds = if self.slow == who { 9 } else { 0 };
        Box::pin(poll_fn(move |context| {
            if rounds > 0 {
                rounds -= 1;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.log.lock().unwrap().push(format!("{who} done"));
            Poll::Ready(if self.refused == who { Outcome::Refused("no".into()) } else { Outcome::Applied })
        }))
    }
}

fn edit(who: &str, waits_for: &[&Change]) -> Change {
    let mut edit = sample::change("sol", Action::Edit, sample::member(&format!("{who}@acme.example")), None, None);
    edit.waits_for = waits_for.iter().map(|change| change.id.clone()).collect();
    edit
}

/// Somebody took the other administrator away since the plan.
#[test]
fn who_ends_an_administrator_leaves_as_many_others_as_the_minimum_says() {
    let (root, ada, kim) = (("root@acme.example", "super-user"), ("ada@acme.example", "super-user"), ("kim@acme.example", "standard"));
    let ends = [sample::ending_administrator(edit("root", &[]))];
    for (members, minimum, word) in [
        (vec![root, ada, kim], 1, ResultWord::Applied),
        (vec![root, kim], 1, ResultWord::Failed),
        (vec![root, ada, kim], 2, ResultWord::Failed),
        (vec![root, kim], 0, ResultWord::Applied),
    ] {
        let server = Told::new(&members, Ok(Proof::Counted));
        let results = server.run(minimum, &NoRecord, &ends);
        assert_eq!((results[0].word, server.log().is_empty()), (word, word == ResultWord::Failed), "{results:?}");
        assert_eq!(results[0].message.contains("somebody changed them since the plan"), word == ResultWord::Failed, "{results:?}");
    }
    let server = Told::new(&[root, ada], Err(Incomplete::new("failed", "it is down")));
    let results = server.run(1, &NoRecord, &ends);
    assert_eq!((results[0].word, results[0].attempts, server.log()), (ResultWord::Failed, 0, vec![]));
    assert!(results[0].message.ends_with("before this change: it is down"), "{results:?}");
}

#[test]
fn a_change_waits_for_all_that_it_waits_for() {
    let server = Told { slow: "slow", ..Told::new(&[], Ok(Proof::Counted)) };
    let (quick, slow) = (edit("quick", &[]), edit("slow", &[]));
    let last = edit("last", &[&quick, &slow]);
    server.run(0, &NoRecord, &[quick, slow, last]);
    assert_eq!(server.log(), ["quick edit", "quick done", "slow edit", "slow done", "last edit", "last done"]);
}

#[derive(Default)]
struct Ended(Mutex<Vec<String>>);

impl Record for Ended {
    fn before<'a>(&'a self, _: &'a Change, _: usize, _: &'a Call, _: &'a str) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
    fn after(&self, _: &Change, _: usize, _: &Outcome) {}
    fn finished(&self, result: &ChangeResult) {
        self.0.lock().unwrap().push(result.id.clone());
    }
    fn rest(&self) {}
}

#[test]
fn what_waits_twice_for_what_failed_is_skipped_once() {
    let server = Told { refused: "a", ..Told::new(&[], Ok(Proof::Counted)) };
    let a = edit("a", &[]);
    let b = edit("b", &[&a]);
    let c = edit("c", &[&a, &b]);
    let (ended, all) = (Ended::default(), [a, b, c]);
    let words: Vec<ResultWord> = server.run(0, &ended, &all).iter().map(|r| r.word).collect();
    assert_eq!(words, [ResultWord::Failed, ResultWord::Skipped, ResultWord::Skipped]);
    assert_eq!(*ended.0.lock().unwrap(), [0, 1, 2].map(|i: usize| all[i].id.clone()));
}

#[test]
fn a_run_that_is_asked_to_stop_sends_no_other_call_and_says_what_was_begun() {
    let stopping = Stopping::default();
    stopping.ask();
    let mut two = edit("a", &[]);
    two.calls.push(sample::call(Verb::Delete, "delete", Attrs::new(), Channel::Api));
    let server = Told { stops: Some(stopping), ..Told::new(&[], Ok(Proof::Counted)) };
    let results = server.run(0, &NoRecord, &[two.clone()]);
    assert_eq!((results[0].word, results[0].attempts, server.log()), (ResultWord::Skipped, 0, vec![]));
    let server = Told { stops: Some(Stopping::default()), ..Told::new(&[], Ok(Proof::Counted)) };
    two.calls[0].verb = Verb::Restore;
    let results = server.run(0, &NoRecord, &[two]);
    assert_eq!((results[0].word, results[0].attempts, server.log().len()), (ResultWord::Failed, 1, 2), "{results:?}");
    assert!(results[0].message.starts_with("at `delete`, after `edit`: the run was asked to stop"), "{results:?}");
}

/// A server that does what it is told; after so many calls somebody makes root an ordinary user in the console.
struct Console {
    caps: Caps,
    members: Mutex<BTreeMap<String, BTreeSet<&'static str>>>,
    calls: Mutex<Vec<String>>,
    after: usize,
}

impl Reader for Console {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        let live = |(who, groups): (&String, &BTreeSet<&str>)| Live {
            email: sample::member(who).email().expect("a member").clone(),
            id: None,
            phase: Phase::Active,
            attrs: [("groups", Known::Seen(sample::set(&groups.iter().copied().collect::<Vec<_>>())))].into(),
        };
        let members = self.members.lock().unwrap().iter().map(live).collect();
        let proof = Ok(Proof::Counted);
        Box::pin(async { Reading { members, domains: Known::Unreadable, whoami: None, tenant: None, proof, remarks: Vec::new() } })
    }
}

impl Writer for Console {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let (mut members, mut calls) = (self.members.lock().unwrap(), self.calls.lock().unwrap());
        let held = match &*call.label {
            "narrow" => "super-user",
            "drop" => "advanced",
            _ => "standard",
        };
        members.insert(on.as_str().to_owned(), [held].into());
        calls.push(format!("{} {}", on.as_str().split('@').next().expect("one part"), call.label));
        if calls.len() == self.after {
            members.insert("root@acme.example".into(), ["standard"].into());
        }
        Box::pin(async { Outcome::Applied })
    }
}

/// Somebody who administers until the second call.
fn in_two_calls(who: &str) -> Change {
    let groups = |words: &[&str]| sample::attrs([("groups", sample::set(words))]);
    let subject = sample::member(&format!("{who}@acme.example"));
    let mut edit = sample::change("sol", Action::Edit, subject, Some(groups(&["super-user", "advanced"])), Some(groups(&["standard"])));
    let call = |label: &str, group: &str| sample::call(Verb::Set, label, groups(&[group]), Channel::Api);
    edit.calls = vec![call("narrow", "super-user"), call("end", "standard")];
    sample::ending_administrator(edit)
}

/// DESIGN §8.3: each call leaves as many administrators as must be left, not only the first of a change.
#[test]
fn administrators_are_counted_again_before_the_later_calls_of_a_change() {
    let run = |changes: &[Change], after: usize| {
        let both = BTreeSet::from(["super-user", "advanced"]);
        let changed = changes.iter().map(|c| (c.subject.as_str().to_owned(), both.clone()));
        let members = Mutex::new(changed.chain([("root@acme.example".to_owned(), ["super-user"].into())]).collect());
        let caps = Caps { reads: ["groups"].into(), ..caps() };
        let server = Console { caps, members, calls: Mutex::default(), after };
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        let site = Site { minimum: 1, ..Site::plain(&solver::SPEC, &tenant, &server, &server) };
        let results = block_on(execute(&site, changes));
        (results, server.calls.into_inner().unwrap())
    };
    let (results, calls) = run(&[in_two_calls("ada")], 9);
    assert_eq!((results[0].word, calls), (ResultWord::Applied, vec!["ada narrow".into(), "ada end".into()]), "{results:?}");
    let (results, calls) = run(&[in_two_calls("ada")], 1);
    assert_eq!((results[0].word, results[0].attempts, calls), (ResultWord::Failed, 1, vec!["ada narrow".into()]), "{results:?}");
    assert!(results[0].message.contains("somebody changed them since the plan"), "{results:?}");
    // Whose first call took it away already is none of those who are counted.
    let mut dropped = in_two_calls("ada");
    let groups = |word: &str| sample::attrs([("groups", sample::set(&[word]))]);
    dropped.calls[0] = sample::call(Verb::Set, "drop", groups("advanced"), Channel::Api);
    let (results, calls) = run(&[dropped], 1);
    assert_eq!((results[0].word, calls), (ResultWord::Applied, vec!["ada drop".into(), "ada end".into()]), "{results:?}");
    // Two that wait for one reading would each see the other.
    let (results, calls) = run(&[in_two_calls("ada"), in_two_calls("kim")], 2);
    assert_eq!(calls, ["ada narrow", "kim narrow", "ada end"], "{results:?}");
    assert_eq!((results[0].word, results[1].word), (ResultWord::Applied, ResultWord::Failed), "{results:?}");
}
