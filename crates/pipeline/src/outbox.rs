//! Tells the log of every change of an incident.

use otklik_domain::ActionKind;
use otklik_ports::{Cursor, Incidents, Log, PortResult, Record, Topic};
use otklik_wire::{
    self as wire,
    log::{IncidentChanged, Message},
};

/// Name of the cursor that remembers how far the outbox has been told.
const CURSOR: &str = "outbox";
/// Entries told in one step.
const ENTRIES_MAX: usize = 1000;

/// Appends what waits in the outbox to topic `incidents`, each entry once; gives their number. Entries and position are
/// written in one step, so running it again after a kill goes on where it stopped. What was said of an incident before it was
/// told anew is emptied in the log first.
///
/// # Errors
/// The stores' and the log's.
pub async fn relay_outbox(incidents: &dyn Incidents, log: &dyn Log, now: jiff::Timestamp) -> PortResult<usize> {
    let told = log.cursor(CURSOR).await?.and_then(|position| position.parse::<u64>().ok()).unwrap_or_default();
    let entries = incidents.outbox(told, ENTRIES_MAX).await?;
    let Some(last) = entries.last() else { return Ok(0) };
    let cursor = Cursor { source: CURSOR.to_owned(), position: last.sequence.to_string() };
    let mut records = Vec::with_capacity(entries.len());
    for entry in &entries {
        let body = IncidentChanged {
            incident: wire::Incident::from(&entry.incident),
            change: wire::Change::from(&entry.change),
        };
        let payload = Message::new(entry.change.at.to_string(), body).to_bytes().map_err(|invalid| {
            otklik_ports::PortError::caused(otklik_ports::ErrorKind::Internal, "cannot write the message", invalid)
        })?;
        let (region, key) = (entry.incident.region.to_string(), entry.incident.id.to_string());
        records.push(Record { region, key, payload });
    }
    for retold in entries.iter().filter(|entry| entry.change.action == ActionKind::Retell) {
        log.forget(retold.incident.region.as_str(), retold.incident.id.as_str()).await?;
    }
    log.append(Topic::Incidents, records, Some(cursor), now).await?;
    Ok(entries.len())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc, time::Duration};

    use async_trait::async_trait;
    use jiff::Timestamp;
    use otklik_domain::{Actor, BlockId, EventId, IncidentId, OpenedBy, Opening, PostId, RegionId, Severity, open};
    use otklik_ports::{
        Consumer, ErrorKind, IncidentBatch, Lag, NewIncident, Polled, PortError, Retention,
        memory::{MemoryIncidents, MemoryLog},
    };

    use super::*;

    fn opened(number: usize) -> NewIncident {
        let opening = Opening {
            id: IncidentId::new(format!("i-{number}")),
            region: RegionId::new("demo"),
            event: EventId::new(format!("e-{number}")),
            post: PostId::new(format!("vk:{number}")),
            title: String::new(),
            summary: String::new(),
            topic: None,
            block: BlockId::new("other"),
            place: None,
            place_name: String::new(),
            municipality: None,
            point: None,
            severity: Severity::new(1),
            policy: "none".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            opened_by: OpenedBy::Appeal,
            posts: 1,
            authors: 1,
            risk: 0.0,
            repeats: None,
        };
        let (incident, change) = open(opening, &Actor::system());
        NewIncident { incident, change }
    }

    async fn incidents(number: usize) -> MemoryIncidents {
        let incidents = MemoryIncidents::default();
        let batch = IncidentBatch { opened: (0..number).map(opened).collect(), ..IncidentBatch::default() };
        incidents.write(batch).await.unwrap();
        incidents
    }

    /// Keys in topic `incidents`, in order.
    async fn told(log: &dyn Log) -> Vec<String> {
        let mut consumer = log.consumer("test", Topic::Incidents).await.unwrap();
        let mut keys = Vec::new();
        loop {
            match consumer.poll(10_000, Duration::ZERO).await.unwrap() {
                Polled::Records { records, .. } => keys.extend(records.into_iter().map(|record| record.key)),
                Polled::Idle => return keys,
                Polled::Assigned(_) | Polled::Revoked(_) => {}
            }
        }
    }

    async fn relay_all(incidents: &MemoryIncidents, log: &dyn Log) -> PortResult<usize> {
        let mut told = 0;
        loop {
            match relay_outbox(incidents, log, Timestamp::UNIX_EPOCH).await? {
                0 => return Ok(told),
                entries => told += entries,
            }
        }
    }

    #[tokio::test]
    async fn tells_everything_once_and_in_order() {
        let incidents = incidents(ENTRIES_MAX + 5).await;
        let log = MemoryLog::new(4);
        assert_eq!(relay_all(&incidents, &log).await.unwrap(), ENTRIES_MAX + 5);
        let expected: Vec<String> = (0..ENTRIES_MAX + 5).map(|number| format!("i-{number}")).collect();
        assert_eq!(told(&log).await, expected);
        assert_eq!(relay_all(&incidents, &log).await.unwrap(), 0);
    }

    /// A log that fails an append, before or after it took effect.
    struct Failing {
        log: Arc<MemoryLog>,
        has_effect: bool,
    }

    #[async_trait]
    impl Log for Failing {
        async fn append(
            &self,
            topic: Topic,
            records: Vec<Record>,
            cursor: Option<Cursor>,
            now: Timestamp,
        ) -> PortResult<()> {
            if self.has_effect {
                self.log.append(topic, records, cursor, now).await?;
            }
            Err(PortError::new(ErrorKind::Unavailable, "no answer"))
        }

        async fn cursor(&self, source: &str) -> PortResult<Option<String>> {
            self.log.cursor(source).await
        }

        async fn consumer(&self, group: &str, topic: Topic) -> PortResult<Box<dyn Consumer>> {
            self.log.consumer(group, topic).await
        }

        async fn lag(&self, group: &str, topic: Topic) -> PortResult<Vec<Lag>> {
            self.log.lag(group, topic).await
        }

        async fn trim(&self, topic: Topic, retention: Retention) -> PortResult<u64> {
            self.log.trim(topic, retention).await
        }

        async fn forget(&self, region: &str, key: &str) -> PortResult<u64> {
            self.log.forget(region, key).await
        }

        async fn say(&self, member: &str, word: Option<String>) -> PortResult<()> {
            self.log.say(member, word).await
        }

        async fn said(&self) -> PortResult<BTreeMap<String, String>> {
            self.log.said().await
        }
    }

    #[tokio::test]
    async fn a_kill_between_sending_and_noting_it_tells_nothing_twice() {
        for has_effect in [false, true] {
            let incidents = incidents(3).await;
            let log = Arc::new(MemoryLog::new(4));
            let failing = Failing { log: Arc::clone(&log), has_effect };
            relay_all(&incidents, &failing).await.unwrap_err();
            relay_all(&incidents, log.as_ref()).await.unwrap();
            assert_eq!(told(log.as_ref()).await, ["i-0", "i-1", "i-2"], "{has_effect}");
        }
    }
}
