//! The numbers at the top of the board.

use otklik_domain::State;
use otklik_ports::{BoardCounts, IncidentFilter};

use crate::{
    desk::{
        say::{Moments, decimal, number, span},
        visit::{TRIAGE_STATES, Visit},
    },
    error::Result,
};

/// A number with what it is.
#[derive(Debug, Clone)]
pub(super) struct Tile {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) href: Option<&'static str>,
    /// Class of its colour.
    pub(super) class: &'static str,
}

/// The tiles of a board.
pub(super) async fn tiles(
    visit: &Visit,
    counts: &BoardCounts,
    posts_today: Option<u64>,
    moments: &Moments,
) -> Result<Vec<Tile>> {
    let of = |wanted: &[State]| {
        counts.states.iter().filter(|(state, _)| wanted.contains(state)).map(|(_, n)| n).sum::<u64>()
    };
    let open: u64 = counts.states.iter().filter(|(state, _)| !state.is_final()).map(|(_, count)| count).sum();
    let overdue: u64 = visit.count(IncidentFilter { overdue: Some(true), ..IncidentFilter::default() }).await?;
    // The store counts days of UTC: the last one is today's when it has begun there.
    let today = counts.days.last().filter(|(day, ..)| moments.now().duration_since(*day).as_hours() < 24);
    let (opened, answered) = today.map_or((0, 0), |(_, opened, answered)| (*opened, *answered));
    let tile = |name, value: String, note: String, href, class| Tile { name, value, note, href, class };
    let mut tiles = Vec::new();
    if let Some(posts) = posts_today {
        tiles.push(tile("Сообщений сегодня", number(posts), String::new(), Some("/search?period=day"), ""));
    }
    tiles.push(tile("Открыто сегодня", number(opened), format!("отвечено {}", number(answered)), None, ""));
    if !visit.is_agency() {
        let waiting = of(&TRIAGE_STATES);
        tiles.push(tile("Ждут разбора", number(waiting), String::new(), Some("/"), ""));
    }
    tiles.push(tile("Всего открыто", number(open), String::new(), Some("/incidents"), ""));
    let class = if overdue > 0 { "alarm" } else { "good" };
    tiles.push(tile("Просрочено", number(overdue), share(overdue, open), Some("/incidents?view=overdue"), class));
    let (median, ninety) = counts.first_answer_minutes.map_or(("—".to_owned(), String::new()), |(median, ninety)| {
        (minutes(median), format!("90 % — до {}", minutes(ninety)))
    });
    tiles.push(tile("До первого ответа", median, ninety, None, ""));
    let (average, rated) = rating(&counts.ratings);
    let note = if rated == 0 { "оценок нет".to_owned() } else { crate::desk::say::RATINGS.of(rated) };
    tiles.push(tile("Оценка ответов", decimal(average), note, None, ""));
    Ok(tiles)
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 { String::new() } else { format!("{} открытых", crate::desk::say::percent(part, whole)) }
}

/// A number of minutes in words.
pub(super) fn minutes(minutes: u64) -> String {
    span(jiff::SignedDuration::from_mins(i64::try_from(minutes).unwrap_or(i64::MAX / 60)))
}

/// The average of ratings and their number.
pub(super) fn rating(ratings: &[u64; 5]) -> (Option<f64>, u64) {
    let count: u64 = ratings.iter().sum();
    let sum: u64 = ratings.iter().zip(1..).map(|(count, score)| count * score).sum();
    ((count > 0).then(|| sum as f64 / count as f64), count)
}
