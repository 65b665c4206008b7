//! Plans of small random instances against the answer by trying everything.

mod common;

use common::{Dice, Lists, brute_force};
use tandem_matching::{Objective, Pin, Silent, certify, solve};

const INSTANCES: u64 = 20_000;

fn check(lists: &Lists, objective: Objective, pins: &[Pin], seed: u64) {
    let instance = lists.instance();
    let solution = solve(&instance, objective, pins, &mut Silent).expect("the pins fit");
    let certificate = certify(&instance, objective, pins, &solution)
        .unwrap_or_else(|violation| panic!("seed {seed}: {violation}: {lists:?} {pins:?} {solution:?}"));
    let (cases, score) = brute_force(lists, objective, pins).expect("the pins fit");
    assert_eq!(
        certificate.score, score,
        "seed {seed}: {lists:?} {pins:?} {solution:?}"
    );
    if objective == Objective::Participation {
        assert_eq!(
            certificate.cardinality as i64, cases,
            "seed {seed}: {lists:?} {pins:?} {solution:?}"
        );
    }
}

fn lists(seed: u64) -> (Lists, Dice) {
    let mut dice = Dice(seed);
    let (cases, experts) = (dice.below(7), dice.below(6));
    let lists = Lists::random(&mut dice, cases, experts);
    (lists, dice)
}

#[test]
fn most_cases_and_then_the_highest_score_are_found() {
    for seed in 0..INSTANCES {
        check(&lists(seed).0, Objective::Participation, &[], seed);
    }
}

#[test]
fn the_highest_score_is_found() {
    for seed in 0..INSTANCES {
        check(&lists(seed).0, Objective::Score, &[], seed);
    }
}

#[test]
fn plans_with_pins_are_the_best_with_these_pins() {
    for seed in 0..INSTANCES {
        let (lists, mut dice) = lists(seed);
        let pins = lists.random_pins(&mut dice);
        check(&lists, Objective::Participation, &pins, seed);
        check(&lists, Objective::Score, &pins, seed);
    }
}
