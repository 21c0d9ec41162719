//! The SQLite database, read by a thread of its own: a chunk of rows at a time, so that memory stays bounded.

use std::path::PathBuf;

use rusqlite::{Connection, Row};
use tokio::sync::mpsc;

use super::{Table, broken_off};
use crate::{
    postgres::{
        columns::{Kind, Micros, Value, without_nul},
        failure::Result,
    },
    sqlite::open_to_copy,
};
use otklik_ports::{ErrorKind, PortError, PortResult};

/// Rows read, sent and compared at once.
pub(super) const CHUNK_ROWS: usize = 1_000;
/// Chunks that may wait to be sent.
const CHUNKS_MAX: usize = 4;

/// What the thread sends.
pub(super) enum Chunk {
    /// Rows of the table at hand.
    Rows(Vec<Vec<Value<'static>>>),
    /// There are no more of this table.
    TableEnd,
    /// That was all.
    End {
        /// The latest sequence the outbox has given out.
        outbox_sequence: i64,
    },
}

/// Chunks as they come.
pub(super) struct Source(mpsc::Receiver<PortResult<Chunk>>);

impl Source {
    /// Begins to read tables, one after the other.
    pub(super) fn read(path: PathBuf, tables: Vec<Table>) -> Self {
        let (chunks, waiting) = mpsc::channel(CHUNKS_MAX);
        tokio::task::spawn_blocking(move || {
            let send = |chunk| {
                chunks.blocking_send(Ok(chunk)).map_err(|_| PortError::new(ErrorKind::Internal, "nobody reads"))
            };
            if let Err(error) = read_all(&path, &tables, send) {
                // Who asked may have given up.
                chunks.blocking_send(Err(error)).ok();
            }
        });
        Self(waiting)
    }

    /// The next chunk.
    pub(super) async fn next(&mut self) -> Result<Chunk> {
        Ok(self.0.recv().await.ok_or_else(broken_off)??)
    }
}

fn read_all(path: &std::path::Path, tables: &[Table], send: impl Fn(Chunk) -> PortResult<()>) -> PortResult<()> {
    let wrong = |error: rusqlite::Error| {
        PortError::caused(ErrorKind::Corrupt, format!("the incident database {} cannot be read", path.display()), error)
    };
    let connection = open_to_copy(path)?;
    for table in tables {
        read_table(&connection, table, &send, wrong)?;
    }
    let sql = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0)";
    let outbox_sequence = connection.query_row(sql, [], |row| row.get(0)).map_err(wrong)?;
    send(Chunk::End { outbox_sequence })
}

fn read_table(
    connection: &Connection,
    table: &Table,
    send: &impl Fn(Chunk) -> PortResult<()>,
    wrong: impl Fn(rusqlite::Error) -> PortError + Copy,
) -> PortResult<()> {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    let sql = format!("SELECT {} FROM {} ORDER BY {}", names.join(", "), table.name, table.key);
    let mut statement = connection.prepare(&sql).map_err(wrong)?;
    let mut rows = statement.query([]).map_err(wrong)?;
    let mut chunk = Vec::new();
    while let Some(row) = rows.next().map_err(wrong)? {
        let values = table.columns.iter().enumerate().map(|(index, (_, kind))| value(row, index, *kind));
        chunk.push(values.collect::<rusqlite::Result<Vec<_>>>().map_err(wrong)?);
        if chunk.len() == CHUNK_ROWS {
            send(Chunk::Rows(std::mem::take(&mut chunk)))?;
        }
    }
    if !chunk.is_empty() {
        send(Chunk::Rows(chunk))?;
    }
    send(Chunk::TableEnd)
}

fn value(row: &Row<'_>, index: usize, kind: Kind) -> rusqlite::Result<Value<'static>> {
    Ok(match kind {
        Kind::Text => row.get::<_, Option<String>>(index)?.map(|text| without_nul(&text).into_owned()).into(),
        Kind::Integer => row.get::<_, Option<i64>>(index)?.map_or(Value::Null, Value::Integer),
        Kind::Real => row.get::<_, Option<f64>>(index)?.map_or(Value::Null, Value::Real),
        Kind::Flag => row.get::<_, Option<bool>>(index)?.map_or(Value::Null, Value::Flag),
        Kind::Time => row.get::<_, Option<i64>>(index)?.map_or(Value::Null, |micros| Value::Time(Micros(micros))),
    })
}
