//! The language of a short post.
//!
//! Cyrillic words are judged by their letters: how likely each is after the two before it, in each of twelve languages
//! (`language/letters.txt`). What a word says for each language is reckoned once and kept. The long tail of languages in other
//! scripts is whatlang's. A post without anything that speaks against it is Russian.

use std::{borrow::Cow, sync::LazyLock};

use otklik_domain::Language;
use rustc_hash::FxHashMap;
use whatlang::Detector;

use crate::{
    fold::fold_into,
    lexer::{Lexeme, Lexer},
    token::Flags,
};

/// Texts without letters tell nothing.
const UNKNOWN: &str = "und";
/// Languages told apart by letters.
const LANGUAGES: usize = 12;
/// Words whose scores are kept; a power of two. 32 bytes each.
const WORDS_KEPT: usize = 1 << 14;
/// Unlikelihoods are whole numbers of quarters of a nat.
const UNIT: f32 = 4.0;
/// What Russian has ahead of the others: most posts are in it.
const RUSSIAN_AHEAD: i32 = 4;
/// Words of a text looked at.
const TEXT_WORDS_MAX: usize = 200;

/// How unlikely letters are, by language.
type Unlikely = [u8; LANGUAGES];

/// What is known of letters.
struct Letters {
    /// Codes of the languages, Russian first.
    codes: Vec<&'static str>,
    /// By one letter, a letter after another, a letter after two others; a space stands for the edge of a word.
    unlikely: FxHashMap<[char; 3], Unlikely>,
}

/// How the file writes the edge of a word.
const EDGE: char = '_';

static LETTERS: LazyLock<Letters> = LazyLock::new(|| {
    let mut lines = include_str!("language/letters.txt").lines();
    let codes: Vec<&'static str> = lines.next().unwrap_or_default().split(' ').collect();
    debug_assert_eq!(codes.len(), LANGUAGES, "the first line names the languages");
    let read = |line: &str| {
        let (letters, numbers) = line.split_once(' ')?;
        let mut key = ['\0'; 3];
        // Shorter ones stand at the end.
        let length = letters.chars().count();
        letters.chars().zip(3_usize.checked_sub(length)?..).for_each(|(letter, place)| key[place] = letter);
        let mut unlikely = [0; LANGUAGES];
        for (place, digit) in unlikely.iter_mut().zip(numbers.chars()) {
            *place = digit.to_digit(36)? as u8;
        }
        Some((key, unlikely))
    };
    Letters { codes, unlikely: lines.filter_map(read).collect() }
});

/// Tells the language of texts, by itself; an analyser does it along with the rest. Each thread has its own.
#[derive(Debug, Default)]
pub struct LanguageReader {
    lexer: Lexer,
    lexemes: Vec<Lexeme>,
    detector: LanguageDetector,
}

impl LanguageReader {
    /// The language of a text; `und` when nothing tells it.
    pub fn read(&mut self, text: &str) -> Language {
        self.lexer.read(text, &mut self.lexemes);
        self.detector.detect(text, &self.lexemes)
    }
}

/// Tells languages apart. Each thread has its own.
#[derive(Debug)]
pub(crate) struct LanguageDetector {
    words: Vec<Kept>,
    folded: String,
    rest: Detector,
}

/// What a word says for each language, by the hash of its form; that is 0 where there is none.
#[derive(Debug, Clone, Copy, Default)]
struct Kept {
    form: u64,
    scores: [i16; LANGUAGES],
}

impl Default for LanguageDetector {
    fn default() -> Self {
        Self { words: vec![Kept::default(); WORDS_KEPT], folded: String::new(), rest: Detector::new() }
    }
}

impl LanguageDetector {
    pub(crate) fn detect(&mut self, text: &str, lexemes: &[Lexeme]) -> Language {
        let mut scores = [0_i32; LANGUAGES];
        let (mut cyrillic, mut latin) = (0_usize, 0_usize);
        for lexeme in lexemes.iter().take(TEXT_WORDS_MAX) {
            let flags = lexeme.token.flags;
            latin += usize::from(flags.has(Flags::LATIN));
            if flags.has(Flags::CYRILLIC) {
                cyrillic += 1;
                let word = self.word(lexeme, text);
                scores.iter_mut().zip(word).for_each(|(sum, score)| *sum += i32::from(score));
            }
        }
        match (cyrillic, latin) {
            (0, 0) => language(UNKNOWN, 0.0),
            _ if latin > cyrillic => self.detect_rest(text),
            _ => likeliest(scores),
        }
    }

    /// What a word says for each language, from the table or for the first time.
    fn word(&mut self, lexeme: &Lexeme, text: &str) -> [i16; LANGUAGES] {
        let form = lexeme.token.form;
        let place = (form >> 20) as usize & (WORDS_KEPT - 1);
        match self.words.get(place) {
            Some(kept) if kept.form == form => kept.scores,
            _ => {
                fold_into(lexeme.token.text(text), &mut self.folded);
                let scores = word_scores(&self.folded);
                if let Some(kept) = self.words.get_mut(place) {
                    *kept = Kept { form, scores };
                }
                scores
            }
        }
    }

    fn detect_rest(&self, text: &str) -> Language {
        match self.rest.detect(text) {
            Some(info) if info.is_reliable() || info.lang() == whatlang::Lang::Eng => {
                language(two_letters(info.lang().code()), info.confidence() as f32)
            }
            _ => language(UNKNOWN, 0.0),
        }
    }
}

fn language(code: &'static str, confidence: f32) -> Language {
    Language { code: Cow::Borrowed(code), confidence: confidence.clamp(0.0, 1.0) }
}

/// The sum of how unlikely the letters of a word are, taken away from nothing.
#[cold]
fn word_scores(word: &str) -> [i16; LANGUAGES] {
    let known = &LETTERS.unlikely;
    let mut scores = [0_i16; LANGUAGES];
    let (mut before, mut last) = (EDGE, EDGE);
    for letter in word.chars().chain([EDGE]) {
        let found = known.get(&[before, last, letter]).or_else(|| known.get(&['\0', last, letter]));
        // A letter none of them has tells nothing.
        if let Some(unlikely) = found.or_else(|| known.get(&['\0', '\0', letter])) {
            scores.iter_mut().zip(unlikely).for_each(|(score, unlikely)| *score -= i16::from(*unlikely));
        }
        (before, last) = (last, letter);
    }
    scores
}

fn likeliest(mut scores: [i32; LANGUAGES]) -> Language {
    scores[0] += RUSSIAN_AHEAD;
    // Of equal ones the first.
    let best = (0..LANGUAGES).rev().max_by_key(|&index| scores[index]).unwrap_or_default();
    let total: f32 = scores.iter().map(|&score| ((score - scores[best]) as f32 / UNIT).exp()).sum();
    language(LETTERS.codes.get(best).copied().unwrap_or(UNKNOWN), total.recip())
}

/// Two-letter codes where there is one, as the rest of Otklik writes them.
fn two_letters(code: &'static str) -> &'static str {
    match code {
        "eng" => "en",
        "rus" => "ru",
        "ukr" => "uk",
        "deu" => "de",
        "fra" => "fr",
        "spa" => "es",
        "tur" => "tr",
        "uzb" => "uz",
        "aze" => "az",
        "kat" => "ka",
        "hye" => "hy",
        "cmn" => "zh",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let language = LanguageReader::default().read(text);
        assert_eq!(language.code, expected, "{text}: {}", language.confidence);
        assert!((0.0..=1.0).contains(&language.confidence));
    }

    #[test]
    fn short_posts() {
        check("Прорвало трубу", "ru");
        check("яма на дороге", "ru");
        check("Нет воды второй день", "ru");
        check("Немає води вже другий день", "uk");
        check("Няма вады ўжо другі дзень", "be");
        check("Бездә су юк, урамда торба шартлады", "tt");
        check("Беҙҙә һыу юҡ", "ba");
        check("Ву ӧвӧл кык нунал ини", "udm");
        check("There is no water in our house", "en");
        check("12345 !!!", "und");
    }
}
