//! Events that networks post to this server: the Callback API of VK.
//!
//! Whether an event is VK's is told by its secret, which the [`Callbacks`] of the binary check; so it needs no token. VK delivers an
//! event until it reads `ok`, so that word is said only once what the event holds is in the log.

use std::time::Duration;

use async_trait::async_trait;
use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::post,
};
use otklik_ports::{ErrorKind, PortError, PortResult};

use crate::{App, error::Error, metrics};

/// When an event that could not be taken is to be delivered again. VK allows less than three hours.
const AGAIN: Duration = Duration::from_secs(60);

/// Whom networks post events to. The binary fills it in.
#[async_trait]
pub trait Callbacks: Send + Sync {
    /// Takes an event that came to the endpoint of this name. What it held is in the log when this returns.
    ///
    /// # Errors
    /// Those of the log: then it is to be delivered again, which does no harm.
    async fn hear(&self, name: &str, body: &[u8]) -> PortResult<Heard>;
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The network asks whether the server is ours and wants to read this.
    Confirm(String),
    /// It is in the log, or holds nothing that is followed.
    Taken,
    /// It is the network's, and cannot be read: asking for it again would give the same. The log says where it is broken.
    LeftOut,
    /// It was taken before; nothing was done.
    Repeated,
    /// No endpoint has this name.
    Unknown,
    /// It does not carry the secret, or is of another community.
    Refused,
    /// It cannot be read. Says where, never what.
    Broken(String),
}

impl Heard {
    const fn as_str(&self) -> &'static str {
        match self {
            Self::Confirm(_) => "confirmed",
            Self::Taken => "taken",
            Self::LeftOut => "left_out",
            Self::Repeated => "repeated",
            Self::Unknown => "unknown",
            Self::Refused => "refused",
            Self::Broken(_) => "broken",
        }
    }
}

pub(crate) fn router() -> Router<App> {
    Router::new().route("/callback/vk/{name}", post(hear))
}

async fn hear(State(app): State<App>, Path(name): Path<String>, body: Bytes) -> Response {
    let Some(callbacks) = &app.ports.callbacks else { return Error::NotFound("callback").into_response() };
    let heard = match callbacks.hear(&name, &body).await {
        Ok(heard) => heard,
        Err(error) => return postponed(error).into_response(),
    };
    metrics::callback(heard.as_str());
    match heard {
        Heard::Confirm(words) => words.into_response(),
        Heard::Taken | Heard::LeftOut | Heard::Repeated => "ok".into_response(),
        Heard::Unknown => Error::NotFound("callback").into_response(),
        Heard::Refused => Error::Forbidden.into_response(),
        Heard::Broken(problem) => Error::Malformed(problem).into_response(),
    }
}

/// Asks for the event once more, later. Only what the log refuses for good is not asked for again.
fn postponed(error: PortError) -> Error {
    if error.kind == ErrorKind::Rejected {
        return error.into();
    }
    metrics::callback("postponed");
    tracing::warn!(%error, "an event of a network could not be taken, it is asked for again");
    let again = PortError::new(ErrorKind::Unavailable, "the event could not be taken");
    PortError { retry_after: Some(AGAIN), ..again }.into()
}

#[cfg(test)]
mod tests;
