//! `GET /{page}/feed` and `GET /{post}/comments`.

use otklik_domain::{Network, PostKind};
use otklik_wire::{Community, Geo, Metrics};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    bare::{self, joined},
    fault::SourceError,
    graph::{self, Page},
    json::{self, Flag, Loose},
    parse::Options,
    parsed::{Parsed, Skip},
};

#[derive(Deserialize)]
struct Post<'a> {
    id: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    created_time: Option<String>,
    #[serde(default)]
    permalink_url: Loose<String>,
    #[serde(default)]
    from: Loose<From>,
    #[serde(default)]
    is_published: Loose<Flag>,
    #[serde(default)]
    is_hidden: Loose<Flag>,
    #[serde(default)]
    parent_id: Loose<String>,
    #[serde(default)]
    shares: Loose<Shares>,
    #[serde(default)]
    reactions: Loose<Summed>,
    #[serde(default, borrow)]
    comments: Option<&'a RawValue>,
    #[serde(default)]
    place: Loose<Place>,
}

#[derive(Deserialize)]
struct Comment {
    id: String,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    created_time: Option<String>,
    #[serde(default)]
    permalink_url: Loose<String>,
    #[serde(default)]
    from: Loose<From>,
    #[serde(default)]
    parent: Loose<Parent>,
    #[serde(default)]
    like_count: Loose<u64>,
    #[serde(default)]
    comment_count: Loose<u64>,
}

/// Who wrote it. Names of persons are not read; the name of a page is its own.
#[derive(Clone, Deserialize)]
struct From {
    id: String,
    #[serde(default)]
    name: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Parent {
    id: String,
}

#[derive(Clone, Copy, Deserialize)]
struct Shares {
    #[serde(default)]
    count: u64,
}

/// `reactions.summary(true)` and `comments.summary(true)`.
#[derive(Clone, Copy, Default, Deserialize)]
struct Summed {
    #[serde(default)]
    summary: Option<Summary>,
}

#[derive(Clone, Copy, Default, Deserialize)]
struct Summary {
    #[serde(default)]
    total_count: u64,
}

#[derive(Clone, Deserialize)]
struct Place {
    #[serde(default)]
    location: Option<Location>,
}

#[derive(Clone, Copy, Deserialize)]
struct Location {
    latitude: f64,
    longitude: f64,
}

/// Reads a page of a page's feed, with the comments in it.
pub(super) fn posts(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let page: Page<'_> = json::envelope(graph::text(body)?)?;
    let mut parsed = Parsed::default();
    for (index, raw) in json::list(page.data, "data")?.into_iter().enumerate() {
        let path = format!("data[{index}]");
        let taken = json::piece::<Post<'_>>(raw, &path)
            .and_then(|post| take(&mut parsed, options, post, &path).map_err(|reason| format!("{path}.{reason}")));
        if let Err(reason) = taken {
            parsed.skipped.broken(reason);
        }
    }
    graph::next(&mut parsed, page.paging, "", true);
    Ok(parsed)
}

/// Reads a page of the comments of a post, which the request names.
pub(super) fn comments(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let page: Page<'_> = json::envelope(graph::text(body)?)?;
    let mut parsed = Parsed::default();
    let below = options.param("post").map(|post| format!("facebook:{post}"));
    list(&mut parsed, options, page.data, "data", below.as_deref())?;
    graph::next(&mut parsed, page.paging, "", true);
    Ok(parsed)
}

/// Takes a post. A reason begins with the field.
fn take(parsed: &mut Parsed, options: &Options<'_>, post: Post<'_>, path: &str) -> Result<(), String> {
    let skipped = &mut parsed.skipped;
    let is_published = post.is_published.get(path, "is_published", skipped).is_none_or(|flag| flag.0);
    let is_hidden = post.is_hidden.get(path, "is_hidden", skipped).is_some_and(|flag| flag.0);
    if !is_published || is_hidden {
        skipped.count(Skip::Unpublished);
        return Ok(());
    }
    let mut made =
        bare::post(Network::Facebook, format!("facebook:{}", post.id), graph::at("created_time", post.created_time)?);
    // `PAGE_POST`: the page is known even where `from` is a visitor.
    let page = post.id.split_once('_').map(|(page, _)| page.to_owned());
    let from = post.from.get(path, "from", skipped);
    let name = from.as_ref().filter(|from| Some(&from.id) == page.as_ref()).and_then(|from| from.name.clone());
    made.community = page.map(|id| Community { id, name: name.unwrap_or_default() });
    made.author_key = from.and_then(|from| options.author_key(&format!("facebook:{}", from.id)));
    made.url = post
        .permalink_url
        .get(path, "permalink_url", skipped)
        .or_else(|| Some(format!("https://www.facebook.com/{}", post.id)));
    made.repost_of = post.parent_id.get(path, "parent_id", skipped).map(|parent| format!("facebook:{parent}"));
    made.text = joined([post.message.unwrap_or_default().as_str()]);
    let counted = post.comments.and_then(|raw| json::piece::<Summed>(raw, path).ok()).unwrap_or_default();
    made.metrics = Metrics {
        likes: post
            .reactions
            .get(path, "reactions", skipped)
            .and_then(|sum| sum.summary)
            .unwrap_or_default()
            .total_count,
        reposts: post.shares.get(path, "shares", skipped).map_or(0, |shares| shares.count),
        comments: counted.summary.unwrap_or_default().total_count,
        ..Metrics::default()
    };
    let place = post.place.get(path, "place", skipped).and_then(|place| place.location);
    made.geo = place.map(|location| Geo { lat: location.latitude, lon: location.longitude });
    let id = made.id.clone();
    parsed.push(path, made);
    if let Some(comments) = post.comments {
        let path = format!("{path}.comments");
        match json::piece::<Page<'_>>(comments, &path) {
            Ok(page) => {
                if let Err(error) = list(parsed, options, page.data, &format!("{path}.data"), Some(&id)) {
                    parsed.skipped.field(error.message);
                }
            }
            // Asked for with a summary only, comments have no list.
            Err(_) if counted.summary.is_some() => {}
            Err(reason) => parsed.skipped.field(reason),
        }
    }
    Ok(())
}

fn list(
    parsed: &mut Parsed,
    options: &Options<'_>,
    data: &RawValue,
    path: &str,
    below: Option<&str>,
) -> Result<(), SourceError> {
    for (index, raw) in json::list(data, path)?.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        let taken = json::piece::<Comment>(raw, &path).and_then(|comment| {
            take_comment(parsed, options, comment, &path, below).map_err(|reason| format!("{path}.{reason}"))
        });
        if let Err(reason) = taken {
            parsed.skipped.broken(reason);
        }
    }
    Ok(())
}

fn take_comment(
    parsed: &mut Parsed,
    options: &Options<'_>,
    comment: Comment,
    path: &str,
    below: Option<&str>,
) -> Result<(), String> {
    let skipped = &mut parsed.skipped;
    let id = format!("facebook:{}", comment.id);
    let mut made = bare::post(Network::Facebook, id.clone(), graph::at("created_time", comment.created_time)?);
    made.kind = PostKind::Comment;
    let from = comment.from.get(path, "from", skipped);
    made.author_key = from.and_then(|from| options.author_key(&format!("facebook:{}", from.id)));
    made.text = joined([comment.message.unwrap_or_default().as_str()]);
    made.url = comment
        .permalink_url
        .get(path, "permalink_url", skipped)
        .or_else(|| Some(format!("https://www.facebook.com/{}", comment.id)));
    let parent = comment.parent.get(path, "parent", skipped).map(|parent| format!("facebook:{}", parent.id));
    made.reply_to = parent.or_else(|| below.map(str::to_owned));
    made.metrics.likes = comment.like_count.get(path, "like_count", skipped).unwrap_or_default();
    made.metrics.comments = comment.comment_count.get(path, "comment_count", skipped).unwrap_or_default();
    if made.metrics.comments > 0 {
        parsed.threads.push(id);
    }
    parsed.push(path, made);
    Ok(())
}
