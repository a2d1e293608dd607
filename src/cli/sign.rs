//! The private key of whoever approves.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret as _, SecretString};
use ssh_key::PrivateKey;

use crate::plan::saved::{Saved, Signed, Statement};
use crate::run::Stop;

use super::args::Within;
use super::context::Context;

/// Signs the approval of a saved plan.
#[derive(Debug, Clone, clap::Args)]
pub struct SignArgs {
    /// Signs the saved plan with this private key of SSH; a passphrase is asked for, or taken from
    /// PORTCULLIS_SIGN_PASSPHRASE.
    #[arg(long, value_name = "KEY")]
    pub sign: Option<PathBuf>,
    /// How long the signature holds, like 24h or 3d.
    #[arg(long, value_name = "TIME", default_value = "24h", requires = "sign")]
    pub valid_for: Within,
}

/// Where a passphrase may stand, for jobs without a terminal.
const PASSPHRASE: &str = "PORTCULLIS_SIGN_PASSPHRASE";

/// A key that can sign, and until when what it signs holds.
pub(super) struct Signer {
    key: PrivateKey,
    now: Timestamp,
    valid_until: Timestamp,
}

impl Signer {
    /// None where nobody is asked to sign.
    ///
    /// # Errors
    /// A key that cannot be read or opened.
    pub(super) fn of(context: &Context, args: &SignArgs) -> Result<Option<Self>, Stop> {
        let Some(path) = &args.sign else { return Ok(None) };
        let key = open(path)?;
        let hours = args.valid_for.hours(context.now.to_zoned(jiff::tz::TimeZone::UTC).date());
        let valid_until = context.now.checked_add(SignedDuration::from_hours(hours));
        let valid_until = valid_until.map_err(|_| Stop::failed(format!("--valid-for {} is too long", args.valid_for.text)))?;
        Ok(Some(Self { key, now: context.now, valid_until }))
    }

    /// A key alone, for what has no time.
    ///
    /// # Errors
    /// As [`Signer::of`].
    pub(super) fn by(path: &Path) -> Result<Self, Stop> {
        Ok(Self { key: open(path)?, now: Timestamp::MIN, valid_until: Timestamp::MAX })
    }

    pub(super) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Adds the approval of these changes, all of them where none is named.
    ///
    /// # Errors
    /// Ids that the plan does not have, and a key that cannot sign.
    pub(super) fn sign(&self, saved: &mut Saved, only: &[String]) -> Result<(), Stop> {
        let statement = Statement::of(saved, only, self.now, self.valid_until).map_err(|unknown| {
            let near = unknown.first().and_then(|id| crate::manifest::diagnostic::nearest(id, saved.changes().map(|c| c.id.as_str())));
            let message = format!("the plan has no change {}", unknown.join(", "));
            near.map_or_else(|| Stop::failed(message.clone()), |near| Stop::hinted(message.clone(), format!("did you mean `{near}`?")))
        })?;
        let signed = Signed::of(&statement, &self.key).map_err(|why| Stop::failed(format!("the key cannot sign: {why}")))?;
        saved.signatures.push(signed);
        Ok(())
    }
}

fn open(path: &Path) -> Result<PrivateKey, Stop> {
    let refuse = |why: String| {
        Stop::hinted(
            format!("{} is no key that can sign: {why}", path.display()),
            "expected a private key of SSH, of the type ed25519 or ecdsa-sha2-nistp256",
        )
    };
    let text = std::fs::read_to_string(path).map(SecretString::from);
    let text = text.map_err(|e| Stop::failed(format!("{} cannot be read: {e}", path.display())))?;
    if ["ssh-", "ecdsa-", "sk-"].iter().any(|start| text.expose_secret().starts_with(start)) {
        return Err(refuse("it is the public half: name the file without `.pub`".to_owned()));
    }
    let key = PrivateKey::from_openssh(text.expose_secret()).map_err(|e| refuse(e.to_string()))?;
    if !key.is_encrypted() {
        return Ok(key);
    }
    let passphrase = passphrase(path)?;
    key.decrypt(passphrase.expose_secret()).map_err(|_| refuse("the passphrase does not open it".to_owned()))
}

fn passphrase(path: &Path) -> Result<SecretString, Stop> {
    if let Ok(given) = std::env::var(PASSPHRASE) {
        return Ok(SecretString::from(given));
    }
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Err(Stop::hinted(
            format!("{} has a passphrase, and there is no terminal to ask on", path.display()),
            format!("set {PASSPHRASE}"),
        ));
    }
    let asked = dialoguer::Password::new().with_prompt(format!("Passphrase of {}", path.display())).interact();
    asked.map(SecretString::from).map_err(|e| Stop::failed(format!("nothing was signed: {e}")))
}
