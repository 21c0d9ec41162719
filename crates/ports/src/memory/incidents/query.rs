//! Finding and ordering incidents.

use std::cmp::{Ordering, Reverse};

use otklik_domain::{Event, EventId, Incident, Severity};

use super::State;
use crate::{INCIDENT_PAGE_MAX, IncidentFilter, IncidentOrder, IncidentPage, IncidentQuery, due};

/// Most incidents that [`Incidents::running_like`](crate::Incidents::running_like) gives.
const RUNNING_LIKE_MAX: usize = 10;

impl State {
    pub(super) fn by_events(&self, events: &[EventId]) -> Vec<(EventId, Incident)> {
        let latest = |event: &EventId| {
            self.links
                .iter()
                .filter(|(of, _)| of == event)
                .filter_map(|(_, id)| self.incidents.get(id))
                .map(|stored| &stored.incident)
                .max_by(|a, b| a.opened_at.cmp(&b.opened_at).then_with(|| a.id.cmp(&b.id)))
        };
        events.iter().filter_map(|event| Some((event.clone(), latest(event)?.clone()))).collect()
    }

    pub(super) fn opened_for(&self, events: &[EventId]) -> Vec<Incident> {
        let all = self.incidents.values().map(|stored| &stored.incident);
        let mut opened: Vec<Incident> = all.filter(|incident| events.contains(&incident.event)).cloned().collect();
        opened.sort_by(|a, b| (a.opened_at, &a.id).cmp(&(b.opened_at, &b.id)));
        opened
    }

    pub(super) fn running_like(&self, event: &Event) -> Vec<Incident> {
        if event.topic.is_none() || event.place.is_none() {
            return Vec::new();
        }
        let mut running: Vec<&Incident> = self
            .incidents
            .values()
            .map(|stored| &stored.incident)
            .filter(|incident| {
                !incident.state.is_final()
                    && incident.region == event.region
                    && incident.topic == event.topic
                    && incident.place == event.place
            })
            .collect();
        running.sort_by(|a, b| compare(a, b, IncidentOrder::Opened));
        running.into_iter().take(RUNNING_LIKE_MAX).cloned().collect()
    }

    pub(super) fn list(&self, query: &IncidentQuery) -> IncidentPage {
        let mut found: Vec<&Incident> = self.matching(&query.filter).collect();
        found.sort_by(|a, b| compare(a, b, query.order));
        let page = found.iter().skip(query.offset).take(query.limit.min(INCIDENT_PAGE_MAX));
        IncidentPage { total: found.len() as u64, incidents: page.map(|incident| (*incident).clone()).collect() }
    }

    pub(super) fn matching(&self, filter: &IncidentFilter) -> impl Iterator<Item = &Incident> {
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        self.incidents
            .values()
            .map(|stored| &stored.incident)
            .filter(move |incident| matches(incident, filter, text.as_deref()))
    }
}

fn matches(incident: &Incident, filter: &IncidentFilter, text: Option<&str>) -> bool {
    let has_text =
        |text| incident.title.to_lowercase().contains(text) || incident.place_name.to_lowercase().contains(text);
    (filter.regions.is_empty() || filter.regions.contains(&incident.region))
        && (filter.states.is_empty() || filter.states.contains(&incident.state))
        && (filter.agencies.is_empty() || incident.agency.as_ref().is_some_and(|id| filter.agencies.contains(id)))
        && filter.block.as_ref().is_none_or(|block| *block == incident.block)
        && filter.municipality.as_ref().is_none_or(|place| Some(place) == incident.municipality.as_ref())
        && incident.severity.level() >= filter.severity_min
        && filter.overdue.is_none_or(|overdue| overdue == due::is_overdue(incident))
        && filter.opened_from.is_none_or(|from| incident.opened_at >= from)
        && filter.opened_to.is_none_or(|to| incident.opened_at < to)
        && text.is_none_or(has_text)
}

fn compare(a: &Incident, b: &Incident, order: IncidentOrder) -> Ordering {
    let by_order = match order {
        IncidentOrder::Urgency => {
            let danger = |incident: &Incident| Reverse(incident.severity == Severity::DANGER);
            danger(a).cmp(&danger(b)).then_with(|| b.risk.total_cmp(&a.risk))
        }
        IncidentOrder::Due => {
            let due = |incident| due::next_deadline(incident).map_or((true, None), |at| (false, Some(at)));
            due(a).cmp(&due(b))
        }
        IncidentOrder::Opened => b.opened_at.cmp(&a.opened_at),
        IncidentOrder::Updated => b.updated_at.cmp(&a.updated_at),
    };
    by_order.then_with(|| a.id.cmp(&b.id))
}
