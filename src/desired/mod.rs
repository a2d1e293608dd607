//! People, teams and account files resolved into desired members: one function,
//! [`Member::on`], answers what is desired on a day, and nothing else does.

mod check;
mod lints;
mod member;
mod policy;
mod resolve;

pub use member::{Entry, Member, Merged, Override, Wanted, days_between};
pub use policy::{GuardCode, Guards, Limit, Policy};
pub use resolve::resolve;

use std::collections::BTreeMap;

use crate::model::{Domain, Domains, Email, Index, Place};

/// What one account shall be.
pub struct Desired<'m> {
    /// Sorted by address; people who leave are here even where no entry of the account names them.
    pub members: Vec<Member<'m>>,
    /// Every address that means a member, past ones included, with the member's index.
    pub by_address: Index<&'m Email, usize>,
    /// `None`: unmanaged.
    pub domains: Option<&'m Domains>,
    pub domain_places: &'m BTreeMap<Domain, Place>,
    pub domains_at: Option<&'m Place>,
    pub policy: Policy<'m>,
}

impl Desired<'_> {
    /// Whether two addresses are one person's, past ones included.
    pub fn is_one_person(&self, a: &Email, b: &Email) -> bool {
        a == b || self.by_address.get(a).is_some_and(|i| self.by_address.get(b) == Some(i))
    }
}
