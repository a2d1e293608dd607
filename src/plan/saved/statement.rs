use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey, SshSig};

use super::{Saved, Signed};

/// The namespace of signatures: one made for anything else approves nothing.
pub const NAMESPACE: &str = "portcullis-plan";
/// The same of signed heads of audit logs.
pub const AUDIT_NAMESPACE: &str = "portcullis-audit";

/// What a signer approves: a set of changes, until some time. Another change more or less in a later
/// plan voids nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    pub kind: String,
    pub schema_version: String,
    /// The digests of the approved changes, sorted.
    pub changes: Vec<String>,
    pub repository: Option<String>,
    pub revision: Option<String>,
    /// By account; null where it has none.
    pub tenants: BTreeMap<String, Option<String>>,
    /// How many lines the audit log had; null where there was none.
    pub audit_lines: Option<u64>,
    pub signed_at: Timestamp,
    pub valid_until: Timestamp,
}

impl Statement {
    /// Approves these changes of the plan, all of them where none is named.
    ///
    /// # Errors
    /// Ids that the plan does not have.
    pub fn of(saved: &Saved, only: &[String], signed_at: Timestamp, valid_until: Timestamp) -> Result<Self, Vec<String>> {
        let unknown: Vec<String> = only.iter().filter(|id| saved.changes().all(|c| c.id != **id)).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let is_meant = |id: &str| only.is_empty() || only.iter().any(|o| o == id);
        let meant = saved.accounts.iter().filter(|a| a.changes.iter().any(|c| is_meant(&c.id)));
        let tenants = meant.map(|a| (a.account.clone(), a.tenant.clone())).collect();
        let mut changes: Vec<String> = saved.changes().filter(|c| is_meant(&c.id)).map(|c| c.digest.clone()).collect();
        changes.sort_unstable();
        let source = saved.source.as_ref();
        Ok(Self {
            kind: "approval".to_owned(),
            schema_version: "1".to_owned(),
            changes,
            repository: source.and_then(|s| s.repository.clone()),
            revision: source.map(|s| s.revision.clone()),
            tenants,
            audit_lines: saved.audit.as_ref().map(|a| a.lines),
            signed_at,
            valid_until,
        })
    }

    /// As it is signed.
    pub fn to_json(&self) -> Json {
        json!(self)
    }

    /// The bytes that are signed: keys sorted, no white space.
    pub fn message(statement: &Json) -> Vec<u8> {
        statement.to_string().into_bytes()
    }
}

impl Signed {
    /// # Errors
    /// A key that cannot sign.
    pub fn of(statement: &Statement, key: &PrivateKey) -> Result<Self, ssh_key::Error> {
        Self::of_json(statement.to_json(), NAMESPACE, key)
    }

    /// Any statement, in a namespace of its own: a signature made for one purpose serves no other.
    ///
    /// # Errors
    /// A key that cannot sign.
    pub fn of_json(statement: Json, namespace: &str, key: &PrivateKey) -> Result<Self, ssh_key::Error> {
        let signature = key.sign(namespace, HashAlg::Sha512, &Statement::message(&statement))?;
        Ok(Self { statement, signature: signature.to_pem(LineEnding::LF)?, later: Default::default() })
    }

    /// The fingerprint of the key that signed, and whether it signed just this; none where the signature
    /// cannot be read.
    pub fn key(&self, namespace: &str) -> Option<(String, bool)> {
        let signature = SshSig::from_pem(&self.signature).ok()?;
        let key = PublicKey::from(signature.public_key().clone());
        let intact = key.verify(namespace, &Statement::message(&self.statement), &signature).is_ok();
        Some((key.fingerprint(HashAlg::Sha256).to_string(), intact))
    }
}
