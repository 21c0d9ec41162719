//! One call: within the limits, with what the network asks for, and read as its method says.

use jiff::{SignedDuration, Timestamp};
use otklik_domain::Network;
use otklik_ports::{FetchRequest, Fetched, PortResult};

use super::{asks::Ask, crawler::Crawl, faults::Fault, state::State};
use crate::{
    fault::{self, Kind, SourceError},
    parse::{self, Options},
    parsed::Parsed,
    request::{TokenKind, Unready},
};

/// Longest wait for a lane within a turn; beyond it the turn is given up and comes again.
const WAIT_MAX: SignedDuration = SignedDuration::from_secs(30);

/// What a call brought.
pub(super) enum Answer {
    Parsed(Box<Parsed>, Versions),
    /// What was known is still so.
    Same,
}

/// What the server called the version it sent.
#[derive(Default)]
pub(super) struct Versions {
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
}

/// Why a call brought nothing.
pub(super) enum Stop {
    Fault(Fault),
    /// No room in the limits, or the crawl is to stop: the turn comes again.
    Later,
}

impl Versions {
    /// What is known of a source.
    pub(super) fn of(state: &State) -> Self {
        Self { etag: state.etag.clone(), last_modified: state.last_modified.clone() }
    }
}

impl Crawl {
    /// Makes one call within the limits.
    pub(super) async fn call(
        &mut self,
        ask: &Ask,
        known: Versions,
        seen: Timestamp,
    ) -> PortResult<Result<Answer, Stop>> {
        loop {
            let now = self.ports.clock.now();
            let free = self.budgets.free_at(&ask.lanes, now);
            if free <= now {
                break;
            }
            if free.duration_since(now) > WAIT_MAX || self.ports.timer.is_stopped() {
                return Ok(Err(Stop::Later));
            }
            self.ports.timer.wait_until(free).await;
        }
        self.budgets.take(&ask.lanes, self.ports.clock.now());
        if ask.lanes.iter().any(|lane| lane.limit.per_day.is_some()) {
            self.save_budgets().await?;
        }
        let mut request = match self.request(ask) {
            Ok(request) => request,
            Err(unready) => {
                let error = SourceError::new(Kind::Token, None, &unready.to_string());
                return Ok(Err(Stop::Fault(error.into())));
            }
        };
        (request.etag, request.last_modified) = (known.etag, known.last_modified);
        let fetched = match self.ports.fetch.fetch(request).await {
            Ok(fetched) => fetched,
            Err(error) => return Ok(Err(Stop::Fault(error.into()))),
        };
        Ok(self.read(ask, fetched, seen))
    }

    /// The request as it goes out. A feed is asked for at its own address, to the letter.
    fn request(&self, ask: &Ask) -> Result<FetchRequest, Unready> {
        if self.config.network == Network::Rss {
            return Ok(FetchRequest { url: ask.base.clone(), robots: ask.robots, ..FetchRequest::default() });
        }
        let outgoing = ask.request.outgoing(&ask.base, &self.config.credentials)?;
        Ok(FetchRequest {
            url: outgoing.url.to_string(),
            form: outgoing.form,
            authorization: outgoing.authorization,
            robots: ask.robots,
            ..FetchRequest::default()
        })
    }

    /// Reads what a call brought.
    fn read(&self, ask: &Ask, fetched: Fetched, seen: Timestamp) -> Result<Answer, Stop> {
        if fetched.status == 304 {
            return Ok(Answer::Same);
        }
        let needs_token = ask.request.token != TokenKind::None;
        let fault = |error: SourceError| {
            let fault = Fault { retry_after: fetched.retry_after, ..error.into() };
            Stop::Fault(if needs_token { fault } else { fault.without_token() })
        };
        let mut params = ask.request.params.clone();
        params.extend(ask.request.about.iter().cloned());
        if self.config.network == Network::Rss {
            let charset = fetched.content_type.as_deref().and_then(charset).unwrap_or_default();
            let known = [("url", ask.base.clone()), ("charset", charset), ("first_seen", seen.to_string())];
            params.extend(known.map(|(name, value)| (name.to_owned(), value)));
        }
        let options = Options { authors: self.ports.authors.as_ref(), params: &params };
        let method = parse::method(ask.request.method);
        let parsed = method.map_or_else(
            || Err(SourceError::broken(format!("{} is not read", ask.request.method))),
            |method| method.parse(&fetched.body, &options),
        );
        if !(200..300).contains(&fetched.status) {
            // The words of an API say more than its status; a page of an error says nothing.
            let said = parsed.err().filter(|error| error.kind != Kind::BrokenBody);
            return Err(fault(said.unwrap_or_else(|| fault::of_status(fetched.status))));
        }
        let parsed = parsed.map_err(fault)?;
        Ok(Answer::Parsed(Box::new(parsed), Versions { etag: fetched.etag, last_modified: fetched.last_modified }))
    }
}

/// The charset that a `Content-Type` names.
fn charset(content_type: &str) -> Option<String> {
    let lower = content_type.to_ascii_lowercase();
    let value = lower.split_once("charset=")?.1.split(';').next()?.trim().trim_matches(['"', '\'']).to_owned();
    Some(value).filter(|value| !value.is_empty())
}
