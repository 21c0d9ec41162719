//! A folder of a mail server, read again and again: what is new in it becomes posts. Nothing in it is changed, not even what counts
//! as read.

use std::{net::IpAddr, sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use otklik_wire::Post;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{ClientConfig, crypto::aws_lc_rs, pki_types::ServerName},
};

pub use super::imap::MailError;
use super::imap::{Connection, Item, quoted};
use crate::{
    author::AuthorKeys,
    parse::{BODY_BYTES_MAX, Options},
    parsed::{Parsed, Skip},
};

/// Longest time to connect.
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// Messages read in one step.
const STEP_MESSAGES_MAX: usize = 50;

/// Where a mailbox is.
#[derive(Debug, Clone)]
pub struct MailboxConfig {
    /// The server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to without TLS: a host of this machine only.
    pub plain: bool,
    /// The folder.
    pub folder: String,
    /// Who signs in.
    pub user: String,
    /// With which password.
    pub password: SecretString,
    /// How old messages may be that are taken when the folder is read for the first time.
    pub backfill: SignedDuration,
}

/// How far a folder was read. Numbers of messages count within one `UIDVALIDITY`; with another the server has numbered anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// `UIDVALIDITY` of the folder.
    pub validity: u32,
    /// The last message read.
    pub uid: u32,
}

/// What a step read.
#[derive(Debug, Default)]
pub struct Read {
    /// The posts.
    pub posts: Vec<Post>,
    /// How far the folder is read with them.
    pub position: Option<Position>,
    /// Messages that no person wrote.
    pub automatic: u64,
    /// Messages that cannot be read, with the first reasons.
    pub broken: u64,
    /// Why; never quotes a message.
    pub reasons: Vec<String>,
    /// Messages longer than is read.
    pub too_large: u64,
    /// Whether more is waiting.
    pub more: bool,
    /// What broke the step off; what was read before counts.
    pub trouble: Option<MailError>,
}

/// A folder of a mail server.
pub struct Mailbox {
    config: MailboxConfig,
    /// None for a host of this machine that is spoken to in plain text.
    tls: Option<TlsConnector>,
    authors: Option<AuthorKeys>,
}

impl Mailbox {
    /// A folder; nothing is connected yet.
    ///
    /// # Errors
    /// [`MailError::Setting`]; certificates cannot be checked on this machine.
    pub fn new(config: MailboxConfig, authors: Option<AuthorKeys>) -> Result<Self, MailError> {
        quoted(&config.user)?;
        quoted(&config.folder)?;
        quoted(config.password.expose_secret())?;
        if config.plain {
            let is_here = config.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
            if !is_here {
                return Err(MailError::Setting(
                    "only an address of this machine, such as 127.0.0.1, may be read without TLS",
                ));
            }
            return Ok(Self { config, tls: None, authors });
        }
        let untrusted = |error| MailError::Connect(std::io::Error::other(error));
        let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let builder = builder.with_safe_default_protocol_versions().map_err(untrusted)?;
        let builder =
            rustls_platform_verifier::BuilderVerifierExt::with_platform_verifier(builder).map_err(untrusted)?;
        let tls = TlsConnector::from(Arc::new(builder.with_no_client_auth()));
        Ok(Self { config, tls: Some(tls), authors })
    }

    /// Reads what came after `known`, a few messages at a time.
    ///
    /// # Errors
    /// Nothing could be read.
    pub async fn read(&self, known: Option<Position>, now: Timestamp) -> Result<Read, MailError> {
        let address = (self.config.host.as_str(), self.config.port);
        let connect = timeout(CONNECT_TIME, TcpStream::connect(address));
        let stream = connect.await.map_err(|_| MailError::TimedOut)?.map_err(MailError::Connect)?;
        match &self.tls {
            None => self.read_from(stream, known, now).await,
            Some(tls) => {
                let name = ServerName::try_from(self.config.host.clone());
                let name = name.map_err(|_| MailError::Setting("host is no name of a server"))?;
                let secured = timeout(CONNECT_TIME, tls.connect(name, stream));
                let stream = secured.await.map_err(|_| MailError::TimedOut)?.map_err(MailError::Connect)?;
                self.read_from(stream, known, now).await
            }
        }
    }

    /// The same over a connection that is open already.
    ///
    /// # Errors
    /// As [`Mailbox::read`].
    pub async fn read_from<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        known: Option<Position>,
        now: Timestamp,
    ) -> Result<Read, MailError> {
        let mut connection = Connection::open(stream).await?;
        let user = quoted(&self.config.user)?;
        let password = quoted(self.config.password.expose_secret())?;
        connection.command("LOGIN", &format!("LOGIN {user} {password}"), 0).await?;
        let folder = format!("EXAMINE {}", quoted(&self.config.folder)?);
        let validity = validity(&connection.command("EXAMINE", &folder, 0).await?);
        let validity = validity.ok_or(MailError::Nonsense("no UIDVALIDITY"))?;
        let known = known.filter(|known| known.validity == validity);
        let search = match known {
            Some(known) => format!("UID SEARCH UID {}:*", known.uid.saturating_add(1)),
            // Messages of a folder that was numbered anew are known by their ids.
            None => format!("UID SEARCH SINCE {}", day(now.saturating_sub(self.config.backfill).unwrap_or(now))),
        };
        let mut new = found(&connection.command("SEARCH", &search, 0).await?);
        // `9:*` finds the last message also when its number is below 9.
        new.retain(|&uid| known.is_none_or(|known| uid > known.uid));
        new.sort_unstable();
        new.dedup();
        let mut read = Read { more: new.len() > STEP_MESSAGES_MAX, ..Read::default() };
        read.position = known.or(Some(Position { validity, uid: 0 }));
        for uid in new.into_iter().take(STEP_MESSAGES_MAX) {
            match self.read_message(&mut connection, uid, &mut read).await {
                Ok(()) => read.position = Some(Position { validity, uid }),
                Err(trouble) => {
                    (read.trouble, read.more) = (Some(trouble), false);
                    return Ok(read);
                }
            }
        }
        // What was read is read, whether the server says good-bye or not.
        let _parted = connection.command("LOGOUT", "LOGOUT", 0).await;
        Ok(read)
    }

    /// Reads a message into `read`; one that has gone meanwhile is passed over.
    async fn read_message<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        connection: &mut Connection<S>,
        uid: u32,
        read: &mut Read,
    ) -> Result<(), MailError> {
        let about = connection.command("FETCH", &format!("UID FETCH {uid} (UID RFC822.SIZE INTERNALDATE)"), 0).await?;
        let Some(about) = fetched(&about, uid) else { return Ok(()) };
        let size = about.value("RFC822.SIZE").and_then(Item::number).ok_or(MailError::Nonsense("no size"))?;
        if size as usize > BODY_BYTES_MAX {
            read.too_large += 1;
            return Ok(());
        }
        let came = about.value("INTERNALDATE").and_then(Item::text).and_then(internal_date);
        // Line ends may count otherwise than in the size told before.
        let answers =
            connection.command("FETCH", &format!("UID FETCH {uid} (UID BODY.PEEK[])"), BODY_BYTES_MAX as u64).await?;
        let Some(Item::Text(message)) = fetched(&answers, uid).and_then(|about| about.value("BODY[]")) else {
            return Ok(());
        };
        let params = [("first_seen".to_owned(), came.map(|came| came.to_string()).unwrap_or_default())];
        match super::read(message, &Options { authors: self.authors.as_ref(), params: &params }) {
            Ok(parsed) => read.take(uid, parsed),
            Err(error) => read.break_off(uid, &error.message),
        }
        Ok(())
    }
}

impl Read {
    fn take(&mut self, uid: u32, parsed: Parsed) {
        self.automatic += parsed.skipped.of(Skip::Automatic);
        for reason in &parsed.skipped.reasons {
            self.break_off(uid, reason);
        }
        self.posts.extend(parsed.posts);
    }

    fn break_off(&mut self, uid: u32, reason: &str) {
        self.broken += 1;
        self.reasons.push(format!("message {uid}: {reason}"));
    }
}

/// `* OK [UIDVALIDITY 7] …` among the answers.
fn validity(answers: &[Vec<Item>]) -> Option<u32> {
    answers.iter().find_map(|answer| {
        let place =
            answer.iter().position(|item| item.text().is_some_and(|word| word.eq_ignore_ascii_case("[UIDVALIDITY")))?;
        answer.get(place + 1)?.text()?.trim_end_matches(']').parse().ok()
    })
}

/// The numbers of `* SEARCH 1 2 3`.
fn found(answers: &[Vec<Item>]) -> Vec<u32> {
    let is_search = |answer: &&Vec<Item>| {
        answer.get(1).and_then(Item::text).is_some_and(|word| word.eq_ignore_ascii_case("SEARCH"))
    };
    answers.iter().filter(is_search).flat_map(|answer| answer.iter().skip(2).filter_map(Item::number)).collect()
}

/// The values of `* 3 FETCH (UID 7 …)` for a message.
fn fetched(answers: &[Vec<Item>], uid: u32) -> Option<&Item> {
    let values = answers.iter().filter_map(|answer| answer.get(3));
    let mut of_message = values.filter(|values| values.value("UID").and_then(Item::number) == Some(uid));
    of_message.next()
}

/// `03-Mar-2026`
fn day(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%d-%b-%Y").to_string()
}

/// `" 3-Mar-2026 10:00:00 +0300"`
fn internal_date(text: &str) -> Option<Timestamp> {
    jiff::fmt::strtime::parse("%d-%b-%Y %H:%M:%S %z", text.trim()).ok()?.to_timestamp().ok()
}

#[cfg(test)]
mod tests;
