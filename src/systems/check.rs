use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::model::{Action, Atom, Attrs, Tenant};

/// One resolved entry of a manifest, as the checks see it: what it asks for and for how long.
pub struct Dated<'a> {
    pub attrs: &'a Attrs,
    pub end: Option<Date>,
    pub rolling: bool,
    /// The day on which the manifest is judged, in the account's timezone.
    pub today: Date,
}

/// What a check found, at the key it names or at the whole entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The stable code of the diagnostic.
    pub code: &'static str,
    pub key: Option<&'static str>,
    pub message: String,
    pub hint: Option<String>,
}

/// A change as the rules on actors see it.
pub struct Seeking<'a> {
    pub action: Action,
    /// Whether the person is a member already.
    pub exists: bool,
    /// Whether the member holds more than is seen.
    pub partly_seen: bool,
    /// Whether the change deletes an invitation and sends a new one, which grants all of it again.
    pub anew: bool,
    /// All that is seen of the member, and all that it would be: not only what differs.
    pub before: &'a Attrs,
    pub after: &'a Attrs,
}

/// What a rule asks of whoever makes a change, and under which code this actor lacks it. The demand is
/// the same for every actor: what one happens to have must not go missing in what the next is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// A `blocked` code of the contract; none where this actor has all that is asked.
    pub lacks: Option<&'static str>,
    /// What this actor lacks, in words, each with its rule: one code stands for more than one reason.
    pub why: Vec<String>,
    pub needs: Needs,
}

impl Demand {
    pub fn new(lacks: Option<&'static str>, needs: Needs) -> Self {
        Self { lacks, why: Vec::new(), needs }
    }
    /// Says what is lacking; nothing where nothing is.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why.extend(self.lacks.is_some().then(|| why.into()));
        self
    }
    /// The same, with the rule that asks it.
    #[must_use]
    pub fn by(mut self, rule: &str) -> Self {
        self.why.iter_mut().for_each(|why| *why = format!("{why} ({rule})"));
        self
    }
    /// Both at once, under the first code: a part of it would only lead to the next block.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.why.extend(other.why);
        Self { lacks: self.lacks.or(other.lacks), why: self.why, needs: self.needs.and(other.needs) }
    }
}

/// Whoever `needs` would name, as the actor of the same change: tried before it is named.
pub struct StandIn {
    pub who: Who,
    pub tenant: Tenant,
    /// Whether it, too, sees a part of the member.
    pub partly_seen: bool,
    /// What the member would be seen to hold, and be asked to hold: all that it may come to, where
    /// this actor does not see everything.
    pub views: Vec<(Attrs, Attrs)>,
}

/// `needs` of a system whose actors all see the same: nobody has to be tried.
pub(super) fn nobody_stands_in(_: &Tenant, _: &Who, _: &Seeking<'_>) -> Option<Vec<StandIn>> {
    None
}

/// Somebody who could make a change: a role, and what the rules ask of it beside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// With its article: "a manager".
    role: &'static str,
    has: Having,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Having {
    /// Scopes to hold.
    of: BTreeSet<Atom>,
    /// Powers to hold.
    with: BTreeSet<Atom>,
    /// "sees the person and all their subaccounts".
    who: BTreeSet<&'static str>,
}

impl Who {
    /// Somebody of whom nothing else is asked.
    pub fn new(role: &'static str) -> Self {
        Self { role, has: Having::default() }
    }
    /// Who holds all of these scopes.
    pub fn of(mut self, scopes: impl IntoIterator<Item = Atom>) -> Self {
        self.has.of.extend(scopes);
        self
    }
    pub fn with(mut self, powers: impl IntoIterator<Item = Atom>) -> Self {
        self.has.with.extend(powers);
        self
    }
    pub fn who(mut self, does: &'static str) -> Self {
        self.has.who.insert(does);
        self
    }

    pub(super) fn role(&self) -> &'static str {
        self.role
    }
    pub(super) fn scopes(&self) -> &BTreeSet<Atom> {
        &self.has.of
    }
    pub(super) fn powers(&self) -> &BTreeSet<Atom> {
        &self.has.with
    }
    pub(super) fn does(&self, what: &str) -> bool {
        self.has.who.contains(what)
    }
}

impl Having {
    fn and(&mut self, other: Self) {
        self.of.extend(other.of);
        self.with.extend(other.with);
        self.who.extend(other.who);
    }
}

/// Who could make a change: any of these. What several rules ask is one sentence ([`Needs::and`]):
/// whoever obeys it is not refused by the next rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs(Vec<Who>);

impl Needs {
    pub fn any(of: impl IntoIterator<Item = Who>) -> Self {
        Self(of.into_iter().collect())
    }

    /// Those who would be allowed the change: of the stand-ins for each, the first that `passes`; who
    /// has none is named untried.
    #[must_use]
    pub fn tried(self, stand_ins: impl Fn(&Who) -> Option<Vec<StandIn>>, passes: impl Fn(&StandIn) -> bool) -> Self {
        let tried = |who: Who| match stand_ins(&who) {
            None => Some(who),
            Some(all) => all.into_iter().find(|s| passes(s)).map(|s| s.who),
        };
        Self(self.0.into_iter().filter_map(tried).collect())
    }

    /// Both at once: the roles that both name, with all that either asks of them.
    #[must_use]
    pub fn and(mut self, mut other: Self) -> Self {
        self.0.retain_mut(|who| {
            let Some(i) = other.0.iter().position(|o| o.role == who.role) else { return false };
            who.has.and(other.0.swap_remove(i).has);
            true
        });
        self
    }
}

/// "a parent, or a manager of apac and emea with edit-managers": roles of whom the same is asked share
/// its words.
impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<(Vec<&str>, &Having)> = Vec::new();
        for who in &self.0 {
            match groups.last_mut() {
                Some((roles, has)) if **has == who.has => roles.push(who.role),
                _ => groups.push((vec![who.role], &who.has)),
            }
        }
        let last = groups.len().saturating_sub(1);
        for (i, (roles, has)) in groups.iter().enumerate() {
            if i > 0 {
                f.write_str(if i == last { ", or " } else { ", " })?;
            }
            match roles.split_last() {
                Some((role, [])) => f.write_str(role)?,
                Some((role, more)) => write!(f, "{} or {role}", more.join(", "))?,
                None => {}
            }
            write!(f, "{has}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Having {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (before, words) in [(" of ", &self.of), (" with ", &self.with)] {
            if !words.is_empty() {
                write!(f, "{before}{}", words.iter().map(Atom::as_str).collect::<Vec<_>>().join(" and "))?;
            }
        }
        for (i, does) in self.who.iter().enumerate() {
            write!(f, " {} {does}", if i == 0 { "who" } else { "and" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
