//! The rooms of `src/` and the arrows between them: imports point down, rules of a system stay in
//! `src/systems/`, nothing pure reads a clock, a file is a room and not a hall. CONTRIBUTING.md draws
//! the map that is checked here.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and what each may name of the crate. A room that stands in no row may name nothing.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("systems", &["model"]),
    ("sandbox", &["model", "systems"]),
    ("manifest", &["model", "systems"]),
    ("desired", &["model", "systems", "manifest"]),
    ("plan", &["model", "systems", "manifest", "desired"]),
    ("backends", &["model", "systems"]),
    ("apply", &["model", "systems", "manifest", "desired", "plan", "backends"]),
    ("render", &["model", "systems", "manifest", "plan", "apply"]),
    ("run", &["model", "systems", "manifest", "desired", "plan", "apply", "render", "backends", "sandbox"]),
    ("cli", &["model", "systems", "manifest", "desired", "plan", "apply", "render", "backends", "sandbox", "run"]),
    ("main", &["cli"]),
    // Built for tests and the fuzzer alone; nothing names it.
    ("fuzzing", &["model", "systems", "manifest", "desired", "plan", "apply", "render", "backends"]),
];

/// Single names that one place may take from a room which its own row leaves out.
const NARROW: &[(&str, &str, &str)] = &[
    // No writer without a cleared plan: the token, and nothing else of the planner.
    ("backends", "plan", "Cleared"),
    // The sandbox implements no backend trait; this one file does it for it.
    ("backends/embedded", "sandbox", "*"),
    // An export lies beside the manifests, is read with the same care and told in the same words.
    ("backends/roster", "manifest", "bytes_below"),
    ("backends/roster", "manifest", "diagnostic"),
    // Where a token comes from stands in the connection.
    ("backends/token", "manifest", "Connection"),
    ("backends/token", "manifest", "Auth"),
];

/// Crates that speak to a network, and the only room that may name them.
const NETWORK: &[&str] = &["reqwest", "rustls", "hyper", "hyper_util", "axum", "wiremock"];
/// The one place outside that may name these: there the sandbox is a server, on loopback alone.
const SERVER: (&str, &[&str]) = ("sandbox/serve", &["hyper", "hyper_util", "axum"]);

/// Rooms that are functions of their arguments, and what they must not touch.
const PURE: &[&str] = &["model", "systems", "desired", "plan"];
const IMPURE: &[&str] =
    &["::now()", "SystemTime", "std::fs", "std::env", "std::net", "std::process", "std::thread", "tokio", "HashMap", "HashSet", "rusqlite"];

const LINES: usize = 600;
/// What the first lines of a longer file must say, with the reason after it.
const REASON: &str = "//! Longer than 600 lines because";

/// One file, without what is compiled for tests only.
struct Source {
    /// `backends/http/client.rs`
    path: String,
    text: String,
    /// `text` without test items and comment lines.
    code: String,
}

impl Source {
    /// `backends`; `run` for `run.rs` and for what is below `run/`.
    fn room(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }
    fn is_in(&self, place: &str) -> bool {
        self.path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '/']))
    }
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).expect("src/ can be listed").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            files(&entry, into);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            into.push(entry);
        }
    }
}

/// Every file of `src/`, those apart that only tests are built from.
fn sources() -> Vec<Source> {
    let mut paths = Vec::new();
    files(root(), &mut paths);
    let texts: Vec<(PathBuf, String)> = paths.into_iter().map(|p| (p.clone(), fs::read_to_string(&p).expect("UTF-8"))).collect();
    let tests: Vec<PathBuf> = texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    let is_test = |path: &Path| tests.iter().any(|t| path == t.with_extension("rs") || path.starts_with(t.with_extension("")));
    let kept = texts.into_iter().filter(|(path, _)| !is_test(path));
    kept.map(|(path, text)| {
        let path = path.strip_prefix(root()).expect("below src/").to_str().expect("UTF-8").replace('\\', "/");
        let code = without_comments(&without_tests(&text));
        Source { path, text, code }
    })
    .collect()
}

/// The files of `#[cfg(test)] mod name;`, `#[path]` obeyed.
fn test_modules(file: &Path, text: &str) -> Vec<PathBuf> {
    let folder = file.parent().expect("a file in a folder");
    let stem = file.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
    let below = if matches!(stem, "mod" | "lib" | "main") { folder.to_path_buf() } else { folder.join(stem) };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[cfg(test)]") {
        let item = &text[at..text[at..].find([';', '{']).map_or(text.len(), |end| at + end + 1)];
        let Some(name) = item.strip_suffix(';').and_then(|i| i.rsplit_once("mod ")).map(|(_, name)| name.trim()) else { continue };
        match item.split_once("#[path = \"").and_then(|(_, rest)| rest.split_once('"')) {
            Some((path, _)) => found.push(folder.join(path)),
            None => found.push(below.join(name)),
        }
    }
    found
}

/// The text without `#[cfg(test)]` items. A module in braces is the last item of its file.
fn without_tests(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("#[cfg(test)]") {
        kept.push_str(&rest[..at]);
        let item = &rest[at..];
        let Some(end) = item.find([';', '{']) else { return kept };
        if item[end..].starts_with('{') && item[..end].contains("mod ") {
            return kept;
        }
        rest = match item[end..].strip_prefix('{') {
            Some(_) => &item[end + closing(&item[end..])..],
            None => &item[end + 1..],
        };
    }
    kept + rest
}

/// Where the brace that opens `text` is closed.
fn closing(text: &str) -> usize {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    text.len()
}

fn without_comments(text: &str) -> String {
    text.lines().filter(|l| !l.trim_start().starts_with("//")).fold(String::new(), |mut kept, line| {
        kept.push_str(line);
        kept.push('\n');
        kept
    })
}

/// `(room, first name in it)` of every path that starts with `from`: `crate::`, `portcullis::`.
fn named(code: &str, from: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices(from) {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        for path in paths(&code[at + from.len()..]).0 {
            let mut words = path.into_iter();
            if let Some(room) = words.next() {
                found.insert((room, words.next().unwrap_or_default()));
            }
        }
    }
    found
}

/// The paths of one use tree, and how much of the text it took.
fn paths(text: &str) -> (Vec<Vec<String>>, usize) {
    let skipped = text.len() - text.trim_start().len();
    let tree = &text[skipped..];
    if tree.starts_with('{') {
        let end = closing(tree);
        let (mut all, mut at) = (Vec::new(), 1);
        while at + 1 < end {
            let (some, took) = paths(&tree[at..end - 1]);
            all.extend(some);
            at += took;
            // to the next element: over the comma, an alias and white space
            at += tree[at..end - 1].find(',').map_or(end - 1 - at, |comma| comma + 1);
        }
        return (all, skipped + end);
    }
    let word = tree.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '*')).unwrap_or(tree.len());
    let first = tree[..word].to_owned();
    if first.is_empty() {
        return (Vec::new(), skipped);
    }
    match tree[word..].strip_prefix("::") {
        Some(rest) if rest.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '{' | '*')) => {
            let (below, took) = paths(rest);
            let joined = below.into_iter().map(|mut path| {
                path.insert(0, first.clone());
                path
            });
            (joined.collect(), skipped + word + 2 + took)
        }
        _ => (vec![vec![first]], skipped + word),
    }
}

/// Fails with all findings at once.
fn none(rule: &str, findings: &[String]) {
    let list = findings.iter().fold(String::new(), |mut list, f| {
        let _ = writeln!(list, "  {f}");
        list
    });
    assert!(findings.is_empty(), "{rule}:\n{list}");
}

#[test]
fn arrows_between_rooms_point_down() {
    let mut findings = Vec::new();
    for source in sources() {
        let room = source.room();
        if room == "lib" {
            continue;
        }
        let below = ARROWS.iter().find(|(name, _)| *name == room).map_or(&[][..], |(_, below)| *below);
        let named = named(&source.code, "crate::").into_iter().chain(named(&source.code, "portcullis::"));
        for (other, name) in named.filter(|(other, _)| other != room) {
            let narrow = NARROW.iter().any(|(place, of, one)| source.is_in(place) && *of == other && (*one == "*" || *one == name));
            if !narrow && !below.contains(&other.as_str()) {
                findings.push(format!("src/{} names {other}::{name}", source.path));
            }
        }
    }
    none("a room names only what is below it", &findings);
}

#[test]
fn no_room_is_left_through_its_parent() {
    let mut findings = Vec::new();
    for source in sources() {
        let words: Vec<&str> = source.path.trim_end_matches(".rs").split('/').filter(|w| *w != "mod").collect();
        let way_out = "super::".repeat(words.len());
        if !matches!(words[..], ["lib" | "main"]) && source.code.contains(&way_out) {
            findings.push(format!("src/{}: {way_out}", source.path));
        }
    }
    none("other rooms are named from the crate, where arrows are checked", &findings);
}

#[test]
fn only_backends_speak_to_a_network() {
    let mut findings = Vec::new();
    for source in sources().iter().filter(|s| s.room() != "backends") {
        for crate_name in NETWORK {
            let serves = source.is_in(SERVER.0) && SERVER.1.contains(crate_name);
            if !serves && !named(&source.code, &format!("{crate_name}::")).is_empty() {
                findings.push(format!("src/{} names {crate_name}", source.path));
            }
        }
    }
    none("HTTP is for backends, and for the sandbox as a server", &findings);
}

/// The checker judges plans only where they are about to be made, and knows nothing of who made them.
#[test]
fn only_a_run_names_the_checker_and_it_names_no_room() {
    let named = |code: &str, from: &str| !named(code, from).is_empty();
    let mut findings = Vec::new();
    for source in sources().iter().filter(|s| s.room() != "run" && named(&s.code, "portcullis_proof::")) {
        findings.push(format!("src/{} names portcullis_proof", source.path));
    }
    let mut paths = Vec::new();
    files(&root().with_file_name("crates/proof/src"), &mut paths);
    for path in paths {
        let code = without_comments(&fs::read_to_string(&path).expect("UTF-8"));
        if named(&code, "portcullis::") {
            findings.push(format!("{} names portcullis", path.display()));
        }
    }
    let manifest = fs::read_to_string(root().with_file_name("crates/proof/Cargo.toml")).expect("Cargo.toml");
    let dependencies = manifest.split("[dependencies]").nth(1).expect("dependencies");
    if dependencies.contains("portcullis") {
        findings.push("crates/proof depends on portcullis".to_owned());
    }
    none("the checker is independent", &findings);
}

#[test]
fn pure_rooms_touch_no_clock_file_or_hash_order() {
    let mut findings = Vec::new();
    // `Index` holds a hash table and lets nobody walk through it.
    for source in sources().iter().filter(|s| PURE.contains(&s.room()) && s.path != "model/index.rs") {
        findings.extend(IMPURE.iter().filter(|w| source.code.contains(**w)).map(|w| format!("src/{} names {w}", source.path)));
    }
    let index = sources().into_iter().find(|s| s.path == "model/index.rs").expect("the one hash table of the pure rooms");
    let walks = ["self.0.iter", "self.0.keys", "self.0.values", "IntoIterator for", "Deref", "derive(Debug", "Index<K, V>(pub"];
    findings.extend(walks.iter().filter(|w| index.code.contains(**w)).map(|w| format!("src/{} lets it be walked: {w}", index.path)));
    none("what is pure takes everything as an argument", &findings);
}

#[test]
fn only_the_command_line_knows_clock_environment_and_terminal() {
    let mut findings = Vec::new();
    for source in sources().iter().filter(|s| !matches!(s.room(), "cli" | "main")) {
        for word in ["Timestamp::now", "Zoned::now", "SystemTime", "std::env", "println!", "print!(", "std::io::stdin", "is_terminal"] {
            if source.code.contains(word) {
                findings.push(format!("src/{} names {word}", source.path));
            }
        }
    }
    none("the library is told the instant, the variables and where to write", &findings);
}

#[test]
fn systems_are_told_apart_in_their_own_room_alone() {
    let names = ["emma-hq", "insider", "solver", "gamoshi", "meta-gateway"];
    let mut findings = Vec::new();
    for source in sources().iter().filter(|s| !s.is_in("systems") && !s.is_in("sandbox/refusals")) {
        for name in names.iter().filter(|n| source.code.contains(&format!("\"{n}\""))) {
            findings.push(format!("src/{} names \"{name}\"", source.path));
        }
    }
    none("a rule of a system stands in src/systems", &findings);
}

#[test]
fn no_file_is_over_600_lines_without_a_reason() {
    let mut findings = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LINES && !source.text.lines().take(10).any(|l| l.starts_with(REASON)) {
            findings.push(format!("src/{} has {lines} lines", source.path));
        }
    }
    none("a file that needs a table of contents is two files", &findings);
}

#[test]
fn every_room_stands_on_the_map() {
    let rooms: BTreeSet<String> = sources().iter().map(|s| s.room().to_owned()).filter(|r| r != "lib").collect();
    let drawn: BTreeSet<String> = ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect();
    assert_eq!(rooms, drawn, "rooms of src/ and rows of ARROWS");
    let map = fs::read_to_string(root().with_file_name("CONTRIBUTING.md")).expect("CONTRIBUTING.md");
    let missing: Vec<String> = rooms.into_iter().filter(|r| !map.contains(&format!("src/{r}"))).collect();
    none("CONTRIBUTING.md maps every room", &missing);
}

// The checks above read Rust as text; these prove that they see what they should.

#[test]
fn a_use_tree_is_read_to_its_leaves() {
    let code = "use crate::{plan::{Cleared, change::Plan as P}, model};\nuse crate::run::*;\nfn f(x: &crate::apply::Applied) {}\nmycrate::no::Never";
    let pair = |room: &str, name: &str| (room.to_owned(), name.to_owned());
    let want = [pair("plan", "Cleared"), pair("plan", "change"), pair("model", ""), pair("run", "*"), pair("apply", "Applied")];
    assert_eq!(named(code, "crate::"), want.into());
}

#[test]
fn what_only_tests_see_is_left_out() {
    let text = "use crate::a::A;\n#[cfg(test)]\nuse crate::b::{B, C};\nfn f() {}\n#[cfg(test)]\nmod sample;\nstruct S;\n#[cfg(test)]\nmod tests {\n    use crate::d::D;\n}\n";
    let code = without_comments(&without_tests(text));
    assert!(code.contains("crate::a") && code.contains("fn f") && code.contains("struct S"), "{code}");
    assert!(!code.contains("crate::b") && !code.contains("crate::d"), "{code}");
    let file = Path::new("/x/src/plan/order.rs");
    assert_eq!(test_modules(file, text), [Path::new("/x/src/plan/order/sample")]);
    let beside = "#[cfg(test)]\n#[path = \"order_tests.rs\"]\nmod tests;\n";
    assert_eq!(test_modules(file, beside), [Path::new("/x/src/plan/order_tests.rs")]);
}
