//! The search for repeated texts by itself, as a grouper does it, so that it can be measured against others.

use jiff::Timestamp;
use otklik_text::Fingerprint;

use super::{
    duplicates::{Duplicates, EXACT_WORDS_MIN},
    stems::KeptStems,
    window::{COUNTS_SHORT, Entry, Window, seconds},
};

/// A window of recent texts.
#[derive(Debug)]
pub struct RepeatWindow {
    window: Window,
    duplicates: Duplicates,
    posts_max: u32,
    days: u16,
}

impl RepeatWindow {
    /// A window of at most so many texts, and of so many days.
    pub fn new(posts_max: u32, days: u16) -> Self {
        Self { window: Window::default(), duplicates: Duplicates::default(), posts_max, days }
    }

    /// Puts a text in; gives the number, counted from the first text put in, of the one most like it, and how like it is, 0..1,
    /// if at least so like.
    pub fn add(&mut self, id: &str, at: Timestamp, fingerprint: &Fingerprint, near_min: f32) -> Option<(u64, f32)> {
        let oldest = at.as_second() - i64::from(self.days) * 86_400;
        while let Some(entry) = self.window.front() {
            if i64::from(entry.at) >= oldest && self.window.len() < self.posts_max as usize {
                break;
            }
            self.window.pop_front();
        }
        let twin = self.duplicates.find(fingerprint, &self.window, near_min);
        let short = fingerprint.words < EXACT_WORDS_MIN;
        let entry = Entry {
            id: id.into(),
            at: seconds(at),
            event: 0,
            author: 0,
            views: 0,
            exact: fingerprint.exact,
            bins: fingerprint.bins,
            stems: KeptStems::NONE,
            counts: if short { COUNTS_SHORT } else { 0 },
            original_back: 0,
        };
        self.duplicates.add(&entry, self.window.next_sequence());
        self.window.push(entry);
        if self.duplicates.is_crowded(self.window.len()) {
            self.duplicates = Duplicates::rebuilt(Duplicates::size_for(self.window.len()), &self.window);
        }
        twin.map(|twin| (twin.sequence, twin.likeness))
    }
}
