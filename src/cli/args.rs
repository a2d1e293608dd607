//! The raw flags, as they are written; their comments are the manual. What follows from them is
//! resolved elsewhere.

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand, ValueEnum};

use super::approve::ApprovePlanArgs;
use super::audit::AuditCommand;
use super::later::{LaterArgs, LaterRevisions};
use super::member::MemberCommand;
pub use super::sandbox::{OnMember, SandboxCommand};
use super::show::ShowArgs;
use super::sign::SignArgs;
pub use super::words::{AllowFlag, ExportLevel, PhaseWord, Setting, Within};

/// Access as code: plan, review and apply who may enter which SaaS account.
///
/// Manifests in a folder say who may be in which account, in which role, where and until when.
/// `plan` shows the difference to the live accounts, `apply` makes exactly that, `drift` finds
/// what changed behind the manifests' back.
#[derive(Debug, Parser)]
#[command(
    name = "portcullis",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "First steps:\n  \
                  portcullis validate                 checks the manifests of this folder\n  \
                  portcullis plan                     shows what would change, and changes nothing\n  \
                  portcullis apply                    makes it, after asking\n  \
                  portcullis who PERSON               what somebody can do, everywhere\n  \
                  portcullis explain WORD             a system, a code that was printed, a key, an exit code;\n                                      \
                  without a word, all that can be explained\n\n\
                  Exit codes: 0 nothing to do, or done; 1 error; 2 changes; 3 drift only; 4 stopped by a guard; \
                  5 the plan is stale; 6 applied in part; 7 incomplete reading; 8 manual steps are open."
)]
pub struct Args {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Takes the manifests from this folder, as the positional DIR does.
    #[arg(short = 'C', long = "dir", value_name = "DIR", global = true)]
    pub chdir: Option<PathBuf>,
    /// Only these accounts; may be repeated, `*` stands for any run of characters.
    #[arg(long, value_name = "NAME", global = true)]
    pub account: Vec<String>,
    /// How the result is printed on standard output: text, json, markdown or github; csv for `export`, ics (a calendar) for `expiring`.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Format::Text, global = true, hide_possible_values = true)]
    pub format: Format,
    /// When to colour: auto, always, never. NO_COLOR and CLICOLOR_FORCE count too.
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWhen::Auto, global = true, hide_possible_values = true)]
    pub color: ColorWhen,
    /// Logs more on standard error; twice logs every call.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,
    /// Logs nothing but errors, and shows no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// What to log, as a filter of tracing: `portcullis=debug`.
    #[arg(long, value_name = "FILTER", global = true)]
    pub log: Option<String>,
    /// How to log: text or json.
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = LogFormat::Text, global = true, hide_possible_values = true)]
    pub log_format: LogFormat,
    /// Takes connections, and the files and commands that hold their tokens, from these manifests.
    #[arg(long, global = true)]
    pub trust_head: bool,
    /// Believes the reading of an account that lost more than half of its members since the last apply, where
    /// it has exactly N of them now.
    #[arg(long, value_name = "ACCOUNT=N", value_parser = accepted, global = true)]
    pub accept_shrunk: Vec<(String, usize)>,
    /// Refuses accounts on the embedded sandbox.
    #[arg(long, global = true)]
    pub forbid_sandbox: bool,
}

/// How the result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Text,
    Json,
    Csv,
    Ics,
    Markdown,
    Github,
    Gitlab,
    Html,
    Sarif,
    Junit,
}

impl Format {
    pub fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Ics => "ics",
            Format::Markdown => "markdown",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Html => "html",
            Format::Sarif => "sarif",
            Format::Junit => "junit",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// The commands. Those below `Sandbox` are known and not built yet; [`super::parse`] refuses them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Starts a folder of manifests: asks on a terminal, takes flags elsewhere.
    Init(InitArgs),
    /// Checks the manifests and reports every error at its place.
    Validate(ValidateArgs),
    /// Shows what would change, account by account, and changes nothing.
    Plan(PlanArgs),
    /// Shows the plan, asks, and makes exactly that.
    Apply(ApplyArgs),
    /// Prints a saved plan, and who signed it.
    Show(ShowArgs),
    /// Signs a saved plan, or some of its changes.
    Approve(ApprovePlanArgs),
    /// Checks the audit log, or begins one.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Finds what changed in the live accounts behind the manifests' back.
    Drift(DriftArgs),
    /// Ends all access of a person now: the changes, and the edit of the manifests.
    Revoke(RevokeArgs),
    /// Does one thing for one member, once: a reset, an invitation again.
    ///
    /// Never desired state. Each action is confirmed, and a secret goes to a file and nowhere else.
    Member {
        #[command(subcommand)]
        command: MemberCommand,
    },
    /// Prints the live members of the accounts.
    Export(ExportArgs),
    /// Lists every access that ends soon, and who ends it.
    Expiring(ExpiringArgs),
    /// Tells what a person can do in every account, and which line asks for it.
    Who(WhoArgs),
    /// Explains a system, a code, a key or a question: roles and rules, what is meant, what to do.
    Explain(ExplainArgs),
    /// Prints the JSON Schemas of manifests and outputs.
    Schema(SchemaArgs),
    /// Prints completions for a shell.
    Completions(CompletionsArgs),
    /// Writes the manual pages.
    Man(ManArgs),
    /// Plays with the embedded sandbox: loads it, accepts invitations, sets what somebody in its console would.
    Sandbox {
        #[command(subcommand)]
        command: SandboxCommand,
    },
    /// Writes the live members as manifests (not supported yet).
    #[command(hide = true)]
    Import(LaterArgs),
    /// Prints the quarterly access review (not supported yet).
    #[command(hide = true)]
    Review(LaterArgs),
}

/// Where the manifests are.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DirArg {
    /// The folder of the manifests: every *.yaml and *.yml below it, hidden folders left out.
    #[arg(value_name = "DIR", conflicts_with = "chdir")]
    pub dir: Option<PathBuf>,
}

/// Starts a folder of manifests: a connection, you as its administrator, and a .gitignore.
///
/// Asks on a terminal for what no flag says. Never overwrites: what exists is listed, and nothing is
/// written. The texts are checked before they are, together with the manifests that lie there. All of
/// them are written, or none.
#[derive(Debug, Clone, clap::Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// The kind of product: emma-hq, gamoshi, insider, meta-gateway or solver.
    #[arg(long, value_name = "SYSTEM")]
    pub system: Option<String>,
    /// How it is reached: embedded, a sandbox in one file (default); roster, an exported list, with --file
    /// and --column; or what else `explain SYSTEM` names.
    #[arg(long, value_name = "BACKEND")]
    pub backend: Option<String>,
    /// The server's address, for backends that have one.
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
    /// For roster: the export, a path below the folder. It need not be there yet.
    #[arg(long, value_name = "FILE")]
    pub file: Option<String>,
    /// For roster: which header a key stands under, like email="E-mail address"; may be repeated.
    #[arg(long, value_name = "KEY=HEADER")]
    pub column: Vec<String>,
    /// An IANA name like Europe/Paris: ends are days there.
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// Your address: you administer the account.
    #[arg(long, value_name = "ADDRESS")]
    pub email: Option<String>,
    /// Your name.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// New members come from this domain; may be repeated. For systems with a whitelist.
    #[arg(long, value_name = "DOMAIN")]
    pub domain: Vec<String>,
    /// The subaccount that you administer, for systems whose roles hold in subaccounts.
    #[arg(long, value_name = "NAME", default_value = "main")]
    pub scope: String,
}

/// Checks the manifests and reports every error at its place.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Reads no account. Exit codes: 0 nothing is wrong; 1 errors; with --strict 2 warnings.\n\
    `portcullis explain CODE` says more of an error or a warning.")]
pub struct ValidateArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// Warnings make it exit with 2.
    #[arg(long)]
    pub strict: bool,
}

/// Shows what would change, account by account, and changes nothing.
///
/// Each change says what it does to access, the reason and the line that asks for it, and the calls
/// that it takes. A change after an `x` is blocked: the actor may not make it. A tripped guard stops
/// its account, and the plan prints the flag that lifts it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis plan                                all accounts of this folder\n  \
    portcullis plan --account news --format json   one account, for a program\n  \
    portcullis plan --at 2027-01-01                what that day will bring: who loses access\n  \
    portcullis plan --runbook steps.md             the steps by hand, as a checklist\n  \
    portcullis plan --out plan.json                saved, to be reviewed and applied as it is\n\n\
    Exit codes: 0 nothing to do; 2 changes, or blocks; 4 a guard tripped; 7 an account was not read; 8 steps by hand alone.\n\
    `portcullis explain CODE` says what a code means, and what to do.")]
pub struct PlanArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// Plans as of the first instant of this day in each account's timezone.
    #[arg(long = "at", value_name = "DATE", value_parser = day)]
    pub day: Option<jiff::civil::Date>,
    /// Writes the steps that a human must make to this file, as a Markdown checklist.
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// Saves the plan to this file, for `apply FILE`: that makes what was reviewed, and nothing else.
    #[arg(long, value_name = "FILE", conflicts_with = "day")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub sign: SignArgs,
    /// The audit log of the applies; without it, .portcullis/audit.jsonl of the manifests' folder. A reading is
    /// held against the last one that it tells of; what it says is applied after the plan was saved (--out) is not
    /// approved by it again.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    #[command(flatten)]
    pub revisions: LaterRevisions,
}

/// A time in seconds, minutes or hours.
fn patience(text: &str) -> Result<std::time::Duration, String> {
    let span: Option<jiff::Span> = text.parse().ok();
    let time = span.and_then(|s| s.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
    time.and_then(|t| std::time::Duration::try_from(t).ok()).ok_or_else(|| "give a time as 90s, 5m or 1h".to_owned())
}

/// An account and the number of its members.
fn accepted(text: &str) -> Result<(String, usize), String> {
    let (account, members) = text.rsplit_once('=').ok_or("write ACCOUNT=N")?;
    let members = members.parse().map_err(|_| "N is the number of members that the account has now")?;
    Ok((account.to_owned(), members))
}

fn day(text: &str) -> Result<jiff::civil::Date, String> {
    text.parse().map_err(|_| "give a date as 2026-12-31".to_owned())
}

/// Shows the plan, asks, and makes exactly that.
///
/// Without a terminal it needs a saved plan, the --digest of the plan that was reviewed, or
/// --auto-approve. Of a saved plan it makes what is still needed: what is done falls away, what is new is
/// listed and not made, and what came back different stops its account.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis apply                               shows the plan and asks\n  \
    portcullis apply plan.json                     what is left of a saved plan\n  \
    portcullis apply plan.json --verify signers --quorum 2\n                                                 \
    where two of the allowed signers approved it\n  \
    portcullis apply --digest sha256:...           exactly the plan that was reviewed\n  \
    portcullis apply --resume                      what a run that was killed had begun\n  \
    portcullis apply --allow news:removals=12@sha256:...\n                                                 \
    lifts one guard, to that number and for that plan:\n                                                 \
    copy it from the plan that the guard stopped\n\n\
    Exit codes: 0 done; 1 nothing attempted; 4 a guard tripped; 5 another plan is needed now; 6 applied in part; \
    7 an account was not read; 8 steps by hand are left. `portcullis explain CODE` says more.")]
pub struct ApplyArgs {
    /// A plan that `plan --out` saved, of the manifests in the current folder or in `-C DIR`; or the
    /// manifests' folder.
    #[arg(value_name = "FILE|DIR")]
    pub target: Option<PathBuf>,
    #[command(flatten)]
    pub approve: ApproveArgs,
    /// Makes only changes of the saved plan that these allowed signers of SSH approved: a line each, an
    /// address and then the content of their .pub file.
    #[arg(long, value_name = "ALLOWED_SIGNERS")]
    pub verify: Option<PathBuf>,
    /// How many signers each change needs. Who gains by a change does not count for it.
    #[arg(long, value_name = "N", requires = "verify", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub quorum: u16,
    /// Writes the steps that a human must make to this file, as a Markdown checklist.
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// Finishes what a run that was killed or stopped had begun: what was approved for that run, as far as
    /// it is still needed.
    #[arg(long, conflicts_with_all = ["digest", "auto_approve", "unreviewed"])]
    pub resume: bool,
    #[command(flatten)]
    pub revisions: LaterRevisions,
}

/// What lets an apply write.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ApproveArgs {
    /// Does not ask.
    #[arg(long)]
    pub auto_approve: bool,
    /// Makes exactly the plan of this digest, without asking, and stops where it is another by now. With a
    /// saved plan: that it is this one.
    #[arg(long, value_name = "DIGEST")]
    pub digest: Option<String>,
    /// Lifts one guard to N for this plan; may be repeated. The plan prints the exact text. It goes by what
    /// the plan holds: the same plan on another day is lifted again, so leave the flag in no job.
    #[arg(long, value_name = "[ACCOUNT:]CODE=N@DIGEST")]
    pub allow: Vec<AllowFlag>,
    /// With --auto-approve: makes changes of network accounts that nobody reviewed.
    #[arg(long)]
    pub unreviewed: bool,
    /// Waits so long for another apply of the same account to end, like 90s or 5m; without it, says who
    /// runs it and stops.
    #[arg(long, value_name = "TIME", value_parser = patience)]
    pub wait: Option<std::time::Duration>,
    /// The audit log; without it, .portcullis/audit.jsonl of the manifests' folder.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    /// Signs the head of the audit log with this private key of SSH, once the run has ended.
    #[arg(long, value_name = "KEY")]
    pub sign_audit: Option<PathBuf>,
    /// Keeps the journals in this folder; without it, below XDG_STATE_HOME, else ~/.local/state.
    #[arg(long, value_name = "DIR")]
    pub journal: Option<PathBuf>,
}

impl ApplyArgs {
    /// The saved plan: a file, where the manifests are a folder.
    pub fn saved_plan(&self) -> Option<&Path> {
        self.target.as_deref().filter(|t| t.is_file())
    }
}

impl ApproveArgs {
    /// The first of these flags that was given.
    pub fn first_given(&self) -> Option<&'static str> {
        let given = [
            ("--auto-approve", self.auto_approve),
            ("--digest", self.digest.is_some()),
            ("--allow", !self.allow.is_empty()),
            ("--unreviewed", self.unreviewed),
            ("--wait", self.wait.is_some()),
            ("--journal", self.journal.is_some()),
            ("--audit", self.audit.is_some()),
            ("--sign-audit", self.sign_audit.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }
}

/// Shows what ends all access of a person, in every account; with --apply, ends it now.
///
/// Shows the edit of the manifests, too: somebody of the directory leaves at once; an outsider's entries
/// go, and the address must be absent from every account. With --account all is for those accounts alone:
/// there the person's entries go, and the addresses must be absent. Changes that others need are left for
/// another day. Without --apply nothing is changed, without --write no file is. Where access stays, the last
/// line says so.
#[derive(Debug, Clone, clap::Args)]
pub struct RevokeArgs {
    /// An id of `people`, or an address, also a previous one.
    #[arg(value_name = "PERSON")]
    pub person: String,
    #[command(flatten)]
    pub at: DirArg,
    /// Makes the changes, as `apply` does.
    #[arg(long)]
    pub apply: bool,
    /// Writes the edit into the manifests.
    #[arg(long)]
    pub write: bool,
    #[command(flatten, next_help_heading = "With --apply")]
    pub approve: ApproveArgs,
    /// Writes the steps that a human must make to this file, as a Markdown checklist.
    #[arg(long, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
}

/// Finds what changed in the live accounts behind the manifests' back.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis drift                               for a job that runs every night\n  \
    portcullis drift --account 'prod-*'            some accounts\n\n\
    Exit codes: 0 none, or by time alone (a day that came in the last seven); 3 drift; 7 an account was not read; 8 steps by hand alone. \
    `apply` puts it back; to keep a difference, write it into the manifests.")]
pub struct DriftArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// The audit log of the applies, against which a reading is held; without it, .portcullis/audit.jsonl of
    /// the manifests' folder.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
    #[command(flatten)]
    pub revisions: LaterRevisions,
}

/// Prints the live members of the accounts: text, json, or csv with a row a member and grant.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis export --format csv > members.csv   a row a member and grant, for a spreadsheet\n  \
    portcullis export --phase pending              who has not accepted yet")]
pub struct ExportArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// Only members in this phase; may be repeated.
    #[arg(long, value_name = "PHASE", value_enum)]
    pub phase: Vec<PhaseWord>,
    /// Only members of this access level, where the system has levels; may be repeated.
    #[arg(long, value_name = "LEVEL", value_enum)]
    pub level: Vec<ExportLevel>,
}

/// Lists every access that ends soon, and who ends it: text, json, or ics to subscribe to.
///
/// Ends of entries, people who leave, the products' own ends of members whom no entry names, and
/// invitations. Reads the accounts that the manifests manage, and writes nothing: an account that is a
/// connection alone is in `export` and `who`. Exits with 0, or with 7 where an account could
/// not be read: then the list is not whole. What has ended already and is still there is in the plan.
#[derive(Debug, Clone, clap::Args)]
pub struct ExpiringArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// How far to look: hours, days, weeks or months of the calendar, like 36h, 30d, 2w or 1m; 2m holds the whole next month.
    #[arg(long, value_name = "TIME", default_value = "30d")]
    pub within: Within,
}

/// Prints the JSON Schemas of manifests and outputs.
#[derive(Debug, Clone, clap::Args)]
pub struct SchemaArgs {
    /// Which schema; without it, their names.
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
}

/// Tells what a person can do in every account, and which line of a manifest asks for it.
///
/// Reads every account, managed or not, and writes to none. Of each it says the role, the scopes,
/// the permissions that follow and where they hold, whether the person can change who has access,
/// the lines that ask for it (or that none does), and what a plan would do about it now. Exit code 7
/// where an account was not read whole, or the actor does not see everyone in it.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis who ada                             somebody of `people`, by id\n  \
    portcullis who kim@agency.example              anybody, by an address, an earlier one too\n  \
    portcullis who ada --account news --format json")]
pub struct WhoArgs {
    /// An id of `people`, or an address.
    #[arg(value_name = "PERSON")]
    pub person: String,
    #[command(flatten)]
    pub at: DirArg,
}

/// Prints completions for a shell.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis\n  \
    portcullis completions zsh > ~/.zfunc/_portcullis\n  \
    portcullis completions fish > ~/.config/fish/completions/portcullis.fish")]
pub struct CompletionsArgs {
    #[arg(value_name = "SHELL", value_enum)]
    pub shell: clap_complete::Shell,
}

/// Prints the manual page, or writes one a command to a folder.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis man | man -l -                      reads the first page\n  \
    portcullis man ~/.local/share/man/man1         writes them all")]
pub struct ManArgs {
    /// Where to write them; without it, the first page goes to standard output.
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

/// Explains a system, a code, a key or a question; without a word, lists what can be explained.
///
/// Of a system: its roles, who holds which permission where, what an entry can say, invitations and
/// ends, who may act, what each backend reads and writes, and every rule with who keeps it. Of a
/// code (a block, a guard, a diagnostic, a report, a warning, a note, an exit code): what it means,
/// why, and what to do.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis explain emma-hq                     roles, permissions and rules of a system\n  \
    portcullis explain removals                    what the guard counts, and how it is lifted\n  \
    portcullis explain actor-lacks-role            why a change was blocked, and what to do\n  \
    portcullis explain exit-codes                  all of them\n  \
    portcullis explain why was this blocked        a question, as you would ask it\n  \
    portcullis explain viewer E5                   a word or a rule of the systems\n  \
    portcullis explain                             every word that can be explained")]
pub struct ExplainArgs {
    /// A system, a code or word that was printed, an exit code, a key, a word or rule of a system, or a question.
    #[arg(value_name = "WORD")]
    pub words: Vec<String>,
}

impl Args {
    /// The folder of the manifests: the positional, else `--dir`, else the current folder.
    pub fn dir(&self) -> &Path {
        self.positional().or(self.global.chdir.as_deref()).unwrap_or(Path::new("."))
    }

    fn positional(&self) -> Option<&Path> {
        let at = match &self.command {
            Command::Init(a) => &a.at,
            Command::Validate(a) => &a.at,
            Command::Plan(a) => &a.at,
            Command::Apply(a) => return a.target.as_deref().filter(|_| a.saved_plan().is_none()),
            Command::Drift(a) => &a.at,
            Command::Revoke(a) => &a.at,
            Command::Export(a) => &a.at,
            Command::Audit { command } => command.at(),
            Command::Member { command } => return command.folder().map(PathBuf::as_path),
            Command::Expiring(a) => &a.at,
            Command::Who(a) => &a.at,
            Command::Sandbox { command } => match command {
                SandboxCommand::Load { at, .. } => at,
                SandboxCommand::Accept(on) | SandboxCommand::Decline(on) | SandboxCommand::Lock(on) | SandboxCommand::Remove(on) => &on.at,
                SandboxCommand::Edit { on, .. } => &on.at,
                SandboxCommand::Outbox(at) | SandboxCommand::Calls(at) => at,
                SandboxCommand::Serve(args) => &args.at,
            },
            Command::Schema(_)
            | Command::Show(_)
            | Command::Approve(_)
            | Command::Explain(_)
            | Command::Import(_)
            | Command::Review(_)
            | Command::Completions(_)
            | Command::Man(_) => return None,
        };
        at.dir.as_deref()
    }
}

#[cfg(test)]
#[path = "args_tests.rs"]
mod tests;
