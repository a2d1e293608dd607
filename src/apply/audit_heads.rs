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

/// How many lines stand after the last signed head: for them nobody vouches.
pub fn unsigned(text: &[u8]) -> usize {
    let lines = text.split_inclusive(|b| *b == b'\n');
    let is_head = |line: &[u8]| matches!(serde_json::from_slice(line), Ok(Entry { what: What::Head { .. }, .. }));
    lines.fold(0, |after, line| if is_head(line) { 0 } else { after + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::audit::Writer;
    use ssh_key::private::{Ed25519Keypair, KeypairData};

    fn key(seed: u8) -> PrivateKey {
        PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&[seed; 32])), "").unwrap()
    }

    #[test]
    fn a_signed_head_is_of_the_line_before_it_and_by_an_allowed_signer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let writer = Writer {
            clock: crate::apply::Clock::set("2026-11-22T09:00:00Z".parse().unwrap()),
            tool: "portcullis 0".into(),
            by: "a test".into(),
        };
        let audit = Audit::open(&path, false, writer).unwrap();
        let at = "2026-11-22T09:00:00Z".parse().unwrap();
        assert_eq!(sign_head(&audit, &key(1), at).unwrap().lines, 2);
        let public = key(1).public_key().to_openssh().unwrap();
        let signers = AllowedSigners::parse(&format!("root@acme.example {public}"), AUDIT_NAMESPACE).unwrap();
        let wrong = || wrong_heads(&std::fs::read(&path).unwrap(), &signers);
        assert_eq!(wrong(), []);
        sign_head(&audit, &key(2), at).unwrap();
        let strangers = wrong();
        assert!(strangers.len() == 1 && strangers[0].0 == 3 && strangers[0].1.contains("nobody among"), "{strangers:?}");
        // Signed by root, and of anything but the line before.
        let end = audit.end();
        for (kind, head, lines) in [("head", &*end.head, end.lines), ("audit-head", "sha256:0", 3), ("audit-head", &end.head, 2)] {
            let statement = json!({ "kind": kind, "head": head, "lines": lines });
            let signed = Signed::of_json(statement, AUDIT_NAMESPACE, &key(1)).unwrap();
            let entry = json!(Entry {
                schema_version: "1".into(),
                seq: 4,
                at: "2026-11-22T09:00:00Z".into(),
                tool: String::new(),
                by: String::new(),
                what: What::Head { signed },
                prev: end.head.clone(),
                hash: String::new(),
            });
            let found = wrong_heads(format!("{{}}\n{entry}\n").as_bytes(), &signers);
            let told =
                [(2, "the signature is of another head".to_owned()), (0, "no head is signed by one of the allowed signers".to_owned())];
            assert_eq!(found, told, "{kind} {head} {lines}");
        }
    }
}
