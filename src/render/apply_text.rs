//! What an apply did and what it left: JSON as the contract spells it, and the same for people.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::apply::{Applied, AuditNote, LinksApplied, ResultWord};
use crate::model::Channel;

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_text::{Hint, explained, stopped_by_guards};
use super::plan_text_change::{write_blocked, write_change};
use super::plan_view::{BlockedView, ChangeView, GuardView, ReadingView, SCHEMA_VERSION, TOOL, schema_of};
use super::spelt::Word;
use super::stale::StaleView;

/// The result of an apply.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApplyView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "apply"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub as_of: String,
    pub simulated: bool,
    pub sandbox: bool,
    /// Of the plan that was cleared.
    pub digest: String,
    pub accounts: Vec<AppliedAccountView>,
    pub guards: Vec<GuardView>,
    /// In the order of the plan.
    pub results: Vec<ResultView>,
    pub links: LinksView,
    pub blocked: Vec<BlockedView>,
    /// Ids of changes whose account was stopped, by a guard or by an approved change that came back
    /// different; they were not made.
    pub stopped: Vec<String>,
    /// Ids of changes that nobody approved; they were not made.
    pub unreviewed: Vec<String>,
    /// Why each of them counts as not approved.
    pub unreviewed_because: Vec<UnreviewedView>,
    /// Approved changes that came back different; each stops its account.
    pub stale: Vec<StaleView>,
    /// The audit log; null where nothing was to be sent.
    pub audit: Option<AuditNoteView>,
    /// Changes that a fresh reading still shows, blocked and manual ones apart.
    pub left: Vec<ChangeView>,
    /// Changes that wait for a human, in order.
    pub manual: Vec<ChangeView>,
    /// Some of the steps by hand can be read back by nothing: no later plan shows them.
    #[serde(skip)]
    forgotten: bool,
}

/// One account, before and after.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AppliedAccountView {
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    pub sandbox: bool,
    pub digest: String,
    /// The reading that the plan was made on.
    pub reading: ReadingView,
    /// Why the account could not be read afterwards; empty where it was.
    pub unread: Vec<String>,
}

/// What came of one change.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ResultView {
    pub id: String,
    pub result: Word<ResultWord>,
    /// Calls sent for it.
    pub attempts: u32,
    /// Empty where there is nothing to say.
    pub message: String,
}

/// A change that nobody approved, or too few.
#[derive(Debug, Serialize, JsonSchema)]
pub struct UnreviewedView {
    pub id: String,
    pub why: String,
    /// It was reviewed, and too few have signed it.
    pub lacks_signatures: bool,
}

/// Where the audit log ends now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditNoteView {
    pub file: String,
    /// The hash of its last line; null where it was not written.
    pub head: Option<String>,
    pub lines: Option<u64>,
    /// Why it was not written.
    pub problem: Option<String>,
}

impl AuditNoteView {
    fn of(note: &AuditNote) -> Self {
        Self {
            file: note.file.display().to_string(),
            head: note.end.as_ref().map(|end| end.head.clone()),
            lines: note.end.as_ref().map(|end| end.lines),
            problem: note.problem.clone(),
        }
    }
}

/// Hand-over links; the links themselves stand in no output.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LinksView {
    /// Of members who have not accepted, made now or before; each in a file, for somebody to hand it over.
    pub waiting: usize,
    /// Link files that went, because their members have accepted or are gone.
    pub removed: Vec<RemovedLinkView>,
    /// Those that should have gone.
    pub kept: Vec<KeptLinkView>,
}

/// A link file that went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemovedLinkView {
    pub account: String,
    pub path: String,
}

/// A link file that could not be removed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct KeptLinkView {
    pub account: String,
    pub path: String,
    pub problem: String,
}

impl LinksView {
    fn of(links: &LinksApplied) -> Self {
        let (mut removed, mut kept) = (Vec::new(), Vec::new());
        for (account, swept) in &links.swept {
            let text = |path: &PathBuf| path.display().to_string();
            removed.extend(swept.removed.iter().map(|path| RemovedLinkView { account: account.clone(), path: text(path) }));
            let why = |(path, why): &(PathBuf, String)| KeptLinkView { account: account.clone(), path: text(path), problem: why.clone() };
            kept.extend(swept.kept.iter().map(why));
        }
        Self { waiting: links.waiting, removed, kept }
    }
}

impl ApplyView {
    pub fn of(applied: &Applied) -> Self {
        let plan = &applied.plan;
        let unread = |account: &str| {
            let problems = applied.unread.iter().filter(|(a, _)| a == account).flat_map(|(_, p)| p);
            problems.cloned().collect()
        };
        let stopped = plan.accounts.iter().filter(|a| a.is_stopped());
        let unreviewed = || plan.accounts.iter().flat_map(|a| &a.unreviewed);
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "apply",
            tool: TOOL,
            as_of: plan.as_of.to_string(),
            simulated: plan.simulated,
            sandbox: plan.is_sandbox(),
            digest: plan.digest.to_string(),
            accounts: plan
                .accounts
                .iter()
                .map(|a| AppliedAccountView {
                    account: a.account.clone(),
                    system: a.system,
                    backend: a.backend,
                    sandbox: a.sandbox,
                    digest: a.digest.to_string(),
                    reading: ReadingView::of(&a.reading),
                    unread: unread(&a.account),
                })
                .collect(),
            guards: plan.accounts.iter().flat_map(|a| &a.guards).map(|g| GuardView::of_applied(g, applied.lifts)).collect(),
            results: applied
                .results
                .iter()
                .map(|r| ResultView { id: r.id.clone(), result: Word(r.word), attempts: r.attempts, message: r.message.clone() })
                .collect(),
            links: LinksView::of(&applied.links),
            blocked: applied.blocked.iter().map(|(_, b)| BlockedView::of(b)).collect(),
            stopped: stopped.flat_map(|a| &a.changes).map(|c| c.id.clone()).collect(),
            unreviewed: unreviewed().map(|u| u.change.id.clone()).collect(),
            unreviewed_because: unreviewed()
                .map(|u| UnreviewedView { id: u.change.id.clone(), why: u.why.clone(), lacks_signatures: u.lacks_signatures })
                .collect(),
            audit: applied.audit.as_ref().map(AuditNoteView::of),
            stale: plan.accounts.iter().flat_map(|a| &a.stale).map(StaleView::of).collect(),
            left: applied.left.iter().map(|c| ChangeView::of(&plan.accounts, c)).collect(),
            manual: applied.manual.iter().map(|c| ChangeView::of(&plan.accounts, c)).collect(),
            forgotten: applied.manual.iter().flat_map(|c| &c.calls).any(|call| call.channel == Channel::Unverifiable),
        }
    }
}

impl ApplyView {
    /// The account that an id starts with.
    pub(super) fn account_of(&self, id: &str) -> Option<&AppliedAccountView> {
        let of = |a: &&AppliedAccountView| id.strip_prefix(a.account.as_str()).is_some_and(|rest| rest.starts_with('/'));
        self.accounts.iter().find(of)
    }

    /// The system of that account.
    pub(super) fn system_of(&self, id: &str) -> &'static str {
        self.account_of(id).map_or("", |a| a.system)
    }
}

/// The JSON Schema of [`ApplyView`]: `schemas/apply.schema.json`.
pub fn apply_schema() -> Json {
    schema_of::<ApplyView>("apply")
}

/// Writes the result as text. The plan was shown before it: only what came of it stands here.
/// `runbook` is the file that the steps by hand are written to.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, view: &ApplyView, runbook: Option<&Path>, paint: Paint) -> io::Result<()> {
    for result in &view.results {
        let style = match result.result.0 {
            ResultWord::Applied | ResultWord::Already => paint.gives(),
            ResultWord::Failed | ResultWord::Unknown => paint.alarm(),
            ResultWord::Skipped => paint.alters(),
        };
        let tries = if result.attempts == 1 { "1 call".to_owned() } else { format!("{} calls", result.attempts) };
        let faint = paint.faint();
        write!(out, "{style}{:<8}{style:#} {} {faint}({tries}){faint:#}", result.result.0.word(), Neutral(&result.id))?;
        let message = if result.message.is_empty() { String::new() } else { format!(": {}", Neutral(&result.message)) };
        writeln!(out, "{message}")?;
    }
    let alarm = paint.alarm();
    for account in &view.accounts {
        for problem in &account.reading.problems {
            writeln!(out, "{alarm}incomplete reading{alarm:#} of {}: {}", Neutral(&account.account), Neutral(problem))?;
        }
        for problem in &account.unread {
            writeln!(out, "{alarm}not read back{alarm:#}: {}: {}", Neutral(&account.account), Neutral(problem))?;
        }
    }
    for link in &view.links.removed {
        writeln!(out, "link removed: {}, {LINK_OF}", Neutral(&link.path))?;
    }
    for link in &view.links.kept {
        writeln!(out, "{alarm}link not removed{alarm:#}: {}, {LINK_OF}: {}", Neutral(&link.path), Neutral(&link.problem))?;
    }
    let mut last = None;
    for guard in view.guards.iter().filter(|g| g.tripped) {
        if last.replace(&guard.account) != Some(&guard.account) {
            writeln!(out, "account {}:", Neutral(&guard.account))?;
        }
        super::plan_text::guard_tripped(out, guard, paint)?;
    }
    if !view.blocked.is_empty() {
        writeln!(out, "blocked:")?;
    }
    for blocked in &view.blocked {
        write_blocked(out, blocked, view.system_of(&blocked.id), paint)?;
    }
    for (title, changes) in [("left, as a fresh reading shows:", &view.left), ("to be made by hand, in this order:", &view.manual)] {
        if !changes.is_empty() {
            writeln!(out, "{title}")?;
        }
        for change in changes {
            write_change(out, change, view.system_of(&change.id), paint)?;
        }
    }
    for stale in &view.stale {
        writeln!(out, "{alarm}stale{alarm:#}: {} was approved and came back different; its account is stopped", Neutral(&stale.approved))?;
        stale.difference.iter().try_for_each(|line| writeln!(out, "    {}", Neutral(line)))?;
    }
    for UnreviewedView { id, why, .. } in &view.unreviewed_because {
        writeln!(out, "unreviewed, not made: {}: {}", Neutral(id), Neutral(why))?;
    }
    write_foot(out, view, runbook, paint)
}

/// Whose link files are of no use any more.
pub(super) const LINK_OF: &str = "of somebody who is not invited any more";

/// What applied, when, and on what.
pub(super) fn made(view: &ApplyView) -> String {
    let simulated = if view.simulated { ", simulated" } else { "" };
    let sandbox = if view.sandbox { ", SANDBOX" } else { "" };
    format!("{}, as of {}{simulated}{sandbox}", view.tool, view.as_of)
}

/// `apply: 6 applied; 0 left, 0 blocked, 0 by hand`.
pub(super) fn counted(view: &ApplyView) -> String {
    // What was found to be blocked while applying is counted there.
    let is_blocked = |id: &str| view.blocked.iter().any(|b| b.id == id);
    let count = |word: ResultWord| view.results.iter().filter(|r| r.result.0 == word && !is_blocked(&r.id)).count();
    let each: Vec<String> = [ResultWord::Applied, ResultWord::Already, ResultWord::Failed, ResultWord::Skipped, ResultWord::Unknown]
        .into_iter()
        .filter(|v| count(*v) > 0)
        .map(|v| format!("{} {}", count(v), v.word()))
        .collect();
    let results = if each.is_empty() { "nothing done".to_owned() } else { each.join(", ") };
    let stopped = match view.stale.len() {
        0 => stopped_by_guards(view.stopped.len()),
        _ => format!("; {} stopped", view.stopped.len()),
    };
    let unreviewed = if view.unreviewed.is_empty() { String::new() } else { format!(", {} unreviewed", view.unreviewed.len()) };
    let (left, blocked, manual) = (view.left.len(), view.blocked.len(), view.manual.len());
    format!("apply: {results}{stopped}; {left} left, {blocked} blocked, {manual} by hand{unreviewed}")
}

fn write_foot(out: &mut impl Write, view: &ApplyView, runbook: Option<&Path>, paint: Paint) -> io::Result<()> {
    let (faint, strong) = (paint.faint(), paint.strong());
    match view.audit.as_ref().map(|a| (&a.head, a.lines, &a.problem)) {
        Some((Some(head), Some(lines), _)) => writeln!(out, "{faint}audit log: {lines} lines, head {head}{faint:#}")?,
        Some((_, _, Some(problem))) => {
            let alarm = paint.alarm();
            writeln!(out, "{alarm}not in the audit log{alarm:#}: {}", Neutral(problem))?;
        }
        Some(_) | None => {}
    }
    writeln!(out, "{faint}{}, digest {}{faint:#}", made(view), view.digest)?;
    writeln!(out, "{strong}{}{strong:#}", counted(view))?;
    hints(view, runbook).iter().try_for_each(|hint| writeln!(out, "hint: {}", Neutral(&hint.to_string())))
}

/// What to do next. `runbook` is the file that the steps by hand are written to.
pub(super) fn hints(view: &ApplyView, runbook: Option<&Path>) -> Vec<Hint> {
    let mut hints = Vec::new();
    if view.links.waiting > 0 {
        let links = if view.links.waiting == 1 { "link waits" } else { "links wait" };
        hints.push(Hint::words(&format!("{} hand-over {links} in the connection's links directory", view.links.waiting)));
    }
    if view.unreviewed_because.iter().any(|u| u.lacks_signatures) {
        hints.push(Hint::command("", "portcullis approve FILE --sign KEY".to_owned(), "signs what is left of the plan"));
    }
    if !view.stale.is_empty() || view.unreviewed_because.iter().any(|u| !u.lacks_signatures) {
        hints.push(Hint::command("", "portcullis plan --out FILE".to_owned(), "saves what is needed now, for another review"));
    }
    if view.results.iter().any(|r| !r.result.0.is_well()) || !view.left.is_empty() {
        hints.push(Hint::command("", "portcullis plan".to_owned(), "shows what is still to do"));
    }
    match runbook {
        _ if view.manual.is_empty() => {}
        Some(file) => hints.push(Hint::command("the steps by hand stand in", file.display().to_string(), "")),
        None if view.forgotten => hints.push(Hint::command(
            "no later plan shows steps that nothing can read back;",
            "portcullis apply --runbook FILE.md".to_owned(),
            "writes them down",
        )),
        None => hints.push(Hint::command("", "portcullis plan --runbook FILE.md".to_owned(), "writes the steps by hand down")),
    }
    let stops = view.guards.iter().filter(|g| g.tripped).map(|g| &*g.code);
    hints.extend(explained(stops.chain(view.blocked.iter().filter(|b| !b.accepted).map(|b| &*b.code))));
    hints
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{ChangeResult, Lifts, Swept};
    use crate::render::{json, samples};
    use snapbox::{IntoData as _, assert_data_eq, str};

    fn applied() -> Applied {
        let plan = samples::full();
        let result = |at: usize, word, message: &str| ChangeResult {
            id: plan.accounts[0].changes[at].id.clone(),
            word,
            attempts: u32::from(word != ResultWord::Skipped),
            message: message.into(),
            elsewhere: None,
        };
        Applied {
            results: vec![
                result(0, ResultWord::Failed, "the server said \u{1b}[2J\n::error::no"),
                result(1, ResultWord::Skipped, "waits for news/invite/kim@agency.example"),
                result(3, ResultWord::Applied, ""),
            ],
            links: LinksApplied {
                waiting: 1,
                swept: vec![(
                    "news".to_owned(),
                    Swept {
                        waiting: 1,
                        removed: vec!["links/news/gone@acme.example.link".into()],
                        kept: vec![("links/news/old@acme.example.link".into(), "Permission denied".to_owned())],
                    },
                )],
            },
            blocked: plan.accounts[0].blocked.iter().map(|b| ("news".to_owned(), b.clone())).collect(),
            left: vec![plan.accounts[0].changes[0].clone()],
            manual: vec![plan.accounts[0].changes[2].clone()],
            audit: None,
            unread: vec![("ins".to_owned(), vec!["503 after 3 tries".to_owned()])],
            lifts: Lifts::Plan,
            plan,
        }
    }

    #[test]
    fn an_apply_of_nothing_says_so() {
        let applied = Applied {
            plan: samples::nothing(),
            results: Vec::new(),
            links: LinksApplied::default(),
            blocked: Vec::new(),
            left: Vec::new(),
            manual: Vec::new(),
            audit: None,
            unread: Vec::new(),
            lifts: Lifts::Plan,
        };
        let mut out = Vec::new();
        text(&mut out, &ApplyView::of(&applied), None, Paint::plain()).unwrap();
        assert_data_eq!(
            String::from_utf8(out).unwrap(),
            str![[r#"
portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
apply: nothing done; 0 left, 0 blocked, 0 by hand

"#]]
            .raw()
        );
    }

    #[test]
    fn results_what_is_left_and_what_waits_for_a_human_are_told() {
        let mut out = Vec::new();
        text(&mut out, &ApplyView::of(&applied()), None, Paint::plain()).unwrap();
        assert_data_eq!(
            String::from_utf8(out).unwrap(),
            str![[r#"
failed   news/invite/kim@agency.example (1 call): the server said \u{1b}[2J\u{a}::error::no
skipped  news/invite/root@acme.example (0 calls): waits for news/invite/kim@agency.example
applied  news/remove/old@acme.example (1 call)
not read back: ins: 503 after 3 tries
link removed: links/news/gone@acme.example.link, of somebody who is not invited any more
link not removed: links/news/old@acme.example.link, of somebody who is not invited any more: Permission denied
account news:
  stopped by guard removals: 1, the limit is 0 (set at guards.yaml:2:3): old@acme.example
       to lift it for this plan: --allow news:removals=1@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
blocked:
  x  edit far@acme.example  blocked: actor-lacks-subaccount; needs a parent, or a manager of apac (accept-blocked)
       role         author
       subaccounts  +apac (keeps emea)
       CRM-7 (accounts/newsletter.yaml:20:9)
left, as a fresh reading shows:
  +  invite kim@agency.example  widens
       name         Kim \u{202e}Lee
       role         author
       subaccounts  "EMEA North", emea
       end          2026-12-05
       Launch, TICKET-40 (accounts/newsletter.yaml:17:9)
       api: invite; the system mails them [cccccccccccc]
to be made by hand, in this order:
  ~  edit ada@acme.example  both widens and narrows
       role         author -> editor
       subaccounts  +apac -us (keeps emea)
       accounts/newsletter.yaml:12:9
       cause: expiry (role undetermined, subaccounts expiry)
       note: overrides author (emea-marketing)
       api: set-subaccounts, then set-role [cccccccccccc]
       by hand: set-role
portcullis 0.1.0, as of 2026-11-22T09:00:00Z, SANDBOX, digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
apply: 1 applied, 1 failed, 1 skipped; 4 stopped by guards; 1 left, 1 blocked, 1 by hand
hint: 1 hand-over link waits in the connection's links directory
hint: portcullis plan shows what is still to do
hint: portcullis plan --runbook FILE.md writes the steps by hand down
hint: what it means, and what to do: portcullis explain removals

"#]]
            .raw()
        );
    }

    #[test]
    fn the_hint_after_steps_that_nothing_reads_back_names_the_runbook_of_this_apply() {
        let hint = |applied: &Applied, runbook: Option<&Path>| {
            let mut out = Vec::new();
            text(&mut out, &ApplyView::of(applied), runbook, Paint::plain()).unwrap();
            String::from_utf8(out).unwrap().lines().rfind(|line| !line.contains("explain")).unwrap().to_owned()
        };
        let mut applied = applied();
        assert!(hint(&applied, None).contains("portcullis plan --runbook"));
        for call in &mut applied.manual[0].calls {
            call.channel = Channel::Unverifiable;
        }
        assert!(hint(&applied, None).contains("portcullis apply --runbook") && !hint(&applied, None).contains("portcullis plan"));
        assert_eq!(hint(&applied, Some(Path::new("steps.md"))), "hint: the steps by hand stand in steps.md");
    }

    #[test]
    fn a_guard_s_flag_is_for_what_is_left_or_a_plan_tells_it() {
        let said = |lifts| {
            let view = ApplyView::of(&Applied { lifts, ..applied() });
            let mut out = Vec::new();
            text(&mut out, &view, None, Paint::plain()).unwrap();
            let lift = view.guards.iter().find(|g| g.tripped).and_then(|g| g.lift.clone());
            (lift.is_some(), String::from_utf8(out).unwrap())
        };
        for (lifts, is_told, words) in [
            (Lifts::Plan, true, "to lift it for this plan: --allow"),
            (Lifts::Rest, true, "to lift it for what is left of this plan: --allow"),
            (Lifts::Unknown, false, "plan again: the plan of what is left prints the flag that lifts it"),
        ] {
            let (lift, text) = said(lifts);
            assert!(lift == is_told && text.contains(words), "{lifts:?}: {text}");
            assert_eq!(text.contains("--allow"), is_told, "{lifts:?}");
        }
    }

    #[test]
    fn the_schema_is_fresh_and_what_is_printed_is_valid() {
        samples::assert_fresh("schemas/apply.schema.json", &apply_schema());
        let mut out = Vec::new();
        json::write(&mut out, &ApplyView::of(&applied())).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(!text.contains('\u{1b}'));
        let doc: Json = serde_json::from_str(&text).unwrap();
        let schema = jsonschema::validator_for(&apply_schema()).unwrap();
        assert!(schema.is_valid(&doc), "{:?}", schema.iter_errors(&doc).map(|e| e.to_string()).collect::<Vec<_>>());
        assert_eq!(doc["results"][0]["result"], "failed");
        assert_eq!(doc["links"]["waiting"], 1);
        assert_eq!(doc["accounts"][1]["unread"][0], "503 after 3 tries");
        let mut wrong = doc.clone();
        wrong["results"][0]["result"] = "done".into();
        assert!(!schema.is_valid(&wrong));
    }
}
