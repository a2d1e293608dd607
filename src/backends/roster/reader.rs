use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::decode::{self, Trouble};
use super::rows::Rows;
use super::table;
use crate::backends::Reader;
use crate::manifest::bytes_below;
use crate::manifest::diagnostic::{nearest, quoted};
use crate::model::{Caps, Incomplete, Key, Known, Live, Located, Noticed, Proof, Reading, Remark, Roster, Tenant};
use crate::systems::SystemSpec;

/// The largest export that is read, in bytes.
const MOST_BYTES: u64 = 128 << 20;
/// Problems that are told one by one.
const MOST_TOLD: usize = 20;
/// How far ahead of the run's clock an export may be: zones are mistaken, days are not.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// From which age on an export is told as old where no `max-age` is set.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Reads one export.
pub struct RosterReader {
    spec: &'static SystemSpec,
    tenant: Tenant,
    roster: Roster,
    folder: PathBuf,
    now: Timestamp,
    caps: Caps,
}

impl RosterReader {
    /// `folder` is the manifests'; `now` the run's instant, against which the export's age is held.
    pub fn new(spec: &'static SystemSpec, tenant: Tenant, roster: Roster, folder: PathBuf, now: Timestamp) -> Self {
        let caps = caps(spec, &tenant, roster.columns.keys().copied().collect(), roster.status.is_some());
        Self { spec, tenant, roster, folder, now, caps }
    }

    /// The members, or why they are not known to be all.
    pub(super) fn members(&self) -> Result<Vec<Live>, Incomplete> {
        self.check_age()?;
        let file = &self.roster.file.value;
        let named = file.display();
        let failed = |what: String| Incomplete::new("failed", format!("the export {named} {what}"));
        self.members_of(&bytes_below(&self.folder, file, MOST_BYTES).map_err(failed)?)
    }

    /// The members that these bytes show.
    fn members_of(&self, bytes: &[u8]) -> Result<Vec<Live>, Incomplete> {
        let text = decode::text(bytes, self.roster.encoding).map_err(|t| self.incomplete("unexpected", vec![t]))?;
        let columns: Vec<&str> = self.headers().map(|h| h.value.as_str()).collect();
        let table = table::read(text, &columns).map_err(|t| self.incomplete("short", t))?;
        let at = self.columns(&table.header)?;
        let rows = Rows { spec: self.spec, tenant: &self.tenant, roster: &self.roster, at: &at, now: self.now };
        if self.roster.final_line_break {
            rows.no_cut(&table).map_err(|t| self.incomplete("short", vec![t]))?;
        }
        rows.members(&table.rows).map_err(|t| self.incomplete("unexpected", t))
    }

    /// Every header that the connection names.
    fn headers(&self) -> impl Iterator<Item = &Located<String>> {
        let Roster { email, status, columns, .. } = &self.roster;
        std::iter::once(email).chain(status).chain(columns.values().flatten())
    }

    fn check_age(&self) -> Result<(), Incomplete> {
        let Some(exported) = self.roster.exported else { return Ok(()) };
        let age = self.now.duration_since(exported);
        if age < -AHEAD {
            let why = format!("the export is of {exported}, which is yet to come: `exported` is wrong, or this machine's clock");
            return Err(Incomplete::new("unexpected", why));
        }
        match self.roster.max_age_hours {
            Some(most) if age > SignedDuration::from_hours(most) => {
                let why = format!("the export is of {exported}, {} old, and `max-age` is {}: export anew", spoken(age), spoken_hours(most));
                Err(Incomplete::new("failed", why))
            }
            _ => Ok(()),
        }
    }

    /// When the export was made, where the connection says so.
    pub(super) fn age(&self) -> Option<Remark> {
        let exported = self.roster.exported?;
        let age = self.now.duration_since(exported);
        let is_old = age > OLD && self.roster.max_age_hours.is_none();
        let noticed = if is_old { Noticed::Old } else { Noticed::Age };
        let old = if age > SignedDuration::ZERO { format!(", {} old", spoken(age)) } else { String::new() };
        let more =
            if is_old { ", and no `max-age` says how old it may be: whoever came or left since is not in it; export anew" } else { "" };
        Some(Remark { noticed, member: None, message: format!("the export is of {exported}{old}{more}") })
    }

    /// Which column each header stands over.
    fn columns(&self, header: &[String]) -> Result<BTreeMap<String, usize>, Incomplete> {
        let mut at = BTreeMap::new();
        let mut problems = Vec::new();
        for wanted in self.headers() {
            let found: Vec<usize> = (0..header.len()).filter(|i| header[*i] == wanted.value).collect();
            match found[..] {
                [one] => {
                    at.insert(wanted.value.clone(), one);
                }
                [] => {
                    let near = nearest(&wanted.value, header.iter().map(String::as_str));
                    let hint = near.map(|n| format!("; did you mean {}?", quoted(n))).unwrap_or_default();
                    let has = header.iter().take(MOST_TOLD).map(|h| quoted(h)).collect::<Vec<_>>().join(", ");
                    problems.push(format!("{}: no column {} among {has}{hint}", wanted.at, quoted(&wanted.value)));
                }
                _ => problems.push(format!("{}: the export has {} columns {}", wanted.at, found.len(), quoted(&wanted.value))),
            }
        }
        if problems.is_empty() { Ok(at) } else { Err(Incomplete { code: "unexpected", problems }) }
    }

    /// `users.csv:7: what`, the first ones of many.
    fn incomplete(&self, code: &'static str, troubles: Vec<Trouble>) -> Incomplete {
        let file = self.roster.file.value.display();
        let more = troubles.len().saturating_sub(MOST_TOLD);
        let mut problems: Vec<String> = troubles.into_iter().take(MOST_TOLD).map(|t| format!("{file}:{}: {}", t.line, t.what)).collect();
        if more > 0 {
            problems.push(format!("{file}: {more} more like these"));
        }
        Incomplete { code, problems }
    }
}

impl Reader for RosterReader {
    fn caps(&self) -> &Caps {
        &self.caps
    }
    fn fetch(&self) -> BoxFuture<'_, Reading> {
        async {
            match self.members() {
                Ok(members) => Reading {
                    members,
                    domains: Known::Unreadable,
                    whoami: None,
                    tenant: None,
                    // All in one piece; nothing in it says how many there should be.
                    proof: Ok(Proof::OnePage),
                    remarks: self.age().into_iter().collect(),
                },
                Err(why) => Reading::incomplete(why),
            }
        }
        .boxed()
    }
}

/// What the export has columns for. Nothing is written, so that every step is made by hand.
pub(super) fn caps(spec: &SystemSpec, tenant: &Tenant, reads: BTreeSet<Key>, has_status: bool) -> Caps {
    Caps {
        keeps_ends: spec.has_native_ends() && reads.contains("end"),
        reads,
        writes: BTreeMap::new(),
        reads_domains: false,
        // Without statuses somebody who was invited looks like somebody who is in.
        reads_invitations: has_status,
        // Whoever works in the console has been let in.
        registered: tenant.actor.member.clone(),
        best_proof: Proof::OnePage,
    }
}

fn spoken(age: SignedDuration) -> String {
    spoken_hours(age.as_hours())
}

fn spoken_hours(hours: i64) -> String {
    if hours % 24 == 0 || hours > 72 { format!("{} days", hours / 24) } else { format!("{hours} hours") }
}

/// Reads any bytes as an export.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(
    spec: &'static SystemSpec,
    tenant: &Tenant,
    roster: &Roster,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Vec<Live>, Incomplete> {
    RosterReader::new(spec, tenant.clone(), roster.clone(), PathBuf::new(), now).members_of(bytes)
}
