use crate::desired::{Entry, Member, Merged, Wanted};
use crate::manifest::{Leaves, Manifests, Mode, Person};
use crate::model::{Atom, Email, Keyed, Known, Live, Phase, Reading, Value};
use crate::plan::{self, Account, Plan};
use crate::render::plan_view::PlaceView;
use crate::render::who::{EntryView, Standing, WhoAccount, WhoPerson, WhoView};
use crate::systems::SystemSpec;

use super::connect::Site;
use super::{Connected, Folder, Request, Stop};

/// Reads every account, and tells what one person is in each: by id, or by any address of theirs.
/// Holds nothing that could write.
///
/// # Errors
/// [`Stop`] where nothing could be read, or nobody has this id.
pub async fn who(request: &Request, word: &str) -> Result<WhoView, Stop> {
    let folder = Folder::load(request);
    let connected = Connected::to_all(&folder, request)?;
    let sought = Sought::find(folder.manifests(), word)?;
    let readings = connected.read(request).await;
    let plan = plan::plan(request.moment(), &connected.accounts(&readings));
    let account = |(site, reading)| sought.in_account(request, site, reading, connected.account(site, reading), &plan);
    let accounts = connected.sites().iter().zip(&readings).map(account).collect();
    Ok(WhoView::of(sought.person(), request.now.to_string(), accounts))
}

/// Whom the command asks for.
enum Sought<'m> {
    Person(&'m Atom, &'m Person),
    Outsider(Email),
}

impl<'m> Sought<'m> {
    fn find(manifests: &'m Manifests, word: &str) -> Result<Self, Stop> {
        let people = &manifests.people;
        if let Some((id, person)) = people.get_key_value(word) {
            return Ok(Sought::Person(id, person));
        }
        if let Ok(email) = Email::parse(word) {
            let has = |(_, person): &(&Atom, &Person)| addresses(person).iter().any(|a| **a == email);
            return Ok(people.iter().find(has).map_or(Sought::Outsider(email), |(id, person)| Sought::Person(id, person)));
        }
        let message = format!("no person is called `{word}`");
        Err(match manifests.near_person(word) {
            Some(near) => Stop::hinted(message, format!("did you mean `{near}`?")),
            None => Stop::hinted(message, "give an id of `people`, or an address"),
        })
    }

    fn person(&self) -> WhoPerson {
        match self {
            Sought::Person(id, person) => WhoPerson {
                id: Some(id.to_string()),
                name: person.name.as_ref().map(ToString::to_string),
                addresses: addresses(person).into_iter().map(|a| a.key().to_owned()).collect(),
                leaves: person.leaves.as_ref().map(|l| match l.value {
                    Leaves::Now => "now".to_owned(),
                    Leaves::On(day) => day.to_string(),
                }),
            },
            Sought::Outsider(email) => WhoPerson { id: None, name: None, addresses: vec![email.key().to_owned()], leaves: None },
        }
    }

    /// The addresses that mean the person in an account, the present one first.
    fn addresses_in(&self, account: &str) -> Vec<&Email> {
        match self {
            Sought::Person(_, person) => person.addresses_in(account).map(|e| &e.value).collect(),
            Sought::Outsider(email) => vec![email],
        }
    }

    fn in_account<'a>(
        &self,
        request: &Request,
        site: &'a Site<'_>,
        reading: &Reading,
        input: Option<Account<'_>>,
        plan: &Plan,
    ) -> WhoAccount<'a> {
        let known = self.addresses_in(site.name.as_str());
        let is_theirs = |email: &Email| {
            let one = |a: &&Email| *a == email || input.as_ref().is_some_and(|i| i.desired.is_one_person(a, email));
            known.iter().any(one)
        };
        let mut members: Vec<Live> = reading.members.iter().filter(|l| is_theirs(&l.email)).cloned().collect();
        members.sort_by(|a, b| a.email.cmp(&b.email));
        let member = input.as_ref().and_then(|i| {
            let index = known.iter().find_map(|a| i.desired.by_address.get(*a))?;
            i.desired.members.get(*index)
        });
        let today = request.now.to_zoned(site.tenant.zone.clone()).date();
        let wanted = member.map_or(Wanted::Unlisted, |m| m.on(today, site.spec));
        let problems = reading.proof.as_ref().err().map(|why| why.problems.clone()).unwrap_or_default();
        let sees_all = (site.spec.sees_all)(&site.tenant);
        let standing = match (&wanted, members.is_empty()) {
            (Wanted::Present(_), false) => Standing::Declared,
            (Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted, false) => Standing::LiveOnly,
            _ if !problems.is_empty() => Standing::Unknown,
            (Wanted::Present(_), true) => Standing::DeclaredOnly,
            (Wanted::NotYet(_), true) => Standing::Starts,
            (Wanted::Gone { .. }, true) => Standing::Ended,
            (Wanted::Unlisted, true) if !sees_all => Standing::Unknown,
            (Wanted::Unlisted, true) => Standing::Absent,
        };
        let declared = match (&wanted, member) {
            (Wanted::Present(merged), Some(member)) => Some(as_live(member, merged)),
            _ => None,
        };
        let entries = member.map(|m| m.entries.iter().map(|e| entry(e, &wanted, today)).collect()).unwrap_or_default();
        WhoAccount {
            account: site.name.to_string(),
            system: site.spec,
            tenant: &site.tenant,
            backend: site.connection.backend.word(),
            sandbox: site.backend.is_sandbox(),
            problems,
            sees_all,
            standing,
            why: why(site.spec, input.as_ref(), &wanted, &members, &known),
            later: member.map(|m| m.later(today, site.spec)).unwrap_or_default(),
            plan: planned(plan, site.name.as_str(), is_theirs),
            members,
            declared,
            entries,
        }
    }
}

/// Every address of a person, the one of most accounts first.
fn addresses(person: &Person) -> Vec<&Email> {
    let elsewhere = person.accounts.values().flat_map(|o| std::iter::once(&o.email).chain(&o.previously));
    std::iter::once(&person.email).chain(&person.previously).chain(elsewhere).map(|e| &e.value).collect()
}

/// What is asked for, as if it were there: judged as what is there.
fn as_live(member: &Member<'_>, merged: &Merged<'_>) -> Live {
    let mut attrs: Keyed<_> = merged.attrs.iter().map(|(k, v)| (*k, Known::Seen(v.clone()))).collect();
    if merged.end.is_some() {
        attrs.insert("end", Known::Seen(Value::Day(merged.end)));
    }
    Live { email: member.email.clone(), id: None, phase: Phase::Active, attrs }
}

fn entry(entry: &Entry<'_>, wanted: &Wanted<'_>, today: jiff::civil::Date) -> EntryView {
    let doc = entry.doc;
    let overridden = match wanted {
        Wanted::Present(merged) => merged.overrides.iter().any(|o| std::ptr::eq(o.entry.doc, doc) && o.entry.team == entry.team),
        Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted => false,
    };
    let state = match (entry.is_in_force(today), entry.is_over(today)) {
        (true, _) => "in force",
        (false, true) => "over",
        (false, false) => "to come",
    };
    EntryView {
        place: PlaceView::of(&doc.at),
        team: entry.team.map(ToString::to_string),
        profile: doc.profile.as_ref().map(|p| p.name.value.to_string()),
        reason: doc.reason.as_deref().map(str::to_owned),
        start: doc.start.as_ref().map(|d| d.value.to_string()),
        end: doc.end.as_ref().map(|d| d.value.to_string()),
        state,
        overridden,
        grants: doc.attrs.iter().map(|(k, v)| ((*k).to_owned(), v.value.to_json())).collect(),
    }
}

/// What explains that somebody is in, or is not, beside the entries themselves.
fn why(spec: &SystemSpec, input: Option<&Account<'_>>, wanted: &Wanted<'_>, members: &[Live], known: &[&Email]) -> Vec<String> {
    let Some(desired) = input.map(|i| i.desired) else {
        return if members.is_empty() { Vec::new() } else { vec!["no account of the manifests manages this one".to_owned()] };
    };
    let mut all = Vec::new();
    let policy = &desired.policy;
    let ours = || members.iter().map(|l| &l.email).chain(known.iter().copied());
    match wanted {
        Wanted::Gone { last: Some(day), at, .. } => all.push(format!("access was asked for until {day} ({at})")),
        Wanted::Gone { last: None, at, .. } => all.push(format!("the person leaves now ({at})")),
        Wanted::NotYet(day) => all.push(format!("nothing before {day}")),
        Wanted::Present(merged) => {
            all.extend(merged.notes());
            all.extend(merged.spreads_message());
        }
        Wanted::Unlisted if members.is_empty() => {}
        Wanted::Unlisted => all.push(match policy.mode {
            Mode::Adopt => "not listed; `mode: adopt` reports it".to_owned(),
            Mode::Additive => "not listed; `mode: additive` leaves it".to_owned(),
            Mode::Authoritative => "not listed; `mode: authoritative` removes it".to_owned(),
        }),
    }
    if let Some(pattern) = policy.ignore.iter().find(|p| ours().any(|e| p.value.matches(e))) {
        all.push(format!("`ignore` has {}: seen, never touched ({})", pattern.value.as_str(), pattern.at));
    }
    if let Some((_, at)) = policy.absent.iter().find(|(e, _)| ours().any(|o| o == **e)) {
        all.push(format!("`absent`: must not be a member ({at})"));
    }
    if policy.protect.iter().any(|p| ours().any(|o| o == *p)) {
        all.push("`protect`: any change is refused".to_owned());
    }
    if members.iter().any(|l| spec.is_untouchable(l)) {
        all.push("the product lets nobody change this member".to_owned());
    }
    all
}

/// What a plan would do about the person now, in the plan's own words.
fn planned(plan: &Plan, account: &str, is_theirs: impl Fn(&Email) -> bool) -> Vec<String> {
    let Some(account) = plan.accounts.iter().find(|a| a.account == account) else { return Vec::new() };
    let changes = account.changes.iter().filter(|c| c.subject.email().is_some_and(&is_theirs));
    let mut all: Vec<String> =
        changes.map(|c| format!("{} {}, which {}", c.action.word(), c.subject.as_str(), effect(c.direction))).collect();
    let blocked = account.blocked.iter().filter(|b| b.subject.email().is_some_and(&is_theirs));
    all.extend(blocked.map(|b| format!("{} {} is blocked: {}; needs {}", b.action.word(), b.subject.as_str(), b.code, b.needs)));
    all
}

fn effect(direction: crate::model::Direction) -> &'static str {
    match direction {
        crate::model::Direction::Widens => "widens access",
        crate::model::Direction::Narrows => "narrows access",
        crate::model::Direction::Both => "widens and narrows access",
        crate::model::Direction::Neither => "leaves access as it is",
    }
}
