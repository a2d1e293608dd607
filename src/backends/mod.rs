//! How one account is read and written. Knows no policy. Reading and writing are two traits:
//! read-only commands hold no writer, and no writer is to be had without [`Cleared`].

pub mod bridge;
pub mod embedded;
pub mod http;
pub mod roster;
pub mod scim;
pub mod token;

use std::collections::BTreeMap;

use futures::future::BoxFuture;

use crate::model::{Call, Caps, Email, Outcome, Reading, Subject, Tenant};
use crate::plan::Cleared;
use crate::systems::SystemSpec;

/// Reads one account, as the actor sees it.
pub trait Reader: Send + Sync {
    /// What can be read and written here.
    fn caps(&self) -> &Caps;
    /// What [`Reader::read`] asks the server for, with the proof that came of it.
    fn fetch(&self) -> BoxFuture<'_, Reading>;
    /// The whole account. A failure, or less of a proof than the backend can give, is an incomplete
    /// reading that says why; never an empty one.
    fn read(&self) -> BoxFuture<'_, Reading> {
        Box::pin(async { self.fetch().await.proven(self.caps().best_proof) })
    }
}

/// Writes one account, one call at a time.
pub trait Writer: Send + Sync {
    /// Makes one call whose channel is `Api`. `key` names the change and call, the same on every try.
    fn call<'a>(&'a self, on: &'a Subject, call: &'a Call, key: &'a str) -> BoxFuture<'a, Outcome>;
}

/// Who and where the connection says that it is (`expect`). What cannot be checked does not hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expect {
    pub tenant: Option<String>,
    pub actor: Option<Email>,
}

/// One account's two sides.
pub trait Backend: Send + Sync {
    fn reader(&self) -> &dyn Reader;
    /// The writer, for what was cleared and for nothing else.
    ///
    /// # Errors
    /// Where the place to write to cannot be opened, in words for a person.
    fn writer<'a>(&'a self, cleared: &'a Cleared) -> Result<Box<dyn Writer + 'a>, String>;
    /// Where the writes go: `https://host:port`, or the embedded file; part of every digest.
    fn origin(&self) -> String;
    /// The whole place, path and all: one host may serve several accounts.
    fn address(&self) -> String {
        self.origin()
    }
    /// Whether it is the sandbox.
    fn is_sandbox(&self) -> bool;
}

/// The backends that reach a system, each with what it can read and write of a tenant, without any
/// connection: for explaining.
pub fn of(spec: &'static SystemSpec, tenant: &Tenant) -> Vec<(&'static str, Caps)> {
    let caps = |name: &&'static str| match *name {
        // A bridge in front of the whole product: a real one says itself what it has.
        "embedded" | "bridge" => Some((*name, spec.caps(tenant))),
        "roster" => Some((*name, roster::caps(spec, tenant))),
        "scim" => Some((*name, scim::caps())),
        _ => None,
    };
    spec.backends.iter().filter_map(caps).collect()
}

/// The same as seen where every feature is on, with all that can be done on any of the system's pages.
pub fn on_every_page(spec: &'static SystemSpec) -> Vec<(&'static str, Caps)> {
    let mut all: BTreeMap<&'static str, Caps> = BTreeMap::new();
    for tenant in spec.every_page() {
        for (name, caps) in of(spec, &tenant) {
            let known = all.entry(name).or_insert_with(|| caps.clone());
            for (verb, keys) in caps.writes {
                known.writes.entry(verb).or_default().extend(keys);
            }
        }
    }
    all.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Actor;
    use crate::systems;

    #[test]
    fn every_backend_of_a_system_can_be_explained() {
        for spec in systems::ALL {
            let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Actor::default() };
            let names: Vec<&str> = of(spec, &tenant).into_iter().map(|(name, _)| name).collect();
            assert_eq!(names, spec.backends, "{}", spec.name);
        }
    }

    /// emma-hq resends on one of its two pages, and deletes and invites anew on the other.
    #[test]
    fn every_page_counts_for_what_can_be_done() {
        let all = on_every_page(&systems::emma_hq::SPEC);
        let embedded = &all.iter().find(|(name, _)| *name == "embedded").expect("it is one").1;
        let tenants = systems::emma_hq::SPEC.every_page();
        assert!(tenants.len() > 1);
        for tenant in tenants {
            for verb in systems::emma_hq::SPEC.caps(&tenant).writes.keys() {
                assert!(embedded.writes.contains_key(verb), "{verb:?}");
            }
        }
    }
}
