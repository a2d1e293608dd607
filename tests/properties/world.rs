//! A world: manifests as types, the live state of one account in a sandbox file, an actor, a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use portcullis::apply::Handover;
use portcullis::backends::embedded::Embedded;
use portcullis::manifest::{
    AccountDoc, Auth, BackendName, Connection, EntryDoc, GuardLimit, Invitations, Leaves, Links, Manifests, Mode, Pattern, Person, Team,
    TeamMember, Who,
};
use portcullis::model::{Actor, Atom, Attrs, Domain, Domains, Email, Keyed, Located, Name, Place, Source, Tenant, Value};
use portcullis::sandbox::{Fault, Host, LiveAccount, LiveMember, Sandbox, Stored};
use portcullis::systems::{self, Life, Removal, SystemSpec};
use unicode_normalization::UnicodeNormalization as _;

use super::blueprint::{ActorPlan, Blueprint, Clock, EntryPlan, GrantPlan, LivePlan, PersonPlan, PhasePlan, Renamed, Unlisted, Wanted};
use super::picks::{actor, attrs, facts, one, subaccount, word};

/// The last one is written with its umlaut or in ASCII, and is one domain.
const DOMAINS: [&str; 3] = ["acme.example", "agency.example", "bücher.example"];
const ACTOR: &str = "actor@acme.example";
/// The folder of hand-over files, below the world's.
const LINKS: &str = "links";
/// Another account on the same server, with the same people (M5).
const OTHER: &str = "other";

/// Days on which clocks change, years end, and days that are ordinary.
const INSTANTS: [&str; 6] = [
    "2026-11-22T09:00:00Z",
    "2026-12-31T23:30:00Z",
    "2027-03-14T06:59:59Z",
    "2028-02-29T00:00:00Z",
    "2030-11-03T05:30:00Z",
    "2040-06-15T18:45:00Z",
];
const ZONES: [&str; 3] = ["UTC", "America/New_York", "Asia/Kolkata"];

pub struct World {
    pub manifests: Manifests,
    pub account: Atom,
    pub spec: &'static SystemSpec,
    pub host: Host,
    pub now: Timestamp,
    /// Somebody who sees everything, to watch with.
    pub unbounded: Host,
    /// Another account on the same server, with the same people (M5).
    pub other: Host,
    live: LiveAccount,
    folder: tempfile::TempDir,
}

impl World {
    pub fn of(plan: &Blueprint) -> Self {
        let spec = systems::find(plan.system).expect("a system");
        let now: Timestamp = INSTANTS[plan.clock.instant].parse().expect("an instant");
        let zone = zone(plan.clock);
        let mut build = Build { plan, spec, today: now.to_zoned(zone.clone()).date(), line: 0 };
        let account = word("acc");
        let member = build.actor_is_member().then(|| email(ACTOR));
        let tenant = Tenant { name: None, zone, facts: facts(plan), actor: Actor { member, attrs: actor(plan), delegated: None } };
        let seen_by_all = Tenant {
            facts: tenant.facts.iter().filter(|(k, _)| **k != "surface" && **k != "subaccount").map(|(k, v)| (*k, v.clone())).collect(),
            actor: Actor::default(),
            ..tenant.clone()
        };
        let manifests = build.manifests(&account, &tenant);
        let live = build.live();
        let world = Self {
            manifests,
            spec,
            now,
            unbounded: Host { account: account.clone(), spec, tenant: seen_by_all.clone() },
            other: Host { account: word(OTHER), spec, tenant: seen_by_all },
            host: Host { account: account.clone(), spec, tenant },
            account,
            live,
            folder: folder(),
        };
        let mut sandbox = Sandbox::write(&world.path()).expect("a sandbox file");
        sandbox.load(&world.host, now, &world.live).expect("a live state");
        sandbox.load(&world.other, now, &world.live).expect("a live state");
        let declined = |p: &PersonPlan| p.live.is_some_and(|l| l.phase == PhasePlan::Declined);
        for (number, person) in build.people().iter().filter(|(_, p)| declined(p)) {
            for email in live_addresses(*number, person) {
                sandbox.decline(&world.host, now, &email).expect("an open invitation");
            }
        }
        world
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("embedded.db")
    }

    pub fn backend(&self) -> Embedded {
        Embedded::new(self.path(), Path::new("embedded.db"), self.host.clone(), self.now, 3)
    }

    /// Where the links of invitations go, where the system makes some.
    pub fn handover(&self) -> Option<Handover> {
        let links = Links { directory: LINKS.into(), recipient: None };
        let open = || Handover::open(self.folder.path(), &links, self.account.as_str()).expect("a folder");
        self.spec.invitation.link.then(open)
    }

    /// What waits to be handed over.
    pub fn links(&self) -> Vec<String> {
        let folder = self.folder.path().join(LINKS).join(self.account.as_str());
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        files.map(|f| std::fs::read_to_string(f.expect("a file").path()).expect("text").trim_end().to_owned()).collect()
    }

    /// From now on readings go wrong; the state is the first one again.
    pub fn fails(&self, fault: Fault) {
        let live = LiveAccount { fault: Some(fault), ..self.live.clone() };
        let loaded = Sandbox::write(&self.path()).and_then(|mut s| s.load(&self.host, self.now, &live));
        loaded.expect("a live state");
    }
}

/// In memory, where the machine has such a folder.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir()) } else { tempfile::tempdir() };
    made.expect("a temporary folder")
}

fn zone(clock: Clock) -> TimeZone {
    TimeZone::get(ZONES[clock.zone]).expect("a zone")
}
fn email(text: &str) -> Email {
    Email::parse(text).expect("an address")
}
fn domain(number: u8) -> Domain {
    Domain::parse(DOMAINS[usize::from(number)]).expect("a domain")
}
/// One address, written in one of three ways: all of them are the same (DESIGN §8.9).
fn spelt(local: &str, number: usize, domain: u8, spelling: u8) -> Email {
    let domain = DOMAINS[usize::from(domain)];
    email(&match spelling % 3 {
        0 => format!("{local}{number}@{domain}"),
        1 => format!("{local}{number}@{domain}").to_uppercase(),
        _ => format!("{}{number}@{}", local.nfd(), Domain::parse(domain).expect("a domain")),
    })
}
fn present(number: usize, person: &PersonPlan) -> Email {
    spelt("zoë", number, person.domain, person.spelling)
}
fn past(number: usize, person: &PersonPlan) -> Email {
    spelt("old", number, person.domain, person.spelling)
}
fn older(number: usize, person: &PersonPlan) -> Email {
    spelt("older", number, person.domain, person.spelling)
}
/// The server writes them in its own way.
fn live_addresses(number: usize, person: &PersonPlan) -> Vec<Email> {
    let person = &PersonPlan { spelling: person.spelling / 3 + 1, ..person.clone() };
    match person.renamed {
        Renamed::No | Renamed::LiveUnderNew => vec![present(number, person)],
        Renamed::LiveUnderOld => vec![past(number, person)],
        Renamed::Both => vec![past(number, person), present(number, person)],
        Renamed::TwoPast => vec![past(number, person), older(number, person)],
    }
}

struct Build<'a> {
    plan: &'a Blueprint,
    spec: &'static SystemSpec,
    today: Date,
    line: u32,
}

impl Build<'_> {
    fn is(&self, system: &str) -> bool {
        self.plan.system == system
    }
    fn place(&mut self) -> Place {
        self.line += 1;
        let at = self.line as usize;
        Place::new(&Arc::new(Source::new("world.yaml", "\n".repeat(at))), at..at)
    }
    fn at<T>(&mut self, value: T) -> Located<T> {
        Located::new(value, self.place())
    }
    fn day(&self, offset: i8) -> Date {
        self.today.saturating_add(i64::from(offset).days())
    }

    /// Whoever hands over is the only one left.
    fn actor_is_member(&self) -> bool {
        self.plan.actor_is_member && !self.plan.handover
    }

    fn manifests(&mut self, account: &Atom, tenant: &Tenant) -> Manifests {
        let mut all = Manifests::default();
        let connection = Connection {
            spec: self.spec,
            backend: BackendName::Embedded,
            zone: Some(tenant.zone.clone()),
            actor_member: tenant.actor.member.clone(),
            actor: tenant.actor.attrs.clone(),
            delegated: None,
            auth: Auth::Token,
            endpoint: None,
            expect_tenant: None,
            expect_actor: None,
            file: None,
            roster: None,
            links: None,
            facts: tenant.facts.clone(),
            at: self.place(),
        };
        all.connections.insert(account.clone(), connection);
        let mut teams: [Vec<Located<TeamMember>>; 2] = Default::default();
        for (number, person) in self.people() {
            if !person.in_directory {
                continue;
            }
            let id = word(&format!("p{number}"));
            for (team, members) in teams.iter_mut().enumerate() {
                if person.teams >> team & 1 == 1 {
                    members.push(self.at(TeamMember::Person(id.clone())));
                }
            }
            let doc = self.person(number, &person);
            all.people.insert(id, doc);
        }
        for (number, members) in teams.into_iter().enumerate() {
            all.teams.insert(word(&format!("t{number}")), Team { members, profiles: Vec::new(), at: self.place() });
        }
        let doc = self.account();
        all.accounts.insert(account.clone(), doc);
        all
    }

    /// The people, with what a handover asks of them.
    fn people(&self) -> Vec<(usize, PersonPlan)> {
        let mut people: Vec<(usize, PersonPlan)> = self.plan.people.iter().cloned().enumerate().collect();
        if matches!((self.plan.system, self.plan.actor), ("emma-hq", ActorPlan::Manager { .. })) {
            // Of two addresses of one person the present one may go out of this actor's sight; the past
            // one is then all that is seen of the person, and the next run's work.
            for (_, person) in people.iter_mut().filter(|(_, p)| matches!(p.renamed, Renamed::Both | Renamed::TwoPast)) {
                person.renamed = Renamed::LiveUnderNew;
            }
        }
        if !self.plan.handover {
            return people;
        }
        let administrator = GrantPlan { role: 5, power: None, scopes: None, groups: None, limited: None };
        for (number, person) in &mut people {
            person.domain %= 2;
            if let Some(live) = &mut person.live {
                live.grant.role = 0;
            }
            match number {
                0 => {
                    let live = person.live.get_or_insert(LivePlan {
                        phase: PhasePlan::Active,
                        grant: administrator,
                        end: None,
                        sent_hours_ago: 0,
                        attempts: 1,
                        name: 0,
                    });
                    (live.phase, live.grant, live.end) = (PhasePlan::Active, administrator, None);
                    (person.domain, person.teams, person.undated, person.dated) = (2, 0, None, None);
                    (person.unlisted, person.renamed) = (Unlisted::Absent, Renamed::No);
                }
                1 => {
                    let entry = EntryPlan { grant: administrator, start: None, end: 0, rolling: false };
                    (person.live, person.undated, person.dated, person.leaves) = (None, Some(entry), None, None);
                }
                _ => {}
            }
        }
        people
    }

    fn person(&mut self, number: usize, person: &PersonPlan) -> Person {
        let previously = match person.renamed {
            Renamed::No => Vec::new(),
            _ => vec![self.at(past(number, person)), self.at(older(number, person))],
        };
        let leaves = person.leaves.map(|l| l.map_or(Leaves::Now, |offset| Leaves::On(self.day(offset))));
        Person {
            email: self.at(present(number, person)),
            name: person.named.then(|| Name::new(&format!("Person {number}"))),
            previously,
            leaves: leaves.map(|l| self.at(l)),
            profiles: Vec::new(),
            accounts: BTreeMap::new(),
            at: self.place(),
        }
    }

    fn account(&mut self) -> AccountDoc {
        let mut members = Vec::new();
        for (number, entry) in self.plan.teams.iter().enumerate() {
            if let Some(entry) = entry {
                members.push(self.entry(Who::Team(word(&format!("t{number}"))), None, entry, number == 1));
            }
        }
        let (mut ignore, mut absent, mut protect) = (Vec::new(), Vec::new(), Vec::new());
        for (number, person) in self.people() {
            let address = present(number, &person);
            let who = if person.in_directory { Who::Person(word(&format!("p{number}"))) } else { Who::Email(address.clone()) };
            let name = (!person.in_directory && person.named).then(|| Name::new(&format!("Person {number}")));
            for (entry, is_dated) in [(person.undated, false), (person.dated, true)] {
                if let Some(entry) = entry {
                    members.push(self.entry(who.clone(), name.clone(), &entry, is_dated));
                }
            }
            let is_listed = person.undated.is_some() || person.dated.is_some() || (person.in_directory && person.teams != 0);
            match person.unlisted {
                _ if is_listed => {}
                Unlisted::Nothing => {}
                Unlisted::Ignored => ignore.push(self.at(Pattern::parse(address.key()).unwrap())),
                Unlisted::Absent => absent.push(self.at(address)),
                Unlisted::Protected => protect.push(self.at(address)),
            }
        }
        if self.actor_is_member() && !matches!((self.plan.system, self.plan.actor), ("emma-hq", ActorPlan::Highest)) {
            let attrs = actor(self.plan);
            members.push(self.doc(Who::Email(email(ACTOR)), None, attrs));
        }
        let domains = self.wanted_domains(&members);
        let policy = self.plan.policy;
        let mut guards = BTreeMap::new();
        for code in portcullis::desired::GuardCode::ALL.into_iter().filter(|c| c.is_liftable()) {
            let minimum = code == portcullis::desired::GuardCode::MinimumAdministrators;
            let count = if minimum { policy.minimum } else { Some(10_000) };
            if count.is_some() {
                guards.insert(word(code.word()), self.at(GuardLimit { count, percent: None, most: None }));
            }
        }
        AccountDoc {
            connection: word("acc"),
            tenant: None,
            spec: Some(self.spec),
            mode: [Mode::Adopt, Mode::Additive, Mode::Authoritative][usize::from(policy.mode)],
            ignore,
            protect,
            absent,
            domains: domains.map(|d| self.at(d)),
            domain_places: BTreeMap::new(),
            members,
            guards,
            accept_blocked: BTreeSet::new(),
            audit_required: false,
            lints: BTreeMap::new(),
            reviewed: None,
            invitations: Invitations {
                cooldown_hours: policy.cooldown_hours,
                attempts: policy.attempts,
                life_hours: policy.life_hours.filter(|_| self.spec.invitation.life == Life::Setting),
            },
            on_removal: Removal::default(),
            at: self.place(),
        }
    }

    fn entry(&mut self, who: Who, name: Option<Name>, plan: &EntryPlan, is_dated: bool) -> EntryDoc {
        // I1: nobody administers insider for a time.
        let mut attrs = attrs(self.plan, plan.grant, !(is_dated && self.is("insider")));
        if let ActorPlan::OfSubaccount(own) = self.plan.actor
            && self.is("emma-hq")
            && plan.grant.groups.is_none_or(|g| g > 0)
        {
            // E13: mostly the role alone.
            attrs.remove("subaccounts");
            if plan.rolling {
                attrs.insert("subaccounts", subaccount(own));
            }
        }
        let mut doc = self.doc(who, name, attrs);
        let start = plan.start.map(|s| if is_dated { s.min(plan.end) } else { s });
        doc.start = start.map(|s| self.day(s)).map(|d| self.at(d));
        if is_dated {
            let end = self.day(plan.end);
            doc.end = Some(self.at(end));
            // I2: what is further ahead than 30 days rolls.
            doc.rolling = (self.is("insider") && (plan.rolling || plan.end > 30)).then(|| self.place());
        }
        doc
    }

    fn doc(&mut self, who: Who, name: Option<Name>, attrs: Attrs) -> EntryDoc {
        EntryDoc {
            who: self.at(who),
            name: name.map(|n| self.at(n)),
            reason: None,
            start: None,
            end: None,
            rolling: None,
            attrs: attrs.into_iter().map(|(k, v)| (k, self.at(v))).collect::<Keyed<_>>().into(),
            profile: None,
            at: self.place(),
        }
    }

    /// A list has the domain of everyone whose entry is not over (I11), or the manifest is refused.
    fn wanted_domains(&self, members: &[EntryDoc]) -> Option<Domains> {
        if !self.is("insider") {
            return None;
        }
        let extra = match self.plan.domains.wanted {
            _ if self.plan.handover => 0,
            Wanted::Unmanaged => return None,
            Wanted::Off => return Some(Domains::Off),
            Wanted::List(extra) => extra,
        };
        let mut list: BTreeSet<Domain> = (0..3).filter(|d| extra >> d & 1 == 1).map(domain).collect();
        for entry in members.iter().filter(|e| e.end.as_ref().is_none_or(|end| end.value >= self.today)) {
            let people = self.people();
            let named = people.iter().filter(|(number, person)| match &entry.who.value {
                Who::Person(id) => *id == *format!("p{number}"),
                Who::Email(address) => *address == present(*number, person),
                Who::Team(id) => person.in_directory && (0..2).any(|t| person.teams >> t & 1 == 1 && *id == *format!("t{t}")),
            });
            list.extend(named.map(|(_, person)| domain(person.domain)));
            list.extend((entry.who.value == Who::Email(email(ACTOR))).then(|| domain(0)));
        }
        if list.is_empty() {
            list.insert(domain(0));
        }
        Some(Domains::Only(list))
    }

    fn live(&self) -> LiveAccount {
        let mut members = Vec::new();
        for (number, person) in self.people() {
            if let Some(mut live) = person.live {
                // G4: most stay of their kind, or too much is blocked.
                if self.is("gamoshi")
                    && person.named
                    && let Some(entry) = person.undated
                {
                    live.grant.limited = entry.grant.limited;
                }
                for address in live_addresses(number, &person) {
                    members.push(self.member(address, number, &live));
                }
            }
        }
        let plain =
            |address: &str, attrs| LiveMember { email: email(address), phase: Stored::Active, attrs, invited: None, attempts: None };
        if self.actor_is_member() {
            members.push(plain(ACTOR, actor(self.plan)));
        }
        // Every account has its one parent.
        if self.is("emma-hq") && !(self.actor_is_member() && matches!(self.plan.actor, ActorPlan::Highest)) {
            members.push(plain("owner@acme.example", Attrs::from([("role", one("parent"))])));
        }
        let list = |bits: u8| Domains::Only((0..3).filter(|d| bits >> d & 1 == 1).map(domain).collect());
        let domains = if self.plan.handover { Some(7) } else { self.plan.domains.live };
        LiveAccount { domains: domains.filter(|_| self.is("insider")).map_or(Domains::Off, list), members, fault: None, delegates: true }
    }

    fn member(&self, address: Email, number: usize, plan: &LivePlan) -> LiveMember {
        let mut attrs = attrs(self.plan, plan.grant, true);
        let administers = self.is("insider") && attrs.get("role") == Some(&one("administrator"));
        let mut phase = match plan.phase {
            PhasePlan::Pending | PhasePlan::Declined => Stored::Pending,
            PhasePlan::Active => Stored::Active,
            PhasePlan::Locked => Stored::Locked,
            PhasePlan::Expired => Stored::Expired,
            PhasePlan::Suspended => Stored::Suspended,
        };
        let mut end = plan.end;
        match plan.phase {
            // The clock ends most; the server may have written it down. I1: never an administrator.
            PhasePlan::Expired if administers => phase = Stored::Active,
            PhasePlan::Expired => end = Some(end.map_or(-3, |e| if e < 0 { e } else { -e - 1 })),
            PhasePlan::Declined => end = end.filter(|e| *e >= 0),
            PhasePlan::Pending | PhasePlan::Active | PhasePlan::Locked | PhasePlan::Suspended => {}
        }
        if self.is("insider") && !administers {
            attrs.insert("end", Value::Day(end.map(|e| self.day(e))));
        }
        let nameless = (self.is("insider") && phase == Stored::Pending) || self.is("meta-gateway");
        if !nameless && plan.name < 2 {
            let name = if plan.name == 0 { format!("Person {number}") } else { "Somebody Else".into() };
            attrs.insert("name", Value::Text(Name::new(&name)));
        }
        // A day or seven is what an invitation lives.
        let hours = if plan.phase == PhasePlan::Declined {
            plan.sent_hours_ago % if self.is("meta-gateway") { 24 } else { 100 }
        } else {
            plan.sent_hours_ago
        };
        let now: Timestamp = INSTANTS[self.plan.clock.instant].parse().expect("an instant");
        let invited = (phase == Stored::Pending).then(|| now - SignedDuration::from_hours(i64::from(hours)));
        LiveMember { email: address, phase, attrs, invited, attempts: (phase == Stored::Pending).then_some(plan.attempts) }
    }
}
