//! Which recent posts and events a post is compared with.

use std::hint::black_box;

use otklik_domain::{GroupEvidence, Post, PostId};

use super::{
    event::{Events, Facts},
    probe::Probe,
    relation::{Candidate, Chosen, Matter, Pair, Relation, best},
    stems::TextStems,
    window::Window,
    words::{Recent, Words},
};

/// Looks for the event of a post among those in the window.
pub(super) struct Search<'g> {
    pub(super) window: &'g Window,
    pub(super) words: &'g Words,
    pub(super) events: &'g Events,
}

/// What a search makes of one post. Kept from post to post for its memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    probe: Probe,
    recent: Recent,
    sequences: Vec<u64>,
    pairs: Vec<Pair>,
    slots: Vec<u32>,
}

impl Search<'_> {
    /// The event a post belongs to, if it is in the window. Compared are posts with the same rare words, the post's source and
    /// twin, the latest posts of events at its own spot, and as a whole events at its place, on its topic or with its words.
    pub(super) fn choose(
        &self,
        post: &Post,
        facts: &Facts<'_>,
        stems: &TextStems,
        twin: Option<u64>,
        scratch: &mut Scratch,
    ) -> Option<Chosen> {
        let Scratch { probe, recent, sequences, pairs, slots } = scratch;
        let source = self.source_of(post);
        self.words.recent(&stems.all, recent);
        sequences.clear();
        sequences.extend(recent.likeliest());
        sequences.extend(source.as_ref().map(|(sequence, _)| *sequence).into_iter().chain(twin));
        sequences.extend(self.at_spot(facts));
        sequences.sort_unstable();
        sequences.dedup();
        probe.read(stems, self.words);
        self.compare(probe, sequences, pairs);

        slots.clear();
        slots.extend(pairs.iter().map(|pair| pair.slot).chain(self.events.likely(facts, stems)));
        slots.sort_unstable();
        slots.dedup();
        self.events.touch(slots);
        let probe = &*probe;
        let candidates = slots.iter().filter_map(|&slot| {
            let event = self.events.get(slot)?;
            let relation = Relation::of(facts, event);
            let kinship = relation.is_to_whole(facts, event).then(|| event.profile.kinship(probe, self.words));
            let (first, after) =
                (pairs.partition_point(|pair| pair.slot < slot), pairs.partition_point(|pair| pair.slot <= slot));
            let pairs = pairs.get(first..after).unwrap_or_default();
            // With neither there is nothing to compare.
            let candidate = Candidate { slot, event, relation, kinship, probe, words: self.words, pairs };
            (candidate.kinship.is_some() || !pairs.is_empty()).then_some(candidate)
        });
        let candidates: Vec<Candidate<'_>> = candidates.collect();
        let source = source.and_then(|(sequence, evidence)| Some((self.window.get(sequence)?.event, evidence)));
        best(facts, &candidates, source, self.window)
    }

    /// The latest posts of the events at a post's own house or spot of the map.
    fn at_spot(&self, facts: &Facts<'_>) -> impl Iterator<Item = u64> {
        let slots = facts.spots().flat_map(|key| self.events.at(key));
        slots.filter_map(|slot| self.events.get(slot)).flat_map(|event| &event.latest).copied()
    }

    /// Compares posts with the one at hand; puts what comes of it, by event and number, in place of what `pairs` holds.
    fn compare(&self, probe: &Probe, sequences: &[u64], pairs: &mut Vec<Pair>) {
        let entries = || sequences.iter().filter_map(|&sequence| Some((sequence, self.window.get(sequence)?)));
        // All posts are looked at before anything is made of them: so reads of memory do not wait for each other.
        black_box(entries().fold(0, |touched, (_, entry)| touched ^ entry.touch_stems()));
        pairs.clear();
        pairs.extend(entries().filter(|(_, entry)| !entry.id.is_empty()).map(|(sequence, entry)| {
            let likeness = probe.likeness(&entry.stems, self.words);
            let matter = Matter::of(probe.matter, entry.stems.matter());
            Pair { slot: entry.event, sequence, likeness, matter }
        }));
        pairs.sort_by_key(|pair| pair.slot);
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
