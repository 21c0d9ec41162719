//! The language of a short post.
//!
//! Cyrillic words are judged by their letters: how likely each is after the two before it, in each of twelve languages
//! (`language/letters.txt`); those used most, by themselves too (`language/words.txt`). What a word says for each language is reckoned
//! once and kept. The long tail of languages in other scripts is whatlang's. A post without anything that speaks against it is Russian.

mod letters;

use std::{borrow::Cow, hint::black_box, sync::LazyLock};

use otklik_domain::Language;
use rustc_hash::{FxHashMap, FxHashSet};
use whatlang::Detector;

use self::letters::{LANGUAGES, LETTERS, PLACES, Says, Unlikely, row};
use crate::{
    fold::hash_folded,
    lexer::{FORMS_MAX, Lexeme, Lexer},
    token::{Flags, WORD_CHARS_MAX},
};

/// Texts without letters tell nothing.
const UNKNOWN: &str = "und";
/// Unlikelihoods are whole numbers of quarters of a nat.
const UNIT: f32 = 4.0;
/// What is so much less likely than the likeliest language, in nats, does not change how sure that one is.
const NEGLIGIBLE: f32 = 20.0;
/// What Russian has ahead of the others: most posts are in it.
const RUSSIAN_AHEAD: i32 = 4;
/// Common words of English that leave no doubt, and of how many words one of them has to be: other languages have a few of them, seldom used.
const ENGLISH_SURE: [(usize, usize); 2] = [(3, 4), (4, 6)];
/// Words of a text looked at.
const TEXT_WORDS_MAX: usize = 200;

/// Words that are added up before a sum of 16 bits might be too small: no word says more, of letters or by itself.
const SUMMED: usize = i16::MAX as usize / (36 * (WORD_CHARS_MAX as usize + 2));

/// By hash of a word's folded form: how much likelier it is in each language than by its letters.
static WORDS: LazyLock<FxHashMap<u64, Unlikely>> = LazyLock::new(|| {
    let mut lines = include_str!("language/words.txt").lines();
    let codes = lines.next().unwrap_or_default().split(' ');
    debug_assert!(codes.eq(LETTERS.codes.iter().copied()), "both files name the same languages in the same order");
    lines.filter_map(|line| line.split_once(' ')).map(|(word, numbers)| (hash_folded(word), row(numbers))).collect()
});

/// Common words of English, but for those that stand in every other sentence of another language too, as «was» does in German.
static ENGLISH: LazyLock<FxHashSet<u64>> = LazyLock::new(|| {
    const WORDS: &str = "the of and to with that is are were be been have has had it its this these those which who whose what when \
        where how for from by at as or not if all any some such other every everyone shall would should can could may must his her \
        their our your my you we they them there here than then into upon about before after without between";
    WORDS.split_whitespace().map(hash_folded).collect()
});

/// Tells the language of texts, by itself; an analyser does it along with the rest. Each thread has its own.
#[derive(Debug)]
pub struct LanguageReader {
    lexer: Lexer,
    lexemes: Vec<Lexeme>,
    detector: LanguageDetector,
}

impl Default for LanguageReader {
    fn default() -> Self {
        Self { lexer: Lexer::without_stems(), lexemes: Vec::new(), detector: LanguageDetector::default() }
    }
}

impl LanguageReader {
    /// The language of a text; `und` when nothing tells it.
    pub fn read(&mut self, text: &str) -> Language {
        self.lexer.read(text, &mut self.lexemes);
        self.detector.detect(text, &self.lexemes, self.lexer.age())
    }
}

/// Tells languages apart. Each thread has its own.
#[derive(Debug)]
pub(crate) struct LanguageDetector {
    /// By number of a form: what it says for each language; [`NOT_KNOWN`] where it was not reckoned.
    words: Vec<Says>,
    /// The age of the lexer that gave the numbers.
    age: u32,
    folded: String,
    rest: Detector,
}

/// No word is so unlikely.
const NOT_KNOWN: Says = Says([i16::MIN; PLACES]);

impl Default for LanguageDetector {
    /// Reads the tables of languages, unless another has: no post waits for it.
    fn default() -> Self {
        LazyLock::force(&LETTERS);
        LazyLock::force(&WORDS);
        LazyLock::force(&ENGLISH);
        // Memory that is not touched is not taken.
        Self { words: Vec::with_capacity(FORMS_MAX), age: 0, folded: String::new(), rest: Detector::default() }
    }
}

impl LanguageDetector {
    /// The language of a text; `age` is that of its lexer.
    pub(crate) fn detect(&mut self, text: &str, lexemes: &[Lexeme], age: u32) -> Language {
        if self.age != age {
            self.words.clear();
            self.age = age;
        }
        let lexemes = lexemes.get(..TEXT_WORDS_MAX).unwrap_or(lexemes);
        self.touch(lexemes);
        let mut scores = [0_i32; PLACES];
        let (mut cyrillic, mut latin) = (0_usize, 0_usize);
        for lexemes in lexemes.chunks(SUMMED) {
            let mut sums = [0_i16; PLACES];
            for lexeme in lexemes {
                let flags = lexeme.token.flags;
                latin += usize::from(flags.has(Flags::LATIN));
                if flags.has(Flags::CYRILLIC) {
                    cyrillic += 1;
                    let Says(word) = match self.words.get(lexeme.number as usize) {
                        Some(word) if word.0[0] != NOT_KNOWN.0[0] => *word,
                        _ => self.word(lexeme, text),
                    };
                    sums.iter_mut().zip(word).for_each(|(sum, score)| *sum += score);
                }
            }
            scores.iter_mut().zip(sums).for_each(|(score, sum)| *score += i32::from(sum));
        }
        match (cyrillic, latin) {
            (0, 0) => language(UNKNOWN, 0.0),
            _ if latin > cyrillic => self.detect_rest(text, lexemes, latin),
            _ => likeliest(scores),
        }
    }

    /// Looks at what is kept of words, so that reads of memory then do not wait for each other.
    fn touch(&self, lexemes: &[Lexeme]) {
        let first = |lexeme: &Lexeme| self.words.get(lexeme.number as usize).map_or(0, |Says(word)| word[0]);
        black_box(lexemes.iter().fold(0, |touched, lexeme| touched ^ first(lexeme)));
    }

    /// What a word says for each language, for the first time.
    #[cold]
    #[inline(never)]
    fn word(&mut self, lexeme: &Lexeme, text: &str) -> Says {
        let mut scores = LETTERS.score_written(lexeme.token.text(text), &mut self.folded);
        if let Some(likelier) = WORDS.get(&lexeme.token.form) {
            scores.0.iter_mut().zip(likelier).for_each(|(score, likelier)| *score += i16::from(*likelier));
        }
        let number = lexeme.number as usize;
        if number < FORMS_MAX {
            if self.words.len() <= number {
                self.words.resize(number + 1, NOT_KNOWN);
            }
            if let Some(word) = self.words.get_mut(number) {
                *word = scores;
            }
        }
        scores
    }

    fn detect_rest(&self, text: &str, lexemes: &[Lexeme], latin: usize) -> Language {
        let known = lexemes.iter().filter(|lexeme| ENGLISH.contains(&lexeme.token.form)).count();
        if ENGLISH_SURE.iter().any(|&(words, of)| known >= words && known * of >= latin) {
            return language("en", 0.95);
        }
        match self.rest.detect(text) {
            Some(info) if info.is_reliable() || info.lang() == whatlang::Lang::Eng => {
                language(two_letters(info.lang().code()), info.confidence() as f32)
            }
            // Too short for its letters to tell: then its words may.
            _ if known * 4 >= lexemes.len() => language("en", 0.5),
            _ => language(UNKNOWN, 0.0),
        }
    }
}

fn language(code: &'static str, confidence: f32) -> Language {
    Language { code: Cow::Borrowed(code), confidence: confidence.clamp(0.0, 1.0) }
}

fn likeliest(mut scores: [i32; PLACES]) -> Language {
    scores[0] += RUSSIAN_AHEAD;
    // Of equal ones the first.
    let best = (0..LANGUAGES).rev().max_by_key(|&index| scores[index]).unwrap_or_default();
    let behind = scores.iter().take(LANGUAGES).map(|&score| (scores[best] - score) as f32 / UNIT);
    let total: f32 = behind.filter(|&nats| nats < NEGLIGIBLE).map(|nats| (-nats).exp()).sum();
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
        check("dignity and rights", "en");
        check("Toyota Camry 2018", "und");
        check("was ist das", "und");
        check("кто має право", "uk");
        check("Всяко лице има право", "bg");
        check("12345 !!!", "und");
    }
}
