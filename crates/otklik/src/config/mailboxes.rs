//! Mailboxes that are read: `[[mailbox]]`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use jiff::SignedDuration;
use otklik_sources::mail::mailbox::MailboxConfig;
use serde::Deserialize;

use super::{
    checks::{check_name, served_region},
    sources::read_secret,
};

/// Longest name of a mailbox.
const NAME_BYTES_MAX: usize = 64;

/// A folder of a mail server.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MailboxSection {
    /// Names it in the log: how far it was read is kept under this name.
    pub(crate) name: String,
    /// The server.
    pub(crate) host: String,
    /// Its port.
    #[serde(default = "imaps")]
    pub(crate) port: u16,
    /// Whether it is spoken to without TLS, which only an address of this machine may be.
    #[serde(default)]
    pub(crate) plain: bool,
    /// The folder.
    #[serde(default = "inbox")]
    pub(crate) folder: String,
    /// Who signs in.
    pub(crate) user: String,
    /// File with the password.
    pub(crate) password_file: PathBuf,
    /// The region of its messages. Without it the first region.
    pub(crate) region: Option<String>,
}

fn imaps() -> u16 {
    993
}

fn inbox() -> String {
    "INBOX".to_owned()
}

impl MailboxSection {
    /// Checks it and reads its password; gives the mailbox and its region. `number` is its place among the sections, from 1.
    ///
    /// # Errors
    /// A field makes no sense, or the password cannot be read; the message names section and field.
    pub(crate) fn mailbox(
        &self,
        number: usize,
        regions: &[&str],
        backfill_hours: u32,
    ) -> anyhow::Result<(MailboxConfig, String)> {
        let at = format!("mailbox {number}");
        check_name(&self.name, NAME_BYTES_MAX).with_context(|| at.clone())?;
        let region = served_region(self.region.as_deref(), regions).with_context(|| at.clone())?;
        ensure!(!self.host.trim().is_empty(), "{at}: host: must not be empty");
        let config = MailboxConfig {
            host: self.host.clone(),
            port: self.port,
            plain: self.plain,
            folder: self.folder.clone(),
            user: self.user.clone(),
            password: read_secret(&self.password_file).with_context(|| format!("{at}: password-file"))?,
            backfill: SignedDuration::from_hours(backfill_hours.into()),
        };
        Ok((config, region.to_owned()))
    }
}
