use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use futures::future::BoxFuture;

use crate::apply::{ChangeResult, ResultWord, Site, execute};
use crate::backends::{Reader, Writer};
use crate::model::{Action, Actor, Attrs, Call, Caps, Key, Known, Link, Live, Outcome, Phase, Proof, Reading, Subject, Tenant, Verb};
use crate::plan::sample;
use crate::systems::{SystemSpec, emma_hq, insider, solver};

/// A server that has every address and shows these members.
struct Full {
    caps: Caps,
    members: Vec<Live>,
    /// What it answers to everything but an invitation.
    links: bool,
    reads: AtomicUsize,
}

impl Reader for Full {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let reading = Reading {
            members: self.members.clone(),
            domains: Known::Unreadable,
            whoami: None,
            tenant: None,
            proof: Ok(Proof::Snapshot),
            remarks: Vec::new(),
        };
        Box::pin(async move { reading })
    }
}

impl Writer for Full {
    fn call<'a>(&'a self, _: &'a Subject, _: &'a Call, _: &'a str) -> BoxFuture<'a, Outcome> {
        let is_first = self.reads.load(Ordering::Relaxed) == 0;
        let links = self.links && !is_first;
        Box::pin(
            async move { if links { Outcome::Linked(Link::new("https://host.example/?token=canary".into())) } else { Outcome::Exists } },
        )
    }
}

fn results(members: Vec<Live>, invited: &[&str]) -> (usize, Vec<ResultWord>) {
    let (reads, results) = answered(members, invited, false);
    (reads, results.iter().map(|r| r.word).collect())
}

fn caps() -> Caps {
    Caps {
        reads: ["groups"].into(),
        writes: [(Verb::Set, ["groups"].into())].into(),
        reads_domains: false,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Snapshot,
    }
}

fn answered(members: Vec<Live>, invited: &[&str], links: bool) -> (usize, Vec<ChangeResult>) {
    let server = Full { caps: caps(), members, links, reads: AtomicUsize::new(0) };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: std::collections::BTreeMap::new(), actor: Actor::default() };
    let site = Site::plain(&solver::SPEC, &tenant, &server, &server);
    let after = || Some(sample::attrs([("groups", sample::set(&["standard"]))]));
    let invites: Vec<_> = invited.iter().map(|who| sample::change("sol", Action::Invite, sample::member(who), None, after())).collect();
    let results = block_on(execute(&site, &invites));
    (server.reads.load(Ordering::Relaxed), results)
}

fn live(who: &str, groups: Known<crate::model::Value>) -> Live {
    let email = sample::member(who).email().expect("a member").clone();
    Live { email, id: None, phase: Phase::Active, attrs: [("groups", groups)].into() }
}

#[test]
fn e9_one_reading_tells_of_all_who_exist() {
    let addresses: Vec<String> = (0..30).map(|i| format!("p{i:02}@acme.example")).collect();
    let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let there = live(addresses[0], Known::Seen(sample::set(&["standard"])));
    let (reads, words) = results(vec![there], &addresses);
    assert_eq!(reads, 1);
    assert_eq!((words[0], &words[1..]), (ResultWord::Already, &[ResultWord::Failed; 29][..]));
}

#[test]
fn a_value_that_is_hidden_is_not_taken_for_unset() {
    let hidden = live("p@acme.example", Known::Hidden);
    assert_eq!(results(vec![hidden], &["p@acme.example"]).1, [ResultWord::Failed]);
    let partly = live("p@acme.example", Known::Partly(sample::set(&["standard"])));
    assert_eq!(results(vec![partly], &["p@acme.example"]).1, [ResultWord::Failed]);
}

/// A link is a secret: lost it opens nothing, and the change that lost it is no success.
#[test]
fn a_link_that_nothing_waits_for_is_a_failure_and_is_not_shown() {
    let there = live("p@acme.example", Known::Seen(crate::model::Value::Set(Default::default())));
    let (_, results) = answered(vec![there], &["p@acme.example"], true);
    assert_eq!((results[0].word, results[0].attempts), (ResultWord::Failed, 2), "the invitation, and what widens");
    assert!(results[0].message.contains("a link") && !results[0].message.contains("canary"), "{}", results[0].message);
}

const ALL: [Verb; 4] = [Verb::Invite, Verb::Set, Verb::EditInvitation, Verb::Delete];

/// Somebody who exists already, as another system shows and writes them, and is invited with these values.
fn met(spec: &'static SystemSpec, phase: Phase, shown: Attrs, wanted: Attrs, writes: &[Verb]) -> ChangeResult {
    let keys: std::collections::BTreeSet<Key> = wanted.keys().copied().collect();
    let caps = Caps {
        reads: keys.clone(),
        writes: writes.iter().map(|verb| (*verb, keys.clone())).collect(),
        reads_domains: false,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Snapshot,
    };
    let email = sample::member("p@acme.example").email().expect("a member").clone();
    let attrs = shown.into_iter().map(|(key, value)| (key, Known::Seen(value))).collect();
    let members = vec![Live { email, id: None, phase, attrs }];
    let server = Full { caps, members, links: false, reads: AtomicUsize::new(0) };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: std::collections::BTreeMap::new(), actor: Actor::default() };
    let invite = sample::change("x", Action::Invite, sample::member("p@acme.example"), None, Some(wanted));
    block_on(execute(&Site::plain(spec, &tenant, &server, &server), &[invite])).remove(0)
}

/// An invitation that would have to be deleted and sent anew is left to a plan.
#[test]
fn e6_no_invitation_is_sent_anew_because_it_exists() {
    let of = |scopes: &[&str]| sample::attrs([("role", sample::one("author")), ("subaccounts", sample::set(scopes))]);
    let open = Phase::Pending { sent: None, attempts: None, state: crate::model::Invitation::Open };
    let result = met(&emma_hq::SPEC, open, of(&["emea"]), of(&["apac", "emea"]), &ALL);
    assert_eq!((result.word, result.attempts), (ResultWord::Failed, 1), "{result:?}");
    assert!(result.message.contains("changed meanwhile"), "{result:?}");
}

/// I8: nobody could set a name before; it is no difference. A role is one.
#[test]
fn i8_a_name_that_comes_with_the_registration_is_no_difference() {
    let of = |role: &str| sample::attrs([("role", sample::one(role))]);
    let wanted = |role: &str| of(role).into_iter().chain([("name", sample::text("Ada"))]).collect();
    let already = met(&insider::SPEC, Phase::Active, of("viewer"), wanted("viewer"), &ALL);
    assert_eq!((already.word, already.attempts), (ResultWord::Already, 1), "{already:?}");
    let other = met(&insider::SPEC, Phase::Active, of("administrator"), wanted("viewer"), &ALL);
    assert_eq!(other.word, ResultWord::Failed, "{other:?}");
}

#[test]
fn what_only_a_human_could_widen_is_left_to_a_plan() {
    let of = |words: &[&str]| sample::attrs([("groups", sample::set(words))]);
    for (writes, attempts) in [(&[Verb::Set][..], 2), (&[], 1)] {
        let result = met(&solver::SPEC, Phase::Active, of(&[]), of(&["standard"]), writes);
        assert_eq!((result.word, result.attempts), (ResultWord::Failed, attempts), "{result:?}");
    }
}

/// Who exists is waited for until a reading shows them; a bounded actor may never see them.
#[test]
fn e4_who_exists_is_waited_for_where_they_can_show() {
    let shown = |spec: &'static SystemSpec, actor: Attrs, members: Vec<Live>| {
        let server = Full { caps: caps(), members, links: false, reads: AtomicUsize::new(0) };
        let actor = Actor { attrs: actor, ..Actor::default() };
        let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor };
        let site = Site::plain(spec, &tenant, &server, &server);
        let invite = sample::change("news", Action::Invite, sample::member("ada@acme.example"), None, None);
        let reading = block_on(server.fetch());
        super::shows(&site, &invite, &crate::apply::read_back::ReadAgain::of(&reading))
    };
    let ada = || vec![live("ada@acme.example", Known::Unreadable)];
    assert!(shown(&solver::SPEC, Attrs::new(), ada()) && !shown(&solver::SPEC, Attrs::new(), Vec::new()));
    let manager = sample::attrs([("role", sample::one("manager")), ("subaccounts", sample::set(&["emea"]))]);
    assert!(shown(&emma_hq::SPEC, manager, Vec::new()));
}
