//! The solver.

mod cardinality;
mod case_side;
mod columns;
mod expert_side;
mod key;
mod matching;
mod problem;
mod shortlist;

use std::ops::ControlFlow;

use crate::instance::Instance;
use crate::plan::{Duals, Objective, Observer, Pin, Solution, SolveError};

use cardinality::Split;
use case_side::CaseSide;
use columns::{Columns, Packing, Word};
use expert_side::ExpertSide;
use matching::Matching;
use problem::{NONE, Problem};

/// Finds the best plan that contains the pins, with the duals that prove it.
///
/// Exact, and the same for the same set of pairs: neither the order of pairs within a row nor anything
/// else outside of the arguments has a say. Numbering experts or cases differently may give another plan
/// of the same value.
///
/// # Errors
/// [`SolveError`]: pins that contradict each other or the instance, or the observer's wish to stop.
///
/// ```
/// use tandem_matching::{Instance, Objective, Silent, solve};
///
/// // Both cases want expert 0, who can take one. The best total is 50 + 40, not 60 + 0.
/// let instance =
///     Instance::new(vec![1, 1], vec![0, 2, 4], vec![0, 1, 0, 1], vec![50, 5, 60, 40]).unwrap();
/// let solution = solve(&instance, Objective::Participation, &[], &mut Silent).unwrap();
/// assert_eq!(solution.assignment, [Some(0), Some(1)]);
/// ```
pub fn solve(
    instance: &Instance,
    objective: Objective,
    pins: &[Pin],
    observer: &mut dyn Observer,
) -> Result<Solution, SolveError> {
    let mut problem = Problem::new(instance, pins)?;
    if instance.cases() + instance.experts() >= MANY {
        problem.number_by_place();
    }
    solve_problem(problem, objective, observer)
}

/// From so many cases and experts on, what the solver keeps of them is more than a processor has at hand.
const MANY: usize = 200_000;

fn solve_problem(
    problem: Problem<'_>,
    objective: Objective,
    observer: &mut dyn Observer,
) -> Result<Solution, SolveError> {
    let plan = match objective {
        Objective::Score => highest_score(&problem, observer),
        Objective::Participation if problem.is_scarce() => from_experts(&problem, observer),
        Objective::Participation => from_cases(&problem, observer),
    };
    let ControlFlow::Continue((mut assignment, duals)) = plan else {
        return Err(SolveError::Stopped);
    };
    for pin in &problem.pins {
        assignment[pin.case as usize] = Some(pin.expert);
    }
    Ok(Solution {
        assignment,
        pins: problem.pins,
        duals,
    })
}

type Plan = (Vec<Option<u32>>, Duals);

/// A case stays unmatched where nothing adds to the score: no cardinality, no split.
fn highest_score(problem: &Problem<'_>, observer: &mut dyn Observer) -> ControlFlow<(), Plan> {
    let mut matching = Matching::new(problem.instance.cases(), problem.instance.experts());
    let mut side = CaseSide::new(problem, true);
    side.auction(&mut matching, |_| true, observer)?;
    side.finish(&mut matching, observer)?;
    let split = Split::nothing(problem);
    ControlFlow::Continue(plan(problem, split, Some((&side, &matching)), None))
}

/// Most cases find an expert: cases bid first, and where they do not all find one, the contested part is
/// taken out and left to the experts.
fn from_cases(problem: &Problem<'_>, observer: &mut dyn Observer) -> ControlFlow<(), Plan> {
    let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
    let mut matching = Matching::new(cases, experts);
    let mut side = CaseSide::new(problem, false);
    side.auction(&mut matching, |_| true, observer)?;
    let mut split = Split::nothing(problem);
    if !side.is_complete() {
        let mut largest = matching.clone();
        cardinality::maximize_from_cases(problem, &mut largest, observer)?;
        split = Split::from_cases(problem, &largest);
        if split.any {
            side.restrict(&mut matching, &split);
        }
        side.finish(&mut matching, observer)?;
    }
    if !split.any {
        return ControlFlow::Continue(plan(problem, split, Some((&side, &matching)), None));
    }
    let packing = Packing::new(problem);
    let contested = if packing.is_narrow() {
        fill_contested::<u32>(problem, &split, packing, observer)?
    } else {
        fill_contested::<u64>(problem, &split, packing, observer)?
    };
    ControlFlow::Continue(plan(problem, split, Some((&side, &matching)), Some(&contested)))
}

/// The contested part: its matching, the prices of experts and the surpluses of cases.
struct Contested {
    matching: Matching,
    prices: Vec<i64>,
    surpluses: Vec<i64>,
}

fn fill_contested<W: Word>(
    problem: &Problem<'_>,
    split: &Split,
    packing: Packing,
    observer: &mut dyn Observer,
) -> ControlFlow<(), Contested> {
    let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
    let columns = Columns::<W>::new(
        problem,
        packing,
        |case| split.cases[case],
        |expert| split.experts[expert],
    );
    let mut matching = Matching::new(cases, experts);
    let mut side = ExpertSide::new(problem, &columns);
    side.auction(&mut matching, |expert| split.experts[expert], observer)?;
    side.finish(&mut matching, observer)?;
    let (prices, surpluses) = side.into_duals();
    ControlFlow::Continue(Contested {
        matching,
        prices,
        surpluses,
    })
}

/// Most experts are filled: experts bid first, and where they do not all find cases, the part that is not
/// contested is taken out and left to the cases.
fn from_experts(problem: &Problem<'_>, observer: &mut dyn Observer) -> ControlFlow<(), Plan> {
    let packing = Packing::new(problem);
    let (split, contested) = if packing.is_narrow() {
        split_from_experts::<u32>(problem, packing, observer)?
    } else {
        split_from_experts::<u64>(problem, packing, observer)?
    };
    let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
    let mut matching = Matching::new(cases, experts);
    let mut side = CaseSide::new(problem, false);
    side.block(&split);
    side.auction(&mut matching, |case| !split.cases[case], observer)?;
    side.finish(&mut matching, observer)?;
    ControlFlow::Continue(plan(problem, split, Some((&side, &matching)), Some(&contested)))
}

/// The part that is contested, filled.
fn split_from_experts<W: Word>(
    problem: &Problem<'_>,
    packing: Packing,
    observer: &mut dyn Observer,
) -> ControlFlow<(), (Split, Contested)> {
    let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
    let columns = Columns::<W>::new(problem, packing, |_| true, |expert| problem.capacity[expert] > 0);
    let mut matching = Matching::new(cases, experts);
    let mut side = ExpertSide::new(problem, &columns);
    side.auction(&mut matching, |_| true, observer)?;
    let mut largest = matching.clone();
    let split = cardinality::maximize_from_experts(problem, &columns, &mut largest, observer)?;
    drop(largest);
    side.restrict(&mut matching, &split);
    side.finish(&mut matching, observer)?;
    let (prices, surpluses) = side.into_duals();
    ControlFlow::Continue((
        split,
        Contested {
            matching,
            prices,
            surpluses,
        },
    ))
}

/// Puts the two parts together.
fn plan(
    problem: &Problem<'_>,
    split: Split,
    free: Option<(&CaseSide<'_>, &Matching)>,
    contested: Option<&Contested>,
) -> Plan {
    let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
    let mut mates = Vec::with_capacity(cases);
    let mut duals = Duals {
        case_surplus: Vec::with_capacity(cases),
        expert_price: vec![0; experts],
        ..Duals::default()
    };
    for case in 0..cases {
        let (mate, surplus) = if split.cases[case] {
            contested.map_or((NONE, 0), |contested| {
                (contested.matching.mate(case), contested.surpluses[case])
            })
        } else {
            free.map_or((NONE, 0), |(side, matching)| {
                (matching.mate(case), side.surplus(matching, case))
            })
        };
        mates.push(Some(mate).filter(|&expert| expert != NONE));
        duals.case_surplus.push(surplus);
    }
    for expert in (0..experts).filter(|&expert| problem.capacity[expert] > 0) {
        duals.expert_price[expert] = match (split.experts[expert], free, contested) {
            (true, _, Some(contested)) => contested.prices[expert],
            (false, Some((side, _)), _) => side.price(expert),
            _ => 0,
        };
    }
    duals.case_surplus = problem.in_order_of_instance(duals.case_surplus);
    duals.contested_cases = problem.in_order_of_instance(split.cases);
    duals.contested_experts = split.experts;
    (problem.in_order_of_instance(mates), duals)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::certify;
    use crate::plan::Silent;

    const EXPERTS: usize = 8;

    /// Rows of a few pairs each, and who has how much room.
    fn instance() -> impl Strategy<Value = Instance> {
        let row = (
            subsequence((0..EXPERTS as u32).collect::<Vec<_>>(), 0..=4),
            vec(-3..9_i32, 4),
        );
        (vec(0..3_u8, EXPERTS), vec(row, 0..16)).prop_map(|(capacities, rows)| {
            let (mut offsets, mut experts, mut scores) = (vec![0], Vec::new(), Vec::new());
            for (row, points) in rows {
                scores.extend(&points[..row.len()]);
                experts.extend(row);
                offsets.push(experts.len());
            }
            Instance::new(capacities, offsets, experts, scores).unwrap()
        })
    }

    proptest! {
        #[test]
        fn cases_that_are_numbered_anew_have_a_plan_as_good_and_as_well_proved(
            instance in instance(), pinned in any::<prop::sample::Index>(), pin in any::<bool>(),
        ) {
            let mut pins = Vec::new();
            if pin && instance.cases() > 0 {
                let case = pinned.index(instance.cases()) as u32;
                let experts = instance.row(case as usize).0;
                let has_room = |&&expert: &&u32| instance.capacities()[expert as usize] > 0;
                pins.extend(experts.iter().find(has_room).map(|&expert| Pin { case, expert }));
            }
            for objective in [Objective::Participation, Objective::Score] {
                let [plain, numbered] = [false, true].map(|anew| {
                    let mut problem = Problem::new(&instance, &pins).unwrap();
                    if anew {
                        problem.number_by_place();
                    }
                    let solution = solve_problem(problem, objective, &mut Silent).unwrap();
                    let proved = certify(&instance, objective, &pins, &solution)?;
                    // by score alone a pair without points may be in the plan or not
                    let counts = objective == Objective::Participation;
                    Ok::<_, crate::Violation>((proved.score, counts.then_some(proved.cardinality)))
                });
                prop_assert!(plain.is_ok(), "{plain:?}");
                prop_assert_eq!(plain, numbered);
            }
        }
    }
}
