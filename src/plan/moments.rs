//! What a member has at each moment of a change, and whether a fresh change is the rest of one that
//! was begun: by a run that was cut off between two of its calls.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::model::{Action, Attrs, Domains, Known, Live, Phase, Verb};
use crate::systems::{Axis, SystemSpec};

use super::change::Change;

/// Attributes by key.
type Held = BTreeMap<String, Json>;

/// The moments of a change: before its first call, and after each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moments {
    /// The id of the change, and what it does.
    pub id: String,
    pub action: String,
    pub subject: String,
    /// What the member has before the first call, and after each; null where there is no member.
    pub held: Vec<Option<Held>>,
    /// What the member shall have in the end; null where the membership ends.
    pub after: Option<Held>,
    /// The attributes that its calls write; the others are shown and asked for by nothing: an end that the
    /// product does not keep.
    pub written: BTreeSet<String>,
    /// The server may give more than was asked: a new member's defaults.
    pub defaults: bool,
    /// A message or a link goes out by it.
    pub invites: bool,
}

impl Moments {
    pub fn of(change: &Change) -> Self {
        let is_new = matches!(change.action, Action::Invite | Action::AllowDomain | Action::DisallowDomain);
        let mut now = (!is_new).then(|| change.whole_before().clone());
        let mut all = vec![now.as_ref().map(held)];
        for call in &change.calls {
            now = match call.verb {
                Verb::Delete => None,
                _ => Some(call.makes_of(now.unwrap_or_default())),
            };
            all.push(now.as_ref().map(held));
        }
        Self {
            id: change.id.clone(),
            action: change.action.word().to_owned(),
            subject: change.subject.as_str().to_owned(),
            held: all,
            after: change.whole_after().map(held),
            written: written(change).map(str::to_owned).collect(),
            invites: change.calls.iter().any(|c| matches!(c.verb, Verb::Invite | Verb::Resend)),
            defaults: change.calls.iter().any(|c| c.verb == Verb::Invite),
        }
    }

    /// Whether a canonical form is of the same change: whom, how, and to what end.
    pub fn are_of(&self, form: &Json) -> bool {
        let asked =
            |(key, value): (&String, &Json)| value == "rolling" || self.after.as_ref().and_then(|after| after.get(key)) == Some(value);
        form["subject"] == self.subject
            && form["action"] == self.action
            && form["after"].is_null() == self.after.is_none()
            && form["after"].as_object().into_iter().flatten().all(asked)
    }

    /// Whether the change is what is left of this one: it starts at one of its moments, and asks for
    /// just what this one did, by the same action or the one that follows from a part of it.
    pub fn are_continued_by(&self, change: &Change) -> bool {
        let (Some(asked), Some(wanted)) = (&self.after, change.whole_after().map(held)) else { return false };
        let is_same = |key: &str| said(asked.get(key)) == said(wanted.get(key));
        let asks = self.written.iter().map(String::as_str).chain(written(change)).all(is_same);
        let starts = |moment: &Option<Held>| match (moment, change.action == Action::Invite) {
            (None, is_new) => is_new,
            (Some(_), true) => false,
            (Some(moment), false) => {
                let before = change.before.as_ref().map(held).unwrap_or_default();
                before.iter().all(|(key, is)| moment.get(key).map_or(self.defaults, |was| was == is))
            }
        };
        self.subject == change.subject.as_str() && self.is_followed_by(change.action) && asks && self.held.iter().any(starts)
    }

    /// Whether the account is for certain what the change was to make of it: the member has all that its calls
    /// write, or is no member any more; the domain is allowed, or not. `sees_all`: nobody is hidden from this
    /// actor. `since`: when the change was begun, for what was sent again and looks as before.
    pub fn are_reached(
        &self,
        spec: &SystemSpec,
        sees_all: bool,
        since: Option<Timestamp>,
        domains: &Known<Domains>,
        live: Option<&Live>,
    ) -> bool {
        let is = |action: Action| self.action == action.word();
        if is(Action::AllowDomain) || is(Action::DisallowDomain) {
            let allowed = match domains.seen() {
                Some(Domains::Only(list)) => Some(list.iter().any(|domain| domain.as_str() == self.subject)),
                Some(Domains::Off) => Some(true),
                None => None,
            };
            return allowed == Some(is(Action::AllowDomain));
        }
        let (Some(after), Some(live)) = (&self.after, live) else {
            return self.after.is_none() && live.map_or(sees_all, |live| !live.phase.is_standing());
        };
        let now = held(&live.seen());
        let is_so = |key: &str| said(now.get(key)) == said(after.get(key));
        let (seen, unseen): (Vec<&String>, Vec<&String>) = self.written.iter().partition(|key| now.contains_key(*key));
        let is_access = |key: &str| spec.attr(key).is_some_and(|attr| !matches!(attr.axis, Axis::Label | Axis::Until));
        // Of several calls, the one that writes what no reading shows may be missing.
        let is_whole = unseen.is_empty() || self.held.len() <= 2;
        let shows = !seen.is_empty() || is(Action::Invite) || is(Action::Reinvite) || (is(Action::Restore) && live.phase == Phase::Active);
        let is_sent = match live.phase {
            // Two clocks are minutes apart at most, and two invitations days.
            Phase::Pending { sent: Some(sent), .. } => {
                since.is_none_or(|since| sent.duration_since(since) >= SignedDuration::from_mins(-5))
            }
            Phase::Pending { sent: None, .. } => !is(Action::Reinvite),
            Phase::Active | Phase::Locked | Phase::Expired | Phase::Suspended => true,
        };
        live.phase.is_standing()
            && shows
            && is_whole
            && seen.into_iter().all(|key| is_so(key))
            // What a new member got beside what was asked is taken away by what is left of the change.
            && (!self.defaults || now.keys().filter(|key| is_access(key)).all(|key| is_so(key)))
            && (!self.invites || is_sent)
    }
}

impl Moments {
    fn is_followed_by(&self, action: Action) -> bool {
        let begun = Action::ALL.into_iter().find(|a| a.word() == self.action);
        match begun {
            Some(begun) if begun == action => true,
            Some(Action::Invite) => matches!(action, Action::Edit | Action::EditInvitation),
            Some(Action::EditInvitation | Action::Reinvite) => action == Action::Invite,
            Some(Action::Restore) => matches!(action, Action::Edit | Action::EditInvitation),
            Some(_) | None => false,
        }
    }
}

fn written(change: &Change) -> impl Iterator<Item = &str> {
    change.calls.iter().flat_map(|c| c.set.keys().copied())
}

/// What a value says; what is left out says the same as what is empty.
fn said(value: Option<&Json>) -> Option<&Json> {
    value.filter(|v| match v {
        Json::Null | Json::Bool(false) => false,
        Json::String(text) => !text.is_empty(),
        Json::Array(all) => !all.is_empty(),
        Json::Object(all) => !all.is_empty(),
        Json::Bool(true) | Json::Number(_) => true,
    })
}

fn held(attrs: &Attrs) -> Held {
    attrs.iter().map(|(key, value)| ((*key).to_owned(), value.to_json())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Assign, Channel};
    use crate::plan::sample::{attrs, call, change, member, one, set, text};

    /// Role and scopes by two calls, as emma-hq makes it.
    fn edit() -> Change {
        let before = attrs([("role", one("author")), ("subaccounts", set(&["apac", "emea"]))]);
        let after = attrs([("role", one("editor")), ("subaccounts", set(&["emea"]))]);
        let mut edit = change("news", Action::Edit, member("kim@acme.example"), Some(before), Some(after.clone()));
        let part = |key| after.iter().filter(|(k, _)| **k == key).map(|(k, v)| (*k, v.clone())).collect();
        edit.calls = vec![
            call(Verb::Set, "set-subaccounts", part("subaccounts"), Channel::Api),
            call(Verb::Set, "set-role", part("role"), Channel::Api),
        ];
        edit
    }

    fn rest(role: &str, scopes: &[&str]) -> Change {
        let before = attrs([("role", one(role)), ("subaccounts", set(scopes))]);
        let after = attrs([("role", one("editor")), ("subaccounts", set(&["emea"]))]);
        change("news", Action::Edit, member("kim@acme.example"), Some(before), Some(after))
    }

    fn is_reached(moments: &Moments, phase: Option<Phase>, seen: &Attrs, sees_all: bool) -> bool {
        let live = phase.map(|phase| Live {
            email: member("kim@acme.example").email().unwrap().clone(),
            id: None,
            phase,
            attrs: seen.iter().map(|(key, value)| (*key, Known::Seen(value.clone()))).collect(),
        });
        let since = "2026-11-22T09:00:00Z".parse().ok();
        moments.are_reached(&crate::systems::emma_hq::SPEC, sees_all, since, &Known::Unreadable, live.as_ref())
    }

    fn pending(sent: Option<&str>) -> Phase {
        let sent = sent.map(|sent| sent.parse().unwrap());
        Phase::Pending { state: crate::model::Invitation::Open, sent, attempts: None }
    }

    #[test]
    fn a_change_is_made_where_all_that_it_writes_shows() {
        let moments = Moments::of(&edit());
        let after = attrs([("role", one("editor")), ("subaccounts", set(&["emea"]))]);
        assert!(is_reached(&moments, Some(Phase::Active), &after, true));
        let half = attrs([("role", one("author")), ("subaccounts", set(&["emea"]))]);
        assert!(!is_reached(&moments, Some(Phase::Active), &half, true), "between its calls");
        assert!(!is_reached(&moments, Some(Phase::Suspended), &after, true) && !is_reached(&moments, None, &after, true));
        let unread = attrs([("subaccounts", set(&["emea"]))]);
        assert!(!is_reached(&moments, Some(Phase::Active), &unread, true), "its last call may be missing");
        let mut single = edit();
        single.calls.truncate(1);
        assert!(is_reached(&Moments::of(&single), Some(Phase::Active), &unread, true));
        assert!(!is_reached(&Moments::of(&single), Some(Phase::Active), &attrs([("role", one("author"))]), true), "nothing shows");
    }

    #[test]
    fn who_is_gone_is_so_for_certain_where_nobody_is_hidden() {
        let gone = Moments::of(&change("news", Action::Remove, member("kim@acme.example"), Some(attrs([("role", one("author"))])), None));
        let nothing = Attrs::new();
        assert!(is_reached(&gone, None, &nothing, true) && !is_reached(&gone, None, &nothing, false));
        assert!(is_reached(&gone, Some(Phase::Suspended), &nothing, false) && !is_reached(&gone, Some(Phase::Active), &nothing, true));
    }

    #[test]
    fn what_was_sent_again_shows_by_its_time() {
        let role = attrs([("role", one("author"))]);
        let again = |action| {
            let mut change = change("news", action, member("kim@acme.example"), Some(role.clone()), Some(role.clone()));
            change.calls[0].set.clear();
            Moments::of(&change)
        };
        let again = again(Action::Reinvite);
        assert!(is_reached(&again, Some(pending(Some("2026-11-22T09:00:01Z"))), &role, true));
        assert!(is_reached(&again, Some(pending(Some("2026-11-22T08:55:00Z"))), &role, true), "their clock is behind");
        assert!(!is_reached(&again, Some(pending(Some("2026-11-15T09:00:00Z"))), &role, true), "the one before");
        assert!(!is_reached(&again, Some(pending(None)), &role, true), "the server does not tell");
        let new = Moments::of(&change("news", Action::Invite, member("kim@acme.example"), None, Some(role.clone())));
        assert!(is_reached(&new, Some(pending(None)), &role, true));
        // What a new member gets beside what was asked is taken away by the rest of the change.
        let more = attrs([("role", one("author")), ("subaccounts", set(&["emea"]))]);
        assert!(!is_reached(&new, Some(pending(None)), &more, true));
    }

    #[test]
    fn what_is_left_after_any_call_continues_the_change() {
        let moments = Moments::of(&edit());
        assert!(moments.are_continued_by(&rest("author", &["apac", "emea"])));
        assert!(moments.are_continued_by(&rest("author", &["emea"])));
    }

    #[test]
    fn what_somebody_made_of_the_member_meanwhile_does_not() {
        let moments = Moments::of(&edit());
        assert!(!moments.are_continued_by(&rest("manager", &["emea"])), "another role than at any moment");
        assert!(!moments.are_continued_by(&rest("editor", &["apac", "emea"])), "the second step without the first");
        let mut more = rest("author", &["emea"]);
        more.whole_after.as_mut().unwrap().insert("role", one("manager"));
        more.calls[0].set.insert("role", Assign::To(one("manager")));
        assert!(!moments.are_continued_by(&more), "more than was asked");
        let mut less = rest("author", &["emea"]);
        less.whole_after.as_mut().unwrap().retain(|key, _| *key != "subaccounts");
        assert!(!moments.are_continued_by(&less), "less than was asked: an end or a limit that is left out gives more");
        let mut back = rest("author", &["emea"]);
        back.action = Action::Restore;
        assert!(!moments.are_continued_by(&back), "another action");
        let mut other = rest("author", &["emea"]);
        other.subject = member("sam@acme.example");
        assert!(!moments.are_continued_by(&other), "somebody else");
        let mut ends = rest("author", &["emea"]);
        (ends.action, ends.after) = (Action::Remove, None);
        assert!(!moments.are_continued_by(&ends), "an end that was not asked for");
    }

    #[test]
    fn an_invitation_that_was_deleted_to_be_sent_anew_is_continued_by_one() {
        let before = attrs([("name", text("Kim")), ("role", one("author"))]);
        let after = attrs([("name", text("Kim")), ("role", one("editor"))]);
        let mut anew = change("news", Action::EditInvitation, member("kim@acme.example"), Some(before), Some(after.clone()));
        anew.calls =
            vec![call(Verb::Delete, "delete", Attrs::new(), Channel::Api), call(Verb::Invite, "invite", after.clone(), Channel::Api)];
        let moments = Moments::of(&anew);
        let invite = change("news", Action::Invite, member("kim@acme.example"), None, Some(after.clone()));
        assert!(moments.are_continued_by(&invite));
        anew.calls.remove(0);
        let never_gone = Moments::of(&anew);
        assert!(!never_gone.are_continued_by(&invite), "who was never taken away is not invited");
    }

    #[test]
    fn a_new_members_defaults_are_a_moment_of_the_invitation() {
        let after = attrs([("name", text("Kim")), ("role", one("user-manager"))]);
        let mut invite = change("gam", Action::Invite, member("kim@acme.example"), None, Some(after));
        invite.calls = vec![
            call(Verb::Invite, "invite", attrs([("name", text("Kim"))]), Channel::Api),
            call(Verb::Set, "set-role", attrs([("role", one("user-manager"))]), Channel::Api),
        ];
        let by_default = attrs([("role", one("user"))]);
        let whole = attrs([("name", text("Kim")), ("role", one("user-manager"))]);
        let mut raised = change("gam", Action::Edit, member("kim@acme.example"), Some(by_default), Some(whole));
        raised.after = Some(attrs([("role", one("user-manager"))]));
        assert!(Moments::of(&invite).are_continued_by(&raised));
    }

    /// What a journal says of a change is worth what the reviewed form says.
    #[test]
    fn moments_are_of_the_form_of_the_same_member_action_and_end() {
        let moments = Moments::of(&edit());
        let form = |subject: &str, action: &str, after: Json| serde_json::json!({ "subject": subject, "action": action, "after": after });
        let after = serde_json::json!({ "role": "editor", "subaccounts": ["emea"] });
        assert!(moments.are_of(&form("kim@acme.example", "edit", after.clone())));
        assert!(moments.are_of(&form("kim@acme.example", "edit", serde_json::json!({ "role": "editor" }))), "a part of what is kept");
        assert!(moments.are_of(&form("kim@acme.example", "edit", serde_json::json!({ "role": "editor", "end": "rolling" }))));
        for (other, why) in [
            (form("sam@acme.example", "edit", after.clone()), "somebody else"),
            (form("kim@acme.example", "restore", after.clone()), "another action"),
            (form("kim@acme.example", "edit", Json::Null), "an end of the membership"),
            (form("kim@acme.example", "edit", serde_json::json!({ "role": "manager" })), "another role"),
            (form("kim@acme.example", "edit", serde_json::json!({ "role": "editor", "name": "Kim" })), "more than was asked"),
        ] {
            assert!(!moments.are_of(&other), "{why}");
        }
        let mut ends = edit();
        (ends.action, ends.after, ends.whole_after) = (Action::Remove, None, None);
        let ends = Moments::of(&ends);
        assert!(ends.are_of(&form("kim@acme.example", "remove", Json::Null)));
        assert!(!ends.are_of(&form("kim@acme.example", "remove", after)));
    }

    #[test]
    fn what_is_empty_says_what_is_left_out_says() {
        for empty in [serde_json::json!(null), false.into(), "".into(), serde_json::json!([]), serde_json::json!({})] {
            assert_eq!(said(Some(&empty)), None, "{empty}");
        }
        for full in [serde_json::json!(true), 0.into(), "x".into(), serde_json::json!([1]), serde_json::json!({ "a": 1 })] {
            assert_eq!(said(Some(&full)), Some(&full));
        }
    }

    #[test]
    fn only_an_invitation_brings_defaults() {
        let moments = Moments::of(&edit());
        assert!(!moments.defaults && !moments.invites);
        let after = Some(attrs([("role", one("editor"))]));
        let again = Moments::of(&change("news", Action::Reinvite, member("kim@acme.example"), None, after.clone()));
        assert!(!again.defaults && again.invites);
        let invite = Moments::of(&change("news", Action::Invite, member("kim@acme.example"), None, after));
        assert!(invite.defaults && invite.invites);
    }
}
