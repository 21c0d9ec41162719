//! Одноклассники: the official API, only methods of its documentation.
//!
//! A topic of a group or a person is `ok:123`, other things that can be commented have their type before the number, such as
//! `ok:group_photo_123`; a comment is `ok:123_r456`. What groups write is had for own and partner groups only, for topics whose number
//! is known, and by hashtag: the official API lists no strange group's topics.
//!
//! Which fields answers have is known from public clients of the API, not from a schema: fields are read leniently, and dates in
//! each of the three writings seen.

mod discussions;
mod errors;
mod groups;
mod objects;
pub mod requests;
mod sign;
#[cfg(test)]
mod tests;
mod topics;

pub use self::sign::signature;
use crate::{
    fault::SourceError,
    json,
    parse::{Method, Options},
    parsed::Parsed,
};

/// What is read of OK.
pub(crate) const METHODS: &[Method] = &[
    Method { name: "ok:discussions.getList", read: discussions::list },
    Method { name: "ok:discussions.getComments", read: discussions::comments },
    Method { name: "ok:mediatopic.getByIds", read: topics::by_ids },
    Method { name: "ok:search.tagContents", read: topics::by_tag },
    Method { name: "ok:group.getInfo", read: groups::info },
    Method { name: "ok:url.getInfo", read: groups::of_url },
];

/// The text of a body that is no error.
fn text(body: &[u8]) -> Result<&str, SourceError> {
    let text = json::text(body)?;
    // Lists and texts, as some methods answer, have no error in them.
    if text.trim_start().starts_with('{')
        && let Some(error) = errors::of(text)?
    {
        return Err(error);
    }
    Ok(text)
}

/// The key of an author by OK's number, which is of this application only.
fn author(options: &Options<'_>, number: Option<&str>) -> Option<String> {
    let number = number.filter(|number| !number.is_empty() && *number != "0")?;
    options.author_key(&format!("ok:{number}"))
}

/// Where the following page begins, when there is one.
fn next(parsed: &mut Parsed, anchor: Option<String>, has_more: Option<bool>) {
    let anchor = anchor.filter(|anchor| !anchor.is_empty() && has_more != Some(false));
    parsed.next = anchor.map(|value| crate::parsed::Next { param: "anchor", value });
}
