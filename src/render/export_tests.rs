use super::*;
use crate::model::{Actor, Email, Invitation, Key};
use crate::plan::sample::{attrs, one, set, text as named};
use crate::render::{json, samples};
use crate::systems::{emma_hq, insider, solver};
use snapbox::IntoData as _;

fn tenant(groups: bool) -> Tenant {
    let facts = if groups { attrs([("features", set(&["groups"]))]) } else { Attrs::new() };
    Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: facts.into_iter().collect(), actor: Actor::default() }
}

fn live<const N: usize>(email: &str, phase: Phase, values: [(Key, Value); N]) -> Live {
    let attrs = values.into_iter().map(|(k, v)| (k, Known::Seen(v))).collect();
    Live { email: Email::parse(email).unwrap(), id: None, phase, attrs }
}

fn account<'a>(system: &'static SystemSpec, tenant: &'a Tenant, members: Vec<Live>) -> ExportAccount<'a> {
    ExportAccount {
        account: "acc".into(),
        system,
        tenant,
        sandbox: true,
        complete: true,
        problems: Vec::new(),
        domains: Known::Unreadable,
        members,
    }
}

fn insider_member(email: &str, role: &str, groups: &[&str], admin: &[&str]) -> Live {
    live(
        email,
        Phase::Active,
        [
            ("name", named("A")),
            ("role", one(role)),
            ("pii", Value::Flag(false)),
            ("limited-products", set(&[])),
            ("groups", set(groups)),
            ("group-admin", set(admin)),
            ("end", Value::Day(None)),
        ],
    )
}

fn document(accounts: &[ExportAccount<'_>]) -> Json {
    let mut out = Vec::new();
    json::write(&mut out, &ExportView::of(accounts)).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn sheet(accounts: &[ExportAccount<'_>]) -> String {
    let mut out = Vec::new();
    csv(&mut out, &ExportView::of(accounts)).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_member_shows_every_attribute_and_what_follows_from_it() {
    let tenant = tenant(true);
    let doc = document(&[account(&insider::SPEC, &tenant, vec![insider_member("a@acme.example", "viewer", &["emea"], &[])])]);
    snapbox::assert_data_eq!(
        format!("{:#}", doc["accounts"][0]["members"][0]),
        snapbox::str![[r#"
{
  "administers": false,
  "cut_off": false,
  "email": "a@acme.example",
  "end": null,
  "group-admin": [],
  "groups": [
    "emea"
  ],
  "hidden": [],
  "invitation": null,
  "level": "group",
  "limited-products": [],
  "name": "A",
  "partly_seen": [],
  "permissions": [
    "products",
    "view-campaigns"
  ],
  "phase": "active",
  "pii": false,
  "role": "viewer",
  "unreadable": []
}
"#]]
    );
}

#[test]
fn i5_the_pii_flag_lets_a_viewer_see_and_an_editor_export() {
    let tenant = tenant(true);
    let with = |role: &str| {
        let mut member = insider_member("a@acme.example", role, &[], &[]);
        member.attrs.insert("pii", Known::Seen(Value::Flag(true)));
        let doc = document(&[account(&insider::SPEC, &tenant, vec![member])]);
        let list = doc["accounts"][0]["members"][0]["permissions"].clone();
        let has = |p: &str| list.as_array().unwrap().iter().any(|x| x == p);
        (has("view-user-profiles"), has("export-user-profiles"))
    };
    assert_eq!((with("viewer"), with("collaborator"), with("editor")), ((true, false), (true, true), (true, true)));
}

#[test]
fn i6_the_level_is_account_group_or_unassigned() {
    let level =
        |role: &str, groups: &[&str], admin: &[&str]| Level::of(&insider::SPEC, &insider_member("a@b.example", role, groups, admin));
    assert_eq!(level("administrator", &["emea"], &[]), Some(Level::Account));
    assert_eq!(level("viewer", &["emea"], &[]), Some(Level::Group));
    assert_eq!(level("viewer", &[], &["emea"]), Some(Level::Group));
    assert_eq!(level("editor", &[], &[]), Some(Level::Unassigned));
    let mut unread = insider_member("a@b.example", "viewer", &[], &[]);
    unread.attrs.insert("groups", Known::Unreadable);
    assert_eq!(Level::of(&insider::SPEC, &unread), None, "nobody can tell");
    let solver = live("a@b.example", Phase::Active, [("groups", set(&["super-user"]))]);
    assert_eq!(Level::of(&solver::SPEC, &solver), None, "no levels there");
}

#[test]
fn i15_the_export_filters_by_phase_and_level() {
    let tenant = tenant(true);
    let mut locked = insider_member("c@acme.example", "viewer", &[], &[]);
    locked.phase = Phase::Locked;
    let members = vec![
        insider_member("a@acme.example", "administrator", &[], &[]),
        insider_member("b@acme.example", "viewer", &["emea"], &[]),
        locked,
    ];
    let left = |phases: &[&str], levels: &[Level]| {
        let mut accounts = [account(&insider::SPEC, &tenant, members.clone())];
        only_phases(&mut accounts, phases);
        only_levels(&mut accounts, levels);
        accounts[0].members.iter().map(|m| m.email.key()[..1].to_owned()).collect::<String>()
    };
    assert_eq!(left(&[], &[]), "abc");
    assert_eq!(left(&["locked"], &[]), "c");
    assert_eq!(left(&["active", "locked"], &[Level::Group, Level::Unassigned]), "bc");
    assert_eq!(left(&["pending"], &[]), "");
}

#[test]
fn what_was_not_read_is_left_out_and_named() {
    let tenant = tenant(true);
    let mut member = insider_member("a@acme.example", "viewer", &[], &[]);
    member.attrs.insert("pii", Known::Unreadable);
    member.attrs.insert("groups", Known::Partly(set(&["emea"])));
    member.attrs.insert("group-admin", Known::Hidden);
    member.attrs.remove("role");
    let doc = document(&[account(&insider::SPEC, &tenant, vec![member])]);
    let member = &doc["accounts"][0]["members"][0];
    assert_eq!(member["unreadable"], serde_json::json!(["role", "pii"]));
    assert_eq!((&member["hidden"], &member["partly_seen"]), (&serde_json::json!(["group-admin"]), &serde_json::json!(["groups"])));
    assert!(member["role"].is_null() && member.get("pii").is_none() && member["groups"] == serde_json::json!(["emea"]));
}

#[test]
fn a_tenant_without_a_feature_and_a_system_without_ends_have_nothing_unread() {
    let (off, on) = (tenant(false), tenant(true));
    let mut member = insider_member("a@acme.example", "viewer", &[], &[]);
    member.attrs.remove("groups");
    let shown = |tenant: &Tenant| document(&[account(&insider::SPEC, tenant, vec![member.clone()])])["accounts"][0]["members"][0].clone();
    assert_eq!((&shown(&off)["groups"], &shown(&off)["unreadable"]), (&serde_json::json!([]), &serde_json::json!([])));
    assert_eq!(shown(&on)["unreadable"], serde_json::json!(["groups"]));
    let emma = live("a@acme.example", Phase::Active, [("role", one("author")), ("privileges", set(&[])), ("subaccounts", set(&[]))]);
    let doc = document(&[account(&emma_hq::SPEC, &off, vec![emma])]);
    assert_eq!(doc["accounts"][0]["members"][0]["unreadable"], serde_json::json!(["name"]));
}

#[test]
fn whose_access_has_ended_may_nothing() {
    let tenant = tenant(true);
    for phase in [Phase::Expired, Phase::Suspended] {
        let mut member = insider_member("a@acme.example", "administrator", &[], &[]);
        member.phase = phase;
        let doc = document(&[account(&insider::SPEC, &tenant, vec![member])]);
        let member = &doc["accounts"][0]["members"][0];
        assert_eq!((&member["permissions"], &member["administers"]), (&serde_json::json!([]), &Json::Bool(false)));
        assert_eq!(member["role"], "administrator");
    }
}

#[test]
fn domains_are_a_list_a_star_or_unknown() {
    let tenant = tenant(true);
    let shown = |system: &'static SystemSpec, domains: Known<Domains>| {
        let mut acc = account(system, &tenant, Vec::new());
        acc.domains = domains;
        document(&[acc])["accounts"][0]["domains"].clone()
    };
    let list = Domains::Only([crate::model::Domain::parse("acme.example").unwrap()].into());
    assert_eq!(shown(&insider::SPEC, Known::Seen(list.clone())), serde_json::json!(["acme.example"]));
    assert_eq!(shown(&insider::SPEC, Known::Seen(Domains::Off)), serde_json::json!(["*"]));
    assert_eq!(shown(&insider::SPEC, Known::Unreadable), Json::Null);
    assert_eq!(shown(&solver::SPEC, Known::Seen(list)), Json::Null);
}

#[test]
fn the_sheet_has_a_row_a_grant_and_no_formula() {
    let tenant = tenant(false);
    let pending = Phase::Pending { sent: None, attempts: None, state: Invitation::Over };
    let member = live(
        "a@acme.example",
        pending,
        [
            ("name", named("=HYPERLINK(\"http://x\")\u{202e}")),
            ("role", one("author")),
            ("privileges", set(&[])),
            ("subaccounts", set(&["-emea", "us, east"])),
        ],
    );
    let none = live("b@acme.example", Phase::Suspended, [("role", one("full")), ("privileges", set(&[])), ("subaccounts", set(&["us"]))]);
    snapbox::assert_data_eq!(
        sheet(&[account(&emma_hq::SPEC, &tenant, vec![none, member])]),
        snapbox::str![[r#"
account,system,email,name,phase,invitation,end,administers,level,scope,in,permissions,privileges,role,subaccounts
acc,emma-hq,a@acme.example,"'=HYPERLINK(""http://x"")\u{202e}",pending,over,,false,,'-emea,subaccounts,campaigns; reports,,author,"'-emea; us, east"
acc,emma-hq,a@acme.example,"'=HYPERLINK(""http://x"")\u{202e}",pending,over,,false,,"us, east",subaccounts,campaigns; reports,,author,"'-emea; us, east"
acc,emma-hq,b@acme.example,,suspended,,,false,,,,,,full,us

"#]]
        .raw()
    );
}

#[test]
fn a_grant_is_a_role_in_one_scope() {
    let tenant = tenant(true);
    let rows = |members: Vec<Live>, system| {
        let mut reader = csv::Reader::from_reader(std::io::Cursor::new(sheet(&[account(system, &tenant, members)])));
        let at = |head: &csv::StringRecord, name: &str| head.iter().position(|h| h == name).unwrap();
        let head = reader.headers().unwrap().clone();
        let wanted = ["email", "scope", "in"].map(|name| at(&head, name));
        reader.records().map(|r| wanted.map(|i| r.as_ref().unwrap()[i].to_owned()).join(" ")).collect::<Vec<_>>()
    };
    let author = |subaccounts: &[&str]| {
        let attrs = [("role", one("author")), ("privileges", set(&[])), ("subaccounts", set(subaccounts))];
        live("a@acme.example", Phase::Active, attrs)
    };
    assert_eq!(
        rows(vec![author(&["apac", "emea"])], &emma_hq::SPEC),
        ["a@acme.example apac subaccounts", "a@acme.example emea subaccounts"]
    );
    assert_eq!(rows(vec![author(&[])], &emma_hq::SPEC), ["a@acme.example  "], "nowhere, and not left out");
    let root = insider_member("r@acme.example", "administrator", &[], &[]);
    assert_eq!(rows(vec![root], &insider::SPEC), ["r@acme.example account "]);
}

#[test]
fn the_text_says_who_and_what() {
    let tenant = tenant(true);
    let mut acc = account(&insider::SPEC, &tenant, vec![insider_member("a@acme.example", "administrator", &[], &[])]);
    acc.domains = Known::Seen(Domains::Off);
    let mut out = Vec::new();
    text(&mut out, &ExportView::of(&[acc]), Paint::plain()).unwrap();
    snapbox::assert_data_eq!(String::from_utf8(out).unwrap(), snapbox::str![[r#"
acc (insider) SANDBOX: 1 member
  domains: *
 !a@acme.example (A)  active, level account, administers
    role: administrator
    may: change-campaign-status, change-system-rules, create-campaigns, edit-campaigns, export-user-profiles, launch-campaigns, manage-users, products, view-campaigns, view-user-profiles

"#]].raw());
}

#[test]
fn the_schema_is_fresh_and_what_is_printed_is_valid() {
    samples::assert_fresh("schemas/export.schema.json", &export_schema());
    let tenant = tenant(true);
    let doc = document(&[account(&insider::SPEC, &tenant, vec![insider_member("a@acme.example", "viewer", &["emea"], &[])])]);
    let schema = jsonschema::validator_for(&export_schema()).unwrap();
    assert!(schema.is_valid(&doc), "{:?}", schema.iter_errors(&doc).map(|e| e.to_string()).collect::<Vec<_>>());
    let mut wrong = doc.clone();
    wrong["accounts"][0]["members"][0].as_object_mut().unwrap().remove("permissions");
    assert!(!schema.is_valid(&wrong));
}
