use std::path::PathBuf;

use crate::render::{self, Notes, ShowView};
use crate::run::Stop;

use super::context::{Context, Shape};
use super::{exit, saved_file};

/// Prints a saved plan, and who signed it.
///
/// Reads no account and no manifest. That nothing in the file was changed is checked first.
#[derive(Debug, Clone, clap::Args)]
pub struct ShowArgs {
    /// A plan that `plan --out` saved.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

pub(super) fn run(context: &Context, args: &ShowArgs) -> Result<u8, Stop> {
    let saved = saved_file::read(&args.file)?;
    let view =
        ShowView::of(&saved).map_err(|why| Stop::failed(format!("{}: the printed plan cannot be read: {why}", args.file.display())))?;
    let (mut out, paint) = context.out();
    let printed = match context.shape() {
        Shape::Json => render::json::write(&mut out, &view),
        Shape::Notes(as_notes) => as_notes.write(&mut out, &Notes::of_saved(&view, &args.file)),
        Shape::Text => view.text(&mut out, paint),
    };
    Ok(context.printed(out, printed, exit::DONE))
}
