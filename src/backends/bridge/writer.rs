use futures::FutureExt;
use futures::future::BoxFuture;
use secrecy::SecretString;

use super::capabilities::wire;
use super::reader::BridgeReader;
use crate::backends::Writer;
use crate::backends::http::{Fate, HttpError, WriteClient};
use crate::model::bridge::{CallAnswer, WireAssign, WireCall, WireOutcome};
use crate::model::{Assign, Call, Link, Outcome, Subject, Verb};

/// Writes one account, a request a call.
pub(super) struct BridgeWriter<'a> {
    reader: &'a BridgeReader,
    client: WriteClient,
    /// Of this writer alone: an answer that the bridge kept for an earlier run is none for this one, in
    /// which the same change is made anew.
    run: String,
}

impl<'a> BridgeWriter<'a> {
    /// # Errors
    /// Where the machine gives no random bytes.
    pub(super) fn new(reader: &'a BridgeReader, client: WriteClient) -> Result<Self, String> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|e| format!("no random bytes for the keys of calls: {e}"))?;
        let run = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { reader, client, run })
    }

    async fn make(&self, on: &Subject, call: &Call, key: &str) -> Outcome {
        let honours_keys = self.reader.caps.get().is_some_and(|offer| offer.idempotency);
        let key = format!("{}/{key}", self.run);
        let Ok(body) = serde_json::to_value(of(on, call)) else { return Outcome::Refused("the call is no JSON".into()) };
        let sent = self.client.post(&self.reader.path(&["calls"]), &body, honours_keys.then_some(key.as_str())).await;
        match sent {
            Ok(answer) => match answer.parse::<CallAnswer>() {
                Ok(CallAnswer { outcome: WireOutcome::Applied, link: Some(link) }) => Outcome::Linked(Link::new(SecretString::from(link))),
                Ok(CallAnswer { outcome: WireOutcome::Applied, link: None }) => Outcome::Applied,
                Ok(CallAnswer { outcome: WireOutcome::Already, .. }) => Outcome::Already,
                Err(error) => Outcome::Unknown(error.to_string()),
            },
            Err(error) => refused(call.verb, &error),
        }
    }
}

impl Writer for BridgeWriter<'_> {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, key: &'a str) -> BoxFuture<'a, Outcome> {
        self.make(on, call, key).boxed()
    }
}

/// What an answer means for the call that it refused (docs/bridge.md).
fn refused(verb: Verb, error: &HttpError) -> Outcome {
    let kind = error.problem().unwrap_or_default();
    match (error.fate(), error.status()) {
        (Fate::NotSent, _) => Outcome::Refused(error.to_string()),
        (Fate::Answered, Some(409)) if kind.ends_with(":exists") && verb == Verb::Invite => Outcome::Exists,
        (Fate::Answered, Some(409)) if kind.ends_with(":in-progress") => Outcome::Unknown(error.to_string()),
        (Fate::Answered, Some(412)) => Outcome::Refused(format!("changed meanwhile: plan again ({error})")),
        // Nothing was done: the bridge says so, and when to ask again.
        (Fate::Answered, Some(503)) if kind.ends_with(":unavailable") => Outcome::Refused(error.to_string()),
        (Fate::Answered, Some(400..=407 | 409..=499)) => Outcome::Refused(error.to_string()),
        (Fate::Lost, _) | (Fate::Answered, _) => Outcome::Unknown(error.to_string()),
    }
}

/// The call as it goes over the wire.
fn of(on: &Subject, call: &Call) -> WireCall {
    let assign = |assign: &Assign| match assign {
        Assign::To(value) => WireAssign::To(value.to_json()),
        Assign::Delta { add, remove } => WireAssign::Change {
            add: add.iter().map(ToString::to_string).collect(),
            remove: remove.iter().map(ToString::to_string).collect(),
        },
    };
    WireCall {
        verb: wire(call.verb),
        member: on.email().map(|email| email.key().to_owned()),
        domain: on.domain().map(|domain| domain.as_str().to_owned()),
        set: call.set.iter().map(|(key, to)| ((*key).to_owned(), assign(to))).collect(),
    }
}
