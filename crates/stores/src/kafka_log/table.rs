//! What is to be known as of now: how far each source has been read, which records are forgotten, what each process says.
//!
//! It is kept in a compacted topic of one partition, written in the same transactions as what it speaks of, and here in
//! memory. A key is a word for what it is, NUL, and the name of the thing.

use std::collections::{BTreeMap, HashMap};

use otklik_ports::{Cursor, Topic, words::Words};

use super::record;

const CURSOR: &str = "cursor";
const FORGOTTEN: &str = "forgotten";
const WRITTEN: &str = "written";
const SAID: &str = "said";

/// For each topic, in the order of [`Topic::ALL`], the offset before which a region and key is forgotten.
pub(super) type Bounds = [u64; Topic::ALL.len()];

/// The table in memory.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// First offset not yet read.
    pub(super) next: i64,
    /// Everything before this offset is in it.
    pub(super) complete_until: u64,
    cursors: HashMap<String, String>,
    forgotten: HashMap<String, Bounds>,
    written: HashMap<String, String>,
    said: Words,
}

impl Table {
    /// Takes an entry in. What is not understood belongs to a newer program.
    pub(super) fn absorb(&mut self, key: &[u8], value: Option<&[u8]>) {
        let Some((kind, name)) = record::parse_key(key) else { return };
        let value = value.and_then(|value| std::str::from_utf8(value).ok());
        match kind {
            CURSOR => set(&mut self.cursors, name, value.map(ToOwned::to_owned)),
            WRITTEN => set(&mut self.written, name, value.map(ToOwned::to_owned)),
            SAID => self.said.say(name, value.map(ToOwned::to_owned)),
            FORGOTTEN => set(&mut self.forgotten, name, value.and_then(parse_bounds)),
            _ => {}
        }
    }

    pub(super) fn cursor(&self, source: &str) -> Option<String> {
        self.cursors.get(source).cloned()
    }

    /// The number of the last transaction that went through under a name.
    pub(super) fn written(&self, name: &str) -> Option<&str> {
        self.written.get(name).map(String::as_str)
    }

    /// What each process said last.
    pub(super) fn said(&self) -> BTreeMap<String, String> {
        self.said.all()
    }

    /// Whether nothing at all is forgotten, so that there is no need to ask.
    pub(super) fn forgets_nothing(&self) -> bool {
        self.forgotten.is_empty()
    }

    /// Whether a record that may still be on the brokers' disks is forgotten.
    pub(super) fn is_forgotten(&self, topic: Topic, key: &str, offset: u64) -> bool {
        let before = |bounds: &Bounds| Topic::ALL.iter().zip(bounds).any(|(own, end)| *own == topic && offset < *end);
        self.forgotten.get(key).is_some_and(before)
    }

    /// Keys of forgotten records of which nothing can be left, given the first offsets kept of the region's partition.
    pub(super) fn spent(&self, first_kept: impl Fn(&str) -> Option<Bounds>) -> Vec<String> {
        let is_spent = |key: &str, bounds: &Bounds| {
            let region = record::parse_key(key.as_bytes()).map(|(region, _)| region)?;
            let first = first_kept(region)?;
            Some(bounds.iter().zip(first).all(|(bound, first)| *bound <= first))
        };
        let spent = self.forgotten.iter().filter(|(key, bounds)| is_spent(key, bounds) == Some(true));
        spent.map(|(key, _)| key.clone()).collect()
    }
}

/// The entry of a cursor.
pub(super) fn cursor_entry(cursor: &Cursor) -> (String, Option<String>) {
    (record::key(CURSOR, &cursor.source), Some(cursor.position.clone()))
}

/// The entry of what a process says; without a word it goes.
pub(super) fn said_entry(member: &str, word: Option<String>) -> (String, Option<String>) {
    (record::key(SAID, member), word)
}

/// The entry of forgotten records; without bounds it goes.
pub(super) fn forgotten_entry(key: &str, bounds: Option<Bounds>) -> (String, Option<String>) {
    let bounds = bounds.map(|bounds| bounds.map(|bound| bound.to_string()).join(" "));
    (record::key(FORGOTTEN, key), bounds)
}

/// The entry by which a transaction is found again when the answer to it was lost.
pub(super) fn written_entry(name: &str, number: &str) -> (String, Option<String>) {
    (record::key(WRITTEN, name), Some(number.to_owned()))
}

fn set<T>(map: &mut HashMap<String, T>, name: &str, value: Option<T>) {
    match value {
        Some(value) => drop(map.insert(name.to_owned(), value)),
        None => drop(map.remove(name)),
    }
}

fn parse_bounds(text: &str) -> Option<Bounds> {
    let numbers: Vec<u64> = text.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absorb(table: &mut Table, (key, value): (String, Option<String>)) {
        table.absorb(key.as_bytes(), value.as_deref().map(str::as_bytes));
    }

    #[test]
    fn the_last_entry_counts() {
        let mut table = Table::default();
        for position in ["1", "строка 2"] {
            let cursor = Cursor { source: "vk:1".to_owned(), position: position.to_owned() };
            absorb(&mut table, cursor_entry(&cursor));
        }
        absorb(&mut table, written_entry("me", "7"));
        for word in [Some("first"), None, Some("last")] {
            absorb(&mut table, said_entry("vk:1", word.map(str::to_owned)));
        }
        assert_eq!(table.said(), BTreeMap::from([("vk:1".to_owned(), "last".to_owned())]));
        assert_eq!(table.cursor("vk:1").as_deref(), Some("строка 2"));
        assert_eq!(table.cursor("vk:2"), None);
        assert_eq!(table.written("me"), Some("7"));
        table.absorb(b"cursor\0vk:1", None);
        assert_eq!(table.cursor("vk:1"), None);
    }

    #[test]
    fn what_is_not_understood_is_passed_over() {
        let mut table = Table::default();
        for (key, value) in [("cursor", "1"), ("later\0x", "1"), ("forgotten\0a\0b", "1 2"), ("forgotten\0a\0b", "x")] {
            table.absorb(key.as_bytes(), Some(value.as_bytes()));
        }
        table.absorb(&[0xff, 0], Some(b"1"));
        assert!(table.forgets_nothing());
    }

    #[test]
    fn records_are_forgotten_up_to_a_bound() {
        let mut table = Table::default();
        let key = record::key("udm", "vk:1");
        absorb(&mut table, forgotten_entry(&key, Some([10, 20, 0, 0, 5])));
        let check = |topic, key: &str, offset, expected| {
            assert_eq!(table.is_forgotten(topic, key, offset), expected, "{topic:?} {offset}");
        };
        check(Topic::Posts, &key, 9, true);
        check(Topic::Posts, &key, 10, false);
        check(Topic::Analysed, &key, 19, true);
        check(Topic::Grouped, &key, 0, false);
        check(Topic::DeadLetters, &key, 4, true);
        check(Topic::Posts, &record::key("udm", "vk:2"), 0, false);
    }

    #[test]
    fn bounds_go_with_their_records() {
        let mut table = Table::default();
        let key = record::key("udm", "vk:1");
        absorb(&mut table, forgotten_entry(&key, Some([10, 20, 0, 0, 5])));
        let kept = |bounds: Bounds| move |region: &str| (region == "udm").then_some(bounds);
        assert_eq!(table.spent(kept([10, 19, 0, 0, 5])), [""; 0]);
        assert_eq!(table.spent(kept([10, 20, 3, 0, 5])), [key.as_str()]);
        absorb(&mut table, forgotten_entry(&key, None));
        assert!(table.forgets_nothing());
    }
}
