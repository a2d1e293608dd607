use crate::render;
use crate::run::{self, Stop};

use super::args::{Format, WhoArgs};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &WhoArgs) -> Result<u8, Stop> {
    let view = run::who(&context.request(), &args.person).await?;
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
