//! ClickHouse as a server: libchdb in a process of its own, which is this test run again.

use std::{
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use otklik_stores::chdb::{Chdb, ChdbConfig, ChdbLimits};
use otklik_tests::libchdb;

const FOLDER: &str = "OTKLIK_CHAOS_CLICKHOUSE";
const ADDRESS: &str = "OTKLIK_CHAOS_CLICKHOUSE_ADDRESS";
pub(crate) const USER: &str = "otklik";
pub(crate) const PASSWORD: &str = "a password of the tests";

/// The server. It ends when this is dropped.
pub(crate) struct Server {
    folder: PathBuf,
    pub(crate) address: SocketAddr,
    process: Child,
}

/// Does nothing, unless it is run again as the server: then it serves until nobody holds its input.
#[tokio::test]
async fn child() {
    let (Some(folder), Some(address)) = (std::env::var_os(FOLDER), std::env::var_os(ADDRESS)) else { return };
    let config = ChdbConfig { library: libchdb(), folder: folder.into(), limits: ChdbLimits::default() };
    let listener = tokio::net::TcpListener::bind(address.to_str().unwrap()).await.unwrap();
    let chdb = Chdb::open_at(config, listener, PASSWORD.to_owned()).await.unwrap();
    assert_eq!(chdb.server("otklik").user, USER);
    println!("\nserves");
    tokio::task::spawn_blocking(|| std::io::stdin().lines().map_while(Result::ok).for_each(drop)).await.unwrap();
    chdb.close().await;
}

impl Server {
    pub(crate) fn start(folder: PathBuf) -> Self {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let process = spawn(&folder, address);
        Self { folder, address, process }
    }

    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Starts it again on what it had written.
    pub(crate) fn run_again(&mut self) {
        self.process = spawn(&self.folder, self.address);
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn spawn(folder: &Path, address: SocketAddr) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "clickhouse::child", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(ADDRESS, address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "serves"), "ClickHouse does not start on {}", folder.display());
    process
}
