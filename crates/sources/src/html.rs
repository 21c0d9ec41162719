//! HTML as people see it: the text with its lines, without markup.

use scraper::{ElementRef, Html, Node};

/// Deepest nesting that is read. Building the tree takes time by depth, and no page of a newspaper comes near.
const DEPTH_MAX: usize = 256;

/// The markup is nested too deeply to be meant for reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooDeep;

/// Reads a page.
pub(crate) fn page(text: &str) -> Result<Html, TooDeep> {
    check_depth(text)?;
    Ok(Html::parse_document(text))
}

/// The text of a piece of HTML. What has no markup stays as it is.
pub(crate) fn to_text(piece: &str) -> Result<String, TooDeep> {
    if !piece.contains(['<', '&']) {
        return Ok(tidy(piece));
    }
    check_depth(piece)?;
    Ok(text_of(Html::parse_fragment(piece).root_element()))
}

/// The text of an element: a line for each block and line break, spaces in between as a browser has them.
pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    let mut text = String::new();
    for edge in element.traverse() {
        match edge {
            ego_tree::iter::Edge::Open(node) => match node.value() {
                Node::Text(words) if !is_hidden(node) => push_words(&mut text, words),
                Node::Element(element) if element.name() == "br" => text.push('\n'),
                Node::Element(element) if is_block(element.name()) => new_line(&mut text),
                _ => {}
            },
            ego_tree::iter::Edge::Close(node) => {
                if node.value().as_element().is_some_and(|element| is_block(element.name())) {
                    new_line(&mut text);
                }
            }
        }
    }
    tidy(&text)
}

/// Words of a node, their white space made single spaces.
fn push_words(text: &mut String, words: &str) {
    if words.starts_with(char::is_whitespace) {
        text.push(' ');
    }
    let mut is_first = true;
    for word in words.split_whitespace() {
        if !is_first {
            text.push(' ');
        }
        text.push_str(word);
        is_first = false;
    }
    if !is_first && words.ends_with(char::is_whitespace) {
        text.push(' ');
    }
}

fn new_line(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Lines without spaces around them and at most one empty line in a row.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines() {
        let words = line.split_whitespace();
        let begin = tidy.len();
        for word in words {
            if tidy.len() > begin || empty > 0 && begin > 0 {
                tidy.push(if tidy.len() > begin { ' ' } else { '\n' });
            }
            tidy.push_str(word);
        }
        if tidy.len() == begin {
            empty += 1;
        } else {
            tidy.push('\n');
            empty = 0;
        }
    }
    tidy.truncate(tidy.trim_end().len());
    tidy
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "li"
            | "ul"
            | "ol"
            | "blockquote"
            | "pre"
            | "table"
            | "tr"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "figure"
            | "figcaption"
            | "section"
            | "article"
            | "hr"
            | "dt"
            | "dd"
    )
}

fn is_hidden(node: ego_tree::NodeRef<'_, Node>) -> bool {
    let parent = node.parent().and_then(|parent| parent.value().as_element());
    parent.is_some_and(|parent| matches!(parent.name(), "script" | "style" | "noscript" | "template"))
}

/// Follows the tags and gives up where they nest too deeply, before any tree is built.
fn check_depth(text: &str) -> Result<(), TooDeep> {
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(1) {
        let closes = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
        if name.is_empty() || is_void(name) {
            continue;
        }
        if closes {
            if let Some(place) = open.iter().rposition(|open| open.eq_ignore_ascii_case(name)) {
                open.truncate(place);
            }
            continue;
        }
        if is_closed_by_next(name) && open.last().is_some_and(|open| open.eq_ignore_ascii_case(name)) {
            open.pop();
        }
        open.push(name);
        if open.len() > DEPTH_MAX {
            return Err(TooDeep);
        }
    }
    Ok(())
}

/// Elements that hold nothing.
fn is_void(name: &str) -> bool {
    const VOID: [&str; 14] =
        ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
    VOID.iter().any(|void| void.eq_ignore_ascii_case(name))
}

/// Elements that the next of their kind ends: pages often leave their end out.
fn is_closed_by_next(name: &str) -> bool {
    const CLOSED: [&str; 7] = ["p", "li", "dt", "dd", "tr", "td", "option"];
    CLOSED.iter().any(|closed| closed.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keeps_lines_and_drops_markup() {
        let check = |html: &str, expected: &str| assert_eq!(to_text(html).unwrap(), expected, "{html}");
        check("Просто  текст ", "Просто текст");
        check("Нет воды<br>на <b>Кирова</b>,<br/><br/><br/>дом&nbsp;5", "Нет воды\nна Кирова,\n\nдом 5");
        check("<p>Один</p><p>Два <a href='x'>три</a></p>", "Один\nДва три");
        check("<ul><li>а<li>б</ul>в", "а\nб\nв");
        check("a<script>alert(1)</script><style>b</style>c", "ac");
        check("5 &lt; 6 &amp; 7 &laquo;да&raquo; &unknown;", "5 < 6 & 7 «да» &unknown;");
        check("в<b>ода</b> <i>есть</i>", "вода есть");
        check("<!-- нет --> да", "да");
        check("", "");
    }

    #[test]
    fn refuses_towers() {
        assert_eq!(to_text(&"<div>".repeat(100_000)), Err(TooDeep));
        assert_eq!(to_text(&"<b><i></u>".repeat(100_000)), Err(TooDeep));
        assert_eq!(to_text(&"<p>а".repeat(10_000)).unwrap().lines().count(), 10_000);
        assert_eq!(to_text(&"<div>а</div>".repeat(10_000)).unwrap().lines().count(), 10_000);
    }

    proptest! {
        #[test]
        fn reads_anything(piece in "(?s)(<[a-z/]{0,4}>|&[a-z#0-9]{0,5};|\\PC|\n){0,120}") {
            if let Ok(text) = to_text(&piece) {
                prop_assert!(!text.contains("\n\n\n") && text.trim() == text, "{text:?}");
            }
        }
    }
}
