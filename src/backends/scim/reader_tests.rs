use serde_json::json;

use super::fake::{CANARY, Fake, Faults, crowd, email, user};
use crate::backends::Backend;
use crate::backends::Expect;
use crate::model::{Incomplete, Known, Live, Phase, Proof, Reading, Value};

async fn read(users: Vec<serde_json::Value>, faults: Faults) -> Reading {
    Fake::new(users, faults).await.scim().reader().read().await
}

fn why(reading: &Reading) -> &Incomplete {
    assert!(reading.members.is_empty(), "an incomplete reading shows nobody");
    reading.proof.as_ref().unwrap_err()
}

fn role(live: &Live) -> Option<&str> {
    live.attr("role").seen().and_then(Value::as_one).map(crate::model::Atom::as_str)
}

#[tokio::test]
async fn reading_sends_nothing_but_get_and_head() {
    let fake = Fake::new(crowd(30), Faults { clamp: Some(3), me: Some("p1@acme.example"), ..Faults::default() }).await;
    let scim = fake.scim_expecting(Expect { tenant: None, actor: Some(email("p1@acme.example")) });
    let reading = scim.reader().read().await;
    assert_eq!(reading.members.len(), 30);
    assert_eq!(reading.whoami, Some(email("p1@acme.example")));
    assert_eq!(fake.writes().await, Vec::<String>::new());
    assert!(fake.seen().await.len() >= 12);
}

#[tokio::test]
async fn reads_are_a_page_each_and_none_a_person() {
    let fake = Fake::new(crowd(500), Faults::default()).await;
    assert_eq!(fake.scim().reader().read().await.members.len(), 500);
    // Two of discovery, three pages, and the one after the last.
    assert_eq!(fake.seen().await.len(), 6);
}

#[tokio::test]
async fn a_count_that_is_clamped_or_refused_skips_nobody() {
    for faults in [
        Faults { clamp: Some(7), ..Faults::default() },
        Faults { clamp: Some(7), no_count: true, ..Faults::default() },
        Faults { clamp: Some(1), bare: true, no_discovery: true, ..Faults::default() },
        Faults { clamp: Some(7), no_end: true, ..Faults::default() },
    ] {
        let reading = read(crowd(23), faults).await;
        assert_eq!(reading.proof, Ok(Proof::Counted));
        assert_eq!(reading.members.len(), 23);
    }
    assert_eq!(read(crowd(23), Faults::default()).await.proof, Ok(Proof::Counted));
    let nobody = read(Vec::new(), Faults { bare: true, ..Faults::default() }).await;
    assert_eq!((nobody.proof, nobody.members.len()), (Ok(Proof::Counted), 0));
}

#[tokio::test]
async fn a_total_that_disagrees_is_an_incomplete_reading() {
    let faults = |lie| Faults { clamp: Some(4), lie, ..Faults::default() };
    assert_eq!(why(&read(crowd(10), faults(1)).await).code, "short");
    assert_eq!(why(&read(crowd(10), faults(-1)).await).code, "contradictory");
    assert_eq!(why(&read(Vec::new(), faults(1)).await).code, "short");
}

#[tokio::test]
async fn a_total_of_one_page_hides_nobody() {
    let first_hundred = Faults { clamp: Some(100), total_most: Some(100), ..Faults::default() };
    assert_eq!(why(&read(crowd(101), first_hundred.clone()).await).code, "contradictory");
    assert_eq!(read(crowd(100), first_hundred).await.members.len(), 100);
    let shrinks = Faults { clamp: Some(4), shrinks: true, ..Faults::default() };
    assert_eq!(why(&read(crowd(10), shrinks).await).code, "contradictory");
    let everybody_always = Faults { stuck: true, ..Faults::default() };
    assert_eq!(read(crowd(5), everybody_always).await.members.len(), 5);
}

#[tokio::test]
async fn an_identifier_twice_is_an_incomplete_reading() {
    let stuck = Faults { clamp: Some(5), stuck: true, ..Faults::default() };
    assert_eq!(why(&read(crowd(10), stuck).await).code, "repeated");
}

#[tokio::test]
async fn two_users_that_fold_to_one_are_refused() {
    let two = vec![user("1", "Ada@acme.example", "view-only"), user("2", "ada@ACME.example", "manage-users")];
    let reading = read(two, Faults::default()).await;
    assert_eq!(why(&reading).code, "two-are-one");
    assert!(why(&reading).problems[0].contains("ada@acme.example"));
}

#[tokio::test]
async fn a_user_who_cannot_be_named_makes_the_reading_incomplete() {
    for (key, value) in [
        ("userName", json!("root")),
        ("userName", json!(7)),
        ("id", json!("..")),
        ("id", json!("")),
        ("active", json!("maybe")),
        ("roles", json!("x")),
    ] {
        let mut odd = user("1", "ada@acme.example", "view-only");
        odd[key] = value;
        let reading = read(vec![odd], Faults::default()).await;
        assert_eq!(why(&reading).code, "unexpected", "{key}");
    }
}

#[tokio::test]
async fn i13_roles_names_and_active_become_a_member() {
    let mut odd = user("2", "b@acme.example", "change-campaign-status-only");
    odd["active"] = json!("False");
    odd["name"] = json!({ "formatted": "Grace Hopper" });
    let mut none = user("3", "c@acme.example", "view-only");
    for key in ["roles", "name", "active"] {
        none.as_object_mut().unwrap().remove(key);
    }
    let mut several = user("4", "d@acme.example", "view-only");
    several["roles"] = json!([{ "value": "view-only", "primary": true }, { "value": "manage-users" }]);
    let users = vec![
        user("1", "A@acme.example", "manage-users"),
        odd,
        none,
        several,
        user("5", "e@acme.example", "owner"),
        user("6", "f@acme.example", "administrator"),
    ];
    let reading = read(users, Faults::default()).await;
    let by = |address: &str| reading.members.iter().find(|m| m.email == email(address)).unwrap();
    let name = |address: &str| by(address).attr("name").seen().map(Value::to_json);
    assert_eq!((role(by("a@acme.example")), name("a@acme.example")), (Some("administrator"), Some(json!("Ada Lovelace"))));
    assert_eq!((role(by("b@acme.example")), name("b@acme.example")), (Some("campaign-status-updater"), Some(json!("Grace Hopper"))));
    assert_eq!(by("b@acme.example").phase, Phase::Suspended);
    assert_eq!((by("c@acme.example").attr("role"), by("c@acme.example").attr("name")), (&Known::Hidden, &Known::Hidden));
    assert_eq!(by("c@acme.example").phase, Phase::Active);
    assert_eq!(by("d@acme.example").attr("role"), &Known::Hidden, "of several roles none is shown as the one");
    assert_eq!(role(by("e@acme.example")), Some("owner"), "a value that is not known stays as it is");
    assert_eq!(by("f@acme.example").attr("role"), &Known::Hidden, "a server's word is not taken for ours");
    assert_eq!(by("a@acme.example").attr("pii"), &Known::Unreadable);
    assert_eq!(reading.domains, Known::Unreadable);
}

#[tokio::test]
async fn answers_that_are_no_list_are_failures_in_words() {
    let page = "<html><body>Please sign in\u{1b}[2J</body></html>";
    for (status, kind, body, word) in [
        (200, "text/html", page, "text/html"),
        (200, "application/json", "", "nothing"),
        (200, "application/json", "{\"totalResults\": 1,", "broken JSON"),
        (200, "application/json", "{}", "totalResults"),
        (200, "application/json", "{\"totalResults\": 1, \"Resources\": {}}", "Resources"),
        (500, "text/html", page, "500"),
        (401, "application/json", "{\"detail\": \"token canary-7f3a9c is\\nbad\"}", "token [token] is bad"),
    ] {
        let reading = read(crowd(1), Faults { says: Some(("GET", status, kind, body.into())), ..Faults::default() }).await;
        let said = why(&reading).problems.join("\n");
        assert!(said.contains(word), "{said}");
        assert!(!said.contains('\u{1b}') && !said.contains(CANARY) && !said.contains('\n'), "{said}");
    }
}

#[tokio::test]
async fn what_is_expected_and_cannot_be_checked_does_not_pass() {
    let expect = |tenant: Option<&str>, actor: Option<&str>| Expect { tenant: tenant.map(Into::into), actor: actor.map(email) };
    for (expect, me, passes) in [
        (expect(None, Some("p1@acme.example")), Some("P1@acme.example"), true),
        (expect(None, Some("p1@acme.example")), Some("p2@acme.example"), false),
        (expect(None, Some("p1@acme.example")), None, false),
        (expect(Some("acme"), None), Some("p1@acme.example"), false),
    ] {
        let fake = Fake::new(crowd(2), Faults { me, ..Faults::default() }).await;
        let reading = fake.scim_expecting(expect).reader().read().await;
        assert_eq!(reading.proof.is_ok(), passes, "{:?}", reading.proof);
    }
}
