//! Plans that the renderers' tests print.

use serde_json::Value as Json;

use crate::model::{Action, Channel, Verb};
use crate::plan::sample::{account, attrs, blocked, call, change, domain, member, one, place, plan, set, text, verdict};
use crate::plan::{Cause, Plan, Report, Risk, Warning};

/// One account that is as it should be.
pub(crate) fn nothing() -> Plan {
    plan(vec![account("news", "emma-hq", 12)])
}

/// An account whose reading is not whole, and one that is.
pub(crate) fn unread() -> Plan {
    let mut short = account("far", "solver", 0);
    short.reading.proof = None;
    short.reading.problems = vec!["the server says 12 members and sent 7".into(), "page 2\n::error::came twice".into()];
    plan(vec![short, account("news", "emma-hq", 12)])
}

/// A bit of everything.
pub(crate) fn full() -> Plan {
    let mut news = account("news", "emma-hq", 12);
    let mut kim = change(
        "news",
        Action::Invite,
        member("kim@agency.example"),
        None,
        Some(attrs([
            ("name", text("Kim \u{202e}Lee")),
            ("role", one("author")),
            ("subaccounts", set(&["emea", "EMEA North"])),
            ("end", crate::model::Value::Day(Some(jiff::civil::date(2026, 12, 5)))),
        ])),
    );
    kim.place = Some(place("accounts/newsletter.yaml", 17, 9));
    kim.reason = Some("Launch, TICKET-40".into());
    let mut ada = change(
        "news",
        Action::Edit,
        member("ada@acme.example"),
        Some(attrs([("role", one("author")), ("subaccounts", set(&["emea", "us"]))])),
        Some(attrs([("role", one("editor")), ("subaccounts", set(&["apac", "emea"]))])),
    );
    ada.cause = Cause::Expiry;
    ada.causes = [("subaccounts", Cause::Expiry), ("role", Cause::Undetermined)].into();
    ada.place = Some(place("accounts/newsletter.yaml", 12, 9));
    ada.notes = vec!["overrides author (emea-marketing)".into()];
    ada.calls = vec![
        call(Verb::Set, "set-subaccounts", attrs([("subaccounts", set(&["emea"]))]), Channel::Api),
        call(Verb::Set, "set-role", attrs([("role", one("editor"))]), Channel::Manual),
    ];
    let old = change("news", Action::Remove, member("old@acme.example"), Some(attrs([("role", one("full"))])), None);
    let mut root = change(
        "news",
        Action::Invite,
        member("root@acme.example"),
        None,
        Some(attrs([("role", one("manager")), ("privileges", set(&[])), ("subaccounts", set(&["emea"]))])),
    );
    root.administers = true;
    root.risk = Risk::High;
    root.waits_for = [kim.id.clone()].into();
    news.changes = vec![kim, root, ada, old];
    let mut far = blocked("news", Action::Edit, member("far@acme.example"), "actor-lacks-subaccount", "a parent, or a manager of apac");
    far.before = Some(attrs([("role", one("author")), ("subaccounts", set(&["emea"]))]));
    far.after = Some(attrs([("role", one("author")), ("subaccounts", set(&["apac", "emea"]))]));
    far.place = Some(place("accounts/newsletter.yaml", 20, 9));
    far.reason = Some("CRM-7".into());
    far.accepted = true;
    news.blocked = vec![far];
    news.reports = vec![Report {
        code: "unmanaged-member",
        member: Some("bob@acme.example".into()),
        message: "is a member and no manifest lists them".into(),
        place: None,
    }];
    news.warnings = vec![Warning {
        code: "role-spreads",
        on: Some(jiff::civil::date(2026, 12, 4)),
        member: Some("ada@acme.example".into()),
        message: "editor on emea, for which no entry asked it".into(),
        place: Some(place("accounts/newsletter.yaml", 12, 9)),
    }];
    let mut removals = verdict("news", "removals", 0, 1);
    removals.place = Some(place("guards.yaml", 2, 3));
    removals.lift = Some(format!("--allow news:removals=1@{}", crate::plan::sample::digest('d')));
    removals.who = vec!["old@acme.example".into()];
    news.guards = vec![removals, verdict("news", "new-administrators", 3, 1)];
    let mut ins = account("ins", "insider", 3);
    ins.backend = "scim";
    ins.sandbox = false;
    ins.changes = vec![change("ins", Action::AllowDomain, domain("acme.example"), None, None)];
    plan(vec![news, ins])
}

/// Compares a generated file with the committed one; `PORTCULLIS_BLESS=1` rewrites it.
pub(crate) fn assert_fresh(path: &str, made: &Json) {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let made = format!("{made:#}\n");
    if std::env::var_os("PORTCULLIS_BLESS").is_some() {
        std::fs::write(&file, &made).expect("schemas/ is writable");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(there == made, "{path} is stale: run the tests once with PORTCULLIS_BLESS=1");
}
