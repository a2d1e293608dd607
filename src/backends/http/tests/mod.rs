mod again;
mod kept;
mod pace;
mod query;
mod rude;
mod secrets;
mod trusted;

use std::net::TcpListener;
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::{any, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{Access, Endpoint, Fate, HttpError, Limits, Network, Options, Patience, ReadClient, WriteClient, origin};

const CANARY: &str = "canary-7f3a9c";

fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(&url.parse().unwrap()).unwrap()
}

fn access(url: &str) -> Access {
    Access::new("ins", endpoint(url), CANARY.into())
}

/// As patient as any, and quicker.
fn brisk(limits: Limits) -> Network {
    let patience = Patience { first: Duration::from_millis(1), ..Patience::default() };
    Network::new(Options { limits, patience, ..Options::default() })
}

fn reader(url: &str) -> ReadClient {
    ReadClient::new(&access(url), "application/json", &brisk(Limits::default())).unwrap()
}

fn writer(url: &str, limits: Limits) -> WriteClient {
    WriteClient::new(&access(url), "application/json", &brisk(limits)).unwrap()
}

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn error<T>(result: Result<T, HttpError>) -> HttpError {
    let Err(error) = result else { panic!("an error was expected") };
    assert!(!format!("{error} {error:?}").contains(CANARY), "{error:?}");
    error
}

#[tokio::test]
async fn no_redirect_is_followed_and_no_token_goes_elsewhere() {
    let elsewhere = answering(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/v2/Users?secret=x", elsewhere.uri());
        let server = answering(ResponseTemplate::new(status).insert_header("Location", location.as_str())).await;
        let said = error(reader(&server.uri()).get(&["Users"], &[]).await);
        assert!(matches!(&said, HttpError::Redirected { to, .. } if *to == format!("{}/v2/Users", elsewhere.uri())), "{said}");
        error(writer(&server.uri(), Limits::default()).post(&["Users"], &json!({}), None).await);
        assert_eq!(server.received_requests().await.unwrap().len(), 2, "not even to itself");
    }
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
    let server = answering(ResponseTemplate::new(302).insert_header("Location", format!("/{CANARY}").as_str())).await;
    error(reader(&server.uri()).get(&["Users"], &[]).await);
}

#[tokio::test]
async fn a_refused_connection_was_not_sent_and_a_cut_one_is_lost() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = writer(&format!("http://127.0.0.1:{port}"), Limits::default());
    assert_eq!(error(nobody.delete(&["Users", "1"], None).await).fate(), Fate::NotSent);

    let server = MockServer::start().await;
    Mock::given(method("DELETE")).respond_with_err(|_: &wiremock::Request| std::io::Error::other("cut")).mount(&server).await;
    assert_eq!(error(writer(&server.uri(), Limits::default()).delete(&["Users", "1"], None).await).fate(), Fate::Lost);
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "nothing repeats");

    // Connects, because the system takes connections on behalf of who listens, and is never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let limits = Limits { total: Duration::from_millis(50), ..Limits::default() };
    let waiting = writer(&format!("http://{}", silent.local_addr().unwrap()), limits);
    assert_eq!(error(waiting.post(&["Users"], &json!({}), None).await).fate(), Fate::Lost);
}

#[tokio::test]
async fn an_answer_has_a_most_of_bytes() {
    let limits = Limits { body: 1000, ..Limits::default() };
    for (length, fits) in [(998, true), (999, false)] {
        let server = answering(ResponseTemplate::new(200).set_body_json("x".repeat(length))).await;
        let client = ReadClient::new(&access(&server.uri()), "application/json", &brisk(limits)).unwrap();
        let answer = client.get(&["Users"], &[]).await;
        assert_eq!(answer.is_ok(), fits);
        if !fits {
            assert!(matches!(error(answer), HttpError::TooLong { limit: 1000, .. }));
        }
    }
}

#[tokio::test]
async fn errors_and_debug_hold_no_token_query_or_control_character() {
    let body = format!("\u{1b}[31m denied for\r\n{CANARY} \u{202e}");
    let server = answering(ResponseTemplate::new(403).set_body_string(body)).await;
    let client = reader(&server.uri());
    let said = error(client.get(&["Users"], &[("filter", "userName eq private")]).await).to_string();
    assert_eq!(said, "GET /Users: answered 403: \u{fffd}[31m denied for [token] \u{fffd}");
    assert!(!format!("{client:?}").contains(CANARY));
    assert!(!format!("{:?}", writer(&server.uri(), Limits::default())).contains(CANARY));
    let problem = json!({ "schemas": ["urn:x"], "detail": "no such role", "status": "400" });
    let server = answering(ResponseTemplate::new(400).set_body_json(problem)).await;
    assert_eq!(error(reader(&server.uri()).get(&["Users"], &[]).await).to_string(), "GET /Users: answered 400: no such role");
}

#[tokio::test]
async fn an_identifier_stays_in_its_segment() {
    let server = answering(ResponseTemplate::new(204)).await;
    let client = writer(&format!("{}/scim/v2/", server.uri()), Limits::default());
    for id in ["..", ".", ""] {
        assert_eq!(error(client.delete(&["Users", id], None).await).fate(), Fate::NotSent);
    }
    assert!(server.received_requests().await.unwrap().is_empty());
    client.delete(&["Users", "a/../../b?c#d%2e"], None).await.unwrap();
    let sent = server.received_requests().await.unwrap();
    assert_eq!((sent[0].url.path(), sent[0].url.query()), ("/scim/v2/Users/a%2F..%2F..%2Fb%3Fc%23d%252e", None));
}

#[tokio::test]
async fn the_token_is_a_bearer_and_a_write_carries_if_match() {
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({ "a": 1 })).insert_header("ETag", "W/\"7\"")).await;
    let answer = writer(&server.uri(), Limits::default()).patch(&["Users", "1"], &json!({}), Some("W/\"6\"")).await.unwrap();
    assert_eq!((answer.etag.as_deref(), answer.status), (Some("W/\"7\""), 200));
    assert_eq!(answer.json().unwrap(), json!({ "a": 1 }));
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(sent.headers["authorization"], format!("Bearer {CANARY}"));
    assert_eq!(sent.headers["if-match"], "W/\"6\"");
    reader(&server.uri()).head(&["Users"]).await.unwrap();
    let bad = ReadClient::new(&Access { token: "canary\u{7}".into(), ..access(&server.uri()) }, "application/json", &Network::default());
    assert!(!bad.unwrap_err().contains("canary"));
}

#[tokio::test]
async fn tls_has_its_provider_and_refuses_who_speaks_none() {
    let server = answering(ResponseTemplate::new(200)).await;
    match ReadClient::new(&access(&server.uri().replace("http://", "https://")), "application/json", &brisk(Limits::default())) {
        Ok(client) => assert_eq!(error(client.get(&["Users"], &[]).await).fate(), Fate::NotSent),
        Err(why) => assert!(why.contains("no HTTP client"), "only a machine without roots of trust may have none: {why}"),
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[test]
fn an_origin_always_writes_its_port() {
    for (url, is) in [
        ("https://a.example/scim/v2", "https://a.example:443"),
        ("https://A.example:8443", "https://a.example:8443"),
        ("http://[::1]:80/x", "http://[::1]:80"),
    ] {
        assert_eq!(origin(&url.parse().unwrap()), is);
        assert_eq!(endpoint(url).origin(), is);
    }
}
