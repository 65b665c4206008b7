//! What clients send about experts.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined};
use tandem_domain::{errors::UserError, experts, ids::OfficeId};
use tandem_operations::experts::{ExpertPatch, ListFilter, NearInput, NearPlace};

use crate::graphql::{
    enums::{Channel, ExpertState, Gender, OccupationKind, Programme, SupportArea},
    ids,
    scalars::Date,
};

/// A former occupation, or an interest that is none.
#[derive(Debug, InputObject)]
pub struct ExpertOccupationInput {
    /// Occupation or interest.
    #[graphql(default_with = "OccupationKind::Occupation")]
    pub kind: OccupationKind,
    /// One to five digits of the German classification of occupations (KldB 2010), as `occupations` finds
    /// them.
    pub kldb_code: Option<String>,
    /// In the expert's words, as "Maurermeister".
    pub label: String,
}

impl From<ExpertOccupationInput> for (experts::OccupationKind, Option<String>, String) {
    fn from(input: ExpertOccupationInput) -> Self {
        (input.kind.into(), input.kldb_code, input.label)
    }
}

/// A new expert.
#[derive(Debug, InputObject)]
pub struct RegisterExpertInput {
    /// The regional office to which the expert belongs.
    pub office_id: ID,
    /// The key in the list that the expert came from.
    pub external_id: Option<String>,
    /// The academic title, as "Dr.".
    #[graphql(default)]
    pub title: String,
    /// The given name.
    pub given_name: String,
    /// The family name.
    pub family_name: String,
    /// The gender, where the expert gives it.
    pub gender: Option<Gender>,
    /// The birth date; for the letter that requests the police clearance certificate.
    pub birth_date: Option<Date>,
    /// Street and number; for the same letter.
    #[graphql(default)]
    pub street: String,
    /// Where the expert lives, as "09111".
    pub postal_code: String,
    /// Where approaches go.
    pub email: String,
    /// The telephone number.
    #[graphql(default)]
    pub phone: String,
    /// How many matches at once, from 1 to 10; 1 where it is not given.
    pub capacity: Option<i64>,
    /// How far the expert travels, from 1 to 300 kilometres; 30 where it is not given.
    pub travel_radius_km: Option<i64>,
    /// Occupations and interests, the most important first.
    #[graphql(default)]
    pub occupations: Vec<ExpertOccupationInput>,
    /// The languages that the expert speaks (ISO 639), as "de" or "fa".
    #[graphql(default)]
    pub languages: Vec<String>,
    /// The areas in which the expert offers help.
    #[graphql(default)]
    pub support_areas: Vec<SupportArea>,
    /// Earlier one-to-one programmes.
    #[graphql(default)]
    pub programmes: Vec<Programme>,
    /// The ways in which the expert likes to be reached.
    #[graphql(default)]
    pub preferred_channels: Vec<Channel>,
    /// Why the expert takes part, at most 4000 characters.
    #[graphql(default)]
    pub motivation: String,
    /// The language of e-mails to the expert (ISO 639); German where it is not given.
    pub language: Option<String>,
}

impl RegisterExpertInput {
    pub(super) fn check(self) -> Result<(OfficeId, experts::ExpertDraft), UserError> {
        let office = ids::parse("officeId", &self.office_id)?;
        let draft = experts::ExpertDraft {
            external_id: self.external_id,
            title: self.title,
            given_name: self.given_name,
            family_name: self.family_name,
            gender: self.gender.map(Into::into),
            birth_date: self.birth_date.map(Into::into),
            street: self.street,
            postal_code: self.postal_code,
            email: self.email,
            phone: self.phone,
            capacity: self.capacity,
            travel_radius_km: self.travel_radius_km,
            occupations: all(self.occupations),
            languages: self.languages,
            support_areas: all(self.support_areas),
            programmes: all(self.programmes),
            preferred_channels: all(self.preferred_channels),
            motivation: self.motivation,
            language: self.language,
            publicity_consent: false,
        };
        Ok((office, draft))
    }
}

/// A change of an expert: what is not given stays. A list is given whole.
#[derive(Debug, InputObject)]
pub struct UpdateExpertInput {
    /// Another regional office; you need the right in both.
    pub office_id: Option<ID>,
    /// The key in the list that the expert came from; null takes it away.
    pub external_id: MaybeUndefined<String>,
    /// The academic title; an empty text takes it away.
    pub title: Option<String>,
    /// The given name.
    pub given_name: Option<String>,
    /// The family name.
    pub family_name: Option<String>,
    /// The gender; null takes it away.
    pub gender: MaybeUndefined<Gender>,
    /// The birth date; null takes it away.
    pub birth_date: MaybeUndefined<Date>,
    /// Street and number; an empty text takes them away.
    pub street: Option<String>,
    /// Where the expert lives.
    pub postal_code: Option<String>,
    /// Where approaches go. Another address counts once it is confirmed at the old and at the new one; until then it
    /// stands in `addressChange`.
    pub email: Option<String>,
    /// The telephone number; an empty text takes it away.
    pub phone: Option<String>,
    /// How many matches at once, from 1 to 10.
    pub capacity: Option<i64>,
    /// How far the expert travels, from 1 to 300 kilometres.
    pub travel_radius_km: Option<i64>,
    /// All occupations and interests, the most important first.
    pub occupations: Option<Vec<ExpertOccupationInput>>,
    /// All languages that the expert speaks.
    pub languages: Option<Vec<String>>,
    /// All areas in which the expert offers help.
    pub support_areas: Option<Vec<SupportArea>>,
    /// All earlier one-to-one programmes.
    pub programmes: Option<Vec<Programme>>,
    /// All ways in which the expert likes to be reached.
    pub preferred_channels: Option<Vec<Channel>>,
    /// Why the expert takes part; an empty text takes it away.
    pub motivation: Option<String>,
    /// The language of e-mails to the expert.
    pub language: Option<String>,
    /// False where the expert takes back the consent to be named in public. To give it is the expert's own word, on the
    /// own page; true is refused.
    pub publicity_consent: Option<bool>,
}

impl UpdateExpertInput {
    pub(super) fn check(self) -> Result<ExpertPatch, UserError> {
        Ok(ExpertPatch {
            office: ids::parse_optional("officeId", self.office_id.as_ref())?,
            external_id: self.external_id.into(),
            title: self.title,
            given_name: self.given_name,
            family_name: self.family_name,
            gender: self.gender.map_value(Into::into).into(),
            birth_date: self.birth_date.map_value(Into::into).into(),
            street: self.street,
            postal_code: self.postal_code,
            email: self.email,
            phone: self.phone,
            capacity: self.capacity,
            travel_radius_km: self.travel_radius_km,
            occupations: self.occupations.map(all),
            languages: self.languages,
            support_areas: self.support_areas.map(all),
            programmes: self.programmes.map(all),
            preferred_channels: self.preferred_channels.map(all),
            motivation: self.motivation,
            language: self.language,
            publicity_consent: self.publicity_consent,
        })
    }
}

/// Readiness for a match, as a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "ReadinessFilter", remote = "tandem_storage::experts::Readiness")]
pub enum ReadinessFilter {
    /// Ready for a mentee of age.
    Ready,
    /// Ready for a mentee under 18 as well.
    ReadyForMinors,
    /// Something is missing or stands in the way.
    NotReady,
}

/// What a list of experts is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "ExpertOrder", remote = "tandem_storage::experts::Order")]
pub enum ExpertOrder {
    /// Family name, given name; umlauts with their plain letters.
    Name,
    /// Registered last first.
    Newest,
    /// The best answer to `search` first; needs it.
    Relevance,
    /// The nearest first; needs a place to be near to.
    Distance,
}

/// The neighbourhood of a place: of a service centre or of a postal code.
#[derive(Debug, InputObject)]
pub struct ExpertNearInput {
    /// Around this service centre; give this or `postalCode`.
    pub center_id: Option<ID>,
    /// Around this postal code, as "09111"; give this or `centerId`.
    pub postal_code: Option<String>,
    /// Kilometres, from 1 to 300.
    #[graphql(default = 30)]
    pub radius_km: i64,
}

impl ExpertNearInput {
    pub(super) fn check(self, field: &str) -> Result<NearInput, UserError> {
        let place = match (self.center_id, self.postal_code) {
            (Some(center), None) => NearPlace::Center(ids::parse(&format!("{field}.centerId"), &center)?),
            (None, Some(postal_code)) => NearPlace::PostalCode(postal_code),
            (Some(_), Some(_)) | (None, None) => {
                return Err(UserError::invalid(field, "give either centerId or postalCode"));
            }
        };
        Ok(NearInput {
            place,
            radius_km: self.radius_km,
        })
    }
}

/// Narrows a list of experts; what is not given narrows nothing.
#[derive(Debug, Default, InputObject)]
pub struct ExpertFilter {
    /// Only experts of these regional offices.
    pub office_ids: Option<Vec<ID>>,
    /// Only experts in one of these states. For offices only.
    pub states: Option<Vec<ExpertState>>,
    /// Only where the postal code begins so: one to five digits.
    pub postal_code_prefix: Option<String>,
    /// Only where the KldB 2010 code of an occupation or interest begins so: one to five digits.
    pub occupation_code_prefix: Option<String>,
    /// Only who speaks this language (ISO 639), as "fa".
    pub language: Option<String>,
    /// Only who offers help in this area.
    pub support_area: Option<SupportArea>,
    /// Only who is ready today, or who is not. For offices only.
    pub readiness: Option<ReadinessFilter>,
    /// Only who is paused today, or only who is not. For offices only.
    pub paused: Option<bool>,
    /// Only in the neighbourhood of a place.
    pub near: Option<ExpertNearInput>,
}

impl ExpertFilter {
    pub(super) fn check(self, search: Option<String>) -> Result<ListFilter, Vec<UserError>> {
        let offices = self
            .office_ids
            .map(|offices| ids::parse_all("filter.officeIds", &offices))
            .transpose()?;
        let near = self.near.map(|near| near.check("filter.near"));
        Ok(ListFilter {
            offices,
            states: self.states.map(all),
            postal_code_prefix: self.postal_code_prefix,
            occupation_code_prefix: self.occupation_code_prefix,
            language: self.language,
            support_area: self.support_area.map(Into::into),
            readiness: self.readiness.map(Into::into),
            paused: self.paused,
            // an empty box of a form searches for nothing in particular
            text: search.filter(|text| !text.trim().is_empty()),
            near: near.transpose().map_err(|error| vec![error])?,
        })
    }
}

fn all<T: Into<U>, U>(given: Vec<T>) -> Vec<U> {
    given.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(center_id: Option<ID>, postal_code: Option<&str>) -> Result<NearInput, UserError> {
        ExpertNearInput {
            center_id,
            postal_code: postal_code.map(str::to_owned),
            radius_km: 30,
        }
        .check("filter.near")
    }

    #[test]
    fn a_neighbourhood_is_that_of_one_place() {
        let center = ids::global(tandem_domain::ids::CenterId::from(uuid::Uuid::from_u128(1)));
        assert!(near(Some(center.clone()), None).is_ok());
        assert!(near(None, Some("09111")).is_ok());
        for (center, postal_code) in [(None, None), (Some(center), Some("09111"))] {
            assert_eq!(near(center, postal_code).unwrap_err().field, "filter.near");
        }
    }

    #[test]
    fn an_id_of_another_type_in_a_filter_is_refused_by_its_place() {
        let office = ids::global(OfficeId::from(uuid::Uuid::from_u128(1)));
        let expert = ids::global(tandem_domain::ids::ExpertId::from(uuid::Uuid::from_u128(1)));
        let filter = ExpertFilter {
            office_ids: Some(vec![office, expert.clone()]),
            ..ExpertFilter::default()
        };
        assert_eq!(filter.check(None).unwrap_err()[0].field, "filter.officeIds.1");
        assert_eq!(
            near(Some(expert), None).unwrap_err().field,
            "filter.near.centerId"
        );
    }

    #[test]
    fn an_empty_search_narrows_nothing() {
        let text = |search: &str| ExpertFilter::default().check(Some(search.into())).unwrap().text;
        assert_eq!(text("  "), None);
        assert_eq!(text("Müller"), Some("Müller".into()));
    }
}
