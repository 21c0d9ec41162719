//! Writing a batch: checked and worked out beside the state, then put in at once.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use otklik_domain::{ActionKind, Change, EventId, Incident, IncidentId};

use super::{State, Stored};
use crate::{ErrorKind, IncidentBatch, OutboxEntry, PortError, PortResult, REPLIES_KEPT_DAYS, Refresh, Step};

/// What a batch changes.
#[derive(Default)]
struct Draft {
    touched: BTreeMap<IncidentId, Stored>,
    links: Vec<(EventId, IncidentId)>,
    outbox: Vec<(Incident, Change)>,
    /// Incidents that changed, for listeners.
    changed: Vec<IncidentId>,
    /// Incidents told anew, before and after.
    retold: Vec<(Incident, Incident)>,
}

impl State {
    /// Writes a batch, all or nothing; gives the incidents that changed.
    pub(super) fn write(&mut self, batch: IncidentBatch) -> PortResult<Vec<IncidentId>> {
        if let Some(reply) = &batch.reply
            && self.replies.contains_key(&reply.key)
        {
            return Err(PortError::new(ErrorKind::Conflict, "there is a reply for this idempotency key already"));
        }
        let draft = self.draft(&batch)?;
        self.incidents.extend(draft.touched);
        self.links.extend(draft.links);
        for (before, after) in &draft.retold {
            self.retell(before, after);
        }
        for (incident, change) in draft.outbox {
            self.sequence += 1;
            self.outbox.push(OutboxEntry { sequence: self.sequence, incident, change });
        }
        if let Some((consumer, position)) = batch.checkpoint {
            self.checkpoints.insert((consumer, position.partition), position.offset);
        }
        self.audit.extend(batch.audit);
        if let Some(reply) = batch.reply {
            let kept_from = reply.at - SignedDuration::from_hours(24 * i64::from(REPLIES_KEPT_DAYS));
            self.replies.retain(|_, other| other.at >= kept_from);
            self.replies.insert(reply.key.clone(), reply);
        }
        Ok(draft.changed)
    }

    fn draft(&self, batch: &IncidentBatch) -> PortResult<Draft> {
        let mut draft = Draft::default();
        for new in &batch.opened {
            let id = &new.incident.id;
            if self.incidents.contains_key(id) || draft.touched.contains_key(id) {
                continue;
            }
            let stored =
                Stored { incident: new.incident.clone(), history: vec![new.change.clone()], answers: Vec::new() };
            draft.touched.insert(id.clone(), stored);
            draft.links.push((new.incident.event.clone(), id.clone()));
            draft.outbox.push((new.incident.clone(), new.change.clone()));
            draft.changed.push(id.clone());
        }
        for step in &batch.steps {
            self.step(&mut draft, step)?;
        }
        for refresh in &batch.refreshed {
            self.refresh(&mut draft, refresh)?;
        }
        for (event, id) in &batch.joined {
            self.touch(&mut draft, id)?;
            let link = (event.clone(), id.clone());
            if !self.links.contains(&link) && !draft.links.contains(&link) {
                draft.links.push(link);
            }
        }
        Ok(draft)
    }

    fn step(&self, draft: &mut Draft, step: &Step) -> PortResult<()> {
        let stored = self.touch(draft, &step.incident.id)?;
        let expected = stored.incident.version + u64::from(step.change.is_some());
        if step.incident.version != expected {
            let message = format!(
                "incident {} is at version {}, so that a step to version {} does not fit",
                step.incident.id, stored.incident.version, step.incident.version
            );
            return Err(PortError::new(ErrorKind::Conflict, message));
        }
        let before = stored.incident.clone();
        let Incident { posts, authors, risk, .. } = stored.incident;
        stored.incident = Incident { posts, authors, risk, ..step.incident.clone() };
        let at = step.change.as_ref().map_or(step.incident.updated_at, |change| change.at);
        stored.answers.extend(step.answer.iter().map(|answer| (at, answer.clone())));
        stored.history.extend(step.change.clone());
        let after = stored.incident.clone();
        if step.change.as_ref().is_some_and(|change| change.action == ActionKind::Retell) {
            for (told, _) in draft.outbox.iter_mut().filter(|(told, _)| told.id == after.id) {
                (told.title, told.summary) = (after.title.clone(), after.summary.clone());
            }
            draft.retold.push((before, after.clone()));
        }
        draft.outbox.extend(step.change.iter().map(|change| (after.clone(), change.clone())));
        draft.changed.push(after.id);
        Ok(())
    }

    /// Takes the words of a title and a summary out of what was told before.
    fn retell(&mut self, before: &Incident, after: &Incident) {
        for told in self.outbox.iter_mut().map(|entry| &mut entry.incident).filter(|told| told.id == after.id) {
            (told.title, told.summary) = (after.title.clone(), after.summary.clone());
        }
        for reply in self.replies.values_mut().filter(|reply| reply.body.contains(after.id.as_str())) {
            for (old, new) in [(&before.summary, &after.summary), (&before.title, &after.title)] {
                let [old, new] = [old, new].map(|text| text.replace('\\', "\\\\").replace('"', "\\\""));
                if !old.is_empty() {
                    reply.body = reply.body.replace(&old, &new);
                }
            }
        }
    }

    fn refresh(&self, draft: &mut Draft, refresh: &Refresh) -> PortResult<()> {
        let incident = &mut self.touch(draft, &refresh.id)?.incident;
        incident.posts = refresh.posts;
        incident.authors = refresh.authors;
        incident.risk = refresh.risk;
        draft.changed.push(refresh.id.clone());
        Ok(())
    }

    /// An incident in the draft, copied there when it is touched first.
    fn touch<'a>(&self, draft: &'a mut Draft, id: &IncidentId) -> PortResult<&'a mut Stored> {
        if !draft.touched.contains_key(id)
            && let Some(stored) = self.incidents.get(id)
        {
            draft.touched.insert(id.clone(), stored.clone());
        }
        draft
            .touched
            .get_mut(id)
            .ok_or_else(|| PortError::new(ErrorKind::NotFound, format!("there is no incident {id}")))
    }
}
