use jiff::tz::TimeZone;

use crate::render::{self, ExpiringView};
use crate::run::{self, Folder, Stop};

use super::args::{ExpiringArgs, Format};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &ExpiringArgs) -> Result<u8, Stop> {
    let request = context.request();
    let hours = args.within.hours(request.moment().at.unwrap_or_else(|| request.now.to_zoned(TimeZone::UTC).date()));
    let view = ExpiringView::of(&run::expiring(&request, hours).await?, &args.within.text);
    if view.accounts.is_empty() {
        context.warn_of_no_accounts(&Folder::load(&request));
    }
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
