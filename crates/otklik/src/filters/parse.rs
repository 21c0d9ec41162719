//! `otklik parse`: one response body of a network to posts.

use std::io::{self, BufWriter, Read};

use anyhow::Context;
use otklik_sources::{
    author::AuthorKeys,
    fault::{Action, Code, Kind, SourceError},
    parse::{self, BODY_BYTES_MAX, Options},
    parsed::Parsed,
};
use otklik_text::mask;
use serde::Serialize;

use crate::{
    Outcome,
    cli::ParseArgs,
    jsonl,
    stop::{OrUsage, Stop},
};

/// What is written in place of posts.
#[derive(Serialize)]
struct Failed<'e> {
    error: Described<'e>,
}

/// An error of the network, and what the crawler does about it.
#[derive(Serialize)]
struct Described<'e> {
    kind: Kind,
    code: Option<&'e Code>,
    action: Action,
    message: &'e str,
}

impl<'e> From<&'e SourceError> for Described<'e> {
    fn from(error: &'e SourceError) -> Self {
        Self { kind: error.kind, code: error.code.as_ref(), action: error.action(), message: &error.message }
    }
}

/// Reads the body from standard input. Phones and e-mails in texts are masked, authors hashed. What is left out, deleted or goes on
/// is said on standard error.
///
/// # Errors
/// The method is not known, or the input cannot be read.
pub(crate) fn run(args: &ParseArgs) -> anyhow::Result<Outcome> {
    let method = parse::method(&args.method).ok_or_else(|| {
        let known: Vec<&str> = parse::methods().map(|method| method.name).collect();
        Stop::Usage(format!("{:?} is not known, expected one of: {}", args.method, known.join(", ")))
    })?;
    let params = params(&args.params).or_usage("--param")?;
    let authors = super::author_secret(args.author_secret_file.as_deref())?.map(AuthorKeys::new);
    let mut body = Vec::new();
    // A byte more than is read, so that the parser sees that it is too long.
    let limit = BODY_BYTES_MAX as u64 + 1;
    io::stdin().lock().take(limit).read_to_end(&mut body).context("cannot read standard input")?;
    let mut output = BufWriter::with_capacity(1 << 18, io::stdout().lock());
    let outcome = match method.parse(&body, &Options { authors: authors.as_ref(), params: &params }) {
        Ok(parsed) => {
            for post in &parsed.posts {
                let mut post = post.clone();
                post.text = mask(&post.text).into_owned();
                jsonl::write_line(&mut output, &post)?;
            }
            tell(&parsed)
        }
        Err(error) => {
            jsonl::write_line(&mut output, &Failed { error: Described::from(&error) })?;
            Outcome::SomeRefused
        }
    };
    jsonl::finish(&mut output)?;
    Ok(outcome)
}

fn params(given: &[String]) -> Result<Vec<(String, String)>, String> {
    let pair = |param: &String| {
        let (name, value) = param.split_once('=').ok_or_else(|| format!("{param:?} is not NAME=VALUE"))?;
        Ok((name.to_owned(), value.to_owned()))
    };
    given.iter().map(pair).collect()
}

/// Says what is beside the posts. What could not be read makes the outcome; advertising and the like do not.
fn tell(parsed: &Parsed) -> Outcome {
    for reason in &parsed.skipped.reasons {
        eprintln!("{reason}");
    }
    for fault in &parsed.faults {
        eprintln!("part: {fault}");
    }
    for id in &parsed.deleted {
        eprintln!("deleted: {id}");
    }
    for community in &parsed.communities {
        let state = if community.is_open { "open" } else { "not open" };
        eprintln!("community: {} ({state})", community.id);
    }
    for (why, count) in &parsed.skipped.counts {
        eprintln!("otklik: left out, {}: {count}", why.as_str());
    }
    if let Some(next) = &parsed.next {
        eprintln!("next: {}={}", next.param, next.value);
    }
    let is_all_read = parsed.skipped.reasons.is_empty() && parsed.faults.is_empty();
    if is_all_read { Outcome::Done } else { Outcome::SomeRefused }
}
