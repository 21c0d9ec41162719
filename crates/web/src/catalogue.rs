//! Names of topics, blocks and places, and the regions with their bodies: what pages and replies show beside the ids.

use std::{collections::BTreeMap, sync::Arc};

use otklik_domain::{Agency, AgencyId, BlockId, Incident, PlaceId, PlaceKind, RegionId, TopicId};
use otklik_engine::region::Region;

/// A sector block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The block.
    pub id: BlockId,
    /// Its name for people.
    pub name: String,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The topic.
    pub id: TopicId,
    /// Its name for people.
    pub name: String,
    /// Its block.
    pub block: BlockId,
}

/// A place of a gazetteer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The place.
    pub id: PlaceId,
    /// Its usual name.
    pub name: String,
    /// Its kind.
    pub kind: PlaceKind,
    /// The region whose gazetteer has it.
    pub region: RegionId,
    /// The municipality it lies in, or itself.
    pub municipality: Option<PlaceId>,
}

/// Blocks, topics and places by id.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    blocks: Vec<Block>,
    topics: BTreeMap<TopicId, Topic>,
    places: BTreeMap<PlaceId, Place>,
}

impl Catalogue {
    /// Makes a catalogue. Blocks keep their order; of two entries with one id the later stays.
    pub fn new(
        blocks: impl IntoIterator<Item = Block>,
        topics: impl IntoIterator<Item = Topic>,
        places: impl IntoIterator<Item = Place>,
    ) -> Self {
        Self {
            blocks: blocks.into_iter().collect(),
            topics: topics.into_iter().map(|topic| (topic.id.clone(), topic)).collect(),
            places: places.into_iter().map(|place| (place.id.clone(), place)).collect(),
        }
    }

    /// Every block, in the order given.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Every topic, by id.
    pub fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// Every place, by id.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.values()
    }

    /// A topic.
    pub fn topic(&self, id: &TopicId) -> Option<&Topic> {
        self.topics.get(id)
    }

    /// A place.
    pub fn place(&self, id: &PlaceId) -> Option<&Place> {
        self.places.get(id)
    }

    /// The name of a block; the id itself when it is not known.
    pub fn block_name<'a>(&'a self, id: &'a BlockId) -> &'a str {
        self.blocks.iter().find(|block| block.id == *id).map_or(id.as_str(), |block| &block.name)
    }

    /// The name of a topic; the id itself when it is not known.
    pub fn topic_name<'a>(&'a self, id: &'a TopicId) -> &'a str {
        self.topics.get(id).map_or(id.as_str(), |topic| &topic.name)
    }

    /// The name of a place; the id itself when it is not known.
    pub fn place_name<'a>(&'a self, id: &'a PlaceId) -> &'a str {
        self.places.get(id).map_or(id.as_str(), |place| &place.name)
    }
}

/// The regions of the deployment and the catalogue. It never changes; a reload puts another in its place.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Regions, in the order of the configuration.
    pub regions: Vec<Arc<Region>>,
    /// Names.
    pub catalogue: Catalogue,
}

impl Directory {
    /// A region.
    pub fn region(&self, id: &RegionId) -> Option<&Arc<Region>> {
        self.regions.iter().find(|region| region.id == *id)
    }

    /// The region of an incident.
    pub fn region_of(&self, incident: &Incident) -> Option<&Arc<Region>> {
        self.region(&incident.region)
    }

    /// A body of any region.
    pub fn agency(&self, id: &AgencyId) -> Option<&Agency> {
        self.regions.iter().find_map(|region| region.agencies.get(id))
    }

    /// The name of a body; the id itself when it is not known.
    pub fn agency_name<'a>(&'a self, id: &'a AgencyId) -> &'a str {
        self.agency(id).map_or(id.as_str(), |agency| &agency.name)
    }

    /// A body and all below it, by id; empty when it is not known.
    pub fn subtree(&self, id: &AgencyId) -> Vec<AgencyId> {
        self.regions
            .iter()
            .find(|region| region.agencies.get(id).is_some())
            .map(|region| region.agencies.subtree(id))
            .unwrap_or_default()
    }
}
