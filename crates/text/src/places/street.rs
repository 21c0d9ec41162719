//! Streets and houses by how they are written: «ул. Ленина, д. 5», «на Советской 12», «проспект Мира».

use otklik_domain::{PlaceId, PlaceKind, PlaceMention};

use super::{
    cues::Cues,
    decline::{Gender, adjective_nominative},
};
use crate::{
    fold::{fold, hash_folded},
    lexer::Lexeme,
    matcher::Words,
    token::Flags,
};

const HOUSE_NUMBER_MAX: u32 = 999;
const NAME_WORDS_MAX: usize = 3;

/// A street found by the way it is written.
struct Found {
    words: Words,
    marker: &'static str,
    gender: Gender,
    name: Words,
    house: Option<String>,
    score: f32,
}

impl Cues {
    /// The house after a street: its number as written and the word after it.
    pub(crate) fn house(&self, lexemes: &[Lexeme], text: &str, after: u32) -> Option<(String, u32)> {
        let mut at = after as usize;
        if lexemes.get(at).is_some_and(|lexeme| self.is_house(lexeme)) {
            at += 1;
        }
        let lexeme = lexemes.get(at)?;
        let written = house_number(lexeme, text)?;
        // A letter or a second number belongs to it only when nothing stands between: 12/3, 5-А. More of them are a telephone.
        let joined = |index: usize| lexemes.get(index).filter(|next| next.token.flags.has(Flags::JOINED));
        if joined(at + 1).is_some() && joined(at + 2).is_some() {
            return None;
        }
        let next = joined(at + 1).filter(|next| next.token.end - next.token.start <= 4);
        match next {
            Some(next) => Some((fold_house(&format!("{written}/{}", next.token.text(text))), at as u32 + 2)),
            None => Some((fold_house(written), at as u32 + 1)),
        }
    }

    /// Every street of a text, in order, not overlapping.
    pub(crate) fn streets_in(&self, lexemes: &[Lexeme], text: &str, taken: &[Words]) -> Vec<PlaceMention> {
        let mut streets = Vec::new();
        let mut from = 0;
        while from < lexemes.len() {
            match self.at(lexemes, text, from, taken) {
                Some(found) => {
                    from = found.words.to as usize;
                    streets.push(mention(&found, lexemes, text));
                }
                None => from += 1,
            }
        }
        streets
    }

    fn at(&self, lexemes: &[Lexeme], text: &str, from: usize, taken: &[Words]) -> Option<Found> {
        let lexeme = lexemes.get(from)?;
        let marker = self.street(lexeme);
        // Without a marker before it a name has a capital: most words are neither.
        let begins = marker.is_some() || lexeme.token.flags.has(Flags::CAPITAL | Flags::CYRILLIC);
        if !begins || taken.iter().any(|words| (words.from..words.to).contains(&(from as u32))) {
            return None;
        }
        match marker {
            Some((marker, gender)) => self.after_marker(lexemes, text, from, marker, gender),
            None => self.before_marker(lexemes, text, from).or_else(|| self.without_marker(lexemes, text, from)),
        }
    }

    /// «ул. Карла Маркса, 7».
    fn after_marker(
        &self,
        lexemes: &[Lexeme],
        text: &str,
        from: usize,
        marker: &'static str,
        gender: Gender,
    ) -> Option<Found> {
        let mut to = from + 1;
        while to < lexemes.len() && to - from <= NAME_WORDS_MAX && self.continues_name(lexemes, from, to) {
            to += 1;
        }
        // «улица 8 Марта»: a number that begins a name is followed by a capital.
        if to == from + 1 && !self.begins_lower_case_name(lexemes, text, from + 1) {
            return None;
        }
        let to = to.max(from + 2);
        let name = Words { from: from as u32 + 1, to: to as u32 };
        let house = self.house(lexemes, text, name.to);
        let end = house.as_ref().map_or(name.to, |(_, end)| *end);
        let words = Words { from: from as u32, to: end };
        Some(Found { words, marker, gender, name, house: house.map(|(house, _)| house), score: 0.9 })
    }

    /// Whether the word at `to` still belongs to the name that begins after `from`.
    fn continues_name(&self, lexemes: &[Lexeme], from: usize, to: usize) -> bool {
        let Some(lexeme) = lexemes.get(to) else { return false };
        let flags = lexeme.token.flags;
        // The full stop of «ул.» is no end of a sentence.
        let broken = to > from + 1 && flags.has(Flags::SENTENCE_START) || flags.has(Flags::AFTER_COMMA);
        let first = to == from + 1;
        let numbered = flags.has(Flags::DIGIT)
            && first
            && lexemes.get(to + 1).is_some_and(|next| {
                next.token.flags.has(Flags::CAPITAL) && !next.token.flags.has(Flags::SENTENCE_START)
                    || next.token.form == hash_folded("лет")
            });
        let middle = lexeme.token.form == hash_folded("лет") && to == from + 2;
        let capital = flags.has(Flags::CAPITAL | Flags::CYRILLIC) && !flags.has(Flags::DIGIT);
        !broken && !self.is_no_street(lexeme) && (capital || numbered || middle)
    }

    /// «ул ленина 5»: in lower case one word is taken for the name when it cannot be anything else.
    fn begins_lower_case_name(&self, lexemes: &[Lexeme], text: &str, at: usize) -> bool {
        let Some(lexeme) = lexemes.get(at) else { return false };
        let flags = lexeme.token.flags;
        let house_follows =
            lexemes.get(at + 1).is_some_and(|next| next.token.flags.has(Flags::DIGIT) || self.is_house(next));
        flags.has(Flags::CYRILLIC)
            && !flags.has(Flags::DIGIT)
            && !self.is_no_street(lexeme)
            && house_follows
            && is_name_form(&fold(lexeme.token.text(text)))
    }

    /// «Московский проспект, 3»: the word has a capital.
    fn before_marker(&self, lexemes: &[Lexeme], text: &str, from: usize) -> Option<Found> {
        let lexeme = lexemes.get(from)?;
        let next = lexemes.get(from + 1)?;
        let (marker, gender) = self.street(next)?;
        let is_apart = next.token.flags.has(Flags::SENTENCE_START);
        if is_apart || self.is_no_street(lexeme) || !is_adjective_form(&fold(lexeme.token.text(text))) {
            return None;
        }
        let name = Words { from: from as u32, to: from as u32 + 1 };
        let house = self.house(lexemes, text, from as u32 + 2);
        let end = house.as_ref().map_or(from as u32 + 2, |(_, end)| *end);
        let words = Words { from: from as u32, to: end };
        Some(Found { words, marker, gender, name, house: house.map(|(house, _)| house), score: 0.85 })
    }

    /// «на Ленина 5», «по Советской, 12»: after на or по, a house number behind it; the word has a capital.
    fn without_marker(&self, lexemes: &[Lexeme], text: &str, from: usize) -> Option<Found> {
        let before = lexemes.get(from.checked_sub(1)?)?;
        let lexeme = lexemes.get(from)?;
        let begins_sentence = lexeme.token.flags.has(Flags::SENTENCE_START);
        if begins_sentence || !self.is_on(before) || self.is_no_street(lexeme) {
            return None;
        }
        let name = Words { from: from as u32, to: from as u32 + 1 };
        let (house, end) = self.house(lexemes, text, name.to)?;
        let words = Words { from: from as u32, to: end };
        Some(Found { words, marker: "улица", gender: Gender::Feminine, name, house: Some(house), score: 0.6 })
    }
}

fn mention(found: &Found, lexemes: &[Lexeme], text: &str) -> PlaceMention {
    let name = found.name.text(lexemes, text);
    let nominative: Vec<String> = name
        .split_whitespace()
        .map(|word| {
            let folded = fold(word);
            let nominative = adjective_nominative(&folded, found.gender);
            if nominative == folded { capitalised(word) } else { capitalised(&nominative) }
        })
        .collect();
    let usual = nominative.join(" ");
    let key = fold_key(&usual);
    let house = found.house.as_deref();
    PlaceMention {
        id: PlaceId::new(house.map_or_else(|| format!("street:{key}"), |house| format!("street:{key}:{house}"))),
        name: house.map_or_else(
            || format!("{} {usual}", found.marker),
            |house| format!("{} {usual}, {}", found.marker, house.to_uppercase()),
        ),
        kind: PlaceKind::Street,
        span: found.words.span(lexemes),
        score: found.score,
        point: None,
        municipality: None,
    }
}

/// The id's part for a street: folded words joined by `_`.
pub(crate) fn fold_key(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(fold).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

fn house_number<'t>(lexeme: &Lexeme, text: &'t str) -> Option<&'t str> {
    let written = lexeme.token.text(text);
    let digits = written.chars().take_while(char::is_ascii_digit).count();
    let number: u32 = written.get(..digits)?.parse().ok()?;
    let letters = written.chars().count() - digits;
    (lexeme.token.flags.has(Flags::DIGIT) && (1..=HOUSE_NUMBER_MAX).contains(&number) && letters <= 3)
        .then_some(written)
}

fn fold_house(written: &str) -> String {
    written.to_lowercase()
}

fn is_adjective_form(folded: &str) -> bool {
    ["ий", "ый", "ой", "ая", "яя", "ое", "ее", "ого", "ому", "ом", "ую", "им", "ым"]
        .iter()
        .any(|ending| folded.ends_with(ending))
        && folded.chars().count() >= 5
}

/// Whether a word may be a street's name in lower case: a genitive («ленина») or an adjective («советская»).
fn is_name_form(folded: &str) -> bool {
    is_adjective_form(folded)
        || ["а", "я", "ых", "их", "ов", "ев", "и", "ы"].iter().any(|ending| folded.ends_with(ending))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
