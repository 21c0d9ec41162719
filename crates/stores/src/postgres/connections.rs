//! Connections to the server, and statements on them.

use std::{ops::Deref, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime, Timeouts};
use otklik_ports::{ErrorKind, PortError, PortResult};
use secrecy::ExposeSecret;
use tokio_postgres::{
    Client, Config, Connection, NoTls, Row, Socket,
    config::Host,
    tls::NoTlsStream,
    types::{ToSql, Type},
};

use super::{
    PostgresConfig,
    failure::{Failure, Result},
    rows::RowFields,
};
use crate::sql::Record;

/// Longest time for an answer, all statements of it together.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Longest wait for a connection of the pool; who waits longer is told that the database is busy.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Longest time to connect.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// Longest time that what was sent may stay unconfirmed: a server that went away without a word.
const UNCONFIRMED_MAX: Duration = Duration::from_secs(15);
/// When a silent connection is asked for a sign of life.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// Longest time a transaction may do nothing, in milliseconds: a paused process must not hold up the others.
const IDLE_IN_TRANSACTION_MS: u32 = 10_000;
/// Longest wait for a lock, in milliseconds.
const LOCK_WAIT_MS: u32 = 10_000;

/// A connection and what drives it.
pub(super) type Dedicated = (Client, Connection<Socket, NoTlsStream>);

#[derive(Clone)]
pub(super) struct Connections {
    pool: Pool,
    config: Config,
    place: Arc<str>,
}

impl Connections {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// `Rejected` for an address that is none.
    pub(super) fn new(config: &PostgresConfig) -> PortResult<Self> {
        let mut server = parse(&config.url)?;
        if let Some(password) = &config.password {
            server.password(password.expose_secret());
        }
        server.application_name("otklik").connect_timeout(CONNECT_WITHIN);
        server.tcp_user_timeout(UNCONFIRMED_MAX).keepalives_idle(KEEP_ALIVE);
        let statement_ms = config.statement_within.as_millis();
        server.options(format!(
            "-c TimeZone=UTC -c statement_timeout={statement_ms} -c lock_timeout={LOCK_WAIT_MS} \
             -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
        ));
        let place: Arc<str> = place(&server).into();
        let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(server.clone(), NoTls, manager);
        let timeouts = Timeouts { wait: Some(WAIT_MAX), create: Some(CONNECT_WITHIN), recycle: Some(CONNECT_WITHIN) };
        let pool = Pool::builder(manager).max_size(config.connections.max(1)).timeouts(timeouts);
        let pool = pool.runtime(Runtime::Tokio1).build();
        let pool = pool.map_err(|error| PortError::caused(ErrorKind::Internal, "connections to PostgreSQL", error))?;
        Ok(Self { pool, config: server, place })
    }

    /// Waits for an answer, not for ever, and gives what went wrong in the words of the port.
    pub(super) async fn answer<T>(&self, work: impl Future<Output = Result<T>>) -> PortResult<T> {
        match tokio::time::timeout(ANSWER_WITHIN, work).await {
            Ok(done) => done.map_err(|failure| failure.into_port(&self.place)),
            Err(_) => {
                let message = format!("{} does not answer", self.place);
                Err(PortError::new(ErrorKind::Unavailable, message))
            }
        }
    }

    /// What went wrong, in the words of the port.
    #[cfg(feature = "sqlite")]
    pub(super) fn explain(&self, failure: Failure) -> PortError {
        failure.into_port(&self.place)
    }

    /// A connection of the pool.
    pub(super) async fn lease(&self) -> Result<Lease> {
        Ok(Lease { session: Session { object: Some(self.pool.get().await?) }, ended: false })
    }

    /// A connection of its own.
    pub(super) async fn dedicated(&self) -> Result<Dedicated> {
        Ok(self.config.connect(NoTls).await?)
    }
}

/// A connection while it is used. Dropped before [`Lease::end`] it is closed, for something on it may be half done.
pub(super) struct Lease {
    session: Session,
    ended: bool,
}

impl Lease {
    /// Nothing is left to do on the connection: others may have it.
    pub(super) fn end(mut self) {
        self.ended = true;
    }
}

impl Deref for Lease {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.ended
            && let Some(object) = self.session.object.take()
        {
            drop(Object::take(object));
        }
    }
}

/// Where statements run.
pub(super) struct Session {
    /// There until the lease is dropped.
    object: Option<Object>,
}

impl Session {
    fn object(&self) -> Result<&Object> {
        self.object.as_ref().ok_or(Failure::Ended)
    }

    /// Runs statements without values, such as `BEGIN`.
    pub(super) async fn run(&self, sql: &str) -> Result<()> {
        Ok(self.object()?.batch_execute(sql).await?)
    }

    /// Runs a statement whose text never varies: it stays prepared. Gives the number of rows it changed.
    pub(super) async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64> {
        let statement = self.object()?.prepare_cached(sql).await?;
        Ok(self.object()?.execute(&statement, values).await?)
    }

    /// Rows of a query whose text never varies.
    pub(super) async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>> {
        let statement = self.object()?.prepare_cached(sql).await?;
        Ok(self.object()?.query(&statement, values).await?)
    }

    /// Rows of a query that is put together: it is planned for these values and forgotten.
    pub(super) async fn query_once(&self, sql: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<Vec<Row>> {
        Ok(self.object()?.query_typed(sql, values).await?)
    }

    /// Records of a query whose text never varies and whose columns are theirs.
    pub(super) async fn all<T: Record>(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<T>> {
        records(&self.query(sql, values).await?)
    }
}

/// Rows as records.
pub(super) fn records<T: Record>(rows: &[Row]) -> Result<Vec<T>> {
    rows.iter().map(|row| T::read(&mut RowFields { row, next: 0 })).collect()
}

fn parse(url: &str) -> PortResult<Config> {
    let wrong = |why: &str| Err(PortError::new(ErrorKind::Rejected, format!("the address of PostgreSQL {why}")));
    // What the parser has to say may repeat a password.
    let Ok(config) = url.parse::<Config>() else { return wrong("is not one: postgresql://user@host:port/database") };
    if config.get_password().is_some() {
        return wrong("has a password in it: put it into a file of its own");
    }
    if config.get_options().is_some() {
        return wrong("has options in it: they are set by the program");
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return wrong("names no host");
    }
    if config.get_dbname().is_none() || config.get_user().is_none() {
        return wrong("must name user and database: postgresql://user@host:port/database");
    }
    Ok(config)
}

/// The database as messages name it.
fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    format!("the incident database {} on {}", config.get_dbname().unwrap_or_default(), hosts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |url: &str, expected: std::result::Result<&str, &str>| {
            let found = parse(url).map(|config| place(&config)).map_err(|error| error.message);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, format!("the incident database {expected}")),
                (Err(found), Err(expected)) => {
                    assert!(found.contains(expected), "{found}");
                    assert!(!found.contains("s3cret"), "{found}");
                }
                (found, _) => panic!("{url}: {found:?}"),
            }
        };
        check("postgresql://otklik@db:5432/otklik", Ok("otklik on db"));
        check("postgres://o@a,b/x?target_session_attrs=read-write", Ok("x on a, b"));
        check("postgresql:///x?host=/run/postgresql&user=o", Ok("x on /run/postgresql"));
        check("postgresql://o:s3cret@db/x", Err("has a password in it"));
        check("postgresql://db/x", Err("must name user and database"));
        check("postgresql://o@db", Err("must name user and database"));
        check("postgresql://o@/x", Err("names no host"));
        check("postgresql://o@db/x?options=-c%20a%3Db", Err("has options in it"));
        check("https://s3cret", Err("is not one"));
        check("", Err("names no host"));
    }
}
