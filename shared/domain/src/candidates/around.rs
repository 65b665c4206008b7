//! Places around a place.

use super::Pool;
use crate::geo::{METRES_PER_DEGREE_OF_LATITUDE, Spot};

/// A postal code under which experts live, and which sheets are theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) spot: Spot,
    pub(super) first: u32,
    pub(super) with_room_end: u32,
    pub(super) end: u32,
}

impl Pool<'_> {
    /// The places at most so many metres away, each with its distance, by rising latitude.
    pub(super) fn around(&self, center: &Spot, radius_m: u32, found: &mut Vec<(u32, Place)>) {
        found.clear();
        // far enough to exclude nothing that rounding to metres would let in
        let degrees = (f64::from(radius_m) + 1.0) / METRES_PER_DEGREE_OF_LATITUDE;
        let (latitude, longitude) = (center.coordinates().latitude(), center.coordinates().longitude());
        // meridians come closer towards the poles: the widest difference is at the end nearer to one
        let narrowest = (latitude.abs() + degrees).min(90.0).to_radians().cos();
        let widest = degrees / narrowest.max(1e-9);
        let from = self
            .places
            .partition_point(|place| place.spot.coordinates().latitude() < latitude - degrees);
        for place in &self.places[from..] {
            let here = place.spot.coordinates();
            if here.latitude() > latitude + degrees {
                break;
            }
            let apart = (here.longitude() - longitude).abs();
            if apart > widest && 360.0 - apart > widest {
                continue;
            }
            let metres = center.distance_m(&place.spot);
            if metres <= radius_m {
                found.push((metres, *place));
            }
        }
    }
}
