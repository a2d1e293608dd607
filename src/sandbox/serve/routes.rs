//! From a request to an answer: which resource, whose token, which faults, and what is put on top.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts as _, RawPathParams, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use axum::routing::{MethodFilter, MethodRouter};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::model::Subject;
use crate::model::bridge::ProblemKind;

use super::account::Account;
use super::fault::{HttpFault, RetryAfter};
use super::reply::{Pace, Reply};
use super::state::Shared;
use super::{call, control, read};

/// The longest body in bytes.
pub(super) const LONGEST: usize = 1 << 20;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The resources of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Route {
    Capabilities,
    Members,
    Account,
    Calls,
}

impl Route {
    pub(super) const ALL: [Route; 4] = [Route::Capabilities, Route::Members, Route::Account, Route::Calls];

    /// The last segment of its path.
    pub(super) fn word(self) -> &'static str {
        match self {
            Route::Capabilities => "capabilities",
            Route::Members => "members",
            Route::Account => "account",
            Route::Calls => "calls",
        }
    }
    fn method(self) -> MethodFilter {
        match self {
            Route::Capabilities | Route::Members | Route::Account => MethodFilter::GET,
            Route::Calls => MethodFilter::POST,
        }
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let mut router = control::router();
    for route in Route::ALL {
        let answers = MethodRouter::new()
            .on(route.method(), move |State(shared): State<Arc<Shared>>, request: Request| answer(shared, route, request));
        for below in ["/{connection}", "/{connection}/tenants/{tenant}"] {
            router = router.route(&format!("{below}/{}", route.word()), answers.clone());
        }
    }
    let no = |kind| move |State(shared): State<Arc<Shared>>| async move { dated(&shared, None, Reply::problem(kind, None)) };
    router.fallback(no(ProblemKind::NotFound)).method_not_allowed_fallback(no(ProblemKind::MethodNotAllowed)).with_state(shared)
}

async fn answer(shared: Arc<Shared>, route: Route, request: Request) -> Response<Body> {
    let (mut parts, body) = request.into_parts();
    let Some(account) = account(&shared, &mut parts).await else {
        return dated(&shared, None, Reply::problem(ProblemKind::NotFound, Some("no such account".to_owned())));
    };
    shared.count(&account, parts.method.as_str(), route.word());
    let reply = if bearer(&parts.headers).is_some_and(|token| account.admits(token)) {
        let reply = match route {
            Route::Calls => write(&shared, &account, &parts, body).await,
            Route::Capabilities | Route::Members | Route::Account => get(&shared, &account, route, &parts).await,
        };
        after(&shared, &account, reply)
    } else {
        Reply::problem(ProblemKind::Unauthorized, None)
    };
    dated(&shared, Some(&account), reply)
}

async fn account(shared: &Shared, parts: &mut Parts) -> Option<Arc<Account>> {
    let params = RawPathParams::from_request_parts(parts, &()).await.ok()?;
    let param = |name| params.iter().find(|(key, _)| *key == name).map(|(_, value)| value);
    shared.account(param("connection")?, param("tenant")).cloned()
}

/// The token of the request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn get(shared: &Arc<Shared>, account: &Arc<Account>, route: Route, parts: &Parts) -> Reply {
    // The other two take no query.
    let window = match (route == Route::Members).then(|| read::window(parts.uri.query(), shared.settings.page_size)) {
        Some(Err(bad)) => return bad,
        Some(Ok(window)) => Some(window),
        None => None,
    };
    if let Some(instead) = instead(shared, account, route, None) {
        return instead;
    }
    wait(latency(shared, account)).await;
    let work = {
        let (shared, account) = (Arc::clone(shared), Arc::clone(account));
        tokio::task::spawn_blocking(move || {
            let (settings, faults, now) = (&shared.settings, &shared.faults, shared.now());
            match (route, window) {
                (Route::Members, Some(window)) => read::members(&account, settings, faults, now, &window),
                (Route::Account, _) => read::account(&account, settings, faults, now),
                _ => read::capabilities(&account, settings),
            }
        })
    };
    let mut reply = work.await.unwrap_or_else(|_| Reply::problem(ProblemKind::Failed, None));
    if reply.status != StatusCode::OK {
        return reply;
    }
    let request = parts.uri.path_and_query().map_or(parts.uri.path(), |whole| whole.as_str());
    let is_stale = || fires(shared, account, |fault| *fault == HttpFault::StaleRead);
    if let Some(stale) = account.stale(request, &reply.body, is_stale) {
        reply.body = stale;
    }
    tagged(reply, &parts.headers)
}

/// With a strong tag of what it says, and without its body where that is known.
fn tagged(reply: Reply, headers: &HeaderMap) -> Reply {
    let hash = Sha256::digest(&reply.body);
    let tag = hash[..16].iter().fold(String::from("\""), |tag, byte| format!("{tag}{byte:02x}")) + "\"";
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).flat_map(|tags| tags.split(','));
    let is_known = known.map(|known| known.trim()).any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let reply = match HeaderValue::from_str(&tag) {
        Ok(tag) => reply.with(header::ETAG, tag),
        Err(_) => reply,
    };
    if is_known { reply.not_modified() } else { reply }
}

async fn write(shared: &Arc<Shared>, account: &Arc<Account>, parts: &Parts, body: Body) -> Reply {
    let body = match json(&parts.headers, body).await {
        Ok(body) => body,
        Err(no) => return no,
    };
    let key = parts.headers.get(IDEMPOTENCY_KEY).map(HeaderValue::as_bytes);
    let asked = match call::asked(account, key, &body) {
        Ok(asked) => asked,
        Err(no) => return no,
    };
    if let Some(instead) = instead(shared, account, Route::Calls, Some(&asked.on)) {
        return instead;
    }
    // On its own: a call that was begun is ended, whether or not somebody waits for it.
    let made = tokio::spawn(call::made(Arc::clone(shared), Arc::clone(account), asked, latency(shared, account)));
    let reply = made.await.unwrap_or_else(|_| Reply::problem(ProblemKind::Failed, None));
    reply.with(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
}

/// The body of a request that says it is JSON.
///
/// # Errors
/// 413 and 415.
pub(super) async fn json(headers: &HeaderMap, body: Body) -> Result<axum::body::Bytes, Reply> {
    let is_json = |value: &HeaderValue| {
        let kind = value.to_str().ok()?.split(';').next()?.trim();
        kind.eq_ignore_ascii_case("application/json").then_some(())
    };
    if headers.get(header::CONTENT_TYPE).and_then(is_json).is_none() {
        return Err(Reply::problem(ProblemKind::NotJson, None));
    }
    to_bytes(body, LONGEST).await.map_err(|_| Reply::problem(ProblemKind::TooLong, Some(format!("a body has at most {LONGEST} bytes"))))
}

fn fires(shared: &Shared, account: &Account, is: impl Fn(&HttpFault) -> bool) -> bool {
    shared.faults.fires(account.name(), |fault, _| is(fault).then_some(())).is_some()
}

fn latency(shared: &Shared, account: &Account) -> Duration {
    let millis = shared.faults.fires(account.name(), |fault, _| match fault {
        HttpFault::Latency { millis } => Some(*millis),
        _ => None,
    });
    Duration::from_millis(millis.map_or(0, u64::from))
}

/// For no time at all a timer would take a millisecond.
pub(super) async fn wait(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// What comes in the place of an answer before anything is done.
fn instead(shared: &Shared, account: &Account, route: Route, on: Option<&Subject>) -> Option<Reply> {
    let problem = |kind| Some(Reply::problem(kind, None));
    let is_call = route == Route::Calls;
    shared.faults.fires(account.name(), |fault, _| match fault {
        HttpFault::Html => Some(Reply::html()),
        HttpFault::Unauthorized => problem(ProblemKind::Unauthorized),
        HttpFault::Forbidden { member } if is_call => {
            let is_meant = |who: &String| on.is_some_and(|on| on.as_str() == *who);
            member.as_ref().is_none_or(is_meant).then(|| Reply::problem(ProblemKind::Forbidden, None))
        }
        HttpFault::NotFound => problem(ProblemKind::NotFound),
        HttpFault::Conflict { kind } if is_call => problem(kind.kind()),
        HttpFault::Changed if is_call => problem(ProblemKind::Changed),
        HttpFault::TooManyRequests { retry_after } => Some(too_many(shared.now(), *retry_after)),
        HttpFault::ServerError { status, done: false } => Some(Reply::failed(*status, None)),
        HttpFault::CutBefore => Some(Reply::cut()),
        HttpFault::Redirect { to } => Some(Reply::redirect(to)),
        _ => None,
    })
}

fn too_many(now: Timestamp, retry_after: RetryAfter) -> Reply {
    let after = match retry_after {
        RetryAfter::Absent => None,
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(seconds) => Some(http_date(call::later(now, seconds))),
    };
    let reply = Reply::problem(ProblemKind::TooManyRequests, None);
    match after.and_then(|after| HeaderValue::from_str(&after).ok()) {
        Some(after) => reply.with(header::RETRY_AFTER, after),
        None => reply,
    }
}

/// What becomes of an answer after all was done.
fn after(shared: &Shared, account: &Account, mut reply: Reply) -> Reply {
    if reply.cut {
        return reply;
    }
    let failed = shared.faults.fires(account.name(), |fault, _| match fault {
        HttpFault::ServerError { status, done: true } => Some(*status),
        _ => None,
    });
    if let Some(status) = failed {
        return Reply::failed(status, None);
    }
    if fires(shared, account, |fault| *fault == HttpFault::CutAfter) {
        return Reply::cut();
    }
    if reply.body.is_empty() {
        return reply;
    }
    if fires(shared, account, |fault| *fault == HttpFault::WrongContentType) {
        reply.content_type = "text/plain; charset=utf-8";
    }
    let pace = shared.faults.fires(account.name(), |fault, _| match fault {
        HttpFault::SlowBody { millis } => Some(Pace::Slow(Duration::from_millis(u64::from(*millis)))),
        HttpFault::EndlessBody => Some(Pace::Endless),
        _ => None,
    });
    Reply { pace: pace.unwrap_or(reply.pace), ..reply }
}

/// The answer as it is sent, with the hour of the server's clock.
pub(super) fn dated(shared: &Shared, account: Option<&Account>, reply: Reply) -> Response<Body> {
    let skew = account.filter(|_| !reply.cut).and_then(|account| {
        shared.faults.fires(account.name(), |fault, _| match fault {
            HttpFault::ClockSkew { seconds } if *seconds != 0 => Some(SignedDuration::from_secs(i64::from(*seconds))),
            _ => None,
        })
    });
    let now = shared.now();
    let now = skew.and_then(|skew| now.checked_add(skew).ok()).unwrap_or(now);
    match HeaderValue::from_str(&http_date(now)) {
        Ok(date) => reply.with(header::DATE, date),
        Err(_) => reply,
    }
    .into_response()
}

/// As RFC 9110 writes it; nothing for a year of five digits.
fn http_date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}
