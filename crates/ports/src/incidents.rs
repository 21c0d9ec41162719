//! Incidents, accounts, the outbox and the audit trail: what needs transactions. Times are kept to the microsecond.

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{
    AgencyId, Answer, BlockId, Change, Event, EventId, Incident, IncidentId, PlaceId, RegionId, Role, State,
};
use tokio::sync::broadcast;

use crate::{error::PortResult, log::PartitionPosition};

/// Most incidents on a page.
pub const INCIDENT_PAGE_MAX: usize = 500;
/// Days of [`BoardCounts::days`].
pub const BOARD_DAYS: u32 = 60;
/// Days a reply is kept at least; a store drops older ones when it writes the next.
pub const REPLIES_KEPT_DAYS: u32 = 7;

/// An incident to open.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIncident {
    /// The incident, at version 1.
    pub incident: Incident,
    /// The line of its history.
    pub change: Change,
}

/// A step of an incident that exists.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The incident after the step; its version is one higher than the stored one. Its posts, authors and risk are not
    /// written: a [`Refresh`] may have come in between.
    pub incident: Incident,
    /// The line of its history; `None` when only its clocks changed, which leaves the version as it was.
    pub change: Option<Change>,
    /// The answer given in the step.
    pub answer: Option<Answer>,
}

/// New counts of an incident whose event has grown. Leaves the version as it is: people's work is not disturbed.
#[derive(Debug, Clone, PartialEq)]
pub struct Refresh {
    /// The incident.
    pub id: IncidentId,
    /// Posts of its events.
    pub posts: u32,
    /// Independent authors.
    pub authors: u32,
    /// Risk, 0..1.
    pub risk: f32,
}

/// What is written in one transaction.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidentBatch {
    /// Incidents to open. One whose id is there already is left alone: the batch was written before.
    pub opened: Vec<NewIncident>,
    /// Steps of incidents.
    pub steps: Vec<Step>,
    /// New counts.
    pub refreshed: Vec<Refresh>,
    /// Events that belong to an incident besides the one it was opened for.
    pub joined: Vec<(EventId, IncidentId)>,
    /// The consumer's position after the batch: consumer, partition, first offset not handled.
    pub checkpoint: Option<(String, PartitionPosition)>,
    /// Audit entries.
    pub audit: Vec<AuditEntry>,
    /// The reply to remember for an idempotency key.
    pub reply: Option<IdempotentReply>,
}

/// A reply kept for a request that may come again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentReply {
    /// Who asked and the key: `token name:key`.
    pub key: String,
    /// SHA-256 of the request, hexadecimal: another request with the same key is refused.
    pub request: String,
    /// Status of the reply.
    pub status: u16,
    /// Its body.
    pub body: String,
    /// When it was given.
    pub at: Timestamp,
}

/// In which order incidents are listed. Each order ends with the id, so that pages do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IncidentOrder {
    /// Danger first, then risk: triage.
    #[default]
    Urgency,
    /// The nearest deadline first; those without one last.
    Due,
    /// The latest opened first.
    Opened,
    /// The latest changed first.
    Updated,
}

/// Which incidents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidentFilter {
    /// Of these regions; empty for all.
    pub regions: Vec<RegionId>,
    /// In these states; empty for all.
    pub states: Vec<State>,
    /// With these bodies; empty for all. The caller lists the subtree.
    pub agencies: Vec<AgencyId>,
    /// Of this block.
    pub block: Option<BlockId>,
    /// In this municipality.
    pub municipality: Option<PlaceId>,
    /// At least this bad.
    pub severity_min: u8,
    /// Only those with a breached clock that is still running (true), or none such (false).
    pub overdue: Option<bool>,
    /// Opened at or after.
    pub opened_from: Option<Timestamp>,
    /// Opened before.
    pub opened_to: Option<Timestamp>,
    /// Whose title or place has this text, letter case aside.
    pub text: Option<String>,
}

/// A page of incidents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidentQuery {
    /// Which.
    pub filter: IncidentFilter,
    /// In which order.
    pub order: IncidentOrder,
    /// At most so many, never more than [`INCIDENT_PAGE_MAX`].
    pub limit: usize,
    /// Skip so many.
    pub offset: usize,
}

/// An answer to an [`IncidentQuery`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IncidentPage {
    /// How many there are in all.
    pub total: u64,
    /// A page of them.
    pub incidents: Vec<Incident>,
}

/// Counts for boards. Open is what is not in a final state. Nothing is listed that is not there; equals come by id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BoardCounts {
    /// Incidents by state.
    pub states: Vec<(State, u64)>,
    /// Open ones by block, most first.
    pub blocks: Vec<(BlockId, u64)>,
    /// By body: open, overdue, those that ever got a final answer; most open first.
    pub agencies: Vec<(AgencyId, u64, u64, u64)>,
    /// By municipality: open, most first.
    pub municipalities: Vec<(PlaceId, u64)>,
    /// Per day of UTC: day, opened, got their first final answer; oldest first, [`BOARD_DAYS`] up to today.
    pub days: Vec<(Timestamp, u64, u64)>,
    /// Incidents with a final answer: full minutes from opening to the first answer, median and 90th percentile by
    /// nearest rank.
    pub first_answer_minutes: Option<(u64, u64)>,
    /// Ratings 1..=5.
    pub ratings: [u64; 5],
}

/// What waits to be told to others. Written in the transaction of the change, read in order of `sequence`.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxEntry {
    /// Grows with every entry; may leave gaps.
    pub sequence: u64,
    /// The incident after the change.
    pub incident: Incident,
    /// The change.
    pub change: Change,
}

/// An address that is told of changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The webhook.
    pub id: String,
    /// Where to send.
    pub url: String,
    /// The body whose subtree it is told of; `None` for everything.
    pub agency: Option<AgencyId>,
    /// Kinds of actions it is told of; empty for all.
    pub actions: Vec<String>,
    /// The secret its deliveries are signed with.
    pub secret: String,
    /// Whether it is on.
    pub active: bool,
    /// Outbox entries up to this one have been delivered or given up.
    pub delivered_to: u64,
}

/// How an attempt to deliver ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryResult {
    /// The receiver said 2xx.
    Succeeded,
    /// The receiver said something else.
    HttpError {
        /// What it said.
        status: u16,
    },
    /// No connection.
    Unreachable,
    /// No reply in time.
    TimedOut,
    /// The address is not a public one.
    Refused,
}

/// An attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The webhook.
    pub webhook: String,
    /// The outbox entry.
    pub sequence: u64,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// How it ended.
    pub result: DeliveryResult,
}

/// A person's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Login, lower case.
    pub login: String,
    /// Name shown.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The body it works for, when its role is [`Role::Agency`].
    pub agency: Option<AgencyId>,
    /// Argon2 hash of the password, PHC format.
    pub password_hash: String,
    /// Whether it may sign in.
    pub active: bool,
}

/// A signed-in browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// SHA-256 of the cookie's secret, hexadecimal.
    pub hash: String,
    /// The account.
    pub login: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A program's key to the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its name; also the actor's name in histories.
    pub name: String,
    /// SHA-256 of the secret, hexadecimal.
    pub hash: String,
    /// What it may do.
    pub role: Role,
    /// The body it works for, when its role is [`Role::Agency`].
    pub agency: Option<AgencyId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// Whether it has been taken back.
    pub revoked: bool,
}

/// A line of the audit trail: who did or saw what. It only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What, such as `sign_in`, `incident.route`, `event.split`.
    pub action: String,
    /// On what: an id.
    pub subject: String,
    /// Details without texts, authors or secrets.
    pub details: String,
}

/// The store of incidents.
#[async_trait]
pub trait Incidents: Send + Sync {
    /// Writes a batch in one transaction: all of it or nothing. Every opened incident and every step with a change
    /// also goes to the outbox, in order. A step that tells an incident anew takes its title and summary out of the
    /// entries before it, and out of the replies kept.
    ///
    /// # Errors
    /// `Conflict` when a step's incident is not at the version before it, or the reply's key is taken; `NotFound` when a
    /// step, a count or an event names an incident that is not there. Then nothing was written. `Unavailable`, `Full`.
    async fn write(&self, batch: IncidentBatch) -> PortResult<()>;

    /// The position a consumer has reached in a partition; 0 when it has written nothing.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn checkpoint(&self, consumer: &str, partition: u32) -> PortResult<u64>;

    /// The latest incident of each of these events, running or done; events without one are left out.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn by_events(&self, events: &[EventId]) -> PortResult<Vec<(EventId, Incident)>>;

    /// Every incident opened for one of these events, running or done, in the order of opening.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn opened_for(&self, events: &[EventId]) -> PortResult<Vec<Incident>>;

    /// Running incidents that `event` may belong to by topic and place: same region, topic and place id, latest first,
    /// at most ten.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn running_like(&self, event: &Event) -> PortResult<Vec<Incident>>;

    /// An incident. Errors: `Unavailable`.
    async fn get(&self, id: &IncidentId) -> PortResult<Option<Incident>>;

    /// Its events, the first first.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn events_of(&self, id: &IncidentId) -> PortResult<Vec<EventId>>;

    /// Its history, oldest first.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn history(&self, id: &IncidentId) -> PortResult<Vec<Change>>;

    /// Answers given, oldest first, with the time of each.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn answers(&self, id: &IncidentId) -> PortResult<Vec<(Timestamp, Answer)>>;

    /// A page of incidents.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn list(&self, query: &IncidentQuery) -> PortResult<IncidentPage>;

    /// Counts for boards.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn board(&self, filter: &IncidentFilter, now: Timestamp) -> PortResult<BoardCounts>;

    /// Incidents with a clock whose warning or deadline has come, or whose postponement has ended, at `now`; the
    /// longest due first. What has been noticed (a warning counted, a breach marked) is not given again.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn due(&self, now: Timestamp, limit: usize) -> PortResult<Vec<Incident>>;

    /// Runs `work` only if no other process runs it under the same name, and says whether it did: one reconciler of a
    /// kind at a time. The lock ends with the returned guard.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn try_lock(&self, name: &str) -> PortResult<Option<Box<dyn Send + Sync>>>;

    /// Outbox entries after a sequence, in order.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn outbox(&self, after: u64, limit: usize) -> PortResult<Vec<OutboxEntry>>;

    /// Drops outbox entries up to a sequence, all of whose readers have passed it, made before a time, and the attempts
    /// to deliver them made before it.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn trim_outbox(&self, up_to: u64, before: Timestamp) -> PortResult<()>;

    /// Webhooks.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn webhooks(&self) -> PortResult<Vec<Webhook>>;

    /// Adds a webhook or puts it in the place of the same id, whose `delivered_to` never goes back.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn put_webhook(&self, webhook: Webhook) -> PortResult<()>;

    /// Deletes a webhook; its deliveries stay. Says whether there was one.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn delete_webhook(&self, id: &str) -> PortResult<bool>;

    /// Notes an attempt; moves the webhook on to `delivered_to` where it is given.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn note_delivery(&self, delivery: Delivery, delivered_to: Option<u64>) -> PortResult<()>;

    /// Attempts of a webhook, the latest first.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn deliveries(&self, webhook: &str, limit: usize) -> PortResult<Vec<Delivery>>;

    /// An account by login.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn account(&self, login: &str) -> PortResult<Option<Account>>;

    /// All accounts, by login.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn accounts(&self) -> PortResult<Vec<Account>>;

    /// Adds an account or puts it in the place of the same login.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn put_account(&self, account: Account) -> PortResult<()>;

    /// Adds a session; drops those that ended before `now`.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn put_session(&self, session: Session, now: Timestamp) -> PortResult<()>;

    /// A session that has not ended at `now`.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn session(&self, hash: &str, now: Timestamp) -> PortResult<Option<Session>>;

    /// Ends a session.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn delete_session(&self, hash: &str) -> PortResult<()>;

    /// A token by the hash of its secret.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn token(&self, hash: &str) -> PortResult<Option<Token>>;

    /// All tokens, by name.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn tokens(&self) -> PortResult<Vec<Token>>;

    /// Adds a token.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    async fn add_token(&self, token: Token) -> PortResult<()>;

    /// Takes a token back. Says whether there was one.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn revoke_token(&self, name: &str) -> PortResult<bool>;

    /// The reply kept for an idempotency key.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn reply(&self, key: &str) -> PortResult<Option<IdempotentReply>>;

    /// Adds audit entries.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn audit(&self, entries: Vec<AuditEntry>) -> PortResult<()>;

    /// The audit trail, the latest first, of a subject when one is given.
    ///
    /// # Errors
    /// `Unavailable`.
    async fn audit_trail(&self, subject: Option<&str>, limit: usize) -> PortResult<Vec<AuditEntry>>;

    /// Tells of changed incidents by id, for pages that show them. A slow listener loses the oldest.
    fn changes(&self) -> broadcast::Receiver<IncidentId>;
}
