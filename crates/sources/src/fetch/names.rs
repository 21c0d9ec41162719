//! Names to addresses, those that are not public left out: the connection is made to what was checked.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use async_trait::async_trait;
use otklik_ports::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// Looks names up.
#[async_trait]
pub trait NameLookup: Send + Sync {
    /// The addresses of a name.
    ///
    /// # Errors
    /// There is no such name, or nobody to ask.
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>>;
}

/// Asks the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl NameLookup for SystemLookup {
    async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Leaves out addresses that are not public.
pub(super) struct PublicOnly(pub(super) Arc<dyn NameLookup>);

/// A name leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
pub(super) struct NotPublic;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let names = Arc::clone(&self.0);
        Box::pin(async move {
            let found = names.lookup(name.as_str()).await?;
            let public: Vec<SocketAddr> =
                found.into_iter().filter(|address| is_public(*address)).map(|ip| SocketAddr::new(ip, 0)).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
