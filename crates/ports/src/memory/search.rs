//! Full-text search by comparing words, for tests and small data.
//!
//! Inflections are guessed: two words are the same when one begins as the other without its last two letters.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard},
};

use async_trait::async_trait;
use jiff::Timestamp;
use otklik_domain::{PostId, Span};

use super::lock;
use crate::{
    error::{ErrorKind, PortError, PortResult},
    posts::PostRow,
    search::{Facet, FacetField, HistogramPoint, Search, SearchBatch, SearchHit, SearchPage, SearchQuery},
};

const HITS_MAX: usize = 200;
const OFFSET_MAX: usize = 10_000;
const FACET_VALUES_MAX: usize = 50;
const STEPS_MAX: usize = 10_000;

/// An index in memory.
#[derive(Debug, Default)]
pub struct MemorySearch(Mutex<Index>);

#[derive(Debug, Default)]
struct Index {
    rows: BTreeMap<PostId, PostRow>,
    positions: HashMap<u32, u64>,
}

impl MemorySearch {
    /// An empty index.
    pub fn new() -> Self {
        Self::default()
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        lock(&self.0)
    }
}

#[async_trait]
impl Search for MemorySearch {
    async fn write(&self, batch: SearchBatch) -> PortResult<()> {
        let mut index = self.index();
        for row in batch.rows {
            index.rows.insert(row.post.id.clone(), row);
        }
        for id in batch.deleted {
            index.rows.remove(&id);
        }
        index.positions.insert(batch.next.partition, batch.next.offset);
        Ok(())
    }

    async fn position(&self, partition: u32) -> PortResult<u64> {
        Ok(self.index().positions.get(&partition).copied().unwrap_or(0))
    }

    async fn query(&self, query: &SearchQuery) -> PortResult<SearchPage> {
        let terms = read_query(&query.text)?;
        if query.offset > OFFSET_MAX {
            return Err(rejected(format!("Показать можно только первые {OFFSET_MAX} сообщений, уточните запрос")));
        }
        let index = self.index();
        let mut found: Vec<(&PostRow, f32)> = index
            .rows
            .values()
            .filter(|row| allowed(row, query))
            .filter_map(|row| Some((row, score(&terms, &row.post.text)?)))
            .collect();
        if query.latest_first {
            found.sort_by_key(|(row, _)| std::cmp::Reverse(row.post.published_at));
        } else {
            found.sort_by(|(_, a), (_, b)| b.total_cmp(a));
        }
        let limit = query.limit.min(HITS_MAX);
        let page = found.iter().skip(query.offset).take(limit);
        Ok(SearchPage {
            total: found.len() as u64,
            hits: page.map(|(row, score)| SearchHit { id: row.post.id.clone(), score: *score }).collect(),
            facets: FacetField::ALL.into_iter().flat_map(|field| facet(field, &found)).collect(),
            histogram: histogram(query.histogram_step_seconds, &found)?,
        })
    }

    fn highlight(&self, query: &str, text: &str) -> Vec<Span> {
        let terms = read_query(query).unwrap_or_default();
        let wanted: Vec<&Wanted> = terms.iter().filter(|term| !term.excluded).flat_map(|term| &term.words).collect();
        let words = words(text).into_iter();
        words.filter(|word| wanted.iter().any(|wanted| wanted.is(&word.text))).map(|word| word.span).collect()
    }

    async fn expire(&self, before: Timestamp) -> PortResult<()> {
        self.index().rows.retain(|_, row| row.post.published_at >= before);
        Ok(())
    }
}

/// A word, or several that must stand side by side.
struct Term {
    words: Vec<Wanted>,
    excluded: bool,
}

struct Wanted {
    text: String,
    prefix: bool,
}

struct Word {
    text: String,
    span: Span,
}

impl Wanted {
    fn is(&self, word: &str) -> bool {
        if self.prefix {
            return word.starts_with(&self.text);
        }
        let begins = |word: &str, other: &str| stem(other).is_some_and(|stem| word.starts_with(&stem));
        self.text == word || begins(word, &self.text) || begins(&self.text, word)
    }
}

/// A word of at least four letters without its last two, of which three stay at least.
fn stem(word: &str) -> Option<String> {
    let chars = word.chars().count();
    (chars >= 4).then(|| word.chars().take((chars - 2).max(3)).collect())
}

fn read_query(text: &str) -> PortResult<Vec<Term>> {
    let mut terms = Vec::new();
    for (index, part) in text.split('"').enumerate() {
        let quoted = index % 2 == 1;
        if quoted {
            let before: String = text.split('"').take(index).collect();
            terms.push(term(part, before.ends_with('-'), false));
            continue;
        }
        for chunk in part.split_whitespace() {
            terms.push(term(chunk, chunk.starts_with('-'), chunk.ends_with('*')));
        }
    }
    terms.retain(|term| !term.words.is_empty());
    if terms.is_empty() && !text.trim().is_empty() {
        return Err(rejected("В запросе нет ни одного слова".to_owned()));
    }
    Ok(terms)
}

fn term(text: &str, excluded: bool, prefix: bool) -> Term {
    let mut words: Vec<Wanted> =
        words(text).into_iter().map(|word| Wanted { text: word.text, prefix: false }).collect();
    if let Some(last) = words.last_mut() {
        last.prefix = prefix;
    }
    Term { words, excluded }
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    for (place, character) in (0..).zip(text.chars().chain([' '])) {
        if character.is_alphanumeric() {
            length += 1;
            word.extend(character.to_lowercase().map(|letter| if letter == 'ё' { 'е' } else { letter }));
        } else if length > 0 {
            words.push(Word { text: std::mem::take(&mut word), span: Span { start: place - length, end: place } });
            length = 0;
        }
    }
    words
}

/// How often the words occur, or `None` when the text does not fit.
fn score(terms: &[Term], text: &str) -> Option<f32> {
    let words = words(text);
    let mut score = 0.0;
    for term in terms {
        let here = words
            .windows(term.words.len())
            .filter(|window| window.iter().zip(&term.words).all(|(word, wanted)| wanted.is(&word.text)))
            .count();
        if term.excluded == (here > 0) {
            return None;
        }
        score += here as f32;
    }
    Some(score)
}

fn allowed(row: &PostRow, query: &SearchQuery) -> bool {
    let by_field = |field| query.facets.iter().filter(move |(wanted, _)| *wanted == field);
    query.region.as_ref().is_none_or(|region| row.post.region.as_ref() == Some(region))
        && query.from.is_none_or(|from| row.post.published_at >= from)
        && query.to.is_none_or(|to| row.post.published_at < to)
        && FacetField::ALL.into_iter().all(|field| {
            let value = value_of(row, field);
            by_field(field).next().is_none() || by_field(field).any(|(_, wanted)| Some(wanted.as_str()) == value)
        })
}

fn value_of(row: &PostRow, field: FacetField) -> Option<&str> {
    match field {
        FacetField::Block => row.main_topic().map(|topic| topic.block.as_str()),
        FacetField::Topic => row.main_topic().map(|topic| topic.id.as_str()),
        FacetField::Municipality => row.municipality().map(|place| place.as_str()),
        FacetField::Network => Some(row.post.network.as_str()),
        FacetField::Sentiment => Some(row.analysis.sentiment.label.as_str()),
        FacetField::Intent => Some(row.analysis.intent.as_str()),
    }
}

fn facet(field: FacetField, found: &[(&PostRow, f32)]) -> Vec<Facet> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for value in found.iter().filter_map(|(row, _)| value_of(row, field)) {
        *counts.entry(value).or_default() += 1;
    }
    let mut facets: Vec<Facet> =
        counts.into_iter().map(|(value, posts)| Facet { field, value: value.to_owned(), posts }).collect();
    facets.sort_by_key(|facet| std::cmp::Reverse(facet.posts));
    facets.truncate(FACET_VALUES_MAX);
    facets
}

fn histogram(step_seconds: u32, found: &[(&PostRow, f32)]) -> PortResult<Vec<HistogramPoint>> {
    if step_seconds == 0 {
        return Ok(Vec::new());
    }
    let step = i64::from(step_seconds);
    let mut steps: BTreeMap<i64, u64> = BTreeMap::new();
    for (row, _) in found {
        *steps.entry(row.post.published_at.as_millisecond().div_euclid(step * 1000) * step).or_default() += 1;
    }
    if steps.len() > STEPS_MAX {
        return Err(rejected(format!("Больше {STEPS_MAX} шагов на графике, выберите шаг крупнее")));
    }
    steps
        .into_iter()
        .map(|(second, posts)| {
            let at = Timestamp::from_second(second)
                .map_err(|error| PortError::caused(ErrorKind::Internal, "time out of range", error))?;
            Ok(HistogramPoint { at, posts })
        })
        .collect()
}

fn rejected(message: String) -> PortError {
    PortError::new(ErrorKind::Rejected, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn conforms() {
        crate::conformance::search::suite(async || MemorySearch::new()).await;
    }
}
