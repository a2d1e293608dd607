//! HTTP for network backends. [`ReadClient`] can send GET, HEAD and documents that were compiled as
//! GraphQL queries, and nothing else, because what it is made of is an enum of those; [`WriteClient`]
//! has the methods that change something. Both send
//! the token to the origin of their endpoint alone: redirects are not followed, and plain http goes to
//! loopback only (DESIGN §8.2, §8.7, §9). What is sent again, and when, stands in one table
//! (`retry.rs`); how quick and how patient a run is, in its [`Network`]. docs/network.md tells it to
//! people.

mod access;
mod again;
mod cache;
mod client;
mod endpoint;
mod error;
mod hidden;
mod method;
mod network;
mod pace;
mod query;
mod retry;
mod time;
mod wait;
mod wire;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use cache::Cache;
pub use client::{ReadClient, WriteClient};
pub use endpoint::{BadEndpoint, Endpoint, origin};
pub use error::{At, Fate, HttpError};
pub use network::{Limits, Network, Options, Proxies};
pub use query::{NotAQuery, QueryDocument};
pub use time::Time;
pub use wait::Patience;
pub use wire::Answer;
