use crate::render::{self, ExpiringView};
use crate::run::{self, Stop};

use super::args::{ExpiringArgs, Format};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &ExpiringArgs) -> Result<u8, Stop> {
    let expiring = run::expiring(&context.request(), args.within.hours).await?;
    let view = ExpiringView::of(&expiring, &args.within.text);
    let (mut out, paint) = context.out();
    let printed = match context.format {
        Format::Json => render::json::write(&mut out, &view),
        // Bytes as they are: a calendar's lines end in CRLF wherever they are written.
        Format::Ics => render::calendar::write(&mut out, &view),
        // The parser has refused the others for this command.
        Format::Text | Format::Csv | Format::Markdown | Format::Github | Format::Gitlab | Format::Html | Format::Sarif | Format::Junit => {
            render::expiring::text(&mut out, &view, paint)
        }
    };
    Ok(context.printed(out, printed, if view.complete { exit::DONE } else { exit::INCOMPLETE }))
}
