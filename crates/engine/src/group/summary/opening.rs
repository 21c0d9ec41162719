//! What stands in a sentence before it comes to the point: greetings, addresses, «напомним». A title does without.

/// Said with or without a mark behind it. In small letters, with е for ё.
const OPENINGS: [&str; 17] = [
    "здравствуйте",
    "здравствуй",
    "доброго времени суток",
    "доброго дня",
    "доброго вечера",
    "доброе утро",
    "добрый день",
    "добрый вечер",
    "доброй ночи",
    "всем привет",
    "всем добрый день",
    "привет всем",
    "приветствую",
    "пожалуйста",
    "подскажите",
    "скажите пожалуйста",
    "как сообщалось ранее",
];
/// Said with a mark behind it; without one they belong to what follows: «внимание водителей», «фото ямы».
const MARKED: [&str; 30] = [
    "анонимно",
    "анон",
    "админ",
    "важно",
    "видео",
    "вниманию жителей",
    "внимание",
    "главное за день",
    "дорогие друзья",
    "друзья",
    "из чата дома",
    "к этому часу",
    "как сообщалось",
    "как сообщает пресс-служба",
    "коротко",
    "молния",
    "напоминаем",
    "напомним",
    "обновлено",
    "обновление",
    "от подписчика",
    "перепост",
    "пишут",
    "подписчик сообщает",
    "прислали",
    "ребята",
    "скажите",
    "соседи",
    "срочно",
    "фото",
];
/// How an address begins that names somebody, up to a mark: «Уважаемый Иван Иванович,».
const ADDRESS: &str = "уважаем";
const ADDRESS_CHARS_MAX: usize = 60;
/// Fewest words that say something by themselves.
const WORDS_MIN: usize = 3;

/// A sentence from where it comes to the point, with a capital; as it is when little would be left.
pub(super) fn without_opening(sentence: &str) -> String {
    let mut point = sentence;
    while let Some(rest) = after_opening(point) {
        point = rest;
    }
    let is_enough = point.split_whitespace().count() >= WORDS_MIN;
    let mut letters = point.chars();
    match letters.next() {
        Some(first) if is_enough && point.len() < sentence.len() => first.to_uppercase().chain(letters).collect(),
        _ => sentence.to_owned(),
    }
}

/// What follows the opening of a sentence, if it has one.
fn after_opening(sentence: &str) -> Option<&str> {
    let free = || OPENINGS.iter().find_map(|opening| after_words(sentence, opening));
    let marked = || MARKED.iter().find_map(|opening| after_words(sentence, opening).filter(|rest| has_mark(rest)));
    let rest = free().or_else(marked).or_else(|| after_address(sentence))?;
    Some(rest.trim_start_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '«' | '"' | '№')))
}

/// What follows words, in any letter case, that a sentence begins with.
fn after_words<'s>(sentence: &'s str, words: &str) -> Option<&'s str> {
    let mut rest = sentence.chars();
    let begins = words.chars().all(|letter| rest.next().is_some_and(|own| small(own) == letter));
    let rest = rest.as_str();
    (begins && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-')).then_some(rest)
}

/// Whether a mark stands there that parts what is before it from what follows.
fn has_mark(rest: &str) -> bool {
    let marks = rest.trim_start();
    marks.starts_with([',', ':', '!', '.', '—', '–', '|', '❗', '‼']) || rest.starts_with(" - ")
}

/// What follows an address that names somebody.
fn after_address(sentence: &str) -> Option<&str> {
    let mut letters = sentence.chars();
    if !ADDRESS.chars().all(|letter| letters.next().is_some_and(|own| small(own) == letter)) {
        return None;
    }
    let (to, _) = sentence.char_indices().take(ADDRESS_CHARS_MAX).find(|(_, c)| matches!(c, ',' | '!'))?;
    sentence.get(to..)
}

fn small(letter: char) -> char {
    match letter {
        'ё' | 'Ё' => 'е',
        _ => letter.to_lowercase().next().unwrap_or(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::without_opening;

    #[test]
    fn comes_to_the_point() {
        let check = |sentence: &str, expected: &str| assert_eq!(without_opening(sentence), expected);
        check("Здравствуйте, у нас нет воды", "У нас нет воды");
        check("Добрый день! Подскажите, пожалуйста, когда дадут воду?", "Когда дадут воду?");
        check("Скажите, пожалуйста, когда дадут воду?", "Когда дадут воду?");
        check("добрый вечер на Мира прорвало трубу", "На Мира прорвало трубу");
        check("Как сообщалось ранее: на Мира прорвало трубу", "На Мира прорвало трубу");
        check("Внимание! «Водоканал» отключил воду", "«Водоканал» отключил воду");
        check("Уважаемый Иван Иванович, почините дорогу у школы", "Почините дорогу у школы");
        check("СРОЧНО❗ Пропала вода на Мира", "Пропала вода на Мира");
    }

    #[test]
    fn leaves_what_says_something() {
        for sentence in [
            "Внимание водителей привлекла яма",
            "Фото ямы на улице Мира",
            "Здравствуйте, нет воды",
            "Скажите, пожалуйста, нет воды",
            "Приветствуются все желающие помочь",
            "Уважаемые жители дома 5 сидят без воды третий день и никто им не отвечает, увы",
            "Соседи сверху затопили подъезд",
            "Нет воды",
            "",
        ] {
            assert_eq!(without_opening(sentence), sentence);
        }
    }
}
