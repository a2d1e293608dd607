//! Effective permissions and direction, once for all systems.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::model::{Atom, Attrs, Caps, Direction, Domains, Key, Known, Live, Permits, Phase, Reading, Scope, Tenant, Value};

use super::spec::{Axis, Kind, Limit, PermitRow, Scopes, SystemSpec};

/// Whether a member is an active administrator, as far as a reading tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Administrator {
    Yes,
    No,
    /// The role does not show, is no word of the system, or nothing shows that the person ever
    /// accepted: never counted, and never taken away unseen.
    Perhaps,
}

impl SystemSpec {
    /// Whether the member counts for the least number of administrators, given the whitelist that is `wanted`:
    /// the planner's answer. The look before each call is for what others did, and goes by status alone.
    pub fn administrator(&self, live: &Live, reading: &Reading, wanted: Option<&Domains>, caps: &Caps) -> Administrator {
        match self.administrator_by_status(live, caps) {
            Administrator::Yes if self.is_kept_out(live, reading, wanted, caps) => Administrator::No,
            // Whoever may be one, and is kept out, is none.
            Administrator::Perhaps if self.stays_out(live, reading, wanted) => Administrator::No,
            answer => answer,
        }
    }

    /// Whether the whitelist, as it is and as it is `wanted`, keeps the member from administering: somebody whom
    /// it lets in does. Where it keeps all of them out, the product counts them all the same.
    pub fn is_kept_out(&self, live: &Live, reading: &Reading, wanted: Option<&Domains>, caps: &Caps) -> bool {
        let is_out = |live: &Live| self.stays_out(live, reading, wanted);
        is_out(live) && reading.members.iter().any(|l| !is_out(l) && self.administrator_by_status(l, caps) == Administrator::Yes)
    }

    /// Cut off, and whoever makes the plan lets them in no more than now.
    fn stays_out(&self, live: &Live, reading: &Reading, wanted: Option<&Domains>) -> bool {
        self.is_cut_off(live, &reading.domains) && wanted.is_none_or(|wanted| !wanted.admits(&live.email.domain()))
    }

    /// The same, whatever the whitelist says.
    fn administrator_by_status(&self, live: &Live, caps: &Caps) -> Administrator {
        if live.phase != Phase::Active {
            return Administrator::No;
        }
        // Everybody is asked about, and nobody copied for it.
        let seen = |key: &str| live.attr(key).seen();
        let is_foreign = |(key, value): (&Key, &Known<Value>)| value.seen().is_some_and(|value| self.is_foreign(key, value));
        if !self.chiefs().any(|a| seen(a.key).is_some()) || live.attrs.iter().any(is_foreign) {
            return Administrator::Perhaps;
        }
        let permissions = self.floor.permissions;
        let or_somewhere = |key: &str| if self.is_unread_scope(key, caps) { Some(&*SOMEWHERE) } else { seen(key) };
        if !self.holds_one(or_somewhere, permissions) {
            return Administrator::No;
        }
        if !self.holds_one(seen, permissions) {
            return Administrator::Perhaps;
        }
        if self.has_registered(live, caps) { Administrator::Yes } else { Administrator::Perhaps }
    }

    /// Takes from what is held what the role cannot hold, where that `is_new` and the attribute is not `wanted`
    /// otherwise (E10). Answers with the limits that took something.
    pub fn go_with_the_role(&self, held: &mut Attrs, wanted: &Attrs, is_new: impl Fn(Key) -> bool) -> Vec<&'static Limit> {
        let mut took = Vec::new();
        for limit in self.limits.iter().filter(|l| !wanted.contains_key(l.attr) && is_new(l.with)) {
            let fits = held.get(limit.with).and_then(Value::as_one).is_some_and(|w| limit.one_of.contains(&w.as_str()));
            let Some(Value::Set(words)) = held.get_mut(limit.attr) else { continue };
            let before = words.len();
            words.retain(|w| fits || !(limit.words.is_empty() || limit.words.contains(&w.as_str())));
            if words.len() < before {
                took.push(limit);
            }
        }
        took
    }

    /// Whether an actor who does not see everyone can see the member: whoever is left without a scope is in nobody's
    /// sight (SYSTEMS.md E4).
    pub fn is_in_sight(&self, live: &Live) -> bool {
        let scopes = self.attrs.iter().filter(|a| a.is_scope());
        scopes.filter_map(|a| live.attr(a.key).seen().and_then(Value::as_set)).all(|words| !words.is_empty())
    }

    /// Whether the tenant's actor sees all who hold a scope: one that does not see everyone, those of its own (E4).
    pub fn sees_scope(&self, tenant: &Tenant, key: Key, word: &Atom) -> bool {
        let own = tenant.actor.attrs.get(key).and_then(Value::as_set);
        (self.sees_all)(tenant) || own.is_none_or(|own| own.contains(word))
    }

    /// Whether the whitelist keeps the member out, which no status shows (SYSTEMS.md I11).
    pub fn is_cut_off(&self, live: &Live, domains: &Known<Domains>) -> bool {
        self.domains.is_some() && matches!(domains, Known::Seen(list) if !list.admits(&live.email.domain()))
    }

    /// How many of `members` are active administrators for certain, whatever the whitelist says; an untouchable
    /// one that hides is among them (emma-hq's parent).
    pub fn administrators<'a>(&self, members: impl Iterator<Item = &'a Live>, caps: &Caps) -> u32 {
        self.with_one_that_hides(members, |l| self.administrator_by_status(l, caps))
    }

    /// How many of `members` are administrators for certain by that answer, and one that hides.
    pub fn with_one_that_hides<'a>(&self, members: impl Iterator<Item = &'a Live>, answer: impl Fn(&Live) -> Administrator) -> u32 {
        let (mut seen, mut hides) = (0, self.floor.kept_by_untouchable);
        for live in members {
            seen += u32::from(answer(live) == Administrator::Yes);
            hides = hides && !(live.phase == Phase::Active && self.is_untouchable(live));
        }
        seen + u32::from(hides)
    }

    /// Whether the person has accepted an invitation, as far as the server tells. Where names come
    /// with the registration (I8), a name, be it empty, is the sign of one whose access ended, and
    /// of anyone where invitations do not show (I13); elsewhere nothing is, the actor apart, who works
    /// in the console.
    pub fn has_registered(&self, live: &Live, caps: &Caps) -> bool {
        let label = self.attrs.iter().find(|a| a.axis == Axis::Label).filter(|_| self.names_after_registration);
        match live.phase {
            Phase::Pending { .. } => false,
            Phase::Active | Phase::Locked if caps.reads_invitations => true,
            _ if caps.registered.as_ref() == Some(&live.email) => true,
            Phase::Active | Phase::Locked => label.is_some_and(|a| live.attr(a.key).seen().is_some()),
            Phase::Expired | Phase::Suspended => label.is_none_or(|a| live.attr(a.key).seen().is_some()),
        }
    }

    /// What is seen of a member, or shall be, with a scope that nobody knows in place of each scope set
    /// that this backend cannot read: who holds a role somewhere is not judged as if it were nowhere, nor
    /// as if what a human sets unseen were another place.
    pub fn with_unread_scopes(&self, seen: &Attrs, caps: &Caps) -> Attrs {
        let mut all = seen.clone();
        all.extend(self.attrs.iter().filter(|a| self.is_unread_scope(a.key, caps)).map(|a| (a.key, SOMEWHERE.clone())));
        all
    }

    /// Whether a role is held by that scope set, and this backend cannot read it.
    fn is_unread_scope(&self, key: &str, caps: &Caps) -> bool {
        !caps.reads.contains(key)
            && self.attr(key).is_some_and(|a| a.axis == Axis::Where && matches!(a.kind, Kind::Set { denies: false, .. }))
            && self.rows.iter().any(|r| matches!(r.scopes, Scopes::Each(each) if each == key) && !r.when.is_empty())
    }

    /// Whether a value holds a word that the system's fixed list does not.
    fn is_foreign(&self, key: &str, value: &Value) -> bool {
        let Some(words) = self.attr(key).and_then(|a| a.kind.fixed()) else { return false };
        let known = |w: &Atom| words.iter().any(|k| *w == k.word);
        match value {
            Value::One(w) => !known(w),
            Value::Set(s) => !s.iter().all(known),
            Value::Flag(_) | Value::Day(_) | Value::Text(_) | Value::Opaque(_) => false,
        }
    }

    /// The administering permissions of one that the other lacks: who gains one comes to administer.
    pub fn comes_to_administer(&self, before: &Attrs, after: &Attrs) -> bool {
        let held = self.permissions(before);
        self.permissions(after).iter().any(|p| self.administers.contains(&p.as_str()) && !held.contains(p))
    }

    /// Administering permissions × where.
    pub fn power(&self, attrs: &Attrs) -> Permits {
        self.permits(attrs).into_iter().filter(|(p, _)| self.administers.contains(&p.as_str())).collect()
    }

    /// The rows that hold × their scopes. Words of deny-lists take `permission:word` away; which
    /// words there are is known only by comparison, so [`SystemSpec::direction`] passes both sides'.
    pub fn permits(&self, attrs: &Attrs) -> Permits {
        self.permits_among(attrs, &self.denied(attrs))
    }

    /// The names of the permissions that are held somewhere, sorted.
    pub fn permissions(&self, attrs: &Attrs) -> BTreeSet<Atom> {
        self.rows.iter().filter(|row| is_held(row, |key| attrs.get(key))).map(|r| Atom::literal(r.permission)).collect()
    }

    /// What a change from one to the other does to access: permissions × scopes, ends, and what
    /// nobody can judge.
    pub fn direction(&self, before: &Attrs, after: &Attrs) -> Direction {
        let denied: BTreeSet<Atom> = self.denied(before).union(&self.denied(after)).cloned().collect();
        let mut all = Direction::between(&self.permits_among(before, &denied), &self.permits_among(after, &denied));
        for attr in self.attrs {
            let (b, a) = (before.get(attr.key), after.get(attr.key));
            if a == b {
                continue;
            }
            // Nobody knows what a word means that the system does not have.
            if [b, a].into_iter().flatten().any(|v| self.is_foreign(attr.key, v)) {
                all = Direction::Both;
            }
            all = all.and(match attr.axis {
                Axis::Until => until(b, a),
                Axis::Unknown => Direction::Both,
                Axis::Power | Axis::Where | Axis::Label => Direction::Neither,
            });
        }
        all
    }

    /// Whether the holder can change who has access.
    pub fn administers(&self, attrs: &Attrs) -> bool {
        self.administers_with(|key| attrs.get(key))
    }

    /// The same of values that stand elsewhere, by attribute.
    pub fn administers_with<'v>(&self, held: impl Fn(&str) -> Option<&'v Value>) -> bool {
        self.holds_one(held, self.administers)
    }

    /// Whether the holder counts for the least number of administrators.
    pub fn counts_for_floor(&self, attrs: &Attrs) -> bool {
        self.holds_one(|key| attrs.get(key), self.floor.permissions)
    }

    /// Whether the attributes hold a word whose row is high risk by itself (M7).
    pub fn is_high_risk(&self, attrs: &Attrs) -> bool {
        self.high_risk.iter().any(|(key, word)| is_one(attrs.get(key), &[word]))
    }

    fn holds_one<'v>(&self, held: impl Fn(&str) -> Option<&'v Value>, permissions: &[&str]) -> bool {
        self.rows.iter().any(|row| permissions.contains(&row.permission) && is_held(row, &held))
    }

    fn permits_among(&self, attrs: &Attrs, denied: &BTreeSet<Atom>) -> Permits {
        let mut all = Permits::new();
        for row in self.rows {
            for scope in scopes_of(row, attrs) {
                if let Some(key) = row.denied_by {
                    let taken = attrs.get(key).and_then(Value::as_set);
                    for word in denied.iter().filter(|w| !taken.is_some_and(|t| t.contains(*w))) {
                        let name = format!("{}:{word}", row.permission);
                        all.insert((Atom::new(&name).unwrap_or_else(|_| word.clone()), scope.clone()));
                    }
                }
                all.insert((Atom::literal(row.permission), scope));
            }
        }
        all
    }

    fn denied(&self, attrs: &Attrs) -> BTreeSet<Atom> {
        self.attrs
            .iter()
            .filter(|a| matches!(a.kind, Kind::Set { denies: true, .. }))
            .filter_map(|a| attrs.get(a.key)?.as_set())
            .flatten()
            .cloned()
            .collect()
    }
}

/// A scope that nobody knows.
static SOMEWHERE: LazyLock<Value> = LazyLock::new(|| Value::Set(BTreeSet::from([Atom::literal("?")])));

/// Whether the row holds, somewhere.
fn is_held<'v>(row: &PermitRow, held: impl Fn(&str) -> Option<&'v Value>) -> bool {
    let is_somewhere = |key: Key| match held(key) {
        Some(Value::Set(words)) => !words.is_empty(),
        Some(Value::One(_)) => true,
        Some(Value::Flag(_) | Value::Day(_) | Value::Text(_) | Value::Opaque(_)) | None => false,
    };
    row.when.iter().all(|(key, words)| is_one(held(key), words))
        && match row.scopes {
            Scopes::Account | Scopes::AccountAndEach(_) => true,
            Scopes::Each(key) => is_somewhere(key),
        }
}

fn scopes_of(row: &PermitRow, attrs: &Attrs) -> Vec<Scope> {
    if !is_held(row, |key| attrs.get(key)) {
        return Vec::new();
    }
    let each = |key: Key| {
        let value = attrs.get(key);
        let words = value.and_then(Value::as_set).into_iter().flatten();
        words.chain(value.and_then(Value::as_one)).cloned().map(Scope::In)
    };
    match row.scopes {
        Scopes::Account => vec![Scope::Account],
        Scopes::Each(key) => each(key).collect(),
        Scopes::AccountAndEach(key) => std::iter::once(Scope::Account).chain(each(key)).collect(),
    }
}

/// Whether a value is, or holds, one of the words.
fn is_one(value: Option<&Value>, words: &[&str]) -> bool {
    match value {
        Some(Value::One(w)) => words.contains(&w.as_str()),
        Some(Value::Set(s)) => s.iter().any(|w| words.contains(&w.as_str())),
        Some(Value::Flag(b)) => words.contains(&if *b { "true" } else { "false" }),
        Some(Value::Day(_) | Value::Text(_) | Value::Opaque(_)) | None => false,
    }
}

/// No end is the latest of all.
fn until(before: Option<&Value>, after: Option<&Value>) -> Direction {
    let day = |v: Option<&Value>| v.and_then(Value::as_day);
    match (day(before), day(after)) {
        (Some(_), None) => Direction::Widens,
        (None, Some(_)) => Direction::Narrows,
        (Some(b), Some(a)) => Direction::of(a > b, a < b),
        (None, None) => Direction::Neither,
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
