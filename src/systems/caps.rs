use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Caps, Key, Proof, Tenant, Verb};

use super::{Axis, SystemSpec};

impl SystemSpec {
    /// All that the system's server shows and takes in this tenant, through an API that leaves nothing
    /// out: what the sandbox plays, in the embedded file and over HTTP.
    pub fn caps(&self, tenant: &Tenant) -> Caps {
        let reads: BTreeSet<Key> = self
            .attrs
            .iter()
            .filter(|a| self.offers(a, tenant) && (a.axis != Axis::Until || self.has_native_ends()))
            .map(|a| a.key)
            .collect();
        let mut writes: BTreeMap<Verb, BTreeSet<Key>> = BTreeMap::new();
        let here = self.procedures.iter().filter(|p| p.tenant.as_ref().is_none_or(|w| self.fact_word(tenant, w.fact) == Some(w.word)));
        for step in here.flat_map(|p| p.steps).chain(self.one_off_steps()) {
            writes.entry(step.verb).or_default().extend(step.keys.iter().copied().filter(|k| reads.contains(k)));
        }
        Caps {
            reads,
            writes,
            reads_domains: self.domains.is_some(),
            reads_invitations: true,
            registered: None,
            keeps_ends: self.has_native_ends(),
            best_proof: Proof::Snapshot,
        }
    }
}
