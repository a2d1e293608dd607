//! One change: its calls in their order, up to the first that a human must make.

use crate::model::{Channel, Outcome};
use crate::plan::Change;

use super::execute::Site;
use super::outcome::{ChangeResult, ResultWord};

/// How far a change came.
pub(super) enum Made {
    Done(ChangeResult),
    /// The server has the address already: a reading must tell what it is. With the calls sent.
    Exists(u32),
}

/// Makes the change; nothing is repeated.
pub(super) async fn make(site: &Site<'_>, change: &Change) -> Made {
    let done = |word, sent, message| Made::Done(ChangeResult::new(change, word, sent, message));
    let mut sent = 0;
    let mut already = true;
    let mut link = None;
    for (i, call) in change.calls.iter().enumerate() {
        if call.channel != Channel::Api {
            let message = format!("done up to `{}`, which is a step of the runbook", call.label);
            return done(ResultWord::Applied, sent, message);
        }
        let ready = match site.ready_for_link(&change.subject, call.verb) {
            Ok(ready) => ready,
            Err(why) => return done(ResultWord::Failed, sent, at_call(change, i, &why)),
        };
        sent += 1;
        let key = format!("{}/{i}", change.digest);
        match site.writer.call(&change.subject, call, &key).await {
            Outcome::Applied => already = false,
            Outcome::Linked(secret) => {
                already = false;
                match site.hand_over(ready, &secret) {
                    Ok(path) => link = path.or(link),
                    Err(why) => return done(ResultWord::Failed, sent, at_call(change, i, &why)),
                }
            }
            Outcome::Already => {}
            Outcome::Exists => return Made::Exists(sent),
            Outcome::Refused(why) => return done(ResultWord::Failed, sent, at_call(change, i, &why)),
            Outcome::Unknown(why) => return done(ResultWord::Unknown, sent, at_call(change, i, &why)),
        }
    }
    let word = if already { ResultWord::Already } else { ResultWord::Applied };
    let message = link.as_ref().map(|path| format!("the link waits in {}", path.display())).unwrap_or_default();
    Made::Done(ChangeResult { link_waits: link.is_some(), ..ChangeResult::new(change, word, sent, message) })
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
