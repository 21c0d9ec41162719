//! «События»: events by risk, age or size.

use std::{cmp::Reverse, collections::HashMap};

use askama::Template;
use axum::{Router, response::Response, routing::get};
use jiff::SignedDuration;
use otklik_domain::{BlockId, Event, EventId, Incident, PlaceId, TopicId};
use otklik_ports::{EventOrder, EventQuery};

use super::{
    chart::Spark,
    filters::{Choice, Filters, region_asked},
    frame::{Frame, Section, html},
    lookup,
    params::Params,
    risk::{class, points, risk_of},
    rows::{NetworkMark, When, join_place, key, network_marks, state_class},
    said,
    say::{AUTHORS, POSTS, capital, severity},
    spread::spark,
    triage::Tab,
    visit::Visit,
};
use crate::{App, error::Result, russian, service};

/// Events on a page.
const PAGE: usize = 30;
/// Days the list goes back when nothing else is asked for.
const DAYS: i64 = 14;

pub(super) fn router() -> Router<App> {
    Router::new().route("/events", get(page)).route("/sparks", get(sparks))
}

#[derive(Template)]
#[template(path = "page/events.html")]
struct EventsPage {
    frame: Frame,
    filters: Filters,
    tabs: Vec<Tab>,
    order: String,
    sizes: Vec<Choice>,
    from: String,
    to: String,
    topic: Option<(String, String)>,
    rows: Vec<EventRow>,
    before: Option<String>,
    after: Option<String>,
    any: bool,
}

/// An event in a list.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) title: String,
    pub(crate) place: String,
    pub(crate) topic: String,
    pub(crate) severity: u8,
    pub(crate) severity_words: &'static str,
    pub(crate) risk: u32,
    pub(crate) risk_class: &'static str,
    pub(crate) posts: String,
    pub(crate) authors: String,
    pub(crate) networks: Vec<NetworkMark>,
    pub(crate) danger: Vec<String>,
    pub(crate) first: When,
    pub(crate) last: When,
    /// Its incident: id, state, class.
    pub(crate) incident: Option<(String, &'static str, &'static str)>,
}

#[derive(Template)]
#[template(path = "part/sparks.html")]
struct Sparks {
    sparks: Vec<(String, Spark)>,
}

impl EventRow {
    /// The row of an event.
    pub(crate) fn new(visit: &Visit, event: &Event, incident: Option<&Incident>) -> Self {
        let moments = visit.moments_in(&event.region);
        let risk = points(risk_of(event, incident).score());
        Self {
            id: event.id.to_string(),
            key: key(event.id.as_str()),
            title: capital(&event.title),
            place: place_of_event(visit, event),
            topic: topic_of_event(visit, event),
            severity: event.severity.level(),
            severity_words: severity(event.severity.level()),
            risk,
            risk_class: class(risk),
            posts: POSTS.of(event.totals.posts),
            authors: AUTHORS.of(event.totals.authors),
            networks: network_marks(&event.totals.networks),
            danger: event.danger.iter().take(3).cloned().collect(),
            first: When::ago(event.first_at, &moments),
            last: When::ago(event.last_at, &moments),
            incident: incident.map(|one| (one.id.to_string(), russian::state(one.state), state_class(one.state))),
        }
    }
}

/// The place of an event, with its municipality where that says more.
pub(crate) fn place_of_event(visit: &Visit, event: &Event) -> String {
    let municipality = event.municipality.as_ref().map(|place| visit.directory.catalogue.place_name(place));
    join_place(&event.place_name, municipality)
}

/// The name of an event's topic, or of its block.
pub(crate) fn topic_of_event(visit: &Visit, event: &Event) -> String {
    let names = &visit.directory.catalogue;
    match &event.topic {
        Some(topic) => names.topic_name(topic).to_owned(),
        None => names.block_name(&event.block).to_owned(),
    }
}

async fn page(visit: Visit, params: Params) -> Result<Response> {
    let moments = visit.moments();
    let order = match params.get("order") {
        Some("latest") => EventOrder::Latest,
        Some("posts") => EventOrder::Posts,
        _ => EventOrder::Risk,
    };
    let recent = moments.now().checked_sub(SignedDuration::from_hours(24 * DAYS)).ok();
    let page_number = params.page();
    let query = EventQuery {
        region: region_asked(&visit, &params),
        from: params.moment("from", moments.zone()).or(recent),
        to: params.moment_to("to", moments.zone()),
        block: params.get("block").map(BlockId::from),
        topic: params.get("topic").map(TopicId::from),
        municipality: params.get("municipality").map(PlaceId::from),
        posts_min: params.number("posts").and_then(|posts| u32::try_from(posts).ok()).unwrap_or(0),
        order,
        // One more tells whether there is a next page.
        limit: PAGE + 1,
        offset: (page_number - 1) * PAGE,
    };
    let mut events = service::events::list(&visit.app, visit.actor(), query).await?;
    let has_more = events.len() > PAGE;
    events.truncate(PAGE);
    let ids: Vec<EventId> = events.iter().map(|event| event.id.clone()).collect();
    let incidents = lookup::incidents_of(&visit, &ids).await?;
    let to = |page: usize| params.href("/events", &[("page", Some(&page.to_string()))]);
    let given = |name: &str| params.get(name).unwrap_or_default().to_owned();
    let topic = params.get("topic").map(TopicId::from);
    let filters = Filters::new(&visit, &params);
    let page = EventsPage {
        frame: said::frame(&visit, Section::Events, &params).await?,
        any: filters.any || ["topic", "from", "to", "posts"].iter().any(|name| params.get(name).is_some()),
        filters,
        tabs: tabs(&params, order),
        order: given("order"),
        sizes: [("2", "от 2 постов"), ("5", "от 5 постов"), ("20", "от 20 постов"), ("100", "от 100 постов")]
            .map(|(value, name)| Choice {
                value: value.to_owned(),
                name: name.to_owned(),
                chosen: params.get("posts") == Some(value),
            })
            .into(),
        from: given("from"),
        to: given("to"),
        topic: topic.map(|topic| {
            (visit.directory.catalogue.topic_name(&topic).to_owned(), params.href("/events", &[("topic", None)]))
        }),
        rows: rows(&visit, &events, &incidents, order),
        before: (page_number > 1).then(|| to(page_number - 1)),
        after: has_more.then(|| to(page_number + 1)),
    };
    Ok(html(&page))
}

/// Rows of events. By risk, those of a page are ordered by what is left of it where somebody has answered.
pub(crate) fn rows(
    visit: &Visit,
    events: &[Event],
    incidents: &HashMap<EventId, Incident>,
    order: EventOrder,
) -> Vec<EventRow> {
    let row = |event: &Event| EventRow::new(visit, event, incidents.get(&event.id));
    let mut rows: Vec<EventRow> = events.iter().map(row).collect();
    if order == EventOrder::Risk {
        rows.sort_by_key(|row| Reverse(row.risk));
    }
    rows
}

fn tabs(params: &Params, current: EventOrder) -> Vec<Tab> {
    [
        (EventOrder::Risk, None, "По риску"),
        (EventOrder::Latest, Some("latest"), "Последние"),
        (EventOrder::Posts, Some("posts"), "По числу постов"),
    ]
    .into_iter()
    .map(|(order, value, name)| Tab {
        href: params.href("/events", &[("order", value)]),
        name: name.to_owned(),
        count: None,
        current: order == current,
    })
    .collect()
}

/// Small curves for the rows of a list, asked for after the list is there.
async fn sparks(visit: Visit, params: Params) -> Result<Response> {
    // Each is asked for as the key of its row and the event.
    let asked: HashMap<EventId, String> = params
        .all("e")
        .filter_map(|pair| pair.split_once('|'))
        .map(|(row, event)| (EventId::from(event), key(row)))
        .collect();
    let events: Vec<EventId> = asked.keys().cloned().collect();
    let found = lookup::spreads(&visit, &events).await?;
    let sparks = found.iter().filter_map(|(event, points)| Some((asked.get(&event.id)?.clone(), spark(event, points))));
    Ok(html(&Sparks { sparks: sparks.collect() }))
}
