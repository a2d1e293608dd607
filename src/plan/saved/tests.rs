use serde_json::json;

use super::{NotSaved, SAVED_KIND, SAVED_VERSION, Saved};

/// A saved plan of no account, its checksum put right.
fn empty(plan: serde_json::Value) -> String {
    let file = json!({
        "schema_version": SAVED_VERSION.to_string(), "kind": SAVED_KIND, "tool": "portcullis 0", "plan": plan, "accounts": [],
        "inputs": [], "source": null, "audit": null, "checksum": "", "signatures": [],
    });
    Saved::sealed(&file.to_string()).expect("an object")
}

fn of_nothing() -> serde_json::Value {
    json!({ "digest": super::digest::of_plan([].into_iter()).as_str(), "accounts": [], "as_of": "2026-11-22T09:00:00Z" })
}

#[test]
fn the_checksum_covers_all_but_itself_and_the_signatures() {
    let text = empty(of_nothing());
    assert!(Saved::parse(&text).is_ok(), "{text}");
    let signed = text.replace("\"signatures\":[]", "\"signatures\":[{\"statement\":{},\"signature\":\"\"}]");
    assert!(signed != text && Saved::parse(&signed).is_ok());
    let other = text.replace("portcullis 0", "portcullis 1");
    assert!(matches!(Saved::parse(&other), Err(NotSaved::Changed(why)) if why.contains("checksum")));
    assert_eq!((Saved::sealed("no JSON"), Saved::sealed("[]")), (None, None));
}

/// What is not known to be of the clock's own instant is applied like what is not.
#[test]
fn a_plan_is_simulated_unless_it_says_that_it_is_not() {
    for (says, is_simulated) in [(Some(true), true), (Some(false), false), (None, true)] {
        let mut plan = of_nothing();
        if let Some(says) = says {
            plan["simulated"] = says.into();
        }
        let saved = Saved::parse(&empty(plan)).expect("a saved plan");
        assert_eq!(saved.is_simulated(), is_simulated, "{says:?}");
        assert_eq!(saved.as_of().map(|at| at.to_string()).as_deref(), Some("2026-11-22T09:00:00Z"));
    }
}
