use std::collections::BTreeMap;

use super::super::reader::RosterReader;
use crate::model::{Actor, Encoding, Incomplete, Live, Located, Place, Roster, Status, Tenant, Value};
use crate::systems::{self, SystemSpec};

/// Columns of an export, the last one in doubt, and its rows after the header.
struct Export {
    system: &'static str,
    columns: &'static [(&'static str, &'static str)],
    rows: &'static [&'static str],
    /// Whether the whole file may lack its last line break.
    may_end_open: bool,
}

const EXPORTS: &[Export] = &[
    Export {
        system: "gamoshi",
        columns: &[("email", "E-mail"), ("role", "Level")],
        rows: &["E-mail,Level", "ada@acme.example,User manager", "kim@acme.example,User"],
        may_end_open: false, // `User manager` begins with it
    },
    Export {
        system: "gamoshi",
        columns: &[("email", "E-mail"), ("role", "Level")],
        rows: &["E-mail,Level", "kim@acme.example,User", "ada@acme.example,User manager"],
        may_end_open: true,
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role"), ("status", "Status")],
        rows: &["Email,Role,Status", "ada@acme.example,manager,Current", "\"kim@acme.example\",author,\"Current, invited\""],
        may_end_open: true,
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role"), ("name", "Name")],
        rows: &["Email,Role,Name", "ada@acme.example,manager,Ada", "kim@acme.example,author,\"Kim \"\"K\"\" Lee\""],
        may_end_open: false, // `\"Kim \"` is closed, too
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role")],
        rows: &["Role,Last seen,Email", "manager,2026-01-01,ada@acme.example", "author,,kim@acme.example"],
        may_end_open: false,
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role")],
        rows: &["\"Role\",\"Email\"", "\"manager\",\"ada@acme.example\"", "\"author\",\"kim@acme.example\""],
        may_end_open: true,
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role")],
        rows: &["Email,Role,Last seen", "ada@acme.example,manager,2026-01-01", "kim@acme.example,author,2026-01-02"],
        may_end_open: true, // nobody reads the last column
    },
    Export {
        system: "emma-hq",
        columns: &[("email", "Email"), ("role", "Role"), ("subaccounts", "Subaccounts")],
        rows: &["Email,Role,Subaccounts", "ada@acme.example,manager,emea", "kim@acme.example,author,emea2"],
        may_end_open: false, // whatever they are called
    },
    Export {
        system: "insider",
        columns: &[("email", "Email"), ("role", "Role"), ("pii", "PII")],
        rows: &["Email;Role;PII", "ada@acme.example;viewer;FALSE", "zoë@acme.example;viewer;TRUE"],
        may_end_open: true,
    },
    Export {
        system: "insider",
        columns: &[("email", "Email"), ("role", "Role"), ("end", "Until")],
        rows: &["Email,Role,Until", "ada@acme.example,viewer,2026-12-05", "kim@acme.example,viewer,2026-12-05T20:59:59Z"],
        may_end_open: false,
    },
    Export {
        system: "solver",
        columns: &[("email", "User"), ("groups", "Groups")],
        rows: &["User\tGroups", "ada@acme.example\tsuper-user", "kim@acme.example\tstandard / advanced"],
        may_end_open: false, // one more group may follow
    },
];

fn read(export: &Export, text: &[u8]) -> Result<Vec<Live>, Incomplete> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("u.csv"), text).unwrap();
    let at = Place::start_of("c.yaml");
    let here = |text: &str| Located::new(text.to_owned(), at.clone());
    let spec: &'static SystemSpec = systems::find(export.system).unwrap();
    let column = |key: &str| export.columns.iter().find(|(k, _)| *k == key).map(|(_, header)| here(header));
    let word = |word: &str| Value::One(crate::model::Atom::new(word).unwrap());
    let roster = Roster {
        file: Located::new("u.csv".into(), at.clone()),
        email: column("email").unwrap(),
        status: column("status"),
        columns: spec.attrs.iter().filter_map(|a| Some((a.key, vec![column(a.key)?]))).collect(),
        words: if export.system == "gamoshi" {
            [("role", [("User".to_owned(), word("user")), ("User manager".to_owned(), word("user-manager"))].into())].into()
        } else {
            BTreeMap::new()
        },
        statuses: [("Current".to_owned(), Status::Active), ("Current, invited".to_owned(), Status::Pending)].into(),
        separator: (export.system == "solver").then(|| " / ".to_owned()),
        encoding: Encoding::Utf8,
        exported: None,
        max_age_hours: None,
        final_line_break: true,
    };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: BTreeMap::new(), actor: Actor::default() };
    RosterReader::new(spec, tenant, roster, folder.path().into(), jiff::Timestamp::UNIX_EPOCH).members()
}

/// DEMANDS 1. What stood below a cut cannot be missed; what stands above it is read as in the whole file.
#[test]
fn no_cut_gives_a_reading_whose_last_row_differs_from_the_whole_one() {
    for export in EXPORTS {
        for line_break in ["\n", "\r\n"] {
            let mut whole = String::new();
            for row in export.rows {
                let (before, end) = (whole.len(), whole.len() + row.len());
                whole = whole + row + line_break;
                let want = read(export, whole.as_bytes());
                assert!(want.is_ok() || before == 0, "{row:?}: {want:?}");
                for cut in before + 1..=end {
                    match read(export, &whole.as_bytes()[..cut]) {
                        Ok(_) if cut < end => assert_eq!(read(export, &whole.as_bytes()[..cut]), want, "{:?}", &whole[..cut]),
                        Ok(got) => assert_eq!(Ok(got), want, "{row:?}"),
                        Err(why) => assert_ne!(why.code, "failed", "{why:?}"),
                    }
                }
            }
            let open = read(export, whole.trim_end().as_bytes());
            assert_eq!(open.is_ok(), export.may_end_open, "{whole:?}: {open:?}");
        }
    }
}
