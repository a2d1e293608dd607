//! What is written down of an apply: the journal of each account before its calls, the audit log after
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use futures::FutureExt as _;
use futures::future::{BoxFuture, ready};
use jiff::Timestamp;
use serde_json::Value as Json;

use crate::apply::{
    self, Applied, AppliedAt, Audit, AuditNote, ChangeEntry, ChangeResult, CutOff, Journal, Past, Record, ResultWord, What, Writer,
};
use crate::model::{Action, Call, Email, Outcome, Reading};
use crate::plan::saved::{SavedAccount, SavedChange, Source, actor_form};
use crate::plan::{AccountPlan, Approved, Change, OneOffAct, Verdict};
use crate::render::plan_view::TOOL;

use super::{Approval, Connected, Request, Stop, git};

/// The audit log of one run, open before its first write.
pub(super) struct Log {
    audit: Result<Audit, String>,
    approval: &'static str,
    source: Option<Source>,
}

impl Log {
    /// `must_exist`: one of the accounts is written to only under a log that somebody has begun.
    pub(super) fn open(request: &Request, approval: &Approval, must_exist: bool) -> Self {
        Self { audit: audit_log(request, must_exist), approval: approval.word(), source: git::source(&request.folder) }
    }

    /// The log, where it could be opened and may be used.
    ///
    /// # Errors
    /// Why the account must not be written to: it asks for a log, and there is none.
    fn of(&self, is_required: bool) -> Result<Option<&Audit>, String> {
        match &self.audit {
            Ok(audit) => Ok(Some(audit)),
            Err(why) if is_required => Err(format!("`audit: required`, and there is no audit log: {why}")),
            Err(_) => Ok(None),
        }
    }

    /// Writes down what came of a change that a run that was cut off had begun. Answers whether there is a log.
    ///
    /// # Errors
    /// A log that the account requires and that cannot be written to.
    pub(super) fn tell_of(&self, cut_off: &CutOff, change: &SavedChange, word: ResultWord, is_required: bool) -> Result<bool, String> {
        let Some(audit) = self.of(is_required)? else { return Ok(false) };
        let begin = &cut_off.begin;
        let seen = if word == ResultWord::Applied { "; read again, it shows" } else { "" };
        let message = format!("the run was cut off: {}, since {}{seen}", begin.by, begin.at);
        let told = audit.append(What::Change(Box::new(ChangeEntry {
            before: change.form["before"].clone(),
            after: change.form["after"].clone(),
            invites: matches!(change.form["action"].as_str(), Some("invite" | "reinvite")),
            approval: if begin.approval.is_empty() { self.approval.to_owned() } else { begin.approval.clone() },
            approved_by: begin.approved_by.get(&change.id).cloned().unwrap_or_default(),
            // This run's revision is another.
            source: None,
            ..self.entry(&begin.account, &begin.plan, None, (&change.id, &change.digest), word, message)
        })));
        match told {
            Err(why) if is_required => Err(format!("not sent: {why}")),
            told => Ok(told.is_ok()),
        }
    }

    fn entry(
        &self,
        account: &SavedAccount,
        plan: &str,
        approved: Option<&Approved>,
        (id, digest): (&str, &str),
        result: ResultWord,
        message: String,
    ) -> ChangeEntry {
        let signed = approved.and_then(|a| a.changes.get(id)).map(|c| c.signed.as_slice()).unwrap_or_default();
        ChangeEntry {
            account: account.account.clone(),
            system: account.system.clone(),
            origin: account.origin.clone(),
            plan: plan.to_owned(),
            id: id.to_owned(),
            digest: digest.to_owned(),
            before: Json::Null,
            after: Json::Null,
            reason: None,
            place: None,
            source: self.source.clone(),
            continues: None,
            invites: false,
            approval: self.approval.to_owned(),
            approved_by: names(signed),
            result: result.word().to_owned(),
            message,
        }
    }

    pub(super) fn approval(&self) -> &'static str {
        self.approval
    }

    /// How many lines it has, where there is one.
    pub(super) fn lines(&self) -> Option<u64> {
        self.audit.as_ref().ok().map(|audit| audit.end().lines)
    }

    /// Writes down how many members each account has that was written to, or of which somebody said that it
    /// is right: as read at the end, else as the results let expect.
    pub(super) fn read(
        &self,
        request: &Request,
        connected: &Connected<'_>,
        before: &[Reading],
        after: &BTreeMap<String, Reading>,
        applied: &Applied,
    ) {
        let Ok(audit) = &self.audit else { return };
        let applied_now: BTreeSet<&str> = applied.results.iter().filter(|r| r.word == ResultWord::Applied).map(|r| r.id.as_str()).collect();
        for (site, reading) in connected.sites().iter().zip(before).filter(|(_, reading)| reading.proof.is_ok()) {
            let name = site.name.as_str();
            let planned = applied.plan.accounts.iter().filter(|a| a.account == name).flat_map(|a| &a.changes);
            let made: Vec<&Change> = planned.filter(|change| applied_now.contains(change.id.as_str())).collect();
            let members = match after.get(name) {
                Some(fresh) => fresh.members.len(),
                None if made.is_empty() && !request.accept_shrunk.contains_key(name) => continue,
                None => reading.members.len().saturating_add_signed(made.into_iter().map(comes_or_goes).sum()),
            };
            // A log that cannot be written to any more has told so already.
            let _ = audit.append(What::Read {
                account: name.to_owned(),
                origin: site.origin.clone(),
                actor: actor_form(&site.tenant.actor),
                members,
            });
        }
    }

    /// What the result says of it.
    pub(super) fn note(&self, request: &Request) -> AuditNote {
        let end = self.audit.as_ref().ok().map(Audit::end);
        AuditNote { file: request.audit.clone(), end, problem: self.audit.as_ref().map_or_else(|why| Some(why.clone()), Audit::problem) }
    }
}

/// Opens the audit log of a request; it is begun where there is none, unless it must be there.
///
/// # Errors
/// As [`Audit::open`].
pub fn audit_log(request: &Request, must_exist: bool) -> Result<Audit, String> {
    let writer = Writer { clock: request.clock, tool: TOOL.to_owned(), by: request.by.clone() };
    Audit::open(&request.audit, must_exist, writer)
}

/// Hears of the calls of one account.
pub(super) struct Recording<'r> {
    journal: Journal,
    audit: Option<&'r Audit>,
    is_required: bool,
    log: &'r Log,
    plan: &'r str,
    account: SavedAccount,
    changes: BTreeMap<&'r str, &'r Change>,
    approved: Option<&'r Approved>,
    /// The log could not be written to; where it is required nothing more is sent.
    broken: Mutex<Option<String>>,
    /// In the log, and not known to be on the disk: the journal says later that they are over.
    written: Mutex<Vec<ChangeResult>>,
}

/// What an account's recording is of.
pub(super) struct About<'r> {
    pub plan: &'r str,
    pub planned: &'r AccountPlan,
    pub account: SavedAccount,
    pub approved: Option<&'r Approved>,
    pub audit_required: bool,
}

impl<'r> Recording<'r> {
    /// # Errors
    /// A log that the account requires and that cannot be had, or a journal that cannot be begun.
    pub(super) fn new(log: &'r Log, about: About<'r>, begin: impl FnOnce(&About<'_>) -> Result<Journal, String>) -> Result<Self, String> {
        let audit = log.of(about.audit_required)?;
        Ok(Self {
            journal: begin(&about)?,
            audit,
            is_required: about.audit_required,
            log,
            plan: about.plan,
            account: about.account,
            changes: about.planned.changes.iter().map(|c| (c.id.as_str(), c)).collect(),
            approved: about.approved,
            broken: Mutex::default(),
            written: Mutex::default(),
        })
    }

    /// Writes down the guards that a flag lifted: before the first call, so that a run which is cut off told of them.
    pub(super) fn tell_of_lifts(&self, guards: &[Verdict]) {
        for verdict in guards.iter().filter(|v| v.is_lifted()) {
            self.append(What::Lift {
                account: self.account.account.clone(),
                plan: self.plan.to_owned(),
                guard: verdict.code.to_owned(),
                actual: verdict.actual,
                limit: verdict.limit,
            });
        }
    }

    /// The account is done.
    pub(super) fn end(self, request: &Request, members: usize, results: &[ChangeResult]) {
        self.settle();
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        results.iter().for_each(|r| *counted.entry(r.word.word().to_owned()).or_default() += 1);
        self.append(What::Apply { account: self.account.account.clone(), plan: self.plan.to_owned(), members, results: counted });
        // A run that was asked to stop, and one of which nobody knows how a change ended, is finished by the
        // next.
        let calls = |id: &str| self.changes.get(id).map_or(0, |c| c.calls.len());
        let is_open = |r: &ChangeResult| match r.word {
            ResultWord::Unknown => true,
            ResultWord::Failed => r.attempts > 0 && calls(&r.id) > 1,
            ResultWord::Applied | ResultWord::Already | ResultWord::Skipped => false,
        };
        if !request.stopping.is_asked() && !results.iter().any(is_open) && !self.is_untold() {
            self.journal.end(request.clock.now());
        }
    }

    fn append(&self, what: What) {
        self.to_log(|audit| audit.append(what));
    }

    fn to_log(&self, act: impl FnOnce(&Audit) -> Result<(), String>) {
        let Some(audit) = self.audit else { return };
        if let (Err(why), Ok(mut broken)) = (act(audit), self.broken.lock()) {
            broken.get_or_insert(why);
        }
    }

    /// Whether the log must be written and could not be: the journal stays open for the run that tells it.
    fn is_untold(&self) -> bool {
        self.is_required && self.broken.lock().is_ok_and(|broken| broken.is_some())
    }

    /// The log first: where the run is cut off between them, the change is told twice and not never.
    fn settle(&self) {
        let written = self.written.lock().map(|mut all| std::mem::take(&mut *all)).unwrap_or_default();
        if !written.is_empty() {
            self.to_log(Audit::sync);
        }
        if !self.is_untold() {
            written.iter().for_each(|result| self.journal.finished(result));
        }
    }
}

impl Record for Recording<'_> {
    fn before<'a>(&'a self, change: &'a Change, at: usize, call: &'a Call, key: &'a str) -> BoxFuture<'a, Result<(), String>> {
        self.settle();
        if let (true, Ok(broken)) = (self.is_required, self.broken.lock())
            && let Some(why) = &*broken
        {
            return ready(Err(format!("not sent: {why}"))).boxed();
        }
        self.journal.before(change, at, call, key)
    }

    fn after(&self, change: &Change, at: usize, outcome: &Outcome) {
        self.journal.after(change, at, outcome);
    }

    fn finished(&self, result: &ChangeResult) {
        if let Some(change) = self.changes.get(result.id.as_str()) {
            let held = |attrs: &Option<crate::model::Attrs>| {
                attrs.as_ref().map_or(Json::Null, |a| a.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect())
            };
            let continued = self.approved.and_then(|a| a.continued(change));
            let mut entry = ChangeEntry {
                before: held(&change.before),
                after: held(&change.after),
                reason: change.reason.clone(),
                invites: change.invites_somebody(),
                place: change.place.as_ref().map(ToString::to_string),
                ..self.log.entry(
                    &self.account,
                    self.plan,
                    self.approved,
                    (&result.id, change.digest.as_str()),
                    result.word,
                    result.message.clone(),
                )
            };
            if let Some(original) = continued {
                entry.approved_by = names(&original.signed);
                entry.continues = Some(original.digest.clone()).filter(|digest| *digest != entry.digest);
            }
            self.to_log(|audit| audit.write(What::Change(Box::new(entry))));
        }
        if let Ok(mut written) = self.written.lock() {
            written.push(result.clone());
        }
    }

    fn rest(&self) {
        self.settle();
        self.journal.rest();
    }
}

/// By how many the members grow with a change that was made.
fn comes_or_goes(change: &Change) -> isize {
    match change.action {
        Action::Invite => 1,
        Action::Remove | Action::CancelInvitation => -1,
        Action::AllowDomain | Action::Reinvite | Action::EditInvitation | Action::Edit | Action::Restore | Action::DisallowDomain => 0,
    }
}

/// Each signer by one address.
fn names(signed: &[BTreeSet<Email>]) -> Vec<String> {
    signed.iter().filter_map(|who| who.first()).map(ToString::to_string).collect()
}

/// What came of a one-off action, as a line of the log.
pub(super) fn one_off(act: &OneOffAct, origin: &str, word: ResultWord) -> What {
    What::OneOff {
        account: act.account().to_owned(),
        system: act.system().to_owned(),
        origin: origin.to_owned(),
        action: act.act().word().to_owned(),
        member: act.subject().as_str().to_owned(),
        result: word.word().to_owned(),
    }
}

/// The audit log as it is; empty where there is none.
fn log_text(request: &Request) -> Result<String, Stop> {
    match std::fs::read(&request.audit) {
        Ok(text) => Ok(String::from_utf8_lossy(&text).into_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(Stop::failed(format!("the audit log cannot be read: {}: {e}", request.audit.display()))),
    }
}

/// What the audit log says of each account, by its name and origin, and the journals of runs that were cut off
/// before they could tell it.
///
/// # Errors
/// A log that is there and cannot be read: nobody knows what a reading is to be held against.
pub(super) fn histories(request: &Request) -> Result<BTreeMap<(String, String), Past>, Stop> {
    let mut all = apply::histories(&log_text(request)?);
    // A journal that cannot be read stops who would write, and nobody who looks.
    for CutOff { begin, begun, told } in apply::cut_off(&request.journals).unwrap_or_default() {
        let Ok(at) = begin.at.parse() else { continue };
        let sent = begin.moments.iter().filter(|(id, moments)| moments.invites && begun.contains(*id) && !told.contains_key(*id));
        for (_, moments) in sent {
            let account = (begin.account.account.clone(), begin.account.origin.clone());
            all.entry(account).or_default().invited(moments.subject.clone(), at);
        }
    }
    Ok(all)
}

/// What the audit log says was applied.
pub(super) struct Spent(BTreeMap<String, AppliedAt>);

impl Spent {
    /// # Errors
    /// A log that is there and cannot be read: nobody knows what an approval has been used for.
    pub(super) fn of(request: &Request) -> Result<Self, Stop> {
        Ok(Self(apply::applied_digests(&log_text(request)?)))
    }

    /// Of what was approved when the log had so many lines, at that time: what was applied since, each with
    /// when.
    pub(super) fn of_approved(&self, approved: &Approved, lines: Option<u64>, time: Option<Timestamp>) -> BTreeMap<String, String> {
        let when = |digest: &String| Some((digest.clone(), self.since(digest, lines, time)?.to_owned()));
        approved.changes.values().filter_map(|c| when(&c.digest)).collect()
    }

    /// When the change was applied since a time at which the log had so many lines, where it was: an
    /// approval of that time holds no longer.
    pub(super) fn since(&self, digest: &str, lines: Option<u64>, time: Option<Timestamp>) -> Option<&str> {
        let applied = self.0.get(digest)?;
        // Either tells: a log may have been begun anew since, and a clock may stand still.
        let by_line = lines.is_some_and(|lines| applied.line > lines);
        let is_later = |time: Timestamp, at: Timestamp| at > time || (lines.is_none() && at == time);
        let by_time = time.is_none_or(|time| applied.at.parse().is_ok_and(|at| is_later(time, at)));
        (by_line || by_time).then_some(applied.at.as_str())
    }
}
