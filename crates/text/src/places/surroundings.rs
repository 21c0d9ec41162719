//! What stands around a name in a text, and what it tells of the place that is meant.

use otklik_domain::PlaceKind;

use super::{cues::Cues, gazetteer::Place};
use crate::{lexer::Lexeme, matcher::Words, token::Flags};

/// What stands around a name.
pub(crate) struct Surroundings {
    pub(crate) capital: bool,
    preposition: bool,
    /// «на» or «по», or a crossing: towns stand after «в», streets after these.
    pub(crate) on: bool,
    pub(crate) street: bool,
    pub(crate) house: bool,
    /// A number follows, be it after a comma.
    pub(crate) number: bool,
    pub(crate) kind: Option<PlaceKind>,
    /// The number is no count of something.
    numbers_house: bool,
}

impl Surroundings {
    pub(crate) fn of(words: Words, lexemes: &[Lexeme], text: &str, cues: &Cues) -> Self {
        let first = lexemes.get(words.from as usize);
        let before = words.from.checked_sub(1).and_then(|index| lexemes.get(index as usize));
        // What follows a comma or begins a sentence says nothing of the name: «Ижевск, ул. Ленина».
        let joins = |lexeme: &&Lexeme| {
            !lexeme.token.flags.has(Flags::AFTER_COMMA) && !lexeme.token.flags.has(Flags::SENTENCE_START)
        };
        let next = lexemes.get(words.to as usize);
        let after = next.filter(joins);
        let kind = if before.is_some_and(|lexeme| cues.is_town(lexeme)) {
            Some(PlaceKind::Settlement)
        } else if after.is_some_and(|lexeme| cues.is_district(lexeme)) {
            Some(PlaceKind::Municipality)
        } else if before.into_iter().chain(after).any(|lexeme| cues.is_region(lexeme)) {
            Some(PlaceKind::Region)
        } else {
            None
        };
        let number = next.is_some_and(|lexeme| {
            lexeme.token.flags.has(Flags::DIGIT) && !lexeme.token.flags.has(Flags::SENTENCE_START)
        });
        let counted = lexemes.get(words.to as usize + 1);
        let crossing = cues.is_crossing(lexemes, words.from);
        Self {
            capital: first.is_some_and(|lexeme| lexeme.token.flags.has(Flags::CAPITAL)),
            preposition: crossing || before.is_some_and(|lexeme| cues.is_preposition(lexeme)),
            on: crossing || before.is_some_and(|lexeme| cues.is_on(lexeme)),
            street: cues.street_before(lexemes, words.from).is_some()
                || cues.street_after(lexemes, text, words.to).is_some(),
            house: after.is_some_and(|lexeme| cues.is_house(lexeme)) || number,
            number,
            kind,
            numbers_house: number && !counted.is_some_and(|lexeme| cues.is_measure(lexeme)),
        }
    }

    /// Whether nothing but a number says that a place is named: «нет воды ленина 5».
    pub(crate) fn is_bare(&self) -> bool {
        !self.capital && !self.preposition && !self.street && self.kind.is_none()
    }

    /// Whether the words may name this place at all. Names are words too («Мир», «Свободный»): without a capital there
    /// has to be something else that says "place".
    pub(crate) fn allow(&self, place: &Place, words: Words) -> bool {
        let several = words.to - words.from > 1;
        let said = self.capital || self.preposition || self.kind.is_some() || self.street || several;
        match place.kind {
            // A street by its bare name needs a house or на/по before it: surnames are names of streets.
            PlaceKind::Street => {
                self.street || (self.preposition && self.capital) || self.house && said || self.numbers_house
            }
            PlaceKind::Landmark => several || self.capital,
            // «Можгинский» alone says little.
            PlaceKind::Municipality if is_adjective(&place.name) => self.kind == Some(PlaceKind::Municipality),
            _ => said && !self.street,
        }
    }
}

fn is_adjective(name: &str) -> bool {
    name.ends_with("ский") || name.ends_with("цкий") || name.ends_with("ной") || name.ends_with("ный")
}
