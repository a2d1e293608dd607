//! Digests, from the contract's words: a change's covers system, origin, tenant, account, action, member
//! or domain, before, after, calls and their channels, with a rolling end as `rolling`; an account's
//! covers its sorted change digests, the plan's its accounts' by name. What is hashed is canonical JSON:
//! keys sorted, no white space.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::evidence::{Account, Assign, Attrs, Axis, Change, System};

pub fn of_change(system: &System, account: &Account, change: &Change) -> String {
    let is_rolling = |key: &str| change.rolling && system.attribute(key).is_some_and(|a| a.axis == Axis::Until);
    let shown = |attrs: &Option<Attrs>| match attrs {
        None => Json::Null,
        Some(attrs) => attrs.iter().map(|(k, v)| (k.clone(), if is_rolling(k) { json!("rolling") } else { v.clone() })).collect(),
    };
    let assigned = |key: &str, assign: &Assign| match assign {
        Assign::To(_) if is_rolling(key) => json!("rolling"),
        Assign::To(value) => json!({ "to": value }),
        Assign::Delta { add, remove } => json!({ "add": add, "remove": remove }),
    };
    let calls: Vec<Json> = change
        .calls
        .iter()
        .map(|call| {
            let set: Map<String, Json> = call.set.iter().map(|(key, assign)| (key.clone(), assigned(key, assign))).collect();
            json!({ "label": call.label, "channel": call.channel.word(), "set": set })
        })
        .collect();
    of(&json!({
        "system": account.system,
        "origin": account.origin,
        "tenant": account.tenant,
        "account": account.account,
        "action": change.action.word(),
        "subject": change.subject,
        "before": shown(&change.before),
        "after": shown(&change.after),
        "calls": calls,
    }))
}

pub fn of_account<'a>(changes: impl IntoIterator<Item = &'a str>) -> String {
    let mut all: Vec<&str> = changes.into_iter().collect();
    all.sort_unstable();
    of(&json!(all))
}

pub fn of_plan(accounts: &BTreeMap<&str, &str>) -> String {
    of(&json!(accounts))
}

fn of(form: &Json) -> String {
    let mut text = String::new();
    write(form, &mut text);
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().fold("sha256:".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Canonical JSON, whatever order a map of `serde_json` keeps.
fn write(value: &Json, out: &mut String) {
    let mut list = |open: char, close: char, parts: Vec<String>| {
        out.push(open);
        out.push_str(&parts.join(","));
        out.push(close);
    };
    let text = |value: &Json| {
        let mut text = String::new();
        write(value, &mut text);
        text
    };
    match value {
        Json::Array(all) => list('[', ']', all.iter().map(text).collect()),
        Json::Object(all) => {
            let sorted: BTreeMap<&String, &Json> = all.iter().collect();
            list('{', '}', sorted.into_iter().map(|(k, v)| format!("{}:{}", json!(k), text(v))).collect());
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => out.push_str(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hashed_is_sorted_and_without_white_space() {
        let mut text = String::new();
        write(&json!({ "b": [1, "\u{e9}\"", null], "a": { "d": 0.1, "c": true } }), &mut text);
        assert_eq!(text, "{\"a\":{\"c\":true,\"d\":0.1},\"b\":[1,\"\u{e9}\\\"\",null]}");
    }

    #[test]
    fn digests_are_sha256_of_the_canonical_form() {
        // printf '[]' | sha256sum
        assert_eq!(of_account([]), "sha256:4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945");
        assert_eq!(of_account(["b", "a"]), of_account(["a", "b"]));
    }
}
