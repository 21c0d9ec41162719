//! How long posts wait until they are read: turns by expected waiting against turns one after another, at the same limits, in the same
//! day of the same world. `cargo bench -p otklik-networks`, or `-- 20` for a fifth of the region and of its quota.
//!
//! The peer polls as pollers do: each source in turn at an even pace, and the comments of those posts whose counter on the wall has
//! changed. A second peer looks at counters between readings as we do, and differs in its turns only.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures")]

use std::{sync::Arc, thread};

use jiff::Timestamp;
use otklik_networks::{Day, DayConfig, Outcome, Size, World};
use otklik_ports::FixedClock;
use otklik_sources::schedule::Policy;

/// Calls of a crawl that tell whether quotas were equal.
const LANES: [&str; 4] = ["vk wall.get", "vk token", "ok token", "telegram"];

fn main() {
    let percent = std::env::args().skip(1).find_map(|argument| argument.parse::<usize>().ok()).unwrap_or(100).max(1);
    let [ours, plain, counting] = thread::scope(|scope| {
        [(Policy::Value, true), (Policy::RoundRobin, false), (Policy::RoundRobin, true)]
            .map(|(policy, looks)| scope.spawn(move || play(percent, policy, looks)))
            .map(|day| day.join().unwrap())
    });
    println!("{} publications; calls: {:?} by waiting", ours.0.published, ours.1);
    compare("each source in turn", &ours, &plain);
    compare("in turn, counters as we do", &ours, &counting);
}

/// Plays the day; gives what came of it and the calls it took.
fn play(percent: usize, policy: Policy, looks: bool) -> (Outcome, Vec<u64>) {
    let begin: Timestamp = "2026-03-02T21:00:00Z".parse().unwrap();
    let part = |whole: usize| (whole * percent).div_ceil(100);
    let size = Size {
        walls: part(500),
        groups: part(100),
        channels: part(100),
        feeds: part(200),
        searches: 0,
        pages: 0,
        accounts: 0,
        hours: 24,
    };
    let walls_a_day = u32::try_from(part(5_000)).ok();
    let world = Arc::new(World::new(1, begin, size, false));
    let config = DayConfig { policy, looks, kills: 0, seed: 7, walls_a_day, base: None };
    let day = Day::new(Arc::clone(&world), Arc::new(FixedClock::new(begin)), config, None);
    let outcome = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(day.run());
    let ledger = world.ledger();
    assert!(ledger.violations.is_empty(), "a limit was exceeded");
    let calls = LANES.map(|lane| ledger.calls.get(lane).copied().unwrap_or_default()).to_vec();
    (outcome, calls)
}

fn compare(peer: &str, (ours, _): &(Outcome, Vec<u64>), (theirs, calls): &(Outcome, Vec<u64>)) {
    println!(
        "\nagainst {peer}; its calls: {calls:?}; not covered at the end: {} and {}",
        ours.not_covered, theirs.not_covered
    );
    println!(
        "{:<16} {:>8} {:>20} {:>20} {:>14}",
        "minutes", "", "ours: median/mean", "peer: median/mean", "times better"
    );
    for (what, lag) in &ours.lags {
        let Some(other) = theirs.lags.get(what) else { continue };
        let times = |other: f64, own: f64| other / own.max(1e-9);
        println!(
            "{what:<16} {:>8} {:>10.1} {:>9.1} {:>10.1} {:>9.1} {:>7.2} {:>6.2}",
            lag.count,
            lag.median,
            lag.mean,
            other.median,
            other.mean,
            times(other.median, lag.median),
            times(other.mean, lag.mean),
        );
    }
}
