//! What is sent again, how long is waited before, and what is said of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::super::retry::{ROWS, Repeats, Row, Wrong};
use super::super::{Fate, HttpError, Limits, Network, Options, Patience, ReadClient, WriteClient};
use super::rude::{Rude, Skips, serve};
use super::{access, error};

const YES: bool = true;
const NO: bool = false;

/// Everything that can go wrong, and who may send it again: a read, a write under a key, another one.
const CASES: &[(Wrong, [bool; 3])] = &[
    (Wrong::Unsendable, [NO, NO, NO]),
    (Wrong::NotConnected, [YES, YES, YES]),
    (Wrong::Cut, [YES, YES, NO]),
    (Wrong::TimedOut, [YES, YES, NO]),
    (Wrong::TooLong, [NO, NO, NO]),
    (Wrong::Redirected, [NO, NO, NO]),
    (Wrong::Clock, [NO, NO, NO]),
    (Wrong::BrokenJson, [YES, NO, NO]),
    (asks_not(400), [NO, NO, NO]),
    (asks_not(401), [NO, NO, NO]),
    (asks(401), [NO, NO, NO]),
    (asks_not(403), [NO, NO, NO]),
    (asks_not(404), [NO, NO, NO]),
    (asks_not(408), [YES, YES, NO]),
    (asks_not(409), [NO, NO, NO]),
    (asks(409), [NO, YES, NO]),
    (asks_not(412), [NO, NO, NO]),
    (asks_not(422), [NO, NO, NO]),
    (asks_not(425), [YES, YES, NO]),
    (asks_not(429), [YES, YES, YES]),
    (asks(429), [YES, YES, YES]),
    (asks_not(500), [YES, YES, NO]),
    (asks(500), [YES, YES, NO]),
    (asks_not(501), [NO, NO, NO]),
    (asks_not(502), [YES, YES, NO]),
    (asks_not(503), [YES, YES, NO]),
    (asks(503), [YES, YES, YES]),
    (asks_not(504), [YES, YES, NO]),
    (asks_not(505), [NO, NO, NO]),
];

const fn asks(status: u16) -> Wrong {
    Wrong::Status { status, asks: true }
}
const fn asks_not(status: u16) -> Wrong {
    Wrong::Status { status, asks: false }
}

#[test]
fn each_row_of_the_table_says_who_may_send_again() {
    let mut met = vec![false; ROWS.len()];
    for (wrong, again) in CASES {
        let row = Row::of(*wrong);
        assert_eq!([Repeats::Read, Repeats::Keyed, Repeats::Bare].map(|r| row.again(r)), *again, "{wrong:?}");
        let at = ROWS.iter().position(|r| std::ptr::eq(r, row)).unwrap();
        met[at] = true;
    }
    let missing: Vec<&str> = ROWS.iter().zip(met).filter(|(_, met)| !met).map(|(row, _)| row.why).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

#[test]
fn a_write_without_a_key_is_sent_again_only_where_nothing_was_done() {
    let done = [Wrong::NotConnected, asks_not(429), asks(429), asks(503)];
    for (wrong, again) in CASES {
        assert_eq!(again[2], done.contains(wrong), "{wrong:?}");
    }
}

#[test]
fn the_page_for_people_has_every_row() {
    let page = include_str!("../../../../docs/network.md");
    let missing: Vec<&str> = ROWS.iter().map(|row| row.why).filter(|why| !page.contains(why)).collect();
    assert!(missing.is_empty(), "docs/network.md lacks {missing:?}");
}

/// Time passes at once, and what is said is kept.
struct Run {
    network: Network,
    time: Arc<Skips>,
    said: Arc<Mutex<Vec<String>>>,
}

impl Run {
    fn new(options: Options) -> Self {
        let (time, said) = (Skips::new(), Arc::new(Mutex::new(Vec::new())));
        let into = said.clone();
        let waits = Box::new(move |what: &str| into.lock().unwrap().push(what.to_owned()));
        let network = Network::new(Options { time: time.clone(), waits, ..options });
        Self { network, time, said }
    }
    fn reader(&self, url: &str) -> ReadClient {
        ReadClient::new(&access(url), "application/json", &self.network).unwrap()
    }
    fn writer(&self, url: &str) -> WriteClient {
        WriteClient::new(&access(url), "application/json", &self.network).unwrap()
    }
    fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }
}

/// Answers this once, and well from then on.
async fn once(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).up_to_n_times(1).with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(json!({}))).mount(&server).await;
    server
}

#[tokio::test]
async fn every_status_is_treated_as_its_row_says() {
    for (wrong, again) in CASES {
        let Wrong::Status { status, asks } = *wrong else { continue };
        for (repeats, again) in [Repeats::Read, Repeats::Keyed, Repeats::Bare].into_iter().zip(again) {
            let answer = ResponseTemplate::new(status).set_body_json(json!({ "detail": "no" }));
            let server = once(if asks { answer.insert_header("Retry-After", "3") } else { answer }).await;
            let run = Run::new(Options::default());
            let result = match repeats {
                Repeats::Read => run.reader(&server.uri()).get(&["x"], &[]).await,
                Repeats::Keyed => run.writer(&server.uri()).post(&["x"], &json!({}), Some("k-1")).await,
                Repeats::Bare => run.writer(&server.uri()).post(&["x"], &json!({}), None).await,
            };
            let sent = server.received_requests().await.unwrap();
            assert_eq!((result.is_ok(), sent.len()), (*again, if *again { 2 } else { 1 }), "{wrong:?} {repeats:?}");
            assert!(sent.iter().all(|r| r.headers.get("idempotency-key").is_some() == (repeats == Repeats::Keyed)));
            if asks && *again {
                assert_eq!(run.time.waits().iter().sum::<Duration>(), Duration::from_secs(3), "{wrong:?}");
            }
        }
    }
}

#[tokio::test]
async fn put_patch_and_delete_are_sent_again_only_where_nothing_was_done() {
    for (status, times) in [(429, 2), (500, 1), (503, 1)] {
        for method in ["PUT", "PATCH", "DELETE"] {
            let server = once(ResponseTemplate::new(status)).await;
            let run = Run::new(Options::default());
            let writer = run.writer(&server.uri());
            let _ = match method {
                "PUT" => writer.put(&["x"], &json!({}), None).await,
                "PATCH" => writer.patch(&["x"], &json!({}), None).await,
                _ => writer.delete(&["x"], None).await,
            };
            assert_eq!(server.received_requests().await.unwrap().len(), times, "{method} {status}");
        }
    }
}

#[tokio::test]
async fn what_was_cut_is_read_again_and_written_again_only_under_a_key() {
    let half = || Rude::Says("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"a\":".into());
    // Half of an answer whose length nobody said.
    let broken = || Rude::json("200 OK", "", "{\"a\":");
    for cut in [|| Rude::Cuts, half] {
        let (url, seen) = serve(vec![cut(), Rude::json("200 OK", "", "{}")]);
        assert!(Run::new(Options::default()).reader(&url).get(&["x"], &[]).await.is_ok());
        assert_eq!(seen.lock().unwrap().len(), 2);

        let (url, seen) = serve(vec![cut(), Rude::json("200 OK", "", "{}")]);
        assert!(Run::new(Options::default()).writer(&url).post(&["x"], &json!({ "b": 1 }), Some("k-1")).await.is_ok());
        let seen = seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0], seen[1], "the same request, under the same key");
        assert!(seen[0].contains("idempotency-key: k-1"), "{}", seen[0]);

        let (url, seen) = serve(vec![cut(), Rude::json("200 OK", "", "{}")]);
        let said = error(Run::new(Options::default()).writer(&url).post(&["x"], &json!({}), None).await);
        assert_eq!((said.fate(), seen.lock().unwrap().len()), (Fate::Lost, 1), "{said}");
    }
    let (url, _) = serve(vec![broken(), Rude::json("200 OK", "", "{}")]);
    assert!(Run::new(Options::default()).reader(&url).get(&["x"], &[]).await.unwrap().json().is_ok());
    let (url, seen) = serve(vec![broken(), Rude::json("200 OK", "", "{}")]);
    let answer = Run::new(Options::default()).writer(&url).post(&["x"], &json!({}), Some("k-1")).await.unwrap();
    assert_eq!((answer.status, seen.lock().unwrap().len()), (200, 1), "it was done");
}

#[tokio::test]
async fn a_page_with_200_is_an_answer_and_not_asked_for_again() {
    let server = once(ResponseTemplate::new(200).set_body_raw("<html>sign in</html>", "text/html")).await;
    let answer = Run::new(Options::default()).reader(&server.uri()).get(&["x"], &[]).await.unwrap();
    assert!(matches!(answer.json(), Err(HttpError::NotJson { .. })));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_there_is_tried_a_few_times_and_told_with_how_long() {
    let (url, _) = serve(Vec::new());
    let run = Run::new(Options::default());
    // The port is closed once its thread has nothing left to do.
    let said = loop {
        let said = error(run.writer(&url).delete(&["x"], None).await);
        if said.fate() == Fate::NotSent {
            break said;
        }
    };
    assert_eq!(said.fate(), Fate::NotSent);
    let text = said.to_string();
    assert!(text.starts_with("DELETE /x: not sent: ") && text.contains("; tried 5 times in "), "{text}");
}

#[tokio::test]
async fn an_earlier_try_that_may_be_done_stays_in_doubt_whatever_the_last_one_says() {
    for last in ["400 Bad Request", "401 Unauthorized", "409 Conflict", "422 Unprocessable Content"] {
        let (url, _) = serve(vec![Rude::Cuts, Rude::json(last, "", "{}")]);
        let said = error(Run::new(Options::default()).writer(&url).post(&["x"], &json!({}), Some("k-1")).await);
        assert_eq!(said.fate(), Fate::Lost, "{said}");
        assert!(said.status().is_some() && said.to_string().contains("tried 2 times"), "{said}");
    }
    // And then nobody is there.
    let (url, _) = serve(vec![Rude::Cuts]);
    let said = error(Run::new(Options::default()).writer(&url).post(&["x"], &json!({}), Some("k-1")).await);
    assert_eq!(said.fate(), Fate::Lost, "{said}");
    // Of one that was only too early, the last says it all.
    let (url, _) = serve(vec![Rude::json("429 Too Many Requests", "", "{}"), Rude::json("400 Bad Request", "", "{}")]);
    let said = error(Run::new(Options::default()).writer(&url).post(&["x"], &json!({}), None).await);
    assert_eq!((said.fate(), said.status()), (Fate::Answered, Some(400)), "{said}");
}

#[tokio::test]
async fn demand_28_a_server_is_waited_for_as_it_asks() {
    for (header, value, from, to) in [
        ("Retry-After", "7", 7.0, 7.0),
        ("x-retry-after", "9", 9.0, 9.0),
        ("Retry-After", "Sun, 22 Nov 2026 10:00:11 GMT", 11.0, 11.0),
        // Absent, and as good as absent: by itself, from a quarter of a second on.
        ("x-other", "7", 0.25, 0.5),
        ("Retry-After", "soon", 0.25, 0.5),
        ("Retry-After", "0", 0.25, 0.5),
    ] {
        let busy = ResponseTemplate::new(429).insert_header("Date", "Sun, 22 Nov 2026 10:00:00 GMT").insert_header(header, value);
        let server = once(busy).await;
        let run = Run::new(Options::default());
        assert!(run.reader(&server.uri()).get(&["x"], &[]).await.is_ok());
        let waited = run.time.waits().iter().sum::<Duration>().as_secs_f64();
        assert!((from..=to).contains(&waited), "{header}: {value}: {waited}");
    }
}

#[tokio::test]
async fn delays_grow_and_end() {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(500)).mount(&server).await;
    let run = Run::new(Options::default());
    let said = error(run.reader(&server.uri()).get(&["x"], &[]).await);
    assert_eq!((said.status(), said.code()), (Some(500), "failed"));
    let waits = run.time.waits();
    assert_eq!(waits.len(), 4);
    for (wait, least) in waits.iter().zip([250, 500, 1000, 2000]) {
        assert!((least..=2 * least).contains(&(wait.as_millis() as u64)), "{waits:?}");
    }
    assert!(said.to_string().starts_with("GET /x: answered 500; tried 5 times in "), "{said}");
}

#[tokio::test]
async fn patience_has_an_end_for_a_request_and_for_a_run() {
    let later = |seconds: &str| ResponseTemplate::new(503).insert_header("Retry-After", seconds);
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(later("3600")).mount(&server).await;
    let run = Run::new(Options::default());
    let said = error(run.reader(&server.uri()).get(&["x"], &[]).await).to_string();
    assert_eq!(said, "GET /x: answered 503; tried once; the next one would be in 60 min, and one request takes 120 s at most");
    assert!(run.time.waits().is_empty());

    let server = MockServer::start().await;
    Mock::given(any()).respond_with(later("50")).mount(&server).await;
    let run = Run::new(Options { patience: Patience { run: Duration::from_secs(140), ..Patience::default() }, ..Options::default() });
    let said = error(run.reader(&server.uri()).get(&["x"], &[]).await).to_string();
    assert!(said.ends_with("tried 3 times in 100 s; the next one would be in 50 s, and one request takes 120 s at most"), "{said}");
    let said = error(run.reader(&server.uri()).get(&["x"], &[]).await).to_string();
    assert!(said.ends_with("tried once; this run has waited 140 s in all, and no more"), "{said}");
}

#[tokio::test]
async fn requests_that_wait_side_by_side_wait_once() {
    let run = Run::new(Options { patience: Patience { run: Duration::from_secs(40), ..Patience::default() }, ..Options::default() });
    assert!(run.network.has_patience(Duration::from_secs(30)));
    assert!(run.network.has_patience(Duration::from_secs(30)), "the same thirty seconds");
    assert!(run.network.has_patience(Duration::from_secs(40)), "ten more");
    assert!(!run.network.has_patience(Duration::from_secs(41)));
}

#[tokio::test]
async fn demand_28_nobody_waits_for_more_than_ten_seconds_without_being_told() {
    let server = once(ResponseTemplate::new(503).insert_header("Retry-After", "35")).await;
    let run = Run::new(Options::default());
    assert!(run.reader(&server.uri()).get(&["x"], &[("q", "private")]).await.is_ok());
    let why = "more: GET /x: answered 503";
    // At once, and never silent for longer than ten seconds from there on.
    assert_eq!(run.said(), [35, 25, 15, 5].map(|left| format!("waiting {left} s {why}")));

    let server = once(ResponseTemplate::new(503).insert_header("Retry-After", "10")).await;
    let run = Run::new(Options::default());
    assert!(run.reader(&server.uri()).get(&["x"], &[]).await.is_ok());
    assert!(run.said().is_empty(), "ten seconds are nothing to speak of");
    let server = once(ResponseTemplate::new(503).insert_header("Retry-After", "7")).await;
    assert!(run.reader(&server.uri()).get(&["y"], &[]).await.is_ok());
    assert_eq!(run.said(), ["waiting 7 s more: GET /y: answered 503"], "short waits add up");

    // An answer that takes long.
    let server = once(ResponseTemplate::new(200).set_body_json(json!({})).set_delay(Duration::from_millis(200))).await;
    let run = Run::new(Options { silence: Duration::from_millis(40), ..Options::default() });
    assert!(run.reader(&server.uri()).get(&["x"], &[]).await.is_ok());
    let said = run.said();
    assert!(said.first().is_some_and(|s| s == &format!("no answer for 1 s: GET /x at {}", server.uri())), "{said:?}");
}

#[tokio::test]
async fn an_answer_that_never_ends_is_left() {
    let limits = Limits { body: 10_000, ..Limits::default() };
    let (url, _) = serve(vec![Rude::Endless]);
    let said = error(Run::new(Options { limits, ..Options::default() }).reader(&url).get(&["x"], &[]).await);
    assert!(matches!(said, HttpError::TooLong { limit: 10_000, .. }), "{said}");

    // Silent before the answer, between two parts of it, and never silent but never done.
    let quick = Duration::from_millis(60);
    let patience = Patience { tries: 2, ..Patience::default() };
    for (faults, limits) in [
        (vec![Rude::Silent, Rude::Silent], Limits { part: quick, ..Limits::default() }),
        (vec![Rude::Trickles(quick * 10), Rude::Trickles(quick * 10)], Limits { part: quick, ..Limits::default() }),
        (vec![Rude::Trickles(quick / 10), Rude::Trickles(quick / 10)], Limits { total: quick, ..Limits::default() }),
    ] {
        let (url, seen) = serve(faults);
        let said = error(Run::new(Options { limits, patience, ..Options::default() }).reader(&url).get(&["x"], &[]).await);
        assert_eq!(said.fate(), Fate::Lost, "{said}");
        assert!(said.to_string().contains("tried 2 times"), "{said}");
        assert_eq!(seen.lock().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_clock_that_is_another_than_the_runs_is_no_reading() {
    let at = |date: &'static str| ResponseTemplate::new(200).set_body_json(json!({})).insert_header("Date", date);
    let clock = "2026-11-22T10:00:00Z".parse().ok();
    for (date, passes) in [
        ("Sun, 22 Nov 2026 10:00:00 GMT", true),
        ("Sun, 22 Nov 2026 10:05:00 GMT", true),
        ("Sun, 22 Nov 2026 09:55:00 GMT", true),
        ("Sun, 22 Nov 2026 10:05:01 GMT", false),
        ("Sun, 22 Nov 2026 09:54:59 GMT", false),
        ("whenever", true),
    ] {
        let server = once(at(date)).await;
        let run = Run::new(Options { clock, ..Options::default() });
        let result = run.reader(&server.uri()).get(&["x"], &[]).await;
        assert_eq!(result.is_ok(), passes, "{date}");
        if !passes {
            let said = error(result);
            assert_eq!((said.code(), server.received_requests().await.unwrap().len()), ("clock", 1));
            assert!(said.to_string().contains("and this machine's 2026-11-22T10:00:00Z"), "{said}");
        }
        // A write was made, whatever the time was; under a simulated clock nothing is compared.
        assert!(run.writer(&server.uri()).post(&["x"], &json!({}), None).await.is_ok());
        assert!(Run::new(Options::default()).reader(&once(at(date)).await.uri()).get(&["x"], &[]).await.is_ok());
    }
    let run = Run::new(Options { clock, ..Options::default() });
    run.time.pass(Duration::from_secs(3600));
    let server = once(at("Sun, 22 Nov 2026 11:00:00 GMT")).await;
    assert!(run.reader(&server.uri()).get(&["x"], &[]).await.is_ok(), "the run's clock goes on");
}
