//! What the documents name and this version has not: known, refused in words, never accepted and
//! ignored.

use std::ffi::OsString;

use super::args::{Args, Command, Format};

/// A command, flag or format that is known and not built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} is not supported yet ({})", Self::CODE)]
pub struct NotYet {
    /// `portcullis review`, `--base`, `--format sarif`.
    pub what: String,
    /// What to do meanwhile.
    pub hint: &'static str,
}

impl NotYet {
    pub const CODE: &'static str = "not-yet-supported";

    fn new(what: impl Into<String>, hint: &'static str) -> Self {
        Self { what: what.into(), hint }
    }
}

/// The words after a command that is not built; nobody reads them.
#[derive(Debug, Clone, clap::Args)]
#[command(disable_help_flag = true)]
pub struct LaterArgs {
    #[arg(num_args = 0.., allow_hyphen_values = true, trailing_var_arg = true, hide = true)]
    pub rest: Vec<OsString>,
}

/// Flags of revisions and saved plans.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct LaterRevisions {
    /// What was asked before this request (not supported yet).
    #[arg(long, value_name = "REV", hide = true)]
    pub base: Option<String>,
    /// What a complete apply last reached (not supported yet).
    #[arg(long, value_name = "REV", hide = true)]
    pub applied: Option<String>,
    /// Takes connections from this revision (not supported yet).
    #[arg(long, value_name = "REV", hide = true)]
    pub trusted: Option<String>,
}

impl LaterRevisions {
    fn refuse(&self) -> Result<(), NotYet> {
        let given = [("--base", &self.base), ("--applied", &self.applied), ("--trusted", &self.trusted)];
        match given.into_iter().find(|(_, v)| v.is_some()) {
            Some(("--trusted", _)) => {
                Err(NotYet::new("--trusted", "connections come from the folder; pin their origins by PORTCULLIS_ORIGIN_<CONNECTION>"))
            }
            Some((flag, _)) => Err(NotYet::new(flag, "without it every cause that time does not explain is `undetermined`")),
            None => Ok(()),
        }
    }
}

impl Args {
    /// Refuses what is known and not built.
    pub(super) fn refuse_later(&self) -> Result<(), NotYet> {
        const MEANWHILE: &str = "see the table in the README for what is built";
        let command = |name: &str| Err(NotYet::new(format!("`portcullis {name}`"), MEANWHILE));
        match &self.command {
            Command::Import(_) => return command("import"),
            Command::Review(_) => return command("review"),
            Command::Init(_)
            | Command::Member { .. }
            | Command::Show(_)
            | Command::Audit { .. }
            | Command::Approve(_)
            | Command::Validate(_)
            | Command::Revoke(_)
            | Command::Export(_)
            | Command::Expiring(_)
            | Command::Explain(_)
            | Command::Who(_)
            | Command::Completions(_)
            | Command::Man(_)
            | Command::Schema(_)
            | Command::Sandbox { .. } => {}
            Command::Plan(plan) => {
                plan.revisions.refuse()?;
            }
            Command::Drift(drift) => drift.revisions.refuse()?,
            Command::Apply(apply) => {
                apply.revisions.refuse()?;
            }
        }
        self.refuse_format()
    }

    fn refuse_format(&self) -> Result<(), NotYet> {
        let format = self.global.format;
        match format {
            Format::Text | Format::Json => Ok(()),
            Format::Markdown | Format::Github
                if matches!(
                    self.command,
                    Command::Validate(_) | Command::Plan(_) | Command::Drift(_) | Command::Apply(_) | Command::Show(_)
                ) =>
            {
                Ok(())
            }
            Format::Csv if matches!(self.command, Command::Export(_)) => Ok(()),
            Format::Ics if matches!(self.command, Command::Expiring(_)) => Ok(()),
            Format::Markdown if matches!(self.command, Command::Explain(_) | Command::Who(_)) => Ok(()),
            Format::Csv
            | Format::Ics
            | Format::Markdown
            | Format::Github
            | Format::Gitlab
            | Format::Html
            | Format::Sarif
            | Format::Junit => Err(NotYet::new(
                format!("--format {} for this command", format.word()),
                "text and json are built; csv for `export`; ics for `expiring`; markdown and github for `validate`, `plan`, `show`, `drift` and `apply`; markdown for `explain` and `who`",
            )),
        }
    }
}
