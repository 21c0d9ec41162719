//! What outlives the process, and what is in it at the end of a story.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use jiff::Timestamp;
use otklik_domain::{ActionKind, RegionId};
use otklik_engine::{region::Region, sla::Calendar};
use otklik_pipeline::{Knowledge, reconcile};
use otklik_ports::{
    EventQuery, FixedClock, INCIDENT_PAGE_MAX, IncidentOrder, IncidentQuery, Incidents, Log, Polled, PostFilter, Posts,
    Search, SearchQuery, StoredRecord, Topic,
    memory::{MemoryIncidents, MemoryLog, MemoryPosts, MemorySearch, MemorySnapshots},
};
use otklik_text::{Dictionary, SourceFile};
use otklik_wire::{
    self as wire,
    log::{DeadLetter, IncidentChanged, Message},
};

/// Dictionaries and region, shared by all runs: the demonstration's, as shipped.
pub(crate) fn load() -> Knowledge {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dictionaries");
    let mut files = Vec::new();
    collect(&root, "", &mut files);
    files.sort();
    let sources: Vec<SourceFile<'_>> = files.iter().map(|(path, content)| SourceFile { path, content }).collect();
    let source = |path: &str| sources.iter().find(|file| file.path == path).expect("a file of the dictionaries");
    let dictionary = Arc::new(Dictionary::compile(&sources).expect("dictionaries without mistakes"));
    let mut calendar = Calendar::default();
    calendar.add_xml(source("calendar/ru-2026.xml").content).expect("a calendar");
    let region = Region::parse(source("regions/demo.toml"), Some(source("policies.toml")), calendar);
    Knowledge {
        version: dictionary.version().to_owned(),
        dictionary,
        models: Vec::new(),
        regions: vec![Arc::new(region.expect("a region without mistakes"))],
    }
}

fn collect(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder of the dictionaries") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        // Places of other regions would only take time.
        let is_wanted = below != "places/" || ["ru.tsv", "demo.tsv"].contains(&name.as_str());
        if path.is_dir() {
            collect(&path, &format!("{below}{name}/"), files);
        } else if is_wanted {
            files.push((format!("{below}{name}"), fs::read_to_string(&path).expect("text")));
        }
    }
}

/// The stores.
pub(crate) struct World {
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) snapshots: Arc<MemorySnapshots>,
    pub(crate) posts: Arc<MemoryPosts>,
    pub(crate) search: Arc<MemorySearch>,
    pub(crate) incidents: Arc<MemoryIncidents>,
    pub(crate) clock: Arc<FixedClock>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            log: Arc::new(MemoryLog::new(2)),
            snapshots: Arc::default(),
            posts: Arc::default(),
            search: Arc::default(),
            incidents: Arc::default(),
            clock: Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH)),
        }
    }

    /// Everything in the stores and in the log, a line each.
    ///
    /// The order between incidents in the outbox, and the counts an incident had at a change, depend on where batches begin
    /// and end; the order of one incident's changes does not.
    pub(crate) async fn content(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for row in self.posts.list(&PostFilter::default(), 1_000, 0).await.unwrap() {
            lines.push(format!("post {row:?}"));
        }
        for event in self.posts.events(&EventQuery { limit: 1_000, ..EventQuery::default() }).await.unwrap() {
            lines.push(format!("event {event:?}"));
        }
        let query = SearchQuery { limit: 200, latest_first: true, ..SearchQuery::default() };
        let mut found: Vec<String> =
            self.search.query(&query).await.unwrap().hits.iter().map(|hit| format!("found {}", hit.id)).collect();
        found.sort();
        lines.append(&mut found);
        for partition in 0..2 {
            let position = self.search.position(partition).await.unwrap();
            let checkpoint = self.incidents.checkpoint("incidents", partition).await.unwrap();
            lines.push(format!("partition {partition}: indexed to {position}, incidents to {checkpoint}"));
        }
        for incident in self.incident_list().await {
            let (id, incident) = (incident.id.clone(), format!("{incident:?}"));
            let events = self.incidents.events_of(&id).await.unwrap();
            let (history, answers) =
                (self.incidents.history(&id).await.unwrap(), self.incidents.answers(&id).await.unwrap());
            lines.push(format!("incident {incident} events {events:?} answers {answers:?}"));
            lines.extend(history.iter().map(|change| format!("history of {id} {change:?}")));
        }
        for topic in [Topic::Posts, Topic::Analysed, Topic::Grouped] {
            let records = self.records(topic).await;
            let line = |(partition, record): &(u32, StoredRecord)| {
                let payload = String::from_utf8_lossy(&record.payload);
                format!("{}/{partition} {} {} {payload}", topic.as_str(), record.offset, record.key)
            };
            lines.extend(records.iter().map(line));
        }
        let mut letters: Vec<String> =
            self.dead_letters().await.iter().map(|letter| format!("dead letter {letter:?}")).collect();
        letters.sort();
        lines.append(&mut letters);
        for (id, told) in self.told().await {
            lines.extend(told.iter().map(|change| format!("told of {id} {change}")));
        }
        let account = reconcile(self.log.as_ref(), self.posts.as_ref(), self.search.as_ref()).await.unwrap();
        assert!(account.balances(), "{account}");
        lines.push(format!("{account:?}"));
        lines
    }

    /// Every incident, by id.
    pub(crate) async fn incident_list(&self) -> Vec<otklik_domain::Incident> {
        let query =
            IncidentQuery { limit: INCIDENT_PAGE_MAX, order: IncidentOrder::Opened, ..IncidentQuery::default() };
        let mut list = self.incidents.list(&query).await.unwrap().incidents;
        list.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
        list
    }

    pub(crate) async fn dead_letters(&self) -> Vec<DeadLetter> {
        let records = self.records(Topic::DeadLetters).await.into_iter();
        records.map(|(_, record)| Message::from_bytes(&record.payload).unwrap().body).collect()
    }

    /// What the topic `incidents` says of each incident, in order.
    async fn told(&self) -> BTreeMap<String, Vec<String>> {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, record) in self.records(Topic::Incidents).await {
            if record.payload.is_empty() {
                continue;
            }
            let message: Message<IncidentChanged> = Message::from_bytes(&record.payload).unwrap();
            let IncidentChanged { incident, change } = message.body;
            let incident = wire::Incident { posts: 0, authors: 0, risk: 0.0, ..incident };
            let of_it = told.entry(incident.id.clone()).or_default();
            if incident.version == change.version && change.action == ActionKind::Retell {
                // What was said before is emptied, but for what was not said yet.
                of_it.clear();
            }
            of_it.push(format!("{change:?} {incident:?}"));
        }
        told
    }

    /// The records of a topic, with their partition.
    pub(crate) async fn records(&self, topic: Topic) -> Vec<(u32, StoredRecord)> {
        let mut consumer = self.log.consumer("reader", topic).await.unwrap();
        let mut all = Vec::new();
        loop {
            match consumer.poll(1_000, Duration::from_millis(10)).await.unwrap() {
                Polled::Records { partition, records } => {
                    all.extend(records.into_iter().map(|record| (partition, record)));
                }
                Polled::Idle => break,
                Polled::Assigned(_) | Polled::Revoked(_) => {}
            }
        }
        all.sort_by_key(|(partition, record)| (*partition, record.offset));
        all
    }

    /// The partition of the demonstration's region and how much of a topic a group has still to read.
    pub(crate) async fn lag(&self, group: &str, topic: Topic) -> u64 {
        let lags = self.log.lag(group, topic).await.unwrap();
        lags.iter().map(|lag| lag.end - lag.committed).sum()
    }

    pub(crate) fn region() -> RegionId {
        RegionId::new("demo")
    }
}
