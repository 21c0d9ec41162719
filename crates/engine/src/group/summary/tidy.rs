//! What a post wrote, as plain text.

/// Characters of a sentence that are kept.
const SENTENCE_CHARS_MAX: usize = 240;

/// A sentence without markup, addresses, line breaks and runs of spaces.
pub(super) fn tidy(sentence: &str) -> String {
    let sentence = beginning(sentence, SENTENCE_CHARS_MAX * 2);
    if is_tidy(sentence.trim()) {
        return shorten(sentence.trim(), SENTENCE_CHARS_MAX);
    }
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
    let tidy = if tidy.contains('&') { tidy.replace("&nbsp;", " ") } else { tidy };
    shorten(&tidy, SENTENCE_CHARS_MAX)
}

/// Whether a sentence stays as it is: plain characters with single spaces between them. All bytes are looked at, without a branch, so that the
/// compiler does it to many at a time.
fn is_tidy(sentence: &str) -> bool {
    let bytes = sentence.as_bytes();
    let changes = |byte: u8| !is_plain(byte) & (byte != b' ') | (byte == b'&');
    let following = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    !bytes.iter().fold(false, |found, &byte| found | changes(byte))
        && !following.fold(false, |found, (&byte, &next)| found | (byte == b' ') & (next == b' '))
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
