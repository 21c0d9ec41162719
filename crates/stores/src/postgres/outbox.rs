//! The outbox, webhooks and attempts to deliver.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Delivery, OutboxEntry, Webhook};

use super::{
    columns::{Micros, Text},
    connections::Session,
    failure::Result,
};
use crate::sql::{Record, bounded, integer, json, records::name_of};

/// Entries after a sequence, in order.
pub(super) async fn entries(session: &Session, after: u64, limit: usize) -> Result<Vec<OutboxEntry>> {
    let sql = format!("SELECT {} FROM outbox WHERE sequence > $1 ORDER BY sequence LIMIT $2", OutboxEntry::COLUMNS);
    session.all(&sql, &[&bounded(after), &bounded(limit as u64)]).await
}

/// Drops old entries and the attempts to deliver them.
pub(super) async fn trim(session: &Session, up_to: u64, before: Timestamp) -> Result<()> {
    let (up_to, before) = (bounded(up_to), Micros::from(before));
    session.execute("DELETE FROM outbox WHERE sequence <= $1 AND at < $2", &[&up_to, &before]).await?;
    session.execute("DELETE FROM deliveries WHERE sequence <= $1 AND at < $2", &[&up_to, &before]).await?;
    Ok(())
}

/// Webhooks by id.
pub(super) async fn webhooks(session: &Session) -> Result<Vec<Webhook>> {
    session.all(&format!("SELECT {} FROM webhooks ORDER BY id", Webhook::COLUMNS), &[]).await
}

/// Adds a webhook or puts it in the place of the same id.
pub(super) async fn put_webhook(session: &Session, webhook: &Webhook) -> Result<()> {
    let Webhook { id, url, agency, actions, secret, active, delivered_to } = webhook;
    let sql = "INSERT INTO webhooks VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET
               url = excluded.url, agency = excluded.agency, actions = excluded.actions, secret = excluded.secret,
               active = excluded.active, delivered_to = greatest(webhooks.delivered_to, excluded.delivered_to)";
    let agency = agency.as_ref().map(AgencyId::as_str).map(Text);
    let (actions, delivered_to) = (json(actions)?, integer(*delivered_to)?);
    session.execute(sql, &[&Text(id), &Text(url), &agency, &actions, &Text(secret), active, &delivered_to]).await?;
    Ok(())
}

/// Deletes a webhook; says whether there was one.
pub(super) async fn delete_webhook(session: &Session, id: &str) -> Result<bool> {
    Ok(session.execute("DELETE FROM webhooks WHERE id = $1", &[&Text(id)]).await? > 0)
}

/// Notes an attempt and moves the webhook on.
pub(super) async fn note_delivery(session: &Session, delivery: &Delivery, delivered_to: Option<u64>) -> Result<()> {
    let Delivery { webhook, sequence, attempt, at, result } = delivery;
    let (result, status) = name_of(result);
    let sql = "INSERT INTO deliveries (webhook, sequence, attempt, at, result, status) VALUES ($1, $2, $3, $4, $5, $6)";
    let (sequence, attempt, status) = (integer(*sequence)?, i64::from(*attempt), status.map(i64::from));
    session.execute(sql, &[&Text(webhook), &sequence, &attempt, &Micros::from(*at), &Text(result), &status]).await?;
    if let Some(delivered_to) = delivered_to {
        let sql = "UPDATE webhooks SET delivered_to = greatest(delivered_to, $2) WHERE id = $1";
        session.execute(sql, &[&Text(webhook), &integer(delivered_to)?]).await?;
    }
    Ok(())
}

/// Attempts of a webhook, the latest first.
pub(super) async fn deliveries(session: &Session, webhook: &str, limit: usize) -> Result<Vec<Delivery>> {
    let sql =
        format!("SELECT {} FROM deliveries WHERE webhook = $1 ORDER BY delivery DESC LIMIT $2", Delivery::COLUMNS);
    session.all(&sql, &[&Text(webhook), &bounded(limit as u64)]).await
}
