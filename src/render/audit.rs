//! What a check of an audit log found.

use std::io::{self, Write};
use std::path::Path;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::apply::{Checked, Entry};

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_view::{SCHEMA_VERSION, TOOL, schema_of};

/// The result of `audit`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "audit"))]
    pub kind: &'static str,
    pub tool: &'static str,
    pub file: String,
    pub lines: usize,
    /// The hash of the last line; null where there is none.
    pub head: Option<String>,
    /// Nothing is wrong.
    pub whole: bool,
    /// A head was given: lines that were cut off at the end would be missed.
    pub head_checked: bool,
    pub problems: Vec<AuditProblemView>,
}

/// What is wrong at one line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AuditProblemView {
    /// From 1; 0 for the log as a whole.
    pub line: usize,
    pub problem: String,
}

impl AuditView {
    pub fn of(file: &Path, checked: &Checked, head_checked: bool) -> Self {
        let problem = |(line, problem): &(usize, String)| AuditProblemView { line: *line, problem: problem.clone() };
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "audit",
            tool: TOOL,
            file: file.display().to_string(),
            lines: checked.lines,
            head: checked.head.clone(),
            whole: checked.wrong.is_empty(),
            head_checked,
            problems: checked.wrong.iter().map(problem).collect(),
        }
    }

    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let (alarm, strong) = (paint.alarm(), paint.strong());
        for AuditProblemView { line, problem } in &self.problems {
            let at = if *line == 0 { String::new() } else { format!(":{line}") };
            writeln!(out, "{alarm}error{alarm:#}: {}{at}: {}", Neutral(&self.file), Neutral(problem))?;
        }
        let state = match (self.whole, self.head_checked) {
            (true, true) => "whole",
            (true, false) => "whole as far as it goes (only --head shows whether lines were cut off at the end)",
            (false, _) => "NOT whole",
        };
        let head = self.head.as_deref().unwrap_or("none");
        writeln!(out, "{strong}audit log: {} lines, {state}; head {}{strong:#}", self.lines, Neutral(head))
    }
}

/// The JSON Schema of [`AuditView`]: `schemas/audit.schema.json`.
pub fn audit_schema() -> Json {
    schema_of::<AuditView>("audit")
}

/// The JSON Schema of a line of the log: `schemas/audit-line.schema.json`.
pub fn audit_line_schema() -> Json {
    let mut schema = schema_of::<Entry>("audit");
    schema["title"] = format!("a line of an audit log, schema_version {}", crate::apply::AUDIT_VERSION).into();
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn the_schemas_are_fresh() {
        samples::assert_fresh("schemas/audit.schema.json", &audit_schema());
        samples::assert_fresh("schemas/audit-line.schema.json", &audit_line_schema());
    }
}
