//! The rows, as the entries and the product's own ends have them: what time alone makes of whom it changes,
//! once every run does all that is asked for. What runs really do of it is for [`super::then`].

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::desired::Wanted;
use crate::model::{Action, Attrs, Email, Invitation, Known, Live, Phase, Value};
use crate::plan::account::{Account, Day};
use crate::plan::ahead::{self, By, Made, Standing, State, Step, Track, Window};
use crate::plan::change::AccountPlan;
use crate::plan::draft::is_unset;
use crate::plan::invitation::{next_after, over_at};
use crate::plan::regroup::{self, Pair};
use crate::systems::Axis;

use super::{EndedBy, Ending, Expiry, Kept, Sight, Why};

/// Every end in the window, and every invitation that will be over up to `until`, in no order. `plan` is the
/// plan of now.
pub(super) fn all(account: &Account<'_>, day: Day, window: Window, until: Date, plan: &AccountPlan) -> Vec<Expiry> {
    let listed = regroup::pairs(account).listed;
    let tracks = ahead::tracks(account, day, window, &listed, &plan.changes, &plan.blocked);
    let of_track = |t: &Track<'_>| t.turns().filter_map(|(b, s)| of_step(account, day, t, b, s)).collect::<Vec<_>>();
    let made = Made::of(&plan.changes, &plan.blocked);
    let mut all: Vec<Expiry> = Vec::new();
    let is_open = |live: &Live| matches!(live.phase, Phase::Pending { state: Invitation::Open, .. });
    for track in tracks.iter().filter(|t| t.member.is_none() || !t.live.is_some_and(is_in_part)) {
        // The last invitation may be accepted before it is over, and then all that ends does.
        let is_last =
            track.steps.iter().any(|s| s.by == By::Invitation) || track.live.is_some_and(is_open) && track.after.standing == Standing::None;
        all.extend(match (track.member, track.live) {
            (Some(member), Some(live)) if is_last => of_track(&ahead::in_part(account, window, member, live, &made)),
            _ => of_track(track),
        });
    }
    // And so may one that is over later today, though nothing follows from its end any more.
    let tracked: BTreeSet<&Email> = tracks.iter().map(|t| t.email).collect();
    let is_over_today = |live: &Live| is_open(live) && !tracked.contains(&live.email);
    for (pair, live) in listed.iter().filter_map(|p| p.live.filter(|l| is_in_part(l) || is_over_today(l)).map(|l| (p, l))) {
        all.extend(of_track(&ahead::in_part(account, window, pair.member, live, &made)));
    }
    all.extend(listed.iter().flat_map(|p| of_gaps(account, window, p)));
    // Who is in under two addresses goes under both.
    for (pair, spare) in listed.iter().flat_map(|p| p.spares.iter().filter(|l| l.phase.is_standing()).map(move |spare| (p, spare))) {
        let ends = of_track(&ahead::in_part(account, window, pair.member, spare, &made)).into_iter();
        let lasts = |one: &Expiry| ahead::own_end(account, spare).is_none_or(|last| one.on <= last);
        all.extend(ends.filter(|one| one.ending == Ending::Membership && matches!(one.why, Why::End | Why::Leaves) && lasts(one)));
    }
    // Whom a bounded actor does not see, and does not invite, may be a member all the same (E4).
    let unseen = listed.iter().filter(|p| p.live.is_none() && !account.is_unbounded() && made.of_member(p.member.email).is_none());
    for track in unseen.filter_map(|p| ahead::unseen(account, window, p.member)) {
        all.extend(of_track(&track).into_iter().map(|one| Expiry { sight: Sight::Nothing, ..one }));
    }
    all.extend(listed.iter().filter_map(|p| of_moved_end(account, day, window, p, &made)));
    all.extend(account.reading.members.iter().filter_map(|l| of_invitation(account, day.today, until, l)));
    all
}

/// Who is there with an end that the product holds, and the first day after it.
pub(super) fn own_ends<'a>(account: &Account<'a>, window: Window) -> impl Iterator<Item = (Date, &'a Live)> {
    account.reading.members.iter().filter_map(move |live| Some((window.after(ahead::own_end(account, live)?)?, live)))
}

/// Whether the actor sees a part of the member.
pub(super) fn is_in_part(live: &Live) -> bool {
    live.attrs.values().any(Known::is_partly)
}

/// A state with less than the one before it.
fn of_step(account: &Account<'_>, day: Day, track: &Track<'_>, before: &State, step: &Step<'_>) -> Option<Expiry> {
    let sight = if track.live.is_some_and(is_in_part) { Sight::Part } else { Sight::Whole };
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
    let by = if by_product { EndedBy::Product } else { EndedBy::by_run(account, action, &before.attrs, &after) };
    let own = track.live.and_then(|live| live.attr("end").seen()).and_then(Value::as_day);
    // Of an end that rolls, runs to come write what is further ahead, and no apply of today.
    let rolls = track.member.is_some_and(|m| matches!(m.on(day.today, account.spec), Wanted::Present(merged) if merged.rolling));
    let to_write = why == Why::End && by_product && own != step.on.yesterday().ok();
    let of = Expiry {
        pending: before.standing == Standing::Pending,
        by,
        to_write,
        unwritten: to_write && !rolls,
        after: (!is_gone).then(|| held(account, &step.state.attrs)),
        place: step.place.cloned(),
        reason: step.reason.map(str::to_owned),
        sight,
        ..Expiry::new(account, step.on, track.email, &before.attrs, if is_gone { Ending::Membership } else { Ending::Part }, why)
    };
    Some(of)
}

/// The product's own end of somebody whom an entry keeps for longer: moved by this plan, or rolling.
fn of_moved_end(account: &Account<'_>, day: Day, window: Window, pair: &Pair<'_>, made: &Made<'_>) -> Option<Expiry> {
    let live = pair.live?;
    let last = ahead::own_end(account, live)?;
    let on = window.after(last)?;
    let Wanted::Present(merged) = pair.member.on(day.today, account.spec) else { return None };
    // An end that is what is asked for, or that a blocked change cannot move, stands in the list already.
    if merged.end.is_some_and(|end| end <= last) || made.is_blocked(&live.email) {
        return None;
    }
    let then = made.of_member(&live.email).and_then(|c| c.whole_after.as_ref()).map(|a| a.get("end").and_then(Value::as_day));
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

/// Where an entry starts on the day after another's end, or after the product's own, the product ends what the run
/// of that day gives back.
fn of_gaps<'a>(account: &'a Account<'_>, window: Window, pair: &Pair<'a>) -> impl Iterator<Item = Expiry> {
    let member = pair.member;
    let days = if account.keeps_ends() { member.ahead(window.today, window.until) } else { BTreeSet::new() };
    days.into_iter().filter_map(move |on| {
        let eve = on.yesterday().ok()?;
        let Wanted::Present(after) = member.on(on, account.spec) else { return None };
        let own = pair.live.filter(|live| ahead::own_end(account, live) == Some(eve)).map(|live| account.seen(live));
        let before = match member.on(eve, account.spec) {
            Wanted::Present(before) => Some(before.attrs).filter(|_| before.end == Some(eve))?,
            Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted => own?,
        };
        Some(Expiry {
            to_write: true,
            again: true,
            place: Some(after.at.clone()),
            reason: after.reason.map(str::to_owned),
            ..Expiry::new(account, on, pair.live.map_or(member.email, |l| &l.email), &before, Ending::Membership, Why::End)
        })
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
    let entry = || Some(member?.entries.first()?.doc);
    // Who is asked for no more by then is not written to.
    let next = date(next_after(account, over));
    let is_due = member.is_some_and(|m| matches!(m.on(next, account.spec), Wanted::Present(_) | Wanted::NotYet(_)));
    let more = attempts.is_some_and(|sent| sent < account.desired.policy.invitations.attempts);
    Some(Expiry {
        pending: true,
        again: more && is_due,
        next: Some(next),
        place: merged.as_ref().map(|m| m.at).or_else(|| Some(&entry()?.at)).cloned(),
        reason: merged.as_ref().map_or_else(|| entry()?.reason.as_deref(), |m| m.reason).map(str::to_owned),
        ..Expiry::new(account, on, &live.email, &account.seen(live), Ending::Invitation, Why::Life)
    })
}

impl Expiry {
    /// A run ends the whole membership, and nothing keeps it from doing so.
    pub(super) fn is_gone_by_run(&self) -> bool {
        let is_kept = self.blocked.is_some() || !self.stopped_by.is_empty() || self.sight == Sight::Nothing;
        self.ending == Ending::Membership && self.by == EndedBy::Portcullis && !is_kept
    }

    /// The product ends it by itself, and the first run of that day gives it back.
    pub(super) fn is_given_back(&self) -> bool {
        self.again && self.ending == Ending::Membership
    }

    /// The day of the run on which it hangs: the one that is to end it, or to invite again. Of what the
    /// product ends by itself, the first run without it, where some run is to write that before.
    pub(super) fn run(&self) -> Option<Date> {
        match self.ending {
            // From the first day on that begins after the cool-down.
            Ending::Invitation => self.next.filter(|_| self.again)?.tomorrow().ok(),
            // Whether it is held now nobody here can tell, whatever a run invites to later.
            Ending::Membership | Ending::Part if self.sight == Sight::Nothing || self.kept.is_some() => None,
            Ending::Membership | Ending::Part if self.by == EndedBy::Product && !self.to_write => None,
            Ending::Membership | Ending::Part => Some(self.on),
        }
    }

    /// By the product, until the rest is known.
    pub(super) fn new(account: &Account<'_>, on: Date, email: &Email, before: &Attrs, ending: Ending, why: Why) -> Self {
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
            shut_out: false,
            is_in: false,
            ending,
            why,
            by: EndedBy::Product,
            rolling: false,
            moved: false,
            kept: None,
            again: false,
            next: None,
            to_write: false,
            unwritten: false,
            before: held(account, before),
            after: None,
            emptied: false,
            place: None,
            reason: None,
            sight: Sight::Whole,
            rest: false,
            blocked: None,
            stopped_by: Vec::new(),
            once_accepted: None,
            only_accepted: false,
        }
    }
}

/// What is held: no name, no end, nothing empty.
pub(super) fn held(account: &Account<'_>, attrs: &Attrs) -> Attrs {
    let is = |k: &str| account.spec.attr(k).is_some_and(|a| !matches!(a.axis, Axis::Label | Axis::Until));
    attrs.iter().filter(|(k, v)| is(k) && !is_unset(v)).map(|(k, v)| (*k, v.clone())).collect()
}
