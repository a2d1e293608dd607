use crate::plan::Plan;
use crate::render::{self, Kind, Notes, PlanView, runbook::Runbook};
use crate::run::{self, Folder, Stop};

use super::args::PlanArgs;
use super::context::{Context, Shape};
use super::exit;
use super::runbook_file::RunbookFile;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    request.at = args.day;
    let plan = run::plan(&request).await?;
    if plan.accounts.is_empty() {
        context.warn_of_no_accounts(&Folder::load(&request));
    }
    if let Some(file) = &args.runbook {
        RunbookFile::open(file)?.write(&plan)?;
    }
    let again = args.day.is_none().then(|| context.again());
    Ok(show(context, &plan, Kind::Plan, again.as_deref(), exit::of_plan(&plan)))
}

/// Hands a plan to its renderer, and says the exit code.
pub(super) fn show(context: &Context, plan: &Plan, kind: Kind, again: Option<&str>, code: u8) -> u8 {
    let (mut out, paint) = context.out();
    let view = PlanView::of(plan, kind);
    let printed = match context.shape() {
        Shape::Json => render::json::write(&mut out, &view),
        Shape::Notes(as_notes) => as_notes.write(&mut out, &Notes::of_plan(&view, again)),
        Shape::Text => {
            render::plan_text::plan(&mut out, &view, again, paint).and_then(|()| render::runbook::text(&mut out, &Runbook::of(plan), paint))
        }
    };
    context.printed(out, printed, code)
}
