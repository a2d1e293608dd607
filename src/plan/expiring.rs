//! Every access that ends within some time, and who ends it: for a list, not for a warning. The states
//! are those of [`super::ahead`], so that a plan's warnings and this list cannot disagree; what is listed
//! besides is what is true only until the next apply, or only as long as portcullis runs: an end that
//! this plan would move, an end that rolls, an invitation after which another goes out.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::model::{Action, Attrs, Email, Place};

use super::account::{Account, Day};
use super::ahead::Window;
use super::change::{AccountPlan, Change, ReadingSummary};
use super::{Moment, roll};

mod in_part;
mod rows;
mod then;
mod walk;

use walk::{Invited, Walk};

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// The whole membership.
    Membership,
    /// Some of what is held: the rest stays.
    Part,
    /// An invitation that nobody has accepted.
    Invitation,
}

/// Why it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// The `end` of an entry.
    End,
    /// A person's `leaves`.
    Leaves,
    /// An end that the product holds and no entry asks for.
    OwnEnd,
    /// An entry starts that gives less than what it overrides.
    Start,
    /// The life of an invitation.
    Life,
    /// It is asked for already, and only a later run takes it: one before is stopped by a guard, or the
    /// change waits for another.
    Late,
}

/// Who takes it away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndedBy {
    /// By itself, at the end of the day before.
    Product,
    /// On its first run from that day on.
    Portcullis,
    /// A human, by the runbook of the first run from that day on: no API takes it.
    Manual,
}

/// How much of the member the actor sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    Whole,
    /// Of the rest what is asked for counts as held.
    Part,
    /// What is asked for counts as held: nobody here can tell.
    Nothing,
}

/// Why the plan as of that day would not end it, or not invite again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedThen {
    pub code: &'static str,
    pub needs: String,
}

impl Sight {
    pub const ALL: [Sight; 3] = [Sight::Whole, Sight::Part, Sight::Nothing];
    pub fn word(self) -> &'static str {
        match self {
            Sight::Whole => "whole",
            Sight::Part => "part",
            Sight::Nothing => "nothing",
        }
    }
}

impl Ending {
    pub const ALL: [Ending; 3] = [Ending::Membership, Ending::Part, Ending::Invitation];
    pub fn word(self) -> &'static str {
        match self {
            Ending::Membership => "membership",
            Ending::Part => "part",
            Ending::Invitation => "invitation",
        }
    }
}

impl Why {
    pub const ALL: [Why; 6] = [Why::End, Why::Leaves, Why::OwnEnd, Why::Start, Why::Life, Why::Late];
    pub fn word(self) -> &'static str {
        match self {
            Why::End => "end",
            Why::Leaves => "leaves",
            Why::OwnEnd => "own-end",
            Why::Start => "start",
            Why::Life => "life",
            Why::Late => "late",
        }
    }
}

impl EndedBy {
    pub const ALL: [EndedBy; 3] = [EndedBy::Product, EndedBy::Portcullis, EndedBy::Manual];
    pub fn word(self) -> &'static str {
        match self {
            EndedBy::Product => "product",
            EndedBy::Portcullis => "portcullis",
            EndedBy::Manual => "manual",
        }
    }
}

impl EndedBy {
    /// Who makes a change that the product does not.
    fn by_run(account: &Account<'_>, action: Action, before: &Attrs, after: &Attrs) -> Self {
        match account.by_hand(action, before, after) {
            true => EndedBy::Manual,
            false => EndedBy::Portcullis,
        }
    }
}

/// One access that ends. Sorted by day, member, what ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The first day without it; of an invitation the day on which it is over.
    pub on: Date,
    pub member: Email,
    pub name: Option<String>,
    /// Not yet accepted, or not yet invited.
    pub pending: bool,
    /// Is let in nowhere as things are now: locked, or kept out by a whitelist.
    pub shut_out: bool,
    /// Is in now, whatever is pending by then.
    pub is_in: bool,
    pub ending: Ending,
    pub why: Why,
    pub by: EndedBy,
    /// `renew: rolling`: runs before that day move the end on.
    pub rolling: bool,
    /// The next apply moves the end, or clears it.
    pub moved: bool,
    /// Of an end that rolls or is moved: it comes only where no run of portcullis comes before it.
    pub kept: Option<Kept>,
    /// Of an invitation: another goes out after it. Of a membership: the first run of that day gives it back.
    pub again: bool,
    /// The day on which it may.
    next: Option<Date>,
    /// The product shall end it, and does not hold that end yet: some run writes it.
    to_write: bool,
    /// The next one does.
    pub unwritten: bool,
    /// What is held until then, without name and end, and what is kept.
    pub before: Attrs,
    pub after: Option<Attrs>,
    /// What is kept gives no permission anywhere: a membership that is seen whole, and empty.
    pub emptied: bool,
    pub place: Option<Place>,
    pub reason: Option<String>,
    pub sight: Sight,
    /// What this actor's run of that day does not end, beside what it ends: a row of its own.
    pub rest: bool,
    /// The actor may not end it: the plan as of that day blocks it, or it is not this actor's to end. Of
    /// an invitation: it may not send the next one.
    pub blocked: Option<BlockedThen>,
    /// Guards that stop the run which is to end it, as things are now.
    pub stopped_by: Vec<&'static str>,
    /// Of somebody who has not accepted: what that run does to them once everybody who is invited has, where
    /// that is something else. Nothing in it: it takes nothing.
    pub once_accepted: Option<Vec<Expiry>>,
    /// It comes only to who has accepted by then: the invitation is over before.
    pub only_accepted: bool,
}

/// How an end that the product holds is kept from coming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Of a rolling entry: its own end, up to which runs move the product's.
    pub rolls_until: Option<Date>,
    /// What the next apply writes, where it changes the end: `Some(None)` clears it.
    pub moves_to: Option<Option<Date>>,
}

/// What ends in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpiringAccount {
    pub account: String,
    pub system: &'static str,
    pub product: &'static str,
    pub backend: &'static str,
    pub sandbox: bool,
    /// The last day that is looked at: what is held on it for the last time is listed.
    pub until: Date,
    /// Incomplete: nothing is listed, and something may end.
    pub reading: ReadingSummary,
    /// Whether the actor sees everyone; where not, more may end than is listed.
    pub sees_all: bool,
    /// Members from whom the plan of now takes something: what it takes is not listed.
    pub taken_now: usize,
    /// Guards that stop that plan.
    pub stopped_now: Vec<&'static str>,
    /// Ends of what no run gives as things are now: the run that is to give it is stopped by a guard, or
    /// that change is blocked. They are not listed.
    pub never_given: Vec<(Date, Email)>,
    pub all: Vec<Expiry>,
}

/// What ends in all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiring {
    pub as_of: Timestamp,
    pub simulated: bool,
    /// By name.
    pub accounts: Vec<ExpiringAccount>,
}

impl Expiring {
    /// Whether every account was read whole, by an actor who sees everyone.
    pub fn is_whole(&self) -> bool {
        self.accounts.iter().all(|a| a.reading.is_complete() && a.sees_all)
    }
}

/// Every access that ends in the `hours` after the moment, account by account.
pub fn expiring(moment: Moment, hours: i64, accounts: &[Account<'_>]) -> Expiring {
    let mut all: Vec<ExpiringAccount> = accounts.iter().map(|a| a.expiring(moment, hours)).collect();
    all.sort_by(|a, b| a.account.cmp(&b.account));
    Expiring { as_of: moment.now, simulated: moment.simulated || moment.at.is_some(), accounts: all }
}

impl Account<'_> {
    fn expiring(&self, moment: Moment, hours: i64) -> ExpiringAccount {
        let plan = self.plan(moment);
        let day = self.day(moment);
        let until = until(&day.now.to_zoned(self.tenant.zone.clone()), day.today, hours);
        let stopped_now = walk::stops(&plan);
        let (all, never_given) = if plan.reading.is_complete() { self.ending(moment, day, until, &plan) } else { Default::default() };
        let taken_now = plan.changes.iter().filter(|c| c.subject.email().is_some() && self.takes_access(c)).count();
        ExpiringAccount {
            account: plan.account,
            system: plan.system,
            product: self.spec.product,
            backend: plan.backend,
            sandbox: plan.sandbox,
            until,
            reading: plan.reading,
            sees_all: self.is_unbounded(),
            taken_now,
            stopped_now,
            never_given,
            all,
        }
    }

    /// Whether somebody holds less by it; an earlier end alone is told with the ends.
    fn takes_access(&self, change: &Change) -> bool {
        let held = |attrs: &Attrs| rows::held(self, attrs);
        let after = change.whole_after.as_ref();
        walk::takes(change) && after.is_none_or(|after| self.spec.direction(&held(&change.whole_before), &held(after)).narrows())
    }

    fn ending(&self, moment: Moment, day: Day, until: Date, plan: &AccountPlan) -> (Vec<Expiry>, Vec<(Date, Email)>) {
        // States begin on the day after what was held for the last time.
        let window = Window { today: day.today, until: until.tomorrow().unwrap_or(until) };
        let rolled = moment.at.map(|_| roll::forward(self, day));
        let here = Account { reading: rolled.as_ref().unwrap_or(self.reading), ..*self };
        let rows = rows::all(&here, day, window, until, plan);
        let own_ends = rows::own_ends(&here, window).map(|(on, live)| (on, live.email.clone()));
        let asked = rows.iter().filter_map(|row| Some((row.run()?, row.member.clone()))).chain(own_ends).collect();
        let walk = |invited| Walk::new(self, moment, window, plan, &asked, invited);
        let is_any_invited = here.reading.members.iter().any(|l| l.phase.is_pending()) || rows.iter().any(|row| row.pending);
        let stay = walk(Invited::StayInvited);
        let accept = if is_any_invited { &walk(Invited::Accept) } else { &stay };
        let (mut all, never) = then::settle(&here, window, &stay, accept, rows);
        fn key(one: &Expiry) -> (Date, &Email, bool, Ending, Why, Option<&Place>) {
            (one.on, &one.member, one.rest, one.ending, one.why, one.place.as_ref())
        }
        all.sort_by(|a, b| key(a).cmp(&key(b)));
        (all, never)
    }
}

/// The last day that is looked at. Whole days are those of the account's calendar, not of 24 hours.
fn until(now: &Zoned, today: Date, hours: i64) -> Date {
    if hours % 24 == 0 {
        return today.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Date::MAX);
    }
    now.timestamp().checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX).to_zoned(now.time_zone().clone()).date()
}
