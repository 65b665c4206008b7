//! The largest number of matches, and where cases compete for too few experts.
//!
//! Hopcroft and Karp (1973), generalized to capacities, O(edges · √cases), from the cases where experts are
//! plentiful and from the experts where cases are. Both go on from any matching. The split is that of Dulmage
//! and Mendelsohn (1958); its square part, where neither cases nor experts are left over, counts as not
//! contested when the search came from the cases, and as contested when it came from the experts.

mod from_cases;
mod from_experts;

use super::matching::Matching;
use super::problem::{NONE, Problem};

pub(super) use from_cases::maximize_from_cases;
pub(super) use from_experts::maximize_from_experts;

/// The layer of what the search has not come to.
const UNSEEN: u32 = u32::MAX;

/// The split of a problem: contested cases and experts, see [`crate::Duals`]. Experts without room are in
/// no plan, and it does not matter where they are.
pub(super) struct Split {
    pub(super) cases: Vec<bool>,
    pub(super) experts: Vec<bool>,
    /// Whether anything is contested at all.
    pub(super) any: bool,
}

impl Split {
    /// Nothing is contested.
    pub(super) fn nothing(problem: &Problem<'_>) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        Self {
            cases: vec![false; cases],
            experts: vec![false; experts],
            any: false,
        }
    }

    /// What can be reached from the unmatched cases by alternating paths. `matching` has to be one with
    /// the most matches.
    pub(super) fn from_cases(problem: &Problem<'_>, matching: &Matching) -> Self {
        let mut split = Self::nothing(problem);
        let mut stack: Vec<u32> = Vec::new();
        for case in 0..problem.instance.cases() {
            if matching.mate(case) == NONE && !problem.is_pinned(case) {
                split.cases[case] = true;
                stack.push(case as u32);
            }
        }
        split.any = !stack.is_empty();
        while let Some(case) = stack.pop() {
            for &expert in problem.row(case as usize).0 {
                let expert = expert as usize;
                if split.experts[expert] {
                    continue;
                }
                split.experts[expert] = true;
                let mut held = matching.first(expert);
                while held != NONE {
                    if !split.cases[held as usize] {
                        split.cases[held as usize] = true;
                        stack.push(held);
                    }
                    held = matching.after(held as usize);
                }
            }
        }
        split
    }
}
