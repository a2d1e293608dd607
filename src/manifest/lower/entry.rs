//! One item of `members`: who, what, and for how long.

use std::sync::Arc;

use super::account::About;
use super::grant::{self, Grant};
use super::{Context, people};
use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::shape::wrong_type;
use crate::manifest::{Diagnostic, EntryDoc, ProfileUse, Who, read};
use crate::model::{Domains, Located, Place};

pub(super) fn lower(at: Cursor<'_>, about: &About<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<EntryDoc> {
    if at.map().is_none() {
        sink.say(wrong_type(at, "a member: `person`, `team` or `email`, and what is granted"));
        return None;
    }
    let who = who(at, context, sink);
    let written = at.get("profile");
    let profile = written.and_then(|p| profile(p, about, context, sink));
    if let (Some(Located { value: Who::Email(_), .. }), Some(value)) = (&who, at.get("email")) {
        listed_domain(&who, value, profile.as_ref(), about, sink);
    }
    let mut name = None;
    if let Some(value) = at.get("name") {
        if at.get("email").is_some() {
            name = read::name(sink, value);
        } else {
            let message = "`name` belongs to `email`: people have theirs in the directory";
            sink.say(Diagnostic::error("name-without-email", message, value.key_place()));
        }
    }
    let reason = at.get("reason").and_then(|r| read::reason(sink, r));
    let start = at.get("start").and_then(|d| day(sink, d, about));
    let end = at.get("end").and_then(|d| day(sink, d, about));
    let rolling = at.get("renew").and_then(|r| renew(sink, r, at, about));
    let own = about.spec.map(|spec| {
        let own = Grant::of(at, spec, about.facts.as_ref(), sink);
        grant::limits(sink, spec, &own, profile.as_ref());
        grant::one_kind(sink, spec, at, written.is_some());
        (spec, own)
    });
    if written.is_some() && profile.is_none() {
        return None;
    }
    let attrs = match (own, &profile) {
        (Some((spec, own)), Some(p)) => own.over(&p.section, spec),
        (Some((_, mut own)), None) => {
            own.attrs.shrink_to_fit();
            Arc::new(own.attrs)
        }
        (None, _) => Arc::default(),
    };
    let reason = reason.or_else(|| profile.as_ref()?.section.reason.clone());
    Some(EntryDoc { who: who?, name, reason, start, end, rolling, attrs, profile, at: at.place() })
}

/// The section that a profile has for this account.
fn profile(at: Cursor<'_>, about: &About<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<ProfileUse> {
    let (name, declared) = context.profile(at, sink)?;
    if let Some(section) = declared.sections.get(about.name) {
        return Some(ProfileUse { name: Located::new(name, at.place()), section: Arc::clone(section) });
    }
    if context.is_whole && !declared.is_wrong {
        let message = format!("profile {} says nothing for the account {}", quoted(name.as_str()), quoted(about.name));
        let mut diagnostic = Diagnostic::error("profile-without-section", message, at.place()).related(declared.at.clone(), "the profile");
        if !declared.sections.is_empty() {
            let sections = read::one_of(declared.sections.keys().map(crate::model::Atom::as_str));
            diagnostic =
                diagnostic.expected(format!("a profile for it: the sections of this one are for {}", sections.replacen("one of ", "", 1)));
        }
        sink.say(diagnostic.hint(format!("add a section `{}` to the profile", about.name)));
    }
    None
}

/// Exactly one of `person`, `team`, `email`.
fn who(at: Cursor<'_>, context: &Context<'_>, sink: &mut Sink) -> Option<Located<Who>> {
    let mut given = ["person", "team", "email"].into_iter().filter_map(|key| Some((key, at.get(key)?)));
    match (given.next(), given.next()) {
        (Some((key, value)), None) => {
            let who = match key {
                "person" => Who::Person(people::known(sink, value, &context.people, "person", context.is_whole)?),
                "team" => Who::Team(people::known(sink, value, &context.teams, "team", context.is_whole)?),
                _ => Who::Email(read::email(sink, value)?.value),
            };
            Some(Located::new(who, value.place()))
        }
        (None, _) => {
            let message = "a member is one of `person`, `team` and `email`: none of them is here";
            sink.say(Diagnostic::error("exactly-one", message, at.start_place()).expected("`person: ID`, `team: ID` or `email: ADDRESS`"));
            None
        }
        (Some((_, first)), Some((_, second))) => {
            let message = "a member is one of `person`, `team` and `email`: here are more";
            sink.say(Diagnostic::error("exactly-one", message, second.key_place()).related(first.key_place(), "the other one"));
            None
        }
    }
}

/// An address outside the account's own list of domains could never be invited (SYSTEMS.md I11, I12).
fn listed_domain(who: &Option<Located<Who>>, value: Cursor<'_>, profile: Option<&ProfileUse>, about: &About<'_>, sink: &mut Sink) {
    let (Some(Located { value: Who::Email(email), .. }), Some(list)) = (who, &about.domains) else { return };
    let domain = email.domain();
    if list.value.admits(&domain) {
        return;
    }
    let Domains::Only(known) = &list.value else { return };
    let message = format!("`{domain}` is not in this account's `domains`: {} could not be invited", quoted(email.key()));
    let diagnostic = Diagnostic::error("domain-not-listed", message, value.place()).related(list.at.clone(), "the list");
    let mut diagnostic = diagnostic.expected(read::one_of(known.iter().map(crate::model::Domain::as_str)));
    if let Some(profile) = profile {
        diagnostic = diagnostic.related(profile.section.at.clone(), "what the profile gives here");
    }
    sink.say(diagnostic.hint(format!("domains match exactly: add `{domain}` to the list")));
}

fn day(sink: &mut Sink, at: Cursor<'_>, about: &About<'_>) -> Option<Located<jiff::civil::Date>> {
    let day = read::day(sink, at);
    if let Some(connection) = &about.lacks_zone {
        let message = format!("a day needs the timezone of the account {}, and its connection names none", quoted(about.name));
        sink.say(
            Diagnostic::error("timezone-missing", message, at.place())
                .hint("write `timezone: Europe/Paris` or the like in the connection")
                .related(connection.clone(), "the connection"),
        );
    }
    day
}

/// `renew: rolling`, where the system ends access by itself and there is an end to move towards.
fn renew(sink: &mut Sink, at: Cursor<'_>, entry: Cursor<'_>, about: &About<'_>) -> Option<Place> {
    if about.spec.is_some_and(|s| !s.has_native_ends()) {
        // the schema of such a system does not know the key, and has said so
        return None;
    }
    read::word(sink, at, &[("rolling", ())])?;
    if entry.get("end").is_none() {
        sink.say(
            Diagnostic::error("renew-without-end", "`renew` without `end`: there is nothing to renew", at.key_place())
                .hint("write the last day as `end`"),
        );
    }
    Some(at.place())
}
