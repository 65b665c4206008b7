//! The edges of what an instance can be.

mod common;

use std::ops::ControlFlow;

use common::Lists;
use tandem_matching::{
    Instance, InstanceError, MAX_NODES, Objective, Observer, Phase, Pin, Silent, SolveError, WhatIf, certify,
    solve,
};

const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

/// The plan, its number of matches and its score, certified.
fn best(instance: &Instance, objective: Objective) -> (Vec<Option<u32>>, u64, i64) {
    let solution = solve(instance, objective, &[], &mut Silent).expect("no pins");
    let certificate = certify(instance, objective, &[], &solution).expect("the plan is proved");
    (solution.assignment, certificate.cardinality, certificate.score)
}

#[test]
fn an_instance_without_anything_has_an_empty_plan() {
    let instance = Instance::new(vec![], vec![0], vec![], vec![]).expect("empty is fine");
    for objective in OBJECTIVES {
        assert_eq!(best(&instance, objective), (vec![], 0, 0));
    }
}

#[test]
fn without_experts_no_case_is_matched() {
    let instance = Instance::new(vec![], vec![0, 0, 0], vec![], vec![]).expect("no experts is fine");
    for objective in OBJECTIVES {
        assert_eq!(best(&instance, objective), (vec![None, None], 0, 0));
    }
}

#[test]
fn without_cases_experts_stay_free() {
    let instance = Instance::new(vec![3, 0], vec![0], vec![], vec![]).expect("no cases is fine");
    for objective in OBJECTIVES {
        assert_eq!(best(&instance, objective), (vec![], 0, 0));
    }
}

#[test]
fn a_case_without_candidates_stays_unmatched() {
    let lists = Lists {
        capacities: vec![2],
        rows: vec![vec![], vec![(0, 4)], vec![]],
    };
    for objective in OBJECTIVES {
        assert_eq!(
            best(&lists.instance(), objective),
            (vec![None, Some(0), None], 1, 4)
        );
    }
}

#[test]
fn an_expert_without_room_gets_nobody() {
    let lists = Lists {
        capacities: vec![0, 1],
        rows: vec![vec![(0, 100)], vec![(0, 100), (1, 1)]],
    };
    for objective in OBJECTIVES {
        assert_eq!(best(&lists.instance(), objective), (vec![None, Some(1)], 1, 1));
    }
}

#[test]
fn a_negative_score_is_taken_for_participation_and_left_for_the_score() {
    let lists = Lists {
        capacities: vec![1],
        rows: vec![vec![(0, -5)]],
    };
    assert_eq!(
        best(&lists.instance(), Objective::Participation),
        (vec![Some(0)], 1, -5)
    );
    assert_eq!(best(&lists.instance(), Objective::Score), (vec![None], 0, 0));
}

#[test]
fn one_more_case_comes_before_any_score() {
    let lists = Lists {
        capacities: vec![1, 1],
        rows: vec![vec![(0, i32::MAX), (1, i32::MIN)], vec![(0, i32::MIN)]],
    };
    let both = 2 * i64::from(i32::MIN);
    assert_eq!(
        best(&lists.instance(), Objective::Participation),
        (vec![Some(1), Some(0)], 2, both)
    );
    assert_eq!(
        best(&lists.instance(), Objective::Score),
        (vec![Some(0), None], 1, i64::from(i32::MAX))
    );
}

#[test]
fn an_expert_can_take_255_cases() {
    let rows: Vec<Vec<(u32, i32)>> = (0..300).map(|case| vec![(0, case), (1, -case)]).collect();
    let lists = Lists {
        capacities: vec![255, 1],
        rows,
    };
    let (assignment, cardinality, score) = best(&lists.instance(), Objective::Participation);
    assert_eq!(cardinality, 256);
    // The 255 best at expert 0, and of the others the one that loses least.
    assert_eq!(score, (45..300).sum::<i64>());
    assert_eq!(assignment[0], Some(1));
    let lists = Lists {
        capacities: vec![255, 255],
        ..lists
    };
    assert_eq!(best(&lists.instance(), Objective::Participation).1, 300);
}

#[test]
fn extreme_scores_along_a_long_path_do_not_overflow() {
    // Each case prefers the expert after its own as much as scores allow, and all have to move on.
    let cases = 3_000_u32;
    let rows = (0..cases)
        .map(|case| match case {
            0 => vec![(0, i32::MAX)],
            _ => vec![(case - 1, i32::MAX), (case, i32::MIN)],
        })
        .collect();
    let lists = Lists {
        capacities: vec![1; cases as usize],
        rows,
    };
    let (assignment, cardinality, score) = best(&lists.instance(), Objective::Participation);
    assert_eq!(cardinality, u64::from(cases));
    assert_eq!(
        score,
        i64::from(i32::MAX) + i64::from(cases - 1) * i64::from(i32::MIN)
    );
    assert!(
        assignment
            .iter()
            .enumerate()
            .all(|(case, &expert)| expert == Some(case as u32))
    );
    let instance = lists.instance();
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
    let mut what_if = WhatIf::new(&instance, Objective::Participation, &solution);
    // The last case in the place of the first loses the first, and frees all others.
    let cost = what_if.instead(cases - 1, cases - 2).expect("possible");
    assert_eq!(cost.cases, 1);
    let price = what_if.price(0).expect("exists");
    assert_eq!(
        (price.cases, price.score),
        (0, i64::from(cases - 1) * i64::from(u32::MAX))
    );
}

#[test]
fn a_row_of_a_million_pairs_is_solved() {
    let experts = 1_000_000_u32;
    let mut capacities = vec![1; experts as usize];
    capacities[777_777] = 0;
    let scores: Vec<i32> = (0..experts)
        .map(|expert| i32::from(expert == 777_777) * 10 + 5)
        .collect();
    let mut row: Vec<u32> = (0..experts).collect();
    let mut all_scores = scores.clone();
    row.extend(0..experts);
    all_scores.extend(scores);
    all_scores[123_456] = 7;
    let offsets = vec![0, experts as usize, 2 * experts as usize];
    let instance = Instance::new(capacities, offsets, row, all_scores).expect("a long row is fine");
    let (assignment, cardinality, score) = best(&instance, Objective::Participation);
    assert_eq!((assignment[0], cardinality, score), (Some(123_456), 2, 12));
}

#[test]
fn a_million_cases_for_one_expert_are_solved() {
    let cases = 1_000_000;
    let scores: Vec<i32> = (0..cases).collect();
    let offsets = (0..=cases as usize).collect();
    let instance = Instance::new(vec![3], offsets, vec![0; cases as usize], scores).expect("fine");
    let (_, cardinality, score) = best(&instance, Objective::Participation);
    assert_eq!((cardinality, score), (3, 3 * i64::from(cases) - 6));
}

#[test]
fn parts_that_do_not_fit_are_refused_with_the_reason() {
    let new = |capacities: &[u8], offsets: &[usize], experts: &[u32], scores: &[i32]| {
        Instance::new(
            capacities.to_vec(),
            offsets.to_vec(),
            experts.to_vec(),
            scores.to_vec(),
        )
        .unwrap_err()
    };
    let error = new(&[1], &[0, 1], &[0], &[]);
    assert_eq!(
        error,
        InstanceError::ScoresMissing {
            experts: 1,
            scores: 0
        }
    );
    assert_eq!(
        new(&[1], &[], &[], &[]),
        InstanceError::FirstOffset { found: None }
    );
    assert_eq!(
        new(&[1], &[1, 1], &[0], &[1]),
        InstanceError::FirstOffset { found: Some(1) }
    );
    assert_eq!(
        new(&[1], &[0, 1, 0], &[0], &[1]),
        InstanceError::FallingOffsets { case: 1 }
    );
    assert_eq!(
        new(&[1], &[0, 2], &[0], &[1]),
        InstanceError::LastOffset { found: 2, edges: 1 }
    );
    let unknown = InstanceError::UnknownExpert {
        case: 0,
        expert: 1,
        experts: 1,
    };
    assert_eq!(new(&[1], &[0, 1], &[1], &[1]), unknown);
    assert_eq!(new(&[1], &[0, 2], &[1, 0], &[1, 1]), unknown);
    assert_eq!(
        unknown.to_string(),
        "case 0 names expert 1, but there are only 1 (0 is the first)"
    );
    let twice = InstanceError::DuplicateExpert { case: 0, expert: 0 };
    assert_eq!(new(&[1, 1], &[0, 3], &[0, 1, 0], &[1, 1, 2]), twice);
    assert_eq!(new(&[1, 1], &[0, 2], &[0, 0], &[1, 1]), twice);
    let many = vec![0; MAX_NODES];
    let error = Instance::new(many, vec![0], vec![], vec![]).unwrap_err();
    assert_eq!(
        error,
        InstanceError::TooLarge {
            cases: 0,
            experts: MAX_NODES
        }
    );
}

#[test]
fn pins_that_contradict_are_refused_with_the_reason() {
    let lists = Lists {
        capacities: vec![1, 1],
        rows: vec![vec![(0, 1), (1, 1)], vec![(0, 1)]],
    };
    let instance = lists.instance();
    let refuse = |pins: &[(u32, u32)]| {
        let pins: Vec<Pin> = pins.iter().map(|&(case, expert)| Pin { case, expert }).collect();
        solve(&instance, Objective::Participation, &pins, &mut Silent).unwrap_err()
    };
    let pin = |case, expert| Pin { case, expert };
    assert_eq!(
        refuse(&[(2, 0)]),
        SolveError::UnknownCase {
            pin: pin(2, 0),
            cases: 2
        }
    );
    assert_eq!(
        refuse(&[(0, 2)]),
        SolveError::UnknownExpert {
            pin: pin(0, 2),
            experts: 2
        }
    );
    assert_eq!(refuse(&[(1, 1)]), SolveError::NotPossible { pin: pin(1, 1) });
    assert_eq!(
        refuse(&[(0, 0), (0, 1)]),
        SolveError::PinnedTwice {
            case: 0,
            first: 0,
            second: 1
        }
    );
    let over = SolveError::OverCapacity {
        expert: 0,
        capacity: 1,
        pinned: 2,
    };
    assert_eq!(refuse(&[(0, 0), (1, 0)]), over);
    assert_eq!(over.to_string(), "2 cases are pinned to expert 0, who can take 1");
}

struct StopAt(Phase);

impl Observer for StopAt {
    fn progress(&mut self, phase: Phase, _done: u64, _total: u64) -> ControlFlow<()> {
        if phase == self.0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

#[test]
fn the_observer_can_stop_every_phase_and_hears_of_all() {
    // The first bidder takes from two equals what the second one needs, which only a path sets right.
    let plenty = Lists {
        capacities: vec![1, 1],
        rows: vec![vec![(0, 1), (1, 1)], vec![(0, 1)]],
    };
    let scarce = Lists {
        capacities: vec![1, 1],
        rows: vec![vec![(0, 1), (1, 1)], vec![(0, 1)], vec![(0, 0)]],
    };
    for lists in [plenty, scarce] {
        let instance = lists.instance();
        let mut heard = Vec::new();
        let mut listen = |phase: Phase, done: u64, total: u64| {
            assert!(done <= total);
            heard.push(phase);
            ControlFlow::Continue(())
        };
        solve(&instance, Objective::Participation, &[], &mut listen).expect("not stopped");
        heard.sort_unstable();
        heard.dedup();
        assert_eq!(heard, [Phase::Auction, Phase::Cardinality, Phase::Paths]);
        for phase in heard {
            let error = solve(&instance, Objective::Participation, &[], &mut StopAt(phase));
            assert_eq!(error, Err(SolveError::Stopped));
        }
    }
}
