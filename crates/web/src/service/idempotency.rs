//! Requests that may come twice: the key says which they are, the store keeps the reply.

use jiff::Timestamp;
use otklik_domain::Actor;
use otklik_ports::IdempotentReply;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    App,
    auth::secret,
    error::{Error, Result},
};

/// Longest key in bytes.
const KEY_BYTES_MAX: usize = 200;

/// The key of a request, with what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    key: String,
    request: String,
}

impl Key {
    /// Makes a key of the actor's own key and the parts of the request.
    ///
    /// # Errors
    /// A key that is empty, too long, or not of visible ASCII.
    pub fn new(actor: &Actor, key: &str, request: &[&str]) -> Result<Self> {
        if key.is_empty() || key.len() > KEY_BYTES_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let problem = format!("must be 1 to {KEY_BYTES_MAX} visible ASCII characters");
            return Err(Error::invalid("Idempotency-Key", problem));
        }
        Ok(Self { key: format!("{}:{key}", actor.name), request: secret::digest(request) })
    }

    /// The reply given before to the same request.
    ///
    /// # Errors
    /// [`Error::KeyReused`] when the key was used for another request; those of the store.
    pub(crate) async fn replayed<T: DeserializeOwned>(&self, app: &App) -> Result<Option<T>> {
        let Some(reply) = app.ports.incidents.reply(&self.key).await? else { return Ok(None) };
        if reply.request != self.request {
            return Err(Error::KeyReused);
        }
        let body = serde_json::from_str(&reply.body).map_err(|_| Error::Internal("a stored reply is damaged"))?;
        Ok(Some(body))
    }

    /// The reply to store with what the request changes.
    pub(crate) fn reply(self, status: u16, body: &impl Serialize, at: Timestamp) -> Result<IdempotentReply> {
        let body = serde_json::to_string(body).map_err(|_| Error::Internal("a reply cannot be written"))?;
        Ok(IdempotentReply { key: self.key, request: self.request, status, body, at })
    }
}
