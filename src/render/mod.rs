//! Prints plans, applies and exports: text for people, JSON for programs, CSV for spreadsheets, a
//! runbook for what no API takes. Reads a plan and never computes one.

pub mod applied;
pub mod json;
pub mod neutral;
mod paint;
#[cfg(test)]
mod samples;
mod spelt;
pub mod text;
mod text_change;
pub mod view;

pub use applied::{ApplyView, apply_schema};
pub use paint::Paint;
pub use view::{Kind, PlanView, plan_schema};
