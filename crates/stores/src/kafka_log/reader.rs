//! A client that asks and reads for itself, and is made anew when it fails.
//!
//! The library forgets its brokers when it is told, by a cluster none of whose brokers is ready, that there are none, and never asks
//! again (librdkafka issue 5301): a client that does not answer may be one of those.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::{
    ClientConfig, ClientContext,
    consumer::{BaseConsumer, ConsumerContext},
    error::{KafkaError, KafkaResult},
};

use super::failure::tell;

/// Of what the library tells beside its answers only what matters is said.
pub(super) struct Told;

impl ClientContext for Told {
    fn error(&self, error: KafkaError, reason: &str) {
        tell(&error, reason);
    }
}

impl ConsumerContext for Told {}

/// The client at the time.
pub(super) struct Reader {
    config: ClientConfig,
    client: Mutex<Arc<BaseConsumer<Told>>>,
}

impl Reader {
    pub(super) fn new(config: ClientConfig) -> KafkaResult<Self> {
        let client = Mutex::new(Arc::new(config.create_with_context(Told)?));
        Ok(Self { config, client })
    }

    /// Does something with the client. One with which it failed is not used again.
    ///
    /// # Errors
    /// The client's.
    pub(super) fn ask<T>(&self, work: impl FnOnce(&BaseConsumer<Told>) -> KafkaResult<T>) -> KafkaResult<T> {
        let client = Arc::clone(&self.client.lock().unwrap_or_else(PoisonError::into_inner));
        work(&client).inspect_err(|_| self.renew(&client))
    }

    /// Puts another client in the place of this one, unless somebody else has.
    fn renew(&self, failed: &Arc<BaseConsumer<Told>>) {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&client, failed) {
            return;
        }
        match self.config.create_with_context(Told) {
            Ok(new) => *client = Arc::new(new),
            Err(error) => tracing::warn!(%error, "no new client of Kafka"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_failed_is_not_used_again() {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "127.0.0.1:1").set("group.id", "readers");
        let reader = Reader::new(config).unwrap();
        let name = |reader: &Reader| reader.ask(|client| Ok(std::ptr::from_ref(client) as usize)).unwrap();
        let first = name(&reader);
        assert_eq!(name(&reader), first);
        // Held, so that the next one cannot lie where it lay.
        let held = Arc::clone(&reader.client.lock().unwrap());
        assert_eq!(reader.ask(|_| Err::<(), _>(KafkaError::Canceled)), Err(KafkaError::Canceled));
        assert_ne!(name(&reader), first);
        drop(held);
    }
}
