//! All that runs: brokers, database, ClickHouse, the links to them, and the roles, each a process.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use otklik_tests::{Client, Otklik, Running, Served, otklik};
use tempfile::TempDir;

use crate::{
    brokers::Brokers,
    clickhouse,
    disk::Disk,
    postgres::{self, Server as Postgres},
    proxy::{Proxy, Upstream},
};

/// The processes of the deployment and their roles.
const ROLES: [(&str, &str); 5] = [
    ("analyse-1", "analyse"),
    ("analyse-2", "analyse"),
    ("group-1", "group"),
    ("group-2", "group"),
    (DESK, "store,desk"),
];
const DESK: &str = "desk";
/// How the stages batch on a small day: little at a time, so that there are many moments to be killed at.
const SMALL_BATCHES: &str = "snapshot-records = 700\nlag-records-max = 4000\n\
    [analyse]\nbatch-records = 100\nlinger-ms = 0\n[group]\nbatch-records = 100\nlinger-ms = 0\n\
    [store]\nbatch-records = 300\nlinger-ms = 20\n[incidents]\nbatch-records = 150\nlinger-ms = 10\n";
/// How they batch as shipped, in the run in full.
const BATCHES_AS_SHIPPED: &str = include_str!("../../pipelines/default.toml");
/// What a process says once it has all it needs.
const RUNS: &str = "otklik runs";
/// Lines of what a process said that are shown when something is wrong.
const LINES_TOLD: usize = 40;
/// Longest time a process may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Longest time a process may take to end when it is asked to.
const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// All that runs.
pub(crate) struct World {
    pub(crate) roles: Vec<Role>,
    pub(crate) postgres: Postgres,
    pub(crate) postgres_link: Proxy,
    pub(crate) clickhouse: clickhouse::Server,
    pub(crate) clickhouse_link: Proxy,
    pub(crate) brokers: Brokers,
    /// Under the data folder of the processes, where it was asked for and is allowed.
    pub(crate) disk: Option<Disk>,
    folder: TempDir,
}

/// A process of the deployment.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    roles: &'static str,
    config: PathBuf,
    /// Its address, which stays taken while it is started again.
    socket: TcpListener,
    running: Option<Running>,
    /// Times it ended while it was being started, since something it needs did not answer.
    pub(crate) false_starts: u32,
}

impl World {
    /// Starts everything, for the run in full with batches as shipped and on a disk of so many mebibytes. `None`, told on standard output, where there is no
    /// PostgreSQL.
    pub(crate) fn start(brokers: u32, disk_mebibytes: Option<u64>) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let postgres = Postgres::start("chaos")?;
        let database = postgres.database();
        let socket = database.rsplit_once("host=").unwrap().1.to_owned() + "/.s.PGSQL.5432";
        let postgres_link = Proxy::start(Upstream::Unix(socket.into()));
        let clickhouse = clickhouse::Server::start(folder.path().join("clickhouse"));
        let clickhouse_link = Proxy::start(Upstream::Tcp(clickhouse.address));
        let mut world = Self {
            roles: Vec::new(),
            postgres,
            postgres_link,
            clickhouse,
            clickhouse_link,
            brokers: Brokers::start(brokers),
            disk: disk_mebibytes.and_then(|mebibytes| Disk::mount(&folder.path().join("data"), mebibytes)),
            folder,
        };
        if disk_mebibytes.is_some() && world.disk.is_none() {
            eprintln!("no disk can be mounted here: it takes root; none is filled");
        }
        world.write("pipeline.toml", if disk_mebibytes.is_some() { BATCHES_AS_SHIPPED } else { SMALL_BATCHES });
        world.write("author.secret", "the secret of all deployments of the tests\n");
        world.write("postgres.secret", postgres::PASSWORD);
        world.write("clickhouse.secret", clickhouse::PASSWORD);
        let name = database.strip_prefix("postgresql:///").unwrap().split('?').next().unwrap();
        for (member, roles) in ROLES {
            let config = world.write(&format!("{member}.toml"), &world.config(member, name));
            let socket = TcpListener::bind("127.0.0.1:0").unwrap();
            world.roles.push(Role { name: member, roles, config, socket, running: None, false_starts: 0 });
        }
        Some(world)
    }

    /// The configuration of an undisturbed deployment beside it, with its engines inside.
    pub(crate) fn embedded(&self) -> PathBuf {
        self.write("embedded.toml", &common("embedded"))
    }

    /// A replay in preparation, with the configuration of the process that stores.
    pub(crate) fn replay(&self, name: &str) -> Otklik {
        otklik(["replay", "--name", name, "--config"]).arg(&self.desk().config)
    }

    /// Somebody who may see everything at the desk.
    pub(crate) fn visitor(&self) -> Client {
        let desk = self.desk();
        Client { address: desk.socket.local_addr().unwrap(), token: Served::token_of(&desk.config) }
    }

    fn desk(&self) -> &Role {
        self.roles.iter().find(|role| role.name == DESK).unwrap()
    }

    /// Puts a file into the folder.
    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn config(&self, member: &str, database: &str) -> String {
        let copies = self.brokers.count.min(3);
        let Self { brokers, postgres_link, clickhouse_link, .. } = self;
        format!(
            "{}\n[web]\nlisten = \"127.0.0.1:0\"\n\
             [log.kafka]\nbrokers = \"{}\"\nmember = \"{member}\"\nreplication = {copies}\nin-sync-min = {}\n\
             forget-hours = 720\nsession-seconds = 6\n\
             [incidents.postgres]\nurl = \"postgresql://{}@{}/{database}\"\npassword-file = \"postgres.secret\"\n\
             statement-seconds = 10\n\
             [posts.clickhouse]\nurl = \"http://{}\"\nuser = \"{}\"\npassword-file = \"clickhouse.secret\"\n\
             compression = false\n",
            common("data"),
            brokers.servers,
            copies.div_ceil(2),
            postgres::USER,
            postgres_link.address,
            clickhouse_link.address,
            clickhouse::USER,
        )
    }

    /// Starts what does not run, and takes a process that ended by itself while it worked for a failure.
    pub(crate) fn supervise(&mut self) {
        self.roles.iter_mut().for_each(Role::supervise);
    }

    /// Says what each process said last, and ends them.
    pub(crate) fn tell(&mut self) {
        for role in &mut self.roles {
            role.signal("CONT");
            let ended = role.running.take().map(Running::kill).unwrap_or_default();
            eprintln!("== {} said last:\n{}", role.name, last_lines(&ended.stderr));
        }
    }

    /// Asks every process to end, and waits until all have, in good order.
    pub(crate) fn end(&mut self) {
        // One that was started a moment ago does not listen to signals yet: it would end as if it had been killed.
        self.roles.iter_mut().for_each(Role::wait_until_ready);
        for role in &self.roles {
            role.signal("TERM");
        }
        self.roles.iter_mut().for_each(Role::wait_for_end);
    }
}

impl Role {
    pub(crate) fn start(&mut self) {
        let run = otklik([Path::new("run"), Path::new("--config"), &self.config]).arg("--roles").arg(self.roles);
        self.running = Some(run.with_socket(&self.socket).start());
    }

    /// Once it is ready asks it to end, waits until it has, in good order, and starts it again.
    pub(crate) fn start_again(&mut self) {
        self.wait_until_ready();
        self.signal("TERM");
        self.wait_for_end();
        self.start();
    }

    fn wait_until_ready(&mut self) {
        let client = Client { address: self.socket.local_addr().unwrap(), token: String::new() };
        let asked = Instant::now();
        while client.ask("GET", "/readyz", "").is_none_or(|(status, _)| status != 200) {
            assert!(asked.elapsed() < READY_WITHIN, "{} does not become ready", self.name);
            self.supervise();
        }
    }

    fn wait_for_end(&mut self) {
        if let Some(running) = self.running.take() {
            let ended = running.end_within(ENDS_WITHIN);
            assert_eq!(ended.code, Some(0), "{} did not end well:\n{}", self.name, last_lines(&ended.stderr));
        }
    }

    pub(crate) fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        self.running.iter().for_each(|running| running.signal(name));
    }

    fn supervise(&mut self) {
        let Some(running) = &mut self.running else { return };
        if !running.ends_within(Duration::ZERO) {
            return;
        }
        let ended = self.running.take().unwrap().end_within(Duration::ZERO);
        let said = last_lines(&ended.stderr);
        assert!(!ended.stderr.contains(RUNS), "{} ended by itself ({:?}):\n{said}", self.name, ended.code);
        eprintln!("{} could not start: {}", self.name, ended.stderr.lines().last().unwrap_or_default());
        self.false_starts += 1;
        self.start();
    }
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_TOLD)..].join("\n")
}

fn common(data: &str) -> String {
    format!(
        "data = \"{data}\"\nregions = [\"demo\", \"udm\"]\npipeline = \"pipeline.toml\"\n\
         author-secret-file = \"author.secret\"\n"
    )
}
