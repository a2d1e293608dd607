//! Each supported system as Rust literals: attributes, words, permission rows, procedures, limits,
//! and a few named checks. The only room that knows one system from another. No network.

mod caps;
mod check;
pub mod emma_hq;
mod emma_hq_checks;
mod from_json;
pub mod gamoshi;
pub mod insider;
mod insider_checks;
mod judge;
pub mod meta_gateway;
mod one_off;
mod procedure;
pub mod solver;
mod spec;

pub use check::{Dated, Demand, Finding, Needs, Seeking, StandIn, Who};
pub use judge::Administrator;
pub use one_off::{Gives, Lacks, OneOffSpec, Secret, Way};
pub use procedure::{NoWay, Removal};
pub use spec::{
    AttrSpec, Axis, Check, Console, DomainSpec, Ends, FactSpec, First, Floor, InvitationSpec, Keeper, Kind, Life, Limit, Mails, May, Merge,
    PermitRow, PhaseIs, Procedure, Required, Rule, Scopes, Step, SystemSpec, TenantsSpec, Where, Word, Words,
};

/// Every system that is built, sorted by name.
pub static ALL: &[&SystemSpec] = &[&emma_hq::SPEC, &gamoshi::SPEC, &insider::SPEC, &meta_gateway::SPEC, &solver::SPEC];

/// Systems that the documents name and this version does not have yet.
pub static NOT_YET: &[&str] = &["scim", "keycloak"];

/// The system of that name.
pub fn find(name: &str) -> Option<&'static SystemSpec> {
    ALL.iter().copied().find(|s| s.name == name)
}

/// What the vendor of the system of that name calls it; the name, where there is none.
pub fn product(name: &'static str) -> &'static str {
    find(name).map_or(name, |s| s.product)
}
