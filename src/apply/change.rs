//! One change: its calls in their order, up to the first that a human must make, or before which the
//! member is read again.

use std::path::PathBuf;

use crate::model::{Call, Channel, Outcome, Verb};
use crate::plan::Change;

use super::execute::{self, Site};
use super::lost;
use super::outcome::{ChangeResult, ResultWord};
use super::read_back::{self, ReadAgain, Rest};

/// Why a change was not made, or not whole, where somebody asked the run to stop.
pub(super) const STOPPED: &str = "the run was asked to stop; `portcullis apply --resume` finishes it";

/// How far a change came.
pub(super) enum Made {
    Done(ChangeResult),
    /// The server has the address already: a reading must tell what it is. With the calls sent.
    Exists(u32),
    /// A reading must tell what the calls so far gave.
    ReadBack(Progress),
    /// The answer to the last call was lost: a reading must tell whether it took effect. With why.
    Lost(Progress, String),
}

/// What was made of a change so far.
#[derive(Clone)]
pub(super) struct Progress {
    /// The call that comes next.
    pub(super) at: usize,
    sent: u32,
    already: bool,
    link: Option<PathBuf>,
    /// Calls that turned out not to be needed.
    spared: Vec<String>,
}

/// Makes the change from its first call on; nothing is repeated.
pub(super) async fn make(site: &Site<'_>, change: &Change) -> Made {
    from(site, change, Progress { at: 0, sent: 0, already: true, link: None, spared: Vec::new() }, None).await
}

/// Goes on where a reading was needed.
pub(super) async fn go_on(site: &Site<'_>, change: &Change, progress: Progress, again: &ReadAgain<'_>) -> Made {
    from(site, change, progress, Some(again)).await
}

/// Goes on after a call whose answer was lost, where the reading shows what it did.
pub(super) async fn go_on_after(site: &Site<'_>, change: &Change, progress: Progress, why: &str, again: &ReadAgain<'_>) -> Made {
    let (at, sent) = (progress.at, progress.sent);
    let done = |word, message: String| Made::Done(ChangeResult::new(change, word, sent, at_call(change, at, &message)));
    let call = &change.calls[at];
    if let Err(unread) = &again.members {
        return done(ResultWord::Unknown, format!("{why}; and it could not be read again: {unread}"));
    }
    if !lost::is_done(site, change, call, again) {
        return done(ResultWord::Unknown, format!("{why}; read again, it does not show for certain, and may still come"));
    }
    site.record.after(change, at, &Outcome::Applied);
    if site.makes_link(call.verb) {
        return done(ResultWord::Failed, format!("{why}; read again, the invitation is there and its link is lost: generate a new one"));
    }
    from(site, change, Progress { at: at + 1, already: false, ..progress }, Some(again)).await
}

/// Whether the reading shows what the calls so far gave: a server may show it only after a while.
pub(super) fn shows(site: &Site<'_>, change: &Change, progress: &Progress, again: &ReadAgain<'_>) -> bool {
    let (at, call) = (progress.at, &change.calls[progress.at]);
    (!follows_a_set(change, at) || read_back::are_made(site, change, at, again).is_ok())
        && (!is_read_back(site, change, call) || read_back::rest(site.spec, change, call, again).is_ok())
}

async fn from(site: &Site<'_>, change: &Change, mut so_far: Progress, again: Option<&ReadAgain<'_>>) -> Made {
    let done = |word, sent, message| Made::Done(ChangeResult::new(change, word, sent, message));
    let start = so_far.at;
    for (i, call) in change.calls.iter().enumerate().skip(start) {
        if call.channel != Channel::Api {
            let rest = format!("done up to `{}`, which is a step of the runbook", call.label);
            return Made::Done(so_far.done(change, Some(rest)));
        }
        if site.stopping.is_asked() {
            let word = if so_far.sent == 0 { ResultWord::Skipped } else { ResultWord::Failed };
            return done(word, so_far.sent, at_call(change, i, STOPPED));
        }
        // A reading is of the moment at which this change was paused, and of no later one.
        let fresh = again.filter(|_| i == start);
        if follows_a_set(change, i) {
            let Some(again) = fresh else {
                return Made::ReadBack(Progress { at: i, ..so_far });
            };
            if let Err(why) = read_back::are_made(site, change, i, again) {
                return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why));
            }
        }
        // Another may have gone while this one waited for its reading.
        if let (true, Some(Ok(members))) = (change.ends_administrator(), fresh.map(|again| &again.members))
            && execute::administers(site, change, members.values().copied())
            && let Err(why) = execute::are_enough(site, change, members.values().copied())
        {
            return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why));
        }
        let mut rest = None;
        if i > 0 && is_read_back(site, change, call) {
            let Some(again) = fresh else {
                return Made::ReadBack(Progress { at: i, ..so_far });
            };
            match read_back::rest(site.spec, change, call, again) {
                Ok(Rest::Nothing) => {
                    so_far.spared.push(call.label.clone());
                    continue;
                }
                Ok(Rest::All) => {}
                Ok(Rest::Some(part)) => rest = Some(part),
                Err(why) => return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why)),
            }
        }
        let call = rest.as_ref().unwrap_or(call);
        let ready = match site.ready_for_link(&change.subject, call.verb) {
            Ok(ready) => ready,
            Err(why) => return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why)),
        };
        let key = format!("{}/{i}", change.digest);
        if let Err(why) = site.record.before(change, i, call, &key).await {
            return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why));
        }
        so_far.sent += 1;
        let outcome = site.writer.call(&change.subject, call, &key).await;
        // The link first: a line that says that the call is over must not come before its link is safe.
        let handed = match &outcome {
            Outcome::Linked(link) => site.hand_over(ready, link),
            _ => Ok(None),
        };
        site.record.after(change, i, &outcome);
        match outcome {
            Outcome::Applied => so_far.already = false,
            Outcome::Linked(_) => {
                so_far.already = false;
                match handed {
                    Ok(path) => so_far.link = path.or(so_far.link),
                    Err(why) => return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why)),
                }
            }
            Outcome::Already => {}
            Outcome::Exists => return Made::Exists(so_far.sent),
            Outcome::Refused(why) => return done(ResultWord::Failed, so_far.sent, at_call(change, i, &why)),
            Outcome::Unknown(why) => return Made::Lost(Progress { at: i, ..so_far }, why),
        }
    }
    Made::Done(so_far.done(change, None))
}

/// Whether another call before it must have set something first: what narrows stands before what widens, or
/// brings somebody back.
fn follows_a_set(change: &Change, i: usize) -> bool {
    i > 0 && matches!(change.calls[i - 1].verb, Verb::Set | Verb::EditInvitation)
}

/// Whether the member is read before the call, which may not be needed then (SYSTEMS.md G1).
fn is_read_back(site: &Site<'_>, change: &Change, call: &Call) -> bool {
    site.spec.reads_back.contains(&(change.action, call.verb))
}

impl Progress {
    /// All calls were made that are not a human's; `rest` says what is left to one.
    fn done(&self, change: &Change, rest: Option<String>) -> ChangeResult {
        let word = if self.already { ResultWord::Already } else { ResultWord::Applied };
        let link = self.link.as_ref().map(|path| format!("the link waits in {}", path.display()));
        let spared = (!self.spared.is_empty()).then(|| format!("read back: `{}` was not needed", self.spared.join("`, `")));
        let message = link.into_iter().chain(spared).chain(rest).collect::<Vec<_>>().join("; ");
        ChangeResult::new(change, word, self.sent, message)
    }
}

/// Which call it was, where there are several.
fn at_call(change: &Change, i: usize, why: &str) -> String {
    let label = &change.calls[i].label;
    if change.calls.len() == 1 {
        return why.to_owned();
    }
    let done: Vec<&str> = change.calls[..i].iter().map(|c| c.label.as_str()).collect();
    if done.is_empty() { format!("at `{label}`: {why}") } else { format!("at `{label}`, after `{}`: {why}", done.join("`, `")) }
}
