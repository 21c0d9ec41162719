//! Runs the dictionary's rules over the words of a text.
//!
//! Each word leads to the slots its phrases fill; a rule is tried where the rarest of its slots was found, so that the work
//! grows with what a text says and not with the size of the dictionary.

mod found;
mod stretch;

use std::{hint::black_box, sync::Arc};

use self::found::Found;
pub(crate) use self::stretch::Words;
use crate::{
    dictionary::{Dictionary, Role, Rule},
    lexer::{Lexeme, Lexer},
    lexicon::{Begun, Target, WordId},
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
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Hit {
    pub(crate) concept: u32,
    /// 0..1.
    pub(crate) score: f32,
    /// Where the rules that found it begin among all evidence, and how many are kept.
    evidence: (u32, u32),
}

/// Finds concepts and place names. Keeps its tables from text to text; each thread has its own.
#[derive(Debug)]
pub(crate) struct Matcher {
    dictionary: Arc<Dictionary>,
    /// What each word of the text begins, with the word's place.
    begun: Vec<(u32, WordId, Begun)>,
    found: Found,
    /// Rules that hold, with where.
    held: Vec<(u32, Words)>,
    rooms: Rooms,
    /// By word: how many words that count stand before it.
    before: Vec<u32>,
    /// Names of places and where they stand.
    pub(crate) names: Vec<(u32, Words)>,
    /// What the last text speaks of, in order of concept.
    pub(crate) hits: Vec<Hit>,
    evidence: Vec<(Role, Words)>,
}

/// Places tried for a rule: those of each of its slots, and those chosen.
#[derive(Debug, Default)]
struct Rooms {
    all: Vec<Words>,
    /// By slot of the rule: where its places end in `all`.
    ends: Vec<usize>,
    chosen: Vec<Words>,
}

impl Matcher {
    pub(crate) fn new(dictionary: Arc<Dictionary>) -> Self {
        Self {
            found: Found::new(dictionary.slots()),
            dictionary,
            begun: Vec::new(),
            held: Vec::new(),
            rooms: Rooms::default(),
            before: Vec::new(),
            names: Vec::new(),
            hits: Vec::new(),
            evidence: Vec::new(),
        }
    }

    /// Finds what a text speaks of: `hits` and `names`.
    pub(crate) fn run(&mut self, lexemes: &[Lexeme], lexer: &Lexer) {
        let dictionary = Arc::clone(&self.dictionary);
        self.find_phrases(&dictionary, lexemes, lexer);
        self.count_before(lexemes);
        self.try_rules(&dictionary);
        self.collect(&dictionary, lexemes);
        self.found.clear();
        self.held.clear();
    }

    /// The rules that found a concept, in order of the file, and where.
    pub(crate) fn evidence(&self, hit: &Hit) -> &[(Role, Words)] {
        let (from, count) = hit.evidence;
        self.evidence.get(from as usize..(from + count) as usize).unwrap_or_default()
    }

    fn find_phrases(&mut self, dictionary: &Dictionary, lexemes: &[Lexeme], lexer: &Lexer) {
        let phrases = dictionary.lexicon.phrases();
        let Self { begun: all, found, names, .. } = self;
        names.clear();
        // All together first: then the reads of memory do not wait for each other.
        all.clear();
        for (lexeme, index) in lexemes.iter().zip(0..) {
            all.extend(lexer.members(lexeme.words, &mut [0]).iter().map(|&word| (index, word, phrases.of(word))));
        }
        let first = |begun: Begun| phrases.slots(begun).0.first().copied().unwrap_or_default();
        black_box(all.iter().fold(0, |touched, (.., begun)| touched ^ first(*begun)));
        for &(from, word, begun) in all.iter() {
            let here = Words { from, to: from + 1 };
            let (anchors, others) = phrases.slots(begun);
            found.add_anchors(anchors, here);
            found.add(others, here);
            names.extend(phrases.names(begun).iter().map(|&name| (name, here)));
            let follow = lexemes.get(from as usize + 1..).unwrap_or_default();
            let Some((next, follow)) = follow.split_first().filter(|_| begun.seconds != 0) else { continue };
            if begun.seconds & lexer.bits(next.words) == 0 {
                continue;
            }
            for &second in lexer.members(next.words, &mut [0]) {
                for longer in phrases.longer(word, second) {
                    let rest = phrases.rest(longer);
                    let is_there = |(word, lexeme): (&u32, &Lexeme)| {
                        lexer.members(lexeme.words, &mut [0]).binary_search(word).is_ok()
                    };
                    if rest.len() <= follow.len() && rest.iter().zip(follow).all(is_there) {
                        let words = Words { from, to: from + 2 + rest.len() as u32 };
                        match longer.target {
                            Target::Slot(slot) if dictionary.is_anchor(slot) => found.add_anchors(&[slot], words),
                            Target::Slot(slot) => found.add(&[slot], words),
                            Target::Name(name) => names.push((name, words)),
                        }
                    }
                }
            }
        }
    }

    fn count_before(&mut self, lexemes: &[Lexeme]) {
        self.before.clear();
        self.before.push(0);
        let mut count = 0;
        self.before.extend(lexemes.iter().map(|Lexeme { token, .. }| {
            let flags = token.flags;
            let short = token.span.end - token.span.start <= SHORT_CHARS_MAX;
            let name =
                flags.has(Flags::CAPITAL) && !flags.has(Flags::SENTENCE_START) && !flags.has(Flags::CAPITAL_INSIDE);
            count += u32::from(!short && !name && !flags.has(Flags::DIGIT));
            count
        }));
    }

    /// Words that count between two stretches.
    fn gap(&self, left: Words, right: Words) -> u32 {
        let before = |index: u32| self.before.get(index as usize).copied().unwrap_or_default();
        before(right.from).saturating_sub(before(left.to))
    }

    fn try_rules(&mut self, dictionary: &Dictionary) {
        let mut rooms = std::mem::take(&mut self.rooms);
        let rule = |slot: u32| dictionary.anchored(slot).first().map_or(0, |tried| tried.rule);
        black_box(self.found.anchors().iter().fold(0, |touched, &slot| touched ^ rule(slot)));
        for &slot in self.found.anchors() {
            for tried in dictionary.anchored(slot) {
                if !tried.partners.iter().all(|&slot| self.found.has(slot)) {
                    continue;
                }
                let holds = if tried.is_alone {
                    self.found.of(slot).min_by_key(|words| (words.to - words.from, words.from))
                } else {
                    let rule = dictionary.rules.get(tried.rule as usize);
                    rule.and_then(|rule| self.holds(dictionary, rule, slot, &mut rooms))
                };
                if let Some(words) = holds {
                    self.held.push((tried.rule, words));
                }
            }
        }
        self.rooms = rooms;
    }

    /// Where a rule holds, the tightest place of those its anchor offers.
    fn holds(&self, dictionary: &Dictionary, rule: &Rule, anchor: u32, rooms: &mut Rooms) -> Option<Words> {
        let slots = dictionary.slots_of(rule);
        if !slots.iter().all(|&slot| self.found.has(slot)) {
            return None;
        }
        let Rooms { all, ends, chosen } = rooms;
        all.clear();
        ends.clear();
        for &slot in slots {
            let begin = all.len();
            all.extend(self.found.of(slot));
            // In order and each once: two words of a set may fill the same slot.
            all.get_mut(begin..)?.sort_unstable();
            ends.push(all.len());
        }
        let begin = |nth: usize| nth.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or_default();
        let places = |nth: usize| all.get(begin(nth)..ends.get(nth).copied().unwrap_or_default()).unwrap_or_default();
        let anchored = slots.iter().position(|&slot| slot == anchor)?;
        let mut best: Option<Words> = None;
        for &at in places(anchored) {
            chosen.clear();
            chosen.push(at);
            // The anchor's own slot is filled; the same slot named twice needs a second place.
            let complete = (0..slots.len()).filter(|&nth| nth != anchored).all(|nth| {
                let words = nearest(places(nth), at, chosen);
                chosen.extend(words);
                words.is_some()
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
            if close && tighter && !self.is_forbidden(dictionary.absent_of(rule), reach) {
                best = Some(reach);
            }
        }
        best
    }

    fn is_forbidden(&self, absent: &[u32], reach: Words) -> bool {
        let near = |words: Words| words.from + GAP_MAX >= reach.from && words.to <= reach.to + GAP_MAX;
        absent.iter().any(|&slot| self.found.of(slot).any(near))
    }

    /// Puts rules that hold together to concepts: the chance that not every one of them errs.
    fn collect(&mut self, dictionary: &Dictionary, lexemes: &[Lexeme]) {
        // Rules stand in order of their concepts.
        self.held.sort_unstable();
        self.hits.clear();
        self.evidence.clear();
        let mut forbidden = None;
        for &(index, words) in &self.held {
            let Some(rule) = dictionary.rules.get(index as usize) else { continue };
            if self.hits.last().is_none_or(|hit| hit.concept != rule.concept) && forbidden != Some(rule.concept) {
                let evidence = (self.evidence.len() as u32, 0);
                self.hits.push(Hit { concept: rule.concept, score: 0.0, evidence });
            }
            let Some(hit) = self.hits.last_mut().filter(|hit| hit.concept == rule.concept) else { continue };
            if rule.role == Role::Exception {
                forbidden = Some(rule.concept);
                self.hits.pop();
                continue;
            }
            let weight = if rule.fades { rule.weight * prominence(words.span(lexemes).start) } else { rule.weight };
            hit.score = 1.0 - (1.0 - hit.score) * (1.0 - weight);
            if hit.evidence.1 < EVIDENCE_MAX as u32 {
                hit.evidence.1 += 1;
                self.evidence.push((rule.role, words));
            }
        }
    }
}

/// The place nearest to `at` that overlaps nothing chosen; of two as near the left one.
fn nearest(places: &[Words], at: Words, chosen: &[Words]) -> Option<Words> {
    let after = places.partition_point(|words| words.from < at.from);
    let free = |words: &Words| !chosen.iter().any(|other| other.overlaps(*words));
    let right = places.get(after..)?.iter().copied().find(free);
    let left = places.get(..after)?.iter().rev().copied().find(free);
    match (left, right) {
        (Some(left), Some(right)) => Some(if at.from - left.from <= right.from - at.from { left } else { right }),
        (left, right) => left.or(right),
    }
}
