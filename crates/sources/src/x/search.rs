//! `GET /2/tweets/search/recent`.

use std::collections::BTreeMap;

use otklik_domain::{Network, PostKind};
use otklik_wire::{Geo, Metrics, time};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors::Problem;
use crate::{
    bare::{self, joined},
    fault::SourceError,
    json::{self, Loose},
    markup::decode_entities,
    parse::Options,
    parsed::{Next, Parsed},
};

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default)]
    includes: Option<&'a RawValue>,
    #[serde(default)]
    meta: Option<&'a RawValue>,
    #[serde(default)]
    errors: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(default)]
    next_token: Loose<String>,
}

#[derive(Default, Deserialize)]
struct Includes<'a> {
    #[serde(default, borrow)]
    tweets: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Tweet {
    id: String,
    text: String,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    author_id: Loose<String>,
    #[serde(default)]
    note_tweet: Loose<Note>,
    #[serde(default)]
    referenced_tweets: Loose<Vec<Reference>>,
    #[serde(default)]
    public_metrics: Loose<PublicMetrics>,
    #[serde(default)]
    geo: Loose<TweetGeo>,
}

/// The whole of a text that is longer than a tweet.
#[derive(Clone, Deserialize)]
struct Note {
    text: String,
}

#[derive(Clone, Deserialize)]
struct Reference {
    #[serde(rename = "type")]
    kind: String,
    id: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct PublicMetrics {
    retweet_count: u64,
    quote_count: u64,
    reply_count: u64,
    like_count: u64,
    impression_count: u64,
}

#[derive(Clone, Deserialize)]
struct TweetGeo {
    #[serde(default)]
    coordinates: Option<Coordinates>,
}

/// GeoJSON: longitude first.
#[derive(Clone, Deserialize)]
struct Coordinates {
    coordinates: (f64, f64),
}

/// Reads a page of the search.
pub(super) fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let text = json::text(body)?;
    let answer: Answer<'_> = json::envelope(text)?;
    let problem: Problem = json::envelope(text)?;
    let Some(meta) = answer.meta else {
        // Whole bodies that are problems; several problems of one request are listed.
        let listed = answer.errors.map_or(Ok(Vec::new()), |errors| json::list(errors, "errors"))?;
        let mut listed = listed.into_iter().filter_map(|raw| json::piece::<Problem>(raw, "errors").ok());
        let first = listed.find(Problem::is_there);
        return Err(match (problem.is_there(), first) {
            (true, _) => problem.into_source_error(),
            (false, Some(first)) => first.into_source_error(),
            (false, None) => SourceError::broken("meta: is missing"),
        });
    };
    let mut parsed = Parsed::default();
    let meta: Meta = json::piece(meta, "meta").map_err(SourceError::broken)?;
    let token = meta.next_token.get("meta", "next_token", &mut parsed.skipped);
    parsed.next = token.filter(|token| !token.is_empty()).map(|value| Next { param: "next_token", value });
    let originals = originals(&mut parsed, answer.includes);
    // A page without a hit has no `data`.
    let items = answer.data.map_or(Ok(Vec::new()), |data| json::list(data, "data"))?;
    for (index, raw) in items.into_iter().enumerate() {
        let path = format!("data[{index}]");
        let taken = json::piece::<Tweet>(raw, &path).and_then(|tweet| {
            take(&mut parsed, options, &originals, tweet, &path).map_err(|reason| format!("{path}.{reason}"))
        });
        if let Err(reason) = taken {
            parsed.skipped.broken(reason);
        }
    }
    Ok(parsed)
}

/// Texts of the tweets that others refer to.
fn originals(parsed: &mut Parsed, includes: Option<&RawValue>) -> BTreeMap<String, String> {
    let read = includes.map_or(Ok(Includes::default()), |raw| json::piece::<Includes<'_>>(raw, "includes"));
    let tweets = read.and_then(|includes| {
        includes.tweets.map_or(Ok(Vec::new()), |raw| json::list(raw, "includes.tweets").map_err(|error| error.message))
    });
    let mut originals = BTreeMap::new();
    for (index, raw) in tweets
        .unwrap_or_else(|reason| {
            parsed.skipped.field(reason);
            Vec::new()
        })
        .into_iter()
        .enumerate()
    {
        let path = format!("includes.tweets[{index}]");
        match json::piece::<Tweet>(raw, &path) {
            Ok(tweet) => {
                let text = whole_text(tweet.text, tweet.note_tweet, parsed, &path);
                originals.insert(tweet.id, text);
            }
            Err(reason) => parsed.skipped.field(reason),
        }
    }
    originals
}

fn whole_text(text: String, note: Loose<Note>, parsed: &mut Parsed, path: &str) -> String {
    decode_entities(&note.get(path, "note_tweet", &mut parsed.skipped).map_or(text, |note| note.text))
}

/// Takes a tweet. A reason begins with the field.
fn take(
    parsed: &mut Parsed,
    options: &Options<'_>,
    originals: &BTreeMap<String, String>,
    tweet: Tweet,
    path: &str,
) -> Result<(), String> {
    let created = tweet.created_at.ok_or("created_at: is missing")?;
    let at = time::parse("created_at", &created).map_err(|invalid| invalid.to_string())?;
    let references = tweet.referenced_tweets.get(path, "referenced_tweets", &mut parsed.skipped).unwrap_or_default();
    let reference = |kind: &str| references.iter().find(|reference| reference.kind == kind).map(|found| &found.id);
    let (retweeted, quoted, answered) = (reference("retweeted"), reference("quoted"), reference("replied_to"));
    let own = whole_text(tweet.text, tweet.note_tweet, parsed, path);
    let original = retweeted.or(quoted).and_then(|id| originals.get(id)).map_or("", String::as_str);
    let mut post = bare::post(Network::X, format!("x:{}", tweet.id), at);
    // What a retweet has of its own is `RT @name:` and the beginning of the original.
    post.text = if retweeted.is_some() && !original.is_empty() {
        original.to_owned()
    } else {
        joined([own.as_str(), original])
    };
    post.url = Some(format!("https://x.com/i/web/status/{}", tweet.id));
    post.repost_of = retweeted.or(quoted).map(|id| format!("x:{id}"));
    if let Some(answered) = answered {
        post.kind = PostKind::Comment;
        post.reply_to = Some(format!("x:{answered}"));
    }
    let author = tweet.author_id.get(path, "author_id", &mut parsed.skipped);
    post.author_key = author.and_then(|author| options.author_key(&format!("x:{author}")));
    let counts = tweet.public_metrics.get(path, "public_metrics", &mut parsed.skipped).unwrap_or_default();
    post.metrics = Metrics {
        views: counts.impression_count,
        likes: counts.like_count,
        reposts: counts.retweet_count.saturating_add(counts.quote_count),
        comments: counts.reply_count,
        followers: 0,
    };
    let geo = tweet.geo.get(path, "geo", &mut parsed.skipped).and_then(|geo| geo.coordinates);
    post.geo = geo.map(|point| Geo { lat: point.coordinates.1, lon: point.coordinates.0 });
    parsed.push(path, post);
    Ok(())
}
