use jiff::civil::Date;
use jiff::{Timestamp, tz::TimeZone};

use crate::model::Tenant;

/// The instant of a call, and which day it is in the account's timezone.
pub(super) struct Clock {
    pub now: Timestamp,
    pub today: Date,
    zone: TimeZone,
}

impl Clock {
    pub(super) fn new(now: Timestamp, tenant: &Tenant) -> Self {
        Self { now, today: now.to_zoned(tenant.zone.clone()).date(), zone: tenant.zone.clone() }
    }
    /// An end is inclusive to 23:59:59 of its day in the account's timezone (SYSTEMS.md I3). Days
    /// are compared, not seconds, so a day of 23 or 25 hours needs no thought.
    pub(super) fn is_over(&self, end: Date) -> bool {
        self.today > end
    }
    /// Whether the end was over at that instant.
    pub(super) fn was_over(&self, end: Date, at: Timestamp) -> bool {
        at.to_zoned(self.zone.clone()).date() > end
    }
    /// When the day is over.
    pub(super) fn first_second_after(&self, end: Date) -> Option<Timestamp> {
        Some(end.tomorrow().ok()?.to_zoned(self.zone.clone()).ok()?.timestamp())
    }
    /// The last second of the day.
    pub(super) fn last_second(&self, end: Date) -> Timestamp {
        let last = end.at(23, 59, 59, 0).to_zoned(self.zone.clone()).map(|z| z.timestamp());
        last.unwrap_or(self.now)
    }
}
