//! Facets of a search: what was found, by field, each value a link that adds or takes it away.

use otklik_domain::{BlockId, Intent, Network, PlaceId, SentimentLabel, TopicId};
use otklik_ports::{Facet, FacetField};

use crate::{
    Catalogue,
    desk::{
        params::Params,
        say::{capital, intent, network, number, sentiment},
        visit::Visit,
    },
};

/// Values shown of a field before the rest is folded.
const SHOWN: usize = 7;

/// The values of a field.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) values: Vec<Value>,
    pub(super) folded: Vec<Value>,
}

/// A value of a field.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) count: String,
    pub(super) href: String,
    pub(super) chosen: bool,
}

/// The facets of a search by field; chosen values are there even when nothing has them.
pub(super) fn groups(visit: &Visit, params: &Params, facets: &[Facet]) -> Vec<Group> {
    let names = &visit.directory.catalogue;
    let group = |field: FacetField| {
        let found = facets.iter().filter(|facet| facet.field == field);
        let mut values: Vec<Value> =
            found.map(|facet| value(names, params, field, &facet.value, facet.posts)).collect();
        for chosen in params.all(field.as_str()) {
            if !facets.iter().any(|facet| facet.field == field && facet.value == chosen) {
                values.push(value(names, params, field, chosen, 0));
            }
        }
        values.sort_by_key(|value| !value.chosen);
        let folded = values.split_off(values.len().min(SHOWN));
        Group { name: field_name(field), values, folded }
    };
    FacetField::ALL.into_iter().map(group).filter(|group| !group.values.is_empty()).collect()
}

/// The chosen values: words and the address without them.
pub(super) fn chosen(visit: &Visit, params: &Params) -> Vec<(String, String)> {
    let names = &visit.directory.catalogue;
    FacetField::ALL
        .into_iter()
        .flat_map(|field| params.all(field.as_str()).map(move |value| (field, value)))
        .map(|(field, value)| (value_name(names, field, value), params.toggled("/search", field.as_str(), value)))
        .collect()
}

/// What a field is called.
pub(super) fn field_name(field: FacetField) -> &'static str {
    match field {
        FacetField::Block => "Направление",
        FacetField::Topic => "Тема",
        FacetField::Municipality => "Муниципалитет",
        FacetField::Network => "Сеть",
        FacetField::Sentiment => "Тональность",
        FacetField::Intent => "Чего хотят",
    }
}

/// What a value of a field is called; the value itself when it is not known.
pub(super) fn value_name(names: &Catalogue, field: FacetField, value: &str) -> String {
    match field {
        FacetField::Block => names.block_name(&BlockId::from(value)).to_owned(),
        FacetField::Topic => names.topic_name(&TopicId::from(value)).to_owned(),
        FacetField::Municipality => names.place_name(&PlaceId::from(value)).to_owned(),
        FacetField::Network => {
            value.parse::<Network>().map_or_else(|_| value.to_owned(), |one| network(one).to_owned())
        }
        FacetField::Sentiment => {
            value.parse::<SentimentLabel>().map_or_else(|_| value.to_owned(), |one| capital(sentiment(one)))
        }
        FacetField::Intent => value.parse::<Intent>().map_or_else(|_| value.to_owned(), |one| capital(intent(one))),
    }
}

fn value(names: &Catalogue, params: &Params, field: FacetField, value: &str, posts: u64) -> Value {
    Value {
        name: value_name(names, field, value),
        count: number(posts),
        href: params.toggled("/search", field.as_str(), value),
        chosen: params.has(field.as_str(), value),
    }
}
