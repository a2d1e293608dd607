use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use crate::desired::{Desired, Entry, Guards, Member, Policy};
use crate::manifest::{AccountDoc, EntryDoc, GuardLimit, Invitations, Manifests, Mode, Pattern, Who};
use crate::model::{Actor, Atom, Caps, Domains, Email, Invitation, Key, Keyed, Known, Live, Located, Phase, Proof, Reading, Tenant, Value};
use crate::plan::{Account, AccountPlan, History, Moment, Sent, plan, sample};
use crate::systems::{Floor, Removal, SystemSpec, emma_hq, insider, solver};

/// An account that removes whoever is not listed.
struct World {
    spec: &'static SystemSpec,
    doc: AccountDoc,
    live: Vec<Live>,
    whitelist: Known<Domains>,
    history: History,
}

fn live(email: &str, phase: Phase, key: &'static str, value: Value) -> Live {
    Live { email: Email::parse(email).unwrap(), id: None, phase, attrs: Keyed::from([(key, Known::Seen(value))]) }
}
/// A backend that reads and writes everything.
fn all_caps(spec: &SystemSpec) -> Caps {
    let keys: BTreeSet<Key> = spec.attrs.iter().map(|a| a.key).collect();
    let verbs = spec.procedures.iter().flat_map(|p| p.steps).map(|s| (s.verb, keys.clone()));
    Caps {
        reads: keys.clone(),
        writes: verbs.collect(),
        reads_domains: true,
        reads_invitations: true,
        registered: None,
        keeps_ends: spec.has_native_ends(),
        best_proof: Proof::Snapshot,
    }
}
fn super_user(email: &str) -> Live {
    live(email, Phase::Active, "groups", sample::set(&["super-user"]))
}

impl World {
    fn new(spec: SystemSpec, live: Vec<Live>) -> Self {
        let doc = AccountDoc {
            connection: Atom::literal("acc"),
            tenant: None,
            spec: None,
            mode: Mode::Authoritative,
            ignore: Vec::new(),
            protect: Vec::new(),
            absent: Vec::new(),
            domains: None,
            domain_places: BTreeMap::new(),
            members: Vec::new(),
            guards: BTreeMap::new(),
            accept_blocked: BTreeSet::new(),
            audit_required: false,
            lints: BTreeMap::new(),
            reviewed: None,
            invitations: Invitations::default(),
            on_removal: Removal::Delete,
            at: sample::place("a.yaml", 1, 1),
        };
        Self { spec: Box::leak(Box::new(spec)), doc, live, whitelist: Known::Seen(Domains::Off), history: History::default() }
    }

    fn lists(mut self, domains: &[&str]) -> Self {
        let list = domains.iter().map(|d| crate::model::Domain::parse(d).unwrap()).collect();
        self.doc.domains = Some(Located::new(Domains::Only(list), sample::place("a.yaml", 2, 1)));
        self
    }

    /// Lists a super user.
    fn wants(mut self, email: &str) -> Self {
        let at = |line| sample::place("a.yaml", line, 1);
        self.doc.members.push(EntryDoc {
            who: Located::new(Who::Email(Email::parse(email).unwrap()), at(5)),
            name: None,
            reason: None,
            start: None,
            end: None,
            rolling: None,
            attrs: Keyed::from([("groups", Located::new(sample::set(&["super-user"]), at(6)))]).into(),
            profile: None,
            at: at(5),
        });
        self
    }

    fn at_least(mut self, count: u32) -> Self {
        let limit = GuardLimit { count: Some(count), percent: None, most: None };
        self.doc.guards.insert(Atom::new("minimum-administrators").unwrap(), Located::new(limit, sample::place("a.yaml", 3, 1)));
        self
    }

    fn ignores(mut self, pattern: &str) -> Self {
        self.doc.ignore.push(Located::new(Pattern::parse(pattern).unwrap(), sample::place("a.yaml", 4, 1)));
        self
    }

    fn members(&self) -> Vec<Member<'_>> {
        let listed = self.doc.members.iter().filter_map(|doc| match &doc.who.value {
            Who::Email(email) => Some((email, doc)),
            Who::Person(_) | Who::Team(_) => None,
        });
        listed
            .map(|(email, doc)| Member {
                email,
                previously: Vec::new(),
                name: None,
                leaves: None,
                entries: vec![Entry { doc, team: None }],
            })
            .collect()
    }

    fn plan(&self) -> AccountPlan {
        let name = Atom::new("a").unwrap();
        let tenant = Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        let caps = all_caps(self.spec);
        let members = self.members();
        let desired = Desired {
            by_address: members.iter().enumerate().map(|(i, m)| (m.email, i)).collect(),
            members,
            domains: self.doc.domains.as_ref().map(|d| &d.value),
            domain_places: &self.doc.domain_places,
            domains_at: self.doc.domains.as_ref().map(|d| &d.at),
            policy: Policy {
                mode: self.doc.mode,
                ignore: &self.doc.ignore,
                ignored: BTreeSet::new(),
                protect: BTreeSet::new(),
                absent: BTreeMap::new(),
                guards: Guards::resolve(self.spec, &Manifests::default(), &self.doc),
                accept_blocked: &self.doc.accept_blocked,
                audit_required: false,
                lints: &self.doc.lints,
                invitations: self.doc.invitations,
                on_removal: self.doc.on_removal,
            },
        };
        let reading = Reading {
            members: self.live.clone(),
            domains: self.whitelist.clone(),
            whoami: None,
            tenant: None,
            proof: Ok(Proof::Snapshot),
            remarks: Vec::new(),
        };
        let account = Account {
            name: &name,
            spec: self.spec,
            backend: "embedded",
            sandbox: true,
            origin: "embedded:none.db",
            tenant: &tenant,
            caps: &caps,
            desired: &desired,
            reading: &reading,
            only: None,
            history: &self.history,
            approved: None,
        };
        plan(Moment { now: sample::instant(), at: None, simulated: false }, &[account]).accounts.remove(0)
    }

    /// What is blocked, by id and code, and what is not.
    fn outcome(&self) -> (Vec<(String, &'static str)>, Vec<String>) {
        let plan = self.plan();
        (plan.blocked.into_iter().map(|b| (b.id, b.code)).collect(), plan.changes.into_iter().map(|c| c.id).collect())
    }
}

#[test]
fn administrators_unknown_where_the_actor_cannot_see_them_all() {
    let bounded = SystemSpec { sees_all: |_| false, ..solver::SPEC };
    let standard = live("b@acme.example", Phase::Active, "groups", sample::set(&["standard"]));
    let world = World::new(bounded, vec![super_user("a@acme.example"), standard, super_user("c@acme.example")]);
    let (blocked, changes) = world.outcome();
    let unknown = |who: &str| (format!("a/remove/{who}@acme.example"), "administrators-unknown");
    assert_eq!(blocked, [unknown("a"), unknown("c")]);
    assert_eq!(changes, ["a/remove/b@acme.example"], "who administers nothing may go");
}

#[test]
fn administrators_are_known_where_somebody_untouchable_keeps_the_minimum() {
    let kept = Floor { kept_by_untouchable: true, ..solver::SPEC.floor };
    let world = World::new(SystemSpec { sees_all: |_| false, floor: kept, ..solver::SPEC }, vec![super_user("a@acme.example")]);
    assert_eq!(world.outcome(), (vec![], vec!["a/remove/a@acme.example".to_owned()]));
    // So it is for emma-hq's actors, whose parent hides.
    let manager = live("m@acme.example", Phase::Active, "role", sample::one("manager"));
    assert!(World::new(emma_hq::SPEC, vec![manager]).outcome().0.is_empty());
}

#[test]
fn administrators_unknown_where_a_members_role_cannot_be_read() {
    let mut hidden = super_user("b@acme.example");
    hidden.attrs = Keyed::from([("groups", Known::Hidden)]);
    let world = World::new(solver::SPEC, vec![super_user("a@acme.example"), hidden]);
    // Whose role does not show may be one, too.
    let unknown = |who: &str| (format!("a/remove/{who}@acme.example"), "administrators-unknown");
    assert_eq!(world.outcome().0, [unknown("a"), unknown("b")]);
}

#[test]
fn the_last_administrator_is_the_guards_business_where_nobody_is_invited() {
    let world = World::new(solver::SPEC, vec![super_user("a@acme.example")]);
    let plan = world.plan();
    assert!(plan.blocked.is_empty());
    let tripped: Vec<_> = plan.tripped().map(|g| (g.code, g.limit, g.actual)).collect();
    assert_eq!(tripped, [("minimum-administrators", 1, 0)]);
}

#[test]
fn a_domain_stays_while_somebody_of_it_stays_because_blocked() {
    let mut world = World::new(
        SystemSpec { sees_all: |_| true, ..insider::SPEC },
        vec![live("a@vendor.example", Phase::Active, "role", sample::one("administrator"))],
    )
    .lists(&["acme.example"]);
    let mut unread = live("b@acme.example", Phase::Active, "role", sample::one("viewer"));
    unread.attrs = Keyed::from([("role", Known::Unreadable)]);
    world.live.push(unread);
    world.whitelist = Known::Seen(Domains::Only(
        ["acme.example", "vendor.example"].map(|d| crate::model::Domain::parse(d).unwrap()).into_iter().collect(),
    ));
    let (blocked, _) = world.outcome();
    assert_eq!(
        blocked,
        [
            ("a/remove/a@vendor.example".to_owned(), "administrators-unknown"),
            ("a/remove/b@acme.example".to_owned(), "administrators-unknown"),
            ("a/disallow-domain/vendor.example".to_owned(), "awaits-blocked"),
        ]
    );
}

#[test]
fn a_pending_replacement_never_counts() {
    let pending = Phase::Pending { sent: Some(sample::instant()), attempts: Some(1), state: Invitation::Open };
    let members = vec![super_user("a@acme.example"), live("b@acme.example", pending, "groups", sample::set(&["super-user"]))];
    let world = World::new(solver::SPEC, members).at_least(1);
    let plan = world.plan();
    let guard = plan.guards.iter().find(|g| g.code == "minimum-administrators").unwrap();
    assert_eq!((guard.actual, guard.tripped), (0, true));
}

/// Somebody whose groups do not show.
fn hidden(email: &str) -> Live {
    live_of(email, Keyed::from([("groups", Known::Hidden)]))
}
fn live_of(email: &str, attrs: Keyed<Known<Value>>) -> Live {
    Live { attrs, ..super_user(email) }
}
fn removal(who: &str) -> String {
    format!("a/remove/{who}@acme.example")
}

#[test]
fn who_may_administer_goes_where_enough_stay_who_do() {
    let world = |least| {
        let members = vec![super_user("a@acme.example"), hidden("b@acme.example")];
        World::new(solver::SPEC, members).ignores("a@acme.example").at_least(least)
    };
    assert_eq!(world(1).outcome(), (vec![], vec![removal("b")]));
    assert_eq!(world(2).outcome(), (vec![(removal("b"), "administrators-unknown")], vec![]));
}

#[test]
fn as_many_removals_await_acceptance_as_administrators_are_missing() {
    let members = ["a@acme.example", "b@acme.example", "c@acme.example"].map(super_user).into();
    let world = World::new(solver::SPEC, members).wants("n@acme.example").wants("o@acme.example").at_least(2);
    let (blocked, changes) = world.outcome();
    assert_eq!(blocked, [(removal("b"), "awaits-acceptance"), (removal("c"), "awaits-acceptance")]);
    assert_eq!(changes, ["a/invite/n@acme.example".to_owned(), "a/invite/o@acme.example".to_owned(), removal("a")]);
    // Fewer invitees than are missing: nothing to wait for.
    let members = ["a@acme.example", "b@acme.example"].map(super_user).into();
    assert_eq!(World::new(solver::SPEC, members).wants("n@acme.example").at_least(2).outcome().0, []);
}

#[test]
fn who_may_administer_stays_as_long_as_too_few_do() {
    let members = vec![super_user("a@acme.example"), hidden("p@acme.example")];
    let world = World::new(solver::SPEC, members).wants("n@acme.example").wants("o@acme.example").at_least(2);
    assert_eq!(world.outcome().0, [(removal("a"), "awaits-acceptance"), (removal("p"), "administrators-unknown")]);
    let members = vec![super_user("a@acme.example"), super_user("b@acme.example"), hidden("p@acme.example")];
    let (blocked, changes) = World::new(solver::SPEC, members).wants("n@acme.example").outcome();
    assert_eq!(blocked, [(removal("b"), "awaits-acceptance")]);
    assert_eq!(changes, ["a/invite/n@acme.example".to_owned(), removal("a"), removal("p")]);
}

#[test]
fn who_may_administer_goes_where_those_who_await_acceptance_are_enough() {
    let members = vec![super_user("a@acme.example"), hidden("p@acme.example")];
    let (blocked, changes) = World::new(solver::SPEC, members).wants("n@acme.example").outcome();
    assert_eq!((blocked, changes.contains(&removal("p"))), (vec![(removal("a"), "awaits-acceptance")], true));
    // With who comes to administer by an edit, too.
    let standard = live("e@acme.example", Phase::Active, "groups", sample::set(&["standard"]));
    let members = vec![super_user("a@acme.example"), standard, hidden("p@acme.example")];
    let world = World::new(solver::SPEC, members).wants("e@acme.example").wants("n@acme.example").at_least(2);
    let (blocked, changes) = world.outcome();
    assert_eq!((blocked, changes.contains(&removal("p"))), (vec![(removal("a"), "awaits-acceptance")], true));
}

#[test]
fn what_a_server_leaves_out_is_none_of_it() {
    let plan = World::new(solver::SPEC, vec![live_of("n@acme.example", Keyed::default())]).wants("n@acme.example").plan();
    assert_eq!(plan.changes[0].before, Some(sample::attrs([("groups", sample::set(&[]))])));
}

/// DESIGN §5: how many invitations were sent comes from the server, else from the audit log; where neither
/// tells, nobody is written to.
#[test]
fn where_the_server_does_not_tell_the_log_says_how_often_somebody_was_invited() {
    let over = |sent, attempts| Phase::Pending { sent, attempts, state: Invitation::Over };
    let hours_ago = |hours: i64| sample::instant() - jiff::SignedDuration::from_hours(hours);
    let planned = |phase: Phase, logged: Option<(i64, u32)>| {
        let kim = live("kim@acme.example", phase, "groups", sample::set(&["super-user"]));
        let mut world = World::new(solver::SPEC, vec![super_user("a@acme.example"), kim]).wants("a@acme.example").wants("kim@acme.example");
        let sent = logged.map(|(hours, attempts)| ("kim@acme.example".to_owned(), Sent { last: hours_ago(hours), attempts }));
        world.doc.invitations.life_hours = Some(7 * 24);
        world.history.sent = sent.into_iter().collect();
        let plan = world.plan();
        let reports: Vec<&str> = plan.reports.iter().map(|r| r.code).collect();
        (plan.changes.iter().map(|c| c.action.word()).collect::<Vec<_>>(), reports.join(" "))
    };
    let days = 24;
    assert_eq!(planned(over(None, None), None), (vec![], "invitation-unknown".into()));
    assert_eq!(planned(over(None, None), Some((30 * days, 1))), (vec!["reinvite"], String::new()));
    assert_eq!(planned(over(None, None), Some((30 * days, 3))), (vec![], "invitation-not-accepted".into()));
    // Nobody is mailed twice within the cool-down (DESIGN §8.6).
    assert_eq!(planned(over(None, None), Some((8 * days, 1))), (vec![], "invitation-over".into()));
    // What the server tells counts before all.
    assert_eq!(planned(over(Some(hours_ago(30 * days)), Some(3)), Some((30 * days, 1))), (vec![], "invitation-not-accepted".into()));
}

/// Who has all that is asked for is passed over, and not whose end nobody can tell.
#[test]
fn an_end_that_cannot_be_told_is_reported_and_not_compared() {
    let mut kim = live("kim@acme.example", Phase::Active, "role", sample::one("viewer"));
    let viewer = Located::new(sample::one("viewer"), sample::place("a.yaml", 6, 1));
    for (end, reports) in [(Known::Seen(Value::Day(None)), vec![]), (Known::Hidden, vec!["hidden-value"])] {
        kim.attrs.insert("end", end);
        let mut world = World::new(insider::SPEC, vec![kim.clone()]).wants("kim@acme.example").at_least(0);
        world.doc.members[0].attrs = Keyed::from([("role", viewer.clone())]).into();
        let plan = world.plan();
        assert_eq!((plan.reports.iter().map(|r| r.code).collect::<Vec<_>>(), plan.changes.len()), (reports, 0));
    }
}
