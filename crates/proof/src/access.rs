//! What a member may do, where and until when: recomputed from the permission rows.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::evidence::{Account, Attribute, Attrs, Axis, Direction, Domains, Kind, Member, Phase, Reading, Row, System, domain_of};

/// A permission, less the word of a deny-list that is not denied, and where: the account as a whole, or
/// a word.
pub type Permit<'a> = (&'a str, Option<&'a str>, Option<&'a str>);
pub type Permits<'a> = BTreeSet<Permit<'a>>;

/// In place of the scopes of a member that nothing here can read: somewhere.
const SOMEWHERE: &str = "?";

impl System {
    pub fn attribute(&self, key: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|a| a.key == key)
    }

    pub fn is_chief(&self, key: &str) -> bool {
        self.attribute(key).is_some_and(|a| a.chief)
    }

    /// Keys of an axis that add to access: no deny-lists.
    fn adding(&self, axis: Axis) -> impl Iterator<Item = &Attribute> {
        self.attributes.iter().filter(move |a| a.axis == axis && a.kind == Kind::Set && !a.denies)
    }

    /// Every word that these deny.
    pub fn denied<'a>(&'a self, all: &[&'a Attrs]) -> BTreeSet<&'a str> {
        let lists = || self.attributes.iter().filter(|a| a.denies);
        all.iter().flat_map(|attrs| lists().flat_map(|list| words(attrs.get(&list.key)))).collect()
    }

    /// All that the attributes permit; of deny-lists, `denied` are the words that make a difference.
    pub fn permits<'a>(&'a self, attrs: &'a Attrs, denied: &BTreeSet<&'a str>) -> Permits<'a> {
        let mut all = Permits::new();
        for row in self.rows.iter().filter(|row| row.holds(attrs)) {
            let each = row.each.iter().flat_map(|key| words(attrs.get(key))).map(Some);
            for scope in row.account.then_some(None).into_iter().chain(each) {
                all.insert((row.permission.as_str(), None, scope));
                if let Some(list) = &row.denied_by {
                    let taken: BTreeSet<&str> = words(attrs.get(list)).collect();
                    all.extend(denied.difference(&taken).map(|word| (row.permission.as_str(), Some(*word), scope)));
                }
            }
        }
        all
    }

    /// All that can be done by these: what each permission includes as well.
    pub fn abilities<'a>(&'a self, permits: &Permits<'a>) -> Permits<'a> {
        let included = permits.iter().flat_map(|(permission, word, scope)| {
            let others = self.includes.get(*permission).into_iter().flatten();
            others.map(|other| (other.as_str(), *word, *scope))
        });
        included.chain(permits.iter().copied()).collect()
    }

    /// Administering permissions, and where.
    pub fn power<'a>(&'a self, attrs: &'a Attrs) -> Permits<'a> {
        self.permits(attrs, &BTreeSet::new()).into_iter().filter(|(permission, ..)| self.administers.contains(*permission)).collect()
    }

    /// The names of the administering permissions that are held somewhere.
    pub fn administering<'a>(&'a self, attrs: &'a Attrs) -> BTreeSet<&'a str> {
        self.power(attrs).into_iter().map(|(permission, ..)| permission).collect()
    }

    pub fn counts_for_floor(&self, attrs: &Attrs) -> bool {
        self.permits(attrs, &BTreeSet::new()).iter().any(|(permission, ..)| self.floor.permissions.contains(*permission))
    }

    /// What it does to access, judged as sets: permissions × scopes, ends, and what nobody can judge.
    pub fn direction(&self, before: &Attrs, after: &Attrs) -> Direction {
        let denied = self.denied(&[before, after]);
        let (had, has) = (self.permits(before, &denied), self.permits(after, &denied));
        let (mut widens, mut narrows) = (!has.is_subset(&had), !had.is_subset(&has));
        for attribute in &self.attributes {
            let (was, is) = (before.get(&attribute.key), after.get(&attribute.key));
            if was == is {
                continue;
            }
            if attribute.axis == Axis::Unknown || [was, is].into_iter().flatten().any(|v| attribute.is_foreign(v)) {
                (widens, narrows) = (true, true);
            }
            if attribute.axis == Axis::Until {
                let (was, is) = (Until::of(was), Until::of(is));
                widens |= is > was;
                narrows |= is < was;
            }
        }
        Direction::of(widens, narrows)
    }

    pub fn has_foreign_word(&self, attrs: &Attrs) -> bool {
        self.attributes.iter().any(|a| attrs.get(&a.key).is_some_and(|v| a.is_foreign(v)))
    }

    pub fn is_untouchable(&self, member: &Member) -> bool {
        self.untouchable.as_ref().is_some_and(|u| member.seen.get(&u.key).and_then(Json::as_str) == Some(u.word.as_str()))
    }

    /// Scopes that cannot be read are somewhere, the same before and after.
    pub fn with_unread(&self, attrs: &Attrs, reading: &Reading) -> Attrs {
        let mut all = attrs.clone();
        for scopes in self.adding(Axis::Where).filter(|a| !reading.reads.contains(&a.key)) {
            if self.rows.iter().any(|r| !r.account && r.each.as_ref() == Some(&scopes.key) && !r.when.is_empty()) {
                all.insert(scopes.key.clone(), Json::from(vec![SOMEWHERE]));
            }
        }
        all
    }

    /// How many scopes are held.
    pub fn scopes(&self, attrs: &Attrs) -> usize {
        self.adding(Axis::Where).map(|a| words(attrs.get(&a.key)).count()).sum()
    }

    /// Whether of two that both administer the second holds less of what may be handed on.
    pub fn loses_power(&self, before: &Attrs, after: &Attrs) -> bool {
        let (had, has) = (self.power(before), self.power(after));
        let lesser = |a: &Attribute| {
            let kept: BTreeSet<&str> = words(after.get(&a.key)).collect();
            words(before.get(&a.key)).any(|w| !kept.contains(w))
        };
        !had.is_subset(&has) || !had.is_empty() && self.adding(Axis::Power).filter(|a| !a.chief).any(lesser)
    }

    /// The latest end.
    pub fn until(&self, attrs: &Attrs) -> Until {
        let ends = self.attributes.iter().filter(|a| a.axis == Axis::Until);
        ends.map(|a| Until::of(attrs.get(&a.key))).min().unwrap_or(Until::Ever)
    }

    /// All that is seen, and what the server left out though it shows: a blank.
    pub fn whole(&self, member: &Member, reading: &Reading) -> Attrs {
        let mut all = member.seen.clone();
        for a in self.attributes.iter().filter(|a| reading.reads.contains(&a.key) && !member.hidden.contains(&a.key)) {
            if let (None, Some(blank)) = (all.get(&a.key), a.kind.blank()) {
                all.insert(a.key.clone(), blank);
            }
        }
        all
    }

    /// Whether the person has accepted an invitation, as far as the server tells: names that come with the
    /// registration are a sign where invitations do not show, and of those whose access ended.
    pub fn has_registered(&self, address: &str, member: &Member, reading: &Reading) -> bool {
        let certain = reading.registered.as_deref() == Some(address);
        let names = self.attributes.iter().filter(|a| a.axis == Axis::Label && self.names_after_registration);
        let named: Vec<bool> = names.map(|a| member.seen.contains_key(&a.key)).collect();
        match member.phase {
            Phase::Pending => false,
            Phase::Active | Phase::Locked => reading.reads_invitations || certain || named.contains(&true),
            Phase::Expired | Phase::Suspended => certain || !named.contains(&false),
        }
    }

    /// Whether the member counts for the least number of administrators, for certain: nothing that does
    /// not show, and no word that is unknown, makes one.
    /// Whom the whitelist keeps out is none, but where all of them are kept out.
    pub fn is_administrator(&self, address: &str, member: &Member, account: &Account) -> bool {
        self.has_the_status(address, member, &account.reading) && !self.is_kept_out(address, account)
    }

    /// Whether the whitelist keeps the address from administering: somebody whom it lets in does.
    pub fn is_kept_out(&self, address: &str, account: &Account) -> bool {
        let reading = &account.reading;
        let is_let_in = |(who, other): (&String, &Member)| !is_cut_off(who, account) && self.has_the_status(who, other, reading);
        is_cut_off(address, account) && reading.members.iter().any(is_let_in)
    }

    fn has_the_status(&self, address: &str, member: &Member, reading: &Reading) -> bool {
        member.phase == Phase::Active
            && member.seen.keys().any(|k| self.is_chief(k))
            && !self.has_foreign_word(&member.seen)
            && self.counts_for_floor(&member.seen)
            && self.counts_for_floor(&self.with_unread(&member.seen, reading))
            && self.has_registered(address, member, reading)
    }
}

/// Whether the whitelist keeps the address out, as it is and as it shall be; no phase shows it.
fn is_cut_off(address: &str, account: &Account) -> bool {
    let admits = |domains: &Domains| match domains {
        Domains::Off(_) => true,
        Domains::Only(list) => list.contains(domain_of(address)),
    };
    account.reading.domains.as_ref().is_some_and(|live| !admits(live)) && !account.policy.domains.as_ref().is_some_and(admits)
}

impl Row {
    fn holds(&self, attrs: &Attrs) -> bool {
        self.when.iter().all(|(key, wanted)| match attrs.get(key) {
            Some(Json::Bool(flag)) => wanted.contains(if *flag { "true" } else { "false" }),
            value => words(value).any(|w| wanted.contains(w)),
        })
    }
}

impl Attribute {
    /// A word that the product's fixed list lacks: nobody knows what it gives.
    fn is_foreign(&self, value: &Json) -> bool {
        self.words.as_ref().is_some_and(|known| words(Some(value)).any(|w| !known.contains(w)))
    }

    /// Whether the value is of the attribute's kind.
    pub fn takes(&self, value: &Json) -> bool {
        match self.kind {
            Kind::One | Kind::Text => value.is_string(),
            Kind::Set => value.as_array().is_some_and(|all| {
                let words: Vec<&str> = all.iter().filter_map(Json::as_str).collect();
                words.len() == all.len() && words.is_sorted_by(|a, b| a < b)
            }),
            Kind::Flag => value.is_boolean(),
            Kind::Day => value.as_str().map_or(value.is_null(), is_day),
            Kind::Opaque => true,
        }
    }
}

/// `2026-12-31`, so that days sort as their texts do.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.bytes().enumerate().all(|(i, b)| if matches!(i, 4 | 7) { b == b'-' } else { b.is_ascii_digit() })
}

impl Kind {
    /// What says nothing; none where nothing would be no value.
    pub fn blank(self) -> Option<Json> {
        match self {
            Kind::One | Kind::Text => None,
            Kind::Set => Some(Json::Array(Vec::new())),
            Kind::Flag => Some(Json::Bool(false)),
            Kind::Day => Some(Json::Null),
            Kind::Opaque => Some(Json::Object(serde_json::Map::new())),
        }
    }
}

/// The last day; no end is the latest of all. Days are spelt so that they sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Until {
    Day(String),
    Ever,
}

impl Until {
    pub fn of(value: Option<&Json>) -> Self {
        value.and_then(Json::as_str).map_or(Self::Ever, |day| Self::Day(day.to_owned()))
    }
}

/// One word, or those of a set.
pub fn words(value: Option<&Json>) -> impl Iterator<Item = &str> {
    let (one, all) = match value {
        Some(Json::String(one)) => (Some(one.as_str()), &[][..]),
        Some(Json::Array(all)) => (None, all.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(all.iter().filter_map(Json::as_str))
}
