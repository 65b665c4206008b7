//! German postal codes: where they lie and which of them are within reach of a service centre.

mod atlas;
mod federal_states;

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::geo::Coordinates;
use crate::text::quotable;

pub use atlas::{Atlas, Neighbourhood, Run, UnknownPostalCode};
pub use federal_states::{FederalState, UnknownFederalState};

/// Five digits. Whether such a postal code exists is a question to the list of [`Place`]s.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PostalCode([u8; 5]);

/// A text that is no postal code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("postal code {0:?} must have exactly 5 digits")]
pub struct InvalidPostalCode(String);

impl PostalCode {
    /// Reads five ASCII digits; spaces around them are forgiven.
    pub fn parse(text: &str) -> Result<Self, InvalidPostalCode> {
        match <[u8; 5]>::try_from(text.trim().as_bytes()) {
            Ok(digits) if digits.iter().all(u8::is_ascii_digit) => Ok(Self(digits)),
            _ => Err(InvalidPostalCode(quotable(text))),
        }
    }

    /// The five digits.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).expect("only digits are let in")
    }

    /// The five digits as a number below [`PostalCode::NUMBERS`].
    pub(crate) fn number(self) -> usize {
        self.0
            .iter()
            .fold(0, |number, digit| number * 10 + usize::from(digit - b'0'))
    }

    /// How many numbers five digits are.
    pub(crate) const NUMBERS: usize = 100_000;
}

impl fmt::Display for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PostalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostalCode({})", self.as_str())
    }
}

impl FromStr for PostalCode {
    type Err = InvalidPostalCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for PostalCode {
    type Error = InvalidPostalCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PostalCode> for String {
    fn from(code: PostalCode) -> Self {
        code.as_str().to_owned()
    }
}

/// A postal code with its place (the municipality, or the first of several), the centre of its area and
/// its state (the one that most of it lies in).
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The key: one place a postal code.
    pub postal_code: PostalCode,
    /// The German name.
    pub place: String,
    /// The centre of the postal code's area; off the true middle by up to 5 km in the country.
    pub coordinates: Coordinates,
    /// The state.
    pub federal_state: FederalState,
}

/// A line of the embedded file.
#[derive(Deserialize)]
struct PlaceLine {
    postal_code: PostalCode,
    place: String,
    latitude: f64,
    longitude: f64,
    federal_state: FederalState,
}

/// All German postal codes that the programme knows, by rising code (OpenStreetMap, ODbL; see NOTICE).
/// A code that is not among them does not exist for us.
pub fn builtin() -> &'static [Place] {
    static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
        let file = include_str!("../../../migrations/data/postal_codes_de.csv");
        let mut places: Vec<Place> = csv::Reader::from_reader(file.as_bytes())
            .deserialize()
            .map(|line| {
                let line: PlaceLine = line.expect("the embedded postal codes are tested");
                let coordinates = Coordinates::new(line.latitude, line.longitude)
                    .expect("the embedded coordinates are tested");
                Place {
                    postal_code: line.postal_code,
                    place: line.place,
                    coordinates,
                    federal_state: line.federal_state,
                }
            })
            .collect();
        places.sort_by_key(|place| place.postal_code);
        places
    });
    &PLACES
}

/// The place of a postal code, out of places by rising code, such as [`builtin`].
pub fn find(places: &[Place], postal_code: PostalCode) -> Option<&Place> {
    let position = places
        .binary_search_by_key(&postal_code, |place| place.postal_code)
        .ok()?;
    Some(&places[position])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> PostalCode {
        PostalCode::parse(text).unwrap()
    }

    #[test]
    fn a_postal_code_has_exactly_five_digits() {
        assert_eq!(code("01067").as_str(), "01067");
        assert_eq!(code(" 10115\n").to_string(), "10115");
        for wrong in [
            "1234",
            "123456",
            "1234a",
            "",
            "٠١٠٦٧",
            "D-10115",
            "+1234",
            "10 15",
        ] {
            let error = PostalCode::parse(wrong).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("postal code {wrong:?} must have exactly 5 digits")
            );
        }
    }

    #[test]
    fn an_error_quotes_the_beginning_of_a_long_text_only() {
        let message = PostalCode::parse(&"ä".repeat(100_000)).unwrap_err().to_string();
        assert!(message.chars().count() < 100, "{message}");
    }

    #[test]
    fn a_postal_code_is_read_and_written_as_a_text() {
        let read = |text: &str| {
            let text = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
            PostalCode::deserialize(text)
        };
        assert_eq!(read("01067").unwrap(), code("01067"));
        assert_eq!(
            read("1067").unwrap_err().to_string(),
            "postal code \"1067\" must have exactly 5 digits"
        );
        assert_eq!(String::from(code("01067")), "01067");
    }

    #[test]
    fn the_builtin_list_has_each_postal_code_once_with_place_and_state() {
        let places = builtin();
        assert_eq!(places.len(), 8168);
        assert!(
            places
                .windows(2)
                .all(|pair| pair[0].postal_code < pair[1].postal_code)
        );
        assert!(places.iter().all(|place| !place.place.trim().is_empty()));
        assert!(
            FederalState::ALL
                .iter()
                .all(|&state| places.iter().any(|place| place.federal_state == state))
        );
    }

    #[test]
    fn every_builtin_place_lies_in_germany() {
        for place in builtin() {
            let at = place.coordinates;
            assert!((47.2..=55.1).contains(&at.latitude()), "{place:?}");
            assert!((5.8..=15.1).contains(&at.longitude()), "{place:?}");
        }
    }

    #[test]
    fn a_place_is_found_by_its_postal_code_and_an_unlisted_code_is_not() {
        let dresden = find(builtin(), code("01067")).unwrap();
        assert_eq!(
            (dresden.place.as_str(), dresden.federal_state),
            ("Dresden", FederalState::Sachsen)
        );
        assert_eq!(find(builtin(), code("98554")).unwrap().place, "Benshausen");
        assert_eq!(find(builtin(), code("00000")), None);
        assert_eq!(find(builtin(), code("99999")), None);
    }

    proptest! {
        #[test]
        fn reading_a_postal_code_never_panics(text in any::<String>()) {
            if let Ok(code) = PostalCode::parse(&text) {
                prop_assert_eq!(code.as_str(), text.trim());
            }
        }

        #[test]
        fn five_digits_are_a_postal_code(text in "[0-9]{5}") {
            let code = code(&text);
            prop_assert_eq!(code.as_str(), text.as_str());
        }
    }
}
