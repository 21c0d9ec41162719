//! The posts of the invented week, made of the planted events and everyday complaints of `pipelines/demo`.

use std::{collections::BTreeMap, error::Error, fs, path::Path};

use jiff::{SignedDuration, Timestamp};
use otklik_domain::{AuthorKey, Community, GeoPoint, Metrics, Network, Post, PostId, PostKind, RegionId};
use serde::Deserialize;

use crate::setting::ROOT;

/// Posts of a planted event at most: enough to see it spread.
const EVENT_POSTS_MAX: usize = 46;
/// How much of an event's posts of the demonstration day is shown here, in percent.
const EVENT_PERCENT: usize = 45;
/// Days the week goes back.
const DAYS: u64 = 6;
const DAY_MINUTES: i64 = 24 * 60;
/// Minutes between midnight and the present in Moscow.
const NOW_MINUTES: i64 = 15 * 60 + 40;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct EventFile {
    title: String,
    starts: String,
    lasts_minutes: i64,
    posts: usize,
    networks: BTreeMap<String, u64>,
    geo: Option<(f64, f64)>,
    messages: Vec<String>,
    #[serde(default)]
    comments: Vec<String>,
    #[serde(default)]
    appeals: Vec<String>,
    #[serde(default)]
    news: Vec<Timed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Timed {
    after_minutes: i64,
    text: String,
}

#[derive(Debug, Deserialize)]
struct Lines {
    lines: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Communities {
    communities: Vec<CommunityEntry>,
}

#[derive(Debug, Deserialize)]
struct CommunityEntry {
    id: String,
    network: String,
    name: String,
    followers: u64,
    #[serde(default)]
    adverts: bool,
    #[serde(default)]
    official: bool,
}

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end.max(1)
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(usize::try_from(self.below(list.len() as u64)).unwrap_or(0))
    }
}

/// Draws posts one after another.
struct Writer {
    numbers: Numbers,
    communities: Vec<CommunityEntry>,
    posts: Vec<Post>,
    now: Timestamp,
}

/// The posts of the week up to the end of its last day, by time.
pub(crate) fn week(now: Timestamp) -> Result<Vec<Post>, Box<dyn Error>> {
    let demo = Path::new(ROOT).join("pipelines/demo");
    let communities: Communities = toml::from_str(&fs::read_to_string(demo.join("communities.toml"))?)?;
    let mut writer = Writer { numbers: Numbers(2026), communities: communities.communities, posts: Vec::new(), now };
    let mut files: Vec<_> = fs::read_dir(demo.join("events"))?.collect::<Result<_, _>>()?;
    files.sort_by_key(|file| file.path());
    for (index, file) in files.iter().enumerate() {
        let event: EventFile = toml::from_str(&fs::read_to_string(file.path())?)?;
        // Two of three happen today, the rest during the week before.
        let days_ago = if index % 3 == 2 { 1 + writer.numbers.below(DAYS) } else { 0 };
        writer.event(&event, i64::try_from(days_ago)?)?;
    }
    for name in ["complaints", "questions", "thanks"] {
        let lines: Lines = toml::from_str(&fs::read_to_string(demo.join(format!("background/{name}.toml")))?)?;
        for text in lines.lines.iter().filter(|line| !line.contains('{')).take(90) {
            let minutes = i64::try_from(writer.numbers.below((DAYS + 1) * 1440))?;
            writer.write(text, -minutes, PostKind::Post, None, None)?;
        }
    }
    let mut posts = writer.posts;
    posts.sort_by(|a, b| a.published_at.cmp(&b.published_at).then_with(|| a.id.cmp(&b.id)));
    Ok(posts)
}

impl Writer {
    fn event(&mut self, event: &EventFile, days_ago: i64) -> Result<(), Box<dyn Error>> {
        let (hours, minutes) = event.starts.split_once(':').ok_or("starts: expected HH:MM")?;
        let starts = hours.parse::<i64>()? * 60 + minutes.parse::<i64>()? - NOW_MINUTES - days_ago * DAY_MINUTES;
        let geo = event.geo.and_then(|(lat, lon)| GeoPoint::new(lat, lon));
        let networks: Vec<Network> = event
            .networks
            .iter()
            .flat_map(|(name, weight)| std::iter::repeat_n(name.parse(), usize::try_from(*weight).unwrap_or(1)))
            .collect::<Result<_, _>>()?;
        let count = (event.posts * EVENT_PERCENT / 100).clamp(4, EVENT_POSTS_MAX);
        let mut first = None;
        for index in 0..count {
            // Most is written soon after the beginning.
            let share = self.numbers.below(1000) * self.numbers.below(1000);
            let at = starts + event.lasts_minutes * i64::try_from(share)? / 1_000_000;
            let is_comment = index % 4 == 3 && !event.comments.is_empty();
            let texts = if is_comment { &event.comments } else { &event.messages };
            let Some(text) = texts.get(index / 2 % texts.len().max(1)).or_else(|| texts.first()) else { continue };
            let network = self.numbers.pick(&networks).copied();
            let network = network.filter(|network| *network != Network::Form).unwrap_or(Network::Vk);
            let kind = if is_comment { PostKind::Comment } else { PostKind::Post };
            let id = self.write(text, at.max(starts), kind, Some(network), geo.filter(|_| index % 5 == 0))?;
            if is_comment && let Some(post) = self.posts.last_mut() {
                post.reply_to = first.clone();
            }
            first.get_or_insert(id);
        }
        for (text, kind) in event.appeals.iter().map(|text| (text, PostKind::Appeal)) {
            let at = starts + event.lasts_minutes / 3;
            self.write(text, at, kind, Some(Network::Form), None)?;
        }
        for news in &event.news {
            let text = format!("{}. {}", event.title, news.text);
            self.write(&text, starts + news.after_minutes, PostKind::Post, Some(Network::Rss), None)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        text: &str,
        minutes: i64,
        kind: PostKind,
        network: Option<Network>,
        geo: Option<GeoPoint>,
    ) -> Result<PostId, Box<dyn Error>> {
        let network = network.unwrap_or(if self.numbers.below(3) == 0 { Network::Ok } else { Network::Vk });
        let fitting: Vec<usize> = (0..self.communities.len())
            .filter(|&index| {
                self.communities
                    .get(index)
                    .is_some_and(|one| one.network == network.as_str() && !one.adverts && !one.official)
            })
            .collect();
        let chosen = self.numbers.pick(&fitting).and_then(|&index| self.communities.get(index));
        let (owner, name, followers) = chosen.map_or(("0", "", 0), |one| (&*one.id, &*one.name, one.followers));
        let number = 10_000 + self.posts.len();
        let id = PostId::new(format!("{network}:{owner}_{number}"));
        let views = self.numbers.below(followers / 12 + 40) + 3;
        self.posts.push(Post {
            id: id.clone(),
            network,
            kind,
            url: (network != Network::Form).then(|| format!("https://example.org/{network}/{owner}/{number}")),
            community: (!name.is_empty()).then(|| Community { id: owner.to_owned(), name: name.to_owned() }),
            author: Some(AuthorKey::new(format!("a{:x}", self.numbers.below(5_000)))),
            published_at: self.now.checked_add(SignedDuration::from_mins(minutes))?,
            text: text.to_owned(),
            reply_to: None,
            repost_of: None,
            metrics: Metrics { views, likes: views / 40, reposts: views / 300, comments: views / 120, followers },
            geo,
            region: Some(RegionId::from("demo")),
            labels: Vec::new(),
        });
        Ok(id)
    }
}
