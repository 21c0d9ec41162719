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

    /// Takes note of a post that joined an event, or began it. `posts_with` tells how many posts of an event use a stem.
    pub(crate) fn learn(
        &mut self,
        (slot, is_new): (u32, bool),
        stems: &TextStems,
        words: &Words,
        posts_with: impl Fn(u32, u32) -> u32,
    ) {
        let claim = |owners: &mut Self, stem: u32, owner: Option<Owner>, is_name: bool| {
            // What is no name leads to no event before a second post says it.
            if owner == Some(Owner::Nobody) || is_new && !is_name {
                return;
            }
            let posts = posts_with(slot, stem);
            let is_most = posts > 1 && posts * 2 > words.count(stem);
            let is_foremost = || match owner {
                _ if !is_name => false,
                Some(Owner::Event(other, _)) => other == slot || posts_with(other, stem) <= posts,
                _ => true,
            };
            if is_most || is_foremost() {
                owners.0.insert(stem, Owner::Event(slot, is_name));
            }
        };
        for (&stem, &owner) in stems.telling.iter().zip(&stems.owners) {
            claim(self, stem, owner, stems.names.contains(&stem));
        }
        for &stem in &stems.streets {
            claim(self, stem, self.get(stem), true);
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
