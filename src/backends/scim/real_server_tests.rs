//! The backend against scim2-server, which nobody here wrote. In the crate, because outside of it
//! no writer is to be had without a cleared plan.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt};

use self::scim_server::ScimServer;
use super::Scim;
use crate::backends::Expect;
use crate::backends::http::{Access, Endpoint, Network};
use crate::backends::{Backend, Writer};
use crate::model::{Assign, Atom, Call, Channel, Email, Key, Live, Name, Outcome, Proof, Reading, Subject, Value, Verb};
use crate::systems::insider;

#[path = "../../../tests/support/scim_server.rs"]
mod scim_server;

const ROLES: [&str; 6] = ["administrator", "editor", "collaborator", "viewer", "outsourcer", "campaign-status-updater"];

fn scim(server: &ScimServer, token: &str) -> Scim {
    let endpoint = Endpoint::new(&server.base().parse().unwrap()).unwrap();
    Scim::new(&insider::SPEC, Expect::default(), Access::new("ins", endpoint, token.into()), &Network::default()).unwrap()
}

fn people() -> Vec<Email> {
    (0..30).map(|i| Email::parse(&format!("person{i:02}@acme.example")).unwrap()).collect()
}

fn role(word: &'static str) -> (Key, Assign) {
    ("role", Assign::To(Value::One(Atom::literal(word))))
}

fn call<const N: usize>(verb: Verb, set: [(Key, Assign); N]) -> Call {
    Call { verb, label: "test".into(), set: BTreeMap::from(set), channel: Channel::Api, mails: false }
}

/// Makes one call a person, side by side, as an apply does.
async fn make(scim: &Scim, calls: Vec<(Email, Call)>, expected: Outcome) {
    let writer = scim.open_writer().unwrap();
    let calls: Vec<(Subject, Call)> = calls.into_iter().map(|(e, c)| (Subject::Member(e), c)).collect();
    // Four at once: its queue of connections is short.
    let outcomes = stream::iter(calls.iter().map(|(on, call)| writer.call(on, call, "key"))).buffered(4).collect::<Vec<_>>().await;
    for ((on, _), outcome) in calls.iter().zip(outcomes) {
        assert_eq!(outcome, expected, "{on:?}");
    }
}

/// Address to role, name and phase.
fn shown(reading: &Reading) -> BTreeMap<&str, (Option<String>, Option<String>, &'static str)> {
    let role = |m: &'_ Live| m.attr("role").seen().and_then(Value::as_one).map(Atom::as_str).map(str::to_owned);
    let name = |m: &'_ Live| Some(m.attr("name").seen()?.to_json().as_str()?.to_owned());
    reading.members.iter().map(|m| (m.email.key(), (role(m), name(m), m.phase.word()))).collect()
}

async fn lives_of_thirty_people(patch: bool) {
    let server = ScimServer::start(3, patch);
    let scim = scim(&server, ScimServer::TOKEN);
    let read = || scim.reader().read();
    assert_eq!(read().await.members.len(), 0);

    let all = people();
    let invite = |i: usize| call(Verb::Invite, [role(ROLES[i % 6])]);
    make(&scim, all.iter().enumerate().map(|(i, e)| (e.clone(), invite(i))).collect(), Outcome::Applied).await;
    let reading = read().await;
    assert_eq!(reading.proof, Ok(Proof::Counted), "ten pages of three");
    let by = shown(&reading);
    for (i, person) in all.iter().enumerate() {
        assert_eq!(by[person.key()], (Some(ROLES[i % 6].into()), None, "active"));
    }
    make(&scim, all.iter().enumerate().map(|(i, e)| (e.clone(), invite(i))).collect(), Outcome::Exists).await;

    let renamed = || call(Verb::Set, [role("viewer"), ("name", Assign::To(Value::Text(Name::new("Mary Ann Lee"))))]);
    make(&scim, all[..10].iter().map(|e| (e.clone(), renamed())).collect(), Outcome::Applied).await;
    make(&scim, all[..10].iter().map(|e| (e.clone(), renamed())).collect(), Outcome::Already).await;
    let one_word = || call(Verb::Set, [("name", Assign::To(Value::Text(Name::new("Plato"))))]);
    make(&scim, vec![(all[0].clone(), one_word())], Outcome::Applied).await;
    make(&scim, all[10..20].iter().map(|e| (e.clone(), call(Verb::Deactivate, []))).collect(), Outcome::Applied).await;
    make(&scim, vec![(all[10].clone(), call(Verb::Restore, []))], Outcome::Applied).await;
    make(&scim, all[20..].iter().map(|e| (e.clone(), call(Verb::Delete, []))).collect(), Outcome::Applied).await;
    make(&scim, all[20..].iter().map(|e| (e.clone(), call(Verb::Delete, []))).collect(), Outcome::Already).await;

    let reading = read().await;
    let by = shown(&reading);
    assert_eq!(by.keys().copied().collect::<BTreeSet<_>>(), all[..20].iter().map(Email::key).collect());
    assert_eq!(by[all[0].key()], (Some("viewer".into()), Some("Plato".into()), "active"));
    assert_eq!(by[all[9].key()], (Some("viewer".into()), Some("Mary Ann Lee".into()), "active"));
    assert_eq!(by[all[10].key()], (Some(ROLES[10 % 6].into()), None, "active"));
    assert_eq!(by[all[11].key()], (Some(ROLES[11 % 6].into()), None, "suspended"));
}

#[tokio::test]
#[ignore = "needs scim2-server"]
async fn thirty_people_come_change_and_go() {
    lives_of_thirty_people(true).await;
}

#[tokio::test]
#[ignore = "needs scim2-server"]
async fn thirty_people_come_change_and_go_without_patch() {
    lives_of_thirty_people(false).await;
}

#[tokio::test]
#[ignore = "needs scim2-server"]
async fn another_token_reads_nothing_and_says_why() {
    let server = ScimServer::start(3, true);
    let reading = scim(&server, "canary-7f3a9c").reader().read().await;
    let why = reading.proof.unwrap_err();
    assert!(why.code == "failed" && why.problems[0].contains("401") && !why.problems[0].contains("canary"), "{why:?}");
}

#[tokio::test]
#[ignore = "needs scim2-server"]
async fn a_pin_on_a_server_without_me_does_not_pass() {
    let server = ScimServer::start(3, true);
    let endpoint = Endpoint::new(&server.base().parse().unwrap()).unwrap();
    let expect = Expect { tenant: None, actor: Some(Email::parse("ada@acme.example").unwrap()) };
    let scim = Scim::new(&insider::SPEC, expect, Access::new("ins", endpoint, ScimServer::TOKEN.into()), &Network::default()).unwrap();
    assert!(scim.reader().read().await.proof.is_err());
}
