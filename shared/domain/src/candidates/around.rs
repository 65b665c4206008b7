//! Places around a place.

use std::sync::LazyLock;

use super::{Pool, UnknownPostalCode};
use crate::geo::{Coordinates, METRES_PER_DEGREE_OF_LATITUDE, Spot};
use crate::postal_codes::{self, PostalCode};

/// The height of a band of places, in degrees of latitude: about 14 km.
const BAND: f64 = 0.125;

/// The band in which a point lies.
pub(super) fn band(at: Coordinates) -> i32 {
    (at.latitude() / BAND).floor() as i32
}

/// All postal codes as the country lies: by rising band, in each from west to east. What distances ask
/// of a place is computed once in a process.
pub(super) struct Atlas {
    spots: Vec<Spot>,
    /// The rank of each code among them, by the code's number.
    ranks: Vec<u16>,
}

const NOWHERE: u16 = u16::MAX;

impl Atlas {
    pub(super) fn builtin() -> &'static Self {
        static ATLAS: LazyLock<Atlas> = LazyLock::new(|| {
            let mut places: Vec<_> = postal_codes::builtin().iter().collect();
            places.sort_by(|one, other| {
                let (here, there) = (one.coordinates, other.coordinates);
                band(here)
                    .cmp(&band(there))
                    .then(here.longitude().total_cmp(&there.longitude()))
                    .then(one.postal_code.cmp(&other.postal_code))
            });
            let mut ranks = vec![NOWHERE; PostalCode::NUMBERS];
            for (place, rank) in places.iter().zip(0..NOWHERE) {
                ranks[place.postal_code.number()] = rank;
            }
            Atlas {
                spots: places.iter().map(|place| Spot::new(place.coordinates)).collect(),
                ranks,
            }
        });
        &ATLAS
    }

    pub(super) fn rank(&self, code: PostalCode) -> Result<u16, UnknownPostalCode> {
        let rank = self.ranks[code.number()];
        if rank == NOWHERE {
            Err(UnknownPostalCode(code))
        } else {
            Ok(rank)
        }
    }

    pub(super) fn spot(&self, rank: u16) -> Spot {
        self.spots[usize::from(rank)]
    }
}

/// Where a postal code lies.
pub(super) fn spot(code: PostalCode) -> Result<Spot, UnknownPostalCode> {
    let atlas = Atlas::builtin();
    Ok(atlas.spot(atlas.rank(code)?))
}

/// A postal code under which experts live, and which sheets are theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) spot: Spot,
    pub(super) first: u32,
    pub(super) with_room_end: u32,
    pub(super) end: u32,
}

/// A place within reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reached {
    pub(super) metres: u32,
    /// The index of the place.
    pub(super) place: u32,
    /// The points for distance of who travels as far as the case's radius goes; nobody there has more. Not
    /// counted while places are searched for.
    pub(super) points: i32,
}

impl Pool<'_> {
    /// The places at most so many metres away, each with its distance, in the order in which they lie.
    pub(super) fn around(&self, center: &Spot, radius_m: u32, found: &mut Vec<Reached>) {
        found.clear();
        // far enough to exclude nothing that rounding to metres would let in
        let degrees = (f64::from(radius_m) + 1.0) / METRES_PER_DEGREE_OF_LATITUDE;
        let at = center.coordinates();
        // meridians come closer towards the poles: the widest difference is at the end nearer to one
        let narrowest = (at.latitude().abs() + degrees).min(90.0).to_radians().cos();
        let widest = degrees / narrowest.max(1e-9);
        let (south, north) = (at.latitude() - degrees, at.latitude() + degrees);
        // where the window goes around the earth, whole bands are looked at
        let around = at.longitude() - widest < -180.0 || at.longitude() + widest > 180.0;
        let longitude = |place: &Place| place.spot.coordinates().longitude();
        let from = self
            .bands
            .partition_point(|(band, _)| f64::from(*band + 1) * BAND < south);
        for (index, (band, first)) in self.bands.iter().enumerate().skip(from) {
            if f64::from(*band) * BAND > north {
                break;
            }
            let end = self.bands.get(index + 1).map_or(self.places.len(), |next| next.1);
            let places = &self.places[*first..end];
            let west = if around {
                0
            } else {
                places.partition_point(|place| longitude(place) < at.longitude() - widest)
            };
            for (place, number) in places[west..].iter().zip((first + west) as u32..) {
                if !around && longitude(place) > at.longitude() + widest {
                    break;
                }
                let metres = center.distance_m(&place.spot);
                if metres <= radius_m {
                    found.push(Reached {
                        metres,
                        place: number,
                        points: 0,
                    });
                }
            }
        }
    }
}
