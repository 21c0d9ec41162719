//! How the places of a post and an event lie to each other.

use otklik_domain::GeoPoint;

use crate::group::event::{EventState, Facts, Located};

/// How the places of a post and an event lie to each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Nearness {
    /// The same house, or the same spot of the map: it may have many troubles.
    SameAddress,
    /// The same bridge, school, shop.
    SameLandmark,
    /// The same street, a house named on one side at most.
    SameStreet,
    /// The same part of the town, the same village, or the same town named by both.
    SamePart,
    /// Within a few houses on the map.
    Near,
    /// Farther than that on the map, within one part of the town.
    SameDistrict,
    /// Another house of the same street.
    OtherHouse,
    /// The same town, an address on one side at most.
    SameTown,
    /// Another address of the same town.
    OtherAddress,
    /// Another town.
    OtherTown,
    /// Told in the community of another town than the event's.
    Elsewhere,
    /// Not known of one of them.
    Unknown,
}

const SAME_SPOT_METRES: f64 = 25.0;
const NEAR_METRES: f64 = 150.0;
const DISTRICT_METRES: f64 = 1_500.0;
const TOWN_METRES: f64 = 20_000.0;

/// By their points where both have one, else by town and address.
pub(super) fn nearness(facts: &Facts<'_>, event: &EventState) -> Nearness {
    let metres = facts
        .geo()
        .zip(event.point.and_then(|(lat, lon)| GeoPoint::new(lat, lon)))
        .map(|(own, theirs)| own.distance_m(theirs));
    if let Some(metres) = metres {
        return match metres {
            _ if metres <= SAME_SPOT_METRES => Nearness::SameAddress,
            _ if metres <= NEAR_METRES => Nearness::Near,
            _ if metres <= DISTRICT_METRES => Nearness::SameDistrict,
            _ if metres <= TOWN_METRES => Nearness::OtherAddress,
            _ => Nearness::OtherTown,
        };
    }
    let own_town = facts.municipality.map(|(id, _)| id);
    let their_town = event.municipality().map(|(id, _)| id.as_str());
    if own_town.is_some() && their_town.is_some() && own_town != their_town {
        // People tell in one town's community what happens in another.
        let sure = facts.is_town_sure && event.is_town_sure();
        return if sure { Nearness::OtherTown } else { Nearness::Elsewhere };
    }
    let Some(own) = &facts.address else {
        return match (own_town, their_town) {
            // Who names the town and nothing more precise means the whole of it.
            (Some(_), Some(_)) if facts.names_town && event.is_town_sure() => Nearness::SamePart,
            (Some(_), Some(_)) => Nearness::SameTown,
            _ => Nearness::Unknown,
        };
    };
    if event.addresses.iter().any(|theirs| theirs.key == own.key) {
        return match own.rank {
            3 => Nearness::SameAddress,
            2 => Nearness::SameLandmark,
            1 => Nearness::SameStreet,
            _ => Nearness::SamePart,
        };
    }
    let on_street = |theirs: &&Located| own.street != 0 && theirs.street == own.street;
    match event.addresses.iter().filter(on_street).max_by_key(|theirs| theirs.rank) {
        Some(theirs) if theirs.rank == 3 && own.rank == 3 => Nearness::OtherHouse,
        Some(_) => Nearness::SameStreet,
        None if event.addresses.is_empty() => {
            if own_town.is_some() && their_town.is_some() {
                Nearness::SameTown
            } else {
                Nearness::Unknown
            }
        }
        // A part of the town may well hold the address; another part does not.
        None => {
            let theirs_are_parts = event.addresses.iter().all(|theirs| theirs.rank == 0);
            if (own.rank == 0) == theirs_are_parts { Nearness::OtherAddress } else { Nearness::SameTown }
        }
    }
}
