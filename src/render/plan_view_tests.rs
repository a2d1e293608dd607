use super::*;
use crate::render::{json, samples};
use snapbox::IntoData as _;

fn document(plan: &Plan) -> Json {
    let mut out = Vec::new();
    json::write(&mut out, &PlanView::of(plan, Kind::Plan)).unwrap();
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn the_schema_is_fresh() {
    samples::assert_fresh("schemas/plan.schema.json", &plan_schema());
    samples::assert_fresh("schemas/revoke.schema.json", &crate::render::revoke_schema());
    samples::assert_fresh("schemas/revoked.schema.json", &crate::render::revoked_schema());
}

#[test]
fn what_is_printed_is_valid_and_the_schema_can_refuse() {
    let schema = jsonschema::validator_for(&plan_schema()).unwrap();
    for plan in [samples::nothing(), samples::full(), samples::unread()] {
        let doc = document(&plan);
        assert!(schema.is_valid(&doc), "{:?}", schema.iter_errors(&doc).map(|e| e.to_string()).collect::<Vec<_>>());
    }
    let mut doc = document(&samples::full());
    doc["accounts"][0]["changes"][0]["action"] = "promote".into();
    assert!(!schema.is_valid(&doc));
    let mut doc = document(&samples::full());
    doc["accounts"][0]["changes"][0].as_object_mut().unwrap().remove("waits_for");
    assert!(!schema.is_valid(&doc));
}

#[test]
fn invitations_have_no_before_and_removals_no_after() {
    let doc = document(&samples::full());
    let changes = doc["accounts"][0]["changes"].as_array().unwrap();
    for change in changes {
        match change["action"].as_str().unwrap() {
            "invite" => assert!(change["before"].is_null() && change["after"].is_object(), "{change}"),
            "remove" | "cancel-invitation" => assert!(change["after"].is_null() && change["before"].is_object(), "{change}"),
            _ => {}
        }
    }
    assert!(changes.iter().any(|c| c["action"] == "invite") && changes.iter().any(|c| c["action"] == "remove"));
}

#[test]
fn the_fields_of_the_contract_stand_in_their_order() {
    let mut out = Vec::new();
    json::write(&mut out, &PlanView::of(&samples::nothing(), Kind::Drift)).unwrap();
    snapbox::assert_data_eq!(
        String::from_utf8(out).unwrap(),
        snapbox::str![[r#"
{
  "schema_version": "1",
  "kind": "drift",
  "tool": "portcullis 0.1.0",
  "as_of": "2026-11-22T09:00:00Z",
  "simulated": false,
  "sandbox": true,
  "digest": "sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
  "base": null,
  "applied": null,
  "accounts": [
    {
      "account": "news",
      "system": "emma-hq",
      "tenant": null,
      "backend": "embedded",
      "sandbox": true,
      "as_of": "2026-11-22T09:00:00Z",
      "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "reading": {
        "complete": true,
        "proof": "snapshot",
        "members": 12,
        "problems": []
      },
      "changes": [],
      "blocked": [],
      "reports": [],
      "warnings": []
    }
  ],
  "guards": [],
  "summary": {
    "allow-domain": 0,
    "invite": 0,
    "reinvite": 0,
    "edit-invitation": 0,
    "cancel-invitation": 0,
    "edit": 0,
    "restore": 0,
    "remove": 0,
    "disallow-domain": 0,
    "blocked": 0,
    "manual": 0
  }
}

"#]]
        .raw()
    );
}

#[test]
fn the_summary_counts_actions_blocked_and_manual() {
    let plan = samples::full();
    let sum = Summary::of(&plan);
    assert_eq!(sum.changes(), plan.changes().count());
    assert_eq!(sum.by_action().iter().map(|(_, n)| n).sum::<usize>(), sum.changes());
    assert_eq!((sum.invite, sum.remove, sum.blocked, sum.manual), (2, 1, 1, 1));
}
