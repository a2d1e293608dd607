//! A saved plan for people: the plan that it holds, where it came from, and who signed what of it.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize as _, Serialize};
use serde_json::Value as Json;

use crate::apply::Line;
use crate::plan::saved::{Input, NAMESPACE, Saved, Source};

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_text;
use super::plan_view::{PlanView, SCHEMA_VERSION, TOOL, schema_of};

/// A saved plan as `show` prints it: the plan, and beside it `saved`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ShowView {
    #[serde(flatten)]
    pub plan: PlanView,
    pub saved: SavedView,
}

/// What surrounds the plan in its file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SavedView {
    /// The files of the manifests that it was planned from.
    pub inputs: Vec<Input>,
    /// Where they came from; null outside a git repository.
    pub source: Option<Source>,
    pub signatures: Vec<SignatureView>,
}

/// One signature, not yet held against the allowed signers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SignatureView {
    /// The fingerprint of the key; null where the signature cannot be read.
    pub key: Option<String>,
    /// It is of what stands beside it.
    pub intact: bool,
    pub valid_until: Option<String>,
    /// Ids of the changes that it approves.
    pub changes: Vec<String>,
    /// How many of its changes are not in this plan.
    pub elsewhere: usize,
}

/// What `approve` did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ApprovalView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "approval"))]
    pub kind: &'static str,
    pub tool: &'static str,
    /// The digest of the saved plan.
    pub digest: String,
    pub signature: SignatureView,
    /// How many signatures the file holds now.
    pub signatures: usize,
    /// How many changes the plan has.
    pub changes: usize,
}

impl ShowView {
    /// # Errors
    /// A printed plan of another shape, in words.
    pub fn of(saved: &Saved) -> Result<Self, String> {
        let mut plan = PlanView::deserialize(&saved.plan).map_err(|e| e.to_string())?;
        plan.complete();
        let signatures = saved.signatures.iter().enumerate().map(|(at, _)| SignatureView::of(saved, at)).collect();
        let around = SavedView { inputs: saved.inputs.clone(), source: saved.source.clone(), signatures };
        Ok(Self { plan, saved: around })
    }

    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        plan_text::without_hints(out, &self.plan, paint)?;
        for change in self.plan.accounts.iter().flat_map(|a| &a.changes).filter(|c| !c.steps.is_empty()) {
            writeln!(out, "by hand: {}", Neutral(&change.id))?;
            for step in &change.steps {
                step.clicks.iter().try_for_each(|click| writeln!(out, "       {}", Neutral(click)))?;
                writeln!(out, "       check: {}", Neutral(&step.check))?;
            }
        }
        let (faint, count) = (paint.faint(), self.saved.inputs.len());
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        match &self.saved.source {
            None => writeln!(out, "{faint}saved from {files} outside a git repository{faint:#}")?,
            Some(Source { repository, revision, changed_since, .. }) => {
                let of = repository.as_ref().map(|r| format!(" of {r}")).unwrap_or_default();
                let changed = if *changed_since { ", changed since" } else { "" };
                writeln!(out, "{faint}saved from {files} at revision {}{}{changed}{faint:#}", Neutral(revision), Neutral(&of))?;
            }
        }
        self.signed().iter().try_for_each(|line| writeln!(out, "{}", Neutral(line)))
    }

    /// A line a signature; nobody's are not yet held against the allowed signers.
    pub(super) fn signed(&self) -> Vec<String> {
        if self.saved.signatures.is_empty() {
            return vec!["nobody has signed it".to_owned()];
        }
        self.saved.signatures.iter().map(|s| s.words(self.plan.summary.changes())).collect()
    }
}

impl ApprovalView {
    /// Of the last signature.
    pub fn of(saved: &Saved) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "approval",
            tool: TOOL,
            digest: saved.digest().to_owned(),
            signature: SignatureView::of(saved, saved.signatures.len().saturating_sub(1)),
            signatures: saved.signatures.len(),
            changes: saved.changes().count(),
        }
    }

    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "{}", Neutral(&self.signature.words(self.changes)))
    }
}

impl SignatureView {
    fn of(saved: &Saved, at: usize) -> Self {
        let Some(signed) = saved.signatures.get(at) else {
            return Self { key: None, intact: false, valid_until: None, changes: Vec::new(), elsewhere: 0 };
        };
        let approved: Vec<&str> = signed.statement["changes"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let changes: Vec<String> = saved.changes().filter(|c| approved.contains(&c.digest.as_str())).map(|c| c.id.clone()).collect();
        let key = signed.key(NAMESPACE);
        Self {
            intact: key.as_ref().is_some_and(|(_, intact)| *intact),
            key: key.map(|(fingerprint, _)| fingerprint),
            valid_until: signed.statement["valid_until"].as_str().map(str::to_owned),
            elsewhere: approved.len().saturating_sub(changes.len()),
            changes,
        }
    }

    fn words(&self, all: usize) -> String {
        let by = self.key.as_deref().unwrap_or("no key that can be read");
        let until = self.valid_until.as_ref().map(|until| format!(" until {until}")).unwrap_or_default();
        let broken = if self.intact { "" } else { "; it is NOT of what it says" };
        format!("signed: {} of {all} changes{until}, by {by}{broken}", self.changes.len())
    }
}

/// The JSON Schema of [`ShowView`]: `schemas/show.schema.json`.
pub fn show_schema() -> Json {
    schema_of::<ShowView>("show")
}

/// The JSON Schema of [`ApprovalView`]: `schemas/approve.schema.json`.
pub fn approve_schema() -> Json {
    schema_of::<ApprovalView>("approve")
}

/// The JSON Schema of the file that `plan --out` writes: `schemas/saved-plan.schema.json`.
pub fn saved_schema() -> Json {
    let mut schema = schema_of::<Saved>("saved plan");
    schema["title"] = format!("portcullis plan --out FILE, schema_version {}", crate::plan::saved::SAVED_VERSION).into();
    schema
}

/// The JSON Schema of a line of a journal: `schemas/journal.schema.json`.
pub fn journal_schema() -> Json {
    let mut schema = schema_of::<Line>("journal");
    schema["title"] = format!("a line of an apply's journal, schema_version {}", crate::apply::JOURNAL_VERSION).into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn the_schemas_are_fresh() {
        for (name, schema) in
            [("show", show_schema()), ("approve", approve_schema()), ("saved-plan", saved_schema()), ("journal", journal_schema())]
        {
            samples::assert_fresh(&format!("schemas/{name}.schema.json"), &schema);
        }
    }
}
