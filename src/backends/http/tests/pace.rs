//! One pace an origin.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::pace::{Pace, Turn};
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

/// Waits for the next turn.
fn turn(pace: &Pace, time: &Skips) -> Turn {
    loop {
        match pace.turn() {
            Ok(turn) => return turn,
            Err(wait) => time.pass(wait),
        }
    }
}

#[test]
fn too_many_slows_the_pace_down_once_for_all_that_were_on_their_way() {
    let time = Skips::new();
    let pace = Pace::new(time.clone());
    let turns: Vec<_> = (0..4).map(|_| pace.turn().unwrap()).collect();
    // Ten taken in a second, and then too many: that is a request in 100 ms.
    (0..10).for_each(|_| pace.fine());
    time.pass(1000 * MS);
    turns.iter().for_each(|turn| pace.slow_down(*turn, None));
    assert_eq!(pace.every(), 100 * MS);
    let next = turn(&pace, &time);
    assert_eq!(pace.turn().unwrap_err(), 100 * MS);
    pace.slow_down(next, None);
    assert_eq!(pace.every(), 100 * MS, "nothing was taken since, so it tells nothing of the pace");
    pace.fine();
    pace.slow_down(next, None);
    assert_eq!(pace.every(), 200 * MS, "one was, and the next came too early");
}

#[test]
fn a_pace_that_was_too_quick_is_neared_again_slowly_and_then_left_behind() {
    let time = Skips::new();
    let pace = Pace::new(time.clone());
    let first = pace.turn().unwrap();
    (0..10).for_each(|_| pace.fine());
    time.pass(1000 * MS);
    pace.slow_down(first, None);
    let eight = || {
        (0..8).for_each(|_| {
            turn(&pace, &time);
        });
        (0..8).for_each(|_| pace.fine());
        pace.every()
    };
    assert!((79..=81).contains(&eight().as_millis()), "nobody knows yet what is too quick");
    pace.slow_down(turn(&pace, &time), None);
    let (back, began) = (pace.every(), time.elapsed());
    let mut quicker = Vec::new();
    while time.elapsed() - began < Duration::from_secs(40) {
        quicker.push((time.elapsed() - began, eight()));
    }
    assert!(quicker.is_sorted_by(|(_, one), (_, next)| one >= next), "{quicker:?}");
    let at = |seconds| quicker.iter().find(|(at, _)| at.as_secs() >= seconds).unwrap().1.as_secs_f64() / back.as_secs_f64();
    assert!((0.84..0.88).contains(&at(7)) && (0.83..0.86).contains(&at(11)), "flat where it was too quick: {quicker:?}");
    assert!(at(35) < 0.5, "and left behind: {quicker:?}");
}

/// Requests a second that a bucket of a second takes from somebody who sends them one after the other, each
/// of them answered in no time.
fn taken_of(limit: f64, refuses: impl Fn(u32) -> bool) -> f64 {
    let time = Skips::new();
    let pace = Pace::new(time.clone());
    let (mut holds, mut at, mut taken, mut asked) = (limit, Duration::ZERO, 0, 0);
    while taken < 2000 {
        let turn = turn(&pace, &time);
        let now = time.elapsed();
        holds = (holds + (now - at).as_secs_f64() * limit).min(limit);
        (at, asked) = (now, asked + 1);
        if holds < 1.0 || refuses(asked) {
            let second = Duration::from_secs(1);
            pace.slow_down(turn, Some(second));
            pace.hold(second);
        } else {
            holds -= 1.0;
            taken += 1;
            pace.fine();
        }
    }
    f64::from(taken) / time.elapsed().as_secs_f64()
}

#[test]
fn nine_tenths_of_what_a_server_takes_are_reached() {
    for limit in [5.0, 20.0, 100.0, 300.0] {
        let reached = taken_of(limit, |_| false) / limit;
        assert!(reached >= 0.9, "{limit} a second: {reached}");
    }
}

#[test]
fn refusals_that_have_nothing_to_do_with_the_pace_do_not_stop_it() {
    let reached = taken_of(100.0, |asked| asked % 20 == 0);
    assert!(reached >= 2.0, "one of twenty is refused: {reached} a second");
}

#[test]
fn nobody_is_asked_to_go_slower_than_a_request_in_ten_seconds() {
    let pace = Pace::new(Skips::new());
    for _ in 0..50 {
        if let Ok(turn) = pace.turn() {
            pace.slow_down(turn, Some(Duration::from_secs(3600)));
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
