//! What git knows of the manifests' folder. Nothing depends on it: without git, or outside a repository,
//! it is not known.

use std::path::Path;
use std::process::{Command, Stdio};

use url::Url;

use crate::plan::saved::Source;

/// The revision that the folder is of.
pub(super) fn source(folder: &Path) -> Option<Source> {
    let revision = git(folder, &["rev-parse", "--verify", "HEAD"])?;
    let changed_since = git(folder, &["status", "--porcelain", "--", "*.yaml", "*.yml"]).is_none_or(|said| !said.is_empty());
    Some(Source { repository: repository(folder), revision, changed_since, later: Default::default() })
}

/// The address of the remote `origin`, without user and password.
pub(super) fn repository(folder: &Path) -> Option<String> {
    git(folder, &["config", "--get", "remote.origin.url"]).map(|url| without_user(&url))
}

fn without_user(url: &str) -> String {
    match Url::parse(url) {
        // What has no host (a path, `user@host:path`) takes no password.
        Ok(mut parsed) if parsed.has_host() => {
            // What may be a token is no part of the name.
            parsed.set_query(None);
            parsed.set_fragment(None);
            let cleared = parsed.set_username("").and_then(|()| parsed.set_password(None));
            if cleared.is_ok() { parsed.to_string() } else { url.to_owned() }
        }
        _ => url.to_owned(),
    }
}

/// What one git command says; none where it fails.
fn git(folder: &Path, words: &[&str]) -> Option<String> {
    // A repository's own settings start no program here.
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "--no-optional-locks", "-C"])
        .arg(folder)
        .args(words)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    let output = command.output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_named_without_user_and_password() {
        for (url, named) in [
            ("https://me:secret@git.example/acme/access.git", "https://git.example/acme/access.git"),
            ("https://token@git.example/acme/access.git", "https://git.example/acme/access.git"),
            ("https://git.example/acme/access.git?private_token=secret#x", "https://git.example/acme/access.git"),
            ("git@git.example:acme/access.git", "git@git.example:acme/access.git"),
            ("../access.git", "../access.git"),
        ] {
            assert_eq!(without_user(url), named);
        }
    }
}
