//! The crawl against networks that behave like the real ones.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

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
    DayConfig { policy, kills, seed: 7, base: None }
}

fn begin() -> Timestamp {
    BEGIN.parse().unwrap()
}

/// What must hold of any day, however it went.
#[track_caller]
fn check(world: &World, outcome: &Outcome) {
    let first = |list: &[String]| list.iter().take(5).cloned().collect::<Vec<_>>();
    assert_eq!(first(&world.ledger().violations), [""; 0], "a limit was exceeded");
    assert_eq!((outcome.lost.len(), first(&outcome.lost)), (0, Vec::new()), "shown and not taken in");
    assert_eq!((outcome.twice.len(), first(&outcome.twice)), (0, Vec::new()), "taken in twice");
    assert_eq!((outcome.invented.len(), first(&outcome.invented)), (0, Vec::new()), "never published");
    assert_eq!((outcome.wrongly_deleted.len(), first(&outcome.wrongly_deleted)), (0, Vec::new()), "still there");
}

fn print(name: &str, world: &World, outcome: &Outcome) {
    println!(
        "{name}: {} published, {} arrived, {:.2} % not covered at the end, {} edits, {} of {} deletions, {} kills",
        outcome.published,
        outcome.arrived,
        100.0 * outcome.not_covered as f64 / outcome.published as f64,
        outcome.edits,
        outcome.deletions,
        outcome.deleted,
        outcome.kills,
    );
    for (what, lag) in &outcome.lags {
        println!(
            "  {what:<16} {:>7} lag, minutes: median {:>6.1}, mean {:>6.1}, 90 % {:>7.1}",
            lag.count, lag.median, lag.mean, lag.p90
        );
    }
    println!("  calls: {:?}", world.ledger().calls);
}

#[tokio::test]
async fn a_day_of_a_region_arrives_once_and_whole_with_twenty_kills() {
    let size = Size { walls: 500, groups: 100, channels: 100, feeds: 200, hours: 24 };
    let world = Arc::new(World::new(1, begin(), size, true));
    let day = Day::new(Arc::clone(&world), Arc::new(FixedClock::new(begin())), config(Policy::Value, 20), None);
    let outcome = day.run().await;
    print("a day with 20 kills", &world, &outcome);
    check(&world, &outcome);
    assert!(outcome.published >= 200_000, "{}", outcome.published);
    assert_eq!(outcome.kills, 20);
    assert!(outcome.not_covered * 25 < outcome.published, "more than 4 % is not covered: {}", outcome.not_covered);
    assert!(outcome.edits > 1_000 && outcome.deletions * 2 > outcome.deleted, "{outcome:?}");
}

#[tokio::test]
async fn over_http_it_is_the_same() {
    let size = Size { walls: 20, groups: 5, channels: 5, feeds: 10, hours: 3 };
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
    print("a working day over HTTP", &world, &outcome);
    check(&world, &outcome);
    assert!(outcome.arrived > 500 && outcome.lags.len() > 6, "{outcome:?}");
}
