//! What is told about a case without the mentee.

use chrono::NaiveDate;
use tandem_domain::geo::{Coordinates, distance_km};
use tandem_domain::occupations::KldbCode;
use tandem_domain::values::{CefrLevel, SupportArea};
use tandem_mail::mails::Selection;
use tandem_mail::{AgeGroup, CaseDescription, LanguageLevel};
use tandem_storage::deliveries::MatchFacts;

use crate::{Error, Result};

/// Lives near enough that the distance counted, in kilometres.
const NEARBY_KM: f64 = 20.0;
/// So many shared digits of KldB 2010 make one occupation speak for another: the same group.
const SAME_GROUP: u8 = 3;

/// The case, told without the mentee, as it is on `day`.
pub fn describe_case(facts: &MatchFacts, day: NaiveDate) -> Result<CaseDescription> {
    let case = &facts.case;
    Ok(CaseDescription {
        age_group: AgeGroup::of(case.mentee_birth_date, day),
        center_place: case.center_place.clone(),
        distance_km: distance(facts)?,
        occupations: case.occupations.iter().map(|(_, label)| label.clone()).collect(),
        support_areas: case.support_areas.iter().copied().map(support_area).collect(),
        level: Some(level(case.german_level)),
        // German is told by its level
        languages: case
            .languages
            .iter()
            .filter(|code| *code != "de")
            .cloned()
            .collect(),
        planned_start: case.planned_start,
    })
}

fn distance(facts: &MatchFacts) -> Result<f64> {
    let point = |(latitude, longitude): (f64, f64)| {
        Coordinates::new(latitude, longitude).map_err(|error| Error::Fault(error.to_string()))
    };
    Ok(distance_km(
        point(facts.expert_coordinates)?,
        point(facts.case.center_coordinates)?,
    ))
}

/// Why this expert, as far as it can be told in a sentence.
pub(super) fn selection(facts: &MatchFacts) -> Result<Selection> {
    let code = |text: &str| text.parse::<KldbCode>().ok();
    let wanted: Vec<KldbCode> = facts
        .case
        .occupations
        .iter()
        .filter_map(|(text, _)| code(text))
        .collect();
    let best = facts
        .expert_occupations
        .iter()
        .filter_map(|(text, label)| {
            let own = code(text)?;
            let shared = wanted.iter().map(|other| own.shared_digits(*other)).max()?;
            (shared >= SAME_GROUP).then_some((shared, label))
        })
        // the first of the closest: experts name the most important first
        .reduce(|best, other| if other.0 > best.0 { other } else { best });
    Ok(Selection {
        occupation: best.map(|(_, label)| label.clone()),
        lives_nearby: distance(facts)? <= NEARBY_KM,
    })
}

/// An area in the words of mails and pages.
pub fn support_area(area: SupportArea) -> tandem_mail::SupportArea {
    match area {
        SupportArea::Language => tandem_mail::SupportArea::Language,
        SupportArea::Application => tandem_mail::SupportArea::Application,
        SupportArea::SocialContacts => tandem_mail::SupportArea::SocialContacts,
        SupportArea::SchoolAndWork => tandem_mail::SupportArea::SchoolAndWork,
        SupportArea::Authorities => tandem_mail::SupportArea::Authorities,
        SupportArea::Other => tandem_mail::SupportArea::Other,
    }
}

fn level(level: CefrLevel) -> LanguageLevel {
    match level {
        CefrLevel::None => LanguageLevel::None,
        CefrLevel::A1 => LanguageLevel::A1,
        CefrLevel::A2 => LanguageLevel::A2,
        CefrLevel::B1 => LanguageLevel::B1,
        CefrLevel::B2 => LanguageLevel::B2,
        CefrLevel::C1 => LanguageLevel::C1,
        CefrLevel::C2 => LanguageLevel::C2,
    }
}
