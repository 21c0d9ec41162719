//! How much has to speak for a post to belong to an event: the less place and topic do, the more its words must.

use super::{Likeness, Nearness, Relation, Topics};
use crate::group::event::{EventState, Facts};

/// Likeness nothing reaches.
const NEVER: f32 = 2.0;
const HOUR: u32 = 3600;
/// Cosine of a text and its copy with a word changed.
const COPY_MIN: f32 = 0.95;
/// Likeness two long texts need, and two news, which tell one thing and put it first.
const LONG_MIN: f32 = 0.38;
const NEWS_MIN: f32 = 0.27;
/// What common words have to say together, in nats, to be no chance: three rare words or a dozen usual ones. Of posts without a
/// place this likeness is then enough whatever topics they were given.
const NO_CHANCE: f32 = 18.0;
const NO_CHANCE_MIN: f32 = 0.21;
/// Kinship needed beyond the usual for an event without a topic, more the larger it is: chat gathers.
const CHAT_MORE: f32 = 0.1;
/// Cosine, and kinship beyond the usual, that a post needs which tells of no trouble.
const IDLE_MIN: f32 = 0.6;
const IDLE_MORE: f32 = 0.1;
/// Share of the cosine needed that is enough when both name the same thing.
const BY_NAME: f32 = 0.6;

/// What a post needs to belong to an event; one of these is enough.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    pub(super) cosine: f32,
    pub(super) kinship: f32,
    pub(super) share: f32,
}

impl Needs {
    /// What a post needs that is so like a post of the event, or names what was named in it.
    pub(super) fn of(
        facts: &Facts<'_>,
        event: &EventState,
        likeness: &Likeness,
        shares_name: bool,
        relation: Relation,
    ) -> Self {
        let Relation { nearness, .. } = relation;
        let is_area = event.is_area() && (facts.is_area || facts.topic.is_none());
        let silent = facts.at.saturating_sub(event.last_at);
        let silence = silence(nearness, silent);
        let is_no_chance = likeness.nats >= NO_CHANCE;
        let (cosine, kinship) = if facts.is_long {
            (of_article(facts, is_no_chance, relation, is_area), NEVER)
        } else {
            of_post(facts, event, (is_no_chance, shares_name), relation, is_area)
        };
        // Chat about the same place or thing is no part of its trouble.
        let is_chat = facts.is_idle && !is_no_chance;
        let (cosine, kinship) = if is_chat { (cosine.max(IDLE_MIN), kinship + IDLE_MORE) } else { (cosine, kinship) };
        Self {
            cosine: cosine + silence,
            kinship: kinship + silence,
            share: needed_share(facts, event, nearness, silent),
        }
    }
}

/// Long texts touch on many topics and places: what they have in common says whether they tell the same.
fn of_article(facts: &Facts<'_>, is_no_chance: bool, relation: Relation, is_area: bool) -> f32 {
    let Relation { nearness, topics } = relation;
    match nearness {
        Nearness::Near | Nearness::SameDistrict => needed_cosine(nearness, topics, is_area),
        _ if facts.point.is_some() => needed_cosine(nearness, topics, is_area),
        _ if facts.is_news => NEWS_MIN,
        _ if is_no_chance && is_open(nearness) => NO_CHANCE_MIN,
        _ => LONG_MIN,
    }
}

fn of_post(
    facts: &Facts<'_>,
    event: &EventState,
    (is_no_chance, shares_name): (bool, bool),
    Relation { nearness, topics }: Relation,
    is_area: bool,
) -> (f32, f32) {
    let is_apart = matches!(nearness, Nearness::Near | Nearness::SameDistrict) && !is_area;
    let is_anywhere = matches!(nearness, Nearness::Elsewhere | Nearness::Unknown);
    let cosine = needed_cosine(nearness, topics, is_area);
    if facts.is_appeal && is_apart {
        return (NEVER, NEVER);
    }
    let alike = matches!(topics, Topics::Same | Topics::SameBlock);
    let cosine = match nearness {
        Nearness::SameAddress if facts.is_appeal => of_appeals(topics),
        // Many write the same of a trouble that every house may have: without a place only a copy is the same matter.
        _ if facts.is_appeal && is_anywhere && !is_area => cosine.max(COPY_MIN),
        _ if is_no_chance && is_open(nearness) => cosine.min(NO_CHANCE_MIN),
        _ if shares_name && alike => cosine * BY_NAME,
        _ => cosine,
    };
    if facts.is_appeal && is_anywhere && !is_area && event.appeals == event.posts {
        return (cosine, NEVER);
    }
    // What people chat about without a trouble has names of its own too.
    let chat = if event.topic().is_none() { CHAT_MORE * (1.0 + (event.posts as f32).ln()) } else { 0.0 };
    (cosine, needed_kinship(nearness, topics, is_area) + chat)
}

/// Whether the places leave it open that both tell of one.
fn is_open(nearness: Nearness) -> bool {
    matches!(nearness, Nearness::Unknown | Nearness::Elsewhere | Nearness::SameTown)
}

/// Share in its matter an event needs for a post that says no more than the matter.
fn needed_share(facts: &Facts<'_>, event: &EventState, nearness: Nearness, silent: u32) -> f32 {
    let is_area = event.is_area() && facts.is_area;
    match nearness {
        _ if silent > 24 * HOUR || !facts.speaks_up || facts.is_long => NEVER,
        Nearness::SameStreet | Nearness::SamePart | Nearness::SameTown => 0.5,
        Nearness::OtherHouse | Nearness::OtherAddress | Nearness::SameDistrict if is_area => 0.6,
        _ => NEVER,
    }
}

/// A word of the event's own is enough where nothing speaks against it.
fn needed_kinship(nearness: Nearness, topics: Topics, is_area: bool) -> f32 {
    match (nearness, topics) {
        (Nearness::OtherTown | Nearness::Unknown, _) => NEVER,
        (Nearness::OtherHouse | Nearness::OtherAddress, _) if !is_area => NEVER,
        (Nearness::OtherHouse | Nearness::OtherAddress, Topics::Different) => NEVER,
        (_, Topics::Same | Topics::SameBlock) => 0.5,
        (_, Topics::OneUnknown) => 0.55,
        (_, Topics::Different) => 0.68,
    }
}

/// What two appeals about one house need: from there on most pairs of real appeals were for one reason (logistic regression over
/// half a year of appeals of a city, `benches/quality`).
fn of_appeals(topics: Topics) -> f32 {
    match topics {
        Topics::Same => 0.0,
        Topics::OneUnknown => 0.12,
        Topics::SameBlock => 0.45,
        Topics::Different => 0.5,
    }
}

fn needed_cosine(nearness: Nearness, topics: Topics, is_area: bool) -> f32 {
    match (nearness, topics) {
        (Nearness::SameAddress, Topics::Same) => 0.08,
        (Nearness::SameAddress, Topics::SameBlock) => 0.3,
        (Nearness::SameAddress, Topics::OneUnknown) => 0.25,
        (Nearness::SameAddress, Topics::Different) => 0.5,
        (Nearness::SameLandmark, Topics::Same) => 0.0,
        (Nearness::SameLandmark, Topics::SameBlock) => 0.12,
        (Nearness::SameLandmark, Topics::OneUnknown) => 0.12,
        (Nearness::SameLandmark, Topics::Different) => 0.35,
        (Nearness::SameStreet, Topics::Same) => 0.06,
        (Nearness::SameStreet, Topics::SameBlock) if is_area => 0.15,
        (Nearness::SameStreet, Topics::SameBlock) => 0.28,
        (Nearness::SameStreet, Topics::OneUnknown) => 0.32,
        (Nearness::SameStreet, Topics::Different) => 0.6,
        (Nearness::SamePart, Topics::Same) if is_area => 0.06,
        (Nearness::SamePart, Topics::SameBlock) if is_area => 0.1,
        (Nearness::SamePart, Topics::Same) => 0.15,
        (Nearness::SamePart, Topics::SameBlock) => 0.3,
        (Nearness::SamePart, Topics::OneUnknown) => 0.42,
        (Nearness::SamePart, Topics::Different) => 0.65,
        (Nearness::Near | Nearness::SameDistrict, Topics::Same) if is_area => 0.2,
        (Nearness::Near | Nearness::SameDistrict, Topics::SameBlock) if is_area => 0.4,
        (Nearness::Near, Topics::Same) => 0.9,
        (Nearness::Near | Nearness::SameDistrict, _) => NEVER,
        (Nearness::OtherHouse, Topics::Same) if is_area => 0.1,
        (Nearness::OtherHouse, Topics::SameBlock) if is_area => 0.15,
        (Nearness::OtherHouse, _) => NEVER,
        (Nearness::SameTown, Topics::Same) if is_area => 0.1,
        (Nearness::SameTown, Topics::SameBlock) if is_area => 0.15,
        (Nearness::SameTown, Topics::Same) => 0.3,
        (Nearness::SameTown, Topics::SameBlock) => 0.4,
        (Nearness::SameTown, Topics::OneUnknown) => 0.45,
        (Nearness::SameTown, Topics::Different) => 0.7,
        (Nearness::OtherAddress, Topics::Same) if is_area => 0.2,
        (Nearness::OtherAddress, Topics::SameBlock) if is_area => 0.4,
        (Nearness::OtherAddress, _) => NEVER,
        (Nearness::OtherTown, _) => NEVER,
        (Nearness::Elsewhere | Nearness::Unknown, Topics::Same) => 0.3,
        (Nearness::Elsewhere | Nearness::Unknown, Topics::SameBlock) => 0.42,
        (Nearness::Elsewhere | Nearness::Unknown, Topics::OneUnknown) => 0.45,
        (Nearness::Elsewhere | Nearness::Unknown, Topics::Different) => 0.65,
    }
}

/// What a silence costs: at one address a trouble lasts for days, elsewhere it is soon another one.
fn silence(nearness: Nearness, silent: u32) -> f32 {
    match nearness {
        Nearness::SameAddress | Nearness::SameLandmark | Nearness::SameStreet | Nearness::Near => 0.0,
        Nearness::OtherHouse | Nearness::OtherAddress | Nearness::SameDistrict if silent > 12 * HOUR => NEVER,
        _ if silent > 96 * HOUR => 0.35,
        _ if silent > 36 * HOUR => 0.15,
        _ => 0.0,
    }
}
