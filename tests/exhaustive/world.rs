//! Every world of a system.

use portcullis::model::{Atom, Attrs, Value};
use portcullis::sandbox::Stored;

/// What somebody has, or is asked for: the attributes as a manifest has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Held {
    /// The role, or the group.
    pub role: &'static str,
    pub scopes: &'static [&'static str],
}

/// One person: what is there, what is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person {
    pub live: Option<(bool, Held)>,
    pub wanted: Option<Held>,
}

pub type World = [Person; 3];

/// A system, and what three people can have there.
pub struct Kind {
    pub system: &'static str,
    pub connection: &'static str,
    /// Beside the three: who is always there.
    pub owner: Option<&'static str>,
    /// All that somebody can have, be invited to, and be asked for.
    pub all: &'static [Held],
    /// What whoever does not change has.
    pub bystanders: &'static [Held],
    pub scopes: [&'static str; 2],
    pub minimum: u32,
    /// The first person is the actor, who has this and is not like the others.
    pub actor: Option<&'static str>,
    /// Whether faults are tried where two people change.
    pub faults_of_two: bool,
}

const fn held(role: &'static str, scopes: &'static [&'static str]) -> Held {
    Held { role, scopes }
}

const OF_EMMA_HQ: &[Held] = &[
    held("administrator", &["apac"]),
    held("administrator", &["emea"]),
    held("administrator", &["apac", "emea"]),
    held("author", &["apac"]),
    held("author", &["emea"]),
    held("author", &["apac", "emea"]),
];

/// The owner is the actor and administers; a second administrator must stay.
pub const EMMA_HQ: Kind = Kind {
    system: "emma-hq",
    connection: "system: emma-hq, backend: embedded, timezone: UTC, subaccounts: [apac, emea], actor: { role: parent }",
    owner: Some("parent"),
    all: OF_EMMA_HQ,
    bystanders: &[held("administrator", &["apac", "emea"])],
    scopes: ["apac", "emea"],
    minimum: 2,
    actor: None,
    faults_of_two: false,
};

const OF_SOLVER: &[Held] = &[held("standard", &[]), held("super-user", &[])];

/// The actor is one of the three.
pub const SOLVER: Kind = Kind {
    system: "solver",
    connection: "system: solver, backend: embedded, timezone: UTC, actor: { role: super-user, member: p0@acme.example }",
    owner: None,
    all: OF_SOLVER,
    bystanders: OF_SOLVER,
    scopes: ["", ""],
    minimum: 1,
    actor: Some("super-user"),
    faults_of_two: true,
};

impl Held {
    pub fn attrs(self, system: &str) -> Attrs {
        let word = |text: &str| Atom::new(text).expect("a word");
        if system == "solver" {
            return Attrs::from([("groups", Value::Set([word(self.role)].into()))]);
        }
        let scopes = self.scopes.iter().map(|s| word(s)).collect();
        Attrs::from([("role", Value::One(word(self.role))), ("subaccounts", Value::Set(scopes))])
    }

    /// As a manifest has it.
    pub fn written(self, system: &str) -> String {
        if system == "solver" {
            format!("groups: [{}]", self.role)
        } else {
            format!("role: {}, subaccounts: [{}]", self.role, self.scopes.join(", "))
        }
    }

    /// With the other scope in the place of the one.
    fn swapped(self, kind: &Kind) -> Self {
        let other = |s: &&str| if *s == kind.scopes[0] { kind.scopes[1] } else { kind.scopes[0] };
        let scopes: std::collections::BTreeSet<&str> = self.scopes.iter().map(other).collect();
        *kind
            .all
            .iter()
            .find(|h| h.role == self.role && h.scopes.iter().copied().eq(scopes.iter().copied()))
            .expect("the other is there, too")
    }
}

impl Person {
    pub fn stored(held: (bool, Held)) -> Stored {
        if held.0 { Stored::Active } else { Stored::Pending }
    }

    fn is_changed(&self) -> bool {
        self.live.map(|(_, held)| held) != self.wanted
    }

    fn swapped(self, kind: &Kind) -> Self {
        Self { live: self.live.map(|(active, held)| (active, held.swapped(kind))), wanted: self.wanted.map(|held| held.swapped(kind)) }
    }
}

pub fn changed(world: &World) -> usize {
    world.iter().filter(|p| p.is_changed()).count()
}

impl Kind {
    fn people(&self) -> Vec<Person> {
        let mut lives = vec![None];
        lives.extend([true, false].into_iter().flat_map(|active| self.all.iter().map(move |h| Some((active, *h)))));
        let wanted = || std::iter::once(None).chain(self.all.iter().map(|h| Some(*h)));
        lives.into_iter().flat_map(|live| wanted().map(move |wanted| Person { live, wanted })).collect()
    }

    /// Every world in which one or two people change, one of those that are alike.
    pub fn worlds(&self) -> Vec<World> {
        let people = self.people();
        let stays = |held: Held| Person { live: Some((true, held)), wanted: Some(held) };
        let bystanders: Vec<Person> =
            std::iter::once(Person { live: None, wanted: None }).chain(self.bystanders.iter().map(|h| stays(*h))).collect();
        let fits = |p: &Person| p.is_changed() || bystanders.contains(p);
        let people: Vec<Person> = people.into_iter().filter(fits).collect();
        let mut all = Vec::new();
        for a in &people {
            for b in &people {
                for c in &people {
                    let world = [*a, *b, *c];
                    if (1..=2).contains(&changed(&world)) && self.is_first(&world) && self.is_actor(a) {
                        all.push(world);
                    }
                }
            }
        }
        all
    }

    /// Whether that can be the first of the three.
    fn is_actor(&self, first: &Person) -> bool {
        self.actor.is_none_or(|role| first.live.is_some_and(|(active, held)| active && held.role == role))
    }

    /// Of those that are alike.
    fn is_first(&self, world: &World) -> bool {
        let sorted = |mut world: World| {
            world[usize::from(self.actor.is_some())..].sort();
            world
        };
        let is_sorted = sorted(*world) == *world;
        is_sorted && (self.scopes[0].is_empty() || *world <= sorted(world.map(|p| p.swapped(self))))
    }
}
