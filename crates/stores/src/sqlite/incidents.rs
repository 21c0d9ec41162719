//! The port.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId};
use otklik_ports::{
    Account, AuditEntry, BoardCounts, Delivery, IdempotentReply, IncidentBatch, IncidentFilter, IncidentPage,
    IncidentQuery, Incidents, OutboxEntry, PortResult, Session, Token, Webhook,
};
use rusqlite::Transaction;
use tokio::sync::broadcast;

use super::{SqliteIncidents, board, connections, desk, failure::Result, list, outbox, write};
use crate::sql::retold::retold;

impl SqliteIncidents {
    /// Writes without telling listeners.
    async fn put<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    ) -> PortResult<T> {
        self.connections.write(work, |_| {}).await
    }
}

#[async_trait]
impl Incidents for SqliteIncidents {
    async fn write(&self, batch: IncidentBatch) -> PortResult<()> {
        let changes = self.changes.clone();
        let tell = move |changed: &Vec<IncidentId>| {
            for id in changed {
                // Nobody may be listening.
                changes.send(id.clone()).ok();
            }
        };
        let takes_words_out = !retold(&batch).is_empty();
        self.connections.write(move |transaction| write::write(transaction, &batch), tell).await?;
        if takes_words_out {
            self.connections.settle().await?;
        }
        Ok(())
    }

    async fn checkpoint(&self, consumer: &str, partition: u32) -> PortResult<u64> {
        let consumer = consumer.to_owned();
        self.connections.read(move |connection| list::checkpoint(connection, &consumer, partition)).await
    }

    async fn by_events(&self, events: &[EventId]) -> PortResult<Vec<(EventId, Incident)>> {
        let events = events.to_vec();
        self.connections.read(move |connection| list::by_events(connection, &events)).await
    }

    async fn opened_for(&self, events: &[EventId]) -> PortResult<Vec<Incident>> {
        let events = events.to_vec();
        self.connections.read(move |connection| list::opened_for(connection, &events)).await
    }

    async fn running_like(&self, event: &Event) -> PortResult<Vec<Incident>> {
        let event = event.clone();
        self.connections.read(move |connection| list::running_like(connection, &event)).await
    }

    async fn get(&self, id: &IncidentId) -> PortResult<Option<Incident>> {
        let id = id.clone();
        self.connections.read(move |connection| list::get(connection, &id)).await
    }

    async fn events_of(&self, id: &IncidentId) -> PortResult<Vec<EventId>> {
        let id = id.clone();
        self.connections.read(move |connection| list::events_of(connection, &id)).await
    }

    async fn history(&self, id: &IncidentId) -> PortResult<Vec<Change>> {
        let id = id.clone();
        self.connections.read(move |connection| list::history(connection, &id)).await
    }

    async fn answers(&self, id: &IncidentId) -> PortResult<Vec<(Timestamp, Answer)>> {
        let id = id.clone();
        self.connections.read(move |connection| list::answers(connection, &id)).await
    }

    async fn list(&self, query: &IncidentQuery) -> PortResult<IncidentPage> {
        let query = query.clone();
        self.connections.read(move |connection| list::list(connection, &query)).await
    }

    async fn board(&self, filter: &IncidentFilter, now: Timestamp) -> PortResult<BoardCounts> {
        let filter = filter.clone();
        self.connections.read(move |connection| board::board(connection, &filter, now)).await
    }

    async fn due(&self, now: Timestamp, limit: usize) -> PortResult<Vec<Incident>> {
        self.connections.read(move |connection| list::due(connection, now, limit)).await
    }

    async fn try_lock(&self, name: &str) -> PortResult<Option<Box<dyn Send + Sync>>> {
        let path = self.connections.path();
        let held = connections::try_lock(path, name).map_err(|failure| failure.into_port(path))?;
        Ok(held.map(|file| Box::new(file) as _))
    }

    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<OutboxEntry>> {
        self.connections.read(move |connection| outbox::entries(connection, after, limit)).await
    }

    async fn trim_outbox(&self, up_to: u64, before: Timestamp) -> PortResult<()> {
        self.put(move |transaction| outbox::trim(transaction, up_to, before)).await
    }

    async fn webhooks(&self) -> PortResult<Vec<Webhook>> {
        self.connections.read(outbox::webhooks).await
    }

    async fn put_webhook(&self, webhook: Webhook) -> PortResult<()> {
        self.put(move |transaction| outbox::put_webhook(transaction, &webhook)).await
    }

    async fn delete_webhook(&self, id: &str) -> PortResult<bool> {
        let id = id.to_owned();
        self.put(move |transaction| outbox::delete_webhook(transaction, &id)).await
    }

    async fn note_delivery(&self, delivery: Delivery, delivered_to: Option<u64>) -> PortResult<()> {
        self.put(move |transaction| outbox::note_delivery(transaction, &delivery, delivered_to)).await
    }

    async fn deliveries(&self, webhook: &str, limit: usize) -> PortResult<Vec<Delivery>> {
        let webhook = webhook.to_owned();
        self.connections.read(move |connection| outbox::deliveries(connection, &webhook, limit)).await
    }

    async fn account(&self, login: &str) -> PortResult<Option<Account>> {
        let login = login.to_owned();
        self.connections.read(move |connection| Ok(desk::accounts(connection, Some(&login))?.pop())).await
    }

    async fn accounts(&self) -> PortResult<Vec<Account>> {
        self.connections.read(|connection| desk::accounts(connection, None)).await
    }

    async fn put_account(&self, account: Account) -> PortResult<()> {
        self.put(move |transaction| desk::put_account(transaction, &account)).await
    }

    async fn put_session(&self, session: Session, now: Timestamp) -> PortResult<()> {
        self.put(move |transaction| desk::put_session(transaction, &session, now)).await
    }

    async fn session(&self, hash: &str, now: Timestamp) -> PortResult<Option<Session>> {
        let hash = hash.to_owned();
        self.connections.read(move |connection| desk::session(connection, &hash, now)).await
    }

    async fn delete_session(&self, hash: &str) -> PortResult<()> {
        let hash = hash.to_owned();
        self.put(move |transaction| desk::delete_session(transaction, &hash)).await
    }

    async fn token(&self, hash: &str) -> PortResult<Option<Token>> {
        let hash = hash.to_owned();
        self.connections.read(move |connection| Ok(desk::tokens(connection, Some(&hash))?.pop())).await
    }

    async fn tokens(&self) -> PortResult<Vec<Token>> {
        self.connections.read(|connection| desk::tokens(connection, None)).await
    }

    async fn add_token(&self, token: Token) -> PortResult<()> {
        self.put(move |transaction| desk::add_token(transaction, &token)).await
    }

    async fn revoke_token(&self, name: &str) -> PortResult<bool> {
        let name = name.to_owned();
        self.put(move |transaction| desk::revoke_token(transaction, &name)).await
    }

    async fn reply(&self, key: &str) -> PortResult<Option<IdempotentReply>> {
        let key = key.to_owned();
        self.connections.read(move |connection| desk::reply(connection, &key)).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> PortResult<()> {
        self.put(move |transaction| write::audit(transaction, &entries)).await
    }

    async fn audit_trail(&self, subject: Option<&str>, limit: usize) -> PortResult<Vec<AuditEntry>> {
        let subject = subject.map(ToOwned::to_owned);
        self.connections.read(move |connection| desk::audit_trail(connection, subject.as_deref(), limit)).await
    }

    fn changes(&self) -> broadcast::Receiver<IncidentId> {
        self.changes.subscribe()
    }
}
