//! A stranger reads the OpenAPI document and tries everything that it allows, and much that it does not:
//! schemathesis from PyPI, named by `SCHEMATHESIS`, else looked for in `PATH`.

use std::process::Command;

use portcullis::sandbox::serve::{HttpFault, Server, Settings};

use super::client::TOKEN;
use super::support::world::World;
use super::{five, serve};

/// That a request of the right shape is taken is not asked: which verb is about whom, and that a page
/// begins at one place, no shape says.
const NOT_ASKED: &str = "positive_data_acceptance";

#[test]
#[ignore = "needs schemathesis"]
fn every_answer_is_documented_and_nothing_fails() {
    for world in [five(), World::meta_gateway("smtp: true")] {
        let (server, client) = serve(&world, Settings::default());
        let (done, said) = tried(&server, &client.base, 25);
        assert!(done && said.contains("Tested: 4"), "{said}");
        assert!(server.calls().of("calls") > 10, "it did try");
    }
}

/// The check is one that can fail.
#[test]
#[ignore = "needs schemathesis"]
fn what_is_not_documented_is_found() {
    let world = five();
    let (server, client) = serve(&world, Settings::default());
    server.inject(HttpFault::WrongContentType);
    let (done, said) = tried(&server, &client.base, 1);
    assert!(!done && said.contains("text/plain"), "{said}");
}

/// Whether it found nothing, and what it said.
fn tried(server: &Server, base: &str, examples: u32) -> (bool, String) {
    let program = std::env::var_os("SCHEMATHESIS").unwrap_or_else(|| "schemathesis".into());
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/bridge.openapi.yaml");
    let folder = tempfile::tempdir().expect("a folder for what it keeps");
    let ran = Command::new(&program)
        .current_dir(folder.path())
        .args(["run", document, "--url", &format!("http://{}{base}", server.addr())])
        .args(["--header", &format!("Authorization: Bearer {TOKEN}"), "--checks", "all", "--exclude-checks", NOT_ASKED])
        .args(["--max-examples", &examples.to_string(), "--seed", "1", "--no-color"])
        .output()
        .unwrap_or_else(|e| panic!("{} cannot be started: {e}; see SCHEMATHESIS", program.display()));
    (ran.status.success(), String::from_utf8_lossy(&ran.stdout).into_owned())
}
