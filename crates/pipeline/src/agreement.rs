//! Which version of dictionaries, models and regions counts: one in all processes of a deployment.
//!
//! Each process says which version it uses and which it has read last ([`Word`]), and hears what the others say. A version
//! counts as soon as every live process has read it. Each time one begins to count is a turn, and turns are numbered: whoever
//! hears of a later turn than its own goes over to that version too, whatever processes have come or gone meanwhile.
//!
//! - A process that has died holds nothing up: whose word stays the same for too long is left out. Only how long is measured,
//!   no two clocks are compared.
//! - A process that starts with other files than those that count has nothing else to decide by. It uses its own, at turn 0,
//!   which never counts for others; that versions differ can be seen by all.
//!
//! Words have to be told through something that keeps the last word of each, and where a word that was told is heard by
//! whoever asks afterwards, see [`otklik_ports::Log::say`].

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use serde::{Deserialize, Serialize};

/// What a process says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The version it decides by.
    pub used: String,
    /// The turn with which that version began to count; 0 while it is only what the process has started with.
    pub turn: u64,
    /// The version it has read last: it could go over to it.
    pub loaded: String,
    /// Grows from word to word: a sign of life.
    pub beat: u64,
}

/// One process's part in the agreement.
#[derive(Debug)]
pub struct Agreement {
    member: String,
    live_within: Duration,
    own: Word,
    heard: BTreeMap<String, Heard>,
}

/// What was heard of a process.
#[derive(Debug)]
struct Heard {
    said: String,
    /// `None` for a word of another program, which keeps everything as it is.
    word: Option<Word>,
    /// When it was first heard.
    since: Duration,
}

/// What came of hearing the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct News {
    /// Versions that live processes use or have read; one when all is well.
    pub versions: usize,
    /// Processes that have not been heard of for too long. Their words may be taken back.
    pub gone: Vec<String>,
}

impl Agreement {
    /// The part of a process that starts with a version. Others are taken for dead when their word has not changed for
    /// `live_within`. `born` is a number that grows from start to start, such as the time: without it the first words of a process that
    /// comes again under its name would be taken for those of the one that died.
    pub fn new(member: String, version: String, born: u64, live_within: Duration) -> Self {
        let own = Word { used: version.clone(), turn: 0, loaded: version, beat: born };
        Self { member, live_within, own, heard: BTreeMap::new() }
    }

    /// The version it is to use: that of the start, or the one read last before it began to count.
    pub fn used(&self) -> &str {
        &self.own.used
    }

    /// Another version has been read.
    pub fn load(&mut self, version: String) {
        self.own.loaded = version;
    }

    /// What is to be told next.
    pub fn speak(&mut self) -> String {
        self.own.beat += 1;
        // A word of text and numbers always becomes JSON.
        serde_json::to_string(&self.own).unwrap_or_default()
    }

    /// Hears what each process, this one too, has said last. `now` is the time since any moment of one's own.
    pub fn hear(&mut self, said: BTreeMap<String, String>, now: Duration) -> News {
        self.heard.retain(|member, _| said.contains_key(member));
        for (member, said) in said {
            if self.heard.get(&member).is_none_or(|heard| heard.said != said) {
                let word = serde_json::from_str(&said).ok();
                self.heard.insert(member, Heard { said, word, since: now });
            }
        }
        let is_gone =
            |member: &str, heard: &Heard| member != self.member && now.saturating_sub(heard.since) >= self.live_within;
        let (gone, live): (Vec<_>, Vec<_>) = self.heard.iter().partition(|(member, heard)| is_gone(member, heard));
        let words: Vec<Option<&Word>> = live.iter().map(|(_, heard)| heard.word.as_ref()).collect();
        let versions: BTreeSet<&str> = words.iter().flatten().flat_map(|word| [&*word.used, &*word.loaded]).collect();
        let turn = next_turn(&self.own, &words);
        let (versions, gone) = (versions.len(), gone.into_iter().map(|(member, _)| member.clone()).collect());
        if let Some(turn) = turn {
            self.own.turn = turn;
            self.own.used.clone_from(&self.own.loaded);
        }
        News { versions, gone }
    }
}

/// The turn with which the version a process has read last counts, once it does.
fn next_turn(own: &Word, live: &[Option<&Word>]) -> Option<u64> {
    // Only when the others can know of its own word do theirs answer it.
    if !live.contains(&Some(own)) {
        return None;
    }
    let last = live.iter().flatten().map(|word| word.turn).max().unwrap_or_default();
    let mut counting = live.iter().flatten().filter(|word| word.turn == last && last > 0).map(|word| &word.used);
    if counting.clone().count() > 0 && counting.all(|used| *used == own.loaded) {
        return Some(last);
    }
    live.iter().all(|word| word.is_some_and(|word| word.loaded == own.loaded)).then_some(last + 1)
}

#[cfg(test)]
mod tests;
