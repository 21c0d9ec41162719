//! Sessions of the engine: each has a database and settings of its own and runs one statement at a time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{sync::Semaphore, task, time};

use super::{
    config::ChdbLimits,
    exception::Exception,
    ffi::{Api, Connection},
};

/// How long a query waits for a session to be free.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A statement to run.
#[derive(Debug, Default)]
pub(super) struct Statement {
    /// The statement; an insert without its FORMAT clause.
    pub(super) sql: String,
    /// The format of the result, or of the data.
    pub(super) format: String,
    /// Parameters `{name:Type}` of a query, escaped as for the HTTP interface.
    pub(super) parameters: Vec<(String, String)>,
    /// The data of an insert.
    pub(super) data: Option<Bytes>,
    /// The database names are looked up in.
    pub(super) database: Option<String>,
    /// Settings of this statement.
    pub(super) settings: BTreeMap<String, String>,
}

/// The engine's sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    api: &'static Api,
    arguments: Vec<String>,
    queries_max: u32,
    permits: Arc<Semaphore>,
    free: Mutex<Vec<Session>>,
}

#[derive(Debug)]
struct Session {
    connection: Connection,
    database: String,
    settings: BTreeMap<String, String>,
}

impl Sessions {
    /// Sessions of the engine that the anchor has started. The engine would stop with its last connection, and cannot do
    /// so in good order: the anchor is never closed.
    pub(super) fn new(api: &'static Api, arguments: Vec<String>, limits: &ChdbLimits, anchor: Connection) -> Self {
        std::mem::forget(anchor);
        let queries_max = limits.queries_max.max(1);
        Self {
            api,
            arguments,
            queries_max: u32::from(queries_max),
            permits: Arc::new(Semaphore::new(usize::from(queries_max))),
            free: Mutex::new(Vec::new()),
        }
    }

    /// Runs a statement in a session, when one is free. It runs to its end even when nobody waits for it any more.
    ///
    /// # Errors
    /// What the engine says, or that there are too many queries.
    pub(super) async fn run(self: &Arc<Self>, statement: Statement) -> Result<Bytes, Exception> {
        let permit = time::timeout(WAIT_MAX, Arc::clone(&self.permits).acquire_owned()).await;
        let Ok(Ok(permit)) = permit else {
            return Err(Exception::too_many_queries());
        };
        let this = Arc::clone(self);
        // The permit goes with the thread: a caller who gives up lets no other query in while this one still runs.
        let run = task::spawn_blocking(move || {
            let result = this.run_blocking(&statement);
            drop(permit);
            result
        });
        run.await.unwrap_or_else(|_| Err(Exception::internal("the query's thread stopped")))
    }

    /// Waits for the statements under way, for as long as a query may take, and takes no further ones.
    pub(super) async fn close(&self) {
        drop(time::timeout(WAIT_MAX, self.permits.acquire_many(self.queries_max)).await);
        self.permits.close();
    }

    fn run_blocking(&self, statement: &Statement) -> Result<Bytes, Exception> {
        let free = self.free().pop();
        let mut session = free.map_or_else(|| self.open(), Ok)?;
        // A session that could not be prepared is in no known state and is dropped.
        session.prepare(statement)?;
        let result = session.run(statement);
        self.free().push(session);
        result
    }

    fn free(&self) -> MutexGuard<'_, Vec<Session>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<Session, Exception> {
        match Connection::open(self.api, &self.arguments) {
            Ok(Some(connection)) => {
                Ok(Session { connection, database: "default".to_owned(), settings: BTreeMap::new() })
            }
            Ok(None) | Err(_) => Err(Exception::internal("no further connection could be opened")),
        }
    }
}

impl Session {
    /// Brings the session's database and settings to what the statement asks for.
    fn prepare(&mut self, statement: &Statement) -> Result<(), Exception> {
        let database = statement.database.as_deref().unwrap_or("default");
        if self.database != database {
            self.set(&format!("USE {}", quoted(database, '`')))?;
            database.clone_into(&mut self.database);
        }
        let wanted = &statement.settings;
        let changed = wanted.iter().filter(|(name, value)| self.settings.get(*name) != Some(*value));
        let mut changes: Vec<String> = Vec::new();
        for (name, value) in changed {
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                return Err(Exception::bad_request("a setting's name has other characters than letters, digits and _"));
            }
            changes.push(format!("{name} = {}", quoted(value, '\'')));
        }
        let dropped = self.settings.keys().filter(|name| !wanted.contains_key(*name));
        changes.extend(dropped.map(|name| format!("{name} = DEFAULT")));
        if !changes.is_empty() {
            self.set(&format!("SET {}", changes.join(", ")))?;
            self.settings.clone_from(wanted);
        }
        Ok(())
    }

    fn set(&mut self, sql: &str) -> Result<(), Exception> {
        self.connection.query(sql, "TSV", &[]).map(drop).map_err(Exception::from_engine)
    }

    fn run(&mut self, statement: &Statement) -> Result<Bytes, Exception> {
        let Statement { sql, format, parameters, data, .. } = statement;
        match data {
            Some(data) => self.connection.insert(sql, format, data).map(|()| Bytes::new()),
            None => self.connection.query(sql, format, parameters).map(Bytes::from_owner),
        }
        .map_err(Exception::from_engine)
    }
}

/// A text in quotes of SQL.
fn quoted(text: &str, quote: char) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push(quote);
    for character in text.chars() {
        if character == quote || character == '\\' {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push(quote);
    quoted
}
