//! YAML to documents with places (file:line:column), schema check, diagnostics.
//!
//! The way through: [`source`] finds and reads files, `arena` parses each once and keeps byte
//! places, `shape` checks it against the schemas of [`schema`], `lower` makes documents of it and
//! collects everything that is wrong.

mod arena;
pub mod codes;
mod cursor;
pub mod diagnostic;
pub mod document;
mod lint;
mod live;
mod lower;
mod raw;
mod read;
mod revoke;
mod scalar;
pub mod schema;
mod shape;
pub mod source;
mod splice;
mod start;
mod teams;
mod view;
mod whom;

pub use diagnostic::{Diagnostic, Severity};
pub use document::*;
pub use lint::Lint;
pub use live::{Fault, LiveAccountDoc, LiveDoc, LiveMemberDoc, LivePhase, parse_live};
pub use lower::{Loaded, count_nodes, load, load_texts};
pub use read::hours_of;
pub use revoke::{Edit, NoEdit, Reach};
pub use source::{Sources, bytes_below};
pub use start::{Export, Start};
pub use teams::Teams;
pub use whom::{Nobody, Whom};
