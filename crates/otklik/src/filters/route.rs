//! `otklik route`: analyses to the body responsible.

use std::io;

use otklik_domain::Analysis;
use otklik_engine::{
    region::Region,
    routing::{Matter, Route},
};
use otklik_text::Dictionary;
use otklik_wire as wire;
use serde::{Deserialize, Serialize};

use crate::{Outcome, cli::RouteArgs, dictionaries::DictionaryFiles, jsonl, regions};

/// An analysis by itself, or inside its post.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Inside { analysis: Box<wire::Analysis> },
    Bare(Box<wire::Analysis>),
}

/// The body and why.
#[derive(Serialize)]
struct Routed {
    id: String,
    agency: Agency,
    why: Vec<wire::RouteReason>,
}

#[derive(Serialize)]
struct Agency {
    id: String,
    name: String,
}

/// Runs the filter.
///
/// # Errors
/// The region or the dictionaries cannot be used; see [`jsonl::filter`].
pub(crate) fn run(args: &RouteArgs) -> anyhow::Result<Outcome> {
    let files = DictionaryFiles::load(args.dictionaries.dictionaries.as_deref())?;
    let region = regions::load(&args.config, &files)?;
    let dictionary = files.compile()?;
    jsonl::filter(io::stdin().lock(), args.filter.strict, |input: Input| {
        let analysis = match input {
            Input::Inside { analysis } | Input::Bare(analysis) => Analysis::from(*analysis),
        };
        let route = route(&region, &dictionary, &analysis);
        let name = region.agencies.get(&route.agency).map(|agency| agency.name.clone()).unwrap_or_default();
        Ok(Routed {
            id: analysis.id.into_string(),
            agency: Agency { id: route.agency.into_string(), name },
            why: route.why.into_iter().map(|why| wire::RouteReason { rule: why.rule, why: why.why }).collect(),
        })
    })
}

/// The body responsible for what was read from a post.
pub(crate) fn route(region: &Region, dictionary: &Dictionary, analysis: &Analysis) -> Route {
    let topic = analysis.topics.first();
    let municipality = analysis
        .locality
        .as_ref()
        .map(|locality| &locality.municipality)
        .or_else(|| analysis.places.iter().find_map(|place| place.municipality.as_ref()));
    let name_of = |id: &str| dictionary.gazetteer().get(id).map_or("", |place| place.name.as_str());
    region.route(&Matter {
        topic: topic.map(|topic| &topic.id),
        topic_name: topic.and_then(|topic| dictionary.topic(topic.id.as_str())).map_or("", |topic| topic.name.as_str()),
        municipality,
        municipality_name: municipality.map_or("", |id| name_of(id.as_str())),
    })
}
