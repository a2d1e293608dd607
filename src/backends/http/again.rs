//! A request with all its tries.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::error::{At, Fate, HttpError};
use super::method::Method;
use super::network::Network;
use super::pace::Turn;
use super::retry::{Repeats, Row, Wrong};
use super::time::spoken;
use super::wire::{Answer, Failed, Request, Wire};

impl<M: Method> Wire<M> {
    /// Sends it, and again as far as the table and patience allow.
    pub(super) async fn send(&self, request: &Request<'_, M>) -> Result<Answer, HttpError> {
        let at = self.at(request);
        let repeats = match request.key {
            _ if M::READS => Repeats::Read,
            Some(_) => Repeats::Keyed,
            None => Repeats::Bare,
        };
        let mut tries = Tries::new(&self.network, repeats);
        loop {
            let turn = self.turn(&at).await;
            let failed = match self.network.aloud(format!("{at} at {}", self.endpoint.origin()), self.once(&at, request)).await {
                Ok(answer) => {
                    self.pace.fine();
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            let slower = matches!(failed.wrong, Wrong::Status { status: 429, .. });
            if slower {
                self.pace.slow_down(turn, failed.after);
            }
            let (said, row) = (failed.error.to_string(), Row::of(failed.wrong));
            let delay = tries.next(failed)?;
            if slower {
                // Nobody else comes too early either.
                self.pace.hold(delay);
            }
            tracing::debug!(method = at.method, path = at.path, delay_ms = delay.as_millis(), why = row.why, "to be sent again");
            self.network.wait(delay, &said).await;
        }
    }

    /// Waits for its turn under the pace of the origin.
    async fn turn(&self, at: &At) -> Turn {
        loop {
            match self.pace.turn() {
                Ok(turn) => return turn,
                Err(wait) => {
                    let why = format!("{at} at {} goes at the pace that the server asked for", self.endpoint.origin());
                    self.network.wait(wait, &why).await;
                }
            }
        }
    }
}

/// The tries of one request so far.
struct Tries<'n> {
    network: &'n Network,
    repeats: Repeats,
    delays: ExponentialBackoff,
    began: Duration,
    /// All of them, and those that were no answer to come later.
    made: u32,
    counted: u32,
    /// One of them, not the last, may have taken effect.
    may_be_done: bool,
}

impl<'n> Tries<'n> {
    fn new(network: &'n Network, repeats: Repeats) -> Self {
        let patience = network.options().patience;
        let delays =
            ExponentialBuilder::new().with_min_delay(patience.first).with_max_delay(patience.most).without_max_times().with_jitter();
        let began = network.options().time.elapsed();
        Self { network, repeats, delays: delays.build(), began, made: 0, counted: 0, may_be_done: false }
    }

    /// How long to wait before the next one.
    ///
    /// # Errors
    /// The last error where there is none, with what is known of all of them.
    fn next(&mut self, Failed { wrong, error, after }: Failed) -> Result<Duration, HttpError> {
        let row = Row::of(wrong);
        self.made += 1;
        if !row.again(self.repeats) {
            // An answer is what it is, unless an earlier try may have done what this one did not.
            return Err(if self.may_be_done { self.over(error, None) } else { error });
        }
        let patience = self.network.options().patience;
        let waited = self.network.options().time.elapsed().saturating_sub(self.began);
        let backoff = self.delays.next().unwrap_or(patience.most);
        // To come again at once is to come again as if nothing had been said.
        let delay = after.filter(|after| !after.is_zero()).unwrap_or(backoff);
        if !row.is_undone() || after.is_none() {
            self.counted += 1;
        }
        let why = if self.counted >= patience.tries {
            None
        } else if waited.saturating_add(delay) > patience.request {
            Some(format!("the next one would be in {}, and one request takes {} at most", spoken(delay), spoken(patience.request)))
        } else if !self.network.has_patience(delay) {
            Some(format!("this run has waited {} in all, and no more", spoken(patience.run)))
        } else {
            self.may_be_done |= self.repeats != Repeats::Read && !row.is_undone();
            return Ok(delay);
        };
        Err(self.over(error, why.as_deref()))
    }

    fn over(&self, last: HttpError, why: Option<&str>) -> HttpError {
        let waited = self.network.options().time.elapsed().saturating_sub(self.began);
        let times = if self.made == 1 { "once".to_owned() } else { format!("{} times in {}", self.made, spoken(waited)) };
        let why = why.map_or_else(|| format!("tried {times}"), |why| format!("tried {times}; {why}"));
        let fate = if self.may_be_done { Fate::Lost } else { last.fate() };
        HttpError::Repeated { last: Box::new(last), why, fate }
    }
}
