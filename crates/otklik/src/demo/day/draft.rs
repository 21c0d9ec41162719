//! Posts in the making: they refer to each other by index until all are there and can be numbered.

use std::collections::BTreeMap;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Network, PostKind};
use otklik_wire as wire;

use super::{
    REGION,
    content::{Community, Content},
    random::Random,
};

/// A post to be.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// Seconds after the start of the day.
    pub(super) at: i64,
    pub(super) kind: PostKind,
    /// Index into the communities.
    pub(super) community: usize,
    /// A keyed hash; `None` for channels and feeds, which do not name their authors.
    pub(super) author: Option<String>,
    pub(super) text: String,
    /// Index of the draft it answers.
    pub(super) reply_to: Option<usize>,
    /// Index of the draft it repeats.
    pub(super) repost_of: Option<usize>,
    /// Number of the planted event it belongs to.
    pub(super) event: Option<usize>,
    /// How much attention it gets, 1 for the usual.
    pub(super) heat: f64,
    pub(super) geo: Option<[f64; 2]>,
}

/// All posts to be.
#[derive(Debug, Default)]
pub(super) struct Drafts(Vec<Draft>);

impl Drafts {
    /// Adds one and tells its index.
    pub(super) fn add(&mut self, draft: Draft) -> usize {
        self.0.push(draft);
        self.0.len() - 1
    }

    /// The draft of an index.
    pub(super) fn get(&self, index: usize) -> &Draft {
        &self.0[index]
    }

    /// Gives a draft another author.
    pub(super) fn sign(&mut self, index: usize, author: Option<String>) {
        self.0[index].author = author;
    }

    /// All with their index.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Draft)> {
        self.0.iter().enumerate()
    }

    /// Numbers the drafts by time and makes posts of them; also the ids of each planted event.
    ///
    /// # Errors
    /// A time outside the years jiff knows.
    pub(super) fn publish(
        self,
        content: &Content,
        start: Timestamp,
        random: &mut Random,
    ) -> anyhow::Result<(Vec<wire::Post>, Vec<Vec<String>>)> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&index| (self.0[index].at, index));
        let native = self.native_ids(content, &order);
        let counts = self.counts();
        let mut ids_by_event = vec![Vec::new(); content.events.len()];
        let mut posts = Vec::with_capacity(order.len());
        for index in order {
            let draft = &self.0[index];
            let community = &content.communities[draft.community];
            let id = post_id(community, &native[index]);
            if let Some(event) = draft.event {
                ids_by_event[event].push(id.clone());
            }
            let at = start
                .checked_add(SignedDuration::from_secs(draft.at))
                .context("the day lies outside the years that can be told")?;
            let reference = |other: usize| post_id(&content.communities[self.0[other].community], &native[other]);
            posts.push(wire::Post {
                id,
                network: community.network,
                kind: draft.kind,
                url: Some(url(community, &native[index], draft.reply_to.map(|post| native[post].as_str()))),
                community: Some(wire::Community { id: community.id.clone(), name: community.name.clone() }),
                author_key: draft.author.clone(),
                published_at: at.to_string(),
                text: draft.text.clone(),
                reply_to: draft.reply_to.map(reference),
                repost_of: draft.repost_of.map(reference),
                metrics: metrics(draft, community, counts[index], random),
                geo: draft.geo.map(|[lat, lon]| wire::Geo { lat, lon }),
                region: Some(REGION.to_owned()),
                labels: BTreeMap::new(),
                analysis: None,
            });
        }
        Ok((posts, ids_by_event))
    }

    /// Numbers within each community, in order of time, as the networks give them.
    fn native_ids(&self, content: &Content, order: &[usize]) -> Vec<String> {
        let mut last: Vec<u64> = content.communities.iter().map(|community| 20_000 + community.followers / 7).collect();
        let mut native = vec![String::new(); self.0.len()];
        for &index in order {
            let number = &mut last[self.0[index].community];
            *number += 1;
            native[index] = number.to_string();
        }
        native
    }

    /// Comments and reposts each draft has.
    fn counts(&self) -> Vec<(u64, u64)> {
        let mut counts = vec![(0, 0); self.0.len()];
        for draft in &self.0 {
            if let Some(post) = draft.reply_to {
                counts[post].0 += 1;
            }
            if let Some(post) = draft.repost_of {
                counts[post].1 += 1;
            }
        }
        counts
    }
}

fn post_id(community: &Community, native: &str) -> String {
    let network = community.network;
    match network {
        Network::Vk => format!("{network}:-{}_{native}", community.id),
        Network::Ok => format!("{network}:{}_{native}", community.id),
        _ => format!("{network}:{}/{native}", community.id),
    }
}

/// A link with the form of the network's own, at a host that cannot exist.
fn url(community: &Community, native: &str, thread: Option<&str>) -> String {
    let id = &community.id;
    match (community.network, thread) {
        (Network::Vk, None) => format!("https://vk.example/wall-{id}_{native}"),
        (Network::Vk, Some(post)) => format!("https://vk.example/wall-{id}_{post}?reply={native}"),
        (Network::Ok, None) => format!("https://ok.example/group/{id}/topic/{native}"),
        (Network::Ok, Some(post)) => format!("https://ok.example/group/{id}/topic/{post}#{native}"),
        (network, _) => format!("https://{network}.example/{id}/{native}"),
    }
}

fn metrics(
    draft: &Draft,
    community: &Community,
    (comments, reposts): (u64, u64),
    random: &mut Random,
) -> wire::Metrics {
    if draft.kind != PostKind::Post {
        let likes = if draft.kind == PostKind::Comment { random.unit().powi(4) * 30.0 * draft.heat } else { 0.0 };
        return wire::Metrics { likes: likes as u64, ..wire::Metrics::default() };
    }
    let views = community.followers as f64 * random.between(0.02, 0.14) * draft.heat;
    wire::Metrics {
        views: views as u64,
        likes: (views * random.between(0.003, 0.02)) as u64,
        reposts: reposts + (views * random.between(0.0, 0.0015)) as u64,
        comments,
        followers: community.followers,
    }
}
