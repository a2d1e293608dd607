//! The audit log: checked, and begun.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::apply::{self, Applied};
use crate::plan::saved::AUDIT_NAMESPACE;
use crate::render::{self, AuditView};
use crate::run::{self, Request, Stop};

use super::args::DirArg;
use super::context::Context;
use super::sign::Signer;
use super::{exit, saved_file};

/// What to do with the audit log.
#[derive(Debug, Clone, Subcommand)]
pub enum AuditCommand {
    /// Checks every line of the log against the one before.
    ///
    /// Finds a line that was altered, removed, added or moved; with --head also lines that were cut off at
    /// the end. Exit codes: 0 the log is whole; 1 it is not.
    Verify(VerifyArgs),
    /// Begins a log, for accounts with `audit: required`: they are written to under no other.
    Start(LogArgs),
}

/// Which log.
#[derive(Debug, Clone, clap::Args)]
pub struct LogArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// The log; without it, .portcullis/audit.jsonl of the manifests' folder.
    #[arg(long, value_name = "FILE")]
    pub audit: Option<PathBuf>,
}

/// What to check.
#[derive(Debug, Clone, clap::Args)]
pub struct VerifyArgs {
    #[command(flatten)]
    pub log: LogArgs,
    /// A head that an apply printed: the log must have that line still.
    #[arg(long, value_name = "HASH")]
    pub head: Option<String>,
    /// Who may sign heads, in the format of ssh-keygen's allowed signers; the namespace is
    /// portcullis-audit. The last signed head must be one of theirs.
    #[arg(long, value_name = "ALLOWED_SIGNERS")]
    pub signers: Option<PathBuf>,
}

impl AuditCommand {
    pub fn at(&self) -> &DirArg {
        match self {
            AuditCommand::Verify(args) => &args.log.at,
            AuditCommand::Start(args) => &args.at,
        }
    }
}

pub(super) fn run(context: &Context, command: &AuditCommand) -> Result<u8, Stop> {
    let request = context.request();
    match command {
        AuditCommand::Verify(args) => verify(context, &request, args),
        AuditCommand::Start(args) => start(context, &request, args),
    }
}

fn file<'a>(request: &'a Request, args: &'a LogArgs) -> &'a Path {
    args.audit.as_deref().unwrap_or(&request.audit)
}

fn verify(context: &Context, request: &Request, args: &VerifyArgs) -> Result<u8, Stop> {
    let path = file(request, &args.log);
    let text = fs::read(path).map_err(|e| Stop::failed(format!("{}: {e}", path.display())))?;
    let mut checked = apply::check_audit(&text, args.head.as_deref());
    if let Some(signers) = &args.signers {
        let allowed = saved_file::signers(signers, AUDIT_NAMESPACE)?;
        checked.wrong.extend(apply::wrong_heads(&text, &allowed));
        match apply::unsigned(&text) {
            0 => {}
            after => context.warn(&format!("{after} of its lines come after the last signed head: nobody vouches for them"), None),
        }
    }
    let view = AuditView::of(path, &checked, args.head.is_some());
    let (mut out, paint) = context.out();
    let printed = if context.is_json() { render::json::write(&mut out, &view) } else { view.text(&mut out, paint) };
    Ok(context.printed(out, printed, if view.whole { exit::DONE } else { exit::ERROR }))
}

fn start(context: &Context, request: &Request, args: &LogArgs) -> Result<u8, Stop> {
    let path = file(request, args);
    if path.exists() {
        return Err(Stop::hinted(format!("{} is there already", path.display()), "`portcullis audit verify` checks it"));
    }
    let request = Request { audit: path.to_owned(), ..context.request() };
    let audit = run::audit_log(&request, false).map_err(|why| Stop::failed(format!("the audit log cannot be written: {why}")))?;
    let head = audit.end().head;
    let checked = apply::check_audit(&fs::read(path).unwrap_or_default(), Some(&head));
    let view = AuditView::of(path, &checked, true);
    let (mut out, paint) = context.out();
    let printed = if context.is_json() { render::json::write(&mut out, &view) } else { view.text(&mut out, paint) };
    Ok(context.printed(out, printed, exit::DONE))
}

/// Says that lines of the log were altered, where an apply wrote below them.
pub(super) fn tell_of_breaks(context: &Context, request: &Request, applied: &Applied) {
    let Some(text) = applied.audit.as_ref().and_then(|_| fs::read(&request.audit).ok()) else { return };
    if let Some((line, why)) = apply::check_audit(&text, None).wrong.first() {
        let message = format!("the audit log is not whole: {}:{line}: {why}", request.audit.display());
        context.warn(&message, Some("`portcullis audit verify` shows all of it; what it says was applied may be wrong"));
    }
}

/// Signs the log that an apply has written, and says where it ends then; a log that cannot be signed is
/// told of in the result.
pub(super) fn sign(request: &Request, signer: Option<&Signer>, applied: &mut Applied) {
    let (Some(signer), Some(note)) = (signer, &mut applied.audit) else { return };
    let signed = run::audit_log(request, true).and_then(|audit| apply::sign_head(&audit, signer.key(), request.now));
    match signed {
        Ok(end) => note.end = Some(end),
        Err(why) => note.problem = Some(format!("its head is not signed: {why}")),
    }
}
