//! Service requests: incidents as residents see them.

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use otklik_domain::{AgencyId, Answer, GeoPoint, Incident, IncidentId};
use otklik_ports::due;
use otklik_wire::time;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Format, Reader,
    record::{Names, Record, reply},
    split,
};
use crate::{
    App, Directory,
    api::extract::{self, Path, Query},
    auth,
    error::{Error, Result},
    russian,
    service::{
        self,
        reports::{self, NewReport, ReportQuery},
    },
};

const REQUESTS: Names = Names { list: "service_requests", item: "request" };
/// Fields of a form read at most.
const FIELDS_MAX: usize = 100;

/// Which requests.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListParams {
    jurisdiction_id: Option<String>,
    service_request_id: Option<String>,
    service_code: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    status: Option<String>,
    page: Option<usize>,
    page_size: Option<usize>,
}

/// `GET /requests`
pub(super) async fn list(
    State(app): State<App>,
    Reader(actor): Reader,
    Query(params): Query<ListParams>,
    format: Format,
) -> Result<Response> {
    let is_open = match params.status.as_deref() {
        None | Some("" | "open,closed" | "closed,open") => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(Error::invalid("status", "must be open or closed")),
    };
    let query = ReportQuery {
        region: reports::jurisdiction(&app.directory(), params.jurisdiction_id.as_deref())?,
        ids: extract::words("service_request_id", params.service_request_id.as_deref())?
            .map(IncidentId::from)
            .collect(),
        topics: extract::words("service_code", params.service_code.as_deref())?.map(Into::into).collect(),
        from: params.start_date.as_deref().map(|text| time::parse("start_date", text)).transpose()?,
        to: params.end_date.as_deref().map(|text| time::parse("end_date", text)).transpose()?,
        is_open,
        page: params.page.unwrap_or(1),
        page_size: params.page_size.unwrap_or(50),
    };
    let incidents = reports::list(&app, &actor, &query).await?;
    let directory = app.directory();
    let records = incidents.iter().map(|incident| request_record(incident, None, &directory)).collect();
    Ok(reply(StatusCode::OK, format, REQUESTS, records))
}

/// `GET /requests/{id}`
pub(super) async fn one(State(app): State<App>, Reader(actor): Reader, Path(file): Path<String>) -> Result<Response> {
    let (id, format) = split(&file)?;
    let (incident, answer) = reports::get(&app, &actor, &IncidentId::from(id)).await?;
    let record = request_record(&incident, answer.as_ref(), &app.directory());
    Ok(reply(StatusCode::OK, format, REQUESTS, vec![record]))
}

/// `GET /tokens/{token}`
pub(super) async fn of_token(
    State(app): State<App>,
    Reader(actor): Reader,
    Path(file): Path<String>,
) -> Result<Response> {
    let (token, format) = split(&file)?;
    let id = reports::of_token(&app, &actor, token).await?;
    let id = id.map_or(Value::Null, |id| Value::from(id.into_string()));
    let record: Record = vec![("service_request_id", id), ("token", Value::from(token))];
    Ok(reply(StatusCode::OK, format, REQUESTS, vec![record]))
}

/// `POST /requests`: a form, with the token as `api_key` or as the header `Authorization`.
pub(super) async fn submit(
    State(app): State<App>,
    headers: HeaderMap,
    body: std::result::Result<Bytes, axum::extract::rejection::BytesRejection>,
    format: Format,
) -> Result<Response> {
    let body = body.map_err(|_| Error::TooLarge)?;
    let form = Form::read(&body);
    let token = match auth::bearer(&headers)? {
        Some(token) => token,
        None => form.get("api_key").ok_or(Error::Unauthenticated)?,
    };
    let actor = service::tokens::actor(&app, token).await?;
    let number = |name: &'static str| {
        form.get(name).map(|text| text.parse::<f64>().map_err(|_| Error::invalid(name, "must be a number"))).transpose()
    };
    let point = match (number("lat")?, number("long")?) {
        (Some(lat), Some(lon)) => {
            Some(GeoPoint::new(lat, lon).ok_or_else(|| Error::invalid("lat", "is not a point on the Earth"))?)
        }
        (None, None) => None,
        _ => return Err(Error::invalid("lat", "must be given together with long")),
    };
    let report = NewReport {
        region: reports::jurisdiction(&app.directory(), form.get("jurisdiction_id"))?,
        topic: form.get("service_code").ok_or_else(|| Error::invalid("service_code", "must be given"))?.into(),
        text: form.get("description").unwrap_or_default().to_owned(),
        address: form.get("address_string").map(ToOwned::to_owned),
        point,
        voice: form.get("account_id").or_else(|| form.get("device_id")).map(ToOwned::to_owned),
        key: headers.get("idempotency-key").and_then(|key| key.to_str().ok()).map(ToOwned::to_owned),
    };
    let token = reports::submit(&app, &actor, report).await?;
    let notice = "Сообщение принято. Номер появится, когда его рассмотрят: спросите по этому токену.";
    let record: Record =
        vec![("token", Value::from(token)), ("service_notice", Value::from(notice)), ("account_id", Value::Null)];
    Ok(reply(StatusCode::OK, format, REQUESTS, vec![record]))
}

/// A form of a request. Names, e-mails and phones of residents are not read: Otklik has no use for them.
struct Form(Vec<(String, String)>);

impl Form {
    fn read(body: &[u8]) -> Self {
        let pairs = url::form_urlencoded::parse(body).take(FIELDS_MAX);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A field that is not empty.
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }
}

fn request_record(incident: &Incident, answer: Option<&Answer>, directory: &Directory) -> Record {
    let text = |value: Option<String>| value.map_or(Value::Null, Value::from);
    let topic = incident.topic.as_ref();
    let agency = incident.agency.as_ref().map(|id: &AgencyId| directory.agency_name(id).to_owned());
    let notes = match answer {
        Some(answer) => format!("{}. {}", russian::state(incident.state), answer.text),
        None => russian::state(incident.state).to_owned(),
    };
    let point = |coordinate: fn(GeoPoint) -> f64| incident.point.map_or(Value::Null, |point| coordinate(point).into());
    vec![
        ("service_request_id", Value::from(incident.id.as_str())),
        ("status", Value::from(if reports::is_open(incident.state) { "open" } else { "closed" })),
        ("status_notes", Value::from(notes)),
        ("service_name", text(topic.map(|topic| directory.catalogue.topic_name(topic).to_owned()))),
        ("service_code", text(topic.map(ToString::to_string))),
        ("description", Value::from(incident.title.as_str())),
        ("agency_responsible", text(agency)),
        ("service_notice", text(incident.postponed_until.map(|until| format!("отложен до {until}")))),
        ("requested_datetime", Value::from(incident.opened_at.to_string())),
        ("updated_datetime", Value::from(incident.updated_at.to_string())),
        ("expected_datetime", text(due::next_deadline(incident).map(|due| due.to_string()))),
        ("address", Value::from(incident.place_name.as_str())),
        ("address_id", text(incident.place.as_ref().map(ToString::to_string))),
        ("zipcode", Value::Null),
        ("lat", point(GeoPoint::lat)),
        ("long", point(GeoPoint::lon)),
        ("media_url", Value::Null),
    ]
}
