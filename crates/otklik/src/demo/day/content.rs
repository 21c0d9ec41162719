//! What `pipelines/demo` holds, read and checked.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use otklik_domain::Network;
use rust_embed::RustEmbed;
use serde::{Deserialize, de::DeserializeOwned};

use super::{Planted, template};

/// The files under `pipelines/demo`, inside the binary.
#[derive(RustEmbed)]
#[folder = "../../pipelines/demo"]
struct Files;

/// Everything the day is made of.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) events: Vec<Event>,
    pub(super) background: Vec<Background>,
    pub(super) threads: Vec<Thread>,
    pub(super) slots: BTreeMap<String, Vec<String>>,
    pub(super) communities: Vec<Community>,
}

/// A planted event: `events/ID.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Event {
    /// The name of the file.
    #[serde(skip)]
    pub(super) id: String,
    title: String,
    topics: Vec<String>,
    pub(super) municipality: Option<String>,
    place: String,
    agency: String,
    severity: u8,
    #[serde(default)]
    danger: bool,
    repeats: Option<String>,
    /// Local time of the first post, `HH:MM`.
    #[serde(deserialize_with = "time_of_day")]
    pub(super) starts: i64,
    pub(super) lasts_minutes: i64,
    /// Messages, appeals, comments, reposts and copies together; news and answers come on top.
    pub(super) posts: usize,
    pub(super) profile: Profile,
    /// What the event begins with.
    #[serde(default)]
    pub(super) origin: Origin,
    /// Shares of the networks.
    networks: BTreeMap<String, u32>,
    #[serde(skip)]
    pub(super) shares: Vec<(Network, u32)>,
    /// Latitude and longitude, where they are known.
    pub(super) geo: Option<[f64; 2]>,
    /// The first one begins the event; late ones stand last.
    pub(super) messages: Vec<String>,
    pub(super) comments: Vec<String>,
    pub(super) appeals: Vec<String>,
    #[serde(default)]
    pub(super) news: Vec<News>,
    #[serde(default)]
    pub(super) answers: Vec<Answer>,
}

/// How the posts of an event spread over its time.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Profile {
    /// Most at the beginning.
    Burst,
    /// More and more.
    Rising,
    /// Evenly.
    Slow,
    /// Two bursts.
    TwoWaves,
}

/// What an event begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Origin {
    /// A post of its own.
    #[default]
    Post,
    /// A comment below an unrelated post.
    Comment,
}

/// A news item about an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct News {
    pub(super) after_minutes: i64,
    pub(super) text: String,
}

/// An official answer to an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Answer {
    pub(super) after_minutes: i64,
    pub(super) by: String,
    pub(super) text: String,
}

/// Lines of one kind of everyday posts: `background/KIND.toml`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Background {
    pub(super) kind: String,
    /// How often a line may be used in a day.
    pub(super) uses: usize,
    pub(super) hours: Hours,
    /// Whether the lines are comments below other posts.
    #[serde(default)]
    pub(super) comment: bool,
    /// Whether they are written with care, as editors do: no slips, no emoji.
    #[serde(default)]
    pub(super) careful: bool,
    networks: BTreeMap<String, u32>,
    #[serde(skip)]
    pub(super) shares: Vec<(Network, u32)>,
    /// Templates, see [`template`].
    pub(super) lines: Vec<String>,
}

/// When in the day people write such things.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Hours {
    /// Whenever they are awake.
    Day,
    /// Mostly before noon.
    Morning,
    /// Mostly after work.
    Evening,
    /// Within office hours.
    Work,
}

/// A post with the comments it gets, each used once.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Thread {
    pub(super) post: String,
    pub(super) comments: Vec<String>,
}

/// Where posts appear.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Community {
    pub(super) id: String,
    #[serde(with = "otklik_wire::named::network")]
    pub(super) network: Network,
    pub(super) name: String,
    pub(super) followers: u64,
    pub(super) share: u32,
    #[serde(default)]
    pub(super) municipality: Option<String>,
    /// For advertisements only.
    #[serde(default)]
    pub(super) adverts: bool,
    /// The page of a body, for its answers only.
    #[serde(default)]
    pub(super) official: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Threads {
    threads: Vec<Thread>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Communities {
    communities: Vec<Community>,
}

impl Content {
    /// Reads the files inside the binary.
    ///
    /// # Errors
    /// A file that does not read or does not make sense, with its name.
    pub(super) fn embedded() -> anyhow::Result<Self> {
        let mut names: Vec<_> = Files::iter().collect();
        names.sort_unstable();
        let mut events = Vec::new();
        let mut background = Vec::new();
        for name in &names {
            if let Some(id) = name.strip_prefix("events/").and_then(|file| file.strip_suffix(".toml")) {
                events.push(Event { id: id.to_owned(), ..read(name)? });
            } else if name.starts_with("background/") {
                background.push((name.to_string(), read::<Background>(name)?));
            }
        }
        let Threads { threads } = read("threads.toml")?;
        let Communities { communities } = read("communities.toml")?;
        let slots = read("slots.toml")?;
        for event in &mut events {
            event.check().with_context(|| format!("pipelines/demo/events/{}.toml", event.id))?;
        }
        for (name, lines) in &mut background {
            lines.check(&slots).with_context(|| format!("pipelines/demo/{name}"))?;
        }
        let background = background.into_iter().map(|(_, lines)| lines).collect();
        Ok(Self { events, background, threads, slots, communities })
    }
}

impl Event {
    fn check(&mut self) -> anyhow::Result<()> {
        self.shares = shares(&self.networks)?;
        ensure!(!self.messages.is_empty(), "messages: at least one is needed");
        let written = self.messages.len() + self.appeals.len();
        ensure!(self.posts >= written, "posts: {} messages and appeals do not fit into {}", written, self.posts);
        let comments_needed = self.posts - written;
        ensure!(
            comments_needed == 0 || !self.comments.is_empty(),
            "comments: {comments_needed} posts are to be filled"
        );
        // News are picked up by others for another forty minutes.
        let minutes = self.news.iter().map(|news| news.after_minutes + 40);
        let minutes = minutes.chain(self.answers.iter().map(|answer| answer.after_minutes + 5));
        let last = minutes.chain([self.lasts_minutes]).max().unwrap_or_default();
        ensure!(self.starts + last * 60 < 24 * 3600, "it ends after midnight");
        Ok(())
    }

    /// What is true about the event, given the ids of its posts.
    pub(super) fn truth(self, posts: Vec<String>) -> Planted {
        Planted {
            id: self.id,
            title: self.title,
            topics: self.topics,
            municipality: self.municipality,
            place: self.place,
            agency: self.agency,
            severity: self.severity,
            danger: self.danger,
            repeats: self.repeats,
            posts,
        }
    }
}

impl Background {
    fn check(&mut self, slots: &BTreeMap<String, Vec<String>>) -> anyhow::Result<()> {
        self.shares = shares(&self.networks)?;
        for (number, line) in self.lines.iter().enumerate() {
            template::check(line, slots).with_context(|| format!("lines: entry {}", number + 1))?;
        }
        Ok(())
    }
}

fn shares(networks: &BTreeMap<String, u32>) -> anyhow::Result<Vec<(Network, u32)>> {
    if networks.values().all(|share| *share == 0) {
        bail!("networks: at least one share is needed");
    }
    networks.iter().map(|(name, share)| Ok((name.parse()?, *share))).collect()
}

fn read<T: DeserializeOwned>(name: &str) -> anyhow::Result<T> {
    let file = Files::get(name).with_context(|| format!("pipelines/demo/{name} is missing"))?;
    let text = std::str::from_utf8(&file.data).with_context(|| format!("pipelines/demo/{name} is not UTF-8"))?;
    toml::from_str(text).with_context(|| format!("pipelines/demo/{name}"))
}

/// Seconds after midnight of `HH:MM`.
fn time_of_day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let parts = text.split_once(':').and_then(|(h, m)| Some((h.parse::<i64>().ok()?, m.parse::<i64>().ok()?)));
    match parts {
        Some((hours @ 0..=23, minutes @ 0..=59)) => Ok(hours * 3600 + minutes * 60),
        _ => Err(serde::de::Error::custom(format!("{text:?} is not a time such as 06:40"))),
    }
}
