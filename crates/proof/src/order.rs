//! The order of an account's changes: every edge has a reason, every reason its edge; and administrators
//! enough in every order that the edges allow.

use std::collections::{BTreeMap, BTreeSet};

use crate::change::{Here, Judged};
use crate::evidence::{Action, Change, Domains, domain_of};
use crate::refusal::{Refusals, Rule};

/// What one change gives and another needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact<'a> {
    /// Members of the domain can come in; `*` for all.
    Domain(&'a str),
    /// An active administrator more.
    Administrators,
    /// The whitelist is on.
    Whitelist,
    /// Nobody uses the domain any more.
    Unused(&'a str),
}

pub struct Order<'a> {
    changes: &'a [Change],
    judged: &'a [Option<Judged>],
    waits: Vec<BTreeSet<usize>>,
    gives: Vec<Vec<Fact<'a>>>,
    needs: Vec<Vec<Fact<'a>>>,
    givers: BTreeMap<Fact<'a>, BTreeSet<usize>>,
}

impl<'a> Order<'a> {
    /// Refuses what the edges lack, and those that nothing asks for.
    pub fn of(here: &Here<'a>, judged: &'a [Option<Judged>], refusals: &mut Refusals) -> Self {
        let changes = &here.account.changes;
        let mut order = Self {
            changes,
            judged,
            waits: edges(changes, refusals),
            gives: changes.iter().zip(judged).map(|(c, j)| gives(here, c, j.as_ref())).collect(),
            needs: Vec::new(),
            givers: BTreeMap::new(),
        };
        for (i, gives) in order.gives.iter().enumerate() {
            for fact in gives {
                order.givers.entry(fact.clone()).or_default().insert(i);
            }
        }
        order.needs = (0..changes.len()).map(|i| order.needs(here, i, refusals)).collect();
        order.check(refusals);
        order
    }

    fn is_given(&self, fact: &Fact<'_>) -> bool {
        self.givers.contains_key(fact)
    }

    fn needs(&self, here: &Here<'a>, i: usize, refusals: &mut Refusals) -> Vec<Fact<'a>> {
        let change = &self.changes[i];
        let subject = change.subject.as_str();
        let live = here.account.reading.domains.as_ref();
        let mut all = Vec::new();
        match change.action {
            Action::Invite => {
                let domain = domain_of(subject);
                let lacks = live.is_some_and(|live| matches!(live, Domains::Only(list) if !list.contains(domain)));
                // A list that is switched on holds what existing members use, and nothing for who comes.
                let admits = !lacks && !matches!(live, Some(Domains::Off(_)));
                if !admits && self.is_given(&Fact::Domain(domain)) {
                    all.push(Fact::Domain(domain));
                } else if lacks && self.is_given(&Fact::Domain("*")) {
                    all.push(Fact::Domain("*"));
                } else {
                    refusals.unless(!lacks, Rule::Domain, &change.id, || format!("nothing allows {domain} before the invitation"));
                }
            }
            Action::AllowDomain | Action::DisallowDomain => {
                if matches!(live, Some(Domains::Off(_))) {
                    all.push(Fact::Whitelist);
                }
                if change.action == Action::DisallowDomain {
                    all.push(Fact::Unused(subject));
                }
            }
            _ => {}
        }
        // Administrators: everyone who ends one waits for those who come, or nobody does.
        let ends = |i: usize| self.judged[i].as_ref().is_some_and(|j| j.ends_administrator);
        if ends(i) && self.are_awaited() {
            all.push(Fact::Administrators);
        }
        // What gives its own need waits for nobody.
        if all.iter().any(|fact| self.gives[i].contains(fact)) { Vec::new() } else { all }
    }

    /// Whether anyone by whom an administrator is lost waits for one who comes.
    fn are_awaited(&self) -> bool {
        let Some(givers) = self.givers.get(&Fact::Administrators) else { return false };
        let enders = self.judged.iter().zip(&self.waits).filter(|(j, _)| j.as_ref().is_some_and(|j| j.ends_administrator));
        enders.into_iter().any(|(_, waits)| waits.intersection(givers).next().is_some())
    }

    fn check(&self, refusals: &mut Refusals) {
        // Where many give a fact, the last of them may wait for all others and stand for them.
        let stands_for_all: BTreeMap<&Fact<'_>, BTreeSet<usize>> = self
            .givers
            .iter()
            .map(|(fact, givers)| {
                let last = |h: &&usize| self.waits[**h].intersection(givers).count() + 1 == givers.len();
                (fact, givers.iter().filter(last).copied().collect())
            })
            .collect();
        for (i, change) in self.changes.iter().enumerate() {
            let waits = &self.waits[i];
            for fact in &self.needs[i] {
                let Some(givers) = self.givers.get(fact) else { continue };
                let waits_for_all = givers.is_subset(waits) || waits.intersection(&stands_for_all[fact]).next().is_some();
                refusals.unless(waits_for_all, Rule::Order, &change.id, || format!("does not wait for all that give {fact:?}"));
            }
            let others = self.gives[i].iter().filter(|fact| stands_for_all[fact].contains(&i));
            let reasons: Vec<&BTreeSet<usize>> = self.needs[i].iter().chain(others).filter_map(|fact| self.givers.get(fact)).collect();
            if let Some(other) = waits.iter().find(|w| !reasons.iter().any(|givers| givers.contains(w))) {
                refusals.add(Rule::Order, &change.id, format!("waits for {} without a reason", self.changes[*other].id));
            }
        }
    }

    /// The fewest active administrators at any moment of any order that the edges allow. `cut` are those
    /// whom each change of a domain cuts off.
    ///
    /// Whoever waits for those who come waits for all of them, so an order is worst where the others come
    /// first, and then all who waited.
    pub fn fewest(&self, now: u64, cut: &BTreeMap<usize, u64>) -> u64 {
        let givers = self.givers.get(&Fact::Administrators).map_or(0, |all| all.len() as u64);
        let awaits = |i: usize| self.needs[i].contains(&Fact::Administrators);
        let enders: Vec<usize> =
            (0..self.changes.len()).filter(|i| self.judged[*i].as_ref().is_some_and(|j| j.ends_administrator)).collect();
        let (mut waiting, mut free) = (0, 0);
        for i in enders {
            *if awaits(i) { &mut waiting } else { &mut free } += 1;
        }
        for (i, cut) in cut {
            *if self.waits[*i].iter().any(|w| awaits(*w)) { &mut waiting } else { &mut free } += *cut;
        }
        now.saturating_sub(free).saturating_sub(u64::saturating_sub(waiting, givers))
    }
}

/// Whom each waits for, by place in the list.
fn edges(changes: &[Change], refusals: &mut Refusals) -> Vec<BTreeSet<usize>> {
    let place: BTreeMap<&str, usize> = changes.iter().enumerate().map(|(i, c)| (c.id.as_str(), i)).collect();
    let mut all = Vec::with_capacity(changes.len());
    for (i, change) in changes.iter().enumerate() {
        let sorted = change.waits_for.is_sorted_by(|a, b| a < b);
        refusals.unless(sorted, Rule::Order, &change.id, || "waits_for is not sorted, each once".to_owned());
        let mut waits = BTreeSet::new();
        for other in &change.waits_for {
            match place.get(other.as_str()) {
                Some(at) if *at < i => {
                    waits.insert(*at);
                }
                Some(_) => refusals.add(Rule::Order, &change.id, format!("stands before {other}, for which it waits")),
                None => refusals.add(Rule::Order, &change.id, format!("waits for {other}, which is no change here")),
            }
        }
        all.push(waits);
    }
    all
}

fn gives<'a>(here: &Here<'a>, change: &'a Change, judged: Option<&Judged>) -> Vec<Fact<'a>> {
    let mut all = Vec::new();
    let subject = change.subject.as_str();
    if change.action == Action::AllowDomain {
        all.push(Fact::Domain(subject));
        let (live, wanted) = (&here.account.reading.domains, &here.account.policy.domains);
        // The first of the list switches it on.
        if let (Some(Domains::Off(_)), Some(Domains::Only(wanted))) = (live, wanted)
            && wanted.first().map(String::as_str) == Some(subject)
        {
            all.push(Fact::Whitelist);
        }
    }
    if change.action.ends() {
        all.push(Fact::Unused(domain_of(subject)));
    }
    if judged.is_some_and(|j| j.gives_administrator) {
        all.push(Fact::Administrators);
    }
    all
}
