//! What a plan, an apply or a check of the manifests says, as notes in the order of their weight: for
//! the formats that have a limit of length. A limit cuts between notes, never inside of one, and what
//! stops an account, takes access away or lets somebody administer stands above every cut.

use std::path::Path;

use super::apply_text::{self, AppliedAccountView, ApplyView, LINK_OF, UnreviewedView};
use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_text::{self, Hint};
use super::plan_text_change::{at, comes_first, write_blocked, write_change};
use super::plan_view::{AccountView, BlockedView, ChangeView, GuardView, Kind, PlaceView, PlanView};
use super::show::ShowView;
use crate::apply::ResultWord;
use crate::manifest::{Diagnostic, Severity};

/// Characters of a comment on GitHub, counted as bytes here, of which there are never fewer.
pub const MOST: usize = 65_536;
/// Bytes of one note; the details of a longer one are left out.
const LONGEST: usize = 4096;
/// Characters of one part of a note's first line.
const LINE: usize = 300;

/// The order in which notes are shown, and dropped from the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// It stops an account, or went wrong.
    Stops,
    /// A change that takes access away or lets somebody administer.
    First,
    /// Blocked, skipped, left, by hand; warnings.
    Care,
    /// Any other change.
    Change,
    /// Worth saying.
    Aside,
    /// An account with nothing to say.
    Quiet,
}

/// One thing to say. All its text may come from outside: whoever prints it makes it harmless.
#[derive(Debug)]
pub struct Note {
    pub rank: Rank,
    /// Counted among the changes where it is left out.
    pub is_change: bool,
    /// The account's headline; empty for the manifests.
    pub group: String,
    /// Empty where the headline says it all.
    pub act: String,
    /// An address, a domain, a place: to be copied.
    pub about: String,
    pub says: String,
    pub details: Vec<String>,
    /// A flag to be copied, with what it is for.
    pub flag: Option<Hint>,
    pub place: Option<PlaceView>,
}

/// All notes of one run.
#[derive(Debug)]
pub struct Notes {
    /// `plan: 2 invite; 0 blocked, 0 by hand`.
    pub title: String,
    /// Version, instant and SANDBOX; empty for the manifests.
    pub run: String,
    pub digest: Option<String>,
    pub hints: Vec<Hint>,
    /// Where the notes stand that are left out.
    pub elsewhere: Hint,
    pub notes: Vec<Note>,
}

impl Note {
    fn new(rank: Rank, group: &str, act: impl Into<String>, about: impl Into<String>, says: impl Into<String>) -> Self {
        let (mut says, mut details) = (says.into(), Vec::new());
        // What is long is left out whole rather than cut.
        if says.chars().count() > LINE {
            details.push(std::mem::take(&mut says));
        }
        let (act, about) = (act.into(), clipped(&about.into()));
        Self { rank, is_change: false, group: clipped(group), act, about, says, details, flag: None, place: None }
    }

    /// What the text form says, whose first line ends with what comes after `about`.
    fn of_text(rank: Rank, group: &str, act: String, about: &str, text: &[u8], place: Option<&PlaceView>) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut lines = text.lines();
        let head = lines.next().unwrap_or_default();
        let shown = Neutral(about).to_string();
        let says = head.split_once(&shown).map_or(head, |(_, says)| says).trim().replace("  ", ", ");
        let mut note = Self::new(rank, group, act, about, says);
        note.details.extend(lines.map(|l| l.trim().to_owned()));
        note.place = place.cloned();
        note
    }

    fn change(rank: Rank, group: &str, before: &str, change: &ChangeView, system: &str) -> Self {
        let mut text = Vec::new();
        // memory takes everything
        let _ = write_change(&mut text, change, system, Paint::plain());
        Self::of_text(rank, group, format!("{before}{}", change.action.0.word()), change.about(), &text, change.place.as_ref())
    }

    fn blocked(group: &str, blocked: &BlockedView, system: &str) -> Self {
        let mut text = Vec::new();
        // memory takes everything
        let _ = write_blocked(&mut text, blocked, system, Paint::plain());
        let rank = if blocked.accepted { Rank::Aside } else { Rank::Care };
        let note = Self::of_text(rank, group, blocked.action.0.word().to_owned(), blocked.about(), &text, blocked.place.as_ref());
        Self { is_change: true, ..note }
    }

    fn guard(group: &str, guard: &GuardView) -> Self {
        let limit = if guard.is_floor { "the minimum" } else { "the limit" };
        let set = guard.place.as_ref().map_or_else(|| "the default".to_owned(), |p| format!("set at {}", at(p)));
        let says = format!("{}, {limit} is {} ({set})", guard.actual, guard.limit);
        let mut note = Self::new(Rank::Stops, group, "stopped by guard", &*guard.code, says);
        if !guard.who.is_empty() {
            note.details.push(guard.who.join(", "));
        }
        match &guard.lift {
            Some(lift) => note.flag = Some(Hint::command(plan_text::to_lift(guard), lift.clone(), "")),
            None => note.details.push(plan_text::remedy(guard).to_owned()),
        }
        note.place.clone_from(&guard.place);
        note
    }

    fn report(rank: Rank, group: &str, code: &str, member: Option<&String>, message: String, place: Option<&PlaceView>) -> Self {
        let place_said = place.map(|p| format!(" ({})", at(p))).unwrap_or_default();
        let mut note = Self::new(rank, group, code, member.cloned().unwrap_or_default(), message + &place_said);
        note.place = place.cloned();
        note
    }
}

impl Notes {
    /// Of a plan; `again` is what the command was told about folder and accounts, none for a day to
    /// come.
    pub fn of_plan(view: &PlanView, again: Option<&str>) -> Self {
        let again = again.map(short);
        let mut notes: Vec<Note> = view.accounts.iter().flat_map(|a| of_account(view, a)).collect();
        // A stable sort: within a rank the accounts' and the plan's order stay.
        notes.sort_by_key(|n| n.rank);
        let command = match view.kind {
            Kind::Plan => "plan",
            Kind::Drift => "drift",
            Kind::Revoke => "revoke",
        };
        Self {
            title: plan_text::counted(view),
            run: plan_text::made(view),
            digest: Some(view.digest.clone()),
            hints: plan_text::hints(view, again),
            elsewhere: Hint::command(
                "all of them stand in the output of",
                format!("portcullis {command}{}", again.unwrap_or_default()),
                "",
            ),
            notes,
        }
    }

    /// Of a saved plan, whose `file` prints all of it.
    pub fn of_saved(view: &ShowView, file: &Path) -> Self {
        let file = file.display().to_string();
        let signed = view.signed();
        let notes = Self::of_plan(&view.plan, None);
        let elsewhere = Hint::command("all of them stand in the output of", format!("portcullis show {}", short(&file)), "");
        Self { hints: signed.iter().map(|line| Hint::words(line)).collect(), elsewhere, ..notes }
    }

    /// Of what an apply did. `runbook` is the file that the steps by hand are written to.
    pub fn of_apply(view: &ApplyView, again: &str, runbook: Option<&Path>) -> Self {
        let again = short(again);
        let headline =
            |a: &AppliedAccountView| format!("{} ({} on {}){}", a.account, a.system, a.backend, if a.sandbox { " SANDBOX" } else { "" });
        let group_of = |id: &str| view.account_of(id).map(headline).unwrap_or_default();
        let mut notes = Vec::new();
        for account in &view.accounts {
            let group = headline(account);
            let said = |what: &str, problem: &String| Note::new(Rank::Stops, &group, what, "", problem);
            notes.extend(account.reading.problems.iter().map(|p| said("incomplete reading", p)));
            notes.extend(account.unread.iter().map(|p| said("not read back", p)));
            notes.extend(view.guards.iter().filter(|g| g.tripped && g.account == account.account).map(|g| Note::guard(&group, g)));
        }
        for result in &view.results {
            let rank = match result.result.0 {
                ResultWord::Failed | ResultWord::Unknown => Rank::Stops,
                ResultWord::Skipped => Rank::Care,
                ResultWord::Applied | ResultWord::Already => Rank::Change,
            };
            let tries = if result.attempts == 1 { "1 call".to_owned() } else { format!("{} calls", result.attempts) };
            let message = if result.message.is_empty() { String::new() } else { format!(": {}", result.message) };
            let note = Note::new(rank, &group_of(&result.id), result.result.0.word(), &result.id, format!("({tries}){message}"));
            notes.push(Note { is_change: true, ..note });
        }
        for account in &view.accounts {
            let said = |rank, what: &str, path: &str, says: String| Note::new(rank, &headline(account), what, path, says);
            let removed = view.links.removed.iter().filter(|l| l.account == account.account);
            notes.extend(removed.map(|l| said(Rank::Aside, "link removed", &l.path, LINK_OF.into())));
            let kept = view.links.kept.iter().filter(|l| l.account == account.account);
            notes.extend(kept.map(|l| said(Rank::Care, "link not removed", &l.path, format!("{LINK_OF}: {}", l.problem))));
        }
        notes.extend(view.blocked.iter().map(|b| Note::blocked(&group_of(&b.id), b, view.system_of(&b.id))));
        for (before, changes) in [("left: ", &view.left), ("by hand: ", &view.manual)] {
            notes.extend(changes.iter().map(|c| Note::change(Rank::Care, &group_of(&c.id), before, c, view.system_of(&c.id))));
        }
        for stale in &view.stale {
            let note = Note::new(Rank::Stops, &group_of(&stale.approved), "stale", &stale.approved, ": came back different");
            notes.push(Note { details: stale.difference.clone(), ..note });
        }
        let unreviewed =
            |u: &UnreviewedView| Note::new(Rank::Care, &group_of(&u.id), "unreviewed, not made", &u.id, format!(": {}", u.why));
        notes.extend(view.unreviewed_because.iter().map(unreviewed));
        notes.sort_by_key(|n| n.rank);
        Self {
            title: apply_text::counted(view),
            run: apply_text::made(view),
            digest: Some(view.digest.clone()),
            hints: apply_text::hints(view, runbook.filter(|file| !short(&file.to_string_lossy()).is_empty())),
            elsewhere: Hint::command("what is still to do stands in the output of", format!("portcullis plan{again}"), ""),
            notes,
        }
    }

    /// Of a check of the manifests.
    pub fn of_diagnostics(diagnostics: &[Diagnostic], again: &str) -> Self {
        let note = |d: &Diagnostic| {
            let (rank, word) = match d.severity {
                Severity::Error => (Rank::Stops, "error"),
                Severity::Warning => (Rank::Care, "warning"),
            };
            let place = PlaceView::of(&d.place);
            let mut note = Note::new(rank, "", format!("{word}[{}]", d.code), d.place.to_string(), &d.message);
            note.details.extend(d.related.iter().map(|(place, what)| format!("{place}: {what}")));
            note.details.extend(d.expected.iter().map(|e| format!("expected: {e}")));
            note.details.extend(d.hint.iter().map(|h| format!("hint: {h}")));
            Note { place: Some(place), ..note }
        };
        let mut notes: Vec<Note> = diagnostics.iter().map(note).collect();
        notes.sort_by_key(|n| n.rank);
        let count = super::diagnostics::count(diagnostics);
        let count = if count.is_empty() { "nothing is wrong" } else { count.trim_end() };
        Self {
            title: format!("manifests: {count}"),
            run: String::new(),
            digest: None,
            hints: plan_text::explained(diagnostics.iter().map(|d| d.code)).into_iter().collect(),
            elsewhere: Hint::command("all of them stand in the output of", format!("portcullis validate{}", short(again)), ""),
            notes,
        }
    }

    /// As many notes as the room takes: with details if all fit so, else without.
    pub(super) fn fit(&self, room: usize, write: impl Fn(&Note, Option<&Note>, bool) -> String) -> Fitted {
        let with = self.take(room, true, &write);
        if with.shown == self.notes.len() { with } else { self.take(room, false, &write) }
    }

    fn take(&self, room: usize, details: bool, write: impl Fn(&Note, Option<&Note>, bool) -> String) -> Fitted {
        let mut fitted = Fitted { body: String::new(), shown: 0, is_whole: true };
        let mut before = None;
        for note in &self.notes {
            let mut text = write(note, before, details);
            let is_short = !details || text.len() > LONGEST;
            if is_short {
                text = write(note, before, false);
            }
            if fitted.body.len() + text.len() > room {
                break;
            }
            fitted.is_whole &= !is_short || (note.details.is_empty() && note.flag.is_none());
            fitted.body.push_str(&text);
            fitted.shown += 1;
            before = Some(note);
        }
        fitted
    }

    /// How many notes are left out, and of which kind; nothing where all are shown whole.
    pub(super) fn left_out(&self, fitted: &Fitted) -> Option<String> {
        let left = &self.notes[fitted.shown..];
        let details = if fitted.is_whole { "" } else { "details are left out here for length" };
        if left.is_empty() {
            return (!details.is_empty()).then(|| details.to_owned());
        }
        let changes = left.iter().filter(|n| n.is_change).count();
        let first = left.iter().filter(|n| n.rank == Rank::First).count();
        let all = self.notes.iter().filter(|n| n.is_change).count();
        let mut text = format!("{changes} of {all} changes are left out here for length");
        if first > 0 {
            text += &format!(" ({first} of them take access away or let somebody administer)");
        }
        if left.len() > changes {
            text += &format!(", and {} other notes", left.len() - changes);
        }
        if !details.is_empty() {
            text += ", and details of those shown";
        }
        Some(text)
    }
}

/// What a limit leaves.
pub(super) struct Fitted {
    pub body: String,
    /// The first so many notes.
    pub shown: usize,
    /// With all their details.
    pub is_whole: bool,
}

fn of_account(view: &PlanView, account: &AccountView) -> Vec<Note> {
    let group = plan_text::account_line(account, view);
    let mut notes: Vec<Note> =
        account.reading.problems.iter().map(|p| Note::new(Rank::Stops, &group, "incomplete reading", "", p)).collect();
    notes.extend(view.guards_of(&account.account).filter(|g| g.tripped).map(|g| Note::guard(&group, g)));
    for change in &account.changes {
        let rank = if comes_first(change) { Rank::First } else { Rank::Change };
        notes.push(Note { is_change: true, ..Note::change(rank, &group, "", change, &account.system) });
    }
    notes.extend(account.blocked.iter().map(|b| Note::blocked(&group, b, &account.system)));
    for warning in &account.warnings {
        let day = warning.on.as_ref().map(|d| format!("{d}: ")).unwrap_or_default();
        let message = format!("{day}{}", warning.message);
        notes.push(Note::report(Rank::Care, &group, &warning.code, warning.member.as_ref(), message, warning.place.as_ref()));
    }
    for report in &account.reports {
        notes.push(Note::report(Rank::Aside, &group, &report.code, report.member.as_ref(), report.message.clone(), report.place.as_ref()));
    }
    if notes.is_empty() {
        notes.push(Note::new(Rank::Quiet, &group, "", "", ""));
    }
    notes
}

/// A name that nobody needs whole.
fn clipped(text: &str) -> String {
    match text.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// A command that is cut does something else: without what is too long it says less and does not lie.
fn short(again: &str) -> &str {
    if again.chars().count() > LINE { "" } else { again }
}
