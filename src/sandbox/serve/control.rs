//! `/_sandbox`: the switches of the server itself, which no bridge has.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::routing::get;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::bridge::ProblemKind;

use super::fault::{Fired, Injected};
use super::reply::Reply;
use super::routes::{bearer, dated, json};
use super::state::Shared;
use super::{Sandbox, SandboxError};

/// `PUT /_sandbox/faults`: these, and no others.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultsAsked {
    pub faults: Vec<Injected>,
}

/// `GET /_sandbox/faults`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FaultsState {
    pub faults: Vec<Fired>,
}

/// `GET` and `PUT /_sandbox/clock`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockState {
    #[schemars(with = "String")]
    pub now: Timestamp,
}

/// `GET /_sandbox/outbox`: the mails of all accounts, oldest first.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Outbox {
    pub mails: Vec<OutboxMail>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct OutboxMail {
    pub account: String,
    pub to: String,
    /// `invitation`, `reset`, `expired` or `restored`.
    pub kind: &'static str,
    #[schemars(with = "String")]
    pub at: Timestamp,
}

type All = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_sandbox/faults", get(faults).put(put_faults).delete(delete_faults))
        .route("/_sandbox/clock", get(clock).put(put_clock))
        .route("/_sandbox/calls", get(calls))
        .route("/_sandbox/outbox", get(outbox))
}

async fn faults(State(shared): All, request: Request) -> Response<Body> {
    signed_in(&shared, &request, || Reply::ok(&FaultsState { faults: shared.faults.fired() }))
}

async fn put_faults(State(shared): All, request: Request) -> Response<Body> {
    put(&shared, request, |asked: FaultsAsked| {
        shared.faults.replace(asked.faults);
        Reply::ok(&FaultsState { faults: shared.faults.fired() })
    })
    .await
}

async fn delete_faults(State(shared): All, request: Request) -> Response<Body> {
    signed_in(&shared, &request, || {
        shared.faults.replace(Vec::new());
        Reply::ok(&FaultsState { faults: Vec::new() })
    })
}

async fn clock(State(shared): All, request: Request) -> Response<Body> {
    signed_in(&shared, &request, || Reply::ok(&ClockState { now: shared.now() }))
}

async fn put_clock(State(shared): All, request: Request) -> Response<Body> {
    put(&shared, request, |asked: ClockState| {
        shared.set_clock(asked.now);
        Reply::ok(&ClockState { now: shared.now() })
    })
    .await
}

async fn calls(State(shared): All, request: Request) -> Response<Body> {
    signed_in(&shared, &request, || Reply::ok(&shared.calls()))
}

async fn outbox(State(shared): All, request: Request) -> Response<Body> {
    if !admits(&shared, &request) {
        return no_token(&shared);
    }
    let work = {
        let shared = Arc::clone(&shared);
        tokio::task::spawn_blocking(move || posted(&shared))
    };
    let reply = match work.await {
        Ok(Ok(outbox)) => Reply::ok(&outbox),
        Ok(Err(why)) => Reply::problem(ProblemKind::Failed, Some(why.to_string())),
        Err(_) => Reply::problem(ProblemKind::Failed, None),
    };
    dated(&shared, None, reply)
}

fn posted(shared: &Shared) -> Result<Outbox, SandboxError> {
    let mut mails = Vec::new();
    for account in &shared.accounts {
        let sent = Sandbox::read(&account.served.path)?.outbox(&account.served.host, shared.now())?;
        mails.extend(sent.into_iter().map(|mail| OutboxMail {
            account: mail.account.to_string(),
            to: mail.to.key().to_owned(),
            kind: mail.kind.word(),
            at: mail.at,
        }));
    }
    mails.sort_by_key(|mail| mail.at);
    Ok(Outbox { mails })
}

/// Whether it carries the token of any account.
fn admits(shared: &Shared, request: &Request) -> bool {
    bearer(request.headers()).is_some_and(|token| shared.accounts.iter().any(|account| account.admits(token)))
}

fn no_token(shared: &Shared) -> Response<Body> {
    dated(shared, None, Reply::problem(ProblemKind::Unauthorized, None))
}

fn signed_in(shared: &Shared, request: &Request, act: impl FnOnce() -> Reply) -> Response<Body> {
    if admits(shared, request) { dated(shared, None, act()) } else { no_token(shared) }
}

async fn put<T: DeserializeOwned>(shared: &Shared, request: Request, act: impl FnOnce(T) -> Reply) -> Response<Body> {
    if !admits(shared, &request) {
        return no_token(shared);
    }
    let (parts, body) = request.into_parts();
    let reply = match json(&parts.headers, body).await {
        Ok(body) => match serde_json::from_slice(&body) {
            Ok(asked) => act(asked),
            Err(e) => Reply::problem(ProblemKind::BadRequest, Some(e.to_string())),
        },
        Err(no) => no,
    };
    dated(shared, None, reply)
}
