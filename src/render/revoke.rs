//! What ends a person's access: the plan as `plan` shows it, and the edit of the manifests as a
//! unified difference.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use similar::TextDiff;

use crate::manifest::{Edit, NoEdit, Reach};
use crate::plan::Plan;

use super::apply_text::ApplyView;
use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_view::{Kind, PlanView, schema_of};

/// No page of the supported products says that it ends these with the membership.
const OUTLIVES: &str = "portcullis ends memberships; sessions that are open, and tokens and keys that the person made, may outlive them: end \
                        those in each product";

/// The changes that end a person's access, and the edit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevokeView {
    #[serde(flatten)]
    pub plan: PlanView,
    #[serde(flatten)]
    pub edits: EditsView,
}

/// The same after `--apply`: what came of the changes, and the edit.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RevokedView {
    #[serde(flatten)]
    pub apply: ApplyView,
    #[serde(flatten)]
    pub edits: EditsView,
}

/// What the manifests should say, so that no later apply gives the access back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditsView {
    /// The folded address that the person goes by.
    pub person: String,
    /// Empty where the manifests say it already.
    pub edit: Vec<EditView>,
    /// Why a human must make the edit; null where the edit is whole.
    pub edit_by_hand: Option<String>,
    /// The accounts that the edit is for, with `--account`; null where it is for all, now and later.
    pub reach: Option<Vec<String>>,
    /// The files that were written, with `--write`.
    pub written: Vec<String>,
    /// What portcullis cannot end.
    pub outlives: &'static str,
    /// No manifest names the address, and no account that was read has it.
    pub nowhere: bool,
    /// Accounts where the access stays, or may stay, once these changes are made.
    pub remains: Vec<RemainsView>,
    /// The changes were made, or tried.
    #[serde(skip)]
    pub is_applied: bool,
}

/// One account where access stays.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RemainsView {
    pub account: String,
    /// False where nobody can tell.
    pub certain: bool,
    /// What kept it.
    pub why: String,
}

/// The edit of one file.
#[derive(Debug, Serialize, JsonSchema)]
pub struct EditView {
    /// Relative to the manifests' folder.
    pub file: String,
    /// A unified difference, as `patch -p1` takes it.
    pub diff: String,
}

impl RevokeView {
    pub fn of(plan: &Plan, edits: EditsView) -> Self {
        Self { plan: PlanView::of(plan, Kind::Revoke), edits }
    }
}

impl EditsView {
    pub fn of(person: &str, edit: &Result<Vec<Edit>, NoEdit>, reach: &Reach, written: Vec<String>, nowhere: bool) -> Self {
        Self {
            person: person.to_owned(),
            edit: edit.iter().flatten().map(EditView::of).collect(),
            edit_by_hand: edit.as_ref().err().map(NoEdit::to_string),
            reach: match reach {
                Reach::Everywhere => None,
                Reach::In(accounts) => Some(accounts.iter().map(ToString::to_string).collect()),
            },
            written,
            outlives: OUTLIVES,
            nowhere,
            remains: Vec::new(),
            is_applied: false,
        }
    }

    /// An end that is not whole must not read as one.
    fn write_remains(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let (when, alarm) = (if self.is_applied { "" } else { "after these changes " }, paint.alarm());
        for (certain, stays) in [(true, "still has access in"), (false, "may still have access in")] {
            let there = self.remains.iter().filter(|r| r.certain == certain);
            let there: Vec<String> = there.map(|r| format!("{} ({})", Neutral(&r.account), Neutral(&r.why))).collect();
            if !there.is_empty() {
                writeln!(out, "{alarm}{when}{} {stays}{alarm:#}: {}", Neutral(&self.person), there.join(", "))?;
            }
        }
        Ok(())
    }

    /// ` in eng, news`; empty where it is everywhere.
    fn here(&self) -> String {
        let names = |accounts: &Vec<String>| accounts.iter().map(|a| Neutral(a).to_string()).collect::<Vec<_>>().join(", ");
        self.reach.as_ref().map(|accounts| format!(" in {}", names(accounts))).unwrap_or_default()
    }

    /// Writes the edit, and what remains to be done besides. `write` is the command that writes it.
    ///
    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write, write: &str, paint: Paint) -> io::Result<()> {
        if self.nowhere {
            return writeln!(out, "{} is in no manifest, and in no account that was read", Neutral(&self.person));
        }
        for edit in &self.edit {
            writeln!(out)?;
            for line in edit.diff.lines() {
                let style = match line.as_bytes().first() {
                    Some(b'+') => paint.gives(),
                    Some(b'-') => paint.takes(),
                    _ => paint.faint(),
                };
                writeln!(out, "{style}{}{style:#}", Neutral(line))?;
            }
        }
        if !self.edit.is_empty() {
            writeln!(out)?;
        }
        if let Some(why) = &self.edit_by_hand {
            let alarm = paint.alarm();
            writeln!(out, "{alarm}no edit{alarm:#}: {}", Neutral(why))?;
            writeln!(out, "hint: until it is made by hand, an apply may give the access back")?;
        } else if !self.written.is_empty() {
            let files: Vec<String> = self.written.iter().map(|f| Neutral(f).to_string()).collect();
            writeln!(out, "written: {}; commit it", files.join(", "))?;
        } else if self.edit.is_empty() {
            writeln!(out, "the manifests say already that {} has no access{}", Neutral(&self.person), self.here())?;
        } else {
            writeln!(out, "hint: commit this edit, or the next apply gives the access back; `{}` writes it", Neutral(write))?;
        }
        if self.reach.is_some() {
            writeln!(out, "note: this is about access{} alone, and the edit leaves all other accounts as they are", self.here())?;
        }
        writeln!(out, "note: {OUTLIVES}")?;
        self.write_remains(out, paint)
    }
}

impl EditView {
    fn of(edit: &Edit) -> Self {
        let diff = TextDiff::from_lines(&*edit.before, &edit.after);
        let (before, after) = (format!("a/{}", edit.file), format!("b/{}", edit.file));
        Self { file: edit.file.to_string(), diff: diff.unified_diff().header(&before, &after).to_string() }
    }
}

/// The JSON Schema of [`RevokeView`]: `schemas/revoke.schema.json`.
pub fn revoke_schema() -> Json {
    schema_of::<RevokeView>("revoke")
}

/// The JSON Schema of [`RevokedView`]: `schemas/revoked.schema.json`.
pub fn revoked_schema() -> Json {
    schema_of::<RevokedView>("revoke --apply")
}
