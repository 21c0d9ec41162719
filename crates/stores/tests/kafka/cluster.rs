//! Kafka brokers that a test starts on loopback, by `tests/services/kafka/kafka.sh`, and stops when it ends.

use std::{
    io::Write,
    path::Path,
    process::{Command, Output},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/services/kafka/kafka.sh");

/// Brokers, each a process.
pub(crate) struct Cluster {
    folder: TempDir,
    /// Where clients begin: `host:port`, comma between two.
    pub(crate) servers: String,
}

impl Cluster {
    /// Starts so many brokers. `None`, told on standard output, where there is no Java or no Maven.
    ///
    /// # Panics
    /// When they could be started and did not come up.
    pub(crate) fn start(nodes: usize) -> Option<Self> {
        let jars = run(&["jars"]);
        let java = Command::new("java").arg("-version").output();
        let reason = match (jars.status.success(), java) {
            (true, Ok(_)) => None,
            (true, Err(_)) => Some("java is not installed; Kafka runs on it".to_owned()),
            (false, _) => Some(String::from_utf8_lossy(&jars.stderr).trim().to_owned()),
        };
        if let Some(reason) = reason {
            // Past the harness, which keeps what a passing test prints.
            let line = format!("SKIPPED: kafka: {reason}\n");
            std::io::stdout().write_all(line.as_bytes()).unwrap();
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("kafka");
        let started = run(&["start", &nodes.to_string(), text(&place)]);
        let cluster = Self { folder, servers: String::from_utf8_lossy(&started.stdout).trim().to_owned() };
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        Some(cluster)
    }

    /// One broker that the tests of this process share; the last to let go of it stops it.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let started = Arc::new(Self::start(1)?);
        *shared = Arc::downgrade(&started);
        Some(started)
    }

    /// The brokers' folder.
    pub(crate) fn place(&self) -> std::path::PathBuf {
        self.folder.path().join("kafka")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        run(&["stop", text(&self.place())]);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(SCRIPT).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
