//! ClickHouse in process: `libchdb.so` behind a loopback HTTP endpoint, so that the official client speaks to it as it
//! speaks to a server.
//!
//! The library is not part of the program; `scripts/libchdb.sh` fetches it. It keeps one folder per process and one
//! process per folder.

mod config;
mod endpoint;
mod exception;
mod ffi;
mod folder;
mod multipart;
mod session;

use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use otklik_ports::{ErrorKind, PortError, PortResult};
use tokio::{
    net::TcpListener,
    task::{self, JoinHandle},
};

pub use self::config::ChdbLimits;
use self::{
    config::Layout,
    endpoint::{Endpoint, USER},
    ffi::{Api, Connection},
    session::Sessions,
};
use crate::clickhouse::ClickHouseConfig;

/// What to load and where to keep the data.
#[derive(Debug, Clone)]
pub struct ChdbConfig {
    /// `libchdb.so`, as `scripts/libchdb.sh` prints it.
    pub library: PathBuf,
    /// The folder of the database; made when it is not there.
    pub folder: PathBuf,
    /// How much of the machine it may take.
    pub limits: ChdbLimits,
}

/// The engine, running; it runs until the process ends. Dropping this ends the endpoint.
#[derive(Debug)]
pub struct Chdb {
    url: String,
    password: String,
    sessions: Arc<Sessions>,
    endpoint: JoinHandle<()>,
}

impl Chdb {
    /// Loads the library, starts the engine on its folder and the endpoint on a free port of the loopback address.
    ///
    /// # Errors
    /// `NotFound` when the library cannot be loaded, `Conflict` when the folder, or this process, has an engine running,
    /// `Unavailable` when the folder cannot be written, `Corrupt` when the engine does not start on what is in it.
    pub async fn open(config: ChdbConfig) -> PortResult<Self> {
        let password: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = bound.map_err(|error| internal("opening a port for ClickHouse in process", error))?;
        Self::open_at(config, listener, password).await
    }

    /// The same with an endpoint that other processes find again after a restart. The listener is of the loopback address:
    /// nothing here is encrypted.
    ///
    /// # Errors
    /// Those of [`Chdb::open`].
    pub async fn open_at(config: ChdbConfig, listener: TcpListener, password: String) -> PortResult<Self> {
        let started = task::spawn_blocking(move || start(&config)).await;
        let sessions = Arc::new(started.map_err(|error| internal("starting ClickHouse in process", error))??);
        let address = listener.local_addr();
        let address = address.map_err(|error| internal("opening a port for ClickHouse in process", error))?;
        let router = Endpoint::new(Arc::clone(&sessions), &password).router();
        let endpoint = task::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "endpoint of clickhouse in process ended");
            }
        });
        Ok(Self { url: format!("http://{address}"), password, sessions, endpoint })
    }

    /// How to reach a database of it.
    pub fn server(&self, database: &str) -> ClickHouseConfig {
        ClickHouseConfig {
            url: self.url.clone(),
            user: USER.to_owned(),
            password: self.password.clone().into(),
            database: database.to_owned(),
            compression: false,
            cluster: None,
            query_memory_bytes: None,
        }
    }

    /// Lets the queries that run come to their end and takes no further ones.
    pub async fn close(self) {
        self.sessions.close().await;
    }
}

impl Drop for Chdb {
    fn drop(&mut self) {
        self.endpoint.abort();
    }
}

fn start(config: &ChdbConfig) -> PortResult<Sessions> {
    let api = load(&config.library)?;
    folder::claim(&config.folder)?;
    let started = start_engine(api, config);
    if started.is_err() {
        folder::release();
    }
    started
}

fn start_engine(api: &'static Api, config: &ChdbConfig) -> PortResult<Sessions> {
    let layout = Layout::prepare(&config.folder, &config.limits).map_err(|error| {
        let message = format!("{}: the folder of ClickHouse cannot be written", config.folder.display());
        PortError::caused(ErrorKind::Unavailable, message, error)
    })?;
    folder::check_free(&layout.data)?;
    let arguments = layout.arguments(&config.limits);
    let opened = Connection::open(api, &arguments).map_err(|error| internal("the folder's name", error))?;
    let Some(mut anchor) = opened else {
        let message = format!(
            "{}: ClickHouse does not start on this folder; the reason stands on standard error. If the folder is damaged, \
             put its backup there, or move it away and replay the log",
            config.folder.display()
        );
        return Err(PortError::new(ErrorKind::Corrupt, message));
    };
    folder::report_damaged_parts(&mut anchor, &config.folder);
    tracing::info!(version = api.version(), folder = %config.folder.display(), "clickhouse in process started");
    Ok(Sessions::new(api, arguments, &config.limits, anchor))
}

/// Loads the library once for the process.
fn load(library: &Path) -> PortResult<&'static Api> {
    static LOADED: Mutex<Option<(PathBuf, &'static Api)>> = Mutex::new(None);
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    match loaded.as_ref() {
        Some((path, api)) if path == library => Ok(api),
        Some((path, _)) => {
            let (path, library) = (path.display(), library.display());
            Err(PortError::new(ErrorKind::Conflict, format!("{library}: this process has loaded {path} already")))
        }
        None => {
            let api = Api::load(library).map_err(|error| {
                let message = format!(
                    "{}: libchdb cannot be loaded; scripts/libchdb.sh fetches it and prints its path",
                    library.display()
                );
                PortError::caused(ErrorKind::NotFound, message, error)
            })?;
            let api: &'static Api = Box::leak(Box::new(api));
            *loaded = Some((library.to_owned(), api));
            Ok(api)
        }
    }
}

fn internal(what: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> PortError {
    PortError::caused(ErrorKind::Internal, what, error)
}
