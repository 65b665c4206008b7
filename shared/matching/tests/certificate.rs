//! The certificate accepts what is best and nothing else.

mod common;

use common::{Dice, Lists, brute_force};
use tandem_matching::{Instance, Objective, Pin, Silent, Solution, Violation, certify, solve};

const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

fn each(instances: u64, mut check: impl FnMut(&Lists, &Instance, Objective, &[Pin], &Solution, &mut Dice)) {
    for seed in 0..instances {
        let mut dice = Dice(seed ^ 0xCE57);
        let (cases, experts) = (1 + dice.below(6), 1 + dice.below(5));
        let lists = Lists::random(&mut dice, cases, experts);
        let pins = if seed % 3 == 0 {
            lists.random_pins(&mut dice)
        } else {
            Vec::new()
        };
        let instance = lists.instance();
        for objective in OBJECTIVES {
            let solution = solve(&instance, objective, &pins, &mut Silent).expect("the pins fit");
            check(&lists, &instance, objective, &pins, &solution, &mut dice);
        }
    }
}

fn is_pinned(pins: &[Pin], case: usize) -> bool {
    pins.iter().any(|pin| pin.case as usize == case)
}

fn room(lists: &Lists, pins: &[Pin], expert: usize) -> usize {
    let pinned = pins.iter().filter(|pin| pin.expert as usize == expert).count();
    usize::from(lists.capacities[expert]) - pinned
}

#[test]
fn a_dropped_match_is_caught() {
    let mut dropped = 0;
    each(4_000, |_, instance, objective, pins, solution, _| {
        for case in 0..instance.cases() {
            let Some(expert) = solution.assignment[case] else {
                continue;
            };
            if objective == Objective::Score && instance.score(case, expert) == Some(0) {
                continue;
            }
            let mut changed = solution.clone();
            changed.assignment[case] = None;
            assert!(certify(instance, objective, pins, &changed).is_err());
            dropped += 1;
        }
    });
    assert!(dropped > 10_000, "{dropped} matches were dropped");
}

#[test]
fn a_swapped_pair_is_caught_unless_the_plan_is_as_good() {
    let (mut caught, mut as_good) = (0, 0);
    each(4_000, |lists, instance, objective, pins, solution, _| {
        for a in 0..instance.cases() {
            for b in a + 1..instance.cases() {
                let mut changed = solution.clone();
                changed.assignment.swap(a, b);
                if changed.assignment == solution.assignment {
                    continue;
                }
                match certify(instance, objective, pins, &changed) {
                    Err(_) => caught += 1,
                    Ok(certificate) => {
                        let best = brute_force(lists, objective, pins).expect("the pins fit");
                        assert_eq!(certificate.score, best.1);
                        as_good += 1;
                    }
                }
            }
        }
    });
    assert!(
        caught > 10_000 && as_good > 100,
        "{caught} caught, {as_good} as good"
    );
}

#[test]
fn a_price_off_by_one_is_caught() {
    each(4_000, |lists, instance, objective, pins, solution, _| {
        for expert in (0..instance.experts()).filter(|&expert| room(lists, pins, expert) > 0) {
            for change in [-1, 1] {
                let mut changed = solution.clone();
                changed.duals.expert_price[expert] += change;
                assert!(certify(instance, objective, pins, &changed).is_err());
            }
        }
    });
}

#[test]
fn a_surplus_off_by_one_is_caught() {
    each(4_000, |_, instance, objective, pins, solution, _| {
        for case in (0..instance.cases()).filter(|&case| !is_pinned(pins, case)) {
            for change in [-1, 1] {
                let mut changed = solution.clone();
                changed.duals.case_surplus[case] += change;
                assert!(certify(instance, objective, pins, &changed).is_err());
            }
        }
    });
}

#[test]
fn whatever_is_changed_only_best_plans_are_certified() {
    let mut accepted = 0;
    each(10_000, |lists, instance, objective, pins, solution, dice| {
        let mut changed = solution.clone();
        for _ in 0..=dice.below(3) {
            let (case, expert) = (
                dice.below(instance.cases() as u64) as usize,
                dice.below(instance.experts() as u64) as usize,
            );
            match dice.below(6) {
                0 => changed.assignment[case] = None,
                1 => changed.assignment[case] = Some(expert as u32),
                2 => changed.duals.case_surplus[case] += dice.below(5) as i64 - 2,
                3 => changed.duals.expert_price[expert] += dice.below(5) as i64 - 2,
                4 => changed.duals.contested_cases[case] ^= true,
                _ => changed.duals.contested_experts[expert] ^= true,
            }
        }
        if let Ok(certificate) = certify(instance, objective, pins, &changed) {
            let best = brute_force(lists, objective, pins).expect("the pins fit");
            assert_eq!(certificate.score, best.1, "{lists:?} {pins:?} {changed:?}");
            if objective == Objective::Participation {
                assert_eq!(
                    certificate.cardinality as i64, best.0,
                    "{lists:?} {pins:?} {changed:?}"
                );
            }
            accepted += 1;
        }
    });
    assert!(accepted > 100, "{accepted} accepted");
}

fn simple() -> (Instance, Solution) {
    // Case 0 and case 1 compete for expert 0; case 2 has expert 1, who has room for one more.
    let lists = Lists {
        capacities: vec![1, 2],
        rows: vec![vec![(0, 5)], vec![(0, 9)], vec![(0, 4), (1, 7)]],
    };
    let instance = lists.instance();
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
    (instance, solution)
}

fn violation(change: impl FnOnce(&mut Solution)) -> Violation {
    let (instance, mut solution) = simple();
    change(&mut solution);
    certify(&instance, Objective::Participation, &[], &solution).expect_err("the change is caught")
}

#[test]
fn violations_name_what_is_wrong() {
    let (_, solution) = simple();
    assert_eq!(solution.assignment, [None, Some(0), Some(1)]);
    assert_eq!(solution.duals.contested_cases, [true, true, false]);

    let list = violation(|solution| solution.duals.expert_price.truncate(1));
    assert_eq!(
        list,
        Violation::WrongLength {
            list: "expert prices",
            expected: 2,
            found: 1
        }
    );
    assert_eq!(
        violation(|solution| solution.assignment[1] = Some(1)),
        Violation::NotPossible { case: 1, expert: 1 }
    );
    assert_eq!(
        violation(|solution| solution.assignment[1] = Some(7)),
        Violation::NotPossible { case: 1, expert: 7 }
    );
    assert_eq!(
        violation(|solution| solution.assignment[0] = Some(0)),
        Violation::OverCapacity {
            expert: 0,
            capacity: 1,
            load: 2
        }
    );
    assert_eq!(
        violation(|solution| solution.assignment[1] = None),
        Violation::CardinalityNotProven { matched: 1, bound: 2 }
    );
    assert_eq!(
        violation(|solution| {
            solution.duals.contested_cases[2] = true;
            solution.assignment[2] = None;
        }),
        Violation::NotCovered { case: 2, expert: 1 }
    );
    assert_eq!(
        violation(|solution| solution.duals.case_surplus[0] = -1),
        Violation::NegativeSurplus { case: 0, surplus: -1 }
    );
    assert_eq!(
        violation(|solution| solution.duals.expert_price[1] = -1),
        Violation::NegativePrice { expert: 1, price: -1 }
    );
    assert_eq!(
        violation(|solution| solution.duals.case_surplus[2] = 3),
        Violation::PairUnderpriced {
            case: 2,
            expert: 1,
            by: 4
        }
    );
    assert_eq!(
        violation(|solution| solution.duals.case_surplus[2] = 8),
        Violation::ScoreNotProven { score: 16, bound: 17 }
    );
    assert_eq!(
        violation(|solution| solution.duals.case_surplus[2] = i64::MAX),
        Violation::OutOfRange { value: i64::MAX }
    );
    let pin = Pin { case: 2, expert: 1 };
    assert_eq!(
        violation(|solution| solution.pins.push(pin)),
        Violation::OtherPins
    );
}

#[test]
fn a_plan_that_does_not_keep_a_pin_is_not_certified() {
    let (instance, solution) = simple();
    let pin = Pin { case: 0, expert: 0 };
    let violation = certify(&instance, Objective::Participation, &[pin], &solution).expect_err("not kept");
    assert_eq!(violation, Violation::PinNotKept { pin });
}

#[test]
fn a_plan_for_the_score_has_nothing_contested() {
    let (instance, solution) = simple();
    let violation = certify(&instance, Objective::Score, &[], &solution).expect_err("made for participation");
    assert_eq!(violation, Violation::ContestedUnderScore);
}

#[test]
fn every_violation_has_a_sentence() {
    let violations = [
        violation(|solution| solution.assignment[1] = Some(1)),
        violation(|solution| solution.duals.case_surplus[2] = 3),
    ];
    assert_eq!(
        violations[0].to_string(),
        "case 1 is matched to expert 1, which is not a possible pair"
    );
    assert_eq!(
        violations[1].to_string(),
        "case 2 and expert 1 score 4 more than surplus and price"
    );
}
