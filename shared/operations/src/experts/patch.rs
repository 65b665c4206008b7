//! A change of an expert: what is not given stays.

use chrono::NaiveDate;
use tandem_domain::experts::{ExpertDraft, OccupationKind};
use tandem_domain::ids::OfficeId;
use tandem_domain::values::{Channel, Gender, Programme, SupportArea};

/// See [`ExpertDraft`] for the fields. `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct ExpertPatch {
    /// Another office; the caller needs the right in both.
    pub office: Option<OfficeId>,
    /// External id.
    pub external_id: Option<Option<String>>,
    /// Academic title.
    pub title: Option<String>,
    /// Given name.
    pub given_name: Option<String>,
    /// Family name.
    pub family_name: Option<String>,
    /// Gender.
    pub gender: Option<Option<Gender>>,
    /// Birth date.
    pub birth_date: Option<Option<NaiveDate>>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// How many matches at once.
    pub capacity: Option<i64>,
    /// Kilometres.
    pub travel_radius_km: Option<i64>,
    /// All occupations and interests: kind, code, label.
    pub occupations: Option<Vec<(OccupationKind, Option<String>, String)>>,
    /// All languages.
    pub languages: Option<Vec<String>>,
    /// All areas.
    pub support_areas: Option<Vec<SupportArea>>,
    /// All earlier programmes.
    pub programmes: Option<Vec<Programme>>,
    /// All preferred channels.
    pub preferred_channels: Option<Vec<Channel>>,
    /// Motivation.
    pub motivation: Option<String>,
    /// Correspondence language.
    pub language: Option<String>,
    /// Consent to publicity.
    pub publicity_consent: Option<bool>,
}

impl ExpertPatch {
    /// The draft with this change.
    pub(super) fn apply(self, draft: ExpertDraft) -> ExpertDraft {
        ExpertDraft {
            external_id: self.external_id.unwrap_or(draft.external_id),
            title: self.title.unwrap_or(draft.title),
            given_name: self.given_name.unwrap_or(draft.given_name),
            family_name: self.family_name.unwrap_or(draft.family_name),
            gender: self.gender.unwrap_or(draft.gender),
            birth_date: self.birth_date.unwrap_or(draft.birth_date),
            street: self.street.unwrap_or(draft.street),
            postal_code: self.postal_code.unwrap_or(draft.postal_code),
            email: self.email.unwrap_or(draft.email),
            phone: self.phone.unwrap_or(draft.phone),
            capacity: self.capacity.or(draft.capacity),
            travel_radius_km: self.travel_radius_km.or(draft.travel_radius_km),
            occupations: self.occupations.unwrap_or(draft.occupations),
            languages: self.languages.unwrap_or(draft.languages),
            support_areas: self.support_areas.unwrap_or(draft.support_areas),
            programmes: self.programmes.unwrap_or(draft.programmes),
            preferred_channels: self.preferred_channels.unwrap_or(draft.preferred_channels),
            motivation: self.motivation.unwrap_or(draft.motivation),
            language: self.language.or(draft.language),
            publicity_consent: self.publicity_consent.unwrap_or(draft.publicity_consent),
        }
    }
}
