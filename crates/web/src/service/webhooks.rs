//! Webhooks: which addresses are told of changes. Sending is in [`crate::webhooks`].

use std::time::Duration;

use otklik_domain::{ActionKind, Actor, AgencyId};
use otklik_ports::{Delivery, ErrorKind, PortError, Webhook};

use super::audit_entry;
use crate::{
    App,
    auth::secret,
    error::{Error, Result},
    rights::Right,
    webhooks::address,
};

/// Webhooks of a deployment at most.
const WEBHOOKS_MAX: usize = 100;
/// Deliveries shown at most.
const DELIVERIES_MAX: usize = 500;
/// How often and how long a change waits for the sender, who holds the lock for moments only.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// A webhook to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Where to send: a public `https://` address.
    pub url: String,
    /// The body whose subtree it is told of; `None` for everything.
    pub agency: Option<AgencyId>,
    /// Kinds of actions it is told of; empty for all.
    pub actions: Vec<ActionKind>,
}

/// Adds a webhook; it is told of what happens from now on. Its secret is shown this once.
///
/// # Errors
/// [`Error::Invalid`], [`Error::Forbidden`]; those of the store.
pub async fn create(app: &App, actor: &Actor, new: NewWebhook) -> Result<Webhook> {
    Right::Administer.check(actor)?;
    address::parse(&new.url, app.config.webhooks_to_loopback).map_err(|problem| Error::invalid("url", problem))?;
    if new.agency.as_ref().is_some_and(|agency| app.directory().agency(agency).is_none()) {
        return Err(Error::invalid("agency", "is not configured"));
    }
    let webhooks = app.ports.incidents.webhooks().await?;
    if webhooks.len() >= WEBHOOKS_MAX {
        return Err(Error::invalid("url", format!("there are {WEBHOOKS_MAX} webhooks already: delete one first")));
    }
    let passed = webhooks.iter().map(|webhook| webhook.delivered_to).max().unwrap_or(0);
    let webhook = Webhook {
        id: format!("w-{}", secret::hex(&rand::random::<[u8; 6]>())),
        url: new.url,
        agency: new.agency,
        actions: new.actions.iter().map(ToString::to_string).collect(),
        secret: secret::generate(),
        active: true,
        delivered_to: outbox_end(app, passed).await?,
    };
    app.ports.incidents.put_webhook(webhook.clone()).await?;
    let details = webhook.agency.as_ref().map(|agency| format!("agency {agency}")).unwrap_or_default();
    app.ports.incidents.audit(vec![audit_entry(app, actor, "webhook.create", &webhook.id, details)]).await?;
    Ok(webhook)
}

/// All webhooks, by id.
///
/// # Errors
/// [`Error::Forbidden`]; those of the store.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<Webhook>> {
    Right::Administer.check(actor)?;
    Ok(app.ports.incidents.webhooks().await?)
}

/// Turns a webhook on or off. One that is turned on again is told of what it missed, as far as that is kept.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; those of the store.
pub async fn set_active(app: &App, actor: &Actor, id: &str, active: bool) -> Result<()> {
    Right::Administer.check(actor)?;
    change(app, id, |webhook| webhook.active = active).await?;
    let action = if active { "webhook.on" } else { "webhook.off" };
    Ok(app.ports.incidents.audit(vec![audit_entry(app, actor, action, id, "")]).await?)
}

/// Deletes a webhook; its deliveries stay.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`]; those of the store.
pub async fn delete(app: &App, actor: &Actor, id: &str) -> Result<()> {
    Right::Administer.check(actor)?;
    let _lock = lock(app, id).await?;
    if !app.ports.incidents.delete_webhook(id).await? {
        return Err(Error::NotFound("webhook"));
    }
    Ok(app.ports.incidents.audit(vec![audit_entry(app, actor, "webhook.delete", id, "")]).await?)
}

/// Attempts to deliver, the latest first.
///
/// # Errors
/// [`Error::NotFound`] without such a webhook, [`Error::Forbidden`]; those of the store.
pub async fn deliveries(app: &App, actor: &Actor, id: &str, limit: usize) -> Result<Vec<Delivery>> {
    Right::Administer.check(actor)?;
    if !app.ports.incidents.webhooks().await?.iter().any(|webhook| webhook.id == id) {
        return Err(Error::NotFound("webhook"));
    }
    Ok(app.ports.incidents.deliveries(id, limit.min(DELIVERIES_MAX)).await?)
}

/// Changes a webhook as it stands now. The sender moves webhooks on by this too, so that neither undoes the other.
pub(crate) async fn change(app: &App, id: &str, edit: impl FnOnce(&mut Webhook)) -> Result<()> {
    let _lock = lock(app, id).await?;
    let webhooks = app.ports.incidents.webhooks().await?;
    let mut webhook = webhooks.into_iter().find(|webhook| webhook.id == id).ok_or(Error::NotFound("webhook"))?;
    edit(&mut webhook);
    Ok(app.ports.incidents.put_webhook(webhook).await?)
}

async fn lock(app: &App, id: &str) -> Result<Box<dyn Send + Sync>> {
    for _ in 0..LOCK_TRIES {
        if let Some(guard) = app.ports.incidents.try_lock(&format!("webhook {id}")).await? {
            return Ok(guard);
        }
        tokio::time::sleep(LOCK_WAIT).await;
    }
    Err(PortError::new(ErrorKind::Unavailable, "the webhook is locked").into())
}

/// The last sequence of the outbox. The port gives entries after a sequence only, so the end is found by halving.
async fn outbox_end(app: &App, passed: u64) -> Result<u64> {
    let has_more = async |after: u64| Ok::<_, Error>(!app.ports.incidents.outbox(after, 1).await?.is_empty());
    let mut low = passed;
    let mut step = 1;
    while has_more(low + step).await? {
        low += step;
        step *= 2;
    }
    // Something may lie after `low`, nothing after `high`.
    let mut high = low + step;
    while low < high {
        let middle = low.midpoint(high);
        if has_more(middle).await? { low = middle + 1 } else { high = middle }
    }
    Ok(low)
}
