//! Another address of a person for one account.

use super::tests::{emma, insider, said, solver};

const NOTHING: [&str; 0] = [];

fn at(people: &str, account: &str) -> Vec<String> {
    let connections = emma() + insider().strip_prefix("connections:\n").unwrap() + solver().strip_prefix("connections:\n").unwrap();
    said(&[("a.yaml", &format!("accounts:\n{account}")), ("c.yaml", &connections), ("p.yaml", &format!("people:\n{people}"))])
}

#[test]
fn a_person_may_have_another_address_in_any_account() {
    let ada = "  ada: { email: ada@acme.example, accounts: { ins: { email: ada@else.example }, sol: { email: ada@else.example, previously: [ada@old.example] } } }\n";
    // `sol` has a connection and no manifest.
    assert_eq!(at(ada, "  ins: { members: [{ person: ada, role: viewer }] }\n"), NOTHING);
}

#[test]
fn an_unknown_account_and_what_else_is_wrong_is_shown_where_it_is() {
    for (accounts, expected) in [
        ("{ inss: { email: a@b.example } }", "p.yaml:2:47 unknown-account"),
        ("{ ins: { email: ada@@else } }", "p.yaml:2:61 bad-address"),
        ("{ ins: { mail: a@b.example, email: a@b.example } }", "p.yaml:2:54 unknown-key"),
        ("{ ins: { previously: [a@b.example] } }", "p.yaml:2:47 missing-key"),
        ("{ ins: a@b.example }", "p.yaml:2:52 wrong-type"),
        ("[ins]", "p.yaml:2:45 wrong-type"),
        ("{ ins: { email: ADA@acme.example } }", "p.yaml:2:61 repeated-word"),
    ] {
        let ada = format!("  ada: {{ email: ada@acme.example, accounts: {accounts} }}\n");
        assert_eq!(at(&ada, "  ins: { members: [] }\n"), [expected], "{accounts}");
    }
}

#[test]
fn one_address_is_one_person_in_each_account() {
    let two = |ada: &str, bob: &str| at(&format!("  ada: {{ {ada} }}\n  bob: {{ {bob} }}\n"), "  ins: { members: [] }\n");
    let ada = "email: ada@acme.example, previously: [ada@old.example], accounts: { ins: { email: ada@else.example, previously: [ada@was.example] } }";
    // the address of one for all accounts, past or present, is nobody else's in any account
    assert_eq!(two(ada, "email: ada@else.example"), ["p.yaml:2:92 address-claimed-twice"]);
    assert_eq!(two(ada, "email: b@acme.example, previously: [Ada@Was.example]"), ["p.yaml:2:123 address-claimed-twice"]);
    assert_eq!(two(ada, "email: b@acme.example, accounts: { ins: { email: ada@acme.example } }"), ["p.yaml:3:59 address-claimed-twice"]);
    assert_eq!(two(ada, "email: b@acme.example, accounts: { sol: { email: ada@old.example } }"), ["p.yaml:3:59 address-claimed-twice"]);
    // one for a single account is nobody else's in that one
    assert_eq!(two(ada, "email: b@acme.example, accounts: { ins: { email: ADA@else.example } }"), ["p.yaml:3:59 address-claimed-twice"]);
    assert_eq!(two(ada, "email: b@acme.example, accounts: { sol: { email: ada@else.example } }"), NOTHING);
    // a person may go back to an earlier address in one account
    assert_eq!(
        at(
            "  ada: { email: new@acme.example, previously: [ada@acme.example], accounts: { ins: { email: ada@acme.example } } }\n",
            "  ins: { members: [] }\n"
        ),
        NOTHING
    );
}

#[test]
fn policies_of_an_account_mean_the_person_by_the_addresses_there() {
    let ada = "  ada: { email: ada@acme.example, leaves: now, accounts: { ins: { email: ada@else.example } } }\n";
    let with = |policy: &str, entry: &str| {
        at(&ada.replace("leaves: now, ", ""), &format!("  ins:\n    {policy}\n    members: [{{ {entry}, role: viewer }}]\n"))
    };
    for entry in ["person: ada", "email: ada@else.example", "email: ada@acme.example"] {
        for (policy, code) in [
            ("ignore: [\"*@else.example\"]", "listed-and-ignored"),
            ("absent: [ada@else.example]", "listed-and-absent"),
            ("absent: [ada@acme.example]", "listed-and-absent"),
        ] {
            let found = with(policy, entry);
            assert!(found.len() == 1 && found[0].ends_with(code), "{policy}, {entry}: {found:?}");
        }
    }
    assert_eq!(with("protect: [ada@else.example]", "person: ada"), NOTHING);
    assert_eq!(at(ada, "  ins: { protect: [ada@else.example], members: [] }\n"), ["a.yaml:2:20 protected-and-gone"]);
    // elsewhere that address is somebody outside the directory
    assert_eq!(at(ada, "  sol: { protect: [ada@else.example], members: [] }\n"), NOTHING);
}

/// One connection that only the account `t1` uses: it is no account of its own name.
fn shared(more: &str) -> Vec<String> {
    let text = format!(
        "connections:\n  g: {{ system: meta-gateway, backend: embedded, timezone: UTC, smtp: true }}\naccounts:\n  t1: {{ connection: g, members: [] }}\n{more}"
    );
    let loaded = crate::manifest::load_texts([("a.yaml", &*text)], "2026-11-22T09:00:00Z".parse().unwrap());
    let told = |d: &crate::manifest::Diagnostic| format!("{} {}", d.code, d.hint.clone().unwrap_or_default());
    loaded.diagnostics.iter().map(told).collect()
}

#[test]
fn a_connection_that_only_accounts_name_is_no_account() {
    let ada = |account: &str| {
        shared(&format!("people:\n  ada: {{ email: ada@x.example, accounts: {{ {account}: {{ email: ada@g.example }} }} }}\n"))
    };
    assert_eq!(ada("t1"), NOTHING);
    assert_eq!(ada("g"), ["unknown-account it is a connection: name an account that it reaches, t1"]);
    assert_eq!(ada("t2"), ["unknown-account did you mean `t1`?"]);
    let section = shared("profiles:\n  lead: { g: { groups: [x] } }\npeople:\n  ada: { email: ada@x.example, profiles: [lead] }\n");
    assert_eq!(section, ["unknown-section it is a connection: name an account that it reaches, t1"]);
}
