//! How many posts an event will get, from what the store has of it and of its region.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Event, Forecast};
use otklik_engine::forecast::{DAYS_BACK, Pulse, Rhythm, forecast};
use otklik_ports::{PortResult, PostFilter, Timeline, TimelinePoint};

use crate::App;

/// Half a step of a timeline: a post of an hour came in the middle of it.
const HALF_HOUR_SECONDS: u32 = 1800;

/// What comes after now. The posts are read anew each time: a forecast is about the time it is read at, and corrections and
/// deletions count at once.
pub(super) async fn of(app: &App, event: &Event) -> PortResult<Vec<Forecast>> {
    let now = app.ports.clock.now();
    let from = now.saturating_sub(SignedDuration::from_hours(24 * DAYS_BACK)).unwrap_or(Timestamp::MIN);
    if event.last_at < from {
        return Ok(Vec::new());
    }
    let lately = PostFilter { from: Some(from), to: Some(now), ..PostFilter::default() };
    let own = PostFilter { event: Some(event.id.clone()), ..lately.clone() };
    let all = PostFilter { region: Some(event.region.clone()), ..lately };
    let posts = &app.ports.posts;
    let (own, all) = tokio::try_join!(posts.timeline(&own, Timeline::Hours), posts.timeline(&all, Timeline::Hours))?;
    let zone = app.directory().region(&event.region).map(|region| region.zone().clone());
    let mut rhythm = Rhythm::new(zone.map_or(0, |zone| zone.to_offset(now).seconds()));
    all.iter().for_each(|step| {
        rhythm.learn(seconds(step.at), posts_of(step));
    });
    let now = seconds(now);
    let mut pulse = Pulse::default();
    for step in &own {
        pulse.beat(seconds(step.at).saturating_add(HALF_HOUR_SECONDS).min(now), posts_of(step), &rhythm);
    }
    Ok(forecast(pulse, &rhythm, now))
}

fn posts_of(step: &TimelinePoint) -> u32 {
    u32::try_from(step.posts).unwrap_or(u32::MAX)
}

fn seconds(at: Timestamp) -> u32 {
    u32::try_from(at.as_second()).unwrap_or(0)
}
