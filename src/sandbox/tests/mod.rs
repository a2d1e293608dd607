//! The servers' refusals, each named after the rule in SYSTEMS.md that it plays.

mod clock;
mod emma_hq;
mod file;
mod imports;
mod insider;
mod solver;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::*;
use crate::model::{
    Actor, Assign, Atom, Attrs, Call, Channel, Domain, Domains, Email, Key, Known, Live, Name, Phase, Subject, Tenant, Value, Verb,
};
use crate::systems::SystemSpec;

/// One account in a file of its own, a movable clock and an actor. A clone is another actor on the
/// same file.
#[derive(Clone)]
struct World {
    dir: Rc<tempfile::TempDir>,
    host: Host,
    now: Timestamp,
}

impl World {
    fn new(system: &str, zone: &str) -> Self {
        let spec: &'static SystemSpec = crate::systems::find(system).unwrap();
        let tenant = Tenant { name: None, zone: TimeZone::get(zone).unwrap(), facts: BTreeMap::new(), actor: Actor::default() };
        let host = Host { account: Atom::new("acc").unwrap(), spec, tenant };
        Self { dir: Rc::new(tempfile::tempdir().unwrap()), host, now: at("2026-11-22T09:00:00Z") }
    }
    fn path(&self) -> PathBuf {
        self.dir.path().join("deep/er/embedded.db")
    }
    fn fact(mut self, key: Key, value: Value) -> Self {
        self.host.tenant.facts.insert(key, value);
        self
    }
    fn actor(mut self, attrs: &[(Key, Value)]) -> Self {
        self.host.tenant.actor.attrs = attrs.iter().cloned().collect();
        self
    }
    fn load(&self, domains: Domains, members: Vec<LiveMember>) {
        let live = LiveAccount { domains, members, fault: None, delegates: true };
        Sandbox::write(&self.path()).unwrap().load(&self.host, self.now, &live).unwrap();
    }
    fn call(&self, who: &str, verb: Verb, set: &[(Key, Assign)]) -> Answer {
        self.call_on(&Subject::Member(Email::parse(who).unwrap()), verb, set)
    }
    fn call_on(&self, on: &Subject, verb: Verb, set: &[(Key, Assign)]) -> Answer {
        let set = set.iter().cloned().collect();
        let call = Call { verb, label: "test".into(), set, channel: Channel::Api, mails: false };
        Sandbox::write(&self.path()).unwrap().call(&self.host, self.now, on, &call).unwrap()
    }
    fn domain(&self, domain: &str, verb: Verb) -> Answer {
        let domain = if domain == "*" { Domain::any() } else { Domain::parse(domain).unwrap() };
        self.call_on(&Subject::Domain(domain), verb, &[])
    }
    fn members(&self) -> Vec<Live> {
        let sandbox = Sandbox::read(&self.path()).unwrap();
        let page = sandbox.page(&self.host, self.now, None, 1000).unwrap();
        assert_eq!(page.total, page.members.len() as u64);
        page.members
    }
    fn member(&self, who: &str) -> Live {
        let found = self.members().into_iter().find(|m| m.email.key() == who);
        found.unwrap_or_else(|| panic!("{who} is not shown"))
    }
    fn shows(&self, who: &str) -> bool {
        self.members().iter().any(|m| m.email.key() == who)
    }
    fn phase(&self, who: &str) -> &'static str {
        self.member(who).phase.word()
    }
    fn mails(&self) -> Vec<String> {
        let all = Sandbox::read(&self.path()).unwrap().outbox(&self.host, self.now).unwrap();
        all.iter().map(|m| format!("{} {} {}", m.kind.word(), m.to, m.at)).collect()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
fn word(text: &str) -> Value {
    Value::One(Atom::new(text).unwrap())
}
fn words(text: &[&str]) -> BTreeSet<Atom> {
    text.iter().map(|w| Atom::new(w).unwrap()).collect()
}
fn set(text: &[&str]) -> Value {
    Value::Set(words(text))
}
fn day(text: &str) -> Value {
    Value::Day(if text.is_empty() { None } else { Some(text.parse().unwrap()) })
}
fn to(key: Key, value: Value) -> (Key, Assign) {
    (key, Assign::To(value))
}
fn delta(key: Key, add: &[&str], remove: &[&str]) -> (Key, Assign) {
    (key, Assign::Delta { add: words(add), remove: words(remove) })
}
fn only(domains: &[&str]) -> Domains {
    Domains::Only(domains.iter().map(|d| Domain::parse(d).unwrap()).collect())
}
fn live(who: &str, phase: Stored, attrs: &[(Key, Value)]) -> LiveMember {
    let attrs: Attrs = attrs.iter().cloned().collect();
    LiveMember { email: Email::parse(who).unwrap(), phase, attrs, invited: None, attempts: None }
}
fn invited(who: &str, sent: &str, attrs: &[(Key, Value)]) -> LiveMember {
    LiveMember { invited: Some(at(sent)), ..live(who, Stored::Pending, attrs) }
}
fn state(live: &Live) -> (u32, &'static str) {
    match &live.phase {
        Phase::Pending { attempts, state, .. } => (attempts.unwrap(), state.word()),
        other => panic!("{} is {}", live.email, other.word()),
    }
}
#[track_caller]
fn refused(answer: &Answer, with: &str) {
    match answer {
        Answer::Refused(no) if no.contains(with) => {}
        other => panic!("not refused with {with:?}: {other:?}"),
    }
}
