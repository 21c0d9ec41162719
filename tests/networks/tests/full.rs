//! A whole day of a region of 500 communities, 100 groups, 100 channels and 200 feeds. Takes minutes:
//! `cargo test -p otklik-networks --test full -- --nocapture`.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "helpers of tests")]

use std::sync::Arc;

use jiff::Timestamp;
use otklik_networks::{Day, DayConfig, Size, World};
use otklik_ports::FixedClock;
use otklik_sources::schedule::Policy;

#[tokio::test]
async fn a_whole_region_arrives_once_and_whole_with_twenty_kills() {
    // Midnight in Moscow of a Tuesday.
    let begin: Timestamp = "2026-03-02T21:00:00Z".parse().unwrap();
    let size =
        Size { walls: 500, groups: 100, channels: 100, feeds: 200, searches: 20, pages: 50, accounts: 50, hours: 24 };
    let world = Arc::new(World::new(1, begin, size, true));
    let config = DayConfig { policy: Policy::Value, looks: true, kills: 20, seed: 7, walls_a_day: None, base: None };
    let outcome = Day::new(Arc::clone(&world), Arc::new(FixedClock::new(begin)), config, None).run().await;
    println!("a whole region: {}", outcome.told(&world));
    let broken = outcome.broken(&world);
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(outcome.published >= 200_000 && outcome.kills == 20, "{} {}", outcome.published, outcome.kills);
    assert!(outcome.not_covered * 12 < outcome.published, "more than 8 % is not covered: {}", outcome.not_covered);
}
