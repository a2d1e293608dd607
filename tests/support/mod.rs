//! A kit for tests that go the whole way through, in one process: a folder of manifests, a live
//! account behind it, and an instant that only the test moves.
//!
//! ```ignore
//! let world = World::solver("");
//! world.want("", &["{ email: ada@acme.example, groups: [standard] }"]);
//! assert_eq!(world.plan().acts(), ["invite ada@acme.example"]);
//! world.settle();
//! ```

pub mod answers;
pub mod server;
pub mod world;
