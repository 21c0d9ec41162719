//! A region with two towns, two events, and incidents of both.

use std::sync::Arc;

use otklik_domain::{
    Action, Actor, AuthorKey, BlockId, Community, Event, EventId, EventTotals, GeoPoint, IncidentId, Intent, Locality,
    LocatedBy, Network, PlaceId, PlaceKind, PostId, RegionId, Risk, Sentiment, SentimentLabel, Severity, TopicId,
};
use otklik_engine::{
    region::{Region, SourceFile},
    sla::Calendar,
};
use otklik_ports::{PartitionPosition, PostBatch, PostRow, Posts, Search, SearchBatch, conformance::rows};

use super::TestApp;
use crate::{
    Block, Catalogue, Directory, Place, Topic,
    service::incidents::{ActRequest, OpenRequest, act, open_from_event},
};

pub(crate) const TOWN_A: &str = "demo.town_a";
pub(crate) const WATER_A: &str = "demo.water_a";
pub(crate) const TOWN_B: &str = "demo.town_b";
/// An event in town A with an incident at its waterworks.
pub(crate) const WATER_EVENT: &str = "e-water";
/// The incident of [`WATER_EVENT`].
pub(crate) const WATER_INCIDENT: &str = "i-water";
/// An event in town B with an incident there.
pub(crate) const ROAD_EVENT: &str = "e-road";
/// The incident of [`ROAD_EVENT`].
pub(crate) const ROAD_INCIDENT: &str = "i-road";
/// An event in town A without an incident.
pub(crate) const LAMP_EVENT: &str = "e-lamp";

const REGION: &str = r#"
[region]
id = "demo"
name = "Северная область"
time-zone = "Europe/Moscow"
default-agency = "demo.gov"

[hours]
opens = "09:00"
closes = "18:00"

[incidents]
authors-min = 3
danger = true
appeal = true

[sla]
default = "social-9wh"

[[policies]]
name = "social-9wh"
[[policies.clocks]]
clock = "route"
start = "opened"
unit = "minutes"
limits = [{ amount = 60 }]
[[policies.clocks]]
clock = "first_answer"
start = "opened"
unit = "working-hours"
limits = [{ amount = 4, severity-min = 4 }, { amount = 9 }]
pause = ["postponed"]
warn-percent = [50, 80]
escalate = true

[[agencies]]
id = "demo.gov"
name = "Правительство области"
topics = ["*"]
[[agencies]]
id = "demo.town_a"
name = "Администрация города А"
parent = "demo.gov"
municipality = "demo.a"
topics = ["improvement"]
[[agencies]]
id = "demo.water_a"
name = "Водоканал города А"
parent = "demo.town_a"
municipality = "demo.a"
topics = ["utilities"]
[[agencies]]
id = "demo.town_b"
name = "Администрация города Б"
parent = "demo.gov"
municipality = "demo.b"
topics = ["roads", "utilities"]
"#;

/// The region and the names of the tests.
pub(crate) fn directory() -> Directory {
    let file = SourceFile { path: "regions/demo.toml", content: REGION };
    let region = Region::parse(&file, None, Calendar::default()).unwrap();
    let block = |id: &str, name: &str| Block { id: id.into(), name: name.to_owned() };
    let topic = |id: &str, name: &str| Topic { id: id.into(), name: name.to_owned(), block: TopicId::from(id).block() };
    let place = |id: &str, name: &str| Place {
        id: id.into(),
        name: name.to_owned(),
        kind: PlaceKind::Municipality,
        region: RegionId::from("demo"),
        municipality: Some(id.into()),
    };
    Directory {
        regions: vec![Arc::new(region)],
        catalogue: Catalogue::new(
            [block("roads", "Дороги"), block("utilities", "ЖКХ"), block("improvement", "Благоустройство")],
            [
                topic("roads.potholes", "Ямы на дорогах"),
                topic("utilities.cold_water", "Холодная вода"),
                topic("improvement.lighting", "Освещение улиц"),
            ],
            [place("demo.a", "город А"), place("demo.b", "город Б")],
        ),
    }
}

/// A post of an event.
pub(crate) fn post(id: &str, published_at: &str, text: &str, of: &Event) -> PostRow {
    let mut row = rows::row(id, published_at, text);
    row.post.url = Some(format!("https://social.test/{id}"));
    row.post.community = Some(Community { id: "-1".to_owned(), name: "Город".to_owned() });
    row.post.author = Some(AuthorKey::from("0011223344556677"));
    row.post.region = Some(of.region.clone());
    row.analysis.topics = of.topic.iter().map(|topic| rows::topic(topic.as_str(), 0.9)).collect();
    row.analysis.intent = Intent::Complaint;
    row.analysis.sentiment = Sentiment { label: SentimentLabel::Negative, score: -0.5 };
    row.analysis.locality = of.municipality.as_ref().map(|municipality| Locality {
        municipality: municipality.clone(),
        name: of.place_name.clone(),
        by: LocatedBy::Text,
    });
    row.group.event = of.id.clone();
    row
}

/// An event with two posts.
pub(crate) fn event(id: &str, title: &str, topic: &str, place: (&str, &str)) -> Event {
    let origin = format!("vk:-1_{id}-1");
    Event {
        region: RegionId::from("demo"),
        title: title.to_owned(),
        summary: format!("{title}. Жители просят помочь."),
        topic: Some(TopicId::from(topic)),
        block: BlockId::from(TopicId::from(topic).block().as_str()),
        place: Some(PlaceId::from(place.0)),
        place_name: place.1.to_owned(),
        municipality: Some(PlaceId::from(place.0)),
        point: GeoPoint::new(56.85, 53.2),
        severity: Severity::new(3),
        origin: PostId::from(origin.as_str()),
        totals: EventTotals {
            posts: 2,
            authors: 2,
            appeals: 0,
            complaints: 2,
            views: 150,
            networks: vec![(Network::Vk, 2)],
        },
        risk: Risk { harm: 0.5, growth: 0.5, unanswered: 1.0 },
        ..rows::event(id, "2026-03-18T06:00:00Z", "2026-03-18T08:00:00Z")
    }
}

impl TestApp {
    /// Writes three events with two posts each, and an incident for two of them.
    pub(super) async fn fill(&self) {
        let events = [
            event(WATER_EVENT, "Нет холодной воды", "utilities.cold_water", ("demo.a", "город А")),
            event(ROAD_EVENT, "Ямы на въезде", "roads.potholes", ("demo.b", "город Б")),
            event(LAMP_EVENT, "Не горят фонари", "improvement.lighting", ("demo.a", "город А")),
        ];
        let mut rows = Vec::new();
        for event in &events {
            let id = event.id.as_str();
            rows.push(post(&format!("vk:-1_{id}-1"), "2026-03-18T06:00:00Z", &event.title, event));
            rows.push(post(&format!("vk:-1_{id}-2"), "2026-03-18T08:00:00Z", &event.summary, event));
        }
        let batch = PostBatch { rows: rows.clone(), events: events.to_vec(), ..PostBatch::default() };
        self.posts.write(batch).await.unwrap();
        let next = PartitionPosition { partition: 0, offset: rows.len() as u64 };
        self.search.write(SearchBatch { rows, deleted: Vec::new(), next }).await.unwrap();
        for event in [WATER_EVENT, ROAD_EVENT] {
            let request = OpenRequest { event: EventId::from(event), key: None };
            open_from_event(&self.app, &Actor::system(), request).await.unwrap();
        }
    }

    /// Does something to an incident as Otklik itself.
    pub(crate) async fn act(&self, id: &str, action: Action) {
        let version = Some(self.incident(id).await.version);
        let request = ActRequest { id: IncidentId::from(id), action, expected_version: version, key: None };
        act(&self.app, &Actor::system(), request).await.unwrap();
    }

    /// Sends both incidents to the bodies that are proposed for them.
    pub(crate) async fn send_out(&self) {
        for (id, agency) in [(WATER_INCIDENT, WATER_A), (ROAD_INCIDENT, TOWN_B)] {
            self.act(id, Action::Route { agency: agency.into(), why: Vec::new() }).await;
        }
    }

    /// An incident as it stands.
    pub(crate) async fn incident(&self, id: &str) -> otklik_domain::Incident {
        use otklik_ports::Incidents;
        self.incidents.get(&IncidentId::from(id)).await.unwrap().unwrap()
    }
}
