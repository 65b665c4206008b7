//! The states of Germany.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text::quotable;

/// Declares the states once: variant, code, German name.
macro_rules! federal_states {
    ($($variant:ident $code:literal $name:literal),+ $(,)?) => {
        /// One of the 16 states of Germany; written as its two-letter code (ISO 3166-2:DE).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum FederalState {
            $(#[doc = $name] #[serde(rename = $code)] $variant,)+
        }

        impl FederalState {
            /// All of them, by their codes.
            pub const ALL: [Self; 16] = [$(Self::$variant),+];

            /// The two-letter code, such as "BW".
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The German name, such as "Baden-Württemberg".
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

federal_states! {
    Brandenburg "BB" "Brandenburg",
    Berlin "BE" "Berlin",
    BadenWuerttemberg "BW" "Baden-Württemberg",
    Bayern "BY" "Bayern",
    Bremen "HB" "Bremen",
    Hessen "HE" "Hessen",
    Hamburg "HH" "Hamburg",
    MecklenburgVorpommern "MV" "Mecklenburg-Vorpommern",
    Niedersachsen "NI" "Niedersachsen",
    NordrheinWestfalen "NW" "Nordrhein-Westfalen",
    RheinlandPfalz "RP" "Rheinland-Pfalz",
    SchleswigHolstein "SH" "Schleswig-Holstein",
    Saarland "SL" "Saarland",
    Sachsen "SN" "Sachsen",
    SachsenAnhalt "ST" "Sachsen-Anhalt",
    Thueringen "TH" "Thüringen",
}

/// A text that is no state's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("federal state {0:?} must be the two-letter code of a German state, such as \"BW\" or \"SN\"")]
pub struct UnknownFederalState(String);

impl FromStr for FederalState {
    type Err = UnknownFederalState;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|state| state.code() == code)
            .ok_or_else(|| UnknownFederalState(quotable(code)))
    }
}

impl fmt::Display for FederalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_from_its_code() {
        for state in FederalState::ALL {
            assert_eq!(state.code().parse(), Ok(state));
            assert!(state.code().len() == 2 && !state.name().is_empty());
        }
        assert_eq!(FederalState::BadenWuerttemberg.name(), "Baden-Württemberg");
    }

    #[test]
    fn an_unknown_state_is_refused_by_name() {
        assert_eq!(
            "XX".parse::<FederalState>().unwrap_err().to_string(),
            "federal state \"XX\" must be the two-letter code of a German state, such as \"BW\" or \"SN\""
        );
    }
}
