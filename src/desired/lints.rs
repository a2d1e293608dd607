//! Practices that the manifests alone tell of: a flat table of named functions. What needs the reading
//! stands in the planner's table.

use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::manifest::{AccountDoc, Diagnostic, EntryDoc, Lint, Manifests, Who};
use crate::systems::SystemSpec;

/// A review is good for so many days: a quarter.
const REVIEWED_FOR: i32 = 92;

/// What a lint may look at.
pub(super) struct Looked<'m> {
    pub doc: &'m AccountDoc,
    pub spec: &'static SystemSpec,
    pub today: Date,
    pub directory: &'m Directory<'m>,
}

/// The domains of the people whom the manifests know: whoever comes from elsewhere is from outside.
pub(super) struct Directory<'m>(BTreeSet<&'m str>);

impl<'m> Directory<'m> {
    pub fn of(manifests: &'m Manifests) -> Self {
        let people = manifests.people.values();
        Self(people.flat_map(|p| std::iter::once(&p.email).chain(&p.previously)).map(|e| e.value.domain_name()).collect())
    }
}

type Check = fn(&Looked<'_>) -> Vec<Diagnostic>;

const ALL: &[(Lint, Check)] = &[
    (Lint::PrivilegedWithoutReason, privileged_without_reason),
    (Lint::TemporaryWithoutEnd, temporary_without_end),
    (Lint::NotReviewed, not_reviewed),
];

/// Those that the account does not silence, and a review that lies ahead.
pub(super) fn account(looked: &Looked<'_>) -> Vec<Diagnostic> {
    let on = ALL.iter().filter(|(lint, _)| !looked.doc.lints.contains_key(lint));
    let mut found: Vec<Diagnostic> = on.flat_map(|(_, check)| check(looked)).collect();
    found.extend(reviewed_ahead(looked));
    found
}

/// How to silence it.
fn silence(lint: Lint) -> String {
    format!("or, on the account: `lints: {{ {}: {{ off: \"why\" }} }}`", lint.word())
}

fn lasts(entry: &EntryDoc, today: Date) -> bool {
    entry.end.as_ref().is_none_or(|end| end.value >= today)
}

fn privileged_without_reason(looked: &Looked<'_>) -> Vec<Diagnostic> {
    let administers = |entry: &EntryDoc| looked.spec.administers_with(|key| entry.attrs.get(key).map(|located| &located.value));
    let bare = looked.doc.members.iter().filter(|e| e.reason.is_none() && lasts(e, looked.today) && administers(e));
    bare.map(|entry| {
        let key = looked.spec.chiefs().find_map(|a| entry.attrs.get(a.key));
        let at = key.map_or(&entry.at, |v| &v.at);
        Diagnostic::warning("privileged-without-reason", "administers, and no `reason` says why", at.clone())
            .hint(format!("write `reason: \"...\"`; {}", silence(Lint::PrivilegedWithoutReason)))
    })
    .collect()
}

fn temporary_without_end(looked: &Looked<'_>) -> Vec<Diagnostic> {
    if looked.directory.0.is_empty() {
        return Vec::new();
    }
    let endless = looked.doc.members.iter().filter(|e| e.end.is_none());
    endless
        .filter_map(|entry| match &entry.who.value {
            Who::Email(email) if !looked.directory.0.contains(email.domain_name()) => Some(
                Diagnostic::warning("temporary-without-end", format!("{email} is from outside, and stays for ever"), entry.who.at.clone())
                    .expected("an `end`")
                    .hint(format!("write the last day as `end`; {}", silence(Lint::TemporaryWithoutEnd))),
            ),
            Who::Email(_) | Who::Person(_) | Who::Team(_) => None,
        })
        .collect()
}

/// Only where the key is written: an account without it is not reviewed through the manifests.
fn not_reviewed(looked: &Looked<'_>) -> Vec<Diagnostic> {
    let Some(reviewed) = &looked.doc.reviewed else { return Vec::new() };
    if reviewed.value.saturating_add(REVIEWED_FOR.days()) >= looked.today {
        return Vec::new();
    }
    let message = format!("last reviewed on {}, more than {REVIEWED_FOR} days ago", reviewed.value);
    let found = Diagnostic::warning("not-reviewed", message, reviewed.at.clone());
    vec![found.hint(format!("go through `portcullis export` and write the new day; {}", silence(Lint::NotReviewed)))]
}

fn reviewed_ahead(looked: &Looked<'_>) -> Option<Diagnostic> {
    let reviewed = looked.doc.reviewed.as_ref().filter(|r| r.value > looked.today)?;
    let message = format!("reviewed on {}, which is yet to come", reviewed.value);
    Some(Diagnostic::error("wrong-value", message, reviewed.at.clone()).expected(format!("a day up to {}", looked.today)))
}
