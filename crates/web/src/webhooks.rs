//! Telling others of changes: signed requests to the addresses that asked for them. The rules for receivers are in
//! `docs/api-design.md`.

pub(crate) mod address;
mod deliver;
mod http;
mod message;
mod sign;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
use otklik_ports::DeliveryResult;

pub use self::{
    deliver::{ATTEMPTS_MAX, Round, back_off, deliver, passed_by_all},
    http::HttpSender,
    sign::signature,
};

/// A request to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// Headers: names and values.
    pub headers: Vec<(&'static str, String)>,
    /// The body, exactly as it was signed.
    pub body: Vec<u8>,
}

/// Sends requests of webhooks.
#[async_trait]
pub trait Sender: Send + Sync {
    /// Sends a request by POST and tells how that ended. Never follows a redirection, and never sends to an address that
    /// is not allowed.
    async fn send(&self, request: Outgoing) -> DeliveryResult;
}
