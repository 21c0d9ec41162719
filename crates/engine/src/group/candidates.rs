//! Which recent posts and events a post is compared with.

use otklik_domain::{GroupEvidence, Post, PostId};

use super::{
    Grouper,
    event::Facts,
    probe::Probe,
    relation::{Candidate, Chosen, Matter, Pair, Relation, best},
    stems::{TextStems, matter_of},
};

impl Grouper {
    /// The event a post belongs to, if it is in the window. Compared are posts with the same rare words, the post's source and
    /// twin, the latest posts of events at its own spot, and as a whole events at its place, on its topic or with its words.
    pub(super) fn choose(
        &self,
        post: &Post,
        facts: &Facts<'_>,
        stems: &TextStems,
        twin: Option<u64>,
    ) -> Option<Chosen> {
        let source = self.source_of(post);
        let near = source.as_ref().map(|(sequence, _)| *sequence).into_iter().chain(twin);
        let probe = Probe::new(stems, &self.words);
        let pairs =
            self.pairs(&probe, self.words.recent(&stems.all).into_iter().chain(near).chain(self.at_spot(facts)));
        let mut slots: Vec<u32> = pairs.iter().map(|pair| pair.slot).chain(self.events.likely(facts, stems)).collect();
        slots.sort_unstable();
        slots.dedup();
        let candidates = slots.into_iter().filter_map(|slot| {
            let event = self.events.get(slot)?;
            let relation = Relation::of(facts, event);
            let kinship = relation.is_to_whole(facts, event).then(|| event.profile.kinship(&probe, &self.words));
            let (first, after) =
                (pairs.partition_point(|pair| pair.slot < slot), pairs.partition_point(|pair| pair.slot <= slot));
            Some(Candidate { slot, event, relation, kinship, pairs: pairs.get(first..after).unwrap_or_default() })
        });
        let candidates: Vec<Candidate<'_>> = candidates.collect();
        let source = source.and_then(|(sequence, evidence)| Some((self.window.get(sequence)?.event, evidence)));
        best(facts, &candidates, source, &self.window)
    }

    /// The latest posts of the events at a post's own house or spot of the map.
    fn at_spot<'a>(&'a self, facts: &'a Facts<'_>) -> impl Iterator<Item = u64> + 'a {
        let slots = facts.spots().flat_map(|key| self.events.at(key));
        slots.filter_map(|slot| self.events.get(slot)).flat_map(|event| &event.latest).copied()
    }

    /// Compares posts with the one at hand; sorted by event and number.
    fn pairs(&self, probe: &Probe, sequences: impl Iterator<Item = u64>) -> Vec<Pair> {
        let mut sequences: Vec<u64> = sequences.collect();
        sequences.sort_unstable();
        sequences.dedup();
        let pair = |sequence: u64| {
            let entry = self.window.get(sequence).filter(|entry| !entry.id.is_empty())?;
            let theirs = entry.stems.read();
            let likeness = probe.likeness(&theirs, &self.words);
            let matter = Matter::of(probe.matter, matter_of(&theirs));
            Some(Pair { slot: entry.event, sequence, likeness, matter })
        };
        let mut pairs: Vec<Pair> = sequences.into_iter().filter_map(pair).collect();
        pairs.sort_by_key(|pair| pair.slot);
        pairs
    }

    /// The post that this one repeats or answers, where it is in the window.
    fn source_of(&self, post: &Post) -> Option<(u64, GroupEvidence)> {
        let at = |id: &PostId| self.window.sequence_of(id);
        if let Some((id, sequence)) = post.repost_of.as_ref().and_then(|id| Some((id, at(id)?))) {
            return Some((sequence, GroupEvidence::Repost { post: id.clone() }));
        }
        let (id, sequence) = post.reply_to.as_ref().and_then(|id| Some((id, at(id)?)))?;
        Some((sequence, GroupEvidence::Reply { post: id.clone() }))
    }
}
