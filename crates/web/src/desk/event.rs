//! An event: what it is, how it spread, its posts and why each is in it, and corrections of the grouping.

mod correct;
mod groups;

use askama::Template;
use axum::{
    Router,
    extract::Path,
    response::Response,
    routing::{get, post},
};
use otklik_domain::{Event, EventId};
use otklik_ports::EventQuery;

use self::groups::NetworkGroup;
use super::{
    chart::Columns,
    events::{EventRow, place_of_event, topic_of_event},
    filters::Choice,
    frame::{Frame, Section, html},
    params::Params,
    posts::PostCard,
    risk::RiskView,
    rows::{When, state_class},
    said,
    say::{AUTHORS, NBSP, POSTS, VIEWS, capital, number, severity},
    spread,
    visit::Visit,
};
use crate::{App, error::Result, rights::Right, russian, service};

/// Posts on a page of the event.
const PAGE: usize = 100;
/// Events offered to join with.
const NEIGHBOURS: usize = 12;

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/events/{id}", get(show))
        .route("/events/{id}/split", post(correct::split))
        .route("/events/{id}/merge", post(correct::merge))
        .route("/events/{id}/open", post(correct::open))
}

#[derive(Template)]
#[template(path = "page/event.html")]
struct EventPage {
    frame: Frame,
    row: EventRow,
    title: String,
    summary: String,
    place: String,
    topic: String,
    /// The topic's id, to find events like this one.
    topic_id: String,
    facts: Vec<(&'static str, String)>,
    first: When,
    last: When,
    danger: Vec<String>,
    severity_words: &'static str,
    risk: RiskView,
    curve: Columns,
    incident: Option<IncidentLink>,
    may_open: bool,
    may_correct: bool,
    networks: Vec<NetworkGroup>,
    /// Networks to show one of.
    network_tabs: Vec<super::triage::Tab>,
    posts_total: String,
    shown: String,
    before: Option<String>,
    after: Option<String>,
    neighbours: Vec<Choice>,
    problem: Option<String>,
    /// Posts that were chosen when a form came back.
    chosen: Vec<String>,
    merge_open: bool,
}

/// The incident of an event.
#[derive(Debug, Clone)]
struct IncidentLink {
    id: String,
    title: String,
    state: &'static str,
    class: &'static str,
    agency: String,
    opened: String,
}

/// What went wrong with a form of the page, and what was chosen in it.
#[derive(Debug, Clone, Default)]
struct Refused {
    problem: Option<String>,
    posts: Vec<String>,
    merge: bool,
}

async fn show(visit: Visit, Path(id): Path<String>, params: Params) -> Result<Response> {
    Ok(html(&page(&visit, &EventId::new(id), &params, Refused::default()).await?))
}

async fn page(visit: &Visit, id: &EventId, params: &Params, refused: Refused) -> Result<EventPage> {
    let (app, actor) = (&visit.app, visit.actor());
    let view = service::events::get(app, actor, id).await?;
    let event = &view.event;
    let moments = visit.moments_in(&event.region);
    let page_number = params.page();
    let posts = service::events::posts(app, actor, id, PAGE, (page_number - 1) * PAGE).await?;
    let names = &visit.directory.catalogue;
    let cards: Vec<(PostCard, Option<String>)> = posts
        .posts
        .iter()
        .map(|row| {
            let original = row.group.duplicate_of.as_ref().or(row.group.near_duplicate_of.as_ref());
            (PostCard::new(row, Some(&event.origin), names, &moments), original.map(ToString::to_string))
        })
        .collect();
    let origin = view.origin.as_ref().map(|row| row.post.network);
    let wanted = params.get("network").and_then(|network| network.parse().ok());
    let path = super::params::path(&["events", id.as_str()]);
    let to = |page: usize| params.href(&path, &[("page", Some(&page.to_string()))]);
    let last_shown = (page_number - 1) * PAGE + posts.posts.len();
    let has_more = u64::try_from(last_shown).is_ok_and(|shown| shown < posts.total);
    let is_running = view.incident.as_ref().is_some_and(|incident| !incident.state.is_final());
    let may_correct = visit.has(Right::CorrectEvents);
    Ok(EventPage {
        frame: said::frame(visit, Section::Events, params).await?,
        row: EventRow::new(visit, event, view.incident.as_ref()),
        title: capital(&event.title),
        summary: event.summary.clone(),
        place: place_of_event(visit, event),
        topic: topic_of_event(visit, event),
        topic_id: event.topic.as_ref().map(ToString::to_string).unwrap_or_default(),
        facts: facts(event),
        first: When::new(event.first_at, &moments),
        last: When::new(event.last_at, &moments),
        danger: event.danger.clone(),
        severity_words: severity(event.severity.level()),
        risk: RiskView::new(event, view.incident.as_ref(), &view.forecast, &moments),
        curve: spread::curve(event, origin, view.incident.as_ref(), &view.curve, &moments),
        incident: view.incident.as_ref().map(|incident| IncidentLink {
            id: incident.id.to_string(),
            title: capital(&incident.title),
            state: russian::state(incident.state),
            class: state_class(incident.state),
            agency: incident
                .agency
                .as_ref()
                .filter(|_| !incident.state.is_triage())
                .map(|agency| visit.directory.agency_name(agency).to_owned())
                .unwrap_or_default(),
            opened: moments.day_time(incident.opened_at),
        }),
        may_open: visit.has(Right::OpenIncident) && !is_running,
        may_correct,
        networks: groups::by_network(cards, wanted),
        network_tabs: groups::tabs(event, &path, params, wanted),
        posts_total: POSTS.of(posts.total),
        shown: format!("{}–{last_shown} из {}", (page_number - 1) * PAGE + 1, number(posts.total)),
        before: (page_number > 1).then(|| to(page_number - 1)),
        after: has_more.then(|| to(page_number + 1)),
        neighbours: if may_correct { neighbours(visit, event).await? } else { Vec::new() },
        problem: refused.problem,
        chosen: refused.posts,
        merge_open: refused.merge,
    })
}

fn facts(event: &Event) -> Vec<(&'static str, String)> {
    let totals = &event.totals;
    let mut facts = vec![
        ("Сообщения", POSTS.of(totals.posts)),
        ("Независимые голоса", AUTHORS.of(totals.authors)),
        ("Жалуются или спрашивают", number(totals.complaints)),
    ];
    if totals.appeals > 0 {
        facts.push(("Обращения", number(totals.appeals)));
    }
    if totals.views > 0 {
        facts.push(("Охват", VIEWS.of(totals.views)));
    }
    facts
}

/// Events this one may be the same as: of its municipality and block, the latest first.
async fn neighbours(visit: &Visit, event: &Event) -> Result<Vec<Choice>> {
    let query = EventQuery {
        region: Some(event.region.clone()),
        block: Some(event.block.clone()),
        municipality: event.municipality.clone(),
        order: otklik_ports::EventOrder::Latest,
        limit: NEIGHBOURS + 1,
        ..EventQuery::default()
    };
    let found = service::events::list(&visit.app, visit.actor(), query).await?;
    let moments = visit.moments_in(&event.region);
    let choice = |other: &Event| Choice {
        value: other.id.to_string(),
        name: format!("{} · {}{NBSP}· {}", other.title, POSTS.of(other.totals.posts), moments.day_time(other.last_at)),
        chosen: false,
    };
    Ok(found.iter().filter(|other| other.id != event.id).take(NEIGHBOURS).map(choice).collect())
}

impl EventPage {
    fn is_chosen(&self, post: &str) -> bool {
        self.chosen.iter().any(|chosen| chosen == post)
    }
}
