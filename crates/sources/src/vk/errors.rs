//! VK's codes of errors and what each means. Source: VK's own schema of the API, version 5.199.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    fault::{Code, Kind, Rule, SourceError, kind_of},
    json::{self, Word},
};

/// What each code means. One that is not here is taken for a bad request: asking again would change nothing.
pub(super) const ERRORS: &[Rule<i64>] = &[
    // Too many requests per second; need wait.
    Rule { kind: Kind::RateLimit, codes: &[6, 32] },
    // Flood control, the day's limit of a method, weighted flood, too many attempts to sign in.
    Rule { kind: Kind::DailyLimit, codes: &[9, 29, 601, 1105] },
    // Captcha, validation, confirmations, further sign-up; all to be answered by a person.
    Rule { kind: Kind::NeedsHuman, codes: &[14, 17, 24, 25, 41, 3300, 3301, 3302, 3303, 3304, 3305] },
    // Application off, wrong signature, authorization failed, no right, test mode, wrong kind of token, unknown application,
    // foreign address, expired tokens.
    Rule {
        kind: Kind::Token,
        codes: &[2, 4, 5, 7, 11, 16, 20, 21, 23, 27, 28, 34, 35, 38, 42, 101, 1114, 1116, 1117, 1118, 3609, 3610],
    },
    // Closed, deleted, banned, blocked, private, unknown, not found, closed walls and comments.
    Rule {
        kind: Kind::Unavailable,
        codes: &[
            15, 18, 19, 30, 37, 39, 40, 104, 113, 125, 140, 141, 183, 200, 201, 203, 204, 205, 210, 211, 212, 213, 214,
            260, 701, 801, 1260, 1401,
        ],
    },
    // Unknown error, trouble within VK, execution cut by time, a section off for a while.
    Rule { kind: Kind::Retry, codes: &[1, 10, 36, 43] },
    // Unknown method, invalid request, code that does not compile or fails, not implemented, wrong parameters.
    Rule { kind: Kind::BadRequest, codes: &[3, 8, 12, 13, 22, 33, 100, 103, 106, 114, 118, 121, 150] },
];

/// An error as VK writes it. What else it holds, such as the parameters with the token, is not read.
#[derive(Debug, Deserialize)]
pub(super) struct ApiError {
    pub(super) error_code: i64,
    #[serde(default)]
    pub(super) error_msg: Option<Word>,
}

impl ApiError {
    pub(super) fn into_source_error(self) -> SourceError {
        let kind = kind_of(ERRORS, &self.error_code).unwrap_or(Kind::BadRequest);
        let said = self.error_msg.map(|said| said.0).unwrap_or_default();
        SourceError::new(kind, Some(Code::Number(self.error_code)), &said)
    }
}

/// The error of a body that has one.
pub(super) fn source_error(raw: &RawValue) -> SourceError {
    match json::piece::<ApiError>(raw, "error") {
        Ok(error) => error.into_source_error(),
        Err(reason) => SourceError::broken(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Action;

    fn error(json: &str) -> SourceError {
        let raw: Box<RawValue> = serde_json::from_str(json).unwrap();
        source_error(&raw)
    }

    #[test]
    fn each_code_has_its_action() {
        let check = |codes: &[i64], action: Action| {
            for code in codes {
                assert_eq!(error(&format!(r#"{{"error_code":{code}}}"#)).action(), action, "{code}");
            }
        };
        check(&[6], Action::BackOff);
        check(&[9, 29], Action::WaitForNextWindow);
        check(&[14, 17, 3300], Action::TellHuman);
        check(&[15, 18, 19, 30, 203, 212, 104, 125], Action::MarkSourceUnavailable);
        check(&[1, 10, 36], Action::Retry);
        check(&[5, 7, 27, 28], Action::TokenFault);
        check(&[3, 8, 12, 13, 100, 77_777], Action::SkipRequest);
    }

    #[test]
    fn no_code_is_in_two_rows() {
        let mut codes: Vec<i64> = ERRORS.iter().flat_map(|rule| rule.codes).copied().collect();
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all);
    }

    #[test]
    fn a_token_in_the_parameters_is_not_told() {
        let error = error(
            r#"{"error_code":5,"error_msg":"User authorization failed","request_params":[{"key":"access_token","value":"secret-token"}]}"#,
        );
        assert_eq!(error.to_string(), "token (code 5): User authorization failed");
    }

    #[test]
    fn an_error_without_a_code_is_a_broken_body() {
        assert_eq!(error("{}").message, "error: missing field `error_code`");
        assert_eq!(error("\"no\"").message, "error: invalid type: string, expected struct ApiError");
    }
}
