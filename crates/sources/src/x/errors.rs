//! X's problems and what each means. A problem has a type, which is an address, and a status of HTTP.
//!
//! `about:blank` is the type of problems without one of their own; then the status decides.

use serde::Deserialize;

use crate::{
    fault::{self, Code, Kind, Rule, SourceError},
    json::Word,
};

/// What each type means, by the last part of its address.
pub(super) const PROBLEMS: &[Rule<&str>] = &[
    Rule { kind: Kind::RateLimit, codes: &["rate-limit-exceeded", "connection-exception", "streaming-connection"] },
    Rule { kind: Kind::DailyLimit, codes: &["usage-capped", "rule-cap"] },
    Rule {
        kind: Kind::Token,
        codes: &["client-forbidden", "unsupported-authentication", "oauth1-permissions", "not-authorized-for-field"],
    },
    Rule {
        kind: Kind::Unavailable,
        codes: &["resource-not-found", "not-authorized-for-resource", "resource-unavailable", "disallowed-resource"],
    },
    Rule { kind: Kind::Retry, codes: &["operational-disconnect"] },
    Rule {
        kind: Kind::BadRequest,
        codes: &["invalid-request", "invalid-rules", "duplicate-rules", "noncompliant-rules"],
    },
];

/// A problem: the whole body, or one of `errors`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Problem {
    #[serde(default)]
    title: Option<Word>,
    #[serde(default)]
    detail: Option<Word>,
    #[serde(default, rename = "type")]
    kind: Option<Word>,
    #[serde(default)]
    status: Option<Word>,
}

impl Problem {
    /// Whether it is one: a body with posts has none of this.
    pub(super) fn is_there(&self) -> bool {
        self.kind.is_some() || self.status.is_some() || self.title.is_some()
    }

    pub(super) fn into_source_error(self) -> SourceError {
        let said = self.detail.or(self.title).map(|said| said.0).unwrap_or_default();
        let name = self.kind.map(|kind| kind.0).unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        let status = self.status.and_then(|status| status.0.parse::<u16>().ok());
        let known = PROBLEMS.iter().find(|rule| rule.codes.contains(&name));
        match (known.map(|rule| rule.kind), status) {
            (Some(kind), _) => SourceError::new(kind, Some(Code::Name(name.to_owned())), &said),
            (None, Some(status)) => {
                SourceError { message: SourceError::broken(said).message, ..fault::of_status(status) }
            }
            (None, None) => SourceError::new(Kind::BadRequest, None, &said),
        }
    }
}
