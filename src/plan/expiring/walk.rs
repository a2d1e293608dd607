//! From run to run: a plan on every day on which time changes anything, each on what the one before made.
//! A run that a guard stops makes nothing, and what is blocked is not made. So it is known what a later run
//! finds, what it does about whom is asked, and whether a guard stops it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::desired::Wanted;
use crate::model::{Action, Attrs, Domains, Email, Invitation, Keyed, Known, Live, Phase, Reading, Subject, Value};
use crate::plan::Moment;
use crate::plan::account::Account;
use crate::plan::ahead::{Window, own_end};
use crate::plan::change::{AccountPlan, Blocked, Change};
use crate::plan::invitation::{next_after, over_at};

use super::BlockedThen;

/// Whether those who are invited accept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Invited {
    StayInvited,
    /// At once, all of them.
    Accept,
}

/// The runs to come of one account.
pub(super) struct Walk {
    /// Guards that stop the plan of now.
    pub stopped_now: Vec<&'static str>,
    /// By day.
    runs: BTreeMap<Date, Run>,
}

/// One of them: what it finds of those who were asked for or lose by it, and what it does about them.
pub(super) struct Run {
    pub stopped_by: Vec<&'static str>,
    before: BTreeMap<Email, Live>,
    changes: BTreeMap<Email, Change>,
    blocked: BTreeMap<Email, BlockedThen>,
}

impl Walk {
    /// `now` is the plan of now; `asked` are days, and of whom something is asked on them.
    pub fn new(
        account: &Account<'_>,
        moment: Moment,
        window: Window,
        now: &AccountPlan,
        asked: &BTreeSet<(Date, Email)>,
        invited: Invited,
    ) -> Self {
        let mut walk = Self { stopped_now: stops(now), runs: BTreeMap::new() };
        let last = asked.last().map_or(window.until, |(day, _)| window.until.max(*day));
        let pending = account.reading.members.iter().filter(|l| l.phase.is_pending()).map(|l| &l.email);
        let whom: BTreeSet<&Email> = asked.iter().map(|(_, who)| who).chain(pending).collect();
        let dated = account.desired.members.iter().filter(|m| m.is_dated(window.today, last)).flat_map(|m| m.ahead(window.today, last));
        let mut days: BTreeSet<Date> = dated.chain(asked.iter().map(|(day, _)| *day)).collect();
        // Most accounts have nobody with a day ahead.
        if days.is_empty() && now.blocked.is_empty() && walk.stopped_now.is_empty() {
            return walk;
        }
        let mut made = Made { account, reading: account.reading.clone(), at: moment.now, invited };
        if walk.stopped_now.is_empty() {
            made.make(now);
        }
        made.accept();
        days.extend(made.again().chain(made.rolls()));
        // The next run meets members of whom the plan of now was not made.
        days.extend(window.today.tomorrow().ok().filter(|_| invited == Invited::Accept));
        while let Some(day) = days.pop_first() {
            if day <= window.today || last < day {
                continue;
            }
            let plan = Account { reading: &made.reading, ..*account }.plan(Moment { at: Some(day), ..moment });
            let stopped_by = stops(&plan);
            let is_made = stopped_by.is_empty();
            let takes = plan.changes.iter().filter(|c| is_made && takes(c));
            let taken: BTreeSet<Email> = takes.filter_map(|c| c.subject.email().cloned()).collect();
            let is_told = |who: &Email| whom.contains(who) || taken.contains(who);
            let before = made.reading.members.iter().filter(|l| is_told(&l.email)).map(|l| (l.email.clone(), l.clone())).collect();
            if is_made {
                made.at = day.to_zoned(account.tenant.zone.clone()).map_or(moment.now, |z| z.timestamp());
                made.make(&plan);
                made.accept();
                days.extend(made.again().chain(made.rolls()).filter(|on| day < *on));
            }
            let of = |subject: &Subject| subject.email().filter(|who| is_told(who)).cloned();
            let changes = plan.changes.iter().filter_map(|c| Some((of(&c.subject)?, c.clone()))).collect();
            let block = |b: &Blocked| BlockedThen { code: b.code, needs: b.needs.clone() };
            let blocked = plan.blocked.iter().filter_map(|b| Some((of(&b.subject)?, block(b)))).collect();
            walk.runs.insert(day, Run { stopped_by, before, changes, blocked });
        }
        walk
    }

    pub fn run(&self, day: Date) -> Option<&Run> {
        self.runs.get(&day)
    }

    /// The runs, by day.
    pub fn runs(&self) -> impl Iterator<Item = (Date, &Run)> {
        self.runs.iter().map(|(day, run)| (*day, run))
    }
}

impl Run {
    /// What the run finds of somebody.
    pub fn finds(&self, member: &Email) -> Option<&Live> {
        self.before.get(member)
    }
    /// Whether it does anything about somebody, or may not.
    pub fn is_about(&self, member: &Email) -> bool {
        self.changes.contains_key(member) || self.blocked.contains_key(member)
    }
    pub fn changes(&self) -> impl Iterator<Item = (&Email, &Change)> {
        self.changes.iter()
    }
    pub fn change(&self, member: &Email) -> Option<&Change> {
        self.changes.get(member)
    }
    pub fn blocked(&self, member: &Email) -> Option<BlockedThen> {
        self.blocked.get(member).cloned()
    }
}

/// The guards that stop the plan.
pub(super) fn stops(plan: &AccountPlan) -> Vec<&'static str> {
    plan.tripped().map(|v| v.code).collect()
}

/// Whether somebody has less by it.
pub(super) fn takes(change: &Change) -> bool {
    change.direction.narrows()
}

/// The account as the runs so far have made it.
struct Made<'a> {
    account: &'a Account<'a>,
    reading: Reading,
    /// When the last run was.
    at: Timestamp,
    invited: Invited,
}

impl Made<'_> {
    /// Makes all of the plan.
    fn make(&mut self, plan: &AccountPlan) {
        let Self { account, reading, at, .. } = self;
        let mut of: BTreeMap<&str, &Change> = plan.changes.iter().map(|c| (c.subject.as_str(), c)).collect();
        reading.members.retain_mut(|live| of.remove(live.email.key()).is_none_or(|change| of_member(account, *at, live, change)));
        for (_, change) in of {
            let Some(email) = change.subject.email() else {
                of_domain(reading, change);
                continue;
            };
            let after = change.whole_after.iter().flatten().filter(|(key, _)| account.caps.reads.contains(**key));
            let attrs: Keyed<_> = after.map(|(key, value)| (*key, Known::Seen(value.clone()))).collect();
            reading.members.push(Live { email: email.clone(), id: None, phase: invited(*at, None), attrs });
        }
        if !account.is_unbounded() {
            reading.members.retain(|live| account.spec.is_in_sight(live));
        }
        reading.members.sort_by(|a, b| a.email.cmp(&b.email));
    }

    /// Lets in whoever is invited, where they accept.
    fn accept(&mut self) {
        let open = |live: &&mut Live| matches!(live.phase, Phase::Pending { state: Invitation::Open, .. });
        if self.invited == Invited::Accept {
            self.reading.members.iter_mut().filter(open).for_each(|live| live.phase = Phase::Active);
        }
    }

    /// The days from which on somebody may be invited again who has not accepted.
    fn again(&self) -> impl Iterator<Item = Date> {
        self.reading.members.iter().filter_map(|live| {
            let Phase::Pending { sent: Some(sent), .. } = live.phase else { return None };
            let next = next_after(self.account, over_at(self.account, live, sent)?).to_zoned(self.account.tenant.zone.clone());
            let begins = next.start_of_day().is_ok_and(|start| start == next);
            if begins { Some(next.date()) } else { next.date().tomorrow().ok() }
        })
    }

    /// The last days on which a run moves an end that rolls.
    fn rolls(&self) -> impl Iterator<Item = Date> {
        let listed = |live: &Live| self.account.desired.by_address.get(&live.email).map(|i| &self.account.desired.members[*i]);
        self.reading.members.iter().filter_map(move |live| {
            let last = own_end(self.account, live)?;
            let Wanted::Present(merged) = listed(live)?.on(last, self.account.spec) else { return None };
            merged.rolling.then_some(last)
        })
    }
}

/// Makes one change of a member; false where nothing is left of the membership.
fn of_member(account: &Account<'_>, at: Timestamp, live: &mut Live, change: &Change) -> bool {
    if matches!(change.action, Action::Remove | Action::CancelInvitation) {
        return false;
    }
    if let Some(after) = &change.whole_after {
        hold(live, after);
    }
    match change.action {
        Action::Restore if account.has_registered(live) => live.phase = Phase::Active,
        Action::Restore | Action::Reinvite => live.phase = invited(at, Some(&live.phase)),
        _ => {}
    }
    true
}

/// Gives the member what was made of it; what is seen in part still is.
fn hold(live: &mut Live, attrs: &Attrs) {
    let is_left = |key: &&str, known: &Known<_>| known.seen().is_none() || attrs.contains_key(key);
    let now = |key, known: &Known<Value>| match (attrs.get(key), known) {
        (Some(value), Known::Partly(_)) => Known::Partly(value.clone()),
        (Some(value), _) => Known::Seen(value.clone()),
        (None, known) => known.clone(),
    };
    let kept = live.attrs.iter().filter(|(key, known)| is_left(key, known)).map(|(key, known)| (*key, now(*key, known)));
    let new = attrs.iter().filter(|(key, _)| live.attrs.get(key).is_none()).map(|(key, value)| (*key, Known::Seen(value.clone())));
    live.attrs = kept.chain(new).collect();
}

/// Invited then, once more than before.
fn invited(at: Timestamp, before: Option<&Phase>) -> Phase {
    let attempts = match before {
        Some(Phase::Pending { attempts, .. }) => attempts.map(|sent| sent + 1),
        _ => Some(1),
    };
    Phase::Pending { sent: Some(at), attempts, state: Invitation::Open }
}

fn of_domain(reading: &mut Reading, change: &Change) {
    let (Known::Seen(domains), Some(domain)) = (&mut reading.domains, change.subject.domain()) else { return };
    match (change.action, domains) {
        (Action::AllowDomain, all) if domain.is_any() => *all = Domains::Off,
        (Action::AllowDomain, Domains::Only(list)) => _ = list.insert(domain.clone()),
        (Action::AllowDomain, all) => *all = Domains::Only([domain.clone()].into()),
        (Action::DisallowDomain, Domains::Only(list)) => _ = list.remove(domain),
        _ => {}
    }
}
