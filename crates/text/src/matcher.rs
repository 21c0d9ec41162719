//! Runs the dictionary's rules over the words of a text.
//!
//! Each word leads to the slots its phrases fill; a rule is tried where the rarest of its slots was found, so that the work
//! grows with what a text says and not with the size of the dictionary.

mod stretch;

use std::sync::Arc;

pub(crate) use self::stretch::Words;
use crate::{
    dictionary::{Dictionary, Kind, Role, Rule},
    lexer::{Lexeme, Lexer},
    lexicon::Target,
    token::Flags,
};

/// Most other words between neighbouring slots of a rule. Names, numbers and words of one or two letters do not count: an address
/// may stand there («стройка на Мира, 7, шумит»).
const GAP_MAX: u32 = 3;
const SHORT_CHARS_MAX: u32 = 2;
/// Most occurrences of rules kept for one concept as evidence.
const EVIDENCE_MAX: usize = 8;

/// How much what stands at a place of a text says of its topic, 0..1: people come to the point first and then tell the rest.
fn prominence(start: u32) -> f32 {
    const AT_THE_END: f32 = 0.75;
    const FADES_CHARS: f32 = 200.0;
    AT_THE_END + (1.0 - AT_THE_END) * (-(start as f32) / FADES_CHARS).exp()
}

/// A concept that was found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Hit {
    pub(crate) concept: u32,
    /// 0..1.
    pub(crate) score: f32,
    /// The rules that found it, in order of the file, and where.
    pub(crate) evidence: Vec<(Role, Words)>,
}

/// Finds concepts and place names. Keeps its tables from text to text; each thread has its own.
#[derive(Debug)]
pub(crate) struct Matcher {
    dictionary: Arc<Dictionary>,
    /// What was found: slot and where, in order of slot once sorted.
    found: Vec<(u32, Words)>,
    /// By slot: its stretch of `found`; empty for a slot that was not found.
    by_slot: Vec<(u32, u32)>,
    /// By slot a bit: whether it was found.
    found_bits: Vec<u64>,
    /// Rules that hold, with where.
    held: Vec<(u32, Words)>,
    chosen: Vec<Words>,
    /// By word: how many words that count stand before it.
    before: Vec<u32>,
    /// Names of places and where they stand.
    pub(crate) names: Vec<(u32, Words)>,
}

impl Matcher {
    pub(crate) fn new(dictionary: Arc<Dictionary>) -> Self {
        let slots = dictionary.anchored.len();
        Self {
            dictionary,
            found: Vec::new(),
            by_slot: vec![(0, 0); slots],
            found_bits: vec![0; slots.div_ceil(64)],
            held: Vec::new(),
            chosen: Vec::new(),
            before: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Finds what a text speaks of; the best first within each kind is left to the caller.
    pub(crate) fn run(&mut self, lexemes: &[Lexeme], lexer: &Lexer) -> Vec<Hit> {
        self.find_phrases(lexemes, lexer);
        self.count_before(lexemes);
        self.index_found();
        self.try_rules();
        let hits = self.collect(lexemes);
        self.clear();
        hits
    }

    fn find_phrases(&mut self, lexemes: &[Lexeme], lexer: &Lexer) {
        self.found.clear();
        self.names.clear();
        for (index, lexeme) in lexemes.iter().enumerate() {
            if lexeme.words == 0 {
                continue;
            }
            let Some(set) = lexer.set(lexeme.words) else { continue };
            let from = index as u32;
            for &target in &set.alone {
                self.note(target, Words { from, to: from + 1 });
            }
            let next = lexemes.get(index + 1).and_then(|next| lexer.set(next.words)).map_or(0, |next| next.mask);
            for continuation in set.longer(next) {
                let follows = continuation.rest.iter().enumerate().all(|(step, word)| {
                    lexemes
                        .get(index + 1 + step)
                        .and_then(|next| lexer.set(next.words))
                        .is_some_and(|next| next.words.binary_search(word).is_ok())
                });
                if follows {
                    let to = from + 1 + continuation.rest.len() as u32;
                    self.note(continuation.target, Words { from, to });
                }
            }
        }
    }

    fn note(&mut self, target: Target, words: Words) {
        match target {
            Target::Slot(slot) => self.found.push((slot, words)),
            Target::Name(name) => self.names.push((name, words)),
        }
    }

    fn count_before(&mut self, lexemes: &[Lexeme]) {
        self.before.clear();
        self.before.push(0);
        let mut count = 0;
        for Lexeme { token, .. } in lexemes {
            let flags = token.flags;
            let short = token.span.end - token.span.start <= SHORT_CHARS_MAX;
            let name =
                flags.has(Flags::CAPITAL) && !flags.has(Flags::SENTENCE_START) && !flags.has(Flags::CAPITAL_INSIDE);
            count += u32::from(!short && !name && !flags.has(Flags::DIGIT));
            self.before.push(count);
        }
    }

    /// Words that count between two stretches.
    fn gap(&self, left: Words, right: Words) -> u32 {
        let before = |index: u32| self.before.get(index as usize).copied().unwrap_or_default();
        before(right.from).saturating_sub(before(left.to))
    }

    fn index_found(&mut self) {
        self.found.sort_unstable();
        self.found.dedup();
        let mut start = 0;
        while let Some(&(slot, _)) = self.found.get(start) {
            let length = self.found.iter().skip(start).take_while(|(other, _)| *other == slot).count();
            if let Some(range) = self.by_slot.get_mut(slot as usize) {
                *range = (start as u32, (start + length) as u32);
            }
            if let Some(bits) = self.found_bits.get_mut(slot as usize / 64) {
                *bits |= 1 << (slot % 64);
            }
            start += length;
        }
    }

    fn try_rules(&mut self) {
        let dictionary = Arc::clone(&self.dictionary);
        let mut chosen = std::mem::take(&mut self.chosen);
        let mut last = None;
        for &(slot, _) in &self.found {
            if last == Some(slot) {
                continue;
            }
            last = Some(slot);
            for tried in dictionary.anchored.get(slot as usize).map_or(&[][..], Vec::as_slice) {
                if !tried.partners.iter().all(|&slot| self.is_found(slot)) {
                    continue;
                }
                let Some(rule) = dictionary.rules.get(tried.rule as usize) else { continue };
                if let Some(words) = self.holds(rule, slot, &mut chosen) {
                    self.held.push((tried.rule, words));
                }
            }
        }
        self.chosen = chosen;
    }

    fn is_found(&self, slot: u32) -> bool {
        self.found_bits.get(slot as usize / 64).is_some_and(|bits| bits >> (slot % 64) & 1 == 1)
    }

    fn occurrences(&self, slot: u32) -> &[(u32, Words)] {
        let (from, to) = self.by_slot.get(slot as usize).copied().unwrap_or_default();
        self.found.get(from as usize..to as usize).unwrap_or_default()
    }

    /// Where a rule holds, the tightest place of those its anchor offers.
    fn holds(&self, rule: &Rule, anchor: u32, chosen: &mut Vec<Words>) -> Option<Words> {
        if !rule.slots.iter().all(|&slot| self.is_found(slot)) {
            return None;
        }
        let mut best: Option<Words> = None;
        for &(_, at) in self.occurrences(anchor) {
            chosen.clear();
            chosen.push(at);
            let mut anchor_seen = false;
            let complete = rule.slots.iter().all(|&slot| {
                // The anchor's own slot is filled; the same slot named twice needs a second place.
                if slot == anchor && !anchor_seen {
                    anchor_seen = true;
                    return true;
                }
                match self.nearest(slot, at, chosen) {
                    Some(words) => {
                        chosen.push(words);
                        true
                    }
                    None => false,
                }
            });
            if !complete {
                continue;
            }
            chosen.sort_unstable();
            let close = chosen.windows(2).all(|pair| self.gap(pair[0], pair[1]) <= GAP_MAX);
            let reach = Words {
                from: chosen.first().map_or(0, |words| words.from),
                to: chosen.iter().map(|words| words.to).max().unwrap_or_default(),
            };
            let tighter = best.is_none_or(|best| reach.to - reach.from < best.to - best.from);
            if close && tighter && !self.is_forbidden(rule, reach) {
                best = Some(reach);
            }
        }
        best
    }

    /// The occurrence of a slot nearest to `at` that overlaps nothing chosen.
    fn nearest(&self, slot: u32, at: Words, chosen: &[Words]) -> Option<Words> {
        let all = self.occurrences(slot);
        let after = all.partition_point(|(_, words)| words.from < at.from);
        let free = |words: &Words| !chosen.iter().any(|other| other.overlaps(*words));
        let right = all.get(after..)?.iter().map(|(_, words)| *words).find(free);
        let left = all.get(..after)?.iter().rev().map(|(_, words)| *words).find(free);
        match (left, right) {
            (Some(left), Some(right)) => Some(if at.from - left.from <= right.from - at.from { left } else { right }),
            (left, right) => left.or(right),
        }
    }

    fn is_forbidden(&self, rule: &Rule, reach: Words) -> bool {
        rule.absent.iter().any(|&slot| {
            self.occurrences(slot)
                .iter()
                .any(|(_, words)| words.from + GAP_MAX >= reach.from && words.to <= reach.to + GAP_MAX)
        })
    }

    /// Puts rules that hold together to concepts: the chance that not every one of them errs.
    fn collect(&mut self, lexemes: &[Lexeme]) -> Vec<Hit> {
        let rules = &self.dictionary.rules;
        let is_topic = |concept: u32| {
            self.dictionary.concepts.get(concept as usize).is_some_and(|concept| matches!(concept.kind, Kind::Topic(_)))
        };
        // Rules stand in order of their concepts.
        self.held.sort_unstable();
        let mut hits: Vec<Hit> = Vec::new();
        let mut forbidden = None;
        for &(index, words) in &self.held {
            let Some(rule) = rules.get(index as usize) else { continue };
            if hits.last().is_none_or(|hit| hit.concept != rule.concept) && forbidden != Some(rule.concept) {
                hits.push(Hit { concept: rule.concept, score: 0.0, evidence: Vec::new() });
            }
            let Some(hit) = hits.last_mut().filter(|hit| hit.concept == rule.concept) else { continue };
            if rule.role == Role::Exception {
                forbidden = Some(rule.concept);
                hits.pop();
                continue;
            }
            let weight =
                if is_topic(rule.concept) { rule.weight * prominence(words.span(lexemes).start) } else { rule.weight };
            hit.score = 1.0 - (1.0 - hit.score) * (1.0 - weight);
            if hit.evidence.len() < EVIDENCE_MAX {
                hit.evidence.push((rule.role, words));
            }
        }
        hits
    }

    fn clear(&mut self) {
        for (slot, _) in self.found.drain(..) {
            if let Some(range) = self.by_slot.get_mut(slot as usize) {
                *range = (0, 0);
            }
            if let Some(bits) = self.found_bits.get_mut(slot as usize / 64) {
                *bits = 0;
            }
        }
        self.held.clear();
    }
}
