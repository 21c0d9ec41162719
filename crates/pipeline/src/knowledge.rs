//! What stages decide by: dictionaries, models and regions of one version, put in place of an earlier one while they run.

use std::{fmt, sync::Arc};

use otklik_domain::{PlaceId, RegionId, TopicId};
use otklik_engine::{group::GroupConfig, region::Region};
use otklik_text::{Analyser, Dictionary, Model};
use tokio::sync::watch;

/// What stages decide by. It never changes; another version takes its place as a whole.
pub struct Knowledge {
    /// Names it: the same files give the same version on every machine.
    pub version: String,
    /// Topics, dangers, tones and places.
    pub dictionary: Arc<Dictionary>,
    /// Trained models that add to the dictionary's judgement.
    pub models: Vec<Arc<Model>>,
    /// The regions configured, in order.
    pub regions: Vec<Arc<Region>>,
}

/// What counts now. A stage looks at it before each batch, so that no batch is decided by two versions.
pub type Current = watch::Receiver<Arc<Knowledge>>;

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Knowledge").field("version", &self.version).finish_non_exhaustive()
    }
}

impl Knowledge {
    /// Something that reads posts by it.
    pub fn analyser(&self) -> Analyser {
        Analyser::new(Arc::clone(&self.dictionary), self.models.clone())
    }

    /// A region; `None` when it is not configured.
    pub fn region(&self, id: &RegionId) -> Option<&Region> {
        self.regions.iter().find(|region| region.id == *id).map(Arc::as_ref)
    }

    /// What a topic is called; its id when it is not known.
    pub(crate) fn topic_name(&self, id: &TopicId) -> String {
        self.dictionary.topic(id.as_str()).map_or_else(|| id.to_string(), |topic| topic.name.clone())
    }

    /// What a place is called; its id when it is not known.
    pub(crate) fn place_name(&self, id: &PlaceId) -> String {
        self.dictionary.gazetteer().get(id.as_str()).map_or_else(|| id.to_string(), |place| place.name.clone())
    }
}

/// The bounds of grouping with what a dictionary says of topics.
pub fn group_config(dictionary: &Dictionary) -> GroupConfig {
    GroupConfig {
        area_topics: dictionary.topics().filter(|topic| topic.is_area).map(|topic| topic.id.clone()).collect(),
        topic_names: dictionary.topics().map(|topic| (topic.id.clone(), topic.name.clone())).collect(),
        ..GroupConfig::default()
    }
}

/// What counts now, when that is another version than at the last look.
pub(crate) fn changed(current: &mut Current) -> Option<Arc<Knowledge>> {
    // Who has nobody left to tell it anything goes on with what it knows.
    current.has_changed().unwrap_or(false).then(|| Arc::clone(&current.borrow_and_update()))
}
