use std::fmt;

use url::{Host, Url};

/// The base of a server's interface, checked: https, or plain http to loopback; no user name,
/// password, query or fragment.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint(Url);

/// Why a URL is no [`Endpoint`]. The messages hold no part of the URL that could be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    #[error("an endpoint starts with `https://`")]
    Scheme,
    #[error("plain http would show the token to the network: only loopback (127.0.0.0/8, [::1], localhost) may be reached so")]
    PlainHttp,
    #[error("an endpoint holds no user name, password, query or fragment: secrets stand in the token's variable")]
    Extras,
}

impl Endpoint {
    /// Checks the rules of DESIGN §9.
    ///
    /// # Errors
    /// [`BadEndpoint`], in words for a person.
    pub fn new(url: &Url) -> Result<Self, BadEndpoint> {
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(BadEndpoint::Extras);
        }
        match url.scheme() {
            "https" if url.has_host() => Ok(Self(url.clone())),
            "http" if is_loopback(url) => Ok(Self(url.clone())),
            "http" => Err(BadEndpoint::PlainHttp),
            _ => Err(BadEndpoint::Scheme),
        }
    }

    /// `https://host:port`, the port always written.
    pub fn origin(&self) -> String {
        origin(&self.0)
    }
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The endpoint with path segments and a query behind it. Each segment is escaped as one;
    /// `None` where one is empty or of dots, which would name another resource than it says.
    pub(super) fn join(&self, path: &[&str], query: &[(&str, &str)]) -> Option<Url> {
        if path.iter().any(|s| matches!(*s, "" | "." | "..")) {
            return None;
        }
        let mut url = self.0.clone();
        url.path_segments_mut().ok()?.pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Some(url)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", origin(&self.0), self.0.path())
    }
}
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `scheme://host:port` of a URL, the port always written; without user name, path and query.
pub fn origin(url: &Url) -> String {
    let port = url.port_or_known_default().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}
