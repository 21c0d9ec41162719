//! What a post wrote, as plain text.

/// Characters of a sentence that are kept.
const SENTENCE_CHARS_MAX: usize = 240;

/// A sentence without markup, addresses, line breaks and runs of spaces.
pub(super) fn tidy(sentence: &str) -> String {
    let sentence = beginning(sentence, SENTENCE_CHARS_MAX * 2);
    if is_tidy(sentence.trim()) {
        return shorten(sentence.trim(), SENTENCE_CHARS_MAX);
    }
    shorten(&tidied(sentence), SENTENCE_CHARS_MAX)
}

/// The same of any sentence and as long as it is.
fn tidied(sentence: &str) -> String {
    let mut tidy = String::with_capacity(sentence.len().min(4 * SENTENCE_CHARS_MAX));
    // Where the last word begins, and whether it may be an address.
    let (mut word, mut has_colon) = (0, false);
    let mut end_word = |tidy: &mut String, has_colon: bool| {
        let written = tidy.get(word..).unwrap_or_default();
        if has_colon && written.contains("://") {
            tidy.truncate(word);
        } else if !written.is_empty() {
            tidy.push(' ');
        }
        word = tidy.len();
    };
    let mut in_tag = false;
    let mut rest = sentence;
    while !rest.is_empty() {
        let plain = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        let (plain, mark) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        if !in_tag {
            tidy.push_str(plain);
        }
        let mut marks = mark.chars();
        match marks.next() {
            Some('<') => in_tag = true,
            Some('>') if in_tag => {
                in_tag = false;
                end_word(&mut tidy, std::mem::take(&mut has_colon));
            }
            _ if in_tag => {}
            Some(c) if c.is_whitespace() => end_word(&mut tidy, std::mem::take(&mut has_colon)),
            None | Some('*' | '_' | '#' | '>') => {}
            Some(c) => {
                has_colon |= c == ':';
                tidy.push(c);
            }
        }
        rest = marks.as_str();
    }
    end_word(&mut tidy, has_colon);
    tidy.pop();
    if tidy.contains('&') { tidy.replace("&nbsp;", " ") } else { tidy }
}

/// Whether a sentence stays as it is: it has neither markup nor addresses nor spaces but single ones. All bytes are looked at, each with the two
/// behind it, without a branch, so that the compiler does it to many at a time.
fn is_tidy(sentence: &str) -> bool {
    let bytes = sentence.as_bytes();
    let from = |at: usize| bytes.get(at..).unwrap_or_default();
    let threes = bytes.iter().zip(from(1)).zip(from(2));
    let last = from(bytes.len().saturating_sub(2));
    let byte = |at: usize| last.get(at).copied().unwrap_or_default();
    !threes.fold(changes(byte(0), byte(1), 0) | changes(byte(1), 0, 0), |found, ((&byte, &next), &after)| {
        found | changes(byte, next, after)
    })
}

/// Whether a byte with those behind it may begin something that does not stay.
fn changes(byte: u8, next: u8, after: u8) -> bool {
    let is_space = (byte == b' ') & (next != b' ');
    let is_colon = (byte == b':') & (next != b'/');
    // «, », and of U+2000..U+203F dashes, quotation marks and the ellipsis.
    let is_quotation_mark = (byte == 0xC2) & ((next == 0xAB) | (next == 0xBB));
    let is_dash = (byte == 0xE2) & (next == 0x80) & ((after & 0xF0 == 0x90) | (after == 0xA6));
    !(is_plain(byte) & (byte != b'&') | is_space | is_colon | is_quotation_mark | is_dash)
}

/// Whether a byte belongs to a character that stays as it is: it begins neither a mark nor what may be a space.
fn is_plain(byte: u8) -> bool {
    !matches!(byte, 0..=b' ' | b'<' | b'>' | b'*' | b'_' | b'#' | b':' | 0xC2 | 0xE1..=0xE3)
}

/// The first characters of a text.
fn beginning(text: &str, chars: usize) -> &str {
    let mut rest = text.chars();
    match chars.checked_sub(1).filter(|_| text.len() > chars).map(|last| rest.nth(last)) {
        Some(Some(_)) => text.get(..text.len() - rest.as_str().len()).unwrap_or(text),
        _ => text,
    }
}

/// Cuts at the end of a word.
pub(super) fn shorten(text: &str, chars_max: usize) -> String {
    if beginning(text, chars_max).len() == text.len() {
        return text.to_owned();
    }
    let cut = beginning(text, chars_max - 1);
    let whole = cut.rsplit_once(' ').map_or(cut, |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', '.', ' ', '-', '—']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_addresses_and_spaces_go() {
        let check = |sentence: &str, expected: &str| assert_eq!(tidy(sentence), expected, "{sentence}");
        check(" Нет воды ", "Нет воды");
        check("Нет  <b>воды</b>:\u{A0}дом 5\n", "Нет воды : дом 5");
        check("Смотрите https://example.org/a?b сами", "Смотрите сами");
        check("*Яма* на #дороге&nbsp;— «опять»…", "Яма на дороге — «опять»…");
        check("", "");
        check(&"вода ".repeat(60), &format!("{}…", ["вода"; 47].join(" ")));
    }

    proptest! {
        /// What is found to be tidy stays as it is.
        #[test]
        fn what_is_tidy_stays(sentence in "([а-яa-z0-9,.!?-]{0,9}[ :/«»—…№<>*_#&\u{A0}\u{2003}\u{2028}\u{301}\n]{0,2}){0,12}") {
            let trimmed = sentence.trim();
            if is_tidy(trimmed) {
                prop_assert_eq!(tidied(trimmed), trimmed);
            }
            prop_assert_eq!(tidy(&sentence), shorten(&tidied(&sentence), SENTENCE_CHARS_MAX));
        }
    }
}
