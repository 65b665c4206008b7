//! Which places are within reach of which centre.

use super::Place;
use crate::geo::{Coordinates, METRES_PER_DEGREE_OF_LATITUDE, distance_m};

/// For each of some centres the places within reach, nearest first. It replaces a spatial index
/// (matching.md, "Candidates"): 8,168 places are few.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReachTable {
    /// Where each centre's entries begin in `reached`, and one more for the end of the last.
    starts: Vec<usize>,
    reached: Vec<Reached>,
}

/// A place within reach of a centre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reached {
    /// Whole metres from the centre, the straight way.
    pub metres: u32,
    /// Index into the places that the table was made of.
    pub place: usize,
}

impl ReachTable {
    /// For each centre all places at most `radius_m` metres away, by distance and, where that is
    /// equal, by the order of `places`.
    pub fn new(centres: &[Coordinates], places: &[Place], radius_m: u32) -> Self {
        // Far enough to exclude nothing that rounding to metres would let in.
        let degrees = (f64::from(radius_m) + 1.0) / METRES_PER_DEGREE_OF_LATITUDE;
        let mut table = Self {
            starts: vec![0],
            reached: Vec::new(),
        };
        for &centre in centres {
            let start = table.reached.len();
            let near = places
                .iter()
                .enumerate()
                .filter(|(_, place)| (place.coordinates.latitude() - centre.latitude()).abs() <= degrees);
            let reached = near
                .map(|(index, place)| Reached {
                    metres: distance_m(centre, place.coordinates),
                    place: index,
                })
                .filter(|reached| reached.metres <= radius_m);
            table.reached.extend(reached);
            table.reached[start..].sort_unstable();
            table.starts.push(table.reached.len());
        }
        table
    }

    /// How many centres the table has rows for.
    pub fn centres(&self) -> usize {
        self.starts.len() - 1
    }

    /// The places within reach of the centre with this index, nearest first; none for an index that the
    /// table was not made for.
    pub fn of(&self, centre: usize) -> &[Reached] {
        match (self.starts.get(centre), self.starts.get(centre + 1)) {
            (Some(&start), Some(&end)) => &self.reached[start..end],
            _ => &[],
        }
    }

    /// As [`Self::of`], but only those at most `radius_m` metres away: a case may have a smaller radius
    /// than the table.
    pub fn within(&self, centre: usize, radius_m: u32) -> &[Reached] {
        let reached = self.of(centre);
        &reached[..reached.partition_point(|reached| reached.metres <= radius_m)]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{FederalState, PostalCode, builtin, find};
    use super::*;

    fn at(postal_code: &str) -> Coordinates {
        find(builtin(), PostalCode::parse(postal_code).unwrap())
            .unwrap()
            .coordinates
    }

    fn place(number: usize, latitude: f64, longitude: f64) -> Place {
        Place {
            postal_code: PostalCode::parse(&format!("{number:05}")).unwrap(),
            place: "Ort".to_owned(),
            coordinates: Coordinates::new(latitude, longitude).unwrap(),
            federal_state: FederalState::Hessen,
        }
    }

    #[test]
    fn the_places_within_reach_come_nearest_first_and_start_with_the_centre_itself() {
        let places = builtin();
        let table = ReachTable::new(&[at("09111"), at("10115")], places, 30_000);
        assert_eq!(table.centres(), 2);
        for (centre, own) in [(0, "09111"), (1, "10115")] {
            let reached = table.of(centre);
            assert_eq!(places[reached[0].place].postal_code.as_str(), own);
            assert_eq!(reached[0].metres, 0);
            assert!(reached.windows(2).all(|pair| pair[0].metres <= pair[1].metres));
            assert!(reached.last().unwrap().metres <= 30_000);
        }
        let names: Vec<&str> = table
            .of(0)
            .iter()
            .map(|reached| places[reached.place].place.as_str())
            .collect();
        assert!(names.contains(&"Chemnitz") && !names.contains(&"Dresden"));
    }

    #[test]
    fn a_smaller_radius_is_the_beginning_of_a_row() {
        let table = ReachTable::new(&[at("80331")], builtin(), 50_000);
        let smaller = ReachTable::new(&[at("80331")], builtin(), 10_000);
        assert_eq!(table.within(0, 10_000), smaller.of(0));
        assert_eq!(table.within(0, 50_000), table.of(0));
    }

    #[test]
    fn a_place_exactly_at_the_radius_is_within_reach() {
        let centre = Coordinates::new(50.0, 9.0).unwrap();
        let places = [place(1, 50.1, 9.0)];
        let metres = distance_m(centre, places[0].coordinates);
        assert_eq!(
            ReachTable::new(&[centre], &places, metres).of(0),
            [Reached { metres, place: 0 }]
        );
        assert_eq!(ReachTable::new(&[centre], &places, metres - 1).of(0), []);
    }

    #[test]
    fn equal_distances_keep_the_order_of_the_places() {
        let centre = Coordinates::new(50.0, 9.0).unwrap();
        let places = [place(1, 50.0, 9.1), place(2, 50.0, 8.9), place(3, 50.0, 9.1)];
        let order: Vec<usize> = ReachTable::new(&[centre], &places, 20_000)
            .of(0)
            .iter()
            .map(|reached| reached.place)
            .collect();
        assert_eq!(order, [0, 1, 2]);
    }

    #[test]
    fn a_centre_that_the_table_was_not_made_for_reaches_nothing() {
        let table = ReachTable::new(&[at("80331")], builtin(), 1_000);
        assert_eq!(table.of(1), []);
        assert_eq!(table.within(usize::MAX - 1, 5), []);
        assert_eq!(ReachTable::new(&[], builtin(), 1_000).centres(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_table_holds_what_plain_comparison_finds(
            latitude in 46.0..56.0_f64, longitude in 5.0..16.0_f64, radius_m in 0..200_000_u32,
        ) {
            let centre = Coordinates::new(latitude, longitude).unwrap();
            let table = ReachTable::new(&[centre], builtin(), radius_m);
            let mut plain: Vec<Reached> = builtin()
                .iter()
                .enumerate()
                .map(|(index, place)| Reached { metres: distance_m(centre, place.coordinates), place: index })
                .filter(|reached| reached.metres <= radius_m)
                .collect();
            plain.sort_unstable();
            prop_assert_eq!(table.of(0), &plain[..]);
        }
    }
}
