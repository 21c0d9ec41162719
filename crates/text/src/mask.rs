//! Hides telephone numbers, e-mail addresses, card numbers and personal accounts in texts before they are stored.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// What stands in the place of a telephone number.
const PHONE: &str = "[телефон скрыт]";
/// What stands in the place of an e-mail address.
const EMAIL: &str = "[почта скрыта]";
/// What stands in the place of a bank card.
const CARD: &str = "[карта скрыта]";
/// What stands in the place of a number that names a person: passport, insurance, bank account.
const NUMBER: &str = "[номер скрыт]";

struct Patterns {
    email: Regex,
    card: Regex,
    number: Regex,
    phone: Regex,
}

#[allow(clippy::expect_used, reason = "constant patterns, compiled in tests")]
static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    let compile = |pattern: &str| Regex::new(pattern).expect("a constant pattern");
    Patterns {
        email: compile(r"(?i)[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}\.[a-zа-я]{2,10}"),
        card: compile(r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b"),
        // СНИЛС 123-456-789 00, a passport after its word, an account of 20 digits.
        number: compile(
            r"(?i)\b\d{3}-\d{3}-\d{3}[ -]\d{2}\b|\b\d{20}\b|(?P<before>(?:паспорт|серия|снилс|инн)[^\d\n]{0,20})\d[\d ]{7,14}\d",
        ),
        // +7/8 with ten digits in any grouping; ten digits that begin with 9; local numbers after their word.
        phone: compile(
            r"(?i)(?:\+\s?7|\b8|\b7)[\s(-]{0,3}\d{3,5}[\s)-]{0,3}\d{1,3}[\s-]?\d{2}[\s-]?\d{2}\b|\+\d{10,14}\b|\b9\d{2}[\s-]?\d{3}[\s-]?\d{2}[\s-]?\d{2}\b|(?P<before>(?:тел|телефон|т|звон\w{0,6}|моб)[.:\s]{1,3})\d{1,3}[\s-]\d{2}[\s-]?\d{2}\b",
        ),
    }
});

/// Hides what names or reaches a private person. Short public numbers (112, 8-800) stay: residents need them.
pub fn mask(text: &str) -> Cow<'_, str> {
    // Nothing to hide without a digit or an at sign: most texts end here.
    if !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'@') {
        return Cow::Borrowed(text);
    }
    let patterns = &*PATTERNS;
    let masked = replace(&patterns.email, Cow::Borrowed(text), EMAIL);
    let masked = replace(&patterns.card, masked, CARD);
    let masked = replace(&patterns.number, masked, NUMBER);
    replace_phones(&patterns.phone, masked)
}

fn replace<'t>(pattern: &Regex, text: Cow<'t, str>, with: &str) -> Cow<'t, str> {
    match pattern.replace_all(&text, |found: &regex::Captures<'_>| {
        format!("{}{with}", found.name("before").map_or("", |before| before.as_str()))
    }) {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => Cow::Owned(masked),
    }
}

fn replace_phones<'t>(pattern: &Regex, text: Cow<'t, str>) -> Cow<'t, str> {
    let masked = pattern.replace_all(&text, |found: &regex::Captures<'_>| {
        let whole = found.get(0).map_or("", |found| found.as_str());
        let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
        if digits.starts_with("8800") || digits.starts_with("7800") {
            return whole.to_owned();
        }
        format!("{}{PHONE}", found.name("before").map_or("", |before| before.as_str()))
    });
    match masked {
        Cow::Borrowed(_) => text,
        Cow::Owned(masked) => Cow::Owned(masked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(mask(text), expected, "{text}");
    }

    #[test]
    fn hides_what_reaches_a_person() {
        check("Звоните +7 (912) 345-67-89", "Звоните [телефон скрыт]");
        check("мой номер 89123456789, жду", "мой номер [телефон скрыт], жду");
        check("8-912-345-67-89", "[телефон скрыт]");
        check("тел. 43-22-15", "тел. [телефон скрыт]");
        check("Пишите ivanov.petr@mail.ru!", "Пишите [почта скрыта]!");
        check("карта 2202 2012 3456 7890", "карта [карта скрыта]");
        check("СНИЛС 123-456-789 00", "СНИЛС [номер скрыт]");
        check("паспорт серия 9408 123456", "паспорт серия [номер скрыт]");
    }

    #[test]
    fn leaves_the_rest() {
        check("Нет воды на Ленина 12, 3 подъезд, с 15.03.2024", "Нет воды на Ленина 12, 3 подъезд, с 15.03.2024");
        check("Звоните 112 или 8-800-200-01-22", "Звоните 112 или 8-800-200-01-22");
        check("дом 25, кв 117, 2 этаж 3 сутки", "дом 25, кв 117, 2 этаж 3 сутки");
        check("Платёж 12500 рублей за 2024 год", "Платёж 12500 рублей за 2024 год");
        check("@durov, как дела?", "@durov, как дела?");
    }
}
