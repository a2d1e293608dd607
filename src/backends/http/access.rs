use std::fmt;

use secrecy::SecretString;

use super::Endpoint;

/// What a network backend needs to sign in. No part of the token or of the roots is printed.
#[derive(Clone)]
pub struct Access {
    /// The connection's name: what one connection keeps is never another's.
    pub connection: String,
    pub endpoint: Endpoint,
    pub token: SecretString,
    /// Who vouches for the server in place of the platform's roots of trust: certificates in PEM.
    pub roots: Option<Vec<u8>>,
    /// Whose token it is, as far as the connection says.
    pub actor: Option<String>,
}

impl Access {
    /// Without roots of its own, and as nobody in particular.
    pub fn new(connection: impl Into<String>, endpoint: Endpoint, token: SecretString) -> Self {
        Self { connection: connection.into(), endpoint, token, roots: None, actor: None }
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("connection", &self.connection).field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
