use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use uuid::Uuid;

use super::explain::with_margin;
use super::*;
use crate::cases::MOST_OCCUPATIONS;
use crate::checks::{BackgroundCheck, CheckKind, Inspection};
use crate::eligibility::{Attended, Rule, may_propose, reach_m};
use crate::experts::{ExpertOccupation, ExpertState, OccupationKind, Pause};
use crate::geo::distance_m;
use crate::runs::Parameters;
use crate::scores::{Weights, score};
use crate::settings::Settings;
use crate::values::{Gender, Language, SupportArea};

/// Dresden, its surroundings, and Munich.
const CODES: [&str; 7] = ["01067", "01069", "01097", "01445", "01662", "02625", "80331"];
/// Several of a group, several groups of a field, and a code that has neither.
const OCCUPATIONS: [&str; 9] = [
    "43412", "43414", "4341", "43112", "43122", "26312", "2", "81302", "81392",
];
const LANGUAGES: [&str; 4] = ["de", "fa", "ar", "en"];

fn today() -> NaiveDate {
    "2026-11-23".parse().unwrap()
}

fn days(from: i64) -> NaiveDate {
    today() + chrono::TimeDelta::days(from)
}

fn postal_code() -> impl Strategy<Value = PostalCode> {
    select(&CODES[..]).prop_map(|code| code.parse().unwrap())
}

fn gender() -> impl Strategy<Value = Option<Gender>> {
    select(&[None, Some(Gender::Female), Some(Gender::Male)][..])
}

fn languages() -> impl Strategy<Value = Vec<Language>> {
    proptest::sample::subsequence(&LANGUAGES[..], 0..=4)
        .prop_map(|codes| codes.iter().map(|code| code.parse().unwrap()).collect())
}

fn areas() -> impl Strategy<Value = Vec<SupportArea>> {
    let all = <SupportArea as strum::VariantArray>::VARIANTS;
    proptest::sample::subsequence(all, 0..=all.len())
}

fn check() -> impl Strategy<Value = BackgroundCheck> {
    (
        select(&[CheckKind::Simple, CheckKind::Extended][..]),
        -60..20_i64,
        0..80_u64,
        0..10,
    )
        .prop_map(|(kind, from, length, clean)| BackgroundCheck {
            kind,
            inspection: Some(Inspection {
                certificate_date: days(from),
                inspected_on: days(from),
                no_relevant_entry: clean > 0,
                valid_until: days(from) + Days::new(length),
            }),
            erased: clean == 1,
        })
}

fn facts() -> impl Strategy<Value = ExpertFacts> {
    let state = select(
        &[
            ExpertState::Active,
            ExpertState::Active,
            ExpertState::Active,
            ExpertState::Suspended,
        ][..],
    );
    let pause = (-20..20_i64, proptest::option::of(0..15_i64)).prop_map(|(from, length)| Pause {
        from: days(from),
        until: length.map(|length| days(from + length)),
    });
    let attended = (
        select(&["BASE", "INTERCULTURAL", "OTHER"][..]),
        -40..10_i64,
        proptest::option::of(0..60_i64),
    )
        .prop_map(|(module, on, length)| Attended {
            module: module.into(),
            on: days(on),
            counts_until: length.map(|length| days(on + length)),
        });
    (
        state,
        0..2_u128,
        vec(pause, 0..3),
        gender(),
        1..60_u16,
        (1..4_u8, 0..3_u8, 0..4_u32),
        vec(check(), 0..4),
        vec(attended, 0..5),
    )
        .prop_map(
            |(state, office, pauses, gender, travel, room, checks, attended)| ExpertFacts {
                state,
                office: Uuid::from_u128(office).into(),
                pauses,
                gender,
                travel_radius_km: travel,
                capacity: room.0,
                open_matches: room.1,
                recent_approaches: room.2,
                checks,
                attended,
            },
        )
}

/// Ready whatever is asked, so that rows are not all empty.
fn ready() -> ExpertFacts {
    ExpertFacts {
        state: ExpertState::Active,
        office: Uuid::from_u128(0).into(),
        pauses: vec![],
        gender: Some(Gender::Female),
        travel_radius_km: 50,
        capacity: 2,
        open_matches: 0,
        recent_approaches: 0,
        checks: vec![BackgroundCheck {
            kind: CheckKind::Extended,
            inspection: Some(Inspection {
                certificate_date: days(-90),
                inspected_on: days(-90),
                no_relevant_entry: true,
                valid_until: days(900),
            }),
            erased: false,
        }],
        attended: ["BASE", "INTERCULTURAL"]
            .map(|module| Attended {
                module: module.into(),
                on: days(-100),
                counts_until: None,
            })
            .into(),
    }
}

fn traits() -> impl Strategy<Value = ExpertTraits> {
    let occupation = (
        proptest::option::of(select(&OCCUPATIONS[..])),
        select(&[OccupationKind::Occupation, OccupationKind::Interest][..]),
    )
        .prop_map(|(code, kind)| ExpertOccupation {
            kind,
            kldb_code: code.map(|code| code.parse().unwrap()),
            label: String::new(),
        });
    (
        vec(occupation, 0..6),
        areas(),
        languages(),
        0..3_usize,
        1..4_u8,
        0..4_u8,
    )
        .prop_map(
            |(occupations, support_areas, languages, programmes, capacity, open_matches)| ExpertTraits {
                occupations,
                support_areas,
                languages,
                programmes,
                capacity,
                open_matches,
            },
        )
}

type OwnedExpert = (PostalCode, ExpertFacts, ExpertTraits);
type OwnedCase = (PostalCode, CaseFacts, CaseTraits, Vec<(u32, PairHistory)>);

fn expert() -> impl Strategy<Value = OwnedExpert> {
    (
        postal_code(),
        prop_oneof![Just(ready()).boxed(), facts().boxed()],
        traits(),
    )
}

fn case() -> impl Strategy<Value = OwnedCase> {
    let wanted = vec(1..4_u8, 6).prop_flat_map(|priorities| {
        areas().prop_map(move |areas| areas.into_iter().zip(priorities.clone()).collect::<Vec<_>>())
    });
    let history = (any::<bool>(), any::<bool>()).prop_map(|(barred, open)| PairHistory { barred, open });
    let histories = proptest::collection::btree_map(0..25_u32, history, 0..3);
    (
        postal_code(),
        (0..2_u128, 5..60_u16, -10..60_i64, any::<bool>(), gender()),
        wanted,
        vec(select(&OCCUPATIONS[..]), 0..=MOST_OCCUPATIONS),
        languages(),
        0..400_u64,
        histories,
    )
        .prop_map(
            |(code, facts, support_areas, occupations, languages, waited, histories)| {
                let (office, radius_km, start, minor, wish) = facts;
                let facts = CaseFacts {
                    office: Uuid::from_u128(office).into(),
                    radius_km,
                    planned_start: days(start),
                    mentee_birth_date: days(if minor { -6200 } else { -9000 }),
                    expert_gender_wish: wish,
                };
                let traits = CaseTraits {
                    support_areas,
                    occupations: occupations.iter().map(|code| code.parse().unwrap()).collect(),
                    languages,
                    waiting_since: today() - Days::new(waited),
                };
                (code, facts, traits, histories.into_iter().collect())
            },
        )
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let weights = vec(0..500_i32, 8).prop_map(|w| Weights {
        distance: w[0],
        occupation: w[1],
        support_areas: w[2],
        language: w[3],
        programmes: w[4],
        balance: w[5],
        waiting_per_day: w[6],
        missing: w[7],
    });
    (
        weights,
        any::<bool>(),
        any::<bool>(),
        proptest::option::of(5..80_u16),
    )
        .prop_map(
            |(weights, own_office_only, admit_missing, radius_km)| Parameters {
                own_office_only,
                admit_missing,
                radius_km,
                weights,
                ..Parameters::default()
            },
        )
}

/// What the rules and scores say of a pair, asked one by one.
fn asked(context: &Context<'_>, case: &OwnedCase, expert: &OwnedExpert, position: u32) -> Result<i32, Rule> {
    let at = |code| around::spot(code).unwrap().coordinates();
    let metres = distance_m(at(case.0), at(expert.0));
    let history = case
        .3
        .iter()
        .find(|history| history.0 == position)
        .map_or(PairHistory::default(), |found| found.1);
    let missing = may_propose(context, &case.1, &expert.1, metres, history)?;
    let reach = reach_m(&case.1, &expert.1, context.parameters);
    let weights = &context.parameters.weights;
    Ok(score(
        weights,
        &case.2,
        &expert.2,
        metres,
        reach,
        missing.len(),
        context.today,
    )
    .total())
}

fn borrowed_expert((postal_code, facts, traits): &OwnedExpert) -> Expert<'_> {
    Expert {
        postal_code: *postal_code,
        facts,
        traits,
    }
}

fn borrowed_case((postal_code, facts, traits, histories): &OwnedCase) -> Case<'_> {
    Case {
        postal_code: *postal_code,
        facts,
        traits,
        histories,
    }
}

fn row(rows: &Rows, index: usize) -> Vec<(u32, i32)> {
    let range = rows.offsets[index]..rows.offsets[index + 1];
    let experts = rows.experts[range.clone()].iter().copied();
    experts.zip(rows.scores[range].iter().copied()).collect()
}

/// The pairs of a row with the highest scores, of equals those with the lowest numbers, and the last score
/// that is among them where others are left out.
fn the_best(whole: &[(u32, i32)], most: usize) -> (Vec<(u32, i32)>, Option<i32>) {
    let mut best = whole.to_vec();
    best.sort_unstable_by_key(|pair| (std::cmp::Reverse(pair.1), pair.0));
    let bound = (best.len() > most).then(|| best[most - 1].1);
    best.truncate(most);
    best.sort_unstable();
    (best, bound)
}

/// Weights under which nothing but the occupation counts, so that what somebody could reach at most is what
/// they have.
const OCCUPATION_ALONE: Weights = Weights {
    distance: 0,
    occupation: 400,
    support_areas: 0,
    language: 0,
    programmes: 0,
    balance: 0,
    waiting_per_day: 0,
    missing: 0,
};

#[test]
fn who_in_a_crowd_has_codes_of_a_wanted_field_is_found_once_by_the_best_of_them() {
    use OccupationKind::{Interest, Occupation};
    type Codes<'c> = &'c [(&'c str, OccupationKind)];
    // what is wanted, whose codes are asked about, and those of others
    let cases: [(&[&str], Codes<'_>, Codes<'_>); 4] = [
        // one code is worth as much as the other
        (&["43412"], &[("43112", Occupation), ("43122", Occupation)], &[]),
        (&["43412"], &[("43122", Occupation), ("43122", Occupation)], &[]),
        // worth less than one from any field that shares a digit with the first target
        (&["43412", "43414", "4341", "81302"], &[("81112", Interest)], &[]),
        // worth more for the first target of the field than for the last one, and a little more than others are
        (
            &["43412", "43414"],
            &[("43112", Occupation)],
            &[("43492", Interest)],
        ),
    ];
    let settings = Settings::default();
    let parameters = Parameters {
        weights: OCCUPATION_ALONE,
        ..Parameters::default()
    };
    let required = BTreeSet::new();
    let facts = ready();
    for (targets, codes, others) in cases {
        let context = Context {
            today: today(),
            settings: &settings,
            parameters: &parameters,
            required_modules: &required,
        };
        let [codes, others, none] = [codes, others, &[]].map(skilled);
        let experts = (0..100).map(|position| Expert {
            postal_code: CODES[0].parse().unwrap(),
            facts: &facts,
            traits: match position % 30 {
                29 => &codes,
                0..10 => &others,
                _ => &none,
            },
        });
        let pool = Pool::new(context, experts.collect()).unwrap();
        let case = plain_case(targets);
        let case = borrowed_case(&case);
        let whole = pool.rows(&[case], usize::MAX, 1, &|_| true).unwrap().unwrap();
        for most in 1..4 {
            let best = pool.rows(&[case], most, 1, &|_| true).unwrap().unwrap();
            let expected = the_best(&row(&whole, 0), most);
            assert!(expected.0.iter().all(|pair| pair.1 > 0), "{targets:?}");
            assert_eq!((row(&best, 0), best.bounds[0]), expected, "{targets:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_best_of_a_crowd_are_those_of_the_whole_row(
        experts in vec(expert(), 40..240), cases in vec(case(), 1..5), parameters in parameters(), most in 1..4_usize,
    ) {
        let settings = Settings::default();
        let required: BTreeSet<String> = ["BASE".to_owned()].into();
        let context = Context {
            today: today(), settings: &settings, parameters: &parameters, required_modules: &required,
        };
        let pool = Pool::new(context, experts.iter().map(borrowed_expert).collect()).unwrap();
        let cases: Vec<Case<'_>> = cases.iter().map(borrowed_case).collect();
        let rows = pool.rows(&cases, usize::MAX, 1, &|_| true).unwrap().unwrap();
        let best = pool.rows(&cases, most, 1, &|_| true).unwrap().unwrap();
        // as many as make several pieces of work
        let many: Vec<Case<'_>> = cases.iter().copied().cycle().take(300).collect();
        let alone = pool.rows(&many, most, 1, &|_| true).unwrap();
        for threads in [2, 5] {
            prop_assert_eq!(&pool.rows(&many, most, threads, &|_| true).unwrap(), &alone);
        }
        let asked_for: Vec<u32> = (0..cases.len() as u32).collect();
        let floor = |case: u32| best.bounds[case as usize].unwrap_or(i32::MIN);
        let left_out = pool.left_out(&cases, &asked_for, 1, &|_| true, Wanted {
            most, listed: &|_, _| false, floor: &floor, wanted: &|case, _, score| score >= floor(case),
        });
        let left_out = left_out.unwrap().unwrap();
        for index in 0..cases.len() {
            let whole = row(&rows, index);
            let (expected, bound) = the_best(&whole, most);
            let found = left_out.iter().filter(|found| found.0 as usize == index);
            let found: Vec<_> = found.map(|found| (found.1, found.2)).collect();
            prop_assert_eq!(&found, &expected);
            prop_assert_eq!((row(&best, index), best.bounds[index]), (expected, bound));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn rows_and_reasons_are_those_that_rules_and_scores_give_pair_by_pair(
        experts in vec(expert(), 0..25), cases in vec(case(), 0..8), parameters in parameters(), most in 1..5_usize,
    ) {
        let settings = Settings::default();
        let required: BTreeSet<String> = ["BASE".to_owned(), "INTERCULTURAL".to_owned()].into();
        let context = Context {
            today: today(), settings: &settings, parameters: &parameters, required_modules: &required,
        };
        let pool = Pool::new(context.clone(), experts.iter().map(borrowed_expert).collect()).unwrap();
        let asked_cases: Vec<Case<'_>> = cases.iter().map(borrowed_case).collect();
        let rows = pool.rows(&asked_cases, usize::MAX, 1, &|_| true).unwrap().unwrap();
        let best = pool.rows(&asked_cases, most, 1, &|_| true).unwrap().unwrap();
        let seen = pool.explain(&asked_cases, 1, &|_| true).unwrap().unwrap();
        for threads in [2, 3] {
            prop_assert_eq!(&pool.rows(&asked_cases, usize::MAX, threads, &|_| true).unwrap().unwrap(), &rows);
            prop_assert_eq!(&pool.rows(&asked_cases, most, threads, &|_| true).unwrap().unwrap(), &best);
            prop_assert_eq!(&pool.explain(&asked_cases, threads, &|_| true).unwrap().unwrap(), &seen);
        }
        for (index, case) in cases.iter().enumerate() {
            let mut expected: Vec<(u32, i32)> = Vec::new();
            let mut removed: BTreeMap<Rule, u32> = BTreeMap::new();
            let mut misses = Vec::new();
            let radius = pool.radius_km(&case.1) * 1000;
            for (position, expert) in experts.iter().enumerate() {
                let at = |code| around::spot(code).unwrap().coordinates();
                let metres = distance_m(at(case.0), at(expert.0));
                match asked(&context, case, expert, position as u32) {
                    Ok(score) => expected.push((pool.number(position), score)),
                    Err(rule) => {
                        if metres <= radius {
                            *removed.entry(rule).or_default() += 1;
                        }
                        if metres <= with_margin(radius) && rule.can_be_mended() {
                            misses.push(NearMiss { distance_m: metres, position: position as u32, rule });
                        }
                    }
                }
            }
            expected.sort_unstable();
            misses.sort_unstable();
            misses.truncate(NEAR_MISSES);
            prop_assert_eq!(&row(&rows, index), &expected);
            prop_assert_eq!(rows.bounds[index], None);
            prop_assert_eq!(&seen[index], &Seen {
                candidates: expected.len() as u32, removed, near_misses: misses,
            });

            prop_assert_eq!((row(&best, index), best.bounds[index]), the_best(&expected, most));
        }

        let asked_for: Vec<u32> = (0..cases.len() as u32).collect();
        let listed = |case: u32, expert: u32| row(&best, case as usize).iter().any(|pair| pair.0 == expert);
        let left_out = pool
            .left_out(&asked_cases, &asked_for, 2, &|_| true, Wanted {
                most: usize::MAX, listed: &listed, floor: &|_| i32::MIN, wanted: &|_, _, _| true,
            })
            .unwrap()
            .unwrap();
        let mut all: Vec<(u32, u32, i32)> = left_out;
        for index in 0..cases.len() {
            all.extend(row(&best, index).into_iter().map(|(expert, score)| (index as u32, expert, score)));
        }
        all.sort_unstable();
        let whole: Vec<(u32, u32, i32)> = (0..cases.len())
            .flat_map(|index| row(&rows, index).into_iter().map(move |pair| (index as u32, pair.0, pair.1)))
            .collect();
        prop_assert_eq!(all, whole);
    }
}

/// An adult in Dresden who asks for nothing but these occupations.
fn plain_case(occupations: &[&str]) -> OwnedCase {
    let facts = CaseFacts {
        office: Uuid::from_u128(0).into(),
        radius_km: 30,
        planned_start: today(),
        mentee_birth_date: days(-9000),
        expert_gender_wish: None,
    };
    let traits = CaseTraits {
        support_areas: vec![],
        occupations: occupations.iter().map(|code| code.parse().unwrap()).collect(),
        languages: vec![],
        waiting_since: today(),
    };
    ("01067".parse().unwrap(), facts, traits, vec![])
}

/// Somebody with nothing but these occupations and interests.
fn skilled(codes: &[(&str, OccupationKind)]) -> ExpertTraits {
    ExpertTraits {
        occupations: codes
            .iter()
            .map(|(code, kind)| ExpertOccupation {
                kind: *kind,
                kldb_code: Some(code.parse().unwrap()),
                label: String::new(),
            })
            .collect(),
        support_areas: vec![],
        languages: vec![],
        programmes: 0,
        capacity: 2,
        open_matches: 0,
    }
}

#[test]
fn who_says_stop_gets_nothing() {
    let (settings, parameters) = (Settings::default(), Parameters::default());
    let context = Context {
        today: today(),
        settings: &settings,
        parameters: &parameters,
        required_modules: &BTreeSet::new(),
    };
    let pool = Pool::new(context, vec![]).unwrap();
    assert!(pool.is_empty());
    let case = plain_case(&[]);
    let case = borrowed_case(&case);
    for threads in [1, 2] {
        assert_eq!(pool.rows(&[case], 8, threads, &|_| false), Ok(None));
        assert_eq!(pool.explain(&[case], threads, &|_| false), Ok(None));
        assert_eq!(
            pool.rows(&[case], 8, threads, &|_| true)
                .unwrap()
                .unwrap()
                .offsets,
            [0, 0]
        );
    }
    let nowhere = Case {
        postal_code: "00000".parse().unwrap(),
        ..case
    };
    assert_eq!(
        pool.rows(&[nowhere], 8, 1, &|_| true),
        Err(UnknownPostalCode(nowhere.postal_code))
    );
}

#[test]
fn who_is_found_by_two_occupations_of_a_crowd_is_listed_once() {
    let parameters = Parameters::default();
    let settings = Settings::default();
    let required = BTreeSet::new();
    let context = Context {
        today: today(),
        settings: &settings,
        parameters: &parameters,
        required_modules: &required,
    };
    let facts = ready();
    let both = [
        ("43412", OccupationKind::Occupation),
        ("81302", OccupationKind::Occupation),
    ];
    let (both, none) = (skilled(&both), skilled(&[]));
    let experts = (0..200).map(|position| Expert {
        postal_code: "01067".parse().unwrap(),
        facts: &facts,
        traits: if position == 7 { &both } else { &none },
    });
    let pool = Pool::new(context, experts.collect()).unwrap();
    let case = plain_case(&["81302", "43412"]);
    let case = borrowed_case(&case);
    let rows = pool.rows(&[case], 3, 1, &|_| true).unwrap().unwrap();
    let positions: Vec<usize> = rows.experts.iter().map(|number| pool.position(*number)).collect();
    assert_eq!(positions, [0, 1, 7]);
}
