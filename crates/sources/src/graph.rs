//! What Facebook and Instagram share: the Graph API's errors, pages and times.

use jiff::Timestamp;
use otklik_wire::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    fault::{Code, Kind, Rule, SourceError, kind_of},
    json::{self, Loose, Word},
    parsed::{Next, Parsed},
    request::{Request, TokenKind, Verb},
};

/// The version of the API that is asked for.
pub(crate) const VERSION: &str = "v23.0";

/// What each code means. One that is not here is taken for a bad request. Limits of the Graph API run over hours, so they end with
/// a window, not with a pause.
const ERRORS: &[Rule<i64>] = &[
    // Limits of application, user, page, custom; hashtags of a week; business use cases.
    Rule {
        kind: Kind::DailyLimit,
        codes: &[4, 17, 18, 32, 341, 613, 80001, 80002, 80003, 80004, 80005, 80006, 80008, 80009, 80014],
    },
    // Blocked for breaking a policy; the account must be checked.
    Rule { kind: Kind::NeedsHuman, codes: &[368] },
    // No capability, no permission, session over, wrong proof, token.
    Rule { kind: Kind::Token, codes: &[3, 10, 102, 104, 190] },
    // Moved page, hashtag or account that is not there, alias that is not there.
    Rule { kind: Kind::Unavailable, codes: &[21, 24, 110, 803] },
    Rule { kind: Kind::Retry, codes: &[1, 2] },
    // Deprecated, wrong parameter, unknown path.
    Rule { kind: Kind::BadRequest, codes: &[12, 100, 2500] },
];
/// Codes of permissions, all alike.
const PERMISSIONS: std::ops::RangeInclusive<i64> = 200..=299;
/// With code 100: the object is not there, or not for this token.
const SUBCODE_NO_OBJECT: i64 = 33;

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ApiError {
    code: i64,
    #[serde(default)]
    error_subcode: Option<i64>,
    #[serde(default)]
    message: Option<Word>,
}

/// A list with its cursors.
#[derive(Deserialize)]
pub(crate) struct Page<'a> {
    #[serde(borrow)]
    pub(crate) data: &'a RawValue,
    #[serde(default)]
    pub(crate) paging: Loose<Paging>,
}

/// Where a list goes on. Whole addresses hold the token, so only the cursor is read.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Paging {
    #[serde(default)]
    cursors: Option<Cursors>,
    #[serde(default)]
    next: Option<serde::de::IgnoredAny>,
}

#[derive(Clone, Default, Deserialize)]
struct Cursors {
    #[serde(default)]
    after: Option<String>,
}

/// The text of a body that is no error.
pub(crate) fn text(body: &[u8]) -> Result<&str, SourceError> {
    let text = json::text(body)?;
    let envelope: Envelope<'_> = json::envelope(text)?;
    let Some(raw) = envelope.error else { return Ok(text) };
    let error: ApiError = json::piece(raw, "error").map_err(SourceError::broken)?;
    let kind = match (error.code, error.error_subcode) {
        (100, Some(SUBCODE_NO_OBJECT)) => Kind::Unavailable,
        (code, _) if PERMISSIONS.contains(&code) => Kind::Token,
        (code, _) => kind_of(ERRORS, &code).unwrap_or(Kind::BadRequest),
    };
    let said = error.message.map(|said| said.0).unwrap_or_default();
    Err(SourceError::new(kind, Some(Code::Number(error.code)), &said))
}

/// Notes where a list goes on. A page without `next` is the last one, though it has a cursor; Instagram's lists within an object
/// have cursors only.
pub(crate) fn next(parsed: &mut Parsed, paging: Loose<Paging>, path: &str, needs_next: bool) {
    let Some(paging) = paging.get(path, "paging", &mut parsed.skipped) else { return };
    let goes_on = paging.next.is_some() || !needs_next;
    let after = paging.cursors.and_then(|cursors| cursors.after).filter(|after| goes_on && !after.is_empty());
    parsed.next = after.map(|value| Next { param: "after", value });
}

/// A time such as `2024-03-01T12:00:00+0000`.
///
/// # Errors
/// It is missing or no time; the reason begins with the field.
pub(crate) fn at(field: &'static str, text: Option<String>) -> Result<Timestamp, String> {
    let text = text.ok_or_else(|| format!("{field}: is missing"))?;
    // RFC 3339 has a colon in the offset, Facebook has none.
    let with_colon = text.strip_suffix("+0000").map(|start| format!("{start}+00:00"));
    time::parse(field, with_colon.as_deref().unwrap_or(&text)).map_err(|invalid| invalid.to_string())
}

/// A call below the version.
pub(crate) fn call(method: &'static str, path: &str) -> Request {
    Request {
        method,
        verb: Verb::Get,
        path: format!("{VERSION}/{path}"),
        params: Vec::new(),
        about: Vec::new(),
        token: TokenKind::Service,
        cost: 1,
    }
}
