use std::io::{self, IsTerminal};

use crate::plan::saved::NAMESPACE;
use crate::plan::{Cleared, Lift, Plan};
use crate::render::runbook::Runbook;
use crate::render::{self, ApplyView, Kind, Notes, PlanView};
use crate::run::{self, Approval, Request, Reviewed, Signers, Stop, Unfinished};

use super::args::{AllowFlag, ApplyArgs, ApproveArgs};
use super::context::{Context, Shape, has_state};
use super::runbook_file::RunbookFile;
use super::sign::Signer;
use super::{audit, exit, saved_file, signals};

pub(super) async fn run(context: &Context, args: &ApplyArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    prepare(&mut request, &args.approve)?;
    if let Some(target) = args.target.as_ref().filter(|t| !t.exists()) {
        return Err(Stop::hinted(format!("there is no {}", target.display()), "name a saved plan, or the manifests' folder"));
    }
    if context.has_dir() && args.target.is_some() && args.saved_plan().is_none() {
        return Err(Stop::hinted("both -C and a folder are given", "name the manifests' folder once"));
    }
    let reviewed = reviewed(args)?;
    let asks = reviewed.is_none() && !args.resume && may_ask(&args.approve)?;
    let approval = Approval { reviewed, resume: args.resume, ..approval(&args.approve)? };
    tell_of_unfinished(context, &request, args.resume)?;
    let audit_signer = args.approve.sign_audit.as_deref().map(Signer::by).transpose()?;
    // Opened before anything is applied: whoever asked for the steps is not left without them.
    let runbook = args.runbook.as_deref().map(RunbookFile::open).transpose()?;
    let mut applied = match run::apply(&request, &approval, |plan, cleared| show_and_ask(context, &request, plan, cleared, asks)).await {
        Ok(applied) => applied,
        Err(stop) => {
            runbook.into_iter().for_each(RunbookFile::abandon);
            return Err(stop);
        }
    };
    audit::tell_of_breaks(context, &request, &applied);
    audit::sign(&request, audit_signer.as_ref(), &mut applied);
    let (mut out, paint) = context.out();
    let view = ApplyView::of(&applied);
    let printed = match context.shape() {
        Shape::Json => render::json::write(&mut out, &view),
        Shape::Notes(as_notes) => as_notes.write(&mut out, &Notes::of_apply(&view, &context.again(), args.runbook.as_deref())),
        Shape::Text => render::apply_text::text(&mut out, &view, args.runbook.as_deref(), paint)
            .and_then(|()| render::runbook::text(&mut out, &Runbook::of(&applied.plan), paint)),
    };
    let done = exit::of_applied(&applied);
    let code = context.printed(out, printed, done);
    Ok(succeeded(context, done, code, runbook, &applied.plan))
}

/// The saved plan, and who must have signed it.
fn reviewed(args: &ApplyArgs) -> Result<Option<Reviewed>, Stop> {
    let Some(path) = args.saved_plan() else {
        return match &args.verify {
            Some(_) => Err(Stop::hinted("--verify is for a saved plan", "name it: `portcullis apply FILE --verify ALLOWED_SIGNERS`")),
            None => Ok(None),
        };
    };
    let saved = saved_file::read(path)?;
    let allowed = args.verify.as_deref().map(|file| saved_file::signers(file, NAMESPACE)).transpose()?;
    let signers = allowed.map(|allowed| Signers { allowed, quorum: usize::from(args.quorum) });
    Ok(Some(Reviewed { saved, signers }))
}

/// What an apply needs beside the manifests.
///
/// # Errors
/// As [`has_state`].
pub(super) fn prepare(request: &mut Request, args: &ApproveArgs) -> Result<(), Stop> {
    request.patience = args.wait.unwrap_or_default();
    if let Some(file) = &args.audit {
        request.audit.clone_from(file);
    }
    if let Some(folder) = &args.journal {
        request.journals.clone_from(folder);
    }
    has_state()
}

/// A run that was cut off is finished by `--resume`; any other plans anew.
pub(super) fn tell_of_unfinished(context: &Context, request: &Request, resume: bool) -> Result<(), Stop> {
    let unfinished = run::unfinished(request)?;
    if resume && unfinished.iter().all(|u| u.revoke.is_some()) && !run::any_running(request) {
        context.hint("no apply of this folder was cut off on this machine, by this user: there is nothing to resume here");
    }
    for Unfinished { account, since, by, revoke } in &unfinished {
        match revoke {
            Some(whom) => context.warn(
                &format!("what was to end the access of {whom} in {account} was cut off: {by}, since {since}"),
                Some(&format!("`portcullis revoke {whom} --apply` ends it; no manifest asks for it yet, so no other run does")),
            ),
            None if resume => {}
            None => context.warn(
                &format!("an apply of {account} was cut off: {by}, since {since}"),
                Some("`portcullis apply --resume` finishes what it was approved to make; this run plans anew"),
            ),
        }
    }
    Ok(())
}

/// What lets an apply write, from its flags.
pub(super) fn approval(args: &ApproveArgs) -> Result<Approval, Stop> {
    if let Some(digest) = args.digest.as_deref().filter(|d| !is_digest(d)) {
        return Err(Stop::hinted(
            format!("`{digest}` is not a digest"),
            "it is `sha256:` and 64 hexadecimal digits: copy it from the plan",
        ));
    }
    Ok(Approval {
        reviewed: None,
        resume: false,
        digest: args.digest.clone(),
        lifts: args.allow.iter().map(lift).collect::<Result<_, _>>()?,
        auto_approve: args.auto_approve,
        unreviewed: args.unreviewed,
    })
}

fn is_digest(text: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && digits.chars().all(hex))
}

/// Whether somebody is asked, where there is a terminal to ask on.
pub(super) fn may_ask(args: &ApproveArgs) -> Result<bool, Stop> {
    let asks = !args.auto_approve && args.digest.is_none();
    if asks && !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Stop::hinted(
            "there is no terminal to ask on",
            "name a saved plan, add `--digest` with the digest of the plan that was reviewed, or `--auto-approve`",
        ));
    }
    Ok(asks)
}

/// The exit code once something was applied and printed with `printed`: 1 would say that nothing was
/// attempted. Writes the runbook.
pub(super) fn succeeded(context: &Context, done: u8, printed: u8, runbook: Option<RunbookFile>, plan: &Plan) -> u8 {
    let in_part = |code: u8| if matches!(code, exit::DONE | exit::MANUAL) { exit::IN_PART } else { code };
    let code = if printed == exit::ERROR { in_part(done) } else { done };
    match runbook.map_or(Ok(()), |file| file.write(plan)) {
        Ok(()) => code,
        Err(stop) => {
            context.stopped(stop);
            in_part(code)
        }
    }
}

/// Shows the plan on standard error, where the question is, so that standard output holds nothing
/// but the result.
pub(super) fn show_and_ask(context: &Context, request: &Request, plan: &Plan, cleared: &Cleared, asks: bool) -> Result<(), Stop> {
    show_and_maybe_ask(context, plan, cleared, asks)?;
    signals::heed(&request.stopping)
}

fn show_and_maybe_ask(context: &Context, plan: &Plan, cleared: &Cleared, asks: bool) -> Result<(), Stop> {
    for idle in cleared.idle_lifts() {
        context.warn(idle, None);
    }
    if context.is_json() && !asks {
        return Ok(());
    }
    let (mut err, paint) = context.err();
    // Whoever cannot read the plan is not asked to agree to it.
    render::plan_text::without_hints(&mut err, &PlanView::of(plan, Kind::Plan).lifted_by(cleared.plan()), paint)
        .map_err(|e| Stop::failed(format!("the plan cannot be shown: {e}")))?;
    drop(err);
    if !asks || !sends_something(cleared) {
        return Ok(());
    }
    let yes = dialoguer::Confirm::new().with_prompt("Make these changes?").default(false).interact();
    match yes {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::failed("nothing was applied")),
        Err(e) => Err(Stop::failed(format!("nothing was applied: {e}"))),
    }
}

/// Where guards stop every account, or a human makes all that is left, there is nothing to agree to.
fn sends_something(cleared: &Cleared) -> bool {
    cleared.plan().changes().any(|c| c.is_sent())
}

fn lift(flag: &AllowFlag) -> Result<Lift, Stop> {
    Lift::new(flag.account.clone(), &flag.code, flag.count, flag.digest.clone()).map_err(Stop::failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Action;
    use crate::plan::{clear, sample};

    #[test]
    fn nobody_is_asked_where_a_guard_stops_every_account() {
        let mut account = sample::account("news", "solver", 1);
        account.changes = vec![sample::change("news", Action::Remove, sample::member("kim@acme.example"), None, None)];
        let mut plan = sample::plan(vec![account]);
        assert!(sends_something(&clear(plan.clone(), None, &[]).unwrap()));
        plan.accounts[0].guards.push(sample::verdict("news", "removals", 0, 1));
        assert!(!sends_something(&clear(plan, None, &[]).unwrap()));
    }
}
