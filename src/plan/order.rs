//! The partial order of changes. Edges come only from facts that one change gives and another
//! needs; ties break by action, then member. Changes in a cycle are handed back, as are those that
//! wait for them.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, Fact};
use super::draft::Draft;

/// The changes in a valid order, and those without one, each with its `blocked` code.
pub(super) fn all(mut drafts: Vec<Draft>) -> (Vec<Change>, Vec<(Draft, &'static str)>) {
    drafts.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
    let edges = Edges::of(&drafts);
    let mut waiting: Vec<usize> = edges.before.iter().map(BTreeSet::len).collect();
    let mut ready: BTreeSet<usize> = (0..drafts.len()).filter(|i| waiting[*i] == 0).collect();
    let mut order = Vec::with_capacity(drafts.len());
    while let Some(i) = ready.pop_first() {
        order.push(i);
        for &next in &edges.after[i] {
            waiting[next] -= 1;
            if waiting[next] == 0 {
                ready.insert(next);
            }
        }
    }
    let ids: Vec<String> = drafts.iter().map(|d| d.change.id.clone()).collect();
    let done: BTreeSet<usize> = order.iter().copied().collect();
    let cyclic = edges.cyclic(&done);
    let mut left = Vec::new();
    let mut by_index: BTreeMap<usize, Change> = BTreeMap::new();
    for (i, mut draft) in drafts.into_iter().enumerate() {
        if done.contains(&i) {
            draft.change.waits_for = edges.before[i].iter().map(|b| ids[*b].clone()).collect();
            by_index.insert(i, draft.change);
        } else {
            left.push((draft, if cyclic.contains(&i) { "order-cycle" } else { "awaits-blocked" }));
        }
    }
    (order.iter().filter_map(|i| by_index.remove(i)).collect(), left)
}

struct Edges {
    before: Vec<BTreeSet<usize>>,
    after: Vec<BTreeSet<usize>>,
}

impl Edges {
    fn of(drafts: &[Draft]) -> Self {
        let mut givers: BTreeMap<&Fact, Vec<usize>> = BTreeMap::new();
        for (i, draft) in drafts.iter().enumerate() {
            for fact in &draft.change.gives {
                givers.entry(fact).or_default().push(i);
            }
        }
        let mut all = Self { before: vec![BTreeSet::new(); drafts.len()], after: vec![BTreeSet::new(); drafts.len()] };
        for (i, draft) in drafts.iter().enumerate() {
            for &giver in draft.change.needs.iter().filter_map(|f| givers.get(f)).flatten() {
                if giver != i && !draft.change.gives.iter().any(|f| draft.change.needs.contains(f)) {
                    all.before[i].insert(giver);
                    all.after[giver].insert(i);
                }
            }
        }
        all
    }

    /// Of what could not be ordered, that which lies on or between cycles.
    fn cyclic(&self, done: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut left: BTreeSet<usize> = (0..self.before.len()).filter(|i| !done.contains(i)).collect();
        while let Some(leaf) = left.iter().copied().find(|i| self.after[*i].is_disjoint(&left)) {
            left.remove(&leaf);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Action, Domain};
    use crate::plan::sample;

    fn fact(name: &str) -> Fact {
        Fact::Domain(Domain::parse(&format!("{name}.example")).expect("a domain"))
    }

    /// A change of one member that needs and gives facts, by name.
    fn draft(member: &str, needs: &[&str], gives: &[&str]) -> Draft {
        let mut change = sample::change("a", Action::Edit, sample::member(&format!("{member}@acme.example")), None, None);
        change.needs = needs.iter().map(|n| fact(n)).collect();
        change.gives = gives.iter().map(|n| fact(n)).collect();
        Draft { change, exists: true, is_active: true, partly_seen: false }
    }

    /// Members in their order, and those without one with their code.
    fn ordered(drafts: Vec<Draft>) -> (Vec<String>, Vec<(String, &'static str)>) {
        let name = |c: &Change| c.subject.as_str().split('@').next().unwrap_or_default().to_owned();
        let (changes, left) = all(drafts);
        (changes.iter().map(name).collect(), left.iter().map(|(d, code)| (name(&d.change), *code)).collect())
    }

    #[test]
    fn changes_stand_after_what_they_need_and_ties_break_by_member() {
        let drafts = vec![draft("c", &[], &[]), draft("a", &["x"], &[]), draft("b", &[], &["x"])];
        let (changes, left) = all(drafts);
        let waits: Vec<&str> = changes.iter().flat_map(|c| &c.waits_for).map(String::as_str).collect();
        assert_eq!(waits, ["a/edit/b@acme.example"]);
        assert_eq!(changes.iter().map(|c| c.subject.as_str()).collect::<Vec<_>>(), ["b@acme.example", "a@acme.example", "c@acme.example"]);
        assert!(left.is_empty());
    }

    #[test]
    fn order_cycle_names_those_in_the_cycle_and_what_follows_awaits_them() {
        let drafts = vec![
            draft("a", &["x"], &["y"]),
            draft("b", &["y"], &["x", "z"]),
            draft("c", &["z"], &[]),
            draft("d", &[], &["w"]),
            draft("e", &["w"], &[]),
        ];
        let (changes, left) = ordered(drafts);
        assert_eq!(changes, ["d", "e"]);
        let code = |name: &str, code| (name.to_owned(), code);
        assert_eq!(left, [code("a", "order-cycle"), code("b", "order-cycle"), code("c", "awaits-blocked")]);
    }

    #[test]
    fn what_gives_its_own_need_waits_for_nobody() {
        let (changes, left) = ordered(vec![draft("a", &["x"], &["x"]), draft("b", &[], &["x"])]);
        assert_eq!((changes, left), (vec!["a".to_owned(), "b".to_owned()], vec![]));
    }
}
