//! A client that believes nothing: it writes its requests by hand, one a connection, and shows what
//! came back to the last byte.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use portcullis::sandbox::serve::Server;
use serde_json::Value as Json;

pub const TOKEN: &str = "token-of-the-sandbox";

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    pub addr: SocketAddr,
    /// `/news`
    pub base: String,
    pub token: Option<String>,
}

/// One answer.
#[derive(Debug)]
pub struct Said {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    /// Speaks to the only account of the server.
    pub fn of(server: &Server) -> Self {
        let (_, endpoint) = server.endpoints().into_iter().next().expect("an account");
        let base = endpoint.strip_prefix(&format!("http://{}", server.addr())).expect("it is there").to_owned();
        Self { addr: server.addr(), base, token: Some(TOKEN.into()) }
    }

    #[track_caller]
    pub fn get(&self, resource: &str) -> Said {
        self.get_with(resource, &[])
    }
    #[track_caller]
    pub fn get_with(&self, resource: &str, headers: &[(&str, &str)]) -> Said {
        self.ask("GET", &format!("{}/{resource}", self.base), headers, None).expect("an answer")
    }
    /// `POST calls`.
    #[track_caller]
    pub fn call(&self, call: &Json) -> Said {
        self.call_with(call, &[])
    }
    #[track_caller]
    pub fn call_with(&self, call: &Json, headers: &[(&str, &str)]) -> Said {
        self.try_call(call, headers).expect("an answer")
    }
    pub fn try_call(&self, call: &Json, headers: &[(&str, &str)]) -> io::Result<Said> {
        let headers: Vec<(&str, &str)> = [("Content-Type", "application/json")].into_iter().chain(headers.iter().copied()).collect();
        self.ask("POST", &format!("{}/calls", self.base), &headers, Some(&call.to_string()))
    }
    /// A switch of the server: `/_sandbox/WHAT`.
    #[track_caller]
    pub fn switch(&self, method: &str, what: &str, body: Option<&Json>) -> Said {
        let body = body.map(Json::to_string);
        self.ask(method, &format!("/_sandbox/{what}"), &[("Content-Type", "application/json")], body.as_deref()).expect("an answer")
    }

    /// # Errors
    /// A connection that ends before the answer does.
    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> io::Result<Said> {
        let mut stream = self.send(method, path, headers, body)?;
        let mut all = Vec::new();
        stream.read_to_end(&mut all)?;
        Said::read(&all)
    }

    /// Sends the request, and leaves the answer to be read.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n");
        if let Some(token) = &self.token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        stream.write_all(format!("{head}\r\n{}", body.unwrap_or_default()).as_bytes())?;
        Ok(stream)
    }
}

impl Said {
    fn read(all: &[u8]) -> io::Result<Self> {
        let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let end = all.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(cut)?;
        let head = String::from_utf8_lossy(&all[..end]).into_owned();
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok()).ok_or_else(cut)?;
        let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        let said = Self { status, headers: lines.filter_map(header).collect(), body: all[end + 4..].to_vec() };
        match (said.header("content-length"), said.header("transfer-encoding")) {
            (Some(length), _) if length.parse::<usize>().ok() != Some(said.body.len()) => Err(cut()),
            (None, Some("chunked")) => Ok(Self { body: whole(&said.body).ok_or_else(cut)?, ..said }),
            _ => Ok(said),
        }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The JSON of an answer of this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Json {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// A problem of this status and kind, whole as RFC 9457 has it; what it says of itself.
    #[track_caller]
    pub fn is_problem(&self, status: u16, kind: &str) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.is(status);
        assert_eq!(problem["type"], format!("urn:portcullis:bridge:{kind}"), "{problem}");
        assert_eq!(problem["status"], status);
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// The addresses on a page.
    #[track_caller]
    pub fn who(&self) -> Vec<String> {
        let page = self.is(200);
        page["members"].as_array().expect("members").iter().map(|m| m["email"].as_str().expect("an address").to_owned()).collect()
    }
}

/// The body of chunks that end; none where they do not.
fn whole(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let line = chunks.windows(2).position(|two| two == b"\r\n")?;
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..line]).ok()?, 16).ok()?;
        if length == 0 {
            return Some(all);
        }
        all.extend(chunks.get(line + 2..line + 2 + length)?);
        chunks = chunks.get(line + 4 + length..)?;
    }
}
