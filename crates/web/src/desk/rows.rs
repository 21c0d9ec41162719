//! Rows of lists of incidents.

use otklik_domain::{ClockKind, Event, Incident, Network, OpenedBy, State};

use super::{
    due::{Due, nearest},
    say::{AUTHORS, Moments, POSTS, capital, network, network_short, number, opened_by, severity},
    visit::Visit,
};
use crate::russian;

/// Words of danger shown in a row.
const DANGER_WORDS_MAX: usize = 3;

/// A row of a list of incidents.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// The id as a part of ids of elements.
    pub(crate) key: String,
    pub(crate) version: u64,
    pub(crate) event: String,
    pub(crate) title: String,
    pub(crate) severity: u8,
    pub(crate) severity_words: &'static str,
    pub(crate) state: State,
    pub(crate) state_words: &'static str,
    pub(crate) state_class: &'static str,
    pub(crate) place: String,
    pub(crate) topic: String,
    pub(crate) posts: String,
    pub(crate) authors: String,
    pub(crate) networks: Vec<NetworkMark>,
    /// Why it was opened, unless by words of danger.
    pub(crate) why: &'static str,
    pub(crate) danger: Vec<String>,
    /// The body that has it or is proposed.
    pub(crate) agency: String,
    pub(crate) is_proposed: bool,
    pub(crate) due: Option<Due>,
    pub(crate) opened: When,
    pub(crate) repeats: bool,
    pub(crate) rating: Option<u8>,
    /// Whether it takes the place of the same row on the page that asked.
    pub(crate) in_place: bool,
}

/// A network and how many posts it has.
#[derive(Debug, Clone)]
pub(crate) struct NetworkMark {
    pub(crate) class: &'static str,
    pub(crate) short: &'static str,
    pub(crate) name: &'static str,
    pub(crate) posts: String,
}

/// The class of a network's colour.
pub(crate) fn network_class(network: Network) -> &'static str {
    match network {
        Network::Vk => "n-vk",
        Network::Ok => "n-ok",
        Network::Telegram => "n-telegram",
        Network::Rss => "n-rss",
        Network::Form | Network::Email | Network::Hotline => "n-form",
        Network::X | Network::Facebook | Network::Instagram | Network::Other => "n-other",
    }
}

/// The class of a state's mark.
pub(crate) fn state_class(state: State) -> &'static str {
    match state {
        State::New | State::Triaged | State::Merged | State::NotIncident => "",
        State::Returned | State::Reopened | State::Postponed => "wait",
        State::Escalated => "alarm",
        State::Routed | State::Accepted | State::InProgress | State::Interim => "work",
        State::Answered | State::Rated | State::Closed => "done",
    }
}

/// Marks of an event's networks.
pub(crate) fn network_marks(networks: &[(Network, u32)]) -> Vec<NetworkMark> {
    networks
        .iter()
        .map(|&(one, posts)| NetworkMark {
            class: network_class(one),
            short: network_short(one),
            name: network(one),
            posts: number(posts),
        })
        .collect()
}

/// An id as a part of an element's id: letters, digits and dashes.
pub(crate) fn key(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

impl Row {
    /// The same row, to be put in the place of the one on the page.
    pub(crate) fn in_place(self) -> Self {
        Self { in_place: true, ..self }
    }

    /// The row of an incident; with its event, where that is at hand. `clocks` are those the list is about.
    pub(crate) fn new(visit: &Visit, incident: &Incident, event: Option<&Event>, clocks: &[ClockKind]) -> Self {
        let moments = visit.moments_in(&incident.region);
        let agency = incident.agency.as_ref().map(|agency| visit.directory.agency_name(agency).to_owned());
        let danger = event.map(|event| event.danger.iter().take(DANGER_WORDS_MAX).cloned().collect());
        Self {
            id: incident.id.to_string(),
            key: key(incident.id.as_str()),
            version: incident.version,
            event: incident.event.to_string(),
            title: capital(&incident.title),
            severity: incident.severity.level(),
            severity_words: severity(incident.severity.level()),
            state: incident.state,
            state_words: russian::state(incident.state),
            state_class: state_class(incident.state),
            place: place_of(visit, incident),
            topic: visit.topic_of(incident),
            posts: POSTS.of(incident.posts),
            authors: AUTHORS.of(incident.authors),
            networks: event.map(|event| network_marks(&event.totals.networks)).unwrap_or_default(),
            why: if incident.opened_by == OpenedBy::Danger { "" } else { opened_by(incident.opened_by) },
            danger: danger.unwrap_or_default(),
            agency: agency.unwrap_or_default(),
            is_proposed: incident.state.is_triage(),
            due: nearest(incident, clocks, &moments),
            opened: When::ago(incident.opened_at, &moments),
            repeats: incident.repeats.is_some(),
            rating: incident.rating,
            in_place: false,
        }
    }
}

/// The place of an incident, with its municipality where that says more.
pub(crate) fn place_of(visit: &Visit, incident: &Incident) -> String {
    let municipality = incident.municipality.as_ref().map(|place| visit.directory.catalogue.place_name(place));
    join_place(&incident.place_name, municipality)
}

/// A place's name with its municipality, where that says more.
pub(crate) fn join_place(place: &str, municipality: Option<&str>) -> String {
    match municipality {
        Some(municipality) if place.is_empty() || place == municipality => municipality.to_owned(),
        Some(municipality) => format!("{place}, {municipality}"),
        None if place.is_empty() => "место не определено".to_owned(),
        None => place.to_owned(),
    }
}

/// Moments and words for a time in a page: shown, in full, and for programs.
#[derive(Debug, Clone)]
pub(crate) struct When {
    pub(crate) shown: String,
    pub(crate) full: String,
    pub(crate) iso: String,
}

impl When {
    pub(crate) fn new(at: jiff::Timestamp, moments: &Moments) -> Self {
        Self { shown: moments.day_time(at), full: moments.full(at), iso: at.to_string() }
    }

    pub(crate) fn ago(at: jiff::Timestamp, moments: &Moments) -> Self {
        Self { shown: moments.ago(at), ..Self::new(at, moments) }
    }
}
