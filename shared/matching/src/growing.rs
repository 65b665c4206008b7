//! Instances too large to be listed: solve with the best pairs, add those that could matter, again until
//! none is left.
//!
//! A pair that is not listed can only make the plan better where the duals of the plan do not allow it
//! (its score exceeds surplus plus price, or it would join a contested case to an expert who is not). As
//! long as there are such pairs, they are added and the instance is solved again; when there are none, the
//! certificate of the small instance holds for the whole one. This is pricing, or column generation: the
//! number of pairs rises in every round, so it ends, at worst with the whole instance.

use std::ops::ControlFlow;

use crate::instance::Instance;
use crate::plan::{Duals, Objective, Observer, Pin, Solution, SolveError};
use crate::solve::solve;

/// A pair that was left out: case, expert, score.
pub type LeftOutPair = (u32, u32, i32);

/// Knows the pairs that are not listed.
pub trait LeftOut {
    /// A score that no unlisted pair of the case exceeds; `None` where all its pairs are listed.
    fn bound(&self, case: usize) -> Option<i32>;

    /// Of the unlisted pairs of `cases`, those that `duals` do not allow ([`Duals::allow`]), at most as
    /// many for each case as are worth adding at once, but at least one where there is one. Pairs with
    /// experts without room are no pairs. `Break` stops the search.
    fn refused(
        &mut self,
        cases: &[u32],
        listed: &Instance,
        duals: &Duals,
    ) -> ControlFlow<(), Vec<LeftOutPair>>;
}

/// A best plan of a whole instance, and the part of it that was needed to find and to prove it.
#[derive(Debug, Clone)]
pub struct Grown {
    /// The pairs that were listed in the end. `certify` proves the plan for them; no other is refused by
    /// its duals.
    pub instance: Instance,
    /// The best plan.
    pub solution: Solution,
    /// How often it was solved.
    pub rounds: usize,
    /// Pairs that were added to those of the beginning.
    pub added: usize,
}

/// Finds the best plan of an instance of which only some pairs are listed.
///
/// # Errors
/// As [`solve`]. Pins have to be listed pairs.
///
/// ```
/// use std::ops::ControlFlow;
/// use tandem_matching::{Duals, Instance, LeftOut, LeftOutPair, Objective, Silent, solve_growing};
///
/// /// Both cases know expert 1 as well, at these scores, but only expert 0 is listed.
/// struct Second([i32; 2]);
///
/// impl LeftOut for Second {
///     fn bound(&self, case: usize) -> Option<i32> {
///         Some(self.0[case])
///     }
///     fn refused(&mut self, cases: &[u32], listed: &Instance, duals: &Duals)
///         -> ControlFlow<(), Vec<LeftOutPair>>
///     {
///         let pairs = cases.iter().map(|&case| (case, 1, self.0[case as usize]));
///         ControlFlow::Continue(
///             pairs
///                 .filter(|&(case, expert, score)| {
///                     listed.score(case as usize, expert).is_none()
///                         && !duals.allow(case as usize, expert as usize, score)
///                 })
///                 .collect(),
///         )
///     }
/// }
///
/// let listed = Instance::new(vec![1, 1], vec![0, 1, 2], vec![0, 0], vec![50, 60]).unwrap();
/// let grown = solve_growing(listed, Objective::Participation, &[], &mut Second([5, 40]), &mut Silent).unwrap();
/// assert_eq!(grown.solution.assignment, [Some(0), Some(1)]);
/// assert_eq!(grown.instance.edges(), 4);
/// ```
pub fn solve_growing(
    mut instance: Instance,
    objective: Objective,
    pins: &[Pin],
    left_out: &mut dyn LeftOut,
    observer: &mut dyn Observer,
) -> Result<Grown, SolveError> {
    let mut pinned = vec![false; instance.cases()];
    for pin in pins {
        if let Some(pinned) = pinned.get_mut(pin.case as usize) {
            *pinned = true;
        }
    }
    let mut added = 0;
    for rounds in 1.. {
        let solution = solve(&instance, objective, pins, observer)?;
        let duals = &solution.duals;
        // prices are never negative, so a surplus that reaches the bound allows everything that is left
        let doubtful: Vec<u32> = (0..instance.cases())
            .filter(|&case| {
                let allowed =
                    |bound: i32| !duals.contested_cases[case] && i64::from(bound) <= duals.case_surplus[case];
                !pinned[case] && left_out.bound(case).is_some_and(|bound| !allowed(bound))
            })
            .map(|case| case as u32)
            .collect();
        let mut refused = if doubtful.is_empty() {
            Vec::new()
        } else {
            match left_out.refused(&doubtful, &instance, duals) {
                ControlFlow::Continue(refused) => refused,
                ControlFlow::Break(()) => return Err(SolveError::Stopped),
            }
        };
        if refused.is_empty() {
            return Ok(Grown {
                instance,
                solution,
                rounds,
                added,
            });
        }
        refused.sort_unstable();
        added += refused.len();
        instance = instance.with(&refused);
    }
    unreachable!("a round without new pairs is the last one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Silent;

    /// All pairs of an instance; those that are listed tell themselves.
    struct Rest<'a> {
        whole: &'a Instance,
        most: usize,
        stop: bool,
    }

    impl LeftOut for Rest<'_> {
        fn bound(&self, case: usize) -> Option<i32> {
            self.whole.row(case).1.iter().copied().max()
        }

        fn refused(
            &mut self,
            cases: &[u32],
            listed: &Instance,
            duals: &Duals,
        ) -> ControlFlow<(), Vec<LeftOutPair>> {
            if self.stop {
                return ControlFlow::Break(());
            }
            let mut all = Vec::new();
            for &case in cases {
                let (experts, scores) = self.whole.row(case as usize);
                let row = experts
                    .iter()
                    .zip(scores)
                    .map(|(&expert, &score)| (case, expert, score));
                let refused = row.filter(|&(case, expert, score)| {
                    self.whole.capacities()[expert as usize] > 0
                        && listed.score(case as usize, expert).is_none()
                        && !duals.allow(case as usize, expert as usize, score)
                });
                all.extend(refused.take(self.most));
            }
            ControlFlow::Continue(all)
        }
    }

    /// Two experts, three cases, of which only the first pair of each is listed.
    fn scarce() -> (Instance, Instance) {
        let whole = Instance::new(
            vec![1, 1],
            vec![0, 2, 4, 6],
            vec![0, 1, 0, 1, 0, 1],
            vec![90, 10, 80, 20, 70, 30],
        )
        .unwrap();
        let listed = Instance::new(vec![1, 1], vec![0, 1, 2, 3], vec![0, 0, 0], vec![90, 80, 70]).unwrap();
        (whole, listed)
    }

    #[test]
    fn pairs_that_were_left_out_come_in_until_the_plan_is_the_best_of_the_whole() {
        let (whole, listed) = scarce();
        let mut rest = Rest {
            whole: &whole,
            most: 1,
            stop: false,
        };
        let grown = solve_growing(listed, Objective::Participation, &[], &mut rest, &mut Silent).unwrap();
        assert_eq!(grown.solution.assignment, [Some(0), None, Some(1)]);
        assert!(grown.rounds > 1 && grown.added > 0);
        let certificate = crate::certify(&whole, Objective::Participation, &[], &grown.solution).unwrap();
        assert_eq!((certificate.cardinality, certificate.score), (2, 120));
    }

    #[test]
    fn who_knows_the_rest_may_stop_the_search() {
        let (whole, listed) = scarce();
        let mut rest = Rest {
            whole: &whole,
            most: 1,
            stop: true,
        };
        let stopped = solve_growing(listed, Objective::Participation, &[], &mut rest, &mut Silent);
        assert_eq!(stopped.unwrap_err(), SolveError::Stopped);
    }
}
