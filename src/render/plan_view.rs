//! The one view of a plan: what its JSON holds, and all that its text may say.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::apply::Lifts;
use crate::model::{Action, Attrs, Channel, Direction, Place, Proof};
use crate::plan::{AccountPlan, Blocked, Cause, Change, Plan, ReadingSummary, Report, Risk, Verdict, Warning};

use super::spelt::Word;
use super::step_view::StepView;

/// The version of every document's shape. Fields may be added; a change or a removal counts it up.
pub const SCHEMA_VERSION: &str = "1";
/// What made the document.
pub const TOOL: &str = concat!("portcullis ", env!("CARGO_PKG_VERSION"));

/// Which command shows the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Plan,
    Drift,
    /// The changes of one person alone.
    Revoke,
}

/// Attributes by key; sets are sorted lists.
pub type Shown = BTreeMap<String, Json>;

/// All changes that portcullis would make, account by account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct PlanView {
    pub schema_version: Cow<'static, str>,
    pub kind: Kind,
    /// The program and its version.
    pub tool: Cow<'static, str>,
    /// The instant that the plan was made for.
    pub as_of: String,
    /// Made for another instant than now.
    pub simulated: bool,
    /// At least one account is the sandbox.
    pub sandbox: bool,
    /// A hash of all changes: what `apply --digest` takes.
    pub digest: String,
    /// The revision that says what was asked before this request.
    pub base: Option<String>,
    /// The revision that a complete apply last reached.
    pub applied: Option<String>,
    pub accounts: Vec<AccountView>,
    /// Every guard of every account.
    pub guards: Vec<GuardView>,
    pub summary: Summary,
    /// Some difference is neither time's work nor an invitation's; the exit code says so to programs.
    #[serde(skip)]
    pub(super) has_drift: bool,
}

/// One account's part of a plan.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct AccountView {
    pub account: String,
    pub system: Cow<'static, str>,
    /// Which tenant of its connection it is; null where the system has none.
    pub tenant: Option<String>,
    pub backend: Cow<'static, str>,
    pub sandbox: bool,
    /// The instant that this account was planned for: with `--at`, the day's first in its timezone.
    pub as_of: String,
    pub digest: String,
    pub reading: ReadingView,
    /// In an order in which they can be made.
    pub changes: Vec<ChangeView>,
    pub blocked: Vec<BlockedView>,
    pub reports: Vec<ReportView>,
    pub warnings: Vec<WarningView>,
}

/// How an account was read. Nothing is planned on an incomplete reading.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReadingView {
    pub complete: bool,
    /// How the reading is known to be whole; null where it is not.
    pub proof: Option<Word<Proof>>,
    pub members: usize,
    /// Why it is incomplete.
    pub problems: Vec<String>,
}

/// One logical change, however many calls its system needs.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ChangeView {
    /// `account/action/member`.
    pub id: String,
    pub action: Word<Action>,
    /// The folded address; null where a domain changes.
    pub member: Option<String>,
    pub domain: Option<String>,
    pub digest: String,
    /// What it does to access.
    pub direction: Word<Direction>,
    /// The first of `causes`.
    pub cause: Word<Cause>,
    /// Why each attribute differs.
    pub causes: BTreeMap<String, Word<Cause>>,
    /// `manual` where a human makes all calls.
    pub channel: Word<Channel>,
    pub risk: Word<Risk>,
    /// Whether the member comes to administer.
    pub administers: bool,
    /// Whether the system writes to the person.
    pub mails: bool,
    /// In the order in which they are made.
    pub calls: Vec<String>,
    /// Those of the calls that a human must make.
    pub manual: Vec<String>,
    /// Attributes that a human sets on the way and that nothing can read back: they stand in `after`
    /// alone, for nobody knows what they are.
    pub unverifiable: Vec<String>,
    /// The same calls in the words of the product's console, as the runbook has them; empty where a guard
    /// stops the account, for then nobody may make them.
    pub steps: Vec<StepView>,
    /// What differs, and the role or groups; null for an invitation.
    pub before: Option<Shown>,
    /// Null where the membership ends.
    pub after: Option<Shown>,
    /// The line that asks for it.
    pub place: Option<PlaceView>,
    pub reason: Option<String>,
    /// Ids of changes that come first.
    pub waits_for: Vec<String>,
    pub notes: Vec<String>,
}

/// A change that is not attempted.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct BlockedView {
    pub id: String,
    pub action: Word<Action>,
    pub member: Option<String>,
    pub domain: Option<String>,
    /// Why, as a stable word.
    pub code: Cow<'static, str>,
    /// Who or what could make it.
    pub needs: String,
    pub before: Option<Shown>,
    pub after: Option<Shown>,
    pub place: Option<PlaceView>,
    pub reason: Option<String>,
    /// Stable words and sentences of the change.
    pub notes: Vec<String>,
    /// The account says that this block is known (`accept-blocked`).
    pub accepted: bool,
}

/// Something worth saying that asks for no change.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct ReportView {
    pub code: Cow<'static, str>,
    pub member: Option<String>,
    pub message: String,
    pub place: Option<PlaceView>,
}

/// Something that time or an override brings.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct WarningView {
    pub code: Cow<'static, str>,
    /// The day it happens.
    pub on: Option<String>,
    pub member: Option<String>,
    pub message: String,
    pub place: Option<PlaceView>,
}

/// One guard's verdict on one account.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct GuardView {
    pub code: Cow<'static, str>,
    pub account: String,
    pub limit: u32,
    pub actual: u32,
    /// It stops the account before its first write.
    pub tripped: bool,
    /// The flag that lifts it for this plan, after an apply for what is left of it; null where it holds
    /// or cannot be lifted, and where only another plan tells the flag.
    pub lift: Option<String>,
    /// Who is meant, where that is not plain from the changes.
    pub who: Vec<String>,
    /// The line that set the limit; null for a default.
    pub place: Option<PlaceView>,
    /// It stops what falls below its limit; the code says so to programs.
    #[serde(skip)]
    pub is_floor: bool,
    /// What the flag is for; the digests say so to programs.
    #[serde(skip)]
    pub lifts: Lifts,
    /// It would stop the account, and a flag of this run lifts it.
    #[serde(skip)]
    pub is_lifted: bool,
}

/// A line of the manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlaceView {
    /// Relative to the manifests' folder.
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// How many there are of each, over all accounts.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Summary {
    pub allow_domain: usize,
    pub invite: usize,
    pub reinvite: usize,
    pub edit_invitation: usize,
    pub cancel_invitation: usize,
    pub edit: usize,
    pub restore: usize,
    pub remove: usize,
    pub disallow_domain: usize,
    pub blocked: usize,
    /// Changes with a call that a human must make.
    pub manual: usize,
}

impl PlanView {
    pub fn of(plan: &Plan, kind: Kind) -> Self {
        Self {
            schema_version: SCHEMA_VERSION.into(),
            kind,
            tool: TOOL.into(),
            as_of: plan.as_of.to_string(),
            simulated: plan.simulated,
            sandbox: plan.is_sandbox(),
            digest: plan.digest.to_string(),
            base: None,
            applied: None,
            accounts: plan.accounts.iter().map(AccountView::of).collect(),
            guards: plan.accounts.iter().flat_map(|a| &a.guards).map(GuardView::of).collect(),
            summary: Summary::of(plan),
            has_drift: plan.has_drift(),
        }
    }

    /// Fills in what is not written: for a plan that was read from a file.
    pub(super) fn complete(&mut self) {
        self.guards.iter_mut().for_each(|g| g.is_floor = Verdict::is_floors(&g.code));
        let undetermined = |c: &ChangeView| c.cause.0 == Cause::Undetermined || c.causes.values().any(|c| c.0 == Cause::Undetermined);
        self.has_drift = self.accounts.iter().flat_map(|a| &a.changes).any(undetermined);
    }

    /// The same plan as it was cleared: what was lifted of its guards stops nothing.
    #[must_use]
    pub fn lifted_by(mut self, cleared: &Plan) -> Self {
        let verdicts = || cleared.accounts.iter().flat_map(|a| &a.guards);
        for guard in self.guards.iter_mut().filter(|g| g.tripped) {
            if let Some(verdict) = verdicts().find(|v| v.account == guard.account && v.code == guard.code) {
                (guard.tripped, guard.is_lifted) = (verdict.tripped, verdict.is_lifted());
            }
        }
        self
    }

    /// The guards of one account, in their order.
    pub fn guards_of<'a>(&'a self, account: &'a str) -> impl Iterator<Item = &'a GuardView> {
        self.guards.iter().filter(move |g| g.account == account)
    }
}

impl AccountView {
    fn of(plan: &AccountPlan) -> Self {
        Self {
            account: plan.account.clone(),
            system: plan.system.into(),
            tenant: plan.tenant.as_ref().map(ToString::to_string),
            backend: plan.backend.into(),
            sandbox: plan.sandbox,
            as_of: plan.as_of.to_string(),
            digest: plan.digest.to_string(),
            reading: ReadingView::of(&plan.reading),
            changes: plan.changes.iter().map(|c| ChangeView::of(std::slice::from_ref(plan), c)).collect(),
            blocked: plan.blocked.iter().map(BlockedView::of).collect(),
            reports: plan.reports.iter().map(ReportView::of).collect(),
            warnings: plan.warnings.iter().map(WarningView::of).collect(),
        }
    }
}

impl ReadingView {
    pub fn of(reading: &ReadingSummary) -> Self {
        Self {
            complete: reading.is_complete(),
            proof: reading.proof.map(Word),
            members: reading.members,
            problems: reading.problems.clone(),
        }
    }
}

impl ChangeView {
    /// One change of the account that this plan has of its name.
    pub fn of(accounts: &[AccountPlan], change: &Change) -> Self {
        let open = accounts.iter().find(|a| a.account == change.account).filter(|a| a.tripped().next().is_none());
        Self {
            id: change.id.clone(),
            action: Word(change.action),
            member: change.subject.email().map(|e| e.key().to_owned()),
            domain: change.subject.domain().map(|d| d.as_str().to_owned()),
            digest: change.digest.to_string(),
            direction: Word(change.direction),
            cause: Word(change.cause),
            causes: change.causes.iter().map(|(k, c)| ((*k).to_owned(), Word(*c))).collect(),
            channel: Word(change.channel()),
            risk: Word(change.risk),
            administers: change.administers,
            mails: change.mails(),
            calls: change.calls.iter().map(|c| c.label.clone()).collect(),
            manual: change.manual().into_iter().map(str::to_owned).collect(),
            unverifiable: change.unverifiable().into_iter().map(str::to_owned).collect(),
            steps: open.map(|a| StepView::all(a.system, change)).unwrap_or_default(),
            before: change.before.as_ref().map(shown),
            after: change.after.as_ref().map(shown),
            place: change.place.as_ref().map(PlaceView::of),
            reason: change.reason.clone(),
            waits_for: change.waits_for.iter().cloned().collect(),
            notes: change.notes.clone(),
        }
    }

    /// The address or the domain.
    pub fn about(&self) -> &str {
        self.member.as_deref().or(self.domain.as_deref()).unwrap_or_default()
    }
}

impl BlockedView {
    pub fn of(blocked: &Blocked) -> Self {
        Self {
            id: blocked.id.clone(),
            action: Word(blocked.action),
            member: blocked.subject.email().map(|e| e.key().to_owned()),
            domain: blocked.subject.domain().map(|d| d.as_str().to_owned()),
            code: blocked.code.into(),
            needs: blocked.needs.clone(),
            before: blocked.before.as_ref().map(shown),
            after: blocked.after.as_ref().map(shown),
            place: blocked.place.as_ref().map(PlaceView::of),
            reason: blocked.reason.clone(),
            notes: blocked.notes.clone(),
            accepted: blocked.accepted,
        }
    }

    /// The address or the domain.
    pub fn about(&self) -> &str {
        self.member.as_deref().or(self.domain.as_deref()).unwrap_or_default()
    }
}

impl ReportView {
    fn of(report: &Report) -> Self {
        Self {
            code: report.code.into(),
            member: report.member.clone(),
            message: report.message.clone(),
            place: report.place.as_ref().map(PlaceView::of),
        }
    }
}

impl WarningView {
    fn of(warning: &Warning) -> Self {
        Self {
            code: warning.code.into(),
            on: warning.on.map(|d| d.to_string()),
            member: warning.member.clone(),
            message: warning.message.clone(),
            place: warning.place.as_ref().map(PlaceView::of),
        }
    }
}

impl GuardView {
    pub fn of(verdict: &Verdict) -> Self {
        Self {
            code: verdict.code.into(),
            account: verdict.account.clone(),
            limit: verdict.limit,
            actual: verdict.actual,
            tripped: verdict.tripped,
            lift: verdict.lift.clone(),
            who: verdict.who.clone(),
            place: verdict.place.as_ref().map(PlaceView::of),
            is_floor: verdict.is_floor(),
            lifts: Lifts::Plan,
            is_lifted: false,
        }
    }

    /// After an apply.
    pub(super) fn of_applied(verdict: &Verdict, lifts: Lifts) -> Self {
        let guard = Self { lifts, ..Self::of(verdict) };
        match lifts {
            Lifts::Plan | Lifts::Rest => guard,
            Lifts::Unknown if guard.lift.is_some() => Self { lift: None, ..guard },
            // Nothing would lift it.
            Lifts::Unknown => Self { lifts: Lifts::Plan, ..guard },
        }
    }
}

impl PlaceView {
    pub fn of(place: &Place) -> Self {
        let (line, column) = place.start();
        Self { file: place.file().to_owned(), line, column }
    }
}

impl Summary {
    fn of(plan: &Plan) -> Self {
        let mut sum = Self::default();
        for change in plan.changes() {
            *sum.count(change.action) += 1;
            sum.manual += usize::from(!change.manual().is_empty());
        }
        sum.blocked = plan.accounts.iter().map(|a| a.blocked.len()).sum();
        sum
    }

    fn count(&mut self, action: Action) -> &mut usize {
        match action {
            Action::AllowDomain => &mut self.allow_domain,
            Action::Invite => &mut self.invite,
            Action::Reinvite => &mut self.reinvite,
            Action::EditInvitation => &mut self.edit_invitation,
            Action::CancelInvitation => &mut self.cancel_invitation,
            Action::Edit => &mut self.edit,
            Action::Restore => &mut self.restore,
            Action::Remove => &mut self.remove,
            Action::DisallowDomain => &mut self.disallow_domain,
        }
    }

    /// Each action with its number, in the contract's order.
    pub fn by_action(mut self) -> [(&'static str, usize); 9] {
        Action::ALL.map(|a| (a.word(), *self.count(a)))
    }

    /// All changes.
    pub fn changes(&self) -> usize {
        let Self { allow_domain, invite, reinvite, edit_invitation, cancel_invitation, edit, restore, remove, disallow_domain, .. } = self;
        allow_domain + invite + reinvite + edit_invitation + cancel_invitation + edit + restore + remove + disallow_domain
    }
}

pub(super) fn shown(attrs: &Attrs) -> Shown {
    attrs.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect()
}

/// The JSON Schema of [`PlanView`] as it is written: `schemas/plan.schema.json`.
pub fn plan_schema() -> Json {
    schema_of::<PlanView>("plan, drift")
}

pub(super) fn schema_of<T: JsonSchema>(command: &str) -> Json {
    let mut schema = SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".into(), format!("portcullis {command} --format json, schema_version {SCHEMA_VERSION}").into());
    schema.to_value()
}

#[cfg(test)]
#[path = "plan_view_tests.rs"]
mod tests;
