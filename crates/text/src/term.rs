//! The language of dictionary terms, as `dictionaries/README.md` describes it.

use std::collections::BTreeMap;

use crate::fold::{Class, classify, fold};

/// Deepest nesting of classes in classes.
const CLASS_DEPTH_MAX: usize = 5;
/// Most slots in a term.
const SLOTS_MAX: usize = 6;
/// Most slots that must not be found.
const ABSENT_MAX: usize = 12;

/// One word of a term.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum WordPattern {
    /// The word in any inflection, folded.
    Inflected(String),
    /// Exactly this form, folded.
    Exact(String),
    /// Any word that begins so, folded.
    Prefix(String),
}

/// Words side by side.
pub(crate) type Phrase = Vec<WordPattern>;

/// Phrases of which one has to be found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Slot(pub(crate) Vec<Phrase>);

/// What has to be found close together, and what must not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) slots: Vec<Slot>,
    pub(crate) absent: Vec<Slot>,
}

/// Named lists of phrases.
pub(crate) type Classes = BTreeMap<String, String>;

/// Reads a term.
pub(crate) fn parse(term: &str, classes: &Classes) -> Result<Term, String> {
    let mut parsed = Term { slots: Vec::new(), absent: Vec::new() };
    for part in term.split_whitespace() {
        match part.strip_prefix('-') {
            Some(absent) => parsed.absent.push(slot(absent, classes)?),
            None => parsed.slots.push(slot(part, classes)?),
        }
    }
    if parsed.slots.is_empty() {
        return Err(format!("term {term:?} has nothing that must be found"));
    }
    if parsed.slots.len() > SLOTS_MAX {
        return Err(format!("term {term:?} has more than {SLOTS_MAX} slots"));
    }
    if parsed.absent.len() > ABSENT_MAX {
        return Err(format!("term {term:?} has more than {ABSENT_MAX} slots that must not be found"));
    }
    Ok(parsed)
}

/// Reads one slot: alternatives parted by `|`.
fn slot(text: &str, classes: &Classes) -> Result<Slot, String> {
    let mut phrases = Vec::new();
    alternatives(text, classes, 0, &mut phrases)?;
    phrases.sort_by_cached_key(|phrase| format!("{phrase:?}"));
    phrases.dedup();
    Ok(Slot(phrases))
}

/// Checks the words of a class.
pub(crate) fn check_class(text: &str, classes: &Classes) -> Result<(), String> {
    alternatives(text, classes, 1, &mut Vec::new())
}

fn alternatives(text: &str, classes: &Classes, depth: usize, phrases: &mut Vec<Phrase>) -> Result<(), String> {
    if depth > CLASS_DEPTH_MAX {
        return Err(format!("classes are nested more than {CLASS_DEPTH_MAX} deep: is one part of itself?"));
    }
    for alternative in text.split('|') {
        match alternative.strip_prefix('@') {
            Some(name) => {
                let members = classes.get(name).ok_or_else(|| format!("class @{name} is not in classes.toml"))?;
                alternatives(members, classes, depth + 1, phrases)?;
            }
            None => {
                let phrase = phrase(alternative)?;
                phrases.extend(run_together(&phrase));
                phrases.push(phrase);
            }
        }
    }
    Ok(())
}

fn phrase(text: &str) -> Result<Phrase, String> {
    text.split(['_', '-', '/', '.', ',']).map(word).collect()
}

/// A phrase of two words as many write it: «невывозят», «небыло», «#нетводы».
fn run_together(phrase: &Phrase) -> Option<Phrase> {
    let [WordPattern::Inflected(first), second] = phrase.as_slice() else { return None };
    if !matches!(first.as_str(), "не" | "нет" | "без") {
        return None;
    }
    Some(vec![match second {
        WordPattern::Inflected(second) => WordPattern::Inflected(format!("{first}{second}")),
        WordPattern::Exact(second) => WordPattern::Exact(format!("{first}{second}")),
        WordPattern::Prefix(second) => WordPattern::Prefix(format!("{first}{second}")),
    }])
}

fn word(text: &str) -> Result<WordPattern, String> {
    if is_emoji(text) {
        return Ok(WordPattern::Exact(text.to_owned()));
    }
    let (bare, make): (&str, fn(String) -> WordPattern) = if let Some(bare) = text.strip_suffix('*') {
        (bare, WordPattern::Prefix)
    } else if let Some(bare) = text.strip_suffix('!') {
        (bare, WordPattern::Exact)
    } else {
        (text, WordPattern::Inflected)
    };
    let folded = fold(bare);
    if folded.is_empty() {
        return Err(format!("{text:?} is not a word"));
    }
    if let Some(stray) = bare.chars().find(|c| !c.is_alphanumeric() && !matches!(c, '\u{0300}'..='\u{036F}')) {
        return Err(format!("{stray:?} in {text:?} is not part of a word"));
    }
    Ok(make(folded))
}

fn is_emoji(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| classify(c) == Class::Emoji) && chars.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes() -> Classes {
        let class = |name: &str, words: &str| (name.to_owned(), words.to_owned());
        Classes::from([class("road", "дорога|@big"), class("big", "трасса|проезжая_часть"), class("loop", "@loop")])
    }

    fn check(term: &str, expected: &str) {
        let shown = |slot: &Slot| {
            let phrases = slot.0.iter().map(|phrase| {
                let words = phrase.iter().map(|word| match word {
                    WordPattern::Inflected(word) => word.clone(),
                    WordPattern::Exact(word) => format!("{word}!"),
                    WordPattern::Prefix(word) => format!("{word}*"),
                });
                words.collect::<Vec<_>>().join("_")
            });
            phrases.collect::<Vec<_>>().join("|")
        };
        let got = match parse(term, &classes()) {
            Ok(term) => {
                let absent = term.absent.iter().map(|slot| format!("-{}", shown(slot)));
                term.slots.iter().map(shown).chain(absent).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error,
        };
        assert_eq!(got, expected, "{term}");
    }

    #[test]
    fn reads_terms() {
        check("яма @road", "яма дорога|проезжая_часть|трасса");
        check("Ёлка!  ремонт* -двор", "елка! ремонт* -двор");
        check("бок-о-бок з/п", "бок_о_бок з_п");
        check("вода|вода", "вода");
        check("😡", "😡!");
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        check("", "term \"\" has nothing that must be found");
        check("-вода", "term \"-вода\" has nothing that must be found");
        check("вода||газ", "\"\" is not a word");
        check("@river", "class @river is not in classes.toml");
        check("@loop", "classes are nested more than 5 deep: is one part of itself?");
        check("вода+газ", "'+' in \"вода+газ\" is not part of a word");
        check("а б в г д е ж", "term \"а б в г д е ж\" has more than 6 slots");
    }
}
