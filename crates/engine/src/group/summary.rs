//! A title and a summary for an event, taken from its posts' own sentences.

mod opening;
mod tidy;

use otklik_domain::{Network, Post, PostKind};
use otklik_text::Lexeme;
use serde::{Deserialize, Serialize};

use self::{
    opening::without_opening,
    tidy::{shorten, tidy},
};
use super::{event::Facts, window::hash_text, words::Words};

/// Sentences kept of an event.
const KEPT: usize = 4;
/// Sentences of the summary.
const SUMMARY_SENTENCES: usize = 3;
/// Sentences of one post looked at.
const LOOKED_AT: usize = 8;
/// Letters of a word that may be cut short, so that its full stop ends no sentence.
const SHORT_WORD: usize = 3;
const TITLE_CHARS_MAX: usize = 110;
/// Characters of the shortest sentence that tells something.
const CHARS_MIN: usize = 8;

/// A sentence and how well it would say what the event is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sentence {
    text: Box<str>,
    score: f32,
    /// Hash of the post's id.
    post: u64,
    /// Its telling stems, to keep sentences apart that say the same.
    stems: Vec<u32>,
}

/// The best sentences of an event's posts, the best first.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Sentences(Vec<Sentence>);

impl Sentences {
    /// Looks at the sentences of a post.
    pub(crate) fn add(&mut self, post: &Post, facts: &Facts<'_>, lexemes: &[Lexeme], words: &Words) {
        for (start, end) in split(&post.text, lexemes).take(LOOKED_AT) {
            let first = lexemes.partition_point(|lexeme| (lexeme.token.start as usize) < start);
            let after = lexemes.partition_point(|lexeme| (lexeme.token.start as usize) < end);
            let within = lexemes.get(first..after).unwrap_or_default();
            if within.len() < 2 {
                continue;
            }
            let score = score(within, post, facts, words);
            // Neither new nor better than the least of those kept, it would change nothing.
            if self.0.len() >= KEPT && self.0.last().is_some_and(|least| score <= least.score) {
                continue;
            }
            let Some(text) = post.text.get(start..end).map(tidy) else { continue };
            if text.chars().take(CHARS_MIN).count() < CHARS_MIN {
                continue;
            }
            let stems = telling(within).collect();
            self.offer(Sentence { text: text.into(), score, post: hash_text(post.id.as_str()), stems });
        }
    }

    /// Takes a sentence in if it is better than what says the same, or says something new.
    fn offer(&mut self, sentence: Sentence) {
        let same = self.0.iter().position(|known| overlap(&known.stems, &sentence.stems) > 0.5);
        match same {
            Some(index) => {
                if let Some(known) = self.0.get_mut(index).filter(|known| known.score < sentence.score) {
                    *known = sentence;
                }
            }
            None => self.0.push(sentence),
        }
        self.0.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.0.truncate(KEPT);
    }

    pub(crate) fn title(&self, topic: &str, place: &str) -> String {
        let Some(best) = self.0.first() else { return neutral_title(topic, place) };
        let point = without_opening(&best.text);
        let said = point.trim_end_matches(['.', '!', '?', ',', ':', ';', '-', '—', ' ']);
        let title = shorten(said, TITLE_CHARS_MAX);
        let named = place.split([',', ' ']).filter(|word| word.chars().count() >= 4).any(|word| {
            let root: String = word.chars().take(5).collect::<String>().to_lowercase();
            title.to_lowercase().contains(&root)
        });
        if place.is_empty() || named { title } else { format!("{title} — {place}") }
    }

    pub(crate) fn summary(&self) -> String {
        let sentences: Vec<String> =
            self.0.iter().take(SUMMARY_SENTENCES).map(|sentence| ended(&sentence.text)).collect();
        sentences.join(" ")
    }

    /// Lets go of what a post said: it is gone at its source.
    pub(crate) fn forget(&mut self, post: &str) {
        let gone = hash_text(post);
        self.0.retain(|sentence| sentence.post != gone);
    }

    /// Whether one of them is of a post, by the hash of its id.
    pub(crate) fn is_of(&self, post: u64) -> bool {
        self.0.iter().any(|sentence| sentence.post == post)
    }

    /// Takes out the sentences of some posts.
    pub(crate) fn take<'a>(&mut self, posts: impl Iterator<Item = &'a str>) -> Self {
        let posts: Vec<u64> = posts.map(hash_text).collect();
        let (taken, left) = std::mem::take(&mut self.0).into_iter().partition(|said| posts.contains(&said.post));
        self.0 = left;
        Self(taken)
    }

    /// Takes over the sentences of an event that was joined to this one.
    pub(crate) fn merge(&mut self, other: &Self) {
        other.0.iter().cloned().for_each(|sentence| self.offer(sentence));
    }
}

/// What an event is called that no sentence tells of: its topic and its place.
pub fn neutral_title(topic: &str, place: &str) -> String {
    let named = [topic, place].into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(", ");
    if named.is_empty() { "Сообщение жителей".to_owned() } else { shorten(&named, TITLE_CHARS_MAX) }
}

/// How well a sentence says what happened: it holds the words behind the topic, is plain and neither short nor long.
fn score(within: &[Lexeme], post: &Post, facts: &Facts<'_>, words: &Words) -> f32 {
    let holds = |span: &otklik_domain::Span| {
        within.iter().any(|lexeme| lexeme.token.span.start >= span.start && lexeme.token.span.end <= span.end)
    };
    let on_topic = facts.topic_spans.iter().filter(|span| holds(span)).count().min(3) as f32;
    let telling: f32 = telling(within).map(|stem| words.idf(stem).min(6.0)).sum::<f32>() / 6.0;
    let length = within.len() as f32;
    let fit = if length < 4.0 { 0.5 } else { (1.0 - (length - 11.0).abs() / 40.0).max(0.2) };
    let loud = within.iter().filter(|lexeme| lexeme.token.flags.has(otklik_text::Flags::CAPITAL_INSIDE)).count();
    let plain = 1.0 - 0.5 * (loud as f32 / length).min(1.0);
    let source = match (post.network, post.kind) {
        (Network::Rss, _) => 1.25,
        (_, PostKind::Comment) => 0.85,
        _ => 1.0,
    };
    (1.0 + on_topic * 1.5 + (1.0 + telling).ln()) * fit * plain * source
}

/// Stems of the words that are no particles.
fn telling(within: &[Lexeme]) -> impl Iterator<Item = u32> {
    within
        .iter()
        .filter(|lexeme| lexeme.token.span.end - lexeme.token.span.start >= 4)
        .map(|lexeme| (lexeme.stem >> 16) as u32)
}

fn overlap(a: &[u32], b: &[u32]) -> f32 {
    let common = a.iter().filter(|stem| b.contains(stem)).count();
    common as f32 / a.len().min(b.len()).max(1) as f32
}

/// Byte ranges of sentences. A full stop ends one only before a space, and not after a short word: «ул.», «д.».
fn split(text: &str, lexemes: &[Lexeme]) -> impl Iterator<Item = (usize, usize)> {
    let mut start = Some(0);
    let mut marks = marks(text, lexemes);
    std::iter::from_fn(move || {
        let begin = start?;
        let end = marks.find(|&(mark, end)| mark != b'.' || ends_at_full_stop(text, end));
        start = end.map(|(_, end)| end);
        Some((begin, start.unwrap_or(text.len())))
    })
}

/// The marks between words that may end a sentence, by their first byte, and where each ends.
fn marks(text: &str, lexemes: &[Lexeme]) -> impl Iterator<Item = (u8, usize)> {
    const ELLIPSIS: &[u8] = "…".as_bytes();
    let bytes = text.as_bytes();
    let ends = [0].into_iter().chain(lexemes.iter().map(|lexeme| lexeme.token.end as usize));
    let starts = lexemes.iter().map(|lexeme| lexeme.token.start as usize).chain([bytes.len()]);
    ends.zip(starts).flat_map(|(end, start)| end..start).filter_map(move |at| match *bytes.get(at)? {
        mark @ (b'\n' | b'\r' | b'!' | b'?' | b'.') => Some((mark, at + 1)),
        mark if mark == ELLIPSIS[0] && bytes.get(at..)?.starts_with(ELLIPSIS) => Some((mark, at + ELLIPSIS.len())),
        _ => None,
    })
}

/// Whether the full stop before a byte ends a sentence.
fn ends_at_full_stop(text: &str, end: usize) -> bool {
    let next = text.get(end..).and_then(|rest| rest.chars().next());
    let before = text.get(..end - 1).unwrap_or_default().chars().rev();
    next.is_none_or(char::is_whitespace)
        && before.take(SHORT_WORD + 1).filter(|c| c.is_alphabetic()).count() > SHORT_WORD
}

fn ended(sentence: &str) -> String {
    if sentence.ends_with(['.', '!', '?', '…']) { sentence.to_owned() } else { format!("{sentence}.") }
}
