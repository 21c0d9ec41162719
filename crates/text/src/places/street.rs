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
/// Longest word for a street that is cut short.
const ABBREVIATION_CHARS_MAX: u32 = 3;

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
        let found = match marker {
            Some((marker, gender)) => self.after_marker(lexemes, text, from, marker, gender),
            None => self.before_marker(lexemes, text, from).or_else(|| self.without_marker(lexemes, text, from)),
        }?;
        // One of the gazetteer, unless only a part of this name is: «Малая Пушкинская» is no «Пушкинская».
        let is_taken = taken.iter().any(|words| words.from <= found.name.from && found.name.to <= words.to);
        (!is_taken).then_some(found)
    }

    /// The word for a street before a name, with its place and gender: «ул. Ленина», «пр-т Ленина».
    pub(crate) fn street_before(&self, lexemes: &[Lexeme], name: u32) -> Option<(u32, &'static str)> {
        let before = name.checked_sub(1)?;
        let is_rest = lexemes.get(before as usize).is_some_and(is_rest_of_abbreviation);
        let at = if is_rest { before.checked_sub(1)? } else { before };
        let (word, _) = self.street(lexemes.get(at as usize)?)?;
        Some((at, word))
    }

    /// The word for a street behind a name, if it belongs to that name and not to one that follows: «Советская улица, 5»,
    /// but «Можга ул. Ленина».
    pub(crate) fn street_after(&self, lexemes: &[Lexeme], text: &str, after: u32) -> Option<&'static str> {
        let at = after as usize;
        let marker = lexemes.get(at)?;
        let is_apart = marker.token.flags.has(Flags::AFTER_COMMA) || marker.token.flags.has(Flags::SENTENCE_START);
        let (word, _) = self.street(marker).filter(|_| !is_apart)?;
        let begin = begin_of_name(lexemes, at);
        // Behind «ул.» no sentence begins, behind «улица» one may.
        let is_short = begin > at + 1 || marker.token.span.end - marker.token.span.start <= ABBREVIATION_CHARS_MAX;
        let begins_sentence = lexemes.get(begin).is_some_and(|next| next.token.flags.has(Flags::SENTENCE_START));
        let names_next =
            self.continues_name(lexemes, begin, begin) || self.begins_lower_case_name(lexemes, text, begin);
        (!names_next || begins_sentence && !is_short).then_some(word)
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
        let begin = begin_of_name(lexemes, from);
        let mut to = begin;
        while to < lexemes.len() && to - begin < NAME_WORDS_MAX && self.continues_name(lexemes, begin, to) {
            to += 1;
        }
        // «улица 8 Марта»: a number that begins a name is followed by a capital.
        if to == begin && !self.begins_lower_case_name(lexemes, text, begin) {
            return None;
        }
        let to = to.max(begin + 1);
        let name = Words { from: begin as u32, to: to as u32 };
        let house = self.house(lexemes, text, name.to);
        let end = house.as_ref().map_or(name.to, |(_, end)| *end);
        let words = Words { from: from as u32, to: end };
        Some(Found { words, marker, gender, name, house: house.map(|(house, _)| house), score: 0.9 })
    }

    /// Whether the word at `to` still belongs to the name that begins at `begin`.
    fn continues_name(&self, lexemes: &[Lexeme], begin: usize, to: usize) -> bool {
        let Some(lexeme) = lexemes.get(to) else { return false };
        let flags = lexeme.token.flags;
        // The full stop of «ул.» is no end of a sentence.
        let first = to == begin;
        let broken = !first && flags.has(Flags::SENTENCE_START) || flags.has(Flags::AFTER_COMMA);
        let numbered = flags.has(Flags::DIGIT)
            && first
            && lexemes.get(to + 1).is_some_and(|next| {
                next.token.flags.has(Flags::CAPITAL) && !next.token.flags.has(Flags::SENTENCE_START)
                    || next.token.form == hash_folded("лет")
            });
        let middle = lexeme.token.form == hash_folded("лет") && to == begin + 1;
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
        let (_, gender) = self.street(next)?;
        let marker = self.street_after(lexemes, text, from as u32 + 1)?;
        if self.is_no_street(lexeme) || !is_adjective_form(&fold(lexeme.token.text(text))) {
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

/// Where the name behind a word for a street begins: «ул. Ленина», «пр-т Ленина».
fn begin_of_name(lexemes: &[Lexeme], marker: usize) -> usize {
    let is_rest = lexemes.get(marker + 1).is_some_and(is_rest_of_abbreviation);
    marker + if is_rest { 2 } else { 1 }
}

/// Whether a word is the second half of «пр-т», «пр-кт».
fn is_rest_of_abbreviation(lexeme: &Lexeme) -> bool {
    let flags = lexeme.token.flags;
    let is_short = lexeme.token.span.end - lexeme.token.span.start <= 2;
    is_short && flags.has(Flags::JOINED | Flags::CYRILLIC) && !flags.has(Flags::DIGIT)
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
    let id = street_id(&usual);
    let house = found.house.as_deref();
    PlaceMention {
        id: house.map_or_else(|| id.clone(), |house| PlaceId::new(format!("{id}:{house}"))),
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

/// The id of a street that the gazetteer does not know, by its name.
pub(crate) fn street_id(name: &str) -> PlaceId {
    PlaceId::new(format!("street:{}", fold_key(name)))
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
