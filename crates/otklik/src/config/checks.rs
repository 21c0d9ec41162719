//! Checks that several sections share.

use anyhow::{Context, ensure};

/// Checks a name that stands in addresses and in the log.
///
/// # Errors
/// It is not of Latin letters, digits, hyphens and lines, or too long.
pub(super) fn check_name(name: &str, length_max: usize) -> anyhow::Result<()> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    ensure!(
        is_plain && (1..=length_max).contains(&name.len()),
        "name: must be 1 to {length_max} Latin letters, digits, hyphens, lines"
    );
    Ok(())
}

/// The region of a section: the one it names, or the first that is served.
///
/// # Errors
/// It is not served here.
pub(super) fn served_region<'a>(named: Option<&'a str>, regions: &[&'a str]) -> anyhow::Result<&'a str> {
    let region = named.or(regions.first().copied()).context("region: none is served here")?;
    ensure!(regions.contains(&region), "region: {region:?} is not served here");
    Ok(region)
}
