//! Everyday talk: what people write when nothing happens.

use std::collections::BTreeSet;

use otklik_domain::{Network, PostKind};

use super::{
    content::{Background, Content, Hours},
    draft::{Draft, Drafts},
    edit,
    people::{self, Fits},
    random::Random,
    template,
};

/// Everyday posts besides the threads. With the threads and the planted events the day has well over 5,200.
const POSTS: usize = 3_850;

/// The last second of the day a post may have, so that answers still fit.
const LAST_SECOND: i64 = 24 * 3600 - 1;

/// Texts up to so many characters may be said twice: «Спасибо!» is nobody's own.
const COMMON_CHARS: usize = 25;

/// Attempts at saying the same thing otherwise before it is left unsaid.
const ATTEMPTS: usize = 6;

/// A text to be posted and the lines it comes from.
struct Said<'a> {
    lines: &'a Background,
    text: String,
}

/// Writes the everyday posts, first those of their own, then comments below them.
///
/// # Errors
/// A network without a community.
pub(super) fn write(content: &Content, random: &mut Random, drafts: &mut Drafts) -> anyhow::Result<()> {
    write_threads(content, random, drafts)?;
    let (comments, posts): (Vec<_>, Vec<_>) = choose(content, random).into_iter().partition(|said| said.lines.comment);
    for said in posts {
        write_post(content, said, random, drafts)?;
    }
    let mut talked_of: Vec<usize> = drafts
        .iter()
        .filter(|(_, draft)| draft.kind == PostKind::Post && has_comments(content, draft))
        .map(|(index, _)| index)
        .collect();
    talked_of.sort_by_key(|&index| drafts.get(index).at);
    for said in comments {
        write_comment(said, &talked_of, random, drafts);
    }
    Ok(())
}

/// Every line once, and again as far as its `uses` and the number of posts allow; no long text twice.
fn choose<'a>(content: &'a Content, random: &mut Random) -> Vec<Said<'a>> {
    let (mut once, mut again) = (Vec::new(), Vec::new());
    for lines in &content.background {
        for line in &lines.lines {
            once.push((lines, line));
            again.extend((1..lines.uses).map(|_| (lines, line)));
        }
    }
    random.shuffle(&mut again);
    let first_uses = once.len();
    let mut said_before = BTreeSet::new();
    let mut chosen = Vec::with_capacity(POSTS);
    for (number, (lines, line)) in once.into_iter().chain(again).enumerate() {
        if chosen.len() == POSTS {
            break;
        }
        for _ in 0..ATTEMPTS {
            let mut text = template::fill(line, &content.slots, random);
            if number >= first_uses && !lines.careful {
                text = edit::retype(&text, edit::CALM, random);
            }
            let common = text.chars().count() <= COMMON_CHARS;
            if !text.trim().is_empty() && (said_before.insert(text.clone()) || common) {
                chosen.push(Said { lines, text });
                break;
            }
        }
    }
    chosen
}

fn write_post(content: &Content, said: Said<'_>, random: &mut Random, drafts: &mut Drafts) -> anyhow::Result<()> {
    let Said { lines, text } = said;
    let network = network(&lines.shares, random)?;
    let fits = if lines.kind == "advertisement" { Fits::Advert } else { Fits::Talk };
    let community = people::community(content, network, fits, random)
        .ok_or_else(|| anyhow::anyhow!("pipelines/demo/communities.toml: none of network {network}"))?;
    drafts.add(Draft {
        at: second(lines.hours, random),
        kind: if network == Network::Form { PostKind::Appeal } else { PostKind::Post },
        community,
        author: author(network, random),
        text,
        reply_to: None,
        repost_of: None,
        event: None,
        heat: 1.0,
        geo: None,
    });
    Ok(())
}

/// A comment soon after some post.
fn write_comment(said: Said<'_>, posts: &[usize], random: &mut Random, drafts: &mut Drafts) {
    if let Some(&post) = random.pick(posts) {
        let delay = random.unit().powi(3) * 4.0 * 3600.0 + 30.0;
        reply(drafts, post, said.text, delay as i64, random);
    }
}

fn write_threads(content: &Content, random: &mut Random, drafts: &mut Drafts) -> anyhow::Result<()> {
    for thread in &content.threads {
        let network = network(&[(Network::Vk, 3), (Network::Ok, 2)], random)?;
        let Some(community) = people::community(content, network, Fits::Talk, random) else { continue };
        let post = drafts.add(Draft {
            at: second(Hours::Day, random).min(LAST_SECOND - 3 * 3600),
            kind: PostKind::Post,
            community,
            author: author(network, random),
            text: thread.post.clone(),
            reply_to: None,
            repost_of: None,
            event: None,
            heat: 1.5,
            geo: None,
        });
        // Comments answer each other, so they keep their order.
        let mut delays: Vec<i64> = thread.comments.iter().map(|_| random.between(90.0, 9_000.0) as i64).collect();
        delays.sort_unstable();
        for (text, delay) in thread.comments.iter().zip(delays) {
            reply(drafts, post, text.clone(), delay, random);
        }
    }
    Ok(())
}

fn reply(drafts: &mut Drafts, post: usize, text: String, delay: i64, random: &mut Random) {
    let target = drafts.get(post);
    let (at, community, heat) = (target.at, target.community, target.heat);
    drafts.add(Draft {
        at: (at + delay).min(LAST_SECOND),
        kind: PostKind::Comment,
        community,
        author: Some(people::someone(random)),
        text,
        reply_to: Some(post),
        repost_of: None,
        event: None,
        heat,
        geo: None,
    });
}

/// Whether the post's network shows comments and the post is not among the last of the day.
fn has_comments(content: &Content, draft: &Draft) -> bool {
    let network = content.communities[draft.community].network;
    matches!(network, Network::Vk | Network::Ok) && draft.at < LAST_SECOND - 60
}

/// One of the networks by their shares.
///
/// # Errors
/// No network has a share.
pub(super) fn network(shares: &[(Network, u32)], random: &mut Random) -> anyhow::Result<Network> {
    random
        .weighted(shares.iter().map(|(_, share)| f64::from(*share)))
        .map(|at| shares[at].0)
        .ok_or_else(|| anyhow::anyhow!("no network has a share"))
}

/// Channels and feeds do not tell who writes.
pub(super) fn author(network: Network, random: &mut Random) -> Option<String> {
    (!matches!(network, Network::Telegram | Network::Rss)).then(|| people::someone(random))
}

/// A second of the day that suits the hours.
fn second(hours: Hours, random: &mut Random) -> i64 {
    #[rustfmt::skip]
    let weights: [u32; 24] = match hours {
        Hours::Day     => [3, 2, 1, 1, 1, 2, 5, 9, 11, 11, 10, 10, 12, 12, 10, 9, 10, 12, 14, 16, 17, 16, 12, 6],
        Hours::Morning => [1, 0, 0, 0, 1, 4, 12, 20, 20, 16, 12, 9, 8, 7, 5, 5, 5, 5, 5, 5, 4, 4, 2, 1],
        Hours::Evening => [3, 2, 1, 0, 0, 1, 2, 4, 6, 6, 7, 7, 9, 8, 7, 7, 9, 12, 17, 20, 22, 20, 14, 7],
        Hours::Work    => [0, 0, 0, 0, 0, 0, 1, 4, 12, 16, 18, 17, 14, 13, 15, 15, 14, 10, 5, 3, 2, 1, 0, 0],
    };
    let hour = random.weighted(weights.iter().map(|weight| f64::from(*weight))).unwrap_or_default();
    hour as i64 * 3600 + random.between(0.0, 3600.0) as i64
}
