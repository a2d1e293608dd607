//! The plans as of later days, each made once.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::model::{Action, Attrs, Domains, Invitation, Keyed, Known, Live, Phase, Reading};
use crate::plan::Moment;
use crate::plan::account::Account;
use crate::plan::change::{AccountPlan, Change};

/// Of one account; asked for where an actor may be refused.
pub(super) struct Days<'p> {
    account: &'p Account<'p>,
    moment: Moment,
    today: Date,
    now: &'p AccountPlan,
    then: BTreeMap<Date, AccountPlan>,
    after_eve: BTreeMap<Date, AccountPlan>,
}

impl<'p> Days<'p> {
    /// `now` is the plan of `today`.
    pub fn new(account: &'p Account<'p>, moment: Moment, today: Date, now: &'p AccountPlan) -> Self {
        Self { account, moment, today, now, then: BTreeMap::new(), after_eve: BTreeMap::new() }
    }

    /// The plan as of the day, made of what is there now.
    pub fn plan(&mut self, on: Date) -> &AccountPlan {
        if on <= self.today {
            return self.now;
        }
        self.then.entry(on).or_insert_with(|| self.account.plan(Moment { at: Some(on), ..self.moment }))
    }

    /// The plan as of the day, made of what the plan as of its eve makes.
    pub fn plan_after_eve(&mut self, on: Date) -> &AccountPlan {
        if !self.after_eve.contains_key(&on) {
            let account = self.account;
            let eve = self.plan(on.yesterday().unwrap_or(on));
            let reading = made(account, account.reading, eve);
            let plan = Account { reading: &reading, ..*account }.plan(Moment { at: Some(on), ..self.moment });
            self.after_eve.insert(on, plan);
        }
        &self.after_eve[&on]
    }
}

/// The member with what was made of it; what is seen in part still is.
pub(super) fn with(live: &Live, attrs: &Attrs) -> Live {
    let is_left = |key: &&str, known: &Known<_>| known.seen().is_none() && !known.is_partly() || attrs.contains_key(key);
    let now = |key, known: &Known<crate::model::Value>| match (attrs.get(key), known) {
        (Some(value), Known::Partly(_)) => Known::Partly(value.clone()),
        (Some(value), _) => Known::Seen(value.clone()),
        (None, known) => known.clone(),
    };
    let kept = live.attrs.iter().filter(|(key, known)| is_left(key, known)).map(|(key, known)| (*key, now(*key, known)));
    let new = attrs.iter().filter(|(key, _)| live.attrs.get(key).is_none()).map(|(key, value)| (*key, Known::Seen(value.clone())));
    Live { attrs: kept.chain(new).collect(), ..live.clone() }
}

/// What is there once all of the plan is made.
pub(super) fn made(account: &Account<'_>, reading: &Reading, plan: &AccountPlan) -> Reading {
    let mut made = reading.clone();
    let mut of: BTreeMap<&str, &Change> = plan.changes.iter().map(|c| (c.subject.as_str(), c)).collect();
    made.members.retain_mut(|live| match of.remove(live.email.key()) {
        Some(change) if matches!(change.action, Action::Remove | Action::CancelInvitation) => false,
        Some(change) => {
            if let Some(after) = &change.whole_after {
                live.attrs = with(live, after).attrs;
            }
            match change.action {
                Action::Restore if account.has_registered(live) => live.phase = Phase::Active,
                Action::Restore | Action::Reinvite => live.phase = invited(),
                _ => {}
            }
            true
        }
        None => true,
    });
    for (_, change) in of {
        let Some(email) = change.subject.email() else {
            domain(&mut made, change);
            continue;
        };
        let reads = |key: &&str| account.caps.reads.contains(*key);
        let after = change.whole_after.iter().flatten().filter(|(key, _)| reads(key));
        let attrs: Keyed<_> = after.map(|(key, value)| (*key, Known::Seen(value.clone()))).collect();
        made.members.push(Live { email: email.clone(), id: None, phase: invited(), attrs });
    }
    made.members.sort_by(|a, b| a.email.cmp(&b.email));
    made
}

/// When it went out is of no matter here.
fn invited() -> Phase {
    Phase::Pending { sent: None, attempts: None, state: Invitation::Open }
}

fn domain(reading: &mut Reading, change: &Change) {
    let (Known::Seen(domains), Some(domain)) = (&mut reading.domains, change.subject.domain()) else { return };
    match (change.action, domains) {
        (Action::AllowDomain, all) if domain.is_any() => *all = Domains::Off,
        (Action::AllowDomain, Domains::Only(list)) => _ = list.insert(domain.clone()),
        (Action::AllowDomain, all) => *all = Domains::Only([domain.clone()].into()),
        (Action::DisallowDomain, Domains::Only(list)) => _ = list.remove(domain),
        _ => {}
    }
}
