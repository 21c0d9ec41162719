//! Whether a post belongs to an event: the less place and topic speak for it, the more alike the words have to be.

use otklik_domain::{GeoPoint, GroupEvidence, PlaceId, PostId, TopicId};

use super::{
    event::{EventState, Events, Facts},
    window::Window,
};

/// An event a post may belong to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) slot: u32,
    /// The post of it that is most alike.
    pub(crate) post: Option<u64>,
    /// How alike the words are, 0..1.
    pub(crate) cosine: f32,
}

/// The event chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) slot: u32,
    pub(crate) similarity: f32,
    pub(crate) evidence: Vec<GroupEvidence>,
}

/// How the places of a post and an event lie to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nearness {
    /// The same house or landmark, or the same spot of the map.
    SameAddress,
    /// The same street, a house named on one side at most.
    SameStreet,
    /// Within a few houses on the map.
    Near,
    /// Another house of the same street.
    OtherHouse,
    /// The same town, an address on one side at most.
    SameTown,
    /// Another address of the same town.
    OtherAddress,
    /// Another town.
    OtherTown,
    /// Not known of one of them.
    Unknown,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Topics {
    Same,
    SameBlock,
    OneUnknown,
    Different,
}

/// Likeness nothing reaches.
const NEVER: f32 = 2.0;
const SAME_SPOT_METRES: f64 = 40.0;
const NEAR_METRES: f64 = 150.0;
const TOWN_METRES: f64 = 20_000.0;
const HOUR: u32 = 3600;

/// The event a post belongs to, or none of the candidates.
pub(crate) fn best(
    facts: &Facts,
    candidates: &[Candidate],
    source: Option<(u32, GroupEvidence)>,
    events: &Events,
    window: &Window,
) -> Option<Chosen> {
    if let Some(chosen) = source.and_then(|(slot, evidence)| by_source(facts, slot, evidence, candidates, events)) {
        return Some(chosen);
    }
    let scored = candidates.iter().filter_map(|candidate| {
        let event = events.get(candidate.slot)?;
        let needed = needed(facts, event);
        let margin = candidate.cosine - needed;
        (margin >= 0.0).then_some((margin, candidate, event))
    });
    let (_, candidate, event) = scored.max_by(|(a, first, _), (b, second, _)| {
        // Of equally good ones the one that began first, so that an event does not split for no reason.
        a.total_cmp(b).then(second.slot.cmp(&first.slot))
    })?;
    let post = candidate.post.and_then(|sequence| window.id(sequence));
    Some(Chosen {
        slot: candidate.slot,
        similarity: candidate.cosine,
        evidence: evidence(facts, event, candidate.cosine, post),
    })
}

/// A repost belongs where its source does. So does a comment, unless it speaks of another matter.
fn by_source(
    facts: &Facts,
    slot: u32,
    evidence: GroupEvidence,
    candidates: &[Candidate],
    events: &Events,
) -> Option<Chosen> {
    let event = events.get(slot)?;
    let cosine = candidates.iter().find(|candidate| candidate.slot == slot).map_or(0.0, |candidate| candidate.cosine);
    let belongs = match evidence {
        GroupEvidence::Repost { .. } => true,
        _ => match topics(facts, event) {
            Topics::Same | Topics::SameBlock => !matches!(nearness(facts, event), Nearness::OtherTown),
            // A remark without a topic of its own goes with what it remarks on, if that is about something.
            Topics::OneUnknown => facts.topic.is_none() && facts.address.is_none() || cosine >= 0.3,
            Topics::Different => false,
        },
    };
    belongs.then(|| Chosen { slot, similarity: cosine, evidence: vec![evidence] })
}

/// How alike the words have to be for a post to belong to an event.
fn needed(facts: &Facts, event: &EventState) -> f32 {
    let is_area = facts.is_area || event.is_area;
    let nearness = nearness(facts, event);
    let base = match (nearness, topics(facts, event)) {
        (Nearness::SameAddress, Topics::Same) => 0.0,
        (Nearness::SameAddress, Topics::SameBlock) => 0.15,
        (Nearness::SameAddress, Topics::OneUnknown) => 0.2,
        (Nearness::SameAddress, Topics::Different) => 0.45,
        (Nearness::SameStreet | Nearness::Near, Topics::Same) => 0.12,
        (Nearness::SameStreet | Nearness::Near, Topics::SameBlock) => 0.28,
        (Nearness::SameStreet | Nearness::Near, Topics::OneUnknown) => 0.32,
        (Nearness::SameStreet | Nearness::Near, Topics::Different) => 0.6,
        (Nearness::OtherHouse, Topics::Same) if is_area => 0.1,
        (Nearness::OtherHouse, Topics::SameBlock) if is_area => 0.25,
        (Nearness::OtherHouse, _) => NEVER,
        (Nearness::SameTown, Topics::Same) if is_area => 0.12,
        (Nearness::SameTown, Topics::Same) => 0.3,
        (Nearness::SameTown, Topics::SameBlock) => 0.4,
        (Nearness::SameTown, Topics::OneUnknown) => 0.45,
        (Nearness::SameTown, Topics::Different) => 0.7,
        (Nearness::OtherAddress, Topics::Same) if is_area => 0.2,
        (Nearness::OtherAddress, Topics::SameBlock) if is_area => 0.4,
        (Nearness::OtherAddress, _) => NEVER,
        (Nearness::OtherTown, Topics::Different) => NEVER,
        (Nearness::OtherTown, _) => 0.85,
        (Nearness::Unknown, Topics::Same) => 0.3,
        (Nearness::Unknown, Topics::SameBlock) => 0.42,
        (Nearness::Unknown, Topics::OneUnknown) => 0.45,
        (Nearness::Unknown, Topics::Different) => 0.65,
    };
    base + silence(nearness, facts.at.saturating_sub(event.last_at))
}

/// What a silence costs: at one address a trouble lasts for days, elsewhere it is soon another one.
fn silence(nearness: Nearness, silent: u32) -> f32 {
    match nearness {
        Nearness::SameAddress | Nearness::SameStreet | Nearness::Near => 0.0,
        Nearness::OtherHouse | Nearness::OtherAddress if silent > 12 * HOUR => NEVER,
        _ if silent > 96 * HOUR => 0.35,
        _ if silent > 36 * HOUR => 0.15,
        _ => 0.0,
    }
}

fn topics(facts: &Facts, event: &EventState) -> Topics {
    let (Some((own, _)), Some(theirs)) = (&facts.topic, event.topic()) else { return Topics::OneUnknown };
    let block = |topic: &str| topic.split('.').next().map(str::to_owned);
    if own == theirs || event.topics.iter().any(|(topic, weight)| topic == own && *weight >= 1.0) {
        Topics::Same
    } else if block(own) == block(theirs) {
        Topics::SameBlock
    } else {
        Topics::Different
    }
}

fn nearness(facts: &Facts, event: &EventState) -> Nearness {
    let metres = facts
        .geo()
        .zip(event.point.and_then(|(lat, lon)| GeoPoint::new(lat, lon)))
        .map(|(own, theirs)| own.distance_m(theirs));
    if let Some(metres) = metres {
        return match metres {
            _ if metres <= SAME_SPOT_METRES => Nearness::SameAddress,
            _ if metres <= NEAR_METRES => Nearness::Near,
            _ if metres <= TOWN_METRES => Nearness::OtherAddress,
            _ => Nearness::OtherTown,
        };
    }
    let town = |municipality: &Option<(String, String)>| municipality.as_ref().map(|(id, _)| id.clone());
    let (own_town, their_town) = (town(&facts.municipality), town(&event.municipality));
    if own_town.is_some() && their_town.is_some() && own_town != their_town {
        return Nearness::OtherTown;
    }
    let Some(own) = &facts.address else {
        return if own_town.is_some() && their_town.is_some() { Nearness::SameTown } else { Nearness::Unknown };
    };
    if event.addresses.iter().any(|theirs| theirs.key == own.key && own.rank >= 2) {
        return Nearness::SameAddress;
    }
    let on_street = |theirs: &&super::event::Located| own.street != 0 && theirs.street == own.street;
    match event.addresses.iter().filter(on_street).max_by_key(|theirs| theirs.rank) {
        Some(theirs) if theirs.rank == 3 && own.rank == 3 => Nearness::OtherHouse,
        Some(_) => Nearness::SameStreet,
        None if event.addresses.is_empty() => {
            if own_town.is_some() && their_town.is_some() {
                Nearness::SameTown
            } else {
                Nearness::Unknown
            }
        }
        // A part of the town may well hold the address.
        None if own.rank == 0 || event.addresses.iter().all(|theirs| theirs.rank == 0) => Nearness::SameTown,
        None => Nearness::OtherAddress,
    }
}

fn evidence(facts: &Facts, event: &EventState, cosine: f32, post: Option<PostId>) -> Vec<GroupEvidence> {
    let mut evidence = Vec::new();
    if let Some(post) = post.filter(|_| cosine > 0.0) {
        evidence.push(GroupEvidence::Text { post, similarity: cosine });
    }
    if matches!(topics(facts, event), Topics::Same)
        && let Some((topic, _)) = &facts.topic
    {
        evidence.push(GroupEvidence::Topic { topic: TopicId::from(topic.as_str()) });
    }
    let metres = facts
        .geo()
        .zip(event.point.and_then(|(lat, lon)| GeoPoint::new(lat, lon)))
        .map(|(own, theirs)| own.distance_m(theirs));
    let shared = facts.address.as_ref().filter(|own| {
        event.addresses.iter().any(|theirs| theirs.key == own.key || own.street != 0 && theirs.street == own.street)
    });
    match (metres, shared) {
        (Some(metres), _) => evidence.push(GroupEvidence::Distance { metres: metres as f32 }),
        (None, Some(address)) => evidence
            .push(GroupEvidence::Place { place: PlaceId::from(address.id.as_str()), name: address.name.clone() }),
        (None, None) => {
            let same_town = facts.municipality.is_some() && facts.municipality == event.municipality;
            if let Some((id, name)) = facts.municipality.as_ref().filter(|_| same_town) {
                evidence.push(GroupEvidence::Place { place: PlaceId::from(id.as_str()), name: name.clone() });
            }
        }
    }
    evidence
}
