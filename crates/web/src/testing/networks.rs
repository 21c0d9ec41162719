//! Sources in every state, and endpoints for events of networks.

use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use otklik_domain::{Network, RegionId};
use otklik_ports::{ErrorKind, PortError, PortResult};

use super::now;
use crate::{Callbacks, Coverage, CoveredSource, Heard, SourceTrouble, Sources, Teller};

/// Knows a source in each state; who tells of them can be changed.
#[derive(Debug)]
pub(crate) struct KnownSources(pub(crate) Mutex<Teller>);

#[async_trait]
impl Sources for KnownSources {
    async fn coverage(&self) -> PortResult<Coverage> {
        let teller = *self.0.lock().unwrap();
        Ok(Coverage { teller, sources: if teller == Teller::Nobody { Vec::new() } else { sources() } })
    }
}

fn ago(minutes: i64) -> Timestamp {
    now() - SignedDuration::from_mins(minutes)
}

fn source(network: Network, id: &str, name: &str, posts_a_day: f64) -> CoveredSource {
    CoveredSource {
        crawl: format!("{network}:main"),
        network,
        id: id.to_owned(),
        name: name.to_owned(),
        region: RegionId::new("demo"),
        posts_a_day,
        reads_a_day: 25.04,
        planned_lag_minutes: 28.75,
        lag_minutes: Some(21.3),
        answered_at: Some(ago(12)),
        quota_left: (network == Network::Vk).then_some(3_120),
        trouble: None,
        not_covered_since: None,
    }
}

fn trouble(kind: &str, message: &str, action: &'static str, again_at: Option<Timestamp>) -> Option<SourceTrouble> {
    Some(SourceTrouble { kind: kind.to_owned(), message: message.to_owned(), action, at: ago(30), again_at })
}

fn sources() -> Vec<CoveredSource> {
    let fine = source(Network::Vk, "-101", "Подслушано <Город>", 64.2);
    let gap = CoveredSource {
        not_covered_since: Some(ago(300)),
        ..source(Network::Telegram, "gorod_24", "Город 24", 9.0)
    };
    let new = CoveredSource { lag_minutes: None, answered_at: None, ..source(Network::Vk, "-102", "", 0.5) };
    let closed = CoveredSource {
        answered_at: Some(ago(60 * 30)),
        not_covered_since: Some(ago(60 * 30)),
        trouble: trouble("unavailable", "code 15: Access denied", "mark_source_unavailable", Some(ago(-90))),
        ..source(Network::Vk, "-103", "Двор на Мира", 2.0)
    };
    let slow = CoveredSource {
        trouble: trouble("timed-out", "news.example.ru: no answer in 40 s", "retry", Some(ago(-4))),
        not_covered_since: Some(ago(45)),
        ..source(Network::Rss, "https://news.example.ru/rss", "Новости", 30.0)
    };
    let stopped = CoveredSource {
        trouble: trouble("needs_human", "code 14: Captcha needed", "tell_human", None),
        not_covered_since: Some(ago(200)),
        ..source(Network::Ok, "discussions", "", 80.0)
    };
    vec![fine, gap, new, closed, slow, stopped]
}

/// Hears events: the body says what they come to.
#[derive(Debug, Default)]
pub(crate) struct Hearer;

#[async_trait]
impl Callbacks for Hearer {
    async fn hear(&self, name: &str, body: &[u8]) -> PortResult<Heard> {
        Ok(match (name, body) {
            ("gorod", b"confirm") => Heard::Confirm("abc123".to_owned()),
            ("gorod", b"again") => Heard::Repeated,
            ("gorod", b"half") => Heard::LeftOut,
            ("gorod", b"stranger") => Heard::Refused,
            ("gorod", b"broken") => Heard::Broken("the body: expected value".to_owned()),
            ("gorod", b"full") => return Err(PortError::new(ErrorKind::Full, "the disk of server-7 is full")),
            ("gorod", _) => Heard::Taken,
            _ => Heard::Unknown,
        })
    }
}
