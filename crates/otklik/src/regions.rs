//! Regions and calendars of the dictionaries, built in or from files.

use std::{fs, path::Path};

use anyhow::{Context, bail};
use otklik_engine::{
    region::{Problem, Region, parse_policies},
    sla::Calendar,
};
use otklik_text::SourceFile;

use crate::dictionaries::{DictionaryFiles, list};

/// The production calendars of the dictionaries.
///
/// # Errors
/// A calendar makes no sense; the message names the file.
pub(crate) fn calendar(files: &DictionaryFiles) -> anyhow::Result<Calendar> {
    let mut calendar = Calendar::default();
    for file in files.sources().iter().filter(|file| file.path.starts_with("calendar/")) {
        calendar.add_xml(file.content).with_context(|| format!("cannot use {}", file.path))?;
    }
    Ok(calendar)
}

/// Reads a region: a file, or the id of one in the dictionaries.
///
/// # Errors
/// There is no such region, or its file has mistakes; the message lists all with their lines.
pub(crate) fn load(named: &Path, files: &DictionaryFiles) -> anyhow::Result<Region> {
    let (path, content) = source(named, files)?;
    parse(&path, &content, files)
}

/// Path and content of a region's file.
///
/// # Errors
/// There is no such region.
pub(crate) fn source(named: &Path, files: &DictionaryFiles) -> anyhow::Result<(String, String)> {
    let built_in = format!("regions/{}.toml", named.display());
    if let Some(content) = files.get(&built_in) {
        return Ok((built_in, content.to_owned()));
    }
    let content = fs::read_to_string(named)
        .with_context(|| format!("cannot read {}, and no region of this id is built in", named.display()))?;
    Ok((named.display().to_string(), content))
}

/// Every region of the dictionaries.
///
/// # Errors
/// A file has mistakes; the message lists all with their lines.
pub(crate) fn all(files: &DictionaryFiles) -> anyhow::Result<Vec<Region>> {
    let sources = files.sources();
    let regions = sources.iter().filter(|file| file.path.starts_with("regions/") && file.path.ends_with(".toml"));
    regions.map(|file| parse(file.path, file.content, files)).collect()
}

/// Reads a region's file.
///
/// # Errors
/// It has mistakes; the message lists all with their lines.
pub(crate) fn parse(path: &str, content: &str, files: &DictionaryFiles) -> anyhow::Result<Region> {
    let policies = files.get("policies.toml").map(|content| SourceFile { path: "policies.toml", content });
    Region::parse(&SourceFile { path, content }, policies.as_ref(), calendar(files)?).map_err(mistakes)
}

/// The ready policies.
///
/// # Errors
/// Their file has mistakes.
pub(crate) fn policies(
    files: &DictionaryFiles,
) -> anyhow::Result<std::collections::BTreeMap<String, otklik_domain::SlaPolicy>> {
    let Some(content) = files.get("policies.toml") else { bail!("the dictionaries have no policies.toml") };
    parse_policies(&SourceFile { path: "policies.toml", content }).map_err(mistakes)
}

fn mistakes(problems: Vec<Problem>) -> anyhow::Error {
    anyhow::anyhow!("the configuration has mistakes:\n{}", list(&problems))
}
