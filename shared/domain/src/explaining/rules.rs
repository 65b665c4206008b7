//! What the rules removed, and what is missing.

use std::collections::BTreeMap;

use super::Language;
use crate::eligibility::{Missing, Rule};

/// "21 without training": what a number of experts has in common whom one rule removed.
fn removed_by(rule: Rule, count: u32, language: Language) -> String {
    let count = language.number(i64::from(count));
    let (german, english) = match rule {
        Rule::State => ("nicht aktiv", "not active"),
        Rule::OtherOffice => ("aus einem anderen Regionalbüro", "of another regional office"),
        Rule::Distance => ("zu weit vom Standort", "too far from the centre"),
        Rule::TravelRadius => ("fahren nicht so weit", "do not travel that far"),
        Rule::Paused => ("pausieren zum Beginn", "paused at the start"),
        Rule::Gender => (
            "entsprechen nicht dem Wunsch nach Geschlecht",
            "not of the gender wished for",
        ),
        Rule::Barred => (
            "haben diesen Fall abgelehnt oder es kam nicht zustande",
            "declined this case, or it did not come about",
        ),
        Rule::AlreadyAsked => ("werden schon gefragt", "asked already"),
        Rule::Capacity => ("ohne freien Platz", "at capacity"),
        Rule::ApproachLimit => ("zuletzt zu oft gefragt", "approached too often lately"),
        Rule::CheckMissing => ("ohne gültiges Führungszeugnis", "without a valid certificate"),
        Rule::CheckExpires => (
            "mit Führungszeugnis, das vor dem Beginn endet",
            "with a certificate that expires before the start",
        ),
        Rule::Training => ("ohne Schulung", "without training"),
        Rule::CenterLimit => (
            "möglich, aber die Servicestelle hat keinen Platz mehr",
            "possible, but the centre has no room left",
        ),
        Rule::CaseNotSearching => ("der Fall sucht nicht mehr", "the case no longer searches"),
        Rule::AnotherAsked => ("jemand anderes wird gefragt", "somebody else is asked"),
    };
    format!("{count} {}", language.pick(german, english))
}

/// Why a case has no expert: "38 within 30 km; 21 without training, 11 at capacity, 6 with a certificate
/// that expires before the start."
///
/// `candidates` are those whom every rule let through; where there are some, the plan needs them for other
/// cases.
pub fn without_expert(
    radius_km: Option<u16>,
    candidates: u32,
    removed: &BTreeMap<Rule, u32>,
    language: Language,
) -> String {
    let all: u32 = candidates + removed.values().sum::<u32>();
    let count = language.number(i64::from(all));
    let around = match (radius_km, language) {
        (Some(radius), Language::De) => format!("{count} im Umkreis von {radius} km"),
        (None, Language::De) => format!("{count} im Umkreis"),
        (Some(radius), Language::En) => format!("{count} within {radius} km"),
        (None, Language::En) => format!("{count} within the radius"),
    };
    if all == 0 {
        return match (radius_km, language) {
            (Some(radius), Language::De) => format!("Niemand im Umkreis von {radius} km."),
            (None, Language::De) => "Niemand im Umkreis.".into(),
            (Some(radius), Language::En) => format!("Nobody within {radius} km."),
            (None, Language::En) => "Nobody within the radius.".into(),
        };
    }
    // the rule that removed most comes first
    let mut ranked: Vec<(Rule, u32)> = removed
        .iter()
        .map(|(rule, count)| (*rule, *count))
        .filter(|(_, count)| *count > 0)
        .collect();
    ranked.sort_by_key(|(rule, count)| (std::cmp::Reverse(*count), *rule));
    let mut parts: Vec<String> = ranked
        .into_iter()
        .map(|(rule, count)| removed_by(rule, count, language))
        .collect();
    if candidates > 0 {
        let possible = language.number(i64::from(candidates));
        parts.push(match language {
            Language::De => format!("{possible} möglich, aber für andere Fälle geplant"),
            Language::En => format!("{possible} possible, but planned for other cases"),
        });
    }
    format!("{around}; {}.", parts.join(", "))
}

/// Why one expert near the centre is a near miss.
pub fn near_miss(rule: Rule, distance_m: u32, language: Language) -> String {
    let far = language.distance(distance_m);
    let why = match rule {
        Rule::Distance => language.pick(
            "weiter als der Umkreis des Falls",
            "farther than the case's radius",
        ),
        Rule::TravelRadius => language.pick("fährt nicht so weit", "does not travel that far"),
        Rule::Paused => language.pick("pausiert zum geplanten Beginn", "paused at the planned start"),
        Rule::Capacity => language.pick("zurzeit kein freier Platz", "no place free at present"),
        Rule::ApproachLimit => {
            language.pick("wurde zuletzt zu oft gefragt", "was approached too often lately")
        }
        Rule::CheckMissing => language.pick(
            "kein gültiges Führungszeugnis der nötigen Art",
            "no valid certificate of the kind needed",
        ),
        Rule::CheckExpires => language.pick(
            "das Führungszeugnis endet vor dem geplanten Beginn",
            "the certificate expires before the planned start",
        ),
        Rule::Training => language.pick("eine Schulung fehlt", "a training module is missing"),
        other => return format!("{far}: {}", removed_by(other, 1, language)),
    };
    format!("{far}: {why}")
}

/// A missing thing.
pub fn missing(missing: Missing, language: Language) -> &'static str {
    match (language, missing) {
        (Language::De, Missing::SimpleCheck) => "ein gültiges Führungszeugnis",
        (Language::De, Missing::ExtendedCheck) => "ein gültiges erweitertes Führungszeugnis",
        (Language::De, Missing::BaseTraining) => "die Grundschulung",
        (Language::De, Missing::InterculturalTraining) => "die interkulturelle Schulung",
        (Language::De, Missing::OtherTraining) => "eine weitere Pflichtschulung",
        (Language::En, Missing::SimpleCheck) => "a valid certificate",
        (Language::En, Missing::ExtendedCheck) => "a valid extended certificate",
        (Language::En, Missing::BaseTraining) => "the base training",
        (Language::En, Missing::InterculturalTraining) => "the intercultural training",
        (Language::En, Missing::OtherTraining) => "another required training",
    }
}

/// Missing things in one phrase.
pub(super) fn missing_things(things: &[Missing], language: Language) -> String {
    let parts: Vec<String> = things
        .iter()
        .map(|thing| missing(*thing, language).to_owned())
        .collect();
    language.list(&parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_without_an_expert_is_told_as_a_coordinator_can_act_on_it() {
        let removed = [
            (Rule::CheckExpires, 6),
            (Rule::Capacity, 11),
            (Rule::Training, 21),
        ]
        .into();
        assert_eq!(
            without_expert(Some(30), 0, &removed, Language::En),
            "38 within 30 km; 21 without training, 11 at capacity, 6 with a certificate that expires before \
             the start."
        );
        assert_eq!(
            without_expert(Some(30), 2, &removed, Language::De),
            "40 im Umkreis von 30 km; 21 ohne Schulung, 11 ohne freien Platz, 6 mit Führungszeugnis, das vor \
             dem Beginn endet, 2 möglich, aber für andere Fälle geplant."
        );
        assert_eq!(
            without_expert(None, 0, &BTreeMap::new(), Language::De),
            "Niemand im Umkreis."
        );
    }

    #[test]
    fn every_rule_has_words_in_both_languages() {
        for rule in Rule::ALL {
            for language in [Language::De, Language::En] {
                assert!(near_miss(*rule, 1_234, language).len() > 10);
                let removed = [(*rule, 3)].into();
                assert!(without_expert(Some(5), 0, &removed, language).contains("; 3 "));
            }
        }
        assert_eq!(
            near_miss(Rule::Training, 12_000, Language::De),
            "12,0 km: eine Schulung fehlt"
        );
    }
}
