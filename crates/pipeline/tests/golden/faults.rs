//! Ports that fail, or let the process die, at the n-th call.

use std::{
    collections::BTreeMap,
    future::{Future, pending, ready},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Answer, Change, Event, EventId, Incident, IncidentId, PostId, Span};
use otklik_ports::{
    Account, AuditEntry, BoardCounts, Consumer, Count, CountBy, Cursor, CurvePoint, Delivery, ErrorKind, EventQuery,
    IdempotentReply, IncidentBatch, IncidentFilter, IncidentPage, IncidentQuery, Incidents, Lag, Log, OutboxEntry,
    Output, PartitionPosition, Polled, PortError, PortResult, PostBatch, PostFilter, PostRow, Posts, Record, Retention,
    Search, SearchBatch, SearchPage, SearchQuery, Session, Snapshot, Snapshots, Timeline, TimelinePoint, Token, Topic,
    Webhook,
};
use tokio::sync::{Notify, broadcast};

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused as unavailable, without effect.
    FailBefore,
    /// It takes effect, but its answer is lost.
    FailAfter,
    /// The process dies before it.
    KillBefore,
    /// The process dies when it has taken effect.
    KillAfter,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::FailBefore, Self::FailAfter, Self::KillBefore, Self::KillAfter];

    /// Whether it makes a difference at a call. A call that only reads has no effect that could come before its failure. Of
    /// polls only those that bring something are counted, so that they cannot fail any more; but the process can die with what
    /// they brought in its hands.
    pub(crate) fn can_strike(self, call: &str) -> bool {
        const WRITES: [&str; 8] = [
            "commit",
            "seek",
            "Log::append",
            "Log::forget",
            "Snapshots::save",
            "Posts::write",
            "Search::write",
            "Incidents::write",
        ];
        match self {
            Self::FailBefore => call != "poll",
            Self::KillBefore => true,
            Self::FailAfter | Self::KillAfter => WRITES.contains(&call),
        }
    }
}

/// Counts calls, and strikes at one of them.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    strike: Option<(usize, Fault)>,
    calls: Mutex<Vec<&'static str>>,
    killed: Notify,
    /// The call that waits for the test.
    pause_at: Mutex<Option<&'static str>>,
    paused: Notify,
    resumed: Notify,
}

impl Faults {
    pub(crate) fn new(strike: Option<(usize, Fault)>) -> Arc<Self> {
        Arc::new(Self { strike, ..Self::default() })
    }

    /// The names of the calls so far.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    /// Returns when the process has to die.
    pub(crate) async fn killed(&self) {
        self.killed.notified().await;
    }

    /// Lets the next call of this name wait until the test resumes it.
    pub(crate) fn pause_at(&self, name: &'static str) {
        *self.pause_at.lock().unwrap() = Some(name);
    }

    /// Returns when a call waits.
    pub(crate) async fn paused(&self) {
        self.paused.notified().await;
    }

    /// Lets the waiting call go on.
    pub(crate) fn resume(&self) {
        self.resumed.notify_one();
    }

    async fn around<T>(&self, name: &'static str, call: impl Future<Output = PortResult<T>>) -> PortResult<T> {
        if self.pause_at.lock().unwrap().take_if(|at| *at == name).is_some() {
            self.paused.notify_one();
            self.resumed.notified().await;
        }
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(name);
            calls.len() - 1
        };
        let unavailable = || Err(PortError::new(ErrorKind::Unavailable, format!("call {number} of {name} fails")));
        match self.strike.filter(|(at, _)| *at == number) {
            None => call.await,
            Some((_, Fault::FailBefore)) => unavailable(),
            Some((_, Fault::FailAfter)) => {
                call.await?;
                unavailable()
            }
            Some((_, Fault::KillBefore)) => self.die().await,
            Some((_, Fault::KillAfter)) => {
                drop(call.await);
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> T {
        self.killed.notify_one();
        pending().await
    }
}

/// A port with faults.
#[derive(Clone)]
pub(crate) struct Faulty<P: ?Sized> {
    pub(crate) port: Arc<P>,
    pub(crate) faults: Arc<Faults>,
}

/// Implements a port by passing every call on through the faults.
macro_rules! passing {
    ($port:ident, { $($rest:tt)* }, $($name:ident($($arg:ident: $type:ty),*) -> $out:ty;)*) => {
        #[async_trait]
        impl $port for Faulty<dyn $port> {
            $(async fn $name(&self, $($arg: $type),*) -> PortResult<$out> {
                self.faults.around(concat!(stringify!($port), "::", stringify!($name)), self.port.$name($($arg),*)).await
            })*
            $($rest)*
        }
    };
}

passing! { Snapshots, {},
    save(stage: &str, partition: u32, snapshot: Snapshot) -> ();
    load(stage: &str, partition: u32) -> Option<Snapshot>;
}

passing! { Posts, {},
    write(batch: PostBatch) -> ();
    get(ids: &[PostId]) -> Vec<PostRow>;
    list(filter: &PostFilter, limit: usize, offset: usize) -> Vec<PostRow>;
    count(filter: &PostFilter) -> u64;
    count_by(by: &CountBy, filter: &PostFilter, limit: usize) -> Vec<Count>;
    timeline(filter: &PostFilter, step: Timeline) -> Vec<TimelinePoint>;
    event(id: &EventId) -> Option<Event>;
    events(query: &EventQuery) -> Vec<Event>;
    curve(event: &EventId, step_minutes: u16) -> Vec<CurvePoint>;
    expire(before: Timestamp) -> ();
}

passing! { Search, {
        fn highlight(&self, query: &str, text: &str) -> Vec<Span> {
            self.port.highlight(query, text)
        }
    },
    write(batch: SearchBatch) -> ();
    position(partition: u32) -> u64;
    query(query: &SearchQuery) -> SearchPage;
    expire(before: Timestamp) -> ();
}

passing! { Incidents, {
        fn changes(&self) -> broadcast::Receiver<IncidentId> {
            self.port.changes()
        }
    },
    write(batch: IncidentBatch) -> ();
    checkpoint(consumer: &str, partition: u32) -> u64;
    by_events(events: &[EventId]) -> Vec<(EventId, Incident)>;
    opened_for(events: &[EventId]) -> Vec<Incident>;
    running_like(event: &Event) -> Vec<Incident>;
    get(id: &IncidentId) -> Option<Incident>;
    events_of(id: &IncidentId) -> Vec<EventId>;
    history(id: &IncidentId) -> Vec<Change>;
    answers(id: &IncidentId) -> Vec<(Timestamp, Answer)>;
    list(query: &IncidentQuery) -> IncidentPage;
    board(filter: &IncidentFilter, now: Timestamp) -> BoardCounts;
    due(now: Timestamp, limit: usize) -> Vec<Incident>;
    try_lock(name: &str) -> Option<Box<dyn Send + Sync>>;
    outbox(after: u64, limit: usize) -> Vec<OutboxEntry>;
    trim_outbox(up_to: u64, before: Timestamp) -> ();
    webhooks() -> Vec<Webhook>;
    put_webhook(webhook: Webhook) -> ();
    delete_webhook(id: &str) -> bool;
    note_delivery(delivery: Delivery, delivered_to: Option<u64>) -> ();
    deliveries(webhook: &str, limit: usize) -> Vec<Delivery>;
    account(login: &str) -> Option<Account>;
    accounts() -> Vec<Account>;
    put_account(account: Account) -> ();
    put_session(session: Session, now: Timestamp) -> ();
    session(hash: &str, now: Timestamp) -> Option<Session>;
    delete_session(hash: &str) -> ();
    token(hash: &str) -> Option<Token>;
    tokens() -> Vec<Token>;
    add_token(token: Token) -> ();
    revoke_token(name: &str) -> bool;
    reply(key: &str) -> Option<IdempotentReply>;
    audit(entries: Vec<AuditEntry>) -> ();
    audit_trail(subject: Option<&str>, limit: usize) -> Vec<AuditEntry>;
}

passing! { Log, {
        async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
            let inner = self.faults.around("Log::consumer", self.port.consumer(group, topic)).await?;
            Ok(Box::new(FaultyConsumer { inner, faults: Arc::clone(&self.faults) }))
        }
    },
    append(topic: Topic, records: Vec<Record>, cursor: Option<Cursor>, now: Timestamp) -> ();
    cursor(source: &str) -> Option<String>;
    lag(group: &str, topic: Topic) -> Vec<Lag>;
    trim(topic: Topic, retention: Retention) -> u64;
    forget(region: &str, key: &str) -> u64;
    say(member: &str, word: Option<String>) -> ();
    said() -> BTreeMap<String, String>;
}

struct FaultyConsumer {
    inner: Box<dyn Consumer>,
    faults: Arc<Faults>,
}

#[async_trait]
impl Consumer for FaultyConsumer {
    async fn poll(&mut self, max: usize, wait: Duration) -> PortResult<Polled> {
        let Self { inner, faults } = self;
        match inner.poll(max, wait).await {
            Ok(Polled::Idle) => Ok(Polled::Idle),
            brought => faults.around("poll", ready(brought)).await,
        }
    }

    async fn commit(&mut self, next: PartitionPosition, outputs: Vec<Output>, now: Timestamp) -> PortResult<()> {
        let Self { inner, faults } = self;
        faults.around("commit", inner.commit(next, outputs, now)).await
    }

    async fn seek(&mut self, to: PartitionPosition) -> PortResult<()> {
        let Self { inner, faults } = self;
        faults.around("seek", inner.seek(to)).await
    }
}
