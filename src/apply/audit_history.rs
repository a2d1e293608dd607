//! What the log tells of an account's past: readings that a later one is held against, and invitations
//! that the server does not count.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::model::Action;
use crate::plan::{History, Sent};

use super::audit::{ChangeEntry, Entry, What};

/// What the log tells of one account in one place.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// The last reading of each actor.
    members: BTreeMap<String, (usize, Timestamp)>,
    sent: BTreeMap<String, Sent>,
}

impl Past {
    /// An invitation that a run had begun to send at that time, and of which the log does not tell yet.
    pub fn invited(&mut self, member: String, at: Timestamp) {
        count(&mut self.sent, member, at);
    }
    /// As this actor knows it.
    pub fn of(self, actor: &Json) -> History {
        History { members: self.members.get(&actor.to_string()).copied(), sent: self.sent }
    }
}

/// By account and origin, so that what was seen at another place is not taken for this one's. What is no
/// line of a log tells nothing.
pub fn histories(text: &str) -> BTreeMap<(String, String), Past> {
    let mut all: BTreeMap<(String, String), Past> = BTreeMap::new();
    for entry in text.lines().filter_map(|line| serde_json::from_str::<Entry>(line).ok()) {
        let Ok(at) = entry.at.parse::<Timestamp>() else { continue };
        match entry.what {
            What::Read { account, origin, actor, members } => {
                all.entry((account, origin)).or_default().members.insert(actor.to_string(), (members, at));
            }
            What::Change(change) if matches!(change.result.as_str(), "applied" | "unknown") => {
                let history = all.entry((change.account.clone(), change.origin.clone())).or_default();
                changed(&mut history.sent, &change, at);
            }
            What::OneOff { account, origin, action, member, result, .. } if matches!(action.as_str(), "resend" | "link") => {
                if matches!(result.as_str(), "applied" | "unknown") {
                    count(&mut all.entry((account, origin)).or_default().sent, member, at);
                }
            }
            What::Start | What::Change(_) | What::OneOff { .. } | What::Apply { .. } | What::Lift { .. } | What::Head { .. } => {}
        }
    }
    all
}

/// A call whose answer was lost counts: nobody is written to once more because of it (DESIGN §8.6).
fn changed(sent: &mut BTreeMap<String, Sent>, change: &ChangeEntry, at: Timestamp) {
    let rest = change.id.strip_prefix(&change.account).and_then(|rest| rest.strip_prefix('/'));
    let Some((action, member)) = rest.and_then(|rest| rest.split_once('/')) else { return };
    if change.invites {
        return count(sent, member.to_owned(), at);
    }
    // Of members, and not of invitations: somebody accepted.
    if [Action::Edit, Action::Remove, Action::Restore].iter().any(|a| a.word() == action) && change.result == "applied" {
        sent.remove(member);
    }
}

fn count(sent: &mut BTreeMap<String, Sent>, member: String, at: Timestamp) {
    let before = sent.get(&member).map_or(0, |sent| sent.attempts);
    sent.insert(member, Sent { last: at, attempts: before.saturating_add(1) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::audit::{AUDIT_VERSION, Entry};

    fn line(at: &str, what: What) -> String {
        let entry = Entry {
            schema_version: AUDIT_VERSION.into(),
            seq: 1,
            at: format!("2026-11-{at}T09:00:00Z"),
            tool: "portcullis 0".into(),
            by: "a test".into(),
            what,
            prev: String::new(),
            hash: String::new(),
        };
        serde_json::to_string(&entry).unwrap()
    }

    fn change(at: &str, action: &str, result: &str) -> String {
        let entry = ChangeEntry {
            account: "news".into(),
            system: "emma-hq".into(),
            origin: "embedded:x".into(),
            plan: "sha256:1".into(),
            id: format!("news/{action}/kim@acme.example"),
            digest: "sha256:2".into(),
            before: serde_json::Value::Null,
            after: serde_json::Value::Null,
            reason: None,
            place: None,
            source: None,
            approval: "terminal".into(),
            approved_by: Vec::new(),
            continues: None,
            invites: action.ends_with("invite"),
            result: result.into(),
            message: String::new(),
        };
        line(at, What::Change(Box::new(entry)))
    }

    fn attempts(lines: &[String]) -> Option<(u32, String)> {
        let all = histories(&lines.join("\n"));
        let sent = all.get(&("news".to_owned(), "embedded:x".to_owned()))?.sent.get("kim@acme.example")?;
        Some((sent.attempts, sent.last.to_string()))
    }

    #[test]
    fn invitations_are_counted_across_cancelling_until_somebody_accepted() {
        let two = [change("01", "invite", "applied"), change("02", "cancel-invitation", "applied"), change("03", "invite", "unknown")];
        assert_eq!(attempts(&two), Some((2, "2026-11-03T09:00:00Z".into())));
        let accepted = [&two[..], &[change("04", "edit", "applied")]].concat();
        assert_eq!(attempts(&accepted), None);
        let again = [&accepted[..], &[change("05", "remove", "applied"), change("06", "reinvite", "applied")]].concat();
        assert_eq!(attempts(&again), Some((1, "2026-11-06T09:00:00Z".into())));
        assert_eq!(attempts(&[change("01", "invite", "failed"), change("01", "invite", "already"), "{".into()]), None);
    }

    #[test]
    fn the_last_reading_of_a_place_is_that_places() {
        let read = |at: &str, origin: &str, members| {
            line(at, What::Read { account: "news".into(), origin: origin.into(), actor: "root".into(), members })
        };
        let all = histories(&[read("01", "embedded:x", 9), read("02", "embedded:x", 7), read("03", "embedded:y", 1)].join("\n"));
        let of = |origin: &str| all[&("news".to_owned(), origin.to_owned())].members.get("\"root\"").map(|(members, _)| *members);
        assert_eq!((of("embedded:x"), of("embedded:y")), (Some(7), Some(1)));
    }

    #[test]
    fn what_somebody_sends_once_more_by_hand_counts_and_other_one_off_actions_do_not() {
        let one_off = |at: &str, action: &str, result: &str| {
            let (account, system, origin) = ("news".into(), "emma-hq".into(), "embedded:x".into());
            line(
                at,
                What::OneOff { account, system, origin, action: action.into(), member: "n@acme.example".into(), result: result.into() },
            )
        };
        let log = [
            one_off("01", "resend", "applied"),
            one_off("02", "link", "unknown"),
            one_off("03", "resend", "failed"),
            one_off("04", "reset-password", "applied"),
        ];
        let all = histories(&log.join("\n"));
        let sent = all[&("news".to_owned(), "embedded:x".to_owned())].sent["n@acme.example"];
        assert_eq!((sent.attempts, sent.last.to_string()), (2, "2026-11-02T09:00:00Z".to_owned()));
    }
}
