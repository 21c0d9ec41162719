//! The language of a short post.
//!
//! Cyrillic words are judged by their letters: how likely each is after the two before it, in each of twelve languages
//! (`language/letters.txt`); those used most, by themselves too (`language/words.txt`). What a word says for each language is reckoned
//! once and kept. The long tail of languages in other scripts is whatlang's. A post without anything that speaks against it is Russian.

use std::{borrow::Cow, hint::black_box, sync::LazyLock};

use otklik_domain::Language;
use rustc_hash::{FxHashMap, FxHashSet};
use whatlang::Detector;

use crate::{
    fold::{fold_common, fold_into, hash_folded},
    lexer::{FORMS_MAX, Lexeme, Lexer},
    token::Flags,
};

/// Texts without letters tell nothing.
const UNKNOWN: &str = "und";
/// Languages told apart by letters.
const LANGUAGES: usize = 12;
/// Unlikelihoods are whole numbers of quarters of a nat.
const UNIT: f32 = 4.0;
/// What Russian has ahead of the others: most posts are in it.
const RUSSIAN_AHEAD: i32 = 4;
/// Words of a text looked at.
const TEXT_WORDS_MAX: usize = 200;

/// How unlikely letters are, or how much likelier a word is, by language.
type Unlikely = [u8; LANGUAGES];

/// What is known of letters. They have numbers; 0 stands for those of which nothing is known.
struct Letters {
    /// Codes of the languages, Russian first.
    codes: Vec<&'static str>,
    /// By place in the Cyrillic blocks: the letter's number.
    numbers: [u8; CYRILLIC_LETTERS],
    /// The number of the edge of a word, which the file writes as `_`.
    edge: u8,
    /// How many numbers there are.
    count: usize,
    /// By the numbers of three letters: where in `unlikely` it stands how unlikely the third is after the others; where nothing is
    /// known of the three, after the second alone, and else by itself.
    triples: Vec<u16>,
    /// The first is for a letter that none of the languages has: it tells nothing.
    unlikely: Vec<Unlikely>,
}

/// The Cyrillic blocks of Unicode.
const CYRILLIC_FIRST: u32 = 0x400;
const CYRILLIC_LETTERS: usize = 0x130;
static LETTERS: LazyLock<Letters> = LazyLock::new(|| Letters::read(include_str!("language/letters.txt")));

impl Letters {
    fn read(file: &'static str) -> Self {
        let mut lines = file.lines();
        let codes: Vec<&'static str> = lines.next().unwrap_or_default().split(' ').collect();
        debug_assert_eq!(codes.len(), LANGUAGES, "the first line names the languages");
        let mut read = Self {
            codes,
            numbers: [0; CYRILLIC_LETTERS],
            edge: 0,
            count: 1,
            triples: Vec::new(),
            unlikely: vec![[0; LANGUAGES]],
        };
        // One letter, a letter after another, a letter after two others, each as numbers.
        let mut groups: Vec<(Vec<usize>, u16)> = Vec::new();
        for (group, numbers) in lines.filter_map(|line| line.split_once(' ')) {
            groups.push((group.chars().map(|letter| read.new_number(letter)).collect(), read.unlikely.len() as u16));
            read.unlikely.push(row(numbers));
        }
        let count = read.count;
        let (mut one, mut two) = (vec![0; count], vec![0; count * count]);
        for (group, row) in &groups {
            match *group.as_slice() {
                [letter] => one[letter] = *row,
                [last, letter] => two[last * count + letter] = *row,
                _ => {}
            }
        }
        let by_last = (0..count * count).map(|pair| if two[pair] == 0 { one[pair % count] } else { two[pair] });
        let by_last: Vec<u16> = by_last.collect();
        read.triples = by_last.repeat(count);
        for (group, row) in &groups {
            if let &[before, last, letter] = group.as_slice() {
                read.triples[(before * count + last) * count + letter] = *row;
            }
        }
        read
    }

    /// The number of a letter of the file.
    fn new_number(&mut self, letter: char) -> usize {
        let place = match u32::from(letter).checked_sub(CYRILLIC_FIRST) {
            None => Some(&mut self.edge),
            Some(place) => self.numbers.get_mut(place as usize),
        };
        let Some(number) = place else { return 0 };
        if *number == 0 {
            *number = self.count as u8;
            self.count += 1;
        }
        usize::from(*number)
    }

    fn number(&self, letter: u32) -> u8 {
        let place = letter.checked_sub(CYRILLIC_FIRST).and_then(|place| self.numbers.get(place as usize));
        place.copied().unwrap_or_default()
    }

    /// The sum of how unlikely the letters of a word are, taken away from nothing. Letters are given folded, as they are numbered in Unicode.
    fn score(&self, word: impl Iterator<Item = u32>) -> [i16; LANGUAGES] {
        let mut scores = [0_i16; LANGUAGES];
        let (mut before, mut last) = (self.edge, self.edge);
        for letter in word.map(|letter| self.number(letter)).chain([self.edge]) {
            let triple = (usize::from(before) * self.count + usize::from(last)) * self.count + usize::from(letter);
            let row = self.triples.get(triple).and_then(|&row| self.unlikely.get(usize::from(row)));
            if let Some(unlikely) = row {
                scores.iter_mut().zip(unlikely).for_each(|(score, unlikely)| *score -= i16::from(*unlikely));
            }
            (before, last) = (last, letter);
        }
        scores
    }

    /// [`Self::score`] of a word as it is written.
    fn score_written(&self, written: &str, folded: &mut String) -> [i16; LANGUAGES] {
        // Common letters stay as they are but for their case; anything else is folded with care.
        if let (letters, []) = written.as_bytes().as_chunks::<2>()
            && letters.iter().all(|&letter| fold_common(letter).letter() != 0)
        {
            return self.score(letters.iter().map(|&letter| fold_common(letter).letter()));
        }
        fold_into(written, folded);
        self.score(folded.chars().map(u32::from))
    }
}

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

/// Numbers for each language, written as digits of base 36.
fn row(digits: &str) -> Unlikely {
    let mut row = [0; LANGUAGES];
    row.iter_mut().zip(digits.chars()).for_each(|(place, digit)| *place = digit.to_digit(36).unwrap_or_default() as u8);
    row
}

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
        self.detector.detect(text, &self.lexemes, self.lexer.age())
    }
}

/// Tells languages apart. Each thread has its own.
#[derive(Debug, Default)]
pub(crate) struct LanguageDetector {
    /// By number of a form: what it says for each language; that of the first is [`NOT_KNOWN`] where it was not reckoned.
    words: Vec<[i16; LANGUAGES]>,
    /// The age of the lexer that gave the numbers.
    age: u32,
    folded: String,
    rest: Detector,
}

/// No word is so unlikely.
const NOT_KNOWN: i16 = i16::MIN;

impl LanguageDetector {
    /// The language of a text; `age` is that of its lexer.
    pub(crate) fn detect(&mut self, text: &str, lexemes: &[Lexeme], age: u32) -> Language {
        if self.age != age {
            self.words.clear();
            self.age = age;
        }
        let lexemes = lexemes.get(..TEXT_WORDS_MAX).unwrap_or(lexemes);
        self.touch(lexemes);
        let mut scores = [0_i32; LANGUAGES];
        let (mut cyrillic, mut latin) = (0_usize, 0_usize);
        for lexeme in lexemes {
            let flags = lexeme.token.flags;
            latin += usize::from(flags.has(Flags::LATIN));
            if flags.has(Flags::CYRILLIC) {
                cyrillic += 1;
                let word = match self.words.get(lexeme.number as usize) {
                    Some(word) if word[0] != NOT_KNOWN => *word,
                    _ => self.word(lexeme, text),
                };
                scores.iter_mut().zip(word).for_each(|(sum, score)| *sum += i32::from(score));
            }
        }
        match (cyrillic, latin) {
            (0, 0) => language(UNKNOWN, 0.0),
            _ if latin > cyrillic => self.detect_rest(text, lexemes),
            _ => likeliest(scores),
        }
    }

    /// Looks at what is kept of words, so that reads of memory then do not wait for each other.
    fn touch(&self, lexemes: &[Lexeme]) {
        let first = |lexeme: &Lexeme| self.words.get(lexeme.number as usize).map_or(0, |word| word[0]);
        black_box(lexemes.iter().fold(0, |touched, lexeme| touched ^ first(lexeme)));
    }

    /// What a word says for each language, for the first time.
    #[cold]
    #[inline(never)]
    fn word(&mut self, lexeme: &Lexeme, text: &str) -> [i16; LANGUAGES] {
        let mut scores = LETTERS.score_written(lexeme.token.text(text), &mut self.folded);
        if let Some(likelier) = WORDS.get(&lexeme.token.form) {
            scores.iter_mut().zip(likelier).for_each(|(score, likelier)| *score += i16::from(*likelier));
        }
        let number = lexeme.number as usize;
        if number < FORMS_MAX {
            if self.words.len() <= number {
                self.words.resize(number + 1, [NOT_KNOWN; LANGUAGES]);
            }
            if let Some(word) = self.words.get_mut(number) {
                *word = scores;
            }
        }
        scores
    }

    fn detect_rest(&self, text: &str, lexemes: &[Lexeme]) -> Language {
        match self.rest.detect(text) {
            Some(info) if info.is_reliable() || info.lang() == whatlang::Lang::Eng => {
                language(two_letters(info.lang().code()), info.confidence() as f32)
            }
            // Too short for its letters to tell: then its words may.
            _ => {
                let known = lexemes.iter().filter(|lexeme| ENGLISH.contains(&lexeme.token.form)).count();
                if known * 4 >= lexemes.len() { language("en", 0.5) } else { language(UNKNOWN, 0.0) }
            }
        }
    }
}

fn language(code: &'static str, confidence: f32) -> Language {
    Language { code: Cow::Borrowed(code), confidence: confidence.clamp(0.0, 1.0) }
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
        check("dignity and rights", "en");
        check("Toyota Camry 2018", "und");
        check("was ist das", "und");
        check("кто має право", "uk");
        check("Всяко лице има право", "bg");
        check("12345 !!!", "und");
    }
}
