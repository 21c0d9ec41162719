//! What is crawled: `[crawl]` and `[[sources]]`.

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::{Context, bail, ensure};
use otklik_domain::Network;
use otklik_sources::{
    crawl::{Limits, Source, Target},
    request::Credentials,
};
use secrecy::SecretString;
use serde::Deserialize;

use super::checks::served_region;

/// The networks that are crawled.
const CRAWLED: [Network; 7] =
    [Network::Vk, Network::Ok, Network::Telegram, Network::Rss, Network::X, Network::Facebook, Network::Instagram];
/// Hashtags of Instagram that an account may ask for in a week.
const HASHTAGS_MAX: usize = 30;

/// How sources are read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct CrawlSection {
    /// Where the people whose site is read can ask who reads it: a page or a mail address, told to every host.
    pub(crate) contact: String,
    /// How old posts may be, in hours, that are taken when a source is read for the first time.
    pub(crate) backfill_hours: u32,
    /// Addresses that may be reached though they are not public: networks played on this machine.
    pub(crate) allow: Vec<SocketAddr>,
}

impl Default for CrawlSection {
    fn default() -> Self {
        Self { contact: "no contact configured".to_owned(), backfill_hours: 72, allow: Vec::new() }
    }
}

/// Sources of one network that are read with one token.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SourceSection {
    /// The network: vk, ok, telegram, rss, x, facebook, instagram.
    pub(crate) network: String,
    /// What is read: see [`otklik_sources::crawl::Target`].
    pub(crate) ids: Vec<String>,
    /// The region of their posts. Without it the first region.
    pub(crate) region: Option<String>,
    /// File with the token.
    pub(crate) token_file: Option<PathBuf>,
    /// OK: the public key of the application, and the file with its secret key.
    pub(crate) application_key: Option<String>,
    pub(crate) application_secret_file: Option<PathBuf>,
    /// Instagram: the number of the deployment's own business account.
    pub(crate) account: Option<String>,
    /// In place of the network's own address, such as `http://127.0.0.1:9000`.
    pub(crate) host: Option<String>,
    /// How much their posts count: 1 as others.
    #[serde(default = "one")]
    pub(crate) weight: f64,
    /// The lag promised for them, in minutes.
    pub(crate) promise_minutes: Option<u32>,
    /// Lists read in a day with this token, in place of what the network allows.
    pub(crate) lists_a_day: Option<u32>,
    /// Searches a day with this token, in place of what the network allows.
    pub(crate) searches_a_day: Option<u32>,
}

fn one() -> f64 {
    1.0
}

/// Sources that share a limit, ready to be read.
#[derive(Debug, Clone)]
pub(crate) struct SourceGroup {
    pub(crate) name: String,
    pub(crate) network: Network,
    pub(crate) sources: Vec<Source>,
    pub(crate) limits: Limits,
    pub(crate) credentials: Credentials,
    pub(crate) host: Option<String>,
}

impl SourceSection {
    /// The paths it names.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        self.token_file.iter_mut().chain(&mut self.application_secret_file)
    }

    /// Checks it and reads its secrets. `number` is its place among the sections, from 1.
    ///
    /// # Errors
    /// The network is not crawled, an id is none, a secret cannot be read; the message names section and field.
    pub(crate) fn group(&self, number: usize, regions: &[&str]) -> anyhow::Result<SourceGroup> {
        let at = format!("sources {number}");
        let group = self.group_without_secrets(number, regions)?;
        let secret = |path: &Option<PathBuf>| path.as_deref().map(read_secret).transpose();
        let credentials = Credentials {
            token: secret(&self.token_file).with_context(|| format!("{at}: token-file"))?,
            application_key: self.application_key.clone(),
            application_secret: secret(&self.application_secret_file)
                .with_context(|| format!("{at}: application-secret-file"))?,
            account: self.account.clone(),
        };
        Ok(SourceGroup { credentials, ..group })
    }

    /// The same without its secrets: enough to say what is covered.
    ///
    /// # Errors
    /// As [`SourceSection::group`].
    pub(crate) fn group_without_secrets(&self, number: usize, regions: &[&str]) -> anyhow::Result<SourceGroup> {
        let at = format!("sources {number}");
        let Some(network) = self.network.parse::<Network>().ok().filter(|network| CRAWLED.contains(network)) else {
            let crawled: Vec<&str> = CRAWLED.iter().map(|network| network.as_str()).collect();
            bail!("{at}: network: {:?} is not crawled, one of {} is", self.network, crawled.join(", "));
        };
        let region = served_region(self.region.as_deref(), regions).with_context(|| at.clone())?;
        ensure!(self.weight.is_finite() && self.weight > 0.0, "{at}: weight: must be above 0");
        let mut sources = Vec::with_capacity(self.ids.len());
        for id in &self.ids {
            let mut source = Source::new(network, id, region).with_context(|| format!("{at}: ids"))?;
            source.weight = self.weight;
            if let Some(minutes) = self.promise_minutes {
                source.promise = jiff::SignedDuration::from_mins(minutes.into());
            }
            sources.push(source);
        }
        ensure!(!sources.is_empty(), "{at}: ids: names no source");
        let mut limits = Limits::of(network, sources.len());
        limits.lists_a_day = self.lists_a_day.unwrap_or(limits.lists_a_day);
        limits.searches_a_day = self.searches_a_day.unwrap_or(limits.searches_a_day);
        if network == Network::Instagram {
            ensure!(self.account.is_some(), "{at}: account: Instagram is asked in the name of an account of your own");
            let tags = sources.iter().filter(|source| matches!(source.target, Target::Tag(_))).count();
            ensure!(tags <= HASHTAGS_MAX, "{at}: ids: Instagram shows {HASHTAGS_MAX} hashtags a week");
        }
        let needs_token = !matches!(network, Network::Telegram | Network::Rss);
        ensure!(
            !needs_token || self.token_file.is_some(),
            "{at}: token-file: {:?} is read with a token only",
            self.network
        );
        let credentials = Credentials::default();
        Ok(SourceGroup { name: self.name(), network, sources, limits, credentials, host: self.host.clone() })
    }

    /// Sections of one token have one name, and so share its limits.
    fn name(&self) -> String {
        let file = self.token_file.as_deref().and_then(|path| path.file_stem()).and_then(|stem| stem.to_str());
        format!("{}:{}", self.network, file.unwrap_or("public"))
    }
}

/// Puts groups of one name together: what shares a token shares its limits.
pub(crate) fn merged(groups: Vec<SourceGroup>) -> Vec<SourceGroup> {
    let mut merged: Vec<SourceGroup> = Vec::new();
    for group in groups {
        match merged.iter_mut().find(|known| known.name == group.name) {
            Some(known) => {
                known.sources.extend(group.sources);
                let (known, more) = (&mut known.limits, group.limits);
                // A quota is one for all; feeds have a pace each.
                known.lists_a_day = if group.network == Network::Rss {
                    known.lists_a_day.saturating_add(more.lists_a_day)
                } else {
                    known.lists_a_day.min(more.lists_a_day)
                };
                known.searches_a_day = known.searches_a_day.min(more.searches_a_day);
            }
            None => merged.push(group),
        }
    }
    merged
}

pub(super) fn read_secret(path: &std::path::Path) -> anyhow::Result<SecretString> {
    let secret = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let secret = secret.trim();
    ensure!(!secret.is_empty(), "{} is empty", path.display());
    Ok(SecretString::from(secret))
}
