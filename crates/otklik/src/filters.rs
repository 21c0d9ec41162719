//! The pure stages as filters over JSON Lines.

pub(crate) mod analyse;
pub(crate) mod check;
pub(crate) mod eval;
pub(crate) mod forecast;
pub(crate) mod group;
pub(crate) mod import;
pub(crate) mod parse;
pub(crate) mod predict;
pub(crate) mod route;
pub(crate) mod sla;
pub(crate) mod train;

use std::{fs, path::Path};

use anyhow::Context;
use secrecy::SecretString;

/// Reads the secret that authors are hashed with, when a file with it is given.
///
/// # Errors
/// The file cannot be read.
fn author_secret(path: Option<&Path>) -> anyhow::Result<Option<SecretString>> {
    let Some(path) = path else { return Ok(None) };
    let secret = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Some(SecretString::from(secret.trim())))
}
