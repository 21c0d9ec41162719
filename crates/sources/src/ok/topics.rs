//! `mediatopic.getByIds` and `search.tagContents`.

use std::collections::BTreeMap;

use otklik_domain::Network;
use otklik_wire::{Community, Metrics};
use serde_json::value::RawValue;

use super::{
    groups,
    objects::{Dated, Entities, Media, Topic, Topics, id},
};
use crate::{
    bare::{self, joined},
    fault::SourceError,
    json,
    markup::decode_entities,
    parse::Options,
    parsed::{CommunityInfo, Parsed, Skip},
};

/// Most parts read of a topic.
const MEDIA_MAX: usize = 50;

/// Reads topics by number. One that was asked for and is not there, while others are, is gone.
pub(super) fn by_ids(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let mut parsed = read(body, options)?;
    let read_all = parsed.skipped.of(Skip::Broken) == 0 && parsed.skipped.of(Skip::OverLimit) == 0;
    if !parsed.posts.is_empty() && read_all {
        let asked = options.param("topic_ids").unwrap_or_default().split(',').map(str::trim);
        let asked = asked.filter(|number| !number.is_empty()).map(|number| id("", number));
        let gone: Vec<String> = asked.filter(|id| !parsed.posts.iter().any(|post| post.id == *id)).collect();
        parsed.deleted.extend(gone);
    }
    Ok(parsed)
}

/// Reads topics that a search for a hashtag found. Photos and videos it finds are no posts.
pub(super) fn by_tag(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    read(body, options)
}

fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let answer: Topics<'_> = json::envelope(super::text(body)?)?;
    let mut parsed = Parsed::default();
    let entities: Entities<'_> = answer
        .entities
        .map_or(Ok(Entities::default()), |raw| json::piece(raw, "entities"))
        .map_err(SourceError::broken)?;
    let mut known = BTreeMap::new();
    if let Some(raw) = entities.groups {
        match json::list(raw, "entities.groups") {
            Ok(groups) => groups::learn(&mut parsed, groups, "entities.groups"),
            Err(error) => parsed.skipped.field(error.message),
        }
        known.extend(parsed.communities.iter().map(|group| (group.id.clone(), group.clone())));
    }
    let lists = [("media_topics", answer.media_topics), ("entities.media_topics", entities.media_topics)];
    if lists.iter().all(|(_, list)| list.is_none()) && answer.entities.is_none() {
        return Err(SourceError::broken("media_topics: is missing"));
    }
    for (path, list) in lists {
        let Some(list) = list else { continue };
        for (index, raw) in json::list(list, path)?.into_iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Err(reason) = topic(&mut parsed, options, &known, raw, &path) {
                parsed.skipped.broken(reason);
            }
        }
    }
    let has_more = answer.has_more.get("", "has_more", &mut parsed.skipped).map(|flag| flag.0);
    super::next(&mut parsed, answer.anchor.map(|anchor| anchor.0), has_more);
    Ok(parsed)
}

fn topic(
    parsed: &mut Parsed,
    options: &Options<'_>,
    groups: &BTreeMap<String, CommunityInfo>,
    raw: &RawValue,
    path: &str,
) -> Result<(), String> {
    let topic: Topic<'_> = json::piece(raw, path)?;
    let skipped = &mut parsed.skipped;
    if topic.on_moderation.get(path, "on_moderation", skipped).is_some_and(|flag| flag.0) {
        skipped.count(Skip::Unpublished);
        return Ok(());
    }
    let at = json::piece::<Dated>(raw, path)?.at().map_err(|reason| format!("{path}.{reason}"))?;
    // References are `group:123` and `user:456`.
    let owner = topic.owner_ref.get(path, "owner_ref", skipped).unwrap_or_default();
    let author = topic.author_ref.get(path, "author_ref", skipped).unwrap_or_default();
    let group = owner.strip_prefix("group:");
    let known = group.and_then(|group| groups.get(group));
    if known.is_some_and(|group| !group.is_open) {
        skipped.count(Skip::Closed);
        return Ok(());
    }
    let mut post = bare::post(Network::Ok, id("", &topic.id.0), at);
    let author = author.split_once(':').map(|(_, number)| number);
    post.author_key = super::author(options, author);
    post.text = topic.media.map_or(Ok(String::new()), |media| text(parsed, media, &format!("{path}.media")))?;
    let skipped = &mut parsed.skipped;
    let comments = topic.discussion_summary.get(path, "discussion_summary", skipped);
    let likes = topic.like_summary.get(path, "like_summary", skipped);
    let reposts = topic.reshare_summary.get(path, "reshare_summary", skipped);
    post.metrics = Metrics {
        views: topic.views_count.get(path, "views_count", skipped).unwrap_or_default(),
        likes: likes.and_then(|likes| likes.count).unwrap_or_default(),
        reposts: reposts.and_then(|reposts| reposts.count).unwrap_or_default(),
        comments: comments.and_then(|comments| comments.comments_count).unwrap_or_default(),
        followers: known.and_then(|group| group.followers).unwrap_or_default(),
    };
    post.url = match (group, owner.strip_prefix("user:")) {
        (Some(group), _) => Some(format!("https://ok.ru/group/{group}/topic/{}", topic.id.0)),
        (None, Some(user)) => Some(format!("https://ok.ru/profile/{user}/statuses/{}", topic.id.0)),
        (None, None) => None,
    };
    post.community = group.map(|group| {
        let name = known.map(|group| group.name.clone()).unwrap_or_default();
        Community { id: group.to_owned(), name }
    });
    parsed.push(path, post);
    Ok(())
}

/// The words of a topic: its texts, and what its links and polls say.
fn text(parsed: &mut Parsed, media: &RawValue, path: &str) -> Result<String, String> {
    let parts = json::list(media, path).map_err(|error| error.message)?;
    let mut words = Vec::new();
    for (index, raw) in parts.into_iter().take(MEDIA_MAX).enumerate() {
        let path = format!("{path}[{index}]");
        match json::piece::<Media>(raw, &path) {
            Ok(media) => {
                let skipped = &mut parsed.skipped;
                words.extend(media.text.get(&path, "text", skipped));
                words.extend(media.title.get(&path, "title", skipped));
                words.extend(media.description.get(&path, "description", skipped));
                words.extend(media.question.get(&path, "question", skipped));
            }
            Err(reason) => parsed.skipped.field(reason),
        }
    }
    Ok(decode_entities(&joined(words.iter().map(String::as_str))))
}
