//! The outbox, webhooks and attempts to deliver.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Delivery, OutboxEntry, Webhook};
use rusqlite::{Connection, params};

use super::{failure::Result, rows::all};
use crate::sql::{Record, bounded, integer, json, records::name_of};

/// Entries after a sequence, in order.
pub(super) fn entries(connection: &Connection, after: u64, limit: usize) -> Result<Vec<OutboxEntry>> {
    let sql = format!("SELECT {} FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?", OutboxEntry::COLUMNS);
    all(connection, &sql, (bounded(after), bounded(limit as u64)))
}

/// Drops old entries and the attempts to deliver them.
pub(super) fn trim(connection: &Connection, up_to: u64, before: Timestamp) -> Result<()> {
    let bounds = (bounded(up_to), before.as_microsecond());
    connection.prepare_cached("DELETE FROM outbox WHERE sequence <= ? AND at < ?")?.execute(bounds)?;
    connection.prepare_cached("DELETE FROM deliveries WHERE sequence <= ? AND at < ?")?.execute(bounds)?;
    Ok(())
}

/// Webhooks by id.
pub(super) fn webhooks(connection: &Connection) -> Result<Vec<Webhook>> {
    all(connection, &format!("SELECT {} FROM webhooks ORDER BY id", Webhook::COLUMNS), [])
}

/// Adds a webhook or puts it in the place of the same id.
pub(super) fn put_webhook(connection: &Connection, webhook: &Webhook) -> Result<()> {
    let Webhook { id, url, agency, actions, secret, active, delivered_to } = webhook;
    let mut statement = connection.prepare_cached(
        "INSERT INTO webhooks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET
         url = excluded.url, agency = excluded.agency, actions = excluded.actions, secret = excluded.secret,
         active = excluded.active, delivered_to = max(delivered_to, excluded.delivered_to)",
    )?;
    let agency = agency.as_ref().map(AgencyId::as_str);
    statement.execute(params![id, url, agency, json(actions)?, secret, active, integer(*delivered_to)?])?;
    Ok(())
}

/// Deletes a webhook; says whether there was one.
pub(super) fn delete_webhook(connection: &Connection, id: &str) -> Result<bool> {
    Ok(connection.prepare_cached("DELETE FROM webhooks WHERE id = ?")?.execute([id])? > 0)
}

/// Notes an attempt and moves the webhook on.
pub(super) fn note_delivery(connection: &Connection, delivery: &Delivery, delivered_to: Option<u64>) -> Result<()> {
    let Delivery { webhook, sequence, attempt, at, result } = delivery;
    let (result, status) = name_of(result);
    let mut statement = connection.prepare_cached(
        "INSERT INTO deliveries (webhook, sequence, attempt, at, result, status) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    statement.execute(params![webhook, integer(*sequence)?, attempt, at.as_microsecond(), result, status])?;
    if let Some(delivered_to) = delivered_to {
        let mut statement =
            connection.prepare_cached("UPDATE webhooks SET delivered_to = max(delivered_to, ?2) WHERE id = ?1")?;
        statement.execute(params![webhook, integer(delivered_to)?])?;
    }
    Ok(())
}

/// Attempts of a webhook, the latest first.
pub(super) fn deliveries(connection: &Connection, webhook: &str, limit: usize) -> Result<Vec<Delivery>> {
    let sql = format!("SELECT {} FROM deliveries WHERE webhook = ? ORDER BY delivery DESC LIMIT ?", Delivery::COLUMNS);
    all(connection, &sql, (webhook, bounded(limit as u64)))
}
