use std::io;
use std::path::Path;

use crate::plan::Plan;
use crate::render::{self, Kind, PlanView, runbook::Runbook};
use crate::run::{self, Stop};

use super::args::PlanArgs;
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    request.at = args.day;
    let plan = run::plan(&request).await?;
    runbook(&plan, args.runbook.as_deref())?;
    print(context, &plan, Kind::Plan);
    Ok(exit::of_plan(&plan))
}

/// Prints a plan; standard output closed early is not an error.
pub(super) fn print(context: &Context, plan: &Plan, kind: Kind) {
    let (mut out, paint) = context.out();
    let view = PlanView::of(plan, kind);
    let _: io::Result<()> = if context.is_json() {
        render::json::write(&mut out, &view)
    } else {
        render::text::plan(&mut out, &view, &context.again(), paint)
            .and_then(|()| render::runbook::text(&mut out, &Runbook::of(plan), paint))
    };
}

/// Writes the steps that a human must make.
pub(super) fn runbook(plan: &Plan, file: Option<&Path>) -> Result<(), Stop> {
    let Some(file) = file else { return Ok(()) };
    let mut text = Vec::new();
    render::runbook::markdown(&mut text, &Runbook::of(plan))
        .and_then(|()| std::fs::write(file, text))
        .map_err(|e| Stop::failed(format!("the runbook cannot be written to {}: {e}", file.display())))
}
