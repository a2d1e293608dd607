//! Answers that are kept from run to run.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::super::{Access, Cache, Limits, Network, ReadClient, WriteClient};
use super::{CANARY, access, brisk};

/// The same answer to everybody, and 304 to who has it.
async fn server(etag: &'static str) -> MockServer {
    let server = MockServer::start().await;
    let answer = move |request: &Request| match request.headers.get("if-none-match") {
        Some(tag) if tag == etag => ResponseTemplate::new(304).insert_header("ETag", etag),
        _ => ResponseTemplate::new(200).set_body_json(body()).insert_header("ETag", etag),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    server
}

fn body() -> Json {
    json!({ "members": [{ "email": "ada@acme.example" }], "total": 1 })
}

fn looking(folder: &Path) -> Network {
    brisk(Limits::default()).with_cache(Cache::below(folder))
}

async fn look(access: &Access, folder: &Path, query: &[(&str, &str)]) -> Json {
    let client = ReadClient::new(access, "application/json", &looking(folder)).unwrap();
    let answer = client.get(&["members"], query).await.unwrap();
    assert_eq!((answer.status, answer.etag.as_deref()), (200, Some("\"7\"")));
    answer.json().unwrap()
}

/// What each request was conditional on.
async fn conditions(server: &MockServer) -> Vec<bool> {
    server.received_requests().await.unwrap().iter().map(|r| r.headers.contains_key("if-none-match")).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder.join("portcullis")).map_or_else(|_| Vec::new(), |all| all.map(|e| e.unwrap().path()).collect())
}

#[tokio::test]
async fn a_second_look_is_conditional_and_shows_the_same() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
    let who = access(&server.uri());
    for _ in 0..3 {
        assert_eq!(look(&who, folder.path(), &[("offset", "0")]).await, body());
    }
    assert_eq!(conditions(&server).await, [false, true, true]);
    // Another URL, another connection, and another actor, declared or told, have nothing in common with it.
    look(&who, folder.path(), &[("offset", "1")]).await;
    look(&Access { connection: "other".into(), ..who.clone() }, folder.path(), &[("offset", "0")]).await;
    look(&Access { actor: Some("ada@acme.example".into()), ..who.clone() }, folder.path(), &[("offset", "0")]).await;
    let told = ReadClient::new(&who, "application/json", &looking(folder.path())).unwrap();
    told.acts_as("grace@acme.example");
    told.get(&["members"], &[("offset", "0")]).await.unwrap();
    assert_eq!(conditions(&server).await[3..], [false; 4]);
    assert_eq!(files(folder.path()).len(), 5);
}

#[tokio::test]
async fn without_a_cache_and_in_writes_nothing_is_conditional_or_kept() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
    let who = access(&server.uri());
    look(&who, folder.path(), &[]).await;
    let kept = files(folder.path());
    let network = brisk(Limits::default());
    ReadClient::new(&who, "application/json", &network).unwrap().get(&["members"], &[]).await.unwrap();
    WriteClient::new(&who, "application/json", &looking(folder.path())).unwrap().post(&["members"], &json!({}), None).await.unwrap();
    ReadClient::new(&who, "application/json", &looking(folder.path())).unwrap().head(&["members"]).await.unwrap();
    assert_eq!(conditions(&server).await, [false; 4]);
    assert_eq!(files(folder.path()), kept);
}

#[tokio::test]
async fn a_damaged_file_is_as_good_as_none() {
    let damages: [fn(Vec<u8>) -> Vec<u8>; 6] = [
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        |_| Vec::new(),
        |_| b"no line of JSON".to_vec(),
        // The body of another.
        |bytes| String::from_utf8(bytes).unwrap().replace("ada@", "bob@").into_bytes(),
        |bytes| String::from_utf8(bytes).unwrap().replace("\"version\":1", "\"version\":9").into_bytes(),
    ];
    for damage in damages {
        let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
        let who = access(&server.uri());
        look(&who, folder.path(), &[]).await;
        let file = files(folder.path()).remove(0);
        fs::write(&file, damage(fs::read(&file).unwrap())).unwrap();
        assert_eq!(look(&who, folder.path(), &[]).await, body());
        assert_eq!(conditions(&server).await, [false, false]);
        assert_eq!(look(&who, folder.path(), &[]).await, body());
        assert_eq!(conditions(&server).await, [false, false, true], "it is kept anew");
    }
}

/// A server that says "unchanged" of something else, or to everything.
#[tokio::test]
async fn an_unchanged_answer_of_another_tag_is_asked_for_again() {
    let folder = tempfile::tempdir().unwrap();
    let server = MockServer::start().await;
    let answer = |request: &Request| match request.headers.get("if-none-match") {
        Some(_) => ResponseTemplate::new(304).insert_header("ETag", "\"8\""),
        None => ResponseTemplate::new(200).set_body_json(body()).insert_header("ETag", "\"7\""),
    };
    Mock::given(any()).respond_with(answer).mount(&server).await;
    for _ in 0..2 {
        assert_eq!(look(&access(&server.uri()), folder.path(), &[]).await, body());
    }
    assert_eq!(conditions(&server).await, [false, true, false]);
}

#[tokio::test]
async fn only_whole_good_answers_with_a_tag_are_kept() {
    for answer in [
        ResponseTemplate::new(200).set_body_json(body()),
        ResponseTemplate::new(404).insert_header("ETag", "\"7\""),
        ResponseTemplate::new(206).set_body_json(body()).insert_header("ETag", "\"7\""),
        ResponseTemplate::new(200).set_body_raw("<html>", "text/html").insert_header("ETag", "\"7\""),
        ResponseTemplate::new(304).insert_header("ETag", "\"7\""),
    ] {
        let (folder, server) = (tempfile::tempdir().unwrap(), MockServer::start().await);
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let client = ReadClient::new(&access(&server.uri()), "application/json", &looking(folder.path())).unwrap();
        let _ = client.get(&["members"], &[]).await;
        assert!(files(folder.path()).is_empty());
    }
}

#[tokio::test]
async fn what_is_kept_is_its_owners_alone_and_holds_no_token() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
    look(&access(&server.uri()), folder.path(), &[]).await;
    let file = files(folder.path()).remove(0);
    let text = format!("{} {}", file.display(), fs::read_to_string(&file).unwrap());
    assert!(text.contains("ada@acme.example") && !text.contains(CANARY), "{text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&folder.path().join("portcullis"))), (0o600, 0o700));
        // Nor is a link followed that somebody else put there.
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&file, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        look(&access(&server.uri()), folder.path(), &[]).await;
        assert_eq!(conditions(&server).await, [false, false]);
        assert!(fs::symlink_metadata(&file).unwrap().is_file());
    }
}

#[tokio::test]
async fn an_answer_that_repeats_the_token_is_not_kept() {
    for spelt in [CANARY.to_owned(), CANARY.replace('-', "%2D"), CANARY.replace('-', "&#45;")] {
        for in_the_tag in [false, true] {
            let (folder, server) = (tempfile::tempdir().unwrap(), MockServer::start().await);
            let (tag, text) = if in_the_tag { (format!("\"{spelt}\""), "") } else { ("\"7\"".into(), &*spelt) };
            let answer = ResponseTemplate::new(200).set_body_json(json!({ "you": text })).insert_header("ETag", tag.as_str());
            Mock::given(any()).respond_with(answer).mount(&server).await;
            let client = ReadClient::new(&access(&server.uri()), "application/json", &looking(folder.path())).unwrap();
            client.get(&["members"], &[]).await.unwrap();
            assert_eq!(files(folder.path()), Vec::<PathBuf>::new(), "{spelt}");
        }
    }
}

#[tokio::test]
async fn what_is_kept_has_a_most_and_the_oldest_goes() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
    let network = brisk(Limits::default()).with_cache(Cache::of_size(&folder.path().join("portcullis"), 2000));
    let client = ReadClient::new(&access(&server.uri()), "application/json", &network).unwrap();
    for offset in 0..20 {
        client.get(&["members"], &[("offset", &offset.to_string())]).await.unwrap();
    }
    let size: u64 = files(folder.path()).iter().map(|f| fs::metadata(f).unwrap().len()).sum();
    assert!((500..=2000).contains(&size), "{size}");
    client.get(&["members"], &[("offset", "19")]).await.unwrap();
    assert_eq!(conditions(&server).await.last(), Some(&true), "the newest is there");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_no_failure() {
    let (folder, server) = (tempfile::tempdir().unwrap(), server("\"7\"").await);
    fs::write(folder.path().join("portcullis"), "a file").unwrap();
    assert_eq!(look(&access(&server.uri()), folder.path(), &[]).await, body());
}
