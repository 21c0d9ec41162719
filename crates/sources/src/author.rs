//! Authors as keyed hashes: voices can be told apart, and nobody can be looked up.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// Bytes of the digest that make a key.
const KEY_BYTES: usize = 12;

/// Turns authors into keys with the deployment's secret.
#[derive(Debug, Clone)]
pub struct AuthorKeys {
    secret: SecretString,
}

impl AuthorKeys {
    /// Keys made with this secret; another deployment's differ.
    pub fn new(secret: SecretString) -> Self {
        Self { secret }
    }

    /// The key of an author, who is named by network and id, such as `vk:12345`, or as a table names them.
    pub fn key(&self, author: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes()).ok()?;
        mac.update(author.trim().as_bytes());
        let digest = mac.finalize().into_bytes();
        Some(digest.iter().take(KEY_BYTES).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_told_apart_and_not_known() {
        let (ours, theirs) = (AuthorKeys::new("a".into()), AuthorKeys::new("b".into()));
        let key = ours.key("vk:12345").unwrap();
        assert!(key.len() == 24 && !key.contains("12345"));
        assert_eq!(ours.key(" vk:12345 "), Some(key.clone()), "the same author");
        assert_ne!(ours.key("ok:12345"), Some(key.clone()), "another network");
        assert_ne!(theirs.key("vk:12345"), Some(key), "another deployment");
    }
}
