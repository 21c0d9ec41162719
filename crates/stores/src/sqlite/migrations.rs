//! Brings the database to the state this version of the program works with: `schemas/sqlite/NNNN-name.sql`, forward only.

use otklik_ports::ErrorKind;
use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use super::failure::{Result, refused};

const MIGRATIONS: &[M<'_>] = &[
    M::up(include_str!("../../../../schemas/sqlite/0001-incidents.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0002-incident-texts.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0003-tally.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0004-history.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0005-outbox.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0006-desk.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0007-audit.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0008-checkpoints.sql")),
    M::up(include_str!("../../../../schemas/sqlite/0009-outbox-by-incident.sql")),
];

/// Runs the migrations that were not run yet, in one transaction.
///
/// # Errors
/// `Rejected` when a newer program has migrated the database further.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    match Migrations::from_slice(MIGRATIONS).to_latest(connection) {
        Err(Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead)) => {
            let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            let message = format!(
                "the incident database {} has schema {version}, this program knows {} at most: use a newer otklik",
                connection.path().unwrap_or_default(),
                MIGRATIONS.len()
            );
            Err(refused(ErrorKind::Rejected, message))
        }
        done => Ok(done?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_migration_in_its_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/sqlite");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert_eq!(files.len(), MIGRATIONS.len());
        for (index, path) in files.iter().enumerate() {
            let name = path.file_name().unwrap().to_str().unwrap();
            assert!(name.starts_with(&format!("{:04}-", index + 1)), "{name} is not number {}", index + 1);
            let same = M::up(std::fs::read_to_string(path).unwrap().leak()) == MIGRATIONS[index];
            assert!(same, "{name} is not the migration at its place");
        }
    }

    #[test]
    fn they_run_once() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let schema = |connection: &Connection| -> Vec<String> {
            let mut statement = connection.prepare("SELECT sql FROM sqlite_schema ORDER BY name").unwrap();
            let rows = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
            rows.map(|sql| sql.unwrap().unwrap_or_default()).collect()
        };
        let before = schema(&connection);
        migrate(&mut connection).unwrap();
        assert_eq!(schema(&connection), before);
        let version: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version as usize, MIGRATIONS.len());
    }

    #[test]
    fn each_step_goes_on_from_the_one_before() {
        let mut connection = Connection::open_in_memory().unwrap();
        for step in 1..=MIGRATIONS.len() {
            Migrations::from_slice(MIGRATIONS).to_version(&mut connection, step).unwrap();
        }
        migrate(&mut connection).unwrap();
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", 1_000).unwrap();
        let error = migrate(&mut connection).unwrap_err();
        assert!(error.to_string().contains("has schema 1000, this program knows 9 at most"), "{error}");
    }
}
