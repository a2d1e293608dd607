use std::fmt;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_MATCH, LOCATION};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::endpoint::{Endpoint, origin};
use super::error::{At, HttpError, causes, excerpt, one_line};

/// How long and how much one request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect: Duration,
    /// From the first byte sent to the last received.
    pub total: Duration,
    /// Of an answer, decompressed, in bytes.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60), body: 32 * 1024 * 1024 }
    }
}

/// One answer whose status is a success.
#[derive(Debug, Clone)]
pub struct Answer {
    pub at: At,
    pub status: u16,
    pub etag: Option<String>,
    body: Body,
    /// Cut out of what is shown of the body.
    token: SecretString,
}

#[derive(Debug, Clone)]
enum Body {
    /// What calls itself JSON.
    Json(Vec<u8>),
    /// What came instead, and its first words.
    Other(String, String),
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
        let (what, excerpt) = match self.body {
            Body::Json(bytes) => match serde_json::from_slice(&bytes) {
                Ok(parsed) => return Ok(parsed),
                Err(e) if e.is_data() => (format!("JSON of another shape ({})", one_line(&e.to_string())), String::new()),
                Err(e) => (format!("broken JSON (line {}, column {})", e.line(), e.column()), excerpt(&bytes, &self.token)),
            },
            Body::Other(what, excerpt) => (what, excerpt),
        };
        Err(HttpError::NotJson { at: self.at, status: self.status, what, excerpt })
    }
}

/// The methods that change nothing. Private, and all that a [`ReadClient`] can name.
#[derive(Clone, Copy)]
enum Safe {
    Get,
    Head,
}

/// The methods that change something.
#[derive(Clone, Copy)]
enum Unsafe {
    Post,
    Put,
    Patch,
    Delete,
}

trait Method: Copy {
    fn method(self) -> reqwest::Method;
    fn word(self) -> &'static str;
}

impl Method for Safe {
    fn method(self) -> reqwest::Method {
        match self {
            Safe::Get => reqwest::Method::GET,
            Safe::Head => reqwest::Method::HEAD,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Safe::Get => "GET",
            Safe::Head => "HEAD",
        }
    }
}

impl Method for Unsafe {
    fn method(self) -> reqwest::Method {
        match self {
            Unsafe::Post => reqwest::Method::POST,
            Unsafe::Put => reqwest::Method::PUT,
            Unsafe::Patch => reqwest::Method::PATCH,
            Unsafe::Delete => reqwest::Method::DELETE,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Unsafe::Post => "POST",
            Unsafe::Put => "PUT",
            Unsafe::Patch => "PATCH",
            Unsafe::Delete => "DELETE",
        }
    }
}

/// Sends GET and HEAD to one endpoint, and has no way to send anything else.
#[derive(Debug)]
pub struct ReadClient(Wire<Safe>);

impl ReadClient {
    /// Opens a client for `endpoint`; `media` is what it accepts.
    ///
    /// # Errors
    /// In words for a person: no roots of trust on this machine, a token that no header can carry.
    pub fn new(endpoint: Endpoint, token: SecretString, media: &'static str, limits: Limits) -> Result<Self, String> {
        Wire::new(endpoint, token, media, limits).map(Self)
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, HttpError> {
        self.0.send(Safe::Get, path, query, None, Extra::default()).await
    }
    /// The text without the token, which a server may have sent back.
    pub fn redacted(&self, text: &str) -> String {
        self.0.without_token(text)
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn head(&self, path: &[&str]) -> Result<Answer, HttpError> {
        self.0.send(Safe::Head, path, &[], None, Extra::default()).await
    }
}

/// Sends what changes something. One request a call, never repeated: [`HttpError::fate`] tells
/// whether one that failed can have taken effect.
#[derive(Debug)]
pub struct WriteClient(Wire<Unsafe>);

impl WriteClient {
    /// Opens a client for `endpoint`; `media` is what it sends and accepts.
    ///
    /// # Errors
    /// As [`ReadClient::new`].
    pub fn new(endpoint: Endpoint, token: SecretString, media: &'static str, limits: Limits) -> Result<Self, String> {
        Wire::new(endpoint, token, media, limits).map(Self)
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn post(&self, path: &[&str], body: &Json, idempotency_key: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(Unsafe::Post, path, &[], Some(body), Extra { idempotency_key, ..Extra::default() }).await
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn put(&self, path: &[&str], body: &Json, if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(Unsafe::Put, path, &[], Some(body), Extra { if_match, ..Extra::default() }).await
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn patch(&self, path: &[&str], body: &Json, if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(Unsafe::Patch, path, &[], Some(body), Extra { if_match, ..Extra::default() }).await
    }
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn delete(&self, path: &[&str], if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(Unsafe::Delete, path, &[], None, Extra { if_match, ..Extra::default() }).await
    }
}

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// What a write says beside its body.
#[derive(Clone, Copy, Default)]
struct Extra<'a> {
    /// Only if it is still this.
    if_match: Option<&'a str>,
    /// The same on every try, so that the server does it once.
    idempotency_key: Option<&'a str>,
}

/// One endpoint, its token, and a set of methods.
struct Wire<M> {
    client: reqwest::Client,
    endpoint: Endpoint,
    token: SecretString,
    authorization: HeaderValue,
    media: &'static str,
    limits: Limits,
    methods: std::marker::PhantomData<fn(M)>,
}

impl<M> fmt::Debug for Wire<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl<M: Method> Wire<M> {
    fn new(endpoint: Endpoint, token: SecretString, media: &'static str, limits: Limits) -> Result<Self, String> {
        let authorization = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
        let mut authorization = authorization.map_err(|_| "the token holds a character that no header can carry".to_owned())?;
        authorization.set_sensitive(true);
        // The features of reqwest choose no provider; that one is there already is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            .timeout(limits.total)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Nothing repeats, not even what an HTTP/2 server says it did not process.
            .retry(reqwest::retry::never());
        if endpoint.is_loopback() {
            builder = builder.no_proxy();
        }
        if !endpoint.is_tls() {
            // No TLS will be spoken, so a machine without roots of trust can do it, too.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(|e| format!("no HTTP client for {endpoint}: {}", causes(e)))?;
        Ok(Self { client, endpoint, token, authorization, media, limits, methods: std::marker::PhantomData })
    }

    async fn send(
        &self,
        method: M,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Json>,
        extra: Extra<'_>,
    ) -> Result<Answer, HttpError> {
        let at = At { method: method.word(), path: format!("/{}", path.iter().map(|s| one_line(s)).collect::<Vec<_>>().join("/")) };
        let not_sent = |why: &str| HttpError::NotSent { at: at.clone(), why: why.into() };
        let url = self.endpoint.join(path, query).ok_or_else(|| not_sent("an identifier of dots names another resource"))?;
        let at = At { method: at.method, path: url.path().to_owned() };
        let mut request = self
            .client
            .request(method.method(), url.clone())
            .header(AUTHORIZATION, self.authorization.clone())
            .header(ACCEPT, HeaderValue::from_static(self.media));
        if let Some(key) = extra.idempotency_key {
            let key = HeaderValue::try_from(key).map_err(|_| not_sent("the key of the call is no header value"))?;
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(tag) = extra.if_match {
            let tag = HeaderValue::try_from(tag).map_err(|_| not_sent("the server's ETag is no header value"))?;
            request = request.header(IF_MATCH, tag);
        }
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static(self.media)).body(body.to_string());
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            // What could not connect, or was no request, never left. All else may have arrived.
            Err(e) if e.is_connect() || e.is_builder() => return Err(HttpError::NotSent { at, why: causes(e) }),
            Err(e) => return Err(HttpError::Lost { at, why: causes(e) }),
        };
        let status = response.status();
        let header = |name| text(response.headers(), name);
        tracing::debug!(method = at.method, path = at.path, status = status.as_u16(), "answered");
        let (etag, content_type) = (header(ETAG), header(CONTENT_TYPE));
        if status.is_redirection() {
            let to = header(LOCATION).and_then(|l| url.join(&l).ok());
            let to = to.map_or_else(|| "nowhere".to_owned(), |to| one_line(&format!("{}{}", origin(&to), to.path())));
            return Err(HttpError::Redirected { at, status: status.as_u16(), to: self.without_token(&to) });
        }
        let mut bytes = Vec::new();
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if bytes.len() + chunk.len() > self.limits.body => {
                    return Err(HttpError::TooLong { at, limit: self.limits.body });
                }
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                Err(e) => return Err(HttpError::Lost { at, why: causes(e) }),
            }
        }
        if !status.is_success() {
            let problem = problem(content_type.as_deref(), &bytes);
            return Err(HttpError::Status { at, status: status.as_u16(), problem, excerpt: excerpt(&bytes, &self.token) });
        }
        let body = if bytes.is_empty() {
            Body::Other("nothing".into(), String::new())
        } else if is_json(content_type.as_deref()) {
            Body::Json(bytes)
        } else {
            let named = content_type.map_or_else(|| "no content type".into(), |t| excerpt(t.as_bytes(), &self.token));
            Body::Other(named, excerpt(&bytes, &self.token))
        };
        Ok(Answer { at, status: status.as_u16(), etag, body, token: self.token.clone() })
    }

    fn without_token(&self, text: &str) -> String {
        text.replace(self.token.expose_secret(), "[token]")
    }
}

/// The `type` of a problem (RFC 9457 §3.1.1), where the body is one.
fn problem(content_type: Option<&str>, body: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Problem {
        r#type: String,
    }
    let problem: Problem = is_json(content_type).then(|| serde_json::from_slice(body).ok())??;
    Some(one_line(&problem.r#type))
}

fn text(headers: &HeaderMap, name: reqwest::header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// `application/json`, `application/scim+json`, with or without parameters.
fn is_json(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.strip_prefix("application/").is_some_and(|t| t == "json" || t.ends_with("+json"))
}
