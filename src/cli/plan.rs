use std::io;

use crate::plan::Plan;
use crate::render::{self, Kind, Notes, PlanView, runbook::Runbook};
use crate::run::{self, Stop};

use super::args::PlanArgs;
use super::context::{Context, Shape};
use super::exit;
use super::runbook_file::RunbookFile;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    request.at = args.day;
    let plan = run::plan(&request).await?;
    if let Some(file) = &args.runbook {
        RunbookFile::open(file)?.write(&plan)?;
    }
    show(context, &plan, Kind::Plan);
    Ok(exit::of_plan(&plan))
}

/// Hands a plan to its renderer; standard output closed early is not an error.
pub(super) fn show(context: &Context, plan: &Plan, kind: Kind) {
    let (mut out, paint) = context.out();
    let view = PlanView::of(plan, kind);
    let again = context.again();
    let _: io::Result<()> = match context.shape() {
        Shape::Json => render::json::write(&mut out, &view),
        Shape::Notes(as_notes) => as_notes.write(&mut out, &Notes::of_plan(&view, &again)),
        Shape::Text => render::plan_text::plan(&mut out, &view, &again, paint)
            .and_then(|()| render::runbook::text(&mut out, &Runbook::of(plan), paint)),
    };
}
