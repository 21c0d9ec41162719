//! Names for the desk and the API, from the dictionaries.

use std::sync::Arc;

use otklik_domain::RegionId;
use otklik_engine::region::Region;
use otklik_text::Dictionary;
use otklik_web::{Block, Catalogue, Directory, Place, Topic};

/// The regions with the names of every topic and of the places of those regions.
pub(crate) fn directory(dictionary: &Dictionary, regions: &[Arc<Region>]) -> Directory {
    let blocks = dictionary.blocks().iter().map(|(id, name)| Block { id: id.clone(), name: name.clone() });
    let topics = dictionary.topics().map(|topic| Topic {
        id: topic.id.clone(),
        name: topic.name.clone(),
        block: topic.id.block(),
    });
    let gazetteer = dictionary.gazetteer();
    let places = gazetteer.places().iter().filter_map(|place| {
        let region = region_of(place.id.as_str());
        regions.iter().any(|own| own.id == region).then(|| Place {
            id: place.id.clone(),
            name: place.name.clone(),
            kind: place.kind,
            region,
            municipality: gazetteer.municipality(place).map(|municipality| municipality.id.clone()),
        })
    });
    Directory { regions: regions.to_vec(), catalogue: Catalogue::new(blocks, topics, places) }
}

/// The region of a place: the first part of its id.
fn region_of(place: &str) -> RegionId {
    RegionId::new(place.split_once('.').map_or(place, |(region, _)| region))
}
