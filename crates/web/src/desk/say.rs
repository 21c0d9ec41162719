//! Russian words and numbers as they are written in print: agreement with numbers, spaces that do not break, dashes.

mod names;
mod time;

pub(crate) use self::{
    names::{
        action, action_done, audit_action, clock_waits_for, delivery, intent, network, network_short, opened_by,
        place_kind, sentiment, severity,
    },
    time::{Moments, left, span},
};

/// A space that keeps what stands around it on one line.
pub(crate) const NBSP: char = '\u{a0}';

/// The three forms a noun takes after a number: `1 пост`, `2 поста`, `5 постов`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noun(pub(crate) &'static str, pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const POSTS: Noun = Noun("пост", "поста", "постов");
pub(crate) const AUTHORS: Noun = Noun("автор", "автора", "авторов");
pub(crate) const INCIDENTS: Noun = Noun("инцидент", "инцидента", "инцидентов");
pub(crate) const VIEWS: Noun = Noun("просмотр", "просмотра", "просмотров");
pub(crate) const REPEATS: Noun = Noun("повтор", "повтора", "повторов");
pub(crate) const RESULTS: Noun = Noun("сообщение", "сообщения", "сообщений");
pub(crate) const HOURS: Noun = Noun("час", "часа", "часов");
pub(crate) const RATINGS: Noun = Noun("оценка", "оценки", "оценок");

impl Noun {
    /// The form that goes with a number.
    pub(crate) fn form(self, count: u64) -> &'static str {
        match (count % 10, count % 100) {
            (_, 11..=14) => self.2,
            (1, _) => self.0,
            (2..=4, _) => self.1,
            _ => self.2,
        }
    }

    /// The number and the noun, not to be parted by a line's end.
    pub(crate) fn of(self, count: impl Into<u64>) -> String {
        let count = count.into();
        format!("{}{NBSP}{}", number(count), self.form(count))
    }
}

/// A number with its thousands set apart: `12 345`.
pub(crate) fn number(count: impl Into<u64>) -> String {
    let digits = count.into().to_string();
    // Four digits read well without a gap; that is how Russian typesetting has it.
    if digits.len() <= 4 {
        return digits;
    }
    let mut out = String::with_capacity(digits.len() + 4);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(NBSP);
        }
        out.push(digit);
    }
    out
}

/// A share as whole percent.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "—".to_owned();
    }
    format!("{}{NBSP}%", (part * 100 + whole / 2) / whole)
}

/// A number with one decimal after a comma; `None` as a dash.
pub(crate) fn decimal(value: Option<f64>) -> String {
    value.map_or_else(|| "—".to_owned(), |value| format!("{value:.1}").replace('.', ","))
}

/// A likeness or a score, 0..1, with two decimals.
pub(crate) fn score(value: f32) -> String {
    format!("{value:.2}").replace('.', ",")
}

/// The same text beginning with a capital.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_agree_with_numbers() {
        let check = |count: u64, expected: &str| assert_eq!(POSTS.of(count).replace(NBSP, " "), expected);
        check(0, "0 постов");
        check(1, "1 пост");
        check(2, "2 поста");
        check(4, "4 поста");
        check(5, "5 постов");
        check(11, "11 постов");
        check(12, "12 постов");
        check(21, "21 пост");
        check(112, "112 постов");
        check(1_234, "1234 поста");
        check(12_341, "12 341 пост");
    }

    #[test]
    fn numbers_are_set_as_in_print() {
        assert_eq!(number(1_234_567_u64), "1\u{a0}234\u{a0}567");
        assert_eq!(number(9999_u32), "9999");
        assert_eq!(percent(1, 3), "33\u{a0}%");
        assert_eq!(percent(2, 0), "—");
        assert_eq!(decimal(Some(4.25)), "4,2");
        assert_eq!(decimal(None), "—");
    }
}
