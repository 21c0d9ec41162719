//! What can be done, as functions of the state, the actor and the request. The API and the desk call these and nothing
//! below them.
//!
//! Every function checks the actor's rights itself. What an actor may not see is [`Error::NotFound`](crate::Error): its
//! existence is not given away.

pub mod accounts;
pub mod board;
pub mod events;
pub(crate) mod forms;
pub mod idempotency;
pub mod incidents;
mod opening;
pub mod posts;
pub mod reports;
pub mod search;
pub mod sources;
pub mod stats;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod webhooks;

use otklik_domain::Actor;
use otklik_ports::AuditEntry;

use crate::App;

/// A line of the audit trail.
pub(crate) fn audit_entry(
    app: &App,
    actor: &Actor,
    action: impl Into<String>,
    subject: impl Into<String>,
    details: impl Into<String>,
) -> AuditEntry {
    AuditEntry {
        at: app.ports.clock.now(),
        actor: actor.name.clone(),
        action: action.into(),
        subject: subject.into(),
        details: details.into(),
    }
}
