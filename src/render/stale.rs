//! Approved changes that came back different, in words.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;
use similar::{ChangeTag, TextDiff};

use crate::plan::Stale;

/// An approved change that came back different: it stops its account.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StaleView {
    /// The id of the change that was approved.
    pub approved: String,
    /// The id of what the account needs now.
    pub fresh: String,
    /// A line an attribute or call: `-` as approved, `+` as it is now, a blank before what is the same.
    pub difference: Vec<String>,
}

impl StaleView {
    pub fn of(stale: &Stale) -> Self {
        Self { approved: stale.approved.clone(), fresh: stale.fresh.clone(), difference: difference(&stale.was, &stale.is) }
    }
}

fn difference(was: &Json, is: &Json) -> Vec<String> {
    let (was, is) = (lines(was), lines(is));
    let (was, is): (Vec<&str>, Vec<&str>) = (was.iter().map(String::as_str).collect(), is.iter().map(String::as_str).collect());
    let signed = |tag| match tag {
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
        ChangeTag::Equal => ' ',
    };
    TextDiff::from_slices(&was, &is).iter_all_changes().map(|c| format!("{} {}", signed(c.tag()), c.value())).collect()
}

/// A canonical form, a line an attribute.
fn lines(form: &Json) -> Vec<String> {
    let mut all: Vec<String> =
        ["system", "origin", "tenant", "action"].iter().filter_map(|k| Some(format!("{k}: {}", form[k].as_str()?))).collect();
    for side in ["before", "after"] {
        all.extend(form[side].as_object().into_iter().flatten().map(|(key, value)| format!("{side} {key}: {}", plain(value))));
    }
    for call in form["calls"].as_array().into_iter().flatten() {
        all.push(format!("call {} ({})", plain(&call["label"]), plain(&call["channel"])));
    }
    all
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(all) => format!("[{}]", all.iter().map(plain).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_came_back_different_is_told_line_by_line() {
        let form = |role: &str, calls: &[&str]| {
            let calls: Vec<Json> = calls.iter().map(|label| json!({ "label": label, "channel": "api", "set": {} })).collect();
            json!({ "system": "insider", "action": "edit", "before": { "role": role }, "after": { "role": "editor", "groups": ["a", "b"] }, "calls": calls })
        };
        assert_eq!(
            difference(&form("viewer", &["set"]), &form("outsourcer", &["set", "clear-end"])),
            [
                "  system: insider",
                "  action: edit",
                "- before role: viewer",
                "+ before role: outsourcer",
                "  after groups: [a, b]",
                "  after role: editor",
                "  call set (api)",
                "+ call clear-end (api)",
            ]
        );
    }
}
