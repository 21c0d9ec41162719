//! Who writes where: pseudonymous authors and the communities they choose.

use otklik_domain::Network;

use super::{
    content::{Community, Content},
    random::Random,
};

/// Authors of the region who write in public at all.
const AUTHORS: usize = 2_600;

/// A key as a deployment would make it: it tells one voice from another, no more.
pub(super) fn author_key(number: u64) -> String {
    let mut digits = Random::new(number ^ 0x006f_746b_6c69_6b00);
    format!("{:016x}{:016x}", digits.next(), digits.next())
}

/// Some author. Few write much and many write little.
pub(super) fn someone(random: &mut Random) -> String {
    let rank = random.unit().powf(1.8) * AUTHORS as f64;
    author_key(rank as u64)
}

/// A community of a network, by index, that fits what is to be posted.
pub(super) fn community(content: &Content, network: Network, fits: Fits<'_>, random: &mut Random) -> Option<usize> {
    let weights = content.communities.iter().map(|community| {
        let usable = community.network == network && !community.official;
        if usable { fits.weight(community) } else { 0.0 }
    });
    random.weighted(weights)
}

/// What is looked for in a community.
#[derive(Debug, Clone, Copy)]
pub(super) enum Fits<'a> {
    /// Talk of the whole region.
    Talk,
    /// An advertisement.
    Advert,
    /// Something that happened in a municipality, or everywhere.
    Event(Option<&'a str>),
}

impl Fits<'_> {
    fn weight(self, community: &Community) -> f64 {
        let share = f64::from(community.share);
        match self {
            Self::Talk if community.adverts || community.municipality.is_some() => share * 0.3,
            Self::Talk => share,
            Self::Advert if community.adverts => share * 8.0,
            Self::Advert => share,
            Self::Event(_) if community.adverts => 0.0,
            Self::Event(place) => match community.municipality.as_deref() {
                None => share,
                home if home == place => share * 3.0,
                Some(_) => 0.0,
            },
        }
    }
}
