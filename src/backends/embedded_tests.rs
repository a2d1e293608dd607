use std::collections::{BTreeMap, BTreeSet};

use futures::executor::block_on;
use jiff::tz::TimeZone;

use super::*;
use crate::model::{Action, Actor, Assign, Atom, Channel, Domains, Email, Key, Name, Tenant, Value, Verb};
use crate::sandbox::{Fault, LiveAccount, LiveMember, Stored};
use crate::systems::{Kind, Removal, SystemSpec};

struct World {
    dir: tempfile::TempDir,
    host: Host,
}

impl World {
    fn new(system: &str) -> Self {
        let spec = crate::systems::find(system).unwrap();
        let tenant = Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
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
        let live = LiveAccount { domains: Domains::Off, members: (0..members).map(member).collect(), fault, delegates: true };
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

/// What the system's procedures call is what the server takes: after the calls of one change a
/// reading shows what was asked for, and nothing was refused on the way.
#[test]
fn the_calls_of_every_kind_of_change_are_taken() {
    const ADMINISTRATOR: &[(Key, &str)] = &[("role", "administrator")];
    const PAGE_OF_EMEA: &[(Key, &str)] = &[("surface", "subaccount"), ("subaccount", "emea")];
    let all: &[Case] = &[
        Case { what: "solver edit", before: "groups=[standard,super-user]", after: "groups=[advanced,standard]", ..SOLVER },
        Case {
            what: "solver reinvite",
            phase: Stored::Pending,
            action: Action::Reinvite,
            before: "groups=[standard]",
            after: "groups=[advanced]",
            ..SOLVER
        },
        Case {
            what: "emma invite",
            action: Action::Invite,
            after: "name=A role=full privileges=[share-campaigns] subaccounts=[emea]",
            ..EMMA
        },
        Case {
            what: "emma edit",
            before: "role=manager privileges=[billing,share-campaigns] subaccounts=[apac,emea]",
            after: "role=full privileges=[export-contacts] subaccounts=[emea,us]",
            ..EMMA
        },
        Case { what: "emma role alone", before: "role=manager privileges=[billing] subaccounts=[emea]", after: "role=author", ..EMMA },
        Case {
            what: "emma pending on the account page",
            phase: Stored::Pending,
            action: Action::EditInvitation,
            before: "role=author subaccounts=[emea]",
            after: "name=A role=editor privileges=[] subaccounts=[apac]",
            ..EMMA
        },
        Case {
            what: "emma pending on the subaccount page",
            phase: Stored::Pending,
            action: Action::EditInvitation,
            facts: PAGE_OF_EMEA,
            actor: ADMINISTRATOR,
            before: "role=author subaccounts=[emea]",
            after: "role=editor",
            ..EMMA
        },
        Case {
            what: "emma again on the subaccount page",
            phase: Stored::Pending,
            action: Action::Reinvite,
            facts: PAGE_OF_EMEA,
            actor: ADMINISTRATOR,
            before: "role=author subaccounts=[emea]",
            after: "role=editor",
            ..EMMA
        },
        Case { what: "insider invite", action: Action::Invite, after: "name=N role=viewer pii=true groups=[a] end=2026-12-22", ..INSIDER },
        Case { what: "insider promotion", before: "role=viewer end=2026-11-30", after: "role=administrator end=", ..INSIDER },
        Case {
            what: "insider demotion",
            before: "role=administrator",
            after: "role=viewer end=2026-11-30 limited-products=[web]",
            ..INSIDER
        },
        Case {
            what: "insider restore",
            action: Action::Restore,
            before: "role=viewer end=2026-11-10",
            after: "role=editor end=2026-12-10",
            ..INSIDER
        },
        Case {
            what: "insider restore to administrator",
            action: Action::Restore,
            before: "role=viewer end=2026-11-10",
            after: "role=administrator end=",
            ..INSIDER
        },
        Case {
            what: "insider restore of somebody who never came",
            action: Action::Restore,
            phase: Stored::Pending,
            before: "role=viewer end=2026-11-10",
            after: "role=viewer end=",
            ..INSIDER
        },
        Case {
            what: "insider reinvite",
            action: Action::Reinvite,
            phase: Stored::Pending,
            before: "role=viewer",
            after: "role=editor",
            ..INSIDER
        },
    ];
    for case in all {
        case.run();
    }
}

#[derive(Clone, Copy)]
struct Case {
    what: &'static str,
    system: &'static str,
    facts: &'static [(Key, &'static str)],
    actor: &'static [(Key, &'static str)],
    phase: Stored,
    action: Action,
    before: &'static str,
    after: &'static str,
}

const SOLVER: Case =
    Case { what: "", system: "solver", facts: &[], actor: &[], phase: Stored::Active, action: Action::Edit, before: "", after: "" };
const EMMA: Case = Case { system: "emma-hq", ..SOLVER };
const INSIDER: Case = Case { system: "insider", ..SOLVER };

impl Case {
    fn run(&self) {
        let mut world = World::new(self.system);
        let spec = world.host.spec;
        let one = |w: &str| Value::One(Atom::new(w).unwrap());
        world.host.tenant.facts.extend(self.facts.iter().map(|(k, w)| (*k, one(w))));
        world.host.tenant.facts.insert("features", Value::Set(BTreeSet::from([Atom::new("groups").unwrap()])));
        world.host.tenant.actor.attrs.extend(self.actor.iter().map(|(k, w)| (*k, one(w))));
        let who = Email::parse("a@acme.example").unwrap();
        let member = |email: &str, phase, attrs: &str| LiveMember {
            email: Email::parse(email).unwrap(),
            phase,
            attrs: parsed(spec, attrs),
            invited: None,
            attempts: None,
        };
        let chief = if self.system == "solver" { "groups=[super-user]" } else { "role=administrator" };
        let mut members = vec![member("root@acme.example", Stored::Active, chief)];
        if self.action != Action::Invite {
            members.push(member("a@acme.example", self.phase, self.before));
        }
        let live = LiveAccount { domains: Domains::Off, members, fault: None, delegates: true };
        Sandbox::write(&world.path()).unwrap().load(&world.host, World::now(), &live).unwrap();

        let backend = world.backend(500);
        let found = || block_on(backend.reader().read()).members.into_iter().find(|m| m.email == who);
        let (phase, before) = found().map_or((None, crate::model::Attrs::new()), |m| (Some(m.phase.clone()), m.seen()));
        let wanted = parsed(spec, self.after);
        let mut after = before.clone();
        after.extend(wanted.clone());
        let calls =
            spec.calls(self.action, phase.as_ref(), &before, &after, Removal::default(), &world.host.tenant, backend.reader().caps());
        let calls = calls.unwrap_or_else(|_| panic!("{}: no way", self.what));
        assert!(calls.iter().all(|c| c.channel == Channel::Api), "{}: {calls:?}", self.what);
        let writer = backend.open_writer().unwrap();
        for call in &calls {
            let outcome = block_on(writer.call(&Subject::Member(who.clone()), call, "key"));
            assert_eq!(outcome, Outcome::Applied, "{}: {call:?}", self.what);
        }
        let now = found().unwrap_or_else(|| panic!("{}: gone", self.what));
        for (key, value) in &wanted {
            if *key == "name" && spec.names_after_registration {
                continue; // I8: deferred
            }
            assert_eq!(now.attr(key).seen(), Some(value), "{} {key}", self.what);
        }
        let comes_back = self.action == Action::Restore && self.phase != Stored::Pending;
        let standing = if self.action == Action::Invite || self.phase == Stored::Pending { "pending" } else { "active" };
        assert_eq!(now.phase.word(), standing, "{}", self.what);
        let mails = Sandbox::read(&world.path()).unwrap().outbox(&world.host, World::now()).unwrap();
        assert_eq!(mails.iter().filter(|m| m.kind.word() == "restored").count(), usize::from(comes_back), "{}", self.what);
        let announced = calls.iter().any(|c| c.mails);
        assert_eq!(!mails.is_empty(), announced, "{}: {mails:?}", self.what);
    }
}

/// `role=viewer groups=[a,b] end=2026-12-01`; `end=` is no end.
fn parsed(spec: &SystemSpec, text: &str) -> crate::model::Attrs {
    let atom = |w: &str| Atom::new(w).unwrap();
    let value = |kind: &Kind, text: &str| match kind {
        Kind::One(_) => Value::One(atom(text)),
        Kind::Set { .. } => Value::Set(text.trim_matches(['[', ']']).split(',').filter(|w| !w.is_empty()).map(atom).collect()),
        Kind::Flag => Value::Flag(text == "true"),
        Kind::Day => Value::Day(text.parse().ok()),
        Kind::Text | Kind::Opaque => Value::Text(Name::new(text)),
    };
    let pair = |pair: &str| {
        let (key, text) = pair.split_once('=').unwrap();
        let attr = spec.attr(key).unwrap();
        (attr.key, value(&attr.kind, text))
    };
    text.split_whitespace().map(pair).collect()
}
