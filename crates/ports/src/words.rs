//! What processes of a deployment have said last, see [`crate::Log::say`]: bookkeeping that logs share.

use std::collections::BTreeMap;

/// The last word of each member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(BTreeMap<String, String>);

impl Words {
    /// Puts a word in place of the member's last one; `None` takes that back.
    pub fn say(&mut self, member: &str, word: Option<String>) {
        match word {
            Some(word) => drop(self.0.insert(member.to_owned(), word)),
            None => drop(self.0.remove(member)),
        }
    }

    /// All of them, by member.
    pub fn all(&self) -> BTreeMap<String, String> {
        self.0.clone()
    }
}
