use secrecy::{ExposeSecret, SecretString};

/// The link of an invitation or to set a new password, or the new password itself. Whoever has it can
/// act in the person's place, so it is a secret (SYSTEMS.md M2): unprintable by type, it goes from the
/// server's answer to a file and nowhere else.
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

/// How age spells the head of a secret key, which belongs into no manifest and no message.
pub const SECRET_KEY: &str = "AGE-SECRET-KEY-";

/// The age key that links are encrypted to: an X25519 one, `age1...`, which is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient(age::x25519::Recipient);

/// Why a text is no [`Recipient`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotARecipient {
    /// The secret half of a pair; it must be shown nowhere.
    Secret,
    /// Every file would be encrypted to nothing (RFC 7748 §6.1, the all-zero shared secret).
    LowOrder,
    Other,
}

impl Recipient {
    /// # Errors
    /// [`NotARecipient`]: a key of SSH and of a plugin is none.
    pub fn parse(text: &str) -> Result<Self, NotARecipient> {
        if text.to_ascii_uppercase().starts_with(SECRET_KEY) {
            return Err(NotARecipient::Secret);
        }
        let recipient = text.parse().map_err(|_| NotARecipient::Other)?;
        let point = point(text).ok_or(NotARecipient::Other)?;
        // Any scalar tells: all of them are multiples of the order of such a point.
        if x25519_dalek::x25519([1; 32], point) == [0; 32] {
            return Err(NotARecipient::LowOrder);
        }
        Ok(Self(recipient))
    }

    /// For encrypting; a file for it can be read with its secret half alone.
    pub fn key(&self) -> &age::x25519::Recipient {
        &self.0
    }
}

/// The bytes of a key that age has found well spelt: BIP 173's words of five bits, without the checksum.
fn point(text: &str) -> Option<[u8; 32]> {
    const WORDS: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const CHECKSUM: usize = 6;
    let text = text.to_ascii_lowercase();
    let words = text.rsplit_once('1')?.1.as_bytes();
    let (mut point, mut at, mut bits, mut held) = ([0; 32], 0, 0u32, 0u16);
    for letter in &words[..words.len().checked_sub(CHECKSUM)?] {
        let word = WORDS.iter().position(|w| w == letter)?;
        held = (held << 5 | u16::try_from(word).ok()?) & 0xfff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            *point.get_mut(at)? = u8::try_from(held >> bits & 0xff).ok()?;
            at += 1;
        }
    }
    (at == point.len()).then_some(point)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Outcome;

    #[test]
    fn m2_a_link_cannot_be_printed() {
        let outcome = Outcome::Linked(Link::new(SecretString::from("https://host.example/?token=canary")));
        assert!(!format!("{outcome:?}").contains("canary"), "{outcome:?}");
    }

    #[test]
    fn only_keys_that_something_can_be_encrypted_to_are_recipients() {
        let identity = age::x25519::Identity::generate();
        let (secret, public) = (identity.to_string(), identity.to_public().to_string());
        assert!(Recipient::parse(&public).is_ok());
        let mistyped = format!("{}{}", &public[..public.len() - 1], if public.ends_with('q') { 'p' } else { 'q' });
        for (text, why) in [
            (secret.expose_secret(), NotARecipient::Secret),
            (&*secret.expose_secret().to_lowercase(), NotARecipient::Secret),
            (&*mistyped, NotARecipient::Other),
            ("ssh-ed25519 AAAA", NotARecipient::Other),
            ("age1", NotARecipient::Other),
            ("", NotARecipient::Other),
            // The points 0 and 1: to encrypt to one of them is to encrypt to everybody.
            ("age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq5cu47z", NotARecipient::LowOrder),
            ("age1qyqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqj7vrya", NotARecipient::LowOrder),
        ] {
            assert_eq!(Recipient::parse(text), Err(why), "{}", text.len());
        }
    }
}
