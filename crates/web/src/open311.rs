//! Open311 GeoReport v2: topics are services, incidents are service requests. A request handed in becomes an appeal; its
//! number is known once the pipeline has read it, until then the reply holds a token.
//!
//! <https://wiki.open311.org/GeoReport_v2/>

mod discovery;
mod record;
mod requests;
#[cfg(test)]
mod tests;

use axum::{
    Router,
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
    routing::get,
};
use otklik_domain::{Actor, Role};
use serde_json::Value;

pub(crate) use self::record::Format;
use self::record::{Names, Record, reply};
use crate::{
    App, Caller,
    error::{Error, Result},
};

/// Every address of Open311.
pub(crate) fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/open311/v2/services/{file}", get(discovery::service))
        .route("/open311/v2/requests/{file}", get(requests::one))
        .route("/open311/v2/tokens/{file}", get(requests::of_token));
    for (ending, format) in [("json", Format::Json), ("xml", Format::Xml)] {
        router = router
            .route(
                &format!("/open311/v2/services.{ending}"),
                get(move |app, query| discovery::services(app, query, format)),
            )
            .route(
                &format!("/open311/v2/requests.{ending}"),
                get(move |app, reader, query| requests::list(app, reader, query, format))
                    .post(move |app, headers, body| requests::submit(app, headers, body, format)),
            );
    }
    router
}

/// An error as Open311 says it.
pub(crate) fn error_reply(error: &Error, request_id: &str, format: Format) -> Response {
    let description = format!("{} [{request_id}]", error.message());
    let status = match error.status() {
        // The specification knows 400 for everything that is missing or wrong, and 403 for keys.
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::BAD_REQUEST,
        StatusCode::UNAUTHORIZED => StatusCode::FORBIDDEN,
        status => status,
    };
    let record: Record = vec![("code", Value::from(status.as_u16())), ("description", Value::from(description))];
    reply(status, format, Names { list: "errors", item: "error" }, vec![record])
}

/// Whoever reads: by token, or anybody where the deployment is open.
pub(crate) struct Reader(Actor);

impl FromRequestParts<App> for Reader {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        if app.config.open311_public && crate::auth::bearer(&parts.headers)?.is_none() {
            return Ok(Self(Actor { name: "open311".to_owned(), role: Role::Viewer, agency: None }));
        }
        Caller::from_request_parts(parts, app).await.map(|Caller(actor)| Self(actor))
    }
}

/// Splits `NAME.json` and `NAME.xml`.
fn split(file: &str) -> Result<(&str, Format)> {
    match file.rsplit_once('.') {
        Some((name, "json")) => Ok((name, Format::Json)),
        Some((name, "xml")) => Ok((name, Format::Xml)),
        _ => Err(Error::NotFound("address")),
    }
}
