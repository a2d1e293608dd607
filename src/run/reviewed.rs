//! A saved plan on its way into an apply: whose it is, who signed it, and to which accounts it goes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::apply;
use crate::manifest::{Manifests, Whom};
use crate::model::{Atom, Email};
use crate::plan::saved::{AllowedSigners, Input, Saved, SavedAccount, Surroundings};
use crate::plan::{Approved, Plan};
use crate::render::plan_view::TOOL;
use crate::render::{Kind, PlanView};

use super::connect::{Purpose, choose, connect};
use super::record::Spent;
use super::{Connected, Folder, Request, Site, Stop, git, resumed};

/// A plan that was reviewed.
#[derive(Debug, Clone)]
pub struct Reviewed {
    pub saved: Saved,
    /// Who must have signed its changes; none where the file alone is the review.
    pub signers: Option<Signers>,
}

/// Who may sign, and how many must.
#[derive(Debug, Clone)]
pub struct Signers {
    pub allowed: AllowedSigners,
    pub quorum: usize,
}

/// The plan, and the same to be saved.
pub(super) fn save(request: &Request, folder: &Folder, plan: &Plan, accounts: &[crate::plan::Account<'_>]) -> Saved {
    let around = Surroundings {
        tool: TOOL.to_owned(),
        view: json!(PlanView::of(plan, Kind::Plan)),
        inputs: folder.sources().iter().map(|s| Input::of(s.name(), s.text())).collect(),
        source: git::source(&request.folder),
        audit: apply::audit_end(&request.audit),
    };
    Saved::of(plan, accounts, around)
}

impl<'f> Connected<'f> {
    /// Connects the accounts of a saved plan, each to the place that it was planned for.
    ///
    /// # Errors
    /// As [`Connected::to`]; accounts that are not here, or that are another place by now.
    pub(super) fn to_reviewed(folder: &'f Folder, request: &Request, reviewed: &Reviewed, resume: bool) -> Result<Self, Stop> {
        let (manifests, saved) = (folder.manifests(), &reviewed.saved);
        let desired = folder.desired()?;
        let names: Vec<&Atom> = manifests.accounts.keys().filter(|name| saved.account(name.as_str()).is_some()).collect();
        let missing: Vec<&str> =
            saved.accounts.iter().map(|a| a.account.as_str()).filter(|a| names.iter().all(|n| n.as_str() != *a)).collect();
        if !missing.is_empty() {
            let message = format!("the saved plan is for accounts that these manifests do not manage: {}", missing.join(", "));
            return Err(Stop::hinted(message, "name the folder that it was made from with `-C DIR`"));
        }
        let sites = connect(manifests, &choose(names.into_iter(), &request.accounts)?, request, Purpose::Write)?;
        for site in &sites {
            saved.account(site.name.as_str()).map_or(Ok(()), |planned| same_place(site, planned))?;
        }
        let spent = Spent::of(request)?;
        let mut valid_until = None;
        let mut approved = match &reviewed.signers {
            None => saved.approved(None, &[], &[]),
            Some(Signers { allowed, quorum }) => {
                let mut allowed = allowed.clone();
                allowed.known_as(|address| addresses(manifests, address));
                let (mut counted, uncounted) = allowed.check(saved, git::repository(&request.folder).as_deref(), request.clock.now());
                for signature in &mut counted {
                    signature.changes.retain(|digest| spent.since(digest, signature.audit_lines, Some(signature.at)).is_none());
                }
                valid_until = counted.iter().map(|s| s.valid_until).min();
                saved.approved(Some(*quorum), &counted, &uncounted)
            }
        };
        for account in approved.values_mut() {
            account.spent = spent.of_approved(account, saved.audit.as_ref().map(|a| a.lines), saved.as_of());
        }
        let mut lifts = Vec::new();
        let journals = if resume { resumed::journals(request)? } else { BTreeMap::new() };
        for (account, cut_off) in journals.iter().filter(|(_, c)| c.begin.plan == saved.digest()) {
            resumed::is_trusted(cut_off)?;
            lifts.extend(resumed::lifts(cut_off, &sites)?);
            if let Some(approved) = approved.get_mut(account) {
                approved.begun = resumed::begun(cut_off);
                approved.minimum = Some(cut_off.begin.minimum_administrators);
            }
        }
        lifts.dedup();
        Ok(Self { approved, lifts, valid_until, journals, ..Self::of(sites, desired) })
    }

    /// Connects the accounts of which a run was cut off, each to the place where it was; none where no
    /// run was.
    ///
    /// # Errors
    /// As [`Connected::to_reviewed`], and journals that cannot be read.
    pub(super) fn to_cut_off(folder: &'f Folder, request: &Request) -> Result<Self, Stop> {
        let (manifests, desired) = (folder.manifests(), folder.desired()?);
        let chosen = choose(manifests.accounts.keys(), &request.accounts)?;
        let journals = resumed::journals(request)?;
        let chosen: Vec<&Atom> =
            chosen.into_iter().filter(|name| journals.contains_key(name.as_str()) || resumed::is_running(request, name)).collect();
        resumed::one_plan(chosen.iter().filter_map(|name| journals.get(name.as_str())))?;
        let sites = connect(manifests, &chosen, request, Purpose::Write)?;
        let (mut approved, mut lifts, mut valid_until) = (BTreeMap::new(), Vec::new(), None);
        let spent = Spent::of(request)?;
        for site in &sites {
            let Some(cut_off) = journals.get(site.name.as_str()) else {
                // Its run is still there, and nobody knows what it leaves: nothing of it is approved.
                approved.insert(site.name.to_string(), Approved::default());
                continue;
            };
            same_place(site, &cut_off.begin.account)?;
            resumed::may_be_resumed(request, cut_off)?;
            let mut theirs = resumed::approved(cut_off);
            theirs.spent = spent.of_approved(&theirs, cut_off.begin.audit_lines, cut_off.began());
            approved.insert(site.name.to_string(), theirs);
            lifts.extend(resumed::lifts(cut_off, &sites)?);
            valid_until = valid_until.into_iter().chain(cut_off.begin.valid_until).min();
        }
        lifts.dedup();
        Ok(Self { approved, lifts, valid_until, journals, ..Self::of(sites, desired) })
    }
}

impl Connected<'_> {
    /// Whether the signatures still hold: the run may have waited for another.
    ///
    /// # Errors
    /// Until when they held.
    pub(super) fn is_still_approved(&self, request: &Request) -> Result<(), Stop> {
        match self.valid_until {
            Some(until) if until <= request.clock.now() => {
                Err(Stop::hinted(format!("signatures were valid until {until}"), "run again: those that hold still count"))
            }
            _ => Ok(()),
        }
    }
}

fn same_place(site: &Site<'_>, planned: &SavedAccount) -> Result<(), Stop> {
    // A tenant that only the server names is known once it was read.
    let tenant = site.tenant.name.as_ref().map(Atom::as_str).or(planned.tenant.as_deref());
    let here = (site.spec.name, site.origin.as_str());
    if here == (planned.system.as_str(), planned.origin.as_str()) && tenant == planned.tenant.as_deref() {
        return Ok(());
    }
    if here == (planned.system.as_str(), planned.origin.as_str()) {
        let (was, is) = (planned.tenant.as_deref().unwrap_or("none"), tenant.unwrap_or("none"));
        let message = format!("the saved plan is for another tenant: {} was {was}, and is {is} here", site.name);
        return Err(Stop::hinted(message, "plan again, and review it"));
    }
    let message = format!(
        "the saved plan is for another place: {} was {} at {}, and is {} at {} here",
        site.name, planned.system, planned.origin, here.0, here.1
    );
    Err(Stop::hinted(message, "plan again, and review it"))
}

/// Every address of whom an address belongs to.
fn addresses(manifests: &Manifests, address: &Email) -> BTreeSet<Email> {
    match manifests.find_person(address.key()) {
        Ok(Whom::Person(id)) => manifests.people.get(&id).map(|p| p.addresses().cloned().collect()).unwrap_or_default(),
        Ok(Whom::Outsider(_)) => BTreeSet::new(),
        // Several people have it: whoever they are, none of them approves what one of them gains.
        Err(_) => manifests.people.values().filter(|p| p.addresses().any(|a| a == address)).flat_map(|p| p.addresses().cloned()).collect(),
    }
}
