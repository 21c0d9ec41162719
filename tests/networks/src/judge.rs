//! What came, compared with what was.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{day::Day, desk::Arrival, world::World};

/// Lags of publications, minutes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Lag {
    /// How many.
    pub count: usize,
    /// Half are faster.
    pub median: f64,
    /// On average.
    pub mean: f64,
    /// Nine tenths are faster.
    pub p90: f64,
}

/// What came of a day.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Publications of the day that were there long enough to be read, and never came: shown to the crawl, but lost.
    pub lost: Vec<String>,
    /// Publications that came twice without any change.
    pub twice: Vec<String>,
    /// Publications that came and never were.
    pub invented: Vec<String>,
    /// Deletions handed in of publications that are still there.
    pub wrongly_deleted: Vec<String>,
    /// Publications of the day.
    pub published: usize,
    /// Of them, those that are still there at its end and did not come.
    pub not_covered: usize,
    /// Publications of the day that came.
    pub arrived: usize,
    /// Edited texts that came.
    pub edits: usize,
    /// Deletions that were handed in.
    pub deletions: usize,
    /// Lags by what: `vk posts`, `vk comments`, …, `all`.
    pub lags: BTreeMap<String, Lag>,
    /// Kills that happened.
    pub kills: u32,
}

impl Outcome {
    /// What must not be, in words; nothing when all is well.
    pub fn broken(&self, world: &World) -> Vec<String> {
        let violations = world.ledger().violations.clone();
        let lists = [
            ("beyond a limit", &violations),
            ("shown and not taken in", &self.lost),
            ("taken in twice", &self.twice),
            ("never published", &self.invented),
            ("deleted and still there", &self.wrongly_deleted),
        ];
        let found = lists.into_iter().filter(|(_, list)| !list.is_empty());
        found
            .map(|(what, list)| {
                format!("{what}: {}, such as {:?}", list.len(), list.iter().take(5).collect::<Vec<_>>())
            })
            .collect()
    }

    /// The figures, for people.
    pub fn told(&self, world: &World) -> String {
        let mut told = format!(
            "{} published, {} arrived, {:.2} % not covered at the end, {} edits, {} deletions, {} kills",
            self.published,
            self.arrived,
            100.0 * self.not_covered as f64 / self.published.max(1) as f64,
            self.edits,
            self.deletions,
            self.kills,
        );
        for (what, lag) in &self.lags {
            let Lag { count, median, mean, p90 } = lag;
            told.push_str(&format!(
                "\n  {what:<16} {count:>7}, lag in minutes: median {median:>6.1}, mean {mean:>6.1}, 90 % {p90:>7.1}"
            ));
        }
        format!("{told}\n  calls: {:?}", world.ledger().calls)
    }
}

impl Day {
    /// Compares what came with what was.
    pub(crate) async fn judge(&self, kills: u32) -> Outcome {
        let arrivals = self.desk.arrivals().await;
        let truth = self.truth();
        let mut outcome = Outcome { kills, ..Outcome::default() };
        let mut versions: HashSet<(String, String)> = HashSet::new();
        let mut first: HashMap<String, i64> = HashMap::new();
        let mut gone: HashSet<String> = HashSet::new();
        for arrival in arrivals {
            match arrival {
                Arrival::Post { at, id, version, is_edit } => {
                    outcome.edits += usize::from(is_edit && first.contains_key(&id));
                    if !versions.insert((id.clone(), version)) && !gone.contains(&id) {
                        outcome.twice.push(id.clone());
                    }
                    if !truth.contains_key(&id) {
                        outcome.invented.push(id.clone());
                    }
                    first.entry(id).or_insert(at);
                }
                Arrival::Deletion { id, at } => {
                    outcome.deletions += 1;
                    let known = truth.get(&id).is_some_and(|truth| truth.deleted.is_none_or(|deleted| deleted > at));
                    if known {
                        outcome.wrongly_deleted.push(id.clone());
                    }
                    gone.insert(id);
                }
            }
        }
        let ledger = self.world.ledger();
        let mut lags: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for (id, truth) in truth.iter().filter(|(_, truth)| truth.at >= self.world.begin) {
            outcome.published += 1;
            let Some(came) = first.get(id) else {
                let is_there = truth.deleted.is_none_or(|deleted| deleted > self.world.end);
                outcome.not_covered += usize::from(is_there);
                if is_there && ledger.shown.contains_key(id) {
                    outcome.lost.push(id.clone());
                }
                continue;
            };
            outcome.arrived += 1;
            let lag = (came - truth.at) as f64 / 60_000.0;
            let network = id.split(':').next().unwrap();
            let kind = if truth.is_comment { "comments" } else { "posts" };
            for group in [format!("{network} {kind}"), format!("all {kind}"), "all".to_owned()] {
                lags.entry(group).or_default().push(lag);
            }
        }
        outcome.lags = lags.into_iter().map(|(name, lags)| (name, Lag::of(lags))).collect();
        outcome
    }

    /// Every publication there was, by id.
    fn truth(&self) -> HashMap<String, Truth> {
        let mut truth = HashMap::new();
        let world = &self.world;
        let mut add = |id: String, item: &crate::life::Item, below: Option<&crate::life::Item>| {
            // What stands below a post goes with it, and is not written any more.
            let gone = below.and_then(|post| post.deleted);
            let deleted = item.deleted.into_iter().chain(gone).min();
            if deleted.is_none_or(|deleted| deleted > item.at) {
                truth.insert(id, Truth { at: item.at, deleted, is_comment: below.is_some() });
            }
        };
        for (wall, place) in world.walls.iter().enumerate() {
            for post in &place.posts {
                let id = format!("vk:-{}_{}", wall + 1, post.item.number);
                post.comments
                    .iter()
                    .for_each(|own| add(format!("{id}_r{}", own.item.number), &own.item, Some(&post.item)));
                add(id, &post.item, None);
            }
        }
        for (group, place) in world.groups.iter().enumerate() {
            for post in &place.posts {
                let id = format!("ok:{}", (group as i64 + 1) * crate::networks::ok::TOPICS + post.item.number);
                post.comments
                    .iter()
                    .for_each(|own| add(format!("{id}_r{}", own.item.number), &own.item, Some(&post.item)));
                add(id, &post.item, None);
            }
        }
        for (channel, place) in world.channels.iter().enumerate() {
            place
                .posts
                .iter()
                .for_each(|post| add(format!("telegram:channel_{channel}/{}", post.item.number), &post.item, None));
        }
        for (search, place) in world.searches.iter().enumerate() {
            let first = (search as i64 + 1) * crate::networks::x::TWEETS;
            place.posts.iter().for_each(|post| add(format!("x:{}", first + post.item.number), &post.item, None));
        }
        for (page, place) in world.pages.iter().enumerate() {
            for post in &place.posts {
                let number = (page as i64 + 1) * crate::networks::graph::POSTS + post.item.number;
                post.comments
                    .iter()
                    .for_each(|own| add(format!("facebook:{number}_{}", own.item.number), &own.item, Some(&post.item)));
                add(format!("facebook:{}_{number}", page + 1), &post.item, None);
            }
        }
        for (account, place) in world.accounts.iter().enumerate() {
            let first = (account as i64 + 1) * crate::networks::graph::POSTS;
            place
                .posts
                .iter()
                .for_each(|post| add(format!("instagram:{}", first + post.item.number), &post.item, None));
        }
        for (feed, place) in world.feeds.iter().enumerate() {
            place
                .posts
                .iter()
                .for_each(|post| add(format!("rss:news{feed}.example.ru/{}", post.item.number), &post.item, None));
        }
        truth
    }
}

struct Truth {
    at: i64,
    deleted: Option<i64>,
    is_comment: bool,
}

impl Lag {
    fn of(mut lags: Vec<f64>) -> Self {
        lags.sort_by(f64::total_cmp);
        let at =
            |share: f64| lags.get((lags.len() as f64 * share) as usize).or(lags.last()).copied().unwrap_or_default();
        let mean = lags.iter().sum::<f64>() / lags.len().max(1) as f64;
        Self { count: lags.len(), median: at(0.5), mean, p90: at(0.9) }
    }
}
