use crate::plan::{Blocked, Change, ChangeId, Cleared, Plan};

/// How one change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Applied,
    /// It was so before.
    Already,
    Failed,
    /// What it waits for failed.
    Skipped,
    /// The answer was lost, and reading back did not tell.
    Unknown,
}

impl Verdict {
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Applied => "applied",
            Verdict::Already => "already",
            Verdict::Failed => "failed",
            Verdict::Skipped => "skipped",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What came of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeResult {
    pub id: ChangeId,
    pub verdict: Verdict,
    /// Calls sent for it.
    pub attempts: u32,
    /// In words for a person; empty where there is nothing to say. Text from a server is inside.
    pub message: String,
    /// The address exists where this actor does not see it (`exists-elsewhere`): who could act.
    pub elsewhere: Option<&'static str>,
}

impl ChangeResult {
    pub(super) fn new(change: &Change, verdict: Verdict, attempts: u32, message: String) -> Self {
        Self { id: change.id.clone(), verdict, attempts, message, elsewhere: None }
    }
}

/// What an apply did and what it left, over all accounts.
#[derive(Debug)]
pub struct Applied {
    /// The plan that was shown and cleared, guards and all.
    pub plan: Plan,
    /// In the order of the plan.
    pub results: Vec<ChangeResult>,
    /// Hand-over links that wait in files.
    pub links_waiting: usize,
    /// Blocked in the plan, or found to exist elsewhere while applying.
    pub blocked: Vec<(String, Blocked)>,
    /// Changes that a fresh reading still shows, blocked and manual ones apart.
    pub left: Vec<Change>,
    /// Changes that wait for a human, in order.
    pub manual: Vec<Change>,
    /// Accounts whose reading back failed, with why.
    pub unread: Vec<(String, Vec<String>)>,
}

impl Applied {
    /// Before the first call: what was shown, with the verdicts of the guards as lifted.
    pub fn of(mut plan: Plan, cleared: &Cleared) -> Self {
        for (shown, lifted) in plan.accounts.iter_mut().zip(&cleared.plan().accounts) {
            shown.guards.clone_from(&lifted.guards);
        }
        let blocked = plan.accounts.iter().flat_map(|a| a.blocked.iter().map(|b| (a.account.clone(), b.clone()))).collect();
        let manual = cleared.plan().changes().filter(|c| !c.manual().is_empty()).cloned().collect();
        Self { plan, results: Vec::new(), links_waiting: 0, blocked, left: Vec::new(), manual, unread: Vec::new() }
    }

    /// Takes in what came of one account's changes; an address that exists elsewhere is blocked.
    pub fn add(&mut self, account: &str, changes: &[Change], results: Vec<ChangeResult>) {
        for result in &results {
            let Some(needs) = result.elsewhere else { continue };
            if let Some(change) = changes.iter().find(|c| c.id == result.id) {
                self.blocked.push((account.to_owned(), Blocked::of(change, "exists-elsewhere", needs)));
            }
        }
        self.results.extend(results);
    }
}
