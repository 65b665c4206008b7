//! Answers to "what if" against solving the changed instance by trying everything.

mod common;

use common::{Dice, Lists, brute_force};
use tandem_matching::{Objective, Pin, Silent, WhatIf, WhatIfError, solve};

const INSTANCES: u64 = 5_000;
const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

/// Instances, each with its best value and pins on every other one.
fn each(mut check: impl FnMut(&Lists, Objective, &[Pin], (i64, i64), &mut WhatIf<'_>)) {
    for seed in 0..INSTANCES {
        let mut dice = Dice(seed);
        let (cases, experts) = (1 + dice.below(5), 1 + dice.below(5));
        let lists = Lists::random(&mut dice, cases, experts);
        let pins = if seed % 2 == 0 {
            Vec::new()
        } else {
            lists.random_pins(&mut dice)
        };
        let instance = lists.instance();
        for objective in OBJECTIVES {
            let solution = solve(&instance, objective, &pins, &mut Silent).expect("the pins fit");
            let best = brute_force(&lists, objective, &pins).expect("the pins fit");
            check(
                &lists,
                objective,
                &pins,
                best,
                &mut WhatIf::new(&instance, objective, &solution),
            );
        }
    }
}

/// A value as the objective sees it.
fn seen(objective: Objective, (cases, score): (i64, i64)) -> (i64, i64) {
    (
        if objective == Objective::Participation {
            cases
        } else {
            0
        },
        score,
    )
}

fn minus(objective: Objective, a: (i64, i64), b: (i64, i64)) -> (i64, i64) {
    let (a, b) = (seen(objective, a), seen(objective, b));
    (a.0 - b.0, a.1 - b.1)
}

#[test]
fn an_expert_instead_costs_what_a_new_plan_with_this_pin_loses() {
    each(|lists, objective, pins, best, what_if| {
        for (case, row) in lists.rows.iter().enumerate() {
            for &(expert, _) in row {
                let pin = Pin {
                    case: case as u32,
                    expert,
                };
                let answer = what_if.instead(pin.case, expert);
                if pins.iter().any(|other| other.case == pin.case) {
                    assert_eq!(answer, Err(WhatIfError::Pinned { case: pin.case }));
                    continue;
                }
                let with_pin: Vec<Pin> = pins.iter().copied().chain([pin]).collect();
                match brute_force(lists, objective, &with_pin) {
                    None => assert_eq!(answer, Err(WhatIfError::NoRoom { expert })),
                    Some(value) => {
                        let answer = answer.expect("the pin fits");
                        let expected = minus(objective, best, value);
                        assert_eq!(
                            (answer.cases, answer.score),
                            expected,
                            "{lists:?} {pins:?} {pin:?}"
                        );
                        assert_eq!(what_if.pin(pin.case, expert), Ok(answer));
                    }
                }
            }
        }
    });
}

#[test]
fn a_forbidden_pair_costs_what_a_plan_without_it_loses() {
    each(|lists, objective, pins, best, what_if| {
        for case in 0..lists.rows.len() {
            for at in 0..lists.rows[case].len() {
                let expert = lists.rows[case][at].0;
                let answer = what_if.forbid(case as u32, expert);
                if pins.iter().any(|pin| pin.case as usize == case) {
                    assert_eq!(answer, Err(WhatIfError::Pinned { case: case as u32 }));
                    continue;
                }
                let mut without = lists.clone();
                without.rows[case].remove(at);
                let value = brute_force(&without, objective, pins).expect("the pins fit");
                let answer = answer.expect("the pair is possible");
                assert_eq!(
                    (answer.cases, answer.score),
                    minus(objective, best, value),
                    "{lists:?} {pins:?}"
                );
            }
        }
    });
}

#[test]
fn more_room_gains_what_a_new_plan_gains() {
    each(|lists, objective, pins, best, what_if| {
        for expert in 0..lists.capacities.len() {
            let mut more = lists.clone();
            more.capacities[expert] += 1;
            let value = brute_force(&more, objective, pins).expect("the pins fit");
            let gain = what_if.extra_capacity(expert as u32).expect("the expert exists");
            assert_eq!(
                (gain.cases, gain.score),
                minus(objective, value, best),
                "{lists:?} {pins:?} {expert}"
            );
            assert_eq!(what_if.price(expert as u32), Ok(gain));
        }
    });
}

#[test]
fn one_more_expert_gains_what_a_new_plan_gains() {
    let mut dice = Dice(7);
    each(|lists, objective, pins, best, what_if| {
        let mut more = lists.clone();
        let expert = more.capacities.len() as u32;
        more.capacities.push(1);
        let mut pairs = Vec::new();
        for (case, row) in more.rows.iter_mut().enumerate() {
            if dice.below(2) == 0 {
                let score = dice.below(20) as i32 - 5;
                row.push((expert, score));
                pairs.push((case as u32, score));
            }
        }
        let value = brute_force(&more, objective, pins).expect("the pins fit");
        let gain = what_if.extra_expert(&pairs).expect("the cases exist");
        assert_eq!(
            (gain.cases, gain.score),
            minus(objective, value, best),
            "{lists:?} {pins:?} {pairs:?}"
        );
    });
}

#[test]
fn a_withdrawn_case_loses_its_surplus() {
    each(|lists, objective, pins, best, what_if| {
        for case in 0..lists.rows.len() {
            let answer = what_if.surplus(case as u32);
            if pins.iter().any(|pin| pin.case as usize == case) {
                assert_eq!(answer, Err(WhatIfError::Pinned { case: case as u32 }));
                continue;
            }
            let mut without = lists.clone();
            without.rows[case].clear();
            let value = brute_force(&without, objective, pins).expect("the pins fit");
            let answer = answer.expect("the case exists");
            assert_eq!(
                (answer.cases, answer.score),
                minus(objective, best, value),
                "{lists:?} {pins:?}"
            );
        }
    });
}

#[test]
fn questions_about_what_does_not_exist_are_refused() {
    let lists = Lists {
        capacities: vec![1, 1],
        rows: vec![vec![(0, 5)]],
    };
    let instance = lists.instance();
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
    let mut what_if = WhatIf::new(&instance, Objective::Participation, &solution);
    assert_eq!(what_if.instead(1, 0), Err(WhatIfError::UnknownCase { case: 1 }));
    assert_eq!(
        what_if.instead(0, 2),
        Err(WhatIfError::UnknownExpert { expert: 2 })
    );
    assert_eq!(
        what_if.instead(0, 1),
        Err(WhatIfError::NotPossible { case: 0, expert: 1 })
    );
    assert_eq!(
        what_if.forbid(0, 1),
        Err(WhatIfError::NotPossible { case: 0, expert: 1 })
    );
    assert_eq!(
        what_if.extra_capacity(2),
        Err(WhatIfError::UnknownExpert { expert: 2 })
    );
    assert_eq!(
        what_if.extra_expert(&[(1, 1)]),
        Err(WhatIfError::UnknownCase { case: 1 })
    );
    assert_eq!(what_if.surplus(1), Err(WhatIfError::UnknownCase { case: 1 }));
}

#[test]
fn a_case_that_has_to_move_finds_its_way_past_many_dead_ends() {
    // Case 10 has expert 0, wanted for case 11. Ten experts are nearer to it than the one with room, each
    // taken by a case that has nobody else.
    let mut rows: Vec<Vec<(u32, i32)>> = (1..=10).map(|expert| vec![(expert, 100)]).collect();
    let near = (1..=10).map(|expert| (expert, 50 - expert as i32));
    rows.push([(0, 50)].into_iter().chain(near).chain([(11, 30)]).collect());
    rows.push(vec![(0, 60), (12, 59)]);
    let lists = Lists {
        capacities: vec![1; 13],
        rows,
    };
    let instance = lists.instance();
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
    assert_eq!(
        (solution.assignment[10], solution.assignment[11]),
        (Some(0), Some(12))
    );
    let mut what_if = WhatIf::new(&instance, Objective::Participation, &solution);
    let cost = what_if.instead(11, 0).expect("possible");
    assert_eq!((cost.cases, cost.score), (0, 50 + 59 - 60 - 30));
}
