use jiff::Timestamp;
use jiff::civil::Date;

use crate::desired::Desired;
use crate::model::{Action, Atom, Caps, Channel, Email, Invitation, Live, Noticed, Phase, Reading, Remark, Tenant};
use crate::systems::{Administrator, SystemSpec};

use super::approved::{self, Approved};
use super::change::{AccountPlan, Blocked, ReadingSummary, Report, Warning};
use super::draft::Draft;
use super::regroup::Pairs;
use super::{History, Moment, ahead, block, diff, digest, domains, guards, lints, only, order, preflight, regroup, roll, unlisted};

/// Everything that one account's plan depends on.
pub struct Account<'a> {
    pub name: &'a Atom,
    pub spec: &'static SystemSpec,
    /// The backend's word, for showing.
    pub backend: &'static str,
    pub sandbox: bool,
    /// Where writes go: a part of every digest.
    pub origin: &'a str,
    pub tenant: &'a Tenant,
    pub caps: &'a Caps,
    pub desired: &'a Desired<'a>,
    pub reading: &'a Reading,
    /// What earlier runs left about it.
    pub history: &'a History,
    /// Plans the changes of this person alone, by any address of theirs, on the whole reading.
    pub only: Option<&'a Email>,
    /// Plans what of the changes was approved, and tells the others apart.
    pub approved: Option<&'a Approved>,
}

/// Who could make changes that have no order.
pub(super) const ONE_BY_ONE: &str = "a person who makes these changes one by one";

/// The day and instant that an account is planned for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub now: Timestamp,
    pub today: Date,
}

/// What accumulates while one account is planned.
#[derive(Default)]
pub(super) struct Work {
    pub drafts: Vec<Draft>,
    pub blocked: Vec<Blocked>,
    pub reports: Vec<Report>,
    pub warnings: Vec<Warning>,
}

impl Work {
    /// What the reading noticed.
    fn say(&mut self, remarks: &[Remark]) {
        for Remark { noticed, member, message } in remarks {
            match noticed {
                Noticed::Differs => self.reports.push(Report {
                    code: "roster-differs",
                    member: member.as_ref().map(ToString::to_string),
                    message: message.clone(),
                    place: None,
                }),
                Noticed::Age => self.reports.push(Report {
                    code: "export-age",
                    member: member.as_ref().map(ToString::to_string),
                    message: message.clone(),
                    place: None,
                }),
                Noticed::Old => self.warnings.push(Warning {
                    code: "export-old",
                    on: None,
                    member: member.as_ref().map(ToString::to_string),
                    message: message.clone(),
                    place: None,
                }),
            }
        }
    }
}

impl Account<'_> {
    /// The plan of the account, or of one person in it.
    pub(super) fn plan(&self, moment: Moment) -> AccountPlan {
        let mut plan = self.plan_all(moment);
        if let Some(whom) = self.only {
            only::said(self, whom, &mut plan);
        }
        plan
    }

    /// One account's whole story, top to bottom.
    fn plan_all(&self, moment: Moment) -> AccountPlan {
        let day = self.day(moment);
        let rolled = moment.at.map(|_| roll::forward(self, day));
        let ended = rolled.as_ref().map(|rolled| roll::ended(self, rolled)).unwrap_or_default();
        let reading = rolled.as_ref().unwrap_or(self.reading);
        if let Err(why) = &reading.proof {
            return self.unplanned(day, why.problems.clone());
        }
        let here = Account { reading, ..*self };
        let mut work = Work { reports: ended, ..Work::default() };

        work.say(&reading.remarks);
        let Pairs { listed, mut unlisted } = regroup::pairs(&here);
        for pair in &listed {
            diff::listed(&here, day, pair, &mut unlisted, &mut work);
        }
        unlisted::all(&here, day, &unlisted, &mut work);
        domains::all(&here, &mut work);
        if let Some(whom) = self.only {
            only::drafts(&here, whom, &mut work);
        }

        preflight::all(&here, &mut work);
        let rest = self.approved.map(|approved| approved::drafts(&here, day, approved, &mut work)).unwrap_or_default();
        let administrators = block::all(&here, day, &mut work);
        let (changes, unordered) = order::all(work.drafts);
        approved::forget(&mut work.blocked);
        work.blocked.extend(unordered.into_iter().map(|(draft, code)| draft.block(code, ONE_BY_ONE)));
        let guards = guards::all(&here, &changes, &administrators);
        work.warnings.extend(lints::all(&here, day, &changes, &administrators));
        work.warnings.extend(ahead::warnings(&here, day, &listed, &changes, &work.blocked, &administrators));

        let mut blocked = work.blocked;
        for b in &mut blocked {
            b.accepted = self.desired.policy.accept_blocked.contains(b.code);
        }
        blocked.sort_by(|a, b| (a.action, &a.subject).cmp(&(b.action, &b.subject)));
        work.reports.sort();
        work.warnings.sort();
        // An entry of a team says the same of each of its people.
        work.warnings.dedup();
        AccountPlan {
            account: self.name.to_string(),
            system: self.spec.name,
            tenant: self.tenant.name.clone(),
            backend: self.backend,
            sandbox: self.sandbox,
            digest: digest::of_account(changes.iter().map(|c| c.digest.as_str())),
            as_of: day.now,
            reading: ReadingSummary { proof: reading.proof.as_ref().ok().copied(), members: reading.members.len(), problems: Vec::new() },
            changes,
            blocked,
            unreviewed: rest.unreviewed,
            stale: rest.stale,
            reports: work.reports,
            warnings: work.warnings,
            guards,
        }
    }

    pub(super) fn day(&self, moment: Moment) -> Day {
        let first = moment.at.and_then(|at| at.to_zoned(self.tenant.zone.clone()).ok()).map(|z| z.timestamp());
        let now = first.unwrap_or(moment.now);
        Day { now, today: now.to_zoned(self.tenant.zone.clone()).date() }
    }

    /// On an incomplete reading nothing is planned.
    fn unplanned(&self, day: Day, problems: Vec<String>) -> AccountPlan {
        AccountPlan {
            account: self.name.to_string(),
            system: self.spec.name,
            tenant: self.tenant.name.clone(),
            backend: self.backend,
            sandbox: self.sandbox,
            digest: digest::of_account([]),
            as_of: day.now,
            reading: ReadingSummary { proof: None, members: self.reading.members.len(), problems },
            changes: Vec::new(),
            blocked: Vec::new(),
            unreviewed: Vec::new(),
            stale: Vec::new(),
            reports: Vec::new(),
            warnings: Vec::new(),
            guards: Vec::new(),
        }
    }

    /// Whether the system's own ends are kept by this backend.
    pub(super) fn keeps_ends(&self) -> bool {
        self.spec.has_native_ends() && self.caps.keeps_ends
    }

    /// Whether a human makes such a change of a member, or a part of it: by the channels of its calls.
    pub(super) fn by_hand(&self, action: Action, before: &crate::model::Attrs, after: &crate::model::Attrs) -> bool {
        let phase = match action {
            Action::CancelInvitation | Action::EditInvitation => Phase::Pending { sent: None, attempts: None, state: Invitation::Open },
            _ => Phase::Active,
        };
        let removal = self.desired.policy.on_removal;
        let calls = self.spec.calls(action, Some(&phase), before, after, removal, self.tenant, self.caps);
        calls.is_ok_and(|calls| calls.iter().any(|c| c.channel != Channel::Api))
    }

    /// Whether nothing is permitted anywhere to who holds just that.
    pub(super) fn is_empty(&self, held: &crate::model::Attrs) -> bool {
        self.spec.permissions(&self.spec.with_unread_scopes(held, self.caps)).is_empty()
    }

    /// Whether the actor sees everyone.
    pub(super) fn is_unbounded(&self) -> bool {
        (self.spec.sees_all)(self.tenant)
    }

    /// The active members who count for the least number of administrators, for certain.
    pub(super) fn active_administrators(&self) -> impl Iterator<Item = &crate::model::Live> {
        self.reading.members.iter().filter(|l| self.administrator(l) == Administrator::Yes)
    }

    /// Whether the member counts for the least number of administrators.
    pub(super) fn administrator(&self, live: &crate::model::Live) -> Administrator {
        self.spec.administrator(live, self.reading, self.desired.domains, self.caps)
    }

    /// How many of the reading's `members` count, one that hides among them.
    pub(super) fn administrators<'l>(&self, members: impl Iterator<Item = &'l crate::model::Live>) -> u32 {
        self.spec.with_one_that_hides(members, |l| self.administrator(l))
    }

    /// Whether the person has accepted an invitation, as far as the server tells.
    pub(super) fn has_registered(&self, live: &Live) -> bool {
        self.spec.has_registered(live, self.caps)
    }

    /// Whether a change makes somebody administer who did not. Of a member whose scopes are not read,
    /// they are somewhere, before and after.
    pub(super) fn comes_to_administer(&self, is_member: bool, before: &crate::model::Attrs, after: &crate::model::Attrs) -> bool {
        if !is_member {
            return self.spec.comes_to_administer(before, after);
        }
        let unread = |attrs| self.spec.with_unread_scopes(attrs, self.caps);
        self.spec.comes_to_administer(&unread(before), &unread(after))
    }

    /// All that is seen of a member, what the backend reads and the server left out filled in.
    pub(super) fn seen(&self, live: &crate::model::Live) -> crate::model::Attrs {
        let mut all = live.seen();
        for attr in self.spec.attrs {
            if !all.contains_key(attr.key)
                && !live.attrs.contains_key(attr.key)
                && self.caps.reads.contains(attr.key)
                && let Some(none) = attr.kind.nothing()
            {
                all.insert(attr.key, none);
            }
        }
        all
    }
}
