//! Incidents, accounts, the outbox and the audit trail in PostgreSQL: several processes work on one database.
//!
//! The tables are those of SQLite (`crate::sqlite`), with PostgreSQL's types: an incident is a row with a column for each
//! of its fields. A batch is written by a fixed number of statements, each over arrays, so that its price is in rows and
//! not in round trips.
//!
//! Several writers at once: a batch locks the incidents it changes, in the order of their ids, and checks their versions
//! under the lock. What all batches share, the outbox and the tally, comes last and behind one lock that is held until the
//! batch is committed ([`write`](self::write)). Sequences of the outbox are therefore seen in their order, and a reader
//! that has passed one has missed none before it.
//!
//! Changes of other processes come by `NOTIFY` ([`changes`]), locks of reconcilers are advisory locks ([`locks`]).

mod board;
mod changes;
mod columns;
mod connections;
mod desk;
mod failure;
mod filter;
#[cfg(feature = "sqlite")]
mod import;
mod incidents;
mod list;
mod locks;
mod migrations;
mod outbox;
mod rows;
mod write;

#[cfg(feature = "sqlite")]
pub use self::import::Copied;

use std::time::Duration;

use otklik_ports::PortResult;
use secrecy::SecretString;

use self::{changes::Changes, connections::Connections, locks::Locks};

/// Where the database is, who asks, and how much it may be asked.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgresql://user@host:port/database`, or `postgresql:///database?host=/run/postgresql&user=otklik` for a socket.
    /// Several hosts with `target_session_attrs=read-write` follow a change of the primary. No password: it would stand
    /// in lists of processes and in logs.
    pub url: String,
    /// The password, when the server asks for one.
    pub password: Option<SecretString>,
    /// Connections for queries and writes at most. Two more are for locks and for changes of other processes.
    pub connections: usize,
    /// Longest time of a statement.
    pub statement_within: Duration,
}

impl PostgresConfig {
    /// A database by its address, with modest limits.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), password: None, connections: 8, statement_within: Duration::from_secs(20) }
    }
}

/// The store of incidents in PostgreSQL. Any number of processes may have it open at once, and each hears of the changes of
/// all.
pub struct PostgresIncidents {
    connections: Connections,
    changes: Changes,
    locks: Locks,
}

impl PostgresIncidents {
    /// Opens the database and migrates it.
    ///
    /// # Errors
    /// `Rejected` for an address that is none or has a password in it, or when a newer program has migrated the database;
    /// `Unauthorized` when the server refuses the user; `Unavailable` when it does not answer. The message names the place.
    pub async fn open(config: &PostgresConfig) -> PortResult<Self> {
        let connections = Connections::new(config)?;
        connections.answer(migrations::migrate(&connections)).await?;
        let changes = Changes::listen(&connections);
        let locks = Locks::new(&connections);
        Ok(Self { connections, changes, locks })
    }
}
