//! Locks of reconcilers: advisory locks of one session of this process. They end with the process, however it ends.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex as StdMutex, PoisonError},
};

use sha2::{Digest, Sha256};
use tokio::{runtime::Handle, sync::Mutex};
use tokio_postgres::Client;

use super::{connections::Connections, failure::Result};

/// The locks this process holds.
#[derive(Clone)]
pub(super) struct Locks(Arc<Shared>);

struct Shared {
    connections: Connections,
    /// The session that holds the locks, made with the first.
    session: Mutex<Option<Client>>,
    names: StdMutex<Names>,
}

#[derive(Default)]
struct Names {
    /// Held by somebody in this process.
    held: BTreeSet<String>,
    /// Given back here, but not yet to the server.
    to_give_back: BTreeSet<String>,
}

/// A lock while it is held.
struct Guard {
    locks: Locks,
    name: String,
}

impl Locks {
    pub(super) fn new(connections: &Connections) -> Self {
        let (session, names) = (Mutex::default(), StdMutex::default());
        Self(Arc::new(Shared { connections: connections.clone(), session, names }))
    }

    /// Takes the lock of a name, unless somebody has it.
    pub(super) async fn try_lock(&self, name: &str) -> Result<Option<Box<dyn Send + Sync>>> {
        let mut session = self.0.session.lock().await;
        let client = self.connected(&mut session).await?;
        self.give_back(client).await?;
        // A session may take a lock of its own twice, so that this process keeps account of what it holds.
        if !self.names(|names| names.held.insert(name.to_owned())) {
            return Ok(None);
        }
        let guard = Guard { locks: self.clone(), name: name.to_owned() };
        let taken = client.query_one("SELECT pg_try_advisory_lock($1)", &[&key(name)]).await?;
        if !taken.try_get::<_, bool>(0)? {
            guard.forget();
            return Ok(None);
        }
        Ok(Some(Box::new(guard)))
    }

    async fn connected<'a>(&self, session: &'a mut Option<Client>) -> Result<&'a Client> {
        if session.as_ref().is_none_or(Client::is_closed) {
            let (client, connection) = self.0.connections.dedicated().await?;
            tokio::spawn(async move {
                if connection.await.is_err() {
                    tracing::warn!("connection of the locks was lost, and with it the locks");
                }
            });
            // The server gave back all that the session before held.
            self.names(|names| names.to_give_back.clear());
            return Ok(session.insert(client));
        }
        session.as_ref().ok_or(super::failure::Failure::Ended)
    }

    async fn give_back(&self, client: &Client) -> Result<()> {
        loop {
            let Some(name) = self.names(|names| names.to_give_back.pop_first()) else { return Ok(()) };
            client.query_one("SELECT pg_advisory_unlock($1)", &[&key(&name)]).await?;
        }
    }

    /// Gives back to the server what was given back here.
    async fn settle(self) {
        let session = self.0.session.lock().await;
        if let Some(client) = session.as_ref()
            && self.give_back(client).await.is_err()
        {
            tracing::warn!("a lock could not be given back: its connection was lost, and with it the locks");
        }
    }

    fn names<T>(&self, work: impl FnOnce(&mut Names) -> T) -> T {
        work(&mut self.0.names.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Guard {
    /// Ends a guard that got no lock.
    fn forget(self) {
        self.locks.names(|names| names.held.remove(&self.name));
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let name = self.name.clone();
        let was_held = self.locks.names(|names| names.held.remove(&name) && names.to_give_back.insert(name));
        if was_held && let Ok(runtime) = Handle::try_current() {
            runtime.spawn(self.locks.clone().settle());
        }
    }
}

/// The number of a name.
fn key(name: &str) -> i64 {
    let digest = Sha256::digest(format!("otklik lock {name}"));
    digest.iter().take(8).fold(0, |key, byte| key << 8 | i64::from(*byte))
}
