//! Properties of plans, with instances that shrink when one fails.

mod common;

use std::ops::ControlFlow;

use common::Lists;
use proptest::prelude::*;
use tandem_matching::{
    Certificate, Duals, Instance, LeftOut, LeftOutPair, Objective, Silent, certify, solve, solve_growing,
};

fn lists() -> impl Strategy<Value = Lists> {
    let score = prop_oneof![Just(0), -3..4_i32, any::<i32>(), Just(i32::MAX), Just(i32::MIN)];
    (0..12_usize, 1..10_usize).prop_flat_map(move |(cases, experts)| {
        let row = prop::collection::btree_map(0..experts as u32, score.clone(), 0..=experts);
        let rows = prop::collection::vec(row.prop_map(|row| row.into_iter().collect()), cases);
        let capacities = prop::collection::vec(0..4_u8, experts);
        (capacities, rows).prop_map(|(capacities, rows)| Lists { capacities, rows })
    })
}

fn certificate(lists: &Lists, objective: Objective) -> Certificate {
    certificate_of(&lists.instance(), objective)
}

fn certificate_of(instance: &Instance, objective: Objective) -> Certificate {
    let solution = solve(instance, objective, &[], &mut Silent).expect("no pins");
    certify(instance, objective, &[], &solution).expect("the plan is proved")
}

/// The pairs of an instance that are not listed, at most so many of a case at once.
struct Rest {
    whole: Instance,
    /// The highest score that was left out of each row.
    bounds: Vec<Option<i32>>,
    most: usize,
}

impl LeftOut for Rest {
    fn bound(&self, case: usize) -> Option<i32> {
        self.bounds[case]
    }

    fn refused(
        &mut self,
        cases: &[u32],
        listed: &Instance,
        duals: &Duals,
    ) -> ControlFlow<(), Vec<LeftOutPair>> {
        let refused = cases.iter().flat_map(|&case| {
            let (experts, scores) = self.whole.row(case as usize);
            let row = experts
                .iter()
                .zip(scores)
                .map(move |(&expert, &score)| (case, expert, score));
            row.filter(|&(case, expert, score)| {
                self.whole.capacities()[expert as usize] > 0
                    && listed.score(case as usize, expert).is_none()
                    && !duals.allow(case as usize, expert as usize, score)
            })
            .take(self.most)
        });
        ControlFlow::Continue(refused.collect())
    }
}

/// The best `most` pairs of each row.
fn best(lists: &Lists, most: usize) -> (Lists, Vec<Option<i32>>) {
    let mut less = lists.clone();
    let mut bounds = Vec::new();
    for row in &mut less.rows {
        row.sort_by_key(|&(expert, score)| (std::cmp::Reverse(score), expert));
        bounds.push(row.get(most).map(|pair| pair.1));
        row.truncate(most);
    }
    (less, bounds)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn every_plan_is_proved(lists in lists()) {
        let most = certificate(&lists, Objective::Participation);
        let highest = certificate(&lists, Objective::Score);
        prop_assert!(most.cardinality >= highest.cardinality);
        prop_assert!(most.score <= highest.score);
        prop_assert!(highest.score >= 0);
    }

    #[test]
    fn the_number_of_matches_does_not_depend_on_scores(lists in lists()) {
        let mut level = lists.clone();
        level.rows.iter_mut().flatten().for_each(|pair| pair.1 = 0);
        let cardinality = certificate(&lists, Objective::Participation).cardinality;
        prop_assert_eq!(certificate(&level, Objective::Participation).cardinality, cardinality);
    }

    #[test]
    fn points_for_every_pair_of_every_case_change_no_plan(lists in lists(), points in -1_000..1_000_i32) {
        let mut small = lists;
        small.rows.iter_mut().flatten().for_each(|pair| pair.1 /= 4);
        let mut more = small.clone();
        more.rows.iter_mut().flatten().for_each(|pair| pair.1 += points);
        let (before, after) =
            (certificate(&small, Objective::Participation), certificate(&more, Objective::Participation));
        prop_assert_eq!(after.score, before.score + i64::from(points) * before.cardinality as i64);
    }

    #[test]
    fn pairs_that_the_duals_allow_can_be_left_out(lists in lists(), modulus in 2..5_usize) {
        let mut less = lists.clone();
        let mut left_out = Vec::new();
        for (case, row) in less.rows.iter_mut().enumerate() {
            let mut number = case;
            row.retain(|&(expert, score)| {
                number += 1;
                let stays = number % modulus > 0;
                if !stays && lists.capacities[expert as usize] > 0 {
                    left_out.push((case, expert as usize, score));
                }
                stays
            });
        }
        for objective in [Objective::Participation, Objective::Score] {
            let instance = less.instance();
            let solution = solve(&instance, objective, &[], &mut Silent).expect("no pins");
            let allowed = left_out.iter().all(|&(case, expert, score)| solution.duals.allow(case, expert, score));
            // The certificate for the whole is the judge, in both directions.
            let whole = certify(&lists.instance(), objective, &[], &solution);
            prop_assert_eq!(whole.is_ok(), allowed, "{:?}", whole);
        }
    }

    #[test]
    fn lists_that_grow_end_with_the_best_plan_of_the_whole(lists in lists(), most in 1..4_usize, step in 1..4_usize) {
        let (less, bounds) = best(&lists, most);
        for objective in [Objective::Participation, Objective::Score] {
            let whole = lists.instance();
            let mut rest = Rest { whole: whole.clone(), bounds: bounds.clone(), most: step };
            let grown = solve_growing(less.instance(), objective, &[], &mut rest, &mut Silent).expect("no pins");
            let certificate = certify(&whole, objective, &[], &grown.solution);
            let best = certificate_of(&whole, objective);
            prop_assert_eq!(certificate.map(|found| (found.cardinality, found.score)),
                Ok((if objective == Objective::Score { grown.solution.assignment.iter().flatten().count() as u64 }
                    else { best.cardinality }, best.score)));
            prop_assert_eq!(grown.instance.edges(), less.instance().edges() + grown.added);
        }
    }

    #[test]
    fn more_room_never_makes_a_plan_worse(lists in lists(), expert in any::<prop::sample::Index>()) {
        let mut more = lists.clone();
        *expert.get_mut(&mut more.capacities) += 1;
        let (before, after) =
            (certificate(&lists, Objective::Participation), certificate(&more, Objective::Participation));
        prop_assert!((after.cardinality, after.score) >= (before.cardinality, before.score));
        prop_assert!(certificate(&more, Objective::Score).score >= certificate(&lists, Objective::Score).score);
    }

    #[test]
    fn cases_in_another_order_are_worth_the_same(lists in lists(), by in any::<prop::sample::Index>()) {
        let mut turned = lists.clone();
        if !turned.rows.is_empty() {
            let by = by.index(turned.rows.len());
            turned.rows.rotate_left(by);
        }
        for objective in [Objective::Participation, Objective::Score] {
            let (before, after) = (certificate(&lists, objective), certificate(&turned, objective));
            prop_assert_eq!(before.score, after.score);
            if objective == Objective::Participation {
                prop_assert_eq!(before.cardinality, after.cardinality);
            }
        }
    }
}
