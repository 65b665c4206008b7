//! The country as a table: which postal codes lie around which, and how far away.

use std::borrow::Cow;
use std::fmt;
use std::sync::{LazyLock, OnceLock};

use super::{PostalCode, builtin};
use crate::geo::{Coordinates, METRES_PER_DEGREE_OF_LATITUDE, Spot};

/// The height of a band of places, in degrees of latitude: about 14 km.
const BAND: f64 = 0.125;

/// The band in which a point lies.
fn band(at: Coordinates) -> i32 {
    (at.latitude() / BAND).floor() as i32
}

/// All postal codes as the country lies: by rising band, in each from west to east. A code's place in this
/// order is its rank: those that are near each other in the country mostly have ranks near each other.
///
/// It replaces a spatial index (matching.md, "Candidates"): 8,168 codes are few, and how far they are from
/// each other is computed once in a process, for those that are asked about.
pub struct Atlas {
    codes: Vec<PostalCode>,
    spots: Vec<Spot>,
    /// The bands that have codes, and the rank at which each begins.
    bands: Vec<(i32, u16)>,
    /// The rank of each code among them, by the code's number.
    ranks: Vec<u16>,
    /// What lies around each, by its rank, for each radius that is kept.
    neighbourhoods: Vec<[OnceLock<Neighbourhood>; KEPT]>,
}

/// The postal codes around one.
#[derive(Debug, Clone, Default)]
pub struct Neighbourhood {
    /// The distance of each in metres, by rising rank.
    metres: Box<[u32]>,
    /// Where those begin that follow upon each other without a gap, and the rank of the first of them.
    runs: Box<[(u32, u16)]>,
}

/// Postal codes whose ranks follow upon each other without a gap.
#[derive(Debug, Clone, Copy)]
pub struct Run<'n> {
    /// The rank of the first.
    pub first: u16,
    /// The distance of each in metres; there is at least one.
    pub metres: &'n [u32],
}

impl Neighbourhood {
    /// All of them, by rising rank.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let ends = self.runs.iter().skip(1).map(|(end, _)| *end as usize);
        let ends = ends.chain([self.metres.len()]);
        self.runs.iter().zip(ends).map(|((start, first), end)| Run {
            first: *first,
            metres: &self.metres[*start as usize..end],
        })
    }
}

impl Run<'_> {
    /// Rank and distance of each.
    pub fn ranks(&self) -> impl Iterator<Item = (u16, u32)> {
        (self.first..).zip(self.metres.iter().copied())
    }

    /// The distance of the one with a rank, which belongs to the run.
    #[inline]
    pub fn metres_of(&self, rank: u16) -> u32 {
        self.metres[usize::from(rank - self.first)]
    }

    /// The rank of the last.
    pub fn last(&self) -> u16 {
        self.first + (self.metres.len() - 1) as u16
    }
}

/// The radii for which neighbourhoods are kept are the multiples of this: radii are set in whole kilometres,
/// nearly always in tens of them.
const KEPT_STEP_M: u32 = 10_000;
/// So many radii are kept.
const KEPT: usize = 5;

const NOWHERE: u16 = u16::MAX;

impl Atlas {
    /// The atlas of [`builtin`].
    pub fn builtin() -> &'static Self {
        static ATLAS: LazyLock<Atlas> = LazyLock::new(|| {
            let mut places: Vec<_> = builtin().iter().collect();
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
                codes: places.iter().map(|place| place.postal_code).collect(),
                spots: places.iter().map(|place| Spot::new(place.coordinates)).collect(),
                bands,
                ranks,
                neighbourhoods: places.iter().map(|_| Default::default()).collect(),
            }
        });
        &ATLAS
    }

    /// All codes, by rank.
    pub fn codes(&self) -> &[PostalCode] {
        &self.codes
    }

    /// The codes around one, itself among them: all that are at most so many metres away, and a few that are
    /// farther where the radius is not one of those that are kept.
    pub fn neighbourhood(&self, rank: u16, radius_m: u32) -> Cow<'_, Neighbourhood> {
        let step = radius_m.div_ceil(KEPT_STEP_M).max(1);
        match self.neighbourhoods[usize::from(rank)].get(step as usize - 1) {
            Some(kept) => Cow::Borrowed(kept.get_or_init(|| self.search(rank, step * KEPT_STEP_M))),
            None => Cow::Owned(self.search(rank, radius_m)),
        }
    }

    /// Tells rank and distance in metres of the codes at most so many metres away from one, the code itself among
    /// them, by rising rank.
    pub fn around(&self, rank: u16, radius_m: u32, mut found: impl FnMut(u16, u32)) {
        for run in self.neighbourhood(rank, radius_m).runs() {
            for (rank, metres) in run.ranks().filter(|(_, metres)| *metres <= radius_m) {
                found(rank, metres);
            }
        }
    }

    fn search(&self, rank: u16, radius_m: u32) -> Neighbourhood {
        let mut found = Vec::new();
        let mut runs: Vec<(u32, u16)> = Vec::new();
        let mut next = None;
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
                    if next != Some(rank) {
                        runs.push((found.len() as u32, rank));
                    }
                    next = Some(rank + 1);
                    found.push(metres);
                }
            }
        }
        Neighbourhood {
            metres: found.into(),
            runs: runs.into(),
        }
    }

    /// The rank of a code.
    ///
    /// # Errors
    /// A code that does not exist.
    pub fn rank(&self, code: PostalCode) -> Result<u16, UnknownPostalCode> {
        let rank = self.ranks[code.number()];
        if rank == NOWHERE {
            Err(UnknownPostalCode(code))
        } else {
            Ok(rank)
        }
    }

    /// Where the code with a rank lies.
    pub fn spot(&self, rank: u16) -> Spot {
        self.spots[usize::from(rank)]
    }
}

impl fmt::Debug for Atlas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Atlas of {} postal codes", self.codes.len())
    }
}

/// A postal code that is not in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("postal code {0} is not in the table")]
pub struct UnknownPostalCode(pub PostalCode);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::geo::distance_m;

    fn found(center: PostalCode, radius_m: u32) -> Vec<(u32, PostalCode)> {
        let atlas = Atlas::builtin();
        let (mut found, mut ranks) = (Vec::new(), Vec::new());
        atlas.around(atlas.rank(center).unwrap(), radius_m, |rank, metres| {
            ranks.push(rank);
            found.push((metres, atlas.codes()[usize::from(rank)]));
        });
        assert!(
            ranks.is_sorted_by(|one, other| one < other),
            "{center} {radius_m}"
        );
        found.sort_unstable();
        found
    }

    fn compared(center: PostalCode, radius_m: u32) -> Vec<(u32, PostalCode)> {
        let at = super::super::find(builtin(), center).unwrap().coordinates;
        let mut found: Vec<_> = builtin()
            .iter()
            .map(|place| (distance_m(at, place.coordinates), place.postal_code))
            .filter(|(metres, _)| *metres <= radius_m)
            .collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn chemnitz_is_near_itself_and_dresden_is_not() {
        let around = found("09111".parse().unwrap(), 30_000);
        assert_eq!(around[0], (0, "09111".parse().unwrap()));
        let has = |code: &str| around.iter().any(|(_, found)| found.as_str() == code);
        assert!(has("09113") && !has("01067"));
    }

    #[test]
    fn a_code_exactly_at_the_radius_is_within_reach() {
        let center: PostalCode = "80331".parse().unwrap();
        for (metres, code) in compared(center, 12_000) {
            assert!(found(center, metres).contains(&(metres, code)), "{code}");
            assert!(
                metres == 0 || !found(center, metres - 1).contains(&(metres, code)),
                "{code}"
            );
        }
    }

    #[test]
    fn a_code_that_does_not_exist_is_refused_by_name() {
        let error = Atlas::builtin().rank("00000".parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), "postal code 00000 is not in the table");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn the_codes_around_one_are_those_that_plain_comparison_finds(
            center in select(builtin()).prop_map(|place| place.postal_code),
            radius_m in prop_oneof![0..52_000_u32, 0..300_000_u32, select(&[10_000, 20_000, 50_000][..])],
        ) {
            // the second time they are kept
            for _ in 0..2 {
                prop_assert_eq!(found(center, radius_m), compared(center, radius_m));
            }
        }
    }
}
