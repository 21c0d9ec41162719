//! `/incidents`

mod reply;

use axum::{
    Json as Reply,
    extract::State,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use otklik_domain::{AgencyId, BlockId, EventId, IncidentId, PlaceId, RegionId, State as IncidentState};
use otklik_ports::{INCIDENT_PAGE_MAX, IncidentFilter, IncidentOrder, IncidentQuery};
use otklik_wire as wire;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::reply::IncidentDetails;
use super::{
    Meta,
    extract::{self, Json, Path, Query},
};
use crate::{
    App, Caller,
    error::{Error, Result},
    service::incidents::{self, ActRequest, Acted, OpenRequest},
};

const INCIDENTS: &str = "incidents";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_incidents, open_incident))
        .routes(routes!(get_incident))
        .routes(routes!(get_incident_history))
        .routes(routes!(act_on_incident))
}

/// Which incidents. Lists are comma separated.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// Of these regions.
    #[param(example = "udm")]
    pub(crate) region: Option<String>,
    /// In these states.
    #[param(example = "new,routed")]
    pub(crate) state: Option<String>,
    /// With these bodies or those below them.
    agency: Option<String>,
    /// Of this block.
    #[param(example = "roads")]
    block: Option<String>,
    /// In this municipality.
    municipality: Option<String>,
    /// At least this bad, 0..5.
    severity_min: Option<u8>,
    /// Only those with an overdue clock that still runs (true), or none such (false).
    overdue: Option<bool>,
    /// Opened at or after, RFC 3339.
    opened_from: Option<String>,
    /// Opened before, RFC 3339.
    opened_to: Option<String>,
    /// Whose title or place has this text, letter case aside.
    text: Option<String>,
    /// `urgency` (danger, then risk), `due` (the nearest deadline), `opened` or `updated` (the latest first).
    order: Option<String>,
    /// At most so many, 1..500; 50 when left out.
    limit: Option<usize>,
    /// Skip so many, at most 10,000.
    offset: Option<usize>,
}

/// A page of incidents.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct IncidentList {
    /// The incidents.
    incidents: Vec<wire::Incident>,
    /// How many there are.
    meta: Meta,
}

/// Lists incidents.
#[utoipa::path(get, path = "/incidents", tag = INCIDENTS, params(ListParams),
    responses((status = 200, description = "A page of the incidents you see.", body = IncidentList)))]
async fn list_incidents(
    State(app): State<App>,
    Caller(actor): Caller,
    Query(params): Query<ListParams>,
) -> Result<Reply<IncidentList>> {
    let query = params.query()?;
    let (limit, offset) = (query.limit, query.offset);
    let page = incidents::list(&app, &actor, query).await?;
    let incidents = page.incidents.iter().map(Into::into).collect();
    Ok(Reply(IncidentList { incidents, meta: Meta { total: Some(page.total), limit, offset } }))
}

/// Gives an incident with its history, answers, events, deadlines and what you may do. `ETag` is its version.
#[utoipa::path(get, path = "/incidents/{id}", tag = INCIDENTS, params(("id" = String, Path, description = "The incident.")),
    responses((status = 200, description = "The incident.", body = IncidentDetails)))]
async fn get_incident(State(app): State<App>, Caller(actor): Caller, Path(id): Path<String>) -> Result<Response> {
    let view = incidents::get(&app, &actor, &IncidentId::new(id)).await?;
    let version = view.incident.version;
    Ok(with_version(StatusCode::OK, version, IncidentDetails::from(view)))
}

/// The history of an incident.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct History {
    /// Its lines, oldest first.
    history: Vec<wire::Change>,
}

/// Gives the history of an incident, oldest first.
#[utoipa::path(get, path = "/incidents/{id}/history", tag = INCIDENTS,
    params(("id" = String, Path, description = "The incident.")),
    responses((status = 200, description = "Its history.", body = History)))]
async fn get_incident_history(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
) -> Result<Reply<History>> {
    let history = incidents::history(&app, &actor, &IncidentId::new(id)).await?;
    Ok(Reply(History { history: history.iter().map(Into::into).collect() }))
}

/// An action and the version it is based on.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct ActionBody {
    /// The version you saw; may be given as `If-Match` instead. A rating and a note go without.
    #[serde(default)]
    expected_version: Option<u64>,
    /// What to do.
    #[serde(flatten)]
    action: wire::Action,
}

/// Does something to an incident.
///
/// With the header `Idempotency-Key` the same request may be sent again: it is done once and gets the same reply for at
/// least seven days.
#[utoipa::path(post, path = "/incidents/{id}/actions", tag = INCIDENTS, request_body = ActionBody,
    params(
        ("id" = String, Path, description = "The incident."),
        ("If-Match" = Option<String>, Header, description = "The version you saw, `\"3\"`."),
        ("Idempotency-Key" = Option<String>, Header, description = "Up to 200 visible ASCII characters of your choice."),
    ),
    responses(
        (status = 200, description = "Done.", body = Acted),
        (status = 409, description = "The state does not allow it.", body = super::ErrorBody),
        (status = 412, description = "The incident has changed since.", body = super::ErrorBody),
        (status = 428, description = "The version is missing.", body = super::ErrorBody),
    ))]
async fn act_on_incident(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<ActionBody>,
) -> Result<Response> {
    let expected_version = extract::expected_version(&headers, body.expected_version)?;
    let written = serde_json::to_string(&(&body.action, expected_version))
        .map_err(|_| Error::Internal("an action cannot be written"))?;
    let key = extract::idempotency_key(&headers, &actor, &["act", &id, &written])?;
    let request = ActRequest { id: IncidentId::new(id), action: body.action.try_into()?, expected_version, key };
    let acted = incidents::act(&app, &actor, request).await?;
    Ok(with_version(StatusCode::OK, acted.version, acted))
}

/// The event an incident is opened from.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OpenBody {
    /// The event.
    #[schema(example = "e-1f0c2d3b")]
    event_id: String,
}

/// Opens an incident by hand, from an event that has no running one.
#[utoipa::path(post, path = "/incidents", tag = INCIDENTS, request_body = OpenBody,
    params(("Idempotency-Key" = Option<String>, Header, description = "Up to 200 visible ASCII characters of your choice.")),
    responses(
        (status = 201, description = "Opened; `Location` says where it is.", body = Acted),
        (status = 409, description = "The event has a running incident.", body = super::ErrorBody),
    ))]
async fn open_incident(
    State(app): State<App>,
    Caller(actor): Caller,
    headers: HeaderMap,
    Json(body): Json<OpenBody>,
) -> Result<Response> {
    let key = extract::idempotency_key(&headers, &actor, &["open", &body.event_id])?;
    let request = OpenRequest { event: EventId::new(body.event_id), key };
    let acted = incidents::open_from_event(&app, &actor, request).await?;
    let location = HeaderValue::from_str(&format!("/api/v1/incidents/{}", acted.id)).ok();
    let mut response = with_version(StatusCode::CREATED, acted.version, acted);
    if let Some(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

fn with_version(status: StatusCode, version: u64, body: impl Serialize) -> Response {
    (status, [(ETAG, format!("\"{version}\""))], Reply(body)).into_response()
}

impl ListParams {
    fn query(&self) -> Result<IncidentQuery> {
        let order = match self.order.as_deref() {
            None | Some("urgency") => IncidentOrder::Urgency,
            Some("due") => IncidentOrder::Due,
            Some("opened") => IncidentOrder::Opened,
            Some("updated") => IncidentOrder::Updated,
            Some(_) => return Err(Error::invalid("order", "must be urgency, due, opened or updated")),
        };
        let (limit, offset) = super::page(self.limit, self.offset, INCIDENT_PAGE_MAX)?;
        Ok(IncidentQuery { filter: self.filter()?, order, limit, offset })
    }

    fn filter(&self) -> Result<IncidentFilter> {
        if self.severity_min.is_some_and(|severity| severity > 5) {
            return Err(Error::invalid("severity_min", "must be 0 to 5"));
        }
        super::check_text("text", self.text.as_deref())?;
        Ok(IncidentFilter {
            regions: extract::words("region", self.region.as_deref())?.map(RegionId::from).collect(),
            states: extract::list::<IncidentState>("state", self.state.as_deref())?,
            agencies: extract::words("agency", self.agency.as_deref())?.map(AgencyId::from).collect(),
            block: self.block.clone().map(BlockId::new),
            municipality: self.municipality.clone().map(PlaceId::new),
            severity_min: self.severity_min.unwrap_or(0),
            overdue: self.overdue,
            opened_from: extract::time("opened_from", self.opened_from.as_deref())?,
            opened_to: extract::time("opened_to", self.opened_to.as_deref())?,
            text: self.text.clone().filter(|text| !text.trim().is_empty()),
        })
    }
}
