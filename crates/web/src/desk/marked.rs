//! Texts with the words marked that a decision rests on.

use otklik_domain::{Analysis, Span};

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The characters.
    pub(crate) text: String,
    /// Why it is marked, if it is.
    pub(crate) mark: Option<Mark>,
}

/// Why a piece is marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Class of its look: `danger`, `topic`, `place`, `found`.
    pub(crate) class: &'static str,
    /// The reason in words.
    pub(crate) why: String,
}

/// A stretch to mark; of overlapping ones the first in the list wins.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) span: Span,
    pub(crate) mark: Mark,
}

/// Cuts a text into marked and unmarked pieces. Spans that lie outside the text are left out.
pub(crate) fn pieces(text: &str, wanted: &[Wanted]) -> Vec<Piece> {
    let chars: Vec<char> = text.chars().collect();
    let mut owners: Vec<Option<usize>> = vec![None; chars.len()];
    for (index, one) in wanted.iter().enumerate() {
        let range = one.span.start as usize..one.span.end as usize;
        let Some(stretch) = owners.get_mut(range) else { continue };
        if stretch.iter().all(Option::is_none) {
            stretch.fill(Some(index));
        }
    }
    let mut pieces: Vec<Piece> = Vec::new();
    let mut owner_before = None;
    for (character, owner) in chars.into_iter().zip(owners) {
        match pieces.last_mut() {
            Some(piece) if owner == owner_before => piece.text.push(character),
            _ => {
                let mark = owner.and_then(|index| wanted.get(index)).map(|one| one.mark.clone());
                pieces.push(Piece { text: character.to_string(), mark });
            }
        }
        owner_before = owner;
    }
    pieces
}

/// What the analysis rests on: words of danger, words of the topics, places. `topic_name` tells a topic's name.
pub(crate) fn evidence(analysis: &Analysis, topic_name: impl Fn(&otklik_domain::TopicId) -> String) -> Vec<Wanted> {
    let danger = analysis.danger.iter().map(|evidence| Wanted {
        span: evidence.span,
        mark: Mark { class: "danger", why: format!("опасность, правило {}", evidence.rule) },
    });
    let topics = analysis.topics.iter().flat_map(|topic| {
        let name = topic_name(&topic.id);
        topic.evidence.iter().map(move |evidence| Wanted {
            span: evidence.span,
            mark: Mark { class: "topic", why: format!("тема «{name}», правило {}", evidence.rule) },
        })
    });
    let places = analysis.places.iter().map(|place| Wanted {
        span: place.span,
        mark: Mark {
            class: "place", why: format!("место: {} ({})", place.name, super::say::place_kind(place.kind))
        },
    });
    danger.chain(topics).chain(places).collect()
}

/// Words found by a search.
pub(crate) fn found(spans: &[Span]) -> Vec<Wanted> {
    spans
        .iter()
        .map(|&span| Wanted {
            span, mark: Mark { class: "found", why: "найдено по запросу".to_owned() }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(start: u32, end: u32, class: &'static str) -> Wanted {
        Wanted { span: Span { start, end }, mark: Mark { class, why: String::new() } }
    }

    fn check(text: &str, wanted: &[Wanted], expected: &str) {
        let shown: String = pieces(text, wanted)
            .into_iter()
            .map(|piece| match piece.mark {
                Some(mark) => format!("[{}:{}]", mark.class, piece.text),
                None => piece.text,
            })
            .collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn words_are_marked_by_characters_not_bytes() {
        check(
            "На Кирова прорыв",
            &[wanted(3, 9, "place"), wanted(10, 16, "topic")],
            "На [place:Кирова] [topic:прорыв]",
        );
    }

    #[test]
    fn of_overlapping_marks_the_first_stays() {
        check("дом горит", &[wanted(4, 9, "danger"), wanted(0, 9, "topic")], "дом [danger:горит]");
    }

    #[test]
    fn neighbours_stay_apart() {
        check("абвг", &[wanted(0, 2, "topic"), wanted(2, 4, "topic")], "[topic:аб][topic:вг]");
    }

    #[test]
    fn spans_outside_the_text_are_left_out() {
        check("абв", &[wanted(1, 9, "topic"), wanted(3, 2, "topic")], "абв");
        check("", &[wanted(0, 1, "topic")], "");
    }
}
