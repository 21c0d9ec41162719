//! Whether a post belongs to an event: the less place and topic speak for it, the more alike the words have to be.

mod needs;

use otklik_domain::{GeoPoint, GroupEvidence, PlaceId, PostId, TopicId};

use self::needs::Needs;
use super::{
    event::{EventState, Events, Facts, block_of, family_of},
    profile::Kinship,
    window::Window,
};

/// An event a post may belong to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Candidate {
    pub(crate) slot: u32,
    /// The post of it that is most alike.
    pub(crate) post: Option<u64>,
    /// How alike the words are, 0..1.
    pub(crate) cosine: f32,
    /// How much its words are the event's own.
    pub(crate) kinship: Kinship,
    /// How much of what was said lately on the post's topic in its town was said in the event, 0..1.
    pub(crate) share: f32,
}

/// The event chosen, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chosen {
    pub(crate) slot: u32,
    pub(crate) similarity: f32,
    pub(crate) evidence: Vec<GroupEvidence>,
    /// Whether it repeats or answers a post of the event.
    pub(crate) is_by_source: bool,
}

/// How the places of a post and an event lie to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nearness {
    /// The same house, or the same spot of the map: it may have many troubles.
    SameAddress,
    /// The same bridge, school, shop.
    SameLandmark,
    /// The same street, a house named on one side at most.
    SameStreet,
    /// The same part of the town, the same village, or the same town named by both.
    SamePart,
    /// Within a few houses on the map.
    Near,
    /// Farther than that on the map, within one part of the town.
    SameDistrict,
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

const SAME_SPOT_METRES: f64 = 25.0;
const NEAR_METRES: f64 = 150.0;
const DISTRICT_METRES: f64 = 1_500.0;
const TOWN_METRES: f64 = 20_000.0;
/// Longest remark that is taken to be about the post it answers, in characters.
const REMARK_CHARS_MAX: usize = 60;
/// What a post more speaks for an event, by its logarithm.
const SIZE_WEIGHT: f32 = 0.05;

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
        let event = events.get(candidate.slot).filter(|event| !event.has_ended)?;
        let relation = (nearness(facts, event), topics(facts, event));
        let needs = Needs::of(facts, event, candidate, relation);
        // A trouble of one address is told from its like by names only.
        let any_word = event.is_area() && matches!(relation.1, Topics::Same | Topics::SameBlock);
        let kinship = if any_word { candidate.kinship.by_word } else { candidate.kinship.by_name };
        let margin = (candidate.cosine - needs.cosine).max(kinship - needs.kinship).max(candidate.share - needs.share);
        // Where several fit the largest is the likeliest.
        let size = (event.posts as f32).ln() * SIZE_WEIGHT;
        (margin >= 0.0).then_some((margin + size, candidate, event))
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
        is_by_source: false,
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
            // A remark without a topic of its own goes with what it remarks on: «У нас на Мира, 5 тоже».
            Topics::OneUnknown => facts.topic.is_none() || cosine >= 0.3,
            // So does a short remark whatever it speaks of; a long text may tell of another trouble.
            Topics::Different => facts.address.is_none() && facts.chars <= REMARK_CHARS_MAX,
        },
    };
    belongs.then(|| Chosen { slot, similarity: cosine, evidence: vec![evidence], is_by_source: true })
}

/// Weight of a topic, the sum of its scores, from which it is one of an event's.
const EVENT_TOPIC_MIN: f32 = 1.0;
/// Share of the best topic's score from which another is as likely.
const AS_LIKELY: f32 = 0.8;

fn topics(facts: &Facts, event: &EventState) -> Topics {
    let Some(main) = event.topic() else { return Topics::OneUnknown };
    let is_theirs = |own: &str| {
        own == main || event.topics.iter().any(|(topic, weight)| topic == own && *weight >= EVENT_TOPIC_MIN)
    };
    let Some((_, best)) = &facts.topic else {
        // Words that only hint at a topic hint at an event on it.
        let hinted = facts.topics.iter().any(|(own, _)| own == main);
        return if hinted { Topics::SameBlock } else { Topics::OneUnknown };
    };
    let mut likely = facts.topics.iter().filter(|(_, score)| *score >= best * AS_LIKELY);
    // `heating_off` and `heating_weak` are two words for one trouble when it reaches beyond one address.
    let is_area = facts.is_area && event.is_area();
    let is_family = |own: &str| is_area && family_of(own) == family_of(main);
    if likely.clone().any(|(own, _)| is_theirs(own) || is_family(own)) {
        Topics::Same
    } else if likely.any(|(own, _)| block_of(own) == block_of(main)) {
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
            _ if metres <= DISTRICT_METRES => Nearness::SameDistrict,
            _ if metres <= TOWN_METRES => Nearness::OtherAddress,
            _ => Nearness::OtherTown,
        };
    }
    let own_town = facts.municipality.as_ref().map(|(id, _)| id);
    let their_town = event.municipality().map(|(id, _)| id);
    if own_town.is_some() && their_town.is_some() && own_town != their_town {
        // People tell in one town's community what happens in another.
        let sure = facts.is_town_sure && event.is_town_sure();
        return if sure { Nearness::OtherTown } else { Nearness::Unknown };
    }
    let Some(own) = &facts.address else {
        return match (own_town, their_town) {
            // Who names the town and nothing more precise means the whole of it.
            (Some(_), Some(_)) if facts.names_town && event.is_town_sure() => Nearness::SamePart,
            (Some(_), Some(_)) => Nearness::SameTown,
            _ => Nearness::Unknown,
        };
    };
    if event.addresses.iter().any(|theirs| theirs.key == own.key) {
        return match own.rank {
            3 => Nearness::SameAddress,
            2 => Nearness::SameLandmark,
            1 => Nearness::SameStreet,
            _ => Nearness::SamePart,
        };
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
        // A part of the town may well hold the address; another part does not.
        None => {
            let theirs_are_parts = event.addresses.iter().all(|theirs| theirs.rank == 0);
            if (own.rank == 0) == theirs_are_parts { Nearness::OtherAddress } else { Nearness::SameTown }
        }
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
            let same_town = facts.municipality.is_some() && facts.municipality.as_ref() == event.municipality();
            if let Some((id, name)) = facts.municipality.as_ref().filter(|_| same_town) {
                evidence.push(GroupEvidence::Place { place: PlaceId::from(id.as_str()), name: name.clone() });
            }
        }
    }
    evidence
}
