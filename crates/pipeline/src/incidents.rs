//! Stage `incidents`: turns events into incidents with a body and deadlines.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{
    Action, Actor, Analysis, Event, EventId, Incident, IncidentId, PlaceId, Post, RegionId, Submission, TopicId,
};
use otklik_engine::{
    incidents::{Decision, Joined, Known, act, decide},
    region::Region,
};
use otklik_ports::{
    IncidentBatch, Incidents, NewIncident, PartitionPosition, PortResult, Refresh, Step, StoredRecord, Topic,
};
use otklik_wire::{
    Invalid,
    log::{Correction, Grouped, GroupedPost, Message},
    time,
};

use crate::{
    counters::Outcome,
    runner::{Batch, Handled, Stage, count},
};

const NAME: &str = "incidents";
/// Why an incident nobody has worked on ends when all its posts were deleted.
const DELETED: &str = "сообщения удалены в источнике";

/// Names that reasons of a route are told in.
pub trait Names: Send + Sync {
    /// Name of a topic.
    fn topic(&self, id: &TopicId) -> String;

    /// Name of a place.
    fn place(&self, id: &PlaceId) -> String;
}

/// Grouped posts in, incidents in their store out. The position is written with the incidents, so that none is decided twice.
pub struct IncidentsStage {
    incidents: Arc<dyn Incidents>,
    regions: Vec<Arc<Region>>,
    names: Arc<dyn Names>,
    /// By partition: the first offset that is not in the store.
    checkpoints: BTreeMap<u32, u64>,
}

impl std::fmt::Debug for IncidentsStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncidentsStage").field("checkpoints", &self.checkpoints).finish_non_exhaustive()
    }
}

impl IncidentsStage {
    /// A stage for the regions configured. Posts of other regions open no incidents.
    pub fn new(incidents: Arc<dyn Incidents>, regions: Vec<Arc<Region>>, names: Arc<dyn Names>) -> Self {
        Self { incidents, regions, names, checkpoints: BTreeMap::new() }
    }

    fn region(&self, id: &RegionId) -> Option<Arc<Region>> {
        self.regions.iter().find(|region| region.id == *id).cloned()
    }

    async fn one(&self, record: &StoredRecord, work: &mut Work) -> PortResult<Result<Outcome, Invalid>> {
        let message: Message<Grouped> = match Message::from_bytes(&record.payload) {
            Ok(message) => message,
            Err(invalid) => return Ok(Err(invalid)),
        };
        let now = match time::parse("at", &message.at) {
            Ok(now) => now,
            Err(invalid) => return Ok(Err(invalid)),
        };
        match message.body {
            Grouped::Post(grouped) => self.post(*grouped, now, work).await,
            Grouped::Deletion { events, .. } => self.shrunk(events, now, work).await,
            Grouped::Correction { correction, events, .. } => {
                if let Correction::MergeEvents { from, into, .. } = correction {
                    self.merged(&EventId::new(from), &EventId::new(into), now, work).await?;
                }
                self.shrunk(events, now, work).await
            }
        }
    }

    async fn post(
        &self,
        grouped: GroupedPost,
        now: Timestamp,
        work: &mut Work,
    ) -> PortResult<Result<Outcome, Invalid>> {
        let (post, analysis, event) = match read(grouped.post, grouped.event) {
            Ok(read) => read,
            Err(invalid) => return Ok(Err(invalid)),
        };
        if grouped.seen_before {
            return Ok(Ok(Outcome::Repeated));
        }
        let Some(region) = self.region(&event.region) else { return Ok(Ok(Outcome::Done)) };
        let of_event = self.latest(&event.id, work).await?;
        let like_it = match &of_event {
            None if is_address(&event) => self.running_like(&event, work).await?,
            _ => None,
        };
        let joined = Joined {
            post: &post,
            analysis: &analysis,
            event: &event,
            topic_name: &event.topic.as_ref().map(|topic| self.names.topic(topic)).unwrap_or_default(),
            municipality_name: &event.municipality.as_ref().map(|place| self.names.place(place)).unwrap_or_default(),
        };
        let known = Known { of_event: of_event.as_ref(), like_it: like_it.as_ref() };
        match decide(&joined, known, &region, now) {
            Decision::Nothing => {}
            Decision::Open(opened) => work.open(opened.0, opened.1),
            Decision::Join(id) => work.join(event.id.clone(), id, like_it, &event),
            Decision::Refresh(id) => work.refresh(id, &event),
        }
        Ok(Ok(Outcome::Done))
    }

    /// Events that have lost posts: counts are brought up to date, and what nobody has worked on ends with its last post.
    async fn shrunk(
        &self,
        events: Vec<otklik_wire::Event>,
        now: Timestamp,
        work: &mut Work,
    ) -> PortResult<Result<Outcome, Invalid>> {
        for event in events {
            let event = match Event::try_from(event) {
                Ok(event) => event,
                Err(invalid) => return Ok(Err(invalid)),
            };
            let Some(incident) = self.latest(&event.id, work).await? else { continue };
            work.refresh(incident.id.clone(), &event);
            if event.totals.posts == 0 && incident.state.is_triage() {
                self.step(&incident, Action::Reject { reason: DELETED.to_owned() }, now, work).await?;
            }
        }
        Ok(Ok(Outcome::Changed))
    }

    /// An event was joined to another: so is its running incident.
    async fn merged(&self, from: &EventId, into: &EventId, now: Timestamp, work: &mut Work) -> PortResult<()> {
        let (ended, goes_on) = (self.latest(from, work).await?, self.latest(into, work).await?);
        let (Some(ended), Some(goes_on)) = (ended, goes_on) else { return Ok(()) };
        if ended.id != goes_on.id && !ended.state.is_final() {
            self.step(&ended, Action::Merge { into: goes_on.id }, now, work).await?;
        }
        Ok(())
    }

    /// Does an action of Otklik's own. One the incident's state does not allow is left undone.
    async fn step(&self, incident: &Incident, action: Action, now: Timestamp, work: &mut Work) -> PortResult<()> {
        let Some(region) = self.region(&incident.region) else { return Ok(()) };
        let history = self.incidents.history(&incident.id).await?;
        let submission = Submission { action, actor: Actor::system(), at: now, expected_version: None };
        match act(incident, &history, &submission, &region) {
            Ok((after, change)) => work.step(after, change),
            Err(refusal) => tracing::warn!(incident.id = %incident.id, %refusal, "own action refused"),
        }
        Ok(())
    }

    /// The latest incident of an event, this batch's work included.
    async fn latest(&self, event: &EventId, work: &mut Work) -> PortResult<Option<Incident>> {
        if let Some(known) = work.by_event.get(event) {
            return Ok(work.incident(known.as_ref()));
        }
        let found = self.incidents.by_events(std::slice::from_ref(event)).await?.into_iter().next();
        let incident = found.map(|(_, incident)| incident);
        work.by_event.insert(event.clone(), incident.as_ref().map(|incident| incident.id.clone()));
        if let Some(incident) = &incident {
            work.incidents.entry(incident.id.clone()).or_insert_with(|| incident.clone());
        }
        Ok(incident)
    }

    /// A running incident on the same topic at the same address, this batch's included.
    async fn running_like(&self, event: &Event, work: &mut Work) -> PortResult<Option<Incident>> {
        let like = |incident: &&Incident| {
            !incident.state.is_final()
                && incident.region == event.region
                && incident.topic == event.topic
                && incident.place == event.place
        };
        if let Some(incident) = work.incidents.values().filter(like).max_by_key(|incident| incident.opened_at) {
            return Ok(Some(incident.clone()));
        }
        Ok(self.incidents.running_like(event).await?.into_iter().next())
    }
}

/// Whether an event lies at one address: only then are topic and place enough to say that it is the same trouble.
fn is_address(event: &Event) -> bool {
    let precise = |place: &PlaceId| {
        let last = place.as_str().rsplit(':').next().unwrap_or_default();
        place.as_str().contains(':') && last.starts_with(|c: char| c.is_ascii_digit())
    };
    event.topic.is_some() && event.place.as_ref().is_some_and(precise)
}

fn read(mut post: otklik_wire::Post, event: otklik_wire::Event) -> Result<(Post, Analysis, Event), Invalid> {
    let analysis = post.analysis.take().ok_or_else(|| Invalid::new("analysis", "is missing"))?;
    Ok((Post::try_from(post)?, Analysis::from(*analysis), Event::try_from(event)?))
}

/// What a batch comes to, and what is known of incidents with it.
#[derive(Default)]
struct Work {
    batch: IncidentBatch,
    by_event: HashMap<EventId, Option<IncidentId>>,
    incidents: HashMap<IncidentId, Incident>,
}

impl Work {
    fn incident(&self, id: Option<&IncidentId>) -> Option<Incident> {
        self.incidents.get(id?).cloned()
    }

    fn open(&mut self, incident: Incident, change: otklik_domain::Change) {
        self.by_event.insert(incident.event.clone(), Some(incident.id.clone()));
        self.incidents.insert(incident.id.clone(), incident.clone());
        self.batch.opened.push(NewIncident { incident, change });
    }

    fn join(&mut self, event: EventId, id: IncidentId, incident: Option<Incident>, totals: &Event) {
        if let Some(incident) = incident {
            let posts = incident.posts + totals.totals.posts;
            let authors = incident.authors + totals.totals.authors;
            let risk = incident.risk.max(totals.risk.score());
            self.put_refresh(Refresh { id: id.clone(), posts, authors, risk });
            self.incidents.entry(id.clone()).or_insert(Incident { posts, authors, ..incident });
        }
        self.by_event.insert(event.clone(), Some(id.clone()));
        self.batch.joined.push((event, id));
    }

    fn refresh(&mut self, id: IncidentId, event: &Event) {
        // Counts of the event an incident was opened for; other events that joined it only ever add to them.
        let own = self.incidents.get(&id).is_none_or(|incident| incident.event == event.id);
        if own {
            let (posts, authors) = (event.totals.posts, event.totals.authors);
            self.put_refresh(Refresh { id, posts, authors, risk: event.risk.score() });
        }
    }

    fn put_refresh(&mut self, refresh: Refresh) {
        match self.batch.refreshed.iter_mut().find(|known| known.id == refresh.id) {
            Some(known) => *known = refresh,
            None => self.batch.refreshed.push(refresh),
        }
    }

    fn step(&mut self, incident: Incident, change: otklik_domain::Change) {
        self.incidents.insert(incident.id.clone(), incident.clone());
        self.batch.steps.push(Step { incident, change: Some(change), answer: None });
    }
}

#[async_trait]
impl Stage for IncidentsStage {
    fn name(&self) -> &'static str {
        NAME
    }

    fn input(&self) -> Topic {
        Topic::Grouped
    }

    async fn assigned(&mut self, committed: PartitionPosition) -> PortResult<u64> {
        let checkpoint = self.incidents.checkpoint(NAME, committed.partition).await?;
        self.checkpoints.insert(committed.partition, checkpoint);
        Ok(committed.offset)
    }

    fn revoked(&mut self, partition: u32) {
        self.checkpoints.remove(&partition);
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        let mut handled = Handled::default();
        let mut work = Work::default();
        let checkpoint = self.checkpoints.get(&batch.partition).copied().unwrap_or_default();
        for record in batch.records {
            if record.payload.is_empty() || record.offset < checkpoint {
                count(&mut handled.counts, Outcome::Skipped);
                continue;
            }
            match self.one(record, &mut work).await? {
                Ok(outcome) => count(&mut handled.counts, outcome),
                Err(invalid) => {
                    count(&mut handled.counts, Outcome::Dead);
                    handled.dead.push((record.offset, invalid.to_string()));
                }
            }
        }
        let next = batch.records.last().map_or(checkpoint, |last| last.offset + 1);
        if next > checkpoint {
            let position = PartitionPosition { partition: batch.partition, offset: next };
            work.batch.checkpoint = Some((NAME.to_owned(), position));
            self.incidents.write(work.batch).await?;
            self.checkpoints.insert(batch.partition, next);
        }
        Ok(handled)
    }
}
