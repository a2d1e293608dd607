use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::model::Atom;
use crate::plan::saved::AuditEnd;
use crate::plan::{Blocked, Change, ChangeId, Cleared, Plan};

use super::handover::Swept;

/// SYSTEMS.md E9: the address is taken where this actor does not see it.
const ELSEWHERE: &str = "exists-elsewhere";
const UNKNOWN: &str = "what the person holds is not seen by this actor, and may ask for more";

/// How one change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResultWord {
    Applied,
    /// It was so before.
    Already,
    Failed,
    /// What it waits for failed.
    Skipped,
    /// The answer was lost, and reading back did not tell.
    Unknown,
}

impl ResultWord {
    /// What was asked for is so now.
    pub fn is_well(self) -> bool {
        matches!(self, ResultWord::Applied | ResultWord::Already)
    }
    pub fn word(self) -> &'static str {
        match self {
            ResultWord::Applied => "applied",
            ResultWord::Already => "already",
            ResultWord::Failed => "failed",
            ResultWord::Skipped => "skipped",
            ResultWord::Unknown => "unknown",
        }
    }
}

/// What came of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeResult {
    pub id: ChangeId,
    pub word: ResultWord,
    /// Calls sent for it.
    pub attempts: u32,
    /// In words for a person; empty where there is nothing to say. Text from a server is inside.
    pub message: String,
    /// The address exists where this actor does not see it (`exists-elsewhere`): who could act.
    pub elsewhere: Option<String>,
}

impl ChangeResult {
    /// Of a change that a run which was cut off had made, as far as anybody knows, without its link.
    pub fn lost_link(id: &str, hint: &str) -> Self {
        let message = format!("a run was cut off before the link of the invitation was written: {hint}");
        Self { id: id.to_owned(), word: ResultWord::Failed, attempts: 0, message, elsewhere: None }
    }
    pub(super) fn new(change: &Change, word: ResultWord, attempts: u32, message: String) -> Self {
        Self { id: change.id.clone(), word, attempts, message, elsewhere: None }
    }
}

/// What the flags that lift the guards of [`Applied::plan`] are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifts {
    /// The plan that was shown: nothing of it was made.
    #[default]
    Plan,
    /// What is left of it, as fresh readings show.
    Rest,
    /// What is left is not known until it is planned.
    Unknown,
}

/// Hand-over links after an apply.
#[derive(Debug, Default)]
pub struct LinksApplied {
    /// Links in files of members who have not accepted, where nothing mails them (SYSTEMS.md M3): made
    /// now or before.
    pub waiting: usize,
    /// Files of members who have accepted or are gone, by account.
    pub swept: Vec<(String, Swept)>,
}

/// What the result says of the audit log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    pub file: PathBuf,
    /// Where it ends now.
    pub end: Option<AuditEnd>,
    /// Why it was not written.
    pub problem: Option<String>,
}

/// What an apply did and what it left, over all accounts.
#[derive(Debug)]
pub struct Applied {
    /// The plan that was shown and cleared, guards and all.
    pub plan: Plan,
    /// In the order of the plan. A change whose first call a human makes has none: nothing was sent, and
    /// it stands in `manual`.
    pub results: Vec<ChangeResult>,
    pub links: LinksApplied,
    /// Blocked in the plan, or found to exist elsewhere while applying.
    pub blocked: Vec<(String, Blocked)>,
    /// Changes that a fresh reading still shows, blocked and manual ones apart.
    pub left: Vec<Change>,
    /// Changes that wait for a human, in order.
    pub manual: Vec<Change>,
    /// Accounts whose reading back failed, with why.
    pub unread: Vec<(String, Vec<String>)>,
    pub lifts: Lifts,
    /// None where nothing was to be sent.
    pub audit: Option<AuditNote>,
}

impl Applied {
    /// Before the first call: what was shown, with the verdicts of the guards as lifted.
    pub fn of(mut plan: Plan, cleared: &Cleared) -> Self {
        for (shown, lifted) in plan.accounts.iter_mut().zip(&cleared.plan().accounts) {
            shown.guards.clone_from(&lifted.guards);
        }
        let blocked = plan.accounts.iter().flat_map(|a| a.blocked.iter().map(|b| (a.account.clone(), b.clone()))).collect();
        let manual = cleared.plan().changes().filter(|c| !c.manual().is_empty()).cloned().collect();
        Self {
            plan,
            results: Vec::new(),
            links: LinksApplied::default(),
            blocked,
            left: Vec::new(),
            manual,
            unread: Vec::new(),
            lifts: Lifts::Plan,
            audit: None,
        }
    }

    /// Takes in what came of one account's changes; an address that exists elsewhere is blocked.
    /// `known` are the codes of blocks that the account accepts.
    pub fn add(&mut self, account: &str, changes: &[Change], results: Vec<ChangeResult>, known: &BTreeSet<Atom>) {
        let elsewhere: BTreeMap<&str, &str> = results.iter().filter_map(|r| Some((r.id.as_str(), r.elsewhere.as_deref()?))).collect();
        if !elsewhere.is_empty() {
            for (change, needs) in changes.iter().filter_map(|c| Some((c, elsewhere.get(c.id.as_str())?))) {
                let accepted = known.contains(ELSEWHERE);
                let mut blocked = Blocked { accepted, ..Blocked::of(change, ELSEWHERE, needs) };
                blocked.notes.push(UNKNOWN.to_owned());
                self.blocked.push((account.to_owned(), blocked));
            }
        }
        self.results.extend(results);
    }

    /// Takes in which link files of one account went.
    pub fn add_swept(&mut self, account: &str, swept: Swept) {
        self.links.swept.push((account.to_owned(), swept));
    }

    /// An account to which nothing could be written: all that was to be sent failed.
    pub fn add_unwritten(&mut self, changes: &[Change], why: &str) {
        let message = format!("nothing was sent: {why}");
        let sent = changes.iter().filter(|c| c.is_sent());
        self.results.extend(sent.map(|c| ChangeResult::new(c, ResultWord::Failed, 0, message.clone())));
    }

    /// Results that are neither applied nor already so, those apart whose block the account knows.
    pub fn unsuccessful(&self) -> impl Iterator<Item = &ChangeResult> {
        let accepted: BTreeSet<&str> = self.blocked.iter().filter(|(_, b)| b.accepted).map(|(_, b)| b.id.as_str()).collect();
        self.results.iter().filter(move |r| !r.word.is_well() && !accepted.contains(r.id.as_str()))
    }
}
