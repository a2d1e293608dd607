use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;

use crate::model::OneOff;
use crate::plan::OneOffAct;
use crate::render::member::{MemberSite, MemberView, question};
use crate::render::{self, neutral::Neutral};
use crate::run::{self, MemberDone, MemberOutcome, MemberRequest, Stop};

use super::args::DirArg;
use super::context::{Context, complain};
use super::exit;

/// One-off actions on one member, each confirmed.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum MemberCommand {
    /// Gives the member a way to a new password: a mail, or a secret in a file to hand over.
    ResetPassword(OnOne),
    /// Resets the member's two-factor authentication.
    #[command(name = "reset-2fa")]
    ResetTwoFactor(OnOne),
    /// Sends a pending member's invitation again.
    Resend(OnInvited),
    /// Makes a new link of a pending member's invitation, in a file to hand over.
    Link(OnInvited),
}

/// A member of one account; `--account` says of which, where there are several.
#[derive(Debug, Clone, clap::Args)]
pub struct OnOne {
    /// An address, or an id of `people`.
    #[arg(value_name = "EMAIL")]
    pub member: String,
    #[command(flatten)]
    pub at: DirArg,
    /// Does not ask.
    #[arg(long)]
    pub yes: bool,
}

/// The same for somebody who has not accepted yet.
#[derive(Debug, Clone, clap::Args)]
pub struct OnInvited {
    #[command(flatten)]
    pub on: OnOne,
    /// Within the cool-down, and over the number of attempts, too.
    #[arg(long)]
    pub again: bool,
}

impl MemberCommand {
    fn parts(&self) -> (OneOff, &OnOne, bool) {
        match self {
            MemberCommand::ResetPassword(on) => (OneOff::ResetPassword, on, false),
            MemberCommand::ResetTwoFactor(on) => (OneOff::ResetTwoFactor, on, false),
            MemberCommand::Resend(invited) => (OneOff::Resend, &invited.on, invited.again),
            MemberCommand::Link(invited) => (OneOff::Link, &invited.on, invited.again),
        }
    }

    pub(super) fn folder(&self) -> Option<&PathBuf> {
        self.parts().1.at.dir.as_ref()
    }
}

pub(super) async fn run(context: &Context, command: &MemberCommand) -> Result<u8, Stop> {
    let (act, on, again) = command.parts();
    let request = context.request();
    let asked = MemberRequest { act, word: &on.member, again };
    let done = run::member(&request, &asked, |act| confirm(context, on.yes, act)).await?;
    let (view, code) = view(context, act, &on.member, &done);
    if let (MemberOutcome::Refused(no), false) = (&done.outcome, context.is_json()) {
        let (mut err, paint) = context.err();
        let code_of = no.against.code();
        // Nobody is left to tell where standard error fails.
        let _ = complain(&mut err, paint, &format!("{} ({code_of})", no.message), no.hint.as_deref());
        let _ = writeln!(err, "hint: what it means: portcullis explain {code_of}");
        return Ok(code);
    }
    let (mut out, paint) = context.out();
    let printed = if context.is_json() { render::json::write(&mut out, &view) } else { view.text(&mut out, paint) };
    let told = context.printed(out, printed, code);
    // 1 would say that nothing was attempted.
    Ok(if told == exit::ERROR && code == exit::DONE { exit::IN_PART } else { told })
}

fn view(context: &Context, action: OneOff, word: &str, done: &MemberDone) -> (MemberView, u8) {
    let member = match &done.outcome {
        MemberOutcome::ByHand(act) | MemberOutcome::Made(act, _) => act.member().key().to_owned(),
        MemberOutcome::Refused(_) => word.to_owned(),
    };
    let site = MemberSite {
        as_of: context.now.to_string(),
        simulated: context.simulated,
        sandbox: done.sandbox,
        account: done.account.clone(),
        system: done.system,
        backend: done.backend,
        member,
        action,
    };
    match &done.outcome {
        MemberOutcome::Refused(no) => {
            let code = if done.outcome.is_incomplete() { exit::INCOMPLETE } else { exit::ERROR };
            (MemberView::of_refused(site, no), code)
        }
        MemberOutcome::ByHand(act) => (MemberView::of_by_hand(site, act), exit::MANUAL),
        MemberOutcome::Made(_, made) => (MemberView::of_made(site, made), if made.word.is_well() { exit::DONE } else { exit::IN_PART }),
    }
}

/// One action at a time, and none unasked.
fn confirm(context: &Context, yes: bool, act: &OneOffAct) -> Result<(), Stop> {
    if yes {
        return Ok(());
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        let message = format!("nobody confirmed: {}", question(act, act.backend()));
        return Err(Stop::hinted(message, "there is no terminal to ask on: add `--yes`"));
    }
    drop(context.err());
    let prompt = Neutral(&format!("{}. Do it?", question(act, act.backend()))).to_string();
    match dialoguer::Confirm::new().with_prompt(prompt).default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Stop::failed("nothing was sent")),
        Err(e) => Err(Stop::failed(format!("nothing was sent: {e}"))),
    }
}
