//! An answer before it is one of HTTP, so that faults can spoil it.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use futures::stream;
use serde::Serialize;

use crate::model::bridge::{Problem, ProblemKind};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";
/// A slow body comes in pieces of so many bytes.
const PIECE: usize = 64;
/// What an endless body goes on with.
static BLANK: [u8; 8192] = [b' '; 8192];

#[derive(Clone)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    pub pace: Pace,
    /// The connection is cut instead.
    pub cut: bool,
}

/// How the body is sent.
#[derive(Clone, Copy)]
pub(super) enum Pace {
    AtOnce,
    Slow(Duration),
    Endless,
}

/// Told to the connection, which then ends without an answer.
#[derive(Clone, Copy)]
pub(super) struct Cut;

impl Reply {
    fn new(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into(), pace: Pace::AtOnce, cut: false }
    }

    /// 200 with that.
    pub(super) fn ok(of: &impl Serialize) -> Self {
        match serde_json::to_vec(of) {
            Ok(body) => Self::new(StatusCode::OK, JSON, body),
            Err(why) => Self::problem(ProblemKind::Failed, Some(why.to_string())),
        }
    }

    pub(super) fn html() -> Self {
        Self::new(StatusCode::OK, "text/html; charset=utf-8", "<!doctype html><title>Sign in</title><p>Please sign in.</p>")
    }

    pub(super) fn redirect(to: &str) -> Self {
        let reply = Self::new(StatusCode::TEMPORARY_REDIRECT, "text/plain", "");
        match HeaderValue::from_str(to) {
            Ok(to) => reply.with(header::LOCATION, to),
            Err(_) => reply,
        }
    }

    pub(super) fn cut() -> Self {
        Self { cut: true, ..Self::new(StatusCode::BAD_GATEWAY, PROBLEM, "") }
    }

    pub(super) fn problem(kind: ProblemKind, detail: Option<String>) -> Self {
        let (status, title) = of_kind(kind);
        Self::of_status(status, kind, title, detail)
    }

    /// One of the failures that are told apart by their status alone.
    pub(super) fn failed(status: u16, detail: Option<String>) -> Self {
        let status = StatusCode::from_u16(status).ok().filter(StatusCode::is_server_error).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let (_, title) = of_kind(ProblemKind::Failed);
        Self::of_status(status, ProblemKind::Failed, title, detail)
    }

    fn of_status(status: StatusCode, kind: ProblemKind, title: &str, detail: Option<String>) -> Self {
        let problem = Problem { kind, title: title.to_owned(), status: status.as_u16(), detail };
        let reply = Self::new(status, PROBLEM, serde_json::to_vec(&problem).unwrap_or_default());
        match kind {
            ProblemKind::Unauthorized => reply.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            ProblemKind::Unavailable | ProblemKind::InProgress => reply.with(header::RETRY_AFTER, HeaderValue::from_static("1")),
            _ => reply,
        }
    }

    #[must_use]
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer to a condition that holds: the same without its body.
    pub(super) fn not_modified(self) -> Self {
        Self { status: StatusCode::NOT_MODIFIED, body: Bytes::new(), ..self }
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let length = self.body.len();
        let body = match self.pace {
            Pace::AtOnce => Body::from(self.body),
            Pace::Slow(pause) => Body::from_stream(stream::unfold(self.body, move |mut left| async move {
                if left.is_empty() {
                    return None;
                }
                tokio::time::sleep(pause).await;
                let piece = left.split_to(PIECE.min(left.len()));
                Some((Ok::<Bytes, Infallible>(piece), left))
            })),
            Pace::Endless => Body::from_stream(stream::unfold(Some(self.body), |first| async move {
                tokio::task::yield_now().await;
                let piece = match first {
                    // All but what would close it.
                    Some(body) => body.slice(..length_of_open(&body)),
                    None => Bytes::from_static(&BLANK),
                };
                Some((Ok::<Bytes, Infallible>(piece), None))
            })),
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if length > 0 {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        headers.extend(self.headers);
        if self.cut {
            response.extensions_mut().insert(Cut);
        }
        response
    }
}

fn length_of_open(body: &[u8]) -> usize {
    body.len().saturating_sub(1)
}

/// The status and the title of a problem.
pub(super) fn of_kind(kind: ProblemKind) -> (StatusCode, &'static str) {
    match kind {
        ProblemKind::BadRequest => (StatusCode::BAD_REQUEST, "this is no request of the protocol"),
        ProblemKind::Unauthorized => (StatusCode::UNAUTHORIZED, "no token that is known"),
        ProblemKind::Forbidden => (StatusCode::FORBIDDEN, "the actor may not do that"),
        ProblemKind::OutOfReach => (StatusCode::FORBIDDEN, "the account is not within the actor's reach"),
        ProblemKind::NotFound => (StatusCode::NOT_FOUND, "there is nothing here"),
        ProblemKind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "the resource has no such method"),
        ProblemKind::Exists => (StatusCode::CONFLICT, "the address is there already"),
        ProblemKind::InProgress => (StatusCode::CONFLICT, "the first request of this key is being worked on"),
        ProblemKind::Changed => (StatusCode::PRECONDITION_FAILED, "the account has changed"),
        ProblemKind::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "the request is too long"),
        ProblemKind::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body is not application/json"),
        ProblemKind::Refused => (StatusCode::UNPROCESSABLE_ENTITY, "the product refuses"),
        ProblemKind::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "the key was used for another call"),
        ProblemKind::TooManyRequests => (StatusCode::TOO_MANY_REQUESTS, "too many requests"),
        ProblemKind::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "the server failed"),
        ProblemKind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "the server is busy"),
    }
}
