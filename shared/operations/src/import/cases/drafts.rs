//! What a row says of a mentee and a case, put over what is there already.

use tandem_domain::cases::{CaseDraft, CaseWishes};
use tandem_domain::mentees::{MenteeDraft, MenteeProfile};

use crate::import::cells::{Names, Row};

fn put<T>(place: &mut T, given: Option<T>) {
    if let Some(given) = given {
        *place = given;
    }
}

fn none_if_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// A mentee's data as they would be typed.
pub(super) fn of_mentee(profile: MenteeProfile) -> MenteeDraft {
    let guardian = profile.guardian;
    MenteeDraft {
        external_id: profile.external_id,
        given_name: profile.given_name,
        family_name: profile.family_name,
        gender: profile.gender,
        birth_date: Some(profile.birth_date),
        email: profile.email.map(String::from),
        phone: profile.phone,
        language: Some(profile.language.into()),
        first_language_consent: profile.first_language.is_some(),
        first_language: profile.first_language.map(String::from),
        languages: profile.languages.into_iter().map(String::from).collect(),
        german_level: Some(profile.german_level),
        german_level_on: profile.german_level_on,
        german_level_source: profile.german_level_source,
        guardian_kind: guardian.as_ref().map(|guardian| guardian.kind),
        guardian_name: guardian
            .as_ref()
            .map(|guardian| guardian.name.clone())
            .unwrap_or_default(),
        guardian_email: guardian
            .as_ref()
            .and_then(|guardian| guardian.email.clone())
            .map(String::from),
        guardian_phone: guardian.map(|guardian| guardian.phone).unwrap_or_default(),
    }
}

/// The mentee's draft with what the row says.
pub(super) fn mentee(row: &mut Row<'_>, key: &str, mut draft: MenteeDraft) -> MenteeDraft {
    draft.external_id = Some(key.to_owned());
    put(&mut draft.given_name, row.text("givenName"));
    put(&mut draft.family_name, row.text("familyName"));
    put(&mut draft.gender, row.word("gender"));
    put(&mut draft.birth_date, row.date("birthDate"));
    put(&mut draft.email, row.text("email").map(none_if_empty));
    put(&mut draft.phone, row.text("phone"));
    put(&mut draft.language, row.text("language").map(none_if_empty));
    put(
        &mut draft.first_language,
        row.text("firstLanguage").map(none_if_empty),
    );
    put(
        &mut draft.first_language_consent,
        row.yes_no("firstLanguageConsent"),
    );
    put(&mut draft.languages, row.codes("languages"));
    put(&mut draft.german_level, row.word("germanLevel"));
    put(&mut draft.german_level_on, row.date("germanLevelOn"));
    put(&mut draft.german_level_source, row.text("germanLevelSource"));
    put(&mut draft.guardian_kind, row.word("guardianKind"));
    put(&mut draft.guardian_name, row.text("guardianName"));
    put(
        &mut draft.guardian_email,
        row.text("guardianEmail").map(none_if_empty),
    );
    put(&mut draft.guardian_phone, row.text("guardianPhone"));
    draft
}

/// A case's wishes as they would be typed.
pub(super) fn of_case(wishes: CaseWishes) -> CaseDraft {
    CaseDraft {
        external_id: wishes.external_id,
        contact_name: wishes.contact_name,
        mentee_wishes: wishes.mentee_wishes,
        center_wishes: wishes.center_wishes,
        start_level: wishes.start_level,
        radius_km: Some(wishes.radius_km.into()),
        planned_start: wishes.planned_start,
        expert_gender_wish: wishes.expert_gender_wish,
        support_areas: wishes
            .support_areas
            .into_iter()
            .map(|(area, priority)| (area, priority.into()))
            .collect(),
        occupations: wishes
            .occupations
            .into_iter()
            .map(|(code, label)| (code.into(), label))
            .collect(),
        eligibility_confirmed: wishes.eligibility_confirmed,
        mentee_consent_on: wishes.mentee_consent_on,
        guardian_consent_on: wishes.guardian_consent_on,
    }
}

/// The case's draft with what the row says.
pub(super) fn case(row: &mut Row<'_>, key: &str, mut draft: CaseDraft, names: &Names) -> CaseDraft {
    draft.external_id = Some(key.to_owned());
    put(&mut draft.contact_name, row.text("contactName"));
    put(&mut draft.mentee_wishes, row.text("menteeWishes"));
    put(&mut draft.center_wishes, row.text("centerWishes"));
    put(&mut draft.start_level, row.text("startLevel"));
    put(&mut draft.radius_km, row.number("radiusKm"));
    put(&mut draft.planned_start, row.date("plannedStart"));
    put(&mut draft.expert_gender_wish, row.word("expertGenderWish"));
    put(&mut draft.support_areas, row.prioritised("supportAreas"));
    put(
        &mut draft.eligibility_confirmed,
        row.yes_no("eligibilityConfirmed"),
    );
    put(&mut draft.mentee_consent_on, row.date("menteeConsentOn"));
    put(&mut draft.guardian_consent_on, row.date("guardianConsentOn"));
    if let Some(texts) = row.texts("occupations") {
        let read: Vec<(Option<String>, String)> = texts.iter().map(|text| names.read(text)).collect();
        for (_, label) in read.iter().filter(|(code, _)| code.is_none()) {
            row.refuse(
                "occupations",
                format!("{label:?} is no training occupation of the catalogue: write its KldB code before it, as \"26112 Mechatroniker/in\""),
            );
        }
        draft.occupations = read
            .into_iter()
            .filter_map(|(code, label)| Some((code?, label)))
            .collect();
    }
    draft
}
