//! Who vouches for a server: over real TLS.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};

use super::super::{Access, Fate, Network, Options, Patience, ReadClient};
use super::{access, error};

const ROOT: &[u8] = include_bytes!("../testdata/root.pem");
const LEAF: &[u8] = include_bytes!("../testdata/leaf.pem");
const KEY: &[u8] = include_bytes!("../testdata/key.pem");

/// Answers so many connections as `localhost`, vouched for by a root that no platform knows.
fn serve(connections: usize) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let chain = vec![CertificateDer::from_pem_slice(LEAF).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for _ in 0..connections {
            let Ok((mut tcp, _)) = listener.accept() else { return };
            let mut tls = ServerConnection::new(config.clone()).unwrap();
            let mut stream = Stream::new(&mut tls, &mut tcp);
            if stream.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}");
            }
        }
    });
    format!("https://localhost:{port}/")
}

#[tokio::test]
async fn a_file_of_certificates_vouches_alone() {
    let patience = Patience { tries: 1, ..Patience::default() };
    let network = Network::new(Options { patience, ..Options::default() });
    let open =
        |url: &str, roots: &[u8]| ReadClient::new(&Access { roots: Some(roots.to_vec()), ..access(url) }, "application/json", &network);
    assert!(open(&serve(1), ROOT).unwrap().get(&["x"], &[]).await.is_ok());
    // Another root does not vouch for it.
    let other = open(&serve(1), LEAF).unwrap().get(&["x"], &[]).await;
    if let Err(said) = &other {
        assert!(said.to_string().contains("certificate"), "{said}");
    }
    // Nor does the platform.
    if let Ok(client) = ReadClient::new(&access(&serve(1)), "application/json", &network) {
        assert_eq!(error(client.get(&["x"], &[]).await).fate(), Fate::NotSent);
    }
    for none in [&b""[..], b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(open("https://localhost:1/", none).is_err());
    }
}
