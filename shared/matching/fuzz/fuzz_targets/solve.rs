//! Whatever the instance and the pins: a plan is proved, or refused with a reason.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use tandem_matching::{Instance, Objective, Pin, Silent, WhatIf, certify, solve};

#[derive(Debug, Arbitrary)]
struct Input {
    capacities: Vec<u8>,
    rows: Vec<Vec<(u8, i32)>>,
    pins: Vec<(u8, u8)>,
    score_only: bool,
}

fuzz_target!(|input: Input| {
    let mut row_offsets = vec![0];
    let (mut experts, mut scores) = (Vec::new(), Vec::new());
    for row in &input.rows {
        for &(expert, score) in row {
            experts.push(u32::from(expert));
            scores.push(score);
        }
        row_offsets.push(experts.len());
    }
    let Ok(instance) = Instance::new(input.capacities, row_offsets, experts, scores) else {
        return;
    };
    let objective = if input.score_only {
        Objective::Score
    } else {
        Objective::Participation
    };
    let pins: Vec<Pin> = input
        .pins
        .iter()
        .map(|&(case, expert)| Pin {
            case: case.into(),
            expert: expert.into(),
        })
        .collect();
    let Ok(solution) = solve(&instance, objective, &pins, &mut Silent) else {
        return;
    };
    certify(&instance, objective, &pins, &solution).expect("every plan is proved");
    let mut what_if = WhatIf::new(&instance, objective, &solution);
    for case in 0..instance.cases().min(8) as u32 {
        for &expert in instance.row(case as usize).0.iter().take(8) {
            if let Ok(cost) = what_if.instead(case, expert) {
                assert!(
                    (cost.cases, cost.score) >= (0, 0),
                    "a best plan cannot be bettered"
                );
            }
        }
    }
});
