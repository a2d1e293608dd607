use secrecy::{ExposeSecret, SecretString};

/// The link of an invitation. Whoever has it can accept in the person's place, so it is a secret
/// (SYSTEMS.md M2): unprintable by type, it goes from the server's answer to a file and nowhere else.
#[derive(Debug, Clone)]
pub struct Link(SecretString);

impl Link {
    pub fn new(link: SecretString) -> Self {
        Self(link)
    }
    /// The bytes for the hand-over file; for no output, log or plan.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Link {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Link {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;

    #[test]
    fn m2_a_link_cannot_be_printed() {
        let outcome = Outcome::Linked(Link::new(SecretString::from("https://host.example/?token=canary")));
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    }
}
