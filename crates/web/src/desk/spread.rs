//! How an event spread: columns over time by network.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{ClockKind, Event, Incident, Network};
use otklik_ports::CurvePoint;

use super::{
    chart::{Columns, Mark, Outline, Series, Slot, Spark, Steps, step_minutes},
    rows::network_class,
    say::{Moments, POSTS, network},
};

/// Steps of a curve at most.
const STEPS_MAX: i64 = 60;
/// Columns of a small curve in a row.
const SPARK_COLUMNS: usize = 24;

/// The curve of an event, with its origin and what its incident went through.
pub(crate) fn curve(
    event: &Event,
    origin: Option<Network>,
    incident: Option<&Incident>,
    points: &[CurvePoint],
    moments: &Moments,
) -> Columns {
    let minutes = step_minutes(event.first_at, event.last_at, STEPS_MAX);
    let steps = Steps::new(event.first_at, event.last_at, minutes, 0);
    let slots: Vec<Slot> = (0..steps.len())
        .map(|index| Slot { name: steps.name(index, moments), tick: steps.tick(index, moments), href: None })
        .collect();
    let mut networks: Vec<Network> = points.iter().map(|point| point.network).collect();
    networks.sort();
    networks.dedup();
    let series: Vec<Series> = networks.into_iter().map(|one| series(one, points, &steps)).collect();
    let outline = Outline {
        id: "curve",
        title: "Сообщения по времени и сетям".to_owned(),
        description: description(event, &series, &slots),
        unit: "сообщений",
        height: 120,
    };
    Columns::new(outline, &slots, series, marks(event, origin, incident, &steps))
}

/// The curve of an event the size of a word: its whole life in equal parts.
pub(crate) fn spark(event: &Event, points: &[CurvePoint]) -> Spark {
    let from = event.first_at.as_second();
    let length = (event.last_at.as_second() - from).max(1);
    let mut values = vec![0_u64; SPARK_COLUMNS];
    for point in points {
        let share = (point.at.as_second() - from).max(0) as f64 / length as f64;
        let index = ((share * SPARK_COLUMNS as f64) as usize).min(SPARK_COLUMNS - 1);
        if let Some(value) = values.get_mut(index) {
            *value += point.posts;
        }
    }
    let life = super::say::span(event.last_at.duration_since(event.first_at));
    Spark::new(&values, format!("{} за{}{life}", POSTS.of(event.totals.posts), super::say::NBSP))
}

fn series(one: Network, points: &[CurvePoint], steps: &Steps) -> Series {
    let own =
        points.iter().filter(|point| point.network == one).map(|point| (point.at.max(steps.begins(0)), point.posts));
    Series { name: network(one).to_owned(), class: network_class(one), values: steps.lay_out(own) }
}

fn description(event: &Event, series: &[Series], slots: &[Slot]) -> String {
    let total = |index: usize| series.iter().filter_map(|one| one.values.get(index)).sum::<u64>();
    let peak = (0..slots.len()).max_by_key(|&index| (total(index), std::cmp::Reverse(index)));
    let peak = peak.and_then(|index| slots.get(index).map(|slot| (slot, total(index))));
    match peak {
        Some((slot, posts)) => {
            format!("Всего {}. Больше всего — {}: {}.", POSTS.of(event.totals.posts), slot.name, POSTS.of(posts))
        }
        None => format!("Всего {}.", POSTS.of(event.totals.posts)),
    }
}

fn marks(event: &Event, origin: Option<Network>, incident: Option<&Incident>, steps: &Steps) -> Vec<Mark> {
    let inside = |at: Timestamp| {
        let share = steps.share(at);
        (0.0..=1.0).contains(&share).then_some(share)
    };
    let mut marks = Vec::new();
    let first = match origin {
        Some(one) => format!("первый пост: {}", super::say::network_short(one)),
        None => "первый пост".to_owned(),
    };
    marks.extend(inside(event.first_at).map(|share| Mark { share, label: first, class: "origin" }));
    if let Some(incident) = incident {
        let answered = incident.clocks.iter().find(|clock| clock.kind == ClockKind::FirstAnswer);
        let answered = answered.and_then(|clock| clock.stopped_at).filter(|_| !incident.state.is_triage());
        let near = SignedDuration::from_mins(20);
        let opened = Some(incident.opened_at).filter(|at| at.duration_since(event.first_at) > near);
        marks.extend(opened.and_then(inside).map(|share| Mark { share, label: "инцидент".into(), class: "opened" }));
        marks.extend(answered.and_then(inside).map(|share| Mark { share, label: "ответ".into(), class: "answer" }));
    }
    marks
}
