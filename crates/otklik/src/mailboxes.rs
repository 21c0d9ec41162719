//! Mailboxes of bodies: read again and again, what is new goes through the gate.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context, ensure};
use otklik_ports::{Cursor, PortResult};
use otklik_sources::{
    author::AuthorKeys,
    mail::mailbox::{Mailbox, Position, Read},
};
use tokio::task::JoinSet;

use crate::{config::Config, crawl::CrawlEngines};

/// How often a mailbox is looked at.
const LOOK_GAP: Duration = Duration::from_secs(60);
/// Messages read, by what became of them.
const MESSAGES: &str = "otklik_mailbox_messages_total";
/// Whether something stands in the way of a mailbox.
const TROUBLE: &str = "otklik_mailbox_trouble";

/// A mailbox with its place in the log.
pub(crate) struct Reader {
    name: String,
    region: String,
    mailbox: Mailbox,
}

/// Starts reading the mailboxes of a configuration, each by itself.
///
/// # Errors
/// As [`open`].
pub(crate) fn start(
    config: &Config,
    regions: &[&str],
    engines: &CrawlEngines,
    tasks: &mut JoinSet<()>,
) -> anyhow::Result<()> {
    let authors = AuthorKeys::new(config.author_secret()?);
    for reader in open(config, regions, Some(&authors))? {
        tasks.spawn(run(reader, engines.clone()));
    }
    Ok(())
}

/// The mailboxes of a configuration; nothing is connected yet.
///
/// # Errors
/// A section makes no sense, or a password cannot be read; the message names section and field.
pub(crate) fn open(config: &Config, regions: &[&str], authors: Option<&AuthorKeys>) -> anyhow::Result<Vec<Reader>> {
    let mut names = BTreeSet::new();
    let mut readers = Vec::with_capacity(config.mailbox.len());
    for (section, number) in config.mailbox.iter().zip(1..) {
        let (settings, region) = section.mailbox(number, regions, config.crawl.backfill_hours)?;
        ensure!(names.insert(&section.name), "mailbox {number}: name: {:?} is taken by another section", section.name);
        let mailbox = Mailbox::new(settings, authors.cloned()).with_context(|| format!("mailbox {number}"))?;
        readers.push(Reader { name: section.name.clone(), region, mailbox });
    }
    Ok(readers)
}

/// Reads a mailbox until it is told to stop.
async fn run(reader: Reader, engines: CrawlEngines) {
    while !engines.stop.is_cancelled() {
        let step = tokio::select! {
            step = reader.step(&engines) => step,
            () = engines.stop.cancelled() => return,
        };
        let more = step.unwrap_or_else(|error| {
            metrics::gauge!(TROUBLE, "mailbox" => reader.name.clone()).set(1.0);
            tracing::warn!(
                mailbox = reader.name,
                error = format!("{error:#}"),
                "a mailbox could not be read, it is tried again"
            );
            false
        });
        if more {
            continue;
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_GAP) => {}
            () = engines.stop.cancelled() => {}
        }
    }
}

impl Reader {
    /// Reads what is new and hands it in together with how far that is; says whether more is waiting.
    async fn step(&self, engines: &CrawlEngines) -> anyhow::Result<bool> {
        let source = format!("mailbox:{}", self.name);
        let position = engines.log.cursor(&source).await?;
        // One that cannot be read is none: grouping knows messages by their ids.
        let known = position.and_then(|position| serde_json::from_str::<Position>(&position).ok());
        let read = self.mailbox.read(known, engines.clock.now()).await?;
        let (more, trouble) = self.take(engines, source, known, read).await?;
        metrics::gauge!(TROUBLE, "mailbox" => self.name.clone()).set(if trouble { 1.0 } else { 0.0 });
        Ok(more)
    }

    async fn take(
        &self,
        engines: &CrawlEngines,
        source: String,
        known: Option<Position>,
        read: Read,
    ) -> PortResult<(bool, bool)> {
        let counts = [
            ("taken", read.posts.len() as u64),
            ("automatic", read.automatic),
            ("broken", read.broken),
            ("too_large", read.too_large),
        ];
        if let Some(position) = read.position.filter(|position| Some(*position) != known) {
            let mut posts = read.posts;
            posts.iter_mut().for_each(|post| post.region = Some(self.region.clone()));
            let position = serde_json::to_string(&position).unwrap_or_default();
            for refused in engines.gate.append(posts, Some(Cursor { source, position }), false).await? {
                tracing::warn!(mailbox = self.name, reason = %refused.reason, "a message was refused");
            }
        }
        for (result, count) in counts {
            metrics::counter!(MESSAGES, "mailbox" => self.name.clone(), "result" => result).increment(count);
        }
        if read.broken + read.too_large > 0 {
            let (broken, too_large) = (read.broken, read.too_large);
            tracing::warn!(mailbox = self.name, broken, too_large, reasons = ?read.reasons, "messages are left out");
        }
        if let Some(trouble) = &read.trouble {
            tracing::warn!(mailbox = self.name, error = %trouble, "the reading of a mailbox broke off, it goes on from there");
        }
        Ok((read.more, read.trouble.is_some()))
    }
}

#[cfg(test)]
mod tests;
