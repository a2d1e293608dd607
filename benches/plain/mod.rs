//! Yardsticks: who reads the same pages, and writes the same invitations, and does nothing else.

use std::io;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use reqwest::Client;
use serde_json::{Value as Json, json};

fn block<T>(of: impl Future<Output = Result<T, reqwest::Error>>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(of).map_err(io::Error::other)
}

pub fn client() -> io::Result<Client> {
    // The features of reqwest choose no provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().tls_certs_only([]).build().map_err(io::Error::other)
}

pub fn get(url: &str, token: &str) -> io::Result<Json> {
    let client = client()?;
    block(async { client.get(url).bearer_auth(token).send().await?.error_for_status()?.text().await })
        .and_then(|text| serde_json::from_str(&text).map_err(io::Error::other))
}

/// All pages, four at once, and what stands beside them.
pub fn read(endpoint: &str, token: &str, as_json: bool) -> io::Result<()> {
    let client = client()?;
    let one = |path: String| {
        let request = client.get(format!("{endpoint}/{path}")).bearer_auth(token);
        async move { request.send().await?.error_for_status()?.bytes().await }
    };
    let bytes = block(async {
        let capabilities = one("capabilities".into()).await?;
        let said: Json = serde_json::from_slice(&capabilities).unwrap_or_default();
        let size = said["page_size"].as_u64().unwrap_or(500);
        let first = one(format!("members?offset=0&limit={size}")).await?;
        let page: Json = serde_json::from_slice(&first).unwrap_or_default();
        let total = page["total"].as_u64().unwrap_or(0);
        let starts = (1..total.div_ceil(size)).map(|n| one(format!("members?offset={}&limit={size}", n * size)));
        let mut pages: Vec<_> = stream::iter(starts.collect::<Vec<_>>()).buffered(4).try_collect().await?;
        pages.push(one("account".into()).await?);
        Ok(pages)
    })?;
    let parsed: Vec<Json> = if as_json { bytes.iter().map(|b| serde_json::from_slice(b)).collect::<Result<_, _>>()? } else { Vec::new() };
    println!("{} {}", bytes.iter().map(|b| b.len()).sum::<usize>(), parsed.len());
    Ok(())
}

/// So many invitations, some at once.
pub fn write(endpoint: &str, token: &str, many: u64, at_once: usize) -> io::Result<()> {
    let client = client()?;
    let one = |i: u64| {
        let call = json!({ "verb": "invite", "member": format!("somebody.{i}@acme.example"), "set": {
            "name": { "to": "Some Body" }, "role": { "to": "author" }, "subaccounts": { "to": ["emea-brand-00"] },
        } });
        let request = client.post(format!("{endpoint}/calls")).bearer_auth(token).header("content-type", "application/json");
        let request = request.header("idempotency-key", format!("plain-{i}")).body(call.to_string());
        async move { request.send().await?.error_for_status()?.bytes().await }
    };
    let all = (0..many).map(one).collect::<Vec<_>>();
    block(async { stream::iter(all).buffer_unordered(at_once).try_for_each(|_| async { Ok(()) }).await })
}
