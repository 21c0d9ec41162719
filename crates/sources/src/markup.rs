//! Entities of HTML in texts that are otherwise plain.

/// Longest entity looked for, without its `&` and `;`.
const ENTITY_BYTES_MAX: usize = 10;

/// Entities by name, as networks use them.
const NAMED: [(&str, char); 13] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("nbsp", '\u{a0}'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("mdash", '—'),
    ("ndash", '–'),
    ("hellip", '…'),
    ("shy", '\u{ad}'),
    ("bull", '•'),
];

/// Puts each character in the place of its entity, once: `&amp;lt;` becomes `&lt;`. What is no entity stays.
pub(crate) fn decode_entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = from.split_once(';').filter(|(name, _)| name.len() <= ENTITY_BYTES_MAX);
        match entity.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((c, after)) => {
                plain.push(c);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = from;
            }
        }
    }
    plain.push_str(rest);
    plain
}

fn character(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(own, _)| *own == name).map(|(_, c)| *c);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|c| *c != '\0')
}
