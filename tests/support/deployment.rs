//! A deployment in a folder of its own, and what a replay reports of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::{
    binary::{Ended, Otklik, otklik},
    repository,
};

/// How the stages batch: little at a time and many snapshots, so that a small input has many moments to be killed at.
const PIPELINE: &str = "snapshot-records = 700\nlag-records-max = 2000\n\
    [analyse]\nbatch-records = 100\nlinger-ms = 0\n[group]\nbatch-records = 100\nlinger-ms = 0\n\
    [store]\nbatch-records = 300\nlinger-ms = 20\n[incidents]\nbatch-records = 150\nlinger-ms = 10\n";

/// A folder with a configuration and data; goes with its last use.
#[derive(Debug)]
pub struct Deployment {
    folder: TempDir,
}

/// What a replay says at its end.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Posts appended in this run.
    pub appended: u64,
    /// Lines that an earlier run had read.
    pub skipped: u64,
    /// Lines refused in this run.
    pub refused: u64,
    /// The account, a line for each stage.
    pub account: Vec<String>,
    /// Incidents in the store.
    pub incidents: u64,
    /// Posts a second.
    pub rate: f64,
    /// Seconds from the first post to the last.
    pub seconds: f64,
    /// What the stores hold, a line for each: equal lines for equal contents.
    pub digest: Vec<String>,
}

impl Deployment {
    /// A deployment of the invented region with nothing in it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        Self::write(&folder.path().join("pipeline.toml"), PIPELINE);
        // The same secret everywhere: what two deployments store can be compared, authors included.
        Self::write(&folder.path().join("author.secret"), "the secret of all deployments of the tests\n");
        let config = "data = \"data\"\nregions = [\"demo\"]\npipeline = \"pipeline.toml\"\n\
            author-secret-file = \"author.secret\"\n";
        Self::write(&folder.path().join("otklik.toml"), config);
        Self { folder }
    }

    /// Puts something else in the place of a line of the pipeline's settings.
    pub fn change_pipeline(&self, line: &str, other: &str) {
        assert!(PIPELINE.contains(line), "{line:?} is no setting");
        Self::write(&self.folder.path().join("pipeline.toml"), &PIPELINE.replace(line, other));
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the engines keep their data.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The configuration's file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("otklik.toml")
    }

    /// A replay of posts handed in on standard input, with the digest at its end.
    pub fn replay(&self, posts: impl Into<Vec<u8>>) -> Otklik {
        otklik(["replay", "--digest", "--config"]).arg(self.config()).input(posts)
    }

    fn write(path: &Path, content: &str) {
        fs::write(path, content).expect("a file can be written");
    }
}

impl Default for Deployment {
    fn default() -> Self {
        Self::new()
    }
}

impl Report {
    /// Reads what a replay said.
    #[track_caller]
    pub fn of(ended: &Ended) -> Self {
        let mut report = Self::default();
        for line in ended.stderr.lines() {
            let Some((word, rest)) = line.split_once(": ") else { continue };
            match word {
                "read" => {
                    let numbers: Vec<u64> = rest.split(' ').filter_map(|word| word.parse().ok()).collect();
                    let [appended, skipped, refused] = numbers[..] else { panic!("three numbers in {line:?}") };
                    (report.appended, report.skipped, report.refused) = (appended, skipped, refused);
                }
                "analyse" | "group" | "store" | "account" => report.account.push(line.to_owned()),
                "incidents" => report.incidents = rest.parse().expect("a number"),
                "rate" => {
                    let numbers: Vec<f64> = rest.split([' ', '(']).filter_map(|word| word.parse().ok()).collect();
                    let [rate, seconds] = numbers[..] else { panic!("two numbers in {line:?}") };
                    (report.rate, report.seconds) = (rate, seconds);
                }
                "digest" => report.digest.push(rest.to_owned()),
                _ => {}
            }
        }
        assert!(!report.account.is_empty(), "no account in:\n{}", ended.stderr);
        report
    }
}

/// Why ClickHouse in process cannot be run here: its library is not there. `None` when it is.
pub fn missing_libchdb() -> Option<String> {
    let path = libchdb();
    let advice = "scripts/libchdb.sh fetches it";
    (!path.exists()).then(|| format!("libchdb is not at {}: {advice}", path.display()))
}

/// Where the binary looks for the library when nothing else is configured.
pub fn libchdb() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = variable("OTKLIK_LIBCHDB") {
        return path;
    }
    let script = fs::read_to_string(repository().join("scripts/libchdb.sh")).expect("the script is there");
    let version = script.lines().find_map(|line| line.strip_prefix("version='")?.strip_suffix('\''));
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let folder = cache.unwrap_or_default().join("otklik");
    folder.join(format!("libchdb-{}", version.expect("the script names the version"))).join("libchdb.so")
}
