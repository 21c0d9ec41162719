//! «Источники»: what is read, how late, and what stands in the way.

mod words;

use std::collections::BTreeMap;

use askama::Template;
use axum::{Router, response::Response, routing::get};
use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;

use self::words::{action, kind};
use super::{
    filters::{Choice, Pager, region_asked},
    frame::{Frame, Section, html},
    params::Params,
    rows::network_class,
    said,
    say::{Moments, Noun, POSTS, capital, network, network_short, number, span},
    visit::Visit,
};
use crate::{
    App,
    error::Result,
    service::sources::{self, SourceFilter, is_troubled},
    sources::{CoveredSource, SourceTrouble, Teller},
};

/// Sources on a page.
const PAGE: usize = 100;
const SOURCES: Noun = Noun("источник", "источника", "источников");
const READINGS: Noun = Noun("чтение", "чтения", "чтений");

pub(super) fn router() -> Router<App> {
    Router::new().route("/sources", get(page))
}

#[derive(Template)]
#[template(path = "page/sources.html")]
struct SourcesPage {
    frame: Frame,
    now: String,
    teller: Teller,
    /// Whether nothing at all is configured, whatever is filtered.
    is_bare: bool,
    tiles: Vec<NetworkTile>,
    regions: Vec<Choice>,
    networks: Vec<Choice>,
    troubled: bool,
    any: bool,
    rows: Vec<SourceRow>,
    pager: Option<Pager>,
}

/// A network in one number.
struct NetworkTile {
    name: &'static str,
    value: String,
    note: String,
    class: &'static str,
}

/// A row of the table.
struct SourceRow {
    title: String,
    /// The id, where the title is a name.
    id: Option<String>,
    href: Option<String>,
    network: &'static str,
    network_name: &'static str,
    network_class: &'static str,
    state: &'static str,
    class: &'static str,
    trouble: Option<TroubleLine>,
    answered: Option<(String, String)>,
    lag: String,
    planned_lag: String,
    posts: String,
    reads: String,
    quota: String,
    since: Option<(String, String)>,
}

/// What stands in the way, and what is done about it.
struct TroubleLine {
    what: String,
    words: String,
    done: String,
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    let region = region_asked(&visit, &params);
    let moments = region.as_ref().map_or_else(|| visit.moments(), |region| visit.moments_in(region));
    let all = SourceFilter { region, ..SourceFilter::default() };
    let coverage = sources::coverage(&visit.app, visit.actor(), &all).await?;
    let asked = params.get("network").and_then(|network| network.parse::<Network>().ok());
    let troubled = params.get("troubled").is_some();
    let fits = |source: &&CoveredSource| {
        asked.is_none_or(|network| source.network == network) && (!troubled || is_troubled(source))
    };
    let shown: Vec<&CoveredSource> = coverage.sources.iter().filter(fits).collect();
    let total = u64::try_from(shown.len()).unwrap_or(u64::MAX);
    let first = (params.page() - 1).saturating_mul(PAGE);
    let several = visit.directory.regions.len() > 1;
    let regions = visit.directory.regions.iter().filter(|_| several);
    let page = SourcesPage {
        frame: said::frame(&visit, Section::Sources, &params).await?,
        now: moments.day_time(moments.now()),
        teller: coverage.teller,
        is_bare: coverage.sources.is_empty(),
        tiles: tiles(&coverage.sources),
        regions: regions
            .map(|one| Choice {
                value: one.id.to_string(),
                name: one.name.clone(),
                chosen: params.get("region") == Some(one.id.as_str()),
            })
            .collect(),
        networks: networks(&coverage.sources, asked),
        troubled,
        any: troubled || asked.is_some(),
        rows: shown.into_iter().skip(first).take(PAGE).map(|source| row(source, &moments)).collect(),
        pager: Pager::new(&params, "/sources", PAGE, total),
    };
    Ok(html(&page))
}

/// Sources by network, in the order of names.
fn by_network(sources: &[CoveredSource]) -> BTreeMap<&'static str, Vec<&CoveredSource>> {
    let mut found: BTreeMap<&'static str, Vec<&CoveredSource>> = BTreeMap::new();
    for source in sources {
        found.entry(network(source.network)).or_default().push(source);
    }
    found
}

fn tiles(sources: &[CoveredSource]) -> Vec<NetworkTile> {
    let tile = |(name, sources): (&'static str, Vec<&CoveredSource>)| {
        let troubled = sources.iter().filter(|source| is_troubled(source)).count() as u64;
        let count = sources.len() as u64;
        let note = match troubled {
            0 => format!("{}, все читаются", SOURCES.form(count)),
            _ => format!("{}, с трудностями {}", SOURCES.form(count), number(troubled)),
        };
        NetworkTile { name, value: number(count), note, class: if troubled > 0 { "alarm" } else { "" } }
    };
    by_network(sources).into_iter().map(tile).collect()
}

fn networks(sources: &[CoveredSource], asked: Option<Network>) -> Vec<Choice> {
    let choice = |(name, sources): (&'static str, Vec<&CoveredSource>)| {
        let network = sources.first()?.network;
        Some(Choice { value: network.as_str().to_owned(), name: name.to_owned(), chosen: asked == Some(network) })
    };
    by_network(sources).into_iter().filter_map(choice).collect()
}

fn row(source: &CoveredSource, moments: &Moments) -> SourceRow {
    let has_name = !source.name.is_empty();
    let (state, class) = state(source);
    SourceRow {
        title: if has_name { source.name.clone() } else { source.id.clone() },
        id: has_name.then(|| source.id.clone()),
        href: href(source),
        network: network_short(source.network),
        network_name: network(source.network),
        network_class: network_class(source.network),
        state,
        class,
        trouble: source.trouble.as_ref().map(|trouble| told(trouble, moments)),
        answered: source.answered_at.map(|at| (moments.ago(at), moments.full(at))),
        lag: source.lag_minutes.map_or_else(|| "—".to_owned(), minutes),
        planned_lag: minutes(source.planned_lag_minutes),
        posts: POSTS.of(source.posts_a_day.round() as u64),
        reads: READINGS.of(source.reads_a_day.round() as u64),
        quota: source.quota_left.map_or_else(|| "—".to_owned(), number),
        since: source.not_covered_since.map(|at| (moments.day_time(at), moments.full(at))),
    }
}

fn state(source: &CoveredSource) -> (&'static str, &'static str) {
    match (&source.trouble, source.answered_at) {
        (Some(trouble), _) if words::needs_somebody(trouble.action) => ("остановлен", "alarm"),
        (Some(_), _) => ("не отвечает", "alarm"),
        (None, None) => ("ещё не читался", "wait"),
        (None, Some(_)) if source.not_covered_since.is_some() => ("есть пропуск", "wait"),
        (None, Some(_)) => ("читается", "done"),
    }
}

fn told(trouble: &SourceTrouble, moments: &Moments) -> TroubleLine {
    let again = trouble.again_at.map(|at| format!(" Снова: {}.", near(at, moments))).unwrap_or_default();
    TroubleLine {
        what: capital(&kind(&trouble.kind)),
        words: trouble.message.clone(),
        done: format!("{}{again}", action(trouble.action)),
    }
}

/// A moment that comes: how soon, or which day.
fn near(at: Timestamp, moments: &Moments) -> String {
    let left = at.duration_since(moments.now());
    if left < SignedDuration::from_hours(1) { format!("через {}", span(left)) } else { moments.day_time(at) }
}

fn minutes(minutes: f64) -> String {
    span(SignedDuration::from_mins(minutes.clamp(0.0, 1e9).round() as i64))
}

/// Where a person can look at it.
fn href(source: &CoveredSource) -> Option<String> {
    match source.network {
        Network::Vk => {
            let number: i64 = source.id.parse().ok()?;
            Some(if number < 0 {
                format!("https://vk.com/public{}", number.unsigned_abs())
            } else {
                format!("https://vk.com/id{number}")
            })
        }
        Network::Telegram => Some(format!("https://t.me/s/{}", source.id)),
        Network::Rss => Some(source.id.clone()).filter(|id| id.starts_with("https://") || id.starts_with("http://")),
        _ => None,
    }
}
