//! Addresses that are told of changes, and what became of what was sent there.

use askama::Template;
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use otklik_domain::{ActionKind, AgencyId};
use otklik_ports::{Delivery, DeliveryResult, Webhook};
use serde::Deserialize;

use super::{agencies, explained, tabs};
use crate::{
    Error,
    desk::{
        filters::Choice,
        frame::{Frame, Section, html, html_with},
        params::{Params, path},
        rows::When,
        said,
        say::{action_done, delivery, number},
        triage::Tab,
        visit::Visit,
    },
    error::Result,
    service::{self, webhooks::NewWebhook},
};

/// Deliveries on a page.
const DELIVERIES: usize = 100;

#[derive(Template)]
#[template(path = "admin/webhooks.html")]
struct WebhooksPage {
    frame: Frame,
    tabs: Vec<Tab>,
    webhooks: Vec<Line>,
    url: String,
    actions: Vec<Choice>,
    agencies: Vec<Choice>,
    problem: Option<String>,
    /// Id and secret of a webhook just made: shown this once.
    made: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/deliveries.html")]
struct DeliveriesPage {
    frame: Frame,
    tabs: Vec<Tab>,
    webhook: Line,
    deliveries: Vec<DeliveryLine>,
}

struct Line {
    id: String,
    url: String,
    agency: String,
    actions: String,
    active: bool,
}

struct DeliveryLine {
    when: When,
    sequence: String,
    attempt: u32,
    result: String,
    good: bool,
}

pub(super) async fn page(visit: Visit, params: Params) -> Result<Response> {
    let mut page = show(&visit, "", "", &[]).await?;
    page.frame = said::frame(&visit, Section::Admin, &params).await?;
    Ok(html(&page))
}

async fn show(visit: &Visit, url: &str, agency: &str, actions: &[String]) -> Result<WebhooksPage> {
    let webhooks = service::webhooks::list(&visit.app, visit.actor()).await?;
    Ok(WebhooksPage {
        frame: visit.frame(Some(Section::Admin)).await?,
        tabs: tabs("/admin/webhooks"),
        webhooks: webhooks.iter().map(|webhook| line(visit, webhook)).collect(),
        url: url.to_owned(),
        actions: ActionKind::ALL
            .iter()
            .map(|kind| Choice {
                value: kind.to_string(),
                name: action_done(*kind).to_owned(),
                chosen: actions.iter().any(|action| action == kind.as_str()),
            })
            .collect(),
        agencies: agencies(visit, agency),
        problem: None,
        made: None,
    })
}

fn line(visit: &Visit, webhook: &Webhook) -> Line {
    let actions: Vec<&str> = webhook
        .actions
        .iter()
        .map(|action| action.parse().map_or(action.as_str(), |kind: ActionKind| action_done(kind)))
        .collect();
    Line {
        id: webhook.id.clone(),
        url: webhook.url.clone(),
        agency: webhook.agency.as_ref().map(|id| visit.directory.agency_name(id).to_owned()).unwrap_or_default(),
        actions: actions.join(", "),
        active: webhook.active,
    }
}

/// Adds a webhook and shows its secret.
pub(super) async fn create(visit: Visit, Form(fields): Form<Vec<(String, String)>>) -> Result<Response> {
    let first = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.trim());
    let chosen: Vec<String> =
        fields.iter().filter(|(name, _)| name == "action").map(|(_, value)| value.clone()).collect();
    let (url, agency) = (first("url"), first("agency"));
    let new = NewWebhook {
        url: url.to_owned(),
        agency: Some(agency).filter(|id| !id.is_empty()).map(AgencyId::from),
        actions: chosen.iter().filter_map(|action| action.parse().ok()).collect(),
    };
    match service::webhooks::create(&visit.app, visit.actor(), new).await {
        Ok(webhook) => {
            let page = show(&visit, "", "", &[]).await?;
            Ok(html(&WebhooksPage { made: Some((webhook.id, webhook.secret)), ..page }))
        }
        Err(Error::Invalid { field, problem }) => {
            let words = explained(&field, &problem);
            let page = show(&visit, url, agency, &chosen).await?;
            let status = Error::Invalid { field, problem }.status();
            Ok(html_with(status, &WebhooksPage { problem: Some(words), ..page }))
        }
        Err(error) => Err(error),
    }
}

/// What became of what was sent.
pub(super) async fn deliveries(visit: Visit, Path(id): Path<String>, params: Params) -> Result<Response> {
    let webhooks = service::webhooks::list(&visit.app, visit.actor()).await?;
    let webhook = webhooks.iter().find(|webhook| webhook.id == id).ok_or(Error::NotFound("webhook"))?;
    let deliveries = service::webhooks::deliveries(&visit.app, visit.actor(), &id, DELIVERIES).await?;
    let moments = visit.moments();
    let line_of = |one: &Delivery| DeliveryLine {
        when: When::new(one.at, &moments),
        sequence: number(one.sequence),
        attempt: one.attempt,
        result: delivery(&one.result),
        good: one.result == DeliveryResult::Succeeded,
    };
    let page = DeliveriesPage {
        frame: said::frame(&visit, Section::Admin, &params).await?,
        tabs: tabs("/admin/webhooks"),
        webhook: line(&visit, webhook),
        deliveries: deliveries.iter().map(line_of).collect(),
    };
    Ok(html(&page))
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    what: String,
}

/// Turns a webhook on or off, or deletes it.
pub(super) async fn change(visit: Visit, Path(id): Path<String>, Form(given): Form<Change>) -> Result<Response> {
    let (app, actor) = (&visit.app, visit.actor());
    let address = match given.what.as_str() {
        "on" | "off" => {
            service::webhooks::set_active(app, actor, &id, given.what == "on").await?;
            format!("{}?said=webhook", path(&["admin", "webhooks", &id]))
        }
        "delete" => {
            service::webhooks::delete(app, actor, &id).await?;
            "/admin/webhooks?said=webhook-deleted".to_owned()
        }
        _ => return Err(Error::Malformed("what: expected on, off or delete".to_owned())),
    };
    Ok(Redirect::to(&address).into_response())
}
