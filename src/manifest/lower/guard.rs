//! `guards`: limits at the top level and under accounts. A lift is no matter of manifests.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::manifest::cursor::{Cursor, Sink};
use crate::manifest::diagnostic::quoted;
use crate::manifest::{Diagnostic, GuardLimit, read};
use crate::model::{Atom, Located};
use crate::systems::SystemSpec;

/// Guards whose limit can be written, with their default count, percent and most (CONTRACT.md, the
/// table of guards).
const LIMITS: &[(&str, [u32; 3])] = &[
    ("removals", [3, 20, 25]),
    ("reductions", [5, 30, 50]),
    ("cancelled-invitations", [5, 50, 50]),
    ("disallowed-domains", [0, 0, 0]),
    ("open-domains", [0, 0, 0]),
    ("cut-off", [0, 0, 0]),
    ("new-administrators", [3, 0, 3]),
    ("end-extensions", [3, 10, 25]),
    ("invitations", [200, 0, 200]),
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

/// A limit with its defaults: `min(most, max(count, floor(percent × members)))`.
#[derive(Clone, Copy)]
struct Effective {
    count: u64,
    percent: u64,
    most: u64,
}

impl Effective {
    /// A written count over the default most raises it: who writes 30 means 30.
    fn of([count, percent, most]: [u32; 3], written: &GuardLimit) -> Self {
        let most = written.most.unwrap_or_else(|| most.max(written.count.unwrap_or(0)));
        let [count, percent, most] = [written.count.unwrap_or(count), written.percent.unwrap_or(percent), most].map(u64::from);
        Self { count, percent, most }
    }

    fn over(self, members: u64) -> u64 {
        self.most.min(self.count.max(members * self.percent / 100))
    }

    /// The least members that make the share so many.
    fn members_for(self, share: u64) -> Option<u64> {
        (share * 100 + self.percent).checked_sub(1)?.checked_div(self.percent)
    }

    /// Where the line of the limit bends: where the share exceeds the count, and where it reaches the most.
    fn bends(self) -> [Option<u64>; 2] {
        [self.members_for(self.count + 1), self.members_for(self.most)]
    }

    /// The least number of members for which this lets more go than the other, among those that
    /// matter: between two bends both limits rise by their percentage, in steps that repeat with every
    /// hundred members, so that one overtakes the other within a hundred of a bend or not at all.
    fn exceeds(self, other: Self) -> Option<u64> {
        let bends = [Some(0)].into_iter().chain(self.bends()).chain(other.bends()).flatten();
        let near: BTreeSet<u64> = bends.flat_map(|bend| bend.saturating_sub(100)..=bend + 100).collect();
        near.into_iter().find(|members| self.over(*members) > other.over(*members))
    }
}

/// What an account leaves out is as it is for all accounts.
fn laxer(code: &Atom, mine: &GuardLimit, top: &GuardLimit) -> Option<String> {
    if *code == FLOOR {
        let (mine, top) = (mine.count?, top.count?);
        return (mine < top).then(|| format!("{mine} is laxer than the {top} that is written for all accounts"));
    }
    let keys = [("count", mine.count, top.count), ("percent", mine.percent, top.percent), ("most", mine.most, top.most)];
    if let Some((key, mine, top)) = keys.into_iter().find_map(|(key, m, t)| Some((key, m?, t?)).filter(|(_, m, t)| m > t)) {
        return Some(format!("`{key}: {mine}` is laxer than the {top} that is written for all accounts"));
    }
    let (_, default) = LIMITS.iter().find(|(name, _)| *code == *name)?;
    let whole = GuardLimit { count: mine.count.or(top.count), percent: mine.percent.or(top.percent), most: mine.most.or(top.most) };
    let (mine, top) = (Effective::of(*default, &whole), Effective::of(*default, top));
    let members = mine.exceeds(top)?;
    let (mine, top) = (mine.over(members), top.over(members));
    Some(format!("laxer than what is written for all accounts: {mine} instead of {top} where there are {members} members"))
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
    if !LIMITS.iter().any(|(name, _)| *name == code) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(count: Option<u32>, percent: Option<u32>, most: Option<u32>) -> GuardLimit {
        GuardLimit { count, percent, most }
    }

    #[test]
    fn a_guard_that_is_laxer_for_one_number_of_members_alone_is_found() {
        let of = |percent| Effective::of([0; 3], &limit(Some(0), Some(percent), Some(10)));
        assert_eq!(of(90).exceeds(of(84)), Some(7), "6 instead of 5");
    }

    proptest::proptest! {
        #[test]
        fn a_laxer_guard_is_found_whatever_its_numbers(
            mine in (0u32..40, 0u32..=100, 0u32..40),
            top in (0u32..40, 0u32..=100, 0u32..40),
        ) {
            let of = |(count, percent, most)| Effective::of([0; 3], &limit(Some(count), Some(percent), Some(most)));
            let (mine, top) = (of(mine), of(top));
            let is = (0..5000).any(|members| mine.over(members) > top.over(members));
            proptest::prop_assert_eq!(mine.exceeds(top).is_some(), is);
        }
    }

    #[test]
    fn the_defaults_are_those_that_plans_use() {
        let account = "connections:\n  sol: { system: solver, backend: embedded }\naccounts:\n  sol: { members: [] }\n";
        let loaded = crate::manifest::load_texts([("a.yaml", account)], "2026-11-22T09:00:00Z".parse().unwrap());
        let guards =
            crate::desired::Guards::resolve(loaded.manifests.connections["sol"].spec, &loaded.manifests, &loaded.manifests.accounts["sol"]);
        for (code, default) in LIMITS {
            let used = guards.get(crate::desired::GuardCode::find(code).unwrap());
            assert_eq!([used.count, used.percent, used.most], *default, "{code}");
        }
    }
}
