//! What happens to a process and its folder. Each case runs this binary again: a process opens the engine once.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use otklik_ports::{
    ErrorKind, PortResult, PostBatch, PostFilter, Posts,
    conformance::{self, rows},
};
use otklik_stores::{
    chdb::{Chdb, ChdbConfig, ChdbLimits},
    clickhouse::{ClickHouseConfig, ClickHousePosts},
};

use super::{ENGINE, library, with_engine};

const WORK: &str = "OTKLIK_TEST_WORK";
const FOLDER: &str = "OTKLIK_TEST_FOLDER";
const LIBRARY: &str = "OTKLIK_TEST_LIBRARY";
const BATCH: u64 = 500;

/// Does nothing, unless it is run again as a child with some work.
#[tokio::test]
async fn child() {
    let Some(work) = std::env::var_os(WORK) else { return };
    let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
    // The harness has begun a line of its own.
    println!();
    let chdb = match open(std::env::var_os(LIBRARY).unwrap().into(), &folder).await {
        Ok(chdb) => chdb,
        Err(error) => {
            println!("failed {:?} {}", error.kind, error.message);
            return;
        }
    };
    let posts = ClickHousePosts::open(&chdb.server("otklik")).await.unwrap();
    match work.to_str().unwrap() {
        "write" => {
            for number in 0.. {
                posts.write(batch(number)).await.unwrap();
                println!("written {}", (number + 1) * BATCH);
            }
        }
        "count" => println!("counted {}", posts.count(&PostFilter::default()).await.unwrap()),
        "exit" => std::process::exit(7),
        "close" => chdb.close().await,
        // Like a server of its own, until nobody listens.
        "serve" => {
            let server = chdb.server("otklik");
            println!("serves {} {}", server.url, secrecy::ExposeSecret::expose_secret(&server.password));
            // On a thread of its own: the endpoint is served on this one.
            let listening = || std::io::stdin().lines().map_while(Result::ok).for_each(drop);
            tokio::task::spawn_blocking(listening).await.unwrap();
        }
        work => panic!("no such work: {work}"),
    }
}

async fn open(library: PathBuf, folder: &Path) -> PortResult<Chdb> {
    Chdb::open(ChdbConfig { library, folder: folder.to_owned(), limits: ChdbLimits::default() }).await
}

fn batch(number: u64) -> PostBatch {
    let row = |post: u64| rows::full_row(&format!("vk:{post}"), "2024-03-01T12:00:00Z");
    let rows = (number * BATCH..(number + 1) * BATCH).map(row).collect();
    PostBatch { rows, token: format!("0:{number}"), ..PostBatch::default() }
}

fn spawn(work: &str, folder: &Path, library: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process::child", "--nocapture", "--test-threads=1"])
        .envs([(WORK, work.as_ref()), (FOLDER, folder.as_os_str()), (LIBRARY, library.as_os_str())])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The child's exit code and what it said of its work.
fn run(work: &str, folder: &Path, library: &Path) -> (Option<i32>, String) {
    let output = spawn(work, folder, library).wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let said = stdout.lines().filter(|line| line.starts_with("counted ") || line.starts_with("failed "));
    (output.status.code(), said.collect())
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    let Some(library) = library::path() else { return };
    let folder = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let mut child = spawn("write", folder.path(), &library);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut written = lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("written ")?.parse().ok());
        let mut acknowledged: u64 = written.by_ref().take(round * 3).fold(0, u64::max);
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = written.fold(acknowledged, u64::max);

        let (code, said) = run("count", folder.path(), &library);
        let counted: u64 = said.strip_prefix("counted ").unwrap().parse().unwrap();
        assert_eq!(code, Some(0));
        assert!(counted >= acknowledged, "{counted} are there, {acknowledged} were acknowledged");
        assert_eq!(counted % BATCH, 0, "a batch is there whole or not at all");
    }
}

#[test]
fn a_server_of_its_own_conforms() {
    let Some(library) = library::path() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut child = spawn("serve", folder.path(), &library);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said = lines.find_map(|line| line.strip_prefix("serves ").map(ToOwned::to_owned)).unwrap();
    let (url, password) = said.split_once(' ').unwrap();
    let databases = std::sync::atomic::AtomicU32::new(0);
    let conform = conformance::posts::suite(async || {
        let number = databases.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let server = ClickHouseConfig {
            url: url.to_owned(),
            user: "otklik".to_owned(),
            password: password.to_owned().into(),
            database: format!("door_{number}"),
            compression: false,
            cluster: None,
            query_memory_bytes: Some(200 << 20),
        };
        ClickHousePosts::open(&server).await.unwrap()
    });
    tokio::runtime::Runtime::new().unwrap().block_on(conform);
    // The end of its input is the end of it.
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_process_ends_as_it_means_to() {
    let Some(library) = library::path() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (work, code) in [("count", 0), ("exit", 7), ("close", 0)] {
        assert_eq!(run(work, folder.path(), &library).0, Some(code), "{work}");
    }
}

#[test]
fn a_folder_is_one_process_s() {
    let Some(engine) = ENGINE.as_ref() else { return };
    let folder = engine.folder.path();
    let (_, said) = run("count", folder, &engine.library);
    let expected = format!("({}) has ClickHouse open on this folder", std::process::id());
    assert!(said.starts_with("failed Conflict") && said.contains(&expected), "{said}");
    assert!(said.contains(folder.to_str().unwrap()), "{said}");
    with_engine(async |_| {
        let other = tempfile::tempdir().unwrap();
        let error = open(engine.library.clone(), other.path()).await.err().unwrap();
        assert_eq!(error.kind, ErrorKind::Conflict);
        assert!(error.message.contains(folder.to_str().unwrap()), "{}", error.message);
    });
}

#[test]
fn what_is_wrong_is_named() {
    let Some(library) = library::path() else { return };
    let check = |folder: &Path, library: &Path, kind: &str, named: &Path| {
        let (code, said) = run("count", folder, library);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.starts_with(&format!("failed {kind} {}", named.display())), "{said}");
    };
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("libchdb.so");
    check(folder.path(), &missing, "NotFound", &missing);
    fs::write(&missing, "not a library").unwrap();
    check(folder.path(), &missing, "NotFound", &missing);
    check(&missing, &library, "Unavailable", &missing);

    assert_eq!(run("count", folder.path(), &library).1, "counted 0");
    let metadata = folder.path().join("data/metadata/otklik.sql");
    assert!(metadata.exists(), "where the engine keeps the statement that made the database");
    fs::write(metadata, "damaged").unwrap();
    check(folder.path(), &library, "Corrupt", folder.path());
}
