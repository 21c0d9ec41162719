//! Kafka brokers on loopback, by `tests/services/kafka/kafka.sh`.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use otklik_tests::repository;
use tempfile::TempDir;

/// Brokers, each a process. They end when this is dropped.
pub(crate) struct Brokers {
    folder: TempDir,
    /// `host:port`, comma between two.
    pub(crate) servers: String,
    pub(crate) count: u32,
}

/// Why there can be no brokers here; `None` when there can.
pub(crate) fn missing() -> Option<String> {
    let jars = run(&["jars"]);
    if !jars.status.success() {
        return Some(String::from_utf8_lossy(&jars.stderr).trim().to_owned());
    }
    Command::new("java").arg("-version").output().err().map(|_| "java is not installed; Kafka runs on it".to_owned())
}

impl Brokers {
    pub(crate) fn start(count: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("kafka");
        let started = run(&["start", &count.to_string(), place.to_str().unwrap()]);
        // Whatever came up is ended, also when not all did.
        let brokers = Self { folder, servers: String::from_utf8_lossy(&started.stdout).trim().to_owned(), count };
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        brokers
    }

    /// `kill`, `restart`, `pause` or `resume` of a broker, counted from 1.
    pub(crate) fn node(&self, what: &str, node: u32) {
        let done = run(&[what, self.place().to_str().unwrap(), &node.to_string()]);
        assert!(done.status.success(), "{what} {node}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn place(&self) -> PathBuf {
        self.folder.path().join("kafka")
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        run(&["stop", self.place().to_str().unwrap()]);
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(repository().join("tests/services/kafka/kafka.sh")).args(arguments).output().unwrap()
}
