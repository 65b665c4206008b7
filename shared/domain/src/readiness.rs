//! Ready for a match (domain.md, S7): `ACTIVE`, not paused, the right kind of check valid, all required
//! modules attended, capacity left. Storage's list filter means the same; a test holds the two together.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::checks::CheckKind;
use crate::eligibility::{ExpertFacts, Missing, missing};
use crate::experts::ExpertState;

/// Whether an expert could begin a match on a day, and what stands in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// With a mentee of age.
    pub ready: bool,
    /// With a mentee under 18 as well: the extended check is valid.
    pub ready_for_minors: bool,
    /// Paused on that day.
    pub paused: bool,
    /// As many matches as the capacity admits.
    pub at_capacity: bool,
    /// What has to be done before a first meeting with a mentee of age is dated.
    pub missing: Vec<Missing>,
}

/// The readiness of an expert on a day.
pub fn readiness(expert: &ExpertFacts, required_modules: &BTreeSet<String>, day: NaiveDate) -> Readiness {
    let paused = expert.pauses.iter().any(|pause| pause.covers(day));
    let at_capacity = expert.open_matches >= expert.capacity;
    let available = expert.state == ExpertState::Active && !paused && !at_capacity;
    let lacks = |kind| missing(expert, kind, required_modules, day);
    let missing = lacks(CheckKind::Simple);
    Readiness {
        ready: available && missing.is_empty(),
        ready_for_minors: available && lacks(CheckKind::Extended).is_empty(),
        paused,
        at_capacity,
        missing,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::checks::{BackgroundCheck, Inspection};
    use crate::eligibility::Attended;
    use crate::experts::Pause;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn expert() -> ExpertFacts {
        ExpertFacts {
            state: ExpertState::Active,
            office: Uuid::from_u128(1).into(),
            pauses: vec![],
            gender: None,
            travel_radius_km: 30,
            capacity: 1,
            open_matches: 0,
            recent_approaches: 0,
            checks: vec![BackgroundCheck {
                kind: CheckKind::Simple,
                inspection: Some(Inspection {
                    certificate_date: day("2025-01-01"),
                    inspected_on: day("2025-01-10"),
                    no_relevant_entry: true,
                    valid_until: day("2030-01-10"),
                }),
                erased: false,
            }],
            attended: ["BASE", "INTERCULTURAL"]
                .map(|module| Attended {
                    module: module.into(),
                    on: day("2025-02-01"),
                    counts_until: None,
                })
                .into(),
        }
    }

    fn of(expert: &ExpertFacts) -> Readiness {
        let required = ["BASE", "INTERCULTURAL"].map(String::from).into();
        readiness(expert, &required, day("2026-11-23"))
    }

    #[test]
    fn a_simple_check_is_enough_for_a_mentee_of_age_only() {
        let readiness = of(&expert());
        assert!(readiness.ready && !readiness.ready_for_minors);
        assert!(readiness.missing.is_empty());
    }

    #[test]
    fn the_base_module_alone_is_not_enough() {
        let mut half = expert();
        half.attended.truncate(1);
        let readiness = of(&half);
        assert!(!readiness.ready);
        assert_eq!(readiness.missing, [Missing::InterculturalTraining]);
    }

    #[test]
    fn a_pause_a_full_capacity_and_any_other_state_stand_in_the_way() {
        let paused = ExpertFacts {
            pauses: vec![Pause {
                from: day("2026-11-01"),
                until: None,
            }],
            ..expert()
        };
        assert!(of(&paused).paused && !of(&paused).ready);
        let full = ExpertFacts {
            open_matches: 1,
            ..expert()
        };
        assert!(of(&full).at_capacity && !of(&full).ready);
        for state in [ExpertState::Registered, ExpertState::Suspended, ExpertState::Left] {
            assert!(!of(&ExpertFacts { state, ..expert() }).ready, "{state}");
        }
    }

    #[test]
    fn an_expired_check_is_missing() {
        let mut late = expert();
        late.checks[0].inspection.as_mut().unwrap().valid_until = day("2026-11-22");
        assert_eq!(of(&late).missing, [Missing::SimpleCheck]);
    }
}
