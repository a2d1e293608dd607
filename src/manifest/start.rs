//! The texts of a new folder of manifests: one connection, one person, one account in which that
//! person administers. All that depends on the system comes from its literals.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::schema;
use crate::model::{Actor, Atom, Attrs, Domain, Email, Name, Tenant, Value};
use crate::systems::{Axis, Ends, Kind, SystemSpec};

/// What a new folder is about.
pub struct Start {
    pub spec: &'static SystemSpec,
    /// Names the account and its connection.
    pub account: Atom,
    /// `embedded`, or another of the system's backends.
    pub backend: String,
    pub endpoint: Option<String>,
    /// Of the backend `roster`.
    pub export: Option<Export>,
    pub timezone: String,
    pub email: Email,
    pub name: Name,
    /// From which new members may come; empty leaves the whitelist alone.
    pub domains: Vec<Domain>,
    /// A subaccount, or what else the system's roles hold in; for systems whose administrators need one.
    pub scope: Atom,
}

/// Where an exported list lies, and what stands in which of its columns.
pub struct Export {
    /// Relative to the folder.
    pub file: String,
    /// Keys with the headers of their columns; a key with several has several columns.
    pub columns: Vec<(String, String)>,
}

impl Start {
    /// The files with their texts, in the order in which a newcomer reads them. Nothing is written.
    pub fn texts(&self) -> Vec<(String, String)> {
        let file = file_name(self.account.as_str());
        let schemas = schema::all()
            .into_iter()
            .filter(|(name, _)| *name == "manifest.schema.json" || *name == format!("{}.schema.json", self.spec.name));
        let mut texts = vec![
            ("connections.yaml".to_owned(), self.connections()),
            ("people.yaml".to_owned(), self.people()),
            (format!("accounts/{file}.yaml"), self.account()),
            (
                ".gitignore".to_owned(),
                "# the sandbox and the audit log, and links that wait to be handed over\n.portcullis/\nlinks/\n".to_owned(),
            ),
        ];
        texts.extend(schemas.map(|(name, schema)| (format!("schemas/{name}"), format!("{schema:#}\n"))));
        texts
    }

    fn connections(&self) -> String {
        let mut text = String::from("# yaml-language-server: $schema=schemas/manifest.schema.json\n\n");
        text += "# How each account is reached, and as whom. Whoever may change this file decides where tokens are sent.\n";
        text += "connections:\n";
        line(&mut text, 1, &format!("{}:", scalar(self.account.as_str())));
        line(&mut text, 2, &format!("system: {}", self.spec.name));
        if self.backend == "embedded" {
            line(&mut text, 2, "# A sandbox in one file, `.portcullis/embedded.db`: it plays the product, and mails nobody.");
        } else if self.export.is_some() {
            line(&mut text, 2, "# An exported list of the members: it is read, and every change is a step by hand.");
        } else {
            line(
                &mut text,
                2,
                &format!("# The token comes from PORTCULLIS_TOKEN_{}.", super::Connection::as_variable(self.account.as_str())),
            );
        }
        line(&mut text, 2, &format!("backend: {}", scalar(&self.backend)));
        if let Some(endpoint) = &self.endpoint {
            line(&mut text, 2, &format!("endpoint: {}", scalar(endpoint)));
        }
        if let Some(export) = &self.export {
            export.write(&mut text);
        }
        line(&mut text, 2, "# The days of `end`, `start` and `leaves` are days there.");
        line(&mut text, 2, &format!("timezone: {}", scalar(&self.timezone)));
        for (key, _) in self.scopes() {
            if let Some(fact) = self.spec.attr(key).and_then(|a| a.kind.tenant_words()) {
                line(&mut text, 2, &format!("{fact}: [{}]", scalar(self.scope.as_str())));
            }
        }
        let plain = Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
        if self.export.is_none() && self.spec.hands_links_over(&plain) {
            line(&mut text, 2, "# Nothing mails the links of invitations: they wait here to be handed over. Each is a secret.");
            line(&mut text, 2, "links: { directory: links }");
        }
        if let Some((role, is_member)) = self.actor() {
            line(&mut text, 2, "# The identity that portcullis signs in as: what it may do bounds what can be planned.");
            let member = if is_member { format!(", member: {}", scalar(self.email.shown())) } else { String::new() };
            line(&mut text, 2, &format!("actor: {{ role: {}{member} }}", scalar(role)));
        }
        text
    }

    fn people(&self) -> String {
        let mut text = String::from("# yaml-language-server: $schema=schemas/manifest.schema.json\n\n");
        text += "# Who there is. Accounts name people by these ids; an address stands here, once.\n";
        text += "people:\n";
        let (email, name) = (scalar(self.email.shown()), scalar(&self.name.to_string()));
        line(&mut text, 1, &format!("{}: {{ email: {email}, name: {name} }}", scalar(&self.id())));
        text += "\n# Named lists of people, for entries like `- team: marketing`.\n# teams:\n";
        let _ = writeln!(text, "#   marketing: [{}]", scalar(&self.id()));
        text
    }

    fn account(&self) -> String {
        let mut text = format!("# yaml-language-server: $schema=../schemas/{}.schema.json\n\n", self.spec.name);
        text += "# Who may enter the account, in which role, where and until when.\n";
        text += "accounts:\n";
        line(&mut text, 1, &format!("{}:", scalar(self.account.as_str())));
        line(&mut text, 2, "# Said again, so that an editor completes this system's words.");
        line(&mut text, 2, &format!("system: {}", self.spec.name));
        line(&mut text, 2, "# For members whom nobody lists: adopt reports them, authoritative removes them.");
        line(&mut text, 2, "mode: adopt");
        if !self.domains.is_empty() {
            let domains: Vec<String> = self.domains.iter().map(|d| scalar(d.as_str())).collect();
            line(&mut text, 2, "# New members come from these domains alone.");
            line(&mut text, 2, &format!("domains: [{}]", domains.join(", ")));
        }
        line(&mut text, 2, "members:");
        line(&mut text, 3, &format!("- person: {}", scalar(&self.id())));
        let administrator = self.administrator();
        for (key, value) in &administrator {
            line(&mut text, 4, &format!("{key}: {}", shown(value)));
        }
        line(&mut text, 4, "reason: \"First administrator\"");
        text += "\n      # Somebody outside the directory, until a day:\n";
        if self.spec.domains.is_some() {
            text += "      # Where `domains` is a whitelist, agency.example must stand in it.\n";
        }
        text += "      # - email: kim@agency.example\n      #   name: Kim Lee\n";
        for (key, value) in self.least().iter().chain(administrator.iter().filter(|(k, _)| !self.spec.is_chief(k))) {
            let _ = writeln!(text, "      #   {key}: {}", shown(value));
        }
        let limit = match self.spec.ends {
            Ends::Native { max_ahead } => format!(", at most {max_ahead} days ahead"),
            Ends::None => String::new(),
        };
        let _ = writeln!(text, "      #   end: YYYY-MM-DD   # the last day, still with access{limit}");
        text += "      #   reason: \"Launch, TICKET-40\"\n";
        text
    }

    /// The person's id: the first part of the address.
    fn id(&self) -> String {
        let local = self.email.key().split(['@', '.', '+']).next().unwrap_or_default();
        let plain: String = local.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if plain.is_empty() { "me".into() } else { plain }
    }

    /// The least attributes with which a member counts as an administrator.
    fn administrator(&self) -> Attrs {
        let scopes = self.scopes();
        let words = self.spec.chief().kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable);
        let all = words.flat_map(|w| {
            let chief = Attrs::from([(self.spec.chief().key, self.chief(w.word))]);
            let mut scoped = chief.clone();
            scoped.extend(scopes.clone());
            [chief, scoped]
        });
        all.into_iter().find(|attrs| self.spec.counts_for_floor(attrs)).unwrap_or_default()
    }

    /// The last assignable word, or of a set the first: a modest example.
    fn least(&self) -> Attrs {
        let mut words = self.spec.chief().kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable);
        let is_set = matches!(self.spec.chief().kind, Kind::Set { .. });
        let word = if is_set { words.next() } else { words.next_back() };
        word.map(|w| Attrs::from([(self.spec.chief().key, self.chief(w.word))])).unwrap_or_default()
    }

    fn chief(&self, word: &'static str) -> Value {
        let word = Atom::literal(word);
        if matches!(self.spec.chief().kind, Kind::Set { .. }) { Value::Set([word].into()) } else { Value::One(word) }
    }

    /// The attributes that say where, each with the one scope; none where an administrator needs none.
    fn scopes(&self) -> Attrs {
        let chiefs = self.spec.chief().kind.fixed().unwrap_or_default().iter().filter(|w| w.assignable);
        let counts_anywhere = |word: &'static str| self.spec.counts_for_floor(&Attrs::from([(self.spec.chief().key, self.chief(word))]));
        if chiefs.into_iter().any(|w| counts_anywhere(w.word)) {
            return Attrs::new();
        }
        let scoped = self
            .spec
            .attrs
            .iter()
            .filter(|a| a.axis == Axis::Where && a.feature.is_none() && matches!(a.kind, Kind::Set { denies: false, .. }));
        scoped.map(|a| (a.key, Value::Set([self.scope.clone()].into()))).collect()
    }

    /// The first role that administers and sees everybody, and whether the person may hold it.
    fn actor(&self) -> Option<(&'static str, bool)> {
        let words = self.spec.chief().kind.fixed().unwrap_or_default();
        words.iter().find_map(|w| {
            let attrs = Attrs::from([(self.spec.chief().key, self.chief(w.word))]);
            let actor = Actor { attrs: attrs.clone(), ..Actor::default() };
            let tenant = Tenant { name: None, zone: TimeZone::UTC, facts: BTreeMap::new(), actor };
            (self.spec.administers(&attrs) && (self.spec.sees_all)(&tenant)).then_some((w.word, w.assignable))
        })
    }
}

impl Export {
    fn write(&self, text: &mut String) {
        line(text, 2, &format!("file: {}", scalar(&self.file)));
        line(text, 2, "# Which header each key stands under. `words` explains values that are not ours, `exported` says how old it is.");
        line(text, 2, "columns:");
        let mut headers: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (key, header) in &self.columns {
            headers.entry(key).or_default().push(scalar(header));
        }
        for (key, headers) in headers {
            let all = if headers.len() == 1 { headers.concat() } else { format!("[{}]", headers.join(", ")) };
            line(text, 3, &format!("{}: {all}", scalar(key)));
        }
    }
}

fn line(text: &mut String, depth: usize, words: &str) {
    // Writing to a text cannot fail.
    let _ = writeln!(text, "{}{words}", "  ".repeat(depth));
}

fn shown(value: &Value) -> String {
    match value {
        Value::Set(words) => format!("[{}]", words.iter().map(|w| scalar(w.as_str())).collect::<Vec<_>>().join(", ")),
        Value::One(word) => scalar(word.as_str()),
        Value::Flag(_) | Value::Day(_) | Value::Text(_) | Value::Opaque(_) => value.to_json().to_string(),
    }
}

/// A text as YAML writes it: plain where every reader takes it for a text, else in double quotes, in
/// which JSON's escapes are YAML's.
fn scalar(text: &str) -> String {
    const NO_TEXT: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "now"];
    let plain = text.split(' ').all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "@._+-/".contains(c)));
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic());
    if plain && starts && !NO_TEXT.contains(&text.to_ascii_lowercase().as_str()) {
        text.to_owned()
    } else {
        serde_json::Value::from(text).to_string()
    }
}

/// One plain file name.
fn file_name(account: &str) -> String {
    let plain: String = account.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    if plain.is_empty() { "account".into() } else { plain.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::load_texts;
    use crate::systems;

    const ODD: [&str; 14] = ["no", "0777", ": #", "~", "1e3", "- a", "a: b", "\"", "\\", "'", "[x]", "é — ü", "2026-12-31", "Ada Lovelace"];

    fn start(spec: &'static SystemSpec, account: &str, name: &str) -> Start {
        Start {
            spec,
            account: Atom::new(account).unwrap(),
            backend: "embedded".into(),
            endpoint: None,
            export: None,
            timezone: "Europe/Paris".into(),
            email: Email::parse("ada.l@acme.example").unwrap(),
            name: Name::new(name),
            domains: Vec::new(),
            scope: Atom::new("main").unwrap(),
        }
    }

    #[test]
    fn odd_names_come_back_as_they_were() {
        for odd in ODD {
            let texts = start(&systems::solver::SPEC, odd, odd).texts();
            let yaml = texts.iter().filter(|(name, _)| name.ends_with(".yaml")).map(|(n, t)| (n.as_str(), t.as_str()));
            let loaded = load_texts(yaml, "2026-11-22T09:00:00Z".parse().unwrap());
            assert!(!loaded.has_errors(), "{odd}: {:?}\n{texts:?}", loaded.diagnostics);
            let person = loaded.manifests.people.values().next().unwrap();
            assert_eq!(person.name.as_ref().map(ToString::to_string).as_deref(), Some(odd));
            assert_eq!(loaded.manifests.accounts.keys().map(Atom::as_str).collect::<Vec<_>>(), [odd]);
        }
    }

    /// Whoever takes the comment signs off and puts a day in has a valid entry.
    #[test]
    fn the_entry_of_an_outsider_is_valid_once_its_day_is_put_in() {
        for spec in systems::ALL {
            let texts = start(spec, "acc", "Ada").texts();
            let account = &texts[2].1;
            let max_ahead = if let Ends::Native { max_ahead } = spec.ends { Some(max_ahead) } else { None };
            assert_eq!(account.contains("days ahead"), max_ahead.is_some(), "{account}");
            assert_eq!(account.contains("whitelist, agency.example"), spec.domains.is_some(), "{account}");
            let (head, tail) = account.split_once("      # - email").unwrap();
            let tail = format!("      # - email{tail}").replace("      # ", "      ").replace("YYYY-MM-DD", "2026-12-20");
            let whole = format!("{head}{tail}");
            let yaml = texts.iter().filter(|(name, _)| name.ends_with(".yaml") && !name.starts_with("accounts/"));
            let yaml = yaml.map(|(n, t)| (n.as_str(), t.as_str())).chain([("accounts/acc.yaml", whole.as_str())]);
            let loaded = load_texts(yaml, "2026-11-22T09:00:00Z".parse().unwrap());
            assert!(!loaded.has_errors(), "{}: {:?}\n{whole}", spec.name, loaded.diagnostics);
            assert_eq!(loaded.manifests.accounts.values().next().unwrap().members.len(), 2, "{whole}");
        }
    }

    #[test]
    fn every_system_has_a_start_without_an_error() {
        for spec in systems::ALL {
            let texts = start(spec, "acc", "Ada").texts();
            let yaml = texts.iter().filter(|(name, _)| name.ends_with(".yaml")).map(|(n, t)| (n.as_str(), t.as_str()));
            let loaded = load_texts(yaml, "2026-11-22T09:00:00Z".parse().unwrap());
            assert!(!loaded.has_errors(), "{}: {:?}\n{texts:?}", spec.name, loaded.diagnostics);
            let member = &loaded.manifests.accounts.values().next().unwrap().members[0];
            let attrs: Attrs = member.attrs.iter().map(|(k, v)| (*k, v.value.clone())).collect();
            assert!(spec.counts_for_floor(&attrs), "{}: {attrs:?}", spec.name);
        }
    }
}
