//! Sending by HTTPS.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use async_trait::async_trait;
use otklik_ports::{DeliveryResult, ErrorKind, PortError, PortResult};
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};

use super::{Outgoing, Sender, address};

/// Longest time to reach a receiver.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(5);
/// Longest time until its reply begins.
const REPLY_TIME_MAX: Duration = Duration::from_secs(15);

/// Sends by HTTPS, to public addresses only.
#[derive(Debug)]
pub struct HttpSender {
    client: Client,
    loopback: bool,
}

impl HttpSender {
    /// Makes a sender. With `loopback` it also sends to this machine: for tests and demonstrations.
    ///
    /// # Errors
    /// `Internal` when there are no root certificates to check receivers by.
    pub fn new(loopback: bool) -> PortResult<Self> {
        let client = Client::builder()
            .connect_timeout(CONNECT_TIME_MAX)
            .timeout(REPLY_TIME_MAX)
            .redirect(redirect::Policy::none())
            // A proxy would resolve names itself, out of sight of the check.
            .no_proxy()
            .dns_resolver(Arc::new(PublicOnly { loopback }))
            .build()
            .map_err(|error| PortError::caused(ErrorKind::Internal, "the sender of webhooks cannot be made", error))?;
        Ok(Self { client, loopback })
    }
}

#[async_trait]
impl Sender for HttpSender {
    async fn send(&self, request: Outgoing) -> DeliveryResult {
        // An address given by number is not resolved, so it is checked here.
        let Ok(url) = address::parse(&request.url, self.loopback) else { return DeliveryResult::Refused };
        let mut post = self.client.post(url).body(request.body);
        for (name, value) in request.headers {
            post = post.header(name, value);
        }
        // The body of the reply is of no interest and is not read.
        match post.send().await {
            Ok(response) if response.status().is_success() => DeliveryResult::Succeeded,
            Ok(response) => DeliveryResult::HttpError { status: response.status().as_u16() },
            Err(error) if is_refusal(&error) => DeliveryResult::Refused,
            Err(error) if error.is_timeout() => DeliveryResult::TimedOut,
            Err(_) => DeliveryResult::Unreachable,
        }
    }
}

/// Resolves names and leaves out addresses that are not allowed: the connection is made to what was checked.
#[derive(Debug)]
struct PublicOnly {
    loopback: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let loopback = self.loopback;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let allowed: Vec<SocketAddr> = found.filter(|found| address::is_allowed(found.ip(), loopback)).collect();
            if allowed.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

fn is_refusal(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<NotPublic>() {
            return true;
        }
        cause = error.source();
    }
    false
}
