//! Places around a place.

use super::Pool;
use crate::geo::Spot;
use crate::postal_codes::{Atlas, PostalCode, Run, UnknownPostalCode};

/// Where a postal code lies.
pub(super) fn spot(code: PostalCode) -> Result<Spot, UnknownPostalCode> {
    let atlas = Atlas::builtin();
    Ok(atlas.spot(atlas.rank(code)?))
}

/// Which sheets are those of the experts who live under a postal code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) first: u32,
    pub(super) with_room_end: u32,
    pub(super) end: u32,
}

/// A place within reach where experts live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reached {
    pub(super) metres: u32,
    /// Its rank.
    pub(super) place: u16,
    /// The points for distance of who travels as far as the case's radius goes; nobody there has more. Counted
    /// where they are asked for.
    pub(super) points: i32,
}

impl Reached {
    /// The place as a run.
    pub(super) fn alone(&self) -> Run<'_> {
        Run {
            first: self.place,
            metres: std::slice::from_ref(&self.metres),
        }
    }
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
            let place = self.places[usize::from(rank)];
            if place.first < place.end {
                found.push(Reached {
                    metres,
                    place: rank,
                    points: 0,
                });
            }
        });
        Ok(())
    }
}
