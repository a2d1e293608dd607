//! Hashes of canonical forms: what a review approves.

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::model::{Assign, Attrs, Call};

use super::account::Account;
use super::change::{Change, Digest};
use super::draft::is_until;

/// Covers system, origin, tenant, account, action, member or domain, before, after, calls and
/// their channels; a rolling end enters as `rolling`. Not places, dates, notes, reasons, order.
pub(super) fn of_change(account: &Account<'_>, change: &Change) -> Digest {
    of_form(&form(account, change))
}

/// The canonical form of a change: what its digest is of.
pub(super) fn form(account: &Account<'_>, change: &Change) -> Json {
    let attrs = |attrs: &Option<Attrs>| attrs.as_ref().map(|a| plain(account, a, change.rolling));
    json!({
        "system": account.spec.name,
        "origin": account.origin,
        "tenant": tenant(account),
        "account": account.name.as_str(),
        "action": change.action.word(),
        "subject": change.subject.as_str(),
        "before": attrs(&change.before),
        "after": attrs(&change.after),
        "calls": change.calls.iter().map(|c| call(account, c, change.rolling)).collect::<Vec<_>>(),
    })
}

/// Which tenant it is, as the manifests or the server say.
pub(super) fn tenant<'a>(account: &Account<'a>) -> Option<&'a str> {
    account.tenant.name.as_ref().map(crate::model::Atom::as_str).or(account.reading.tenant.as_deref())
}

/// The digest of a canonical form.
pub(super) fn of_form(form: &Json) -> Digest {
    hash(form)
}

fn plain(account: &Account<'_>, attrs: &Attrs, rolling: bool) -> Map<String, Json> {
    let value = |k: &str, v: &crate::model::Value| if rolling && is_until(account, k) { json!("rolling") } else { v.to_json() };
    attrs.iter().map(|(k, v)| ((*k).to_owned(), value(k, v))).collect()
}

fn call(account: &Account<'_>, call: &Call, rolling: bool) -> Json {
    let set: Map<String, Json> = call
        .set
        .iter()
        .map(|(k, assign)| {
            let json = match assign {
                Assign::To(_) if rolling && is_until(account, k) => json!("rolling"),
                Assign::To(v) => json!({ "to": v.to_json() }),
                Assign::Delta { add, remove } => json!({ "add": add, "remove": remove }),
            };
            ((*k).to_owned(), json)
        })
        .collect();
    json!({ "label": call.label, "channel": call.channel.word(), "set": set })
}

/// Covers the sorted digests of the account's changes.
pub(super) fn of_account<'a>(changes: impl IntoIterator<Item = &'a str>) -> Digest {
    let mut all: Vec<&str> = changes.into_iter().collect();
    all.sort_unstable();
    hash(&json!(all))
}

/// Covers the accounts' digests by name.
pub(super) fn of_plan<'a>(accounts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Digest {
    hash(&accounts.into_iter().map(|(name, digest)| (name.to_owned(), json!(digest))).collect::<Map<_, _>>().into())
}

/// The hash of nothing, until the rest of a change is known.
pub(super) fn nothing() -> Digest {
    Digest(String::new())
}

/// `serde_json` keeps objects sorted by key and prints no white space: canonical enough to hash.
fn hash(value: &Json) -> Digest {
    of_text(&value.to_string())
}

/// The digest of a text as it is.
pub(super) fn of_text(text: &str) -> Digest {
    let bytes = Sha256::digest(text.as_bytes());
    let mut text = String::with_capacity(71);
    text.push_str("sha256:");
    for byte in bytes {
        use std::fmt::Write;
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
    }
    Digest(text)
}
