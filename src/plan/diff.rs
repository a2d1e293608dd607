//! One listed person: what is wanted against what is there.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::desired::{Member, Merged, Wanted};
use crate::model::{Action, Atom, Attrs, Key, Known, Live, Name, Phase, Subject, Value};
use crate::systems::{AttrSpec, Axis, Ends};

use super::account::{Account, Day, Work};
use super::by_hand::{self, Unread};
use super::cause;
use super::change::{Cause, Report, Warning};
use super::draft::Found;
use super::invitation::{self, Due};
use super::preflight;
use super::regroup::Pair;
use super::unlisted::{self, Ending};

/// A live end is extended when so many days or fewer remain (CONTRACT.md, `renew: rolling`).
const ROLLING_WITHIN: i32 = 10;

/// Who is listed and yet not wanted now, without having been declared to end, joins the unlisted.
pub(super) fn listed<'a>(account: &Account<'_>, day: Day, pair: &Pair<'a>, unlisted: &mut Vec<&'a Live>, work: &mut Work) {
    if has_all(account, day, pair) {
        return;
    }
    let wanted = pair.member.on(day.today, account.spec);
    if let Wanted::Present(merged) = &wanted {
        warn_of_spreads(pair.member, merged, work);
    }
    let Some(live) = pair.live else {
        match &wanted {
            Wanted::Present(merged) => invite(account, day, pair.member, merged, work),
            Wanted::Gone { .. } => warn_of_passed_end(day, pair.member, &wanted, work),
            Wanted::NotYet(_) | Wanted::Unlisted => {}
        }
        return;
    };
    if account.spec.is_untouchable(live) {
        work.reports.push(report("untouchable-member", live, "never planned for any change", pair));
        return;
    }
    if pair.under_previous {
        let message =
            format!("still listed under a previous address; {} is the present one, which only the person can change", pair.member.email);
        work.reports.push(report("previous-address", live, &message, pair));
    }
    for spare in &pair.spares {
        leftover(account, day, pair, spare, &wanted, unlisted, work);
    }
    match &wanted {
        Wanted::Present(merged) => present(account, day, pair, live, merged, work),
        Wanted::Gone { .. } if live.phase.is_standing() => {
            let why = cause::of_gone(day, &wanted);
            super::unlisted::end(account, live, Ending::declared(&wanted, why), work);
        }
        Wanted::Gone { .. } => warn_of_passed_end(day, pair.member, &wanted, work),
        // Before the first start; or somebody who will leave, listed elsewhere only.
        Wanted::NotYet(_) | Wanted::Unlisted => unlisted.push(live),
    }
}

/// Whether somebody who is in has all that their one entry asks for, and nothing is to be said of them: so it is
/// with most, who are not merged and compared for it.
fn has_all(account: &Account<'_>, day: Day, pair: &Pair<'_>) -> bool {
    let (Some(live), Some(entry)) = (pair.live, pair.member.only_entry(day.today)) else { return false };
    let seen = |key: &str| live.attr(key).seen();
    let label = account.spec.attrs.iter().find(|a| a.axis == Axis::Label);
    let name = pair.member.name.or(entry.doc.name.as_ref().map(|name| &name.value));
    let has_name = || label.zip(name).is_none_or(|(label, name)| matches!(seen(label.key), Some(Value::Text(seen)) if seen == name));
    let has_end = || {
        let end = entry.doc.end.as_ref().map(|end| end.value);
        entry.doc.rolling.is_none() && !matches!(live.attr("end"), Known::Hidden) && seen("end").and_then(Value::as_day) == end
    };
    live.phase == Phase::Active
        && !pair.under_previous
        && pair.spares.is_empty()
        && !account.spec.is_untouchable(live)
        && entry.doc.attrs.iter().all(|(key, wanted)| seen(key) == Some(&wanted.value))
        && has_name()
        && (!account.keeps_ends() || has_end())
}

/// A second membership of the same person, under another of their addresses: what was declared to
/// end ends there too; while the person stays, the mode decides.
fn leftover<'a>(
    account: &Account<'_>,
    day: Day,
    pair: &Pair<'a>,
    spare: &'a Live,
    wanted: &Wanted<'_>,
    unlisted: &mut Vec<&'a Live>,
    work: &mut Work,
) {
    match wanted {
        Wanted::Gone { .. } if spare.phase.is_standing() => {
            super::unlisted::end(account, spare, Ending::declared(wanted, cause::of_gone(day, wanted)), work);
        }
        Wanted::Gone { .. } => {}
        Wanted::Present(_) | Wanted::NotYet(_) | Wanted::Unlisted => {
            let message = format!("a second membership of {}, under another address", pair.member.email);
            work.reports.push(report("previous-address", spare, &message, pair));
            unlisted.push(spare);
        }
    }
}

fn report(code: &'static str, live: &Live, message: &str, pair: &Pair<'_>) -> Report {
    let place = pair.member.entries.first().map(|e| e.doc.at.clone());
    Report { code, member: Some(live.email.to_string()), message: message.to_owned(), place }
}

/// An entry that is over and that ends nothing: perhaps a slip in its date.
fn warn_of_passed_end(day: Day, member: &Member<'_>, wanted: &Wanted<'_>, work: &mut Work) {
    let Wanted::Gone { leaves: false, .. } = wanted else { return };
    let Some(entry) = member.last_over(day.today) else { return };
    let Some(end) = &entry.doc.end else { return };
    work.warnings.push(Warning {
        code: "end-has-passed",
        on: None,
        member: entry.team.is_none().then(|| member.email.to_string()),
        message: entry.doc.passed(end.value),
        place: Some(end.at.clone()),
    });
}

fn warn_of_spreads(member: &Member<'_>, merged: &Merged<'_>, work: &mut Work) {
    if let Some(message) = merged.spreads_message() {
        work.warnings.push(Warning {
            code: "role-spreads",
            on: None,
            member: Some(member.email.to_string()),
            message,
            place: Some(merged.at.clone()),
        });
    }
}

fn invite(account: &Account<'_>, day: Day, member: &Member<'_>, merged: &Merged<'_>, work: &mut Work) {
    let mut after = merged.attrs.clone();
    let end = if account.keeps_ends() { target_end(account, day.today, None, merged).0 } else { merged.end };
    if let Some(end) = end {
        after.insert("end", Value::Day(Some(end)));
    }
    let mut notes = merged.notes();
    if account.spec.permits(&after).is_empty() {
        notes.push("gives-nothing".into());
    }
    notes.extend(member.later(day.today, account.spec));
    if account.spec.names_after_registration && after.contains_key("name") {
        notes.push("name-deferred".into());
    }
    if !account.keeps_ends() && end.is_some() {
        // Whoever is removed then has accepted, mostly.
        if let Some(needs) = end_needs(account, member, &after) {
            notes.push("end-blocked".into());
            notes.extend([format!("to end it after that day needs {needs}")]);
        } else if account.by_hand(Action::Remove, &after, &Attrs::new()) {
            notes.push("end-by-hand".into());
        } else if sees_all_of(account, &after) {
            notes.push("end-by-portcullis".into());
        }
    }
    let rolling = merged.rolling && account.keeps_ends();
    if rolling {
        notes.push("rolling-end".into());
    }
    notes.extend(by_hand::of_invite(account, member, &after));
    let found = Found {
        whole_after: Some(after),
        cause: cause::of_invite(account, day, member),
        place: Some(merged.at.clone()),
        reason: merged.reason.map(str::to_owned),
        notes,
        rolling,
        ..Found::new(Action::Invite, Subject::Member(member.email.clone()))
    };
    push(found, account, work);
}

/// Whether the actor sees every scope of it; whoever invites to others ends them (SYSTEMS.md E4, E12).
fn sees_all_of(account: &Account<'_>, attrs: &Attrs) -> bool {
    let scopes = account.spec.attrs.iter().filter(|a| a.is_scope());
    let words = scopes.filter_map(|a| Some((a.key, attrs.get(a.key)?.as_set()?)));
    words
        .flat_map(|(key, all)| all.iter().map(move |word| (key, word)))
        .all(|(key, word)| account.spec.sees_scope(account.tenant, key, word))
}

/// Who could end the access of somebody who has accepted, where this actor may not.
fn end_needs(account: &Account<'_>, member: &Member<'_>, after: &Attrs) -> Option<String> {
    let actor = &account.tenant.actor.attrs;
    if account.is_unbounded() && (actor.is_empty() || account.spec.administers(actor)) {
        return None;
    }
    let attrs = after.iter().filter(|(key, _)| **key != "end").map(|(key, value)| (*key, Known::Seen(value.clone()))).collect();
    let live = Live { email: member.email.clone(), id: None, phase: Phase::Active, attrs };
    let mut work = Work::default();
    unlisted::end(account, &live, Ending::declared(&Wanted::Unlisted, Cause::Expiry), &mut work);
    preflight::all(account, &mut work);
    work.blocked.pop().map(|blocked| blocked.needs)
}

fn push(found: Found<'_>, account: &Account<'_>, work: &mut Work) {
    match found.draft(account) {
        Ok(draft) => work.drafts.push(draft),
        Err(blocked) => work.blocked.push(*blocked),
    }
}

fn present(account: &Account<'_>, day: Day, pair: &Pair<'_>, live: &Live, merged: &Merged<'_>, work: &mut Work) {
    let before = account.seen(live);
    let mut differences = Differences::of(account, day, pair.member, live, &before, merged, work);
    let due = if live.phase.is_pending() { invitation::due(account, day, live, pair, work) } else { Due::No };
    if let Due::After(again) = due {
        let next = Found {
            live: Some(live),
            whole_before: before.clone(),
            whole_after: Some(differences.after.clone()),
            ..Found::new(Action::Reinvite, Subject::Member(live.email.clone()))
        };
        let next = preflight::refused(account, next.draft(account));
        work.reports.push(invitation::cooling(account, live, again, next.as_ref(), pair));
    }
    let action = match (&live.phase, &due) {
        (Phase::Expired | Phase::Suspended, _) => Action::Restore,
        (Phase::Pending { .. }, Due::Now) => Action::Reinvite,
        (_, _) if differences.after == before => {
            locked(account, live, pair, work);
            work.reports.extend(by_hand::unread_report(live, &differences.unread, merged));
            return;
        }
        (Phase::Pending { .. }, _) => Action::EditInvitation,
        (Phase::Active | Phase::Locked, _) => Action::Edit,
    };
    locked(account, live, pair, work);
    let mut found = Found {
        live: Some(live),
        cause: super::Cause::Undetermined,
        whole_before: before,
        place: Some(merged.at.clone()),
        reason: merged.reason.map(str::to_owned),
        notes: merged.notes(),
        rolling: differences.rolling,
        ..Found::new(action, Subject::Member(live.email.clone()))
    };
    found.notes.append(&mut differences.notes);
    found.notes.extend(pair.member.later(day.today, account.spec));
    if action == Action::Restore {
        // A fresh end belongs to a restored member even where it does not differ.
        found.cause = cause::of_restore(account, day, pair.member);
    }
    if action == Action::Reinvite {
        found.cause = super::Cause::Invitation;
    }
    found.causes = differences.causes;
    found.whole_after = Some(differences.after);
    let (drafted, says_all) = by_hand::draft(account, found, &differences.unread);
    if !says_all {
        work.reports.extend(by_hand::unread_report(live, &differences.unread, merged));
    }
    match drafted {
        Err(blocked) => work.blocked.push(*blocked),
        Ok(draft) => {
            if draft.has_no_safe_path(account) {
                work.blocked.push(preflight::no_safe_path(account, draft));
            } else if draft.change.mails() && matches!(due, Due::NotAgain | Due::After(_)) {
                // Whoever lets an invitation lie is not mailed again for a change of it.
            } else {
                work.drafts.push(draft);
            }
        }
    }
}

fn locked(account: &Account<'_>, live: &Live, pair: &Pair<'_>, work: &mut Work) {
    if live.phase == Phase::Locked {
        work.reports.push(report("locked-member", live, account.spec.locked_hint, pair));
    }
}

/// What differs between a live member and what is wanted.
struct Differences {
    /// All that shall be: what is there, overlaid with what is wanted and differs.
    after: Attrs,
    causes: BTreeMap<Key, super::Cause>,
    notes: Vec<String>,
    rolling: bool,
    /// What is asked for and nothing here can read: nobody knows whether it differs.
    unread: Unread,
}

impl Differences {
    fn of(account: &Account<'_>, day: Day, member: &Member<'_>, live: &Live, before: &Attrs, merged: &Merged<'_>, work: &mut Work) -> Self {
        let mut all = Self { after: before.clone(), causes: BTreeMap::new(), notes: Vec::new(), rolling: false, unread: Unread::default() };
        for (key, wanted) in &merged.attrs {
            let Some(attr) = account.spec.attr(key) else { continue };
            if before.get(key) == Some(wanted) {
                continue;
            }
            if before.get(key).is_none() && !account.caps.reads.contains(key) {
                // What makes another kind of member is judged by what is seen, and never set unseen.
                let is_set = account.spec.is_editable(attr.key) && !account.spec.is_chief(attr.key) && !is_deferred(account, live, attr);
                all.unread.add(key, wanted, describe(key, wanted), is_set);
                continue;
            }
            if matches!(live.attr(key), Known::Hidden) {
                work.reports.push(Report {
                    code: "hidden-value",
                    member: Some(live.email.to_string()),
                    message: format!(
                        "what the server holds for {key} cannot be told, so {} is not compared: look by hand",
                        describe(key, wanted)
                    ),
                    place: Some(merged.at.clone()),
                });
                continue;
            }
            // What makes another kind of member is no detail to leave alone: the change is blocked.
            if !account.spec.is_editable(attr.key) && !account.spec.is_chief(attr.key) {
                work.reports.push(Report {
                    code: "not-editable",
                    member: Some(live.email.to_string()),
                    message: format!("{}: this system lets nobody change it", describe(key, wanted)),
                    place: Some(merged.at.clone()),
                });
                continue;
            }
            if is_deferred(account, live, attr) {
                work.reports.push(Report {
                    code: "name-deferred",
                    member: Some(live.email.to_string()),
                    message: "the name can be set once the person has registered".into(),
                    place: Some(merged.at.clone()),
                });
                continue;
            }
            if account.spec.is_chief(attr.key) {
                all.after.retain(|k, _| !account.spec.is_chief(k));
            }
            all.after.insert(key, wanted.clone());
            all.causes.insert(key, cause::of_attr(account, day, member, live, before, key));
        }
        all.cascade(account, &merged.attrs);
        work.reports.extend(all.end(account, day, member, live, before, merged));
        all
    }

    /// What the new role cannot hold goes with the old one, managed or not: the server takes it away
    /// by itself (E10), so the plan says so.
    fn cascade(&mut self, account: &Account<'_>, wanted: &Attrs) {
        for limit in account.spec.go_with_the_role(&mut self.after, wanted, |key| self.causes.contains_key(key)) {
            self.notes.push(format!("{} go with the {}", limit.attr, limit.with));
        }
        self.notes.dedup();
    }

    /// The end, where the server keeps it: what is left out means "no end". One that cannot be told is
    /// not compared, and reported.
    fn end(
        &mut self,
        account: &Account<'_>,
        day: Day,
        member: &Member<'_>,
        live: &Live,
        before: &Attrs,
        merged: &Merged<'_>,
    ) -> Option<Report> {
        if !account.keeps_ends() {
            return None;
        }
        if matches!(live.attr("end"), Known::Hidden) {
            return Some(Report {
                code: "hidden-value",
                member: Some(live.email.to_string()),
                message: "what the server holds for end cannot be told, so it is not compared: look by hand".into(),
                place: Some(merged.at.clone()),
            });
        }
        let was = before.get("end").and_then(Value::as_day);
        let ended = live.phase == Phase::Expired;
        let (target, extends) = target_end(account, day.today, was.filter(|_| !ended), merged);
        self.rolling = merged.rolling;
        if merged.rolling {
            self.notes.push("rolling-end".into());
        }
        if target == was {
            return None;
        }
        self.after.insert("end", Value::Day(target));
        if target.is_none() {
            self.notes.push("end-cleared".into());
        }
        let why = if extends { super::Cause::Expiry } else { cause::of_attr(account, day, member, live, before, "end") };
        self.causes.insert("end", why);
        None
    }
}

/// I8: a name waits for the registration; who never registered before the end passed has none.
fn is_deferred(account: &Account<'_>, live: &Live, attr: &AttrSpec) -> bool {
    attr.axis == Axis::Label && account.spec.names_after_registration && !account.has_registered(live)
}

/// The end that the server shall hold today, and whether it is there only to be extended (I2).
fn target_end(account: &Account<'_>, today: Date, was: Option<Date>, merged: &Merged<'_>) -> (Option<Date>, bool) {
    let Some(end) = merged.end else { return (None, false) };
    if !merged.rolling {
        return (Some(end), false);
    }
    let Ends::Native { max_ahead } = account.spec.ends else { return (Some(end), false) };
    let target = end.min(today.saturating_add(i64::from(max_ahead).days()));
    match was {
        Some(was) if was <= target && crate::desired::days_between(today, was) > ROLLING_WITHIN => (Some(was), false),
        Some(was) if was < target => (Some(target), true),
        Some(_) | None => (Some(target), false),
    }
}

fn describe(key: &str, value: &Value) -> String {
    match value {
        Value::One(w) => format!("{key} {w}"),
        Value::Set(s) => format!("{key} [{}]", s.iter().map(Atom::as_str).collect::<Vec<_>>().join(", ")),
        Value::Flag(b) => format!("{key} {b}"),
        Value::Day(d) => format!("{key} {}", d.map_or_else(|| "none".into(), |d| d.to_string())),
        Value::Text(t) => format!("{key} {}", Name::as_str(t)),
        Value::Opaque(_) => key.to_owned(),
    }
}
