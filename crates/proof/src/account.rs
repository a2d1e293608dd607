//! One account's part of a plan: each change by itself, then their order and what all of them come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::access::Until;
use crate::change::{Here, Judged};
use crate::digest;
use crate::evidence::{Account, Action, Attrs, Axis, Change, Direction, Domains, Phase, System, Verb, domain_of};
use crate::order::Order;
use crate::refusal::{Refusals, Rule};

pub fn check(system: &System, account: &Account, refusals: &mut Refusals) {
    let here = Here { system, account };
    shapes(&here, refusals);
    digests(&here, refusals);
    if account.reading.proof.is_none() {
        refusals.unless(account.changes.is_empty(), Rule::Reading, &account.account, || "planned on an incomplete reading".to_owned());
        return;
    }
    ids(account, refusals);
    let judged: Vec<Option<Judged>> = account.changes.iter().map(|change| one(&here, change, refusals)).collect();
    // What makes no sense by itself has no place in an order, and counts for nothing.
    if judged.iter().any(Option::is_none) {
        return;
    }
    let order = Order::of(&here, &judged, refusals);
    let cut = cut_off(account);
    administrators(&here, &judged, &order, &cut, refusals);
    guards(&here, &judged, &cut, refusals);
}

/// Every value is of its attribute's kind.
fn shapes(here: &Here<'_>, refusals: &mut Refusals) {
    let mut check = |about: &str, attrs: &Attrs| {
        let wrong = attrs.iter().find(|(key, value)| !here.system.attribute(key).is_some_and(|a| a.takes(value)));
        if let Some((key, value)) = wrong {
            refusals.add(Rule::Shape, about, format!("{key} is {value}"));
        }
    };
    for (address, member) in &here.account.reading.members {
        check(address, &member.seen);
    }
    for change in &here.account.changes {
        change.before.iter().chain(&change.after).for_each(|attrs| check(&change.id, attrs));
        let to = change.calls.iter().flat_map(|c| &c.set).filter_map(|(key, assign)| match assign {
            crate::evidence::Assign::To(value) => Some((key.clone(), value.clone())),
            crate::evidence::Assign::Delta { .. } => None,
        });
        to.for_each(|(key, value)| check(&change.id, &Attrs::from([(key, value)])));
    }
}

fn digests(here: &Here<'_>, refusals: &mut Refusals) {
    let account = here.account;
    for change in &account.changes {
        let is = digest::of_change(here.system, account, change);
        refusals.unless(change.digest == is, Rule::Digest, &change.id, || format!("its digest is {is}"));
        let until = |key: &String| here.system.attribute(key).is_some_and(|a| a.axis == Axis::Until);
        let has_end = change.before.iter().chain(&change.after).flat_map(|a| a.keys()).any(until);
        let rolls = has_end && here.keeps_ends();
        refusals.unless(!change.rolling || rolls, Rule::Shape, &change.id, || {
            "no end is there that the product keeps and that could roll".to_owned()
        });
    }
    let is = digest::of_account(account.changes.iter().map(|c| c.digest.as_str()));
    refusals.unless(account.digest == is, Rule::Digest, &account.account, || format!("the account's digest is {is}"));
}

fn ids(account: &Account, refusals: &mut Refusals) {
    let mut subjects = BTreeSet::new();
    for change in &account.changes {
        let id = format!("{}/{}/{}", account.account, change.action.word(), change.subject);
        refusals.unless(change.id == id, Rule::Id, &change.id, || format!("this is {id}"));
        let is_first = subjects.insert((change.action.is_of_a_domain(), change.subject.as_str()));
        refusals.unless(is_first, Rule::Id, &change.id, || "a second change of the same".to_owned());
        refusals.unless(!account.blocked.contains(&change.id), Rule::Blocked, &change.id, || "it is blocked".to_owned());
    }
}

fn one(here: &Here<'_>, change: &Change, refusals: &mut Refusals) -> Option<Judged> {
    let judged = if change.action.is_of_a_domain() { Some(domain(here, change, refusals)) } else { here.judge(change, refusals) }?;
    let direction = judged.direction;
    refusals.unless(change.direction == direction, Rule::Direction, &change.id, || format!("it {}", direction.word()));
    refusals.unless(change.administers == judged.administers, Rule::Administers, &change.id, || {
        format!("the member {} to administer", if judged.administers { "comes" } else { "does not come" })
    });
    Some(judged)
}

/// A change of the whitelist: of what is there to what shall be.
fn domain(here: &Here<'_>, change: &Change, refusals: &mut Refusals) -> Judged {
    let (domain, reading) = (change.subject.as_str(), &here.account.reading);
    let in_use = || reading.members.keys().any(|address| domain_of(address) == domain);
    let narrows = || Direction::Narrows;
    let direction = match (change.action, &reading.domains, &here.account.policy.domains) {
        (Action::AllowDomain, Some(Domains::Only(_)), Some(Domains::Off(_))) => (domain == "*").then_some(Direction::Widens),
        (Action::AllowDomain, Some(Domains::Only(live)), Some(Domains::Only(wanted))) => {
            (wanted.contains(domain) && !live.contains(domain)).then_some(Direction::Widens)
        }
        (Action::AllowDomain, Some(Domains::Off(_)), Some(Domains::Only(wanted))) => wanted.contains(domain).then(narrows),
        (Action::DisallowDomain, Some(Domains::Only(live)), Some(Domains::Only(wanted))) => {
            (live.contains(domain) && !wanted.contains(domain)).then(narrows)
        }
        // Switched on, the list holds what is in use.
        (Action::DisallowDomain, Some(Domains::Off(_)), Some(Domains::Only(wanted))) => {
            (!wanted.contains(domain) && in_use()).then(narrows)
        }
        _ => None,
    };
    refusals.unless(direction.is_some(), Rule::Domain, &change.id, || "the whitelist as it is and shall be does not ask for it".to_owned());
    let verb = if change.action == Action::AllowDomain { Verb::AllowDomain } else { Verb::DisallowDomain };
    let is_call = matches!(&change.calls[..], [call] if call.set.is_empty() && here.system.calls.get(&call.label) == Some(&verb));
    refusals.unless(is_call, Rule::Calls, &change.id, || "other calls than that of the domain".to_owned());
    let is_bare = change.before.is_none() && change.after.is_none();
    refusals.unless(is_bare, Rule::Before, &change.id, || "a domain has no attributes".to_owned());
    Judged {
        before: Attrs::new(),
        after: None,
        direction: direction.unwrap_or(change.direction),
        administers: false,
        ends_administrator: false,
        gives_administrator: false,
        invites: false,
    }
}

/// Who stays, and whom a change of a domain cuts off, by its place.
fn cut_off(account: &Account) -> BTreeMap<usize, Vec<&str>> {
    let gone: BTreeSet<&str> = account.changes.iter().filter(|c| c.action.ends()).map(|c| c.subject.as_str()).collect();
    let domains = account.changes.iter().enumerate().filter(|(_, c)| c.action == Action::DisallowDomain);
    let of = |domain: &str| {
        let members = account.reading.members.iter().filter(|(who, m)| domain_of(who) == domain && m.phase.stands());
        members.map(|(who, _)| who.as_str()).filter(|who| !gone.contains(who)).collect()
    };
    domains.map(|(i, c)| (i, of(&c.subject))).collect()
}

fn administrators(
    here: &Here<'_>,
    judged: &[Option<Judged>],
    order: &Order<'_>,
    cut: &BTreeMap<usize, Vec<&str>>,
    refusals: &mut Refusals,
) {
    let (system, account) = (here.system, here.account);
    let members = &account.reading.members;
    let all: BTreeSet<&str> =
        members.iter().filter(|(who, m)| system.is_administrator(who, m, account)).map(|(who, _)| who.as_str()).collect();
    let shown = members.values().any(|m| m.phase == Phase::Active && system.is_untouchable(m));
    let now = all.len() as u64 + u64::from(system.floor.kept_by_untouchable && !shown);
    refusals.unless(now == account.reading.administrators, Rule::Administrators, &account.account, || {
        format!("{now} administrators are shown, and {} counted", account.reading.administrators)
    });
    let lost: BTreeSet<&str> = account
        .changes
        .iter()
        .zip(judged)
        .filter(|(_, j)| j.as_ref().is_some_and(|j| j.ends_administrator))
        .map(|(c, _)| c.subject.as_str())
        .collect();
    let cut = cut.iter().map(|(i, who)| (*i, who.iter().filter(|w| all.contains(*w) && !lost.contains(*w)).count() as u64)).collect();
    let fewest = order.fewest(now, &cut);
    let least = account.policy.minimum_administrators.max(system.floor.least).min(now);
    refusals.unless(fewest >= least, Rule::Administrators, &account.account, || {
        format!("an order of the changes leaves {fewest} administrators of {least}")
    });
}

fn guards(here: &Here<'_>, judged: &[Option<Judged>], cut: &BTreeMap<usize, Vec<&str>>, refusals: &mut Refusals) {
    let (account, policy) = (here.account, &here.account.policy);
    for (i, who) in cut {
        let id = &account.changes[*i].id;
        let named = |list: &BTreeSet<String>| who.iter().find(|w| list.contains(**w)).copied();
        if let Some(who) = named(&policy.protected) {
            refusals.add(Rule::Protected, id, format!("cuts off {who}, who is protected"));
        }
        if named(&policy.actor).is_some() {
            refusals.add(Rule::Actor, id, "cuts off the actor");
        }
    }
    let pairs = || account.changes.iter().zip(judged).filter_map(|(c, j)| Some((c, j.as_ref()?)));
    let count = |is: &dyn Fn(&Change, &Judged) -> bool| pairs().filter(|(c, j)| is(c, j)).count() as u64;
    let counted = [
        ("removals", count(&|c, j| c.action == Action::Remove || takes_last_scope(here, c, j))),
        ("reductions", count(&|c, j| c.action == Action::Edit && j.direction.narrows())),
        ("cancelled-invitations", count(&|c, _| c.action == Action::CancelInvitation)),
        ("disallowed-domains", count(&|c, _| c.action == Action::DisallowDomain)),
        ("open-domains", count(&|c, _| c.action.is_of_a_domain() && c.subject == "*")),
        ("cut-off", cut.values().flatten().collect::<BTreeSet<_>>().len() as u64),
        ("new-administrators", count(&|_, j| j.administers)),
        ("end-extensions", count(&|c, j| !c.rolling && c.action != Action::Invite && extends(here.system, j))),
        ("invitations", count(&|_, j| j.invites)),
    ];
    for (code, actual) in counted {
        let said = account.guards.get(code).copied();
        refusals.unless(said == Some(actual), Rule::Guard, &account.account, || format!("{code} counts {actual}"));
        let limit = policy.limits.get(code).copied().unwrap_or(0);
        refusals.unless(actual <= limit, Rule::Guard, &account.account, || format!("{code}: {actual} is over {limit}"));
    }
    let others = account.guards.keys().find(|code| counted.iter().all(|(known, _)| known != code));
    refusals.unless(others.is_none(), Rule::Guard, &account.account, || format!("unknown guard {}", others.map_or("", String::as_str)));
}

/// A bounded actor's edit after which no scope is left that it sees.
fn takes_last_scope(here: &Here<'_>, change: &Change, judged: &Judged) -> bool {
    let scopes = |attrs: &Attrs| here.system.scopes(attrs);
    !here.account.reading.unbounded
        && change.action == Action::Edit
        && scopes(&judged.before) > 0
        && judged.after.as_ref().is_none_or(|after| scopes(after) == 0)
}

/// An end that is moved later or cleared.
fn extends(system: &System, judged: &Judged) -> bool {
    let Some(after) = &judged.after else { return false };
    let ends = system.attributes.iter().filter(|a| a.axis == Axis::Until);
    ends.into_iter().any(|a| {
        let (was, is) = (Until::of(judged.before.get(&a.key)), Until::of(after.get(&a.key)));
        was != Until::Ever && is > was
    })
}
