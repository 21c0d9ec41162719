//! What every request works with.

use std::sync::Arc;

use arc_swap::ArcSwap;
use otklik_ports::{Clock, Incidents, Log, Posts, Search};
use tokio::sync::Semaphore;

use crate::{
    auth::{attempts::Attempts, password::Passwords, secret},
    callback::Callbacks,
    catalogue::Directory,
    config::WebConfig,
    intake::Intake,
    sources::Sources,
};

/// What every request works with. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct App(Arc<State>);

/// The stores and the clock a request may use.
#[derive(Clone)]
pub struct Ports {
    /// Posts and events.
    pub posts: Arc<dyn Posts>,
    /// Full-text search.
    pub search: Arc<dyn Search>,
    /// Incidents, accounts, webhooks, the audit trail.
    pub incidents: Arc<dyn Incidents>,
    /// The log, for corrections.
    pub log: Arc<dyn Log>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The way in for posts.
    pub intake: Arc<dyn Intake>,
    /// What the crawler covers, where that is known.
    pub sources: Option<Arc<dyn Sources>>,
    /// Whom networks post events to, where that is configured.
    pub callbacks: Option<Arc<dyn Callbacks>>,
}

/// What stands behind an [`App`]; reached through it.
pub struct State {
    /// The stores and the clock.
    pub ports: Ports,
    /// Settings.
    pub config: WebConfig,
    directory: ArcSwap<Directory>,
    pub(crate) passwords: Passwords,
    pub(crate) attempts: Attempts,
    /// Posts sent through forms, by address.
    pub(crate) form_attempts: Attempts,
    /// What addresses of senders are hashed with. It is drawn anew by each process and never leaves it.
    pub(crate) form_secret: String,
    /// Places for requests that are worked on.
    pub(crate) requests: Arc<Semaphore>,
    /// Places for streams of changes.
    pub(crate) streams: Arc<Semaphore>,
}

impl App {
    /// Makes the state of a server.
    pub fn new(ports: Ports, directory: Directory, config: WebConfig) -> Self {
        Self(Arc::new(State {
            ports,
            directory: ArcSwap::from_pointee(directory),
            passwords: Passwords::default(),
            attempts: Attempts::default(),
            form_attempts: Attempts::default(),
            form_secret: secret::generate(),
            requests: Arc::new(Semaphore::new(config.concurrent_requests_max.max(1))),
            streams: Arc::new(Semaphore::new(config.streams_max)),
            config,
        }))
    }

    /// Regions and names as they stand now. A request takes them once, so that it sees one state of them.
    pub fn directory(&self) -> Arc<Directory> {
        self.directory.load_full()
    }

    /// Puts other regions and names in place; requests that run go on with the old ones.
    pub fn reload(&self, directory: Directory) {
        self.directory.store(Arc::new(directory));
    }
}

impl std::ops::Deref for App {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}
