//! Events that VK posts to this deployment, taken through the gate into the log.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use anyhow::ensure;
use async_trait::async_trait;
use otklik_pipeline::Gate;
use otklik_ports::{Cursor, Log, PortResult};
use otklik_sources::{
    author::AuthorKeys,
    parsed::{Parsed, Skip},
    vk::callback::{self, Refusal, Reply, Server},
};
use otklik_web::{Callbacks, Heard};
use otklik_wire::log::Deletion;
use tokio::sync::Mutex;

use crate::config::Config;

/// Events of an endpoint that are kept in mind: VK delivers one again within hours.
const EVENTS_KNOWN: usize = 500;

/// The endpoints of a deployment.
pub(crate) struct VkCallbacks {
    endpoints: BTreeMap<String, Endpoint>,
    gate: Gate,
    log: Arc<dyn Log>,
    authors: AuthorKeys,
}

struct Endpoint {
    server: Server,
    region: String,
    /// Held while an event is taken: which were taken is read and written in between.
    taking: Mutex<()>,
}

impl VkCallbacks {
    /// The endpoints of a configuration; `None` when it has none.
    ///
    /// # Errors
    /// A section makes no sense or a secret cannot be read.
    pub(crate) fn open(
        config: &Config,
        regions: &[&str],
        gate: Gate,
        log: Arc<dyn Log>,
    ) -> anyhow::Result<Option<Arc<dyn Callbacks>>> {
        let mut endpoints = BTreeMap::new();
        for (section, number) in config.callback.iter().zip(1..) {
            let (server, region) = section.server(number, regions)?;
            let endpoint = Endpoint { server, region, taking: Mutex::default() };
            let is_new = endpoints.insert(section.name.clone(), endpoint).is_none();
            ensure!(is_new, "callback {number}: name: {:?} is taken by another section", section.name);
        }
        if endpoints.is_empty() {
            return Ok(None);
        }
        let authors = AuthorKeys::new(config.author_secret()?);
        Ok(Some(Arc::new(Self { endpoints, gate, log, authors })))
    }

    /// Takes what an event held, once: the name of the event moves with its posts.
    async fn take(&self, name: &str, endpoint: &Endpoint, event: Option<String>, parsed: Parsed) -> PortResult<Heard> {
        let _taking = endpoint.taking.lock().await;
        let source = format!("callback:vk:{name}");
        let position = self.log.cursor(&source).await?;
        // One that cannot be read is none: grouping knows posts by their ids.
        let known = position.and_then(|position| serde_json::from_str::<VecDeque<String>>(&position).ok());
        let mut known = known.unwrap_or_default();
        if event.as_ref().is_some_and(|event| known.contains(event)) {
            return Ok(Heard::Repeated);
        }
        if parsed.skipped.of(Skip::Broken) > 0 {
            tracing::warn!(callback = name, reasons = ?parsed.skipped.reasons, "an event of a network is left out");
            return Ok(Heard::LeftOut);
        }
        for id in parsed.deleted {
            self.gate.delete(Deletion { id, region: endpoint.region.clone() }).await?;
        }
        let mut posts = parsed.posts;
        posts.iter_mut().for_each(|post| post.region = Some(endpoint.region.clone()));
        known.extend(event);
        known.drain(..known.len().saturating_sub(EVENTS_KNOWN));
        let position = serde_json::to_string(&known).unwrap_or_default();
        for refused in self.gate.append(posts, Some(Cursor { source, position }), false).await? {
            tracing::warn!(callback = name, reason = %refused.reason, "a post of an event was refused");
        }
        Ok(Heard::Taken)
    }
}

#[async_trait]
impl Callbacks for VkCallbacks {
    async fn hear(&self, name: &str, body: &[u8]) -> PortResult<Heard> {
        let Some(endpoint) = self.endpoints.get(name) else { return Ok(Heard::Unknown) };
        match callback::reply(body, &endpoint.server, Some(&self.authors)) {
            Ok(Reply::Confirm(words)) => Ok(Heard::Confirm(words)),
            Ok(Reply::Taken { event, parsed }) => self.take(name, endpoint, event, *parsed).await,
            Err(Refusal::Secret | Refusal::Group) => Ok(Heard::Refused),
            Err(Refusal::Broken(error)) => Ok(Heard::Broken(error.message)),
        }
    }
}

#[cfg(test)]
mod tests;
