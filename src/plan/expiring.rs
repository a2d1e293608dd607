//! Every access that ends within some time, and who ends it: for a list, not for a warning. The states
//! are those of [`super::ahead`], so that a plan's warnings and this list cannot disagree; what is listed
//! besides is what is true only until the next apply, or only as long as portcullis runs: an end that
//! this plan would move, an end that rolls, an invitation after which another goes out.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, Zoned};

use crate::desired::Wanted;
use crate::model::{Action, Attrs, Email, Invitation, Known, Live, Phase, Place, Value};
use crate::systems::Axis;

use super::account::{Account, Day};
use super::ahead::{self, By, Made, Standing, State, Step, Track, Window};
use super::change::{AccountPlan, Change, ReadingSummary};
use super::draft::is_unset;
use super::invitation::{next_after, over_at};
use super::regroup::{self, Pair};
use super::{Moment, roll};

mod days;
mod guards;
mod in_part;

use days::Days;

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
    pub const ALL: [Why; 5] = [Why::End, Why::Leaves, Why::OwnEnd, Why::Start, Why::Life];
    pub fn word(self) -> &'static str {
        match self {
            Why::End => "end",
            Why::Leaves => "leaves",
            Why::OwnEnd => "own-end",
            Why::Start => "start",
            Why::Life => "life",
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

/// One access that ends. Sorted by day, member, what ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// The first day without it; of an invitation the day on which it is over.
    pub on: Date,
    pub member: Email,
    pub name: Option<String>,
    /// Not yet accepted, or not yet invited.
    pub pending: bool,
    pub ending: Ending,
    pub why: Why,
    pub by: EndedBy,
    /// `renew: rolling`: runs before that day move the end on.
    pub rolling: bool,
    /// The next apply moves the end, or clears it.
    pub moved: bool,
    /// Of an end that rolls or is moved: it comes only where no run of portcullis comes before it.
    pub kept: Option<Kept>,
    /// Of an invitation: another goes out after it.
    pub again: bool,
    /// The day on which it may.
    next: Option<Date>,
    /// The product shall end it, and does not hold that end yet.
    pub unwritten: bool,
    /// What is held until then, without name and end, and what is kept.
    pub before: Attrs,
    pub after: Option<Attrs>,
    pub place: Option<Place>,
    pub reason: Option<String>,
    pub sight: Sight,
    /// Made from what the plan of that day does, and no other.
    is_of_run: bool,
    /// What this actor's run of that day does not end, beside what it ends: a row of its own.
    pub rest: bool,
    /// The actor may not end it: the plan as of that day blocks it, or it is not this actor's to end. Of
    /// an invitation: it may not send the next one.
    pub blocked: Option<BlockedThen>,
    /// Guards that stop the run which is to end it, as things are now.
    pub stopped_by: Vec<&'static str>,
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
        let stopped_now = guards::stops(&plan);
        let all = if plan.reading.is_complete() { self.ending(moment, day, until, &plan) } else { Vec::new() };
        let takes = |c: &&Change| matches!(c.action, Action::Remove | Action::CancelInvitation) || c.direction.narrows();
        let taken_now = plan.changes.iter().filter(|c| c.subject.email().is_some()).filter(takes).count();
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
            all,
        }
    }

    fn ending(&self, moment: Moment, day: Day, until: Date, plan: &AccountPlan) -> Vec<Expiry> {
        // States begin on the day after what was held for the last time.
        let window = Window { today: day.today, until: until.tomorrow().unwrap_or(until) };
        let rolled = moment.at.map(|_| roll::forward(self, day));
        let here = Account { reading: rolled.as_ref().unwrap_or(self.reading), ..*self };
        let listed = regroup::pairs(&here).listed;
        let mut days = Days::new(self, moment, day.today, plan);
        let tracks = ahead::tracks(&here, day, window, &listed, &plan.changes, &plan.blocked);
        let of_track = |t: &Track<'_>| t.turns().filter_map(|(b, s)| of_step(&here, day, t, b, s)).collect::<Vec<_>>();
        let is_in_part = |live: Option<&Live>| live.is_some_and(|l| l.attrs.values().any(Known::is_partly));
        let seen = tracks.iter().filter(|t| t.member.is_none() || !is_in_part(t.live));
        let made = Made::of(&plan.changes, &plan.blocked);
        // The last invitation may be accepted before it is over, and then all that ends does.
        let mut all: Vec<Expiry> = Vec::new();
        for track in seen {
            let is_last = track.steps.iter().any(|s| s.by == By::Invitation);
            all.extend(match (track.member, track.live) {
                (Some(member), Some(live)) if is_last => of_track(&ahead::in_part(&here, window, member, live, &made)),
                _ => of_track(track),
            });
        }
        for (pair, live) in listed.iter().filter_map(|p| p.live.filter(|l| is_in_part(Some(l))).map(|l| (p, l))) {
            for one in of_track(&ahead::in_part(&here, window, pair.member, live, &made)) {
                all.extend(in_part::of_run(&here, live, one, &mut days));
            }
        }
        // Whom a bounded actor does not see, and does not invite, may be a member all the same (E4).
        let is_invited = |pair: &Pair<'_>| plan.changes.iter().any(|c| c.subject.email() == Some(pair.member.email));
        let unseen = listed.iter().filter(|p| p.live.is_none() && !here.is_unbounded() && !is_invited(p));
        for track in unseen.filter_map(|p| ahead::unseen(&here, window, p.member)) {
            all.extend(of_track(&track).into_iter().map(|one| Expiry { sight: Sight::Nothing, ..one }));
        }
        all.extend(listed.iter().filter_map(|p| of_moved_end(&here, day, window, p, plan)));
        all.extend(here.reading.members.iter().filter_map(|l| of_invitation(&here, day.today, until, l)));
        fn key(one: &Expiry) -> (Date, &Email, bool, Ending, Why, Option<&Place>) {
            (one.on, &one.member, one.rest, one.ending, one.why, one.place.as_ref())
        }
        all.sort_by(|a, b| key(a).cmp(&key(b)));
        self.blocks_of_those_days(&mut days, &mut all);
        guards::of_those_days(self, moment, window, plan, &mut all);
        all
    }

    /// Whether the actor could end what portcullis or somebody by hand is to end, and invite again: asked
    /// of the plan as of that day, and only where an actor may be refused at all.
    fn blocks_of_those_days(&self, days: &mut Days<'_>, all: &mut [Expiry]) {
        let actor = &self.tenant.actor.attrs;
        if self.is_unbounded() && (actor.is_empty() || self.spec.administers(actor)) {
            return;
        }
        for one in all.iter_mut() {
            if one.ending == Ending::Invitation && one.again {
                // From the first day on that begins after the cool-down.
                let Some(then) = one.next.and_then(|next| next.tomorrow().ok()) else { continue };
                let plan = days.plan(then);
                one.again = plan.changes.iter().any(|c| c.invites && c.subject.email() == Some(&one.member));
                one.blocked = blocked_then(plan, &one.member);
            } else if one.by != EndedBy::Product && one.sight != Sight::Nothing && one.blocked.is_none() && !one.is_of_run {
                one.blocked = blocked_then(days.plan(one.on), &one.member);
            }
        }
    }
}

fn blocked_then(plan: &AccountPlan, member: &Email) -> Option<BlockedThen> {
    let blocked = plan.blocked.iter().find(|b| b.subject.email() == Some(member));
    blocked.map(|b| BlockedThen { code: b.code, needs: b.needs.clone() })
}

/// The last day that is looked at. Whole days are those of the account's calendar, not of 24 hours.
fn until(now: &Zoned, today: Date, hours: i64) -> Date {
    if hours % 24 == 0 {
        return today.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Date::MAX);
    }
    now.timestamp().checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX).to_zoned(now.time_zone().clone()).date()
}

/// A state with less than the one before it.
fn of_step(account: &Account<'_>, day: Day, track: &Track<'_>, before: &State, step: &Step<'_>) -> Option<Expiry> {
    let sight = if track.live.is_some_and(|l| l.attrs.values().any(Known::is_partly)) { Sight::Part } else { Sight::Whole };
    let is_gone = step.state.standing == Standing::None;
    if before.standing == Standing::None || !is_gone && !account.spec.direction(&before.attrs, &step.state.attrs).narrows() {
        return None;
    }
    let why = match step.by {
        By::End => Why::End,
        By::Leaves => Why::Leaves,
        By::OwnEnd => Why::OwnEnd,
        By::Start => Why::Start,
        // Listed with the invitations.
        By::Invitation => return None,
    };
    let by_product = is_gone && (why == Why::OwnEnd || why == Why::End && account.keeps_ends());
    let is_pending = before.standing == Standing::Pending;
    let action = match (is_gone, is_pending) {
        (true, true) => Action::CancelInvitation,
        (true, false) => Action::Remove,
        (false, true) => Action::EditInvitation,
        (false, false) => Action::Edit,
    };
    let after = if is_gone { Attrs::new() } else { step.state.attrs.clone() };
    let by = match by_product {
        true => EndedBy::Product,
        false if account.by_hand(action, &before.attrs, &after) => EndedBy::Manual,
        false => EndedBy::Portcullis,
    };
    let own = track.live.and_then(|live| live.attr("end").seen()).and_then(Value::as_day);
    // Of an end that rolls, runs to come write what is further ahead, and no apply of today.
    let rolls = track.member.is_some_and(|m| matches!(m.on(day.today, account.spec), Wanted::Present(merged) if merged.rolling));
    let of = Expiry {
        pending: before.standing == Standing::Pending,
        by,
        unwritten: why == Why::End && by_product && !rolls && own != step.on.yesterday().ok(),
        after: (!is_gone).then(|| held(account, &step.state.attrs)),
        place: step.place.cloned(),
        reason: step.reason.map(str::to_owned),
        sight,
        ..Expiry::new(account, step.on, track.email, &before.attrs, if is_gone { Ending::Membership } else { Ending::Part }, why)
    };
    Some(of)
}

/// The product's own end of somebody whom an entry keeps for longer: moved by this plan, or rolling.
fn of_moved_end(account: &Account<'_>, day: Day, window: Window, pair: &Pair<'_>, plan: &AccountPlan) -> Option<Expiry> {
    let live = pair.live?;
    let last = ahead::own_end(account, live)?;
    let on = window.after(last)?;
    let Wanted::Present(merged) = pair.member.on(day.today, account.spec) else { return None };
    let is_blocked = plan.blocked.iter().any(|b| b.subject.email() == Some(&live.email));
    // An end that is what is asked for, or that a blocked change cannot move, stands in the list already.
    if merged.end.is_some_and(|end| end <= last) || is_blocked {
        return None;
    }
    let change = plan.changes.iter().find(|c| c.subject.email() == Some(&live.email));
    let then = change.and_then(|c| c.whole_after.as_ref()).map(|a| a.get("end").and_then(Value::as_day));
    let moves_to = then.filter(|then| *then != Some(last));
    let is_kept = moves_to.is_some() || merged.rolling;
    let rolls_until = merged.end.filter(|_| merged.rolling);
    Some(Expiry {
        pending: live.phase.is_pending(),
        rolling: merged.rolling,
        moved: moves_to.is_some(),
        kept: is_kept.then_some(Kept { rolls_until, moves_to }),
        place: Some(merged.at.clone()),
        reason: merged.reason.map(str::to_owned),
        ..Expiry::new(account, on, &live.email, &account.seen(live), Ending::Membership, Why::OwnEnd)
    })
}

fn of_invitation(account: &Account<'_>, today: Date, until: Date, live: &Live) -> Option<Expiry> {
    let Phase::Pending { sent: Some(sent), attempts, state: Invitation::Open } = &live.phase else { return None };
    if !account.spec.invitation_mails(account.tenant) && !account.spec.invitation.link {
        return None;
    }
    let over = over_at(account, live, *sent)?;
    let date = |instant: Timestamp| instant.to_zoned(account.tenant.zone.clone()).date();
    let on = date(over);
    // What is over later today is still to come.
    if on < today || on > until {
        return None;
    }
    let index = account.desired.by_address.get(&live.email).filter(|_| !account.desired.policy.ignores(&live.email));
    let member = index.map(|i| &account.desired.members[*i]);
    let merged = member.and_then(|m| match m.on(on, account.spec) {
        Wanted::Present(merged) => Some(merged),
        Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted => None,
    });
    // Who is asked for no more by then is not written to.
    let next = date(next_after(account, over));
    let is_due = member.is_some_and(|m| matches!(m.on(next, account.spec), Wanted::Present(_) | Wanted::NotYet(_)));
    let more = attempts.is_some_and(|sent| sent < account.desired.policy.invitations.attempts);
    Some(Expiry {
        pending: true,
        again: more && is_due,
        next: Some(next),
        place: merged.as_ref().map(|m| m.at.clone()),
        reason: merged.and_then(|m| m.reason.map(str::to_owned)),
        ..Expiry::new(account, on, &live.email, &account.seen(live), Ending::Invitation, Why::Life)
    })
}

impl Expiry {
    /// By the product, until the rest is known.
    fn new(account: &Account<'_>, on: Date, email: &Email, before: &Attrs, ending: Ending, why: Why) -> Self {
        let label = account.spec.attrs.iter().find(|a| a.axis == Axis::Label).and_then(|a| before.get(a.key));
        let name = match label {
            Some(Value::Text(name)) if !name.as_str().is_empty() => Some(name.to_string()),
            _ => None,
        };
        Self {
            on,
            member: email.clone(),
            name,
            pending: false,
            ending,
            why,
            by: EndedBy::Product,
            rolling: false,
            moved: false,
            kept: None,
            again: false,
            next: None,
            unwritten: false,
            before: held(account, before),
            after: None,
            place: None,
            reason: None,
            sight: Sight::Whole,
            is_of_run: false,
            rest: false,
            blocked: None,
            stopped_by: Vec::new(),
        }
    }
}

/// What is held: no name, no end, nothing empty.
fn held(account: &Account<'_>, attrs: &Attrs) -> Attrs {
    let is = |k: &str| account.spec.attr(k).is_some_and(|a| !matches!(a.axis, Axis::Label | Axis::Until));
    attrs.iter().filter(|(k, v)| is(k) && !is_unset(v)).map(|(k, v)| (*k, v.clone())).collect()
}
