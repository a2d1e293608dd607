use std::io::Write;

use crate::manifest::Diagnostic;
use crate::render::{self, Notes};
use crate::run::{Folder, Stop};

use super::args::ValidateArgs;
use super::context::{Context, Shape};
use super::exit;

pub(super) fn run(context: &Context, args: &ValidateArgs) -> Result<u8, Stop> {
    let folder = Folder::load(&context.request());
    let (_, diagnostics) = folder.resolve();
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let is_empty = context.warn_of_no_accounts(&folder);
    let (mut out, paint) = context.out();
    let printed = match context.shape() {
        Shape::Json => out.write_all(render::diagnostics::json(&diagnostics).as_bytes()),
        Shape::Notes(as_notes) => as_notes.write(&mut out, &Notes::of_diagnostics(&diagnostics, &context.again())),
        Shape::Text => out
            .write_all(render::diagnostics::text(&diagnostics, folder.sources(), paint.is_styled()).as_bytes())
            .and_then(|()| writeln!(out, "{}", counts(folder.manifests(), errors, diagnostics.len() - errors))),
    };
    let code = match errors {
        0 if args.strict && is_empty => exit::CHANGES,
        0 if args.strict && diagnostics.iter().any(|d: &Diagnostic| !d.is_error()) => exit::CHANGES,
        0 => exit::DONE,
        _ => exit::ERROR,
    };
    Ok(context.printed(out, printed, code))
}

fn counts(manifests: &crate::manifest::Manifests, errors: usize, warnings: usize) -> String {
    let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    format!(
        "{}, {}, {}: {}, {}",
        plural(manifests.accounts.len(), "account", "accounts"),
        plural(manifests.people.len(), "person", "people"),
        plural(manifests.teams.len(), "team", "teams"),
        plural(errors, "error", "errors"),
        plural(warnings, "warning", "warnings"),
    )
}
