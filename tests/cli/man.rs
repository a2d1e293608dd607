//! Completions and manual pages come from the flags themselves: what --help shows is in them, and what
//! it hides is not.

use super::program::World;

/// The commands of --help.
fn visible(world: &World) -> Vec<String> {
    let help = world.run("--help").expect(0).out;
    let (_, rest) = help.split_once("Commands:\n").expect("a list of commands");
    let lines = rest.lines().take_while(|l| !l.is_empty()).filter(|l| l.starts_with("  ") && !l.starts_with("   "));
    let words: Vec<String> = lines.filter_map(|l| l.split_whitespace().next()).filter(|w| *w != "help").map(str::to_owned).collect();
    assert!(words.len() > 8 && words.contains(&"who".to_owned()), "{words:?}");
    words
}

const HIDDEN: [&str; 2] = ["import", "review"];

#[test]
fn completions_know_every_visible_command() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.run(&format!("completions {shell}")).expect(0).out;
        for word in visible(&world) {
            assert!(script.contains(&word), "{shell} lacks {word}");
        }
        for flag in ["auto-approve", "digest", "forbid-sandbox"] {
            assert!(script.contains(flag), "{shell} lacks {flag}");
        }
        assert!(
            !script.contains("portcullis__subcmd__import") && !script.contains("portcullis;import"),
            "{shell} leads to what is not built"
        );
        assert!(!script.contains("--applied"), "{shell} has a hidden flag");
    }
    world.run("completions tcsh").expect(1);
}

#[test]
fn every_visible_command_has_a_manual_page() {
    let world = World::new();
    let page = world.run("man").expect(0).out;
    assert!(page.contains(".TH portcullis") && visible(&world).iter().all(|w| page.contains(w.as_str())), "{page}");
    let listed = world.run("man pages").expect(0).out;
    for word in visible(&world) {
        let name = format!("portcullis-{word}.1");
        assert!(listed.lines().any(|l| l == name), "{name} in {listed}");
        let text = String::from_utf8(world.read(&format!("pages/{name}"))).expect("it is text");
        assert!(text.contains(".SH OPTIONS") && text.contains("GLOBAL OPTIONS"), "{name}: {text}");
    }
    assert!(HIDDEN.iter().all(|w| !listed.contains(&format!("portcullis-{w}.1"))), "{listed}");
    let apply = String::from_utf8(world.read("pages/portcullis-apply.1")).expect("it is text");
    assert!(apply.contains("allow") && apply.contains("Examples") && !apply.contains("\\-\\-applied"), "{apply}");
    world.write("taken", "");
    world.run("man taken").expect(1);
}

#[test]
fn a_script_and_a_page_are_no_json() {
    let world = World::new();
    for line in ["completions bash --format json", "man --format json", "--format json man pages"] {
        let said = world.run(line).expect(1);
        assert!(said.out.is_empty() && said.err.contains("and no JSON: leave `--format json` out"), "{line}: {}", said.both());
    }
    assert!(!world.path().join("pages").exists());
}
