//! Where networks post events to: `[[callback]]`.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use otklik_sources::vk::callback::Server;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{
    checks::{check_name, served_region},
    sources::read_secret,
};

/// Longest name of an endpoint.
const NAME_BYTES_MAX: usize = 64;

/// A community of VK whose server this is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CallbackSection {
    /// The end of its address: `/callback/vk/NAME`.
    pub(crate) name: String,
    /// The community's number, without a minus.
    pub(crate) group_id: i64,
    /// The region of its posts. Without it the first region.
    pub(crate) region: Option<String>,
    /// File with the secret key that is set in the community's settings.
    pub(crate) secret_file: PathBuf,
    /// File with the string the server is to answer when VK asks whether it is ours.
    pub(crate) confirmation_file: PathBuf,
}

impl CallbackSection {
    /// The paths it names.
    pub(super) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [&mut self.secret_file, &mut self.confirmation_file].into_iter()
    }

    /// Checks it and reads its secrets; gives the server and its region. `number` is its place among the sections, from 1.
    ///
    /// # Errors
    /// The name or the region makes no sense, or a file cannot be read; the message names section and field.
    pub(crate) fn server(&self, number: usize, regions: &[&str]) -> anyhow::Result<(Server, String)> {
        let at = format!("callback {number}");
        check_name(&self.name, NAME_BYTES_MAX).with_context(|| at.clone())?;
        ensure!(self.group_id > 0, "{at}: group-id: must be the community's number, without a minus");
        let region = served_region(self.region.as_deref(), regions).with_context(|| at.clone())?;
        let secret = read_secret(&self.secret_file).with_context(|| format!("{at}: secret-file"))?;
        let confirmation = read_secret(&self.confirmation_file).with_context(|| format!("{at}: confirmation-file"))?;
        let confirmation = confirmation.expose_secret().to_owned();
        Ok((Server { group_id: self.group_id, secret, confirmation }, region.to_owned()))
    }
}
