//! A server that misbehaves below HTTP, a connection a fault, and time that passes when it is waited for.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::super::Time;

/// What is done with one connection.
pub(super) enum Rude {
    /// These bytes, and the connection ends.
    Says(String),
    /// Nothing at all: the request is read, and the connection ends.
    Cuts,
    /// Nothing at all, for as long as the other side waits.
    Silent,
    /// A body that never ends, as quick as it is taken.
    Endless,
    /// A body that never ends, a byte at a time.
    Trickles(Duration),
}

impl Rude {
    pub(super) fn json(status: &str, headers: &str, body: &str) -> Self {
        let length = body.len();
        Rude::Says(format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
        ))
    }
}

/// Does one after the other, a connection each, and then closes its port. What was sent to it, and
/// its address.
pub(super) fn serve(script: Vec<Rude>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = seen.clone();
    std::thread::spawn(move || {
        for act in script {
            let Ok((mut stream, _)) = listener.accept() else { return };
            heard.lock().unwrap().push(request(&mut stream));
            std::thread::spawn(move || act.on(stream));
        }
    });
    (address, seen)
}

/// One request to its end.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                return text.into_owned();
            }
        }
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return String::from_utf8_lossy(&bytes).into_owned(),
            Ok(n) => bytes.extend_from_slice(&part[..n]),
        }
    }
}

impl Rude {
    fn on(self, mut stream: TcpStream) {
        const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n\"";
        match self {
            Rude::Says(text) => drop(stream.write_all(text.as_bytes())),
            Rude::Cuts => {}
            // Until the other side goes away.
            Rude::Silent => drop(stream.read(&mut [0; 1])),
            Rude::Endless => {
                let _ = stream.write_all(HEAD);
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            }
            Rude::Trickles(every) => {
                let _ = stream.write_all(HEAD);
                while stream.write_all(b"x").is_ok() {
                    std::thread::sleep(every);
                }
            }
        }
    }
}

/// Passes when somebody waits, and at once.
#[derive(Default)]
pub(super) struct Skips {
    now: Arc<Mutex<Duration>>,
    waits: Arc<Mutex<Vec<Duration>>>,
}

impl Skips {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }
    pub(super) fn pass(&self, how_long: Duration) {
        *self.now.lock().unwrap() += how_long;
    }
    /// What was waited for, waits of nothing apart.
    pub(super) fn waits(&self) -> Vec<Duration> {
        self.waits.lock().unwrap().iter().copied().filter(|w| !w.is_zero()).collect()
    }
}

impl Time for Skips {
    fn elapsed(&self) -> Duration {
        *self.now.lock().unwrap()
    }
    fn sleep(&self, how_long: Duration) -> BoxFuture<'static, ()> {
        let (now, waits) = (self.now.clone(), self.waits.clone());
        async move {
            *now.lock().unwrap() += how_long;
            waits.lock().unwrap().push(how_long);
            tokio::task::yield_now().await;
        }
        .boxed()
    }
}
