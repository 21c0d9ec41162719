//! Whether a post belongs to an event: the less place and topic speak for it, the more alike the words have to be.

mod nearness;
mod needs;

use otklik_domain::{GeoPoint, GroupEvidence, PlaceId, PostId, TopicId};

use self::{
    nearness::{Nearness, nearness},
    needs::Needs,
};
use super::{
    event::{EventState, Facts, block_of, family_of},
    probe::{Likeness, Probe},
    profile::Kinship,
    window::Window,
    words::Words,
};

/// An event a post may belong to.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) slot: u32,
    pub(crate) event: &'a EventState,
    pub(crate) relation: Relation,
    /// How much the words are those of the event as a whole, where that counts.
    pub(crate) kinship: Option<Kinship>,
    /// The words of the post.
    pub(crate) probe: &'a Probe,
    pub(crate) words: &'a Words,
    /// Posts of it that were compared.
    pub(crate) pairs: &'a [Pair],
}

/// A post that another was compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// The event of that post.
    pub(crate) slot: u32,
    /// Its number.
    pub(crate) sequence: u64,
    pub(crate) likeness: Likeness,
    /// Whether it is on the same matter.
    pub(crate) matter: Matter,
}

/// Whether two posts are on the same topic in the same town.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Matter {
    Same,
    Other,
    /// Topic or town of one of them is not known.
    #[default]
    Unknown,
}

impl Matter {
    pub(crate) fn of(own: u32, theirs: u32) -> Self {
        match (own, theirs) {
            (0, _) | (_, 0) => Self::Unknown,
            _ if own == theirs => Self::Same,
            _ => Self::Other,
        }
    }
}

impl Candidate<'_> {
    /// The post of it that is most alike.
    fn likest(&self) -> Option<&Pair> {
        self.pairs.iter().max_by(|a, b| a.likeness.cosine.total_cmp(&b.likeness.cosine))
    }

    /// How alike the words are, 0..1.
    fn cosine(&self) -> f32 {
        let of_post = self.likest().map_or(0.0, |pair| pair.likeness.cosine);
        of_post.max(self.kinship.map_or(0.0, |_| self.cosine_to_whole()))
    }

    fn cosine_to_whole(&self) -> f32 {
        self.event.profile.cosine(self.probe, self.words)
    }

    /// How well a post fits, by the event as a whole or by a post of it; `None` when it does not belong there.
    fn fit(&self, facts: &Facts<'_>) -> Option<f32> {
        let Relation { nearness, topics } = self.relation;
        let by_whole = self.kinship.map(|kinship| {
            let needs = Needs::of(facts, self.event, &Likeness::default(), kinship.shares_name, self.relation);
            // A trouble of one address is told from its like by names only.
            let any_word = self.event.is_area() && matches!(topics, Topics::Same | Topics::SameBlock);
            let by_words = if any_word { kinship.by_word } else { kinship.by_name };
            // It is reckoned only where it may be enough.
            let may_do = kinship.cosine_at_most + ROUNDING >= needs.cosine;
            let cosine = if may_do { self.cosine_to_whole() } else { kinship.cosine_at_most };
            (cosine - needs.cosine).max(by_words - needs.kinship).max(kinship.share - needs.share)
        });
        let by_post = self.pairs.iter().map(|pair| {
            let relation = self.relation.to_post(facts, pair.matter);
            pair.likeness.cosine - Needs::of(facts, self.event, &pair.likeness, false, relation).cosine
        });
        let margin = by_whole.into_iter().chain(by_post).max_by(f32::total_cmp)?;
        if margin < 0.0 {
            return None;
        }
        // Where several fit the largest is the likeliest.
        let size = if nearness == Nearness::Unknown { 0.0 } else { (self.event.posts as f32).ln() * SIZE_WEIGHT };
        Some(margin + size)
    }
}

/// How a post and an event lie to each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Relation {
    nearness: Nearness,
    topics: Topics,
}

impl Relation {
    pub(crate) fn of(facts: &Facts<'_>, event: &EventState) -> Self {
        Self { nearness: nearness(facts, event), topics: topics(facts, event) }
    }

    /// Whether the event as a whole says something. Appeals about one house are about its many troubles: what counts there is
    /// the trouble of a single post. Without a place many are on the same topic, and an event is a gathering of them.
    pub(crate) fn is_to_whole(self, facts: &Facts<'_>, event: &EventState) -> bool {
        match self.nearness {
            Nearness::SameAddress => !facts.is_appeal,
            Nearness::Unknown => self.topics == Topics::Same && event.is_area(),
            _ => true,
        }
    }

    /// The relation to a post of the event.
    fn to_post(self, facts: &Facts<'_>, matter: Matter) -> Self {
        let topics = match (self.nearness, matter) {
            _ if !facts.is_appeal => self.topics,
            (Nearness::SameAddress, Matter::Same) => Topics::Same,
            (Nearness::SameAddress, Matter::Unknown) => Topics::OneUnknown,
            (Nearness::SameAddress, Matter::Other) if self.topics != Topics::Different => Topics::SameBlock,
            _ => self.topics,
        };
        Self { topics, ..self }
    }
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

#[derive(Debug, Clone, Copy, PartialEq)]
enum Topics {
    Same,
    SameBlock,
    OneUnknown,
    Different,
}

/// Longest remark that is taken to be about the post it answers, in characters.
const REMARK_CHARS_MAX: usize = 60;
/// How far sums of the same numbers in another order may differ.
const ROUNDING: f32 = 1e-4;
/// What a post more speaks for an event, by its logarithm.
const SIZE_WEIGHT: f32 = 0.05;

/// The event a post belongs to, or none of the candidates.
pub(crate) fn best(
    facts: &Facts<'_>,
    candidates: &[Candidate<'_>],
    source: Option<(u32, GroupEvidence)>,
    window: &Window,
) -> Option<Chosen> {
    if let Some(chosen) = source.and_then(|(slot, evidence)| by_source(facts, slot, evidence, candidates)) {
        return Some(chosen);
    }
    let live = candidates.iter().filter(|candidate| !candidate.event.has_ended);
    let scored = live.filter_map(|candidate| Some((candidate.fit(facts)?, candidate)));
    let (_, candidate) = scored.max_by(|(a, first), (b, second)| {
        // Of equally good ones the one that began first, so that an event does not split for no reason.
        a.total_cmp(b).then(second.slot.cmp(&first.slot))
    })?;
    let similarity = candidate.cosine();
    let post = candidate.likest().and_then(|pair| window.id(pair.sequence));
    Some(Chosen {
        slot: candidate.slot,
        similarity,
        evidence: evidence(facts, candidate, similarity, post),
        is_by_source: false,
    })
}

/// A repost belongs where its source does. So does a comment, unless it speaks of another matter.
fn by_source(facts: &Facts<'_>, slot: u32, evidence: GroupEvidence, candidates: &[Candidate<'_>]) -> Option<Chosen> {
    let candidate = candidates.iter().find(|candidate| candidate.slot == slot)?;
    let cosine = candidate.cosine();
    let Relation { nearness, topics } = candidate.relation;
    let belongs = match evidence {
        GroupEvidence::Repost { .. } => true,
        _ => match topics {
            Topics::Same | Topics::SameBlock => nearness != Nearness::OtherTown,
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

fn topics(facts: &Facts<'_>, event: &EventState) -> Topics {
    let Some(main) = event.topic() else { return Topics::OneUnknown };
    let is_theirs = |own: &str| {
        own == main || event.topics.iter().any(|(topic, weight)| topic == own && *weight >= EVENT_TOPIC_MIN)
    };
    let Some((_, best)) = facts.topic else {
        // Words that only hint at a topic hint at an event on it.
        let hinted = facts.topics.iter().any(|own| own.id.as_str() == main);
        return if hinted { Topics::SameBlock } else { Topics::OneUnknown };
    };
    let mut likely = facts.topics.iter().filter(|topic| topic.score >= best * AS_LIKELY).map(|topic| topic.id.as_str());
    // `heating_off` and `heating_weak` are two words for one trouble when it reaches beyond one address.
    let is_area = facts.is_area && event.is_area();
    let is_family = |own: &str| is_area && family_of(own) == family_of(main);
    if likely.clone().any(|own| is_theirs(own) || is_family(own)) {
        Topics::Same
    } else if likely.any(|own| block_of(own) == block_of(main)) {
        Topics::SameBlock
    } else {
        Topics::Different
    }
}

fn evidence(facts: &Facts<'_>, candidate: &Candidate<'_>, cosine: f32, post: Option<PostId>) -> Vec<GroupEvidence> {
    let event = candidate.event;
    let mut evidence = Vec::new();
    if let Some(post) = post.filter(|_| cosine > 0.0) {
        evidence.push(GroupEvidence::Text { post, similarity: cosine });
    }
    if candidate.relation.topics == Topics::Same
        && let Some((topic, _)) = facts.topic
    {
        evidence.push(GroupEvidence::Topic { topic: TopicId::from(topic) });
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
            let theirs = event.municipality().map(|(id, name)| (id.as_str(), name.as_str()));
            if let Some((id, name)) = facts.municipality.filter(|_| facts.municipality == theirs) {
                evidence.push(GroupEvidence::Place { place: PlaceId::from(id), name: name.to_owned() });
            }
        }
    }
    evidence
}
