//! From manifests to desired accounts: teams expanded, people matched by every address they had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, Manifests, Person, Teams, Who};
use crate::model::{Atom, Email, Tenant};

use super::policy::{Guards, Policy};
use super::{Desired, Entry, Member, check};

/// Resolves every account that has a connection. The diagnostics are those that only resolved
/// members show; unknown names were reported when the manifests were lowered.
///
/// Ends are judged on the day that is planned for: `at`, else today in each account's timezone.
pub fn resolve(manifests: &Manifests, now: Timestamp, at: Option<Date>) -> (BTreeMap<&Atom, Desired<'_>>, Vec<Diagnostic>) {
    let mut people = People::of(manifests);
    let mut all = BTreeMap::new();
    let mut found = Vec::new();
    for (name, account) in &manifests.accounts {
        let Some(connection) = manifests.connections.get(name) else { continue };
        let desired = one(manifests, account, connection.spec, &mut people);
        let zone = connection.zone.clone().unwrap_or(TimeZone::UTC);
        let today = at.unwrap_or_else(|| now.to_zoned(zone.clone()).date());
        let tenant = Tenant { zone, facts: connection.facts.clone(), actor: crate::model::Actor::default() };
        found.extend(check::account(account, &desired, connection.spec, &tenant, today));
        all.insert(name, desired);
    }
    (all, found)
}

/// People by id and by every address of theirs, and through teams.
struct People<'m> {
    by_id: &'m BTreeMap<Atom, Person>,
    by_address: BTreeMap<&'m Email, &'m Atom>,
    teams: Teams<'m>,
}

impl<'m> People<'m> {
    fn of(manifests: &'m Manifests) -> Self {
        let mut by_address = BTreeMap::new();
        for (id, person) in &manifests.people {
            for email in std::iter::once(&person.email).chain(&person.previously) {
                by_address.entry(&email.value).or_insert(id);
            }
        }
        Self { by_id: &manifests.people, by_address, teams: Teams::of(manifests) }
    }

    /// Whom an entry names, each with the team that it came through.
    fn named(&mut self, entry: &'m EntryDoc) -> Vec<(Named<'m>, Option<&'m Atom>)> {
        let by_id = self.by_id;
        let person = |id: &Atom| by_id.get(id).map(Named::Person);
        match &entry.who.value {
            Who::Person(id) => person(id).map(|p| (p, None)).into_iter().collect(),
            Who::Team(team) => self.teams.people(team).iter().filter_map(|id| Some((person(id)?, Some(team)))).collect(),
            Who::Email(email) => match self.by_address.get(email).and_then(|id| person(id)) {
                Some(person) => vec![(person, None)],
                None => vec![(Named::Outsider(email), None)],
            },
        }
    }
}

enum Named<'m> {
    Person(&'m Person),
    Outsider(&'m Email),
}

fn one<'m>(
    manifests: &'m Manifests,
    account: &'m AccountDoc,
    spec: &'static crate::systems::SystemSpec,
    people: &mut People<'m>,
) -> Desired<'m> {
    let mut members: BTreeMap<&'m Email, Member<'m>> = BTreeMap::new();
    for entry in &account.members {
        for (named, team) in people.named(entry) {
            let member = match named {
                Named::Person(person) => members.entry(&person.email.value).or_insert_with(|| of_person(person)),
                Named::Outsider(email) => members.entry(email).or_insert_with(|| Member {
                    email,
                    previously: Vec::new(),
                    name: None,
                    leaves: None,
                    entries: Vec::new(),
                }),
            };
            member.entries.push(Entry { doc: entry, team });
        }
    }
    // `leaves` ends every membership, listed here or not.
    for person in manifests.people.values().filter(|p| p.leaves.is_some()) {
        members.entry(&person.email.value).or_insert_with(|| of_person(person));
    }
    let members: Vec<Member<'m>> = members.into_values().collect();
    let mut by_address = BTreeMap::new();
    for (i, member) in members.iter().enumerate() {
        for email in std::iter::once(&member.email).chain(&member.previously) {
            by_address.insert(*email, i);
        }
    }
    Desired {
        members,
        by_address,
        domains: account.domains.as_ref().map(|d| &d.value),
        domains_at: account.domains.as_ref().map(|d| &d.at),
        domain_places: &account.domain_places,
        policy: Policy {
            mode: account.mode,
            ignore: &account.ignore,
            protect: account.protect.iter().map(|p| &p.value).collect(),
            absent: account.absent.iter().map(|a| (&a.value, &a.at)).collect(),
            guards: Guards::resolve(spec, manifests, account),
            accept_blocked: &account.accept_blocked,
            invitations: account.invitations,
            on_removal: account.on_removal,
        },
    }
}

fn of_person(person: &Person) -> Member<'_> {
    Member {
        email: &person.email.value,
        previously: person.previously.iter().map(|e| &e.value).collect(),
        name: person.name.as_ref(),
        leaves: person.leaves.as_ref(),
        entries: Vec::new(),
    }
}
