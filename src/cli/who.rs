use crate::render;
use crate::run::{self, Folder, Stop};

use super::args::{Format, WhoArgs};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &WhoArgs) -> Result<u8, Stop> {
    let request = context.request();
    let found = run::who(&request, &args.person).await;
    // Where there are no accounts there is mostly no directory either, and nobody is found.
    if found.as_ref().map_or_else(|stop| matches!(stop, Stop::Failed { .. }), |view| view.accounts.is_empty()) {
        context.warn_of_no_accounts(&Folder::load(&request));
    }
    let view = found?;
    let (mut out, paint) = context.out();
    let printed = match context.format {
        Format::Json => render::json::write(&mut out, &view),
        Format::Markdown => render::who::markdown(&mut out, &view),
        // The parser has refused the others for this command.
        Format::Text | Format::Csv | Format::Ics | Format::Github | Format::Gitlab | Format::Html | Format::Sarif | Format::Junit => {
            render::who::text(&mut out, &view, context.width(), paint)
        }
    };
    Ok(context.printed(out, printed, if view.complete { exit::DONE } else { exit::INCOMPLETE }))
}
