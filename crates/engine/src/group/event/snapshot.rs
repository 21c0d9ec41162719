//! Events as others see them.

use std::collections::BTreeMap;

use otklik_domain::{BlockId, Event, EventId, EventTotals, GeoPoint, PlaceId, PostId, RegionId, Severity, TopicId};

use super::{Events, time};

impl Events {
    /// An event as others see it.
    pub(crate) fn snapshot(
        &self,
        slot: u32,
        region: &RegionId,
        topic_names: &BTreeMap<TopicId, String>,
    ) -> Option<Event> {
        let event = self.get(slot)?;
        let topic = event.topic().map(TopicId::from);
        let address = event.address();
        let (municipality, municipality_name) = event.municipality().cloned().unzip();
        let place_name = match (address, &municipality_name) {
            (Some(address), _) => address.name.clone(),
            (None, name) => name.clone().unwrap_or_default(),
        };
        let severity = Severity::new(event.severity);
        let topic_name = topic.as_ref().and_then(|topic| topic_names.get(topic)).map_or("", String::as_str);
        let totals = EventTotals {
            posts: event.posts,
            authors: event.authors(),
            appeals: event.appeals,
            complaints: event.complaints,
            views: event.views,
            networks: event.networks(),
        };
        Some(Event {
            id: EventId::from(event.id.as_ref()),
            version: event.version,
            region: region.clone(),
            title: event.sentences.title(topic_name, &place_name),
            summary: event.sentences.summary(),
            block: topic.as_ref().map_or_else(|| BlockId::from("other"), TopicId::block),
            topic,
            place: address
                .map(|address| PlaceId::from(address.id.as_str()))
                .or_else(|| municipality.clone().map(PlaceId::new)),
            place_name,
            municipality: municipality.map(PlaceId::new),
            point: event.point.and_then(|(lat, lon)| GeoPoint::new(lat, lon)),
            severity,
            danger: event.danger.clone(),
            origin: PostId::from(event.origin.as_ref()),
            first_at: time(event.first_at),
            last_at: time(event.last_at),
            risk: self.usual.risk(event.pulse, event.topic(), severity, &totals, !event.danger.is_empty()),
            totals,
            merged: event.merged.iter().map(|id| EventId::from(id.as_ref())).collect(),
        })
    }
}
