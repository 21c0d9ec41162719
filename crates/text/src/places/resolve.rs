//! From names found in a text to places: which of the places of that name is meant, and how sure that is.

use otklik_domain::{Locality, LocatedBy, PlaceId, PlaceKind, PlaceMention};

use super::{
    cues::Cues,
    gazetteer::{Gazetteer, Place},
    street::street_id,
    surroundings::Surroundings,
};
use crate::{lexer::Lexeme, matcher::Words, token::Flags};

/// Farthest a point may lie from any known place to belong to its municipality.
const NEAREST_METRES_MAX: f64 = 30_000.0;
/// Mentions kept for one text.
const MENTIONS_MAX: usize = 32;

/// What is known of a post besides its text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Context<'a> {
    /// The region whose desk it belongs to.
    pub(crate) region: Option<&'a str>,
    /// The municipality its community is at home in.
    pub(crate) home: Option<&'a PlaceId>,
    /// Coordinates.
    pub(crate) point: Option<otklik_domain::GeoPoint>,
}

/// The places a text names, in order, and the municipality the post belongs to.
pub(crate) fn resolve(
    gazetteer: &Gazetteer,
    cues: &Cues,
    names: &[(u32, Words)],
    lexemes: &[Lexeme],
    text: &str,
    context: Context<'_>,
) -> (Vec<PlaceMention>, Option<Locality>) {
    let chosen = longest(names, lexemes);
    let home_region = context.region.or_else(|| named_region(gazetteer, &chosen));
    let mut mentions = Vec::new();
    let mut taken: Vec<Words> = Vec::new();
    let mut found: Vec<(Chosen<'_>, Words)> = chosen
        .into_iter()
        .filter_map(|(name, words)| {
            let surroundings = Surroundings::of(words, lexemes, text, cues);
            Some((choose(gazetteer, &surroundings, (name, words), context, home_region)?, words))
        })
        .collect();
    // The same words may name a street here and a town far away: here comes first.
    found.sort_by_key(|(found, words)| (words.from, !found.in_region));
    let municipalities = municipalities(gazetteer, &found, context);
    for (mut found, words) in found {
        if taken.last() == Some(&words) {
            continue;
        }
        found.move_to(&municipalities, gazetteer);
        if let Some(mention) = mention(gazetteer, cues, &found, words, lexemes, text) {
            taken.push(words);
            mentions.push(mention);
        }
    }
    mentions.extend(cues.streets_in(lexemes, text, &taken));
    mentions.sort_by_key(|mention: &PlaceMention| mention.span);
    mentions.dedup_by(|later, first| later.span.start < first.span.end);
    mentions.truncate(MENTIONS_MAX);
    let locality = locality(gazetteer, &mentions, context);
    if let Some(locality) = &locality {
        for mention in mentions.iter_mut().filter(|mention| mention.kind == PlaceKind::Street) {
            mention.municipality.get_or_insert_with(|| locality.municipality.clone());
        }
    }
    (mentions, locality)
}

/// Of names that overlap the longest, of equally long the first.
fn longest(names: &[(u32, Words)], lexemes: &[Lexeme]) -> Vec<(u32, Words)> {
    let mut sorted: Vec<(u32, Words)> =
        names.iter().copied().filter(|(_, words)| is_unbroken(*words, lexemes)).collect();
    sorted.sort_by_key(|(name, words)| (words.from, u32::MAX - words.to, *name));
    let mut chosen: Vec<(u32, Words)> = Vec::new();
    for (name, words) in sorted {
        match chosen.last() {
            // The same words may be the name of a street and of a town: both are kept for `choose`.
            Some((_, last)) if words.from < last.to && words != *last => {}
            _ => chosen.push((name, words)),
        }
    }
    chosen
}

/// Whether no sentence ends within a name.
fn is_unbroken(words: Words, lexemes: &[Lexeme]) -> bool {
    lexemes
        .get(words.from as usize + 1..words.to as usize)
        .is_none_or(|rest| rest.iter().all(|lexeme| !lexeme.token.flags.has(Flags::AFTER_COMMA)))
}

/// The region a text names, or that of the only town of a name in it.
fn named_region<'g>(gazetteer: &'g Gazetteer, names: &[(u32, Words)]) -> Option<&'g str> {
    let places = |name: u32| gazetteer.of_name(name).iter().filter_map(|&place| gazetteer.by_index(place));
    let named = names.iter().flat_map(|(name, _)| places(*name)).find(|place| place.kind == PlaceKind::Region);
    let town = || {
        names.iter().find_map(|(name, _)| {
            let mut towns = places(*name).filter(|place| place.kind == PlaceKind::Settlement);
            let first = towns.next()?;
            towns.all(|other| other.region == first.region).then_some(first)
        })
    };
    let region = gazetteer.region(named.or_else(town)?)?;
    Some(region.id.as_str())
}

struct Chosen<'g> {
    place: &'g Place,
    name: u32,
    score: f32,
    marked_street: bool,
    in_region: bool,
    /// A street of this name is meant, but that of another town, which the gazetteer does not know.
    is_elsewhere: bool,
}

/// The municipalities that a text names otherwise than by streets, or else its community's home. None of them when nothing tells: then a
/// street is most likely that of the largest town.
fn municipalities(gazetteer: &Gazetteer, found: &[(Chosen<'_>, Words)], context: Context<'_>) -> Vec<PlaceId> {
    let places = found.iter().filter(|(found, _)| found.in_region).map(|(found, _)| found.place);
    let named = places.filter(|place| place.kind != PlaceKind::Street);
    let mut named: Vec<PlaceId> = named.filter_map(|place| Some(gazetteer.municipality(place)?.id.clone())).collect();
    if named.is_empty() {
        named.extend(context.home.cloned());
    }
    named
}

impl<'g> Chosen<'g> {
    /// Takes the street of the same name in one of these municipalities, if there are any, or else one that the gazetteer does not know:
    /// every town has a Lenin street.
    fn move_to(&mut self, municipalities: &[PlaceId], gazetteer: &'g Gazetteer) {
        let is_within = |place: &&Place| {
            gazetteer.municipality(place).is_none_or(|municipality| municipalities.contains(&municipality.id))
        };
        if self.place.kind != PlaceKind::Street || municipalities.is_empty() || is_within(&self.place) {
            return;
        }
        let places = gazetteer.of_name(self.name).iter().filter_map(|&index| gazetteer.by_index(index));
        match places
            .filter(|place| place.kind == PlaceKind::Street && place.region == self.place.region)
            .find(is_within)
        {
            Some(place) => self.place = place,
            None => self.is_elsewhere = true,
        }
    }
}

fn choose<'g>(
    gazetteer: &'g Gazetteer,
    surroundings: &Surroundings,
    (name, words): (u32, Words),
    context: Context<'_>,
    home_region: Option<&str>,
) -> Option<Chosen<'g>> {
    let places = gazetteer.of_name(name);
    let is_at_home = |place: &Place| home_region.is_none_or(|region| gazetteer.is_in_region(place, region));
    let best = places
        .iter()
        .filter_map(|&index| gazetteer.by_index(index))
        .filter(|place| surroundings.allow(place, words))
        // Every town has a Lenin street and a school No. 5: those of other regions are not meant, and without a region the words
        // say which street, not where.
        .filter(|place| is_town_or_larger(place) || home_region.is_some() && is_at_home(place))
        // «Лермонтова, 8» is a street here and no town far away.
        .filter(|place| !surroundings.number || is_at_home(place) || surroundings.kind.is_some())
        .max_by_key(|place| {
            let in_region = home_region.is_some_and(|region| gazetteer.is_in_region(place, region));
            let at_home = context.home.is_some_and(|home| gazetteer.path_up(place).any(|above| above.id == *home));
            let kind = match place.kind {
                PlaceKind::Street => surroundings.street || surroundings.on || surroundings.house,
                PlaceKind::Settlement | PlaceKind::Municipality => !surroundings.street,
                _ => false,
            };
            let marked = surroundings.kind == Some(place.kind);
            // A street of no named town is most likely one of the largest.
            let people = gazetteer.path_up(place).map(|above| above.population).find(|&people| people > 0);
            (marked, in_region, at_home, kind, place.kind == PlaceKind::Settlement, people)
        })?;
    let in_region = is_at_home(best);
    let rivals = places.len() > 1 && home_region.is_none();
    let mut score: f32 = 0.55;
    score += if surroundings.capital { 0.2 } else { 0.0 };
    score += if surroundings.kind.is_some() || surroundings.street { 0.2 } else { 0.0 };
    score += if in_region && home_region.is_some() { 0.15 } else { 0.0 };
    score += if words.to - words.from > 1 { 0.1 } else { 0.0 };
    score -= if surroundings.is_bare() { 0.1 } else { 0.0 };
    score -= if rivals { 0.15 } else { 0.0 };
    score -= if in_region { 0.0 } else { 0.1 };
    Some(Chosen {
        place: best,
        name,
        score: score.clamp(0.1, 0.99),
        marked_street: surroundings.street,
        in_region,
        is_elsewhere: false,
    })
}

fn is_town_or_larger(place: &Place) -> bool {
    matches!(place.kind, PlaceKind::Region | PlaceKind::Municipality | PlaceKind::Settlement)
}

fn mention(
    gazetteer: &Gazetteer,
    cues: &Cues,
    found: &Chosen<'_>,
    words: Words,
    lexemes: &[Lexeme],
    text: &str,
) -> Option<PlaceMention> {
    let place = found.place;
    let mut id = place.id.clone();
    let mut name = place.name.clone();
    let mut span = words.span(lexemes);
    if place.kind == PlaceKind::Street {
        let before = cues.street_before(lexemes, words.from);
        let from = before.map_or(words.from, |(at, _)| at);
        let marker_after = cues.street_after(lexemes, text, words.to);
        let after = words.to + u32::from(marker_after.is_some());
        if found.is_elsewhere {
            id = street_id(&name);
        }
        name = format!("{} {name}", before.map(|(_, word)| word).or(marker_after).unwrap_or("улица"));
        span = Words { from, to: after }.span(lexemes);
        let house = cues.house(lexemes, text, after);
        if house.is_none() && !found.marked_street && words.to - words.from == 1 && found.score < 0.7 {
            return None;
        }
        if let Some((house, end)) = house {
            id = PlaceId::new(format!("{id}:{house}"));
            name = format!("{name}, {}", house.to_uppercase());
            span = Words { from, to: end }.span(lexemes);
        }
    }
    Some(PlaceMention {
        id,
        name,
        kind: place.kind,
        span,
        score: found.score,
        point: place.point.filter(|_| !found.is_elsewhere),
        municipality: gazetteer
            .municipality(place)
            .filter(|_| !found.is_elsewhere)
            .map(|municipality| municipality.id.clone()),
    })
}

/// The municipality a post belongs to: what its text names, else its coordinates, else its community's home.
fn locality(gazetteer: &Gazetteer, mentions: &[PlaceMention], context: Context<'_>) -> Option<Locality> {
    let in_region = |id: &PlaceId| {
        gazetteer
            .get(id.as_str())
            .is_some_and(|place| context.region.is_none_or(|region| gazetteer.is_in_region(place, region)))
    };
    let named = mentions
        .iter()
        .filter(|mention| mention.municipality.as_ref().is_some_and(&in_region))
        .max_by(|a, b| a.score.total_cmp(&b.score).then(b.span.cmp(&a.span)))
        .and_then(|mention| mention.municipality.clone());
    let by_text = named.map(|id| (id, LocatedBy::Text));
    let by_point = || {
        let municipality = gazetteer.nearest_municipality(context.point?, context.region?, NEAREST_METRES_MAX)?;
        Some((municipality.id.clone(), LocatedBy::Coordinates))
    };
    let by_home = || context.home.map(|home| (home.clone(), LocatedBy::Community));
    let (municipality, by) = by_text.or_else(by_point).or_else(by_home)?;
    let name = gazetteer.get(municipality.as_str())?.name.clone();
    Some(Locality { municipality, name, by })
}
