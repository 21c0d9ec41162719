//! How long posts wait until they are read: turns by expected waiting against turns one after another, at the same limits, in the same
//! day of the same world. `cargo bench -p otklik-networks`, or `-- 20` for a fifth of the region and of its quota.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints its figures")]

use std::sync::Arc;

use jiff::Timestamp;
use otklik_networks::{Day, DayConfig, Outcome, Size, World};
use otklik_ports::FixedClock;
use otklik_sources::schedule::Policy;

fn main() {
    let begin: Timestamp = "2026-03-02T21:00:00Z".parse().unwrap();
    let percent = std::env::args().skip(1).find_map(|argument| argument.parse::<usize>().ok()).unwrap_or(100).max(1);
    let part = |whole: usize| (whole * percent).div_ceil(100);
    let size = Size { walls: part(500), groups: part(100), channels: part(100), feeds: part(200), hours: 24 };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let run = |policy| -> (Outcome, u64) {
        let world = Arc::new(World::new(1, begin, size, false));
        let config = DayConfig { policy, kills: 0, seed: 7, walls_a_day: u32::try_from(part(5_000)).ok(), base: None };
        let day = Day::new(Arc::clone(&world), Arc::new(FixedClock::new(begin)), config, None);
        let outcome = runtime.block_on(day.run());
        assert!(world.ledger().violations.is_empty(), "a limit was exceeded");
        let calls = world.ledger().calls.get("vk wall.get").copied().unwrap_or_default();
        (outcome, calls)
    };
    let (ours, our_calls) = run(Policy::Value);
    let (theirs, their_calls) = run(Policy::RoundRobin);
    println!("wall.get: {our_calls} calls by waiting, {their_calls} in turn; {} publications", ours.published);
    println!(
        "{:<16} {:>8} {:>22} {:>22} {:>15}",
        "", "", "by waiting: median/mean", "in turn: median/mean", "times better"
    );
    for (what, lag) in &ours.lags {
        let Some(other) = theirs.lags.get(what) else { continue };
        println!(
            "{what:<16} {:>8} {:>12.1} {:>9.1} {:>12.1} {:>9.1} {:>7.2} {:>7.2}",
            lag.count,
            lag.median,
            lag.mean,
            other.median,
            other.mean,
            other.median / lag.median.max(1e-9),
            other.mean / lag.mean.max(1e-9),
        );
    }
}
