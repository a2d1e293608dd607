//! GraphQL documents that read.

use serde_json::json;
use wiremock::matchers::{body_json, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::query::NotAQuery;
use super::super::{Limits, QueryDocument, ReadClient};
use super::{CANARY, access, brisk};

#[test]
fn one_query_and_its_fragments_are_a_query_document() {
    for text in [
        "{ users { email } }",
        "query { users { email } }",
        "query Users($first: Int = 50) @live { users(first: $first) { ...On } } fragment On on User { email }",
        "fragment F on User { email }\n# mutation\nquery mutation { mutation: users { ...F } }",
        "query { users(filter: \"mutation { x }\") { subscription } }",
        "\u{feff}query { a }",
    ] {
        assert_eq!(
            QueryDocument::compile(text).map(|q| q.text().trim_start_matches('\u{feff}').to_owned()).as_deref(),
            Ok(text.trim_start_matches('\u{feff}')),
            "{text}"
        );
    }
}

#[test]
fn whatever_could_change_something_is_none() {
    for (text, why) in [
        ("mutation { remove }", NotAQuery::Changes("mutation")),
        ("subscription { users }", NotAQuery::Changes("subscription")),
        ("query A { a } mutation B { remove }", NotAQuery::Changes("mutation")),
        ("{ a }\nmutation { remove }", NotAQuery::Changes("mutation")),
        ("# only a query\rmutation { remove }", NotAQuery::Changes("mutation")),
        ("query { a(b: \"\"\"x\\\"\"\"\"\"\") } mutation { remove }", NotAQuery::Changes("mutation")),
        ("query A { a } query B { b }", NotAQuery::Operations(2)),
        ("fragment F on User { email }", NotAQuery::Operations(0)),
        ("query { a } type User { email: String }", NotAQuery::Schema),
        ("query { a } extend schema { mutation: M }", NotAQuery::Schema),
    ] {
        assert_eq!(QueryDocument::compile(text), Err(why), "{text}");
    }
    let deep = format!("query {}a{}", "{a".repeat(5000), "}".repeat(5000));
    let long = format!("query {{ {} }}", "a ".repeat(20_000));
    for broken in ["", "   ", "query", "query {", "query { }", "query { a } }", "mutat1on { a }", "{ a } , ; x", &deep, &long] {
        assert!(matches!(QueryDocument::compile(broken), Err(NotAQuery::Broken(_) | NotAQuery::Operations(0))), "{broken:.40}");
    }
}

#[tokio::test]
async fn a_query_is_posted_by_a_reader_and_sent_again_like_a_read() {
    let server = MockServer::start().await;
    let asked = json!({ "query": "query { users { email } }", "variables": { "first": 2 } });
    let good = ResponseTemplate::new(200).set_body_json(json!({ "data": { "users": [] } }));
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(500)).up_to_n_times(1).with_priority(1).mount(&server).await;
    Mock::given(method("POST")).and(body_json(&asked)).respond_with(good).mount(&server).await;
    let reader = ReadClient::new(&access(&server.uri()), "application/json", &brisk(Limits::default())).unwrap();
    let document = QueryDocument::compile("query { users { email } }").unwrap();
    let answer = reader.query(&["graphql"], &document, &json!({ "first": 2 })).await.unwrap();
    assert_eq!(answer.json().unwrap(), json!({ "data": { "users": [] } }));
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.len(), 2);
    assert_eq!((sent[1].url.path(), &sent[1].headers["authorization"]), ("/graphql", &format!("Bearer {CANARY}").parse().unwrap()));
}
