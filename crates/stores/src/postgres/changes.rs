//! Who listens to changes hears those of every process: its own at once, others' by `NOTIFY`.

use std::{
    future::poll_fn,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use otklik_domain::IncidentId;
use tokio::{
    sync::broadcast,
    task::{AbortHandle, JoinSet},
};
use tokio_postgres::{AsyncMessage, Client};

use super::{
    columns::Text,
    connections::{Connections, Session},
    failure::Result,
};

/// Changes a listener may lag behind before it loses the oldest.
const CHANGES_KEPT: usize = 1_024;
/// The name notices go under.
const CHANNEL: &str = "otklik_incidents";
/// A notice holds at most so many bytes; PostgreSQL allows 8,000.
const NOTICE_BYTES_MAX: usize = 7_500;
/// When to connect again after the connection was lost.
const AGAIN: Duration = Duration::from_secs(1);

/// Changes on their way to listeners.
pub(super) struct Changes {
    ear: Arc<Ear>,
    listening: AbortHandle,
}

struct Ear {
    /// Tells the notices of this process from those of others.
    process: String,
    listeners: broadcast::Sender<IncidentId>,
    /// The latest sequence of the outbox heard of.
    heard: AtomicI64,
}

impl Changes {
    /// Begins to listen to other processes.
    pub(super) fn listen(connections: &Connections) -> Self {
        let ear = Arc::new(Ear {
            process: format!("{:016x}", rand::random::<u64>()),
            listeners: broadcast::Sender::new(CHANGES_KEPT),
            heard: AtomicI64::new(i64::MAX),
        });
        let listening = tokio::spawn(listen_again_and_again(Arc::clone(&ear), connections.clone())).abort_handle();
        Self { ear, listening }
    }

    /// The name of this process in notices.
    pub(super) fn process(&self) -> &str {
        &self.ear.process
    }

    /// Tells of changes of this process.
    pub(super) fn tell(&self, changed: Vec<IncidentId>) {
        self.ear.tell(changed);
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<IncidentId> {
        self.ear.listeners.subscribe()
    }
}

impl Drop for Changes {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Tells other processes when the transaction is committed: a line with the process and the latest sequence of the outbox,
/// then a line for each incident.
pub(super) async fn notify(session: &Session, process: &str, changed: &[IncidentId]) -> Result<()> {
    let sql = "SELECT pg_notify($1, $2 || ' ' || (SELECT coalesce(max(sequence), 0) FROM outbox) || $3)";
    for lines in notices(changed) {
        session.query(sql, &[&CHANNEL, &Text(process), &Text(&lines)]).await?;
    }
    Ok(())
}

/// Incidents, each after a line break, cut to what a notice may hold.
fn notices(changed: &[IncidentId]) -> Vec<String> {
    let mut notices: Vec<String> = Vec::new();
    for id in changed {
        let id = id.as_str();
        match notices.last_mut() {
            Some(lines) if lines.len() + id.len() < NOTICE_BYTES_MAX => {
                lines.push('\n');
                lines.push_str(id);
            }
            _ => notices.push(format!("\n{id}")),
        }
    }
    // No program makes an id that long; what does not fit must not stop the batch.
    notices.retain(|lines| lines.len() <= NOTICE_BYTES_MAX);
    notices
}

async fn listen_again_and_again(ear: Arc<Ear>, connections: Connections) {
    loop {
        // `answer` bounds the time to connect; what went wrong is told there.
        match connections.answer(listen(&ear, &connections)).await {
            Ok(mut listening) => {
                listening.join_next().await;
                tracing::warn!("connection that hears of other processes' changes was lost, it is made again");
            }
            Err(error) => {
                tracing::warn!(%error, source = ?error.source, "cannot hear of other processes' changes");
            }
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Connects and begins to hear. The set ends with the connection.
async fn listen(ear: &Arc<Ear>, connections: &Connections) -> Result<JoinSet<()>> {
    let (client, mut connection) = connections.dedicated().await?;
    let mut listening = JoinSet::new();
    let own = Arc::clone(ear);
    listening.spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notice) = message {
                own.hear(notice.payload());
            }
        }
    });
    client.batch_execute(&format!("LISTEN {CHANNEL}")).await?;
    catch_up(ear, &client).await?;
    // The connection lives as long as its client.
    listening.spawn(async move {
        let _client = client;
        std::future::pending::<()>().await;
    });
    Ok(listening)
}

/// Tells what was missed between two connections: the changes of the outbox since the last one heard of.
async fn catch_up(ear: &Ear, client: &Client) -> Result<()> {
    let kept = i64::try_from(CHANGES_KEPT).unwrap_or(i64::MAX);
    let heard = ear.heard.load(Ordering::Acquire);
    let sql =
        "SELECT sequence, incident::json ->> 'id' FROM outbox WHERE sequence > $1 ORDER BY sequence DESC LIMIT $2";
    let missed = client.query(sql, &[&heard, &kept]).await?;
    for row in missed.iter().rev() {
        ear.tell([IncidentId::new(row.try_get::<_, String>(1)?)]);
    }
    let last = client.query_one("SELECT coalesce(max(sequence), 0) FROM outbox", &[]).await?;
    ear.heard.store(last.try_get(0)?, Ordering::Release);
    Ok(())
}

impl Ear {
    fn tell(&self, changed: impl IntoIterator<Item = IncidentId>) {
        for id in changed {
            // Nobody may be listening.
            self.listeners.send(id).ok();
        }
    }

    /// Takes a notice; what is none of Otklik's is left alone.
    fn hear(&self, notice: &str) {
        let Some((head, ids)) = notice.split_once('\n') else { return };
        let Some((process, sequence)) = head.split_once(' ') else { return };
        let Ok(sequence) = sequence.parse() else { return };
        // Before the first connection caught up nothing counts as heard.
        if self.heard.load(Ordering::Acquire) != i64::MAX {
            self.heard.fetch_max(sequence, Ordering::AcqRel);
        }
        if process != self.process {
            self.tell(ids.split('\n').map(IncidentId::new));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_hold_what_they_may() {
        assert_eq!(notices(&[]), [""; 0]);
        assert_eq!(notices(&["a".into(), "b".into()]), ["\na\nb"]);
        let many: Vec<IncidentId> = (0..2_000).map(|number| IncidentId::new(format!("incident-{number}"))).collect();
        let cut = notices(&many);
        assert!(cut.len() > 1 && cut.iter().all(|lines| lines.len() <= NOTICE_BYTES_MAX));
        assert_eq!(cut.concat().split('\n').skip(1).count(), 2_000, "each in one of them");
        assert_eq!(notices(&["x".repeat(8_000).as_str().into(), "b".into()]).last().unwrap(), "\nb");
    }

    #[test]
    fn notices_of_others_are_told() {
        let ear = Ear { process: "me".to_owned(), listeners: broadcast::Sender::new(8), heard: AtomicI64::new(1) };
        let mut told = ear.listeners.subscribe();
        for notice in ["me 5\na", "other 7\nb\nc", "nonsense", "other x\nd", "\n\n", ""] {
            ear.hear(notice);
        }
        let mut ids = Vec::new();
        while let Ok(id) = told.try_recv() {
            ids.push(id.to_string());
        }
        assert_eq!((ids, ear.heard.into_inner()), (vec!["b".to_owned(), "c".to_owned()], 7));
    }
}
