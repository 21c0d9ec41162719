//! Which body answers for a problem: topic × place × the tree of bodies, with the reason.

use otklik_domain::{AgencyId, PlaceId, RouteReason, TopicId};

use crate::region::{Competence, Region};

/// What is to be routed. Names are for the reasons people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Matter<'a> {
    /// The topic, where there is one.
    pub topic: Option<&'a TopicId>,
    /// The topic's name.
    pub topic_name: &'a str,
    /// The municipality, where it is known.
    pub municipality: Option<&'a PlaceId>,
    /// The municipality's name.
    pub municipality_name: &'a str,
}

/// A body and why it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The body.
    pub agency: AgencyId,
    /// The steps of the choice, for people to read.
    pub why: Vec<RouteReason>,
}

/// How closely a body's competence names a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Anything,
    Block,
    Topic,
}

impl Region {
    /// Finds the body for a topic in a municipality.
    ///
    /// Candidates answer for the topic there. The one whose competence names the topic most closely wins, then one of the
    /// municipality before one of the region, then the first in the file. With the municipality not known only bodies of the
    /// whole region are candidates. When there is none, it is the default body.
    pub fn route(&self, matter: &Matter<'_>) -> Route {
        let Some(topic) = matter.topic else {
            return self.default_route("тема не определена, решает центр управления регионом".to_owned());
        };
        let mut best: Option<(Closeness, bool, &Competence)> = None;
        for competence in &self.competences {
            let Some(closeness) = closeness(competence, topic) else { continue };
            let local = competence.municipality.is_some();
            if local && competence.municipality.as_ref() != matter.municipality {
                continue;
            }
            // Only a better one replaces the first in the file.
            if best.is_none_or(|(best_closeness, best_local, _)| (closeness, local) > (best_closeness, best_local)) {
                best = Some((closeness, local, competence));
            }
        }
        match best {
            Some((closeness, local, competence)) => self.chosen(matter, topic, closeness, local, competence),
            None => self.default_route(format!("за тему «{}» здесь никто не отвечает", name_of(matter, topic))),
        }
    }

    fn chosen(
        &self,
        matter: &Matter<'_>,
        topic: &TopicId,
        closeness: Closeness,
        local: bool,
        competence: &Competence,
    ) -> Route {
        let name = self.agencies.get(&competence.agency).map_or("", |agency| agency.name.as_str());
        let by_topic = match closeness {
            Closeness::Topic => ("topic", format!("{name}: отвечает за тему «{}»", name_of(matter, topic))),
            Closeness::Block => (
                "block",
                format!("{name}: отвечает за направление, к которому относится тема «{}»", name_of(matter, topic)),
            ),
            Closeness::Anything => ("any", format!("{name}: отвечает за все темы")),
        };
        let place = matter.municipality_name;
        let by_place = match (local, matter.municipality) {
            (true, _) => ("municipality", format!("работает в муниципалитете «{place}»")),
            (false, None) => ("region", "муниципалитет не определён: орган регионального уровня".to_owned()),
            (false, Some(_)) => ("region", format!("работает во всём регионе, включая «{place}»")),
        };
        let reason = |(rule, why): (&str, String)| RouteReason { rule: rule.to_owned(), why };
        Route { agency: competence.agency.clone(), why: vec![reason(by_topic), reason(by_place)] }
    }

    fn default_route(&self, why: String) -> Route {
        Route { agency: self.default_agency.clone(), why: vec![RouteReason { rule: "default".to_owned(), why }] }
    }
}

fn name_of<'a>(matter: &Matter<'a>, topic: &'a TopicId) -> &'a str {
    if matter.topic_name.is_empty() { topic.as_str() } else { matter.topic_name }
}

fn closeness(competence: &Competence, topic: &TopicId) -> Option<Closeness> {
    let block = topic.block();
    competence
        .topics
        .iter()
        .filter_map(|named| {
            if named == topic.as_str() {
                Some(Closeness::Topic)
            } else if named == block.as_str() {
                Some(Closeness::Block)
            } else if named == "*" {
                Some(Closeness::Anything)
            } else {
                None
            }
        })
        .max()
}
