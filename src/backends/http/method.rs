/// The methods that change nothing: all that a [`ReadClient`](super::ReadClient) can name.
#[derive(Clone, Copy)]
pub(super) enum Safe {
    Get,
    Head,
    /// A POST that carries a [`QueryDocument`](super::QueryDocument), and is made of nothing else.
    Query,
}

/// The methods that change something.
#[derive(Clone, Copy)]
pub(super) enum Unsafe {
    Post,
    Put,
    Patch,
    Delete,
}

pub(super) trait Method: Copy {
    /// Whether all of them change nothing.
    const READS: bool;
    fn method(self) -> reqwest::Method;
    fn word(self) -> &'static str;
}

impl Method for Safe {
    const READS: bool = true;

    fn method(self) -> reqwest::Method {
        match self {
            Safe::Get => reqwest::Method::GET,
            Safe::Head => reqwest::Method::HEAD,
            Safe::Query => reqwest::Method::POST,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Safe::Get => "GET",
            Safe::Head => "HEAD",
            Safe::Query => "POST",
        }
    }
}

impl Method for Unsafe {
    const READS: bool = false;

    fn method(self) -> reqwest::Method {
        match self {
            Unsafe::Post => reqwest::Method::POST,
            Unsafe::Put => reqwest::Method::PUT,
            Unsafe::Patch => reqwest::Method::PATCH,
            Unsafe::Delete => reqwest::Method::DELETE,
        }
    }
    fn word(self) -> &'static str {
        match self {
            Unsafe::Post => "POST",
            Unsafe::Put => "PUT",
            Unsafe::Patch => "PATCH",
            Unsafe::Delete => "DELETE",
        }
    }
}
