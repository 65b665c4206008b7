//! Links in e-mails: an HMAC of the delivery's id, so that nothing secret is stored and a resend
//! after a crash carries the same working link (architecture.md, decision 4).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tandem_domain::ids::{CodeId, DeliveryId};
use uuid::Uuid;

/// What a link does; part of what is authenticated, so that one kind never opens another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Signs its recipient in.
    SignIn,
    /// Answers an approach.
    Answer,
    /// Shows a seat in a training, to be booked, taken or given back.
    Training,
    /// Opens a person's own pages about one match or case.
    Person,
    /// Opens the same after a one-time code was typed in.
    Code,
    /// Shows a one-time code for printing, once.
    Print,
    /// Ends mails of one kind to their recipient.
    Unsubscribe,
    /// Confirms a changed address at one of its ends, or says that it is not right.
    Address,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"sign-in",
            Self::Answer => b"answer",
            Self::Training => b"training",
            Self::Person => b"person",
            Self::Code => b"code",
            Self::Print => b"print",
            Self::Unsubscribe => b"unsubscribe",
            Self::Address => b"address",
        }
    }
}

/// The secret of at least 32 bytes that api and worker share.
#[derive(Clone)]
pub struct LinkKey(Vec<u8>);

impl std::fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkKey(…)")
    }
}

impl LinkKey {
    /// A key from a secret.
    ///
    /// # Errors
    /// A text that says what is wrong where the secret is shorter than 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, String> {
        if secret.len() < 32 {
            return Err(format!(
                "the link secret has {} bytes, at least 32 are needed",
                secret.len()
            ));
        }
        Ok(Self(secret.to_vec()))
    }

    /// Whether the secret has too few different bytes to have been drawn at random.
    pub fn is_guessable(&self) -> bool {
        let mut seen = self.0.clone();
        seen.sort_unstable();
        seen.dedup();
        seen.len() < 10
    }

    fn mac(&self, purpose: Purpose, id: Uuid) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(purpose.label());
        mac.update(&[0]);
        mac.update(id.as_bytes());
        mac
    }

    /// What only this key can make of a label and an id; for what is shown and compared, never stored.
    pub(crate) fn seal(&self, label: &[u8], id: Uuid) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(label);
        mac.update(&[0]);
        mac.update(id.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The token of a delivery's link: 48 bytes in URL-safe base64, 64 characters.
    pub fn token(&self, purpose: Purpose, delivery: DeliveryId) -> String {
        self.token_of(purpose, delivery.uuid())
    }

    /// The delivery that a token belongs to; none where anything about it is wrong.
    pub fn verify(&self, purpose: Purpose, token: &str) -> Option<DeliveryId> {
        self.verify_of(purpose, token).map(DeliveryId::from)
    }

    /// The token of a page that belongs to a one-time code: the one that prints it, or those that it opens.
    pub fn code_token(&self, purpose: Purpose, code: CodeId) -> String {
        self.token_of(purpose, code.uuid())
    }

    /// The code that a token belongs to; none where anything about it is wrong.
    pub fn verify_code(&self, purpose: Purpose, token: &str) -> Option<CodeId> {
        self.verify_of(purpose, token).map(CodeId::from)
    }

    /// What is stored of a one-time code: a keyed hash, since a code is short enough to be guessed from
    /// a plain one.
    pub fn hash_code(&self, code: &str) -> Vec<u8> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"one-time code");
        mac.update(&[0]);
        mac.update(code.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    fn token_of(&self, purpose: Purpose, id: Uuid) -> String {
        let mut bytes = id.as_bytes().to_vec();
        bytes.extend_from_slice(&self.mac(purpose, id).finalize().into_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn verify_of(&self, purpose: Purpose, token: &str) -> Option<Uuid> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok()?;
        let (id, tag) = bytes.split_at_checked(16)?;
        let id = Uuid::from_slice(id).ok()?;
        // constant time
        self.mac(purpose, id).verify_slice(tag).ok()?;
        Some(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_only_what_it_was_made_for() {
        let key = LinkKey::new(&[7; 32]).unwrap();
        let delivery = DeliveryId::from(Uuid::from_u128(1));
        let token = key.token(Purpose::Answer, delivery);
        assert_eq!(key.verify(Purpose::Answer, &token), Some(delivery));
        assert_eq!(key.verify(Purpose::SignIn, &token), None);
        assert_eq!(
            LinkKey::new(&[8; 32]).unwrap().verify(Purpose::Answer, &token),
            None
        );
        let mut changed = token.into_bytes();
        changed[3] = if changed[3] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            key.verify(Purpose::Answer, std::str::from_utf8(&changed).unwrap()),
            None
        );
        assert_eq!(key.verify(Purpose::Answer, ""), None);
        assert_eq!(key.verify(Purpose::Answer, "Ä"), None);
    }

    #[test]
    fn a_short_secret_is_refused() {
        assert!(LinkKey::new(&[7; 31]).is_err());
    }
}
