//! Who may approve, in the format of `ssh-keygen`'s allowed signers (ssh-keygen(1)), and whose
//! signatures count.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize as _;
use ssh_key::public::{EcdsaPublicKey, KeyData};
use ssh_key::{HashAlg, PublicKey, SshSig};
use wildmatch::WildMatchPattern;

use crate::model::Email;

use super::{NAMESPACE, Saved, Signed, Statement};

/// The keys that may approve plans, and whose they are.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    who: BTreeSet<Email>,
    key: PublicKey,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

/// An approval that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The signer, by every address of theirs that is known.
    pub who: BTreeSet<Email>,
    /// The digests of the changes that they approve.
    pub changes: BTreeSet<String>,
    /// How long the audit log was then, where there was one, and when that was.
    pub audit_lines: Option<u64>,
    pub at: Timestamp,
    pub valid_until: Timestamp,
}

/// An approval that does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", by.as_ref().map(|by| format!("{by}: ")).unwrap_or_default())]
pub struct Uncounted {
    /// The key's fingerprint, where it is one.
    pub by: Option<String>,
    pub why: String,
}

impl AllowedSigners {
    /// A line an entry: addresses, options, key type, key, comment. Entries for other namespaces than this
    /// are left out.
    ///
    /// # Errors
    /// Every line that is wrong, by its number: `line 3: ...`.
    pub fn parse(text: &str, namespace: &str) -> Result<Self, Vec<String>> {
        let (mut entries, mut wrong) = (Vec::new(), Vec::new());
        for (i, line) in text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match entry(line, namespace) {
                Ok(entry) => entries.extend(entry),
                Err(why) => wrong.push(format!("line {i}: {why}")),
            }
        }
        if wrong.is_empty() { Ok(Self { entries }) } else { Err(wrong) }
    }

    /// Adds what else is known of whom an address belongs to.
    pub fn known_as(&mut self, addresses: impl Fn(&Email) -> BTreeSet<Email>) {
        for entry in &mut self.entries {
            entry.who = entry.who.iter().flat_map(|a| addresses(a).into_iter().chain([a.clone()])).collect();
        }
    }

    /// Whether nobody may approve anything.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The signatures of a plan that count now and in this repository, and why the others do not.
    pub fn check(&self, saved: &Saved, repository: Option<&str>, now: Timestamp) -> (Vec<Signature>, Vec<Uncounted>) {
        let (mut counted, mut others) = (Vec::new(), Vec::new());
        for signed in &saved.signatures {
            match self.check_one(saved, signed, repository, now) {
                Ok(signature) => counted.push(signature),
                Err(uncounted) => others.push(uncounted),
            }
        }
        (counted, others)
    }

    /// Whose signature it is, in this namespace and at this time.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn who_signed(&self, signed: &Signed, namespace: &str, now: Timestamp) -> Result<BTreeSet<Email>, Uncounted> {
        let signature = SshSig::from_pem(&signed.signature);
        let signature = signature.map_err(|_| Uncounted { by: None, why: "it is no signature in the format of SSH".to_owned() })?;
        let by = PublicKey::from(signature.public_key().clone());
        let refuse = |why: String| Err(Uncounted { by: Some(by.fingerprint(HashAlg::Sha256).to_string()), why });
        let known: Vec<&Entry> = self.entries.iter().filter(|e| e.key.key_data() == by.key_data()).collect();
        if known.is_empty() {
            return refuse("nobody among the allowed signers has this key".to_owned());
        }
        if let Err(why) = by.verify(namespace, &Statement::message(&signed.statement), &signature) {
            return refuse(format!("it is not of what stands beside it: {why}"));
        }
        let is_in_time = |e: &&Entry| e.after.is_none_or(|after| after <= now) && e.before.is_none_or(|before| now < before);
        let who: BTreeSet<Email> = known.into_iter().filter(is_in_time).flat_map(|e| e.who.iter().cloned()).collect();
        if who.is_empty() {
            return refuse("the allowed signers give this key another time".to_owned());
        }
        Ok(who)
    }

    fn check_one(&self, saved: &Saved, signed: &Signed, repository: Option<&str>, now: Timestamp) -> Result<Signature, Uncounted> {
        let who = self.who_signed(signed, NAMESPACE, now)?;
        let by = signed.key(NAMESPACE).map(|(fingerprint, _)| fingerprint);
        let refuse = |why: String| Err(Uncounted { by: by.clone(), why });
        let Ok(statement) = Statement::deserialize(&signed.statement) else {
            return refuse("what it approves is written in no way that is known here".to_owned());
        };
        if statement.kind != "approval" || statement.schema_version != "1" {
            return refuse("what it approves is of a kind or version that is not known here".to_owned());
        }
        if statement.valid_until <= now {
            return refuse(format!("it was valid until {}", statement.valid_until));
        }
        if repository.is_some() && statement.repository.as_deref() != repository {
            return refuse("it is of another repository".to_owned());
        }
        let is_foreign = |(account, tenant): (&String, &Option<String>)| saved.account(account).is_some_and(|a| a.tenant != *tenant);
        if statement.tenants.iter().any(is_foreign) {
            return refuse("it is of another tenant".to_owned());
        }
        let changes = statement.changes.into_iter().collect();
        Ok(Signature { who, changes, audit_lines: statement.audit_lines, at: statement.signed_at, valid_until: statement.valid_until })
    }
}

/// None for another namespace.
fn entry(line: &str, namespace: &str) -> Result<Option<Entry>, String> {
    let (principals, rest) = word(line)?;
    let who = principals.split(',').map(address).collect::<Result<BTreeSet<_>, _>>()?;
    let (mut options_read, mut rest) = (Options { is_ours: true, ..Options::default() }, rest);
    while !is_key_type(rest) {
        let (options, behind) = word(rest)?;
        if behind.is_empty() {
            return Err("expected addresses, options, the type of the key and the key".to_owned());
        }
        split_options(&options).iter().try_for_each(|option| options_read.take(option, namespace))?;
        rest = behind;
    }
    let key = PublicKey::from_openssh(rest).map_err(|e| format!("the key cannot be read: {e}"))?;
    let is_supported = match key.key_data() {
        KeyData::Ed25519(_) | KeyData::SkEd25519(_) | KeyData::SkEcdsaSha2NistP256(_) => true,
        KeyData::Ecdsa(key) => matches!(key, EcdsaPublicKey::NistP256(_)),
        _ => false,
    };
    if !is_supported {
        return Err(format!("keys of the type {} are not supported; take ssh-ed25519 or ecdsa-sha2-nistp256", key.algorithm()));
    }
    let Options { is_ours, after, before } = options_read;
    Ok(is_ours.then_some(Entry { who, key, after, before }))
}

fn address(text: &str) -> Result<Email, String> {
    if text.contains(['*', '?', '!']) {
        return Err(format!("`{text}` is a pattern: name each signer by an address, so that it is known who gains by a change"));
    }
    Email::parse(text).map_err(|e| format!("a signer is named by an address: {e}"))
}

fn is_key_type(rest: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", "rsa-"].iter().any(|start| rest.starts_with(start))
}

/// The first word, quotes taken away, and what follows.
fn word(text: &str) -> Result<(String, &str), String> {
    let (mut quoted, mut end) = (false, text.len());
    for (i, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ' ' | '\t' if !quoted => {
                end = i;
                break;
            }
            _ => {}
        }
    }
    if quoted {
        return Err("a quote is not closed".to_owned());
    }
    let word = &text[..end];
    let plain = word.strip_prefix('"').and_then(|w| w.strip_suffix('"')).unwrap_or(word);
    Ok((plain.to_owned(), text[end..].trim_start()))
}

/// Options are separated by commas outside quotes.
fn split_options(text: &str) -> Vec<String> {
    let (mut all, mut quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => all.push(String::new()),
            c => all.last_mut().expect("one from the start").push(c),
        }
    }
    all
}

/// What the options of an entry say.
#[derive(Default)]
struct Options {
    /// It is for our namespace.
    is_ours: bool,
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Options {
    fn take(&mut self, option: &str, namespace: &str) -> Result<(), String> {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        match key.to_ascii_lowercase().as_str() {
            "namespaces" => self.is_ours &= value.split(',').any(|n| WildMatchPattern::<'*', '?'>::new(n).matches(namespace)),
            "valid-after" => self.after = Some(instant(value)?),
            "valid-before" => self.before = Some(instant(value)?),
            "cert-authority" => return Err("certificates are not supported: name the keys themselves".to_owned()),
            _ => return Err(format!("the option `{key}` is not known: namespaces, valid-after, valid-before")),
        }
        Ok(())
    }
}

/// `20261231`, `202612312359`, `20261231235959`, each with or without `Z`: in UTC.
fn instant(text: &str) -> Result<Timestamp, String> {
    let digits = text.strip_suffix('Z').unwrap_or(text);
    let wrong = || format!("`{text}` is no time: expected YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in UTC");
    let padded = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        14 => digits.to_owned(),
        _ => return Err(wrong()),
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%S", &padded).map_err(|_| wrong())?;
    TimeZone::UTC.to_timestamp(moment).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIILPv4c0fXWLjNPLHkKeKdGGTHtrwsCcYyKjMyb2U6sL";

    fn entries(text: &str) -> Vec<(Vec<String>, Option<String>, Option<String>)> {
        let all = AllowedSigners::parse(text, NAMESPACE).unwrap_or_else(|wrong| panic!("{wrong:?}")).entries;
        let time = |t: Option<Timestamp>| t.map(|t| t.to_string());
        all.into_iter().map(|e| (e.who.iter().map(ToString::to_string).collect(), time(e.after), time(e.before))).collect()
    }

    #[test]
    fn an_entry_names_who_when_and_for_what() {
        let one = |who: &[&str]| (who.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>(), None, None);
        assert_eq!(
            entries(&format!("\n# nobody\nB@acme.example,a@acme.example {KEY} a comment\n")),
            [one(&["a@acme.example", "b@acme.example"])]
        );
        assert_eq!(entries(&format!("\"a@acme.example,b@acme.example\" {KEY}")), [one(&["a@acme.example", "b@acme.example"])]);
        for (option, is_ours) in [
            ("namespaces=\"portcullis-plan\"", true),
            ("namespaces=\"git,portcullis-*\"", true),
            ("namespaces=\"git, file\"", false),
            ("namespaces=\"git\"", false),
        ] {
            assert_eq!(entries(&format!("a@acme.example {option} {KEY}")).len(), usize::from(is_ours), "{option}");
        }
        let timed = entries(&format!("a@acme.example valid-after=\"20261122\",valid-before=\"202611232359Z\" {KEY}"));
        assert_eq!((timed[0].1.as_deref(), timed[0].2.as_deref()), (Some("2026-11-22T00:00:00Z"), Some("2026-11-23T23:59:00Z")));
    }

    #[test]
    fn a_time_is_a_day_a_minute_or_a_second_in_utc() {
        assert_eq!(instant("20261122090102Z").unwrap().to_string(), "2026-11-22T09:01:02Z");
        assert_eq!(instant("202611220901").unwrap().to_string(), "2026-11-22T09:01:00Z");
        assert_eq!(instant("20261122Z").unwrap().to_string(), "2026-11-22T00:00:00Z");
        for wrong in ["", "2026", "20261332", "20261122 ", "202611220960", "20261122Zx", "\u{661}\u{661}"] {
            assert!(instant(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn keys_of_other_types_are_refused_and_not_left_out() {
        let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAIQC7";
        assert!(AllowedSigners::parse(&format!("a@acme.example {rsa}"), NAMESPACE).is_err());
        assert!(AllowedSigners::parse("a@acme.example ssh-dss AAAAB3NzaC1kc3M=", NAMESPACE).is_err());
    }

    #[test]
    fn keys_of_ecdsa_are_taken_on_the_one_curve_that_is_verified_here() {
        let p256 = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBD0BU6tjRIrzbmeZc6+C5vAwHrrWs7CbmMWk3bBBBrWM/tyW0Hy1Hnu8bfmzELWODsSdiLb6hnnYwPlWR44b9uo=";
        let p384 = "AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBBlKz6oqPFUwZIV3CjjpUiP/D/6/tlmF+BCQndVzMUI3ANdHxv8jtbcreNdWKX4HOo4m42t4u4aq+q586ziY2aYe7rlOrCIbW39xa3HsBsIO1jCxZBOfWMbg4RxgL1omoA==";
        assert_eq!(entries(&format!("a@acme.example ecdsa-sha2-nistp256 {p256}")).len(), 1);
        assert!(AllowedSigners::parse(&format!("a@acme.example ecdsa-sha2-nistp384 {p384}"), NAMESPACE).is_err());
    }

    fn private() -> ssh_key::PrivateKey {
        let pair = ssh_key::private::Ed25519Keypair::from_seed(&[1; 32]);
        ssh_key::PrivateKey::new(ssh_key::private::KeypairData::Ed25519(pair), "").unwrap()
    }

    /// Two keys of one person are one signer, by whatever address.
    #[test]
    fn who_signs_is_known_by_all_addresses_of_theirs() {
        let signed = Signed::of_json(serde_json::json!({ "kind": "test" }), NAMESPACE, &private()).unwrap();
        let public = private().public_key().to_openssh().unwrap();
        let mut signers = AllowedSigners::parse(&format!("a@acme.example {public}"), NAMESPACE).unwrap();
        signers.known_as(|_| [Email::parse("old@acme.example").unwrap()].into());
        let who = signers.who_signed(&signed, NAMESPACE, "2026-11-22T09:00:00Z".parse().unwrap()).unwrap();
        assert_eq!(who.iter().map(Email::key).collect::<Vec<_>>(), ["a@acme.example", "old@acme.example"]);
    }

    /// From the first instant on, and before the last.
    #[test]
    fn a_key_counts_from_its_first_instant_on_and_before_its_last() {
        let signed = Signed::of_json(serde_json::json!({ "kind": "test" }), NAMESPACE, &private()).unwrap();
        let public = private().public_key().to_openssh().unwrap();
        let line = format!("a@acme.example valid-after=\"20261122090000\",valid-before=\"20261123\" {public}");
        let signers = AllowedSigners::parse(&line, NAMESPACE).unwrap();
        for (now, counts) in [
            ("2026-11-22T08:59:59Z", false),
            ("2026-11-22T09:00:00Z", true),
            ("2026-11-22T23:59:59Z", true),
            ("2026-11-23T00:00:00Z", false),
            ("2026-11-24T00:00:00Z", false),
        ] {
            let who = signers.who_signed(&signed, NAMESPACE, now.parse().unwrap());
            assert_eq!(who.is_ok(), counts, "{now}: {who:?}");
        }
    }

    #[test]
    fn an_approval_is_of_a_kind_and_version_of_its_repository_and_not_over() {
        let saved = Saved {
            schema_version: String::new(),
            kind: String::new(),
            tool: String::new(),
            plan: serde_json::Value::Null,
            accounts: Vec::new(),
            inputs: Vec::new(),
            source: None,
            audit: None,
            checksum: String::new(),
            signatures: Vec::new(),
            later: Default::default(),
        };
        let public = private().public_key().to_openssh().unwrap();
        let signers = AllowedSigners::parse(&format!("a@acme.example {public}"), NAMESPACE).unwrap();
        let approval = |kind: &str, version: &str, repository: Option<&str>| Statement {
            kind: kind.to_owned(),
            schema_version: version.to_owned(),
            changes: Vec::new(),
            repository: repository.map(str::to_owned),
            revision: None,
            tenants: Default::default(),
            audit_lines: None,
            signed_at: "2026-11-22T09:00:00Z".parse().unwrap(),
            valid_until: "2026-11-23T09:00:00Z".parse().unwrap(),
        };
        for (statement, here, now, why) in [
            (approval("approval", "1", Some("r")), Some("r"), "2026-11-23T08:59:59Z", ""),
            (approval("approval", "1", Some("r")), None, "2026-11-22T09:00:00Z", ""),
            (approval("approval", "1", Some("other")), Some("r"), "2026-11-22T09:00:00Z", "of another repository"),
            (approval("approval", "1", None), Some("r"), "2026-11-22T09:00:00Z", "of another repository"),
            (approval("approval", "2", Some("r")), Some("r"), "2026-11-22T09:00:00Z", "of a kind or version that is not known here"),
            (approval("audit-head", "1", Some("r")), Some("r"), "2026-11-22T09:00:00Z", "of a kind or version that is not known here"),
            (approval("approval", "1", Some("r")), Some("r"), "2026-11-23T09:00:00Z", "it was valid until"),
        ] {
            let signed = Signed::of(&statement, &private()).unwrap();
            match signers.check_one(&saved, &signed, here, now.parse().unwrap()) {
                Ok(_) => assert_eq!(why, "", "{statement:?}"),
                Err(uncounted) => assert!(!why.is_empty() && uncounted.why.contains(why), "{why}: {uncounted:?}"),
            }
        }
    }
}
