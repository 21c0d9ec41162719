//! A backup restored elsewhere holds the same to the last deadline, and nothing of a post deleted before it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::fs;

use otklik_tests::{Deployment, Report, demo_day, missing_libchdb, otklik, skipped};

const SEED: u64 = 20_261_122;
const POSTS: u64 = 1_500;
/// Some lines of the day are no posts.
const SOME_REFUSED: i32 = 2;

#[test]
fn a_restored_deployment_holds_the_same() {
    if let Some(reason) = missing_libchdb() {
        return skipped("backup", &reason);
    }
    let deployment = Deployment::new();
    let before = Report::of(&deployment.replay(demo_day(SEED, POSTS)).run().with_code(SOME_REFUSED));
    let file = deployment.folder().join("backup.tar.gz");
    let backup = || otklik(["backup", "--config"]).arg(deployment.config()).arg("--to").arg(&file);
    backup().run().with_code(0).mentions("files");
    backup().run().with_code(1).mentions("exists");

    let other = Deployment::new();
    let restore = || otklik(["restore", "--config"]).arg(other.config()).arg(&file);
    restore().run().with_code(0).mentions("restored");
    restore().run().with_code(1).mentions("is not empty");
    // The original is gone: nothing of the copy may lead back to it.
    fs::remove_dir_all(deployment.data()).unwrap();
    let after = Report::of(&other.replay("").run().with_code(0));
    assert_eq!((after.digest, after.incidents), (before.digest, before.incidents));
}

#[test]
fn a_damaged_backup_is_refused_and_nothing_is_left() {
    if let Some(reason) = missing_libchdb() {
        return skipped("backup", &reason);
    }
    let deployment = Deployment::new();
    deployment.replay(demo_day(SEED, 50)).run();
    let file = deployment.folder().join("backup.tar.gz");
    otklik(["backup", "--config"]).arg(deployment.config()).arg("--to").arg(&file).run().with_code(0);
    let whole = fs::read(&file).unwrap();

    let other = Deployment::new();
    let check = |content: &[u8], expected: &str| {
        fs::write(&file, content).unwrap();
        otklik(["restore", "--config"]).arg(other.config()).arg(&file).run().with_code(1).mentions(expected);
        let left: Vec<_> = fs::read_dir(other.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().starts_with("data")), "{left:?}");
    };
    check(b"", "is damaged");
    check(b"no backup at all", "is damaged");
    check(&whole[..whole.len() / 2], "backup.tar.gz");
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 0x55;
    check(&changed, "backup.tar.gz");
}

#[test]
fn a_running_deployment_is_not_copied() {
    if let Some(reason) = missing_libchdb() {
        return skipped("backup", &reason);
    }
    let deployment = Deployment::new();
    let mut running = deployment.replay("").holding_input().start();
    let lock = deployment.data().join("clickhouse/data/status");
    while !lock.exists() {
        assert!(!running.ends_within(std::time::Duration::from_millis(20)), "the replay ended by itself");
    }
    let file = deployment.folder().join("backup.tar.gz");
    let refused = otklik(["backup", "--config"]).arg(deployment.config()).arg("--to").arg(&file).run().with_code(1);
    refused.mentions("in use by another process");
    assert!(!file.exists());
    running.end_within(std::time::Duration::from_secs(60)).with_code(0);
}
