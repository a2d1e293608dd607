//! The partial order of changes. Edges come only from facts that one change gives and another
//! needs; ties break by action, then member. Changes in a cycle are handed back, as are those that
//! wait for them.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Change, ChangeId, Fact};
use super::draft::Draft;

/// Where a fact has more givers, and more who need it, than this, those who need it name the last
/// giver alone, and that one names the others: each of ten thousand naming ten thousand would be a
/// hundred million names. Nobody starts earlier for it.
const MOST_NAMED: usize = 50;

/// The changes in a valid order, and those without one, each with its `blocked` code.
pub(super) fn all(mut drafts: Vec<Draft>) -> (Vec<Change>, Vec<(Draft, &'static str)>) {
    drafts.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
    let edges = Edges::of(&drafts);
    let order = edges.order();
    let mut position: Vec<Option<usize>> = vec![None; drafts.len()];
    for (at, i) in order.iter().enumerate() {
        position[*i] = Some(at);
    }
    let cyclic = edges.cyclic(&position);
    let ids: Vec<ChangeId> = drafts.iter().map(|d| d.change.id.clone()).collect();
    let waits: Vec<BTreeSet<ChangeId>> =
        edges.named(&position).into_iter().map(|all| all.into_iter().map(|i| ids[i].clone()).collect()).collect();
    let mut left = Vec::new();
    let mut ordered: Vec<Option<Change>> = order.iter().map(|_| None).collect();
    for (i, (mut draft, waits_for)) in drafts.into_iter().zip(waits).enumerate() {
        match position[i] {
            Some(at) => {
                draft.change.waits_for = waits_for;
                ordered[at] = Some(draft.change);
            }
            None => left.push((draft, if cyclic[i] { "order-cycle" } else { "awaits-blocked" })),
        }
    }
    (ordered.into_iter().flatten().collect(), left)
}

/// The edges, kept as their facts: from all who give one to all who need it.
struct Edges {
    facts: Vec<Ends>,
    /// By draft, indexes of facts.
    gives: Vec<Vec<usize>>,
    /// Facts that others give; none for who gives what it needs.
    needs: Vec<Vec<usize>>,
}

/// Drafts at the two ends of a fact.
#[derive(Default)]
struct Ends {
    givers: Vec<usize>,
    needers: Vec<usize>,
}

impl Edges {
    fn of(drafts: &[Draft]) -> Self {
        let mut index: BTreeMap<&Fact, usize> = BTreeMap::new();
        let mut all = Self { facts: Vec::new(), gives: vec![Vec::new(); drafts.len()], needs: vec![Vec::new(); drafts.len()] };
        for (i, draft) in drafts.iter().enumerate() {
            for fact in &draft.change.gives {
                let fact = *index.entry(fact).or_insert_with(|| {
                    all.facts.push(Ends::default());
                    all.facts.len() - 1
                });
                all.facts[fact].givers.push(i);
                all.gives[i].push(fact);
            }
        }
        for (i, Draft { change, .. }) in drafts.iter().enumerate() {
            if change.gives.is_disjoint(&change.needs) {
                for fact in change.needs.iter().filter_map(|f| index.get(f)) {
                    all.facts[*fact].needers.push(i);
                    all.needs[i].push(*fact);
                }
            }
        }
        all
    }

    /// The first of those that wait for nothing, again and again.
    fn order(&self) -> Vec<usize> {
        let mut missing: Vec<usize> = self.facts.iter().map(|f| f.givers.len()).collect();
        let mut waiting: Vec<usize> = self.needs.iter().map(Vec::len).collect();
        let mut ready: BTreeSet<usize> = (0..waiting.len()).filter(|i| waiting[*i] == 0).collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(i) = ready.pop_first() {
            order.push(i);
            for &fact in &self.gives[i] {
                missing[fact] -= 1;
                if missing[fact] > 0 {
                    continue;
                }
                for &next in &self.facts[fact].needers {
                    waiting[next] -= 1;
                    if waiting[next] == 0 {
                        ready.insert(next);
                    }
                }
            }
        }
        order
    }

    /// Of what has no position, that which lies on or between cycles: nothing is left of it once
    /// those for whom nobody waits are taken away, and then those for whom nobody waits any more.
    fn cyclic(&self, position: &[Option<usize>]) -> Vec<bool> {
        let mut left: Vec<bool> = position.iter().map(Option::is_none).collect();
        let mut waiting: Vec<usize> = self.facts.iter().map(|f| f.needers.iter().filter(|i| left[**i]).count()).collect();
        let is_leaf = |i: usize, waiting: &[usize]| self.gives[i].iter().all(|f| waiting[*f] == 0);
        let mut leaves: Vec<usize> = (0..left.len()).filter(|i| left[*i] && is_leaf(*i, &waiting)).collect();
        while let Some(i) = leaves.pop() {
            if !std::mem::replace(&mut left[i], false) {
                continue;
            }
            for &fact in &self.needs[i] {
                waiting[fact] -= 1;
                if waiting[fact] == 0 {
                    leaves.extend(self.facts[fact].givers.iter().filter(|g| left[**g] && is_leaf(**g, &waiting)));
                }
            }
        }
        left
    }

    /// Whom each names as coming first.
    fn named(&self, position: &[Option<usize>]) -> Vec<BTreeSet<usize>> {
        let mut of_fact: Vec<&[usize]> = Vec::new();
        let mut hubs: Vec<(usize, &[usize])> = Vec::new();
        for Ends { givers, needers } in &self.facts {
            let is_long = givers.len().min(needers.len()) > MOST_NAMED && givers.iter().all(|g| position[*g].is_some());
            let last = (0..givers.len()).max_by_key(|i| position[givers[*i]]).filter(|_| is_long);
            of_fact.push(last.map_or(&givers[..], |last| &givers[last..=last]));
            hubs.extend(last.map(|last| (givers[last], &givers[..])));
        }
        let named = |facts: &Vec<usize>| facts.iter().flat_map(|f| of_fact[*f]).copied().collect();
        let mut all: Vec<BTreeSet<usize>> = self.needs.iter().map(named).collect();
        for (last, givers) in hubs {
            all[last].extend(givers.iter().copied().filter(|g| *g != last));
        }
        all
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
        Draft { change, phase: Some(crate::model::Phase::Active), partly_seen: false }
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

    #[test]
    fn few_name_all_who_come_first_and_many_the_last_of_them() {
        let both = |n: usize| {
            let givers = (0..n).map(|i| draft(&format!("z{i:04}"), &[], &["x"]));
            let needers = (0..n).map(|i| draft(&format!("a{i:04}"), &["x"], &[]));
            all(givers.chain(needers).collect()).0
        };
        let few = both(MOST_NAMED);
        assert!(few[MOST_NAMED..].iter().all(|c| c.waits_for.len() == MOST_NAMED));
        let many = both(2000);
        assert!(many[..2000].iter().all(|c| c.subject.as_str().starts_with('z')), "all givers first");
        assert!(many[..1999].iter().all(|c| c.waits_for.is_empty()), "nobody else waits");
        assert_eq!(many[1999].waits_for.len(), 1999, "the last giver is made after all others");
        let last = BTreeSet::from(["a/edit/z1999@acme.example".to_owned()]);
        assert!(many[2000..].iter().all(|c| c.waits_for == last));
    }
}
