//! Effective permissions and direction, once for all systems.

use std::collections::BTreeSet;

use crate::model::{Atom, Attrs, Direction, Key, Permits, Scope, Value};

use super::spec::{Axis, Kind, PermitRow, Scopes, SystemSpec};

impl SystemSpec {
    /// The rows that hold × their scopes. Words of deny-lists take `permission:word` away; which
    /// words there are is known only by comparison, so [`SystemSpec::direction`] passes both sides'.
    pub fn permits(&self, attrs: &Attrs) -> Permits {
        self.permits_among(attrs, &self.denied(attrs))
    }

    /// The names of the permissions that are held somewhere, sorted.
    pub fn permissions(&self, attrs: &Attrs) -> BTreeSet<Atom> {
        self.rows.iter().filter(|r| !self.scopes_of(r, attrs).is_empty()).map(|r| Atom::literal(r.permission)).collect()
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
        self.holds_one(attrs, self.administers)
    }

    /// Whether the holder counts for the least number of administrators.
    pub fn counts_for_floor(&self, attrs: &Attrs) -> bool {
        self.holds_one(attrs, self.floor.permissions)
    }

    /// Whether the attributes hold a word whose row is high risk by itself (M7).
    pub fn is_high_risk(&self, attrs: &Attrs) -> bool {
        self.high_risk.iter().any(|(key, word)| holds(attrs, key, &[word]))
    }

    fn holds_one(&self, attrs: &Attrs, permissions: &[&str]) -> bool {
        self.rows.iter().any(|r| permissions.contains(&r.permission) && !self.scopes_of(r, attrs).is_empty())
    }

    fn permits_among(&self, attrs: &Attrs, denied: &BTreeSet<Atom>) -> Permits {
        let mut all = Permits::new();
        for row in self.rows {
            for scope in self.scopes_of(row, attrs) {
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

    fn scopes_of(&self, row: &PermitRow, attrs: &Attrs) -> Vec<Scope> {
        if !row.when.iter().all(|(key, words)| holds(attrs, key, words)) {
            return Vec::new();
        }
        let each = |key: Key| attrs.get(key).and_then(Value::as_set).into_iter().flatten().cloned().map(Scope::In);
        match row.scopes {
            Scopes::Account => vec![Scope::Account],
            Scopes::Each(key) => each(key).collect(),
            Scopes::AccountAndEach(key) => std::iter::once(Scope::Account).chain(each(key)).collect(),
        }
    }
}

fn holds(attrs: &Attrs, key: &str, words: &[&str]) -> bool {
    match attrs.get(key) {
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
