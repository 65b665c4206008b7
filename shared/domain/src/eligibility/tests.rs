use uuid::Uuid;

use super::*;
use crate::checks::Inspection;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn office(number: u128) -> OfficeId {
    Uuid::from_u128(number).into()
}

fn check(kind: CheckKind, valid_until: &str) -> BackgroundCheck {
    let inspected_on = day("2024-01-01");
    BackgroundCheck {
        kind,
        inspection: Some(Inspection {
            certificate_date: inspected_on,
            inspected_on,
            no_relevant_entry: true,
            valid_until: day(valid_until),
        }),
        erased: false,
    }
}

fn attended(module: &str) -> Attended {
    Attended {
        module: module.into(),
        on: day("2025-01-01"),
        counts_until: None,
    }
}

fn expert() -> ExpertFacts {
    ExpertFacts {
        state: ExpertState::Active,
        office: office(1),
        pauses: vec![],
        gender: Some(Gender::Female),
        travel_radius_km: 30,
        capacity: 1,
        open_matches: 0,
        recent_approaches: 0,
        checks: vec![check(CheckKind::Simple, "2029-01-01")],
        attended: vec![attended("BASE"), attended("INTERCULTURAL")],
    }
}

fn case() -> CaseFacts {
    CaseFacts {
        office: office(1),
        radius_km: 30,
        planned_start: day("2026-12-01"),
        mentee_birth_date: day("2004-01-01"),
        expert_gender_wish: None,
    }
}

fn asked(
    case: &CaseFacts,
    expert: &ExpertFacts,
    distance_m: u32,
    history: PairHistory,
    parameters: &Parameters,
) -> Result<Vec<Missing>, Rule> {
    let context = Context {
        today: day("2026-11-23"),
        settings: &Settings::default(),
        parameters,
        required_modules: &["BASE".to_owned(), "INTERCULTURAL".to_owned()].into(),
    };
    may_propose(&context, case, expert, distance_m, history)
}

fn rule(case: &CaseFacts, expert: &ExpertFacts) -> Option<Rule> {
    asked(
        case,
        expert,
        10_000,
        PairHistory::default(),
        &Parameters::default(),
    )
    .err()
}

#[test]
fn a_ready_expert_nearby_may_be_proposed() {
    assert_eq!(
        asked(
            &case(),
            &expert(),
            30_000,
            PairHistory::default(),
            &Parameters::default()
        ),
        Ok(vec![])
    );
}

#[test]
fn each_rule_stands_in_the_way_alone() {
    let minor = CaseFacts {
        mentee_birth_date: day("2010-01-01"),
        ..case()
    };
    let man_wished = CaseFacts {
        expert_gender_wish: Some(Gender::Male),
        ..case()
    };
    let pause = Pause {
        from: day("2026-11-25"),
        until: Some(day("2026-12-01")),
    };
    for (expected, case, expert) in [
        (
            Rule::State,
            case(),
            ExpertFacts {
                state: ExpertState::Suspended,
                ..expert()
            },
        ),
        (
            Rule::State,
            case(),
            ExpertFacts {
                state: ExpertState::Registered,
                ..expert()
            },
        ),
        (
            Rule::Paused,
            case(),
            ExpertFacts {
                pauses: vec![pause],
                ..expert()
            },
        ),
        (Rule::Gender, man_wished.clone(), expert()),
        (
            Rule::Gender,
            man_wished,
            ExpertFacts {
                gender: None,
                ..expert()
            },
        ),
        (
            Rule::Capacity,
            case(),
            ExpertFacts {
                open_matches: 1,
                ..expert()
            },
        ),
        (
            Rule::ApproachLimit,
            case(),
            ExpertFacts {
                recent_approaches: 3,
                ..expert()
            },
        ),
        (
            Rule::CheckMissing,
            case(),
            ExpertFacts {
                checks: vec![],
                ..expert()
            },
        ),
        (Rule::CheckMissing, minor, expert()),
        (
            Rule::CheckExpires,
            case(),
            ExpertFacts {
                checks: vec![check(CheckKind::Simple, "2026-11-30")],
                ..expert()
            },
        ),
        (
            Rule::Training,
            case(),
            ExpertFacts {
                attended: vec![attended("BASE")],
                ..expert()
            },
        ),
        (
            Rule::TravelRadius,
            case(),
            ExpertFacts {
                travel_radius_km: 9,
                ..expert()
            },
        ),
        (
            Rule::Distance,
            CaseFacts {
                radius_km: 9,
                ..self::case()
            },
            self::expert(),
        ),
    ] {
        assert_eq!(rule(&case, &expert), Some(expected));
    }
}

#[test]
fn history_and_office_count() {
    let defaults = Parameters::default();
    let barred = PairHistory {
        barred: true,
        open: false,
    };
    assert_eq!(asked(&case(), &expert(), 0, barred, &defaults), Err(Rule::Barred));
    let open = PairHistory {
        barred: false,
        open: true,
    };
    assert_eq!(
        asked(&case(), &expert(), 0, open, &defaults),
        Err(Rule::AlreadyAsked)
    );
    let other = ExpertFacts {
        office: office(2),
        ..expert()
    };
    assert!(asked(&case(), &other, 0, PairHistory::default(), &defaults).is_ok());
    let own = Parameters {
        own_office_only: true,
        ..Parameters::default()
    };
    assert_eq!(
        asked(&case(), &other, 0, PairHistory::default(), &own),
        Err(Rule::OtherOffice)
    );
}

#[test]
fn a_run_may_admit_who_still_lacks_something_and_names_it() {
    let admitting = Parameters {
        admit_missing: true,
        ..Parameters::default()
    };
    let lacking = ExpertFacts {
        checks: vec![],
        attended: vec![attended("BASE")],
        ..expert()
    };
    assert_eq!(
        asked(&case(), &lacking, 0, PairHistory::default(), &admitting),
        Ok(vec![Missing::SimpleCheck, Missing::InterculturalTraining])
    );
    let minor = CaseFacts {
        mentee_birth_date: day("2010-01-01"),
        ..case()
    };
    assert_eq!(
        asked(&minor, &expert(), 0, PairHistory::default(), &admitting),
        Ok(vec![Missing::ExtendedCheck])
    );
}

#[test]
fn a_training_that_no_longer_counts_is_missing() {
    let mut lapsed = expert();
    lapsed.attended[0].counts_until = Some(day("2026-11-30"));
    assert_eq!(rule(&case(), &lapsed), Some(Rule::Training));
}

#[test]
fn a_radius_of_the_run_replaces_the_cases_own() {
    let far = ExpertFacts {
        travel_radius_km: 100,
        ..expert()
    };
    let wide = Parameters {
        radius_km: Some(50),
        ..Parameters::default()
    };
    assert_eq!(
        asked(
            &case(),
            &far,
            50_000,
            PairHistory::default(),
            &Parameters::default()
        ),
        Err(Rule::Distance)
    );
    assert!(asked(&case(), &far, 50_000, PairHistory::default(), &wide).is_ok());
    assert_eq!(reach_m(&case(), &far, &wide), 50_000);
}
