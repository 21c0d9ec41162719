//! VK's writing of texts to plain text: entities, line breaks, mentions.

use crate::markup::decode_entities;

/// Longest target of a mention, in characters.
const TARGET_CHARS_MAX: usize = 300;

/// A text as people see it: entities decoded, `<br>` a line break, `[club1|Name]` only the name. The number of a person
/// mentioned goes, as the number of an author does.
pub(super) fn plain(text: &str) -> String {
    let broken = text.replace("<br>", "\n").replace("<br/>", "\n").replace("<br />", "\n");
    mentions(&decode_entities(&broken)).trim().to_owned()
}

/// Puts what is shown in the place of each `[target|shown]`.
fn mentions(text: &str) -> String {
    if !text.contains('[') {
        return text.to_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, from)) = rest.split_once('[') {
        plain.push_str(before);
        match shown(from) {
            Some((shown, after)) => {
                plain.push_str(shown);
                rest = after;
            }
            None => {
                plain.push('[');
                rest = from;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// What a mention shows and what comes after it; `from` begins behind the bracket.
fn shown(from: &str) -> Option<(&str, &str)> {
    let (inside, after) = from.split_once(']')?;
    let (target, shown) = inside.split_once('|')?;
    // `[#alias|shown|https://vk.com/…]` has the address last.
    let (is_mention, shown) = match target.strip_prefix('#') {
        Some(_) => (true, shown.split_once('|').map_or(shown, |(shown, _)| shown)),
        None => (is_target(target), shown),
    };
    is_mention.then_some((shown, after))
}

/// Whether this names a page: `id1`, `club1`, `id1:bp-2_3`, an address.
fn is_target(target: &str) -> bool {
    if target.len() > TARGET_CHARS_MAX || target.contains(char::is_whitespace) {
        return false;
    }
    let names_page = ["id", "club", "public", "event", "app"].iter().any(|kind| {
        let number = target.strip_prefix(kind).map(|number| number.split_once(':').map_or(number, |(own, _)| own));
        number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    names_page || target.starts_with("https://") || target.starts_with("http://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_plain() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected);
        check("Яма<br>на дороге", "Яма\nна дороге");
        check("А &amp; Б &lt;3 &quot;да&quot; &#1071;&#x44F; &amp;lt;", "А & Б <3 \"да\" Яя &lt;");
        check("&nosuch; & &; &#9999999999; &#0;", "&nosuch; & &; &#9999999999; &#0;");
        check("[id1|Иван], [club2|Двор]: [https://vk.com/a|тут]", "Иван, Двор: тут");
        check("[id1:bp-2_3|Иван] и [#alias|слово|https://vk.com/x]", "Иван и слово");
        check("массив [a|b] и [id|x], [1] [id1|", "массив [a|b] и [id|x], [1] [id1|");
        check("  ", "");
    }
}
