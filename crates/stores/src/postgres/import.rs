//! Moving in: everything of a SQLite database, copied in one transaction and read again before it counts.

mod digest;
mod source;

use std::path::Path;

use otklik_ports::{ErrorKind, PortError, PortResult};

use self::{
    digest::Digest,
    source::{CHUNK_ROWS, Chunk, Source},
};
use super::{
    PostgresIncidents,
    columns::{Kind, Micros, Rows, Text, Value, insert},
    connections::Session,
    failure::{Failure, Result, refused},
    rows::RowFields,
};
use crate::sql::Fields;

/// Every table with the order of its rows, those first that others refer to.
const TABLES: [(&str, &str); 15] = [
    ("incidents", "n"),
    ("incident_texts", "n"),
    ("tally", "region, state, agency, block, municipality, severity, overdue, answered, rating"),
    ("incident_events", "link"),
    ("changes", "n, version"),
    ("answers", "answer"),
    ("outbox", "sequence"),
    ("webhooks", "id"),
    ("deliveries", "delivery"),
    ("accounts", "login"),
    ("sessions", "hash"),
    ("tokens", "name"),
    ("replies", "key"),
    ("audit", "entry"),
    ("checkpoints", "consumer, partition"),
];

/// What was copied of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The table.
    pub table: &'static str,
    /// Its rows.
    pub rows: u64,
    /// SHA-256 of all its values in the order of its key, hexadecimal: the same in both databases.
    pub digest: String,
}

/// A table with its columns.
#[derive(Debug, Clone)]
struct Table {
    name: &'static str,
    key: &'static str,
    columns: Vec<(String, Kind)>,
}

impl PostgresIncidents {
    /// Fills the database with everything a SQLite file has: incidents, histories, outbox, accounts, tokens, audit trail,
    /// checkpoints. Nobody writes to the file meanwhile. Each table is read again and compared before the transaction is
    /// committed, so that either all of it is there or nothing.
    ///
    /// # Errors
    /// `Rejected` when the database has anything in it already; `NotFound` without such a file; `Unavailable` when
    /// somebody writes to it; `Corrupt` when what was read again differs.
    pub async fn copy_from_sqlite(&self, path: &Path) -> PortResult<Vec<Copied>> {
        let copied = async {
            let lease = self.connections.lease().await?;
            lease
                .run("BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
                .await?;
            let copied = copy(&lease, path).await;
            lease.run(if copied.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
            if copied.is_ok() {
                // The planner knows nothing yet of what has come.
                lease.run("SET statement_timeout = 0; ANALYZE; RESET statement_timeout").await?;
            }
            lease.end();
            copied
        };
        copied.await.map_err(|failure: Failure| self.connections.explain(failure))
    }
}

async fn copy(session: &Session, path: &Path) -> Result<Vec<Copied>> {
    let mut tables = Vec::new();
    for (name, key) in TABLES {
        session.run(&format!("LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE")).await?;
        if !session.query_once(&format!("SELECT 1::bigint FROM {name} LIMIT 1"), &[]).await?.is_empty() {
            let message = format!("table {name} has rows already: incidents are copied into an empty database only");
            return Err(refused(ErrorKind::Rejected, message));
        }
        tables.push(Table { name, key, columns: columns(session, name).await? });
    }
    let mut source = Source::read(path.to_owned(), tables.clone());
    let mut copied = Vec::new();
    for table in &tables {
        let sent = send(session, table, &mut source).await?;
        let stored = read_again(session, table).await?;
        if stored != sent {
            let message = format!("table {} differs after it was copied: nothing was kept", table.name);
            return Err(refused(ErrorKind::Corrupt, message));
        }
        let (rows, digest) = sent;
        copied.push(Copied { table: table.name, rows, digest });
    }
    // Numbers go on where they were, also those of entries dropped long ago.
    let Chunk::End { outbox_sequence } = source.next().await? else { return Err(broken_off()) };
    for (table, column) in [
        ("incidents", "n"),
        ("incident_events", "link"),
        ("answers", "answer"),
        ("deliveries", "delivery"),
        ("audit", "entry"),
    ] {
        session.run(&format!("SELECT setval(pg_get_serial_sequence('{table}', '{column}'), (SELECT coalesce(max({column}), 0) + 1 FROM {table}), FALSE)")).await?;
    }
    let sql = "SELECT setval(pg_get_serial_sequence('outbox', 'sequence'), $1::bigint + 1, FALSE)";
    session.query(sql, &[&outbox_sequence]).await?;
    Ok(copied)
}

/// The columns of a table as the database has them.
async fn columns(session: &Session, table: &str) -> Result<Vec<(String, Kind)>> {
    let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns
               WHERE table_schema = current_schema() AND table_name = $1::text ORDER BY ordinal_position";
    let mut columns = Vec::new();
    for row in &session.query(sql, &[&Text(table)]).await? {
        let mut fields = RowFields { row, next: 0 };
        let (name, kind) = (fields.text()?, fields.text()?);
        let kind = match kind.as_str() {
            "text" => Kind::Text,
            "bigint" => Kind::Integer,
            "double precision" => Kind::Real,
            "boolean" => Kind::Flag,
            "timestamp with time zone" => Kind::Time,
            other => {
                let message = format!("column {name} of {table} has the type {other}, which nothing is copied into");
                return Err(refused(ErrorKind::Internal, message));
            }
        };
        columns.push((name, kind));
    }
    Ok(columns)
}

/// Copies a table; gives the number of rows and their digest as they were read from the source.
async fn send(session: &Session, table: &Table, source: &mut Source) -> Result<(u64, String)> {
    let sql = insert(table.name, &table.columns, "");
    let mut digest = Digest::default();
    loop {
        match source.next().await? {
            Chunk::Rows(rows) => {
                let mut columns = Rows::of(table.columns.iter().map(|(_, kind)| *kind));
                for row in rows {
                    digest.add(&row);
                    columns.push(row)?;
                }
                session.execute(&sql, &columns.values()).await?;
            }
            Chunk::TableEnd => return Ok(digest.finish()),
            Chunk::End { .. } => return Err(broken_off()),
        }
    }
}

fn broken_off() -> Failure {
    Failure::Refused(PortError::new(ErrorKind::Internal, "reading the SQLite database broke off"))
}

/// The number of rows of a table and their digest as they are stored.
async fn read_again(session: &Session, table: &Table) -> Result<(u64, String)> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let cursor =
        format!("DECLARE copied CURSOR FOR SELECT {} FROM {} ORDER BY {}", names.join(", "), table.name, table.key);
    session.run(&cursor).await?;
    let mut digest = Digest::default();
    loop {
        let rows = session.query_once(&format!("FETCH {CHUNK_ROWS} FROM copied"), &[]).await?;
        for row in &rows {
            let mut values = Vec::with_capacity(table.columns.len());
            for (index, (_, kind)) in table.columns.iter().enumerate() {
                values.push(match kind {
                    Kind::Text => row.try_get::<_, Option<String>>(index)?.into(),
                    Kind::Integer => row.try_get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Integer),
                    Kind::Real => row.try_get::<_, Option<f64>>(index)?.map_or(Value::Null, Value::Real),
                    Kind::Flag => row.try_get::<_, Option<bool>>(index)?.map_or(Value::Null, Value::Flag),
                    Kind::Time => row.try_get::<_, Option<Micros>>(index)?.map_or(Value::Null, Value::Time),
                });
            }
            digest.add(&values);
        }
        if rows.is_empty() {
            session.run("CLOSE copied").await?;
            return Ok(digest.finish());
        }
    }
}
