//! The reconciler that delivers: run it again and again, it does what is due.
//!
//! Each webhook is told of changes in order: one that cannot be delivered holds back those after it, of this webhook
//! only, until it is delivered or given up. What has been tried is in the delivery log, so that a restart goes on where
//! it was.

use futures::{StreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use otklik_domain::Actor;
use otklik_ports::{Delivery, DeliveryResult, OutboxEntry, Webhook};

use super::{
    Outgoing, Sender, address,
    message::{self, Concern, concern},
    sign::signature,
};
use crate::{
    App,
    error::Result,
    metrics,
    service::{self, audit_entry},
};

/// Attempts after which a message is given up; the last comes some 21 hours after the first.
pub const ATTEMPTS_MAX: u32 = 8;
/// Webhooks served at once.
const WEBHOOKS_AT_ONCE: usize = 8;
/// Entries of the outbox read at once.
const ENTRIES_AT_ONCE: usize = 200;
/// Entries handled for one webhook in one round at most; the rest comes in the next.
const ENTRIES_A_ROUND: usize = 2_000;
/// "Gone": the receiver wants no more.
const GONE: u16 = 410;

/// What a round did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Round {
    /// Messages delivered.
    pub delivered: u32,
    /// Attempts that failed.
    pub failed: u32,
    /// Messages given up after the last attempt.
    pub given_up: u32,
    /// When the next attempt of a failed message is due: wake up then, or when something changes.
    pub next_at: Option<Timestamp>,
}

/// How long to wait after an attempt that failed, the first being 1.
pub fn back_off(attempt: u32) -> SignedDuration {
    const MINUTES: [i64; 7] = [1, 5, 15, 60, 180, 360, 600];
    let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    SignedDuration::from_mins(MINUTES.get(index).or(MINUTES.last()).copied().unwrap_or(60))
}

/// Delivers what is due to every webhook. Only one process does so at a time; another gets an empty round. A webhook
/// whose turn fails is logged and does not stop the others.
///
/// # Errors
/// Those of the store, when the webhooks themselves cannot be read.
pub async fn deliver(app: &App, sender: &dyn Sender) -> Result<Round> {
    let Some(_lock) = app.ports.incidents.try_lock("webhooks").await? else { return Ok(Round::default()) };
    let webhooks = app.ports.incidents.webhooks().await?;
    let active = webhooks.into_iter().filter(|webhook| webhook.active);
    let rounds = stream::iter(active.map(|webhook| async move {
        let mut round = Round::default();
        if let Err(error) = deliver_to(app, sender, &webhook, &mut round).await {
            error.log("webhooks");
            tracing::warn!(webhook.id, error = error.code(), "delivery to webhook broke off");
        }
        round
    }));
    Ok(rounds.buffer_unordered(WEBHOOKS_AT_ONCE).fold(Round::default(), async |sum, round| sum.plus(round)).await)
}

/// The sequence every webhook has passed: up to it the outbox may be trimmed. Those that are off hold nothing back.
///
/// # Errors
/// Those of the store.
pub async fn passed_by_all(app: &App) -> Result<u64> {
    let webhooks = app.ports.incidents.webhooks().await?;
    let active = webhooks.iter().filter(|webhook| webhook.active).map(|webhook| webhook.delivered_to);
    Ok(active.min().unwrap_or(u64::MAX))
}

async fn deliver_to(app: &App, sender: &dyn Sender, webhook: &Webhook, round: &mut Round) -> Result<()> {
    let mut passed = webhook.delivered_to;
    let mut noted = webhook.delivered_to;
    let mut tried = app.ports.incidents.deliveries(&webhook.id, 1).await?.into_iter().next();
    'round: for _ in 0..ENTRIES_A_ROUND.div_ceil(ENTRIES_AT_ONCE) {
        let entries = app.ports.incidents.outbox(passed, ENTRIES_AT_ONCE).await?;
        let is_last = entries.len() < ENTRIES_AT_ONCE;
        for entry in &entries {
            let Some(concern) = concern(app, webhook, entry).await? else {
                passed = entry.sequence;
                continue;
            };
            let before = tried.take().filter(|delivery| delivery.sequence == entry.sequence);
            match attempt(app, sender, webhook, (entry, concern), before.as_ref(), round).await? {
                Outcome::Passed => (passed, noted) = (entry.sequence, entry.sequence),
                Outcome::Waiting => break 'round,
            }
        }
        if is_last {
            break;
        }
    }
    if passed > noted {
        // The webhook may have been deleted meanwhile: then there is nothing to move on.
        match service::webhooks::change(app, &webhook.id, |stored| stored.delivered_to = passed).await {
            Ok(()) | Err(crate::Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

enum Outcome {
    /// Delivered or given up: on to the next.
    Passed,
    /// To be tried again later.
    Waiting,
}

async fn attempt(
    app: &App,
    sender: &dyn Sender,
    webhook: &Webhook,
    (entry, concern): (&OutboxEntry, Concern),
    before: Option<&Delivery>,
    round: &mut Round,
) -> Result<Outcome> {
    let now = app.ports.clock.now();
    let number = before.map_or(1, |delivery| delivery.attempt + 1);
    if let Some(before) = before {
        let due = before.at.saturating_add(back_off(before.attempt)).unwrap_or(Timestamp::MAX);
        if due > now {
            round.wake_at(due);
            return Ok(Outcome::Waiting);
        }
    }
    let body = message::body(webhook, entry, concern, number, now)?;
    let result = match address::parse(&webhook.url, app.config.webhooks_to_loopback) {
        Ok(_) => sender.send(outgoing(webhook, entry, body, now)).await,
        Err(_) => DeliveryResult::Refused,
    };
    let succeeded = result == DeliveryResult::Succeeded;
    let gone = result == DeliveryResult::HttpError { status: GONE };
    let given_up = !succeeded && number >= ATTEMPTS_MAX;
    metrics::delivery(&result, given_up);
    let delivery = Delivery { webhook: webhook.id.clone(), sequence: entry.sequence, attempt: number, at: now, result };
    let passed = succeeded || given_up;
    app.ports.incidents.note_delivery(delivery, passed.then_some(entry.sequence)).await?;
    if succeeded {
        round.delivered += 1;
        return Ok(Outcome::Passed);
    }
    round.failed += 1;
    if gone {
        switch_off(app, webhook).await?;
        return Ok(Outcome::Waiting);
    }
    if given_up {
        round.given_up += 1;
        tracing::warn!(webhook.id, sequence = entry.sequence, "message to webhook given up");
        return Ok(Outcome::Passed);
    }
    round.wake_at(now.saturating_add(back_off(number)).unwrap_or(Timestamp::MAX));
    Ok(Outcome::Waiting)
}

fn outgoing(webhook: &Webhook, entry: &OutboxEntry, body: Vec<u8>, sent_at: Timestamp) -> Outgoing {
    let headers = vec![
        ("content-type", "application/json".to_owned()),
        ("user-agent", concat!("Otklik/", env!("CARGO_PKG_VERSION")).to_owned()),
        ("x-otklik-message", message::id(webhook, entry)),
        ("x-otklik-signature", signature(&webhook.secret, sent_at, &body)),
    ];
    Outgoing { url: webhook.url.clone(), headers, body }
}

/// Does what the receiver asks for by "Gone"; an administrator may turn the webhook on again.
async fn switch_off(app: &App, webhook: &Webhook) -> Result<()> {
    service::webhooks::change(app, &webhook.id, |stored| stored.active = false).await?;
    let entry = audit_entry(app, &Actor::system(), "webhook.off", &webhook.id, "the receiver said 410 Gone");
    Ok(app.ports.incidents.audit(vec![entry]).await?)
}

impl Round {
    fn wake_at(&mut self, at: Timestamp) {
        self.next_at = Some(self.next_at.map_or(at, |known| known.min(at)));
    }

    fn plus(mut self, other: Self) -> Self {
        self.delivered += other.delivered;
        self.failed += other.failed;
        self.given_up += other.given_up;
        if let Some(at) = other.next_at {
            self.wake_at(at);
        }
        self
    }
}
