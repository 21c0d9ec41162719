//! What a webhook is told.

use jiff::Timestamp;
use otklik_domain::{ActionKind, Change};
use otklik_ports::{OutboxEntry, PortResult, Webhook};
use otklik_wire as wire;
use serde::Serialize;

use crate::{
    App,
    error::{Error, Result},
    rights::{BODY_STATES, is_with},
};

/// What a change is to a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// An incident of its scope has changed.
    Changed,
    /// An incident has left its scope: what it is now is not for the receiver to see.
    Left,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    /// The same in every attempt: receivers take a message once by it.
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    sequence: u64,
    attempt: u32,
    sent_at: String,
    incident_id: &'a str,
    incident: Option<wire::Incident>,
    change: wire::Change,
}

/// The id of a message.
pub(super) fn id(webhook: &Webhook, entry: &OutboxEntry) -> String {
    format!("{}-{}", webhook.id, entry.sequence)
}

/// The body of a message, as it is signed and sent.
pub(super) fn body(
    webhook: &Webhook,
    entry: &OutboxEntry,
    concern: Concern,
    attempt: u32,
    sent_at: Timestamp,
) -> Result<Vec<u8>> {
    let (kind, incident) = match concern {
        Concern::Changed => ("incident.changed", Some(wire::Incident::from(&entry.incident))),
        Concern::Left => ("incident.left", None),
    };
    let message = Message {
        id: id(webhook, entry),
        kind,
        sequence: entry.sequence,
        attempt,
        sent_at: sent_at.to_string(),
        incident_id: entry.incident.id.as_str(),
        incident,
        change: (&entry.change).into(),
    };
    serde_json::to_vec(&message).map_err(|_| Error::Internal("a webhook's message cannot be written"))
}

/// What a change is to a webhook, or `None` when it is none of its business.
pub(super) async fn concern(app: &App, webhook: &Webhook, entry: &OutboxEntry) -> PortResult<Option<Concern>> {
    let action = entry.change.action;
    if !webhook.actions.is_empty() && !webhook.actions.iter().any(|wanted| wanted == action.as_str()) {
        return Ok(None);
    }
    let Some(root) = &webhook.agency else { return Ok(Some(Concern::Changed)) };
    let subtree = app.directory().subtree(root);
    if is_with(&entry.incident, &subtree) {
        return Ok(Some(Concern::Changed));
    }
    if !changes_hands(action) {
        return Ok(None);
    }
    let history = app.ports.incidents.history(&entry.incident.id).await?;
    let before = history.iter().rev().find(|change| change.version < entry.change.version);
    let has = |change: &Change| change.agency.as_ref().is_some_and(|agency| subtree.contains(agency));
    let had = before.is_some_and(|before| BODY_STATES.contains(&before.to) && has(before));
    Ok(had.then_some(Concern::Left))
}

/// Whether an action may take the incident from a body.
fn changes_hands(action: ActionKind) -> bool {
    matches!(
        action,
        ActionKind::Route
            | ActionKind::Return
            | ActionKind::Reopen
            | ActionKind::Merge
            | ActionKind::Escalate
            | ActionKind::RateBad
    )
}
