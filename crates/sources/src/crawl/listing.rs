//! What is known of a list of posts, and what a newer reading of it adds, changes and takes away.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use otklik_wire::Post;
use serde::{Deserialize, Serialize};

/// Readings in a row that must miss a post before it counts as deleted: one may be a moment of trouble.
const MISSING_MAX: u8 = 2;
/// The same when half of the list is missing at once.
const MISSING_MANY_MAX: u8 = 6;
/// So many missing at once are many.
const MANY: usize = 5;

/// A list of posts as it was last read.
///
/// Every post has a mark that grows with the time it was published: its number, or its time. What lies at or below the floor is
/// old: it was known once and has been let go, or was there before the source was first read.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(super) struct Listing {
    #[serde(rename = "f")]
    floor: i64,
    /// By mark.
    #[serde(rename = "k")]
    known: Vec<Known>,
}

/// A post that is known: the end of its id, its mark, when it was published (seconds), a hash of its text, how much was going on around it
/// when it was last handed in, readings that missed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known(String, i64, i64, u32, u64, u8);

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The posts, from all pages.
    pub(super) posts: Vec<Post>,
    /// Ids that the network says are gone.
    pub(super) deleted: Vec<String>,
    /// Ids that were asked for and not shown.
    pub(super) missing: Vec<String>,
    /// All posts from this mark on are among those read; `None` when nothing can be said about what is missing.
    pub(super) whole_from: Option<i64>,
}

/// What the marks of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// The number at the end of the id.
    Numbers,
    /// The time of publishing, in milliseconds.
    Times,
}

/// How a list behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules<'a> {
    /// The beginning that all ids have in common.
    pub(super) prefix: &'a str,
    /// Posts that are kept in mind.
    pub(super) known_max: usize,
    /// What marks are.
    pub(super) marks: Marks,
    /// Whether marks grow with every new post. A feed may bring old dates late.
    pub(super) is_ordered: bool,
    /// When the list is read for the first time: posts published before are not taken.
    pub(super) not_before: Option<Timestamp>,
    /// Posts above this mark are not let go: between them lie some that are still to be read.
    pub(super) keep_above: Option<i64>,
}

/// What is to be handed in.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// New posts.
    pub(super) fresh: Vec<Post>,
    /// Posts whose text was changed, or around which much more is going on.
    pub(super) changed: Vec<Post>,
    /// Ids of posts that are gone.
    pub(super) gone: Vec<String>,
}

/// The mark of a post.
pub(super) fn mark(marks: Marks, post: &Post) -> i64 {
    match marks {
        Marks::Numbers => {
            let number = post.id.rsplit(['_', '/', ':']).next().unwrap_or_default().trim_start_matches('r');
            number.parse().unwrap_or_default()
        }
        Marks::Times => published(post).as_millisecond(),
    }
}

/// When a post was published; posts of parsers always have a time.
pub(super) fn published(post: &Post) -> Timestamp {
    post.published_at.parse().unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Listing {
    /// Whether a post is known, or old.
    pub(super) fn knows(&self, rules: &Rules<'_>, post: &Post, mark: i64) -> bool {
        (rules.is_ordered && mark <= self.floor) || self.place(suffix(rules, &post.id)).is_some()
    }

    /// The highest mark that is known.
    pub(super) fn top(&self) -> i64 {
        self.known.iter().map(|known| known.1).max().unwrap_or(self.floor).max(self.floor)
    }

    /// The ends of the ids that are known, with when they were published and whether the last reading missed them.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&str, Timestamp, bool)> {
        let entry = |known: &'_ Known| Some((Timestamp::from_second(known.2).ok()?, known.5 > 0));
        self.known.iter().filter_map(move |known| entry(known).map(|(at, missed)| (known.0.as_str(), at, missed)))
    }

    /// The ends of the ids that are known.
    pub(super) fn ids(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|known| known.0.as_str())
    }

    /// When the posts that are known were published.
    pub(super) fn times(&self) -> impl Iterator<Item = Timestamp> {
        self.known.iter().filter_map(|known| Timestamp::from_second(known.2).ok())
    }

    /// Whether a post was missed by the last reading: it is looked for once more.
    pub(super) fn misses_any(&self) -> bool {
        self.known.iter().any(|known| known.5 > 0)
    }

    /// When a post was published.
    pub(super) fn time_of(&self, id: &str) -> Option<Timestamp> {
        self.place(id).and_then(|place| self.known.get(place)).and_then(|known| Timestamp::from_second(known.2).ok())
    }

    fn place(&self, id: &str) -> Option<usize> {
        self.known.iter().rposition(|known| known.0 == id)
    }

    /// Compares with what was read, and knows it from now on.
    pub(super) fn merge(&mut self, rules: &Rules<'_>, reading: Reading) -> Found {
        let mut found = Found::default();
        let mut places: HashMap<String, usize> =
            self.known.iter().enumerate().map(|(place, known)| (known.0.clone(), place)).collect();
        let mut seen: HashSet<String> = HashSet::new();
        for post in reading.posts {
            let mark = mark(rules.marks, &post);
            let id = suffix(rules, &post.id).to_owned();
            if !seen.insert(id.clone()) {
                continue;
            }
            if let Some(known) = places.get(&id).and_then(|place| self.known.get_mut(*place)) {
                known.5 = 0;
                let (text, bustle) = (hash(&post.text), bustle(&post));
                if known.3 != text || bustle > known.4.saturating_mul(3) / 2 + 10 {
                    (known.3, known.4) = (text, bustle);
                    found.changed.push(post);
                }
                continue;
            }
            if rules.is_ordered && mark <= self.floor {
                continue;
            }
            let is_old = rules.not_before.is_some_and(|not_before| published(&post) < not_before);
            if is_old && rules.is_ordered {
                self.floor = self.floor.max(mark);
                continue;
            }
            let at = published(&post).as_second();
            places.insert(id.clone(), self.known.len());
            self.known.push(Known(id, mark, at, hash(&post.text), bustle(&post), 0));
            if !is_old {
                found.fresh.push(post);
            }
        }
        self.miss(rules, &seen, reading.whole_from, [&reading.deleted, &reading.missing], &mut found);
        self.trim(rules, &seen);
        found
    }

    /// Counts what was not read though it should have been there.
    fn miss(
        &mut self,
        rules: &Rules<'_>,
        seen: &HashSet<String>,
        whole_from: Option<i64>,
        [deleted, missing]: [&[String]; 2],
        found: &mut Found,
    ) {
        let told: HashSet<&str> = deleted.iter().map(|id| suffix(rules, id)).collect();
        let missing: HashSet<&str> = missing.iter().map(|id| suffix(rules, id)).collect();
        for known in self.known.iter_mut().filter(|known| !seen.contains(&known.0)) {
            if whole_from.is_some_and(|from| known.1 >= from) || missing.contains(known.0.as_str()) {
                known.5 = known.5.saturating_add(1);
            }
        }
        let in_range = self.known.iter().filter(|known| whole_from.is_some_and(|from| known.1 >= from)).count();
        let missed = self.known.iter().filter(|known| known.5 > 0).count();
        let is_many = missed >= MANY && missed * 2 > in_range;
        let limit = if is_many { MISSING_MANY_MAX } else { MISSING_MAX };
        self.known.retain(|known| {
            let is_gone = known.5 >= limit || told.contains(known.0.as_str());
            if is_gone {
                found.gone.push(format!("{}{}", rules.prefix, known.0));
            }
            !is_gone
        });
    }

    /// Lets the oldest go. Of a list without order, those that are still on it stay.
    fn trim(&mut self, rules: &Rules<'_>, seen: &HashSet<String>) {
        self.known.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| a.0.cmp(&b.0)));
        let mut over = self.known.len().saturating_sub(rules.known_max);
        if rules.is_ordered {
            let below = |known: &&Known| rules.keep_above.is_none_or(|mark| known.1 <= mark);
            over = over.min(self.known.iter().filter(below).count());
            let gone = self.known.drain(..over);
            self.floor = gone.map(|known| known.1).max().unwrap_or(self.floor).max(self.floor);
        } else {
            self.known.retain(|known| {
                let goes = over > 0 && !seen.contains(&known.0);
                over -= usize::from(goes);
                !goes
            });
        }
    }
}

fn suffix<'a>(rules: &Rules<'_>, id: &'a str) -> &'a str {
    id.strip_prefix(rules.prefix).unwrap_or(id)
}

/// How much is going on around a post.
fn bustle(post: &Post) -> u64 {
    let metrics = &post.metrics;
    let sum = metrics.likes.saturating_add(metrics.reposts).saturating_add(metrics.comments);
    sum.saturating_add(metrics.views / 20)
}

/// A hash that stays the same from version to version (FNV-1a): it is kept.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules<'static> = Rules {
        prefix: "vk:-1_",
        known_max: 4,
        marks: Marks::Numbers,
        is_ordered: true,
        not_before: None,
        keep_above: None,
    };

    fn post(number: i64, text: &str) -> Post {
        serde_json::from_value(serde_json::json!({
            "id": format!("vk:-1_{number}"), "text": text, "published_at": "2026-03-01T10:00:00Z", "network": "vk",
        }))
        .unwrap()
    }

    fn read(listing: &mut Listing, numbers: &[i64]) -> (Vec<i64>, Vec<String>) {
        let posts: Vec<Post> = numbers.iter().map(|number| post(*number, "Яма")).collect();
        let whole_from = numbers.iter().min().copied();
        let found = listing.merge(&RULES, Reading { posts, whole_from, ..Reading::default() });
        (found.fresh.iter().map(|post| mark(Marks::Numbers, post)).collect(), found.gone)
    }

    #[test]
    fn new_posts_are_found_once() {
        let mut listing = Listing::default();
        assert_eq!(read(&mut listing, &[3, 2, 1, 2]).0, [3, 2, 1]);
        assert_eq!(read(&mut listing, &[5, 4, 3, 2]).0, [5, 4]);
        assert_eq!(read(&mut listing, &[5, 4, 3, 2, 1]).0, [0i64; 0], "1 was let go, not forgotten");
    }

    #[test]
    fn a_post_is_gone_when_it_was_missed_twice() {
        let mut listing = Listing::default();
        read(&mut listing, &[4, 3, 2, 1]);
        assert_eq!(read(&mut listing, &[4, 2, 1]).1, [""; 0]);
        assert_eq!(read(&mut listing, &[4, 3, 2, 1]).1, [""; 0], "it was a moment of trouble");
        assert_eq!(read(&mut listing, &[4, 2, 1]).1, [""; 0]);
        assert_eq!(read(&mut listing, &[4, 2]).1, ["vk:-1_3"], "and 1 lies below what was read");
        let told = Reading { deleted: vec!["vk:-1_4".to_owned()], ..Reading::default() };
        assert_eq!(listing.merge(&RULES, told).gone, ["vk:-1_4"], "the network says so");
    }

    #[test]
    fn an_empty_answer_deletes_nothing_soon() {
        let rules = Rules { known_max: 100, ..RULES };
        let mut listing = Listing::default();
        let posts = (1..=10).map(|number| post(number, "Яма")).collect();
        listing.merge(&rules, Reading { posts, ..Reading::default() });
        for reading in 1..=6 {
            let empty = Reading { whole_from: Some(i64::MIN), ..Reading::default() };
            let gone = listing.merge(&rules, empty).gone.len();
            assert_eq!(gone, if reading < 6 { 0 } else { 10 }, "reading {reading}");
        }
    }

    #[test]
    fn edits_and_bustle_are_handed_in_again() {
        let mut listing = Listing::default();
        read(&mut listing, &[1]);
        let mut again = |text: &str, likes: u64| {
            let mut post = post(1, text);
            post.metrics.likes = likes;
            listing.merge(&RULES, Reading { posts: vec![post], ..Reading::default() }).changed.len()
        };
        assert_eq!(
            [again("Яма", 5), again("Яма", 20), again("Яма", 25), again("Яма!", 25), again("Яма!", 25)],
            [0, 1, 0, 1, 0]
        );
    }

    #[test]
    fn what_was_there_before_is_not_taken() {
        let not_before = Some("2026-03-01T11:00:00Z".parse().unwrap());
        let mut listing = Listing::default();
        let mut new = post(9, "Яма");
        new.published_at = "2026-03-01T12:00:00Z".to_owned();
        let posts = vec![new, post(8, "Яма"), post(7, "Яма")];
        let found = listing.merge(&Rules { not_before, ..RULES }, Reading { posts, ..Reading::default() });
        assert_eq!(found.fresh.len(), 1);
        assert_eq!(read(&mut listing, &[9, 8, 7]).0, [0i64; 0]);
    }

    #[test]
    fn a_list_without_order_keeps_what_is_on_it() {
        let rules = Rules { prefix: "rss:", known_max: 2, marks: Marks::Times, is_ordered: false, ..RULES };
        let mut listing = Listing::default();
        let mut fresh = |numbers: &[i64]| {
            let posts = numbers.iter().map(|number| post(*number, "Яма")).collect();
            listing.merge(&rules, Reading { posts, ..Reading::default() }).fresh.len()
        };
        assert_eq!([fresh(&[1, 2, 3]), fresh(&[1, 2, 3]), fresh(&[3, 4]), fresh(&[4, 3])], [3, 0, 1, 0]);
    }

    #[test]
    fn what_comes_late_in_the_same_second_is_found() {
        // Comments of OK: their times are marks, to a second.
        let ids = |rules: Rules<'_>| {
            let mut listing = Listing::default();
            let mut fresh = Vec::new();
            for numbers in [[1, 2, 3, 4, 5], [3, 4, 5, 6, 7]] {
                let posts = numbers.map(|number| post(number, "Яма")).into();
                let found = listing.merge(&rules, Reading { posts, ..Reading::default() });
                fresh.extend(found.fresh.into_iter().map(|post| post.id));
            }
            fresh.len()
        };
        assert_eq!(ids(Rules { is_ordered: false, marks: Marks::Times, ..RULES }), 7);
        assert_eq!(ids(Rules { marks: Marks::Times, ..RULES }), 5, "a floor that several share hides what comes later");
    }

    proptest! {
        /// Whatever pages are read in whatever order, a post is new at most once.
        #[test]
        fn nothing_is_new_twice(pages in prop::collection::vec(prop::collection::vec(1i64..30, 0..8), 1..20)) {
            let mut listing = Listing::default();
            let mut all = Vec::new();
            let mut gone = 0;
            for page in pages {
                let (fresh, left) = read(&mut listing, &page);
                gone += left.len();
                all.extend(fresh);
            }
            let distinct: HashSet<i64> = all.iter().copied().collect();
            // One that was deleted and is there again is new again.
            prop_assert!(all.len() - distinct.len() <= gone);
        }
    }
}
