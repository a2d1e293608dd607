use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;
use futures::future::BoxFuture;

use crate::apply::{ResultWord, Site, execute};
use crate::backends::{Reader, Writer};
use crate::model::{Action, Actor, Call, Caps, Known, Live, Outcome, Phase, Proof, Reading, Subject, Tenant};
use crate::plan::sample;
use crate::systems::solver;

/// A server that has every address and shows these members.
struct Full {
    caps: Caps,
    members: Vec<Live>,
    reads: AtomicUsize,
}

impl Reader for Full {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn read(&self) -> BoxFuture<'_, Reading> {
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
        Box::pin(async { Outcome::Exists })
    }
}

fn results(members: Vec<Live>, invited: &[&str]) -> (usize, Vec<ResultWord>) {
    let caps = Caps {
        reads: ["groups"].into(),
        writes: Default::default(),
        reads_domains: false,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Snapshot,
    };
    let server = Full { caps, members, reads: AtomicUsize::new(0) };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: std::collections::BTreeMap::new(), actor: Actor::default() };
    let site =
        Site { spec: &solver::SPEC, tenant: &tenant, caps: &server.caps, minimum: 0, reader: &server, writer: &server, handover: None };
    let after = || Some(sample::attrs([("groups", sample::set(&["standard"]))]));
    let invites: Vec<_> = invited.iter().map(|who| sample::change("sol", Action::Invite, sample::member(who), None, after())).collect();
    let words = block_on(execute(&site, &invites)).iter().map(|r| r.word).collect();
    (server.reads.load(Ordering::Relaxed), words)
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
