//! Instances too large to try everything: the certificate is the judge.

mod common;

use common::{Dice, Lists};
use tandem_matching::{Objective, Pin, Silent, WhatIf, bmi, certify, solve};

const OBJECTIVES: [Objective; 2] = [Objective::Participation, Objective::Score];

/// Sparse and dense instances with more and with fewer cases than there is room for.
fn lists(seed: u64) -> (Lists, Dice) {
    let mut dice = Dice(seed ^ 0x1A46E);
    let (cases, experts) = (1 + dice.below(150), 1 + dice.below(100));
    let lists = Lists::random(&mut dice, cases, experts);
    (lists, dice)
}

#[test]
fn plans_of_larger_instances_are_proved() {
    for seed in 0..600 {
        let (lists, mut dice) = lists(seed);
        let instance = lists.instance();
        let pins = if seed % 2 == 0 {
            Vec::new()
        } else {
            lists.random_pins(&mut dice)
        };
        for objective in OBJECTIVES {
            let solution = solve(&instance, objective, &pins, &mut Silent).expect("the pins fit");
            if let Err(violation) = certify(&instance, objective, &pins, &solution) {
                panic!("seed {seed}, {objective:?}: {violation}");
            }
        }
    }
}

/// From 200,000 on, cases are numbered anew within the solver.
#[test]
fn plans_of_very_many_cases_and_experts_are_proved() {
    for (cases, experts) in [(120_000, 90_000), (60_000, 150_000)] {
        let mut dice = Dice(cases);
        let capacities = (0..experts).map(|_| dice.below(3) as u8).collect();
        let rows = (0..cases).map(|_| {
            let first = dice.below(experts - 8) as u32;
            let count = dice.below(5) as u32;
            (first..first + count)
                .map(|expert| (expert, dice.below(50) as i32))
                .collect()
        });
        let rows = rows.collect();
        let instance = Lists { capacities, rows }.instance();
        let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
        if let Err(violation) = certify(&instance, Objective::Participation, &[], &solution) {
            panic!("{cases} cases, {experts} experts: {violation}");
        }
    }
}

#[test]
fn shuffled_rows_give_the_same_plan() {
    for seed in 0..300 {
        let (mut lists, mut dice) = lists(seed);
        let instance = lists.instance();
        lists.shuffle_rows(&mut dice);
        let shuffled = lists.instance();
        for objective in OBJECTIVES {
            let solve = |instance| solve(instance, objective, &[], &mut Silent).expect("no pins");
            assert_eq!(solve(&instance), solve(&shuffled), "seed {seed}");
        }
    }
}

#[test]
fn an_expert_instead_costs_what_solving_with_this_pin_loses() {
    for seed in 0..60 {
        let (lists, mut dice) = lists(seed);
        let instance = lists.instance();
        for objective in OBJECTIVES {
            let solution = solve(&instance, objective, &[], &mut Silent).expect("no pins");
            let value = |pins: &[Pin]| {
                let solution = solve(&instance, objective, pins, &mut Silent).expect("the pins fit");
                certify(&instance, objective, pins, &solution).expect("the plan is proved")
            };
            let best = value(&[]);
            let mut what_if = WhatIf::new(&instance, objective, &solution);
            for _ in 0..20 {
                let case = dice.below(lists.rows.len() as u64) as usize;
                let row = &lists.rows[case];
                if row.is_empty() {
                    continue;
                }
                let (expert, _) = row[dice.below(row.len() as u64) as usize];
                if lists.capacities[expert as usize] == 0 {
                    continue;
                }
                let cost = what_if.instead(case as u32, expert).expect("possible");
                let with = value(&[Pin {
                    case: case as u32,
                    expert,
                }]);
                assert_eq!(cost.score, best.score - with.score, "seed {seed}");
                if objective == Objective::Participation {
                    assert_eq!(
                        cost.cases,
                        best.cardinality as i64 - with.cardinality as i64,
                        "seed {seed}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_small_reference_instance_has_its_known_optimum() {
    let bytes = include_bytes!("data/S.bin");
    let parts = bmi::read(&bytes[..], bytes.len() as u64).expect("the file is whole");
    let instance = parts.into_instance().expect("the file is right");
    assert_eq!(
        (instance.experts(), instance.cases(), instance.edges()),
        (600, 150, 12_411)
    );
    let solution = solve(&instance, Objective::Participation, &[], &mut Silent).expect("no pins");
    let certificate = certify(&instance, Objective::Participation, &[], &solution).expect("proved");
    assert_eq!((certificate.cardinality, certificate.score), (150, 11_003_805));
    let mut written = Vec::new();
    bmi::write(&instance, &mut written).expect("memory takes everything");
    assert_eq!(written, bytes);
}

#[test]
fn files_that_are_not_whole_are_refused_with_the_reason() {
    let bytes = include_bytes!("data/S.bin");
    let read = |bytes: &[u8]| {
        bmi::read(bytes, bytes.len() as u64)
            .expect_err("not whole")
            .to_string()
    };
    assert_eq!(
        read(b"BMI"),
        "not an instance file: it has to start with the bytes BMI1"
    );
    assert_eq!(
        read(&[0; 40]),
        "not an instance file: it has to start with the bytes BMI1"
    );
    assert_eq!(
        read(&bytes[..1000]),
        "the head promises 101116 bytes, the file has 1000"
    );
    let mut head = bytes[..20].to_vec();
    head[12..20].fill(0xFF);
    assert!(
        read(&head).starts_with("the head promises 1475739525896764"),
        "{}",
        read(&head)
    );
    let mut negative = bytes.to_vec();
    negative[20 + 600..20 + 600 + 8].fill(0xFF);
    assert_eq!(read(&negative), "row offset 0 is negative");
    let short = bmi::read(&bytes[..1000], bytes.len() as u64)
        .expect_err("ends early")
        .to_string();
    assert!(short.starts_with("cannot read the instance: "), "{short}");
}
