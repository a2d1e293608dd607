use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use futures::executor::block_on;
use futures::future::{BoxFuture, poll_fn};

use super::{Site, execute};
use crate::apply::ResultWord;
use crate::backends::{Reader, Writer};
use crate::model::{Action, Actor, Attrs, Call, Caps, Channel, Incomplete, Known, Link, Outcome, Proof, Reading, Subject, Tenant, Verb};
use crate::plan::sample;
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
    assert!(server.most.load(Ordering::Relaxed) > 1, "the others go side by side");
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
