//! Heads of an audit log that somebody signed: whoever has the signature can tell whether the log was
//! rewritten before it.

use jiff::Timestamp;
use serde_json::json;
use ssh_key::PrivateKey;

use crate::plan::saved::{AUDIT_NAMESPACE, AllowedSigners, AuditEnd, Signed};

use super::audit::{Audit, Entry, What};

/// Signs where the log ends, in a line of its own, and says where it ends then.
///
/// # Errors
/// A key that cannot sign, and a log that cannot be written, in words for a person.
pub fn sign_head(audit: &Audit, key: &PrivateKey, at: Timestamp) -> Result<AuditEnd, String> {
    let AuditEnd { lines, head, .. } = audit.end();
    let statement = json!({ "kind": "audit-head", "schema_version": "1", "head": head, "lines": lines, "at": at.to_string() });
    let signed = Signed::of_json(statement, AUDIT_NAMESPACE, key).map_err(|why| format!("the key cannot sign: {why}"))?;
    audit.append(What::Head { signed })?;
    Ok(audit.end())
}

/// What is wrong with the signed heads of a log, by line: one of another line, or of nobody who may; on
/// line 0, that there is none that counts.
pub fn wrong_heads(text: &[u8], allowed: &AllowedSigners) -> Vec<(usize, String)> {
    let (mut wrong, mut is_signed) = (Vec::new(), false);
    let lines = text.split(|b| *b == b'\n').enumerate();
    for (i, entry) in lines.filter_map(|(i, line)| Some((i + 1, serde_json::from_slice::<Entry>(line).ok()?))) {
        let What::Head { signed } = &entry.what else { continue };
        let stands = |key: &str, value: serde_json::Value| signed.statement[key] == value;
        if !(stands("kind", json!("audit-head"))
            && stands("head", json!(entry.prev))
            && stands("lines", json!(entry.seq.saturating_sub(1))))
        {
            wrong.push((i, "the signature is of another head".to_owned()));
            continue;
        }
        // A key that was a signer's when it signed vouches for what it signed.
        let counts = entry.at.parse().map_err(|_| "the line has no time".to_owned());
        match counts.and_then(|at| allowed.who_signed(signed, AUDIT_NAMESPACE, at).map_err(|why| why.to_string())) {
            Ok(_) => is_signed = true,
            Err(why) => wrong.push((i, format!("the signature does not count: {why}"))),
        }
    }
    if !is_signed {
        wrong.push((0, "no head is signed by one of the allowed signers".to_owned()));
    }
    wrong
}
