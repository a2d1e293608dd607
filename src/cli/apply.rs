use std::io::{self, IsTerminal};

use crate::plan::{Lift, Plan};
use crate::render::runbook::Runbook;
use crate::render::{self, ApplyView, Kind, PlanView};
use crate::run::{self, Approval, Stop};

use super::args::{AllowFlag, ApplyArgs};
use super::context::Context;
use super::{exit, plan};

pub(super) async fn run(context: &Context, args: &ApplyArgs) -> Result<u8, Stop> {
    let request = context.request();
    if request.folder.is_file() {
        return Err(Stop::hinted(
            format!("{} is a file: saved plans are not supported yet (not-yet-supported)", request.folder.display()),
            "name the manifests' folder, and `--digest DIGEST` for exactly the plan that was shown",
        ));
    }
    let approval = Approval {
        digest: args.digest.clone(),
        lifts: args.allow.iter().map(lift).collect::<Result<_, _>>()?,
        auto_approve: args.auto_approve,
        unreviewed: args.unreviewed,
    };
    let asks = !args.auto_approve && args.digest.is_none();
    if asks && !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Stop::hinted(
            "there is no terminal to ask on",
            "add `--auto-approve`, or `--digest` with the digest of the plan that was reviewed",
        ));
    }
    let applied = run::apply(&request, &approval, |plan| show_and_ask(context, plan, asks)).await?;
    plan::runbook(&applied.plan, args.runbook.as_deref())?;
    let (mut out, paint) = context.out();
    let view = ApplyView::of(&applied);
    // Standard output closed early is not an error.
    let _: io::Result<()> = if context.is_json() {
        render::json::write(&mut out, &view)
    } else {
        render::applied::text(&mut out, &view, paint).and_then(|()| render::runbook::text(&mut out, &Runbook::of(&applied.plan), paint))
    };
    Ok(exit::of_applied(&applied))
}

/// Shows the plan on standard error, where the question is, so that standard output holds nothing
/// but the result.
fn show_and_ask(context: &Context, plan: &Plan, asks: bool) -> Result<(), Stop> {
    if context.is_json() && !asks {
        return Ok(());
    }
    let (mut err, paint) = context.err();
    // Whoever cannot read the plan is not asked to agree to it.
    render::text::without_hints(&mut err, &PlanView::of(plan, Kind::Plan), paint)
        .map_err(|e| Stop::failed(format!("the plan cannot be shown: {e}")))?;
    drop(err);
    if !asks || plan.changes().next().is_none() {
        return Ok(());
    }
    let yes = dialoguer::Confirm::new().with_prompt("Make these changes?").default(false).interact();
    match yes {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::failed("nothing was applied")),
        Err(e) => Err(Stop::failed(format!("nothing was applied: {e}"))),
    }
}

fn lift(flag: &AllowFlag) -> Result<Lift, Stop> {
    Lift::new(flag.account.clone(), &flag.code, flag.count, flag.digest.clone()).map_err(Stop::failed)
}
