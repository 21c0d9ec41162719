//! Stage `incidents`: turns events into incidents with a body and deadlines.

mod matter;
mod work;

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{Action, Actor, Analysis, Event, EventId, Incident, PlaceId, Post, Submission};
use otklik_engine::incidents::{Decision, Joined, Known, act, decide, incident_title};
use otklik_ports::{ErrorKind, Incidents, PartitionPosition, PortError, PortResult, Topic};

use self::{
    matter::{Body, Matter},
    work::Work,
};
use crate::{
    knowledge::{Current, Knowledge, changed},
    runner::{Batch, Handled, Stage},
};

const NAME: &str = "incidents";
/// Why an incident nobody has worked on ends when all its posts were deleted.
const DELETED: &str = "сообщения удалены в источнике";
/// How often a batch is decided anew when people change its incidents meanwhile.
const DECISIONS_MAX: u32 = 5;

/// Grouped posts in, incidents in their store out. The position is written with the incidents, so that none is decided twice.
pub struct IncidentsStage {
    incidents: Arc<dyn Incidents>,
    current: Current,
    knowledge: Arc<Knowledge>,
    /// By partition: the first offset that is not in the store, where that is known.
    checkpoints: BTreeMap<u32, u64>,
}

impl std::fmt::Debug for IncidentsStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IncidentsStage").field("checkpoints", &self.checkpoints).finish_non_exhaustive()
    }
}

impl IncidentsStage {
    /// A stage for the regions configured. Posts of other regions open no incidents.
    pub fn new(incidents: Arc<dyn Incidents>, mut current: Current) -> Self {
        let knowledge = Arc::clone(&current.borrow_and_update());
        Self { incidents, current, knowledge, checkpoints: BTreeMap::new() }
    }

    /// Works a batch out and writes it; a store that somebody changed meanwhile is a `Conflict`.
    async fn decide(&self, matters: &[Matter], next: PartitionPosition) -> PortResult<()> {
        let events = matters.iter().flat_map(Matter::events).collect();
        let mut work = Work::begin(self.incidents.as_ref(), events).await?;
        for matter in matters {
            match &matter.body {
                Body::Post { post, analysis, event } => self.post(post, analysis, event, matter.now, &mut work).await?,
                Body::Deletion(events) => self.deleted(events, matter.now, &mut work).await?,
                Body::Merge { from, into, moved } => self.merged(from, into, *moved, matter.now, &mut work).await?,
                Body::Split { event, moved } => {
                    self.changed(event, -moved, &mut work).await?;
                    self.retell(event, matter.now, &mut work).await?;
                }
            }
        }
        work.write(NAME, next).await
    }

    async fn post(
        &self,
        post: &Post,
        analysis: &Analysis,
        event: &Event,
        now: Timestamp,
        work: &mut Work<'_>,
    ) -> PortResult<()> {
        let Some(region) = self.knowledge.region(&event.region) else { return Ok(()) };
        let of_event = work.latest(&event.id).await?;
        let like_it = match &of_event {
            None if is_address(event) => work.running_like(event).await?,
            _ => None,
        };
        let joined = Joined {
            post,
            analysis,
            event,
            topic_name: &event.topic.as_ref().map(|topic| self.knowledge.topic_name(topic)).unwrap_or_default(),
            municipality_name: &event
                .municipality
                .as_ref()
                .map(|place| self.knowledge.place_name(place))
                .unwrap_or_default(),
        };
        let known = Known { of_event: of_event.as_ref(), like_it: like_it.as_ref() };
        match decide(&joined, known, region, now) {
            Decision::Nothing => Ok(()),
            Decision::Open(opened) => {
                work.open(opened.0, opened.1);
                Ok(())
            }
            Decision::Join(id) | Decision::Refresh(id) if work.is_linked(&event.id, &id).await? => {
                work.count(event, &id, 1).await
            }
            Decision::Join(id) | Decision::Refresh(id) => work.link(event, &id, i64::from(event.totals.posts)).await,
        }
    }

    /// Events that have lost a post each: what nobody has worked on ends with its last post.
    async fn deleted(&self, events: &[Event], now: Timestamp, work: &mut Work<'_>) -> PortResult<()> {
        for event in events {
            self.changed(event, -1, work).await?;
            self.retell(event, now, work).await?;
            let Some(incident) = work.latest(&event.id).await? else { continue };
            if incident.posts == 0 && incident.state.is_triage() {
                self.step(&incident, Action::Reject { reason: DELETED.to_owned() }, now, work).await?;
            }
        }
        Ok(())
    }

    /// Lets incidents opened for an event, and for those it has taken in, say what the event says now that posts have left it:
    /// their words may be in the title of any of them, done or not.
    async fn retell(&self, event: &Event, now: Timestamp, work: &mut Work<'_>) -> PortResult<()> {
        let (title, summary) = (incident_title(event), &event.summary);
        let events: Vec<EventId> = std::iter::once(&event.id).chain(&event.merged).cloned().collect();
        for incident in work.opened_for(&events).await? {
            if incident.title != title || incident.summary != *summary {
                let action = Action::Retell { title: title.clone(), summary: summary.clone() };
                self.step(&incident, action, now, work).await?;
            }
        }
        Ok(())
    }

    /// Counts posts that came to an event, or left it.
    async fn changed(&self, event: &Event, posts: i64, work: &mut Work<'_>) -> PortResult<()> {
        let Some(incident) = work.latest(&event.id).await? else { return Ok(()) };
        if work.is_linked(&event.id, &incident.id).await? {
            work.count(event, &incident.id, posts).await?;
        }
        Ok(())
    }

    /// An event was joined to another: so is its running incident.
    async fn merged(
        &self,
        from: &EventId,
        into: &Event,
        moved: i64,
        now: Timestamp,
        work: &mut Work<'_>,
    ) -> PortResult<()> {
        let (ended, goes_on) = (work.latest(from).await?, work.latest(&into.id).await?);
        match (ended.filter(|incident| !incident.state.is_final()), goes_on) {
            (Some(ended), Some(goes_on)) if ended.id == goes_on.id => self.changed(into, 0, work).await,
            (Some(ended), Some(goes_on)) if !goes_on.state.is_final() => {
                self.step(&ended, Action::Merge { into: goes_on.id }, now, work).await?;
                self.changed(into, moved, work).await
            }
            // The other event has none that runs: this one stays, and goes on for both.
            (Some(ended), _) => work.link(into, &ended.id, i64::from(into.totals.posts) - moved).await,
            (None, _) => self.changed(into, moved, work).await,
        }
    }

    /// Does an action of Otklik's own. One the incident's state does not allow is left undone.
    async fn step(&self, incident: &Incident, action: Action, now: Timestamp, work: &mut Work<'_>) -> PortResult<()> {
        let Some(region) = self.knowledge.region(&incident.region) else { return Ok(()) };
        let history = work.history(&incident.id).await?;
        let submission = Submission { action, actor: Actor::system(), at: now, expected_version: None };
        match act(incident, &history, &submission, region) {
            Ok((after, change)) => work.step(after, change),
            Err(refusal) => tracing::warn!(incident.id = %incident.id, %refusal, "own action refused"),
        }
        Ok(())
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

#[async_trait]
impl Stage for IncidentsStage {
    fn name(&self) -> &'static str {
        NAME
    }

    fn input(&self) -> Topic {
        Topic::Grouped
    }

    fn revoked(&mut self, partition: u32) {
        self.checkpoints.remove(&partition);
    }

    async fn handle(&mut self, batch: Batch<'_>) -> PortResult<Handled> {
        if let Some(knowledge) = changed(&mut self.current) {
            self.knowledge = knowledge;
        }
        let checkpoint = match self.checkpoints.get(&batch.partition) {
            Some(known) => *known,
            None => self.incidents.checkpoint(NAME, batch.partition).await?,
        };
        let (handled, matters) = matter::read(batch.records, checkpoint);
        let next = batch.records.last().map_or(checkpoint, |last| last.offset + 1);
        if next > checkpoint {
            // Until a write is known to be there or not, the store knows best.
            self.checkpoints.remove(&batch.partition);
            let position = PartitionPosition { partition: batch.partition, offset: next };
            let mut decisions = 1;
            while let Err(error) = self.decide(&matters, position).await {
                if error.kind != ErrorKind::Conflict {
                    return Err(error);
                }
                if decisions == DECISIONS_MAX {
                    let message = "incidents change faster than they can be decided";
                    return Err(PortError::caused(ErrorKind::Unavailable, message, error));
                }
                decisions += 1;
            }
        }
        self.checkpoints.insert(batch.partition, next.max(checkpoint));
        Ok(handled)
    }
}
