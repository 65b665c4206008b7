//! Places around a place.

use super::Pool;
use crate::geo::Spot;
use crate::postal_codes::{Atlas, PostalCode, UnknownPostalCode};

/// Where a postal code lies.
pub(super) fn spot(code: PostalCode) -> Result<Spot, UnknownPostalCode> {
    let atlas = Atlas::builtin();
    Ok(atlas.spot(atlas.rank(code)?))
}

/// Stands for the place of a postal code under which no expert lives.
pub(super) const EMPTY: u16 = u16::MAX;

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
    /// they lie.
    pub(super) fn around(
        &self,
        center: PostalCode,
        radius_m: u32,
        found: &mut Vec<Reached>,
    ) -> Result<(), UnknownPostalCode> {
        let atlas = Atlas::builtin();
        found.clear();
        atlas.around(atlas.rank(center)?, radius_m, |rank, metres| {
            let place = self.place_of_rank[usize::from(rank)];
            if place != EMPTY {
                found.push(Reached {
                    metres,
                    place: place.into(),
                    points: 0,
                });
            }
        });
        Ok(())
    }
}
