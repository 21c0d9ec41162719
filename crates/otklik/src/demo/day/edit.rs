//! How people change a text when they type in a hurry or copy from another group.

use super::random::Random;

/// What people in trouble add.
pub(super) const UPSET: &[&str] = &[" 😡", " 😢", " 🤦", " 🙏", " ❗", " 😳", " 💔", " 🙄"];
/// What people add when nothing is wrong.
pub(super) const CALM: &[&str] = &[" 🙂", " 😄", " 👍", " 😅", " 🤷", " ✨", " 🌿", ")", "))"];
const COPIED: &[&str] = &[
    "Пишут:",
    "Копирую из соседней группы.",
    "Из чата дома:",
    "Перепост от подруги:",
    "Прислали:",
    "Прошу максимального распространения!",
    "Друзья, внимание.",
    "Увидела в другой группе:",
    "От подписчика:",
    "Анонимно, пожалуйста.",
    "Передаю от мамы:",
];
const REPRINTED: &[&str] = &["Коротко.", "Как сообщалось ранее:", "Обновлено.", "К этому часу:", "Главное за день."];
const ADDED: &[&str] = &[
    "Сил нет.",
    "Кто в курсе?",
    "Отпишитесь.",
    "Поднимите пост.",
    "Что делать?",
    "Ждём ответа.",
    "У вас так же?",
    "Может, кто поможет.",
    "Слов нет.",
    "Пусть все знают.",
];

/// Types a text again, carelessly: it may come back as it was.
pub(super) fn retype(text: &str, emoji: &[&str], random: &mut Random) -> String {
    let mut typed = text.to_owned();
    if random.chance(0.35) {
        typed = typed.trim_end_matches(['.', '!', '?', '…']).to_owned();
    }
    if random.chance(0.25) {
        typed = typed.replace('ё', "е");
    }
    if random.chance(0.2) {
        typed = lower_first(&typed);
    }
    if random.chance(0.15) {
        typed = slip(&typed, random);
    }
    if random.chance(0.12) {
        typed.push_str(random.pick(emoji).copied().unwrap_or_default());
    }
    typed
}

/// Prints a news item again, with another beginning or without its end. The result always differs from the text.
pub(super) fn reprint(text: &str, random: &mut Random) -> String {
    let begun = format!("{} {text}", random.pick(REPRINTED).copied().unwrap_or_default());
    if random.chance(0.5) { shorten(&begun) } else { begun }
}

/// Copies a text with a change or two. The result always differs from the text.
pub(super) fn copy(text: &str, random: &mut Random) -> String {
    let mut copied = text.to_owned();
    match random.below(4) {
        0 => copied = format!("{} {copied}", random.pick(COPIED).copied().unwrap_or_default()),
        1 => copied = format!("{copied} {}", random.pick(ADDED).copied().unwrap_or_default()),
        2 => copied = shorten(&copied),
        _ => copied = slip(&copied, random),
    }
    if random.chance(0.4) {
        copied = retype(&copied, UPSET, random);
    }
    if copied == text {
        copied.push_str(if text.ends_with('!') { "!!" } else { "!" });
    }
    copied
}

/// Makes one slip of the finger in a long lower-case word. Names and numbers stay: people check those.
fn slip(text: &str, random: &mut Random) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.chars().count() >= 6 && word.chars().all(char::is_lowercase))
        .map(|(at, _)| at)
        .collect();
    if let Some(&at) = random.pick(&long) {
        let mut letters: Vec<char> = words[at].chars().collect();
        let place = 1 + random.below(letters.len() - 2);
        match random.below(3) {
            0 => letters.swap(place, place + 1),
            1 => drop(letters.remove(place)),
            _ => letters.insert(place, letters[place]),
        }
        words[at] = letters.into_iter().collect();
    }
    words.join(" ")
}

/// Leaves out the last sentence when there are several.
fn shorten(text: &str) -> String {
    let body = text.trim_end_matches(['.', '!', '?', '…', ' ']);
    match body.rfind(['.', '!', '?']).and_then(|at| body.get(..=at)) {
        Some(kept) if kept.chars().count() >= 25 => kept.to_owned(),
        _ => body.to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
