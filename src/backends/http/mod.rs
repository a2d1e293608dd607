//! HTTP for network backends. [`ReadClient`] can send GET and HEAD and nothing else, because the
//! methods that it is made of are an enum of those two; [`WriteClient`] has the others. Both send
//! the token to the origin of their endpoint alone: redirects are not followed, plain http goes to
//! loopback only, and nothing is ever sent twice (DESIGN §8.2, §8.7, §9).

mod client;
mod endpoint;
mod error;

#[cfg(test)]
mod tests;

pub use client::{Answer, Limits, ReadClient, WriteClient};
pub use endpoint::{BadEndpoint, Endpoint, origin};
pub use error::{At, Fate, HttpError};
