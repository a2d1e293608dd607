//! Invitation links as the product makes them: a bearer secret in a query (SYSTEMS.md M2).

use std::fmt::Write as _;

use secrecy::SecretString;

use crate::model::{Email, Link};

use super::error::SandboxError;

/// Nobody answers at this name, now or ever (RFC 2606).
const HOST: &str = "https://gateway.invalid/auth/verify/";

/// A fresh link for the address; no two are alike.
///
/// # Errors
/// [`SandboxError::Random`] where the machine gives no random bytes.
pub(super) fn generate(email: &Email) -> Result<Link, SandboxError> {
    let mut bytes = [0; 24];
    getrandom::fill(&mut bytes).map_err(|e| SandboxError::Random(e.to_string()))?;
    let token = bytes.iter().fold(String::new(), |mut token, byte| {
        // Writing to a text cannot fail.
        let _ = write!(token, "{byte:02x}");
        token
    });
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("token", &token)
        .append_pair("et", "inv")
        .append_pair("email", email.key())
        .finish();
    Ok(Link::new(SecretString::from(format!("{HOST}?{query}"))))
}
