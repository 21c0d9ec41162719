//! Incidents in PostgreSQL: conformance, several processes on one database, and a server that is killed.
#![cfg(feature = "postgres")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod kill;
#[cfg(feature = "sqlite")]
mod moving;
mod refused;
mod sample;
mod server;
mod together;

use otklik_ports::conformance;
use otklik_stores::postgres::{PostgresConfig, PostgresIncidents};

use self::server::Server;

fn config(address: &str) -> PostgresConfig {
    PostgresConfig { password: Some(server::PASSWORD.to_owned().into()), ..PostgresConfig::new(address) }
}

async fn open(address: &str) -> PostgresIncidents {
    PostgresIncidents::open(&config(address)).await.unwrap()
}

#[tokio::test]
async fn conforms() {
    let Some(server) = Server::start("incidents in PostgreSQL") else { return };
    conformance::incidents::suite(async || open(&server.database()).await).await;
}
