//! `business_discovery` of an account, `GET /ig_hashtag_search` and `GET /{hashtag}/recent_media`.

use otklik_domain::Network;
use otklik_wire::{Community, Metrics};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    bare::{self, joined},
    fault::SourceError,
    graph::{self, Page},
    json::{self, Loose, Word},
    parse::Options,
    parsed::{CommunityInfo, Parsed},
};

#[derive(Deserialize)]
struct Discovery<'a> {
    #[serde(borrow)]
    business_discovery: &'a RawValue,
}

#[derive(Deserialize)]
struct Account<'a> {
    username: String,
    #[serde(default)]
    id: Option<Word>,
    #[serde(default)]
    name: Loose<String>,
    #[serde(default)]
    followers_count: Loose<u64>,
    #[serde(default, borrow)]
    media: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Media {
    id: Word,
    #[serde(default)]
    caption: Option<String>,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    permalink: Loose<String>,
    #[serde(default)]
    like_count: Loose<u64>,
    #[serde(default)]
    comments_count: Loose<u64>,
}

/// The account that published what a list holds.
struct Publisher {
    community: Community,
    author_key: Option<String>,
    followers: u64,
}

/// Reads what a business account published.
pub(super) fn discovery(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let answer: Discovery<'_> = json::envelope(graph::text(body)?)?;
    let path = "business_discovery";
    let account: Account<'_> = json::piece(answer.business_discovery, path).map_err(SourceError::broken)?;
    let mut parsed = Parsed::default();
    let name = account.name.get(path, "name", &mut parsed.skipped);
    let followers = account.followers_count.get(path, "followers_count", &mut parsed.skipped);
    let name = name.filter(|name| !name.is_empty()).unwrap_or_else(|| account.username.clone());
    parsed.communities.push(CommunityInfo {
        id: account.username.clone(),
        name: name.clone(),
        url: Some(format!("https://www.instagram.com/{}/", account.username)),
        // Only business and creator accounts are found this way, and those are public.
        is_open: true,
        followers,
    });
    let number = account.id.map_or_else(|| account.username.clone(), |id| id.0);
    let publisher = Publisher {
        community: Community { id: account.username, name },
        author_key: options.author_key(&format!("instagram:{number}")),
        followers: followers.unwrap_or_default(),
    };
    let Some(media) = account.media else { return Ok(parsed) };
    let page: Page<'_> = json::piece(media, "business_discovery.media").map_err(SourceError::broken)?;
    list(&mut parsed, page.data, "business_discovery.media.data", Some(&publisher))?;
    graph::next(&mut parsed, page.paging, "business_discovery.media", false);
    Ok(parsed)
}

/// Reads recent posts with a hashtag.
pub(super) fn tagged(body: &[u8], _options: &Options<'_>) -> Result<Parsed, SourceError> {
    let page: Page<'_> = json::envelope(graph::text(body)?)?;
    let mut parsed = Parsed::default();
    list(&mut parsed, page.data, "data", None)?;
    graph::next(&mut parsed, page.paging, "", true);
    Ok(parsed)
}

/// Reads the number of a hashtag, which its posts are asked for by. It stands among the communities; no posts.
pub(super) fn hashtag(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    #[derive(Deserialize)]
    struct Hashtag {
        id: Word,
    }

    let page: Page<'_> = json::envelope(graph::text(body)?)?;
    let mut parsed = Parsed::default();
    for (index, raw) in json::list(page.data, "data")?.into_iter().enumerate() {
        match json::piece::<Hashtag>(raw, &format!("data[{index}]")) {
            Ok(hashtag) => parsed.communities.push(CommunityInfo {
                id: hashtag.id.0,
                name: options.param("q").unwrap_or_default().to_owned(),
                url: None,
                is_open: true,
                followers: None,
            }),
            Err(reason) => parsed.skipped.broken(reason),
        }
    }
    Ok(parsed)
}

fn list(parsed: &mut Parsed, data: &RawValue, path: &str, by: Option<&Publisher>) -> Result<(), SourceError> {
    for (index, raw) in json::list(data, path)?.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        let taken = json::piece::<Media>(raw, &path)
            .and_then(|media| take(parsed, media, &path, by).map_err(|reason| format!("{path}.{reason}")));
        if let Err(reason) = taken {
            parsed.skipped.broken(reason);
        }
    }
    Ok(())
}

/// Takes a publication. A reason begins with the field.
fn take(parsed: &mut Parsed, media: Media, path: &str, by: Option<&Publisher>) -> Result<(), String> {
    let skipped = &mut parsed.skipped;
    let mut post =
        bare::post(Network::Instagram, format!("instagram:{}", media.id.0), graph::at("timestamp", media.timestamp)?);
    post.text = joined([media.caption.unwrap_or_default().as_str()]);
    post.url = media.permalink.get(path, "permalink", skipped);
    post.metrics = Metrics {
        likes: media.like_count.get(path, "like_count", skipped).unwrap_or_default(),
        comments: media.comments_count.get(path, "comments_count", skipped).unwrap_or_default(),
        followers: by.map_or(0, |by| by.followers),
        ..Metrics::default()
    };
    post.community = by.map(|by| by.community.clone());
    post.author_key = by.and_then(|by| by.author_key.clone());
    parsed.push(path, post);
    Ok(())
}
