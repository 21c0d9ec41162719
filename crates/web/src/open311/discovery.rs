//! Services: the topics of the dictionary.

use axum::{extract::State, http::StatusCode, response::Response};
use otklik_domain::TopicId;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Format,
    record::{Names, Record, reply, reply_one},
    split,
};
use crate::{
    App, Topic,
    api::extract::{Path, Query},
    catalogue::Catalogue,
    error::{Error, Result},
    service::reports,
};

/// Parameters every address takes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Jurisdiction {
    jurisdiction_id: Option<String>,
}

/// `GET /services`. Names of topics are no secret.
pub(super) async fn services(
    State(app): State<App>,
    Query(query): Query<Jurisdiction>,
    format: Format,
) -> Result<Response> {
    let directory = app.directory();
    reports::jurisdiction(&directory, query.jurisdiction_id.as_deref())?;
    let names = &directory.catalogue;
    let services = names.topics().map(|topic| service_record(topic, names)).collect();
    Ok(reply(StatusCode::OK, format, Names { list: "services", item: "service" }, services))
}

/// `GET /services/{code}`. No service asks for attributes of its own.
pub(super) async fn service(
    State(app): State<App>,
    Path(file): Path<String>,
    Query(query): Query<Jurisdiction>,
) -> Result<Response> {
    let (code, format) = split(&file)?;
    let directory = app.directory();
    reports::jurisdiction(&directory, query.jurisdiction_id.as_deref())?;
    directory.catalogue.topic(&TopicId::from(code)).ok_or(Error::NotFound("service"))?;
    let attributes = match format {
        Format::Json => Value::Array(Vec::new()),
        Format::Xml => Value::Null,
    };
    let record: Record = vec![("service_code", Value::from(code)), ("attributes", attributes)];
    Ok(reply_one(format, "service_definition", record))
}

fn service_record(topic: &Topic, names: &Catalogue) -> Record {
    vec![
        ("service_code", Value::from(topic.id.as_str())),
        ("service_name", Value::from(topic.name.as_str())),
        ("description", Value::from(topic.name.as_str())),
        ("metadata", Value::from(false)),
        ("type", Value::from("blackbox")),
        ("keywords", Value::from("")),
        ("group", Value::from(names.block_name(&topic.block))),
    ]
}
