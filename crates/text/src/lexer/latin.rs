//! Russian written in Latin letters: «net vody na lenina».

/// Shortest and longest word that is looked at, in bytes.
const BYTES: std::ops::RangeInclusive<usize> = 3..=30;

/// Letters and the Cyrillic ones they stand for, the longer first.
const LETTERS: &[(&str, &str)] = &[
    ("shch", "щ"),
    ("sch", "щ"),
    ("zh", "ж"),
    ("kh", "х"),
    ("ts", "ц"),
    ("ch", "ч"),
    ("sh", "ш"),
    ("yu", "ю"),
    ("ju", "ю"),
    ("ya", "я"),
    ("ja", "я"),
    ("yo", "е"),
    ("jo", "е"),
    ("ye", "е"),
    ("je", "е"),
    ("a", "а"),
    ("b", "б"),
    ("v", "в"),
    ("w", "в"),
    ("g", "г"),
    ("d", "д"),
    ("e", "е"),
    ("z", "з"),
    ("i", "и"),
    ("j", "й"),
    ("k", "к"),
    ("q", "к"),
    ("l", "л"),
    ("m", "м"),
    ("n", "н"),
    ("o", "о"),
    ("p", "п"),
    ("r", "р"),
    ("s", "с"),
    ("t", "т"),
    ("u", "у"),
    ("f", "ф"),
    ("h", "х"),
    ("x", "х"),
    ("c", "ц"),
    ("y", "ы"),
];

/// A word of Latin letters as it may be meant in Cyrillic ones; `None` when it has other letters.
pub(super) fn cyrillic(written: &str) -> Option<String> {
    if !BYTES.contains(&written.len()) {
        return None;
    }
    let lower = written.to_ascii_lowercase();
    let mut rest = lower.as_str();
    let mut meant = String::with_capacity(2 * written.len());
    while let Some(first) = rest.chars().next() {
        let (latin, letter) = LETTERS.iter().find(|(latin, _)| rest.starts_with(latin))?;
        let after_vowel = meant.ends_with(['а', 'е', 'и', 'о', 'у', 'ы', 'ю', 'я']);
        let is_last = rest.len() == latin.len();
        let is_short = after_vowel && (first == 'y' && *letter == "ы" || first == 'i' && is_last);
        meant.push_str(if is_short { "й" } else { letter });
        rest = rest.strip_prefix(latin)?;
    }
    Some(meant)
}

#[cfg(test)]
mod tests {
    use super::cyrillic;

    #[test]
    fn reads_what_is_meant() {
        let check = |written: &str, expected: Option<&str>| assert_eq!(cyrillic(written).as_deref(), expected);
        check("vody", Some("воды"));
        check("Vtoroj", Some("второй"));
        check("vtoroy", Some("второй"));
        check("vtoroi", Some("второй"));
        check("goryachaya", Some("горячая"));
        check("gorjachaja", Some("горячая"));
        check("OTOPLENIE", Some("отопление"));
        check("yama", Some("яма"));
        check("mchs", Some("мчс"));
        check("na", None);
        check("größe", None);
        check("web2", None);
    }
}
