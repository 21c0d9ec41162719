//! Answers of a server, cut into their parts.

/// Stands in a line for a literal that was read beside it. No server may send this byte in a line.
pub(super) const LITERAL: u8 = 0;
/// Deepest list in a list.
const DEPTH_MAX: usize = 8;

/// A part of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mail) enum Item {
    /// A word or a number.
    Word(String),
    /// What stood in quotes or came as a literal.
    Text(Vec<u8>),
    /// What stood in brackets.
    List(Vec<Item>),
}

impl Item {
    /// A word, or a text that is UTF-8.
    pub(in crate::mail) fn text(&self) -> Option<&str> {
        match self {
            Self::Word(word) => Some(word),
            Self::Text(text) => std::str::from_utf8(text).ok(),
            Self::List(_) => None,
        }
    }

    /// A number.
    pub(in crate::mail) fn number(&self) -> Option<u32> {
        self.text()?.parse().ok()
    }

    /// The value that follows a name in a list of names and values.
    pub(in crate::mail) fn value(&self, name: &str) -> Option<&Self> {
        let Self::List(items) = self else { return None };
        let (pairs, _) = items.as_chunks::<2>();
        pairs
            .iter()
            .find(|[key, _]| key.text().is_some_and(|key| key.eq_ignore_ascii_case(name)))
            .map(|[_, value]| value)
    }
}

/// The end of the line before a literal that it announces, and the literal's length.
pub(super) fn literal(line: &[u8]) -> Option<(usize, u64)> {
    let begin = line.iter().rposition(|&byte| byte == b'{')?;
    let length = line.get(begin + 1..)?.strip_suffix(b"}")?;
    let length = length.strip_suffix(b"+").unwrap_or(length);
    let is_number = (1..=18).contains(&length.len()) && length.iter().all(u8::is_ascii_digit);
    let length = std::str::from_utf8(length).ok().filter(|_| is_number)?.parse().ok()?;
    Some((begin, length))
}

/// The parts of a line; `None` when its quotes or brackets do not fit. What a state says in its own words may hold any.
pub(in crate::mail) fn items(line: &[u8], literals: Vec<Vec<u8>>) -> Option<Vec<Item>> {
    let words = String::from_utf8_lossy(line);
    let mut words = words.split(' ').map(|word| Item::Word(word.to_owned()));
    let is_state = words.clone().nth(1).is_some_and(|state| {
        let states = ["OK", "NO", "BAD", "BYE", "PREAUTH"];
        state.text().is_some_and(|state| states.iter().any(|known| known.eq_ignore_ascii_case(state)))
    });
    if is_state && literals.is_empty() {
        return Some(words.by_ref().collect());
    }
    let mut literals = literals.into_iter();
    let mut open: Vec<Vec<Item>> = vec![Vec::new()];
    let mut bytes = line.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let item = match byte {
            b' ' => continue,
            b'(' => {
                open.push(Vec::new());
                if open.len() > DEPTH_MAX {
                    return None;
                }
                continue;
            }
            b')' => {
                let list = open.pop()?;
                Item::List(list)
            }
            b'"' => {
                let mut text = Vec::new();
                loop {
                    match bytes.next()? {
                        b'"' => break Item::Text(text),
                        b'\\' => text.push(bytes.next()?),
                        byte => text.push(byte),
                    }
                }
            }
            LITERAL => Item::Text(literals.next()?),
            first => {
                let mut word = vec![first];
                while let Some(next) = bytes.next_if(|byte| !matches!(byte, b' ' | b'(' | b')' | b'"' | &LITERAL)) {
                    word.push(next);
                }
                Item::Word(String::from_utf8_lossy(&word).into_owned())
            }
        };
        open.last_mut()?.push(item);
    }
    let all = open.pop()?;
    (open.is_empty() && literals.next().is_none()).then_some(all)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_answer_is_cut_into_its_parts() {
        let line = b"* 3 FETCH (UID 7 INTERNALDATE \"03-Mar \\\"x\\\"\" FLAGS (\\Seen) BODY[] \0)";
        let items = items(line, vec![b"From: a\r\n)".to_vec()]).unwrap();
        let [_, _, fetch, values] = &items[..] else { panic!("{items:?}") };
        assert_eq!((fetch.text(), values.value("uid").and_then(Item::number)), (Some("FETCH"), Some(7)));
        assert_eq!(values.value("INTERNALDATE").and_then(Item::text), Some("03-Mar \"x\""));
        assert_eq!(values.value("body[]"), Some(&Item::Text(b"From: a\r\n)".to_vec())));
        assert_eq!(values.value("x"), None);
        assert_eq!(literal(b"* 1 FETCH (BODY[] {12}"), Some((18, 12)));
        let state = items_of("* OK It's (nearly \"ready");
        assert_eq!(state.last(), Some(&Item::Word("\"ready".to_owned())));
        for none in ["* OK", "* {}", "* {-1}", "* {1} ", "* {12345678901234567890}"] {
            assert_eq!(literal(none.as_bytes()), None, "{none}");
        }
    }

    fn items_of(line: &str) -> Vec<Item> {
        items(line.as_bytes(), Vec::new()).unwrap()
    }

    proptest! {
        #[test]
        fn reads_anything(line in "[ ()\"\\\\{}\u{0}a1*]{0,60}") {
            let _literal = literal(line.as_bytes());
            if let Some(all) = items(line.as_bytes(), vec![vec![1]]) {
                let has_place = line.contains('\u{0}') && !all.is_empty();
                prop_assert!(has_place);
            }
        }
    }
}
