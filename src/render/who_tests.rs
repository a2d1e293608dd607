use super::*;
use crate::model::Phase;
use crate::render::samples;

fn problems(beside: BTreeSet<Key>) -> Vec<String> {
    let email = crate::model::Email::parse("a@acme.example").unwrap();
    let attrs = [("pii", Known::Hidden), ("role", Known::Hidden)].into_iter().collect();
    let live = Live { email, id: None, phase: Phase::Active, attrs };
    let tenant = Tenant { name: None, zone: jiff::tz::TimeZone::UTC, facts: Default::default(), actor: Default::default() };
    let account = WhoAccount {
        account: "ins".into(),
        system: &crate::systems::insider::SPEC,
        tenant: &tenant,
        backend: "scim",
        sandbox: false,
        problems: Vec::new(),
        sees_all: true,
        beside,
        standing: Standing::LiveOnly,
        members: vec![live],
        domains: &Known::Unreadable,
        declared: None,
        entries: Vec::new(),
        why: Vec::new(),
        later: Vec::new(),
        plan: Vec::new(),
    };
    WhoAccountView::of(account).problems
}

#[test]
fn what_an_export_does_not_list_is_not_put_on_the_actor() {
    let missing = "the export beside the account does not list a@acme.example: pii cannot be told; export anew";
    let bounded = |keys: &str| format!("the actor does not see everyone here: there may be more of {keys}");
    assert_eq!(problems(["pii"].into()), [missing.to_owned(), bounded("role")]);
    assert_eq!(problems(BTreeSet::new()), [bounded("role, pii")]);
}

#[test]
fn the_schema_is_the_one_that_is_committed() {
    samples::assert_fresh("schemas/who.schema.json", &who_schema());
}
