//! OK's codes of errors and what each means. Source: the list of a public client (pyodnoklassniki); numeric limits are not published.

use serde::Deserialize;

use crate::{
    fault::{Code, Kind, Rule, SourceError, kind_of},
    json::{self, Word},
};

/// What each code means. One that is not here is taken for a bad request.
pub(super) const ERRORS: &[Rule<i64>] = &[
    // FLOOD_BLOCKED
    Rule { kind: Kind::RateLimit, codes: &[8] },
    // LIMIT_REACHED
    Rule { kind: Kind::DailyLimit, codes: &[11] },
    // ACTION_BLOCKED, IP_BLOCKED, the captcha of the sign-in
    Rule { kind: Kind::NeedsHuman, codes: &[7, 9, 402] },
    // PERMISSION_DENIED, PARAM_API_KEY, PARAM_SESSION_EXPIRED, PARAM_SESSION_KEY, PARAM_SIGNATURE, PARAM_RESIGNATURE,
    // PARAM_PERMISSION, PARAM_APPLICATION_DISABLED, AUTH_LOGIN, SESSION_REQUIRED, NO_SUCH_APP
    Rule { kind: Kind::Token, codes: &[10, 101, 102, 103, 104, 105, 200, 210, 401, 453, 900] },
    // NOT_FOUND, PARAM_USER_ID, FRIEND_RESTRICTION
    Rule { kind: Kind::Unavailable, codes: &[110, 300, 455] },
    // UNKNOWN, SERVICE, SYSTEM
    Rule { kind: Kind::Retry, codes: &[1, 2, 9999] },
    // METHOD, REQUEST, PARAM, PARAM_MESSAGE_ID
    Rule { kind: Kind::BadRequest, codes: &[3, 4, 100, 140] },
];

/// The error of a body that has one.
///
/// # Errors
/// The body is no object of JSON.
pub(super) fn of(text: &str) -> Result<Option<SourceError>, SourceError> {
    #[derive(Deserialize)]
    struct ApiError {
        #[serde(default)]
        error_code: Option<Word>,
        #[serde(default)]
        error_msg: Option<Word>,
    }

    let error: ApiError = json::envelope(text)?;
    let Some(code) = error.error_code else { return Ok(None) };
    let code: i64 = code.0.parse().map_err(|_| SourceError::broken("error_code: is no number"))?;
    let kind = kind_of(ERRORS, &code).unwrap_or(Kind::BadRequest);
    let said = error.error_msg.map(|said| said.0).unwrap_or_default();
    Ok(Some(SourceError::new(kind, Some(Code::Number(code)), &said)))
}
