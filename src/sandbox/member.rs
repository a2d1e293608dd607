use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::{Attrs, Email, Invitation, Phase, Value};
use crate::systems::{Axis, Kind, Life, SystemSpec};

use super::clock::Clock;

/// The phase that is written down; the clock adds the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stored {
    Pending,
    Active,
    Locked,
    Expired,
    Suspended,
}

impl Stored {
    pub const ALL: [Stored; 5] = [Stored::Pending, Stored::Active, Stored::Locked, Stored::Expired, Stored::Suspended];

    pub fn word(self) -> &'static str {
        match self {
            Stored::Pending => "pending",
            Stored::Active => "active",
            Stored::Locked => "locked",
            Stored::Expired => "expired",
            Stored::Suspended => "suspended",
        }
    }
    /// The phase of that name.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// One membership as the server keeps it.
#[derive(Debug, Clone)]
pub(super) struct Member {
    pub email: Email,
    pub stored: Stored,
    /// When the newest invitation went out.
    pub sent: Option<Timestamp>,
    pub declined: bool,
    /// The last change: an end that passed since then was written to the person about.
    pub since: Timestamp,
    /// Invitations to this address that nobody accepted, deleted memberships included.
    pub attempts: u32,
    /// Complete but for the name, which is missing until someone sets it.
    pub attrs: Attrs,
}

impl Member {
    pub(super) fn end(&self) -> Option<Date> {
        self.attrs.get("end").and_then(Value::as_day)
    }

    /// Where the membership stands now. Nothing is written when time alone moves it.
    pub(super) fn phase(&self, spec: &SystemSpec, clock: &Clock) -> Phase {
        let ended = self.end().is_some_and(|end| clock.is_over(end));
        match self.stored {
            Stored::Suspended => Phase::Suspended,
            Stored::Expired => Phase::Expired,
            Stored::Pending | Stored::Active | Stored::Locked if ended => Phase::Expired,
            Stored::Active => Phase::Active,
            Stored::Locked => Phase::Locked,
            Stored::Pending => {
                Phase::Pending { sent: self.sent, attempts: Some(self.attempts.max(1)), state: self.invitation(spec, clock) }
            }
        }
    }

    /// The instants at which time alone moves it: the end of its access, and that of its invitation.
    pub(super) fn turns(&self, spec: &SystemSpec, clock: &Clock) -> impl Iterator<Item = Timestamp> {
        let over = self.end().and_then(|end| clock.first_second_after(end));
        let sent = self.sent.filter(|_| self.stored == Stored::Pending);
        let lapses = sent.zip(invitation_days(spec)).and_then(|(sent, days)| Timestamp::from_second(sent.as_second() + seconds(days)).ok());
        over.into_iter().chain(lapses)
    }

    fn invitation(&self, spec: &SystemSpec, clock: &Clock) -> Invitation {
        let days = invitation_days(spec);
        let age = self.sent.map(|sent| clock.now.as_second() - sent.as_second());
        match (days, age) {
            _ if self.declined => Invitation::Declined,
            (Some(days), Some(age)) if age >= seconds(days) => Invitation::Over,
            _ => Invitation::Open,
        }
    }
}

/// An access period that ends sooner ends the membership itself, see [`Member::phase`].
fn invitation_days(spec: &SystemSpec) -> Option<u16> {
    match spec.invitation.life {
        Life::Days(days) | Life::DaysOrEnd(days) => Some(days),
        Life::Setting => None,
    }
}

fn seconds(days: u16) -> i64 {
    i64::from(days) * 24 * 3600
}

/// What a new member has where nobody said anything.
pub(super) fn defaults(spec: &SystemSpec, attrs: &mut Attrs) {
    for attr in spec.attrs {
        if attr.axis == Axis::Until && !spec.has_native_ends() {
            continue;
        }
        let value = match attr.kind {
            Kind::Set { .. } => Value::Set(BTreeSet::new()),
            Kind::Flag => Value::Flag(false),
            Kind::Day => Value::Day(None),
            Kind::Opaque => Value::Opaque(serde_json::Value::Object(serde_json::Map::new())),
            Kind::One(_) | Kind::Text => continue,
        };
        attrs.insert_if_absent(attr.key, value);
    }
}

/// Attributes as they are kept: one JSON object.
pub(super) fn encode(attrs: &Attrs) -> String {
    let object: serde_json::Map<String, serde_json::Value> = attrs.iter().map(|(k, v)| ((*k).to_owned(), v.to_json())).collect();
    serde_json::Value::Object(object).to_string()
}
