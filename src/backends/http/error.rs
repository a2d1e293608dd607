use std::fmt;

use jiff::Timestamp;

use super::hidden::Hidden;
use crate::model::is_unprintable;

/// Which request: method and path, never the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    pub method: &'static str,
    pub path: String,
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// What can go wrong with one request. Texts from the server are neutralised excerpts with the
/// token cut out; no URL stands here with its query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    #[error("{at}: not sent: {why}")]
    NotSent { at: At, why: String },
    #[error("{at}: sent, and the answer was lost: {why}")]
    Lost { at: At, why: String },
    #[error("{at}: answered {status}{}", with(.excerpt))]
    Status {
        at: At,
        status: u16,
        /// The `type` of a problem (RFC 9457 §3.1.1), where it is one.
        problem: Option<String>,
        excerpt: String,
    },
    #[error("{at}: answered {status}, a redirect to {to}: not followed, because the token goes to the endpoint alone")]
    Redirected { at: At, status: u16, to: String },
    #[error("{at}: the answer is longer than {limit} bytes")]
    TooLong { at: At, limit: usize },
    #[error("{at}: answered {status} with {what}, where JSON was expected{}", with(.excerpt))]
    NotJson { at: At, status: u16, what: String, excerpt: String },
    #[error("{at}: the server's clock says {theirs}, and this machine's {ours}: set the one that is wrong")]
    Clock { at: At, theirs: Timestamp, ours: Timestamp },
    /// Tried more than once, or not again because that would take too long.
    #[error("{last}; {why}")]
    Repeated {
        last: Box<HttpError>,
        /// How often, how long, and why no more.
        why: String,
        /// Of all tries together: where one of them may have taken effect, the last says nothing of it.
        fate: Fate,
    },
}

/// Whether a request that went wrong can have taken effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It never left.
    NotSent,
    /// The server got it and answered.
    Answered,
    /// It left, or may have; nobody knows what the server did.
    Lost,
}

impl HttpError {
    /// Whether it can have taken effect.
    pub fn fate(&self) -> Fate {
        match self {
            HttpError::NotSent { .. } => Fate::NotSent,
            // Of an answer that is too long, the status was not looked at.
            HttpError::Lost { .. } | HttpError::TooLong { .. } => Fate::Lost,
            HttpError::Status { .. } | HttpError::Redirected { .. } | HttpError::NotJson { .. } | HttpError::Clock { .. } => Fate::Answered,
            HttpError::Repeated { fate, .. } => *fate,
        }
    }
    /// The status of the last answer, where there is one.
    pub fn status(&self) -> Option<u16> {
        match self {
            HttpError::Status { status, .. } | HttpError::Redirected { status, .. } | HttpError::NotJson { status, .. } => Some(*status),
            HttpError::NotSent { .. } | HttpError::Lost { .. } | HttpError::TooLong { .. } | HttpError::Clock { .. } => None,
            HttpError::Repeated { last, .. } => last.status(),
        }
    }
    /// The `type` of the problem that the last answer is, where it is one.
    pub fn problem(&self) -> Option<&str> {
        match self {
            HttpError::Status { problem, .. } => problem.as_deref(),
            HttpError::Repeated { last, .. } => last.problem(),
            _ => None,
        }
    }
    /// What a reading that fails with it is called: `clock` or `failed`.
    pub fn code(&self) -> &'static str {
        match self {
            HttpError::Clock { .. } => "clock",
            HttpError::Repeated { last, .. } => last.code(),
            _ => "failed",
        }
    }
}

fn with(excerpt: &str) -> String {
    if excerpt.is_empty() { String::new() } else { format!(": {excerpt}") }
}

/// The `type` of a problem.
pub(super) fn problem(body: &[u8], hidden: &Hidden) -> Option<String> {
    const MOST: usize = 100;
    let problem: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(one_line(&hidden.out_of(problem.get("type")?.as_str()?))).filter(|kind| kind.len() <= MOST)
}

/// What a body says, as one line that moves no cursor and holds no secret: the `detail` of a
/// problem (RFC 7644 §3.12, RFC 9457 §3.1), else its first words.
pub(super) fn excerpt(body: &[u8], hidden: &Hidden) -> String {
    const MOST: usize = 200;
    // Secrets are looked for in more than is shown, so that no half of one stays at the cut.
    let body = &body[..body.len().min(64 * 1024)];
    let problem: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let detail = problem.as_ref().and_then(|p| p.get("detail")?.as_str());
    let text = detail.map_or_else(|| String::from_utf8_lossy(body), Into::into);
    let line = one_line(&hidden.out_of(&text));
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}...", &line[..at]),
        None => line,
    }
}

/// White space as single spaces, what controls or hides text as `U+FFFD`.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().map(|c| if is_unprintable(c) { '\u{fffd}' } else { c }).collect()
}

/// The causes of a transport error in one line, without the URL.
pub(super) fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut parts = vec![one_line(&error.to_string())];
    let mut next = std::error::Error::source(&error);
    while let Some(cause) = next {
        let text = one_line(&cause.to_string());
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        next = cause.source();
    }
    parts.join(": ")
}
