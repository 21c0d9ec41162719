//! The configuration: one TOML file, and a few variables of the environment for what differs from machine to machine.

mod callbacks;
mod checks;
mod forms;
mod log;
mod mailboxes;
mod sources;
mod stores;

use std::{
    env, fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use otklik_text::{SourceFile, read_toml};
use secrecy::SecretString;
use serde::Deserialize;

pub(crate) use self::callbacks::CallbackSection;
pub(crate) use self::forms::{FormSection, public_forms};
pub(crate) use self::log::LogSection;
pub(crate) use self::mailboxes::MailboxSection;
pub(crate) use self::sources::{CrawlSection, SourceGroup, SourceSection, merged};
pub(crate) use self::stores::{IncidentsSection, PostsSection};

/// Names the library of ClickHouse in process, in place of the one in the cache.
const LIBCHDB: &str = "OTKLIK_LIBCHDB";
/// Version of the package `scripts/libchdb.sh` fetches.
const LIBCHDB_VERSION: &str = "26.7.3-stable.1";
/// The shortest secret that authors may be hashed with, in bytes.
const SECRET_BYTES_MIN: usize = 16;

/// The configuration of a deployment. Relative paths start at the folder of the file.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Config {
    /// Folder of the embedded engines: log, posts, index, incidents.
    pub(crate) data: PathBuf,
    /// Regions served, the first for posts that name none: ids of regions built in, or files.
    pub(crate) regions: Vec<PathBuf>,
    /// Folder with dictionaries in place of those built in.
    pub(crate) dictionaries: Option<PathBuf>,
    /// Trained models that add to the dictionaries' judgement.
    #[serde(default)]
    pub(crate) models: Vec<PathBuf>,
    /// How the stages batch, in place of `pipelines/default.toml`.
    pub(crate) pipeline: Option<PathBuf>,
    /// File with the secret authors are hashed with. Without it one is made in the data folder.
    pub(crate) author_secret_file: Option<PathBuf>,
    /// The library of ClickHouse in process, in place of the one in the cache.
    pub(crate) libchdb: Option<PathBuf>,
    /// The desk and the API.
    #[serde(default)]
    pub(crate) web: WebSection,
    /// The log.
    #[serde(default)]
    pub(crate) log: LogSection,
    /// Incidents, accounts and the audit trail.
    #[serde(default)]
    pub(crate) incidents: IncidentsSection,
    /// Posts and events.
    #[serde(default)]
    pub(crate) posts: PostsSection,
    /// What answers searches.
    #[serde(default)]
    pub(crate) search: SearchEngine,
    /// How long things are kept.
    #[serde(default)]
    pub(crate) keep: KeepSection,
    /// How sources are read.
    #[serde(default)]
    pub(crate) crawl: CrawlSection,
    /// What is read.
    #[serde(default)]
    pub(crate) sources: Vec<SourceSection>,
    /// Where networks post events to.
    #[serde(default)]
    pub(crate) callback: Vec<CallbackSection>,
    /// Mailboxes that are read.
    #[serde(default)]
    pub(crate) mailbox: Vec<MailboxSection>,
    /// Forms for residents.
    #[serde(default)]
    pub(crate) form: Vec<FormSection>,
    /// How log lines look.
    #[serde(default)]
    pub(crate) log_format: LogFormat,
}

/// What answers searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SearchEngine {
    /// An index in the data folder.
    #[default]
    Tantivy,
    /// Where the posts are: over all shards of a cluster.
    Clickhouse,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// The desk and the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct WebSection {
    /// Address to listen on.
    pub(crate) listen: SocketAddr,
    /// Where browsers find the desk, such as `https://desk.example.ru`. Without it `http://` and the address listened on.
    pub(crate) public_url: Option<String>,
    /// Whether the last entry of `X-Forwarded-For` names the client: only behind a proxy that sets it.
    pub(crate) behind_proxy: bool,
    /// Whether Open311 may be read without a token.
    pub(crate) open311_public: bool,
}

impl Default for WebSection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            behind_proxy: false,
            open311_public: false,
        }
    }
}

/// How long things are kept. What is older is deleted, not hidden.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct KeepSection {
    /// Days posts and events are kept in the store and the index.
    pub(crate) posts_days: u32,
    /// Days records are kept in the log.
    pub(crate) log_days: u32,
    /// Gigabytes of a partition of a topic kept in the log.
    pub(crate) log_gigabytes: u64,
}

impl Default for KeepSection {
    fn default() -> Self {
        Self { posts_days: 400, log_days: 30, log_gigabytes: 20 }
    }
}

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// The file cannot be read, or has a mistake; the message names file and line.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        let content = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.display().to_string();
        let file = SourceFile { path: &name, content: &content };
        let mut config: Self = read_toml(&file)?;
        ensure!(!config.regions.is_empty(), "{name}: regions must name at least one region");
        config.incidents.check().with_context(|| name.clone())?;
        ensure!(config.keep.posts_days >= 1, "{name}: keep.posts-days must be at least 1");
        ensure!(config.keep.log_days >= 1, "{name}: keep.log-days must be at least 1");
        config.start_paths_at(path.parent().unwrap_or(Path::new("")));
        if let (Some(kafka), Some(member)) = (&mut config.log.kafka, log_member()) {
            kafka.member = Some(member);
        }
        config.log.check().with_context(|| name.clone())?;
        Ok(config)
    }

    /// The configuration of a single folder and region, all else as it comes.
    pub(crate) fn of_folder(data: PathBuf, region: PathBuf) -> Self {
        Self {
            data,
            regions: vec![region],
            dictionaries: None,
            models: Vec::new(),
            pipeline: None,
            author_secret_file: None,
            libchdb: None,
            web: WebSection::default(),
            log: LogSection::default(),
            incidents: IncidentsSection::default(),
            posts: PostsSection::default(),
            search: SearchEngine::default(),
            keep: KeepSection::default(),
            crawl: CrawlSection::default(),
            sources: Vec::new(),
            callback: Vec::new(),
            mailbox: Vec::new(),
            form: Vec::new(),
            log_format: LogFormat::Text,
        }
    }

    fn start_paths_at(&mut self, folder: &Path) {
        let paths = [&mut self.dictionaries, &mut self.pipeline, &mut self.author_secret_file, &mut self.libchdb];
        let all = paths.into_iter().flatten().chain(&mut self.models).chain([&mut self.data]);
        let all = all.chain(self.log.paths()).chain(self.incidents.paths()).chain(self.posts.paths());
        let all = all.chain(self.sources.iter_mut().flat_map(SourceSection::paths));
        let all = all.chain(self.callback.iter_mut().flat_map(CallbackSection::paths));
        let all = all.chain(self.mailbox.iter_mut().map(|mailbox| &mut mailbox.password_file));
        for path in all.filter(|path| path.is_relative()) {
            *path = folder.join(&*path);
        }
        // A region without a stroke or a full stop is the id of one built in.
        for region in self.regions.iter_mut().filter(|region| region.extension().is_some()) {
            if region.is_relative() {
                *region = folder.join(&*region);
            }
        }
    }

    /// Where the library of ClickHouse in process is expected: `OTKLIK_LIBCHDB`, the configuration, the cache.
    ///
    /// # Errors
    /// Neither names it and there is no home folder to look into.
    #[allow(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
    pub(crate) fn libchdb_path(&self) -> anyhow::Result<PathBuf> {
        if let Some(path) = env::var_os(LIBCHDB).filter(|path| !path.is_empty()) {
            return Ok(path.into());
        }
        if let Some(path) = &self.libchdb {
            return Ok(path.clone());
        }
        let cache = env::var_os("XDG_CACHE_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let Some(cache) = cache.or_else(home) else {
            bail!("libchdb is nowhere to be found: set {LIBCHDB} to its path");
        };
        Ok(cache.join("otklik").join(format!("libchdb-{LIBCHDB_VERSION}")).join("libchdb.so"))
    }

    /// The secret authors are hashed with. Without a configured one it is made once and kept in the data folder, readable by
    /// its owner only: with another secret every author would be a new one.
    ///
    /// # Errors
    /// The file cannot be read or written, or is too short to keep anything secret.
    pub(crate) fn author_secret(&self) -> anyhow::Result<SecretString> {
        let path = self.author_secret_file.clone().unwrap_or_else(|| self.data.join("author-secret"));
        if self.author_secret_file.is_none() && !path.exists() {
            make_secret(&path)?;
        }
        let secret = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let secret = secret.trim();
        ensure!(
            secret.len() >= SECRET_BYTES_MIN,
            "{}: a secret has at least {SECRET_BYTES_MIN} characters",
            path.display()
        );
        Ok(SecretString::from(secret))
    }
}

/// Which log lines are wanted: the environment's `OTKLIK_LOG`.
#[allow(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub(crate) fn log_filter() -> Option<String> {
    env::var("OTKLIK_LOG").ok().filter(|filter| !filter.is_empty())
}

/// The name of this process among those that share a configuration: the environment's `OTKLIK_MEMBER`.
#[allow(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
fn log_member() -> Option<String> {
    env::var("OTKLIK_MEMBER").ok().filter(|member| !member.is_empty())
}

fn make_secret(path: &Path) -> anyhow::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let secret: String = rand::random::<[u8; 32]>().iter().map(|byte| format!("{byte:02x}")).collect();
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let wrong = || format!("cannot write {}", path.display());
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).with_context(wrong)?;
    file.write_all(secret.as_bytes()).and_then(|()| file.sync_all()).with_context(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(content: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("otklik.toml");
        fs::write(&path, content).unwrap();
        let below = format!("{}/", folder.path().display());
        Config::load(&path).map_err(|error| format!("{error:#}").replace(&below, ""))
    }

    #[test]
    fn needs_two_keys_only() {
        let config = load("data = \"data\"\nregions = [\"demo\"]").unwrap();
        assert!(config.data.is_absolute() && config.data.ends_with("data"));
        assert_eq!(config.regions, [PathBuf::from("demo")]);
        assert_eq!(config.web.listen.port(), 8080);
    }

    #[test]
    fn names_file_and_line_of_a_mistake() {
        let check = |content: &str, expected: &str| assert_eq!(load(content).unwrap_err(), expected);
        let base = "data = \"d\"\nregions = [\"demo\"]\n";
        check("data = \"d\"", "otklik.toml:1: missing field `regions`");
        check("data = \"d\"\nregions = []", "otklik.toml: regions must name at least one region");
        check(&format!("{base}[web]\nlisten = \"8080\""), "otklik.toml:4: invalid socket address syntax");
        check(&format!("{base}[log]\npartitions = 0"), "otklik.toml: log.partitions must be 1 to 64");
        let postgres = format!("{base}[incidents.postgres]\nurl = \"postgresql://o@db/x\"\n");
        check(&format!("{postgres}connections = 0"), "otklik.toml: incidents.postgres.connections must be 1 to 100");
        let kafka = format!("{base}[log.kafka]\nbrokers = \"k:9092\"\n");
        check(
            &format!("{kafka}in-sync-min = 4"),
            "otklik.toml: log.kafka.in-sync-min must be 1 to log.kafka.replication",
        );
        check(
            &format!("{kafka}prefix = \"a b\""),
            "otklik.toml: log.kafka.prefix must be 1 to 100 letters, digits, full stops, lines",
        );
        let typo = load(&format!("{base}[keep]\npost-days = 5")).unwrap_err();
        assert!(typo.starts_with("otklik.toml:4: unknown field `post-days`, expected one of `posts-days`"), "{typo}");
        let broken = load("data = ").unwrap_err();
        assert!(broken.starts_with("otklik.toml:1: "), "{broken}");
    }

    #[test]
    fn keeps_the_passwords_of_stores_in_files() {
        let content = "data = \"d\"\nregions = [\"demo\"]\n\
            [incidents]\npostgres = { url = \"postgresql://o@db/x\", password-file = \"pg.secret\" }\n\
            [posts]\nclickhouse = { url = \"http://ch:8123\", user = \"o\", password-file = \"ch.secret\" }";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("otklik.toml");
        fs::write(&path, content).unwrap();
        let config = Config::load(&path).unwrap();
        let (postgres, clickhouse) = (config.incidents.postgres.unwrap(), config.posts.clickhouse.unwrap());
        let error = format!("{:#}", postgres.config().unwrap_err());
        assert!(error.starts_with(&format!("cannot read {}", folder.path().join("pg.secret").display())), "{error}");
        fs::write(folder.path().join("pg.secret"), "eins\n").unwrap();
        fs::write(folder.path().join("ch.secret"), "zwei\n").unwrap();
        let (postgres, clickhouse) = (postgres.config().unwrap(), clickhouse.config().unwrap());
        let shown = |secret: &SecretString| secrecy::ExposeSecret::expose_secret(secret).to_owned();
        assert_eq!(postgres.password.as_ref().map(shown).as_deref(), Some("eins"));
        assert_eq!((shown(&clickhouse.password).as_str(), clickhouse.database.as_str()), ("zwei", "otklik"));
        assert!(!format!("{postgres:?}{clickhouse:?}").contains("zwei"), "a password is not shown");
    }

    #[test]
    fn keeps_the_password_of_kafka_in_a_file() {
        let content = "data = \"d\"\nregions = [\"demo\"]\n[log.kafka]\nbrokers = \"k:9092\"\nmember = \"a-1\"\n\
                       sasl = { mechanism = \"SCRAM-SHA-256\", user = \"otklik\", password-file = \"kafka.secret\" }";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("otklik.toml");
        fs::write(&path, content).unwrap();
        let log = Config::load(&path).unwrap().log;
        let kafka = log.kafka.as_ref().unwrap();
        let error = format!("{:#}", kafka.config(4).unwrap_err());
        assert!(error.starts_with(&format!("cannot read {}", folder.path().join("kafka.secret").display())), "{error}");
        fs::write(folder.path().join("kafka.secret"), "geheim\n").unwrap();
        let config = kafka.config(log.partitions).unwrap();
        assert_eq!((config.prefix.as_str(), config.replication, config.in_sync_min), ("otklik.", 3, 2));
        let sasl = config.security.as_ref().unwrap().sasl.as_ref().unwrap();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&sasl.password), "geheim");
        assert!(!format!("{config:?}").contains("geheim"), "a password is not shown");
    }

    #[test]
    fn makes_a_secret_once() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::of_folder(folder.path().join("data"), "demo".into());
        let first = secrecy::ExposeSecret::expose_secret(&config.author_secret().unwrap()).to_owned();
        assert_eq!(secrecy::ExposeSecret::expose_secret(&config.author_secret().unwrap()), first);
        assert_eq!(first.len(), 64);
    }
}
