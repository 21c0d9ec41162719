//! Filters above lists: what may be chosen and what is.

use otklik_domain::{BlockId, PlaceId, PlaceKind, RegionId};
use otklik_ports::IncidentFilter;

use super::{params::Params, say::severity, visit::Visit};

/// Something that may be chosen.
#[derive(Debug, Clone)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

/// The filters lists have in common.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    /// Regions, where there are several.
    pub(crate) regions: Vec<Choice>,
    pub(crate) blocks: Vec<Choice>,
    pub(crate) municipalities: Vec<Choice>,
    pub(crate) severities: Vec<Choice>,
    pub(crate) overdue: bool,
    pub(crate) text: String,
    /// Whether any of them is set.
    pub(crate) any: bool,
}

/// The page of a list, and the way to its neighbours.
#[derive(Debug, Clone)]
pub(crate) struct Pager {
    pub(crate) shown: String,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

impl Filters {
    pub(crate) fn new(visit: &Visit, params: &Params) -> Self {
        let regions = &visit.directory.regions;
        let several = regions.len() > 1;
        let region = region_asked(visit, params);
        let choice = |name: &str, value: &str, words: &str| Choice {
            chosen: params.get(name) == Some(value),
            value: value.to_owned(),
            name: words.to_owned(),
        };
        Self {
            regions: regions
                .iter()
                .filter(|_| several)
                .map(|region| choice("region", region.id.as_str(), &region.name))
                .collect(),
            blocks: visit
                .directory
                .catalogue
                .blocks()
                .iter()
                .map(|block| choice("block", block.id.as_str(), &block.name))
                .collect(),
            municipalities: municipalities(visit, region.as_ref())
                .into_iter()
                .map(|(id, name)| choice("municipality", id.as_str(), &name))
                .collect(),
            severities: (2..=5)
                .rev()
                .map(|level: u8| choice("severity", &level.to_string(), &severity_from(level)))
                .collect(),
            overdue: params.get("overdue").is_some(),
            text: params.get("text").unwrap_or_default().to_owned(),
            any: ["region", "block", "municipality", "severity", "overdue", "text"]
                .iter()
                .any(|name| params.get(name).is_some()),
        }
    }
}

fn severity_from(level: u8) -> String {
    match level {
        5 => format!("тяжесть 5: {}", severity(5)),
        _ => format!("тяжесть от {level}"),
    }
}

/// Municipalities of a region, or of all, by name.
pub(crate) fn municipalities(visit: &Visit, region: Option<&RegionId>) -> Vec<(PlaceId, String)> {
    let places = visit.directory.catalogue.places();
    let mut found: Vec<(PlaceId, String)> = places
        .filter(|place| place.kind == PlaceKind::Municipality && region.is_none_or(|region| place.region == *region))
        .map(|place| (place.id.clone(), place.name.clone()))
        .collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

/// The region asked for, or the only one.
pub(crate) fn region_asked(visit: &Visit, params: &Params) -> Option<RegionId> {
    match visit.directory.regions.as_slice() {
        [only] => Some(only.id.clone()),
        _ => params.get("region").map(RegionId::from),
    }
}

/// The incidents asked for, states aside.
pub(crate) fn incident_filter(params: &Params) -> IncidentFilter {
    IncidentFilter {
        regions: params.get("region").map(RegionId::from).into_iter().collect(),
        block: params.get("block").map(BlockId::from),
        municipality: params.get("municipality").map(PlaceId::from),
        severity_min: params.number("severity").and_then(|level| u8::try_from(level).ok()).unwrap_or(0),
        overdue: params.get("overdue").map(|_| true),
        text: params.get("text").map(ToOwned::to_owned),
        ..IncidentFilter::default()
    }
}

impl Pager {
    /// The pager of a list of which `size` are shown at once.
    pub(crate) fn new(params: &Params, path: &str, size: usize, total: u64) -> Option<Self> {
        let page = params.page();
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let first = (page - 1) * size + 1;
        if total <= size && page == 1 {
            return None;
        }
        let to = |page: usize| params.href(path, &[("page", Some(&page.to_string()))]);
        Some(Self {
            shown: format!("{first}–{} из {total}", (page * size).min(total)),
            before: (page > 1).then(|| to(page - 1)),
            after: (page * size < total).then(|| to(page + 1)),
        })
    }
}
