//! How likely the letters of a word are in each language.

use std::sync::LazyLock;

use crate::fold::{fold_common, fold_into};

/// Languages told apart by letters.
pub(super) const LANGUAGES: usize = 12;

/// How unlikely letters are, or how much likelier a word is, by language.
pub(super) type Unlikely = [u8; LANGUAGES];

/// What a word says for each language, in half a line of the processor's cache: the last places say nothing.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Says(pub(super) [i16; PLACES]);
/// Languages, and what makes their sums a round number of bytes.
pub(super) const PLACES: usize = 16;

/// What is known of letters. They have numbers; 0 stands for those of which nothing is known.
pub(super) struct Letters {
    /// Codes of the languages, Russian first.
    pub(super) codes: Vec<&'static str>,
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
pub(super) static LETTERS: LazyLock<Letters> = LazyLock::new(|| Letters::read(include_str!("letters.txt")));

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
    fn score(&self, word: impl Iterator<Item = u32>) -> Says {
        let mut scores = [0_i16; PLACES];
        let (mut before, mut last) = (self.edge, self.edge);
        for letter in word.map(|letter| self.number(letter)).chain([self.edge]) {
            let triple = (usize::from(before) * self.count + usize::from(last)) * self.count + usize::from(letter);
            let row = self.triples.get(triple).and_then(|&row| self.unlikely.get(usize::from(row)));
            if let Some(unlikely) = row {
                scores.iter_mut().zip(unlikely).for_each(|(score, unlikely)| *score -= i16::from(*unlikely));
            }
            (before, last) = (last, letter);
        }
        Says(scores)
    }

    /// [`Self::score`] of a word as it is written.
    pub(super) fn score_written(&self, written: &str, folded: &mut String) -> Says {
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

/// Numbers for each language, written as digits of base 36.
pub(super) fn row(digits: &str) -> Unlikely {
    let mut row = [0; LANGUAGES];
    row.iter_mut().zip(digits.chars()).for_each(|(place, digit)| *place = digit.to_digit(36).unwrap_or_default() as u8);
    row
}
