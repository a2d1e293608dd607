//! Every code of a diagnostic, with what it says in one line. Codes are stable: scripts and
//! suppressions rely on them. Each has a section in `docs/diagnostics.md`.

/// Code and one line, sorted by code.
pub const ALL: &[(&str, &str)] = &[
    ("actor-without-scope", "an actor that does not see everyone names nothing that it sees"),
    ("address-claimed-twice", "one address belongs to two people"),
    ("attribute-conflict", "two entries give one person different values of an attribute"),
    ("bad-address", "a text is no e-mail address"),
    ("bad-date", "a text is no day or no instant"),
    ("bad-domain", "a text is no domain name"),
    ("bad-duration", "a text is no duration"),
    ("bad-endpoint", "a text is no address of a server"),
    ("bad-recipient", "a text is no age key that links can be encrypted to"),
    ("bad-utf-8", "a file holds bytes that are no UTF-8"),
    ("bad-word", "a name or word is empty, padded or too long"),
    ("bad-zone", "a text is no time zone"),
    ("connection-shared", "two accounts use one connection of a system without tenants, or one export"),
    ("control-character", "a text holds a control or invisible formatting character"),
    ("domain-not-listed", "an address is not of a domain that the account lists"),
    ("duplicate-key", "a mapping has one key twice"),
    ("duplicate-name", "two files give the same name"),
    ("empty-domains", "a whitelist is empty"),
    ("empty-set", "a required set is empty"),
    ("end-has-passed", "an entry stands in the file after its end"),
    ("end-in-nothing", "an entry grants nothing on any day"),
    ("end-too-far", "an end is further ahead than the system takes"),
    ("exactly-one", "one of several keys is needed, and one alone"),
    ("feature-off", "an attribute needs a feature that this account lacks"),
    ("groups-conflict", "two entries give one person different groups"),
    ("guard-fixed", "a guard has no limit that could be written"),
    ("guard-too-lax", "a guard is laxer than it may be"),
    ("listed-and-absent", "one address is a member and must be absent"),
    ("listed-and-ignored", "one address is a member and is ignored"),
    ("missing-fact", "two facts of a connection belong together"),
    ("missing-key", "a required key is missing"),
    ("missing-members", "an authoritative account does not say who its members are"),
    ("name-conflict", "two entries give one person two names"),
    ("name-without-email", "an entry names somebody of the directory"),
    ("no-native-end", "`renew` on a system without ends of its own"),
    ("no-value", "a key has no value"),
    ("not-a-file", "something is called like a manifest and is no regular file"),
    ("not-assignable", "a word can be found and not asked for"),
    ("not-embedded", "`sandbox load` names an account that is not embedded"),
    ("not-for-this-backend", "a key does not belong to this backend"),
    ("not-reviewed", "nobody reviewed an account for a quarter"),
    ("not-yet-supported", "a key or word is known and not built yet"),
    ("outside-the-folder", "a link or a path leaves the folder of the manifests"),
    ("privileged-without-reason", "an administering grant has no reason"),
    ("profile-without-section", "a profile says nothing for an account"),
    ("protected-and-gone", "one address is protected and must go"),
    ("protected-and-leaves", "somebody who leaves on a later day is protected"),
    ("renew-without-end", "`renew` without an end"),
    ("repeated-word", "a list has one item twice"),
    ("role-conflict", "two entries give one person different roles on one day"),
    ("role-spreads", "an override gives a role on scopes for which no entry asked it"),
    ("start-after-end", "an entry starts after it ends"),
    ("system-differs", "an account restates another system than its connection"),
    ("team-cycle", "teams hold each other"),
    ("temporary-administrator", "an administrator has an end"),
    ("temporary-without-end", "somebody from outside has no end"),
    ("tenant-shared", "two accounts are one tenant of a connection"),
    ("timezone-missing", "a day needs a timezone that the connection does not name"),
    ("token-shared", "two connections take their token from one variable"),
    ("too-large", "a file is larger than what is read"),
    ("unknown-account", "an account has no connection"),
    ("unknown-attribute", "the system does not know this attribute"),
    ("unknown-connection", "no connection has this name"),
    ("unknown-key", "a key is not known here"),
    ("unknown-person", "no person has this id"),
    ("unknown-profile", "no profile has this name"),
    ("unknown-section", "a section of a profile names no account and no system"),
    ("unknown-team", "no team has this id"),
    ("unknown-word", "a word is none of those that its place takes"),
    ("unmanaged-section", "a profile gives access to an account whose members are not managed"),
    ("unreadable-file", "a file or folder cannot be read"),
    ("unused-profile", "nobody is given a profile"),
    ("word-needs-other", "a word belongs to other words"),
    ("wrong-setting", "a setting does not apply to this system"),
    ("wrong-type", "a value is of another kind than its place takes"),
    ("wrong-value", "a value is out of its range"),
    ("yaml-alias", "aliases stand for too much, or for themselves"),
    ("yaml-depth", "values are nested too deeply"),
    ("yaml-key", "a key is no plain text"),
    ("yaml-many-documents", "a file holds more than one document"),
    ("yaml-merge", "`<<` takes mappings"),
    ("yaml-size", "a file holds too many values"),
    ("yaml-syntax", "a text is no YAML"),
    ("yaml-tag", "a tag is not known"),
];

/// The one line of a code.
pub fn line(code: &str) -> Option<&'static str> {
    ALL.binary_search_by_key(&code, |(c, _)| c).ok().map(|at| ALL[at].1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    #[test]
    fn codes_are_unique_kebab_case_and_sorted() {
        assert!(ALL.is_sorted_by(|a, b| a.0 < b.0));
        for (code, line) in ALL {
            assert!(!line.is_empty() && !line.ends_with('.'), "{code}");
            let kebab = code.split('-').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
            assert!(kebab, "{code}");
            assert_eq!(super::line(code), Some(*line));
        }
    }

    #[test]
    fn every_code_has_a_section_and_every_section_a_code() {
        let docs = fs::read_to_string(root().join("docs/diagnostics.md")).unwrap();
        let sections: Vec<_> = docs.lines().filter_map(|l| l.strip_prefix("## `")?.strip_suffix('`')).collect();
        assert_eq!(sections, ALL.iter().map(|(code, _)| *code).collect::<Vec<_>>());
    }

    fn files(dir: &Path, out: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }

    /// Codes stand where diagnostics are made: in the source as the first text after one of these.
    #[test]
    fn every_code_in_the_source_is_listed() {
        let makers = ["Diagnostic::error(", "Diagnostic::warning(", "Refused { code: ", "Finding {", "problem("];
        let (mut paths, mut found) = (Vec::new(), BTreeSet::new());
        files(&root().join("src"), &mut paths);
        for path in paths.iter().filter(|p| !p.ends_with("codes.rs")) {
            let text = fs::read_to_string(path).unwrap();
            let source = text.split("#[cfg(test)]").next().unwrap_or_default();
            for maker in makers {
                for (at, _) in source.match_indices(maker) {
                    let rest = source[at + maker.len()..].trim_start();
                    let rest = rest.strip_prefix("code: ").unwrap_or(rest);
                    if let Some(code) = rest.strip_prefix('"').and_then(|r| r.split('"').next()) {
                        found.insert(code.to_string());
                    }
                }
            }
        }
        assert!(found.len() > 50, "{found:?}");
        let listed: BTreeSet<_> = ALL.iter().map(|(code, _)| (*code).to_string()).collect();
        assert_eq!(found.difference(&listed).collect::<Vec<_>>(), [] as [&String; 0]);
    }
}
