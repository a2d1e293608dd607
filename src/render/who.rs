//! One person in every account: what they hold, what asks for it, and what nobody can tell.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::model::{Direction, Domains, Key, Known, Live, Tenant};
use crate::systems::{self, Axis, SystemSpec};

use super::export::{self, MemberView};
use super::neutral::{Markdown, MarkdownCode, Neutral};
use super::page::options;
use super::paint::Paint;
use super::plan_text_change::{at, value};
use super::plan_view::{PlaceView, SCHEMA_VERSION, Shown, TOOL, schema_of};
use super::spelt::{Spelt, Word};

/// How what is there goes with what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A member, and lines that are in force ask for it.
    Declared,
    /// A member, and no line that is in force does.
    LiveOnly,
    /// Lines that are in force ask for it, and there is no such member.
    DeclaredOnly,
    /// Lines ask for it from a later day on.
    Starts,
    /// The lines that asked for it are over.
    Ended,
    /// Neither a member nor asked for.
    Absent,
    /// Lines ask for it, or did, and this actor, who does not see everyone, sees no such member.
    Unseen,
    /// No member is seen, and nobody can tell whether there is one.
    Unknown,
}

impl Standing {
    const ALL: [Standing; 8] = [
        Standing::Declared,
        Standing::LiveOnly,
        Standing::DeclaredOnly,
        Standing::Starts,
        Standing::Ended,
        Standing::Absent,
        Standing::Unseen,
        Standing::Unknown,
    ];

    fn word(self) -> &'static str {
        match self {
            Standing::Declared => "declared",
            Standing::LiveOnly => "live-only",
            Standing::DeclaredOnly => "declared-only",
            Standing::Starts => "starts",
            Standing::Ended => "ended",
            Standing::Absent => "absent",
            Standing::Unseen => "unseen",
            Standing::Unknown => "unknown",
        }
    }

    /// Whether somebody may be a member whom nobody here sees.
    fn is_untold(self) -> bool {
        matches!(self, Standing::Unseen | Standing::Unknown)
    }

    fn in_words(self) -> &'static str {
        match self {
            Standing::Declared => "asked for",
            Standing::LiveOnly => "live only: no line asks for it",
            Standing::DeclaredOnly => "declared only: no member",
            Standing::Starts => "no member yet",
            Standing::Ended => "no member: the entry is over",
            Standing::Absent => "no member, and not asked for",
            Standing::Unseen => "not seen by this actor",
            Standing::Unknown => "nobody can tell",
        }
    }
}

impl Spelt for Standing {
    const NAME: &'static str = "Standing";
    fn values() -> Vec<Self> {
        Standing::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

/// The label of what lines ask for where nobody can tell what is held.
const ASKED: &str = "asked for";

/// Whom is asked for.
pub struct WhoPerson {
    /// Of `people`; none for somebody outside.
    pub id: Option<String>,
    pub name: Option<String>,
    /// The address of most accounts, then all others.
    pub addresses: Vec<String>,
    /// `now`, or the last day.
    pub leaves: Option<String>,
}

/// One account as far as it is about the person.
pub struct WhoAccount<'a> {
    pub account: String,
    pub system: &'static SystemSpec,
    pub tenant: &'a Tenant,
    pub backend: &'static str,
    pub sandbox: bool,
    /// Why the reading is incomplete; empty where it is whole.
    pub problems: Vec<String>,
    /// Whether the actor sees everyone.
    pub sees_all: bool,
    /// What an export beside the account shows (`also`); hidden of whoever it does not list.
    pub beside: BTreeSet<Key>,
    pub standing: Standing,
    /// Memberships under any of the person's addresses.
    pub members: Vec<Live>,
    /// The whitelist as it was read.
    pub domains: &'a Known<Domains>,
    /// What the lines in force ask for, as if it were there.
    pub declared: Option<Live>,
    pub entries: Vec<EntryView>,
    /// What explains the standing, in sentences.
    pub why: Vec<String>,
    /// What time alone will change.
    pub later: Vec<String>,
    /// What a plan would do about it now.
    pub plan: Vec<String>,
}

/// Everything that one person can do.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WhoView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "who"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub as_of: String,
    pub sandbox: bool,
    /// The id in `people`; null for somebody outside.
    pub person: Option<String>,
    pub name: Option<String>,
    /// The present address, then the others.
    pub addresses: Vec<String>,
    /// `now`, or the last day; null where the person stays.
    pub leaves: Option<String>,
    /// Whether every account could be read and seen, so that nothing can be missing here.
    pub complete: bool,
    pub accounts: Vec<WhoAccountView>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub struct WhoAccountView {
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    pub sandbox: bool,
    standing: Word<Standing>,
    /// `asked for: role editor; holds more`: what the plan is about.
    #[serde(skip)]
    differs: Option<String>,
    /// Whether the reading is whole: of another one nothing is counted.
    #[serde(skip)]
    is_read: bool,
    /// Whether nothing can be missing here.
    pub complete: bool,
    /// Why it may be.
    pub problems: Vec<String>,
    /// Memberships as read; two where an earlier address is one too.
    pub members: Vec<HolderView>,
    /// What the lines in force ask for; null where none is.
    pub declared: Option<HolderView>,
    /// The lines that name the person.
    pub entries: Vec<EntryView>,
    /// What explains the standing.
    pub why: Vec<String>,
    /// What time alone will change.
    pub later: Vec<String>,
    /// What a plan would do about it now.
    pub plan: Vec<String>,
}

/// A membership, and what it permits in each scope.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HolderView {
    #[serde(flatten)]
    pub member: MemberView,
    pub holds: Vec<HoldView>,
    /// Asked for, of somebody of whom nobody here can tell whether they are in already.
    #[serde(skip)]
    is_untold: bool,
}

/// What is permitted in one scope.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HoldView {
    /// A subaccount, a group, ...; null for the account.
    pub scope: Option<String>,
    pub permissions: Vec<String>,
}

/// A line that names the person in an account.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EntryView {
    pub place: PlaceView,
    pub team: Option<String>,
    pub profile: Option<String>,
    pub reason: Option<String>,
    pub start: Option<String>,
    pub end: Option<String>,
    /// `in force`, `over`, `to come`, or `never`: the person leaves before it starts.
    pub state: &'static str,
    /// Another entry gives the role instead.
    pub overridden: bool,
    /// What it asks for.
    pub grants: Shown,
}

impl WhoView {
    pub fn of(person: WhoPerson, as_of: String, accounts: Vec<WhoAccount<'_>>) -> Self {
        let accounts: Vec<WhoAccountView> = accounts.into_iter().map(WhoAccountView::of).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "who",
            tool: TOOL,
            as_of,
            sandbox: accounts.iter().any(|a| a.sandbox),
            person: person.id,
            name: person.name,
            addresses: person.addresses,
            leaves: person.leaves,
            complete: accounts.iter().all(|a| a.complete),
            accounts,
        }
    }

    /// `ada (Ada Lovelace), ada@acme.example; before: ada.byron@acme.example`.
    fn headline(&self) -> String {
        let mut addresses = self.addresses.iter();
        let mut text = String::new();
        if let Some(id) = &self.person {
            text += id;
            if let Some(name) = &self.name {
                text += &format!(" ({name})");
            }
            text += ", ";
        }
        text += addresses.next().map(String::as_str).unwrap_or_default();
        let others: Vec<&str> = addresses.map(String::as_str).collect();
        if !others.is_empty() {
            text += &format!("; also known as {}", others.join(", "));
        }
        match self.leaves.as_deref() {
            Some("now") => text += "; leaves now",
            Some(day) => text += &format!("; leaves after {day}"),
            None => {}
        }
        text
    }

    /// What it all comes to.
    fn sum(&self) -> String {
        let read = self.accounts.iter().filter(|a| a.is_read).count();
        let unread = self.accounts.len() - read;
        let could_not = format!("{unread} {} could not be read", if unread == 1 { "account" } else { "accounts" });
        if read == 0 && unread > 0 {
            return format!("nothing can be told: {could_not}");
        }
        let of = |is: &dyn Fn(&&WhoAccountView) -> bool| self.accounts.iter().filter(|a| a.is_read).filter(is).count();
        let member = of(&|a| a.members.iter().any(|m| m.member.is_standing() && m.member.phase != "pending"));
        let pending = of(&|a| a.members.iter().any(|m| m.member.phase == "pending"));
        let administers = of(&|a| a.administers_now());
        let would = of(&|a| !a.administers_now() && !a.standing.0.is_untold() && a.holders().any(|m| m.member.administers));
        let live_only = of(&|a| a.standing.0 == Standing::LiveOnly);
        let declared_only = of(&|a| a.standing.0 == Standing::DeclaredOnly);
        let unseen = of(&|a| a.standing.0.is_untold());
        let mut text = format!("a member of {member} of {read} accounts");
        if unread > 0 {
            text += " that were read";
        }
        if unseen > 0 {
            text += &format!(", of those seen; {unseen} not seen by this actor");
        }
        if pending > 0 {
            text += &format!(", pending in {pending}");
        }
        text += &match (administers, would) {
            (0, 1..) => format!("; administers none yet, would administer {would}"),
            (_, 0) => format!(", administers {administers}"),
            (_, _) => format!(", administers {administers}, would administer {would} more"),
        };
        if live_only > 0 {
            text += &format!("; {live_only} live only");
        }
        if declared_only > 0 {
            text += &format!("; {declared_only} declared only");
        }
        if unread > 0 {
            text += &format!("; {could_not}");
        }
        if !self.complete {
            text += "; not everything could be read or seen";
        } else if member + pending == 0 && self.accounts.iter().all(|a| a.standing.0 == Standing::Absent) {
            text += "; nothing anywhere asks for it";
        }
        text
    }
}

impl WhoAccountView {
    fn of(account: WhoAccount<'_>) -> Self {
        let holder = |live: &Live| HolderView::of(account.system, account.tenant, live, account.domains);
        let members: Vec<HolderView> = account.members.iter().map(holder).collect();
        let mut problems = account.problems;
        let is_read = problems.is_empty();
        let bounded = "the actor does not see everyone here";
        if problems.is_empty() && !account.sees_all && members.is_empty() {
            problems.push(format!("{bounded}: who is hidden is not absent"));
        }
        for member in &members {
            let (unlisted, hidden): (Vec<&str>, Vec<&str>) = member.member.hidden.iter().partition(|key| account.beside.contains(**key));
            if !unlisted.is_empty() {
                let who = &member.member.email;
                let unlisted = unlisted.join(", ");
                problems.push(format!("the export beside the account does not list {who}: {unlisted} cannot be told; export anew"));
            }
            let unseen: Vec<&str> = member.member.partly_seen.iter().copied().chain(hidden).collect();
            if !unseen.is_empty() {
                problems.push(format!("{bounded}: there may be more of {}", unseen.join(", ")));
            }
        }
        let differs = match (&account.declared, account.members.as_slice()) {
            (Some(declared), [live]) => differs(account.system, declared, live),
            _ => None,
        };
        Self {
            account: account.account,
            system: account.system.name,
            backend: account.backend,
            sandbox: account.sandbox,
            standing: Word(account.standing),
            differs,
            is_read,
            complete: problems.is_empty(),
            problems,
            declared: account.declared.as_ref().map(|live| holder(live).of_declared(account.standing)),
            members,
            entries: account.entries,
            why: account.why,
            later: account.later,
            plan: account.plan,
        }
    }

    /// Whoever is a member, or would be.
    fn holders(&self) -> impl Iterator<Item = &HolderView> {
        self.members.iter().chain(self.declared.as_ref().filter(|_| self.members.is_empty()))
    }

    fn administers_now(&self) -> bool {
        self.members.iter().any(|m| m.member.administers && m.member.is_active())
    }

    /// Whether there is more to say than that there is nothing.
    fn is_quiet(&self) -> bool {
        self.standing.0 == Standing::Absent && self.complete && self.why.is_empty()
    }

    fn headline(&self) -> String {
        let sandbox = if self.sandbox { " SANDBOX" } else { "" };
        let phases: Vec<String> = self.members.iter().map(|m| m.member.standing_in_words()).collect();
        let phases = if phases.is_empty() { String::new() } else { format!("{}; ", phases.join(", and ")) };
        let standing = self.differs.as_deref().unwrap_or(self.standing.0.in_words());
        let would = match &self.declared {
            Some(declared) if self.members.is_empty() && !self.standing.0.is_untold() => declared.member.administers_in_words(),
            _ => "",
        };
        format!("({} on {}){sandbox}: {phases}{standing}{would}", self.system, self.backend)
    }

    /// Labels and what is said, in the order in which they are read.
    fn lines(&self) -> Vec<(String, String)> {
        let mut lines: Vec<(String, String)> = self.problems.iter().map(|p| ("!".to_owned(), p.clone())).collect();
        let many = self.members.len() > 1;
        for member in &self.members {
            if many {
                lines.push(("address".to_owned(), member.member.email.clone()));
            }
            member.lines(self.system, &mut lines);
        }
        if let Some(declared) = self.declared.as_ref().filter(|_| self.members.is_empty()) {
            declared.lines(self.system, &mut lines);
        }
        lines.extend(self.entries.iter().map(|e| ("line".to_owned(), e.in_words())));
        lines.extend(self.why.iter().map(|w| ("why".to_owned(), w.clone())));
        lines.extend(self.later.iter().map(|l| ("later".to_owned(), l.clone())));
        lines.extend(self.plan.iter().map(|p| ("plan".to_owned(), p.clone())));
        lines
    }
}

impl HolderView {
    fn of(system: &'static SystemSpec, tenant: &Tenant, live: &Live, domains: &Known<Domains>) -> Self {
        let member = MemberView::of(system, tenant, live, domains);
        let holds = member.holds().map(|(scope, permissions)| HoldView { scope, permissions }).collect();
        Self { member, holds, is_untold: false }
    }

    /// What no line asks for was not looked for, and nobody is there.
    fn of_declared(mut self, standing: Standing) -> Self {
        self.member.unreadable.clear();
        self.member.is_declared = true;
        self.is_untold = standing.is_untold();
        self
    }

    /// The attributes in the order of the system's literals.
    fn lines(&self, system: &str, lines: &mut Vec<(String, String)>) {
        let order = |key: &str| systems::find(system).and_then(|s| s.attrs.iter().position(|a| a.key == key));
        let mut attributes: Vec<(&String, &Json)> = self.member.attributes.iter().filter(|(_, json)| !is_nothing(json)).collect();
        attributes.sort_by_key(|(key, _)| order(key));
        let asked = |what: String| (ASKED.to_owned(), what);
        let end = self.member.end.iter().map(|end| ("end".to_owned(), end.clone()));
        let all = attributes.into_iter().map(|(key, json)| (key.clone(), flat(json))).chain(end);
        lines.extend(all.map(|(key, says)| if self.is_untold { asked(format!("{key} {says}")) } else { (key, says) }));
        if !self.member.unreadable.is_empty() {
            lines.push(("not read".to_owned(), format!("{}: this backend cannot", self.member.unreadable.join(", "))));
        }
        if self.member.is_unregistered {
            lines.push(("name".to_owned(), export::UNREGISTERED.to_owned()));
        }
        // Scopes in which the same is held stand together.
        let mut by_set: BTreeMap<&[String], BTreeSet<&str>> = BTreeMap::new();
        for hold in &self.holds {
            by_set.entry(&hold.permissions).or_default().insert(hold.scope.as_deref().unwrap_or("the account"));
        }
        let mut sets: Vec<(BTreeSet<&str>, &[String])> = by_set.into_iter().map(|(set, scopes)| (scopes, set)).collect();
        sets.sort();
        for (scopes, set) in sets {
            let scopes: Vec<&str> = scopes.into_iter().collect();
            let held = format!("in {}: {}", scopes.join(", "), set.join(", "));
            lines.push(match self.member.once() {
                // Whether it is held already or waits for anything, nobody here can tell.
                _ if self.is_untold => asked(held),
                "" => ("may".to_owned(), held),
                once => ("would".to_owned(), format!("{once}, {held}")),
            });
        }
        if self.holds.is_empty() && !self.is_untold {
            lines.push(("may".to_owned(), "nothing".to_owned()));
        }
    }
}

impl EntryView {
    /// `accounts/news.yaml:8:9, through team emea: role editor; Launch`.
    fn in_words(&self) -> String {
        let mut text = at(&self.place);
        for (what, name) in [("team", &self.team), ("profile", &self.profile)] {
            if let Some(name) = name {
                text += &format!(", through {what} {name}");
            }
        }
        match self.state {
            "in force" => {}
            "never" => text += ", never: the person leaves before",
            state => text += &format!(", {state}"),
        }
        for (what, day) in [("from", &self.start), ("until", &self.end)] {
            if let Some(day) = day {
                text += &format!(", {what} {day}");
            }
        }
        if self.overridden {
            text += ", overridden by another entry";
        }
        let grants: Vec<String> = self.grants.iter().filter(|(_, v)| !is_nothing(v)).map(|(k, v)| format!("{k} {}", flat(v))).collect();
        if !grants.is_empty() {
            text += &format!(": {}", grants.join("; "));
        }
        if let Some(reason) = &self.reason {
            text += &format!(" ({reason})");
        }
        text
    }
}

/// What is held beside what is asked for; nothing where they are the same. What no line says stays as
/// it is, and an end is what the plan tells.
fn differs(system: &SystemSpec, declared: &Live, live: &Live) -> Option<String> {
    let held = live.seen();
    let is_partly_seen = live.attrs.values().any(Known::is_partly);
    let is = |key: &str| system.attr(key).is_some_and(|a| a.axis != Axis::Until);
    let asked: Vec<_> = declared.seen().into_iter().filter(|(key, _)| is(key)).collect();
    let mut then = held.clone();
    then.extend(asked.iter().cloned());
    let holds = match system.direction(&held, &then) {
        Direction::Narrows => "more",
        // What is lacking may be held where this actor does not see it.
        Direction::Widens if is_partly_seen => "a part of it, and the rest is not seen by this actor",
        Direction::Both if is_partly_seen => "other, as far as this actor sees",
        Direction::Widens => "less",
        Direction::Both => "other",
        Direction::Neither => return None,
    };
    let chiefs = asked.iter().filter(|(key, value)| system.is_chief(key) && !value.to_json().is_null());
    let chiefs: Vec<String> = chiefs.map(|(key, value)| format!("{key} {}", flat(&value.to_json()))).collect();
    Some(format!("asked for: {}; holds {holds}", chiefs.join(", ")))
}

fn is_nothing(json: &Json) -> bool {
    match json {
        Json::Null | Json::Bool(false) => true,
        Json::Array(list) => list.is_empty(),
        Json::Bool(true) | Json::Number(_) | Json::String(_) | Json::Object(_) => false,
    }
}

fn flat(json: &Json) -> String {
    value(json)
}

/// Writes the answer for a terminal of so many columns.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, view: &WhoView, width: usize, paint: Paint) -> io::Result<()> {
    let (strong, faint, alarm) = (paint.strong(), paint.faint(), paint.alarm());
    writeln!(out, "{strong}{}{strong:#}", Neutral(&view.headline()))?;
    for account in view.accounts.iter().filter(|a| !a.is_quiet()) {
        let mark = if account.members.iter().any(|m| m.member.administers) { "!" } else { " " };
        write!(out, "\n{alarm}{mark}{alarm:#}{strong}{}{strong:#} ", Neutral(&account.account))?;
        writeln!(out, "{}", Neutral(&account.headline()))?;
        let lines = account.lines();
        let column = lines.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        for (label, says) in lines {
            let pad = " ".repeat(column - label.chars().count());
            let indent = " ".repeat(3 + column + 2);
            let says = Neutral(&says).to_string();
            let lines = textwrap::wrap(&says, options(width.max(indent.len() + 40), &indent, &indent));
            let (first, rest) = lines.split_first().map_or(("", &[][..]), |(first, rest)| (first.trim_start(), rest));
            writeln!(out, "   {faint}{}{faint:#}{pad}  {first}", Neutral(&label))?;
            rest.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        }
    }
    let quiet: Vec<String> = view.accounts.iter().filter(|a| a.is_quiet()).map(|a| Neutral(&a.account).to_string()).collect();
    writeln!(out)?;
    if !quiet.is_empty() {
        writeln!(out, "{faint}neither a member of, nor asked for: {}{faint:#}", quiet.join(", "))?;
    }
    writeln!(out, "{strong}{}{strong:#}", view.sum())
}

/// Writes the answer as Markdown.
///
/// # Errors
/// What the stream answers.
pub fn markdown(out: &mut impl Write, view: &WhoView) -> io::Result<()> {
    writeln!(out, "## {}\n\n{}", Markdown(&view.headline()), Markdown(&view.sum()))?;
    for account in view.accounts.iter().filter(|a| !a.is_quiet()) {
        writeln!(out, "\n- **{}** {}", Markdown(&account.account), Markdown(&account.headline()))?;
        for (label, says) in account.lines() {
            if label == "address" {
                writeln!(out, "  - {label}: {}", MarkdownCode(&says))?;
            } else {
                writeln!(out, "  - {}: {}", Markdown(&label), Markdown(&says))?;
            }
        }
    }
    Ok(())
}

/// The JSON Schema of [`WhoView`]: `schemas/who.schema.json`.
pub fn who_schema() -> Json {
    schema_of::<WhoView>("who")
}

#[cfg(test)]
#[path = "who_tests.rs"]
mod tests;
