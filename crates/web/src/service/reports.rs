//! What residents' programs see and hand in, by Open311: fewer fields than the desk has, and appeals.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{
    Actor, Answer, AuthorKey, GeoPoint, Incident, IncidentId, Metrics, Network, Post, PostId, PostKind, RegionId, Role,
    State, TopicId,
};
use otklik_ports::{INCIDENT_PAGE_MAX, IncidentFilter, IncidentOrder, IncidentQuery};

use super::{events::OFFSET_MAX, posts};
use crate::{
    App,
    auth::secret,
    catalogue::Directory,
    error::{Error, Result},
    intake::Taken,
    rights::{Right, Scope},
};

/// Ids asked for at once at most.
const IDS_MAX: usize = 50;
/// Without a beginning a list goes back so many days, as the specification has it.
const USUAL_DAYS: i64 = 90;
/// Longest description in characters, as the specification has it.
const TEXT_CHARS_MAX: usize = 4_000;
/// Longest address in characters.
const ADDRESS_CHARS_MAX: usize = 300;
/// Longest id of an account or a device.
const VOICE_BYTES_MAX: usize = 200;
/// What ids of posts from here begin with: such an id is the token of the request.
const TOKEN_PREFIX: &str = "form:open311-";

/// Which requests.
#[derive(Debug, Clone, Default)]
pub struct ReportQuery {
    /// Of this region.
    pub region: Option<RegionId>,
    /// These, whatever the rest says; empty for all.
    pub ids: Vec<IncidentId>,
    /// Of these topics; empty for all.
    pub topics: Vec<TopicId>,
    /// Opened at or after.
    pub from: Option<Timestamp>,
    /// Opened before.
    pub to: Option<Timestamp>,
    /// Only open ones (true) or closed ones (false).
    pub is_open: Option<bool>,
    /// The page, from 1.
    pub page: usize,
    /// How many on a page, 1..500.
    pub page_size: usize,
}

/// A request a resident hands in.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReport {
    /// Its region.
    pub region: Option<RegionId>,
    /// The topic the resident chose.
    pub topic: TopicId,
    /// What is wrong.
    pub text: String,
    /// Where, in words.
    pub address: Option<String>,
    /// Where, on the map.
    pub point: Option<GeoPoint>,
    /// The account or the device, to tell one voice from another: it becomes a keyed hash.
    pub voice: Option<String>,
    /// The key of a request that may come twice.
    pub key: Option<String>,
}

/// The region a `jurisdiction_id` names. With one region it may be left out.
///
/// # Errors
/// [`Error::NotFound`] for an unknown one, [`Error::Invalid`] when it is needed.
pub fn jurisdiction(directory: &Directory, id: Option<&str>) -> Result<Option<RegionId>> {
    match (id.filter(|id| !id.is_empty()), directory.regions.as_slice()) {
        (Some(id), _) => {
            let region = directory.region(&RegionId::from(id)).ok_or(Error::NotFound("jurisdiction"))?;
            Ok(Some(region.id.clone()))
        }
        (None, [region]) => Ok(Some(region.id.clone())),
        (None, _) => Err(Error::invalid("jurisdiction_id", "must be given: there are several regions")),
    }
}

/// Whether a resident still waits. One that got the final answer does not.
pub fn is_open(state: State) -> bool {
    !state.is_final() && state != State::Answered
}

/// A page of requests, the latest opened first.
///
/// # Errors
/// [`Error::Invalid`]; those of the store.
pub async fn list(app: &App, actor: &Actor, query: &ReportQuery) -> Result<Vec<Incident>> {
    let scope = scope(app, actor)?;
    if !query.ids.is_empty() {
        return by_ids(app, &scope, &query.ids).await;
    }
    if query.page == 0 || !(1..=INCIDENT_PAGE_MAX).contains(&query.page_size) {
        return Err(Error::invalid("page_size", format!("must be 1 to {INCIDENT_PAGE_MAX}, and page at least 1")));
    }
    let skip = (query.page - 1).saturating_mul(query.page_size);
    if skip > OFFSET_MAX {
        return Err(Error::invalid("page", "lies too far back: narrow start_date and end_date"));
    }
    let Some(filter) = filter(app, &scope, query) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    // The store does not filter by topic; further back than this nobody pages.
    for offset in (0..=OFFSET_MAX).step_by(INCIDENT_PAGE_MAX) {
        let page =
            IncidentQuery { filter: filter.clone(), order: IncidentOrder::Opened, limit: INCIDENT_PAGE_MAX, offset };
        let page = app.ports.incidents.list(&page).await?.incidents;
        let is_last = page.len() < INCIDENT_PAGE_MAX;
        let wanted = |incident: &Incident| {
            scope.sees(incident)
                && (query.topics.is_empty()
                    || incident.topic.as_ref().is_some_and(|topic| query.topics.contains(topic)))
        };
        found.extend(page.into_iter().filter(wanted));
        if is_last || found.len() >= skip + query.page_size {
            break;
        }
    }
    Ok(found.into_iter().skip(skip).take(query.page_size).collect())
}

/// A request and the latest answer to it.
///
/// # Errors
/// [`Error::NotFound`]; those of the store.
pub async fn get(app: &App, actor: &Actor, id: &IncidentId) -> Result<(Incident, Option<Answer>)> {
    let found = by_ids(app, &scope(app, actor)?, std::slice::from_ref(id)).await?.pop();
    let incident = found.ok_or(Error::NotFound("service request"))?;
    let answer = app.ports.incidents.answers(id).await?.pop().map(|(_, answer)| answer);
    Ok((incident, answer))
}

/// The number of a request that was handed in; `None` while nobody has made it an incident.
///
/// # Errors
/// [`Error::NotFound`] without such a token, also while the pipeline has not read it yet; those of the stores.
pub async fn of_token(app: &App, actor: &Actor, token: &str) -> Result<Option<IncidentId>> {
    let scope = scope(app, actor)?;
    let posts = match token.strip_prefix(TOKEN_PREFIX) {
        Some(_) => app.ports.posts.get(&[PostId::from(token)]).await?,
        None => Vec::new(),
    };
    let event = posts.into_iter().next().ok_or(Error::NotFound("token"))?.group.event;
    let found = app.ports.incidents.by_events(&[event]).await?;
    Ok(found
        .into_iter()
        .map(|(_, incident)| incident)
        .find(|incident| scope.sees(incident))
        .map(|incident| incident.id))
}

/// Hands in a request as an appeal; gives its token.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Forbidden`]; those of the log.
pub async fn submit(app: &App, actor: &Actor, report: NewReport) -> Result<String> {
    Right::HandIn.check(actor)?;
    if app.directory().catalogue.topic(&report.topic).is_none() {
        return Err(Error::invalid("service_code", "is not known"));
    }
    check_lengths(&report)?;
    let token = match &report.key {
        Some(key) => format!("{TOKEN_PREFIX}{}", half(&secret::digest(&[&actor.name, key]))),
        None => format!("{TOKEN_PREFIX}{}", half(&secret::generate())),
    };
    let text = match &report.address {
        Some(address) => format!("{}\nАдрес: {address}", report.text),
        None => report.text,
    };
    let post = Post {
        id: PostId::from(token.as_str()),
        network: Network::Form,
        kind: PostKind::Appeal,
        url: None,
        community: None,
        author: report.voice.map(|voice| AuthorKey::new(format!("open311:{}:{voice}", actor.name))),
        published_at: app.ports.clock.now(),
        text,
        reply_to: None,
        repost_of: None,
        metrics: Metrics::default(),
        geo: report.point,
        region: report.region,
        labels: vec![("service_code".to_owned(), report.topic.into_string())],
    };
    match posts::hand_in(app, actor, vec![Ok(post)]).await?.pop() {
        Some(Taken::Accepted | Taken::Repeated) => Ok(token),
        Some(Taken::Refused { reason }) => Err(Error::invalid("description", reason)),
        None => Err(Error::Internal("the intake did not answer for the post")),
    }
}

/// Programs that hand in requests see all of them, in the few fields Open311 has.
fn scope(app: &App, actor: &Actor) -> Result<Scope> {
    if actor.role == Role::Source {
        return Ok(Scope::All);
    }
    Right::ReadIncidents.check(actor)?;
    Ok(Scope::of(actor, &app.directory()))
}

async fn by_ids(app: &App, scope: &Scope, ids: &[IncidentId]) -> Result<Vec<Incident>> {
    if ids.len() > IDS_MAX {
        return Err(Error::invalid("service_request_id", format!("must not be more than {IDS_MAX}")));
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(app.ports.incidents.get(id).await?.filter(|incident| scope.sees(incident)));
    }
    Ok(found)
}

/// The store's filter, or `None` when nothing can be found.
fn filter(app: &App, scope: &Scope, query: &ReportQuery) -> Option<IncidentFilter> {
    let usual = SignedDuration::from_hours(USUAL_DAYS * 24);
    let until = query.to.unwrap_or_else(|| app.ports.clock.now());
    let wanted = |state: &State| query.is_open.is_none_or(|open| is_open(*state) == open);
    let block = query.topics.first().map(TopicId::block);
    let mut filter = IncidentFilter {
        regions: query.region.iter().cloned().collect(),
        states: State::ALL.iter().filter(|state| wanted(state)).copied().collect(),
        block: block.filter(|block| query.topics.iter().all(|topic| topic.block() == *block)),
        opened_from: query.from.or_else(|| until.checked_sub(usual).ok()),
        opened_to: query.to,
        ..IncidentFilter::default()
    };
    scope.narrow(&mut filter).then_some(filter)
}

fn check_lengths(report: &NewReport) -> Result<()> {
    let chars = report.text.chars().count();
    if !(1..=TEXT_CHARS_MAX).contains(&chars) {
        return Err(Error::invalid("description", format!("must be 1 to {TEXT_CHARS_MAX} characters")));
    }
    if report.address.as_ref().is_some_and(|address| address.chars().count() > ADDRESS_CHARS_MAX) {
        let problem = format!("must not be longer than {ADDRESS_CHARS_MAX} characters");
        return Err(Error::invalid("address_string", problem));
    }
    if report.address.is_none() && report.point.is_none() {
        return Err(Error::invalid("address_string", "or lat and long must be given"));
    }
    let too_long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > VOICE_BYTES_MAX);
    if too_long(&report.voice) || too_long(&report.key) {
        return Err(Error::invalid("account_id", format!("must not be longer than {VOICE_BYTES_MAX} bytes")));
    }
    Ok(())
}

fn half(hexadecimal: &str) -> String {
    hexadecimal.chars().take(32).collect()
}
