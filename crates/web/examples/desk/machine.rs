//! The pipeline in a few lines: analyse, group, store, decide. The real one survives a kill; this one lives in memory.

use std::{error::Error, sync::Arc};

use otklik_domain::Post;
use otklik_engine::{
    group::Grouper,
    incidents::{Decision, Joined, Known, decide},
    region::Region,
};
use otklik_ports::{
    IncidentBatch, Incidents, NewIncident, PartitionPosition, PostBatch, PostRow, Posts, Refresh, Search, SearchBatch,
    memory::{MemoryIncidents, MemoryPosts, MemorySearch},
};
use otklik_text::{Analyser, Dictionary};

use crate::setting::Setting;

/// Takes posts from the source to the stores.
pub(crate) struct Machine {
    pub(crate) incidents: Arc<MemoryIncidents>,
    posts: Arc<MemoryPosts>,
    search: Arc<MemorySearch>,
    dictionary: Arc<Dictionary>,
    region: Arc<Region>,
    analyser: Analyser,
    grouper: Grouper,
    taken: u64,
}

impl Machine {
    pub(crate) fn new(
        setting: &Setting,
        (posts, search, incidents): (Arc<MemoryPosts>, Arc<MemorySearch>, Arc<MemoryIncidents>),
    ) -> Self {
        Self {
            analyser: Analyser::new(Arc::clone(&setting.dictionary), Vec::new()),
            grouper: Grouper::new(setting.region.id.clone(), setting.grouping()),
            dictionary: Arc::clone(&setting.dictionary),
            region: Arc::clone(&setting.region),
            incidents,
            posts,
            search,
            taken: 0,
        }
    }

    /// Takes a post all the way.
    pub(crate) async fn take(&mut self, post: Post) -> Result<(), Box<dyn Error>> {
        let analysis = self.analyser.analyse(&post);
        let grouped = self.grouper.add(&post, &analysis);
        let event = self.grouper.event(&grouped.group.event).ok_or("the event of a post is not in the window")?;
        self.taken += 1;
        let now = post.published_at;
        let row = PostRow { post, analysis, group: grouped.group, version: self.taken };
        let next = PartitionPosition { partition: 0, offset: self.taken };
        self.search.write(SearchBatch { rows: vec![row.clone()], deleted: Vec::new(), next }).await?;
        let batch = PostBatch {
            rows: vec![row.clone()],
            events: vec![event.clone()],
            token: self.taken.to_string(),
            ..PostBatch::default()
        };
        self.posts.write(batch).await?;

        let of_event = self.incidents.by_events(std::slice::from_ref(&event.id)).await?.pop();
        let like_it = self.incidents.running_like(&event).await?.into_iter().next();
        let known = Known { of_event: of_event.as_ref().map(|(_, incident)| incident), like_it: like_it.as_ref() };
        let topic = event.topic.as_ref().and_then(|topic| self.dictionary.topic(topic.as_str()));
        let place = event.municipality.as_ref().and_then(|place| self.dictionary.gazetteer().get(place.as_str()));
        let joined = Joined {
            post: &row.post,
            analysis: &row.analysis,
            event: &event,
            topic_name: topic.map_or("", |topic| &topic.name),
            municipality_name: place.map_or("", |place| &place.name),
        };
        let mut batch = IncidentBatch::default();
        match decide(&joined, known, &self.region, now) {
            Decision::Nothing => return Ok(()),
            Decision::Open(opened) => {
                let (incident, change) = *opened;
                batch.opened.push(NewIncident { incident, change });
            }
            Decision::Join(id) => batch.joined.push((event.id.clone(), id)),
            Decision::Refresh(id) => batch.refreshed.push(Refresh {
                id,
                posts: event.totals.posts,
                authors: event.totals.authors,
                risk: event.risk.score(),
            }),
        }
        Ok(self.incidents.write(batch).await?)
    }
}
