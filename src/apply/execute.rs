//! Runs the partial order of one account side by side, bounded. One member's failure stops only
//! what waits for it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::{self, FuturesUnordered, StreamExt};

use crate::backends::{Reader, Writer};
use crate::model::{Caps, Link, Live, Subject, Tenant, Verb};
use crate::plan::Change;
use crate::systems::SystemSpec;

use super::change::{self, Made, Progress};
use super::exists;
use super::handover::{Handover, Ready};
use super::journal::Record;
use super::lost;
use super::outcome::{ChangeResult, ResultWord};
use super::read_back::ReadAgain;
use super::stopping::Stopping;

/// Writes in flight at once, an account.
const AT_ONCE: usize = 8;

/// What a server that is only eventually consistent gets before each reading more.
pub const WAITS: &[Duration] = &[Duration::from_millis(500), Duration::from_secs(2)];

/// Where one account's cleared changes are made.
pub struct Site<'a> {
    pub spec: &'static SystemSpec,
    pub tenant: &'a Tenant,
    pub caps: &'a Caps,
    /// Active administrators that must be left after every call.
    pub minimum: u32,
    pub reader: &'a dyn Reader,
    pub writer: &'a dyn Writer,
    /// Where the links of invitations go; none where the connection names no place.
    pub handover: Option<&'a Handover>,
    /// What hears of every call first.
    pub record: &'a dyn Record,
    pub stopping: &'a Stopping,
    /// How long to wait before each reading more, where one does not show yet what was sent.
    pub waits: &'a [Duration],
}

impl<'a> Site<'a> {
    /// Where nothing is recorded, nobody stops anything and no link goes anywhere.
    #[cfg(test)]
    pub(super) fn plain(spec: &'static SystemSpec, tenant: &'a Tenant, reader: &'a dyn Reader, writer: &'a dyn Writer) -> Self {
        static NEVER: std::sync::LazyLock<Stopping> = std::sync::LazyLock::new(Stopping::default);
        let record = &super::journal::NoRecord;
        Self { spec, tenant, caps: reader.caps(), minimum: 0, reader, writer, handover: None, record, stopping: &NEVER, waits: &[] }
    }

    /// The place for the link that the call may answer with, before it is made; none where the call
    /// makes no link or the connection names no place.
    ///
    /// # Errors
    /// In words for a person; then the call must not be made.
    pub(super) fn ready_for_link(&self, on: &Subject, verb: Verb) -> Result<Option<Ready<'a>>, String> {
        let (Some(handover), Some(member), true) = (self.handover, on.email(), self.makes_link(verb)) else { return Ok(None) };
        handover.ready(member).map(Some).map_err(|why| format!("not sent, since its link would be lost: {why}"))
    }

    /// Whether the call answers with a link.
    pub(super) fn makes_link(&self, verb: Verb) -> bool {
        self.spec.invitation.link && matches!(verb, Verb::Invite | Verb::Resend)
    }

    /// Writes the link of the member's newest invitation. Answers with where it waits for somebody to
    /// hand it over; with nothing where the system mails it.
    ///
    /// # Errors
    /// The invitation stands and its link is lost, in words for a person.
    pub(super) fn hand_over(&self, ready: Option<Ready<'_>>, link: &Link) -> Result<Option<PathBuf>, String> {
        let Some(ready) = ready else { return Ok(None) };
        let path = ready.write(link).map_err(|why| format!("invited, and the link is lost: {why}; generate a new one"))?;
        Ok(self.spec.hands_links_over(self.tenant).then_some(path))
    }
}

/// Makes the changes in their order and says what came of each, in the order given.
pub async fn execute(site: &Site<'_>, changes: &[Change]) -> Vec<ChangeResult> {
    let mut run = Run::new(changes, site.record);
    let mut flying: FuturesUnordered<BoxFuture<'_, (usize, Made)>> = FuturesUnordered::new();
    let mut open = Open::default();
    loop {
        // All that is over is written down before anything else begins: the disk is waited for once.
        while let Some(Some(made)) = flying.next().now_or_never() {
            open.take(&mut run, made);
        }
        while flying.len() < AT_ONCE
            && let Some(i) = run.ready.pop_first()
        {
            let change = &changes[i];
            flying.push(Box::pin(async move { (i, change::make(site, change).await) }));
        }
        if flying.is_empty()
            && let Some(i) = run.alone.pop_first()
        {
            let change = &changes[i];
            flying.push(Box::pin(async move { (i, one_that_ends_an_administrator(site, change).await) }));
        }
        let next = match flying.next().now_or_never() {
            Some(next) => next,
            None => {
                site.record.rest();
                flying.next().await
            }
        };
        if let Some(made) = next {
            open.take(&mut run, made);
            continue;
        }
        site.record.rest();
        if open.is_empty() {
            return run.results();
        }
        // Nothing else can go on: one reading tells of all of them.
        if let Some(wait) = open.tried.checked_sub(1).and_then(|tried| site.waits.get(tried)) {
            tokio::time::sleep(*wait).await;
        }
        let reading = site.reader.read().await;
        let again = ReadAgain::of(&reading);
        let mut shown = open.shown(site, changes, &again);
        if !site.stopping.is_asked() {
            open.keep_back(&mut shown, changes);
        }
        let Open { exist, paused, lost, .. } = shown;
        let settle = exist.into_iter().map(|(i, sent)| {
            let (change, again) = (&changes[i], &again);
            async move { (i, Made::Done(exists::settle(site, change, again, sent).await)) }.boxed()
        });
        let go_on = paused.into_iter().map(|(i, progress)| {
            let (change, again) = (&changes[i], &again);
            async move { (i, change::go_on(site, change, progress, again).await) }.boxed()
        });
        let look = lost.into_iter().map(|(i, progress, why)| {
            let (change, again) = (&changes[i], &again);
            async move { (i, change::go_on_after(site, change, progress, &why, again).await) }.boxed()
        });
        let settled: Vec<_> = stream::iter(settle.chain(go_on).chain(look).collect::<Vec<_>>()).buffered(AT_ONCE).collect().await;
        settled.into_iter().for_each(|made| open.take(&mut run, made));
    }
}

/// Changes that go on once a reading tells where they stand.
#[derive(Default)]
struct Open {
    exist: Vec<(usize, u32)>,
    paused: Vec<(usize, Progress)>,
    lost: Vec<(usize, Progress, String)>,
    /// Readings that did not show all of them.
    tried: usize,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.exist.is_empty() && self.paused.is_empty() && self.lost.is_empty()
    }

    /// Takes out what the reading shows, and after the last that is tried all: a server may show only after a
    /// while what it did. What is left is looked for in another reading.
    fn shown(&mut self, site: &Site<'_>, changes: &[Change], again: &ReadAgain<'_>) -> Self {
        if self.tried >= site.waits.len() || site.stopping.is_asked() {
            return std::mem::take(self);
        }
        let all = std::mem::take(self);
        let mut shown = Self::default();
        (shown.exist, self.exist) = all.exist.into_iter().partition(|(i, _)| exists::shows(site, &changes[*i], again));
        (shown.paused, self.paused) = all.paused.into_iter().partition(|(i, progress)| change::shows(site, &changes[*i], progress, again));
        let is_found = |i: usize, at: usize| lost::shows(site, &changes[i], &changes[i].calls[at], again);
        (shown.lost, self.lost) = all.lost.into_iter().partition(|(i, progress, _)| is_found(*i, progress.at));
        self.tried = if self.is_empty() { 0 } else { all.tried + 1 };
        shown
    }

    /// One reading tells of one change that could lose an administrator: the others wait for the next.
    fn keep_back(&mut self, shown: &mut Self, changes: &[Change]) {
        let mut is_first = true;
        let mut goes = |i: usize| !changes[i].ends_administrator() || std::mem::take(&mut is_first);
        let (paused, back) = std::mem::take(&mut shown.paused).into_iter().partition(|(i, _)| goes(*i));
        shown.paused = paused;
        self.paused.extend::<Vec<_>>(back);
        let (lost, back) = std::mem::take(&mut shown.lost).into_iter().partition(|(i, ..)| goes(*i));
        shown.lost = lost;
        self.lost.extend::<Vec<_>>(back);
    }

    fn take(&mut self, run: &mut Run<'_>, (i, made): (usize, Made)) {
        match made {
            Made::Done(result) => run.finished(i, result),
            Made::Exists(sent) => self.exist.push((i, sent)),
            Made::ReadBack(progress) => self.paused.push((i, progress)),
            Made::Lost(progress, why) => self.lost.push((i, progress, why)),
        }
    }
}

/// Nothing else flies: a reading beside writes of our own would contradict itself.
async fn one_that_ends_an_administrator(site: &Site<'_>, change: &Change) -> Made {
    match administrators_left(site, change).await {
        Ok(()) => change::make(site, change).await,
        Err(why) => Made::Done(ChangeResult::new(change, ResultWord::Failed, 0, why)),
    }
}

/// Reads the administrators again: somebody else may have taken one away since the plan.
async fn administrators_left(site: &Site<'_>, change: &Change) -> Result<(), String> {
    let reading = site.reader.read().await;
    if let Err(why) = &reading.proof {
        return Err(format!("the administrators could not be read again before this change: {}", why.problems.join("; ")));
    }
    are_enough(site, change, reading.members.iter())
}

/// Whether the change's member is one of the administrators among these, for certain.
pub(super) fn administers<'m>(site: &Site<'_>, change: &Change, members: impl Iterator<Item = &'m Live> + Clone) -> bool {
    let others = members.clone().filter(|m| Some(&m.email) != change.subject.email());
    site.spec.administrators(members, site.caps) > site.spec.administrators(others, site.caps)
}

/// Whether enough active administrators are left among these without the change's member.
///
/// # Errors
/// Why the call must not be made, in words for a person.
pub(super) fn are_enough<'m>(site: &Site<'_>, change: &Change, members: impl Iterator<Item = &'m Live>) -> Result<(), String> {
    let others = members.filter(|m| Some(&m.email) != change.subject.email());
    let left = site.spec.administrators(others, site.caps);
    if left >= site.minimum {
        return Ok(());
    }
    Err(format!("{} active administrators would be left and {} are the minimum: somebody changed them since the plan", left, site.minimum))
}

struct Run<'a> {
    record: &'a dyn Record,
    changes: &'a [Change],
    ready: BTreeSet<usize>,
    /// Ready too; whoever could lose an administrator goes alone.
    alone: BTreeSet<usize>,
    /// How many predecessors each still waits for.
    waiting: Vec<usize>,
    followers: BTreeMap<usize, Vec<usize>>,
    results: Vec<Option<ChangeResult>>,
}

impl<'a> Run<'a> {
    fn new(changes: &'a [Change], record: &'a dyn Record) -> Self {
        let index: BTreeMap<&str, usize> = changes.iter().enumerate().map(|(i, c)| (c.id.as_str(), i)).collect();
        let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut waiting = vec![0; changes.len()];
        for (i, change) in changes.iter().enumerate() {
            for before in change.waits_for.iter().filter_map(|id| index.get(id.as_str())) {
                followers.entry(*before).or_default().push(i);
                waiting[i] += 1;
            }
        }
        let mut run = Self {
            record,
            changes,
            ready: BTreeSet::new(),
            alone: BTreeSet::new(),
            waiting,
            followers,
            results: vec![None; changes.len()],
        };
        for (i, change) in changes.iter().enumerate() {
            if change.is_sent() {
                if run.waiting[i] == 0 {
                    run.is_ready(i);
                }
            } else {
                // A human makes it, or its first step; what waits for it waits for the next run.
                run.skip_followers(i, "waits for a step of the runbook");
            }
        }
        run.ready.retain(|i| run.results[*i].is_none());
        run.alone.retain(|i| run.results[*i].is_none());
        run
    }

    fn is_ready(&mut self, i: usize) {
        let set = if self.changes[i].ends_administrator() { &mut self.alone } else { &mut self.ready };
        set.insert(i);
    }

    fn finished(&mut self, i: usize, result: ChangeResult) {
        let went_well = matches!(result.word, ResultWord::Applied | ResultWord::Already);
        self.record.finished(&result);
        self.results[i] = Some(result);
        if !went_well {
            self.skip_followers(i, "what it waits for was not made");
            return;
        }
        for next in self.followers.get(&i).cloned().unwrap_or_default() {
            self.waiting[next] -= 1;
            if self.waiting[next] == 0 && self.results[next].is_none() && self.changes[next].is_sent() {
                self.is_ready(next);
            }
        }
    }

    fn skip_followers(&mut self, i: usize, why: &str) {
        for next in self.followers.get(&i).cloned().unwrap_or_default() {
            if self.results[next].is_none() && self.changes[next].is_sent() {
                let message = format!("{why}: {}", self.changes[i].id);
                let skipped = ChangeResult::new(&self.changes[next], ResultWord::Skipped, 0, message);
                self.record.finished(&skipped);
                self.results[next] = Some(skipped);
                self.ready.remove(&next);
                self.alone.remove(&next);
                self.skip_followers(next, why);
            }
        }
    }

    fn results(self) -> Vec<ChangeResult> {
        self.results.into_iter().flatten().collect()
    }
}

#[cfg(test)]
#[path = "execute_tests.rs"]
mod tests;
