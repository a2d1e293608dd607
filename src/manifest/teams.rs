use std::collections::{HashMap, HashSet};

use super::{Manifests, TeamMember};
use crate::model::Atom;

/// Everyone in a team, teams in teams included; each team that is asked for is looked through once.
/// Cycles end where they close: [`Diagnostic`](super::Diagnostic)s name them.
pub struct Teams<'m> {
    all: &'m Manifests,
    people: HashMap<&'m Atom, Vec<&'m Atom>>,
}

impl<'m> Teams<'m> {
    pub fn of(all: &'m Manifests) -> Self {
        Self { all, people: HashMap::new() }
    }

    /// The people of a team, sorted by id, each once.
    pub fn people(&mut self, team: &'m Atom) -> &[&'m Atom] {
        if !self.people.contains_key(team) {
            let people = self.walk(team);
            self.people.insert(team, people);
        }
        self.people.get(team).map_or(&[], Vec::as_slice)
    }

    /// No recursion: a chain of teams may be as long as a file.
    fn walk(&self, team: &'m Atom) -> Vec<&'m Atom> {
        let (mut seen, mut open, mut people) = (HashSet::from([team]), vec![team], Vec::new());
        while let Some(next) = open.pop() {
            if let Some(known) = self.people.get(next) {
                people.extend_from_slice(known);
                continue;
            }
            for member in self.all.teams.get(next).map(|t| t.members.as_slice()).unwrap_or_default() {
                match &member.value {
                    TeamMember::Person(id) => people.push(id),
                    TeamMember::Team(id) if seen.insert(id) => open.push(id),
                    TeamMember::Team(_) => {}
                }
            }
        }
        people.sort_unstable();
        people.dedup();
        people
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load_texts;

    fn loaded(text: &str) -> Manifests {
        load_texts([("t.yaml", text)], "2026-11-22T09:00:00Z".parse().unwrap()).manifests
    }
    fn names<'m>(teams: &mut Teams<'m>, all: &'m Manifests, team: &str) -> Vec<&'m str> {
        let (team, _) = all.teams.get_key_value(team).unwrap();
        teams.people(team).iter().map(|id| id.as_str()).collect()
    }

    #[test]
    fn people_of_teams_in_teams_are_named_once_and_sorted() {
        let all = loaded(
            "people:\n  b: { email: b@x.example }\n  a: { email: a@x.example }\n  c: { email: c@x.example }\nteams:\n  one: [b, { team: two }, { team: three }]\n  two: [a, { team: three }]\n  three: [c, b]\n  none: []\n",
        );
        let mut teams = Teams::of(&all);
        assert_eq!(names(&mut teams, &all, "two"), ["a", "b", "c"]);
        assert_eq!(names(&mut teams, &all, "one"), ["a", "b", "c"], "what is known is not walked again");
        assert_eq!(names(&mut teams, &all, "none"), [""; 0]);
    }

    #[test]
    fn teams_that_hold_each_other_end() {
        let all = loaded("people:\n  a: { email: a@x.example }\nteams:\n  one: [{ team: two }]\n  two: [a, { team: one }]\n");
        let mut teams = Teams::of(&all);
        assert_eq!((names(&mut teams, &all, "one"), names(&mut teams, &all, "two")), (vec!["a"], vec!["a"]));
    }

    #[test]
    fn a_chain_of_teams_as_long_as_a_file_ends() {
        let chain: String = (0..30_000).map(|i| format!("  t{i}: [{{ team: t{} }}]\n", i + 1)).collect();
        let all = loaded(&format!("people:\n  a: {{ email: a@x.example }}\nteams:\n{chain}  t30000: [a]\n"));
        assert_eq!(names(&mut Teams::of(&all), &all, "t0"), ["a"]);
    }
}
