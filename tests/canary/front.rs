//! A server in front of the sandbox's: it hands requests on, or answers with the secrets that they hold.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What it answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Nothing of its own: what the sandbox answers.
    Nothing,
    /// In the `detail` of a problem.
    Detail,
    /// In the `type` of a problem.
    Type,
    /// In JSON that is no problem, with its slashes escaped.
    Escaped,
    /// As a URL spells it.
    Percent,
    /// In a web page with 200.
    Page,
    /// In JSON that breaks off.
    Broken,
    /// In good JSON of another shape, with a tag under which it could be kept.
    Other,
    /// In the place to go to.
    Elsewhere,
    /// In the reason of a 500.
    Failed,
}

impl Echo {
    pub const ALL: [Echo; 9] =
        [Echo::Detail, Echo::Type, Echo::Escaped, Echo::Percent, Echo::Page, Echo::Broken, Echo::Other, Echo::Elsewhere, Echo::Failed];

    fn answer(self, sent: &str) -> (&'static str, &'static str, String, String) {
        let problem = "application/problem+json";
        let detail = |text: &str| format!("{{\"type\":\"about:blank\",\"title\":\"No\",\"status\":400,\"detail\":\"not with {text}\"}}");
        let none = String::new();
        match self {
            Echo::Nothing | Echo::Detail => ("400 Bad Request", problem, none, detail(sent)),
            Echo::Type => ("409 Conflict", problem, none, format!("{{\"type\":\"{sent}\",\"title\":\"{sent}\",\"status\":409}}")),
            Echo::Escaped => ("403 Forbidden", "application/json", none, format!("{{\"you\":\"{}\"}}", sent.replace('/', "\\/"))),
            Echo::Percent => {
                let percent = sent.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
                ("422 Unprocessable Content", problem, none, detail(&percent))
            }
            Echo::Page => ("200 OK", "text/html", none, format!("<html>{sent}</html>")),
            Echo::Broken => ("200 OK", "application/json", none, format!("{{\"members\": \"{sent}")),
            Echo::Other => ("200 OK", "application/json", "ETag: \"same\"\r\n".into(), format!("{{\"you\":\"{sent}\"}}")),
            Echo::Elsewhere => ("302 Found", "text/plain", format!("Location: /{sent}?{sent}\r\n"), none),
            Echo::Failed => ("500 Internal Server Error", "text/plain", none, format!("stack: {sent}")),
        }
    }
}

/// What becomes of the sandbox's own answer to a write on the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spoil {
    /// It says that it is text.
    Relabelled,
    /// It breaks off before its last character.
    Broken,
    /// It is a text in JSON.
    Quoted,
}

impl Spoil {
    pub const ALL: [Spoil; 3] = [Spoil::Relabelled, Spoil::Broken, Spoil::Quoted];

    fn of(self, answer: &str) -> String {
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let (media, body) = match self {
            Spoil::Relabelled => ("text/plain", body.to_owned()),
            Spoil::Broken => ("application/json", body[..body.len() - 1].to_owned()),
            Spoil::Quoted => ("application/json", serde_json::to_string(body).expect("JSON")),
        };
        let status = head.lines().next().expect("a status");
        format!("{status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    }
}

/// Where it is told what to do, and what it saw.
#[derive(Clone)]
pub struct Front {
    pub addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct State {
    behind: SocketAddr,
    echo: Echo,
    /// Only of what changes something.
    only_writes: bool,
    echoed: u32,
    keys: Vec<String>,
    spoil: Option<Spoil>,
    links: Vec<String>,
}

impl Front {
    pub fn of(behind: SocketAddr) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("it listens");
        let addr = listener.local_addr().expect("an address");
        let state = State { behind, echo: Echo::Nothing, only_writes: false, echoed: 0, keys: Vec::new(), spoil: None, links: Vec::new() };
        let front = Self { addr, state: Arc::new(Mutex::new(state)) };
        let state = Arc::clone(&front.state);
        // It ends with the test.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                // Whoever hangs up hears no more.
                std::thread::spawn(move || drop(one(stream, &state)));
            }
        });
        front
    }

    /// From now on.
    pub fn echoes(&self, echo: Echo, only_writes: bool) {
        let mut state = self.state.lock().expect("nobody panics");
        (state.echo, state.only_writes, state.echoed) = (echo, only_writes, 0);
    }
    /// How often it repeated what it was sent.
    pub fn echoed(&self) -> u32 {
        self.state.lock().expect("nobody panics").echoed
    }
    /// From now on.
    pub fn spoils(&self, spoil: Spoil) {
        self.state.lock().expect("nobody panics").spoil = Some(spoil);
    }
    /// Every link and password that it brought back spoilt.
    pub fn links(&self) -> Vec<String> {
        self.state.lock().expect("nobody panics").links.clone()
    }
    /// Every `Idempotency-Key` that came.
    pub fn keys(&self) -> Vec<String> {
        self.state.lock().expect("nobody panics").keys.clone()
    }
}

fn one(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut request = Vec::new();
    let (head, length) = loop {
        let mut part = [0; 4096];
        let read = stream.read(&mut part)?;
        request.extend_from_slice(&part[..read]);
        let end = request.windows(4).position(|four| four == b"\r\n\r\n");
        match end {
            Some(end) => {
                let head = String::from_utf8_lossy(&request[..end]).into_owned();
                let length = header(&head, "content-length").and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
                break (head, end + 4 + length);
            }
            None if read == 0 => return Ok(()),
            None => {}
        }
    };
    let missing = length.saturating_sub(request.len());
    let mut rest = vec![0; missing];
    stream.read_exact(&mut rest)?;
    request.extend_from_slice(&rest);

    let writes = head.starts_with("POST");
    let key = header(&head, "idempotency-key").unwrap_or_default();
    let (echo, behind) = {
        let mut state = state.lock().expect("nobody panics");
        if !key.is_empty() {
            state.keys.push(key.clone());
        }
        let echo = if writes || !state.only_writes { state.echo } else { Echo::Nothing };
        state.echoed += u32::from(echo != Echo::Nothing);
        (echo, state.behind)
    };
    if echo != Echo::Nothing {
        let token = header(&head, "authorization").unwrap_or_default();
        let sent = format!("{} {key}", token.trim_start_matches("Bearer ")).trim_end().to_owned();
        let (status, media, more, body) = echo.answer(&sent);
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        return stream.write_all(answer.as_bytes());
    }
    // One request a connection, so that the end of the answer is the connection's.
    let end = head.len();
    let mut there = TcpStream::connect(behind)?;
    there.set_read_timeout(Some(Duration::from_secs(20)))?;
    there.write_all(head.as_bytes())?;
    there.write_all(b"\r\nConnection: close")?;
    there.write_all(&request[end..])?;
    let mut answer = Vec::new();
    there.read_to_end(&mut answer)?;
    let spoil = state.lock().expect("nobody panics").spoil.filter(|_| writes);
    let Some(spoil) = spoil else { return stream.write_all(&answer) };
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let link = answer.split_once("\"link\":\"").and_then(|(_, rest)| rest.split_once('"'));
    state.lock().expect("nobody panics").links.extend(link.map(|(link, _)| link.to_owned()));
    stream.write_all(spoil.of(&answer).as_bytes())
}

fn header(head: &str, name: &str) -> Option<String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}
