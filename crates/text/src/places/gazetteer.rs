//! The places of the dictionary and their names.

use otklik_domain::{GeoPoint, PlaceId, PlaceKind};
use rustc_hash::FxHashMap;

use super::decline::forms;
use crate::{
    fold::fold,
    lexicon::{Lexicon, Target, WordId},
    source::{Problem, SourceFile, tsv_lines},
};

const COLUMNS: [&str; 8] = ["id", "kind", "name", "parent", "lat", "lon", "population", "aliases"];

/// A place of the gazetteer.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The place.
    pub id: PlaceId,
    /// Its kind.
    pub kind: PlaceKind,
    /// Its usual name.
    pub name: String,
    /// Index of the place it lies in.
    pub(crate) parent: Option<u32>,
    /// Index of its region.
    pub(crate) region: u32,
    /// Coordinates, where they are known.
    pub point: Option<GeoPoint>,
    /// Inhabitants, 0 where not known.
    pub population: u32,
}

/// The places known and their names.
#[derive(Debug, Default)]
pub struct Gazetteer {
    places: Vec<Place>,
    by_id: FxHashMap<PlaceId, u32>,
    /// By name: the places it may mean.
    names: Vec<Vec<u32>>,
    name_ids: FxHashMap<String, u32>,
    words: FxHashMap<String, WordId>,
}

impl Gazetteer {
    /// A place by its id.
    pub fn get(&self, id: &str) -> Option<&Place> {
        self.by_index(*self.by_id.get(id)?)
    }

    /// Every place, in order of the files.
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// The municipality a place lies in, or is.
    pub fn municipality<'g>(&'g self, place: &'g Place) -> Option<&'g Place> {
        self.path_up(place).find(|above| above.kind == PlaceKind::Municipality)
    }

    /// The region a place lies in, or is.
    pub fn region(&self, place: &Place) -> Option<&Place> {
        self.by_index(place.region)
    }

    /// The municipality whose nearest known place is nearest to a point, at most `metres_max` away.
    pub fn nearest_municipality(&self, point: GeoPoint, region: &str, metres_max: f64) -> Option<&Place> {
        let region = *self.by_id.get(region)?;
        let candidates = self.places.iter().filter(|place| place.region == region);
        let near = candidates.filter_map(|place| {
            let municipality = self.municipality(place)?;
            Some((place.point?.distance_m(point), municipality))
        });
        let nearest = near.min_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (nearest.0 <= metres_max).then_some(nearest.1)
    }

    pub(crate) fn by_index(&self, index: u32) -> Option<&Place> {
        self.places.get(index as usize)
    }

    /// The place itself and those it lies in, nearest first.
    pub(crate) fn path_up<'g>(&'g self, place: &'g Place) -> impl Iterator<Item = &'g Place> {
        std::iter::successors(Some(place), |place| self.by_index(place.parent?))
    }

    pub(crate) fn of_name(&self, name: u32) -> &[u32] {
        self.names.get(name as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether `place` is, or lies in, the region of this id.
    pub(crate) fn is_in_region(&self, place: &Place, region: &str) -> bool {
        self.by_index(place.region).is_some_and(|above| above.id.as_str() == region)
    }

    /// Reads `places/REGION.tsv`.
    pub(crate) fn read(&mut self, file: &SourceFile<'_>, lexicon: &mut Lexicon, problems: &mut Vec<Problem>) {
        let mut lines = tsv_lines(file);
        match lines.next() {
            Some((_, header)) if header == COLUMNS => {}
            header => {
                let line = header.map_or(0, |(line, _)| line);
                let message = format!("expected the header line {}", COLUMNS.join(" "));
                return problems.push(Problem::on_line(file, line, message));
            }
        }
        let mut region = None;
        for (line, fields) in lines {
            if let Err(message) = self.read_line(&fields, &mut region, lexicon) {
                problems.push(Problem::on_line(file, line, message));
            }
        }
    }

    fn read_line(&mut self, fields: &[&str], region: &mut Option<u32>, lexicon: &mut Lexicon) -> Result<(), String> {
        let &[id, kind, name, parent, lat, lon, population, aliases] = fields else {
            return Err(format!("expected {} columns parted by tabs, found {}", COLUMNS.len(), fields.len()));
        };
        let kind: PlaceKind = kind.parse().map_err(|error| format!("{error}"))?;
        if id.is_empty() || fold(name).is_empty() {
            return Err("id and name must not be empty".to_owned());
        }
        let index = self.places.len() as u32;
        let parent = match (kind, parent) {
            (PlaceKind::Region, "") => None,
            (PlaceKind::Region, _) => return Err("a region has no parent".to_owned()),
            (_, "") => return Err(format!("{id} needs a parent")),
            (_, parent) => {
                let unknown = || format!("parent {parent} of {id} is not listed above it");
                Some(*self.by_id.get(parent).ok_or_else(unknown)?)
            }
        };
        let place = Place {
            id: PlaceId::from(id),
            kind,
            name: name.to_owned(),
            parent,
            region: parent.and_then(|parent| self.by_index(parent)).map_or(index, |parent| parent.region),
            point: point(lat, lon)?,
            population: number(population)?,
        };
        if kind == PlaceKind::Region && region.is_some() && self.by_id.contains_key(id) {
            return Err(format!("region {id} is there twice"));
        }
        *region = region.or(Some(place.region));
        if self.by_id.contains_key(id) {
            return Err(format!("place {id} is there twice"));
        }
        self.by_id.insert(place.id.clone(), index);
        self.places.push(place);
        for name in std::iter::once(name).chain(aliases.split(';')).map(str::trim).filter(|name| !name.is_empty()) {
            self.add_name(name, kind, index, lexicon);
            if let Some(rest) = name.strip_prefix("посёлок ") {
                SETTLEMENTS.iter().for_each(|short| self.add_name(&format!("{short} {rest}"), kind, index, lexicon));
            }
        }
        Ok(())
    }

    fn add_name(&mut self, name: &str, kind: PlaceKind, place: u32, lexicon: &mut Lexicon) {
        let words: Vec<String> = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(fold)
            .filter(|word| !word.is_empty())
            .collect();
        // A street's name is mostly a genitive, which stays as it is: only adjectives are declined.
        let key = format!("{}{}", words.join(" "), if kind == PlaceKind::Street { "/" } else { "" });
        let next = self.names.len() as u32;
        let id = *self.name_ids.entry(key).or_insert(next);
        if id == next {
            self.names.push(Vec::new());
            let ids: Vec<WordId> = words.iter().map(|word| self.word(word, kind, lexicon)).collect();
            lexicon.add_words(&ids, Target::Name(id));
        }
        if let Some(places) = self.names.get_mut(id as usize)
            && !places.contains(&place)
        {
            places.push(place);
        }
    }

    fn word(&mut self, word: &str, kind: PlaceKind, lexicon: &mut Lexicon) -> WordId {
        let declined = kind != PlaceKind::Street || is_adjective(word);
        let key = if declined { word.to_owned() } else { format!("{word}/") };
        if let Some(&id) = self.words.get(&key) {
            return id;
        }
        let forms = if declined && !word.starts_with(|c: char| c.is_ascii_digit()) {
            forms(word)
        } else {
            vec![word.to_owned()]
        };
        let id = lexicon.any_of(forms.iter().map(String::as_str));
        self.words.insert(key, id);
        id
    }
}

/// How the word for a settlement is cut short before its name: «пос. Игра».
const SETTLEMENTS: [&str; 4] = ["пос", "п", "пгт", "рп"];

fn is_adjective(word: &str) -> bool {
    ["ая", "яя", "ий", "ый", "ое", "ее"].iter().any(|ending| word.ends_with(ending))
}

fn point(lat: &str, lon: &str) -> Result<Option<GeoPoint>, String> {
    if lat.is_empty() && lon.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("{lat:?}, {lon:?} is not a point on the Earth");
    let (lat, lon): (f64, f64) = (lat.parse().map_err(|_| wrong())?, lon.parse().map_err(|_| wrong())?);
    GeoPoint::new(lat, lon).map(Some).ok_or_else(wrong)
}

fn number(text: &str) -> Result<u32, String> {
    if text.is_empty() { Ok(0) } else { text.parse().map_err(|_| format!("population {text:?} is not a number")) }
}
