use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::executor::block_on;
use futures::future::BoxFuture;

use crate::apply::{ChangeResult, ResultWord, Site, execute};
use crate::backends::{Reader, Writer};
use crate::model::{
    Action, Actor, Assign, Attrs, Call, Caps, Channel, Incomplete, Invitation, Key, Known, Live, Outcome, Phase, Proof, Reading, Subject,
    Tenant, Value, Verb,
};
use crate::plan::{Change, sample};
use crate::systems::gamoshi;

/// A server that takes every call, and shows what it is told to.
struct Server {
    caps: Caps,
    /// Shown once each, before it shows what it does from then on.
    first: Vec<Reading>,
    shows: Reading,
    reads: AtomicUsize,
    calls: Mutex<Vec<String>>,
}

impl Reader for Server {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        let n = self.reads.fetch_add(1, Ordering::Relaxed);
        let reading = self.first.get(n).unwrap_or(&self.shows).clone();
        Box::pin(async move { reading })
    }
}

impl Writer for Server {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let keys: Vec<Key> = call.set.keys().copied().collect();
        let mut calls = self.calls.lock().expect("no call panics");
        calls.push(format!("{} {} {}", on.as_str(), call.label, keys.join(",")).trim_end().to_owned());
        Box::pin(async { Outcome::Applied })
    }
}

fn whole(members: Vec<Live>) -> Reading {
    Reading { members, domains: Known::Unreadable, whoami: None, tenant: None, remarks: Vec::new(), proof: Ok(Proof::Snapshot) }
}

fn live<const N: usize>(who: &str, phase: Phase, attrs: [(Key, Value); N]) -> Live {
    let email = sample::member(who).email().expect("a member").clone();
    Live { email, id: None, phase, attrs: attrs.into_iter().map(|(key, value)| (key, Known::Seen(value))).collect() }
}

fn pending() -> Phase {
    Phase::Pending { sent: None, attempts: Some(1), state: Invitation::Open }
}

/// The invitation of a regular user as gamoshi makes it: the form, then the level and the settings.
fn invite(who: &str) -> Change {
    let settings = Value::Opaque(serde_json::json!({ "seats": 1 }));
    let after = sample::attrs([("name", sample::text("A")), ("role", sample::one("user")), ("settings", settings)]);
    let mut change = sample::change("gam", Action::Invite, sample::member(who), None, Some(after.clone()));
    let of = |keys: &[Key]| -> Attrs { after.iter().filter(|(k, _)| keys.contains(k)).map(|(k, v)| (*k, v.clone())).collect() };
    change.calls = vec![
        sample::call(Verb::Invite, "invite", of(&["name"]), Channel::Api),
        sample::call(Verb::Set, "edit", of(&["role", "settings"]), Channel::Api),
    ];
    change
}

/// What came of it, the calls that were made, and how often the account was read.
fn made(shows: Reading, changes: &[Change]) -> (Vec<ChangeResult>, Vec<String>, usize) {
    let server = server(shows);
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: std::collections::BTreeMap::new(), actor: Actor::default() };
    let site = Site::plain(&gamoshi::SPEC, &tenant, &server, &server);
    let results = block_on(execute(&site, changes));
    let calls = server.calls.lock().expect("no call panics").clone();
    (results, calls, server.reads.load(Ordering::Relaxed))
}

fn server(shows: Reading) -> Server {
    let caps = Caps {
        reads: ["name", "role", "partner", "settings"].into(),
        writes: Default::default(),
        reads_domains: false,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Snapshot,
    };
    Server { caps, first: Vec::new(), shows, reads: AtomicUsize::new(0), calls: Mutex::default() }
}

const A: &str = "a@acme.example";

fn settings(seats: u32) -> Value {
    Value::Opaque(serde_json::json!({ "seats": seats }))
}

#[test]
fn g1_a_default_level_that_is_the_wanted_one_is_not_set_again() {
    let there = live(A, pending(), [("role", sample::one("user")), ("settings", settings(1))]);
    let (results, calls, reads) = made(whole(vec![there]), &[invite(A)]);
    assert_eq!((results[0].word, results[0].attempts, reads), (ResultWord::Applied, 1, 1));
    assert_eq!(calls, ["a@acme.example invite name"]);
    assert_eq!(results[0].message, "read back: `edit` was not needed");
}

#[test]
fn g1_another_default_level_is_set_to_the_wanted_one() {
    for default in [Some("user-manager"), None] {
        let role = default.map(|word| ("role", sample::one(word)));
        let mut there = live(A, pending(), [("settings", settings(2))]);
        there.attrs.extend(role.map(|(key, value)| (key, Known::Seen(value))));
        let (results, calls, _) = made(whole(vec![there]), &[invite(A)]);
        assert_eq!((results[0].word, results[0].attempts), (ResultWord::Applied, 2), "{default:?}");
        assert_eq!(calls, ["a@acme.example invite name", "a@acme.example edit role,settings"]);
    }
}

#[test]
fn g1_of_what_is_read_back_only_the_difference_is_set() {
    let there = live(A, pending(), [("role", sample::one("user")), ("settings", settings(2))]);
    let (results, calls, _) = made(whole(vec![there]), &[invite(A)]);
    assert_eq!((results[0].word, &*calls[1]), (ResultWord::Applied, "a@acme.example edit settings"));
}

#[test]
fn g1_where_the_reading_back_fails_the_level_is_left_to_a_later_plan() {
    let (results, calls, reads) = made(Reading::incomplete(Incomplete::new("short", "two are missing")), &[invite(A)]);
    assert_eq!((results[0].word, results[0].attempts, calls.len(), reads), (ResultWord::Failed, 1, 1, 1));
    assert_eq!(results[0].message, "at `edit`, after `invite`: the member could not be read back: two are missing; plan again");
}

#[test]
fn g1_who_is_gone_or_another_when_read_back_is_left_to_a_later_plan() {
    let partner = live(A, pending(), [("partner", sample::one("north"))]);
    let over = live(A, Phase::Suspended, [("role", sample::one("user"))]);
    for (there, says) in [
        (vec![], "is not there when read back: somebody took them away meanwhile"),
        (vec![partner], "read back, `partner` is another than was reviewed: changed meanwhile"),
        (vec![over], "read back, the member is suspended: changed meanwhile"),
    ] {
        let (results, calls, _) = made(whole(there), &[invite(A)]);
        assert_eq!((results[0].word, results[0].attempts, calls.len()), (ResultWord::Failed, 1, 1), "{says}");
        assert!(results[0].message.contains(says), "{}", results[0].message);
    }
}

#[test]
fn g1_one_reading_tells_of_all_who_were_invited() {
    let addresses: Vec<String> = (0..30).map(|i| format!("p{i:02}@acme.example")).collect();
    let members = addresses.iter().map(|who| live(who, pending(), [("role", sample::one("user"))])).collect();
    let changes: Vec<Change> = addresses.iter().map(|who| invite(who)).collect();
    let (results, calls, reads) = made(whole(members), &changes);
    assert_eq!((results.iter().filter(|r| r.word == ResultWord::Applied).count(), calls.len(), reads), (30, 60, 1));
}

#[test]
fn a_set_is_so_where_nothing_is_to_be_added_or_removed() {
    let seen = Known::Seen(sample::set(&["a", "b"]));
    let words = |all: &[&str]| sample::set(all).as_set().expect("a set").clone();
    let delta = |add: &[&str], remove: &[&str]| Assign::Delta { add: words(add), remove: words(remove) };
    assert!(super::is_so(&seen, &delta(&["a"], &["c"])));
    assert!(!super::is_so(&seen, &delta(&["c"], &[])) && !super::is_so(&seen, &delta(&[], &["a"])));
    assert!(!super::is_so(&Known::Partly(sample::set(&["a"])), &delta(&["a"], &[])));
}

/// A server answered 200 to the call that narrows and did nothing: a role that is meant for fewer
/// subaccounts would be held in all of them.
#[test]
fn what_widens_is_not_sent_before_what_narrows_is_seen_to_be_done() {
    let scopes = |words: &[&str]| sample::attrs([("role", sample::one("author")), ("subaccounts", sample::set(words))]);
    let after = sample::attrs([("role", sample::one("full")), ("subaccounts", sample::set(&["emea"]))]);
    let mut edit = sample::change("news", Action::Edit, sample::member(A), Some(scopes(&["apac", "emea"])), Some(after.clone()));
    let only = |key: Key| -> Attrs { after.iter().filter(|(k, _)| **k == key).map(|(k, v)| (*k, v.clone())).collect() };
    edit.calls = vec![
        sample::call(Verb::Set, "set-subaccounts", only("subaccounts"), Channel::Api),
        sample::call(Verb::Set, "set-role", only("role"), Channel::Api),
    ];
    let run_as = |shown: &[&str], reads: &[Key]| {
        let member = live(A, Phase::Active, [("role", sample::one("author")), ("subaccounts", sample::set(shown))]);
        let (mut server, tenant) = (
            server(whole(vec![member])),
            Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Actor::default() },
        );
        server.caps.reads = reads.iter().copied().collect();
        let results = block_on(execute(&Site::plain(&crate::systems::emma_hq::SPEC, &tenant, &server, &server), &[edit.clone()]));
        let calls = server.calls.lock().expect("no call panics").len();
        (results[0].word, results[0].message.clone(), calls)
    };
    let run = |shown: &[&str]| run_as(shown, &["role", "subaccounts"]);
    assert_eq!(run(&["emea"]), (ResultWord::Applied, String::new(), 2));
    let (word, message, calls) = run(&["apac", "emea"]);
    assert_eq!((word, calls), (ResultWord::Failed, 1));
    assert!(message.contains("`subaccounts` is not what the call before set"), "{message}");
    assert_eq!(run_as(&["apac", "emea"], &["role"]).0, ResultWord::Applied, "what no page shows says nothing");
}

/// A page that leaves out what is empty shows what a call made empty.
#[test]
fn what_was_made_empty_may_be_left_out() {
    let scopes = |words: &[&str]| sample::attrs([("role", sample::one("author")), ("subaccounts", sample::set(words))]);
    let after = sample::attrs([("role", sample::one("full")), ("subaccounts", sample::set(&[]))]);
    let mut edit = sample::change("news", Action::Edit, sample::member(A), Some(scopes(&["emea"])), Some(after));
    edit.calls = vec![
        sample::call(Verb::Set, "set-subaccounts", sample::attrs([("subaccounts", sample::set(&[]))]), Channel::Api),
        sample::call(Verb::Set, "set-role", sample::attrs([("role", sample::one("full"))]), Channel::Api),
    ];
    let mut server = server(whole(vec![live(A, Phase::Active, [("role", sample::one("author"))])]));
    server.caps.reads = ["role", "subaccounts"].into();
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Actor::default() };
    let results = block_on(execute(&Site::plain(&crate::systems::emma_hq::SPEC, &tenant, &server, &server), &[edit]));
    assert_eq!((results[0].word, results[0].attempts), (ResultWord::Applied, 2), "{results:?}");
}

/// What the calls do not set is what was reviewed, or nothing more is sent.
#[test]
fn g1_what_no_call_sets_must_be_as_it_was_reviewed() {
    for (seats, word) in [(1, ResultWord::Applied), (2, ResultWord::Failed)] {
        let mut change = invite(A);
        change.calls[1].set.retain(|key, _| *key == "role");
        let there = live(A, pending(), [("role", sample::one("user-manager")), ("settings", settings(seats))]);
        let (results, calls, _) = made(whole(vec![there]), &[change]);
        assert_eq!((results[0].word, calls.len()), (word, if seats == 1 { 2 } else { 1 }), "{results:?}");
        assert_eq!(results[0].message.contains("`settings` is another than was reviewed"), word == ResultWord::Failed, "{results:?}");
    }
}

/// DESIGN §6: eventual consistency gets a bounded wait, in the midst of a change as after all of them.
#[tokio::test]
async fn a_server_that_shows_late_what_it_did_is_read_again_and_not_for_ever() {
    let there = || live(A, pending(), [("role", sample::one("user")), ("settings", settings(1))]);
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Actor::default() };
    let waits = [Duration::from_millis(1); 2];
    let short = || Reading::incomplete(Incomplete::new("short", "two are missing"));
    for (first, word, reads) in [
        (vec![], ResultWord::Applied, 1),
        (vec![whole(vec![]), short()], ResultWord::Applied, 3),
        (vec![whole(vec![]), short(), whole(vec![])], ResultWord::Failed, 3),
    ] {
        let server = Server { first, ..server(whole(vec![there()])) };
        let site = Site { waits: &waits, ..Site::plain(&gamoshi::SPEC, &tenant, &server, &server) };
        let results = execute(&site, &[invite(A)]).await;
        assert_eq!((results[0].word, server.reads.load(Ordering::Relaxed)), (word, reads), "{}", results[0].message);
    }
}
