//! Prints plans, applies and exports: text for people, JSON for programs, Markdown and annotations for
//! reviews, CSV for spreadsheets, a runbook for what no API takes. Reads a plan and never computes one.

pub mod apply_text;
mod audit;
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
mod serve;
mod show;
mod spelt;
mod stale;
mod step_view;
mod system;
mod system_page;
pub mod vocabulary;
pub mod who;

pub use apply_text::{ApplyView, apply_schema};
pub use audit::{AuditView, audit_line_schema, audit_schema};
pub use diagnostics::diagnostics_schema;
pub(crate) use expiring::guards;
pub use expiring::{ExpiringView, expiring_schema};
pub use explain::{ExplainView, explain_schema};
pub use export::{ExportAccount, ExportView, Level, export_schema};
pub use member::{MemberView, member_schema};
pub use notes::Notes;
pub use paint::Paint;
pub use plan_view::{Kind, PlanView, plan_schema};
pub use reference::{SaidView, TopicView, questions, topics};
pub use revoke::{EditsView, RemainsView, RevokeView, RevokedView, revoke_schema, revoked_schema};
pub use runbook::Runbook;
pub use serve::{ServeView, ServedView, serve_schema};
pub use show::{ApprovalView, ShowView, approve_schema, journal_schema, saved_schema, show_schema};
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
        "approve" => Some(approve_schema()),
        "audit" => Some(audit_schema()),
        "audit-line" => Some(audit_line_schema()),
        "journal" => Some(journal_schema()),
        "saved-plan" => Some(saved_schema()),
        "serve" => Some(serve_schema()),
        "show" => Some(show_schema()),
        "revoked" => Some(revoked_schema()),
        "who" => Some(who_schema()),
        _ => None,
    }
}

/// The names that [`schema`] knows.
pub const SCHEMAS: [&str; 17] = [
    "apply",
    "approve",
    "audit",
    "audit-line",
    "diagnostics",
    "expiring",
    "explain",
    "export",
    "journal",
    "member",
    "plan",
    "revoke",
    "revoked",
    "saved-plan",
    "serve",
    "show",
    "who",
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_name_has_a_schema() {
        assert!(super::SCHEMAS.iter().all(|name| super::schema(name).is_some()));
        assert!(super::schema("nothing").is_none());
    }
}
