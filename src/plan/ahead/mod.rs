//! What time alone will do in the days after a plan, told before it happens.
//!
//! Which state is looked at? Not today's reading: what this plan changes would be warned of twice.
//! Not a plan of each future day either: it would be made anew for every day, most of it the same, and
//! it would tell what portcullis does and leave out what a product does by itself. What is looked at is
//! what the account will be *if nobody does anything but run portcullis*: the live state, with this
//! plan's changes made, and on each later day
//!
//! - of a listed person, what [`Member::on`] says of that day, laid over what they hold;
//! - of anybody else, and of a listed one whose change is blocked, the product's own end;
//! - of an invitation that is the last one, the end of its life.
//!
//! Who stays the same until the end of the window is no [`Track`], and needs no look: the work grows
//! with those whom time changes, and those who stay are gone through once, and only where somebody who
//! goes may be the last of something.
//!
//! A day is the first one of the new state: what ends with the 3rd inclusive is gone `on` the 4th.

mod administrators;
mod people;
mod scopes;
mod track;

use jiff::ToSpan;
use jiff::civil::Date;

use super::account::{Account, Day};
use super::block::Administrators;
use super::change::{Blocked, Change, Warning};
use super::domains;
use super::regroup::Pair;

pub(super) use track::{By, Made, Standing, State, Step, Track, in_part, own_end, unseen};

/// How far every plan looks ahead (DESIGN §5).
const DAYS: i32 = 30;

/// The days that are looked at: those after `today`, up to `until`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub today: Date,
    pub until: Date,
}

impl Window {
    fn of(today: Date) -> Self {
        Self { today, until: today.saturating_add(DAYS.days()) }
    }
    pub fn holds(&self, day: Date) -> bool {
        self.today < day && day <= self.until
    }
    /// The first day without what lasts up to and including `last`, where it is looked at.
    pub fn after(&self, last: Date) -> Option<Date> {
        last.tomorrow().ok().filter(|day| self.holds(*day))
    }
}

/// Everything that is worth a warning now, each fact once.
pub(super) fn warnings(
    account: &Account<'_>,
    day: Day,
    listed: &[Pair<'_>],
    changes: &[Change],
    blocked: &[Blocked],
    administrators: &Administrators,
) -> Vec<Warning> {
    let mut all = domains::cuts_off(account, day, changes);
    let window = Window::of(day.today);
    people::empty_teams(account, window, &mut all);
    let tracks = tracks(account, day, window, listed, changes, blocked);
    if tracks.is_empty() {
        return all;
    }
    let made = Made::of(changes, blocked);
    administrators::ahead(account, changes, administrators, &tracks, &mut all);
    scopes::ahead(account, &made, &tracks, &mut all);
    people::leave(&tracks, &mut all);
    people::never_accept(&tracks, &mut all);
    people::actor_ends(account, &tracks, &mut all);
    all
}

/// Those whom time changes in the window, by address.
pub(super) fn tracks<'a>(
    account: &Account<'a>,
    day: Day,
    window: Window,
    listed: &[Pair<'a>],
    changes: &[Change],
    blocked: &[Blocked],
) -> Vec<Track<'a>> {
    let found = track::candidates(account, day, window, listed);
    if found.is_empty() {
        return Vec::new();
    }
    let made = Made::of(changes, blocked);
    let mut all: Vec<Track<'a>> = found.into_iter().map(|c| c.track(account, day, window, &made)).filter(|t| !t.steps.is_empty()).collect();
    all.sort_by(|a, b| a.email.cmp(b.email));
    all
}

/// Addresses in a sentence: a few by name, the others by number.
pub(crate) fn names(who: &[&str]) -> String {
    const MOST: usize = 5;
    match who.len().checked_sub(MOST + 1) {
        None => who.join(", "),
        Some(_) => format!("{} and {} more", who[..MOST].join(", "), who.len() - MOST),
    }
}

/// The member that a warning is about, where it is one alone.
pub(super) fn only(who: &[&str]) -> Option<String> {
    match who {
        [one] => Some((*one).to_owned()),
        _ => None,
    }
}
