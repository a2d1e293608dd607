//! How long to wait until a request is sent again.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How often and how long is waited. What is awaited is the answer to one request, tries and the time
/// between them together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Tries of one request. Answers that it comes too early are no tries.
    pub tries: u32,
    /// Before the second try; doubled from try to try, with a random part as long again at most.
    pub first: Duration,
    /// Between two tries at most, where the server names no time.
    pub most: Duration,
    /// From the first try on: none begins later.
    pub request: Duration,
    /// Between tries in all of a run; requests that wait side by side wait once.
    pub run: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            tries: 5,
            first: Duration::from_millis(250),
            most: Duration::from_secs(20),
            request: Duration::from_secs(120),
            run: Duration::from_secs(600),
        }
    }
}

/// When the server says to come again: `Retry-After` or `x-retry-after`, in seconds or as a date
/// (RFC 9110 §10.2.3). A date counts from the answer's own `Date`, so that neither clock matters; `now`
/// stands in for it. What cannot be read is as good as absent.
pub(super) fn asked(headers: &HeaderMap, now: Option<Timestamp>) -> Option<Duration> {
    let one = |text: &str| {
        if let Ok(seconds) = text.trim().parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let from = date(headers).or(now)?;
        let until = http_date(text)?;
        // A moment that has passed is now.
        Some(Duration::try_from(until.duration_since(from)).unwrap_or_default())
    };
    [RETRY_AFTER.as_str(), "x-retry-after"].iter().find_map(|name| one(headers.get(*name)?.to_str().ok()?))
}

/// When the server says that it answered.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

/// The one form that is written today (RFC 9110 §5.6.7); `GMT` is a zone of RFC 2822, too.
fn http_date(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_time_to_come_again_is_read_in_seconds_as_a_date_or_not_at_all() {
        let now = "2026-11-22T09:00:00Z".parse().ok();
        let date = ("date", "Sun, 22 Nov 2026 10:00:00 GMT");
        for (all, seconds) in [
            (&[("retry-after", "7")][..], Some(7)),
            (&[("retry-after", " 0 ")], Some(0)),
            (&[("x-retry-after", "9")], Some(9)),
            (&[("retry-after", "soon"), ("x-retry-after", "9")], Some(9)),
            (&[("retry-after", "7"), ("x-retry-after", "9")], Some(7)),
            // By the server's own clock, by ours only where it tells none.
            (&[("retry-after", "Sun, 22 Nov 2026 10:00:30 GMT"), date], Some(30)),
            (&[("retry-after", "Sun, 22 Nov 2026 09:01:00 GMT")], Some(60)),
            (&[("retry-after", "Sun, 22 Nov 2026 09:59:59 GMT"), date], Some(0)),
            (&[("retry-after", "-1")], None),
            (&[("retry-after", "1.5")], None),
            (&[("retry-after", "99999999999999999999")], None),
            (&[("retry-after", "")], None),
            (&[date], None),
        ] {
            assert_eq!(asked(&headers(all), now), seconds.map(Duration::from_secs), "{all:?}");
        }
        assert_eq!(asked(&headers(&[("retry-after", "Sun, 22 Nov 2026 09:01:00 GMT")]), None), None, "no clock to read it by");
    }
}
