//! Proof that the edit of a revocation says what it is meant to say: its texts are loaded again, and
//! planned. The accounts that it is for plan as the manifests do that were changed in memory, all others
//! as they did before.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::Desired;
use crate::manifest::{Diagnostic, Edit, NoEdit, Reach};
use crate::model::{Atom, Caps, Domains, Email, Keyed, Known, Live, Phase, Place, Proof, Reading};
use crate::plan::{self, Account, History, Plan};
use crate::systems::SystemSpec;

use super::{Connected, Folder, Request};

/// What is to be proven.
pub(super) struct Proving<'a> {
    pub request: &'a Request,
    /// The manifests as the files say them.
    pub written: &'a Folder,
    pub edits: &'a [Edit],
    /// Every address of the person.
    pub addresses: Vec<Email>,
}

impl Proving<'_> {
    /// `meant` is what the edit is to say, with a reading of each account.
    pub(super) fn prove(&self, meant: &Connected<'_>, readings: &[Reading], reach: &Reach) -> Result<(), NoEdit> {
        let edited = self.written.with_texts(self.edits.iter().map(|e| (&*e.file, &*e.after)));
        let (desired, diagnostics) = edited.resolve();
        if let Some(wrong) = diagnostics.iter().find(|d| Diagnostic::is_error(d)) {
            return Err(self.refuse(format!("{}: {} ({})", wrong.place, wrong.message, wrong.code)));
        }
        let empty = vec![of(Vec::new()); readings.len()];
        for readings in [readings, &empty] {
            let sites = || meant.sites().iter().zip(readings);
            let wanted: Vec<Account<'_>> =
                sites().filter_map(|(site, r)| Some(Account { only: None, approved: None, ..meant.account(site, r)? })).collect();
            let said: Vec<Account<'_>> = sites().filter_map(|(s, r)| Some(s.account(desired.get(s.name)? as &Desired<'_>, r))).collect();
            if self.told(&wanted) != self.told(&said) {
                return Err(self.refuse("the edited text does not plan to the same changes".into()));
            }
        }
        match reach {
            Reach::Everywhere => Ok(()),
            Reach::In(accounts) => self.prove_others(&edited, &desired, accounts),
        }
    }

    /// Nobody signs in to these: they are planned against a reading in which nobody is a member, and
    /// one in which the person is, under every address.
    fn prove_others(&self, edited: &Folder, said: &BTreeMap<&Atom, Desired<'_>>, named: &BTreeSet<Atom>) -> Result<(), NoEdit> {
        let (before, _) = self.written.resolve();
        let there = self.addresses.iter().map(|email| Live { email: email.clone(), id: None, phase: Phase::Active, attrs: Keyed::new() });
        for reading in [of(Vec::new()), of(there.collect())] {
            for (name, before) in before.iter().filter(|(name, _)| !named.contains(**name)) {
                let plan = |folder: &Folder, desired: &Desired<'_>| {
                    let reached = folder.manifests().reached(name)?;
                    let (spec, tenant) = (reached.connection.spec, reached.tenant());
                    let caps = caps(spec);
                    let backend = reached.connection.backend.word();
                    let account = Account {
                        name,
                        spec,
                        backend,
                        sandbox: false,
                        origin: "",
                        tenant: &tenant,
                        caps: &caps,
                        desired,
                        reading: &reading,
                        history: &History::default(),
                        only: None,
                        approved: None,
                    };
                    Some(self.told(&[account]))
                };
                let after = said.get(name).and_then(|after| plan(edited, after));
                if plan(self.written, before) != after {
                    return Err(self.refuse(format!("the edited text changes the account `{name}` as well")));
                }
            }
        }
        Ok(())
    }

    /// What two plans must agree on; places move with the lines.
    fn told(&self, accounts: &[Account<'_>]) -> (String, Vec<String>) {
        let Plan { digest, accounts, .. } = plan::plan(self.request.moment(), accounts);
        let blocked = accounts.iter().flat_map(|a| &a.blocked).map(|b| format!("{} {} {:?} {:?}", b.id, b.code, b.before, b.after));
        (digest.to_string(), blocked.collect())
    }

    fn refuse(&self, why: String) -> NoEdit {
        let file = self.edits.first().map(|e| e.file.clone()).unwrap_or_default();
        NoEdit { at: Place::start_of(&file), what: "the edit".into(), why }
    }
}

/// A whole reading of an account with these members. Against none, everybody who is wanted shows.
fn of(members: Vec<Live>) -> Reading {
    Reading { members, domains: Known::Seen(Domains::Off), whoami: None, tenant: None, remarks: Vec::new(), proof: Ok(Proof::Snapshot) }
}

/// A backend that shows all, so that every difference is planned.
fn caps(spec: &SystemSpec) -> Caps {
    Caps {
        reads: spec.attrs.iter().map(|a| a.key).collect(),
        writes: BTreeMap::new(),
        reads_domains: true,
        reads_invitations: true,
        registered: None,
        keeps_ends: false,
        best_proof: Proof::Snapshot,
    }
}
