//! `sandbox serve`: where it listens is printed first, then it serves until it is told to stop.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::apply::private_file;
use crate::model::bridge::{Paging, WireProof};
use crate::render::{self, ServeView, ServedView};
use crate::run::{Connected, Folder, Stop};
use crate::sandbox::serve::{self, Clock, Server, Settings};

use super::args::DirArg;
use super::context::Context;
use super::{exit, signals};

/// The token of connections whose variable is not set, below the manifests' folder.
const TOKEN: &str = ".portcullis/sandbox.token";
/// How soon a signal is heeded.
const BLINK: Duration = Duration::from_millis(50);

/// Serves the embedded accounts over HTTP, in the bridge protocol: on loopback, for tests and for learning.
///
/// Another folder whose connection says `backend: bridge` and `endpoint: http://127.0.0.1:PORT/CONNECTION`
/// sees the same accounts. docs/bridge.md tells the protocol, and the faults that can be switched on.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Prints where it listens and each account's endpoint, then serves until SIGINT or SIGTERM.\n\
    The token of a connection is PORTCULLIS_TOKEN_<CONNECTION>; where that is not set, a new one is\n\
    written to .portcullis/sandbox.token of the manifests' folder, and shown nowhere. The clock is the\n\
    machine's, or PORTCULLIS_NOW, and `PUT /_sandbox/clock` moves it.\n\n\
    Examples:\n  \
    portcullis sandbox serve\n  \
    portcullis sandbox serve --listen 127.0.0.1:8080 --page-size 50 examples/quickstart")]
pub struct ServeArgs {
    #[command(flatten)]
    pub at: DirArg,
    /// Where to listen: an address of this machine alone; for port 0 the system picks one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Stops by itself after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub stop_after: Option<u32>,
    /// Members that a page holds at most.
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    pub page_size: u32,
    /// Which way of paging the capabilities name: offset or cursor. Both work.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = PagingWord::Offset, hide_possible_values = true)]
    pub paging: PagingWord,
    /// What proves that a reading is whole: snapshot, by marks, or counted, by totals alone.
    #[arg(long, value_name = "PROOF", value_enum, default_value_t = ProofWord::Snapshot, hide_possible_values = true)]
    pub proof: ProofWord,
    /// Honours no Idempotency-Key.
    #[arg(long)]
    pub no_idempotency: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PagingWord {
    Offset,
    Cursor,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProofWord {
    Snapshot,
    Counted,
}

impl ServeArgs {
    fn settings(&self) -> Settings {
        Settings {
            proof: match self.proof {
                ProofWord::Snapshot => WireProof::Snapshot,
                ProofWord::Counted => WireProof::Counted,
            },
            page_size: self.page_size,
            paging: match self.paging {
                PagingWord::Offset => Paging::Offset,
                PagingWord::Cursor => Paging::Cursor,
            },
            idempotency: !self.no_idempotency,
        }
    }
}

pub(super) fn run(context: &Context, folder: &Folder, connected: &Connected<'_>, args: &ServeArgs) -> Result<u8, Stop> {
    let request = context.request();
    if connected.sites().is_empty() {
        return Err(Stop::hinted("the manifests have no embedded account", "write `backend: embedded` in a connection to try things out"));
    }
    let stopping = signals::asked_to_stop()?;
    let token = serve::new_token().map_err(|e| Stop::failed(e.to_string()))?;
    let (served, variables): (Vec<_>, Vec<_>) = connected.served(folder.manifests(), &request, &token)?.into_iter().unzip();
    if variables.iter().any(Option::is_none) {
        keep(&request.folder.join(TOKEN), &token)?;
    }
    let systems: Vec<&str> = served.iter().map(|s| s.host.spec.name).collect();
    let server = Server::start(args.listen, served, args.settings(), clock(context)).map_err(|e| Stop::failed(e.to_string()))?;
    let accounts = server.endpoints().into_iter().zip(systems).zip(variables).map(|(((account, endpoint), system), variable)| ServedView {
        account,
        system: system.to_owned(),
        endpoint,
        token_file: variable.is_none().then(|| TOKEN.to_owned()),
        token_variable: variable,
    });
    let view = ServeView::new(server.addr().to_string(), accounts.collect());
    let (mut out, paint) = context.out();
    let printed = if context.is_json() { render::json::write(&mut out, &view) } else { view.text(&mut out, paint) };
    // Whoever started it reads this before anything else is done.
    let printed = printed.and_then(|()| out.flush());
    let code = context.printed(out, printed, exit::DONE);
    if code == exit::DONE {
        wait(&stopping, args.stop_after);
    }
    drop(server);
    Ok(code)
}

/// The instant of `PORTCULLIS_NOW`, which stands, or the machine's in whole seconds.
fn clock(context: &Context) -> Clock {
    let stands = context.simulated.then_some(context.now);
    Box::new(move || {
        stands.unwrap_or_else(|| {
            let now = Timestamp::now();
            Timestamp::from_second(now.as_second()).unwrap_or(now)
        })
    })
}

fn wait(stopping: &Arc<AtomicBool>, stop_after: Option<u32>) {
    let begun = Instant::now();
    let is_over = || stop_after.is_some_and(|seconds| begun.elapsed() >= Duration::from_secs(u64::from(seconds)));
    while !stopping.load(Ordering::Relaxed) && !is_over() {
        std::thread::sleep(BLINK);
    }
}

/// Writes the token for its owner alone, in place of the last one.
fn keep(path: &Path, token: &SecretString) -> Result<(), Stop> {
    let write = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        private_file(path)?.write_all(token.expose_secret().as_bytes())
    };
    write().map_err(|e| Stop::failed(format!("{}: the token cannot be written: {e}", path.display())))
}
