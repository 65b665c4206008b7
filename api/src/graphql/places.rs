//! Postal codes: public facts, for who is signed in.

use async_graphql::{Context, Enum, Object, SimpleObject};
use tandem_domain::postal_codes;
use tandem_operations::occupations::place;

use super::{caller, scalars::PostalCode};

/// One of the 16 states of Germany, as its two-letter code (ISO 3166-2:DE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "postal_codes::FederalState")]
pub enum FederalState {
    /// Brandenburg.
    #[graphql(name = "BB")]
    Brandenburg,
    /// Berlin.
    #[graphql(name = "BE")]
    Berlin,
    /// Baden-Württemberg.
    #[graphql(name = "BW")]
    BadenWuerttemberg,
    /// Bavaria (Bayern).
    #[graphql(name = "BY")]
    Bayern,
    /// Bremen.
    #[graphql(name = "HB")]
    Bremen,
    /// Hesse (Hessen).
    #[graphql(name = "HE")]
    Hessen,
    /// Hamburg.
    #[graphql(name = "HH")]
    Hamburg,
    /// Mecklenburg-Western Pomerania (Mecklenburg-Vorpommern).
    #[graphql(name = "MV")]
    MecklenburgVorpommern,
    /// Lower Saxony (Niedersachsen).
    #[graphql(name = "NI")]
    Niedersachsen,
    /// North Rhine-Westphalia (Nordrhein-Westfalen).
    #[graphql(name = "NW")]
    NordrheinWestfalen,
    /// Rhineland-Palatinate (Rheinland-Pfalz).
    #[graphql(name = "RP")]
    RheinlandPfalz,
    /// Schleswig-Holstein.
    #[graphql(name = "SH")]
    SchleswigHolstein,
    /// Saarland.
    #[graphql(name = "SL")]
    Saarland,
    /// Saxony (Sachsen).
    #[graphql(name = "SN")]
    Sachsen,
    /// Saxony-Anhalt (Sachsen-Anhalt).
    #[graphql(name = "ST")]
    SachsenAnhalt,
    /// Thuringia (Thüringen).
    #[graphql(name = "TH")]
    Thueringen,
}

/// The place of a German postal code (© OpenStreetMap contributors, ODbL).
#[derive(Debug, Clone, SimpleObject)]
pub struct Place {
    /// The postal code.
    postal_code: PostalCode,
    /// The German name of the place, as "Chemnitz".
    name: &'static str,
    /// The state.
    federal_state: FederalState,
    /// Degrees north (WGS 84); off the middle of the postal code's area by up to 5 km in the country.
    latitude: f64,
    /// Degrees east (WGS 84).
    longitude: f64,
}

impl From<&'static postal_codes::Place> for Place {
    fn from(place: &'static postal_codes::Place) -> Self {
        Self {
            postal_code: place.postal_code.into(),
            name: &place.place,
            federal_state: place.federal_state.into(),
            latitude: place.coordinates.latitude(),
            longitude: place.coordinates.longitude(),
        }
    }
}

/// Queries for postal codes.
#[derive(Default)]
pub struct PlaceQuery;

#[Object]
impl PlaceQuery {
    /// The place of a postal code; null where there is no such postal code in Germany.
    async fn postal_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Five digits, as \"09111\".")] code: PostalCode,
    ) -> async_graphql::Result<Option<Place>> {
        caller(ctx)?;
        Ok(place(code.into()).map(Place::from))
    }
}
