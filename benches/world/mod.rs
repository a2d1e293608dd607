//! A made-up company as manifests and as live state: the same bytes for the same numbers. People in
//! files of a thousand, a third of them granted through teams, the rest by entries of their own,
//! each on five of forty subaccounts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The clock of every run (`PORTCULLIS_NOW`).
pub const NOW: &str = "2026-11-22T09:00:00Z";
/// The account of every world.
pub const ACCOUNT: &str = "newsletter";

/// Subaccounts that a member has: grants are members × this.
pub const SCOPES: u64 = 5;
const SUBACCOUNTS: u64 = 40;
const PEOPLE_A_FILE: u64 = 1000;
const TEAM: u64 = 20;

const GIVEN: [&str; 24] = [
    "Ada", "Grace", "Joan", "Alan", "Barbara", "Edsger", "Frances", "Donald", "Hedy", "Ivan", "Jean", "Kurt", "Lise", "Mary", "Niklaus",
    "Olga", "Peter", "Radia", "Sophie", "Tony", "Ursula", "Vint", "Wendy", "Yukihiro",
];
const FAMILY: [&str; 20] = [
    "Lovelace",
    "Hopper",
    "Clarke",
    "Turing",
    "Liskov",
    "Dijkstra",
    "Allen",
    "Knuth",
    "Lamarr",
    "Sutherland",
    "Bartik",
    "Goedel",
    "Meitner",
    "Keller",
    "Wirth",
    "Holberton",
    "Naur",
    "Perlman",
    "Wilson",
    "Hoare",
];

/// What a world is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Live is as desired, but for so many of 1,000 members: in equal parts invited, in another
    /// role, on other subaccounts, under another name, and strangers who are to go.
    Changed(u64),
    /// Nobody is there yet.
    Empty,
    /// Two halves (insider): administrators who are to be viewers, and viewers who are to administer.
    Swap,
}

/// How big, and what for.
#[derive(Debug, Clone, Copy)]
pub struct World {
    pub name: &'static str,
    pub members: u64,
    pub kind: Kind,
}

/// A world on the disk.
pub struct Written {
    pub folder: PathBuf,
    /// Outside the folder: it is no manifest.
    pub live: PathBuf,
    /// Of the manifests.
    pub bytes: u64,
    pub files: usize,
}

/// One person, as desired.
struct Person {
    id: String,
    email: String,
    name: String,
    role: &'static str,
    subaccounts: Vec<u64>,
    /// In a team; else with an entry of their own.
    team: Option<u64>,
    /// Full until a day, beside what they have always.
    elevated: bool,
}

impl World {
    /// Writes the manifests to `NAME/` below `at` and the live state beside it.
    ///
    /// # Errors
    /// What the disk answers.
    pub fn write(&self, at: &Path) -> io::Result<Written> {
        let folder = at.join(self.name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("people"))?;
        fs::create_dir_all(folder.join("accounts"))?;
        let mut out = Writer { folder: folder.clone(), bytes: 0, files: 0 };
        out.file("connections.yaml", &self.connections())?;
        out.file("guards.yaml", &guards())?;
        for first in (0..self.members).step_by(usize::try_from(PEOPLE_A_FILE).unwrap_or(1000)) {
            let last = (first + PEOPLE_A_FILE).min(self.members);
            out.file(&format!("people/{:03}.yaml", first / PEOPLE_A_FILE), &self.people(first, last))?;
        }
        out.file("teams.yaml", &self.teams())?;
        out.file("accounts/newsletter.yaml", &self.account())?;
        let live = at.join(format!("{}.live", self.name));
        fs::write(&live, self.live())?;
        Ok(Written { folder, live, bytes: out.bytes, files: out.files })
    }

    fn person(&self, i: u64) -> Person {
        let given = GIVEN[index(i, 1, GIVEN.len())];
        let family = FAMILY[index(i, 2, FAMILY.len())];
        let team = (self.kind != Kind::Swap && i.is_multiple_of(3)).then_some(i / 3 / TEAM);
        let (role, subaccounts) = match team {
            Some(team) => (role(team, 9), subaccounts(team, 9)),
            None => (role(i, 3), subaccounts(i, 3)),
        };
        Person {
            id: format!("p{i:06}"),
            email: format!("{}.{}.{i}@acme.example", given.to_lowercase(), family.to_lowercase()),
            name: format!("{given} {family}"),
            role: match self.kind {
                Kind::Swap if i.is_multiple_of(2) => "administrator",
                Kind::Swap => "viewer",
                Kind::Changed(_) | Kind::Empty => role,
            },
            subaccounts,
            team,
            elevated: self.kind != Kind::Swap && team.is_none() && i % 25 == 1,
        }
    }

    fn connections(&self) -> String {
        let head = format!("connections:\n  {ACCOUNT}:\n    backend: embedded\n    timezone: Europe/Paris\n");
        match self.kind {
            Kind::Swap => head + "    system: insider\n    actor: { role: administrator }\n",
            Kind::Changed(_) | Kind::Empty => {
                let all: Vec<String> = (0..SUBACCOUNTS).map(subaccount).collect();
                format!("{head}    system: emma-hq\n    actor: {{ role: parent }}\n    subaccounts: [{}]\n", all.join(", "))
            }
        }
    }

    fn people(&self, first: u64, last: u64) -> String {
        let mut text = String::from("people:\n");
        for p in (first..last).map(|i| self.person(i)) {
            let _ = writeln!(text, "  {}: {{ email: {}, name: {} }}", p.id, p.email, p.name);
        }
        text
    }

    fn teams(&self) -> String {
        let mut text = String::from("teams:\n");
        let mut open = None;
        for p in (0..self.members).map(|i| self.person(i)) {
            let Some(team) = p.team else { continue };
            if open != Some(team) {
                let _ = writeln!(text, "  team-{team:05}:");
                open = Some(team);
            }
            let _ = writeln!(text, "    - {}", p.id);
        }
        if open.is_some() { text } else { String::new() }
    }

    fn account(&self) -> String {
        let mut text = format!("accounts:\n  {ACCOUNT}:\n    mode: authoritative\n    members:\n");
        let mut open = None;
        for (i, p) in (0..self.members).map(|i| (i, self.person(i))) {
            if let Some(team) = p.team {
                if open != Some(team) {
                    let _ = writeln!(text, "      - team: team-{team:05}\n        role: {}\n{}", p.role, written(&p.subaccounts));
                    open = Some(team);
                }
                continue;
            }
            let _ = writeln!(text, "      - person: {}\n        role: {}", p.id, p.role);
            if self.kind != Kind::Swap {
                let _ = writeln!(text, "{}", written(&p.subaccounts));
            }
            if i % 3 == 1 {
                let _ = writeln!(text, "        reason: \"Campaigns of {}, TICKET-{i}\"", 2020 + i % 7);
            }
            // Some within the next 30 days.
            if self.kind != Kind::Swap && i % 11 == 4 && !p.elevated {
                let _ = writeln!(text, "        end: 2027-{:02}-{:02}", 1 + i % 12, 1 + i % 28);
            }
            if p.elevated {
                let day = 1 + i % 28;
                let _ = writeln!(text, "      - person: {}\n        role: full\n{}", p.id, written(&p.subaccounts));
                let _ = writeln!(text, "        end: 2026-12-{day:02}\n        reason: \"Launch, TICKET-{i}\"");
            }
        }
        text
    }

    fn live(&self) -> String {
        let mut text = format!("accounts:\n  {ACCOUNT}:\n    members:\n");
        if self.kind != Kind::Swap {
            text += "      - { email: owner@acme.example, name: Olga Owner, role: parent }\n";
        }
        let changed = match self.kind {
            Kind::Changed(of_thousand) => of_thousand,
            Kind::Empty => return text,
            Kind::Swap => 0,
        };
        for i in 0..self.members {
            let p = self.person(i);
            let mut now = if p.elevated { "full" } else { p.role };
            let (mut name, mut scopes) = (p.name, p.subaccounts);
            if self.kind == Kind::Swap {
                now = if p.role == "viewer" { "administrator" } else { "viewer" };
            }
            if mixed(i, 7) % 1000 < changed {
                match mixed(i, 8) % 5 {
                    0 => continue,
                    1 => now = if now == "author" { "editor" } else { "author" },
                    2 => {
                        let other = (0..SUBACCOUNTS).find(|s| !scopes.contains(s));
                        scopes = scopes.into_iter().skip(1).chain(other).collect();
                    }
                    3 => name += " Smith",
                    _ => {
                        let _ = writeln!(
                            text,
                            "      - {{ email: gone.{i}@acme.example, name: Gone Long, role: author, subaccounts: [{}] }}",
                            subaccount(i % SUBACCOUNTS)
                        );
                    }
                }
            }
            let _ = write!(text, "      - {{ email: {}, name: {name}, role: {now}", p.email);
            let _ = if self.kind == Kind::Swap { writeln!(text, " }}") } else { writeln!(text, ", subaccounts: [{}] }}", listed(&scopes)) };
        }
        text
    }
}

struct Writer {
    folder: PathBuf,
    bytes: u64,
    files: usize,
}

impl Writer {
    fn file(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.bytes += text.len() as u64;
        self.files += 1;
        fs::write(self.folder.join(name), text)
    }
}

/// Limits that no world trips: a tripped guard would leave work out.
fn guards() -> String {
    let codes = ["removals", "reductions", "cancelled-invitations", "cut-off", "new-administrators", "end-extensions", "invitations"];
    let mut text = String::from("guards:\n");
    for code in codes {
        let _ = writeln!(text, "  {code}: {{ count: 1000000, percent: 100, most: 1000000 }}");
    }
    text
}

fn written(scopes: &[u64]) -> String {
    format!("        subaccounts: [{}]", listed(scopes))
}

fn listed(scopes: &[u64]) -> String {
    scopes.iter().map(|s| subaccount(*s)).collect::<Vec<_>>().join(", ")
}

fn subaccount(i: u64) -> String {
    let region = ["emea", "apac", "amer", "nord", "dach"][index(i, 0, 5)];
    format!("{region}-brand-{i:02}")
}

fn role(i: u64, salt: u64) -> &'static str {
    match mixed(i, salt) % 200 {
        0 => "manager",
        1..=3 => "administrator",
        4..=40 => "full",
        41..=110 => "editor",
        111..=180 => "author",
        _ => "response-only",
    }
}

/// Five different ones, sorted.
fn subaccounts(i: u64, salt: u64) -> Vec<u64> {
    let start = mixed(i, salt + 10) % SUBACCOUNTS;
    let mut all: Vec<u64> = (0..SCOPES).map(|n| (start + n * (SUBACCOUNTS / SCOPES - 1)) % SUBACCOUNTS).collect();
    all.sort_unstable();
    all
}

fn index(i: u64, salt: u64, length: usize) -> usize {
    usize::try_from(mixed(i, salt) % length as u64).unwrap_or(0)
}

/// SplitMix64's finalizer: no dependency on a generator of random numbers.
fn mixed(i: u64, salt: u64) -> u64 {
    let mut z = i.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
