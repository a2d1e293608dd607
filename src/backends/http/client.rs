use std::sync::OnceLock;

use serde_json::{Value as Json, json};

use super::access::Access;
use super::cache::Key;
use super::endpoint::Endpoint;
use super::error::HttpError;
use super::method::{Safe, Unsafe};
use super::network::Network;
use super::query::QueryDocument;
use super::wire::{Answer, Body, Request, Wire};

/// Sends GET, HEAD and GraphQL queries to one endpoint, and has no way to send anything else. What goes
/// wrong is sent again by the table in `retry.rs`. Where the network has a cache, an answer with an ETag is kept, and
/// asked for conditionally the next time.
#[derive(Debug)]
pub struct ReadClient {
    wire: Wire<Safe>,
    connection: String,
    declared: Option<String>,
    actor: OnceLock<String>,
}

impl ReadClient {
    /// Opens a client for an endpoint; `media` is what it accepts. Sends nothing.
    ///
    /// # Errors
    /// In words for a person: no roots of trust on this machine, a token that no header can carry, a
    /// proxy that is none.
    pub fn new(access: &Access, media: &'static str, network: &Network) -> Result<Self, String> {
        let wire = Wire::new(access, media, network)?;
        Ok(Self { wire, connection: access.connection.clone(), declared: access.actor.clone(), actor: OnceLock::new() })
    }

    /// The server has said whose token it is: what is kept from here on is kept for that actor.
    pub fn acts_as(&self, actor: &str) {
        // Who said another name first keeps it: one token is one actor's.
        let _ = self.actor.set(actor.to_owned());
    }

    /// # Errors
    /// [`HttpError`], also where the status is no success, the JSON is broken or the server's clock
    /// is another ([`HttpError::code`]).
    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, HttpError> {
        let request = Request { query, ..Request::new(Safe::Get, path) };
        let key = self.wire.network.cache.as_ref().zip(self.key(path, query));
        let Some((cache, key)) = key else { return self.wire.send(&request).await };
        if let Some(kept) = cache.get(&key) {
            let answer = self.wire.send(&Request { if_none_match: Some(&kept.etag), ..request }).await?;
            if !matches!(answer.body, Body::Unchanged) {
                return Ok(self.kept(&key, answer));
            }
            if answer.etag.as_deref().is_none_or(|etag| is_same(etag, &kept.etag)) {
                return Ok(Answer { status: 200, etag: Some(kept.etag), body: Body::Json(kept.body), ..answer });
            }
            // Unchanged, and another: it is asked for as if nothing had been kept.
        }
        Ok(self.kept(&key, self.wire.send(&request).await?))
    }

    /// # Errors
    /// As [`ReadClient::get`].
    pub async fn head(&self, path: &[&str]) -> Result<Answer, HttpError> {
        self.wire.send(&Request::new(Safe::Head, path)).await
    }

    /// Asks a GraphQL endpoint. That an answer of 200 holds `errors` is for the caller to see.
    ///
    /// # Errors
    /// As [`ReadClient::get`].
    pub async fn query(&self, path: &[&str], document: &QueryDocument, variables: &Json) -> Result<Answer, HttpError> {
        let body = json!({ "query": document.text(), "variables": variables });
        self.wire.send(&Request { body: Some(&body), ..Request::new(Safe::Query, path) }).await
    }

    fn key(&self, path: &[&str], query: &[(&str, &str)]) -> Option<Key> {
        let url = self.wire.endpoint.join(path, query)?.into();
        let actor = self.actor.get().or(self.declared.as_ref()).cloned();
        Some(Key { origin: self.wire.endpoint.origin(), connection: self.connection.clone(), actor, url })
    }

    fn kept(&self, key: &Key, answer: Answer) -> Answer {
        if let (Some(cache), 200, Some(etag), Body::Json(body)) = (&self.wire.network.cache, answer.status, &answer.etag, &answer.body) {
            // A server that repeats the token would have it kept.
            if !answer.hidden.stands_in(body.get()) && !answer.hidden.stands_in(etag) {
                cache.put(key, etag, body);
            }
        }
        answer
    }

    /// The text without the token, which a server may have sent back.
    pub fn redacted(&self, text: &str) -> String {
        self.wire.hidden.out_of(text)
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.wire.endpoint
    }
}

/// Weakly (RFC 9110 §8.8.3.2), as `If-None-Match` compares.
fn is_same(one: &str, other: &str) -> bool {
    one.trim_start_matches("W/") == other.trim_start_matches("W/")
}

/// Sends what changes something. It is sent again only where it is proven that nothing was done, or
/// with a key under which the server does it once: [`HttpError::fate`] tells whether one that failed can
/// have taken effect, in any of its tries. Never reads or fills a cache.
#[derive(Debug)]
pub struct WriteClient(Wire<Unsafe>);

impl WriteClient {
    /// Opens a client for an endpoint; `media` is what it sends and accepts. Sends nothing.
    ///
    /// # Errors
    /// As [`ReadClient::new`].
    pub fn new(access: &Access, media: &'static str, network: &Network) -> Result<Self, String> {
        Wire::new(access, media, network).map(Self)
    }

    /// `key` is the `Idempotency-Key`, for servers that do a key once; `None` for all others.
    ///
    /// # Errors
    /// [`HttpError`], also where the status is no success.
    pub async fn post(&self, path: &[&str], body: &Json, key: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(&Request { body: Some(body), key, ..Request::new(Unsafe::Post, path) }).await
    }
    /// # Errors
    /// As [`WriteClient::post`].
    pub async fn put(&self, path: &[&str], body: &Json, if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(&Request { body: Some(body), if_match, ..Request::new(Unsafe::Put, path) }).await
    }
    /// # Errors
    /// As [`WriteClient::post`].
    pub async fn patch(&self, path: &[&str], body: &Json, if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(&Request { body: Some(body), if_match, ..Request::new(Unsafe::Patch, path) }).await
    }
    /// # Errors
    /// As [`WriteClient::post`].
    pub async fn delete(&self, path: &[&str], if_match: Option<&str>) -> Result<Answer, HttpError> {
        self.0.send(&Request { if_match, ..Request::new(Unsafe::Delete, path) }).await
    }
}
