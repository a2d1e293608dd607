//! One confirmed one-off action: its calls in their order, none of them twice.

use std::path::PathBuf;

use crate::model::{Outcome, Verb};
use crate::plan::Confirmed;
use crate::systems::{Gives, Secret};

use super::execute::Site;
use super::handover::Ready;
use super::outcome::ResultWord;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneOffResult {
    pub word: ResultWord,
    /// Calls sent.
    pub sent: u32,
    /// Empty where there is nothing to say; never a secret.
    pub message: String,
    /// Where the secret waits for somebody to hand it over.
    pub waits: Option<PathBuf>,
}

/// Makes the calls. Where the product answers with a secret, its place is made before.
pub async fn one_off(site: &Site<'_>, confirmed: &Confirmed) -> OneOffResult {
    let act = confirmed.act();
    let mut made = OneOffResult { word: ResultWord::Already, sent: 0, message: String::new(), waits: None };
    for (i, call) in act.calls().iter().enumerate() {
        let ready = match ready(site, confirmed, call.verb) {
            Ok(ready) => ready,
            Err(why) => return at(made, confirmed, i, ResultWord::Failed, &format!("not sent, since the secret would be lost: {why}")),
        };
        made.sent += 1;
        let key = format!("one-off/{}/{}/{i}", act.id(), act.as_of());
        match site.writer.call(act.subject(), call, &key).await {
            Outcome::Applied => made.word = ResultWord::Applied,
            Outcome::Linked(secret) => {
                made.word = ResultWord::Applied;
                match ready.map(|ready| ready.write(&secret)) {
                    Some(Ok(path)) => made.waits = Some(path),
                    Some(Err(why)) => {
                        return at(made, confirmed, i, ResultWord::Failed, &format!("made, and the secret is lost: {why}; do it again"));
                    }
                    // An invitation that the system mails; the link was not asked for.
                    None => {}
                }
            }
            Outcome::Already => {}
            Outcome::Exists => return at(made, confirmed, i, ResultWord::Failed, "the address is taken where the actor does not see it"),
            Outcome::Refused(why) => return at(made, confirmed, i, ResultWord::Failed, &why),
            Outcome::Unknown(why) => return at(made, confirmed, i, ResultWord::Unknown, &why),
        }
    }
    made.message = match (act.gives(), &made.waits) {
        (Gives::Secret(secret), Some(path)) => {
            format!("{} waits in {}: hand it over, and delete the file", secret.words(), path.display())
        }
        (Gives::Secret(secret), None) => {
            made.word = ResultWord::Unknown;
            format!("the server did not answer with {}", secret.words())
        }
        (Gives::Mail, _) => "the product writes to the member".to_owned(),
        (Gives::Nothing, _) => String::new(),
    };
    made
}

/// The place for what the call answers with; none where it answers with no secret.
fn ready<'s>(site: &Site<'s>, confirmed: &Confirmed, verb: Verb) -> Result<Option<Ready<'s>>, String> {
    let secret = match confirmed.act().gives() {
        Gives::Secret(secret) => secret,
        Gives::Mail | Gives::Nothing => return Ok(None),
    };
    let answers = match secret {
        Secret::InvitationLink => matches!(verb, Verb::Invite | Verb::Resend),
        Secret::PasswordLink | Secret::Password => verb == Verb::ResetPassword,
    };
    if !answers {
        return Ok(None);
    }
    let handover = site.handover.ok_or("the connection names no place for it")?;
    handover.ready_for(confirmed.act().member(), secret).map(Some)
}

fn at(made: OneOffResult, confirmed: &Confirmed, i: usize, word: ResultWord, why: &str) -> OneOffResult {
    let calls = confirmed.act().calls();
    let done: Vec<&str> = calls[..i].iter().map(|c| c.label.as_str()).collect();
    let message = match (calls.len(), done.is_empty()) {
        (1, _) => why.to_owned(),
        (_, true) => format!("at `{}`: {why}", calls[i].label),
        (_, false) => format!("at `{}`, after `{}`: {why}", calls[i].label, done.join("`, `")),
    };
    OneOffResult { word, message, ..made }
}
