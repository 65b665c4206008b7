//! Places around a place.

use super::Pool;
use crate::geo::{Coordinates, METRES_PER_DEGREE_OF_LATITUDE, Spot};

/// The height of a band of places, in degrees of latitude: about 14 km.
const BAND: f64 = 0.125;

/// The band in which a point lies.
pub(super) fn band(at: Coordinates) -> i32 {
    (at.latitude() / BAND).floor() as i32
}

/// A postal code under which experts live, and which sheets are theirs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) spot: Spot,
    pub(super) first: u32,
    pub(super) with_room_end: u32,
    pub(super) end: u32,
}

impl Pool<'_> {
    /// The places at most so many metres away, each with its distance, in the order in which they lie.
    pub(super) fn around(&self, center: &Spot, radius_m: u32, found: &mut Vec<(u32, Place)>) {
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
            for place in &places[west..] {
                if !around && longitude(place) > at.longitude() + widest {
                    break;
                }
                let metres = center.distance_m(&place.spot);
                if metres <= radius_m {
                    found.push((metres, *place));
                }
            }
        }
    }
}
