//! The outbox, webhooks and attempts to deliver.

use jiff::Timestamp;
use otklik_domain::AgencyId;
use otklik_ports::{Delivery, DeliveryResult, OutboxEntry, Webhook};
use otklik_wire as wire;
use rusqlite::{Connection, params};

use super::{
    failure::{Failure, Result},
    rows::{Fields, from_json, integer, json},
};

/// Entries after a sequence, in order.
pub(super) fn entries(connection: &Connection, after: u64, limit: usize) -> Result<Vec<OutboxEntry>> {
    const WHAT: &str = "an entry of the outbox";
    let mut statement = connection
        .prepare_cached("SELECT sequence, incident, change FROM outbox WHERE sequence > ? ORDER BY sequence LIMIT ?")?;
    let mut rows = statement.query((bounded(after), bounded(limit as u64)))?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Fields { row, next: 0 };
        let sequence = fields.number()?;
        let incident: wire::Incident = from_json(&fields.text()?, WHAT)?;
        let change: wire::Change = from_json(&fields.text()?, WHAT)?;
        entries.push(OutboxEntry {
            sequence,
            incident: incident.try_into().map_err(|_| Failure::Damaged(WHAT))?,
            change: change.try_into().map_err(|_| Failure::Damaged(WHAT))?,
        });
    }
    Ok(entries)
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
    let mut statement = connection
        .prepare_cached("SELECT id, url, agency, actions, secret, active, delivered_to FROM webhooks ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut webhooks = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Fields { row, next: 0 };
        webhooks.push(Webhook {
            id: fields.text()?,
            url: fields.text()?,
            agency: fields.optional_text()?.map(AgencyId::new),
            actions: from_json(&fields.text()?, "the actions of a webhook")?,
            secret: fields.text()?,
            active: fields.get()?,
            delivered_to: fields.number()?,
        });
    }
    Ok(webhooks)
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
    let mut statement = connection.prepare_cached(
        "SELECT webhook, sequence, attempt, at, result, status FROM deliveries WHERE webhook = ?
         ORDER BY delivery DESC LIMIT ?",
    )?;
    let mut rows = statement.query((webhook, bounded(limit as u64)))?;
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        let mut fields = Fields { row, next: 0 };
        deliveries.push(Delivery {
            webhook: fields.text()?,
            sequence: fields.number()?,
            attempt: fields.get()?,
            at: fields.time()?,
            result: result_of(&fields.text()?, fields.get()?)?,
        });
    }
    Ok(deliveries)
}

fn name_of(result: &DeliveryResult) -> (&'static str, Option<u16>) {
    match result {
        DeliveryResult::Succeeded => ("succeeded", None),
        DeliveryResult::HttpError { status } => ("http_error", Some(*status)),
        DeliveryResult::Unreachable => ("unreachable", None),
        DeliveryResult::TimedOut => ("timed_out", None),
        DeliveryResult::Refused => ("refused", None),
    }
}

fn result_of(name: &str, status: Option<u16>) -> Result<DeliveryResult> {
    match (name, status) {
        ("succeeded", _) => Ok(DeliveryResult::Succeeded),
        ("http_error", Some(status)) => Ok(DeliveryResult::HttpError { status }),
        ("unreachable", _) => Ok(DeliveryResult::Unreachable),
        ("timed_out", _) => Ok(DeliveryResult::TimedOut),
        ("refused", _) => Ok(DeliveryResult::Refused),
        _ => Err(Failure::Damaged("the result of a delivery")),
    }
}

/// A bound as SQLite has it: beyond its numbers there is nothing to be found.
fn bounded(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
