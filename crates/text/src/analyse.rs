//! Reads a post: everything the other modules find, put together.

use std::sync::Arc;

use otklik_domain::{Analysis, Evidence, EvidenceSource, PlaceId, Post, Severity, TopicHit, Versions};

use crate::{
    dictionary::{Dictionary, Kind, Role},
    language::LanguageDetector,
    lexer::{Lexeme, Lexer},
    matcher::{Hit, Matcher},
    model::{Model, Reader, hints},
    places::{Context, Cues, resolve},
    tone::{self, Signs, Tones},
};

/// Topics kept for one post.
const TOPICS_MAX: usize = 8;
/// Score below which a topic is not given.
const TOPIC_SCORE_MIN: f32 = 0.2;
/// The topic of a block for what none of its others names, and what its score counts.
const GENERAL: &str = ".general";
const GENERAL_WEIGHT: f32 = 0.85;
/// Homes of communities remembered.
const HOMES_MAX: usize = 100_000;

/// Reads posts. Holds tables that grow warm with use; each thread has its own.
#[derive(Debug)]
pub struct Analyser {
    dictionary: Arc<Dictionary>,
    models: Vec<Reader>,
    versions: Versions,
    lexer: Lexer,
    matcher: Matcher,
    language: LanguageDetector,
    cues: Cues,
    lexemes: Vec<Lexeme>,
    /// By community name: the municipality it is at home in.
    homes: rustc_hash::FxHashMap<String, Option<PlaceId>>,
}

impl Analyser {
    /// An analyser with a dictionary and any number of trained models, each of which adds topics or judges the tone.
    pub fn new(dictionary: Arc<Dictionary>, models: Vec<Arc<Model>>) -> Self {
        let versions = Versions {
            dictionary: dictionary.version().to_owned(),
            models: models.iter().map(|model| model.version().to_owned()).collect(),
        };
        Self {
            versions,
            lexer: Lexer::new(Arc::clone(&dictionary.lexicon)),
            matcher: Matcher::new(Arc::clone(&dictionary)),
            language: LanguageDetector::default(),
            cues: Cues::default(),
            lexemes: Vec::new(),
            homes: rustc_hash::FxHashMap::default(),
            dictionary,
            models: models.into_iter().map(Reader::new).collect(),
        }
    }

    /// Reads a post.
    pub fn analyse(&mut self, post: &Post) -> Analysis {
        let home = self.home(post);
        let mut lexemes = std::mem::take(&mut self.lexemes);
        let ending = self.lexer.read(&post.text, &mut lexemes);
        let hits = self.matcher.run(&lexemes, &self.lexer);
        let found = self.sort_hits(&hits, &lexemes, &post.text);
        let (question, exclamations, shouting) = Signs::read(&lexemes, ending);
        let best = found.topics.first();
        let signs = Signs {
            tones: found.tones,
            topic: best.map_or(0.0, |topic| topic.score),
            topic_severity: best
                .and_then(|best| self.dictionary.topic(best.id.as_str()))
                .map_or(Severity::default(), |topic| topic.severity),
            danger: found.danger_score,
            kind: post.kind,
            network: post.network,
            words: lexemes.len(),
            question,
            exclamations,
            shouting,
        };
        let context = Context {
            region: post.region.as_ref().map(|region| region.as_str()),
            home: home.as_ref(),
            point: post.geo,
        };
        let gazetteer = self.dictionary.gazetteer();
        let (places, locality) = resolve(gazetteer, &self.cues, &self.matcher.names, &lexemes, &post.text, context);
        let intent = tone::intent(&signs);
        let mut analysis = Analysis {
            id: post.id.clone(),
            language: self.language.detect(&post.text, &lexemes),
            topics: found.topics,
            intent,
            sentiment: tone::sentiment(&signs, intent),
            severity: tone::severity(&signs, intent),
            danger: found.danger,
            places,
            locality,
            versions: self.versions.clone(),
        };
        if !self.models.is_empty() {
            let hints = hints(&analysis.topics);
            for model in &mut self.models {
                model.judge(&lexemes, &post.text, &hints, &mut analysis);
            }
        }
        self.lexemes = lexemes;
        analysis
    }

    /// The topics that the dictionary finds in a text.
    pub(crate) fn topics(&mut self, text: &str) -> Vec<TopicHit> {
        let mut lexemes = std::mem::take(&mut self.lexemes);
        self.lexer.read(text, &mut lexemes);
        let hits = self.matcher.run(&lexemes, &self.lexer);
        let found = self.sort_hits(&hits, &lexemes, text);
        self.lexemes = lexemes;
        found.topics
    }

    /// The stems of the last post read, for grouping and fingerprints.
    pub fn lexemes(&self) -> &[Lexeme] {
        &self.lexemes
    }

    /// The municipality a community is at home in, by its name: «Подслушано в Глазове».
    fn home(&mut self, post: &Post) -> Option<PlaceId> {
        let community = post.community.as_ref().filter(|community| !community.name.is_empty())?;
        let region = post.region.as_ref().map(|region| region.as_str());
        let key = format!("{}\u{0}{}", region.unwrap_or_default(), community.name);
        if let Some(home) = self.homes.get(&key) {
            return home.clone();
        }
        let mut lexemes = Vec::new();
        self.lexer.read(&community.name, &mut lexemes);
        self.matcher.run(&lexemes, &self.lexer);
        let gazetteer = self.dictionary.gazetteer();
        let context = Context { region, ..Context::default() };
        let (_, locality) = resolve(gazetteer, &self.cues, &self.matcher.names, &lexemes, &community.name, context);
        let home = locality.map(|locality| locality.municipality);
        if self.homes.len() < HOMES_MAX {
            self.homes.insert(key, home.clone());
        }
        home
    }

    fn sort_hits(&self, hits: &[Hit], lexemes: &[Lexeme], text: &str) -> Found {
        let mut found = Found::default();
        for hit in hits {
            let Some(concept) = self.dictionary.concepts.get(hit.concept as usize) else { continue };
            let evidence = || {
                hit.evidence.iter().map(|(role, words)| Evidence {
                    source: EvidenceSource::Dictionary,
                    rule: rule_name(&concept.id, *role),
                    text: words.text(lexemes, text).to_owned(),
                    span: words.span(lexemes),
                })
            };
            match &concept.kind {
                Kind::Topic(topic) if hit.score >= TOPIC_SCORE_MIN => found.topics.push(TopicHit {
                    id: topic.id.clone(),
                    block: topic.block.clone(),
                    score: hit.score,
                    evidence: evidence().collect(),
                }),
                Kind::Topic(_) => {}
                Kind::Danger => {
                    if hit.score >= 0.5 {
                        found.danger.extend(evidence());
                        found.danger_score = found.danger_score.max(hit.score);
                    }
                }
                Kind::Tone(tone) => found.tones.set(*tone, hit.score),
            }
        }
        // What is left over of a block comes after what has a name.
        for topic in found.topics.iter_mut().filter(|topic| topic.id.as_str().ends_with(GENERAL)) {
            topic.score *= GENERAL_WEIGHT;
        }
        found.topics.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.id.cmp(&b.id)));
        found.topics.truncate(TOPICS_MAX);
        found.danger.sort_by_key(|evidence| evidence.span);
        found
    }
}

/// What the rules found, by kind.
#[derive(Default)]
struct Found {
    topics: Vec<TopicHit>,
    danger: Vec<Evidence>,
    danger_score: f32,
    tones: Tones,
}

fn rule_name(concept: &str, role: Role) -> String {
    match role {
        Role::Term(number) => format!("{concept}#{number}"),
        Role::Hint(number) => format!("{concept}~{number}"),
        Role::Exception => concept.to_owned(),
    }
}
