//! Planted events: what was written by hand, and the comments, reposts and copies that grow around it.

use anyhow::Context;
use otklik_domain::{Network, PostKind};

use super::{
    background,
    content::{Content, Event, Origin, Profile},
    draft::{Draft, Drafts},
    edit,
    people::{self, Fits},
    random::Random,
};

/// What is to be posted, and how far into the event: 0 at its beginning, 1 at its end.
#[derive(Debug, Clone, Copy)]
struct Item<'a> {
    what: What<'a>,
    position: f64,
}

#[derive(Debug, Clone, Copy)]
enum What<'a> {
    Message(&'a str),
    Appeal(&'a str),
    Comment { text: &'a str, again: bool },
    Repost,
    Copy,
}

/// Writes the posts of one event.
///
/// # Errors
/// A network without a community.
pub(super) fn write(
    content: &Content,
    number: usize,
    event: &Event,
    random: &mut Random,
    drafts: &mut Drafts,
) -> anyhow::Result<()> {
    let mut items = items(event, random);
    items.sort_by(|a, b| a.position.total_cmp(&b.position));
    let mut writer = Writer { content, number, event, posts: Vec::new(), drafts };
    for (item, at) in items.iter().zip(times(event, items.len(), random)) {
        writer.write(item, at, random)?;
    }
    writer.write_news(random)?;
    writer.write_answers(random)
}

/// Everything that people write about the event. What is written by hand keeps its order roughly: late messages stand last.
fn items<'a>(event: &'a Event, random: &mut Random) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(event.posts);
    let spread = |index: usize, of: usize| (index as f64 + 0.5) / of as f64;
    for (index, text) in event.messages.iter().enumerate() {
        let position =
            if index == 0 { -1.0 } else { spread(index, event.messages.len()) + random.between(-0.12, 0.12) };
        items.push(Item { what: What::Message(text), position });
    }
    for text in &event.appeals {
        items.push(Item { what: What::Appeal(text), position: random.between(0.2, 0.9) });
    }
    let (mut comments, left) = (0, event.posts.saturating_sub(items.len()));
    for _ in 0..left {
        let share = random.unit();
        let item = if share < 0.52 {
            let index = comments % event.comments.len();
            let again = comments >= event.comments.len();
            comments += 1;
            let position = (spread(index, event.comments.len()) + random.between(-0.2, 0.2)).clamp(0.03, 1.0);
            Item { what: What::Comment { text: &event.comments[index], again }, position }
        } else {
            let what = if share < 0.74 { What::Repost } else { What::Copy };
            Item { what, position: random.between(0.05, 1.0) }
        };
        items.push(item);
    }
    items
}

/// Seconds of the day for so many posts, ascending; the first is the moment the event starts.
fn times(event: &Event, count: usize, random: &mut Random) -> Vec<i64> {
    let lasts = (event.lasts_minutes * 60) as f64;
    let mut times: Vec<i64> = (1..count)
        .map(|_| {
            let share = random.unit();
            let spread = match event.profile {
                Profile::Burst => share.powf(2.2),
                Profile::Rising => share.powf(0.6),
                Profile::Slow => share,
                Profile::TwoWaves if share < 0.55 => (share / 0.55).powi(2) * 0.4,
                Profile::TwoWaves => 0.6 + ((share - 0.55) / 0.45).powf(1.5) * 0.4,
            };
            event.starts + 1 + (spread * lasts) as i64
        })
        .collect();
    times.push(event.starts);
    times.sort_unstable();
    times
}

struct Writer<'a> {
    content: &'a Content,
    number: usize,
    event: &'a Event,
    /// Drafts of the event that can be commented on, copied and reposted.
    posts: Vec<usize>,
    drafts: &'a mut Drafts,
}

impl Writer<'_> {
    fn write(&mut self, item: &Item<'_>, at: i64, random: &mut Random) -> anyhow::Result<()> {
        match item.what {
            What::Message(text) if self.posts.is_empty() && self.event.origin == Origin::Comment => {
                self.begin_with_comment(text, at, random)
            }
            What::Message(text) => self.write_message(text, at, random),
            What::Appeal(text) => self.write_appeal(text, at, random),
            What::Comment { text, again } => {
                let text = if again { edit::retype(text, edit::UPSET, random) } else { text.to_owned() };
                self.write_comment(text, at, random)
            }
            What::Repost => self.write_repost(at, random),
            What::Copy => self.write_copy(at, random),
        }
    }

    fn write_message(&mut self, text: &str, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let mut network = background::network(&self.event.shares, random)?;
        if network == Network::Form {
            network = Network::Vk;
        }
        let mut draft = self.draft(network, text.to_owned(), at, random)?;
        // Some phones add where they are.
        if random.chance(0.1) {
            draft.geo = self.point(random);
        }
        self.post(draft);
        Ok(())
    }

    fn write_appeal(&mut self, text: &str, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let mut draft = self.draft(Network::Form, text.to_owned(), at, random)?;
        draft.kind = PostKind::Appeal;
        draft.geo = self.point(random);
        self.drafts.add(draft);
        Ok(())
    }

    /// The event comes up below a post about something else.
    fn begin_with_comment(&mut self, text: &str, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let below = self
            .drafts
            .iter()
            .filter(|(_, draft)| draft.kind == PostKind::Post && draft.event.is_none() && draft.at < at)
            .filter(|(_, draft)| self.content.communities[draft.community].network == Network::Vk)
            .max_by_key(|(index, draft)| (draft.at, *index));
        let Some((post, _)) = below else { return self.write_message(text, at, random) };
        let index = self.add_comment(post, text.to_owned(), at, random);
        self.posts.push(index);
        Ok(())
    }

    /// A comment below one of the event's posts; where comments are not shown, a message.
    fn write_comment(&mut self, text: String, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let open: Vec<usize> = self.posts.iter().copied().filter(|&post| self.takes_comments(post)).collect();
        let Some(&post) = random.pick(&open) else { return self.write_message(&text, at, random) };
        self.add_comment(post, text, at, random);
        Ok(())
    }

    fn takes_comments(&self, post: usize) -> bool {
        let draft = self.drafts.get(post);
        let network = self.content.communities[draft.community].network;
        draft.kind == PostKind::Post && matches!(network, Network::Vk | Network::Ok)
    }

    fn add_comment(&mut self, post: usize, text: String, at: i64, random: &mut Random) -> usize {
        let (community, heat) = (self.drafts.get(post).community, self.heat());
        self.drafts.add(Draft {
            at: at.max(self.drafts.get(post).at + 1),
            kind: PostKind::Comment,
            community,
            author: Some(people::someone(random)),
            text,
            reply_to: Some(post),
            repost_of: None,
            event: Some(self.number),
            heat,
            geo: None,
        })
    }

    /// The same text in another community of the same network.
    fn write_repost(&mut self, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let Some(original) = self.original(random) else { return Ok(()) };
        let (text, community) = (self.drafts.get(original).text.clone(), self.drafts.get(original).community);
        let mut draft = self.draft(self.content.communities[community].network, text, at, random)?;
        draft.repost_of = Some(original);
        self.drafts.add(draft);
        Ok(())
    }

    /// Nearly the same text anywhere else, without a link.
    fn write_copy(&mut self, at: i64, random: &mut Random) -> anyhow::Result<()> {
        let Some(original) = self.original(random) else { return Ok(()) };
        let text = edit::copy(&self.drafts.get(original).text, random);
        self.write_message(&text, at, random)
    }

    /// A post of the event to copy. Comments are not passed on.
    fn original(&self, random: &mut Random) -> Option<usize> {
        let posts: Vec<usize> =
            self.posts.iter().copied().filter(|&post| self.drafts.get(post).kind == PostKind::Post).collect();
        random.pick(&posts).copied()
    }

    fn write_news(&mut self, random: &mut Random) -> anyhow::Result<()> {
        for news in &self.event.news {
            let at = self.event.starts + news.after_minutes * 60;
            for (network, delay) in [(Network::Rss, 0), (Network::Telegram, 240), (Network::Rss, 1_500)] {
                let late = delay + random.between(0.0, 600.0) as i64;
                let text = if delay > 1_000 { edit::reprint(&news.text, random) } else { news.text.clone() };
                let draft = self.draft(network, text, at + late, random)?;
                self.drafts.add(draft);
            }
        }
        Ok(())
    }

    /// An official answer appears on the page of the bodies, and below the first post that takes comments.
    fn write_answers(&mut self, random: &mut Random) -> anyhow::Result<()> {
        let official = self.content.communities.iter().position(|community| community.official);
        let official = official.context("pipelines/demo/communities.toml: none is official")?;
        for answer in &self.event.answers {
            let at = self.event.starts + answer.after_minutes * 60;
            let text = format!("{}: {}", answer.by, answer.text);
            let author = Some(people::author_key(u64::MAX));
            let first = self.posts.iter().copied().find(|&post| self.takes_comments(post));
            if let Some(post) = first.filter(|&post| self.drafts.get(post).at < at) {
                let comment = self.add_comment(post, text.clone(), at + 60, random);
                self.drafts.sign(comment, author.clone());
            }
            let mut draft = self.draft(Network::Vk, text, at, random)?;
            (draft.community, draft.author) = (official, author);
            self.drafts.add(draft);
        }
        Ok(())
    }

    fn post(&mut self, draft: Draft) {
        let index = self.drafts.add(draft);
        self.posts.push(index);
    }

    fn draft(&self, network: Network, text: String, at: i64, random: &mut Random) -> anyhow::Result<Draft> {
        let fits = Fits::Event(self.event.municipality.as_deref());
        let community = people::community(self.content, network, fits, random).with_context(|| {
            format!("pipelines/demo/communities.toml: no {network} community for {}", self.event.id)
        })?;
        Ok(Draft {
            at,
            kind: PostKind::Post,
            community,
            author: background::author(network, random),
            text,
            reply_to: None,
            repost_of: None,
            event: Some(self.number),
            heat: self.heat(),
            geo: None,
        })
    }

    /// Attention grows with what has been written already.
    fn heat(&self) -> f64 {
        1.0 + self.posts.len() as f64 / 12.0
    }

    /// Within some hundred metres of the place, where it is known.
    fn point(&self, random: &mut Random) -> Option<[f64; 2]> {
        self.event.geo.map(|[lat, lon]| {
            [lat, lon].map(|degrees| ((degrees + random.between(-0.0012, 0.0012)) * 1e6).round() / 1e6)
        })
    }
}
