//! What no API takes, as a numbered checklist in the console's own words, in the order of the plan.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::model::{Assign, Attrs, Call, Channel, Key, OneOff, Subject, Value, Verb};
use crate::plan::{AccountPlan, Change, OneOffAct, Plan};
use crate::systems::{self, Console};

use super::neutral::{Markdown, MarkdownCode, Neutral};
use super::paint::Paint;
use super::plan_view::{PlaceView, TOOL};

/// All steps that a human must make, one a change.
#[derive(Debug)]
pub struct Runbook {
    pub as_of: String,
    pub digest: String,
    pub sandbox: bool,
    pub steps: Vec<Step>,
    /// Accounts with such steps that a guard stops: nobody may make these now.
    pub stopped: Vec<String>,
}

/// One change, or the part of it that a human makes.
#[derive(Debug)]
pub struct Step {
    pub account: String,
    pub product: &'static str,
    pub action: &'static str,
    pub id: String,
    /// The address or the domain.
    pub about: String,
    pub acts: Vec<Act>,
    /// What portcullis makes of the same change before it.
    pub made_before: Vec<String>,
    /// What must be done first.
    pub after: Vec<After>,
    pub reason: Option<String>,
    pub place: Option<PlaceView>,
    pub proof: Proof,
    /// What whoever makes the step should know: the notes of the change that are sentences.
    pub notes: Vec<String>,
}

/// Whether a later reading proves that the step was made.
#[derive(Debug, PartialEq, Eq)]
pub enum Proof {
    Later,
    /// Not what these attributes shall be.
    But(Vec<Key>),
    /// Nothing can read it back.
    Never,
}

/// What a step waits for.
#[derive(Debug, PartialEq, Eq)]
pub enum After {
    /// Another step of this runbook, counted from 1.
    Step(usize),
    /// A change of the same account that portcullis makes: `remove/old@acme.example`.
    Change(String),
}

/// One form or menu of the console.
#[derive(Debug)]
pub struct Act {
    pub label: String,
    pub clicks: Vec<Vec<Piece>>,
    pub check: Vec<Piece>,
    /// Our words: no page of the product names the labels.
    pub plain_words: bool,
}

/// A piece of a sentence: who wrote it decides how it is made harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Ours(String),
    Theirs(String),
    /// To be copied: an address or a domain.
    Copied(String),
}

impl Runbook {
    pub fn of(plan: &Plan) -> Self {
        let mut steps: Vec<Step> = Vec::new();
        let mut stopped = Vec::new();
        for account in &plan.accounts {
            let manual = account.changes.iter().filter(|c| c.calls.iter().any(|call| call.channel != Channel::Api));
            if account.is_stopped() {
                if manual.count() > 0 {
                    stopped.push(account.account.clone());
                }
                continue;
            }
            for change in manual {
                let step = Step::of(account, change, &steps);
                steps.push(step);
            }
        }
        Self { as_of: plan.as_of.to_string(), digest: plan.digest.to_string(), sandbox: plan.is_sandbox(), steps, stopped }
    }

    /// One one-off action, in the console.
    pub fn of_one_off(act: &OneOffAct) -> Self {
        let about = About { subject: act.subject(), after: [None, Some(act.whole())] };
        let manual = act.calls().iter().filter(|c| c.channel != Channel::Api);
        let step = Step {
            account: act.account().to_owned(),
            product: systems::product(act.system()),
            action: act.act().word(),
            id: act.id(),
            about: act.subject().as_str().to_owned(),
            acts: manual.flat_map(|call| acts(act.system(), about, call)).collect(),
            made_before: Vec::new(),
            after: Vec::new(),
            reason: None,
            place: None,
            proof: if matches!(act.act(), OneOff::ResetPassword | OneOff::ResetTwoFactor) { Proof::Never } else { Proof::Later },
            notes: Vec::new(),
        };
        Self { as_of: act.as_of().to_string(), digest: String::new(), sandbox: act.is_sandbox(), steps: vec![step], stopped: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.stopped.is_empty()
    }
}

impl Act {
    /// What a human makes of a change, in the order of its calls; nothing where an API takes them all.
    pub(super) fn of(system: &str, change: &Change) -> Vec<Self> {
        let manual = change.calls.iter().filter(|c| c.channel != Channel::Api);
        manual.flat_map(|call| acts(system, About::change(change), call)).collect()
    }

    /// What to click, a sentence each.
    pub(super) fn to_click(&self) -> Vec<String> {
        self.clicks.iter().map(|c| plain_text(c)).collect()
    }

    /// What to look for afterwards.
    pub(super) fn to_check(&self) -> String {
        plain_text(&self.check)
    }

    /// What to click, then what to look for, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        self.to_click().into_iter().chain([format!("check: {}", self.to_check())]).collect()
    }
}

/// As JSON holds it, where nothing is to be made harmless.
fn plain_text(pieces: &[Piece]) -> String {
    let text = |p: &Piece| match p {
        Piece::Ours(t) | Piece::Theirs(t) | Piece::Copied(t) => t.clone(),
    };
    pieces.iter().map(text).collect()
}

impl Proof {
    fn of(change: &Change) -> Self {
        let has = |channel| change.calls.iter().any(|c| c.channel == channel);
        match (has(Channel::Unverifiable), has(Channel::Manual)) {
            (false, _) => Proof::Later,
            (true, false) => Proof::Never,
            (true, true) => Proof::But(change.unverifiable()),
        }
    }

    /// What nothing can read back of the step.
    fn lacks(&self) -> Option<String> {
        match self {
            Proof::Later => None,
            Proof::But(keys) => Some(keys.join(", ")),
            Proof::Never => Some("this".to_owned()),
        }
    }
}

impl Step {
    fn of(account: &AccountPlan, change: &Change, earlier: &[Step]) -> Self {
        let first_manual = change.calls.iter().position(|c| c.channel != Channel::Api).unwrap_or(0);
        let after = change.waits_for.iter().map(|id| match earlier.iter().position(|s| s.id == *id) {
            Some(at) => After::Step(at + 1),
            None => After::Change(id.strip_prefix(&format!("{}/", account.account)).unwrap_or(id).to_owned()),
        });
        Self {
            account: account.account.clone(),
            product: systems::product(account.system),
            action: change.action.word(),
            id: change.id.clone(),
            about: change.subject.as_str().to_owned(),
            acts: Act::of(account.system, change),
            made_before: change.calls[..first_manual].iter().map(|c| c.label.clone()).collect(),
            after: after.collect(),
            reason: change.reason.clone(),
            place: change.place.as_ref().map(PlaceView::of),
            proof: Proof::of(change),
            notes: change.notes.iter().filter(|n| n.contains(' ')).cloned().collect(),
        }
    }
}

/// The console's entries for one call: one an attribute where it sets some, else one for the verb.
fn acts(system: &str, about: About<'_>, call: &Call) -> Vec<Act> {
    let console = systems::find(system).map_or(&[][..], |s| s.console);
    let entry = |key: Option<Key>| console.iter().find(|c| c.verb == call.verb && c.key == key);
    match (entry(None), call.set.is_empty()) {
        (Some(whole), _) => vec![act(about, call, whole, None)],
        (None, true) => vec![plain(about, call, None)],
        (None, false) => call
            .set
            .keys()
            .map(|key| match entry(Some(key)) {
                Some(one) => act(about, call, one, Some(*key)),
                None => plain(about, call, Some(*key)),
            })
            .collect(),
    }
}

fn act(about: About<'_>, call: &Call, console: &Console, key: Option<Key>) -> Act {
    let filler = Filler { about, call, key, named: console.steps.iter().flat_map(|s| placeholders(s)).collect() };
    Act {
        label: call.label.clone(),
        clicks: console.steps.iter().filter(|s| filler.says_something(s)).map(|s| filler.fill(s)).collect(),
        check: filler.fill(console.check),
        plain_words: !console.labels,
    }
}

/// A call for which the system's literals have no words.
fn plain(about: About<'_>, call: &Call, key: Option<Key>) -> Act {
    let filler = Filler { about, call, key, named: Vec::new() };
    let what = match call.verb {
        Verb::Invite => "invite",
        Verb::Resend => "send the invitation again to",
        Verb::EditInvitation => "edit the invitation of",
        Verb::Set => "edit",
        Verb::Restore => "give access back to",
        Verb::Delete => "delete",
        Verb::Deactivate => "take the access away from",
        Verb::AllowDomain => "allow the domain",
        Verb::DisallowDomain => "disallow the domain",
        Verb::ResetPassword => "reset the password of",
        Verb::ResetTwoFactor => "reset the second factor of",
    };
    let template = if call.set.is_empty() { format!("{what} {{member}}") } else { format!("{what} {{member}}: {{value}}") };
    Act { label: call.label.clone(), clicks: vec![filler.fill(&template)], check: filler.fill("{member} is shown so"), plain_words: true }
}

/// Whom a step is about, and what they shall have.
#[derive(Clone, Copy)]
struct About<'a> {
    subject: &'a Subject,
    /// What differs, and then all of it.
    after: [Option<&'a Attrs>; 2],
}

impl<'a> About<'a> {
    fn change(change: &'a Change) -> Self {
        Self { subject: &change.subject, after: [change.after.as_ref(), change.whole_after()] }
    }
}

struct Filler<'a> {
    about: About<'a>,
    call: &'a Call,
    /// The attribute that the entry is about; all that the call sets, where it is none.
    key: Option<Key>,
    /// Placeholders of the entry: what they show is not among the others.
    named: Vec<&'a str>,
}

impl Filler<'_> {
    fn fill(&self, template: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, after)) = after.split_once('}') else { break };
            pieces.push(Piece::Ours(before.to_owned()));
            pieces.extend(self.placeholder(name));
            rest = after;
        }
        pieces.push(Piece::Ours(rest.to_owned()));
        pieces.retain(|p| !matches!(p, Piece::Ours(t) if t.is_empty()));
        pieces
    }

    /// A step that only lists the others says nothing where there are none.
    fn says_something(&self, template: &str) -> bool {
        !template.contains("{others}") || !self.others().is_empty()
    }

    fn placeholder(&self, name: &str) -> Vec<Piece> {
        match name {
            "member" | "domain" => vec![about(self.about.subject)],
            "value" => match self.key {
                Some(key) => self.attribute(key),
                None => listed(self.call.set.keys().map(|k| (*k, self.attribute(k)))),
            },
            "others" => listed(self.others().into_keys().map(|k| (k, self.attribute(k)))),
            key => self.attribute(key),
        }
    }

    /// What the call sets beside what the entry names, without what is nothing anyway.
    fn others(&self) -> BTreeMap<Key, &Assign> {
        let nothing = |a: &Assign| match a {
            Assign::To(Value::Set(s)) => s.is_empty(),
            Assign::To(Value::Flag(on)) => !on,
            Assign::To(Value::Day(day)) => day.is_none(),
            Assign::To(Value::One(_) | Value::Text(_) | Value::Opaque(_)) => false,
            Assign::Delta { add, remove } => add.is_empty() && remove.is_empty(),
        };
        self.call.set.iter().filter(|(k, a)| !self.named.contains(k) && !nothing(a)).map(|(k, a)| (*k, a)).collect()
    }

    fn attribute(&self, key: &str) -> Vec<Piece> {
        let wanted = || self.about.after.iter().flatten().find_map(|a| a.get(key));
        match self.call.set.get(key) {
            Some(Assign::To(value)) => words(value),
            Some(Assign::Delta { add, remove }) => {
                let mut pieces = Vec::new();
                for (what, set) in [("add ", add), ("remove ", remove)] {
                    if !set.is_empty() {
                        pieces.push(Piece::Ours(if pieces.is_empty() { what.to_owned() } else { format!("; {what}") }));
                        pieces.extend(joined(set.iter().map(|w| w.as_str())));
                    }
                }
                if let Some(whole) = wanted() {
                    pieces.push(Piece::Ours("; the whole is then ".to_owned()));
                    pieces.extend(words(whole));
                }
                pieces
            }
            None => wanted().map_or_else(|| vec![Piece::Ours("(none)".to_owned())], words),
        }
    }
}

fn about(subject: &Subject) -> Piece {
    match subject {
        Subject::Domain(d) if d.is_any() => Piece::Ours("every domain, which is to switch the whitelist off".to_owned()),
        Subject::Domain(d) => Piece::Copied(d.as_str().to_owned()),
        Subject::Member(e) => Piece::Copied(e.key().to_owned()),
    }
}

fn words(value: &Value) -> Vec<Piece> {
    let ours = |text: &str| vec![Piece::Ours(text.to_owned())];
    match value {
        Value::One(word) => vec![Piece::Theirs(word.as_str().to_owned())],
        Value::Set(set) if set.is_empty() => ours("(none)"),
        Value::Set(set) => joined(set.iter().map(|w| w.as_str())),
        Value::Flag(on) => ours(if *on { "on" } else { "off" }),
        Value::Day(Some(day)) => vec![Piece::Ours(day.to_string())],
        Value::Day(None) => ours("no end"),
        Value::Text(name) => vec![Piece::Theirs(name.as_str().to_owned())],
        Value::Opaque(json) => vec![Piece::Theirs(json.to_string())],
    }
}

fn joined<'a>(items: impl Iterator<Item = &'a str>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for item in items {
        if !pieces.is_empty() {
            pieces.push(Piece::Ours(", ".to_owned()));
        }
        pieces.push(Piece::Theirs(item.to_owned()));
    }
    pieces
}

/// `role: editor; pii: on`.
fn listed(attributes: impl Iterator<Item = (Key, Vec<Piece>)>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (key, value) in attributes {
        pieces.push(Piece::Ours(if pieces.is_empty() { format!("{key}: ") } else { format!("; {key}: ") }));
        pieces.extend(value);
    }
    pieces
}

fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}

const PLAIN: &str = " (plain words: the product's page names no labels)";

/// Writes the checklist as Markdown.
///
/// # Errors
/// What the stream answers.
pub fn markdown(out: &mut impl Write, book: &Runbook) -> io::Result<()> {
    let line = |pieces: &[Piece]| -> String {
        let shown = pieces.iter().map(|p| match p {
            Piece::Ours(t) => t.replace('<', "&lt;"),
            Piece::Theirs(t) => Markdown(t).to_string(),
            Piece::Copied(t) => MarkdownCode(t).to_string(),
        });
        shown.collect()
    };
    writeln!(out, "# Steps by hand{}\n", if book.sandbox { " (SANDBOX)" } else { "" })?;
    writeln!(out, "{TOOL}, as of {}, plan digest {}.\n", book.as_of, book.digest)?;
    if book.steps.is_empty() {
        writeln!(out, "Nothing is to be done by hand.")?;
    } else {
        writeln!(out, "Make the steps in this order, then run `portcullis plan` again: what it can read is proven by that.\n")?;
    }
    for account in &book.stopped {
        writeln!(out, "The account {} is stopped by a guard: its steps are left out, make none of them.\n", Markdown(account))?;
    }
    for (at, step) in book.steps.iter().enumerate() {
        let head = format!("{} ({}): {} {}", Markdown(&step.account), step.product, step.action, MarkdownCode(&step.about));
        writeln!(out, "{}. [ ] {head}", at + 1)?;
        if let Some(reason) = &step.reason {
            writeln!(out, "    - why: {}", Markdown(reason))?;
        }
        if let Some(place) = &step.place {
            writeln!(out, "    - asked for at {}:{}:{}", Markdown(&place.file), place.line, place.column)?;
        }
        for after in &step.after {
            match after {
                After::Step(number) => writeln!(out, "    - only after step {number}")?,
                After::Change(id) => writeln!(out, "    - only after portcullis made {}", MarkdownCode(id))?,
            }
        }
        if !step.made_before.is_empty() {
            writeln!(out, "    - only after portcullis made {}", MarkdownCode(&step.made_before.join(", ")))?;
        }
        for act in &step.acts {
            writeln!(out, "    - {}{}:", MarkdownCode(&act.label), if act.plain_words { PLAIN } else { "" })?;
            for (n, click) in act.clicks.iter().enumerate() {
                writeln!(out, "        {}. {}", n + 1, line(click))?;
            }
            writeln!(out, "    - check: {}", line(&act.check))?;
        }
        for note in &step.notes {
            writeln!(out, "    - note: {}", Markdown(note))?;
        }
        if let Some(what) = step.proof.lacks() {
            writeln!(out, "    - nothing can read {what} back: what is ticked here is the only proof")?;
        }
    }
    Ok(())
}

/// Writes the steps as text, to stand after a plan; nothing where there are none.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, book: &Runbook, paint: Paint) -> io::Result<()> {
    let line = |pieces: &[Piece]| -> String {
        let shown = pieces.iter().map(|p| match p {
            Piece::Ours(t) => t.clone(),
            Piece::Theirs(t) | Piece::Copied(t) => Neutral(t).to_string(),
        });
        shown.collect()
    };
    let (strong, faint) = (paint.strong(), paint.faint());
    if !book.steps.is_empty() {
        writeln!(out, "{strong}by hand, in this order:{strong:#}")?;
    }
    for (at, step) in book.steps.iter().enumerate() {
        let (account, about) = (Neutral(&step.account), Neutral(&step.about));
        writeln!(out, "  {}. {account} ({}): {} {about}", at + 1, step.product, step.action)?;
        for after in &step.after {
            match after {
                After::Step(number) => writeln!(out, "     only after step {number}")?,
                After::Change(id) => writeln!(out, "     only after portcullis made {}", Neutral(id))?,
            }
        }
        if !step.made_before.is_empty() {
            writeln!(out, "     only after portcullis made {}", Neutral(&step.made_before.join(", ")))?;
        }
        for act in &step.acts {
            let plain = if act.plain_words { PLAIN } else { "" };
            writeln!(out, "     {}{plain}:", Neutral(&act.label))?;
            for click in &act.clicks {
                writeln!(out, "       - {}", line(click))?;
            }
            writeln!(out, "       {faint}check: {}{faint:#}", line(&act.check))?;
        }
        for note in &step.notes {
            writeln!(out, "     note: {}", Neutral(note))?;
        }
        if let Some(what) = step.proof.lacks() {
            writeln!(out, "     nothing can read {what} back")?;
        }
    }
    for account in &book.stopped {
        writeln!(out, "account {} is stopped by a guard: make none of its steps by hand", Neutral(account))?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "runbook_tests.rs"]
mod tests;
