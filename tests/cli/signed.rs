//! Signatures of a saved plan: which count, and for what.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};

use super::program::World;
use super::saved::{results, save, want, world};

/// Somebody's key, made from one byte, written to `NAME.key`. Answers with the public half.
fn key(world: &World, name: &str, seed: u8) -> String {
    let pair = Ed25519Keypair::from_seed(&[seed; 32]);
    let key = PrivateKey::new(KeypairData::Ed25519(pair), name).expect("a key");
    std::fs::write(world.path().join(format!("{name}.key")), key.to_openssh(LineEnding::LF).expect("it is written").as_bytes())
        .expect("it is written");
    key.public_key().to_openssh().expect("a public key")
}

/// The world with its plan saved, and two signers: root and aa, of whom aa gains by a change.
fn signed_world() -> World {
    let world = world();
    let (root, aa) = (key(&world, "root", 1), key(&world, "aa", 2));
    world.write("signers", &format!("# who may\nroot@acme.example {root}\nAA@acme.example namespaces=\"git,portcullis-plan\" {aa}\n"));
    save(&world).expect(2);
    world
}

const ALL: [&str; 3] = ["sol/edit/aa@acme.example", "sol/edit/bb@acme.example", "sol-two/invite/new@acme.example"];

/// What the apply made, and what it left unreviewed.
fn made(said: &Json) -> (Vec<String>, Vec<String>) {
    let ids = said["unreviewed"].as_array().expect("a list").iter().map(|id| id.as_str().expect("a text").to_owned());
    (results(said).into_iter().map(|(id, _)| id).collect(), ids.collect())
}

fn why(said: &Json, id: &str) -> String {
    let all = said["unreviewed_because"].as_array().expect("a list");
    all.iter().find(|u| u["id"] == id).unwrap_or_else(|| panic!("{id}: {all:?}"))["why"].as_str().expect("a text").to_owned()
}

#[test]
fn without_a_signature_nothing_of_it_is_made() {
    let world = signed_world();
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![], ALL.map(str::to_owned).to_vec()));
    assert_eq!(why(&said, ALL[0]), "signed by 0; 1 is needed");
    let text = world.run("apply plan.json --verify signers").expect(6).out;
    assert!(text.contains("portcullis approve FILE --sign KEY") && !text.contains("--out FILE"), "{text}");
    let public = key(&world, "root", 1);
    world.write("root.pub", &public);
    assert!(world.run("approve plan.json --sign root.pub").expect(1).err.contains("it is the public half"));
}

#[test]
fn what_enough_have_signed_is_made() {
    let world = signed_world();
    let said = world.run("approve plan.json --sign root.key").expect(0);
    assert!(said.out.starts_with("signed: 3 of 3 changes until 2026-11-23T09:00:00Z, by SHA256:"), "{}", said.out);
    let said = world.run("apply plan.json --verify signers --format json").expect(0).json();
    assert_eq!(made(&said), (ALL.map(str::to_owned).to_vec(), vec![]));
}

#[test]
fn a_plan_can_be_signed_as_it_is_saved() {
    let world = signed_world();
    world.run("plan --out plan.json --sign root.key --valid-for 2d").expect(2);
    let shown = world.run("show plan.json --format json").expect(0).json();
    assert_eq!(shown["saved"]["signatures"][0]["valid_until"], "2026-11-24T09:00:00Z");
    world.run("apply plan.json --verify signers").expect(0);
    world.run("plan --sign root.key").expect(1);
}

#[test]
fn demand_37_who_gains_by_a_change_does_not_count_for_it() {
    let world = signed_world();
    world.run("approve plan.json --sign aa.key").expect(0);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![ALL[1].to_owned(), ALL[2].to_owned()], vec![ALL[0].to_owned()]));
    assert_eq!(why(&said, ALL[0]), "signed by 0, apart from whoever gains by it; 1 is needed");
}

#[test]
fn who_gains_under_another_address_or_through_a_team_does_not_count_either() {
    let world = signed_world();
    world.write("people.yaml", "people: { aa: { email: aa@acme.example, name: A, previously: [old@acme.example] } }\nteams: { up: [aa] }");
    want(&world, "sol", &["{ team: up, groups: [advanced] }", "{ email: root@acme.example, groups: [super-user] }"]);
    let aa = key(&world, "aa", 2);
    world.write("signers", &format!("old@acme.example {aa}\n"));
    world.run("plan --out plan.json --sign aa.key").expect(2);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![ALL[2].to_owned()], vec![ALL[0].to_owned()]));
}

#[test]
fn who_loses_by_a_change_may_approve_it() {
    let world = signed_world();
    world.write(
        "accounts-sol.yaml",
        "accounts: { sol: { absent: [aa@acme.example], members: [{ email: root@acme.example, groups: [super-user] }] } }",
    );
    world.run("plan --out plan.json --sign aa.key").expect(2);
    let said = world.run("apply plan.json --verify signers --format json").expect(0).json();
    assert_eq!(made(&said).0, ["sol/remove/aa@acme.example", ALL[2]]);
}

#[test]
fn demand_37_a_quorum_counts_people_and_not_keys() {
    let world = signed_world();
    let second = key(&world, "second", 3);
    let signers = String::from_utf8(world.read("signers")).unwrap();
    world.write("signers", &format!("{signers}root@acme.example {second}\n"));
    for key in ["root", "second", "root"] {
        world.run(&format!("approve plan.json --sign {key}.key")).expect(0);
    }
    let said = world.run("apply plan.json --verify signers --quorum 2 --format json").expect(6).json();
    assert_eq!((made(&said).0, why(&said, ALL[1])), (vec![], "signed by 1; 2 are needed".to_owned()));
    world.run("approve plan.json --sign aa.key").expect(0);
    let said = world.run("apply plan.json --verify signers --quorum 2 --format json").expect(6).json();
    assert_eq!(made(&said), (vec![ALL[1].to_owned(), ALL[2].to_owned()], vec![ALL[0].to_owned()]));
}

#[test]
fn an_approval_of_one_change_approves_that_one() {
    let world = signed_world();
    world.args(&["approve", "plan.json", "--sign", "root.key", "--only", ALL[1]]).expect(0);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![ALL[1].to_owned()], vec![ALL[0].to_owned(), ALL[2].to_owned()]));
    let said = world.run("approve plan.json --sign root.key --only sol/edit/ab@acme.example").expect(1);
    assert!(said.err.contains("did you mean `sol/edit/aa@acme.example`?"), "{}", said.err);
}

#[test]
fn demand_09_an_unrelated_change_voids_no_signature() {
    let world = signed_world();
    world.run("approve plan.json --sign root.key").expect(0);
    let signed: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    want(
        &world,
        "sol-two",
        &["{ email: new@acme.example, name: New, groups: [standard] }", "{ email: more@acme.example, name: More, groups: [standard] }"],
    );
    save(&world).expect(2);
    let mut later: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    later["signatures"] = signed["signatures"].clone();
    world.write("plan.json", &later.to_string());
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (ALL.map(str::to_owned).to_vec(), vec!["sol-two/invite/more@acme.example".to_owned()]));
}

#[test]
fn what_waits_for_a_change_that_nobody_signed_is_blocked() {
    let world = World::new();
    let root = key(&world, "root", 1);
    world.write("signers", &format!("root@acme.example {root}\n"));
    world.write("connections.yaml", "connections: { ins: { system: insider, backend: embedded, timezone: UTC } }");
    world.load("accounts: { ins: { domains: [acme.example], members: [{ email: root@acme.example, name: Root, phase: active, role: administrator }] } }");
    world.write(
        "accounts.yaml",
        "accounts: { ins: { domains: [acme.example, agency.example], members: [{ email: kim@agency.example, name: Kim, role: viewer }] } }",
    );
    assert_eq!(save(&world).expect(2).acts(), ["allow-domain agency.example", "invite kim@agency.example"]);
    world.run("approve plan.json --sign root.key --only ins/invite/kim@agency.example").expect(0);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![], vec!["ins/allow-domain/agency.example".to_owned()]));
    assert_eq!((&said["blocked"][0]["member"], &said["blocked"][0]["code"]), (&json!("kim@agency.example"), &json!("awaits-blocked")));
}

#[test]
fn who_is_in_a_domain_does_not_count_for_its_opening() {
    let world = World::new();
    let kim = key(&world, "kim", 4);
    world.write("signers", &format!("kim@agency.example {kim}\n"));
    world.write("connections.yaml", "connections: { ins: { system: insider, backend: embedded, timezone: UTC } }");
    world.load("accounts: { ins: { domains: [acme.example], members: [{ email: root@acme.example, name: Root, phase: active, role: administrator }] } }");
    world.write("accounts.yaml", "accounts: { ins: { domains: [acme.example, agency.example] } }");
    world.run("plan --out plan.json --sign kim.key").expect(2);
    let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
    assert_eq!(made(&said), (vec![], vec!["ins/allow-domain/agency.example".to_owned()]));
    // Who is let in by the opening of all gains by it; who is in already does not.
    world.write("accounts.yaml", "accounts: { ins: { domains: off } }");
    world.run("plan --out plan.json --sign kim.key");
    let said = world.run("apply plan.json --verify signers --format json").json();
    assert_eq!(made(&said), (vec![], vec!["ins/allow-domain/*".to_owned()]));
    let root = key(&world, "root", 5);
    world.write("signers", &format!("root@acme.example {root}\n"));
    world.run("approve plan.json --sign root.key").expect(0);
    let said = world.run("apply plan.json --verify signers --format json").json();
    assert_eq!((made(&said).1, &said["stopped"]), (vec![], &json!(["ins/allow-domain/*"])), "approved, and a guard stops it: {said:#}");
}

/// The file with its last signature altered.
fn alter(world: &World, how: impl FnOnce(&mut Json)) {
    let mut file: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    how(&mut file["signatures"][0]);
    world.write("plan.json", &file.to_string());
}

#[test]
fn a_signature_that_does_not_hold_counts_for_nothing_and_says_why() {
    let pem = |text: &str| json!(text);
    type Case<'c> = (&'c str, &'c dyn Fn(&World));
    let cases: [Case<'_>; 8] = [
        ("nobody among the allowed signers has this key", &|w| {
            key(w, "other", 9);
            w.run("approve plan.json --sign other.key").expect(0);
        }),
        ("it is not of what stands beside it", &|w| {
            w.run("approve plan.json --sign root.key --only sol/edit/aa@acme.example").expect(0);
            let all: Json = w.run("show plan.json --format json").expect(0).json()["accounts"][0]["changes"].clone();
            alter(w, |s| s["statement"]["changes"] = json!([all[0]["digest"], all[1]["digest"]]));
        }),
        ("it is not of what stands beside it", &|w| {
            w.run("approve plan.json --sign root.key").expect(0);
            alter(w, |s| s["statement"]["valid_until"] = json!("2036-11-22T09:00:00Z"));
        }),
        ("it is no signature in the format of SSH", &|w| {
            w.run("approve plan.json --sign root.key").expect(0);
            alter(w, |s| s["signature"] = pem("-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----\n"));
        }),
        ("it is no signature in the format of SSH", &|w| {
            w.run("approve plan.json --sign root.key").expect(0);
            alter(w, |s| s["signature"] = pem(""));
        }),
        ("it was valid until 2026-11-23T09:00:00Z", &|w| {
            w.run("approve plan.json --sign root.key").expect(0);
        }),
        ("the allowed signers give this key another time", &|w| {
            w.run("approve plan.json --sign root.key --valid-for 9d").expect(0);
            let root = key(w, "root", 1);
            w.write("signers", &format!("root@acme.example valid-before=\"20261123\" {root}\n"));
        }),
        ("nobody among the allowed signers has this key", &|w| {
            w.run("approve plan.json --sign root.key").expect(0);
            let (root, aa) = (key(w, "root", 1), key(w, "aa", 2));
            w.write("signers", &format!("root@acme.example namespaces=\"git\" {root}\naa@acme.example {aa}\n"));
        }),
    ];
    for (words, prepare) in cases {
        let mut world = signed_world();
        prepare(&world);
        world.env("PORTCULLIS_NOW", "2026-11-23T09:00:00Z");
        let said = world.run("apply plan.json --verify signers --format json").expect(6).json();
        assert_eq!(made(&said).0, Vec::<String>::new(), "{words}");
        let why = why(&said, ALL[1]);
        assert!(why.starts_with("signed by 0; 1 is needed; not counted: ") && why.contains(words), "{words}: {why}");
    }
}

#[test]
fn allowed_signers_that_cannot_be_read_are_told_line_by_line() {
    let world = signed_world();
    let root = key(&world, "root", 1);
    let lines = [
        format!("*@acme.example {root}"),
        format!("root@acme.example cert-authority {root}"),
        format!("root@acme.example verify-required {root}"),
        format!("root@acme.example valid-after=\"tomorrow\" {root}"),
        "root@acme.example ssh-ed25519 AAAA".to_owned(),
        "root@acme.example".to_owned(),
        format!("root {root}"),
        format!("\"root@acme.example {root}"),
    ];
    world.write("wrong", &lines.join("\n"));
    let said = world.run("apply plan.json --verify wrong").expect(1);
    for (i, words) in [
        "is a pattern",
        "certificates are not supported",
        "`verify-required` is not known",
        "`tomorrow` is no time",
        "the key cannot be read",
        "expected addresses",
        "named by an address",
        "a quote is not closed",
    ]
    .iter()
    .enumerate()
    {
        assert!(said.err.contains(&format!("line {}: ", i + 1)) && said.err.contains(words), "{words}: {}", said.err);
    }
    world.write("empty", "# nobody\n");
    assert!(world.run("apply plan.json --verify empty").expect(1).err.contains("nobody may sign"));
    assert!(world.run("apply --verify signers --auto-approve").expect(1).err.contains("--verify is for a saved plan"));
    assert!(world.run("apply plan.json --quorum 2").expect(1).err.contains("--verify"));
}

#[test]
fn a_key_with_a_passphrase_is_opened_by_it_alone() {
    let mut world = signed_world();
    let pair = Ed25519Keypair::from_seed(&[1; 32]);
    let key = PrivateKey::new(KeypairData::Ed25519(pair), "root").unwrap();
    let cipher = ssh_key::Cipher::Aes256Ctr;
    let kdf = ssh_key::Kdf::Bcrypt { salt: vec![7; 16], rounds: 1 };
    let locked = key.encrypt_with(cipher, kdf, 7, "correct horse").unwrap();
    world.write("locked.key", &locked.to_openssh(LineEnding::LF).unwrap());
    assert!(world.run("approve plan.json --sign locked.key").expect(1).err.contains("no terminal to ask on"));
    world.env("PORTCULLIS_SIGN_PASSPHRASE", "wrong horse");
    let said = world.run("approve plan.json --sign locked.key").expect(1);
    assert!(said.err.contains("the passphrase does not open it") && !said.both().contains("horse"), "{}", said.err);
    world.env("PORTCULLIS_SIGN_PASSPHRASE", "correct horse");
    world.run("approve plan.json --sign locked.key").expect(0);
    world.run("apply plan.json --verify signers").expect(0);
}

#[test]
#[ignore = "needs ssh-keygen"]
fn ssh_keygen_agrees_on_what_was_signed() {
    let world = signed_world();
    world.run("approve plan.json --sign root.key").expect(0);
    let file: Json = serde_json::from_slice(&world.read("plan.json")).unwrap();
    let signed = &file["signatures"][0];
    world.write("statement", &signed["statement"].to_string());
    std::fs::write(world.path().join("statement.sig"), signed["signature"].as_str().unwrap()).unwrap();
    let verify = |signature: &str, message: &str| {
        let mut command = Command::new("ssh-keygen");
        command.args(["-Y", "verify", "-f", "signers", "-I", "root@acme.example", "-n", "portcullis-plan", "-s", signature]);
        let message = std::fs::File::open(world.path().join(message)).unwrap();
        command.current_dir(world.path()).stdin(Stdio::from(message)).output().expect("ssh-keygen runs").status.success()
    };
    assert!(verify("statement.sig", "statement"));
    world.write("another", &signed["statement"].to_string().replace("2026", "2036"));
    assert!(!verify("statement.sig", "another"));
    // And the other way round.
    let mut sign = Command::new("ssh-keygen");
    let key = PathBuf::from("root.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(world.path().join(&key), std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    std::fs::remove_file(world.path().join("statement.sig")).unwrap();
    let done = sign
        .args(["-q", "-Y", "sign", "-n", "portcullis-plan", "-f"])
        .arg(key)
        .arg("statement")
        .current_dir(world.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let theirs = String::from_utf8(world.read("statement.sig")).unwrap();
    alter(&world, |s| s["signature"] = json!(theirs));
    world.run("apply plan.json --verify signers").expect(0);
}

#[test]
fn resume_needs_the_signatures_all_the_same() {
    use std::process::Stdio;
    let world = signed_world();
    let mut command = world.command();
    command.args(["apply", "plan.json"]).env("PORTCULLIS_HALT_AT_LINE", "2").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program runs");
    let kept = world.path().parent().unwrap().join("state/portcullis/journal");
    let begun = || {
        std::fs::read_dir(&kept)
            .into_iter()
            .flatten()
            .flatten()
            .any(|e| std::fs::read_to_string(e.path().join("sol.jsonl")).is_ok_and(|t| t.lines().count() >= 2))
    };
    while !begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let said = world.run("apply plan.json --verify signers --resume --format json").expect(6).json();
    assert_eq!(made(&said), (vec![], ALL.map(str::to_owned).to_vec()));
    world.run("approve plan.json --sign root.key").expect(0);
    world.run("apply plan.json --verify signers --resume").expect(0);
}

#[test]
fn resume_uses_no_approval_twice() {
    let world = signed_world();
    world.run("approve plan.json --sign root.key").expect(0);
    world.run("apply plan.json --verify signers").expect(0);
    world.run("sandbox edit aa@acme.example --account sol --set groups=standard").expect(0);
    for line in ["apply plan.json --verify signers --resume --format json", "apply plan.json --resume --format json"] {
        let said = world.run(line).expect(6).json();
        assert_eq!(made(&said), (vec![], vec![ALL[0].to_owned()]), "{line}");
    }
    // A log in which a byte is no text still tells.
    let path = world.path().join(".portcullis/audit.jsonl");
    let mut log = std::fs::read(&path).unwrap();
    let at = log.windows(5).rposition(|w| w == b"apply").unwrap();
    log[at] = 0xff;
    std::fs::write(&path, log).unwrap();
    let said = world.run("apply plan.json --format json").expect(6).json();
    assert_eq!(made(&said).0, Vec::<String>::new());
}
