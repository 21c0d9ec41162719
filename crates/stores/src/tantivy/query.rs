//! What a person types, as a query of the index.

use std::ops::Bound;

use ::tantivy::{
    Term,
    query::{AllQuery, BooleanQuery, ConstScoreQuery, Occur, PhraseQuery, Query, RangeQuery, TermQuery, TermSetQuery},
    schema::IndexRecordOption,
};
use jiff::Timestamp;
use otklik_ports::{ErrorKind, FacetField, PortError, PortResult, SearchQuery};

use super::{
    analyzer::{forms, stems, tokens},
    schema::Fields,
};

const TEXT_CHARS_MAX: usize = 1_000;
pub(crate) const OFFSET_MAX: usize = 10_000;

/// A word, or words that stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    /// Stems of the words; without the last word when only its beginning is given.
    pub(crate) stems: Vec<String>,
    /// The beginning of the last word.
    pub(crate) prefix: Option<String>,
    /// Whether it must not occur.
    pub(crate) excluded: bool,
}

/// Reads what a person typed: words, `"phrases"`, `-without`, `begin*`. Anything else separates words.
///
/// # Errors
/// `Rejected`, in Russian, when there is something but no word in it, or too much.
pub(crate) fn read(text: &str) -> PortResult<Vec<Clause>> {
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(rejected(format!("Слишком длинный запрос: больше {TEXT_CHARS_MAX} знаков")));
    }
    let mut clauses = Vec::new();
    let mut excluded = false;
    for (place, part) in text.split('"').enumerate() {
        if place % 2 == 1 {
            clauses.extend(clause(part, excluded, false));
            continue;
        }
        for chunk in part.split_whitespace() {
            clauses.extend(clause(chunk, chunk.starts_with('-'), chunk.ends_with('*')));
        }
        // A phrase is left out by a dash right before it.
        excluded = part.ends_with('-');
    }
    if clauses.is_empty() && !text.trim().is_empty() {
        return Err(rejected("В запросе нет ни одного слова".to_owned()));
    }
    Ok(clauses)
}

/// The query of the index.
///
/// # Errors
/// As [`read`]; also when the page lies too far.
pub(super) fn build(query: &SearchQuery, fields: &Fields) -> PortResult<Box<dyn Query>> {
    if query.offset > OFFSET_MAX {
        return Err(too_far());
    }
    let mut parts: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for clause in read(&query.text)? {
        parts.push(match clause.excluded {
            true => (Occur::MustNot, excludable(clause.query(fields))),
            false => (Occur::Must, clause.query(fields)),
        });
    }
    if parts.iter().all(|(occur, _)| *occur == Occur::MustNot) {
        parts.push((Occur::Must, Box::new(AllQuery)));
    }
    for filter in filters(query, fields) {
        // A filter lets through or not; it makes nothing fit better.
        parts.push((Occur::Must, Box::new(ConstScoreQuery::new(filter, 0.0))));
    }
    Ok(Box::new(BooleanQuery::new(parts)))
}

/// The query for what was published before a time.
pub(super) fn published_before(before: Timestamp, fields: &Fields) -> Box<dyn Query> {
    Box::new(RangeQuery::new(Bound::Unbounded, Bound::Excluded(Term::from_field_i64(fields.published, ms(before)))))
}

/// A refusal that the person who typed can read.
pub(super) fn rejected(message: String) -> PortError {
    PortError::new(ErrorKind::Rejected, message)
}

/// The refusal of a page that lies too far.
pub(crate) fn too_far() -> PortError {
    rejected(format!("Можно посмотреть только первые {OFFSET_MAX} сообщений, уточните запрос"))
}

impl Clause {
    fn query(&self, fields: &Fields) -> Box<dyn Query> {
        let terms: Vec<Term> = self.stems.iter().map(|stem| Term::from_field_text(fields.stems, stem)).collect();
        let words: Option<Box<dyn Query>> = match terms.len() {
            0 => None,
            1 => terms
                .into_iter()
                .next()
                .map(|term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs)) }),
            _ => Some(Box::new(PhraseQuery::new(terms))),
        };
        let prefix: Option<Box<dyn Query>> = self.prefix.as_ref().map(|prefix| -> Box<dyn Query> {
            let begin = Term::from_field_text(fields.forms, prefix);
            let end = Term::from_field_text(fields.forms, &format!("{prefix}{}", char::MAX));
            Box::new(RangeQuery::new(Bound::Included(begin), Bound::Excluded(end)))
        });
        match (words, prefix) {
            (Some(words), Some(prefix)) => Box::new(BooleanQuery::intersection(vec![words, prefix])),
            (Some(query), None) | (None, Some(query)) => query,
            (None, None) => Box::new(AllQuery),
        }
    }
}

/// Makes a query fit to be left out. Tantivy 0.27 asks an excluded phrase for posts before the one it stands at, against
/// which the phrase guards itself with an assertion; a union asks in order.
fn excludable(query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::union(vec![query.box_clone(), query]))
}

fn clause(text: &str, excluded: bool, prefix: bool) -> Option<Clause> {
    let mut stems: Vec<String> = tokens(&mut stems(), text).into_iter().map(|token| token.text).collect();
    let begin = match prefix {
        true => {
            stems.pop();
            tokens(&mut forms(), text).pop().map(|token| token.text)
        }
        false => None,
    };
    (!stems.is_empty() || begin.is_some()).then_some(Clause { stems, prefix: begin, excluded })
}

fn filters(query: &SearchQuery, fields: &Fields) -> Vec<Box<dyn Query>> {
    let mut filters: Vec<Box<dyn Query>> = Vec::new();
    if let Some(region) = &query.region {
        let term = Term::from_field_text(fields.region, region.as_str());
        filters.push(Box::new(TermQuery::new(term, IndexRecordOption::Basic)));
    }
    let bound = |at: Option<Timestamp>| at.map(|at| Term::from_field_i64(fields.published, ms(at)));
    let (from, to) = (bound(query.from), bound(query.to));
    if from.is_some() || to.is_some() {
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        filters.push(Box::new(RangeQuery::new(from, to.map_or(Bound::Unbounded, Bound::Excluded))));
    }
    for facet in FacetField::ALL {
        let values = query.facets.iter().filter(|(field, _)| *field == facet);
        let terms: Vec<Term> = values.map(|(_, value)| Term::from_field_text(fields.facet(facet), value)).collect();
        if !terms.is_empty() {
            filters.push(Box::new(TermSetQuery::new(terms)));
        }
    }
    filters
}

/// Milliseconds since 1970; a bound between two of them means the next one, since times are kept to the millisecond.
fn ms(at: Timestamp) -> i64 {
    let ns = at.as_nanosecond();
    let ms = ns.div_euclid(1_000_000) + i128::from(ns.rem_euclid(1_000_000) > 0);
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&[&str], Option<&str>, bool)]) {
        let got = read(text).unwrap();
        let got: Vec<(Vec<&str>, Option<&str>, bool)> = got
            .iter()
            .map(|clause| {
                (clause.stems.iter().map(String::as_str).collect(), clause.prefix.as_deref(), clause.excluded)
            })
            .collect();
        let expected: Vec<(Vec<&str>, Option<&str>, bool)> =
            expected.iter().map(|(stems, prefix, excluded)| (stems.to_vec(), *prefix, *excluded)).collect();
        assert_eq!(got, expected, "{text:?}");
    }

    #[test]
    fn reads_words_phrases_and_signs() {
        check("", &[]);
        check("Ямы на ДОРОГЕ", &[(&["ям"], None, false), (&["на"], None, false), (&["дорог"], None, false)]);
        check("\"улица Ленина\" яма", &[(&["улиц", "ленин"], None, false), (&["ям"], None, false)]);
        check("-яма -\"улица Ленина\"", &[(&["ям"], None, true), (&["улиц", "ленин"], None, true)]);
        check("- яма \"улица\" -", &[(&["ям"], None, false), (&["улиц"], None, false)]);
        check("прорв* -дорож*", &[(&[], Some("прорв"), false), (&[], Some("дорож"), true)]);
        check("Санкт-Петербургская", &[(&["санкт", "петербургск"], None, false)]);
        check("санкт-пет*", &[(&["санкт"], Some("пет"), false)]);
        check("\"открытая кавычка", &[(&["открыт", "кавычк"], None, false)]);
        check("text:яма^2", &[(&["text", "ям", "2"], None, false)]);
    }

    #[test]
    fn refuses_what_has_no_word_or_too_many() {
        for text in ["!!!", "\"\"", "*", "- -"] {
            assert_eq!(read(text).unwrap_err().message, "В запросе нет ни одного слова", "{text:?}");
        }
        assert!(read(&"щ".repeat(1_001)).unwrap_err().message.contains("1000"));
        assert_eq!(read(&"щ".repeat(1_000)).unwrap().len(), 1);
    }
}
