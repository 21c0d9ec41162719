//! The crawl against networks that behave like the real ones.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use otklik_networks::{Day, DayConfig, Outcome, Size, World, serve};
use otklik_ports::{Fetch, FixedClock};
use otklik_sources::{
    fetch::{HttpFetch, HttpSettings},
    schedule::Policy,
};

/// Midnight in Moscow of a Tuesday.
const BEGIN: &str = "2026-03-02T21:00:00Z";

fn config(policy: Policy, kills: u32) -> DayConfig {
    DayConfig { policy, looks: true, kills, seed: 7, walls_a_day: None, base: None }
}

fn begin() -> Timestamp {
    BEGIN.parse().unwrap()
}

/// What must hold of any day, however it went.
#[track_caller]
fn check(world: &World, outcome: &Outcome) {
    let broken = outcome.broken(world);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// A tenth of the region that `tests/full.rs` plays.
#[tokio::test]
async fn a_day_arrives_once_and_whole_with_twenty_kills() {
    let size = Size { walls: 50, groups: 10, channels: 10, feeds: 20, searches: 5, pages: 10, accounts: 5, hours: 24 };
    let world = Arc::new(World::new(1, begin(), size, true));
    let config = DayConfig { walls_a_day: Some(500), ..config(Policy::Value, 20) };
    let outcome = Day::new(Arc::clone(&world), Arc::new(FixedClock::new(begin())), config, None).run().await;
    println!("a day with 20 kills: {}", outcome.told(&world));
    check(&world, &outcome);
    assert_eq!(outcome.kills, 20);
    assert!(outcome.published > 9_000, "{}", outcome.published);
    assert!(outcome.not_covered * 12 < outcome.published, "more than 8 % is not covered: {}", outcome.not_covered);
    assert!(outcome.edits > 100 && outcome.deletions > 20, "{} {}", outcome.edits, outcome.deletions);
}

#[tokio::test]
async fn over_http_it_is_the_same() {
    let size = Size { walls: 20, groups: 5, channels: 5, feeds: 10, searches: 3, pages: 5, accounts: 3, hours: 3 };
    // The day begins in the morning, when something is written.
    let begin: Timestamp = "2026-03-03T06:00:00Z".parse().unwrap();
    let world = Arc::new(World::new(2, begin, size, true));
    let clock = Arc::new(FixedClock::new(begin));
    let address = serve(Arc::clone(&world), clock.clone()).await;
    let settings = HttpSettings {
        allowed: vec![address],
        host_gap: Duration::ZERO,
        read_time_max: Duration::from_millis(150),
        ..HttpSettings::new("https://example.ru/about")
    };
    let fetch: Arc<dyn Fetch> = Arc::new(HttpFetch::new(settings).unwrap());
    let config = DayConfig { base: Some(format!("http://{address}")), ..config(Policy::Value, 5) };
    let outcome = Day::new(Arc::clone(&world), clock, config, Some(fetch)).run().await;
    println!("over HTTP: {}", outcome.told(&world));
    check(&world, &outcome);
    assert!(outcome.arrived > 500 && outcome.lags.len() > 6, "{outcome:?}");
}
