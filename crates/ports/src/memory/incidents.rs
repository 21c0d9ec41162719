//! The store of incidents in memory.

mod board;
mod query;
mod write;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId};
use tokio::sync::broadcast;

use super::lock;
use crate::{
    Account, AuditEntry, BoardCounts, Delivery, ErrorKind, IdempotentReply, IncidentBatch, IncidentFilter,
    IncidentPage, IncidentQuery, Incidents, OutboxEntry, PortError, PortResult, Session, Token, Webhook, due,
};

/// Changes a listener may lag behind before it loses the oldest.
const CHANGES_KEPT: usize = 1_024;

/// The store of incidents in memory.
#[derive(Debug)]
pub struct MemoryIncidents {
    state: Mutex<State>,
    locks: Arc<Mutex<HashSet<String>>>,
    changes: broadcast::Sender<IncidentId>,
}

#[derive(Debug, Default)]
struct State {
    incidents: BTreeMap<IncidentId, Stored>,
    /// Events and their incidents, in the order they were linked.
    links: Vec<(EventId, IncidentId)>,
    checkpoints: BTreeMap<(String, u32), u64>,
    replies: BTreeMap<String, IdempotentReply>,
    sequence: u64,
    outbox: Vec<OutboxEntry>,
    webhooks: BTreeMap<String, Webhook>,
    deliveries: Vec<Delivery>,
    accounts: BTreeMap<String, Account>,
    sessions: BTreeMap<String, Session>,
    tokens: BTreeMap<String, Token>,
    audit: Vec<AuditEntry>,
}

#[derive(Debug, Clone)]
struct Stored {
    incident: Incident,
    history: Vec<Change>,
    answers: Vec<(Timestamp, Answer)>,
}

impl Default for MemoryIncidents {
    fn default() -> Self {
        Self { state: Mutex::default(), locks: Arc::default(), changes: broadcast::Sender::new(CHANGES_KEPT) }
    }
}

/// A lock held; given back when dropped.
struct LockGuard(Arc<Mutex<HashSet<String>>>, String);

impl Drop for LockGuard {
    fn drop(&mut self) {
        lock(&self.0).remove(&self.1);
    }
}

#[async_trait]
impl Incidents for MemoryIncidents {
    async fn write(&self, batch: IncidentBatch) -> PortResult<()> {
        let changed = lock(&self.state).write(batch)?;
        for id in changed {
            // Nobody may be listening.
            self.changes.send(id).ok();
        }
        Ok(())
    }

    async fn checkpoint(&self, consumer: &str, partition: u32) -> PortResult<u64> {
        Ok(lock(&self.state).checkpoints.get(&(consumer.to_owned(), partition)).copied().unwrap_or_default())
    }

    async fn by_events(&self, events: &[EventId]) -> PortResult<Vec<(EventId, Incident)>> {
        Ok(lock(&self.state).by_events(events))
    }

    async fn opened_for(&self, events: &[EventId]) -> PortResult<Vec<Incident>> {
        Ok(lock(&self.state).opened_for(events))
    }

    async fn running_like(&self, event: &Event) -> PortResult<Vec<Incident>> {
        Ok(lock(&self.state).running_like(event))
    }

    async fn get(&self, id: &IncidentId) -> PortResult<Option<Incident>> {
        Ok(lock(&self.state).incidents.get(id).map(|stored| stored.incident.clone()))
    }

    async fn events_of(&self, id: &IncidentId) -> PortResult<Vec<EventId>> {
        let state = lock(&self.state);
        Ok(state.links.iter().filter(|(_, incident)| incident == id).map(|(event, _)| event.clone()).collect())
    }

    async fn history(&self, id: &IncidentId) -> PortResult<Vec<Change>> {
        Ok(lock(&self.state).incidents.get(id).map(|stored| stored.history.clone()).unwrap_or_default())
    }

    async fn answers(&self, id: &IncidentId) -> PortResult<Vec<(Timestamp, Answer)>> {
        Ok(lock(&self.state).incidents.get(id).map(|stored| stored.answers.clone()).unwrap_or_default())
    }

    async fn list(&self, query: &IncidentQuery) -> PortResult<IncidentPage> {
        Ok(lock(&self.state).list(query))
    }

    async fn board(&self, filter: &IncidentFilter, now: Timestamp) -> PortResult<BoardCounts> {
        Ok(lock(&self.state).board(filter, now))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> PortResult<Vec<Incident>> {
        let state = lock(&self.state);
        let mut due: Vec<(Timestamp, &Incident)> = state
            .incidents
            .values()
            .filter_map(|stored| Some((due::next_check(&stored.incident)?, &stored.incident)))
            .filter(|(check, _)| *check <= now)
            .collect();
        due.sort_by(|(a, one), (b, other)| a.cmp(b).then_with(|| one.id.cmp(&other.id)));
        Ok(due.into_iter().take(limit).map(|(_, incident)| incident.clone()).collect())
    }

    async fn try_lock(&self, name: &str) -> PortResult<Option<Box<dyn Send + Sync>>> {
        let free = lock(&self.locks).insert(name.to_owned());
        Ok(free.then(|| Box::new(LockGuard(Arc::clone(&self.locks), name.to_owned())) as _))
    }

    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<OutboxEntry>> {
        let state = lock(&self.state);
        Ok(state.outbox.iter().filter(|entry| entry.sequence > after).take(limit).cloned().collect())
    }

    async fn trim_outbox(&self, up_to: u64, before: Timestamp) -> PortResult<()> {
        let mut state = lock(&self.state);
        state.outbox.retain(|entry| entry.sequence > up_to || entry.change.at >= before);
        state.deliveries.retain(|delivery| delivery.sequence > up_to || delivery.at >= before);
        Ok(())
    }

    async fn webhooks(&self) -> PortResult<Vec<Webhook>> {
        Ok(lock(&self.state).webhooks.values().cloned().collect())
    }

    async fn put_webhook(&self, mut webhook: Webhook) -> PortResult<()> {
        let mut state = lock(&self.state);
        if let Some(before) = state.webhooks.get(&webhook.id) {
            webhook.delivered_to = webhook.delivered_to.max(before.delivered_to);
        }
        state.webhooks.insert(webhook.id.clone(), webhook);
        Ok(())
    }

    async fn delete_webhook(&self, id: &str) -> PortResult<bool> {
        Ok(lock(&self.state).webhooks.remove(id).is_some())
    }

    async fn note_delivery(&self, delivery: Delivery, delivered_to: Option<u64>) -> PortResult<()> {
        let mut state = lock(&self.state);
        if let (Some(webhook), Some(sequence)) = (state.webhooks.get_mut(&delivery.webhook), delivered_to) {
            webhook.delivered_to = webhook.delivered_to.max(sequence);
        }
        state.deliveries.push(delivery);
        Ok(())
    }

    async fn deliveries(&self, webhook: &str, limit: usize) -> PortResult<Vec<Delivery>> {
        let state = lock(&self.state);
        Ok(state.deliveries.iter().rev().filter(|delivery| delivery.webhook == webhook).take(limit).cloned().collect())
    }

    async fn account(&self, login: &str) -> PortResult<Option<Account>> {
        Ok(lock(&self.state).accounts.get(login).cloned())
    }

    async fn accounts(&self) -> PortResult<Vec<Account>> {
        Ok(lock(&self.state).accounts.values().cloned().collect())
    }

    async fn put_account(&self, account: Account) -> PortResult<()> {
        lock(&self.state).accounts.insert(account.login.clone(), account);
        Ok(())
    }

    async fn put_session(&self, session: Session, now: Timestamp) -> PortResult<()> {
        let mut state = lock(&self.state);
        state.sessions.retain(|_, other| other.expires_at > now);
        state.sessions.insert(session.hash.clone(), session);
        Ok(())
    }

    async fn session(&self, hash: &str, now: Timestamp) -> PortResult<Option<Session>> {
        Ok(lock(&self.state).sessions.get(hash).filter(|session| session.expires_at > now).cloned())
    }

    async fn delete_session(&self, hash: &str) -> PortResult<()> {
        lock(&self.state).sessions.remove(hash);
        Ok(())
    }

    async fn token(&self, hash: &str) -> PortResult<Option<Token>> {
        Ok(lock(&self.state).tokens.values().find(|token| token.hash == hash).cloned())
    }

    async fn tokens(&self) -> PortResult<Vec<Token>> {
        Ok(lock(&self.state).tokens.values().cloned().collect())
    }

    async fn add_token(&self, token: Token) -> PortResult<()> {
        let mut state = lock(&self.state);
        if state.tokens.contains_key(&token.name) {
            return Err(PortError::new(ErrorKind::Conflict, format!("there is a token named {} already", token.name)));
        }
        state.tokens.insert(token.name.clone(), token);
        Ok(())
    }

    async fn revoke_token(&self, name: &str) -> PortResult<bool> {
        let mut state = lock(&self.state);
        let Some(token) = state.tokens.get_mut(name) else { return Ok(false) };
        token.revoked = true;
        Ok(true)
    }

    async fn reply(&self, key: &str) -> PortResult<Option<IdempotentReply>> {
        Ok(lock(&self.state).replies.get(key).cloned())
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> PortResult<()> {
        lock(&self.state).audit.extend(entries);
        Ok(())
    }

    async fn audit_trail(&self, subject: Option<&str>, limit: usize) -> PortResult<Vec<AuditEntry>> {
        let state = lock(&self.state);
        let wanted = |entry: &&AuditEntry| subject.is_none_or(|subject| entry.subject == subject);
        Ok(state.audit.iter().rev().filter(wanted).take(limit).cloned().collect())
    }

    fn changes(&self) -> broadcast::Receiver<IncidentId> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn conforms() {
        crate::conformance::incidents::suite(async || super::MemoryIncidents::default()).await;
    }
}
