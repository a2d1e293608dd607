//! The products' server side, for learning and for tests: each supported system's own refusals,
//! defaults, invitations, mails and clock, with the state in one SQLite file.
//!
//! It plays the *server* and knows nothing of manifests or plans. It shares the systems' literals
//! (words, limits, permission rows) and the model with the planner, and none of the code that
//! decides: what a product refuses is written here a second time, so that a mistake of the planner
//! shows as a refusal and not as agreement. A test reads the imports of this folder.
//!
//! - [`Sandbox::page`], [`Sandbox::count`], [`Sandbox::domains`]: what the actor sees
//! - [`Sandbox::call`]: one act of the actor, in one transaction
//! - [`Sandbox::load`], [`Sandbox::accept`], [`Sandbox::edit`], ...: the person, or someone in the console
//! - [`Sandbox::outbox`], [`Sandbox::calls`]: what went out, and how many writes came in
//! - [`serve`]: all of it over HTTP, with faults

mod answer;
mod assign;
mod call;
mod clock;
mod console;
mod error;
mod file;
mod link;
mod listed;
mod member;
mod outbox;
mod page;
mod refusals;
pub mod serve;
mod store;
#[cfg(test)]
mod tests;

pub use answer::{Answer, Fault, Host};
pub use console::{LiveAccount, LiveMember};
pub use error::SandboxError;
pub use file::Sandbox;
pub use member::Stored;
pub use outbox::{Mail, MailKind};
pub use page::{Page, Totals};
