//! Bundles of calls: `execute`. A bundle of Otklik answers a list, one answer for each call, `false` for a call that failed.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Shape, answer, board, comments,
    errors::ApiError,
    objects::{Answer, ExecuteError},
    reader::Reader,
    wall,
};
use crate::{
    author::AuthorKeys,
    fault::{Kind, SourceError},
    json,
    parse::Options,
    parsed::{Parsed, Skip},
    request::Request,
};

/// What decides when all calls of a bundle failed: the first of these that is among their errors.
const WORST_FIRST: [Kind; 8] = [
    Kind::NeedsHuman,
    Kind::Token,
    Kind::DailyLimit,
    Kind::RateLimit,
    Kind::Retry,
    Kind::BrokenBody,
    Kind::Unavailable,
    Kind::BadRequest,
];

/// Fields that tell what an item is, for answers whose call is not known.
#[derive(Debug, Deserialize)]
struct Probe<'a> {
    #[serde(default, borrow)]
    title: Option<&'a RawValue>,
    #[serde(default)]
    created: Option<&'a RawValue>,
    #[serde(default)]
    post_type: Option<&'a RawValue>,
    #[serde(default)]
    from_id: Option<&'a RawValue>,
    #[serde(default)]
    date: Option<&'a RawValue>,
}

/// What `execute` gave to each call of a bundle, in their order.
///
/// # Errors
/// The whole bundle failed, or the body is no answer to it.
pub fn bundle(
    body: &[u8],
    calls: &[Request],
    authors: Option<&AuthorKeys>,
) -> Result<Vec<Result<Parsed, SourceError>>, SourceError> {
    let text = json::text(body)?;
    let (response, errors) = open(text)?;
    let response = response.ok_or_else(|| worst(&errors))?;
    let answers = json::list(response, "response")?;
    if answers.len() != calls.len() {
        let message = format!("response: {} answers to {} calls", answers.len(), calls.len());
        return Err(SourceError::broken(message));
    }
    let mut errors = errors.into_iter();
    Ok(calls
        .iter()
        .zip(answers)
        .enumerate()
        .map(|(index, (call, raw))| {
            if matches!(raw.get(), "false" | "null") {
                let missing = || SourceError::new(Kind::Retry, None, "the call failed without an error");
                return Err(errors.next().map_or_else(missing, |(_, error)| error));
            }
            let shape = Shape::of(call.method).ok_or_else(|| SourceError::broken("no call that can be bundled"))?;
            answer(shape, raw, &format!("response[{index}]"), &Options { authors, params: &call.params })
        })
        .collect())
}

/// Reads a bundle whose calls are not known: items are told apart by their fields.
pub(super) fn read(body: &[u8], options: &Options<'_>) -> Result<Parsed, SourceError> {
    let text = json::text(body)?;
    let (response, errors) = open(text)?;
    let response = response.ok_or_else(|| worst(&errors))?;
    let mut reader = Reader::new(options);
    let answers = if response.get().starts_with('[') {
        json::list(response, "response")?
            .into_iter()
            .enumerate()
            .map(|(i, raw)| (format!("response[{i}]"), raw))
            .collect()
    } else {
        vec![("response".to_owned(), response)]
    };
    for (path, raw) in answers {
        guess(&mut reader, raw, &path);
    }
    reader.out.faults.extend(errors.into_iter().map(|(_, error)| error));
    Ok(reader.out)
}

/// The answer of a bundle and the errors of its calls, each with its method.
#[allow(clippy::type_complexity, reason = "two parts of one body, taken apart at once")]
fn open(text: &str) -> Result<(Option<&RawValue>, Vec<(String, SourceError)>), SourceError> {
    let answer: Answer<'_> = json::envelope(text)?;
    if let Some(error) = answer.error {
        return Err(super::errors::source_error(error));
    }
    let mut errors = Vec::new();
    let listed = answer.execute_errors.map_or(Ok(Vec::new()), |raw| json::list(raw, "execute_errors"))?;
    for (index, raw) in listed.into_iter().enumerate() {
        let error: ExecuteError = json::piece(raw, &format!("execute_errors[{index}]")).map_err(SourceError::broken)?;
        let own = ApiError { error_code: error.error_code, error_msg: error.error_msg }.into_source_error();
        errors.push((error.method.unwrap_or_default(), own));
    }
    // An error of the bundle itself belongs to none of its calls.
    errors.sort_by_key(|(method, _)| method == "execute");
    if answer.response.is_none() && errors.is_empty() {
        return Err(SourceError::broken("response: is missing"));
    }
    Ok((answer.response, errors))
}

fn worst(errors: &[(String, SourceError)]) -> SourceError {
    let of_kind = |kind| errors.iter().find(move |(_, error)| error.kind == kind);
    let worst = WORST_FIRST.into_iter().find_map(of_kind);
    worst.map_or_else(|| SourceError::broken("response: is missing"), |(_, error)| error.clone())
}

fn guess(reader: &mut Reader<'_>, raw: &RawValue, path: &str) {
    #[derive(Deserialize)]
    struct List<'a> {
        #[serde(borrow)]
        items: &'a RawValue,
        #[serde(default)]
        groups: Option<&'a RawValue>,
    }

    let Ok(list) = json::piece::<List<'_>>(raw, path) else {
        return reader.out.skipped.count(Skip::NotAPost);
    };
    if let Some(groups) = list.groups {
        reader.learn(groups, &format!("{path}.groups"));
    }
    let path = format!("{path}.items");
    let items = match json::list(list.items, &path) {
        Ok(items) => items,
        Err(error) => return reader.out.skipped.broken(error.message),
    };
    let below = comments::Below::wall(reader);
    for (index, raw) in items.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        match json::piece::<Probe<'_>>(raw, &path) {
            Ok(probe) if probe.post_type.is_some() => wall::item(reader, raw, &path),
            Ok(probe) if probe.title.is_some() && probe.created.is_some() => board::item(reader, raw, &path),
            Ok(probe) if probe.from_id.is_some() && probe.date.is_some() => comments::item(reader, below, raw, &path),
            _ => reader.out.skipped.count(Skip::NotAPost),
        }
    }
}
