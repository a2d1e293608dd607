//! A real SCIM 2.0 server for tests: scim2-server from PyPI, on a free loopback port, stopped when
//! it is dropped. The program is named by `SCIM2_SERVER`, else looked for in `PATH`. Shared by the
//! suites that are ignored unless it is installed (`#[ignore = "needs scim2-server"]`).

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// One server in memory, empty at its start.
pub struct ScimServer {
    child: Child,
    base: String,
    /// Holds the configuration for as long as the server runs.
    _folder: TempDir,
}

impl ScimServer {
    /// The one token that it takes.
    pub const TOKEN: &'static str = "token-of-the-scim-suite";

    /// Starts a server that shows at most `page` users at once and has PATCH or not.
    pub fn start(page: usize, patch: bool) -> Self {
        let program = std::env::var_os("SCIM2_SERVER").unwrap_or_else(|| "scim2-server".into());
        let folder = tempfile::tempdir().expect("a folder for the configuration");
        let config = folder.path().join("config.json");
        std::fs::write(&config, configuration(page, patch)).expect("the configuration is written");
        // The system picks the port; that somebody takes it in between is possible, and seen.
        for _ in 0..10 {
            let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
            let mut child = Command::new(&program)
                .args(["--bearer-token", Self::TOKEN, "--port", &port.to_string(), "--service-provider-config"])
                .arg(&config)
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap_or_else(|e| panic!("{} cannot be started: {e}; see SCIM2_SERVER", program.display()));
            let mut line = String::new();
            let stdout = child.stdout.take().expect("it was asked for");
            // It says where it serves once it listens, and closes its output where it cannot.
            BufReader::new(stdout).read_line(&mut line).expect("its output can be read");
            if let Some(base) = line.trim().strip_prefix("Serving SCIM on ") {
                return Self { child, base: base.to_owned(), _folder: folder };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("{} does not start", program.display());
    }

    /// `http://127.0.0.1:PORT/v2`.
    pub fn base(&self) -> &str {
        &self.base
    }
}

impl Drop for ScimServer {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(page: usize, patch: bool) -> String {
    format!(
        r#"{{
  "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
  "patch": {{ "supported": {patch} }},
  "bulk": {{ "supported": false, "maxOperations": 0, "maxPayloadSize": 0 }},
  "filter": {{ "supported": true, "maxResults": {page} }},
  "changePassword": {{ "supported": false }},
  "sort": {{ "supported": false }},
  "etag": {{ "supported": true }},
  "authenticationSchemes": []
}}"#
    )
}
