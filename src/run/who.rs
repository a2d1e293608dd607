use std::collections::BTreeSet;

use crate::desired::{Entry, Member, Merged, Wanted};
use crate::manifest::{BackendName, Leaves, Manifests, Mode, Person, Whom};
use crate::model::{Action, Atom, Email, Key, Keyed, Known, Live, Phase, Reading, Value};
use crate::plan::{self, Account, AccountPlan, Blocked, Change, Plan, Report};
use crate::render::guards;
use crate::render::plan_view::PlaceView;
use crate::render::who::{EntryView, Standing, WhoAccount, WhoPerson, WhoView};
use crate::systems::SystemSpec;

use super::connect::Site;
use super::{Connected, Folder, Request, Stop};

/// Reads every account, and tells what one person is in each: by id, or by any address of theirs.
/// Holds nothing that could write.
///
/// # Errors
/// [`Stop`] where nothing could be read, or the word means nobody, or not one person.
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
        match manifests.find_person(word)? {
            Whom::Outsider(email) => Ok(Sought::Outsider(email)),
            Whom::Person(id) => {
                let (id, person) = manifests.people.get_key_value(&id).ok_or_else(|| Stop::failed("the person is gone"))?;
                Ok(Sought::Person(id, person))
            }
        }
    }

    fn person(&self) -> WhoPerson {
        match self {
            Sought::Person(id, person) => WhoPerson {
                id: Some(id.to_string()),
                name: person.name.as_ref().map(ToString::to_string),
                addresses: person.addresses().map(|a| a.key().to_owned()).collect(),
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
        reading: &'a Reading,
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
        let planned = Planned::of(plan, site.name.as_str(), is_theirs);
        let problems = reading.proof.as_ref().err().map(|why| why.problems.clone()).unwrap_or_default();
        let sees_all = (site.spec.sees_all)(&site.tenant);
        let standing = match (&wanted, members.is_empty()) {
            (Wanted::Present(_), false) => Standing::Declared,
            (Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted, false) => Standing::LiveOnly,
            _ if !problems.is_empty() => Standing::Unknown,
            (Wanted::Unlisted, true) if !sees_all => Standing::Unknown,
            // Who is hidden is not absent (E4).
            (_, true) if !sees_all => Standing::Unseen,
            (Wanted::Present(_), true) => Standing::DeclaredOnly,
            (Wanted::NotYet(_), true) => Standing::Starts,
            (Wanted::Gone { .. }, true) => Standing::Ended,
            (Wanted::Unlisted, true) => Standing::Absent,
        };
        let declared = match (&wanted, member) {
            (Wanted::Present(merged), Some(member)) => Some(as_live(member, merged)),
            _ => None,
        };
        let entries = member.map(|m| m.entries.iter().map(|e| entry(m, e, &wanted, today)).collect()).unwrap_or_default();
        WhoAccount {
            account: site.name.to_string(),
            system: site.spec,
            tenant: &site.tenant,
            backend: site.connection.backend.word(),
            sandbox: site.backend.is_sandbox(),
            problems,
            sees_all,
            beside: beside(site),
            standing,
            why: why(site.spec, input.as_ref(), &wanted, &members, &known, &planned),
            later: member.map(|m| later(m, today, site.spec)).unwrap_or_default(),
            plan: planned.in_words(),
            members,
            domains: &reading.domains,
            declared,
            entries,
        }
    }
}

/// What the entries ask for from later days on; whether it comes is for the runs of those days.
fn later(member: &Member<'_>, today: jiff::civil::Date, spec: &SystemSpec) -> Vec<String> {
    let said = |what: Option<String>| what.unwrap_or_else(|| "nothing".to_owned());
    member.changes(today, spec).into_iter().map(|(day, what)| format!("asked for from {day}: {}", said(what))).collect()
}

/// What only an export beside the account shows.
fn beside(site: &Site<'_>) -> BTreeSet<Key> {
    let export = site.connection.roster.as_ref().filter(|_| site.connection.backend != BackendName::Roster);
    export.map(|roster| roster.columns.keys().copied().collect()).unwrap_or_default()
}

/// What is asked for, as if it were there: judged as what is there.
fn as_live(member: &Member<'_>, merged: &Merged<'_>) -> Live {
    let mut attrs: Keyed<_> = merged.attrs.iter().map(|(k, v)| (*k, Known::Seen(v.clone()))).collect();
    if merged.end.is_some() {
        attrs.insert("end", Known::Seen(Value::Day(merged.end)));
    }
    Live { email: member.email.clone(), id: None, phase: Phase::Active, attrs }
}

fn entry(member: &Member<'_>, entry: &Entry<'_>, wanted: &Wanted<'_>, today: jiff::civil::Date) -> EntryView {
    let doc = entry.doc;
    let overridden = match wanted {
        Wanted::Present(merged) => merged.overrides.iter().any(|o| std::ptr::eq(o.entry.doc, doc) && o.entry.team == entry.team),
        Wanted::Gone { .. } | Wanted::NotYet(_) | Wanted::Unlisted => false,
    };
    let state = match (entry.is_in_force(today), entry.is_over(today)) {
        (true, _) => "in force",
        (false, true) => "over",
        (false, false) if doc.start.as_ref().is_some_and(|start| member.has_left(start.value)) => "never",
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
fn why(
    spec: &SystemSpec,
    input: Option<&Account<'_>>,
    wanted: &Wanted<'_>,
    members: &[Live],
    known: &[&Email],
    planned: &Planned<'_>,
) -> Vec<String> {
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
        Wanted::Unlisted => all.push(planned.of_unlisted(policy.mode)),
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

/// What a plan would do about the person now.
#[derive(Default)]
struct Planned<'p> {
    changes: Vec<&'p Change>,
    blocked: Vec<&'p Blocked>,
    /// The account tells of a member whom nobody lists.
    is_reported: bool,
    /// Guards that stop the account's plan.
    stopped_by: Vec<&'static str>,
}

impl<'p> Planned<'p> {
    fn of(plan: &'p Plan, account: &str, is_theirs: impl Fn(&Email) -> bool) -> Self {
        let Some(planned) = plan.accounts.iter().find(|a| a.account == account) else { return Self::default() };
        let AccountPlan { changes, blocked, reports, .. } = planned;
        let told = |report: &Report| {
            report.code == "unmanaged-member" && report.member.as_deref().and_then(|m| Email::parse(m).ok()).is_some_and(|m| is_theirs(&m))
        };
        Self {
            changes: changes.iter().filter(|c| c.subject.email().is_some_and(&is_theirs)).collect(),
            blocked: blocked.iter().filter(|b| b.subject.email().is_some_and(&is_theirs)).collect(),
            is_reported: reports.iter().any(told),
            stopped_by: planned.tripped().map(|g| g.code).collect(),
        }
    }

    /// What comes of a member whom no entry names.
    fn of_unlisted(&self, mode: Mode) -> String {
        let comes = match mode {
            Mode::Authoritative if self.changes.iter().any(|c| c.action == Action::Edit) => {
                "`mode: authoritative` takes away what this actor may"
            }
            Mode::Authoritative if !self.changes.is_empty() => "`mode: authoritative` removes it",
            Mode::Authoritative if !self.blocked.is_empty() => "`mode: authoritative` would remove it, and that is blocked",
            Mode::Adopt if self.is_reported => "`mode: adopt` reports it",
            Mode::Additive if self.changes.is_empty() && self.blocked.is_empty() => "`mode: additive` leaves it",
            Mode::Adopt | Mode::Additive if !self.changes.is_empty() || !self.blocked.is_empty() => return "not listed".to_owned(),
            Mode::Adopt | Mode::Additive | Mode::Authoritative => "the plan has nothing for it",
        };
        format!("not listed; {comes}")
    }

    /// In the plan's own words.
    fn in_words(&self) -> Vec<String> {
        let stopped = match self.stopped_by.as_slice() {
            [] => String::new(),
            codes => format!("; as things are now, the {} {} it", guards(codes), if codes.len() == 1 { "stops" } else { "stop" }),
        };
        let changes =
            self.changes.iter().map(|c| format!("{} {}, which {}{stopped}", c.action.word(), c.subject.as_str(), effect(c.direction)));
        let blocked = self.blocked.iter().map(|b| {
            let notes: String = b.notes.iter().map(|note| format!("; {note}")).collect();
            format!("{} {} is blocked: {}; needs {}{notes}", b.action.word(), b.subject.as_str(), b.code, b.needs)
        });
        changes.chain(blocked).collect()
    }
}

fn effect(direction: crate::model::Direction) -> &'static str {
    match direction {
        crate::model::Direction::Widens => "widens access",
        crate::model::Direction::Narrows => "narrows access",
        crate::model::Direction::Both => "widens and narrows access",
        crate::model::Direction::Neither => "leaves access as it is",
    }
}
