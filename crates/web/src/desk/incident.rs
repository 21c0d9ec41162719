//! The card of an incident: where it stands, what is due, what was said, what can be done.

mod history;
mod stepper;

use askama::Template;
use axum::{Router, extract::Path, response::Response, routing::get};
use otklik_domain::{ActionKind, AnswerKind, Incident, IncidentId};

pub(super) use self::history::actor;
use self::{
    history::{Line, Trace},
    stepper::Stage,
};
use super::{
    act::{Form, Given},
    due::{ClockCard, card},
    frame::{Frame, Section, html},
    params::Params,
    posts::PostCard,
    preview::{Proposal, proposal},
    risk::RiskView,
    rows::{When, key, place_of, state_class},
    said,
    say::{AUTHORS, POSTS, action, capital, opened_by, severity},
    visit::Visit,
};
use crate::{
    App,
    error::Result,
    russian,
    service::{self, incidents::IncidentView},
};

/// Posts shown on the card.
const POSTS_SHOWN: usize = 8;

pub(super) fn router() -> Router<App> {
    Router::new().route("/incidents/{id}", get(show))
}

#[derive(Template)]
#[template(path = "page/incident.html")]
pub(super) struct IncidentPage {
    frame: Frame,
    id: String,
    key: String,
    title: String,
    summary: String,
    severity: u8,
    severity_words: &'static str,
    state: &'static str,
    state_words: &'static str,
    state_class: &'static str,
    place: String,
    topic: String,
    counts: String,
    opened: When,
    opened_by: &'static str,
    danger: Vec<String>,
    stages: Vec<Stage>,
    aside: Option<String>,
    clocks: Vec<ClockCard>,
    traces: Vec<Trace>,
    agency: Option<String>,
    route: Vec<String>,
    proposal: Option<Proposal>,
    buttons: Vec<Button>,
    version: u64,
    may_note: bool,
    form: Option<Form>,
    answers: Vec<AnswerCard>,
    history: Vec<Line>,
    post: Option<PostCard>,
    posts: Vec<PostCard>,
    posts_total: u64,
    posts_words: String,
    events: Vec<(String, String)>,
    risk: Option<RiskView>,
    rating: Option<u8>,
    chain: Vec<Link>,
}

impl IncidentPage {
    fn is_overdue(&self) -> bool {
        self.traces.iter().any(|trace| trace.overdue)
    }
}

/// A button that opens the form of an action, or does it at once.
#[derive(Debug, Clone)]
struct Button {
    kind: ActionKind,
    words: &'static str,
    /// Whether it is what comes next.
    main: bool,
    current: bool,
    /// Whether it needs no form.
    at_once: bool,
}

#[derive(Debug, Clone)]
struct AnswerCard {
    kind: &'static str,
    class: &'static str,
    when: When,
    text: String,
    url: Option<String>,
}

/// Another incident this one goes with.
#[derive(Debug, Clone)]
struct Link {
    id: String,
    title: String,
    words: &'static str,
    state: &'static str,
    state_class: &'static str,
    opened: String,
}

async fn show(visit: Visit, Path(id): Path<String>, params: Params) -> Result<Response> {
    let view = service::incidents::get(&visit.app, visit.actor(), &IncidentId::new(id)).await?;
    let wanted = params.get("do").and_then(|kind| kind.parse().ok()).filter(|kind| view.allowed.contains(kind));
    let form = match wanted {
        Some(kind) => {
            let given = Given { find: params.get("find").unwrap_or_default().to_owned(), ..Given::default() };
            Some(Form::load(&visit, &view, kind, given).await?)
        }
        None => None,
    };
    Ok(html(&page(&visit, &view, form, &params).await?))
}

/// The card, with a form open where one is given.
pub(super) async fn page(
    visit: &Visit,
    view: &IncidentView,
    form: Option<Form>,
    params: &Params,
) -> Result<IncidentPage> {
    let incident = &view.incident;
    let moments = visit.moments_in(&incident.region);
    let names = &visit.directory.catalogue;
    let event = view.events.first();
    let (posts, posts_total) = posts(visit, view).await?;
    let behind = service::events::find(&visit.app, visit.actor(), &incident.event).await?;
    let forecast = behind.as_ref().map_or(Vec::new(), |behind| behind.forecast.clone());
    let agency_name = |id| visit.directory.agency_name(id).to_owned();
    let section = if visit.is_agency() { Section::Agency } else { Section::Incidents };
    Ok(IncidentPage {
        frame: said::frame(visit, section, params).await?,
        id: incident.id.to_string(),
        key: key(incident.id.as_str()),
        title: capital(&incident.title),
        summary: incident.summary.clone(),
        severity: incident.severity.level(),
        severity_words: severity(incident.severity.level()),
        state: incident.state.as_str(),
        state_words: russian::state(incident.state),
        state_class: state_class(incident.state),
        place: place_of(visit, incident),
        topic: visit.topic_of(incident),
        counts: format!("{}, {}", POSTS.of(incident.posts), AUTHORS.of(incident.authors)),
        opened: When::new(incident.opened_at, &moments),
        opened_by: opened_by(incident.opened_by),
        danger: event.map(|event| event.danger.clone()).unwrap_or_default(),
        stages: stepper::stages(incident, &view.history, &moments),
        aside: stepper::aside(incident, &moments),
        clocks: incident.clocks.iter().map(|clock| card(clock, incident.state, &moments)).collect(),
        traces: view.clocks.iter().map(|trace| history::trace(trace, &moments)).collect(),
        agency: incident.agency.as_ref().filter(|_| !incident.state.is_triage()).map(agency_name),
        route: incident.route.iter().map(|reason| reason.why.clone()).collect(),
        proposal: incident.state.is_triage().then(|| proposal(visit, incident)).flatten(),
        buttons: buttons(view, form.as_ref().map(|form| form.kind)),
        version: incident.version,
        may_note: view.allowed.contains(&ActionKind::Note),
        form,
        answers: view.answers.iter().map(|(at, answer)| answer_card(answer, When::new(*at, &moments))).collect(),
        history: history::lines(view, &service::incidents::people(&visit.app, &view.history).await?, visit, &moments),
        post: view.post.as_ref().map(|row| PostCard::new(row, event.map(|event| &event.origin), names, &moments)),
        posts_words: POSTS.of(posts_total),
        posts,
        posts_total,
        events: view.events.iter().map(|event| (event.id.to_string(), event.title.clone())).collect(),
        risk: event.map(|event| RiskView::new(event, Some(incident), &forecast, &moments)),
        rating: incident.rating,
        chain: chain(visit, incident, behind.and_then(|behind| behind.incident)).await?,
    })
}

async fn posts(visit: &Visit, view: &IncidentView) -> Result<(Vec<PostCard>, u64)> {
    let Some(event) = view.events.first() else { return Ok((Vec::new(), 0)) };
    let page = service::events::posts(&visit.app, visit.actor(), &event.id, POSTS_SHOWN * 3, 0).await?;
    let moments = visit.moments_in(&event.region);
    let others = page.posts.iter().filter(|row| row.post.id != view.incident.post && row.group.duplicate_of.is_none());
    let names = &visit.directory.catalogue;
    let cards = others.take(POSTS_SHOWN).map(|row| PostCard::new(row, Some(&event.origin), names, &moments));
    Ok((cards.collect(), page.total))
}

/// What may be done, what comes next first.
fn buttons(view: &IncidentView, current: Option<ActionKind>) -> Vec<Button> {
    const ORDER: [ActionKind; 15] = [
        ActionKind::Resume,
        ActionKind::Accept,
        ActionKind::Start,
        ActionKind::AnswerFinal,
        ActionKind::AnswerInterim,
        ActionKind::Close,
        ActionKind::Rate,
        ActionKind::Triage,
        ActionKind::Route,
        ActionKind::Return,
        ActionKind::Postpone,
        ActionKind::Escalate,
        ActionKind::Merge,
        ActionKind::Reject,
        ActionKind::Reopen,
    ];
    let next = next(view);
    let button = |kind: ActionKind| Button {
        kind,
        words: action(kind),
        main: next == Some(kind),
        current: current == Some(kind),
        at_once: matches!(kind, ActionKind::Accept | ActionKind::Start | ActionKind::Close | ActionKind::Resume),
    };
    let mut buttons: Vec<Button> = ORDER.into_iter().filter(|kind| view.allowed.contains(kind)).map(button).collect();
    buttons.sort_by_key(|button| !button.main);
    buttons
}

/// The step that comes next.
fn next(view: &IncidentView) -> Option<ActionKind> {
    use otklik_domain::State;
    let wanted = match view.incident.state {
        State::New | State::Triaged | State::Returned | State::Reopened => ActionKind::Route,
        State::Routed | State::Escalated => ActionKind::Accept,
        State::Accepted => ActionKind::Start,
        State::InProgress | State::Interim => ActionKind::AnswerFinal,
        State::Answered | State::Rated => ActionKind::Close,
        State::Postponed => ActionKind::Resume,
        State::Closed | State::Merged | State::NotIncident => return None,
    };
    Some(wanted).filter(|kind| view.allowed.contains(kind))
}

fn answer_card(answer: &otklik_domain::Answer, when: When) -> AnswerCard {
    let (kind, class) = match answer.kind {
        AnswerKind::Interim => ("Промежуточный ответ", "work"),
        AnswerKind::Final => ("Итоговый ответ", "done"),
    };
    let url = answer.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://"));
    AnswerCard { kind, class, when, text: answer.text.clone(), url }
}

/// Incidents this one repeats, was merged into, or is repeated by; `latest` is the latest of its event.
async fn chain(visit: &Visit, incident: &Incident, latest: Option<Incident>) -> Result<Vec<Link>> {
    let mut links = Vec::new();
    let mut before = incident.repeats.clone();
    // A chain of repeats is walked as far as a person would read it.
    while let Some(id) = before.take().filter(|_| links.len() < 10) {
        let Some(found) = visible(visit, &id).await? else { break };
        before.clone_from(&found.repeats);
        links.push(link(visit, &found, "повтор этого"));
    }
    if let Some(id) = &incident.merged_into
        && let Some(found) = visible(visit, id).await?
    {
        links.push(link(visit, &found, "объединён с этим"));
    }
    let repeat = latest.filter(|latest| latest.id != incident.id && latest.repeats.is_some());
    links.extend(repeat.map(|repeat| link(visit, &repeat, "повторился как")));
    Ok(links)
}

async fn visible(visit: &Visit, id: &IncidentId) -> Result<Option<Incident>> {
    match service::incidents::get(&visit.app, visit.actor(), id).await {
        Ok(view) => Ok(Some(view.incident)),
        Err(crate::Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn link(visit: &Visit, incident: &Incident, words: &'static str) -> Link {
    let moments = visit.moments_in(&incident.region);
    Link {
        id: incident.id.to_string(),
        title: capital(&incident.title),
        words,
        state: russian::state(incident.state),
        state_class: state_class(incident.state),
        opened: moments.day_time(incident.opened_at),
    }
}
