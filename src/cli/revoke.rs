use crate::apply::Applied;
use crate::plan::Cleared;
use crate::render::runbook::{self, Runbook};
use crate::render::{self, ApplyView, EditsView, RemainsView, RevokeView, RevokedView};
use crate::run::{Revocation, Revoke, Stop};

use super::apply::{approval, may_ask, prepare, show_and_ask, succeeded, tell_of_unfinished};
use super::args::RevokeArgs;
use super::context::{Context, quoted};
use super::runbook_file::RunbookFile;
use super::sign::Signer;
use super::{audit, exit};

pub(super) async fn run(context: &Context, args: &RevokeArgs) -> Result<u8, Stop> {
    let request = context.request();
    let revoke = Revoke::load(&request, &args.person)?;
    if args.apply {
        return apply(context, args, &revoke).await;
    }
    if let Some(flag) = args.approve.first_given() {
        return Err(Stop::hinted(format!("{flag} says how to apply, and nothing is applied"), "add `--apply`"));
    }
    let found = revoke.plan(&request).await?;
    if let Some(file) = &args.runbook {
        RunbookFile::open(file)?.write(&found.plan)?;
    }
    let written = if args.write { found.write(&request.folder)? } else { Vec::new() };
    let (mut out, paint) = context.out();
    let view = RevokeView::of(&found.plan, edits(&found, None, written));
    let again = again(context, args);
    let printed = if context.is_json() {
        render::json::write(&mut out, &view)
    } else {
        render::plan_text::plan(&mut out, &view.plan, Some(&again), paint)
            .and_then(|()| runbook::text(&mut out, &Runbook::of(&found.plan), paint))
            .and_then(|()| view.edits.text(&mut out, &format!("portcullis revoke{again} --write"), paint))
    };
    Ok(context.printed(out, printed, incomplete(exit::of_plan(&found.plan), exit::CHANGES, &view.edits)))
}

async fn apply(context: &Context, args: &RevokeArgs, revoke: &Revoke) -> Result<u8, Stop> {
    let mut request = context.request();
    prepare(&mut request, &args.approve)?;
    let approval = approval(&args.approve)?;
    tell_of_unfinished(context, &request, false)?;
    let asks = may_ask(&args.approve)?;
    let runbook = args.runbook.as_deref().map(RunbookFile::open).transpose()?;
    let mut written = Vec::new();
    let ask = |found: &Revocation, cleared: &Cleared| {
        show_and_ask(context, &request, &found.plan, cleared, asks)?;
        // First: where it cannot be written, nothing was attempted yet.
        if args.write {
            written = found.write(&request.folder)?;
        }
        Ok(())
    };
    let audit_signer = args.approve.sign_audit.as_deref().map(Signer::by).transpose()?;
    let (found, mut applied) = match revoke.apply(&request, &approval, ask).await {
        Ok(done) => done,
        Err(stop) => {
            runbook.into_iter().for_each(RunbookFile::abandon);
            return Err(stop);
        }
    };
    audit::tell_of_breaks(context, &request, &applied);
    audit::sign(&request, audit_signer.as_ref(), &mut applied);
    let (mut out, paint) = context.out();
    let view = RevokedView { apply: ApplyView::of(&applied), edits: edits(&found, Some(&applied), written) };
    let printed = if context.is_json() {
        render::json::write(&mut out, &view)
    } else {
        render::apply_text::text(&mut out, &view.apply, args.runbook.as_deref(), paint)
            .and_then(|()| runbook::text(&mut out, &Runbook::of(&applied.plan), paint))
            .and_then(|()| view.edits.text(&mut out, &format!("portcullis revoke{} --write", again(context, args)), paint))
    };
    let done = incomplete(exit::of_applied(&applied), exit::IN_PART, &view.edits);
    let code = context.printed(out, printed, done);
    Ok(succeeded(context, done, code, runbook, &applied.plan))
}

/// An end that is not whole is not done: `certain` where access stays, else nobody can tell.
fn incomplete(code: u8, certain: u8, edits: &EditsView) -> u8 {
    match edits.remains.iter().map(|r| r.certain).max() {
        Some(true) if code == exit::DONE => certain,
        Some(false) if code == exit::DONE => exit::INCOMPLETE,
        Some(_) | None => code,
    }
}

fn edits(found: &Revocation, applied: Option<&Applied>, written: Vec<String>) -> EditsView {
    let remains =
        found.remains(applied).into_iter().map(|r| RemainsView { account: r.account, certain: r.is_certain, why: r.why }).collect();
    EditsView {
        remains,
        is_applied: applied.is_some(),
        ..EditsView::of(found.whom.key(), &found.edit, &found.reach, written, found.is_nowhere)
    }
}

/// The person, the folder and the accounts as they were given.
fn again(context: &Context, args: &RevokeArgs) -> String {
    format!(" {}{}", quoted(&args.person), context.again())
}
