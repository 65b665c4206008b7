//! Places around a place.

use std::sync::{LazyLock, OnceLock};

use super::{Pool, UnknownPostalCode};
use crate::geo::{Coordinates, METRES_PER_DEGREE_OF_LATITUDE, Spot};
use crate::postal_codes::{self, PostalCode};

/// The height of a band of places, in degrees of latitude: about 14 km.
const BAND: f64 = 0.125;

/// The band in which a point lies.
pub(super) fn band(at: Coordinates) -> i32 {
    (at.latitude() / BAND).floor() as i32
}

/// All postal codes as the country lies: by rising band, in each from west to east. How far they are from
/// each other is computed once in a process, for those places that are asked about.
pub(super) struct Atlas {
    spots: Vec<Spot>,
    /// The bands that have codes, and the rank at which each begins.
    bands: Vec<(i32, u16)>,
    /// The rank of each code among them, by the code's number.
    ranks: Vec<u16>,
    /// The codes around each, by its rank, for each radius that is kept.
    neighbours: Vec<[OnceLock<Box<[Neighbour]>>; KEPT]>,
}

/// A postal code near another one. Millions of them are kept in the end.
#[derive(Debug, Clone, Copy)]
struct Neighbour {
    rank: u16,
    metres: u16,
}

/// The radii for which neighbours are kept are the multiples of this: radii are set in whole kilometres,
/// nearly always in tens of them.
const KEPT_STEP_M: u32 = 10_000;
/// So many radii are kept; the widest is less than 2^16 metres.
const KEPT: usize = 5;

const NOWHERE: u16 = u16::MAX;

/// Stands for the place of a postal code under which no expert lives.
pub(super) const EMPTY: u16 = u16::MAX;

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
            let mut bands: Vec<(i32, u16)> = Vec::new();
            for (place, rank) in places.iter().zip(0..NOWHERE) {
                let band = band(place.coordinates);
                if bands.last().is_none_or(|last| last.0 != band) {
                    bands.push((band, rank));
                }
            }
            Atlas {
                spots: places.iter().map(|place| Spot::new(place.coordinates)).collect(),
                bands,
                ranks,
                neighbours: places.iter().map(|_| Default::default()).collect(),
            }
        });
        &ATLAS
    }

    /// How many codes there are, one more than the highest rank.
    pub(super) fn codes(&self) -> usize {
        self.spots.len()
    }

    /// Tells rank and distance of the codes at most so many metres away from one, the code itself among
    /// them, by rising rank.
    fn around(&self, rank: u16, radius_m: u32, mut found: impl FnMut(u16, u32)) {
        let step = radius_m.div_ceil(KEPT_STEP_M).max(1);
        let Some(kept) = self.neighbours[usize::from(rank)].get(step as usize - 1) else {
            self.search(rank, radius_m, found);
            return;
        };
        let kept = kept.get_or_init(|| {
            let mut all = Vec::new();
            self.search(rank, step * KEPT_STEP_M, |rank, metres| {
                let metres = u16::try_from(metres).expect("the widest radius that is kept fits");
                all.push(Neighbour { rank, metres });
            });
            all.into()
        });
        for neighbour in kept {
            let metres = u32::from(neighbour.metres);
            if metres <= radius_m {
                found(neighbour.rank, metres);
            }
        }
    }

    fn search(&self, rank: u16, radius_m: u32, mut found: impl FnMut(u16, u32)) {
        let center = self.spot(rank);
        // far enough to exclude nothing that rounding to metres would let in
        let degrees = (f64::from(radius_m) + 1.0) / METRES_PER_DEGREE_OF_LATITUDE;
        let at = center.coordinates();
        // meridians come closer towards the poles: the widest difference is at the end nearer to one
        let narrowest = (at.latitude().abs() + degrees).min(90.0).to_radians().cos();
        let widest = degrees / narrowest.max(1e-9);
        let (south, north) = (at.latitude() - degrees, at.latitude() + degrees);
        // where the window goes around the earth, whole bands are looked at
        let whole = at.longitude() - widest < -180.0 || at.longitude() + widest > 180.0;
        let longitude = |spot: &Spot| spot.coordinates().longitude();
        let from = self
            .bands
            .partition_point(|(band, _)| f64::from(*band + 1) * BAND < south);
        for (index, (band, first)) in self.bands.iter().enumerate().skip(from) {
            if f64::from(*band) * BAND > north {
                break;
            }
            let end = self
                .bands
                .get(index + 1)
                .map_or(self.spots.len(), |next| usize::from(next.1));
            let spots = &self.spots[usize::from(*first)..end];
            let west = if whole {
                0
            } else {
                spots.partition_point(|spot| longitude(spot) < at.longitude() - widest)
            };
            for (spot, rank) in spots[west..].iter().zip(*first + west as u16..) {
                if !whole && longitude(spot) > at.longitude() + widest {
                    break;
                }
                let metres = center.distance_m(spot);
                if metres <= radius_m {
                    found(rank, metres);
                }
            }
        }
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
    /// The points for distance of who travels as far as the case's radius goes; nobody there has more. Counted
    /// where they are asked for.
    pub(super) points: i32,
}

impl Pool<'_> {
    /// The places at most so many metres from a postal code, each with its distance, in the order in which
    /// they lie. Each is told with its index among them.
    pub(super) fn around(
        &self,
        center: PostalCode,
        radius_m: u32,
        found: &mut Vec<Reached>,
        mut told: impl FnMut(Reached, u32),
    ) -> Result<(), UnknownPostalCode> {
        let atlas = Atlas::builtin();
        found.clear();
        atlas.around(atlas.rank(center)?, radius_m, |rank, metres| {
            let place = self.place_of_rank[usize::from(rank)];
            if place != EMPTY {
                let reached = Reached {
                    metres,
                    place: place.into(),
                    points: 0,
                };
                told(reached, found.len() as u32);
                found.push(reached);
            }
        });
        Ok(())
    }
}
