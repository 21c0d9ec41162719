//! A machine that does not do its part: a full disk, a folder that is taken or cannot be written, a library that is missing.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::{fs, process::Command, time::Duration};

use otklik_tests::{Deployment, Ended, Report, demo_day, missing_libchdb, otklik, post, skipped};

const SEED: u64 = 7;
/// More than fit on the disk that is made for them.
const POSTS: u64 = 8_000;

/// Begins a process with mounts of its own, which go with it; root of its own too where the user is none.
const OWN_MOUNTS: [&str; 2] = ["unshare --mount", "unshare --user --map-root-user --mount"];

/// Steps with the disk: `size 4g` gives it another size, `make ro` and `make rw` let nobody or everybody write.
const STEPS: &str =
    "size() { mount --options-source disable -t tmpfs -o \"remount,size=$1\" tmpfs \"$DISK\" || exit 99; }
    make() { mount -o \"remount,bind,$1\" \"$DISK\" || exit 99; }
    run() { \"$@\"; echo \"code: $?\" >&2; }
    mount -t tmpfs -o size=4g tmpfs \"$DISK\" || exit 99";

/// How to begin a process with mounts of its own here.
fn own_mounts() -> Result<&'static str, String> {
    let folder = tempfile::tempdir().unwrap();
    let works = |way: &&&str| {
        let script = format!("exec {way} sh -c '{STEPS}\nsize 5g; make ro; make rw'");
        let output = Command::new("sh").args(["-c", &script]).env("DISK", folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    OWN_MOUNTS.iter().find(works).copied().ok_or_else(|| "this user cannot mount a disk of its own".to_owned())
}

/// Why what needs a disk of its own cannot run, or how it can.
fn disk() -> Option<&'static str> {
    match (missing_libchdb(), own_mounts()) {
        (None, Ok(way)) => Some(way),
        (Some(reason), _) | (None, Err(reason)) => {
            skipped("bad_machine", &reason);
            None
        }
    }
}

/// Runs a replay several times in a row on a disk of its own, below a script with a `$DISK` and the steps.
fn on_a_disk(way: &str, deployment: &Deployment, posts: &str, steps: &str) -> Ended {
    let file = deployment.folder().join("posts.jsonl");
    fs::write(&file, posts).unwrap();
    let script = format!("exec {way} sh -c '{STEPS}\n{steps}' \"$0\" \"$@\"");
    let disk = deployment.data();
    fs::create_dir_all(&disk).unwrap();
    let replay = otklik(["replay", "--digest", "--config"]).arg(deployment.config()).arg(file);
    replay.env("DISK", disk).below_shell(&script).run()
}

/// What each run in a row said, and its exit code.
fn runs(ended: &Ended) -> Vec<(String, i32)> {
    let mut runs = vec![(String::new(), 0)];
    for line in ended.stderr.lines() {
        let (said, code) = runs.last_mut().unwrap();
        match line.strip_prefix("code: ") {
            Some(number) => {
                *code = number.parse().unwrap();
                runs.push(Default::default());
            }
            None => said.push_str(&format!("{line}\n")),
        }
    }
    runs.pop();
    runs
}

fn report(said: &str) -> Report {
    Report::of(&Ended { stderr: said.to_owned(), ..Ended::default() })
}

#[test]
fn a_full_disk_stops_it_and_loses_nothing() {
    let Some(way) = disk() else { return };
    let posts = demo_day(SEED, POSTS);
    let deployment = Deployment::new();
    // Reading does not wait for the stages, so that it is reading that meets the full disk.
    deployment.change_pipeline("lag-records-max = 2000", "lag-records-max = 100000");
    let expected = Report::of(&Deployment::new().replay(posts.clone()).run().with_code(2));

    // The log keeps 512 MiB free for the other engines; what is left here is less than the posts need. Then not a byte is left.
    let steps = "size 517m; run \"$0\" \"$@\"
        size \"$(($(du -sk \"$DISK\" | cut -f 1) + 64))k\"; run \"$0\" \"$@\"
        size 4g; run \"$0\" \"$@\"";
    let ended = on_a_disk(way, &deployment, &posts, steps);
    let [(short, short_code), (full, full_code), (done, done_code)] = &runs(&ended)[..] else {
        panic!("{}", ended.stderr)
    };
    assert_eq!((*short_code, *full_code), (1, 1), "{short}\n{full}");
    assert!(short.contains("/data/log") && short.contains("Make room"), "{short}");
    assert!(full.contains("/data/"), "{full}");
    assert!(matches!(done_code, 0 | 2), "{done}");
    let report = report(done);
    assert!(report.skipped > 0 && report.appended > 0, "the disk was full half-way: {report:?}");
    assert_eq!((report.account, report.digest), (expected.account, expected.digest));
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let Some(way) = disk() else { return };
    let deployment = Deployment::new();
    let posts = format!("{}\n", post("1", "Яма", "2026-03-02T10:00:00Z"));
    let run = "run \"$0\" \"$@\"";
    let steps = format!("make ro; {run}; make rw; {run}; make ro; {run}; make rw; {run}");
    let ended = on_a_disk(way, &deployment, &posts, &steps);
    let codes: Vec<i32> = runs(&ended).iter().map(|(_, code)| *code).collect();
    assert_eq!(codes, [1, 0, 1, 0], "{}", ended.stderr);
    for (said, _) in runs(&ended).iter().filter(|(_, code)| *code == 1) {
        assert!(said.contains(deployment.data().to_str().unwrap()), "{said}");
    }
    assert_eq!(report(&runs(&ended)[3].0).skipped, 1);
}

#[test]
fn a_folder_that_is_none_is_named() {
    let deployment = Deployment::new();
    fs::write(deployment.data(), "no folder").unwrap();
    let ended = deployment.replay("").run().with_code(1);
    ended.mentions(deployment.data().to_str().unwrap());
    assert_eq!(fs::read_to_string(deployment.data()).unwrap(), "no folder");
}

#[test]
fn a_folder_in_use_is_left_alone() {
    if let Some(reason) = missing_libchdb() {
        return skipped("bad_machine", &reason);
    }
    let deployment = Deployment::new();
    let posts = format!("{}\n", post("1", "Яма", "2026-03-02T10:00:00Z"));
    let mut first = deployment.replay("").holding_input().start();
    // The last engine to open is ClickHouse.
    let opened = deployment.data().join("clickhouse/data/status");
    while !opened.exists() {
        assert!(!first.ends_within(Duration::from_millis(20)), "{:?}", first.end_within(Duration::ZERO));
    }
    let second = deployment.replay(posts.clone()).run().with_code(1);
    let second = second.mentions("in use by another process");
    assert!(second.stderr.contains(deployment.data().to_str().unwrap()), "{}", second.stderr);
    first.end_within(Duration::from_secs(60)).with_code(0);
    assert_eq!(Report::of(&deployment.replay(posts).run().with_code(0)).appended, 1);
}

#[test]
fn a_library_that_is_missing_or_none_is_named() {
    let deployment = Deployment::new();
    let text = deployment.folder().join("library.so");
    fs::write(&text, "no library").unwrap();
    for path in [deployment.folder().join("nosuch.so"), text] {
        let ended = deployment.replay("").env("OTKLIK_LIBCHDB", &path).run().with_code(1);
        ended.mentions(path.to_str().unwrap()).mentions("scripts/libchdb.sh");
    }
    // What needs no ClickHouse works without it.
    let filter = otklik(["analyse"]).env("OTKLIK_LIBCHDB", "nosuch.so");
    filter.input(post("1", "Яма", "2026-03-02T10:00:00Z").to_string()).run().with_code(0);
    if missing_libchdb().is_none() {
        deployment.replay("").run().with_code(0);
    }
}

#[test]
fn an_output_that_is_full_is_a_failure() {
    let post = post("1", "Яма на дороге", "2026-03-02T10:00:00Z").to_string();
    let below = |words: &[&str], input: &str| {
        let ended = otklik(words).input(input).below_shell("exec \"$0\" \"$@\" >/dev/full").run();
        ended.with_code(1).mentions("cannot write to standard output");
    };
    below(&["analyse"], &post);
    below(&["analyse"], &format!("{post}\n").repeat(3_000));
    below(&["group"], &post);
    below(&["sla", "--policy", "social-8h", "--from", "2026-03-02T10:00:00Z"], "");

    let folder = tempfile::tempdir().unwrap();
    let samples = folder.path().join("samples.jsonl");
    fs::write(&samples, "{\"text\":\"яма\",\"label\":\"a\"}\n{\"text\":\"свет\",\"label\":\"b\"}\n".repeat(5)).unwrap();
    let ended = otklik(["train", "--label", "label", "-o", "/dev/full"]).arg(&samples).run();
    ended.with_code(1).mentions("/dev/full");
}
