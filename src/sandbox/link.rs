//! Invitation links as the product makes them: a bearer secret in a query (SYSTEMS.md M2).

use std::fmt::Write as _;

use secrecy::SecretString;

use crate::model::{Email, Link};

use super::error::SandboxError;

/// Nobody answers at this name, now or ever (RFC 2606).
const HOST: &str = "https://gateway.invalid/auth/verify/";

/// A fresh link of an invitation to the address; no two are alike.
///
/// # Errors
/// [`SandboxError::Random`] where the machine gives no random bytes.
pub(super) fn generate(email: &Email) -> Result<Link, SandboxError> {
    made(email, "inv")
}

/// The same for a new password.
///
/// # Errors
/// As [`generate`].
pub(super) fn reset(email: &Email) -> Result<Link, SandboxError> {
    made(email, "pwd")
}

/// A new password.
///
/// # Errors
/// As [`generate`].
pub(super) fn password() -> Result<Link, SandboxError> {
    Ok(Link::new(SecretString::from(random()?)))
}

fn made(email: &Email, kind: &str) -> Result<Link, SandboxError> {
    let token = random()?;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", &token)
        .append_pair("et", kind)
        .append_pair("email", email.key())
        .finish();
    Ok(Link::new(SecretString::from(format!("{HOST}?{query}"))))
}

/// 48 hex digits that nobody guesses.
pub(super) fn random() -> Result<String, SandboxError> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|e| SandboxError::Random(e.to_string()))?;
    Ok(bytes.iter().fold(String::new(), |mut token, byte| {
        // Writing to a text cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    }))
}
