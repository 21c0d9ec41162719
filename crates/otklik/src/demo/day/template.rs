//! Lines with alternatives and slots: `[Доброе утро|Привет], соседи с {on_street}!`.
//!
//! `[a|b]` stands for one of its parts, `{name}` for one of the words of a slot. Brackets do not nest.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};

use super::random::Random;

/// The words slots are filled with.
type Slots = BTreeMap<String, Vec<String>>;

/// Checks that a line can be filled.
///
/// # Errors
/// A bracket that is not closed, a slot that is not known or empty.
pub(super) fn check(line: &str, slots: &Slots) -> anyhow::Result<()> {
    for (open, close) in [('[', ']'), ('{', '}')] {
        let mut depth = 0_i32;
        for sign in line.chars() {
            depth += i32::from(sign == open) - i32::from(sign == close);
            ensure!((0..=1).contains(&depth), "{open} and {close} do not match");
        }
        ensure!(depth == 0, "{open} is not closed");
    }
    for part in line.split('{').skip(1) {
        let name = part.split('}').next().unwrap_or_default();
        let words = slots.get(name).with_context(|| format!("slot {name:?} is not in slots.toml"))?;
        ensure!(!words.is_empty(), "slot {name:?} has no words");
    }
    Ok(())
}

/// Fills a line that has been checked.
pub(super) fn fill(line: &str, slots: &Slots, random: &mut Random) -> String {
    let chosen = replace(line, '[', ']', |inside| {
        let parts: Vec<_> = inside.split('|').collect();
        random.pick(&parts).copied().unwrap_or_default().to_owned()
    });
    replace(&chosen, '{', '}', |name| slots.get(name).and_then(|words| random.pick(words)).cloned().unwrap_or_default())
}

/// Replaces each bracketed part by what `with` makes of its inside.
fn replace(line: &str, open: char, close: char, mut with: impl FnMut(&str) -> String) -> String {
    let mut filled = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(open) {
        filled.push_str(before);
        let (inside, tail) = after.split_once(close).unwrap_or((after, ""));
        filled.push_str(&with(inside));
        rest = tail;
    }
    filled.push_str(rest);
    filled
}
