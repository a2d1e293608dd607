use std::time::Instant;

use jiff::Timestamp;

/// The instant at which a run began, and what time it is since. One that was set by hand stands still.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    began: Timestamp,
    since: Option<Instant>,
}

impl Clock {
    /// Stands still.
    pub fn set(at: Timestamp) -> Self {
        Self { began: at, since: None }
    }
    /// Goes on from this instant.
    pub fn going(from: Timestamp) -> Self {
        Self { began: from, since: Some(Instant::now()) }
    }
    /// Now, as far as whole seconds have gone by: a run may wait for minutes.
    pub fn now(&self) -> Timestamp {
        let gone = self.since.map_or(0, |since| since.elapsed().as_secs());
        let now = i64::try_from(gone).ok().and_then(|gone| Timestamp::from_second(self.began.as_second() + gone).ok());
        now.filter(|_| gone > 0).unwrap_or(self.began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_clock_that_was_set_stands_still_and_another_goes_on() {
        let began: Timestamp = "2026-11-22T09:00:00.5Z".parse().unwrap();
        let later = Instant::now().checked_sub(Duration::from_secs(90)).unwrap();
        assert_eq!(Clock::set(began).now(), began);
        assert_eq!(Clock::going(began).now(), began);
        assert_eq!(Clock { began, since: Some(later) }.now().to_string(), "2026-11-22T09:01:30Z");
    }
}
