use std::path::PathBuf;

use crate::render::{self, ApprovalView};
use crate::run::Stop;

use super::context::Context;
use super::exit;
use super::saved_file::{self, SavedFile};
use super::sign::{SignArgs, Signer};

/// Signs a saved plan, or some of its changes.
///
/// The signature is in the format of `ssh-keygen -Y sign`, in the namespace portcullis-plan, over the
/// digests of the changes, the repository, the revision and the time until which it holds. It goes into
/// the file. `show FILE` prints what is signed.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Examples:\n  \
    portcullis approve plan.json --sign ~/.ssh/id_ed25519\n  \
    portcullis approve plan.json --sign KEY --only news/invite/kim@agency.example")]
pub struct ApprovePlanArgs {
    /// A plan that `plan --out` saved.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Only this change, by its id: ACCOUNT/ACTION/MEMBER, as in news/invite/kim@agency.example; may be
    /// repeated.
    #[arg(long, value_name = "ID")]
    pub only: Vec<String>,
    #[command(flatten)]
    pub sign: SignArgs,
}

pub(super) fn run(context: &Context, args: &ApprovePlanArgs) -> Result<u8, Stop> {
    let mut saved = saved_file::read(&args.file)?;
    let signer = Signer::of(context, &args.sign)?;
    let signer = signer.ok_or_else(|| Stop::hinted("approving takes a key", "name your private key of SSH with `--sign KEY`"))?;
    signer.sign(&mut saved, &args.only)?;
    SavedFile::open(&args.file)?.write(&saved)?;
    let (mut out, _) = context.out();
    let view = ApprovalView::of(&saved);
    let printed = if context.is_json() { render::json::write(&mut out, &view) } else { view.text(&mut out) };
    Ok(context.printed(out, printed, exit::DONE))
}
