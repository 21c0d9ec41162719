//! Roles as processes on real Kafka, PostgreSQL and ClickHouse, fed with posts while everything is killed, paused, cut off and
//! slowed at random. At the end every post is in ClickHouse, in the index and in an event once, and incidents and their
//! histories are those of an undisturbed deployment.
//!
//! `cargo test` plays a small day on one broker; `tests/chaos.sh` a million posts on three, with a disk that is full at times.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod brokers;
mod clickhouse;
mod day;
mod disk;
mod harm;
#[allow(dead_code, reason = "what only the suite of the store needs")]
#[path = "../../crates/stores/tests/postgres/server.rs"]
mod postgres;
mod proxy;
mod visits;
mod world;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use otklik_tests::{Report, Running, missing_libchdb, otklik, skipped};

use self::{harm::Chaos, visits::Visits, world::World};

/// How often it is looked whether something has ended.
const LOOK: Duration = Duration::from_millis(100);
/// Some lines of the day are no posts, so that what reads them ends with this code.
const SOME_REFUSED: i32 = 2;
/// Name under which the last slice is fed in.
const LAST: &str = "last";

/// How much is played; each can be set by a variable of the environment.
struct Size {
    seed: u64,
    posts: u64,
    brokers: u32,
    /// Slices the posts are fed in. Each has to get through before the next one comes.
    slices: u64,
    /// Things done to the processes while a slice is on its way.
    harms: u64,
    /// Longest time between two of them, in seconds.
    seconds_between: f64,
    /// Longest time a slice may take, in seconds.
    slice_seconds: u64,
    /// Shortest time of all slices together, in seconds: harm goes on when the posts are through already.
    seconds: u64,
    /// Whether everything there is is done once at least, a full disk included, before chance chooses.
    full: bool,
}

impl Size {
    fn of_environment() -> Self {
        let number = |name: &str, usual: u64| {
            let value = std::env::var_os(format!("CHAOS_{name}")).filter(|value| !value.is_empty());
            value.map_or(usual, |value| value.to_str().unwrap().parse().unwrap())
        };
        Self {
            seed: number("SEED", 1),
            posts: number("POSTS", 6_000),
            brokers: u32::try_from(number("BROKERS", 1)).unwrap(),
            slices: number("SLICES", 6),
            harms: number("HARMS", 4),
            seconds_between: number("SECONDS_BETWEEN", 2) as f64,
            slice_seconds: number("SLICE_SECONDS", 240),
            seconds: number("SECONDS", 0),
            full: number("FULL", 0) > 0,
        }
    }

    /// Longest time a replay of all posts may take.
    fn limit(&self) -> Duration {
        Duration::from_secs(300 + self.posts / 200)
    }
}

#[test]
fn nothing_is_lost_and_nothing_is_there_twice() {
    if let Some(reason) = missing_libchdb().or_else(brokers::missing) {
        return skipped("chaos", &reason);
    }
    let size = Size::of_environment();
    eprintln!("chaos: seed {}, {} posts, {} brokers", size.seed, size.posts, size.brokers);
    let lines = day::day(size.seed, size.posts);
    let disk_mebibytes = size.full.then_some(512 + size.posts / 400);
    let Some(mut world) = World::start(size.brokers, disk_mebibytes) else { return };
    let mut chaos = Chaos::new(size.seed, size.brokers);
    if size.full {
        chaos.plan_everything(&world);
    }
    world.roles.iter_mut().for_each(world::Role::start);

    let began = Instant::now();
    let slices: Vec<&[String]> = lines.chunks(lines.len().div_ceil(usize::try_from(size.slices).unwrap())).collect();
    let (last, harmed) = slices.split_last().unwrap();
    for (number, slice) in harmed.iter().enumerate() {
        let path = world.write("slice.jsonl", &slice.join("\n"));
        play(&mut world, &mut chaos, (&format!("slice-{number}"), &path), &size);
        eprintln!("slice {} of {} is through after {:?}", number + 1, slices.len(), began.elapsed());
    }
    let path = world.write("slice.jsonl", &last.join("\n"));
    roll(&mut world, &path, &size);
    world.end();
    eprintln!("done to them: {:?}", chaos.done);

    // The last slice once more sets the clock to the end of the day; there is nothing in it that was not appended.
    let found = world.replay(LAST).arg("--digest").input(last.join("\n"));
    let found = Report::of(&found.start().end_within(size.limit()).with_code(0));
    let undisturbed = otklik(["replay", "--digest", "--config"]).arg(world.embedded()).input(lines.join("\n"));
    let expected = Report::of(&undisturbed.start().end_within(size.limit()).with_code(SOME_REFUSED));
    eprintln!("after {:?}, of {} posts:", began.elapsed(), size.posts);
    found.account.iter().chain(&found.digest).for_each(|line| eprintln!("{line}"));

    assert!(expected.incidents > 20, "the day is too quiet: {expected:?}");
    assert_eq!(found.appended, 0, "a line of the last slice had not been appended");
    assert_eq!(found.account, expected.account);
    assert_eq!(found.incidents, expected.incidents);
    assert_eq!(found.digest, expected.digest);
}

/// Starts one process after the other again, while the last slice comes in and somebody looks at the desk. Nobody is turned away.
fn roll(world: &mut World, path: &Path, size: &Size) {
    let visits = Visits::begin(world.visitor());
    let feed = world.replay(LAST).arg("--feed").arg(path).start();
    for role in &mut world.roles {
        role.start_again();
    }
    let fed = feed.end_within(Duration::from_secs(size.slice_seconds));
    assert!(matches!(fed.code, Some(0 | SOME_REFUSED)), "the feed ended with {:?}: {}", fed.code, fed.stderr);
    let (visits, failed) = visits.end();
    eprintln!("rolled through all processes; of {visits} requests to the desk {} failed", failed.len());
    assert_eq!(failed, [""; 0]);
}

/// Feeds a slice in, in the midst of everything that is done to the processes meanwhile, until all of it has been read and the
/// slice's share of the time is over.
fn play(world: &mut World, chaos: &mut Chaos, (name, path): (&str, &Path), size: &Size) {
    let (began, mut left) = (Instant::now(), size.harms);
    let (lasts, limit) = (Duration::from_secs(size.seconds / size.slices), Duration::from_secs(size.slice_seconds));
    let feed = |world: &World| world.replay(name).arg("--feed").arg(path).start();
    let mut feeding = Some(feed(world));
    let mut next = began + chaos.moment(size.seconds_between);
    while feeding.is_some() || began.elapsed() < lasts {
        world.supervise();
        chaos.heal(world);
        if (left > 0 || began.elapsed() < lasts) && Instant::now() >= next {
            next = Instant::now() + chaos.moment(size.seconds_between);
            left = left.saturating_sub(1);
            if chaos.strike(world)
                && let Some(killed) = feeding.take()
            {
                killed.kill();
                feeding = Some(feed(world));
            }
        }
        let Some(mut running) = feeding.take() else {
            std::thread::park_timeout(LOOK);
            continue;
        };
        feeding = if running.ends_within(LOOK) { has_to_go_on(running).then(|| feed(world)) } else { Some(running) };
        if feeding.is_some() && began.elapsed() > limit {
            world.tell();
            panic!("{name} is not through after {limit:?}, with {left} harms left");
        }
    }
    chaos.heal_all(world);
}

/// Whether a feed that has ended has to go on from where it stopped, since something it needs did not answer.
fn has_to_go_on(ended: Running) -> bool {
    let ended = ended.end_within(Duration::ZERO);
    match ended.code {
        Some(0 | SOME_REFUSED) => false,
        Some(1) => {
            eprintln!("feeds again: {}", ended.stderr.lines().last().unwrap_or_default());
            true
        }
        code => panic!("the feed ended with {code:?}: {}", ended.stderr),
    }
}
