//! Partitions of a log inside one process: which region lies in which, and which member of a group reads which.
//!
//! Pure bookkeeping, shared by the embedded log and the log in memory; Kafka has its own.

use std::collections::BTreeMap;

use crate::log::Topic;

/// The partition of a region: FNV-1a of its id, modulo the number of partitions. Never changes, since it decides where
/// stored records are looked for.
pub fn partition_of(region: &str, partitions: u32) -> u32 {
    let wide = u64::from(partitions.max(1));
    u32::try_from(fnv1a(region.as_bytes()) % wide).unwrap_or_default()
}

/// FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
pub fn fnv1a(bytes: &[u8]) -> u64 {
    const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// What a member has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// These partitions are now its own.
    Assigned(Vec<u32>),
    /// These are not any more.
    Revoked(Vec<u32>),
}

/// A member of a group that reads a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The group.
    pub group: String,
    /// The topic.
    pub topic: Topic,
    number: u64,
}

/// Groups of consumers and the split of partitions among their members: partition `p` goes to the `p mod n`-th of `n`
/// members, in the order they joined.
#[derive(Debug)]
pub struct Groups {
    partitions: u32,
    counter: u64,
    groups: BTreeMap<(String, Topic), Vec<Share>>,
}

/// Partitions with the number of the assignment. A partition that went away and came back has another number: somebody
/// else may have read on meanwhile.
type Assignment = BTreeMap<u32, u64>;

/// What a member has and what it has been told.
#[derive(Debug)]
struct Share {
    number: u64,
    owned: Assignment,
    told: Assignment,
    greeted: bool,
}

impl Groups {
    /// No groups, for topics of so many partitions.
    pub fn new(partitions: u32) -> Self {
        Self { partitions, counter: 0, groups: BTreeMap::new() }
    }

    /// Adds a member and splits the partitions anew.
    pub fn join(&mut self, group: &str, topic: Topic) -> Member {
        self.counter += 1;
        let member = Member { group: group.to_owned(), topic, number: self.counter };
        let share = Share { number: self.counter, owned: Assignment::new(), told: Assignment::new(), greeted: false };
        self.groups.entry((group.to_owned(), topic)).or_default().push(share);
        self.split(&member);
        member
    }

    /// Takes a member out and splits the partitions anew.
    pub fn leave(&mut self, member: &Member) {
        if let Some(shares) = self.groups.get_mut(&(member.group.clone(), member.topic)) {
            shares.retain(|share| share.number != member.number);
        }
        self.split(member);
    }

    /// Whether a partition is a member's, by the assignment it has been told of.
    pub fn owns(&self, member: &Member, partition: u32) -> bool {
        let shares = self.groups.get(&(member.group.clone(), member.topic));
        shares.and_then(|shares| shares.iter().find(|share| share.number == member.number)).is_some_and(|share| {
            share.owned.get(&partition).is_some_and(|number| share.told.get(&partition) == Some(number))
        })
    }

    /// What a member has to be told next; what it lost before what it got. The first notice of a member is
    /// [`Notice::Assigned`], empty when there are more members than partitions.
    pub fn notice(&mut self, member: &Member) -> Option<Notice> {
        let shares = self.groups.get_mut(&(member.group.clone(), member.topic))?;
        let share = shares.iter_mut().find(|share| share.number == member.number)?;
        let lost: Vec<u32> = difference(&share.told, &share.owned);
        if !lost.is_empty() {
            share.told.retain(|partition, _| !lost.contains(partition));
            return Some(Notice::Revoked(lost));
        }
        let gained = difference(&share.owned, &share.told);
        if gained.is_empty() && share.greeted {
            return None;
        }
        share.greeted = true;
        share.told.clone_from(&share.owned);
        Some(Notice::Assigned(gained))
    }

    fn split(&mut self, member: &Member) {
        let key = (member.group.clone(), member.topic);
        let Some(shares) = self.groups.get_mut(&key) else { return };
        if shares.is_empty() {
            self.groups.remove(&key);
            return;
        }
        for partition in 0..self.partitions {
            let owner = partition as usize % shares.len();
            for (index, share) in shares.iter_mut().enumerate() {
                if index == owner {
                    share.owned.entry(partition).or_insert_with(|| {
                        self.counter += 1;
                        self.counter
                    });
                } else {
                    share.owned.remove(&partition);
                }
            }
        }
    }
}

fn difference(these: &Assignment, those: &Assignment) -> Vec<u32> {
    these.iter().filter(|(partition, number)| those.get(partition) != Some(number)).map(|(p, _)| *p).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_the_published_one() {
        let check = |text: &str, expected| assert_eq!(fnv1a(text.as_bytes()), expected);
        check("", 0xcbf2_9ce4_8422_2325);
        check("a", 0xaf63_dc4c_8601_ec8c);
        check("foobar", 0x8594_4171_f739_67e8);
    }

    #[test]
    fn members_share_partitions() {
        let mut groups = Groups::new(4);
        let first = groups.join("g", Topic::Posts);
        assert_eq!(groups.notice(&first), Some(Notice::Assigned(vec![0, 1, 2, 3])));
        assert_eq!(groups.notice(&first), None);

        let second = groups.join("g", Topic::Posts);
        assert!(!groups.owns(&first, 1), "lost before it is told");
        assert_eq!(groups.notice(&first), Some(Notice::Revoked(vec![1, 3])));
        assert_eq!(groups.notice(&first), None);
        assert!(!groups.owns(&second, 1), "not its own before it is told");
        assert_eq!(groups.notice(&second), Some(Notice::Assigned(vec![1, 3])));
        assert!(groups.owns(&second, 1));

        groups.leave(&second);
        assert_eq!(groups.notice(&first), Some(Notice::Assigned(vec![1, 3])));
    }

    #[test]
    fn a_partition_that_went_away_and_came_back_is_told_twice() {
        let mut groups = Groups::new(2);
        let first = groups.join("g", Topic::Posts);
        groups.notice(&first);
        let second = groups.join("g", Topic::Posts);
        groups.leave(&second);
        assert!(!groups.owns(&first, 1));
        assert_eq!(groups.notice(&first), Some(Notice::Revoked(vec![1])));
        assert_eq!(groups.notice(&first), Some(Notice::Assigned(vec![1])));
    }

    #[test]
    fn a_member_too_many_gets_nothing_and_is_told_so() {
        let mut groups = Groups::new(1);
        groups.join("g", Topic::Posts);
        let second = groups.join("g", Topic::Posts);
        assert_eq!(groups.notice(&second), Some(Notice::Assigned(vec![])));
        assert_eq!(groups.notice(&second), None);
    }
}
