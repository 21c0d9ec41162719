//! What a process decides by, read from the files its configuration names.

use std::sync::Arc;

use otklik_pipeline::Knowledge;
use otklik_ports::partitions::fnv1a;

use crate::{config::Config, dictionaries::DictionaryFiles, filters::analyse::load_model, regions};

/// Reads dictionaries, models and regions.
///
/// # Errors
/// Something cannot be read or has mistakes; the message names files and lines.
pub(crate) fn load(config: &Config) -> anyhow::Result<Knowledge> {
    let files = DictionaryFiles::load(config.dictionaries.as_deref())?;
    let dictionary = files.compile()?;
    let models = config.models.iter().map(|path| load_model(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let (mut regions, mut beside) = (Vec::new(), Vec::new());
    for named in &config.regions {
        let (path, content) = regions::source(named, &files)?;
        regions.push(Arc::new(regions::parse(&path, &content, &files)?));
        if files.get(&path).is_none() {
            beside.push(content);
        }
    }
    beside.extend(models.iter().map(|model| model.version().to_owned()));
    let version = match beside.as_slice() {
        [] => dictionary.version().to_owned(),
        beside => format!("{}+{:016x}", dictionary.version(), fnv1a(beside.join("\0").as_bytes())),
    };
    Ok(Knowledge { version, dictionary, models, regions })
}
