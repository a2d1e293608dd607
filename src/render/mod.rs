//! Prints plans, applies and exports: text for people, JSON for programs, Markdown and annotations for
//! reviews, CSV for spreadsheets, a runbook for what no API takes. Reads a plan and never computes one.

pub mod apply_text;
pub mod calendar;
pub mod diagnostics;
pub mod expiring;
pub mod explain;
pub mod export;
pub mod github;
pub mod json;
pub mod markdown;
mod matrix;
pub mod member;
pub mod neutral;
mod notes;
#[cfg(test)]
mod notes_tests;
mod page;
mod paint;
pub mod plan_text;
mod plan_text_change;
pub mod plan_view;
mod reference;
pub mod revoke;
pub mod runbook;
#[cfg(test)]
mod samples;
mod spelt;
mod step_view;
mod system;
mod system_page;
pub mod vocabulary;
pub mod who;

pub use apply_text::{ApplyView, apply_schema};
pub use diagnostics::diagnostics_schema;
pub use expiring::{ExpiringView, expiring_schema};
pub use explain::{ExplainView, explain_schema};
pub use export::{ExportAccount, ExportView, Level, export_schema};
pub use member::{MemberView, member_schema};
pub use notes::Notes;
pub use paint::Paint;
pub use plan_view::{Kind, PlanView, plan_schema};
pub use reference::{SaidView, TopicView, topics};
pub use revoke::{EditsView, RemainsView, RevokeView, RevokedView, revoke_schema};
pub use runbook::Runbook;
pub use system::SystemView;
pub use who::{WhoView, who_schema};

/// The schema of what is printed under this name: one of [`SCHEMAS`].
pub fn schema(name: &str) -> Option<serde_json::Value> {
    match name {
        "plan" => Some(plan_schema()),
        "member" => Some(member_schema()),
        "apply" => Some(apply_schema()),
        "diagnostics" => Some(diagnostics_schema()),
        "expiring" => Some(expiring_schema()),
        "explain" => Some(explain_schema()),
        "export" => Some(export_schema()),
        "revoke" => Some(revoke_schema()),
        "who" => Some(who_schema()),
        _ => None,
    }
}

/// The names that [`schema`] knows.
pub const SCHEMAS: [&str; 9] = ["apply", "diagnostics", "expiring", "explain", "export", "member", "plan", "revoke", "who"];

#[cfg(test)]
mod tests {
    #[test]
    fn every_name_has_a_schema() {
        assert!(super::SCHEMAS.iter().all(|name| super::schema(name).is_some()));
        assert!(super::schema("nothing").is_none());
    }
}
