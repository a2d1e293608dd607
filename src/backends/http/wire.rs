//! One request, sent once: the place where tokens leave and answers come in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Certificate;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::access::Access;
use super::endpoint::{Endpoint, origin};
use super::error::{At, HttpError, causes, excerpt, one_line, problem};
use super::hidden::Hidden;
use super::network::Network;
use super::pace::Pace;
use super::retry::Wrong;
use super::{method::Method, wait};

/// How far a server's clock may be from the run's.
const APART: Duration = Duration::from_secs(5 * 60);
/// So much room is made at most for an answer that has not come yet.
const AHEAD: usize = 1 << 20;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// One answer whose status is a success.
#[derive(Clone)]
pub struct Answer {
    pub at: At,
    pub status: u16,
    pub etag: Option<String>,
    pub(super) body: Body,
    /// What is cut out of all that is shown.
    pub(super) hidden: Hidden,
    /// Of a write: an invitation's link or a new password may stand in it, so nothing of it is told.
    pub(super) is_secret: bool,
}

/// Never with the body: it is personal, and may hold a secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("at", &self.at).field("status", &self.status).finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(super) enum Body {
    /// Whole JSON, not yet looked into.
    Json(Box<RawValue>),
    /// What came instead, and its first words.
    Other(String, String),
    /// The server says that it is as it was.
    Unchanged,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Errors
    /// [`HttpError::NotJson`] where it is empty, a web page or broken.
    pub fn json(self) -> Result<Json, HttpError> {
        self.parse()
    }

    /// The body as one of our shapes.
    ///
    /// # Errors
    /// As [`Answer::json`], and where it is of another shape.
    pub fn parse<T: DeserializeOwned>(self) -> Result<T, HttpError> {
        self.parsed()
    }

    /// The same, with texts that stay in the body.
    ///
    /// # Errors
    /// As [`Answer::parse`].
    pub fn parsed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, HttpError> {
        let (what, excerpt) = match &self.body {
            Body::Json(json) => match serde_json::from_str(json.get()) {
                Ok(parsed) => return Ok(parsed),
                // The words of the error may repeat a value.
                Err(e) if self.is_secret => (format!("JSON of another shape (line {}, column {})", e.line(), e.column()), String::new()),
                Err(e) => (format!("JSON of another shape ({})", one_line(&self.hidden.out_of(&e.to_string()))), String::new()),
            },
            Body::Other(what, excerpt) => (what.clone(), excerpt.clone()),
            Body::Unchanged => ("nothing".into(), String::new()),
        };
        Err(HttpError::NotJson { at: self.at.clone(), status: self.status, what, excerpt })
    }
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) struct Request<'a, M> {
    pub method: M,
    pub path: &'a [&'a str],
    pub query: &'a [(&'a str, &'a str)],
    pub body: Option<&'a Json>,
    pub if_match: Option<&'a str>,
    pub if_none_match: Option<&'a str>,
    pub key: Option<&'a str>,
}

impl<'a, M> Request<'a, M> {
    pub(super) fn new(method: M, path: &'a [&'a str]) -> Self {
        Self { method, path, query: &[], body: None, if_match: None, if_none_match: None, key: None }
    }
}

/// One try that went wrong.
pub(super) struct Failed {
    pub wrong: Wrong,
    pub error: HttpError,
    /// When to come again, where the server says it.
    pub after: Option<Duration>,
}

/// One endpoint, its token, and a set of methods.
pub(super) struct Wire<M> {
    client: reqwest::Client,
    pub(super) endpoint: Endpoint,
    authorization: HeaderValue,
    pub(super) hidden: Hidden,
    media: &'static str,
    pub(super) network: Network,
    pub(super) pace: Arc<Pace>,
    methods: std::marker::PhantomData<fn(M)>,
}

impl<M> fmt::Debug for Wire<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl<M: Method> Wire<M> {
    pub(super) fn new(access: &Access, media: &'static str, network: &Network) -> Result<Self, String> {
        let Access { endpoint, token, .. } = access;
        let client = client(access, network)?;
        Ok(Self {
            client,
            endpoint: endpoint.clone(),
            authorization: bearer(token)?,
            hidden: Hidden::token(token),
            media,
            network: network.clone(),
            pace: network.pace(&endpoint.origin()),
            methods: std::marker::PhantomData,
        })
    }

    /// Which request it is, for people.
    pub(super) fn at(&self, request: &Request<'_, M>) -> At {
        let path = match self.endpoint.join(request.path, &[]) {
            Some(url) => url.path().to_owned(),
            None => format!("/{}", request.path.iter().map(|s| one_line(s)).collect::<Vec<_>>().join("/")),
        };
        At { method: request.method.word(), path }
    }

    fn built(&self, at: &At, request: &Request<'_, M>) -> Result<reqwest::Request, HttpError> {
        let not_sent = |why: &str| HttpError::NotSent { at: at.clone(), why: why.into() };
        let url =
            self.endpoint.join(request.path, request.query).ok_or_else(|| not_sent("an identifier of dots names another resource"))?;
        let mut built = self
            .client
            .request(request.method.method(), url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, HeaderValue::from_static(self.media));
        for (name, tag) in [(IF_MATCH, request.if_match), (IF_NONE_MATCH, request.if_none_match)] {
            if let Some(tag) = tag {
                built = built.header(name, HeaderValue::try_from(tag).map_err(|_| not_sent("the server's ETag is no header value"))?);
            }
        }
        if let Some(key) = request.key {
            let mut key = HeaderValue::try_from(key).map_err(|_| not_sent("the call's key is no header value"))?;
            key.set_sensitive(true);
            built = built.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(body) = request.body {
            built = built.header(CONTENT_TYPE, HeaderValue::from_static(self.media)).body(body.to_string());
        }
        built.build().map_err(|e| not_sent(&causes(e)))
    }

    /// Sends it once.
    pub(super) async fn once(&self, at: &At, request: &Request<'_, M>) -> Result<Answer, Failed> {
        let limits = self.network.options().limits;
        let hidden = request.key.map_or_else(|| self.hidden.clone(), |key| self.hidden.and(key));
        let failed = |wrong, error| Failed { wrong, error, after: None };
        let lost = |e: reqwest::Error| {
            let wrong = if e.is_timeout() { Wrong::TimedOut } else { Wrong::Cut };
            failed(wrong, HttpError::Lost { at: at.clone(), why: hidden.out_of(&causes(e)) })
        };
        let built = self.built(at, request).map_err(|error| failed(Wrong::Unsendable, error))?;
        let url = built.url().clone();
        let mut response = match self.client.execute(built).await {
            Ok(response) => response,
            // What could not connect never left. All else may have arrived.
            Err(e) if e.is_connect() => {
                return Err(failed(Wrong::NotConnected, HttpError::NotSent { at: at.clone(), why: hidden.out_of(&causes(e)) }));
            }
            Err(e) => return Err(lost(e)),
        };
        let status = response.status();
        tracing::debug!(method = at.method, path = at.path, status = status.as_u16(), "answered");
        let header = |name| text(response.headers(), name);
        let (etag, content_type) = (header(ETAG), header(CONTENT_TYPE));
        let (after, date) = (wait::asked(response.headers(), self.network.now()), wait::date(response.headers()));
        let wrong = Wrong::Status { status: status.as_u16(), asks: after.is_some() };
        if status.as_u16() == 304 && request.if_none_match.is_some() {
            self.same_time(at, date).map_err(|error| failed(Wrong::Clock, error))?;
            return Ok(Answer { at: at.clone(), status: 304, etag, body: Body::Unchanged, hidden, is_secret: !M::READS });
        }
        if status.is_redirection() {
            let to = header(LOCATION).and_then(|l| url.join(&l).ok());
            let to = to.map_or_else(|| "nowhere".to_owned(), |to| one_line(&format!("{}{}", origin(&to), to.path())));
            let error = HttpError::Redirected { at: at.clone(), status: status.as_u16(), to: hidden.out_of(&to) };
            return Err(failed(Wrong::Redirected, error));
        }
        // As long as the server says that it is; what that may be is looked at as it comes.
        let length = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut bytes = Vec::with_capacity(length.min(AHEAD));
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if bytes.len() + chunk.len() > limits.body => {
                    return Err(failed(Wrong::TooLong, HttpError::TooLong { at: at.clone(), limit: limits.body }));
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                // A failure stays one, whatever of its words arrives.
                Err(_) if !status.is_success() => break,
                Err(e) => return Err(lost(e)),
            }
        }
        if !status.is_success() {
            let (problem, excerpt) = (problem(&bytes, &hidden), excerpt(&bytes, &hidden));
            let error = HttpError::Status { at: at.clone(), status: status.as_u16(), problem, excerpt };
            return Err(Failed { wrong, error, after });
        }
        if M::READS {
            self.same_time(at, date).map_err(|error| failed(Wrong::Clock, error))?;
        }
        let told = || if M::READS { excerpt(&bytes, &hidden) } else { String::new() };
        let body = if bytes.is_empty() {
            Body::Other("nothing".into(), String::new())
        } else if !is_json(content_type.as_deref()) {
            let named = content_type.map_or_else(|| "no content type".into(), |t| excerpt(t.as_bytes(), &hidden));
            Body::Other(named, told())
        } else {
            match serde_json::from_slice(&bytes) {
                Ok(json) => Body::Json(json),
                Err(e) => {
                    let (what, excerpt) = (format!("broken JSON (line {}, column {})", e.line(), e.column()), told());
                    if M::READS {
                        let error = HttpError::NotJson { at: at.clone(), status: status.as_u16(), what, excerpt };
                        return Err(failed(Wrong::BrokenJson, error));
                    }
                    Body::Other(what, excerpt)
                }
            }
        };
        Ok(Answer { at: at.clone(), status: status.as_u16(), etag, body, hidden, is_secret: !M::READS })
    }

    /// Holds the server's clock against the run's: ends and invitations are decided by both.
    fn same_time(&self, at: &At, theirs: Option<jiff::Timestamp>) -> Result<(), HttpError> {
        let (Some(theirs), Some(ours)) = (theirs, self.network.now()) else { return Ok(()) };
        if theirs.duration_since(ours).unsigned_abs() <= APART {
            return Ok(());
        }
        Err(HttpError::Clock { at: at.clone(), theirs, ours })
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, String> {
    let authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
    let mut authorization = authorization.map_err(|_| "the token holds a character that no header can carry".to_owned())?;
    authorization.set_sensitive(true);
    Ok(authorization)
}

fn client(access: &Access, network: &Network) -> Result<reqwest::Client, String> {
    let (endpoint, options) = (&access.endpoint, network.options());
    // The features of reqwest choose no provider; that one is there already is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(options.limits.connect)
        .read_timeout(options.limits.part)
        .timeout(options.limits.total)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What is sent again is decided in `retry`, not even what an HTTP/2 server says it did not process.
        .retry(reqwest::retry::never())
        // It would read the environment by itself.
        .no_proxy();
    if let Some(https) = options.proxies.https.as_ref().filter(|_| !endpoint.is_loopback()) {
        // Its error would name the address, which may hold a password.
        let proxy = reqwest::Proxy::https(https.expose_secret()).map_err(|_| "the proxy of the environment is no address".to_owned())?;
        let except = options.proxies.except.as_deref().and_then(reqwest::NoProxy::from_string);
        builder = builder.proxy(proxy.no_proxy(except));
    }
    if !endpoint.is_tls() {
        // No TLS will be spoken, so a machine without roots of trust can do it, too.
        builder = builder.tls_certs_only([]);
    } else if let Some(pem) = &access.roots {
        let roots = Certificate::from_pem_bundle(pem).unwrap_or_default();
        if roots.is_empty() {
            return Err("the file of certificates holds none in PEM".into());
        }
        builder = builder.tls_certs_only(roots);
    }
    builder.build().map_err(|e| format!("no HTTP client for {endpoint}: {}", causes(e)))
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// `application/json`, `application/scim+json`, with or without parameters.
fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.strip_prefix("application/").is_some_and(|t| t == "json" || t.ends_with("+json"))
}
