//! The OpenAPI document, gathered from the routes themselves.

use utoipa::{
    Modify, OpenApi,
    openapi::{
        self, Content, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{ErrorBody, changes, events, health, incidents, names, posts, search, sources, stats, tokens, webhooks};
use crate::{App, WebConfig};

/// What stands at the head of the document.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Otklik",
        description = "Posts, events and incidents. Rules of the API: docs/api-design.md. Times are RFC 3339 in UTC; \
            errors are `{\"error\":{\"code\",\"message\",\"request_id\"}}`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    components(schemas(ErrorBody)),
    modifiers(&Security),
    security(("token" = []), ("session" = [])),
)]
struct Head;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let token =
            HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token of a program.")).build();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        let cookie = ApiKeyValue::with_description("otklik", "The session of a browser; over HTTPS `__Host-otklik`.");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    }
}

/// The addresses with their document.
pub(super) fn documented(config: &WebConfig) -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .merge(incidents::routes())
        .merge(events::routes())
        .merge(posts::routes(config.posts_body_bytes_max))
        .merge(search::routes())
        .merge(stats::routes())
        .merge(sources::routes())
        .merge(names::routes())
        .merge(tokens::routes())
        .merge(webhooks::routes())
        .merge(changes::routes());
    let mut router = OpenApiRouter::with_openapi(Head::openapi()).merge(health::routes()).nest("/api/v1", v1);
    let paths = router.get_openapi_mut().paths.paths.values_mut();
    for item in paths {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch];
        operations.into_iter().flatten().for_each(document_errors);
    }
    router
}

/// The OpenAPI document of this version.
///
/// # Errors
/// None: the document has text keys only.
pub fn openapi_json() -> serde_json::Result<String> {
    documented(&WebConfig::default()).split_for_parts().1.to_pretty_json().map(|json| json + "\n")
}

fn document_errors(operation: &mut Operation) {
    let body = Content::new(Some(Ref::from_schema_name("ErrorBody")));
    let response = ResponseBuilder::new().description("An error.").content("application/json", body).build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(response));
}
