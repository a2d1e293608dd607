//! The permission rows of a system turned round: permission × role × where, from the literals alone.

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Key;
use crate::systems::{AttrSpec, PermitRow, Scopes, SystemSpec};

use super::page::{Cell, Matrix, MatrixRow};

/// One role: a word of the attribute that decides what a member may do, or that attribute where its
/// words are known to the server alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Role {
    pub attr: Key,
    pub word: Option<&'static str>,
}

impl Role {
    pub fn all(spec: &'static SystemSpec) -> Vec<Role> {
        let words = |a: &'static AttrSpec| match a.kind.fixed() {
            Some(words) => words.iter().map(|w| Role { attr: a.key, word: Some(w.word) }).collect(),
            None => vec![Role { attr: a.key, word: None }],
        };
        spec.chiefs().flat_map(words).collect()
    }

    pub fn name(self) -> &'static str {
        self.word.unwrap_or(self.attr)
    }

    fn is_one_of(self, words: &[&str]) -> bool {
        self.word.is_some_and(|w| words.contains(&w))
    }
}

/// One permission, and each way to hold it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct PermissionView {
    pub permission: &'static str,
    /// Whether its holder can change who has access.
    pub administers: bool,
    pub held: Vec<HeldView>,
}

/// One way to hold a permission.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HeldView {
    /// The role, or the attribute that stands in its place.
    pub role: &'static str,
    /// Whether it holds for the account.
    pub account: bool,
    /// The attribute in each word of which it holds.
    pub each: Option<&'static str>,
    /// What must be set beside the role: an attribute, and one of these words.
    pub needs: Vec<NeedView>,
    /// The list each word of which takes it away.
    pub less: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NeedView {
    pub attribute: &'static str,
    /// Empty: any word.
    pub words: Vec<&'static str>,
}

impl HeldView {
    /// Whether the role alone gives it.
    pub fn is_unconditional(&self) -> bool {
        self.needs.is_empty()
    }

    fn of(spec: &SystemSpec, row: &'static PermitRow, role: Role) -> Option<Self> {
        let mut needs = Vec::new();
        let mut by_role = false;
        for (key, words) in row.when {
            if *key == role.attr {
                by_role = true;
                if role.word.is_some() && !role.is_one_of(words) {
                    return None;
                }
            } else if spec.is_chief(key) {
                return None;
            } else {
                let words: Vec<&'static str> = words.iter().copied().filter(|w| goes_with(spec, key, w, role)).collect();
                if words.is_empty() {
                    return None;
                }
                needs.push(NeedView { attribute: key, words });
            }
        }
        let (account, each) = match row.scopes {
            Scopes::Account => (true, None),
            Scopes::Each(key) => (false, Some(key)),
            Scopes::AccountAndEach(key) => (true, Some(key)),
        };
        if let Some(key) = each.filter(|k| !account && *k != role.attr) {
            if spec.is_chief(key) || !goes_with(spec, key, "", role) {
                return None;
            }
            if !by_role && needs.is_empty() {
                needs.push(NeedView { attribute: key, words: Vec::new() });
            }
        }
        Some(Self { role: role.name(), account, each, needs, less: row.denied_by })
    }

    /// `account, each of groups`.
    fn scopes(&self) -> String {
        let each = self.each.map(|key| format!("each of `{key}`"));
        let account = self.account.then(|| "account".to_owned());
        account.into_iter().chain(each).collect::<Vec<_>>().join(", ")
    }

    /// `with pii: true`; nothing where the scope says it already.
    fn condition(&self) -> Option<String> {
        let need = |n: &NeedView| match &n.words[..] {
            [] => format!("`{}`", n.attribute),
            words => format!("`{}: {}`", n.attribute, words.join(" or ")),
        };
        let is_said = self.needs.iter().all(|n| n.words.is_empty() && self.each == Some(n.attribute));
        (!is_said).then(|| format!("with {}", self.needs.iter().map(need).collect::<Vec<_>>().join(" and ")))
    }
}

/// Whether the limits of the system let a word of an attribute (any, where empty) stand beside the role.
fn goes_with(spec: &SystemSpec, key: &str, word: &str, role: Role) -> bool {
    spec.limits
        .iter()
        .filter(|l| l.attr == key && l.with == role.attr && (l.words.is_empty() || l.words.contains(&word)))
        .all(|l| role.is_one_of(l.one_of))
}

/// Every permission in the order of the rows, with each way to hold it.
pub fn permissions(spec: &'static SystemSpec) -> Vec<PermissionView> {
    let roles = Role::all(spec);
    let mut all: Vec<PermissionView> = Vec::new();
    for row in spec.rows {
        let held = roles.iter().filter_map(|role| HeldView::of(spec, row, *role));
        match all.iter_mut().find(|p| p.permission == row.permission) {
            Some(known) => known.held.extend(held),
            None => all.push(PermissionView {
                permission: row.permission,
                administers: spec.administers.contains(&row.permission),
                held: held.collect(),
            }),
        }
    }
    all
}

/// The same as a matrix.
pub fn matrix(spec: &'static SystemSpec) -> Matrix {
    let roles = Role::all(spec);
    let rows = permissions(spec).into_iter().map(|p| {
        let cells = roles.iter().map(|role| {
            let ways: Vec<&HeldView> = p.held.iter().filter(|h| h.role == role.name()).collect();
            match ways.iter().any(|h| h.is_unconditional()) {
                true => Cell::Yes,
                false if ways.is_empty() => Cell::No,
                false => Cell::If,
            }
        });
        MatrixRow { label: p.permission.to_owned(), marked: p.administers, cells: cells.collect(), says: says(&p) }
    });
    Matrix { columns: roles.iter().map(|r| r.name().to_owned()).collect(), rows: rows.collect() }
}

/// Where it holds, each way once; which roles are meant only where ways differ.
fn says(permission: &PermissionView) -> String {
    let scopes = |held: &HeldView| {
        let less = held.less.map(|key| format!(", less each of `{key}`")).unwrap_or_default();
        format!("{}{less}", held.scopes())
    };
    let mut everywhere: Vec<String> = permission.held.iter().map(scopes).collect();
    everywhere.dedup();
    if let [one] = &everywhere[..] {
        let mut conditions: Vec<String> = permission.held.iter().filter_map(HeldView::condition).collect();
        conditions.sort();
        conditions.dedup();
        return if conditions.is_empty() { one.clone() } else { format!("{one}; c: {}", conditions.join(" or ")) };
    }
    let mut ways: Vec<(String, Vec<&str>)> = Vec::new();
    for held in &permission.held {
        let condition = held.condition().map(|c| format!(" {c}")).unwrap_or_default();
        let way = format!("{}{condition}", scopes(held));
        match ways.iter_mut().find(|(w, _)| *w == way) {
            Some((_, roles)) => roles.push(held.role),
            None => ways.push((way, vec![held.role])),
        }
    }
    let most = ways.iter().map(|(_, roles)| roles.len()).max().unwrap_or(0);
    let one = |(way, roles): &(String, Vec<&str>)| match roles.len() {
        n if n == most && n > 1 => format!("others: {way}"),
        _ => format!("{}: {way}", roles.join(", ")),
    };
    ways.iter().map(one).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Atom, Attrs, Scope, Value};
    use crate::systems::{self, Kind};

    fn value(spec: &SystemSpec, key: &str, word: &str) -> Value {
        match spec.attr(key).expect("an attribute").kind {
            Kind::Flag => Value::Flag(word == "true"),
            Kind::Set { .. } => Value::Set(BTreeSet::from([Atom::new(word).unwrap()])),
            _ => Value::One(Atom::new(word).unwrap()),
        }
    }

    fn of(spec: &SystemSpec, role: Role) -> (Key, Value) {
        (role.attr, value(spec, role.attr, role.word.unwrap_or("some")))
    }

    #[test]
    fn each_way_that_is_shown_gives_the_permission_there() {
        for spec in systems::ALL {
            for role in Role::all(spec) {
                for permission in permissions(spec) {
                    for held in permission.held.iter().filter(|h| h.role == role.name()) {
                        let mut attrs = Attrs::from([of(spec, role)]);
                        for need in &held.needs {
                            attrs.insert(need.attribute, value(spec, need.attribute, need.words.first().unwrap_or(&"some")));
                        }
                        if let Some(key) = held.each.filter(|k| !attrs.contains_key(k)) {
                            attrs.insert(key, value(spec, key, "some"));
                        }
                        let permits = spec.permits(&attrs);
                        let at = |scope: Scope| permits.contains(&(Atom::literal(permission.permission), scope));
                        let place = format!("{} {} {}", spec.name, role.name(), permission.permission);
                        assert!(!held.account || at(Scope::Account), "{place}: account");
                        assert!(held.each.is_none() || at(Scope::In(Atom::new("some").unwrap())), "{place}: {:?}", held.each);
                    }
                }
            }
        }
    }

    /// With everything else set that may stand beside the role.
    #[test]
    fn what_is_not_shown_is_not_held() {
        for spec in systems::ALL {
            for role in Role::all(spec) {
                let mut attrs = Attrs::from([of(spec, role)]);
                for attr in spec.attrs.iter().filter(|a| !spec.is_chief(a.key)) {
                    let words: BTreeSet<Atom> = match &attr.kind {
                        Kind::Set { denies: false, .. } => {
                            let fixed = attr.kind.fixed().map(|w| w.iter().map(|w| w.word).collect()).unwrap_or(vec!["some"]);
                            fixed.into_iter().filter(|w| goes_with(spec, attr.key, w, role)).map(Atom::literal).collect()
                        }
                        Kind::Flag => {
                            attrs.insert(attr.key, Value::Flag(true));
                            continue;
                        }
                        _ => continue,
                    };
                    attrs.insert(attr.key, Value::Set(words));
                }
                let shown: BTreeSet<&str> =
                    permissions(spec).iter().filter(|p| p.held.iter().any(|h| h.role == role.name())).map(|p| p.permission).collect();
                let held = spec.permissions(&attrs);
                let held: BTreeSet<&str> = held.iter().map(Atom::as_str).collect();
                assert_eq!(shown, held, "{} {}", spec.name, role.name());
            }
        }
    }
}
