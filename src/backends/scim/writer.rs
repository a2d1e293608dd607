use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::edit::Wanted;
use super::offer::Offer;
use super::reader::ScimReader;
use super::user::{Roles, User, field};
use crate::backends::Writer;
use crate::backends::http::{Answer, Fate, HttpError, WriteClient};
use crate::model::{Atom, Call, Email, Outcome, Subject, Verb};

const MEANWHILE: &str = "changed meanwhile: plan again";

/// Writes one account, a request a call, none of them twice. It lists the account once, before its
/// first call, and believes no answer: what a call should have done is read back, because servers
/// answer 200 and 201 to what they dropped.
pub(super) struct ScimWriter<'a> {
    reader: &'a ScimReader,
    client: WriteClient,
    roles: Roles,
    start: OnceCell<Result<Start, String>>,
}

/// The account as it was before the first call, kept in step with the calls made.
struct Start {
    offer: Offer,
    users: Mutex<BTreeMap<Email, User>>,
}

impl Start {
    fn users(&self) -> MutexGuard<'_, BTreeMap<Email, User>> {
        // No line panics while it holds the lock, and each leaves the map whole.
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn known(&self, email: &Email) -> Option<User> {
        self.users().get(email).cloned()
    }
    fn keep(&self, user: User) {
        self.users().insert(user.email.clone(), user);
    }
}

impl Writer for ScimWriter<'_> {
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, _key: &'a str) -> BoxFuture<'a, Outcome> {
        self.make(on, call).map(|outcome| outcome.unwrap_or_else(|refused| refused)).boxed()
    }
}

impl<'a> ScimWriter<'a> {
    pub(super) fn new(reader: &'a ScimReader, client: WriteClient, roles: Roles) -> Self {
        Self { reader, client, roles, start: OnceCell::new() }
    }

    /// Makes one call. `Err` is an outcome, too: the one on which it stopped early.
    async fn make(&self, on: &Subject, call: &Call) -> Result<Outcome, Outcome> {
        let Subject::Member(email) = on else { return Err(refused("SCIM knows no whitelist of domains")) };
        let start = self.start().await.map_err(Outcome::Refused)?;
        let wanted = Wanted::of(call, self.roles, &start.offer).map_err(Outcome::Refused)?;
        match (call.verb, start.known(email)) {
            // A second user would be made where the server tells addresses apart by case.
            (Verb::Invite, Some(_)) => Ok(Outcome::Exists),
            (Verb::Invite, None) => self.invite(start, email, &wanted).await,
            (Verb::Set | Verb::Restore | Verb::Deactivate, Some(known)) => self.change(start, &known, &wanted).await,
            (Verb::Set | Verb::Restore, None) => Err(refused("the server has no such user any more: plan again")),
            (Verb::Deactivate | Verb::Delete, None) => Ok(Outcome::Already),
            (Verb::Delete, Some(known)) => self.delete(start, &known).await,
            (
                Verb::Resend | Verb::EditInvitation | Verb::AllowDomain | Verb::DisallowDomain | Verb::ResetPassword | Verb::ResetTwoFactor,
                _,
            ) => Err(refused(format!("SCIM has no way to do `{}`", call.label))),
        }
    }

    /// The account, listed by the first call and never again for all.
    async fn start(&self) -> Result<&Start, String> {
        let list = || async {
            let listing = self.reader.list().await.map_err(|why| why.problems.join("; "))?;
            Ok(Start { offer: listing.offer, users: Mutex::new(listing.users) })
        };
        match self.start.get_or_init(list).await {
            Ok(start) => Ok(start),
            Err(why) => Err(format!("nothing was sent, because the account could not be read before the first write: {why}")),
        }
    }

    async fn invite(&self, start: &Start, email: &Email, wanted: &Wanted) -> Result<Outcome, Outcome> {
        if wanted.role.is_none() {
            return Err(refused("an invitation without a role would leave the role to the server"));
        }
        let document = wanted.create(email, &start.offer);
        let sent = self.client.post(&["Users"], &document, None).await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) => return self.not_invited(start, email, wanted, error).await,
        };
        let status = answer.status;
        let lost = |why: String| Outcome::Unknown(format!("the server answered {status}, and reading back failed: {why}"));
        let user = match id_of(answer) {
            Some(id) => self.reader.user(&id).await,
            None => self.look_up(email).await,
        };
        let Some(user) = user.map_err(lost)?.filter(|u| u.email == *email) else {
            return Ok(Outcome::Unknown(format!("the server answered {status}, and does not show the user")));
        };
        let missing = wanted.missing(&user);
        start.keep(user);
        match missing {
            None => Ok(Outcome::Applied),
            Some(what) => Err(refused(format!("the server answered {status} and made the user, but {what}"))),
        }
    }

    /// After a POST that was no success: many statuses can mean that the user is there already.
    async fn not_invited(&self, start: &Start, email: &Email, wanted: &Wanted, error: HttpError) -> Result<Outcome, Outcome> {
        let may_exist = matches!(error.status(), Some(400 | 409 | 422 | 500));
        if error.fate() == Fate::NotSent || !(may_exist || may_be_done(&error)) {
            return Err(refused(error.to_string()));
        }
        let found = match self.look_up(email).await {
            Ok(found) => found,
            Err(why) if may_be_done(&error) => return Err(Outcome::Unknown(format!("{error}; reading back failed: {why}"))),
            Err(why) => return Err(refused(format!("{error}; reading again failed: {why}"))),
        };
        let Some(user) = found else { return Err(undone(&error)) };
        let missing = wanted.missing(&user);
        start.keep(user);
        match missing {
            _ if may_exist => Ok(Outcome::Exists),
            None => Ok(Outcome::Applied),
            Some(what) => Err(Outcome::Unknown(format!("{error}; the user is there now, but {what}"))),
        }
    }

    /// One PATCH, or one PUT of the whole where the server says that it has no PATCH.
    async fn change(&self, start: &Start, known: &User, wanted: &Wanted) -> Result<Outcome, Outcome> {
        let Some(now) = self.steady(known).await? else { return self.gone(start, known, wanted) };
        if wanted.missing(&now).is_none() {
            start.keep(now);
            return Ok(Outcome::Already);
        }
        let (path, tag) = (["Users", now.id.as_str()], now.version.as_deref());
        let sent = if start.offer.patch {
            self.client.patch(&path, &wanted.patch(&now), tag).await
        } else {
            self.client.put(&path, &wanted.put(&now, &start.offer), tag).await
        };
        self.settle(start, known, sent, |user| match user {
            Some(user) => wanted.missing(user),
            None => Some("the user is gone".into()),
        })
        .await
    }

    async fn delete(&self, start: &Start, known: &User) -> Result<Outcome, Outcome> {
        let Some(now) = self.steady(known).await? else { return self.gone(start, known, &Wanted::default()) };
        let sent = self.client.delete(&["Users", now.id.as_str()], now.version.as_deref()).await;
        if matches!(sent, Err(HttpError::Status { status: 404 | 410, .. })) {
            return self.gone(start, known, &Wanted::default());
        }
        self.settle(start, known, sent, |user| {
            user.map(|u| format!("the user is still there{}", if u.active { "" } else { ", not active" }))
        })
        .await
    }

    /// Whoever is gone needs nothing taken away; but nothing can be given, either.
    fn gone(&self, start: &Start, known: &User, wanted: &Wanted) -> Result<Outcome, Outcome> {
        start.users().remove(&known.email);
        let takes = wanted.active != Some(true) && wanted.role.is_none() && wanted.name.is_none();
        if takes { Ok(Outcome::Already) } else { Err(refused("the server has no such user any more: plan again")) }
    }

    /// The user read again just before a write, because some servers ignore `If-Match`: no longer
    /// what it was is a refusal.
    async fn steady(&self, known: &User) -> Result<Option<User>, Outcome> {
        let now =
            self.reader.user(&known.id).await.map_err(|why| refused(format!("nothing was sent, because reading before failed: {why}")))?;
        match now {
            Some(now) if now.email != known.email || now.active != known.active || now.roles != known.roles => Err(refused(MEANWHILE)),
            now => Ok(now),
        }
    }

    /// Reads back once what a write did, whatever was answered. `undone` says what is not so.
    async fn settle(
        &self,
        start: &Start,
        known: &User,
        sent: Result<Answer, HttpError>,
        undone_by: impl Fn(Option<&User>) -> Option<String>,
    ) -> Result<Outcome, Outcome> {
        let error = match &sent {
            Err(HttpError::Status { status: 412, .. }) => return Err(refused(MEANWHILE)),
            Err(error) if error.fate() == Fate::NotSent || (error.fate() == Fate::Answered && !may_be_done(error)) => {
                return Err(refused(error.to_string()));
            }
            Err(error) => Some(error),
            Ok(_) => None,
        };
        let said = sent.as_ref().map_or_else(ToString::to_string, |a| format!("the server answered {}", a.status));
        let now = self.reader.user(&known.id).await.map_err(|why| Outcome::Unknown(format!("{said}; reading back failed: {why}")))?;
        let missing = undone_by(now.as_ref());
        match now {
            Some(now) => start.keep(now),
            None => drop(start.users().remove(&known.email)),
        }
        match (missing, error) {
            (None, _) => Ok(Outcome::Applied),
            (Some(what), None) => Err(refused(format!("{said}, but {what}"))),
            (Some(_), Some(error)) => Err(undone(error)),
        }
    }

    /// The user of that address in a fresh listing: no filter is to be trusted.
    async fn look_up(&self, email: &Email) -> Result<Option<User>, String> {
        let mut listing = self.reader.list().await.map_err(|why| why.problems.join("; "))?;
        Ok(listing.users.remove(email))
    }
}

fn refused(why: impl Into<String>) -> Outcome {
    Outcome::Refused(why.into())
}

/// Whether a write that was no success can have been made all the same: lost on the way, or failed
/// in the middle of the server or of a gateway before it.
fn may_be_done(error: &HttpError) -> bool {
    error.fate() == Fate::Lost || matches!(error.status(), Some(408 | 500..))
}

/// A write that reading back does not show: over where the server itself said no, else nobody
/// knows, because it may still be on its way.
fn undone(error: &HttpError) -> Outcome {
    match (error.fate(), error.status()) {
        (Fate::Lost, _) | (_, Some(408 | 502 | 504)) => {
            Outcome::Unknown(format!("{error}; reading back does not show it, and it may still come"))
        }
        _ => refused(error.to_string()),
    }
}

/// The identifier of what a POST made, where its answer shows it.
fn id_of(answer: Answer) -> Option<Atom> {
    Atom::new(field(&answer.json().ok()?, "id").and_then(Json::as_str)?).ok()
}
