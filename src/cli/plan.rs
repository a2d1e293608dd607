use std::path::Path;

use crate::plan::Plan;
use crate::render::{self, Kind, Notes, PlanView, runbook::Runbook};
use crate::run::{self, Folder, Request, Stop};

use super::apply::tell_of_unfinished;
use super::args::PlanArgs;
use super::context::{Context, Shape, quoted};
use super::exit;
use super::runbook_file::RunbookFile;
use super::saved_file::SavedFile;
use super::sign::Signer;

pub(super) async fn run(context: &Context, args: &PlanArgs) -> Result<u8, Stop> {
    let mut request = context.request();
    request.at = args.day;
    if let Some(file) = &args.audit {
        request.audit.clone_from(file);
    }
    let plan = match &args.out {
        None if args.sign.sign.is_some() => return Err(Stop::hinted("--sign signs a saved plan", "say where with `--out FILE`")),
        None => run::plan(&request).await?,
        Some(path) => save(context, &request, path, args).await?,
    };
    // Said, and no reason to fail a plan: a journal that cannot be read is the next apply's matter.
    tell_of_unfinished(context, &request, false).ok();
    if plan.accounts.is_empty() {
        context.warn_of_no_accounts(&Folder::load(&request));
    }
    if let Some(file) = &args.runbook {
        RunbookFile::open(file)?.write(&plan)?;
    }
    if let Some(path) = &args.out {
        context.hint(&format!(
            "saved: `portcullis apply {}{}` makes what is still needed of it",
            quoted(&path.display().to_string()),
            context.again_in()
        ));
    }
    let again = args.day.is_none().then(|| context.again());
    Ok(show(context, &plan, Kind::Plan, again.as_deref(), exit::of_plan(&plan)))
}

/// Plans, and saves the plan.
async fn save(context: &Context, request: &Request, path: &Path, args: &PlanArgs) -> Result<Plan, Stop> {
    let signer = Signer::of(context, &args.sign)?;
    let file = SavedFile::open(path)?;
    let (plan, mut saved) = run::plan_to_save(request).await?;
    if let Some(signer) = signer {
        signer.sign(&mut saved, &[])?;
    }
    file.write(&saved)?;
    Ok(plan)
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
