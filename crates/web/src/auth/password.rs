//! Passwords: Argon2id, a few at once, the same time for a login that is not there.

use std::sync::{Arc, OnceLock};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Each takes 19 MiB and tens of milliseconds of a core.
const AT_ONCE_MAX: usize = 2;
/// Longest password in bytes.
pub(crate) const PASSWORD_BYTES_MAX: usize = 256;
/// Shortest password in characters.
pub(crate) const PASSWORD_CHARS_MIN: usize = 10;

/// Hashes and checks passwords.
#[derive(Debug)]
pub(crate) struct Passwords(Arc<Semaphore>);

impl Default for Passwords {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE_MAX)))
    }
}

impl Passwords {
    /// The hash to store, PHC format.
    pub(crate) async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.run(move || hash(&password)).await?
    }

    /// Whether a password fits a stored hash. Without one it takes as long and says no.
    pub(crate) async fn check(&self, password: &str, stored: Option<String>) -> Result<bool> {
        if password.len() > PASSWORD_BYTES_MAX {
            return Ok(false);
        }
        let password = password.to_owned();
        self.run(move || {
            let known = stored.is_some();
            let stored = match stored {
                Some(stored) => stored,
                None => nobodys_hash()?.to_owned(),
            };
            let parsed =
                PasswordHash::new(&stored).map_err(|_| Error::Internal("a stored password hash is damaged"))?;
            Ok(Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known)
        })
        .await?
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| Error::Internal("passwords are closed"))?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(place);
            result
        });
        done.await.map_err(|_| Error::Internal("checking a password broke off"))
    }
}

fn hash(password: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|_| Error::Internal("a password could not be hashed"))
}

/// The hash of a password nobody has.
fn nobodys_hash() -> Result<&'static str> {
    static HASH: OnceLock<String> = OnceLock::new();
    match HASH.get() {
        Some(hash) => Ok(hash),
        None => {
            let made = hash(&super::secret::generate())?;
            Ok(HASH.get_or_init(|| made))
        }
    }
}
