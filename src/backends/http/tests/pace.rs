//! One pace an origin.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::pace::Pace;
use super::super::{Network, Options, ReadClient, Time, WriteClient};
use super::access;
use super::rude::Skips;

const MS: Duration = Duration::from_millis(1);

#[test]
fn all_that_a_run_sends_to_one_origin_has_one_pace() {
    let network = Network::default();
    assert!(Arc::ptr_eq(&network.pace("https://a.example:443"), &network.clone().pace("https://a.example:443")));
    assert!(!Arc::ptr_eq(&network.pace("https://a.example:443"), &network.pace("https://b.example:443")));
}

#[test]
fn too_many_halves_the_pace_once_for_all_that_were_on_their_way() {
    let time = Skips::new();
    let pace = Pace::new(time.clone());
    let turns: Vec<_> = (0..4).map(|_| pace.turn().unwrap()).collect();
    // Ten taken in a second, and then too many: half of that is a request in 200 ms.
    (0..10).for_each(|_| pace.fine());
    time.pass(1000 * MS);
    turns.iter().for_each(|turn| pace.halve(*turn, None));
    assert_eq!(pace.every(), 200 * MS);
    let next = loop {
        match pace.turn() {
            Ok(turn) => break turn,
            Err(wait) => time.pass(wait),
        }
    };
    assert_eq!(pace.turn().unwrap_err(), 200 * MS);
    pace.halve(next, None);
    assert!(pace.every() >= 400 * MS);
    (0..10_000).for_each(|_| pace.fine());
    assert_eq!(pace.every(), MS, "and recovers");
}

#[test]
fn nobody_is_asked_to_go_slower_than_a_request_in_ten_seconds() {
    let pace = Pace::new(Skips::new());
    for _ in 0..50 {
        if let Ok(turn) = pace.turn() {
            pace.halve(turn, Some(Duration::from_secs(3600)));
        }
    }
    assert!(pace.every() <= Duration::from_secs(10));
}

/// A server that takes so many requests a second, and tells who comes too early.
#[tokio::test]
async fn readers_and_writers_together_keep_to_what_the_server_takes() {
    const TAKES: u32 = 20;
    let (time, server) = (Skips::new(), MockServer::start().await);
    let clock = time.clone();
    let window = std::sync::Mutex::new((0, 0));
    let answer = move |_: &Request| {
        let second = clock.elapsed().as_secs();
        let mut window = window.lock().unwrap();
        if window.0 != second {
            *window = (second, 0);
        }
        window.1 += 1;
        match window.1 <= TAKES {
            true => ResponseTemplate::new(200).set_body_json(json!({})),
            false => ResponseTemplate::new(429).insert_header("Retry-After", "1"),
        }
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    let network = Network::new(Options { time: time.clone(), ..Options::default() });
    let reader = ReadClient::new(&access(&server.uri()), "application/json", &network).unwrap();
    let writer = WriteClient::new(&access(&server.uri()), "application/json", &network).unwrap();
    const PAIRS: u32 = 200;
    for _ in 0..PAIRS {
        reader.get(&["x"], &[]).await.unwrap();
        writer.post(&["x"], &json!({}), None).await.unwrap();
    }
    let refused = server.received_requests().await.unwrap().len() - 2 * PAIRS as usize;
    let took = time.elapsed().as_secs_f64();
    let best = f64::from(2 * PAIRS) / f64::from(TAKES);
    assert!(refused <= 12, "{refused} were too early");
    assert!(took <= best * 1.5, "{took} s, and {best} s would have done");
}
