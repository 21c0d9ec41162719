//! «Обзор»: the state of things in numbers.

mod bodies;
mod tiles;

use askama::Template;
use axum::{Router, response::Response, routing::get};
use jiff::{SignedDuration, Timestamp};
use otklik_domain::RegionId;
use otklik_ports::{BoardCounts, EventOrder, EventQuery, IncidentFilter, PostFilter, Timeline, TimelinePoint};

use self::{bodies::BodyRow, tiles::Tile};
use super::{
    chart::{Bar, Columns, Outline, Series, Slot, Steps},
    events::EventRow,
    filters::{Choice, region_asked},
    frame::{Frame, Section, html},
    lookup,
    params::Params,
    said,
    say::{Moments, POSTS, number},
    visit::Visit,
};
use crate::{App, error::Result, rights::Right, service};

/// Rows of a table of counts.
const ROWS: usize = 10;
/// Events shown by risk.
const EVENTS: usize = 8;
/// Days of the charts by day.
const DAYS: i64 = 14;

pub(super) fn router() -> Router<App> {
    Router::new().route("/board", get(page))
}

#[derive(Template)]
#[template(path = "page/board.html")]
struct BoardPage {
    frame: Frame,
    now: String,
    regions: Vec<Choice>,
    tiles: Vec<Tile>,
    hours: Option<Columns>,
    days: Option<Columns>,
    opened: Columns,
    answered: Columns,
    blocks: Vec<CountRow>,
    municipalities: Vec<CountRow>,
    bodies: Vec<BodyRow>,
    events: Vec<EventRow>,
}

/// A row of a table of counts.
#[derive(Debug, Clone)]
struct CountRow {
    name: String,
    href: String,
    count: String,
    bar: Bar,
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    let region = region_asked(&visit, &params);
    let moments = region.as_ref().map_or_else(|| visit.moments(), |region| visit.moments_in(region));
    let filter = IncidentFilter { regions: region.iter().cloned().collect(), ..IncidentFilter::default() };
    let counts = service::board::incidents(&visit.app, visit.actor(), filter.clone()).await?;
    let posts = Posts::load(&visit, region.as_ref(), &moments).await?;
    let names = &visit.directory.catalogue;
    let several = visit.directory.regions.len() > 1;
    let page = BoardPage {
        frame: said::frame(&visit, Section::Board, &params).await?,
        now: moments.day_time(moments.now()),
        regions: visit
            .directory
            .regions
            .iter()
            .filter(|_| several)
            .map(|one| Choice {
                value: one.id.to_string(),
                name: one.name.clone(),
                chosen: params.get("region") == Some(one.id.as_str()),
            })
            .collect(),
        tiles: tiles::tiles(&visit, &counts, posts.today, &moments).await?,
        opened: by_day(&counts, |day| day.1, ("opened", "Открыто по дням", "инцидентов"), "n-plain", &moments),
        answered: by_day(&counts, |day| day.2, ("answered", "Отвечено по дням", "ответов"), "n-form", &moments),
        blocks: rows(
            counts
                .blocks
                .iter()
                .map(|(id, count)| (names.block_name(id).to_owned(), format!("/incidents?block={id}"), *count)),
        ),
        municipalities: rows(
            counts
                .municipalities
                .iter()
                .map(|(id, count)| (names.place_name(id).to_owned(), format!("/incidents?municipality={id}"), *count)),
        ),
        bodies: bodies::rows(&visit, &filter).await?,
        events: events(&visit, region.as_ref(), &moments).await?,
        hours: posts.hours,
        days: posts.days,
    };
    Ok(html(&page))
}

/// What the board says of posts; nothing for those who may not read them.
#[derive(Default)]
struct Posts {
    today: Option<u64>,
    hours: Option<Columns>,
    days: Option<Columns>,
}

impl Posts {
    async fn load(visit: &Visit, region: Option<&RegionId>, moments: &Moments) -> Result<Self> {
        if !visit.has(Right::Research) {
            return Ok(Self::default());
        }
        let day_ago = back(moments, 24);
        let first_day = back(moments, 24 * (DAYS - 1));
        let filter = |from| PostFilter { region: region.cloned(), from: Some(from), ..PostFilter::default() };
        let offset = i64::from(moments.zone().to_offset(moments.now()).seconds() / 60);
        let days = Timeline::Days { utc_offset_minutes: i16::try_from(offset).unwrap_or(0) };
        let (app, actor) = (&visit.app, visit.actor());
        let (last_day, last_days) = (filter(day_ago), filter(first_day));
        let (by_hour, by_day) = tokio::try_join!(
            service::stats::timeline(app, actor, &last_day, Timeline::Hours),
            service::stats::timeline(app, actor, &last_days, days)
        )?;
        let hours = Steps::new(day_ago, moments.now(), 60, 0);
        let days = Steps::new(first_day, moments.now(), 1440, offset);
        let today = by_day.last().filter(|point| days.index(point.at) == Some(days.len() - 1));
        Ok(Self {
            today: Some(today.map_or(0, |point| point.posts)),
            hours: Some(tone(&by_hour, &hours, ("hours", "Сообщения за сутки по часам"), moments)),
            days: Some(tone(&by_day, &days, ("days", "Тональность по дням"), moments)),
        })
    }
}

fn back(moments: &Moments, hours: i64) -> Timestamp {
    moments.now().checked_sub(SignedDuration::from_hours(hours)).unwrap_or(moments.now())
}

/// Posts over time, the negative ones apart.
fn tone(points: &[TimelinePoint], steps: &Steps, (id, title): (&'static str, &str), moments: &Moments) -> Columns {
    let negative = steps.lay_out(points.iter().map(|point| (point.at, point.negative)));
    let rest = steps.lay_out(points.iter().map(|point| (point.at, point.posts.saturating_sub(point.negative))));
    let (bad, all) = (negative.iter().sum::<u64>(), negative.iter().chain(&rest).sum::<u64>());
    let outline = Outline {
        id,
        title: title.to_owned(),
        description: format!("Всего {}, из них негативных {}.", POSTS.of(all), number(bad)),
        unit: "сообщений",
        height: 110,
    };
    let series = vec![
        Series { name: "негативные".to_owned(), class: "n-negative", values: negative },
        Series { name: "остальные".to_owned(), class: "n-rest", values: rest },
    ];
    Columns::new(outline, &slots(steps, moments), series, Vec::new())
}

fn by_day(
    counts: &BoardCounts,
    value: impl Fn(&(Timestamp, u64, u64)) -> u64,
    (id, title, unit): (&'static str, &str, &'static str),
    class: &'static str,
    moments: &Moments,
) -> Columns {
    // The store counts days of UTC.
    let steps = Steps::new(back(moments, 24 * (DAYS - 1)), moments.now(), 1440, 0);
    let values = steps.lay_out(counts.days.iter().map(|day| (day.0, value(day))));
    let total: u64 = values.iter().sum();
    let outline = Outline {
        id,
        title: title.to_owned(),
        description: format!("За {DAYS} дней: {}.", number(total)),
        unit,
        height: 64,
    };
    let series = vec![Series { name: title.to_owned(), class, values }];
    Columns::new(outline, &slots(&steps, moments), series, Vec::new())
}

fn slots(steps: &Steps, moments: &Moments) -> Vec<Slot> {
    let slot = |index| Slot { name: steps.name(index, moments), tick: steps.tick(index, moments), href: None };
    (0..steps.len()).map(slot).collect()
}

fn rows(counts: impl Iterator<Item = (String, String, u64)>) -> Vec<CountRow> {
    let counts: Vec<_> = counts.take(ROWS).collect();
    let most = counts.iter().map(|(_, _, count)| *count).max().unwrap_or(0);
    let row = |(name, href, count): (String, String, u64)| CountRow {
        bar: Bar::new(count, most, "", format!("{name}: {}", number(count))),
        count: number(count),
        name,
        href,
    };
    counts.into_iter().map(row).collect()
}

async fn events(visit: &Visit, region: Option<&RegionId>, moments: &Moments) -> Result<Vec<EventRow>> {
    if !visit.has(Right::Research) {
        return Ok(Vec::new());
    }
    let query = EventQuery {
        region: region.cloned(),
        from: Some(back(moments, 24 * 7)),
        order: EventOrder::Risk,
        // Some of those with the highest risk have been answered.
        limit: EVENTS * 4,
        ..EventQuery::default()
    };
    let events = service::events::list(&visit.app, visit.actor(), query).await?;
    let ids: Vec<_> = events.iter().map(|event| event.id.clone()).collect();
    let incidents = lookup::incidents_of(visit, &ids).await?;
    let mut rows = super::events::rows(visit, &events, &incidents, EventOrder::Risk);
    rows.truncate(EVENTS);
    Ok(rows)
}
