//! What went wrong at a network, and what the crawler does about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest message kept of a network's answer, in characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// What a refusal or a broken answer means. Which code of a network means what is in the network's own table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Too many requests within seconds.
    RateLimit,
    /// The budget of the method, or of the token, is used up for this window.
    DailyLimit,
    /// The source is closed, removed, hidden or not for this reader.
    Unavailable,
    /// The token is wrong, expired or lacks a right.
    Token,
    /// A captcha or a check of the account: only a person may answer it.
    NeedsHuman,
    /// The network has a moment of trouble.
    Retry,
    /// The request makes no sense to the network.
    BadRequest,
    /// The answer is not what the method gives.
    BrokenBody,
}

/// What the crawler does about a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Waits for seconds, with jitter, and asks again.
    BackOff,
    /// Leaves the method alone until its next window begins.
    WaitForNextWindow,
    /// Marks the source unavailable and looks again rarely.
    MarkSourceUnavailable,
    /// Stops all that needs the token and reports it.
    TokenFault,
    /// Stops all that needs the token and asks a person; never solved by itself.
    TellHuman,
    /// Asks again later, a few times.
    Retry,
    /// Leaves this request out and reports it: asking again would give the same.
    SkipRequest,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::RateLimit,
        Self::DailyLimit,
        Self::Unavailable,
        Self::Token,
        Self::NeedsHuman,
        Self::Retry,
        Self::BadRequest,
        Self::BrokenBody,
    ];

    /// What the crawler does about it.
    pub const fn action(self) -> Action {
        match self {
            Self::RateLimit => Action::BackOff,
            Self::DailyLimit => Action::WaitForNextWindow,
            Self::Unavailable => Action::MarkSourceUnavailable,
            Self::Token => Action::TokenFault,
            Self::NeedsHuman => Action::TellHuman,
            Self::Retry | Self::BrokenBody => Action::Retry,
            Self::BadRequest => Action::SkipRequest,
        }
    }

    /// Its fixed name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate_limit",
            Self::DailyLimit => "daily_limit",
            Self::Unavailable => "unavailable",
            Self::Token => "token",
            Self::NeedsHuman => "needs_human",
            Self::Retry => "retry",
            Self::BadRequest => "bad_request",
            Self::BrokenBody => "broken_body",
        }
    }
}

impl Action {
    /// Its fixed name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BackOff => "back_off",
            Self::WaitForNextWindow => "wait_for_next_window",
            Self::MarkSourceUnavailable => "mark_source_unavailable",
            Self::TokenFault => "token_fault",
            Self::TellHuman => "tell_human",
            Self::Retry => "retry",
            Self::SkipRequest => "skip_request",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A network's own code of an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Code {
    /// VK, OK, Graph API, and the status of HTTP.
    Number(i64),
    /// X: the last part of the problem's type, such as `usage-capped`.
    Name(String),
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// Why a response body gave no posts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}{}: {message}", code.as_ref().map(|code| format!(" (code {code})")).unwrap_or_default())]
pub struct SourceError {
    /// What it means.
    pub kind: Kind,
    /// The network's own code; `None` when the body has none.
    pub code: Option<Code>,
    /// One line: the network's words, or where the body is broken. Holds no token and no text of a post.
    pub message: String,
}

impl SourceError {
    /// An error a network reports. Its words are cut to a line of bounded length.
    pub fn new(kind: Kind, code: Option<Code>, message: &str) -> Self {
        let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
        Self { kind, code, message: line.chars().take(MESSAGE_CHARS_MAX).collect() }
    }

    /// A body that is not what the method gives.
    pub fn broken(message: impl AsRef<str>) -> Self {
        Self::new(Kind::BrokenBody, None, message.as_ref())
    }

    /// What the crawler does about it.
    pub const fn action(&self) -> Action {
        self.kind.action()
    }
}

/// A row of a network's table of errors: what its codes mean.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule<C: 'static> {
    pub(crate) kind: Kind,
    pub(crate) codes: &'static [C],
}

/// What a code means by a table; `None` for a code the table does not know.
pub(crate) fn kind_of<C: PartialEq>(table: &[Rule<C>], code: &C) -> Option<Kind> {
    table.iter().find(|rule| rule.codes.contains(code)).map(|rule| rule.kind)
}

/// What a status of HTTP means when the body says nothing better.
const STATUSES: &[Rule<u16>] = &[
    Rule { kind: Kind::RateLimit, codes: &[420, 429] },
    Rule { kind: Kind::Token, codes: &[401] },
    Rule { kind: Kind::Unavailable, codes: &[402, 403, 404, 410, 451] },
    Rule { kind: Kind::Retry, codes: &[408, 425, 500, 502, 503, 504, 509, 520, 521, 522, 523, 524, 525, 526, 530] },
];

/// The error of a status that is no success.
pub fn of_status(status: u16) -> SourceError {
    let known = kind_of(STATUSES, &status);
    let kind = known.unwrap_or(if status >= 500 { Kind::Retry } else { Kind::BadRequest });
    SourceError::new(kind, Some(Code::Number(status.into())), &format!("HTTP status {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_its_kind() {
        let check = |status, kind| assert_eq!(of_status(status).kind, kind, "{status}");
        check(429, Kind::RateLimit);
        check(401, Kind::Token);
        check(404, Kind::Unavailable);
        check(503, Kind::Retry);
        check(599, Kind::Retry);
        check(418, Kind::BadRequest);
    }

    #[test]
    fn words_of_a_network_become_a_line() {
        let error = SourceError::new(Kind::Retry, Some(Code::Number(10)), &format!("a\n b\t{}", "я".repeat(400)));
        assert_eq!(error.message.chars().count(), MESSAGE_CHARS_MAX);
        assert!(error.to_string().starts_with("retry (code 10): a b я"), "{error}");
        assert_eq!(SourceError::broken("empty").to_string(), "broken_body: empty");
    }

    #[test]
    fn names_on_the_wire_are_the_fixed_ones() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            assert_eq!(serde_json::to_value(kind.action()).unwrap(), kind.action().as_str());
        }
    }
}
