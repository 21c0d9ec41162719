//! The account of a run: every record that went into a stage came out of it, or is among the dead letters.

use std::{collections::BTreeMap, fmt};

use futures::try_join;
use otklik_ports::{Log, PortResult, PostFilter, Posts, Search, SearchQuery, Topic};
use otklik_wire::log::{DeadLetter, Grouped, Message};

use crate::read_topic;

/// Name under which the log is read through. It never commits, so it holds nothing back.
const READER: &str = "reconcile";

/// What was counted in the log and in the stores. Records emptied because their post was deleted are left out: they are so
/// in every topic at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    /// Records in topic `posts`.
    pub posts: u64,
    /// Records in topic `analysed`.
    pub analysed: u64,
    /// Posts in topic `grouped`, each id once.
    pub grouped_new: u64,
    /// Posts in topic `grouped` that had been read before.
    pub grouped_repeated: u64,
    /// Deletions and corrections in topic `grouped`.
    pub grouped_changed: u64,
    /// Dead letters by stage.
    pub dead: BTreeMap<String, u64>,
    /// Posts in the store.
    pub stored: u64,
    /// Posts in the index.
    pub indexed: u64,
}

impl Account {
    fn dead_of(&self, stage: &str) -> u64 {
        self.dead.get(stage).copied().unwrap_or_default()
    }

    /// Whether everything adds up.
    pub fn balances(&self) -> bool {
        self.posts == self.analysed + self.dead_of("analyse")
            && self.analysed == self.grouped_new + self.grouped_repeated + self.grouped_changed + self.dead_of("group")
            && self.grouped_new == self.stored + self.dead_of("store")
            && self.stored == self.indexed
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dead = |stage| self.dead_of(stage);
        writeln!(f, "analyse: {} in = {} analysed + {} dead letters", self.posts, self.analysed, dead("analyse"))?;
        writeln!(
            f,
            "group: {} in = {} new + {} duplicates + {} changes + {} dead letters",
            self.analysed,
            self.grouped_new,
            self.grouped_repeated,
            self.grouped_changed,
            dead("group")
        )?;
        writeln!(
            f,
            "store: {} in = {} stored ({} indexed) + {} dead letters",
            self.grouped_new,
            self.stored,
            self.indexed,
            dead("store")
        )?;
        write!(f, "account: {}", if self.balances() { "balances" } else { "DOES NOT BALANCE" })
    }
}

/// Counts what is in the log and in the stores. For a log nothing has been trimmed from, with every stage caught up.
///
/// # Errors
/// The log's and the stores'.
pub async fn reconcile(log: &dyn Log, store: &dyn Posts, search: &dyn Search) -> PortResult<Account> {
    let Account { mut posts, mut analysed, mut grouped_new, mut grouped_repeated, .. } = Account::default();
    let (mut grouped_changed, mut dead) = (0, BTreeMap::new());
    try_join!(
        read_topic(log, READER, Topic::Posts, |_| posts += 1),
        read_topic(log, READER, Topic::Analysed, |_| analysed += 1),
        read_topic(log, READER, Topic::Grouped, |record| match Message::<Grouped>::from_bytes(&record.payload) {
            Ok(Message { body: Grouped::Post(post), .. }) if post.seen_before => grouped_repeated += 1,
            Ok(Message { body: Grouped::Post(_), .. }) => grouped_new += 1,
            // Comes of the store, not of what was analysed.
            Ok(Message { body: Grouped::Left { .. }, .. }) => {}
            _ => grouped_changed += 1,
        }),
        read_topic(log, READER, Topic::DeadLetters, |record| {
            if let Ok(letter) = Message::<DeadLetter>::from_bytes(&record.payload) {
                *dead.entry(letter.body.stage).or_default() += 1;
            }
        }),
    )?;
    let stored = store.count(&PostFilter::default()).await?;
    let indexed = search.query(&SearchQuery { limit: 1, ..SearchQuery::default() }).await?.total;
    Ok(Account { posts, analysed, grouped_new, grouped_repeated, grouped_changed, dead, stored, indexed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        let dead = [("analyse", 2), ("group", 1), ("store", 3), ("incidents", 5)];
        Account {
            posts: 100,
            analysed: 98,
            grouped_new: 90,
            grouped_repeated: 4,
            grouped_changed: 3,
            dead: dead.into_iter().map(|(stage, letters)| (stage.to_owned(), letters)).collect(),
            stored: 87,
            indexed: 87,
        }
    }

    #[test]
    fn balances_when_every_record_is_somewhere() {
        assert!(account().balances());
        assert!(account().to_string().ends_with("account: balances"));
        assert!(Account::default().balances(), "nothing in, nothing out");
    }

    #[test]
    fn each_record_lost_or_there_twice_is_seen() {
        let check = |what: &str, change: fn(&mut Account)| {
            let mut account = account();
            change(&mut account);
            assert!(!account.balances(), "{what}");
            assert!(account.to_string().ends_with("account: DOES NOT BALANCE"), "{what}");
        };
        check("a post was not analysed", |account| account.posts += 1);
        check("a post was analysed twice", |account| account.analysed += 1);
        check("a post was grouped twice", |account| account.grouped_new += 1);
        check("a post read again was grouped twice", |account| account.grouped_repeated += 1);
        check("a correction was not grouped", |account| account.grouped_changed -= 1);
        check("a post was not stored", |account| account.stored -= 1);
        check("a post was not indexed", |account| account.indexed -= 1);
        for stage in ["analyse", "group", "store"] {
            let mut account = account();
            account.dead.remove(stage);
            assert!(!account.balances(), "a dead letter of {stage} was lost");
        }
    }

    #[test]
    fn dead_letters_of_incidents_are_stored_all_the_same() {
        let mut account = account();
        account.dead.remove("incidents");
        assert!(account.balances());
    }
}
