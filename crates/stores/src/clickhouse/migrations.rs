//! Brings the tables to the state this version of the program works with.
//!
//! `schemas/clickhouse/NNNN-name.sql` are run once each, in order, forward only. Each holds one statement that may run
//! twice, because a kill between a statement and the note that it was run is possible.

use ::clickhouse::{Client, Row};
use otklik_ports::{ErrorKind, PortError, PortResult};
use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{failure::failure, tables::Tables};

#[derive(RustEmbed)]
#[folder = "../../schemas/clickhouse"]
struct Files;

/// A step of the schema.
#[derive(Debug, PartialEq, Eq)]
struct Migration {
    number: u32,
    name: String,
    sql: String,
    checksum: String,
}

#[derive(Row, Serialize, Deserialize)]
struct Applied {
    number: u32,
    name: String,
    checksum: String,
}

/// Makes the database and runs the migrations that were not run yet. `server` is the client without a database.
///
/// # Errors
/// `Rejected` when the database was made by a newer version, or a migration was changed after it was run.
pub(super) async fn migrate(server: &Client, tables: &Tables) -> PortResult<()> {
    let what = "migrating ClickHouse";
    let database = tables.database();
    let exists = server.query("SELECT count() FROM system.databases WHERE name = {database:String}");
    let exists: u64 = exists.param("database", database).fetch_one().await.map_err(|error| failure(what, error))?;
    if exists == 0 {
        server.query_raw(&tables.create_database()).execute().await.map_err(|error| failure(what, error))?;
    }
    let client = server.clone().with_database(database);
    client.query_raw(&tables.create_migrations()).execute().await.map_err(|error| failure(what, error))?;
    let applied = client.query("SELECT ?fields FROM schema_migrations FINAL ORDER BY number").fetch_all::<Applied>();
    let applied = applied.await.map_err(|error| failure(what, error))?;
    for migration in pending(known()?, &applied)? {
        let what = format!("migration {:04}-{} of ClickHouse", migration.number, migration.name);
        for statement in tables.render(&migration.sql)? {
            client.query_raw(&statement).execute().await.map_err(|error| failure(&what, error))?;
        }
        let insert = client.insert::<Applied>("schema_migrations").await;
        let mut insert = insert.map_err(|error| failure(&what, error))?;
        let Migration { number, name, checksum, .. } = migration;
        insert.write(&Applied { number, name, checksum }).await.map_err(|error| failure(&what, error))?;
        insert.end().await.map_err(|error| failure(&what, error))?;
        tracing::info!(migration = number, "clickhouse schema migrated");
    }
    Ok(())
}

/// All that [`migrate`] runs on an empty server.
pub(super) fn statements(tables: &Tables) -> PortResult<Vec<String>> {
    let mut statements = vec![tables.create_database(), tables.create_migrations()];
    for migration in known()? {
        statements.extend(tables.render(&migration.sql)?);
    }
    Ok(statements)
}

/// The migrations of this version, in order.
fn known() -> PortResult<Vec<Migration>> {
    let mut migrations = Vec::new();
    for file in Files::iter() {
        let wrong = || PortError::new(ErrorKind::Internal, format!("schemas/clickhouse/{file} is not NNNN-name.sql"));
        let (number, name) = file.strip_suffix(".sql").and_then(|name| name.split_once('-')).ok_or_else(wrong)?;
        let content = Files::get(&file).ok_or_else(wrong)?.data;
        migrations.push(Migration {
            number: number.parse().map_err(|_| wrong())?,
            name: name.to_owned(),
            checksum: Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect(),
            sql: String::from_utf8(content.into_owned()).map_err(|_| wrong())?,
        });
    }
    migrations.sort_by_key(|migration| migration.number);
    Ok(migrations)
}

/// What is left to run.
fn pending(known: Vec<Migration>, applied: &[Applied]) -> PortResult<Vec<Migration>> {
    let newest = known.last().map_or(0, |migration| migration.number);
    for Applied { number, name, checksum } in applied {
        let rejected = |problem: &str| {
            PortError::new(ErrorKind::Rejected, format!("migration {number:04}-{name} of ClickHouse {problem}"))
        };
        match known.iter().find(|migration| migration.number == *number) {
            Some(migration) if migration.checksum != *checksum => {
                return Err(rejected(
                    "was run from another file than this version has; migrations must not be changed",
                ));
            }
            None if *number > newest => {
                return Err(rejected("was run by a newer version of Otklik; use that version with this database"));
            }
            _ => {}
        }
    }
    let mut pending = known;
    pending.retain(|migration| applied.iter().all(|applied| applied.number != migration.number));
    Ok(pending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_numbered_from_one_and_hold_one_repeatable_statement() {
        let known = known().unwrap();
        for (number, migration) in (1..).zip(&known) {
            assert_eq!(migration.number, number);
            let code: String = migration.sql.lines().filter(|line| !line.starts_with("--")).collect();
            assert!(!code.contains(';'), "{}: one statement, without a semicolon", migration.name);
            assert!(code.contains("IF NOT EXISTS") || code.contains("IF EXISTS"), "{}: may run twice", migration.name);
        }
    }

    #[test]
    fn runs_what_is_left() {
        let migration = |number, checksum: &str| Migration {
            number,
            name: "name".to_owned(),
            sql: String::new(),
            checksum: checksum.to_owned(),
        };
        let check = |applied: &[(u32, &str)], expected: Result<&[u32], &str>| {
            let applied: Vec<Applied> = applied
                .iter()
                .map(|(number, checksum)| Applied {
                    number: *number,
                    name: "name".to_owned(),
                    checksum: checksum.to_string(),
                })
                .collect();
            let got = pending(vec![migration(1, "a"), migration(2, "b")], &applied);
            match (got, expected) {
                (Ok(got), Ok(expected)) => {
                    assert_eq!(got.iter().map(|migration| migration.number).collect::<Vec<_>>(), expected);
                }
                (Err(error), Err(expected)) => assert!(error.message.contains(expected), "{}", error.message),
                (got, expected) => panic!("{got:?} instead of {expected:?}"),
            }
        };
        check(&[], Ok(&[1, 2]));
        check(&[(1, "a")], Ok(&[2]));
        check(&[(1, "a"), (2, "b")], Ok(&[]));
        check(&[(1, "x")], Err("must not be changed"));
        check(&[(1, "a"), (2, "b"), (3, "c")], Err("newer version"));
    }
}
