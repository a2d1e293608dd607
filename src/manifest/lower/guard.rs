//! `guards`: limits at the top level and under accounts. A lift is no matter of manifests.

use std::collections::{BTreeMap, HashMap};

use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::{Diagnostic, GuardLimit, read};
use crate::model::{Atom, Located};
use crate::systems::SystemSpec;

/// Guards whose limit can be written (CONTRACT.md, the table of guards).
const LIMITS: &[&str] = &[
    "removals",
    "reductions",
    "cancelled-invitations",
    "disallowed-domains",
    "open-domains",
    "cut-off",
    "new-administrators",
    "end-extensions",
    "invitations",
];
/// The guard that is a plain number: a least, not a most.
const FLOOR: &str = "minimum-administrators";

type Guards = BTreeMap<Atom, Located<GuardLimit>>;

/// Those for all accounts, over all files.
pub(super) fn top(roots: &[Cursor<'_>], sink: &mut Sink) -> Guards {
    let mut guards = Guards::new();
    let mut first: HashMap<&str, Cursor<'_>> = HashMap::new();
    for at in roots.iter().filter_map(|root| root.get("guards")) {
        let Some(entries) = read::map(sink, at) else { continue };
        for (code, value) in entries {
            if let Some(before) = first.insert(code, value) {
                let message = format!("{} stands under `guards` twice", quoted(code));
                sink.say(Diagnostic::error("duplicate-name", message, value.key_place()).related(before.key_place(), "first given here"));
                continue;
            }
            guards.extend(guard(code, value, 1, sink));
        }
    }
    guards
}

/// Those of one account: never laxer than what is written at the top.
pub(super) fn of_account(at: Cursor<'_>, spec: Option<&SystemSpec>, top: &Guards, sink: &mut Sink) -> Guards {
    let least = spec.map_or(1, |s| s.floor.least);
    let Some(entries) = read::map(sink, at) else { return Guards::new() };
    let mut guards = Guards::new();
    for (code, value) in entries {
        let Some((code, limit)) = guard(code, value, least, sink) else { continue };
        if let Some(over) = top.get(&code)
            && let Some(message) = laxer(&code, &limit.value, &over.value)
        {
            sink.say(Diagnostic::error("guard-too-lax", message, limit.at.clone()).related(over.at.clone(), "for all accounts"));
        }
        guards.insert(code, limit);
    }
    guards
}

fn laxer(code: &Atom, mine: &GuardLimit, top: &GuardLimit) -> Option<String> {
    if *code == FLOOR {
        let (mine, top) = (mine.count?, top.count?);
        return (mine < top).then(|| format!("{mine} is laxer than the {top} that is written for all accounts"));
    }
    [("count", mine.count, top.count), ("percent", mine.percent, top.percent), ("most", mine.most, top.most)].into_iter().find_map(
        |(key, mine, top)| {
            let (mine, top) = (mine?, top?);
            (mine > top).then(|| format!("`{key}: {mine}` is laxer than the `{key}: {top}` that is written for all accounts"))
        },
    )
}

fn guard(code: &str, at: Cursor<'_>, least: u32, sink: &mut Sink) -> Option<(Atom, Located<GuardLimit>)> {
    if code == FLOOR {
        let count = read::count(sink, at)?;
        if count < least {
            let message = format!("there is at least {least} administrator: the guard cannot be lower");
            sink.say(Diagnostic::error("guard-too-lax", message, at.place()));
        }
        let limit = GuardLimit { count: Some(count), ..GuardLimit::default() };
        return Some((Atom::new(code).ok()?, Located::new(limit, at.place())));
    }
    if !LIMITS.contains(&code) {
        sink.say(Diagnostic::error("unknown-key", format!("unknown key {}", quoted(code)), at.key_place()));
        return None;
    }
    let mut limit = GuardLimit::default();
    for (key, value) in read::map(sink, at)? {
        let number = read::count(sink, value);
        match key {
            "count" => limit.count = number,
            "percent" => {
                if number.is_some_and(|n| n > 100) {
                    sink.say(
                        Diagnostic::error("wrong-value", "a percentage over 100", value.place()).expected("a whole number from 0 to 100"),
                    );
                }
                limit.percent = number;
            }
            "most" => limit.most = number,
            _ => {}
        }
    }
    Some((Atom::new(code).ok()?, Located::new(limit, at.key_place())))
}
