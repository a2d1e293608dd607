//! From manifests to desired accounts: teams expanded, people matched by every address they had.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, Manifests, Person, Teams, Who};
use crate::model::{Actor, Atom, Email, Index, Tenant};

use super::policy::{Guards, Policy};
use super::{Desired, Entry, Member, check, lints};

/// Resolves every account that has a connection. The diagnostics are those that only resolved
/// members show; unknown names were reported when the manifests were lowered.
///
/// Ends are judged on the day that is planned for: `at`, else today in each account's timezone.
pub fn resolve(manifests: &Manifests, now: Timestamp, at: Option<Date>) -> (BTreeMap<&Atom, Desired<'_>>, Vec<Diagnostic>) {
    let mut people = People::of(manifests);
    let directory = lints::Directory::of(manifests);
    let mut all = BTreeMap::new();
    let mut found = Vec::new();
    for (name, account) in &manifests.accounts {
        let reached = manifests.reached(name);
        // What is wrong with the members is said without a connection too.
        let Some(spec) = reached.map(|r| r.connection.spec).or(account.spec) else { continue };
        let desired = one(manifests, (name, account), spec, &mut people);
        let tenant = reached.map_or_else(unknown, |reached| reached.tenant());
        let today = at.unwrap_or_else(|| now.to_zoned(tenant.zone.clone()).date());
        let sections = manifests.profiles.values().filter_map(|profile| profile.sections.get(name));
        found.extend(sections.flat_map(|section| check::section(section, spec, &tenant, today)));
        found.extend(check::account(account, &desired, spec, &tenant, today));
        found.extend(lints::account(&lints::Looked { doc: account, spec, today, directory: &directory }));
        if reached.is_some() {
            all.insert(name, desired);
        }
    }
    (all, found)
}

/// The tenant of an account that no connection reaches.
fn unknown() -> Tenant {
    Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() }
}

/// People by id and by every address of theirs, and through teams.
struct People<'m> {
    by_id: Index<&'m Atom, &'m Person>,
    by_address: Index<&'m Email, &'m Person>,
    /// Addresses for one account alone.
    in_account: Index<&'m Atom, Index<&'m Email, &'m Person>>,
    teams: Teams<'m>,
}

impl<'m> People<'m> {
    fn of(manifests: &'m Manifests) -> Self {
        let mut by_id = Index::with_capacity(manifests.people.len());
        let mut by_address = Index::with_capacity(manifests.people.len());
        let mut in_account: Index<&'m Atom, Index<&'m Email, &'m Person>> = Index::default();
        for (id, person) in &manifests.people {
            by_id.insert(id, person);
            for email in std::iter::once(&person.email).chain(&person.previously) {
                by_address.get_or_insert(&email.value, person);
            }
            for (account, other) in &person.accounts {
                let here = in_account.get_or_insert(account, Index::default());
                for email in std::iter::once(&other.email).chain(&other.previously) {
                    here.get_or_insert(&email.value, person);
                }
            }
        }
        Self { by_id, by_address, in_account, teams: Teams::of(manifests) }
    }

    /// Whom an address means in an account.
    fn owner(&self, account: &Atom, email: &Email) -> Option<&'m Person> {
        let here = self.in_account.get(account).and_then(|here| here.get(email));
        here.or_else(|| self.by_address.get(email)).copied()
    }

    /// All addresses of whom one means in an account.
    fn addresses(&self, account: &Atom, email: &'m Email) -> impl Iterator<Item = &'m Email> + use<'m> {
        let theirs = self.owner(account, email).into_iter().flat_map({
            let account = account.to_string();
            move |person| person.addresses_in(&account).map(|e| &e.value).collect::<Vec<_>>()
        });
        std::iter::once(email).chain(theirs)
    }

    /// Hands over each whom an entry of an account names, with the team that they came through.
    fn named(&mut self, account: &Atom, entry: &'m EntryDoc, mut take: impl FnMut(Named<'m>, Option<&'m Atom>)) {
        let by_id = &self.by_id;
        let person = |id: &Atom| by_id.get(id).copied().map(Named::Person);
        match &entry.who.value {
            Who::Person(id) => person(id).into_iter().for_each(|person| take(person, None)),
            Who::Team(team) => self.teams.people(team).iter().filter_map(|id| person(id)).for_each(|person| take(person, Some(team))),
            Who::Email(email) => take(self.owner(account, email).map_or(Named::Outsider(email), Named::Person), None),
        }
    }
}

#[derive(Clone, Copy)]
enum Named<'m> {
    Person(&'m Person),
    Outsider(&'m Email),
}

fn one<'m>(
    manifests: &'m Manifests,
    (name, account): (&'m Atom, &'m AccountDoc),
    spec: &'static crate::systems::SystemSpec,
    people: &mut People<'m>,
) -> Desired<'m> {
    let mut found = Found { members: Vec::new(), by_address: Index::with_capacity(account.members.len()) };
    let must_go = MustGo::of(account, name, people);
    for entry in &account.members {
        people.named(name, entry, |named, team| {
            if !must_go.has(&named) {
                found.member(named, name).entries.push(Entry { doc: entry, team });
            }
        });
    }
    // `leaves` ends every membership, listed here or not, and `absent` that of all their addresses.
    let leavers = manifests.people.values().filter(|p| p.leaves.is_some());
    for person in leavers.chain(must_go.people.values().copied()) {
        found.member(Named::Person(person), name);
    }
    let mut members = found.members;
    members.sort_unstable_by_key(|m| m.email);
    let mut by_address = Index::with_capacity(members.len());
    for (i, member) in members.iter().enumerate() {
        for email in std::iter::once(&member.email).chain(&member.previously) {
            by_address.insert(*email, i);
        }
    }
    let ignored = ignored(manifests, name, account, &by_address);
    Desired {
        members,
        by_address,
        domains: account.domains.as_ref().map(|d| &d.value),
        domains_at: account.domains.as_ref().map(|d| &d.at),
        domain_places: &account.domain_places,
        policy: Policy {
            mode: account.mode,
            ignore: &account.ignore,
            ignored,
            protect: account.protect.iter().flat_map(|p| people.addresses(name, &p.value)).collect(),
            absent: account.absent.iter().map(|a| (&a.value, &a.at)).collect(),
            guards: Guards::resolve(spec, manifests, account),
            accept_blocked: &account.accept_blocked,
            audit_required: account.audit_required,
            lints: &account.lints,
            invitations: account.invitations,
            on_removal: account.on_removal,
        },
    }
}

/// The addresses of whom an account does not ask for and ignores under another address: people are one, whatever
/// they are called.
fn ignored<'m>(manifests: &'m Manifests, name: &Atom, account: &AccountDoc, by_address: &Index<&'m Email, usize>) -> BTreeSet<&'m Email> {
    // A pattern is for those who are called so now; a whole address means a person.
    let is_ignored = |person: &&Person| {
        let mut all = person.addresses_in(name.as_str()).enumerate();
        all.any(|(i, e)| account.ignore.iter().any(|p| p.value.matches(&e.value) && (i == 0 || !p.value.is_glob())))
    };
    let has_others = |person: &&Person| person.addresses_in(name.as_str()).nth(1).is_some();
    let is_asked_for = |person: &Person| person.addresses_in(name.as_str()).any(|e| by_address.contains_key(&e.value));
    // A list of ten thousand is gone through for whom somebody ignores.
    let people = manifests.people.values().filter(|_| !account.ignore.is_empty());
    let all = people.filter(has_others).filter(is_ignored).filter(|person| !is_asked_for(person));
    all.flat_map(|person| person.addresses_in(name.as_str()).map(|e| &e.value).collect::<Vec<_>>()).collect()
}

/// Members in the order in which they were met, each address once.
struct Found<'m> {
    members: Vec<Member<'m>>,
    by_address: Index<&'m Email, usize>,
}

impl<'m> Found<'m> {
    fn member(&mut self, named: Named<'m>, account: &Atom) -> &mut Member<'m> {
        let email = match named {
            Named::Person(person) => &person.email_in(account.as_str()).value,
            Named::Outsider(email) => email,
        };
        let next = self.members.len();
        let at = *self.by_address.get_or_insert(email, next);
        if at == next {
            self.members.push(match named {
                Named::Person(person) => of_person(person, account),
                Named::Outsider(email) => {
                    Member { email, previously: Vec::new(), name: None, leaves: None, entries: Vec::with_capacity(1) }
                }
            });
        }
        &mut self.members[at]
    }
}

/// Who must not be a member, whatever lists them. Manifests that say both are wrong; a revocation
/// plans for them before they are right.
struct MustGo<'m> {
    /// By the address that they go by.
    people: BTreeMap<&'m Email, &'m Person>,
    outsiders: BTreeSet<&'m Email>,
}

impl<'m> MustGo<'m> {
    fn of(account: &'m AccountDoc, name: &Atom, people: &People<'m>) -> Self {
        let mut all = Self { people: BTreeMap::new(), outsiders: BTreeSet::new() };
        for address in &account.absent {
            match people.owner(name, &address.value) {
                Some(person) => {
                    all.people.insert(&person.email.value, person);
                }
                None => {
                    all.outsiders.insert(&address.value);
                }
            }
        }
        all
    }

    fn has(&self, named: &Named<'m>) -> bool {
        match named {
            Named::Person(person) => self.people.contains_key(&person.email.value),
            Named::Outsider(email) => self.outsiders.contains(email),
        }
    }
}

fn of_person<'m>(person: &'m Person, account: &Atom) -> Member<'m> {
    Member {
        email: &person.email_in(account.as_str()).value,
        previously: person.past_in(account.as_str()).map(|e| &e.value).collect(),
        name: person.name.as_ref(),
        leaves: person.leaves.as_ref(),
        // nearly all have just one
        entries: Vec::with_capacity(1),
    }
}
