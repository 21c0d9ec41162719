//! The port.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId};
use otklik_ports::{
    Account, AuditEntry, BoardCounts, Delivery, IdempotentReply, IncidentBatch, IncidentFilter, IncidentPage,
    IncidentQuery, Incidents, OutboxEntry, PortResult, Session, Token, Webhook,
};
use tokio::sync::broadcast;

use super::{PostgresIncidents, board, connections::Lease, desk, failure::Result, list, outbox, write};

/// A batch that two writers collided over is written again at most so often.
const TRIES: usize = 3;

/// Asks in a single statement, which needs no transaction.
const ALONE: [&str; 2] = ["", ""];
/// Reads, all of it from one state of the database.
const READING: [&str; 2] = ["BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "COMMIT"];
/// Writes, all or nothing.
const WRITING: [&str; 2] = ["BEGIN", "COMMIT"];

/// Does some work on a connection. A macro, since the work borrows the connection.
macro_rules! ask {
    ($store:expr, $how:expr, |$session:ident| $work:expr) => {{
        let work = async {
            let [begins, ends] = $how;
            let lease = $store.connections.lease().await?;
            begin(&lease, begins).await?;
            let $session = &*lease;
            let done = $work.await;
            end(lease, ends, done).await
        };
        $store.connections.answer(work).await
    }};
}

async fn begin(lease: &Lease, sql: &str) -> Result<()> {
    if sql.is_empty() { Ok(()) } else { lease.run(sql).await }
}

/// Ends a transaction as the work in it ended, and gives the connection back.
async fn end<T>(lease: Lease, sql: &str, done: Result<T>) -> Result<T> {
    if !sql.is_empty() {
        let ended = lease.run(if done.is_ok() { sql } else { "ROLLBACK" }).await;
        // Why the work went wrong says more than that the rollback did too.
        if done.is_ok() {
            ended?;
        }
    }
    lease.end();
    done
}

impl PostgresIncidents {
    async fn write_once(&self, batch: &IncidentBatch) -> Result<Vec<IncidentId>> {
        let [begins, ends] = WRITING;
        let lease = self.connections.lease().await?;
        begin(&lease, begins).await?;
        let done = write::write(&lease, batch, self.changes.process()).await;
        end(lease, ends, done).await
    }

    async fn write_again(&self, batch: &IncidentBatch) -> Result<Vec<IncidentId>> {
        for _ in 1..TRIES {
            match self.write_once(batch).await {
                Err(failure) if failure.is_collision() => {}
                done => return done,
            }
        }
        self.write_once(batch).await
    }
}

#[async_trait]
impl Incidents for PostgresIncidents {
    async fn write(&self, batch: IncidentBatch) -> PortResult<()> {
        let changed = self.connections.answer(self.write_again(&batch)).await?;
        self.changes.tell(changed);
        Ok(())
    }

    async fn checkpoint(&self, consumer: &str, partition: u32) -> PortResult<u64> {
        ask!(self, ALONE, |session| list::checkpoint(session, consumer, partition))
    }

    async fn by_events(&self, events: &[EventId]) -> PortResult<Vec<(EventId, Incident)>> {
        ask!(self, ALONE, |session| list::by_events(session, events))
    }

    async fn opened_for(&self, events: &[EventId]) -> PortResult<Vec<Incident>> {
        ask!(self, ALONE, |session| list::opened_for(session, events))
    }

    async fn running_like(&self, event: &Event) -> PortResult<Vec<Incident>> {
        ask!(self, ALONE, |session| list::running_like(session, event))
    }

    async fn get(&self, id: &IncidentId) -> PortResult<Option<Incident>> {
        ask!(self, ALONE, |session| list::get(session, id))
    }

    async fn events_of(&self, id: &IncidentId) -> PortResult<Vec<EventId>> {
        ask!(self, ALONE, |session| list::events_of(session, id))
    }

    async fn history(&self, id: &IncidentId) -> PortResult<Vec<Change>> {
        ask!(self, ALONE, |session| list::history(session, id))
    }

    async fn answers(&self, id: &IncidentId) -> PortResult<Vec<(Timestamp, Answer)>> {
        ask!(self, ALONE, |session| list::answers(session, id))
    }

    async fn list(&self, query: &IncidentQuery) -> PortResult<IncidentPage> {
        ask!(self, READING, |session| list::list(session, query))
    }

    async fn board(&self, filter: &IncidentFilter, now: Timestamp) -> PortResult<BoardCounts> {
        ask!(self, READING, |session| board::board(session, filter, now))
    }

    async fn due(&self, now: Timestamp, limit: usize) -> PortResult<Vec<Incident>> {
        ask!(self, ALONE, |session| list::due(session, now, limit))
    }

    async fn try_lock(&self, name: &str) -> PortResult<Option<Box<dyn Send + Sync>>> {
        self.connections.answer(self.locks.try_lock(name)).await
    }

    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<OutboxEntry>> {
        ask!(self, ALONE, |session| outbox::entries(session, after, limit))
    }

    async fn trim_outbox(&self, up_to: u64, before: Timestamp) -> PortResult<()> {
        ask!(self, WRITING, |session| outbox::trim(session, up_to, before))
    }

    async fn webhooks(&self) -> PortResult<Vec<Webhook>> {
        ask!(self, ALONE, |session| outbox::webhooks(session))
    }

    async fn put_webhook(&self, webhook: Webhook) -> PortResult<()> {
        ask!(self, ALONE, |session| outbox::put_webhook(session, &webhook))
    }

    async fn delete_webhook(&self, id: &str) -> PortResult<bool> {
        ask!(self, ALONE, |session| outbox::delete_webhook(session, id))
    }

    async fn note_delivery(&self, delivery: Delivery, delivered_to: Option<u64>) -> PortResult<()> {
        ask!(self, WRITING, |session| outbox::note_delivery(session, &delivery, delivered_to))
    }

    async fn deliveries(&self, webhook: &str, limit: usize) -> PortResult<Vec<Delivery>> {
        ask!(self, ALONE, |session| outbox::deliveries(session, webhook, limit))
    }

    async fn account(&self, login: &str) -> PortResult<Option<Account>> {
        Ok(ask!(self, ALONE, |session| desk::accounts(session, Some(login)))?.pop())
    }

    async fn accounts(&self) -> PortResult<Vec<Account>> {
        ask!(self, ALONE, |session| desk::accounts(session, None))
    }

    async fn put_account(&self, account: Account) -> PortResult<()> {
        ask!(self, ALONE, |session| desk::put_account(session, &account))
    }

    async fn put_session(&self, session: Session, now: Timestamp) -> PortResult<()> {
        let signed_in = session;
        ask!(self, WRITING, |session| desk::put_session(session, &signed_in, now))
    }

    async fn session(&self, hash: &str, now: Timestamp) -> PortResult<Option<Session>> {
        ask!(self, ALONE, |session| desk::session(session, hash, now))
    }

    async fn delete_session(&self, hash: &str) -> PortResult<()> {
        ask!(self, ALONE, |session| desk::delete_session(session, hash))
    }

    async fn token(&self, hash: &str) -> PortResult<Option<Token>> {
        Ok(ask!(self, ALONE, |session| desk::tokens(session, Some(hash)))?.pop())
    }

    async fn tokens(&self) -> PortResult<Vec<Token>> {
        ask!(self, ALONE, |session| desk::tokens(session, None))
    }

    async fn add_token(&self, token: Token) -> PortResult<()> {
        ask!(self, ALONE, |session| desk::add_token(session, &token))
    }

    async fn revoke_token(&self, name: &str) -> PortResult<bool> {
        ask!(self, ALONE, |session| desk::revoke_token(session, name))
    }

    async fn reply(&self, key: &str) -> PortResult<Option<IdempotentReply>> {
        ask!(self, ALONE, |session| desk::reply(session, key))
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> PortResult<()> {
        ask!(self, ALONE, |session| desk::audit(session, &entries))
    }

    async fn audit_trail(&self, subject: Option<&str>, limit: usize) -> PortResult<Vec<AuditEntry>> {
        ask!(self, ALONE, |session| desk::audit_trail(session, subject, limit))
    }

    fn changes(&self) -> broadcast::Receiver<IncidentId> {
        self.changes.subscribe()
    }
}
