//! What is asked of the solver and what it answers.

use std::fmt;
use std::ops::ControlFlow;

/// What the best plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Objective {
    /// First the most cases matched, then the highest total score among the plans that match so many.
    Participation,
    /// The highest total score. A case stays unmatched rather than lower the total; a pair that adds
    /// nothing (score 0) may be taken or left.
    Score,
}

/// A pair that has to be part of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pin {
    /// The case.
    pub case: u32,
    /// The expert it has to go to.
    pub expert: u32,
}

/// The best plan, with the numbers that prove it.
///
/// `certify` checks the proof without trust in the solver. The fields are public so that a plan can be
/// stored, loaded and checked again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The expert of each case, `None` for a case that stays unmatched.
    pub assignment: Vec<Option<u32>>,
    /// Pairs the plan was made to contain, sorted by case.
    pub pins: Vec<Pin>,
    /// The dual values that prove the plan optimal.
    pub duals: Duals,
}

/// Linear programming duals in two levels, cases first and score second.
///
/// A contested case counts 0 at the first level and every other case 1; a contested expert counts 1 and
/// every other expert 0: on each possible pair this is a König cover. The second level is in points.
/// Under [`Objective::Score`] there is no first level and nothing is contested.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Duals {
    /// Cases that compete for too few experts: all that can be reached from an unmatched case by
    /// alternating paths are among them. Where cases and experts come out even, the cover can be drawn on
    /// either side; ask [`crate::WhatIf::price`] who is scarce, not this.
    pub contested_cases: Vec<bool>,
    /// Experts that are full in every plan with the most matches because contested cases want them.
    pub contested_experts: Vec<bool>,
    /// What the case adds to the total, in points, after its expert's price is paid.
    pub case_surplus: Vec<i64>,
    /// What one unit of the expert's capacity is worth, in points.
    pub expert_price: Vec<i64>,
}

impl Duals {
    /// Whether the plan would still be proved the best one if this pair were possible too.
    ///
    /// For pairs that were left out of the instance to keep it small: where all of them are allowed, the
    /// plan is the best one for the whole. Pairs that are not allowed belong into the instance, and it has
    /// to be solved again. Pinned cases and experts without room need not be asked about: their pairs
    /// change nothing.
    ///
    /// # Panics
    /// If there is no such case or expert.
    ///
    /// ```
    /// use tandem_matching::{Instance, Objective, Silent, solve};
    ///
    /// let instance = Instance::new(vec![1, 1], vec![0, 1, 2], vec![0, 1], vec![50, 60]).unwrap();
    /// let duals = solve(&instance, Objective::Participation, &[], &mut Silent).unwrap().duals;
    /// assert!(duals.allow(0, 1, 40));
    /// assert!(!duals.allow(0, 1, 1_000));
    /// ```
    pub fn allow(&self, case: usize, expert: usize, score: i32) -> bool {
        match (self.contested_cases[case], self.contested_experts[expert]) {
            (true, false) => false,
            (false, true) => true,
            (true, true) | (false, false) => {
                i128::from(score)
                    <= i128::from(self.case_surplus[case]) + i128::from(self.expert_price[expert])
            }
        }
    }

    /// A score below which the duals allow every pair of the case, whatever the price of the expert:
    /// `i32::MIN` where there is none. O(1).
    ///
    /// # Panics
    /// If there is no such case.
    ///
    /// ```
    /// use tandem_matching::{Instance, Objective, Silent, solve};
    ///
    /// let instance = Instance::new(vec![1, 1], vec![0, 1, 2], vec![0, 1], vec![50, 60]).unwrap();
    /// let duals = solve(&instance, Objective::Participation, &[], &mut Silent).unwrap().duals;
    /// assert!(duals.floor(0) > 0 && (0..2).all(|expert| duals.allow(0, expert, duals.floor(0) - 1)));
    /// ```
    pub fn floor(&self, case: usize) -> i32 {
        if self.contested_cases[case] {
            // a pair with an expert who is not contested is never allowed
            return i32::MIN;
        }
        // Prices of experts who are not contested are not negative, and contested ones need none.
        let floor = self.case_surplus[case].saturating_add(1);
        floor.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
    }
}

/// Where the solver is. Some phases may be left out, and where cases compete for too few experts in one
/// part of the instance and not in another, each part has its own auction and its own paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// The scarce side bids for the other.
    Auction,
    /// The largest number of matches is determined.
    Cardinality,
    /// What the auction left open is assigned along shortest paths.
    Paths,
}

/// Hears how far the solver is and may stop it.
///
/// Every closure `FnMut(Phase, u64, u64) -> ControlFlow<()>` is an observer; [`Silent`] is one that
/// neither listens nor stops.
pub trait Observer {
    /// `done` of `total` steps of this phase are behind. `Break` stops the solver with
    /// [`SolveError::Stopped`]. Called between steps, not at each one: every few thousand bids, every few
    /// hundred paths, and before each phase of the search for the largest number of matches.
    fn progress(&mut self, phase: Phase, done: u64, total: u64) -> ControlFlow<()>;
}

impl<F: FnMut(Phase, u64, u64) -> ControlFlow<()>> Observer for F {
    fn progress(&mut self, phase: Phase, done: u64, total: u64) -> ControlFlow<()> {
        self(phase, done, total)
    }
}

/// The observer that lets the solver run.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn progress(&mut self, _phase: Phase, _done: u64, _total: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SolveError {
    /// The observer stopped the search.
    Stopped,
    /// A pin names a case that does not exist.
    UnknownCase {
        /// The pin.
        pin: Pin,
        /// The number of cases.
        cases: usize,
    },
    /// A pin names an expert that does not exist.
    UnknownExpert {
        /// The pin.
        pin: Pin,
        /// The number of experts.
        experts: usize,
    },
    /// A pin names a pair that is not possible.
    NotPossible {
        /// The pin.
        pin: Pin,
    },
    /// A case is pinned more than once.
    PinnedTwice {
        /// The case.
        case: u32,
        /// The expert of the first pin.
        first: u32,
        /// The expert of the other pin; the same one if the pin is merely repeated.
        second: u32,
    },
    /// More cases are pinned to an expert than the expert can take.
    OverCapacity {
        /// The expert.
        expert: u32,
        /// How many cases the expert can take.
        capacity: u8,
        /// How many are pinned.
        pinned: usize,
    },
}

impl fmt::Display for SolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped => write!(f, "the search was stopped"),
            Self::UnknownCase { pin, cases } => {
                write!(
                    f,
                    "case {} is pinned, but there are only {cases} cases (0 is the first)",
                    pin.case
                )
            }
            Self::UnknownExpert { pin, experts } => write!(
                f,
                "case {} is pinned to expert {}, but there are only {experts} experts (0 is the first)",
                pin.case, pin.expert
            ),
            Self::NotPossible { pin } => {
                write!(
                    f,
                    "case {} cannot be pinned to expert {}: not a possible pair",
                    pin.case, pin.expert
                )
            }
            Self::PinnedTwice { case, first, second } => {
                write!(
                    f,
                    "case {case} is pinned to expert {first} and to expert {second}: pin it once"
                )
            }
            Self::OverCapacity {
                expert,
                capacity,
                pinned,
            } => {
                write!(
                    f,
                    "{pinned} cases are pinned to expert {expert}, who can take {capacity}"
                )
            }
        }
    }
}

impl std::error::Error for SolveError {}
