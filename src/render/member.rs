//! What came of a one-off action, in JSON and for people. No secret is in it: only where one waits.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::apply::{OneOffResult, ResultWord};
use crate::model::OneOff;
use crate::plan::{OneOffAct, Refused};

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_view::{SCHEMA_VERSION, TOOL, schema_of};
use super::runbook::{self, Runbook};
use super::spelt::{Spelt, Word};

/// The result of `member`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct MemberView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "member"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub as_of: String,
    pub simulated: bool,
    pub sandbox: bool,
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    /// The folded address; where nobody was found, what was asked for.
    pub member: String,
    pub action: Word<OneOff>,
    pub result: Word<MemberResult>,
    /// What speaks against it (docs/codes.md); null where nothing does.
    pub code: Option<&'static str>,
    /// Empty where there is nothing to say.
    pub message: String,
    pub hint: Option<String>,
    /// Calls sent.
    pub attempts: u32,
    pub links: WaitingView,
    /// What a human does in the console, and what to look for afterwards; empty where nothing is to be
    /// done by hand.
    pub steps: Vec<String>,
    #[serde(skip)]
    runbook: Option<Runbook>,
}

/// Secrets that wait for somebody to hand them over.
#[derive(Debug, Serialize, JsonSchema)]
pub struct WaitingView {
    pub waiting: usize,
    /// The files, relative to the manifests' folder.
    pub files: Vec<String>,
}

/// How an action ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberResult {
    Applied,
    Already,
    Failed,
    Unknown,
    /// A human makes it.
    Manual,
    /// Nothing was attempted.
    Refused,
}

impl Spelt for MemberResult {
    const NAME: &'static str = "MemberResult";
    fn values() -> Vec<Self> {
        use MemberResult::{Already, Applied, Failed, Manual, Refused, Unknown};
        [Applied, Already, Failed, Unknown, Manual, Refused].to_vec()
    }
    fn spelt(self) -> &'static str {
        match self {
            MemberResult::Applied => "applied",
            MemberResult::Already => "already",
            MemberResult::Failed => "failed",
            MemberResult::Unknown => "unknown",
            MemberResult::Manual => "manual",
            MemberResult::Refused => "refused",
        }
    }
}

impl Spelt for OneOff {
    const NAME: &'static str = "OneOff";
    fn values() -> Vec<Self> {
        OneOff::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

/// Where and when an action was asked for.
pub struct MemberSite {
    pub as_of: String,
    pub simulated: bool,
    pub sandbox: bool,
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    pub member: String,
    pub action: OneOff,
}

impl MemberView {
    fn of(site: MemberSite, result: MemberResult, message: String) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "member",
            tool: TOOL,
            as_of: site.as_of,
            simulated: site.simulated,
            sandbox: site.sandbox,
            account: site.account,
            system: site.system,
            backend: site.backend,
            member: site.member,
            action: Word(site.action),
            result: Word(result),
            code: None,
            message,
            hint: None,
            attempts: 0,
            links: WaitingView { waiting: 0, files: Vec::new() },
            steps: Vec::new(),
            runbook: None,
        }
    }

    pub fn of_refused(site: MemberSite, no: &Refused) -> Self {
        let view = Self::of(site, MemberResult::Refused, no.message.clone());
        Self { code: Some(no.against.code()), hint: no.hint.clone(), ..view }
    }

    pub fn of_by_hand(site: MemberSite, act: &OneOffAct) -> Self {
        let runbook = Runbook::of_one_off(act);
        let steps = runbook.steps.iter().flat_map(|s| &s.acts).flat_map(runbook::Act::sentences).collect();
        let message = "no API takes it: somebody makes it in the console".to_owned();
        Self { steps, runbook: Some(runbook), ..Self::of(site, MemberResult::Manual, message) }
    }

    pub fn of_made(site: MemberSite, made: &OneOffResult) -> Self {
        let result = match made.word {
            ResultWord::Applied => MemberResult::Applied,
            ResultWord::Already => MemberResult::Already,
            ResultWord::Failed | ResultWord::Skipped => MemberResult::Failed,
            ResultWord::Unknown => MemberResult::Unknown,
        };
        let files: Vec<String> = made.waits.iter().map(|path| path.display().to_string()).collect();
        let links = WaitingView { waiting: files.len(), files };
        Self { attempts: made.sent, links, ..Self::of(site, result, made.message.clone()) }
    }

    /// Writes it for people; what was refused is the caller's to say.
    ///
    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let style = match self.result.0 {
            MemberResult::Applied | MemberResult::Already => paint.gives(),
            MemberResult::Failed | MemberResult::Unknown | MemberResult::Refused => paint.alarm(),
            MemberResult::Manual => paint.alters(),
        };
        let sandbox = if self.sandbox { " SANDBOX" } else { "" };
        let (word, action) = (self.result.0.spelt(), self.action.0.word());
        write!(out, "{style}{word:<8}{style:#} {}/{action}/{}{sandbox}", Neutral(&self.account), Neutral(&self.member))?;
        let message = if self.message.is_empty() { String::new() } else { format!(": {}", Neutral(&self.message)) };
        writeln!(out, "{message}")?;
        match &self.runbook {
            Some(book) => runbook::text(out, book, paint),
            None => Ok(()),
        }
    }
}

/// What is asked, before it is done.
pub fn question(act: &OneOffAct, backend: &str) -> String {
    let sandbox = if act.is_sandbox() { " SANDBOX" } else { "" };
    let calls = act.calls().iter().map(|c| c.label.as_str()).collect::<Vec<_>>().join(", then ");
    let comes = match act.gives() {
        crate::systems::Gives::Mail => "; the product writes to the member".to_owned(),
        crate::systems::Gives::Secret(secret) => format!("; {} is written to a file, to be handed over", secret.words()),
        crate::systems::Gives::Nothing => String::new(),
    };
    let (member, account) = (Neutral(act.member().key()).to_string(), Neutral(act.account()).to_string());
    format!("{} for {member} in {account} ({} on {backend}){sandbox}: {calls}{comes}", act.act().word(), act.system())
}

/// The JSON Schema of [`MemberView`]: `schemas/member.schema.json`.
pub fn member_schema() -> Json {
    schema_of::<MemberView>("member")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn the_schema_is_fresh() {
        samples::assert_fresh("schemas/member.schema.json", &member_schema());
    }
}
