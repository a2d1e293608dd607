//! Where the sandbox serves.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_view::{SCHEMA_VERSION, TOOL, schema_of};

/// What `sandbox serve` says before it serves; no token.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServeView {
    pub schema_version: &'static str,
    #[schemars(extend("const" = "serve"))]
    pub kind: &'static str,
    pub tool: &'static str,
    /// Always true: nobody real is let in or out.
    pub sandbox: bool,
    /// `127.0.0.1:34567`: the port is the system's where 0 was asked for.
    pub listen: String,
    /// Where the switches are: `http://127.0.0.1:34567/_sandbox`.
    pub switches: String,
    pub accounts: Vec<ServedView>,
}

/// One account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ServedView {
    pub account: String,
    pub system: String,
    /// What to write into another folder: `backend: bridge` with this as its `endpoint`.
    pub endpoint: String,
    /// The file that holds the token; null where the variable does.
    pub token_file: Option<String>,
    /// The variable that holds the token; null where the file does.
    pub token_variable: Option<String>,
}

impl ServeView {
    pub fn new(listen: String, accounts: Vec<ServedView>) -> Self {
        let switches = format!("http://{listen}/_sandbox");
        Self { schema_version: SCHEMA_VERSION, kind: "serve", tool: TOOL, sandbox: true, listen, switches, accounts }
    }

    /// # Errors
    /// What the stream answers.
    pub fn text(&self, out: &mut impl Write, paint: Paint) -> io::Result<()> {
        let strong = paint.strong();
        let many = if self.accounts.len() == 1 { "account" } else { "accounts" };
        writeln!(out, "{strong}SANDBOX: serving {} {many} on {}{strong:#}", self.accounts.len(), self.listen)?;
        for ServedView { account, system, endpoint, token_file, token_variable } in &self.accounts {
            let token = match (token_variable, token_file) {
                (Some(variable), _) => format!("the token is in {variable}"),
                (None, Some(file)) => format!("the token is in the file {file}"),
                (None, None) => String::new(),
            };
            writeln!(out, "{} ({system}): {}, {}", Neutral(account), Neutral(endpoint), Neutral(&token))?;
        }
        Ok(())
    }
}

/// The JSON Schema of [`ServeView`]: `schemas/serve.schema.json`.
pub fn serve_schema() -> Json {
    schema_of::<ServeView>("serve")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_is_fresh() {
        crate::render::samples::assert_fresh("schemas/serve.schema.json", &super::serve_schema());
    }
}
