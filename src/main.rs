use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(portcullis::cli::run(std::env::args_os()))
}
