//! Places on earth and how far apart they are.

use serde::{Deserialize, Serialize};

/// A point in WGS 84 degrees. Both values are finite and in range, whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawCoordinates")]
pub struct Coordinates {
    latitude: f64,
    longitude: f64,
}

/// Why two numbers are no point on earth.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidCoordinates {
    /// Not a number from −90 to 90.
    #[error("latitude {0} must be a number of degrees from -90 to 90")]
    Latitude(f64),
    /// Not a number from −180 to 180.
    #[error("longitude {0} must be a number of degrees from -180 to 180")]
    Longitude(f64),
}

/// As it stands in a file, not yet checked.
#[derive(Deserialize)]
struct RawCoordinates {
    latitude: f64,
    longitude: f64,
}

impl TryFrom<RawCoordinates> for Coordinates {
    type Error = InvalidCoordinates;

    fn try_from(raw: RawCoordinates) -> Result<Self, Self::Error> {
        Self::new(raw.latitude, raw.longitude)
    }
}

impl Coordinates {
    /// A point from degrees north and degrees east.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, InvalidCoordinates> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(InvalidCoordinates::Latitude(latitude));
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(InvalidCoordinates::Longitude(longitude));
        }
        Ok(Self { latitude, longitude })
    }

    /// Degrees north of the equator, negative for south.
    pub fn latitude(self) -> f64 {
        self.latitude
    }

    /// Degrees east of Greenwich, negative for west.
    pub fn longitude(self) -> f64 {
        self.longitude
    }
}

/// Mean radius of the earth (IUGG), kilometres.
const EARTH_RADIUS_KM: f64 = 6_371.008_8;

/// Sines of half angles below this belong to distances below 127 kilometres.
const NEAR: f64 = 0.01;

/// A point with what every distance from it needs, for who measures many of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    coordinates: Coordinates,
    /// Sine and cosine of half the latitude and of half the longitude: those of a half difference follow
    /// from them without another call of a trigonometric function.
    half_latitude: (f64, f64),
    half_longitude: (f64, f64),
    cosine: f64,
}

impl Spot {
    /// Prepares a point.
    pub fn new(coordinates: Coordinates) -> Self {
        Self {
            coordinates,
            half_latitude: (coordinates.latitude.to_radians() / 2.0).sin_cos(),
            half_longitude: (coordinates.longitude.to_radians() / 2.0).sin_cos(),
            cosine: coordinates.latitude.to_radians().cos(),
        }
    }

    /// The point.
    pub fn coordinates(&self) -> Coordinates {
        self.coordinates
    }

    /// The length of the great circle to another point in kilometres (haversine; the earth taken as a
    /// sphere, which is right to 0.5 %).
    pub fn distance_km(&self, other: &Self) -> f64 {
        let half_sine = |from: (f64, f64), to: (f64, f64)| to.0 * from.1 - to.1 * from.0;
        let by_latitude = half_sine(self.half_latitude, other.half_latitude);
        let by_longitude = half_sine(self.half_longitude, other.half_longitude);
        let haversine =
            by_latitude * by_latitude + self.cosine * other.cosine * (by_longitude * by_longitude);
        // Rounding may put antipodes a hair above 1, where the arc sine is no number.
        let sine = haversine.sqrt().min(1.0);
        let half_angle = if sine < NEAR {
            // four terms of the series are exact to the last bit here, and much cheaper
            let square = sine * sine;
            sine * (1.0 + square * (1.0 / 6.0 + square * (3.0 / 40.0 + square * (15.0 / 336.0))))
        } else {
            sine.asin()
        };
        2.0 * EARTH_RADIUS_KM * half_angle
    }

    /// [`Self::distance_km`] in whole metres.
    pub fn distance_m(&self, other: &Self) -> u32 {
        // `round` is a call where a processor may not have it, and this is asked for every place around
        // every other
        let metres = self.distance_km(other) * 1000.0;
        let whole = metres as u32;
        whole + u32::from(metres - f64::from(whole) >= 0.5)
    }
}

/// [`Spot::distance_km`] between two points.
pub fn distance_km(a: Coordinates, b: Coordinates) -> f64 {
    Spot::new(a).distance_km(&Spot::new(b))
}

/// [`distance_km`] in whole metres. Scores and limits are computed from this integer, so that a plan
/// is the same wherever and in whatever order it is computed.
pub fn distance_m(a: Coordinates, b: Coordinates) -> u32 {
    Spot::new(a).distance_m(&Spot::new(b))
}

/// Metres that a degree of latitude is long at least; two points that differ by more of latitude than a
/// radius has cannot lie within it.
pub(crate) const METRES_PER_DEGREE_OF_LATITUDE: f64 = 111_190.0;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(latitude: f64, longitude: f64) -> Coordinates {
        Coordinates::new(latitude, longitude).unwrap()
    }

    fn anywhere() -> impl Strategy<Value = Coordinates> {
        (-90.0..=90.0_f64, -180.0..=180.0_f64).prop_map(|(latitude, longitude)| at(latitude, longitude))
    }

    #[test]
    fn berlin_and_munich_are_504_kilometres_apart() {
        let distance = distance_km(at(52.520_0, 13.405_0), at(48.137_4, 11.575_5));
        assert!((distance - 504.4).abs() < 0.5, "{distance}");
    }

    #[test]
    fn near_and_far_are_measured_alike_where_they_meet() {
        let from = at(51.0, 7.0);
        for step in 0..2_000 {
            let to = at(51.0 + 0.0011 * f64::from(step), 7.0 + 0.0003 * f64::from(step));
            let half = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin();
            let (north, east) = (half(51.0, to.latitude()), half(7.0, to.longitude()));
            let plain =
                north * north + 51.0_f64.to_radians().cos() * to.latitude().to_radians().cos() * east * east;
            let expected = 2.0 * EARTH_RADIUS_KM * plain.sqrt().asin();
            assert!((distance_km(from, to) - expected).abs() < 1e-9, "{step}");
        }
    }

    #[test]
    fn antipodes_are_half_the_circumference_apart() {
        let distance = distance_km(at(0.0, 0.0), at(0.0, 180.0));
        assert!((distance - 20_015.1).abs() < 0.1, "{distance}");
        assert_eq!(distance_m(at(90.0, 0.0), at(-90.0, 0.0)), 20_015_114);
    }

    #[test]
    fn coordinates_off_the_earth_are_refused_by_name() {
        assert_eq!(
            Coordinates::new(91.0, 0.0).unwrap_err().to_string(),
            "latitude 91 must be a number of degrees from -90 to 90"
        );
        assert_eq!(
            Coordinates::new(0.0, f64::NAN).unwrap_err().to_string(),
            "longitude NaN must be a number of degrees from -180 to 180"
        );
    }

    #[test]
    fn a_degree_of_latitude_is_never_shorter_than_its_bound() {
        let degree = distance_km(at(50.0, 10.0), at(51.0, 10.0)) * 1000.0;
        assert!(
            (0.0..10.0).contains(&(degree - METRES_PER_DEGREE_OF_LATITUDE)),
            "{degree}"
        );
    }

    proptest! {
        #[test]
        fn distance_is_symmetric(a in anywhere(), b in anywhere()) {
            prop_assert_eq!(distance_m(a, b), distance_m(b, a));
            prop_assert!(distance_km(a, b).to_bits() == distance_km(b, a).to_bits());
        }

        #[test]
        fn distance_to_itself_is_zero_and_none_is_longer_than_half_the_earth(a in anywhere(), b in anywhere()) {
            prop_assert_eq!(distance_m(a, a), 0);
            prop_assert!(distance_m(a, b) <= 20_015_115);
        }
    }
}
