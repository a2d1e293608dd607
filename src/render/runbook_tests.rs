use snapbox::{IntoData as _, assert_data_eq, str};

use super::*;
use crate::model::{Action, Atom};
use crate::plan::sample::{account, attrs, call, change, domain, member, one, place, plan, set, text as named, verdict};
use crate::render::samples;

fn as_markdown(plan: &Plan) -> String {
    let mut out = Vec::new();
    markdown(&mut out, &Runbook::of(plan)).unwrap();
    String::from_utf8(out).unwrap()
}

fn as_text(plan: &Plan) -> String {
    let mut out = Vec::new();
    text(&mut out, &Runbook::of(plan), Paint::plain()).unwrap();
    String::from_utf8(out).unwrap()
}

/// Insider over an API that knows roles only.
fn by_hand() -> Plan {
    let mut ins = account("ins", "insider", 3);
    ins.backend = "scim";
    ins.sandbox = false;
    let mut allow = change("ins", Action::AllowDomain, domain("acme.example"), None, None);
    allow.calls = vec![call(Verb::AllowDomain, "allow-domain", attrs([]), Channel::Unverifiable)];
    let mut invite = change(
        "ins",
        Action::Invite,
        member("kim@acme.example"),
        None,
        Some(attrs([("role", one("viewer")), ("limited-products", set(&["sms"])), ("pii", Value::Flag(true))])),
    );
    invite.calls[0].channel = Channel::Manual;
    invite.waits_for = [allow.id.clone(), "ins/remove/old@acme.example".to_owned()].into();
    invite.reason = Some("Launch".into());
    invite.place = Some(place("accounts.yaml", 4, 9));
    let mut edit = change(
        "ins",
        Action::Edit,
        member("ada@acme.example"),
        Some(attrs([("role", one("viewer")), ("groups", set(&["us"]))])),
        Some(attrs([("role", one("editor")), ("groups", set(&["emea"]))])),
    );
    let mut groups = call(Verb::Set, "set-groups", attrs([]), Channel::Unverifiable);
    let atoms = |words: &[&str]| words.iter().map(|w| Atom::new(w).unwrap()).collect();
    groups.set.insert("groups", Assign::Delta { add: atoms(&["emea"]), remove: atoms(&["us"]) });
    edit.calls = vec![call(Verb::Set, "set-role", attrs([("role", one("editor"))]), Channel::Api), groups];
    ins.changes = vec![allow, invite, edit];
    plan(vec![ins])
}

#[test]
fn a_plan_without_manual_steps_has_an_empty_runbook() {
    assert!(Runbook::of(&samples::nothing()).is_empty());
    assert_eq!(as_text(&samples::nothing()), "");
    assert!(as_markdown(&samples::nothing()).contains("Nothing is to be done by hand."));
}

#[test]
fn one_step_a_change_in_the_consoles_words_and_the_plans_order() {
    assert_data_eq!(
        as_markdown(&by_hand()),
        str![[r#"
# Steps by hand

portcullis 0.1.0, as of 2026-11-22T09:00:00Z, plan digest sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd.

Make the steps in this order, then run `portcullis plan` again: what it can read is proven by that.

1. [ ] ins (Insider One): allow-domain `acme.example`
    - `allow-domain`:
        1. open User Management and click User Domain Whitelisting under the Actions menu
        2. add the domain `acme.example`
    - check: the whitelist shows `acme.example`
    - nothing can read this back: what is ticked here is the only proof
2. [ ] ins (Insider One): invite `kim@acme.example`
    - why: Launch
    - asked for at accounts.yaml:4:9
    - only after step 1
    - only after portcullis made `remove/old@acme.example`
    - `invite`:
        1. open User Management from the submenu under your username in the top right corner
        2. invite `kim@acme.example` with the role viewer
        3. before sending, set: limited-products: sms; pii: on
    - check: the Users page lists `kim@acme.example` as Unregistered with this role
3. [ ] ins (Insider One): edit `ada@acme.example`
    - only after portcullis made `set-role`
    - `set-groups`:
        1. click the Edit button against `ada@acme.example`
        2. set the user's groups: add emea; remove us; the whole is then emea
        3. click the Save button
    - check: the Users page, filtered by Group, shows the person in exactly these groups
    - nothing can read this back: what is ticked here is the only proof

"#]]
        .raw()
    );
}

#[test]
fn the_short_form_stands_after_the_plan() {
    assert_data_eq!(
        as_text(&by_hand()),
        str![[r#"
by hand, in this order:
  1. ins (Insider One): allow-domain acme.example
     allow-domain:
       - open User Management and click User Domain Whitelisting under the Actions menu
       - add the domain acme.example
       check: the whitelist shows acme.example
     nothing can read this back
  2. ins (Insider One): invite kim@acme.example
     only after step 1
     only after portcullis made remove/old@acme.example
     invite:
       - open User Management from the submenu under your username in the top right corner
       - invite kim@acme.example with the role viewer
       - before sending, set: limited-products: sms; pii: on
       check: the Users page lists kim@acme.example as Unregistered with this role
  3. ins (Insider One): edit ada@acme.example
     only after portcullis made set-role
     set-groups:
       - click the Edit button against ada@acme.example
       - set the user's groups: add emea; remove us; the whole is then emea
       - click the Save button
       check: the Users page, filtered by Group, shows the person in exactly these groups
     nothing can read this back

"#]]
        .raw()
    );
}

#[test]
fn words_of_our_own_are_marked() {
    let mut sol = account("sol", "solver", 3);
    let mut remove = change("sol", Action::Remove, member("old@acme.example"), Some(attrs([("groups", set(&["standard"]))])), None);
    remove.calls[0].channel = Channel::Manual;
    sol.changes = vec![remove];
    assert!(as_markdown(&plan(vec![sol.clone()])).contains("plain words"));
    // A verb for which the literals have no entry still says what to do, and to whom.
    sol.changes[0].calls = vec![call(Verb::Deactivate, "deactivate", attrs([]), Channel::Manual)];
    let text = as_text(&plan(vec![sol]));
    assert!(text.contains("take the access away from old@acme.example") && text.contains("plain words"), "{text}");
}

#[test]
fn an_account_that_a_guard_stops_has_no_steps() {
    let mut stopped = by_hand();
    stopped.accounts[0].guards = vec![verdict("ins", "removals", 0, 1)];
    let book = Runbook::of(&stopped);
    assert!(book.steps.is_empty() && book.stopped == ["ins"]);
    assert!(as_text(&stopped).contains("make none of its steps"));
}

#[test]
fn a_whitelist_that_opens_says_so() {
    let mut open = by_hand();
    open.accounts[0].changes[0].subject = Subject::Domain(crate::model::Domain::any());
    assert!(as_text(&open).contains("every domain"));
}

#[test]
fn hostile_text_opens_no_tag_mentions_nobody_and_breaks_no_step() {
    let hostile = "::error::x @everyone <img src=x> `x` | [a](http://b)\n1. [x] done \u{202e}";
    let mut emma = account("@here<b>", "emma-hq", 3);
    let mut invite = change(
        "@here<b>",
        Action::Invite,
        member("a`<b>@acme.example".replace("<b>", "").as_str()),
        None,
        Some(attrs([("name", named(hostile)), ("role", one("author")), ("subaccounts", set(&["<i>@all"]))])),
    );
    invite.calls[0].channel = Channel::Manual;
    invite.reason = Some(hostile.into());
    emma.changes = vec![invite];
    let book = as_markdown(&plan(vec![emma.clone()]));
    for bad in ["<img", "<b>", "<i>", "@everyone", "@here", "@all", "\u{202e}", "](http", "\n1. [x]"] {
        assert!(!book.contains(bad), "{bad:?} in {book}");
    }
    assert!(book.contains("img src"), "it is shown all the same");
    let text = as_text(&plan(vec![emma]));
    assert!(!text.contains('\u{202e}') && !text.lines().any(|l| l.trim_start().starts_with("::") || l.starts_with("1. [x]")), "{text}");
}

/// Whoever makes a step reads what to click, whatever the step is.
#[test]
fn every_step_of_every_procedure_has_words_of_its_systems_console() {
    for spec in systems::ALL {
        let has = |verb: Verb, key: Option<&str>| spec.console.iter().any(|c| c.verb == verb && c.key == key);
        for step in spec.procedures.iter().flat_map(|p| p.steps) {
            let whole = has(step.verb, None);
            assert!(whole || step.verb == Verb::Set, "{}: {}", spec.name, step.label);
            let silent: Vec<&&str> = step.keys.iter().filter(|key| !whole && !has(step.verb, Some(key))).collect();
            assert_eq!(silent, [] as [&&str; 0], "{}: {}", spec.name, step.label);
        }
    }
}
