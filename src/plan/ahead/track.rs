//! One member through the window: what they hold after the plan, and each state that time brings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::desired::{Member, Merged, Wanted};
use crate::model::{Action, Attrs, Email, Invitation, Live, Phase, Place, Value};
use crate::plan::account::{Account, Day};
use crate::plan::change::{Blocked, Change};
use crate::plan::invitation::life;
use crate::plan::regroup::Pair;

use super::Window;

/// Whether a membership gives access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum Standing {
    None,
    /// Once accepted.
    Pending,
    Active,
}

/// What a member is on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct State {
    pub standing: Standing,
    /// All that is held, or will be once accepted.
    pub attrs: Attrs,
}

/// What brings a new state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::plan) enum By {
    /// The end of an entry.
    End,
    /// A person's `leaves`.
    Leaves,
    /// An end that the product holds, and no entry.
    OwnEnd,
    /// The last invitation's life.
    Invitation,
    Start,
}

/// A new state, from its first day on.
#[derive(Debug, Clone)]
pub(in crate::plan) struct Step<'a> {
    pub on: Date,
    pub state: State,
    pub by: By,
    /// The line that says so.
    pub place: Option<&'a Place>,
    pub reason: Option<&'a str>,
}

/// A member whom time changes.
pub(in crate::plan) struct Track<'a> {
    pub email: &'a Email,
    pub member: Option<&'a Member<'a>>,
    pub live: Option<&'a Live>,
    /// What they are once the plan is applied.
    pub after: State,
    /// Whether they count as an active administrator then, for certain.
    pub counted: bool,
    /// By day; each differs from the one before.
    pub steps: Vec<Step<'a>>,
}

/// What a plan makes of members, and what it does not, by address.
pub(in crate::plan) struct Made<'c> {
    changes: BTreeMap<&'c str, &'c Change>,
    blocked: BTreeSet<&'c str>,
}

impl<'c> Made<'c> {
    pub fn of(changes: &'c [Change], blocked: &'c [Blocked]) -> Self {
        let changes = changes.iter().filter(|c| c.subject.email().is_some()).map(|c| (c.subject.as_str(), c)).collect();
        Self { changes, blocked: blocked.iter().map(|b| b.subject.as_str()).collect() }
    }

    pub fn of_member(&self, email: &Email) -> Option<&'c Change> {
        self.changes.get(email.key()).copied()
    }

    pub fn is_blocked(&self, email: &Email) -> bool {
        self.blocked.contains(email.key())
    }

    /// The memberships that the plan begins.
    pub fn invited(&self) -> impl Iterator<Item = &'c Change> {
        self.changes.values().copied().filter(|c| c.action == Action::Invite)
    }

    /// What a live member is once the plan is applied.
    pub fn state(&self, account: &Account<'_>, live: &Live) -> State {
        let change = self.of_member(&live.email);
        let standing = match change.map(|c| c.action) {
            Some(Action::Remove | Action::CancelInvitation) => Standing::None,
            Some(Action::Invite | Action::Reinvite | Action::EditInvitation) => Standing::Pending,
            Some(Action::Restore) if account.has_registered(live) => Standing::Active,
            Some(Action::Restore) => Standing::Pending,
            Some(Action::Edit | Action::AllowDomain | Action::DisallowDomain) | None => match live.phase {
                Phase::Pending { state: Invitation::Declined | Invitation::Failed, .. } => Standing::None,
                Phase::Pending { .. } => Standing::Pending,
                Phase::Active | Phase::Locked => Standing::Active,
                Phase::Expired | Phase::Suspended => Standing::None,
            },
        };
        let attrs = change.and_then(|c| c.whole_after.clone()).unwrap_or_else(|| account.seen(live));
        State { standing, attrs }
    }
}

/// Somebody whom time may change.
pub(super) struct Candidate<'a> {
    member: Option<&'a Member<'a>>,
    live: Option<&'a Live>,
    email: &'a Email,
}

/// Everybody with a day in the window, listed or not: a start or an end of an entry, `leaves`, the
/// product's own end, or an invitation after which no other goes out. Dates alone are compared here:
/// most members of most accounts have none.
pub(super) fn candidates<'a>(account: &Account<'a>, day: Day, window: Window, listed: &[Pair<'a>]) -> Vec<Candidate<'a>> {
    let mut all = Vec::new();
    let dated = |live: &Live| own_end(account, live).is_some_and(|last| window.after(last).is_some());
    for pair in listed {
        let ends = pair.live.is_some_and(|l| !account.spec.is_untouchable(l) && dated(l));
        if ends || pair.member.is_dated(window.today, window.until) || may_give_up(account, pair.live) {
            let email = pair.live.map_or(pair.member.email, |l| &l.email);
            all.push(Candidate { member: Some(pair.member), live: pair.live, email });
        }
        all.extend(pair.spares.iter().filter(|l| dated(l)).map(|l| Candidate { member: None, live: Some(l), email: &l.email }));
    }
    let desired = account.desired;
    for live in &account.reading.members {
        let soon = dated(live) || over(account, day, live, None).is_some();
        if soon && (!desired.by_address.contains_key(&live.email) || desired.policy.ignores(&live.email)) {
            all.push(Candidate { member: None, live: Some(live), email: &live.email });
        }
    }
    all
}

/// The last day of access that the product itself holds.
pub(in crate::plan) fn own_end(account: &Account<'_>, live: &Live) -> Option<Date> {
    if !account.keeps_ends() || !live.phase.is_standing() {
        return None;
    }
    live.attr("end").seen().and_then(Value::as_day)
}

/// Whether the invitation of a listed person may be their last.
fn may_give_up(account: &Account<'_>, live: Option<&Live>) -> bool {
    let attempts = account.desired.policy.invitations.attempts;
    match live.map(|l| &l.phase) {
        // Who never registered before their access ended is invited to be restored.
        None | Some(Phase::Expired | Phase::Suspended) => attempts <= 1,
        Some(Phase::Pending { attempts: sent, .. }) => sent.is_some_and(|sent| sent + 1 >= attempts),
        Some(Phase::Active | Phase::Locked) => false,
    }
}

/// When the invitation that is open once the plan is applied will be over, where no other follows: one
/// that nobody lists, or the last of `invitations.attempts`.
fn over(account: &Account<'_>, day: Day, live: &Live, change: Option<&Change>) -> Option<Timestamp> {
    let Phase::Pending { sent, .. } = &live.phase else { return None };
    let sent = if change.is_some_and(|c| c.invites && c.mails()) { day.now } else { (*sent)? };
    ends(account, sent)
}

fn ends(account: &Account<'_>, sent: Timestamp) -> Option<Timestamp> {
    // E8: without a mail or a link nothing is ever over.
    if !account.spec.invitation_mails(account.tenant) && !account.spec.invitation.link {
        return None;
    }
    sent.checked_add(SignedDuration::from_hours(life(account)?)).ok()
}

impl<'a> Candidate<'a> {
    pub fn track(self, account: &Account<'a>, day: Day, window: Window, made: &Made<'_>) -> Track<'a> {
        let change = made.of_member(self.email);
        let after = match (self.live, change) {
            (Some(live), _) => made.state(account, live),
            (None, Some(change)) => State { standing: Standing::Pending, attrs: change.whole_after.clone().unwrap_or_default() },
            (None, None) => State { standing: Standing::None, attrs: Attrs::new() },
        };
        let wanted = self.member.is_some_and(|m| matches!(m.on(window.today, account.spec), Wanted::Present(_)));
        let is_blocked = made.is_blocked(self.email);
        let mut track = Track {
            email: self.email,
            member: self.member,
            live: self.live,
            counted: counted(account, self.live, change),
            after,
            steps: Vec::new(),
        };
        // What an entry asks for replaces the product's own end, unless that change is blocked.
        let own = self.live.filter(|_| !wanted || is_blocked).and_then(|l| own_end(account, l));
        let gives_up = track.gives_up(account, day, wanted, change);
        let mut days = self.member.map(|m| m.ahead(window.today, window.until)).unwrap_or_default();
        days.extend(own.and_then(|last| window.after(last)));
        days.extend(gives_up.filter(|d| window.holds(*d)));
        if gives_up.is_some_and(|d| d <= window.today) {
            track.after.standing = Standing::None;
        }
        track.walk(account, window.today, &days, wanted, own, gives_up);
        track
    }
}

/// Of somebody listed whom the actor does not see: what the entries ask for as if it were held, and what
/// time makes of that. None where nothing is asked for now.
pub(in crate::plan) fn unseen<'a>(account: &Account<'a>, window: Window, member: &'a Member<'a>) -> Option<Track<'a>> {
    let Wanted::Present(merged) = member.on(window.today, account.spec) else { return None };
    let after = State { standing: Standing::Active, attrs: merged.attrs };
    let mut track = Track { email: member.email, member: Some(member), live: None, after, counted: false, steps: Vec::new() };
    track.walk(account, window.today, &member.ahead(window.today, window.until), true, None, None);
    Some(track)
}

/// Of somebody listed of whom a part is seen: what is seen once the plan is applied, what is asked for
/// beyond it as if it were held, and what time makes of that. Where it is not held, what comes and goes
/// unseen is no change of what is seen.
pub(in crate::plan) fn in_part<'a>(
    account: &Account<'a>,
    window: Window,
    member: &'a Member<'a>,
    live: &'a Live,
    made: &Made<'_>,
) -> Track<'a> {
    let mut after = made.state(account, live);
    let wanted = member.on(window.today, account.spec);
    if let Wanted::Present(merged) = &wanted {
        for (key, _) in live.attrs.iter().filter(|(_, known)| known.is_partly()) {
            if let (Some(Value::Set(held)), Some(Value::Set(asked))) = (after.attrs.get_mut(key), merged.attrs.get(key)) {
                held.extend(asked.iter().cloned());
            }
        }
    }
    let wanted = matches!(wanted, Wanted::Present(_));
    let own = Some(live).filter(|_| !wanted || made.is_blocked(&live.email)).and_then(|l| own_end(account, l));
    let mut days = member.ahead(window.today, window.until);
    days.extend(own.and_then(|last| window.after(last)));
    let mut track = Track { email: &live.email, member: Some(member), live: Some(live), after, counted: false, steps: Vec::new() };
    track.walk(account, window.today, &days, wanted, own, None);
    track
}

/// Whether somebody counts as an active administrator once the plan is applied: by the facts that the
/// guards count by.
fn counted(account: &Account<'_>, live: Option<&Live>, change: Option<&Change>) -> bool {
    let was = live.is_some_and(|l| account.administrator(l) == crate::systems::Administrator::Yes);
    match change {
        Some(c) if c.gives.contains(&crate::plan::Fact::Administrators) => true,
        Some(c) if c.ends_administrator() => false,
        Some(_) | None => was,
    }
}

impl<'a> Track<'a> {
    /// The day on which the last invitation will be over.
    fn gives_up(&self, account: &Account<'_>, day: Day, wanted: bool, change: Option<&Change>) -> Option<Date> {
        if self.after.standing != Standing::Pending {
            return None;
        }
        let invites = change.is_some_and(|c| c.invites && c.mails());
        let sent = match self.live.map(|l| &l.phase) {
            Some(Phase::Pending { attempts, .. }) => attempts.unwrap_or(0) + u32::from(invites),
            _ => 1,
        };
        if wanted && sent < account.desired.policy.invitations.attempts {
            return None;
        }
        let over = match self.live {
            Some(live) if live.phase.is_pending() => over(account, day, live, change)?,
            _ => ends(account, day.now)?,
        };
        Some(over.to_zoned(account.tenant.zone.clone()).date())
    }

    fn walk(
        &mut self,
        account: &Account<'a>,
        today: Date,
        days: &BTreeSet<Date>,
        mut wanted: bool,
        mut own: Option<Date>,
        mut gives_up: Option<Date>,
    ) {
        let mut now = self.after.clone();
        // What is asked to be gone already is for the plan of now, whatever keeps that from it.
        let mut is_gone = self.member.is_some_and(|m| matches!(m.on(today, account.spec), Wanted::Gone { .. }));
        for &on in days {
            let none = State { standing: Standing::None, attrs: now.attrs.clone() };
            let step = |state, by, place, reason| Step { on, state, by, place, reason };
            let on_that_day = self.member.map(|m| m.on(on, account.spec));
            let ends = own.is_some_and(|last| last < on);
            // Who is asked for from that day on is given it back by the run of that day.
            let is_back = ends && !wanted && matches!(on_that_day, Some(Wanted::Present(_)));
            let next = if ends && !is_back {
                own = None;
                wanted = false;
                step(none, By::OwnEnd, None, None)
            } else if gives_up.is_some_and(|day| day <= on) && now.standing == Standing::Pending {
                let first = self.member.and_then(|m| m.entries.first()).map(|e| e.doc);
                step(none, By::Invitation, first.map(|d| &d.at), first.and_then(|d| d.reason.as_deref()))
            } else {
                match on_that_day {
                    Some(Wanted::Present(merged)) => {
                        let (by, place, reason) = self.turn(on, &merged);
                        let state = laid_over(account, &now, merged, wanted);
                        // Who is invited by a start has another invitation.
                        gives_up = gives_up.filter(|_| now.standing != Standing::None);
                        // What an entry asks for from this day on replaces the product's own end.
                        own = own.filter(|_| wanted);
                        wanted = true;
                        is_gone = false;
                        step(state, by, place, reason)
                    }
                    Some(Wanted::Gone { at, reason, .. }) if !is_gone => {
                        wanted = false;
                        is_gone = true;
                        let by = if self.member.is_some_and(|m| m.has_left(on)) { By::Leaves } else { By::End };
                        step(none, by, Some(at), reason)
                    }
                    Some(Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted) | None => continue,
                }
            };
            if next.state != now {
                now = next.state.clone();
                self.steps.push(next);
            }
        }
    }

    /// What brings a new state of somebody who stays: an entry that ended the day before, else a start.
    fn turn(&self, on: Date, merged: &Merged<'a>) -> (By, Option<&'a Place>, Option<&'a str>) {
        let entries = self.member.map(|m| &m.entries[..]).unwrap_or_default();
        let ended = entries.iter().find(|e| e.doc.end.as_ref().is_some_and(|end| end.value.tomorrow().ok() == Some(on)));
        match ended {
            Some(entry) => (By::End, Some(&entry.doc.at), entry.doc.reason.as_deref()),
            None => (By::Start, Some(merged.at), merged.reason),
        }
    }

    /// Each step with the state before it.
    pub fn turns(&self) -> impl Iterator<Item = (&State, &Step<'a>)> {
        std::iter::once(&self.after).chain(self.steps.iter().map(|s| &s.state)).zip(&self.steps)
    }
}

/// What entries ask for, over what is held; what they leave out stays as it is. Somebody for whom
/// nothing was asked the day before is invited; one who was not to be had before is not to be had now.
fn laid_over(account: &Account<'_>, before: &State, merged: Merged<'_>, wanted: bool) -> State {
    let standing = match before.standing {
        Standing::None if !wanted => Standing::Pending,
        standing => standing,
    };
    let mut attrs = before.attrs.clone();
    if merged.attrs.keys().any(|k| account.spec.is_chief(k)) {
        attrs.retain(|k, _| !account.spec.is_chief(k));
    }
    attrs.extend(merged.attrs.clone());
    let is_new = |key| merged.attrs.get(key).is_some_and(|value| before.attrs.get(key) != Some(value));
    account.spec.go_with_the_role(&mut attrs, &merged.attrs, is_new);
    State { standing, attrs }
}
