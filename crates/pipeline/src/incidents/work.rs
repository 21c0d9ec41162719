//! What a batch of the stage `incidents` comes to, and what is known of incidents with it.

use std::collections::{BTreeMap, BTreeSet};

use otklik_domain::{Change, Event, EventId, Incident, IncidentId, State};
use otklik_ports::{IncidentBatch, Incidents, NewIncident, PartitionPosition, PortResult, Refresh, Step};

/// Longest chain of incidents merged one into the other that is followed.
const MERGES_MAX: usize = 16;

/// The work of a batch. What it says of an incident is what the store would say if everything before had been written
/// already, so that it makes no difference where a batch begins and ends.
pub(super) struct Work<'a> {
    store: &'a dyn Incidents,
    batch: IncidentBatch,
    /// The latest incident of an event, as far as is known.
    by_event: BTreeMap<EventId, Option<IncidentId>>,
    incidents: BTreeMap<IncidentId, Incident>,
    /// Events of an incident, as far as is known.
    events: BTreeMap<IncidentId, BTreeSet<EventId>>,
}

impl<'a> Work<'a> {
    /// Begins with what the store knows of these events.
    pub(super) async fn begin(store: &'a dyn Incidents, events: BTreeSet<EventId>) -> PortResult<Self> {
        let mut work = Self {
            store,
            batch: IncidentBatch::default(),
            by_event: BTreeMap::new(),
            incidents: BTreeMap::new(),
            events: BTreeMap::new(),
        };
        let events: Vec<EventId> = events.into_iter().collect();
        let found = if events.is_empty() { Vec::new() } else { store.by_events(&events).await? };
        work.by_event.extend(events.into_iter().map(|event| (event, None)));
        for (event, incident) in found {
            work.by_event.insert(event, Some(incident.id.clone()));
            work.incidents.insert(incident.id.clone(), incident);
        }
        Ok(work)
    }

    /// Writes everything, and with it how far the consumer has come.
    pub(super) async fn write(mut self, consumer: &str, next: PartitionPosition) -> PortResult<()> {
        self.batch.checkpoint = Some((consumer.to_owned(), next));
        self.store.write(self.batch).await
    }

    /// The latest incident of an event; in place of one that was merged, the one it was merged into.
    pub(super) async fn latest(&mut self, event: &EventId) -> PortResult<Option<Incident>> {
        let id = match self.by_event.get(event) {
            Some(known) => known.clone(),
            None => {
                let found = self.store.by_events(std::slice::from_ref(event)).await?.into_iter().next();
                let id = found.as_ref().map(|(_, incident)| incident.id.clone());
                found.into_iter().for_each(|(_, incident)| self.learn(incident));
                self.by_event.insert(event.clone(), id.clone());
                id
            }
        };
        let Some(mut incident) = id.and_then(|id| self.incidents.get(&id).cloned()) else { return Ok(None) };
        for _ in 0..MERGES_MAX {
            let merged_into = incident.merged_into.clone().filter(|_| incident.state == State::Merged);
            let Some(into) = merged_into else { break };
            let Some(goes_on) = self.get(&into).await? else { break };
            incident = goes_on;
        }
        Ok(Some(incident))
    }

    /// The latest running incident on the same topic at the same place.
    pub(super) async fn running_like(&mut self, event: &Event) -> PortResult<Option<Incident>> {
        for incident in self.store.running_like(event).await? {
            self.learn(incident);
        }
        let is_like = |incident: &&Incident| {
            !incident.state.is_final()
                && incident.region == event.region
                && incident.topic == event.topic
                && incident.place == event.place
        };
        let by_opening = |a: &&Incident, b: &&Incident| a.opened_at.cmp(&b.opened_at).then_with(|| b.id.cmp(&a.id));
        Ok(self.incidents.values().filter(is_like).max_by(by_opening).cloned())
    }

    /// Incidents opened for one of these events, this batch's included, by id.
    pub(super) async fn opened_for(&mut self, events: &[EventId]) -> PortResult<Vec<Incident>> {
        for incident in self.store.opened_for(events).await? {
            self.learn(incident);
        }
        Ok(self.incidents.values().filter(|incident| events.contains(&incident.event)).cloned().collect())
    }

    /// Its history, this batch's steps included.
    pub(super) async fn history(&self, id: &IncidentId) -> PortResult<Vec<Change>> {
        let mut history = self.store.history(id).await?;
        let opened = self.batch.opened.iter().filter(|new| new.incident.id == *id).map(|new| &new.change);
        let steps = self.batch.steps.iter().filter(|step| step.incident.id == *id);
        history.extend(opened.chain(steps.filter_map(|step| step.change.as_ref())).cloned());
        Ok(history)
    }

    pub(super) fn open(&mut self, incident: Incident, change: Change) {
        self.by_event.insert(incident.event.clone(), Some(incident.id.clone()));
        self.events.insert(incident.id.clone(), BTreeSet::from([incident.event.clone()]));
        self.incidents.insert(incident.id.clone(), incident.clone());
        self.batch.opened.push(NewIncident { incident, change });
    }

    pub(super) fn step(&mut self, incident: Incident, change: Change) {
        self.incidents.insert(incident.id.clone(), incident.clone());
        self.batch.steps.push(Step { incident, change: Some(change), answer: None });
    }

    /// Whether an event belongs to an incident.
    pub(super) async fn is_linked(&mut self, event: &EventId, id: &IncidentId) -> PortResult<bool> {
        Ok(self.events_of(id).await?.contains(event))
    }

    /// Lets an event belong to an incident from now on; `posts` of it are counted there with it.
    pub(super) async fn link(&mut self, event: &Event, id: &IncidentId, posts: i64) -> PortResult<()> {
        self.events_of(id).await?.insert(event.id.clone());
        self.batch.joined.push((event.id.clone(), id.clone()));
        // Of several the store takes the one opened last.
        let opened = |id: &IncidentId| self.incidents.get(id).map(|incident| (incident.opened_at, incident.id.clone()));
        let known = self.by_event.get(&event.id).cloned().flatten();
        if known.as_ref().and_then(opened) < opened(id) {
            self.by_event.insert(event.id.clone(), Some(id.clone()));
        }
        self.count(event, id, posts).await
    }

    /// Brings an incident's counts up to date after an event of it changed by so many posts. For its only event they are the
    /// event's; for several, posts add up, and authors are at least those of the largest: one may write in several.
    pub(super) async fn count(&mut self, event: &Event, id: &IncidentId, posts: i64) -> PortResult<()> {
        let is_only = self.events_of(id).await?.iter().all(|own| *own == event.id);
        let Some(incident) = self.incidents.get_mut(id) else { return Ok(()) };
        let before = (incident.posts, incident.authors, incident.risk);
        let (own, risk) = (&event.totals, event.risk.score());
        let after = if is_only {
            (own.posts, own.authors, risk)
        } else {
            let posts = u32::try_from((i64::from(incident.posts) + posts).max(0)).unwrap_or(u32::MAX);
            (posts, incident.authors.max(own.authors).min(posts), incident.risk.max(risk))
        };
        if after == before {
            return Ok(());
        }
        (incident.posts, incident.authors, incident.risk) = after;
        let refresh = Refresh { id: id.clone(), posts: after.0, authors: after.1, risk: after.2 };
        match self.batch.refreshed.iter_mut().find(|known| known.id == *id) {
            Some(known) => *known = refresh,
            None => self.batch.refreshed.push(refresh),
        }
        Ok(())
    }

    /// An incident.
    pub(super) async fn get(&mut self, id: &IncidentId) -> PortResult<Option<Incident>> {
        if !self.incidents.contains_key(id)
            && let Some(incident) = self.store.get(id).await?
        {
            self.learn(incident);
        }
        Ok(self.incidents.get(id).cloned())
    }

    /// Takes in what the store says, where this batch has not changed it.
    fn learn(&mut self, incident: Incident) {
        self.incidents.entry(incident.id.clone()).or_insert(incident);
    }

    async fn events_of(&mut self, id: &IncidentId) -> PortResult<&mut BTreeSet<EventId>> {
        if !self.events.contains_key(id) {
            let events = self.store.events_of(id).await?.into_iter().collect();
            self.events.insert(id.clone(), events);
        }
        Ok(self.events.entry(id.clone()).or_default())
    }
}
