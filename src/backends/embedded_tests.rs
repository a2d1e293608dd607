use std::collections::BTreeMap;

use futures::executor::block_on;
use jiff::tz::TimeZone;

use super::*;
use crate::model::{Actor, Assign, Atom, Channel, Domains, Email, Value};
use crate::sandbox::{Fault, LiveAccount, LiveMember, Stored};

struct World {
    dir: tempfile::TempDir,
    host: Host,
}

impl World {
    fn new(system: &str) -> Self {
        let spec = crate::systems::find(system).unwrap();
        let tenant = Tenant { zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        Self { dir: tempfile::tempdir().unwrap(), host: Host { account: Atom::new("acc").unwrap(), spec, tenant } }
    }
    fn path(&self) -> PathBuf {
        self.dir.path().join("embedded.db")
    }
    fn now() -> Timestamp {
        "2026-11-22T09:00:00Z".parse().unwrap()
    }
    fn backend(&self, page: usize) -> Embedded {
        Embedded::new(self.path(), Path::new(".portcullis/embedded.db"), self.host.clone(), Self::now(), page)
    }
    fn load(&self, members: usize, fault: Option<Fault>) {
        let member = |i: usize| LiveMember {
            email: Email::parse(&format!("u{i:06}@acme.example")).unwrap(),
            phase: Stored::Active,
            attrs: [("groups", Value::Set(BTreeSet::from([Atom::new("standard").unwrap()])))].into(),
            invited: None,
            attempts: None,
        };
        let live = LiveAccount { domains: Domains::Off, members: (0..members).map(member).collect(), fault };
        Sandbox::write(&self.path()).unwrap().load(&self.host, Self::now(), &live).unwrap();
    }
}

fn code(reading: &Reading) -> &'static str {
    reading.proof.as_ref().map_or_else(|why| why.code, |proof| proof.word())
}

#[test]
fn a_whole_reading_is_a_snapshot_whatever_the_page_size() {
    let world = World::new("solver");
    assert_eq!(code(&block_on(world.backend(500).reader().read())), "snapshot");
    world.load(10, None);
    for page in [1, 3, 5, 10, 500] {
        let reading = block_on(world.backend(page).reader().read());
        assert_eq!((code(&reading), reading.members.len()), ("snapshot", 10), "{page}");
    }
}

#[test]
fn every_fault_is_noticed_by_the_reader() {
    let world = World::new("solver");
    for members in [0, 1, 2, 5, 6, 7] {
        for fault in Fault::ALL {
            world.load(members, Some(fault));
            for page in [1, 3, 500] {
                let reading = block_on(world.backend(page).reader().read());
                // Nobody can come twice where nobody is: the total alone is wrong then.
                let wanted = if (members, fault) == (0, Fault::Repeated) { "short" } else { fault.word() };
                assert_eq!((code(&reading), reading.members.len()), (wanted, 0), "{members} {page}");
                assert!(!reading.proof.unwrap_err().problems.is_empty());
            }
        }
    }
    world.load(3, None);
    assert_eq!(code(&block_on(world.backend(1).reader().read())), "snapshot");
}

#[test]
fn a_damaged_file_is_a_failed_reading_and_no_empty_account() {
    let world = World::new("solver");
    std::fs::write(world.path(), "not a database").unwrap();
    let reading = block_on(world.backend(500).reader().read());
    assert_eq!(code(&reading), "failed");
    assert!(world.backend(500).open_writer().is_err());
    assert_eq!(std::fs::read(world.path()).unwrap(), b"not a database");
}

#[test]
fn answers_become_outcomes() {
    let world = World::new("solver");
    let backend = world.backend(500);
    let writer = backend.open_writer().unwrap();
    let call = |who: &str, verb, groups: &[&str]| {
        let on = Subject::Member(Email::parse(who).unwrap());
        let groups: BTreeSet<Atom> = groups.iter().map(|g| Atom::new(g).unwrap()).collect();
        let set = if groups.is_empty() { BTreeMap::new() } else { BTreeMap::from([("groups", Assign::To(Value::Set(groups)))]) };
        let call = Call { verb, label: "test".into(), set, channel: Channel::Api, mails: true };
        block_on(writer.call(&on, &call, "key"))
    };
    assert_eq!(call("a@acme.example", Verb::Invite, &["standard"]), Outcome::Applied);
    assert_eq!(call("A@acme.example", Verb::Invite, &["standard"]), Outcome::Exists);
    assert!(matches!(call("b@acme.example", Verb::Invite, &["owner"]), Outcome::Refused(_)));
    assert_eq!(call("a@acme.example", Verb::Delete, &[]), Outcome::Applied);
    assert_eq!(call("a@acme.example", Verb::Delete, &[]), Outcome::Already);
}

#[test]
fn digests_hold_the_file_as_it_was_written() {
    let backend = World::new("solver").backend(500);
    assert_eq!((backend.origin().as_str(), backend.is_sandbox()), ("embedded:.portcullis/embedded.db", true));
}

#[test]
fn everything_that_the_system_has_goes_through_the_api() {
    let mut world = World::new("insider");
    let without = world.backend(500).caps().clone();
    assert!(!without.reads.contains("groups") && !without.writes[&Verb::Set].contains("groups"));
    world.host.tenant.facts.insert("features", Value::Set(BTreeSet::from([Atom::new("groups").unwrap()])));
    let caps = world.backend(500).caps().clone();
    for key in ["role", "pii", "limited-products", "groups", "group-admin", "end", "name"] {
        assert_eq!(caps.channel(Verb::Set, Some(key)), Channel::Api, "{key}");
        assert!(caps.reads.contains(key));
    }
    assert_eq!(caps.channel(Verb::AllowDomain, None), Channel::Api);
    assert!(!caps.writes.contains_key(&Verb::Deactivate) && caps.keeps_ends);
    // The account page of emma-hq has no resend, and the product no ends.
    let caps = World::new("emma-hq").backend(500).caps().clone();
    assert!(!caps.writes.contains_key(&Verb::Resend) && !caps.reads.contains("end") && !caps.keeps_ends);
}
