//! Reads a post: everything the other modules find, put together.

use std::sync::Arc;

use otklik_domain::{Analysis, Evidence, EvidenceSource, PlaceId, Post, Severity, TopicHit, Versions};

use crate::{
    dictionary::{Concept, Dictionary, Kind, Role},
    language::LanguageDetector,
    lexer::{Lexeme, Lexer},
    matcher::{Hit, Matcher},
    model::{Hint, Model, Reader, Text, read_hints},
    places::{Context, Cues, resolve},
    tone::{self, Signs, Tones},
};

/// Topics kept for one post.
const TOPICS_MAX: usize = 8;
/// Score below which a topic is not given.
const TOPIC_SCORE_MIN: f32 = 0.2;
/// What the score of a topic counts that stands for what none of its block's others names.
const GENERAL_WEIGHT: f32 = 0.85;
/// Score from which a topic speaks for the best one of its block too.
const BLOCK_SCORE_MIN: f32 = 0.65;
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
    /// The topics of the last text, the best first: score and place among the hits.
    ranked: Vec<(f32, u32)>,
    hints: Vec<Hint>,
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
            ranked: Vec::new(),
            hints: Vec::new(),
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
        self.matcher.run(&lexemes, &self.lexer);
        self.rank_topics();
        if !self.models.is_empty() {
            self.read_hints();
        }
        self.raise_best_of_blocks();
        let found = self.found(&lexemes, &post.text);
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
            language: self.language.detect(&post.text, &lexemes, self.lexer.age()),
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
            let text = Text { lexemes: &lexemes, written: &post.text, age: self.lexer.age() };
            for model in &mut self.models {
                model.judge(&text, &self.hints, &mut analysis);
            }
        }
        self.lexemes = lexemes;
        analysis
    }

    /// What the dictionary finds in a text, as hints to models, with the text as it was read.
    pub(crate) fn hints<'t>(&'t mut self, text: &'t str) -> (&'t [Hint], Text<'t>) {
        let mut lexemes = std::mem::take(&mut self.lexemes);
        self.lexer.read(text, &mut lexemes);
        self.matcher.run(&lexemes, &self.lexer);
        self.rank_topics();
        self.read_hints();
        self.lexemes = lexemes;
        (&self.hints, Text { lexemes: &self.lexemes, written: text, age: self.lexer.age() })
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

    fn concept(&self, hit: &Hit) -> Option<&Concept> {
        self.dictionary.concepts.get(hit.concept as usize)
    }

    /// Finds the best topics among the hits.
    fn rank_topics(&mut self) {
        let mut ranked = std::mem::take(&mut self.ranked);
        ranked.clear();
        for (hit, place) in self.matcher.hits.iter().zip(0..) {
            if hit.score >= TOPIC_SCORE_MIN
                && let Some(topic) = self.concept(hit).and_then(|concept| concept.topic)
            {
                // What is left over of a block comes after what has a name.
                ranked.push((if topic.is_general { hit.score * GENERAL_WEIGHT } else { hit.score }, place));
            }
        }
        self.sort(&mut ranked);
        ranked.truncate(TOPICS_MAX);
        self.ranked = ranked;
    }

    /// Sorts topics, the best first.
    fn sort(&self, ranked: &mut [(f32, u32)]) {
        let id = |place: u32| Some(&self.concept(self.matcher.hits.get(place as usize)?)?.id);
        ranked.sort_by(|(a, first), (b, second)| b.total_cmp(a).then_with(|| id(*first).cmp(&id(*second))));
    }

    /// Gives the best topic of a block the chance that not every sure one of the block errs: who tells of a pit, of a puddle and of
    /// the kerb tells of a road, however well one word fits something else. Models get the topics as they were found.
    fn raise_best_of_blocks(&mut self) {
        let mut ranked = std::mem::take(&mut self.ranked);
        let block = |place: u32| Some(self.concept(self.matcher.hits.get(place as usize)?)?.topic?.block());
        let sure = ranked.iter().take_while(|(score, _)| *score >= BLOCK_SCORE_MIN).count();
        for nth in 1..sure {
            let Some(&(score, place)) = ranked.get(nth) else { break };
            let own = block(place);
            if let Some((best, _)) = ranked.iter_mut().take(nth).find(|(_, place)| block(*place) == own) {
                *best = 1.0 - (1.0 - *best) * (1.0 - score);
            }
        }
        self.sort(&mut ranked);
        self.ranked = ranked;
    }

    fn read_hints(&mut self) {
        let hints = self.ranked.iter().filter_map(|&(score, place)| {
            let concept = self.dictionary.concepts.get(self.matcher.hits.get(place as usize)?.concept as usize)?;
            Some((concept.topic?, score))
        });
        read_hints(hints, &mut self.hints);
    }

    /// Tells what was found, with its evidence.
    fn found(&self, lexemes: &[Lexeme], text: &str) -> Found {
        let mut found = Found { topics: Vec::with_capacity(self.ranked.len()), ..Found::default() };
        let evidence = |hit: &Hit, concept: &Concept| {
            let evidence = self.matcher.evidence(hit).iter().map(|(role, words)| Evidence {
                source: EvidenceSource::Dictionary,
                rule: rule_name(&concept.id, *role),
                text: words.text(lexemes, text).to_owned(),
                span: words.span(lexemes),
            });
            evidence.collect::<Vec<_>>()
        };
        for &(score, place) in &self.ranked {
            let Some(hit) = self.matcher.hits.get(place as usize) else { continue };
            if let Some(concept) = self.concept(hit)
                && let Kind::Topic(topic) = &concept.kind
            {
                let (id, block) = (topic.id.clone(), topic.block.clone());
                found.topics.push(TopicHit { id, block, score, evidence: evidence(hit, concept) });
            }
        }
        for hit in &self.matcher.hits {
            let Some(concept) = self.concept(hit) else { continue };
            match concept.kind {
                Kind::Danger if hit.score >= 0.5 => {
                    found.danger.extend(evidence(hit, concept));
                    found.danger_score = found.danger_score.max(hit.score);
                }
                Kind::Tone(tone) => found.tones.set(tone, hit.score),
                Kind::Topic(_) | Kind::Danger => {}
            }
        }
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
    let (sign, number) = match role {
        Role::Term(number) => ('#', number),
        Role::Hint(number) => ('~', number),
        Role::Exception => return concept.to_owned(),
    };
    let mut name = String::with_capacity(concept.len() + 6);
    name.push_str(concept);
    name.push(sign);
    let digits = (0..5).rev().map(|power| number / 10_u16.pow(power)).skip_while(|&left| left == 0);
    name.extend(digits.map(|left| char::from(b'0' + (left % 10) as u8)));
    name
}
