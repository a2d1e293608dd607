//! No token, no key of a write, and no proxy's password in any text: every fault, every level.

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tracing::Level;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::{Limits, Network, Options, Patience, Proxies, ReadClient, WriteClient};
use super::rude::{Rude, Skips, serve};
use super::{CANARY, access, answering, brisk};

const KEY: &str = "key-canary-55b1";

#[derive(Clone, Default)]
struct Tee(Arc<Mutex<Vec<u8>>>);

impl Write for Tee {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Answers that say again what they were sent, each in another place.
fn echoes(sent: &str) -> Vec<ResponseTemplate> {
    let new = ResponseTemplate::new;
    let mut all = vec![
        new(200).set_body_json(json!({ "you": sent })),
        new(200).set_body_raw(format!("<html>{sent}</html>"), "text/html"),
        new(200).set_body_raw(format!("{{\"you\": \"{sent}"), "application/json"),
        new(200).set_body_raw("x", &format!("text/{sent}")),
        new(302).insert_header("Location", format!("/{sent}?{sent}").as_str()),
        new(500).insert_header("Retry-After", sent).set_body_string(sent),
    ];
    for status in [400, 401, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504] {
        all.push(new(status).set_body_json(json!({ "type": sent, "title": sent, "detail": format!("not {sent}") })));
    }
    all
}

/// A server with the answer of that number.
async fn echo(number: usize) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| {
        let header = |name: &str| request.headers.get(name).map_or("", |value| value.to_str().unwrap());
        echoes(&format!("{}-{}", header("authorization").trim_start_matches("Bearer "), header("idempotency-key"))).remove(number)
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn nothing_that_is_said_or_logged_holds_a_secret() {
    for level in [Level::ERROR, Level::WARN, Level::INFO, Level::DEBUG, Level::TRACE] {
        let log = Tee::default();
        let into = log.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(level).with_ansi(false).with_writer(move || into.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        // Another test's thread may have registered the places that log when nobody listened.
        tracing::callsite::rebuild_interest_cache();
        let said = Arc::new(Mutex::new(String::new()));
        for number in 0..echoes("").len() {
            let server = echo(number).await;
            let heard = said.clone();
            let waits = Box::new(move |what: &str| heard.lock().unwrap().push_str(what));
            let patience = Patience { tries: 2, ..Patience::default() };
            let silence = std::time::Duration::from_millis(100);
            let network = Network::new(Options { time: Skips::new(), waits, patience, silence, ..Options::default() });
            let reader = ReadClient::new(&access(&server.uri()), "application/json", &network).unwrap();
            let writer = WriteClient::new(&access(&server.uri()), "application/json", &network).unwrap();
            let results = [
                reader.get(&["x"], &[("q", "private")]).await,
                writer.post(&["x"], &json!({}), Some(KEY)).await,
                writer.post(&["x"], &json!({}), None).await,
            ];
            let mut text = format!("{reader:?} {writer:?} {network:?} {results:?}");
            for result in results {
                text.push_str(&result.and_then(|a| a.json()).map_or_else(|e| e.to_string(), |_| String::new()));
            }
            said.lock().unwrap().push_str(&text);
        }
        for rude in [|| Rude::Cuts, || Rude::Says(format!("{CANARY} {KEY}\r\n\r\n")), || Rude::Says(format!("HTTP/1.1 {CANARY}\r\n\r\n"))] {
            let (url, _) = serve(vec![rude(), rude()]);
            let writer = WriteClient::new(&access(&url), "application/json", &brisk(Limits::default())).unwrap();
            let result = writer.post(&["x"], &json!({}), Some(KEY)).await;
            said.lock().unwrap().push_str(&format!("{result:?} {}", result.as_ref().unwrap_err()));
        }
        let said = said.lock().unwrap().clone();
        assert!(said.contains("answered 403: not [token]"), "{said}");
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert_eq!(level == Level::TRACE, log.contains("TRACE"), "{level}: the log listens");
        for (what, text) in [("said", &said), ("logged", &log)] {
            for secret in [CANARY, KEY, "private"] {
                let at = text.find(secret).map(|at| &text[text[..at].rfind('\n').unwrap_or(0)..(at + 40).min(text.len())]);
                assert_eq!(at, None, "{what} at {level}");
            }
        }
    }
}

#[tokio::test]
async fn a_proxy_is_used_for_other_machines_and_its_password_is_never_shown() {
    let env = |all: &'static [(&'static str, &'static str)]| {
        move |name: &str| all.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    };
    let (proxy, seen) = serve(vec![Rude::Says("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n".into())]);
    let with_password = proxy.replace("http://", &format!("http://me:{CANARY}@"));
    let patience = Patience { tries: 1, ..Patience::default() };
    let network = |proxies| Network::new(Options { patience, proxies, ..Options::default() });
    let proxies = Proxies::of(&|name| (name == "HTTPS_PROXY").then(|| with_password.clone()));
    assert!(!format!("{proxies:?}").contains(CANARY));
    // Roots of its own, so that a machine without any can do it, too.
    let mut far = access("https://far.example/x");
    far.roots = Some(include_bytes!("../testdata/root.pem").to_vec());
    let said = ReadClient::new(&far, "application/json", &network(proxies)).unwrap().get(&["x"], &[]).await.unwrap_err();
    assert!(!said.to_string().contains(CANARY), "{said}");
    assert!(seen.lock().unwrap()[0].starts_with("CONNECT far.example:443 "), "{:?}", seen.lock().unwrap());

    let bad = Proxies::of(&env(&[("https_proxy", "canary-7f3a9c://x:y")]));
    assert!(!ReadClient::new(&far, "application/json", &network(bad)).unwrap_err().contains(CANARY));
    for (set, https, except) in [
        (&[("https_proxy", "a"), ("HTTPS_PROXY", "b")][..], Some("a"), None),
        (&[("https_proxy", ""), ("ALL_PROXY", "c"), ("NO_PROXY", "x")], Some("c"), Some("x")),
        (&[("HTTP_PROXY", "d")], None, None),
    ] {
        use secrecy::ExposeSecret;
        let proxies = Proxies::of(&|name: &str| set.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()));
        assert_eq!((proxies.https.as_ref().map(|s| s.expose_secret().to_owned()).as_deref(), proxies.except.as_deref()), (https, except));
    }

    // Not for this machine, nor for who is excepted.
    let (proxy, seen) = serve(vec![Rude::Cuts]);
    let server = answering(ResponseTemplate::new(200).set_body_json(json!({}))).await;
    let through = |except: Option<&str>| {
        let except = except.map(ToOwned::to_owned);
        let proxy = proxy.clone();
        network(Proxies::of(&move |name| match name {
            "https_proxy" | "all_proxy" => Some(proxy.clone()),
            "no_proxy" => except.clone(),
            _ => None,
        }))
    };
    assert!(ReadClient::new(&access(&server.uri()), "application/json", &through(None)).unwrap().get(&["x"], &[]).await.is_ok());
    far.endpoint = super::endpoint("https://localhost.invalid/");
    let _ = ReadClient::new(&far, "application/json", &through(Some("localhost.invalid"))).unwrap().get(&["x"], &[]).await;
    assert!(seen.lock().unwrap().is_empty());
}
