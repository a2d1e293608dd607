use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use futures::future::BoxFuture;

use crate::apply::execute::{Site, execute};
use crate::apply::{ChangeResult, ResultWord};
use crate::backends::{Reader, Writer};
use crate::model::{
    Action, Actor, Call, Caps, Channel, Domains, Incomplete, Invitation, Known, Live, Outcome, Phase, Proof, Reading, Subject, Tenant, Verb,
};
use crate::plan::{Change, sample};
use crate::systems::{insider, meta_gateway, solver};

/// A server whose answers are lost. What its calls did, the reading shows.
struct Deaf {
    members: Mutex<Vec<Live>>,
    domains: Domains,
    /// Members as they are once a call came.
    then: Vec<Live>,
    /// So many answers arrive.
    answers: usize,
    fails: bool,
    calls: AtomicUsize,
    caps: Caps,
}

impl Deaf {
    fn new(before: Vec<Live>, then: Vec<Live>) -> Self {
        let caps = Caps {
            reads: BTreeSet::from(["name", "groups", "role"]),
            writes: BTreeMap::new(),
            reads_domains: true,
            reads_invitations: true,
            registered: None,
            keeps_ends: false,
            best_proof: Proof::Counted,
        };
        Self { members: Mutex::new(before), domains: Domains::Off, then, answers: 0, fails: false, calls: AtomicUsize::new(0), caps }
    }
    fn run(&self, changes: &[Change]) -> Vec<ChangeResult> {
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        block_on(execute(&Site::plain(&solver::SPEC, &tenant, self, self), changes))
    }
}

impl Writer for Deaf {
    fn call<'a>(&'a self, _: &'a Subject, _: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let answers = self.calls.fetch_add(1, Ordering::Relaxed) < self.answers;
        *self.members.lock().unwrap() = self.then.clone();
        Box::pin(async move { if answers { Outcome::Applied } else { Outcome::Unknown("the connection was cut".into()) } })
    }
}

impl Reader for Deaf {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        let reading = Reading {
            members: self.members.lock().unwrap().clone(),
            domains: Known::Seen(self.domains.clone()),
            whoami: None,
            tenant: None,
            proof: Ok(Proof::Counted),
            remarks: Vec::new(),
        };
        let reading = if self.fails { Reading::incomplete(Incomplete::new("failed", "it is down")) } else { reading };
        Box::pin(async move { reading })
    }
}

const ADA: &str = "ada@acme.example";

fn live(phase: Phase, groups: &[&str]) -> Live {
    let attrs = [("groups", Known::Seen(sample::set(groups)))].into_iter().collect();
    Live { email: crate::model::Email::parse(ADA).unwrap(), id: None, phase, attrs }
}

fn open() -> Phase {
    Phase::Pending { sent: None, attempts: None, state: Invitation::Open }
}

fn over() -> Phase {
    Phase::Pending { sent: None, attempts: None, state: Invitation::Over }
}

fn change(action: Action) -> Change {
    sample::change("sol", action, sample::member(ADA), None, Some(sample::attrs([("groups", sample::set(&["advanced"]))])))
}

#[test]
fn a_call_whose_answer_was_lost_is_done_where_the_reading_shows_it_and_is_never_repeated() {
    let active = |groups: &[&str]| vec![live(Phase::Active, groups)];
    for (action, before, then, word) in [
        (Action::Invite, vec![], vec![live(open(), &["advanced"])], ResultWord::Applied),
        (Action::Invite, vec![], vec![live(open(), &["standard"])], ResultWord::Unknown),
        (Action::Invite, vec![], vec![live(over(), &["advanced"])], ResultWord::Unknown),
        (Action::Invite, vec![], vec![], ResultWord::Unknown),
        (Action::Reinvite, vec![live(over(), &["advanced"])], vec![live(open(), &["advanced"])], ResultWord::Applied),
        (Action::Reinvite, vec![live(over(), &["advanced"])], vec![live(over(), &["advanced"])], ResultWord::Unknown),
        (Action::Edit, active(&["standard"]), active(&["advanced"]), ResultWord::Applied),
        (Action::Edit, active(&["standard"]), active(&["standard"]), ResultWord::Unknown),
        (Action::Edit, active(&["standard"]), vec![], ResultWord::Unknown),
        (Action::Edit, active(&["standard"]), vec![live(Phase::Suspended, &["advanced"])], ResultWord::Unknown),
        (Action::Restore, vec![live(Phase::Suspended, &["advanced"])], active(&["advanced"]), ResultWord::Applied),
        (Action::Restore, vec![live(Phase::Suspended, &["advanced"])], active(&["standard"]), ResultWord::Unknown),
        (Action::Restore, vec![live(Phase::Suspended, &["advanced"])], vec![live(over(), &["advanced"])], ResultWord::Unknown),
        (Action::Remove, active(&["advanced"]), vec![], ResultWord::Applied),
        (Action::Remove, active(&["advanced"]), active(&["advanced"]), ResultWord::Unknown),
    ] {
        let server = Deaf::new(before, then);
        let results = server.run(&[change(action)]);
        assert_eq!((results[0].word, server.calls.load(Ordering::Relaxed)), (word, 1), "{action:?}: {results:?}");
        assert_eq!(results[0].message.contains("may still come"), word == ResultWord::Unknown, "{results:?}");
    }
}

/// Suspended is suspended; who is gone from a whole account is not there either.
#[test]
fn a_suspension_whose_answer_was_lost_is_done_where_the_reading_shows_it() {
    for (then, word) in [
        (vec![live(Phase::Suspended, &["advanced"])], ResultWord::Applied),
        (vec![], ResultWord::Applied),
        (vec![live(Phase::Active, &["advanced"])], ResultWord::Unknown),
    ] {
        let server = Deaf::new(vec![live(Phase::Active, &["advanced"])], then);
        let mut ends = change(Action::Remove);
        ends.calls = vec![sample::call(Verb::Deactivate, "deactivate", Default::default(), Channel::Api)];
        let results = server.run(&[ends]);
        assert_eq!((results[0].word, server.calls.load(Ordering::Relaxed)), (word, 1), "{results:?}");
    }
}

/// It is the second call that is looked for, and neither is made again.
#[test]
fn of_two_calls_the_one_whose_answer_was_lost_is_looked_for() {
    for (shown, word) in [("advanced", ResultWord::Applied), ("standard", ResultWord::Unknown)] {
        let server = Deaf { answers: 1, ..Deaf::new(vec![], vec![live(open(), &[shown])]) };
        let mut two = change(Action::Invite);
        two.calls[0].set.clear();
        two.calls.push(sample::call(Verb::EditInvitation, "set", sample::attrs([("groups", sample::set(&["advanced"]))]), Channel::Api));
        let results = server.run(&[two]);
        assert_eq!((results[0].word, results[0].attempts, server.calls.load(Ordering::Relaxed)), (word, 2, 2), "{results:?}");
        assert_eq!(results[0].message.starts_with("at `set`, after `invite`: "), word == ResultWord::Unknown, "{results:?}");
    }
}

#[test]
fn what_follows_a_call_that_turned_out_to_be_done_is_made() {
    let server = Deaf::new(vec![], vec![live(open(), &["advanced"])]);
    let mut two = change(Action::Invite);
    two.calls.push(sample::call(Verb::Set, "set-groups", sample::attrs([("groups", sample::set(&["advanced"]))]), Channel::Api));
    let mut next = sample::change("sol", Action::Edit, sample::member("bob@acme.example"), None, two.after.clone());
    next.waits_for = [two.id.clone()].into();
    let results = server.run(&[two, next]);
    assert_eq!((results[0].word, results[0].attempts), (ResultWord::Applied, 2), "{results:?}");
    assert_eq!(results[1].word, ResultWord::Unknown, "bob is not there: {results:?}");
    assert_eq!(server.calls.load(Ordering::Relaxed), 3);
}

#[test]
fn nothing_is_known_where_the_account_cannot_be_read_again() {
    let server = Deaf { fails: true, ..Deaf::new(vec![], vec![live(open(), &["advanced"])]) };
    let results = server.run(&[change(Action::Invite)]);
    assert_eq!(results[0].word, ResultWord::Unknown);
    assert!(results[0].message.contains("it is down"), "{results:?}");
}

#[test]
fn a_domain_is_there_or_not() {
    let listed = || sample::domain("acme.example").domain().cloned().into_iter().collect();
    for (action, domains, word) in [
        (Action::AllowDomain, Domains::Off, ResultWord::Applied),
        (Action::AllowDomain, Domains::Only(BTreeSet::new()), ResultWord::Unknown),
        (Action::AllowDomain, Domains::Only(listed()), ResultWord::Applied),
        (Action::DisallowDomain, Domains::Only(listed()), ResultWord::Unknown),
        (Action::DisallowDomain, Domains::Only(BTreeSet::new()), ResultWord::Applied),
        (Action::DisallowDomain, Domains::Off, ResultWord::Unknown),
    ] {
        let server = Deaf { domains, ..Deaf::new(vec![], vec![]) };
        let results = server.run(&[sample::change("ins", action, sample::domain("acme.example"), None, None)]);
        assert_eq!(results[0].word, word, "{action:?}: {results:?}");
    }
}

/// M2: the link was in the answer and nowhere else.
#[test]
fn m2_an_invitation_whose_answer_was_lost_has_lost_its_link() {
    let mut ada = live(open(), &[]);
    ada.attrs = [("role", Known::Seen(sample::one("view-only")))].into_iter().collect();
    let server = Deaf::new(vec![], vec![ada]);
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let after = Some(sample::attrs([("role", sample::one("view-only"))]));
    let invite = [sample::change("met", Action::Invite, sample::member(ADA), None, after)];
    let results = block_on(execute(&Site::plain(&meta_gateway::SPEC, &tenant, &server, &server), &invite));
    assert_eq!(results[0].word, ResultWord::Failed);
    assert!(results[0].message.contains("its link is lost"), "{results:?}");
}

/// I8: a name that nobody could set yet is no sign that the invitation was lost.
#[test]
fn i8_a_name_that_shows_only_after_registration_is_not_waited_for() {
    let mut ada = live(open(), &[]);
    ada.attrs = [("role", Known::Seen(sample::one("viewer")))].into_iter().collect();
    let server = Deaf::new(vec![], vec![ada]);
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    let after = Some(sample::attrs([("name", sample::text("Ada")), ("role", sample::one("viewer"))]));
    let invite = [sample::change("ins", Action::Invite, sample::member(ADA), None, after)];
    let results = block_on(execute(&Site::plain(&insider::SPEC, &tenant, &server, &server), &invite));
    assert_eq!(results[0].word, ResultWord::Applied, "{results:?}");
}

/// What a later reading could still show is waited for, and nothing else.
#[test]
fn a_reading_is_waited_for_as_long_as_it_can_show_more() {
    let with = |action: Action, verb: Verb, sets: bool| {
        let mut change = change(action);
        let groups = if sets { sample::attrs([("groups", sample::set(&["advanced"]))]) } else { Default::default() };
        change.calls = vec![sample::call(verb, "call", groups, Channel::Api)];
        change
    };
    let (standard, advanced): (&[&str], &[&str]) = (&["standard"], &["advanced"]);
    let gone = sample::change("sol", Action::Remove, sample::member(ADA), None, None);
    for (change, before, waits) in [
        (with(Action::Invite, Verb::Invite, true), None, true),
        (with(Action::Invite, Verb::Invite, true), Some(live(open(), advanced)), false),
        (with(Action::Reinvite, Verb::Resend, false), Some(live(over(), advanced)), true),
        (with(Action::Reinvite, Verb::Resend, false), Some(live(open(), advanced)), false),
        (with(Action::Invite, Verb::Resend, false), Some(live(over(), advanced)), false),
        (with(Action::Edit, Verb::Set, true), Some(live(Phase::Active, standard)), true),
        (with(Action::Edit, Verb::Set, true), Some(live(Phase::Active, advanced)), false),
        (with(Action::Edit, Verb::Set, false), Some(live(Phase::Active, standard)), false),
        (gone.clone(), Some(live(Phase::Active, standard)), true),
        (gone, None, false),
    ] {
        let server = Deaf::new(before.into_iter().collect(), Vec::new());
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        let site = Site::plain(&solver::SPEC, &tenant, &server, &server);
        let reading = block_on(server.fetch());
        let shows = super::shows(&site, &change, &change.calls[0], &crate::apply::read_back::ReadAgain::of(&reading));
        assert_eq!(shows, !waits, "{change:?} in {:?}", reading.members);
    }
}

/// Whom a bounded actor does not see may be somewhere else still: no reading will show that they are gone.
#[test]
fn e4_a_bounded_actor_waits_for_nobody_to_be_gone() {
    let server = Deaf::new(vec![live(Phase::Active, &[])], Vec::new());
    let attrs = sample::attrs([("role", sample::one("manager")), ("subaccounts", sample::set(&["emea"]))]);
    let actor = Actor { attrs, ..Actor::default() };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor };
    let site = Site::plain(&crate::systems::emma_hq::SPEC, &tenant, &server, &server);
    let gone = sample::change("news", Action::Remove, sample::member(ADA), None, None);
    let reading = block_on(server.fetch());
    assert!(super::shows(&site, &gone, &gone.calls[0], &crate::apply::read_back::ReadAgain::of(&reading)));
}
