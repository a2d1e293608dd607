use crate::render::export::{self, ExportAccount, ExportView, Level};
use crate::render::{self};
use crate::run::{Connected, Folder, Stop};

use super::args::{ExportArgs, Format};
use super::context::Context;
use super::exit;

pub(super) async fn run(context: &Context, args: &ExportArgs) -> Result<u8, Stop> {
    let request = context.request();
    let folder = Folder::load(&request);
    let connected = Connected::to_all(&folder, &request)?;
    let readings = connected.read(&request).await;
    let complete = readings.iter().all(|r| r.proof.is_ok());
    let mut accounts: Vec<ExportAccount<'_>> = connected
        .sites()
        .iter()
        .zip(&readings)
        .map(|(site, reading)| ExportAccount {
            account: site.name.to_string(),
            system: site.spec,
            tenant: &site.tenant,
            sandbox: site.backend.is_sandbox(),
            complete: reading.proof.is_ok(),
            problems: reading.proof.as_ref().err().map(|why| why.problems.clone()).unwrap_or_default(),
            domains: reading.domains.clone(),
            members: reading.members.clone(),
        })
        .collect();
    let phases: Vec<&str> = args.phase.iter().map(|p| p.word()).collect();
    export::only_phases(&mut accounts, &phases);
    let levels: Vec<Level> = args.level.iter().map(|l| l.level()).collect();
    export::only_levels(&mut accounts, &levels);
    let view = ExportView::of(&accounts);
    let (mut out, paint) = context.out();
    let printed = match context.format {
        Format::Csv => export::csv(&mut out, &view),
        Format::Json => render::json::write(&mut out, &view),
        // The parser has refused the others for this command.
        Format::Text | Format::Ics | Format::Markdown | Format::Github | Format::Gitlab | Format::Html | Format::Sarif | Format::Junit => {
            export::text(&mut out, &view, paint)
        }
    };
    Ok(context.printed(out, printed, if complete { exit::DONE } else { exit::INCOMPLETE }))
}
