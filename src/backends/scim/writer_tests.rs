use std::collections::BTreeMap;

use serde_json::json;

use super::fake::{CANARY, Fake, Faults, crowd, email, user};
use crate::backends::Writer;
use crate::model::{Assign, Atom, Call, Channel, Key, Name, Outcome, Subject, Value, Verb};

fn call(verb: Verb, set: &[(Key, Value)]) -> Call {
    let set: BTreeMap<Key, Assign> = set.iter().map(|(k, v)| (*k, Assign::To(v.clone()))).collect();
    Call { verb, label: "test".into(), set, channel: Channel::Api, mails: false }
}

fn role(word: &'static str) -> (Key, Value) {
    ("role", Value::One(Atom::literal(word)))
}

fn name(text: &str) -> (Key, Value) {
    ("name", Value::Text(Name::new(text)))
}

async fn make(fake: &Fake, address: &str, call: Call) -> Outcome {
    let scim = fake.scim();
    let writer = scim.open_writer().unwrap();
    let outcome = writer.call(&Subject::Member(email(address)), &call, "key").await;
    assert!(!format!("{outcome:?}").contains(CANARY));
    outcome
}

fn refused(outcome: &Outcome, word: &str) {
    assert!(matches!(outcome, Outcome::Refused(why) if why.contains(word)), "{outcome:?}");
}

fn unknown(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test]
async fn each_verb_does_what_it_says() {
    let fake = Fake::new(crowd(2), Faults { etags: true, ..Faults::default() }).await;
    assert_eq!(make(&fake, "Ada@acme.example", call(Verb::Invite, &[role("editor")])).await, Outcome::Applied);
    assert_eq!(fake.users()[2]["roles"], json!([{ "value": "edit-and-publish", "primary": true }]));
    assert_eq!(fake.users()[2]["userName"], "ada@acme.example");
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Set, &[role("administrator"), name("Grace Hopper")])).await, Outcome::Applied);
    assert_eq!(fake.users()[0]["roles"][0]["value"], "manage-users");
    assert_eq!(fake.users()[0]["name"], json!({ "givenName": "Grace", "familyName": "Hopper" }));
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Deactivate, &[])).await, Outcome::Applied);
    assert_eq!(fake.users()[0]["active"], false);
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Restore, &[])).await, Outcome::Applied);
    assert_eq!(fake.users()[0]["active"], true);
    assert_eq!(make(&fake, "p2@acme.example", call(Verb::Delete, &[])).await, Outcome::Applied);
    assert_eq!(fake.users().len(), 2);
    assert_eq!(fake.writes().await, ["POST", "PATCH", "PATCH", "PATCH", "DELETE"]);
}

#[tokio::test]
async fn what_is_so_already_is_not_written() {
    let fake = Fake::new(crowd(1), Faults::default()).await;
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Set, &[role("viewer")])).await, Outcome::Already);
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Restore, &[])).await, Outcome::Already);
    assert_eq!(make(&fake, "gone@acme.example", call(Verb::Delete, &[])).await, Outcome::Already);
    assert_eq!(make(&fake, "gone@acme.example", call(Verb::Deactivate, &[])).await, Outcome::Already);
    refused(&make(&fake, "gone@acme.example", call(Verb::Set, &[role("viewer")])).await, "plan again");
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn the_account_is_listed_once_and_not_for_each_call() {
    let fake = Fake::new(crowd(20), Faults::default()).await;
    let scim = fake.scim();
    let writer = scim.open_writer().unwrap();
    let edit = call(Verb::Set, &[role("editor")]);
    let people: Vec<Subject> = (1..=20).map(|i| Subject::Member(email(&format!("p{i}@acme.example")))).collect();
    let outcomes = futures::future::join_all(people.iter().map(|p| writer.call(p, &edit, "key"))).await;
    assert!(outcomes.iter().all(|o| *o == Outcome::Applied), "{outcomes:?}");
    let lists = fake.seen().await.iter().filter(|(_, path, _)| path == "/v2/Users").count();
    // The one page there is, and the one after the last.
    assert_eq!((lists, fake.writes().await.len()), (2, 20));
}

#[tokio::test]
async fn a_success_that_did_nothing_is_refused() {
    let drops = Faults { drops_roles: true, ..Faults::default() };
    let fake = Fake::new(crowd(1), drops).await;
    refused(
        &make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await,
        "answered 201 and made the user, but the role is no role",
    );
    refused(&make(&fake, "p1@acme.example", call(Verb::Set, &[role("editor")])).await, "answered 200, but the role is `view-only`");
    let fake = Fake::new(crowd(1), Faults { idle: true, ..Faults::default() }).await;
    refused(&make(&fake, "p1@acme.example", call(Verb::Deactivate, &[])).await, "the user is active");
    refused(&make(&fake, "p1@acme.example", call(Verb::Delete, &[])).await, "answered 204, but the user is still there");
    unknown(&make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await);
}

#[tokio::test]
async fn a_new_user_whose_answer_says_nothing_is_looked_up() {
    let fake = Fake::new(crowd(3), Faults { mute: true, clamp: Some(2), ..Faults::default() }).await;
    assert_eq!(make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, Outcome::Applied);
}

#[tokio::test]
async fn another_user_than_the_one_asked_for_is_not_taken_for_it() {
    let fake = Fake::new(crowd(3), Faults { misnames: true, ..Faults::default() }).await;
    unknown(&make(&fake, "ada@acme.example", call(Verb::Invite, &[role("viewer")])).await);
    let fake = Fake::new(crowd(3), Faults { first_only: true, ..Faults::default() }).await;
    refused(&make(&fake, "p2@acme.example", call(Verb::Delete, &[])).await, "asked for user u2, the server shows user u1");
    assert!(fake.writes().await.is_empty());
}

#[tokio::test]
async fn a_formatted_name_is_kept_in_step() {
    for no_patch in [true, false] {
        let mut ada = user("1", "p1@acme.example", "view-only");
        ada["name"]["formatted"] = "Ada Lovelace".into();
        let fake = Fake::new(vec![ada], Faults { no_patch, ..Faults::default() }).await;
        assert_eq!(make(&fake, "p1@acme.example", call(Verb::Set, &[name("Mary Ann Lee")])).await, Outcome::Applied);
        let is = json!({ "givenName": "Mary Ann", "familyName": "Lee", "formatted": "Mary Ann Lee" });
        assert_eq!(fake.users()[0]["name"], is);
    }
}

#[tokio::test]
async fn a_user_who_is_there_is_never_made_twice() {
    let fake = Fake::new(vec![user("1", "Ada@acme.example", "view-only")], Faults::default()).await;
    assert_eq!(make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, Outcome::Exists);
    assert!(fake.writes().await.is_empty(), "a server that tells case apart would have made a second");
}

#[tokio::test]
async fn a_conflict_on_invite_is_exists_only_where_the_user_is_found() {
    for status in [400, 409, 422, 500] {
        let says = Some(("POST", status, "text/html", "<p>no</p>".into()));
        let fake = Fake::new(crowd(1), Faults { says, ..Faults::default() }).await;
        refused(&make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, &status.to_string());
        // Made by somebody else between the listing and the call.
        let scim = fake.scim();
        let writer = scim.open_writer().unwrap();
        let ada = Subject::Member(email("ada@acme.example"));
        assert_eq!(writer.call(&Subject::Member(email("x@acme.example")), &call(Verb::Delete, &[]), "key").await, Outcome::Already);
        fake.edit(|s| s.users.push(user("9", "ADA@acme.example", "view-only")));
        assert_eq!(writer.call(&ada, &call(Verb::Invite, &[role("editor")]), "key").await, Outcome::Exists, "{status}");
    }
    let fake = Fake::new(crowd(1), Faults { says: Some(("POST", 403, "text/plain", String::new())), ..Faults::default() }).await;
    refused(&make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, "403");
}

#[tokio::test]
async fn gone_on_delete_is_already() {
    for status in [404, 410] {
        let says = Some(("DELETE", status, "text/plain", String::new()));
        let fake = Fake::new(crowd(1), Faults { says, ..Faults::default() }).await;
        assert_eq!(make(&fake, "p1@acme.example", call(Verb::Delete, &[])).await, Outcome::Already);
    }
}

#[tokio::test]
async fn if_match_is_sent_where_the_server_has_etags_and_412_means_plan_again() {
    let tag = || Some("W/\"1\"".to_owned());
    for (etags, versions, tag) in [(true, false, tag()), (false, true, tag()), (false, false, None)] {
        let fake = Fake::new(crowd(1), Faults { etags, versions, ..Faults::default() }).await;
        assert_eq!(make(&fake, "p1@acme.example", call(Verb::Set, &[role("editor")])).await, Outcome::Applied);
        let sent = fake.seen().await.into_iter().find(|(m, ..)| m == "PATCH").unwrap();
        assert_eq!(sent.2, tag);
    }
    for verb in ["PATCH", "DELETE"] {
        let says = Some((verb, 412, "application/json", "{}".into()));
        let fake = Fake::new(crowd(1), Faults { says, ..Faults::default() }).await;
        let change = if verb == "PATCH" { call(Verb::Deactivate, &[]) } else { call(Verb::Delete, &[]) };
        refused(&make(&fake, "p1@acme.example", change).await, "changed meanwhile: plan again");
        assert_eq!(fake.writes().await.len(), 1);
    }
}

#[tokio::test]
async fn a_member_who_changed_since_the_listing_is_not_written() {
    for (key, value) in
        [("roles", json!([{ "value": "manage-users" }])), ("active", json!(false)), ("userName", json!("other@acme.example"))]
    {
        let fake = Fake::new(crowd(2), Faults::default()).await;
        let scim = fake.scim();
        let writer = scim.open_writer().unwrap();
        assert_eq!(
            writer.call(&Subject::Member(email("p2@acme.example")), &call(Verb::Set, &[role("viewer")]), "key").await,
            Outcome::Already
        );
        fake.edit(|s| s.users[0][key] = value);
        let outcome = writer.call(&Subject::Member(email("p1@acme.example")), &call(Verb::Delete, &[]), "key").await;
        refused(&outcome, "changed meanwhile: plan again");
        assert!(fake.writes().await.is_empty(), "{key}");
    }
}

#[tokio::test]
async fn a_server_without_patch_gets_the_whole_document() {
    let mut other = user("1", "p1@acme.example", "view-only");
    other["urn:example"] = json!({ "kept": [1, 2] });
    let fake = Fake::new(vec![other], Faults { no_patch: true, etags: true, ..Faults::default() }).await;
    assert_eq!(make(&fake, "p1@acme.example", call(Verb::Set, &[role("editor"), name("Plato")])).await, Outcome::Applied);
    let now = &fake.users()[0];
    assert_eq!((&now["nickName"], &now["urn:example"]), (&json!("keeps"), &json!({ "kept": [1, 2] })));
    assert_eq!((&now["name"], &now["roles"][0]["value"]), (&json!({ "givenName": "Plato" }), &json!("edit-and-publish")));
    assert_eq!(fake.writes().await, ["PUT"]);
}

#[tokio::test]
async fn what_the_schema_lacks_is_not_sent() {
    let fake = Fake::new(crowd(1), Faults { lacks: Some("roles"), ..Faults::default() }).await;
    refused(&make(&fake, "p1@acme.example", call(Verb::Set, &[role("editor")])).await, "`roles`");
    refused(&make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, "`roles`");
    refused(&make(&fake, "p1@acme.example", call(Verb::Set, &[("pii", Value::Flag(true))])).await, "`pii`");
    refused(&make(&fake, "p1@acme.example", call(Verb::Resend, &[])).await, "no way");
    assert!(fake.writes().await.is_empty());
    let fake = Fake::new(crowd(1), Faults { lacks: Some("active"), ..Faults::default() }).await;
    assert_eq!(make(&fake, "ada@acme.example", call(Verb::Invite, &[role("editor")])).await, Outcome::Applied);
    assert!(fake.users()[1].get("active").is_none());
}

#[tokio::test]
async fn a_lost_answer_is_read_back_once_and_never_repeated() {
    let calls = [
        ("POST", "ada@acme.example", call(Verb::Invite, &[role("editor")])),
        ("PATCH", "p1@acme.example", call(Verb::Set, &[role("editor")])),
        ("PATCH", "p1@acme.example", call(Verb::Deactivate, &[])),
        ("DELETE", "p1@acme.example", call(Verb::Delete, &[])),
    ];
    for (method, address, change) in calls {
        let fake = Fake::new(crowd(1), Faults::default()).await;
        fake.cut(method, true).await;
        assert_eq!(make(&fake, address, change.clone()).await, Outcome::Applied, "{method}: done before the cut");
        let fake = Fake::new(crowd(1), Faults::default()).await;
        fake.cut(method, false).await;
        unknown(&make(&fake, address, change.clone()).await);
        assert_eq!(fake.writes().await, [method]);
        for (status, is_known) in [(503, true), (500, true), (504, false), (502, false)] {
            let says = Some((method, status, "text/html", "<h1>sorry</h1>".into()));
            let fake = Fake::new(crowd(1), Faults { says, ..Faults::default() }).await;
            let outcome = make(&fake, address, change.clone()).await;
            assert_eq!(matches!(outcome, Outcome::Refused(_)), is_known, "{outcome:?}");
            assert_eq!(fake.writes().await, [method]);
        }
    }
}

#[tokio::test]
async fn nothing_is_written_on_an_incomplete_listing() {
    let fake = Fake::new(crowd(3), Faults { lie: 1, ..Faults::default() }).await;
    refused(&make(&fake, "p1@acme.example", call(Verb::Delete, &[])).await, "nothing was sent");
    refused(&make(&fake, "gone@acme.example", call(Verb::Delete, &[])).await, "nothing was sent");
    assert!(fake.writes().await.is_empty());
}
