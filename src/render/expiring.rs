//! What ends soon: text for people, JSON for programs. The calendar is in [`super::calendar`].

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::plan::{BlockedThen, EndedBy, Ending, Expiring, ExpiringAccount, Expiry, Kept, Sight, Why, names};

use super::neutral::Neutral;
use super::paint::Paint;
use super::plan_text_change::value;
use super::plan_view::{PlaceView, SCHEMA_VERSION, Shown, TOOL, schema_of, shown};
use super::spelt::{Spelt, Word};

/// Every access that ends within some time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpiringView {
    pub schema_version: &'static str,
    /// `expiring`.
    pub kind: &'static str,
    pub tool: &'static str,
    pub as_of: String,
    pub simulated: bool,
    /// At least one account is the sandbox.
    pub sandbox: bool,
    /// How far was looked, as it was asked for: `30d`.
    pub within: String,
    /// Every account was read whole, by an actor who sees everyone. Where not, more may end than is listed.
    pub complete: bool,
    pub accounts: Vec<ExpiringAccountView>,
    /// Sorted by day, account, member.
    pub expiring: Vec<ExpiryView>,
}

/// One account that was looked at.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpiringAccountView {
    pub account: String,
    pub system: &'static str,
    pub backend: &'static str,
    pub sandbox: bool,
    /// The last day that was looked at, in the account's timezone.
    pub until: String,
    /// It was read whole, by an actor who sees everyone.
    pub complete: bool,
    pub problems: Vec<String>,
    /// Members from whom the plan of now takes something; what it takes is not listed here, and `plan` shows it.
    pub taken_by_the_plan: usize,
    /// Guards that stop that plan.
    pub stopped_by: Vec<&'static str>,
    /// Ends of what no run gives as things are now, because that run is stopped or that change is blocked:
    /// they are not listed.
    pub never_given: Vec<NeverGivenView>,
    #[serde(skip)]
    pub is_read: bool,
}

/// An end of what no run gives.
#[derive(Debug, Serialize, JsonSchema)]
pub struct NeverGivenView {
    pub on: String,
    pub member: String,
}

/// One access that ends.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ExpiryView {
    /// The first day without it; of an invitation the day on which it is over.
    pub on: String,
    /// The last day with it; null of an invitation.
    pub last: Option<String>,
    pub account: String,
    pub member: String,
    pub name: Option<String>,
    /// Not yet accepted, or not yet invited.
    pub pending: bool,
    /// A member who is let in nowhere as things are now: locked, or kept out by a whitelist.
    pub shut_out: bool,
    /// The whole membership, a part of it, or an invitation.
    pub ending: Word<Ending>,
    /// The `end` of an entry, a person's `leaves`, the product's own end, an entry that starts, an
    /// invitation's life, or what was due before and a later run takes.
    pub why: Word<Why>,
    /// The product by itself, portcullis on its first run from that day on, or a human by the runbook of it.
    pub ended_by: Word<EndedBy>,
    /// `renew: rolling`: runs before that day move the end on.
    pub rolling: bool,
    /// The next apply moves the end, or clears it.
    pub moved: bool,
    /// Nobody loses anything by it as long as portcullis runs: the next apply moves the end or clears it,
    /// or it rolls and runs before that day move it on.
    pub only_if_nothing_runs: bool,
    /// Of an invitation: another goes out after it. Of a membership: the first run of that day gives it back.
    pub again: bool,
    /// The product does not hold this end yet: the next apply writes it. Till then nothing ends.
    pub unwritten: bool,
    /// What is held until then.
    pub before: Shown,
    /// What is kept; null where nothing is.
    pub after: Option<Shown>,
    /// What is kept gives no permission anywhere: an empty membership.
    pub emptied: bool,
    pub place: Option<PlaceView>,
    pub reason: Option<String>,
    /// How much of the member the actor sees. Of what it does not see, what is asked for counts as held;
    /// a row that is not blocked is what this actor's run of that day ends, and no more.
    pub seen: Word<Sight>,
    /// What the entries end beside what this actor's run of that day does: that is another row.
    pub rest: bool,
    /// The plan as of that day blocks it for this actor, or does not end it: it does not end then. Of an
    /// invitation: the next one. Null where nothing does.
    pub blocked: Option<BlockedThenView>,
    /// Guards that stop the run which is to end it, as things are now; empty where none does.
    pub stopped_by: Vec<&'static str>,
    /// Of somebody who has not accepted: what that run does to them once everybody who is invited has, where
    /// that is something else; an empty list where it takes nothing. Null where it is the same.
    pub once_accepted: Option<Vec<ExpiryView>>,
    /// It comes only to who has accepted by then: the invitation is over before.
    pub only_accepted: bool,
    #[serde(skip)]
    pub is_in: bool,
    #[serde(skip)]
    pub kept: Option<Kept>,
    #[serde(skip)]
    pub product: &'static str,
    #[serde(skip)]
    pub sandbox: bool,
}

/// Why the actor could not do it, and who could.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BlockedThenView {
    pub code: &'static str,
    pub needs: String,
}

impl Spelt for Sight {
    const NAME: &'static str = "Sight";
    fn values() -> Vec<Self> {
        Sight::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Ending {
    const NAME: &'static str = "Ending";
    fn values() -> Vec<Self> {
        Ending::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for Why {
    const NAME: &'static str = "Why";
    fn values() -> Vec<Self> {
        Why::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl Spelt for EndedBy {
    const NAME: &'static str = "EndedBy";
    fn values() -> Vec<Self> {
        EndedBy::ALL.to_vec()
    }
    fn spelt(self) -> &'static str {
        self.word()
    }
}

impl ExpiringView {
    pub fn of(expiring: &Expiring, within: &str) -> Self {
        let mut all: Vec<ExpiryView> =
            expiring.accounts.iter().flat_map(|account| account.all.iter().map(|one| ExpiryView::of(account, one))).collect();
        drop_after_the_end(&mut all);
        // Stable: within an account the order is the plan's.
        all.sort_by(|a, b| (&a.on, &a.account).cmp(&(&b.on, &b.account)));
        Self {
            schema_version: SCHEMA_VERSION,
            kind: "expiring",
            tool: TOOL,
            as_of: expiring.as_of.to_string(),
            simulated: expiring.simulated,
            sandbox: expiring.accounts.iter().any(|a| a.sandbox),
            within: within.to_owned(),
            complete: expiring.is_whole(),
            accounts: expiring.accounts.iter().map(ExpiringAccountView::of).collect(),
            expiring: all,
        }
    }

    /// What is held and ends.
    fn access(&self) -> impl Iterator<Item = &ExpiryView> {
        self.expiring.iter().filter(|e| e.ending.0 != Ending::Invitation)
    }

    /// What nobody holds yet.
    fn invitations(&self) -> impl Iterator<Item = &ExpiryView> {
        self.expiring.iter().filter(|e| e.ending.0 == Ending::Invitation)
    }

    /// The accounts of which more may end than is listed, each with why.
    pub fn unread(&self) -> impl Iterator<Item = &ExpiringAccountView> {
        self.accounts.iter().filter(|a| !a.complete)
    }
}

impl ExpiringAccountView {
    fn of(account: &ExpiringAccount) -> Self {
        let bounded = (!account.sees_all).then(|| "the actor does not see everyone here: more may end than is listed".to_owned());
        Self {
            account: account.account.clone(),
            system: account.system,
            backend: account.backend,
            sandbox: account.sandbox,
            until: account.until.to_string(),
            complete: account.reading.is_complete() && account.sees_all,
            problems: account.reading.problems.iter().cloned().chain(bounded).collect(),
            taken_by_the_plan: account.taken_now,
            stopped_by: account.stopped_now.clone(),
            never_given: account
                .never_given
                .iter()
                .map(|(on, who)| NeverGivenView { on: on.to_string(), member: who.to_string() })
                .collect(),
            is_read: account.reading.is_complete(),
        }
    }
}

impl ExpiryView {
    fn of(account: &ExpiringAccount, one: &Expiry) -> Self {
        // A plan that is stopped moves nothing.
        let kept = one.kept.filter(|_| one.stopped_by.is_empty());
        let last = (one.ending != Ending::Invitation).then(|| one.on.yesterday().ok()).flatten();
        Self {
            on: one.on.to_string(),
            last: last.map(|d| d.to_string()),
            account: account.account.clone(),
            member: one.member.to_string(),
            name: one.name.clone(),
            pending: one.pending,
            shut_out: one.shut_out,
            ending: Word(one.ending),
            why: Word(one.why),
            ended_by: Word(one.by),
            rolling: one.rolling,
            moved: one.moved,
            only_if_nothing_runs: kept.is_some(),
            again: one.again,
            unwritten: one.unwritten,
            before: shown(&one.before),
            after: one.after.as_ref().map(shown),
            emptied: one.emptied,
            place: one.place.as_ref().map(PlaceView::of),
            reason: one.reason.clone(),
            seen: Word(one.sight),
            rest: one.rest,
            blocked: one.blocked.as_ref().map(|BlockedThen { code, needs }| BlockedThenView { code, needs: needs.clone() }),
            stopped_by: one.stopped_by.clone(),
            once_accepted: one.once_accepted.as_ref().map(|then| then.iter().map(|one| ExpiryView::of(account, one)).collect()),
            only_accepted: one.only_accepted,
            is_in: one.is_in,
            kept,
            product: account.product,
            sandbox: account.sandbox,
        }
    }

    /// What happens, for a line of its own.
    pub fn headline(&self) -> &'static str {
        match (self.kept, self.pending) {
            _ if self.seen.0 == Sight::Nothing => self.unseen(),
            (None, _) if self.is_kept_by_block() => self.stays(),
            (None, _) if self.is_kept_by_guard() => self.waits(),
            (Some(_), false) => "keeps access",
            (Some(_), true) => "stays invited",
            (None, _) => self.loss(),
        }
    }

    /// Somebody who is not let in yet, or not now, loses nothing that could be used.
    fn holds_nothing(&self) -> bool {
        self.pending || self.shut_out
    }

    /// An invitation is over all the same.
    fn is_kept_by_block(&self) -> bool {
        self.blocked.is_some() && self.ending.0 != Ending::Invitation
    }

    /// A guard stops the run which is to end it.
    fn is_stopped(&self) -> bool {
        !self.stopped_by.is_empty() && self.blocked.is_none() && !self.is_moved_in_vain()
    }

    /// An invitation is over all the same.
    fn is_kept_by_guard(&self) -> bool {
        self.is_stopped() && self.ending.0 != Ending::Invitation
    }

    /// The product ends it, because a guard stops the plan that is to move it.
    fn is_moved_in_vain(&self) -> bool {
        !self.stopped_by.is_empty() && self.ended_by.0 == EndedBy::Product && self.ending.0 != Ending::Invitation
    }

    /// What is to happen, and a guard stops.
    fn waits(&self) -> &'static str {
        match self.ending.0 {
            Ending::Membership | Ending::Invitation if self.holds_nothing() => "is to be a member no more, and a guard stops it",
            Ending::Membership | Ending::Invitation => "is to lose all access, and a guard stops it",
            Ending::Part if self.emptied => "is to lose all access, and a guard stops it",
            Ending::Part => "is to lose a part, and a guard stops it",
        }
    }

    /// What was to happen, and is blocked.
    fn stays(&self) -> &'static str {
        match self.ending.0 {
            _ if self.rest => "is to lose more, and keeps it",
            Ending::Membership | Ending::Invitation if self.holds_nothing() => "is to be a member no more, and stays one",
            Ending::Membership | Ending::Invitation => "is to lose all access, and keeps it",
            Ending::Part => "is to lose a part, and keeps it",
        }
    }

    /// What is asked for somebody whom the actor does not see.
    fn unseen(&self) -> &'static str {
        match self.ending.0 {
            Ending::Membership | Ending::Invitation => "is to lose all access, not seen by this actor",
            Ending::Part => "is to lose a part, not seen by this actor",
        }
    }

    /// What happens where nothing keeps it from coming.
    pub fn loss(&self) -> &'static str {
        match (self.ending.0, self.pending) {
            (Ending::Membership, _) if self.again => "loses all access for some hours",
            (Ending::Membership, _) if self.only_accepted => "loses all access, if accepted by then",
            (Ending::Part, _) if self.only_accepted => "loses a part, if accepted by then",
            (Ending::Membership, true) if self.once_accepted.is_some() => "the invitation is taken back",
            (Ending::Membership, true) => "is a member no more, accepted or not",
            (Ending::Membership, false) if self.shut_out => "is a member no more",
            (Ending::Membership, false) => "loses all access",
            (Ending::Part, _) if self.holds_nothing() => "is to hold less",
            (Ending::Part, _) if self.emptied => "loses all access",
            (Ending::Part, _) => "loses a part",
            (Ending::Invitation, _) => "the invitation is over",
        }
    }

    /// Who ends it, and what that depends on.
    pub fn ended(&self) -> String {
        if let Some(kept) = self.kept {
            return self.condition(kept);
        }
        let last = self.last.as_deref().map(|d| format!("; the last day is {d}")).unwrap_or_default();
        if let (Some(blocked), Ending::Invitation) = (&self.blocked, self.ending.0) {
            return format!("another is due after the cool-down, and blocked for this actor: {}; needs {}", blocked.code, blocked.needs);
        }
        if let Some(blocked) = &self.blocked {
            return format!("blocked for this actor, and so not ended: {}; needs {}{last}", blocked.code, blocked.needs);
        }
        if self.seen.0 == Sight::Nothing {
            return format!("not seen by this actor: nobody here can tell whether it is held, nor end it{last}");
        }
        let guards = guards(&self.stopped_by);
        if self.is_moved_in_vain() {
            return format!(
                "{} ends it by itself: as things are now, the {guards} will stop the plan that is to move it{last}",
                self.product
            );
        }
        if self.is_stopped() {
            if self.ending.0 == Ending::Invitation {
                return format!("another is due after the cool-down; as things are now, the {guards} will stop the run that sends it");
            }
            return format!("as things are now, the {guards} will stop the run that ends it: `plan --at {}` says more{last}", self.on);
        }
        match (self.ending.0, self.ended_by.0) {
            (Ending::Invitation, _) if self.again => "another goes out after the cool-down".into(),
            (Ending::Invitation, _) => "no other goes out".into(),
            (_, EndedBy::Product) if self.unwritten => {
                format!("{} ends it by itself once the plan is applied, which writes the end{last}", self.product)
            }
            (_, EndedBy::Product) if self.again => {
                format!("{} ends it by itself, and the first run from that day on gives it back{last}", self.product)
            }
            (_, EndedBy::Product) => format!("{} ends it by itself{last}", self.product),
            (_, EndedBy::Portcullis) if self.why.0 == Why::Late => {
                "portcullis ends it, on its first run from that day on: it was due before, and waited".into()
            }
            (_, EndedBy::Portcullis) => format!("portcullis ends it, on its first run from that day on{last}"),
            (_, EndedBy::Manual) => format!("somebody ends it by hand, by the runbook of the first run from that day on{last}"),
        }
    }

    /// What comes of it otherwise once everybody who is invited has accepted, a line each.
    fn once_accepted(&self) -> Vec<String> {
        let Some(rows) = &self.once_accepted else { return Vec::new() };
        if rows.is_empty() {
            return vec!["once accepted: stays as it is".to_owned()];
        }
        let empty = |row: &ExpiryView| if row.emptied { "; what is kept gives access to nothing" } else { "" };
        let of =
            |row: &ExpiryView| format!("once accepted: {}; {}{}; {}", row.headline(), row.attributes().join("; "), empty(row), row.ended());
        rows.iter().map(of).collect()
    }

    /// What keeps an end from coming, and when it comes otherwise.
    fn condition(&self, kept: Kept) -> String {
        let own = format!("{}'s own end, {}", self.product, self.last.as_deref().unwrap_or(&self.on));
        let moves = match kept.moves_to {
            Some(Some(to)) => format!("the next apply moves {own}, to {to}"),
            Some(None) => format!("the next apply clears {own}"),
            None => format!("{own}, is moved on by a run before"),
        };
        match kept.rolls_until {
            Some(until) => format!("as long as portcullis runs: rolling until {until}; {moves}"),
            None => format!("as soon as the plan is applied: {moves}"),
        }
    }

    /// `role author`, or `subaccounts apac, emea -> emea` and what stays as it is.
    pub fn attributes(&self) -> Vec<String> {
        let Some(after) = &self.after else {
            return self.before.iter().map(|(key, json)| format!("{key} {}", value(json))).collect();
        };
        let none = Json::Null;
        let keys: BTreeSet<&String> = self.before.keys().chain(after.keys()).collect();
        keys.into_iter()
            .map(|key| {
                let (was, is) = (self.before.get(key).unwrap_or(&none), after.get(key).unwrap_or(&none));
                if was == is { format!("keeps {key} {}", value(is)) } else { format!("{key} {} -> {}", value(was), value(is)) }
            })
            .collect()
    }

    /// All that is said of it below its headline, a line each.
    pub fn details(&self) -> Vec<String> {
        let mut all = self.attributes();
        let mut say = |is: bool, what: &str| all.extend(is.then(|| what.to_owned()));
        let is_part = self.seen.0 == Sight::Part;
        say(is_part && self.blocked.is_some(), "this actor sees a part of it; what is asked for counts as held");
        say(is_part && self.blocked.is_none(), "this actor sees a part of it; its run ends no more than this");
        say(self.shut_out, "not let in now: locked, or kept out by a whitelist");
        let is_pending = self.pending && self.ending.0 != Ending::Invitation;
        say(is_pending && self.is_in, "invited anew by then, and let in only once accepted");
        say(is_pending && !self.is_in, "not let in now: has not accepted");
        say(self.emptied, "what is kept gives access to nothing: an empty membership");
        all.push(self.ended());
        all.extend(self.once_accepted());
        all
    }

    /// The reason and the line that says so.
    pub fn asked(&self) -> Option<String> {
        let place = self.place.as_ref().map(|p| format!("{}:{}:{}", p.file, p.line, p.column));
        match (&self.reason, place) {
            (Some(reason), Some(place)) => Some(format!("{reason} ({place})")),
            (Some(reason), None) => Some(reason.clone()),
            (None, place) => place,
        }
    }
}

/// Writes the list for people, a day after the other.
///
/// # Errors
/// What the stream answers.
pub fn text(out: &mut impl Write, view: &ExpiringView, paint: Paint) -> io::Result<()> {
    let (strong, alarm) = (paint.strong(), paint.alarm());
    rows(out, view.access(), paint)?;
    // People, not rows: one may lose several things.
    let who = |is: &dyn Fn(&ExpiryView) -> bool| view.access().filter(|e| is(e)).map(|e| &e.member).collect::<BTreeSet<_>>();
    let people = |is: &dyn Fn(&ExpiryView) -> bool| who(is).len();
    let is_sure = |e: &ExpiryView| e.seen.0 != Sight::Nothing && e.blocked.is_none() && !e.is_stopped() && !e.again;
    let losers = who(&|e| !e.only_if_nothing_runs && is_sure(e) && !e.holds_nothing());
    let lost = losers.len();
    let idle = people(&|e| !e.only_if_nothing_runs && is_sure(e) && e.holds_nothing() && !losers.contains(&e.member));
    let given_back = people(&|e| e.again);
    let kept = people(&|e| e.only_if_nothing_runs);
    let blocked = people(&|e| e.blocked.is_some());
    let stopped = people(&|e| e.is_stopped());
    let unseen = people(&|e| e.seen.0 == Sight::Nothing);
    let invitations = view.invitations().count();
    if invitations > 0 {
        writeln!(out, "{strong}invitations that will be over, unless they are accepted{strong:#}")?;
        rows(out, view.invitations(), paint)?;
    }
    for account in view.unread() {
        let why = account.problems.join("; ");
        let how = if account.is_read { "" } else { "the reading is incomplete: " };
        writeln!(out, "{alarm}{}: {how}{}{alarm:#}", Neutral(&account.account), Neutral(&why))?;
    }
    for account in view.accounts.iter().filter(|a| a.taken_by_the_plan > 0) {
        let takes = account.taken_by_the_plan;
        let stopped =
            if account.stopped_by.is_empty() { String::new() } else { format!(", and the {} stops it", guards(&account.stopped_by)) };
        let name = Neutral(&account.account);
        writeln!(out, "{name}: besides, the plan of now takes access from {takes}{stopped}: `portcullis plan` shows whom")?;
    }
    for account in view.accounts.iter().filter(|a| !a.never_given.is_empty()) {
        let many = account.never_given.len();
        let all: Vec<String> = account.never_given.iter().map(|one| format!("{} on {}", one.member, one.on)).collect();
        let all = names(&all.iter().map(String::as_str).collect::<Vec<_>>());
        let (ends, why) = (if many == 1 { "end is" } else { "ends are" }, "the start before is blocked or stopped by a guard");
        let how = "`portcullis plan --at` the day of that start shows it";
        let name = Neutral(&account.account);
        writeln!(out, "{name}: besides, {many} {ends} of what no run gives as things are now: {}; {why}; {how}", Neutral(&all))?;
    }
    let until = view.accounts.iter().map(|a| &a.until).max().map(|d| format!(", up to {d}")).unwrap_or_default();
    let mut counted = vec![format!("{lost} {}", if lost == 1 { "loses access" } else { "lose access" })];
    counted.extend((idle > 0).then(|| format!("{idle} more, who {} not let in now", if idle == 1 { "is" } else { "are" })));
    counted.extend((given_back > 0).then(|| format!("{given_back} for some hours")));
    counted.extend((kept > 0).then(|| format!("{kept} only if nothing runs")));
    counted.extend((blocked > 0).then(|| format!("{blocked} blocked for this actor")));
    counted.extend((stopped > 0).then(|| format!("{stopped} stopped by a guard")));
    counted.extend((unseen > 0).then(|| format!("{unseen} not seen by this actor")));
    counted.extend((invitations > 0).then(|| format!("{invitations} {}", if invitations == 1 { "invitation" } else { "invitations" })));
    let whole = if view.complete { "" } else { "; the list is not whole" };
    let sandbox = if view.sandbox { " SANDBOX" } else { "" };
    writeln!(out, "expiring within {}{until}: {}{whole}{sandbox}", view.within, counted.join("; "))
}

/// `guard removals`.
pub(crate) fn guards(codes: &[&str]) -> String {
    format!("{} {}", if codes.len() == 1 { "guard" } else { "guards" }, codes.join(" and "))
}

/// An invitation to what is over by then says nothing: its row goes.
fn drop_after_the_end(all: &mut Vec<ExpiryView>) {
    let ends: BTreeMap<(String, String), String> = all
        .iter()
        .filter(|e| e.ending.0 == Ending::Membership && !e.only_if_nothing_runs && e.blocked.is_none() && !e.is_stopped())
        .filter_map(|e| Some(((e.account.clone(), e.member.clone()), e.last.clone()?)))
        .collect();
    let end_of = |e: &ExpiryView| ends.get(&(e.account.clone(), e.member.clone()));
    // Days are written so that they sort.
    all.retain(|e| e.ending.0 != Ending::Invitation || end_of(e).is_none_or(|last| e.on < *last));
}

fn rows<'v>(out: &mut impl Write, all: impl Iterator<Item = &'v ExpiryView>, paint: Paint) -> io::Result<()> {
    let (strong, faint) = (paint.strong(), paint.faint());
    let mut day = "";
    for one in all {
        if one.on != day {
            writeln!(out, "{strong}{}{strong:#}", one.on)?;
            day = &one.on;
        }
        let name = one.name.as_ref().map(|n| format!(" ({})", Neutral(n))).unwrap_or_default();
        let sandbox = if one.sandbox { " SANDBOX" } else { "" };
        let stays = one.only_if_nothing_runs || one.is_kept_by_block() || one.is_kept_by_guard();
        let (style, sign) = if stays { (paint.alters(), '~') } else { (paint.takes(), '-') };
        writeln!(
            out,
            "  {style}{sign}{style:#}  {strong}{}{strong:#}{name}  {}  in {}{sandbox}",
            Neutral(&one.member),
            one.headline(),
            Neutral(&one.account)
        )?;
        for line in one.details() {
            writeln!(out, "       {line}")?;
        }
        if let Some(asked) = one.asked() {
            writeln!(out, "       {faint}{}{faint:#}", Neutral(&asked))?;
        }
    }
    Ok(())
}

/// The JSON Schema of [`ExpiringView`]: `schemas/expiring.schema.json`.
pub fn expiring_schema() -> Json {
    schema_of::<ExpiringView>("expiring")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_is_fresh() {
        super::super::samples::assert_fresh("schemas/expiring.schema.json", &expiring_schema());
    }
}
