use jiff::tz::TimeZone;

use crate::model::{Email, Value};
use crate::plan;
use crate::render::{self, ExpiringView};
use crate::run::{Connected, Folder, Stop};

use super::args::{ExpiringArgs, Format};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &ExpiringArgs) -> Result<u8, Stop> {
    let request = context.request();
    let folder = Folder::load(&request);
    let connected = Connected::to(&folder, &request)?;
    let readings = connected.read(&request).await;
    let hours = args.within.hours(request.moment().at.unwrap_or_else(|| request.now.to_zoned(TimeZone::UTC).date()));
    let expiring = plan::expiring(request.moment(), hours, &connected.accounts(&readings));
    let mut view = ExpiringView::of(&expiring, &args.within.text);
    view.mark_unwritten(|account, member| {
        let (_, reading) = connected.sites().iter().zip(&readings).find(|(site, _)| site.name.as_str() == account)?;
        let member = Email::parse(member).ok()?;
        let live = reading.members.iter().find(|l| l.email == member)?;
        live.attr("end").seen().and_then(Value::as_day).map(|last| last.to_string())
    });
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
