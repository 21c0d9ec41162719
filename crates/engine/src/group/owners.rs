//! Words that lead to an event: most recent posts with them are of it, or they name something and no event says them more.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{stems::TextStems, words::Words};

/// Whose a word is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) enum Owner {
    /// The event of this slot; whether the word is a name.
    Event(u32, bool),
    /// Nobody's: it belongs to the name of a town.
    Nobody,
}

/// The owners of words, by stem.
#[derive(Debug, Default)]
pub(crate) struct Owners(FxHashMap<u32, Owner>);

/// Owners as they are saved.
pub(crate) type SavedOwners = BTreeMap<u32, SavedOwner>;

/// An owner as it is saved.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct SavedOwner(Owner);

impl Owners {
    /// Whose a word is.
    pub(crate) fn get(&self, stem: u32) -> Option<Owner> {
        self.0.get(&stem).copied()
    }

    /// Takes note of a post that joined an event. `posts_with` tells how many posts of an event use a stem.
    pub(crate) fn learn(&mut self, slot: u32, stems: &TextStems, words: &Words, posts_with: impl Fn(u32, u32) -> u32) {
        for &stem in stems.telling.iter().chain(&stems.streets) {
            let owner = self.get(stem);
            if owner == Some(Owner::Nobody) {
                continue;
            }
            let posts = posts_with(slot, stem);
            let was_name = matches!(owner, Some(Owner::Event(_, true)));
            let is_name = was_name || stems.names.contains(&stem) || !stems.telling.contains(&stem);
            let is_most = posts > 1 && posts * 2 > words.count(stem);
            let is_foremost = is_name
                && match owner {
                    Some(Owner::Event(other, _)) => other == slot || posts_with(other, stem) <= posts,
                    _ => true,
                };
            if is_most || is_foremost {
                self.0.insert(stem, Owner::Event(slot, is_name));
            }
        }
        self.0.extend(stems.towns.iter().map(|&stem| (stem, Owner::Nobody)));
    }

    /// Lets go of words whose event has gone.
    pub(crate) fn sweep(&mut self, lives: impl Fn(u32) -> bool) {
        self.0.retain(|_, owner| match owner {
            Owner::Event(slot, _) => lives(*slot),
            Owner::Nobody => true,
        });
    }

    pub(crate) fn saved(&self) -> SavedOwners {
        self.0.iter().map(|(stem, owner)| (*stem, SavedOwner(*owner))).collect()
    }

    pub(crate) fn restore(saved: SavedOwners) -> Self {
        Self(saved.into_iter().map(|(stem, owner)| (stem, owner.0)).collect())
    }
}
