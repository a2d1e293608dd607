use clap::CommandFactory as _;
use std::io::Write as _;

use crate::run::Stop;

use super::args::{Args, CompletionsArgs, ManArgs};
use super::context::Context;
use super::exit;

const NAME: &str = "portcullis";

pub(super) fn run(context: &Context, args: &CompletionsArgs) -> Result<u8, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut visible(Args::command()), NAME, &mut script);
    let (mut out, _) = context.out();
    let printed = out.write_all(&script);
    Ok(context.printed(out, printed, exit::DONE))
}

/// Without what is hidden from --help: nobody should be led to what is not built.
fn visible(command: clap::Command) -> clap::Command {
    let mut kept = clap::Command::new(command.get_name().to_owned());
    if let Some(about) = command.get_about() {
        kept = kept.about(about.clone());
    }
    if let Some(about) = command.get_long_about() {
        kept = kept.long_about(about.clone());
    }
    if let Some(after) = command.get_after_help() {
        kept = kept.after_help(after.clone());
    }
    if let Some(version) = command.get_version() {
        kept = kept.version(version.to_owned()).propagate_version(true);
    }
    kept = kept.args(command.get_arguments().filter(|a| !a.is_hide_set()).cloned());
    kept.subcommands(command.get_subcommands().filter(|c| !c.is_hide_set()).cloned().map(visible))
}

/// Writes the pages to the folder, or one of them to standard output.
pub(super) fn man(context: &Context, args: &ManArgs) -> Result<u8, Stop> {
    let mut command = visible(Args::command()).disable_help_subcommand(true);
    command.build();
    let Some(folder) = &args.folder else {
        let mut page = Vec::new();
        let _ = clap_mangen::Man::new(command).render(&mut page);
        let (mut out, _) = context.out();
        let printed = out.write_all(&page);
        return Ok(context.printed(out, printed, exit::DONE));
    };
    let failed = |what: &std::path::Path, why: std::io::Error| Stop::failed(format!("cannot write {}: {why}", what.display()));
    std::fs::create_dir_all(folder).map_err(|why| failed(folder, why))?;
    let mut names = Vec::new();
    let mut open = vec![command];
    while let Some(command) = open.pop() {
        open.extend(command.get_subcommands().cloned());
        let name = format!("{}.1", command.get_display_name().unwrap_or(command.get_name()));
        let file = folder.join(&name);
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page).and_then(|()| std::fs::write(&file, &page)).map_err(|why| failed(&file, why))?;
        names.push(name);
    }
    names.sort();
    let (mut out, _) = context.out();
    let printed = names.iter().try_for_each(|name| writeln!(out, "{name}"));
    Ok(context.printed(out, printed, exit::DONE))
}
