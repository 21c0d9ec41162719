//! The dictionary: topics, dangers and tones as rules over words, compiled from its files.

use std::{collections::BTreeMap, sync::Arc};

use otklik_domain::{BlockId, Severity, TopicId};
use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use crate::{
    lexicon::{Lexicon, Target},
    model::TopicHint,
    places::Gazetteer,
    source::{DangerFile, Entry, Problem, SourceFile, ToneFile, TopicFile, read_classes, read_morphology, read_toml},
    term::{Classes, Slot, parse},
    tone::Tone,
};

/// Weight of a term by its number of slots: the more it asks for, the surer it is.
const TERM_WEIGHTS: [f32; 3] = [0.6, 0.75, 0.85];
/// Weight of a hint: two or more together make a topic likely.
const HINT_WEIGHT: f32 = 0.25;
/// Examples every topic and danger must have.
const EXAMPLES_MIN: usize = 3;

/// A topic of the dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The topic.
    pub id: TopicId,
    /// Its block.
    pub block: BlockId,
    /// Its name for people.
    pub name: String,
    /// How bad such a problem usually is, 1..=5.
    pub severity: Severity,
    /// Whether it reaches beyond one address: water, heat, light, smells.
    pub is_area: bool,
}

/// Everything known of topics, dangers, tones and places, ready for use. It never changes; threads share it.
#[derive(Debug)]
pub struct Dictionary {
    pub(crate) lexicon: Arc<Lexicon>,
    pub(crate) concepts: Vec<Concept>,
    pub(crate) rules: Vec<Rule>,
    rule_slots: Vec<u32>,
    /// The rules by the slot they hang on.
    anchored: Vec<Anchored>,
    /// By slot: where its rules begin and end in `anchored`.
    hung: Vec<(u32, u32)>,
    pub(crate) gazetteer: Gazetteer,
    topics: BTreeMap<TopicId, Topic>,
    blocks: Vec<(BlockId, String)>,
    examples: Vec<Example>,
    version: String,
}

/// What a concept is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Topic(Topic),
    Danger,
    Tone(Tone),
}

/// Something rules recognise.
#[derive(Debug)]
pub(crate) struct Concept {
    pub(crate) kind: Kind,
    pub(crate) id: String,
    /// What it says to models, when it is a topic.
    pub(crate) topic: Option<TopicHint>,
}

/// A rule's part in its concept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Enough by itself; its number in the file from 1.
    Term(u16),
    /// Counts together with others.
    Hint(u16),
    /// Forbids the concept.
    Exception,
}

/// Slots that have to be found close together.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) concept: u32,
    pub(crate) role: Role,
    pub(crate) weight: f32,
    /// Whether it counts less the later it stands in a text: rules of topics do.
    pub(crate) fades: bool,
    /// Stretches of the slots of all rules: those that must be found, and those that must not.
    slots: (u32, u32),
    absent: (u32, u32),
}

/// A rule where it is tried, with two more of its slots: where one of them was not found the rule is not even looked at. A rule of fewer
/// slots has some of them again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchored {
    pub(crate) rule: u32,
    pub(crate) partners: [u32; 2],
    /// Whether it asks for nothing but the slot it is tried for.
    pub(crate) is_alone: bool,
}

/// A sentence and whether it must give its concept.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) concept: u32,
    pub(crate) text: String,
    pub(crate) expected: bool,
    pub(crate) path: String,
    pub(crate) line: usize,
}

impl Dictionary {
    /// Compiles a dictionary from its files; files whose path says nothing to it are left alone.
    ///
    /// # Errors
    /// Every mistake found, in order of file and line.
    pub fn compile(files: &[SourceFile<'_>]) -> Result<Self, Vec<Problem>> {
        let mut builder = Builder::new(files);
        builder.read_all(files);
        let mut problems = std::mem::take(&mut builder.problems);
        if problems.is_empty() {
            return Ok(builder.finish(files));
        }
        problems.sort();
        Err(problems)
    }

    /// A hash of the files, 16 hexadecimal digits: analyses name it.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A topic by its id.
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.get(id)
    }

    /// Every topic, by id.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// Every block with its name, by id.
    pub fn blocks(&self) -> &[(BlockId, String)] {
        &self.blocks
    }

    /// The places known.
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// How many slots the rules have.
    pub(crate) fn slots(&self) -> usize {
        self.hung.len()
    }

    /// Whether rules hang on a slot.
    #[inline(always)]
    pub(crate) fn is_anchor(&self, slot: u32) -> bool {
        self.hung.get(slot as usize).is_some_and(|(begin, end)| begin < end)
    }

    /// The rules to try where a slot was found.
    #[inline(always)]
    pub(crate) fn anchored(&self, slot: u32) -> &[Anchored] {
        let (begin, end) = self.hung.get(slot as usize).copied().unwrap_or_default();
        self.anchored.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// The slots of a rule that must be found.
    pub(crate) fn slots_of(&self, rule: &Rule) -> &[u32] {
        stretch(&self.rule_slots, rule.slots)
    }

    /// The slots of a rule that must not be found.
    pub(crate) fn absent_of(&self, rule: &Rule) -> &[u32] {
        stretch(&self.rule_slots, rule.absent)
    }

    pub(crate) fn examples(&self) -> &[Example] {
        &self.examples
    }
}

struct Builder {
    lexicon: Lexicon,
    classes: Classes,
    stemmer: Stemmer,
    concepts: Vec<Concept>,
    rules: Vec<Rule>,
    rule_slots: Vec<u32>,
    slots: FxHashMap<Slot, u32>,
    gazetteer: Gazetteer,
    topics: BTreeMap<TopicId, Topic>,
    blocks: Vec<(BlockId, String)>,
    examples: Vec<Example>,
    problems: Vec<Problem>,
}

impl Builder {
    /// Begins with the files the others need: classes and morphology.
    fn new(files: &[SourceFile<'_>]) -> Self {
        let mut problems = Vec::new();
        let named = |name: &str| files.iter().find(|file| file.path == name);
        let morphology = named("morphology.tsv").map(|file| read_morphology(file, &mut problems)).unwrap_or_default();
        let classes = named("classes.toml").map(|file| read_classes(file, &mut problems)).unwrap_or_default();
        Self {
            lexicon: Lexicon::new(morphology),
            classes,
            stemmer: Stemmer::create(Algorithm::Russian),
            concepts: Vec::new(),
            rules: Vec::new(),
            rule_slots: Vec::new(),
            slots: FxHashMap::default(),
            gazetteer: Gazetteer::default(),
            topics: BTreeMap::new(),
            blocks: Vec::new(),
            examples: Vec::new(),
            problems,
        }
    }

    fn read_all(&mut self, files: &[SourceFile<'_>]) {
        let mut sorted: Vec<&SourceFile<'_>> = files.iter().collect();
        sorted.sort_by_key(|file| file.path);
        for file in sorted {
            match file.path {
                "danger.toml" => self.read_dangers(file),
                "tone.toml" => self.read_tones(file),
                path if path.starts_with("topics/") && path.ends_with(".toml") => self.read_topics(file),
                path if path.starts_with("places/") && path.ends_with(".tsv") => {
                    self.gazetteer.read(file, &mut self.lexicon, &mut self.problems);
                }
                _ => {}
            }
        }
    }

    fn read_topics(&mut self, file: &SourceFile<'_>) {
        let topics: TopicFile = match read_toml(file) {
            Ok(topics) => topics,
            Err(problem) => return self.problems.push(problem),
        };
        let block = topics.id.get_ref().clone();
        if file.path != format!("topics/{block}.toml") {
            let message = format!("block {block} belongs into topics/{block}.toml");
            self.problems.push(Problem::at(file, topics.id.span(), message));
        }
        self.blocks.push((BlockId::from(block.as_str()), topics.name));
        for entry in topics.topics {
            self.read_topic(file, &block, entry);
        }
    }

    fn read_topic(&mut self, file: &SourceFile<'_>, block: &str, entry: Entry) {
        let id = TopicId::from(entry.id.get_ref().as_str());
        if id.block().as_str() != block || !is_topic_id(id.as_str()) {
            let message = format!("topic id {id:?} must be {block}.name in lower-case Latin letters, digits and _");
            self.problems.push(Problem::at(file, entry.id.span(), message));
        }
        let level = entry.severity.as_ref().map_or(0, |severity| *severity.get_ref());
        if !(1..=5).contains(&level) {
            let span = entry.severity.as_ref().unwrap_or(&toml::Spanned::new(entry.id.span(), 0)).span();
            self.problems.push(Problem::at(file, span, "severity must be 1 to 5"));
        }
        let is_area = match entry.reach.as_ref().map(|reach| (reach.get_ref().as_str(), reach.span())) {
            None | Some(("address", _)) => false,
            Some(("area", _)) => true,
            Some((_, span)) => {
                self.problems.push(Problem::at(file, span, "reach must be \"address\" or \"area\""));
                false
            }
        };
        let topic = Topic {
            id: id.clone(),
            block: id.block(),
            name: entry.name.clone(),
            severity: Severity::new(level),
            is_area,
        };
        if self.topics.insert(id.clone(), topic.clone()).is_some() {
            self.problems.push(Problem::at(file, entry.id.span(), format!("topic {id} is there twice")));
        }
        self.add_concept(file, Kind::Topic(topic), &entry);
    }

    fn read_dangers(&mut self, file: &SourceFile<'_>) {
        match read_toml::<DangerFile>(file) {
            Ok(dangers) => {
                for entry in dangers.danger {
                    self.add_concept(file, Kind::Danger, &entry);
                }
            }
            Err(problem) => self.problems.push(problem),
        }
    }

    fn read_tones(&mut self, file: &SourceFile<'_>) {
        let tones: ToneFile = match read_toml(file) {
            Ok(tones) => tones,
            Err(problem) => return self.problems.push(problem),
        };
        for entry in tones.tone {
            match entry.id.get_ref().parse() {
                Ok(tone) => self.add_concept(file, Kind::Tone(tone), &entry),
                Err(message) => self.problems.push(Problem::at(file, entry.id.span(), message)),
            }
        }
    }

    fn add_concept(&mut self, file: &SourceFile<'_>, kind: Kind, entry: &Entry) {
        let concept = self.concepts.len() as u32;
        let few = entry.examples.len() < EXAMPLES_MIN || entry.others.is_empty();
        if few && !matches!(kind, Kind::Tone(_)) {
            let message = format!("{} needs at least {EXAMPLES_MIN} examples and one of others", entry.id.get_ref());
            self.problems.push(Problem::at(file, entry.id.span(), message));
        }
        let topic = match &kind {
            Kind::Topic(topic) => Some(TopicHint::of(&topic.id, &topic.block)),
            _ => None,
        };
        self.concepts.push(Concept { kind, id: entry.id.get_ref().clone(), topic });
        for (number, term) in (1..).zip(&entry.terms) {
            self.add_rule(file, concept, Role::Term(number), term);
        }
        for (number, term) in (1..).zip(&entry.hints) {
            self.add_rule(file, concept, Role::Hint(number), term);
        }
        for term in &entry.not {
            self.add_rule(file, concept, Role::Exception, term);
        }
        for (sentences, expected) in [(&entry.examples, true), (&entry.others, false)] {
            for sentence in sentences {
                let at = Problem::at(file, sentence.span(), "");
                let text = sentence.get_ref().clone();
                self.examples.push(Example { concept, text, expected, path: at.path, line: at.line });
            }
        }
    }

    fn add_rule(&mut self, file: &SourceFile<'_>, concept: u32, role: Role, term: &toml::Spanned<String>) {
        let parsed = match parse(term.get_ref(), &self.classes) {
            Ok(parsed) => parsed,
            Err(message) => return self.problems.push(Problem::at(file, term.span(), message)),
        };
        let weight = match role {
            Role::Hint(_) => HINT_WEIGHT,
            _ => TERM_WEIGHTS.get(parsed.slots.len() - 1).copied().unwrap_or(TERM_WEIGHTS[2]),
        };
        let slots = self.slots_of(parsed.slots);
        let absent = self.slots_of(parsed.absent);
        let fades = self.concepts.last().is_some_and(|concept| concept.topic.is_some());
        self.rules.push(Rule { concept, role, weight, fades, slots, absent });
    }

    /// Puts the slots of a rule beside those of the others.
    fn slots_of(&mut self, slots: Vec<Slot>) -> (u32, u32) {
        let from = self.rule_slots.len() as u32;
        for slot in slots {
            let id = self.slot(slot);
            self.rule_slots.push(id);
        }
        (from, self.rule_slots.len() as u32)
    }

    fn slot(&mut self, slot: Slot) -> u32 {
        if let Some(&id) = self.slots.get(&slot) {
            return id;
        }
        let id = self.slots.len() as u32;
        for phrase in &slot.0 {
            self.lexicon.add(phrase, Target::Slot(id), &self.stemmer);
        }
        self.slots.insert(slot, id);
        id
    }

    fn finish(mut self, files: &[SourceFile<'_>]) -> Dictionary {
        self.blocks.sort();
        let (anchored, hung) =
            hang(&self.rules, &self.rule_slots, &self.lexicon.phrases().commonness(self.slots.len()));
        self.lexicon.seal(|slot| hung.get(slot as usize).is_some_and(|(begin, end)| begin < end));
        Dictionary {
            anchored,
            hung,
            lexicon: Arc::new(self.lexicon),
            concepts: self.concepts,
            rules: self.rules,
            rule_slots: self.rule_slots,
            gazetteer: self.gazetteer,
            topics: self.topics,
            blocks: self.blocks,
            examples: self.examples,
            version: version_of(files),
        }
    }
}

/// Hangs each rule on its least common slot: a rule is only tried where that slot was found. Gives the rules in order of slot, and where
/// those of each slot begin and end.
fn hang(rules: &[Rule], rule_slots: &[u32], commonness: &[u32]) -> (Vec<Anchored>, Vec<(u32, u32)>) {
    let mut hung = vec![Vec::new(); commonness.len()];
    for (index, rule) in rules.iter().enumerate() {
        let mut slots: Vec<u32> = stretch(rule_slots, rule.slots).to_vec();
        slots.sort_by_key(|&slot| commonness.get(slot as usize).copied());
        let Some(&anchor) = slots.first() else { continue };
        let partner = |nth: usize| slots.get(nth).copied().unwrap_or(anchor);
        if let Some(hung) = hung.get_mut(anchor as usize) {
            let is_alone = slots.len() == 1 && stretch(rule_slots, rule.absent).is_empty();
            hung.push(Anchored { rule: index as u32, partners: [partner(1), partner(2)], is_alone });
        }
    }
    let stretches = hung.iter().scan(0, |end, hung| {
        let begin = std::mem::replace(end, *end + hung.len() as u32);
        Some((begin, *end))
    });
    let stretches = stretches.collect();
    (hung.concat(), stretches)
}

fn stretch(slots: &[u32], (from, to): (u32, u32)) -> &[u32] {
    slots.get(from as usize..to as usize).unwrap_or_default()
}

fn is_topic_id(id: &str) -> bool {
    id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.'))
}

/// FNV-1a over paths and contents in order of path.
fn version_of(files: &[SourceFile<'_>]) -> String {
    let mut sorted: Vec<&SourceFile<'_>> = files.iter().collect();
    sorted.sort_by_key(|file| file.path);
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let parts = sorted.iter().flat_map(|file| [file.path, "\0", file.content, "\0"]);
    for byte in parts.flat_map(str::bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    }
    format!("{hash:016x}")
}
