//! Brings the database to the state this version of the program works with: `schemas/postgres/NNNN-name.sql`, forward only.

use otklik_ports::ErrorKind;

use super::{
    connections::{Connections, Session},
    failure::{Result, refused},
    rows::RowFields,
};
use crate::sql::Fields;

const MIGRATIONS: [(&str, &str); 9] = [
    ("0001-incidents", include_str!("../../../../schemas/postgres/0001-incidents.sql")),
    ("0002-incident-texts", include_str!("../../../../schemas/postgres/0002-incident-texts.sql")),
    ("0003-tally", include_str!("../../../../schemas/postgres/0003-tally.sql")),
    ("0004-history", include_str!("../../../../schemas/postgres/0004-history.sql")),
    ("0005-outbox", include_str!("../../../../schemas/postgres/0005-outbox.sql")),
    ("0006-desk", include_str!("../../../../schemas/postgres/0006-desk.sql")),
    ("0007-audit", include_str!("../../../../schemas/postgres/0007-audit.sql")),
    ("0008-checkpoints", include_str!("../../../../schemas/postgres/0008-checkpoints.sql")),
    ("0009-outbox-by-incident", include_str!("../../../../schemas/postgres/0009-outbox-by-incident.sql")),
];

/// The advisory lock of migrating: any number will do that nobody else uses.
const LOCK: i64 = 0x6f74_6b6c_696b_0001;

/// Runs the migrations that were not run yet, all or none. Processes that begin together wait for one another.
///
/// # Errors
/// `Rejected` when a newer program has migrated the database further.
pub(super) async fn migrate(connections: &Connections) -> Result<()> {
    let lease = connections.lease().await?;
    lease.run("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
    let done = run(&lease).await;
    lease.run(if done.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
    lease.end();
    done
}

async fn run(session: &Session) -> Result<()> {
    session.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    session
        .run(
            "CREATE TABLE IF NOT EXISTS migrations (
                 version BIGINT PRIMARY KEY,
                 name TEXT NOT NULL,
                 run_at TIMESTAMPTZ NOT NULL DEFAULT now()
             )",
        )
        .await?;
    let rows = session.query_once("SELECT coalesce(max(version), 0) FROM migrations", &[]).await?;
    let version: usize = rows.first().map_or(Ok(0), |row| RowFields { row, next: 0 }.number())?;
    if version > MIGRATIONS.len() {
        let message = format!(
            "the incident database has schema {version}, this program knows {} at most: use a newer otklik",
            MIGRATIONS.len()
        );
        return Err(refused(ErrorKind::Rejected, message));
    }
    for (number, (name, sql)) in (1_i64..).zip(MIGRATIONS).skip(version) {
        session.run(sql).await?;
        session.execute("INSERT INTO migrations (version, name) VALUES ($1, $2)", &[&number, &name]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_in_its_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/postgres");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        let stems: Vec<&str> = files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
        assert_eq!(stems, MIGRATIONS.map(|(name, _)| name));
        for (number, name) in (1..).zip(stems) {
            assert!(name.starts_with(&format!("{number:04}-")), "{name} is not number {number}");
        }
    }
}
