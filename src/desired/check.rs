//! What only resolved members show to be wrong: a flat table of named checks, all of them run.

use std::collections::BTreeSet;

use jiff::civil::Date;

use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, ProfileUse, Section, Who};
use crate::model::{Attrs, Key, Place, Tenant};
use crate::systems::{Axis, Dated, Finding, Merge, SystemSpec};

use super::{Desired, Member, Wanted};

/// Every diagnostic of one account.
pub(super) fn account(doc: &AccountDoc, desired: &Desired<'_>, spec: &SystemSpec, tenant: &Tenant, today: Date) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for entry in &doc.members {
        found.extend(start_before_end(entry));
        found.extend(end_has_passed(entry, today));
        found.extend(system_rules(entry, spec, tenant, today));
    }
    for member in &desired.members {
        found.extend(one_role_a_day(member, spec, today));
        found.extend(one_name(member));
        found.extend(role_spreads(member, spec, today));
        found.extend(domain_is_listed(member, desired, today));
    }
    found
}

fn start_before_end(entry: &EntryDoc) -> Option<Diagnostic> {
    let (start, end) = (entry.start.as_ref()?, entry.end.as_ref()?);
    (start.value > end.value).then(|| {
        Diagnostic::error("start-after-end", format!("the entry starts on {} and ends on {}", start.value, end.value), start.at.clone())
            .expected(format!("a start up to {}", end.value))
            .related(end.at.clone(), "the last day")
    })
}

/// Whether the entry ended somebody's access, only a plan tells.
fn end_has_passed(entry: &EntryDoc, today: Date) -> Option<Diagnostic> {
    let end = entry.end.as_ref().filter(|end| end.value < today)?;
    let found = Diagnostic::warning("end-has-passed", entry.passed(end.value), end.at.clone());
    Some(found.hint("once the access has ended, take the entry out; where the day is a slip, write a later one"))
}

/// What the system's named checks find in a section of a profile, whoever is given it.
pub(super) fn section(section: &Section, spec: &SystemSpec, tenant: &Tenant, today: Date) -> Vec<Diagnostic> {
    let attrs: Attrs = section.attrs.iter().map(|(k, v)| (*k, v.value.clone())).collect();
    let found = findings(&Dated { attrs: &attrs, end: None, rolling: false, today }, spec, tenant);
    found
        .into_iter()
        .map(|f| {
            let at = f.key.and_then(|k| section.key_places.get(k)).unwrap_or(&section.at).clone();
            diagnostic(f, at)
        })
        .collect()
}

fn findings(dated: &Dated<'_>, spec: &SystemSpec, tenant: &Tenant) -> Vec<Finding> {
    spec.checks.iter().filter_map(|(_, check)| check(dated, tenant)).collect()
}

fn diagnostic(found: Finding, at: Place) -> Diagnostic {
    let diagnostic = Diagnostic::error(found.code, found.message, at);
    match found.hint {
        Some(hint) => diagnostic.hint(hint),
        None => diagnostic,
    }
}

/// The system's named checks, at the key that they name. What comes from a profile is wrong where it
/// is used, with the profile's place beside it.
fn system_rules(entry: &EntryDoc, spec: &SystemSpec, tenant: &Tenant, today: Date) -> Vec<Diagnostic> {
    // its section was checked as it stands
    if spec.checks.is_empty() || entry.is_profile_alone() {
        return Vec::new();
    }
    let attrs: Attrs = entry.attrs.iter().map(|(k, v)| (*k, v.value.clone())).collect();
    let end = entry.end.as_ref().map(|e| e.value);
    let found = findings(&Dated { attrs: &attrs, end, rolling: entry.rolling.is_some(), today }, spec, tenant);
    let chiefs: Vec<Key> = spec.chiefs().map(|a| a.key).collect();
    found
        .into_iter()
        .map(|f| {
            let end_at = entry.end.as_ref().map(|e| &e.at);
            let own = |k: Key| entry.attrs.get(k).filter(|_| entry.giver(k).is_none()).map(|v| &v.at);
            let at = f.key.and_then(|k| if k == "end" { end_at } else { own(k) });
            let given = f.key.into_iter().chain(chiefs.iter().copied()).find_map(|k| Some((k, entry.giver(k)?)));
            let at = at.or_else(|| Some(&given?.1.name.at)).unwrap_or(&entry.at).clone();
            let found = diagnostic(f, at);
            match given.and_then(|(key, profile)| Some((key, profile, entry.attrs.get(key)?))) {
                Some((key, profile, value)) => found.related(value.at.clone(), given_by(key, profile)),
                None => found,
            }
        })
        .collect()
}

fn given_by(key: Key, profile: &ProfileUse) -> String {
    format!("profile `{}` gives this `{key}`", profile.name.value)
}

/// Two single-valued roles in force on one day, neither of which overrides the other; and so for
/// whatever else has one value.
fn one_role_a_day(member: &Member<'_>, spec: &SystemSpec, today: Date) -> Vec<Diagnostic> {
    if member.entries.len() < 2 {
        return Vec::new();
    }
    let chiefs: Vec<Key> = spec.chiefs().map(|a| a.key).collect();
    let beside = spec.attrs.iter().filter(|a| a.merge == Merge::Same && a.axis != Axis::Label && !spec.is_chief(a.key));
    let mut said = BTreeSet::new();
    let mut found = Vec::new();
    for day in member.segments(today) {
        let both = member.conflict(day, spec).map(|both| (chiefs.clone(), both));
        let others = beside.clone().filter_map(|a| Some((vec![a.key], member.conflict_of(day, a.key)?)));
        for (keys, (first, other)) in both.into_iter().chain(others) {
            let what = keys.join("` or `");
            if !said.insert((what.clone(), first.doc.at.clone(), other.doc.at.clone())) {
                continue;
            }
            let at = |e: &EntryDoc| {
                let key = keys.iter().find(|k| e.attrs.contains_key(k));
                match key.and_then(|k| e.giver(k)) {
                    Some(profile) => profile.name.at.clone(),
                    None => key.and_then(|k| e.attrs.get(k)).map_or_else(|| e.at.clone(), |v| v.at.clone()),
                }
            };
            let mut diagnostic =
                Diagnostic::error("role-conflict", format!("{} gets two different `{what}` on {day}", member.email), at(other.doc))
                    .expected("one entry that decides: a direct entry overrides a team's, one with an `end` one without")
                    .related(at(first.doc), "the other one");
            for entry in [other.doc, first.doc] {
                for key in &keys {
                    if let (Some(profile), Some(value)) = (entry.giver(key), entry.attrs.get(key)) {
                        diagnostic = diagnostic.related(value.at.clone(), given_by(key, profile));
                    }
                }
            }
            found.push(diagnostic);
        }
    }
    found
}

fn one_name(member: &Member<'_>) -> Option<Diagnostic> {
    let mut names = member.entries.iter().filter_map(|e| e.doc.name.as_ref());
    let known = member.name;
    let first = names.next()?;
    if let Some(known) = known
        && *known != first.value
    {
        return Some(
            Diagnostic::error("name-conflict", format!("{} has another name in `people`", member.email), first.at.clone())
                .hint("leave `name` out here"),
        );
    }
    let other = names.find(|n| n.value != first.value)?;
    Some(
        Diagnostic::error("name-conflict", format!("{} gets two different names", member.email), other.at.clone())
            .related(first.at.clone(), "the other one"),
    )
}

fn role_spreads(member: &Member<'_>, spec: &SystemSpec, today: Date) -> Vec<Diagnostic> {
    if member.entries.len() < 2 {
        return Vec::new();
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for day in member.segments(today) {
        let Wanted::Present(merged) = member.on(day, spec) else { continue };
        if let Some(message) = merged.spreads_message() {
            found.push(
                Diagnostic::warning("role-spreads", format!("{}: {message}", member.email), merged.at.clone())
                    .hint("write the scopes of the override where the other entry stands, or accept that it holds there too"),
            );
        }
    }
    found.dedup();
    found
}

/// I11, I12: a listed person's domain stands in the list that the same account writes. Entries
/// with an address of their own were checked when they were lowered.
fn domain_is_listed(member: &Member<'_>, desired: &Desired<'_>, today: Date) -> Option<Diagnostic> {
    let domains = desired.domains?;
    let domain = member.email.domain();
    let entry = member.entries.iter().find(|e| !e.is_over(today) && !matches!(e.doc.who.value, Who::Email(_)))?;
    if domains.admits(&domain) || desired.policy.ignores(member.email) {
        return None;
    }
    let found = Diagnostic::error(
        "domain-not-listed",
        format!("{} comes from {domain}, which `domains` does not list", member.email),
        entry.doc.who.at.clone(),
    )
    .hint(format!("add `{domain}` to `domains`, or use another address; neighbours of a name do not match"));
    let found = match desired.domains_at {
        Some(at) => found.related(at.clone(), "the list"),
        None => found,
    };
    Some(match &entry.doc.profile {
        Some(profile) => found.related(profile.section.at.clone(), "what the profile gives here"),
        None => found,
    })
}
