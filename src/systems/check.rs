use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;

use crate::model::{Action, Atom, Attrs};

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
    pub needs: Needs,
}

impl Demand {
    /// Both at once, under the first code: a part of it would only lead to the next block.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { lacks: self.lacks.or(other.lacks), needs: self.needs.and(other.needs) }
    }
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
    /// "sees all subaccounts of the person".
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
