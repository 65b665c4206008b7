//! The solver.

mod cardinality;
mod case_side;
mod expert_side;
mod matching;
mod problem;

use crate::instance::Instance;
use crate::plan::{Duals, Objective, Observer, Pin, Solution, SolveError};

use cardinality::Split;
use case_side::CaseSide;
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
    let problem = Problem::new(instance, pins)?;
    let (cases, experts) = (instance.cases(), instance.experts());
    let mut matching = Matching::new(cases, experts);
    let stopped = |()| SolveError::Stopped;
    let split = match objective {
        Objective::Participation => {
            cardinality::maximize(&problem, &mut matching, observer)
                .map_break(stopped)
                .into_result()?;
            cardinality::split(&problem, &matching)
        }
        Objective::Score => Split {
            cases: vec![false; cases],
            experts: vec![false; experts],
            any: false,
        },
    };
    let mut duals = Duals {
        case_surplus: vec![0; cases],
        expert_price: vec![0; experts],
        ..Duals::default()
    };
    let mut assignment = vec![None; cases];
    let mut best = Matching::new(cases, experts);
    let mut side = CaseSide::new(&problem, &split, objective == Objective::Score);
    side.run(&mut best, observer).map_break(stopped).into_result()?;
    for case in (0..cases).filter(|&case| !split.cases[case]) {
        duals.case_surplus[case] = side.surplus(&best, case);
    }
    for expert in (0..experts).filter(|&expert| !split.experts[expert]) {
        duals.expert_price[expert] = side.price[expert];
    }
    drop(side);
    if split.any {
        let mut side = ExpertSide::new(&problem, &split);
        side.run(&mut best, &split, observer)
            .map_break(stopped)
            .into_result()?;
        for case in (0..cases).filter(|&case| split.cases[case]) {
            duals.case_surplus[case] = side.surplus(&best, case);
        }
        for expert in (0..experts).filter(|&expert| split.experts[expert]) {
            duals.expert_price[expert] = side.price[expert];
        }
    }
    for (case, expert) in assignment.iter_mut().enumerate() {
        *expert = Some(best.mate(case)).filter(|&expert| expert != NONE);
    }
    for pin in &problem.pins {
        assignment[pin.case as usize] = Some(pin.expert);
    }
    duals.contested_cases = split.cases;
    duals.contested_experts = split.experts;
    Ok(Solution {
        assignment,
        pins: problem.pins,
        duals,
    })
}

/// `ControlFlow::into_result` under a name of its own until the standard one is stable.
trait IntoResult<E> {
    fn into_result(self) -> Result<(), E>;
}

impl<E> IntoResult<E> for std::ops::ControlFlow<E> {
    fn into_result(self) -> Result<(), E> {
        match self {
            Self::Continue(()) => Ok(()),
            Self::Break(error) => Err(error),
        }
    }
}
