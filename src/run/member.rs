//! One-off actions on one member: find, read, check, confirm, make. Nothing of a plan is made here.

use crate::apply::{self, OneOffResult};
use crate::manifest::Whom;
use crate::model::{Email, OneOff};
use crate::plan::{self, Against, Asked, OneOffAct, Refused};
use crate::systems::Gives;

use super::{Connected, Folder, Request, Site, Stop, leases, record};

/// What is asked for, as the command line says it.
pub struct MemberRequest<'r> {
    pub act: OneOff,
    /// An address, or an id of `people`.
    pub word: &'r str,
    /// Within the cool-down, and over the number of attempts, too.
    pub again: bool,
}

/// How it ended, once the account was known.
pub struct MemberDone {
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    pub sandbox: bool,
    pub outcome: MemberOutcome,
}

pub enum MemberOutcome {
    /// Nothing was sent.
    Refused(Refused),
    /// Nothing was sent: a human makes it, in the console.
    ByHand(OneOffAct),
    Made(OneOffAct, OneOffResult),
}

/// Does one thing for one member, once `ask` agrees to it.
///
/// # Errors
/// [`Stop`] where nothing could be attempted.
pub async fn member(
    request: &Request,
    asked: &MemberRequest<'_>,
    ask: impl FnOnce(&OneOffAct) -> Result<(), Stop>,
) -> Result<MemberDone, Stop> {
    let folder = Folder::load(request);
    let connect = || {
        let connected = Connected::to(&folder, request)?;
        one_account(&connected)?;
        Ok(connected)
    };
    let (connected, _leases) = leases::under(request, connect).await?;
    let site = one_account(&connected)?;
    let done = |outcome| MemberDone {
        account: site.name.to_string(),
        system: site.spec.name,
        backend: site.connection.backend.word(),
        sandbox: site.backend.is_sandbox(),
        outcome,
    };
    if request.simulated && site.connection.backend.is_network() {
        let message = format!("the clock is simulated: only embedded accounts can be written to, not {}", site.name);
        return Err(Stop::hinted(message, "take PORTCULLIS_NOW out of the environment"));
    }
    let whom = find(&folder, site, asked.word)?;

    // What the product lacks, and a secret that would have no place, is known before any reading.
    let nothing = crate::model::Reading::incomplete(crate::model::Incomplete::new("unread", "not read yet"));
    let unread = connected.account(site, &nothing).ok_or_else(|| Stop::failed("the account is gone"))?;
    let one = match plan::offered(&unread, asked.act) {
        Ok(one) => one,
        Err(no) => return Ok(done(MemberOutcome::Refused(no))),
    };
    let reading = connected.read_one(site, request).await;
    let account = connected.account(site, &reading).ok_or_else(|| Stop::failed("the account is gone"))?;
    let asked = Asked { act: asked.act, word: asked.word.to_owned(), addresses: whom, again: asked.again };
    let act = match plan::one_off(&account, request.moment(), &asked) {
        Ok(act) => act,
        Err(no) => return Ok(done(MemberOutcome::Refused(no))),
    };
    if act.is_by_hand() {
        return Ok(done(MemberOutcome::ByHand(act)));
    }
    if matches!(one.gives, Gives::Secret(_)) && site.connection.links.is_none() {
        return Ok(done(MemberOutcome::Refused(plan::no_place_for_secrets(&account, asked.act))));
    }
    let confirmed = plan::confirm(act, request.moment(), ask)?;
    let is_required = connected.requires_audit(site.name.as_str());
    let audit = match record::audit_log(request, is_required) {
        Err(why) if is_required => return Err(Stop::failed(format!("`audit: required`, and there is no audit log: {why}"))),
        audit => audit,
    };
    let handover = site.handover().map_err(Stop::failed)?;
    let writer = site.backend.writer(confirmed.cleared()).map_err(Stop::failed)?;
    let at = apply::Site {
        spec: site.spec,
        tenant: &site.tenant,
        caps: site.backend.reader().caps(),
        minimum: 0,
        reader: site.backend.reader(),
        writer: &*writer,
        handover: handover.as_ref(),
        record: &apply::NoRecord,
        stopping: &request.stopping,
        waits: site.waits(),
    };
    request.says(&format!("{} in {}", asked.act.word(), site.name));
    let mut result = apply::one_off(&at, &confirmed).await;
    drop(writer);
    if let Err(why) = audit.and_then(|audit| audit.append(record::one_off(confirmed.act(), &site.origin, result.word))) {
        let before = if result.message.is_empty() { "" } else { "; " };
        result.message += &format!("{before}not in the audit log: {why}");
    }
    Ok(done(MemberOutcome::Made(confirmed.into_act(), result)))
}

impl MemberOutcome {
    pub fn is_incomplete(&self) -> bool {
        matches!(self, MemberOutcome::Refused(no) if no.against == Against::Incomplete)
    }
}

fn one_account<'c, 'f>(connected: &'c Connected<'f>) -> Result<&'c Site<'f>, Stop> {
    match connected.sites() {
        [site] => Ok(site),
        [] => Err(Stop::failed("no account stands in the manifests here")),
        several => {
            let names: Vec<&str> = several.iter().map(|s| s.name.as_str()).collect();
            Err(Stop::hinted("an action is for one account", format!("name it: --account {}", names.join(", --account "))))
        }
    }
}

/// The addresses that the word can mean in the account: as it was typed first.
fn find(folder: &Folder, site: &Site<'_>, word: &str) -> Result<Vec<Email>, Stop> {
    let manifests = folder.manifests();
    let typed = Email::parse(word).ok();
    let whom = match (manifests.find_person(word), &typed) {
        (Ok(whom), _) => whom,
        // One address of several people is still one member here.
        (Err(_), Some(address)) => Whom::Outsider(address.clone()),
        (Err(nobody), None) => return Err(nobody.into()),
    };
    let theirs: Vec<Email> = match &whom {
        Whom::Person(id) => {
            let person = manifests.people.get(id);
            person.map(|p| p.addresses_in(site.name.as_str()).map(|e| e.value.clone()).collect()).unwrap_or_default()
        }
        Whom::Outsider(email) => vec![email.clone()],
    };
    Ok(typed.into_iter().chain(theirs).collect())
}
