//! A plan for people: what a reviewer must see first, then the rest, then the counts and the next
//! step. Says all that the JSON says, and nothing else.

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};

use crate::apply::Lifts;

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_text_change::{at, comes_first, members, write_blocked, write_change};
use super::plan_view::{AccountView, GuardView, Kind, PlanView, Summary};

/// Writes the plan as text. `again` is what the command was told about folder and accounts, so that
/// the hint names a command that does the same; none for a day to come, which nobody can apply.
///
/// # Errors
/// What the stream answers.
pub fn plan(out: &mut impl Write, view: &PlanView, again: Option<&str>, paint: Paint) -> io::Result<()> {
    without_hints(out, view, paint)?;
    for hint in hints(view, again) {
        writeln!(out, "hint: {}", Neutral(&hint.to_string()))?;
    }
    Ok(())
}

/// Writes the plan for somebody who is about to apply it: there is no other next step.
///
/// # Errors
/// What the stream answers.
pub fn without_hints(out: &mut impl Write, view: &PlanView, paint: Paint) -> io::Result<()> {
    for account in &view.accounts {
        write_account(out, view, account, paint)?;
        writeln!(out)?;
    }
    write_foot(out, view, paint)
}

fn write_account(out: &mut impl Write, view: &PlanView, account: &AccountView, paint: Paint) -> io::Result<()> {
    headline(out, account, view, paint)?;
    // A stable sort: within each half the plan's order stays.
    let (first, rest): (Vec<_>, Vec<_>) = account.changes.iter().partition(|c| comes_first(c));
    for change in first.into_iter().chain(rest) {
        write_change(out, change, &account.system, paint)?;
    }
    for blocked in &account.blocked {
        write_blocked(out, blocked, &account.system, paint)?;
    }
    let faint = paint.faint();
    for report in &account.reports {
        write!(out, "  i  {}: ", report.code)?;
        if let Some(member) = &report.member {
            write!(out, "{}: ", Neutral(member))?;
        }
        write!(out, "{}", Neutral(&report.message))?;
        write_place(out, report.place.as_ref().map(at), faint)?;
    }
    for warning in &account.warnings {
        let style = paint.alters();
        write!(out, "  {style}warning{style:#}: {}: ", warning.code)?;
        if let Some(day) = &warning.on {
            write!(out, "{day}: ")?;
        }
        if let Some(member) = &warning.member {
            write!(out, "{}: ", Neutral(member))?;
        }
        write!(out, "{}", Neutral(&warning.message))?;
        write_place(out, warning.place.as_ref().map(at), faint)?;
    }
    write_guards(out, view, account, paint)?;
    if !account.changes.is_empty() {
        writeln!(out, "  {faint}digest {}{faint:#}", account.digest)?;
    }
    Ok(())
}

fn write_place(out: &mut impl Write, place: Option<String>, faint: anstyle::Style) -> io::Result<()> {
    match place {
        Some(place) => writeln!(out, " {faint}({place}){faint:#}"),
        None => writeln!(out),
    }
}

/// Which account it is and how it was read, on one line without colour.
pub(super) fn account_line(account: &AccountView, view: &PlanView) -> String {
    let mut text = Vec::new();
    // memory takes everything
    let _ = headline(&mut text, account, view, Paint::plain());
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}

/// Which account it is and how it was read.
fn headline(out: &mut impl Write, account: &AccountView, view: &PlanView, paint: Paint) -> io::Result<()> {
    let (strong, alarm) = (paint.strong(), paint.alarm());
    let tenant = account.tenant.as_ref().map(|t| format!(", tenant {}", Neutral(t))).unwrap_or_default();
    write!(out, "{strong}{}{strong:#} ({} on {}{tenant})", Neutral(&account.account), account.system, account.backend)?;
    if account.sandbox {
        write!(out, " SANDBOX")?;
    }
    match account.reading.proof {
        Some(proof) => write!(out, ": {} read, proof: {}", members(account.reading.members), proof.0.word())?,
        None => write!(out, ": {alarm}incomplete reading{alarm:#}, nothing is planned")?,
    }
    if account.as_of != view.as_of {
        write!(out, ", as of {}", account.as_of)?;
    }
    let nothing = account.changes.is_empty() && account.blocked.is_empty();
    writeln!(out, "{}", if nothing && account.reading.complete { "; nothing to do" } else { "" })?;
    for problem in &account.reading.problems {
        writeln!(out, "  {alarm}!{alarm:#}  {}", Neutral(problem))?;
    }
    Ok(())
}

fn write_guards(out: &mut impl Write, view: &PlanView, account: &AccountView, paint: Paint) -> io::Result<()> {
    let (tripped, held): (Vec<&GuardView>, Vec<&GuardView>) = view.guards_of(&account.account).partition(|g| g.tripped);
    for guard in tripped {
        guard_tripped(out, guard, paint)?;
    }
    let (lifted, held): (Vec<&GuardView>, Vec<&GuardView>) = held.into_iter().partition(|g| g.is_lifted);
    for guard in lifted {
        writeln!(out, "  guard {} is lifted by --allow: {}, {} is {}", guard.code, guard.actual, limit(guard), guard.limit)?;
    }
    // Of those that count nothing, and of an account that nobody changes, the limits say nothing.
    let held: Vec<String> = held.into_iter().filter(|g| g.actual > 0 && !account.changes.is_empty()).map(guard_held).collect();
    if !held.is_empty() {
        let faint = paint.faint();
        writeln!(out, "  {faint}guards within limits: {}{faint:#}", held.join(", "))?;
    }
    Ok(())
}

fn guard_held(guard: &GuardView) -> String {
    let who = if guard.who.is_empty() { String::new() } else { format!(" {}", who(guard)) };
    let place = guard.place.as_ref().map(|p| format!(" ({})", at(p))).unwrap_or_default();
    let limit = if guard.is_floor { "of at least" } else { "of" };
    format!("{} {} {limit} {}{who}{place}", guard.code, guard.actual, guard.limit)
}

/// As many by name as a line holds; JSON has all.
fn who(guard: &GuardView) -> String {
    const MOST: usize = 12;
    let named = guard.who.iter().take(MOST).map(|w| Neutral(w).to_string()).collect::<Vec<_>>().join(", ");
    let more = guard.who.len().saturating_sub(MOST);
    if more == 0 { named } else { format!("{named} and {more} more") }
}

fn limit(guard: &GuardView) -> &'static str {
    if guard.is_floor { "the minimum" } else { "the limit" }
}

/// A guard that stops its account, and the exact flag that lifts it.
pub(super) fn guard_tripped(out: &mut impl Write, guard: &GuardView, paint: Paint) -> io::Result<()> {
    let alarm = paint.alarm();
    write!(out, "  {alarm}stopped by guard {}{alarm:#}: {}, {} is {}", guard.code, guard.actual, limit(guard), guard.limit)?;
    match &guard.place {
        Some(place) => write!(out, " (set at {})", at(place))?,
        None => write!(out, " (the default)")?,
    }
    if !guard.who.is_empty() {
        write!(out, ": {}", who(guard))?;
    }
    writeln!(out)?;
    match &guard.lift {
        Some(lift) => writeln!(out, "       {} {}", to_lift(guard), Neutral(lift)),
        None => writeln!(out, "       {}", remedy(guard)),
    }
}

/// What stands before the flag that lifts a guard.
pub(super) fn to_lift(guard: &GuardView) -> &'static str {
    match guard.lifts {
        Lifts::Plan | Lifts::Unknown => "to lift it for this plan:",
        Lifts::Rest => "to lift it for what is left of this plan:",
    }
}

/// What to do about a guard without a flag that lifts it.
pub(super) fn remedy(guard: &GuardView) -> &'static str {
    if guard.lifts == Lifts::Unknown {
        "plan again: the plan of what is left prints the flag that lifts it"
    } else if guard.is_floor {
        "this guard cannot be lifted so far: add an administrator first, and see that they accept"
    } else {
        "this guard cannot be lifted; change the manifests"
    }
}

fn write_foot(out: &mut impl Write, view: &PlanView, paint: Paint) -> io::Result<()> {
    let (faint, strong) = (paint.faint(), paint.strong());
    writeln!(out, "{faint}{}, digest {}{faint:#}", made(view), view.digest)?;
    writeln!(out, "{strong}{}{strong:#}", counted(view))
}

/// What made the plan, when, and on what.
pub(super) fn made(view: &PlanView) -> String {
    let mut text = format!("{}, as of {}", view.tool, view.as_of);
    if view.simulated {
        text += ", simulated";
    }
    if view.sandbox {
        text += ", SANDBOX";
    }
    for (name, revision) in [("base", &view.base), ("applied", &view.applied)] {
        if let Some(revision) = revision {
            text += &format!(", {name} {}", Neutral(revision));
        }
    }
    text
}

/// `plan: 2 invite, 1 remove; 1 blocked, 0 by hand`.
pub(super) fn counted(view: &PlanView) -> String {
    let kind = match view.kind {
        Kind::Plan => "plan",
        Kind::Drift => "drift",
        Kind::Revoke => "revoke",
    };
    let unread = view.accounts.iter().filter(|a| !a.reading.complete).count();
    // Guards are shown by drift, and stop nothing of it.
    let is_stopped = |a: &&AccountView| view.kind != Kind::Drift && view.guards_of(&a.account).any(|g| g.tripped);
    let stopped = view.accounts.iter().filter(is_stopped).map(|a| a.changes.len()).sum();
    format!("{kind}: {}", counts(&view.summary, stopped, unread))
}

/// `2 invite, 1 remove; 1 blocked, 0 by hand`. Where an account was not read, nobody knows that
/// there is nothing to do.
fn counts(summary: &Summary, stopped: usize, unread: usize) -> String {
    let each: Vec<String> = summary.by_action().into_iter().filter(|(_, n)| *n > 0).map(|(word, n)| format!("{n} {word}")).collect();
    let changes = match (each.is_empty(), unread) {
        (true, 0) if summary.blocked > 0 => "nothing that this actor may do".to_owned(),
        (true, 0) => "nothing to do".to_owned(),
        (true, _) => "no changes".to_owned(),
        (false, _) => each.join(", "),
    };
    let unread = if unread > 0 { format!(", {unread} not read") } else { String::new() };
    format!("{changes}{}; {} blocked, {} by hand{unread}", stopped_by_guards(stopped), summary.blocked, summary.manual)
}

/// How many changes the guards stop, as a summary says it.
pub(super) fn stopped_by_guards(changes: usize) -> String {
    match changes {
        0 => String::new(),
        n => format!("; {n} stopped by guards"),
    }
}

/// What to do next, with the command that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    pub before: String,
    /// To be copied; empty where there is none.
    pub command: String,
    pub after: String,
}

impl Hint {
    pub(super) fn words(words: &str) -> Self {
        Self::command(words, String::new(), "")
    }
    pub(super) fn command(before: &str, command: String, after: &str) -> Self {
        Self { before: before.to_owned(), command, after: after.to_owned() }
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [&self.before, &self.command, &self.after];
        let mut parts = parts.into_iter().filter(|p| !p.is_empty());
        parts.next().map_or(Ok(()), |first| f.write_str(first))?;
        parts.try_for_each(|part| write!(f, " {part}"))
    }
}

/// How to learn what these codes mean, and what to do; each once, and not more than can be read.
pub(super) fn explained<'a>(codes: impl Iterator<Item = &'a str>) -> Option<Hint> {
    const MOST: usize = 4;
    let mut words: Vec<&str> = Vec::new();
    for code in codes {
        if !words.contains(&code) {
            words.push(code);
        }
    }
    let more = if words.len() > MOST { "and so for the others" } else { "" };
    words.truncate(MOST);
    (!words.is_empty()).then(|| Hint::command("what it means, and what to do:", format!("portcullis explain {}", words.join(" ")), more))
}

/// The next step, or steps where accounts need different ones.
pub(super) fn hints(view: &PlanView, again: Option<&str>) -> Vec<Hint> {
    let told = again.unwrap_or_default();
    let mut hints = Vec::new();
    if view.accounts.is_empty() && view.kind != Kind::Revoke {
        hints.push(Hint::words("no account stands in the manifests here; is it their folder?"));
    }
    if view.accounts.iter().any(|a| !a.reading.complete) {
        hints.push(Hint::words("an incomplete reading plans nothing; see its problems and plan again"));
    }
    let tripped: Vec<&GuardView> = view.guards.iter().filter(|g| g.tripped).collect();
    hints.extend(lifting(view, &tripped, again));
    let stopped = |account: &AccountView| tripped.iter().any(|g| g.account == account.account);
    let open = |account: &&AccountView| !stopped(account) && account.changes.iter().any(|c| c.manual.len() < c.calls.len());
    let these = if tripped.is_empty() { "to make exactly these changes:" } else { "to make those of the other accounts alone:" };
    if view.accounts.iter().any(|a| open(&a)) {
        hints.push(match view.kind {
            _ if view.simulated && view.accounts.iter().filter(open).any(|a| !a.sandbox) => {
                Hint::words("a simulated plan is for reading; plan without PORTCULLIS_NOW and --at to apply it")
            }
            Kind::Plan if again.is_none() => {
                Hint::words("this is what a run on that day would do if nothing changed until then; it cannot be applied today")
            }
            Kind::Plan => Hint::command(these, format!("portcullis apply{told} --digest {}", view.digest), ""),
            Kind::Revoke => Hint::command(these, format!("portcullis revoke{told} --apply --digest {}", view.digest), ""),
            Kind::Drift if !view.has_drift => Hint::words("nothing has drifted: these are what time and invitations ask for"),
            Kind::Drift => Hint::command(
                "",
                format!("portcullis apply{told}"),
                "brings the accounts back; to keep a difference, write it into the manifests",
            ),
        });
    }
    if view.summary.manual > 0 {
        let word = if view.kind == Kind::Revoke { "revoke" } else { "plan" };
        let command = format!("portcullis {word}{told} --runbook FILE.md");
        hints.push(Hint::command("some steps are made by hand:", command, "writes them down"));
    }
    let open: BTreeSet<&str> = view.accounts.iter().flat_map(|a| &a.blocked).filter(|b| !b.accepted).map(|b| &*b.code).collect();
    if !open.is_empty() {
        let codes = open.into_iter().collect::<Vec<_>>().join(", ");
        hints.push(Hint::words(&format!(
            "what is blocked needs somebody else; `accept-blocked: [{codes}]` under the account marks it as known"
        )));
    }
    let stops =
        tripped.iter().map(|g| &*g.code).chain(view.accounts.iter().flat_map(|a| &a.blocked).filter(|b| !b.accepted).map(|b| &*b.code));
    hints.extend(explained(stops));
    hints
}

/// The command that makes all of the plan, with the guards lifted that may be.
fn lifting(view: &PlanView, tripped: &[&GuardView], again: Option<&str>) -> Option<Hint> {
    const STOPS: &str = "a guard stops its account, not the others";
    // Where one guard of an account stays, lifting the others makes nothing of it.
    let stays = |account: &str| tripped.iter().any(|g| g.account == account && g.lift.is_none());
    let lifts: Vec<&str> = tripped.iter().filter(|g| !stays(&g.account)).filter_map(|g| g.lift.as_deref()).collect();
    if tripped.is_empty() {
        return None;
    }
    let is_here = !view.simulated || view.accounts.iter().all(|a| a.sandbox);
    match (lifts.is_empty(), again.filter(|_| is_here)) {
        (true, _) => Some(Hint::words(STOPS)),
        (false, None) => Some(Hint::words(&format!("{STOPS}; where the change is meant, pass its --allow to apply"))),
        (false, Some(told)) => {
            let (word, flag) = if view.kind == Kind::Revoke { ("revoke", " --apply") } else { ("apply", "") };
            let command = format!("portcullis {word}{told}{flag} --digest {} {}", view.digest, lifts.join(" "));
            Some(Hint::command(&format!("{STOPS}; where all of this is meant:"), command, ""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;
    use snapbox::{IntoData as _, assert_data_eq, str};

    fn shown(plan: &crate::plan::Plan, kind: Kind, paint: Paint) -> String {
        let mut out = Vec::new();
        super::plan(&mut out, &PlanView::of(plan, kind), Some(""), paint).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_plan_without_changes_says_nothing_to_do() {
        assert_data_eq!(
            shown(&samples::nothing(), Kind::Plan, Paint::plain()),
            str![[r#"
news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot; nothing to do

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
plan: nothing to do; 0 blocked, 0 by hand

"#]]
            .raw()
        );
    }

    #[test]
    fn a_plan_shows_removals_and_administrators_first_then_the_rest_and_the_next_step() {
        assert_data_eq!(
            shown(&samples::full(), Kind::Plan, Paint::plain()),
            str![[r#"
news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot
  +! invite root@acme.example  widens  comes to administer
       role         manager
       privileges   (none)
       subaccounts  emea
       after: news/invite/kim@agency.example
       api: invite; the system mails them [cccccccccccc]
  -  remove old@acme.example  narrows
       role  full
       api: remove [cccccccccccc]
  +  invite kim@agency.example  widens
       name         Kim \u{202e}Lee
       role         author
       subaccounts  "EMEA North", emea
       end          2026-12-05
       Launch, TICKET-40 (accounts/newsletter.yaml:17:9)
       api: invite; the system mails them [cccccccccccc]
  ~  edit ada@acme.example  both widens and narrows
       role         author -> editor
       subaccounts  +apac -us (keeps emea)
       accounts/newsletter.yaml:12:9
       cause: expiry (role undetermined, subaccounts expiry)
       note: overrides author (emea-marketing)
       api: set-subaccounts, then set-role [cccccccccccc]
       by hand: set-role
  x  edit far@acme.example  blocked: actor-lacks-subaccount; needs a parent, or a manager of apac (accept-blocked)
       role         author
       subaccounts  +apac (keeps emea)
       CRM-7 (accounts/newsletter.yaml:20:9)
  i  unmanaged-member: bob@acme.example: is a member and no manifest lists them
  warning: role-spreads: 2026-12-04: ada@acme.example: editor on emea, for which no entry asked it (accounts/newsletter.yaml:12:9)
  stopped by guard removals: 1, the limit is 0 (set at guards.yaml:2:3): old@acme.example
       to lift it for this plan: --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
  guards within limits: new-administrators 1 of 3
  digest sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

ins (insider on scim): 3 members read, proof: snapshot
  +  allow-domain acme.example  widens
       api: allow-domain [cccccccccccc]
  digest sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
plan: 1 allow-domain, 2 invite, 1 edit, 1 remove; 4 stopped by guards; 1 blocked, 1 by hand
hint: a guard stops its account, not the others; where all of this is meant: portcullis apply --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
hint: to make those of the other accounts alone: portcullis apply --digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
hint: some steps are made by hand: portcullis plan --runbook FILE.md writes them down
hint: what it means, and what to do: portcullis explain removals

"#]]
            .raw()
        );
    }

    #[test]
    fn an_incomplete_reading_says_why() {
        assert_data_eq!(
            shown(&samples::unread(), Kind::Drift, Paint::plain()),
            str![[r#"
far (solver on embedded) SANDBOX: incomplete reading, nothing is planned
  !  the server says 12 members and sent 7
  !  page 2\u{a}::error::came twice

news (emma-hq on embedded) SANDBOX: 12 members read, proof: snapshot; nothing to do

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
drift: no changes; 0 blocked, 0 by hand, 1 not read
hint: an incomplete reading plans nothing; see its problems and plan again

"#]]
            .raw()
        );
    }

    #[test]
    fn colour_adds_nothing_but_escape_codes() {
        let styled = shown(&samples::full(), Kind::Plan, Paint::styled());
        let plain = shown(&samples::full(), Kind::Plan, Paint::plain());
        assert_ne!(styled, plain);
        assert!(!plain.contains('\u{1b}'));
        assert_eq!(anstream::adapter::strip_str(&styled).to_string(), plain);
    }

    #[test]
    fn no_line_of_hostile_text_acts() {
        let text = shown(&samples::unread(), Kind::Plan, Paint::plain()) + &shown(&samples::full(), Kind::Plan, Paint::plain());
        assert!(!text.contains(['\u{202e}', '\u{1b}']));
        assert!(!text.lines().any(|l| l.trim_start().starts_with("::")), "{text}");
    }

    /// Every word of the JSON stands in the text; digests of changes by their first twelve digits.
    #[test]
    fn all_that_the_json_says_stands_in_the_text() {
        let plan = samples::full();
        let text = shown(&plan, Kind::Plan, Paint::plain());
        let view = serde_json::to_value(PlanView::of(&plan, Kind::Plan)).unwrap();
        let mut missing = Vec::new();
        let mut stack = vec![(String::new(), view)];
        while let Some((path, value)) = stack.pop() {
            match value {
                serde_json::Value::Object(map) => stack.extend(map.into_iter().map(|(k, v)| (format!("{path}.{k}"), v))),
                serde_json::Value::Array(list) => stack.extend(list.into_iter().map(|v| (path.clone(), v))),
                serde_json::Value::String(s) => {
                    let wanted = match path.as_str() {
                        ".schema_version" | ".accounts.changes.id" | ".accounts.blocked.id" | ".accounts.changes.risk" => continue,
                        ".accounts.changes.digest" => s["sha256:".len()..][..12].to_owned(),
                        ".accounts.changes.cause" if s == "undetermined" => continue,
                        _ => Neutral(&s).to_string(),
                    };
                    if !text.contains(&wanted) {
                        missing.push((path, s));
                    }
                }
                serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
