//! What people and scripts see. Rendering reads a plan or diagnostics and computes neither.

pub mod diagnostics;
