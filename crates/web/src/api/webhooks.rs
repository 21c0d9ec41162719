//! `/webhooks`

use axum::{Json as Reply, extract::State, http::StatusCode};
use otklik_domain::{ActionKind, AgencyId};
use otklik_ports::{Delivery, DeliveryResult, Webhook};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::extract::{Json, Path, Query};
use crate::{
    App, Caller,
    error::{Error, Result},
    service::webhooks::{self, NewWebhook},
};

const WEBHOOKS: &str = "webhooks";
/// Most deliveries on a page.
const DELIVERY_PAGE_MAX: usize = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(switch_webhook, delete_webhook))
        .routes(routes!(list_deliveries))
}

/// An address that is told of changes, without its secret.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookBody {
    /// The webhook.
    #[schema(example = "w-0f1e2d3c4b5a")]
    id: String,
    /// Where to send.
    #[schema(example = "https://crm.example.ru/otklik")]
    url: String,
    /// The body whose subtree it is told of; absent for everything.
    agency: Option<String>,
    /// Kinds of actions it is told of; empty for all.
    actions: Vec<String>,
    /// Whether it is on.
    active: bool,
    /// Changes up to this sequence have been delivered or given up.
    delivered_to: u64,
}

impl From<&Webhook> for WebhookBody {
    fn from(webhook: &Webhook) -> Self {
        Self {
            id: webhook.id.clone(),
            url: webhook.url.clone(),
            agency: webhook.agency.as_ref().map(ToString::to_string),
            actions: webhook.actions.clone(),
            active: webhook.active,
            delivered_to: webhook.delivered_to,
        }
    }
}

/// Addresses that are told of changes.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookList {
    /// The webhooks, by id.
    webhooks: Vec<WebhookBody>,
}

/// Lists webhooks. Administrators only.
#[utoipa::path(get, path = "/webhooks", tag = WEBHOOKS,
    responses((status = 200, description = "All webhooks.", body = WebhookList)))]
async fn list_webhooks(State(app): State<App>, Caller(actor): Caller) -> Result<Reply<WebhookList>> {
    let webhooks = webhooks::list(&app, &actor).await?;
    Ok(Reply(WebhookList { webhooks: webhooks.iter().map(Into::into).collect() }))
}

/// A webhook to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewWebhookBody {
    /// Where to send: a public `https://` address.
    #[schema(example = "https://crm.example.ru/otklik")]
    url: String,
    /// The body whose subtree it is told of; everything when left out.
    #[serde(default)]
    agency: Option<String>,
    /// Kinds of actions it is told of; all when left out.
    #[serde(default)]
    #[schema(example = json!(["route", "escalate"]))]
    actions: Vec<String>,
}

/// A new webhook with its secret.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedWebhook {
    /// The webhook.
    webhook: WebhookBody,
    /// What deliveries are signed with, shown this once.
    secret: String,
}

/// Adds a webhook; it is told of what happens from now on. Administrators only.
#[utoipa::path(post, path = "/webhooks", tag = WEBHOOKS, request_body = NewWebhookBody,
    responses((status = 201, description = "Added.", body = CreatedWebhook)))]
async fn create_webhook(
    State(app): State<App>,
    Caller(actor): Caller,
    Json(body): Json<NewWebhookBody>,
) -> Result<(StatusCode, Reply<CreatedWebhook>)> {
    if body.actions.len() > ActionKind::ALL.len() {
        return Err(Error::invalid("actions", "names more kinds than there are"));
    }
    let actions = body.actions.iter().map(|name| name.parse()).collect::<std::result::Result<_, _>>();
    let actions = actions.map_err(|error: otklik_domain::UnknownName| Error::invalid("actions", error.to_string()))?;
    let new = NewWebhook { url: body.url, agency: body.agency.map(AgencyId::new), actions };
    let webhook = webhooks::create(&app, &actor, new).await?;
    let created = CreatedWebhook { webhook: (&webhook).into(), secret: webhook.secret };
    Ok((StatusCode::CREATED, Reply(created)))
}

/// Whether a webhook shall be on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwitchBody {
    /// On or off.
    active: bool,
}

/// Turns a webhook on or off. One that is turned on again is told of what it missed, as far as that is kept.
/// Administrators only.
#[utoipa::path(post, path = "/webhooks/{id}", tag = WEBHOOKS, request_body = SwitchBody,
    params(("id" = String, Path, description = "The webhook.")),
    responses((status = 204, description = "Done.")))]
async fn switch_webhook(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Json(body): Json<SwitchBody>,
) -> Result<StatusCode> {
    webhooks::set_active(&app, &actor, &id, body.active).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a webhook. Administrators only.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = WEBHOOKS, params(("id" = String, Path, description = "The webhook.")),
    responses((status = 204, description = "Deleted.")))]
async fn delete_webhook(State(app): State<App>, Caller(actor): Caller, Path(id): Path<String>) -> Result<StatusCode> {
    webhooks::delete(&app, &actor, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many deliveries.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct DeliveryParams {
    /// At most so many, 1..500; 50 when left out.
    limit: Option<usize>,
}

/// Attempts to deliver.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryList {
    /// The attempts, the latest first.
    deliveries: Vec<DeliveryBody>,
}

/// An attempt to deliver.
#[derive(Debug, Serialize, ToSchema)]
struct DeliveryBody {
    /// The change, as in the body that was sent.
    sequence: u64,
    /// 1 for the first attempt.
    attempt: u32,
    /// When.
    at: String,
    /// `succeeded`, `http_error`, `unreachable`, `timed_out` or `refused` (the address is not a public one).
    #[schema(example = "http_error")]
    result: &'static str,
    /// What the receiver said, of an `http_error`.
    status: Option<u16>,
}

impl From<&Delivery> for DeliveryBody {
    fn from(delivery: &Delivery) -> Self {
        let (result, status) = match delivery.result {
            DeliveryResult::Succeeded => ("succeeded", None),
            DeliveryResult::HttpError { status } => ("http_error", Some(status)),
            DeliveryResult::Unreachable => ("unreachable", None),
            DeliveryResult::TimedOut => ("timed_out", None),
            DeliveryResult::Refused => ("refused", None),
        };
        let Delivery { sequence, attempt, .. } = *delivery;
        Self { sequence, attempt, at: delivery.at.to_string(), result, status }
    }
}

/// Lists attempts to deliver, the latest first. Administrators only.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = WEBHOOKS,
    params(("id" = String, Path, description = "The webhook."), DeliveryParams),
    responses((status = 200, description = "Its deliveries.", body = DeliveryList)))]
async fn list_deliveries(
    State(app): State<App>,
    Caller(actor): Caller,
    Path(id): Path<String>,
    Query(params): Query<DeliveryParams>,
) -> Result<Reply<DeliveryList>> {
    let (limit, _) = super::page(params.limit, None, DELIVERY_PAGE_MAX)?;
    let deliveries = webhooks::deliveries(&app, &actor, &id, limit).await?;
    Ok(Reply(DeliveryList { deliveries: deliveries.iter().map(Into::into).collect() }))
}
