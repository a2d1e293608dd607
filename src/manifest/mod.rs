//! YAML to documents with places (file:line:column), schema check, diagnostics.

pub mod diagnostic;
pub mod document;

pub use diagnostic::{Diagnostic, Severity};
pub use document::*;
