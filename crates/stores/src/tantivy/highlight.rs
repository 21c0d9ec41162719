//! Where the words of a query stand in a text.

use otklik_domain::Span;

use super::{
    analyzer::{forms, stems, tokens},
    query,
};

/// Places of the words a query asks for, in characters.
pub(crate) fn highlight(query: &str, text: &str) -> Vec<Span> {
    let Ok(clauses) = query::read(query) else {
        return Vec::new();
    };
    let wanted = || clauses.iter().filter(|clause| !clause.excluded);
    let is_wanted = |stem: &str, form: &str| {
        wanted().any(|clause| {
            clause.stems.iter().any(|wanted| wanted == stem)
                || clause.prefix.as_deref().is_some_and(|prefix| form.starts_with(prefix))
        })
    };
    let mut spans = Vec::new();
    let (mut bytes, mut chars) = (0, 0_usize);
    let count = |from: usize, to: usize| text.get(from..to).map_or(0, |part| part.chars().count());
    for (stem, form) in tokens(&mut stems(), text).iter().zip(tokens(&mut forms(), text)) {
        if is_wanted(&stem.text, &form.text) {
            let start = chars + count(bytes, form.offset_from);
            let end = start + count(form.offset_from, form.offset_to);
            (bytes, chars) = (form.offset_to, end);
            spans.push(Span { start: place(start), end: place(end) });
        }
    }
    spans
}

/// Texts have at most 100,000 characters.
fn place(chars: usize) -> u32 {
    u32::try_from(chars).unwrap_or(u32::MAX)
}
