//! A door in front of a server: it passes every request on, counts the answers, and makes the writes take
//! their time. It is where a limit of requests a second is enforced.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue, RETRY_AFTER, TRANSFER_ENCODING};
use axum::http::{Method, Request, Response, StatusCode};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

/// What stands between a client and the server.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// From a write's arrival to its answer, the server's own time included.
    pub latency: Duration,
    pub limit: Option<Limit>,
}

/// Who comes too early is told to come again in a second.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// A bucket of so many requests, which fills at so many a second.
    Bucket { holds: f64, a_second: f64 },
    /// So many in each second of the clock.
    Window { a_second: f64 },
}

/// What it saw.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    pub answers: BTreeMap<(String, u16), u64>,
    /// From the first write's arrival to the last one's answer.
    pub writes: Option<(Instant, Instant)>,
    /// What the writes took together, each from its arrival to its answer.
    pub took: Duration,
}

impl Seen {
    pub fn times(&self, method: &str, status: u16) -> u64 {
        self.answers.get(&(method.to_owned(), status)).copied().unwrap_or(0)
    }
    pub fn writing(&self) -> Duration {
        self.writes.map_or(Duration::ZERO, |(first, last)| last - first)
    }
    /// Of one write as it was: a timer is never early, and mostly a little late.
    pub fn latency(&self) -> Duration {
        let writes: u64 = self.answers.iter().filter(|((method, _), _)| method == "POST").map(|(_, times)| times).sum();
        self.took / u32::try_from(writes).unwrap_or(u32::MAX).max(1)
    }
}

/// It passes requests on until it is dropped.
pub struct Gate {
    addr: SocketAddr,
    inside: Arc<Inside>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Inside {
    client: reqwest::Client,
    /// `http://127.0.0.1:PORT`
    target: String,
    rules: Rules,
    left: Mutex<Left>,
    seen: Mutex<Seen>,
}

/// What the limit leaves.
struct Left {
    began: Instant,
    at: f64,
    requests: f64,
}

impl Gate {
    pub fn start(target: &str, rules: Rules) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let addr = listener.local_addr()?;
        let client = super::plain::client()?;
        let requests = match rules.limit {
            Some(Limit::Bucket { holds, .. }) => holds,
            Some(Limit::Window { a_second }) => a_second,
            None => 0.0,
        };
        let left = Mutex::new(Left { began: Instant::now(), at: 0.0, requests });
        let inside = Arc::new(Inside { client, target: target.to_owned(), rules, left, seen: Mutex::default() });
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let shared = Arc::clone(&inside);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    never = accept(listener, shared) => match never {},
                }
            });
        });
        Ok(Self { addr, inside, stop: Some(stop), thread: Some(thread) })
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What it saw since it was asked last.
    pub fn seen(&self) -> Seen {
        std::mem::take(&mut *self.inside.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

async fn accept(listener: TcpListener, inside: Arc<Inside>) -> Infallible {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, Arc::clone(&inside)));
        }
    }
}

async fn connection(stream: TcpStream, inside: Arc<Inside>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let inside = Arc::clone(&inside);
        async move { Ok::<_, Infallible>(inside.answer(request.map(Body::new)).await) }
    });
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Inside {
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (arrived, method) = (Instant::now(), request.method().clone());
        let is_write = method == Method::POST;
        let response = if self.admits(arrived) { self.pass(request).await } else { too_many() };
        if is_write {
            tokio::time::sleep_until((arrived + self.rules.latency).into()).await;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.answers.entry((method.to_string(), response.status().as_u16())).or_default() += 1;
        if is_write {
            let now = Instant::now();
            let (first, last) = seen.writes.unwrap_or((arrived, now));
            seen.writes = Some((first.min(arrived), last.max(now)));
            seen.took += now - arrived;
        }
        response
    }

    fn admits(&self, now: Instant) -> bool {
        let Some(limit) = self.rules.limit else { return true };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let at = now.saturating_duration_since(left.began).as_secs_f64();
        left.requests = match limit {
            Limit::Bucket { holds, a_second } => (left.requests + (at - left.at) * a_second).min(holds),
            Limit::Window { a_second } if at.floor() > left.at.floor() => a_second,
            Limit::Window { .. } => left.requests,
        };
        left.at = at;
        let is_in = left.requests >= 1.0;
        if is_in {
            left.requests -= 1.0;
        }
        is_in
    }

    async fn pass(&self, request: Request<Body>) -> Response<Body> {
        let failed = |status| {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        };
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, 1 << 20).await else { return failed(StatusCode::PAYLOAD_TOO_LARGE) };
        let path = parts.uri.path_and_query().map_or("/", |whole| whole.as_str());
        let mut headers = parts.headers;
        for name in [HOST, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let sent = self.client.request(parts.method, format!("{}{path}", self.target)).headers(headers).body(body).send().await;
        let Ok(answer) = sent else { return failed(StatusCode::BAD_GATEWAY) };
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        for name in [CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(name);
        }
        let Ok(body) = answer.bytes().await else { return failed(StatusCode::BAD_GATEWAY) };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

fn too_many() -> Response<Body> {
    let mut response = Response::new(Body::from("{}"));
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
