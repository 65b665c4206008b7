//! What a certificate can fail for.

use std::fmt;

use crate::plan::Pin;

/// What is wrong with a plan or its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A list of the solution has not one entry for each case, or each expert.
    WrongLength {
        /// Which list.
        list: &'static str,
        /// The number of entries it should have.
        expected: usize,
        /// The number it has.
        found: usize,
    },
    /// A case is matched to an expert who is not possible for it.
    NotPossible {
        /// The case.
        case: u32,
        /// The expert.
        expert: u32,
    },
    /// An expert has more cases than they can take.
    OverCapacity {
        /// The expert.
        expert: u32,
        /// What the expert can take.
        capacity: u8,
        /// What the plan gives them.
        load: u64,
    },
    /// The pins are not the ones that were asked for, or the plan does not keep one.
    PinNotKept {
        /// The pin.
        pin: Pin,
    },
    /// The solution claims pins other than those asked for.
    OtherPins,
    /// Something is marked contested, which the objective has no use for.
    ContestedUnderScore,
    /// A contested case could go to an expert who is not contested.
    NotCovered {
        /// The case.
        case: u32,
        /// The expert.
        expert: u32,
    },
    /// The cover has room for more matches than the plan has.
    CardinalityNotProven {
        /// The number of matches of the plan, pins left out.
        matched: u64,
        /// The bound the cover gives.
        bound: u64,
    },
    /// The surplus of a case that may stay unmatched is negative.
    NegativeSurplus {
        /// The case.
        case: u32,
        /// The surplus.
        surplus: i64,
    },
    /// The price of an expert that may stay free is negative.
    NegativePrice {
        /// The expert.
        expert: u32,
        /// The price.
        price: i64,
    },
    /// A pair scores more than surplus and price allow.
    PairUnderpriced {
        /// The case.
        case: u32,
        /// The expert.
        expert: u32,
        /// By how many points.
        by: i64,
    },
    /// A dual value is larger than any that a solver has reason for (2^60 points).
    OutOfRange {
        /// The value.
        value: i64,
    },
    /// The duals leave room for a higher score than the plan has.
    ScoreNotProven {
        /// The score of the plan, pins left out.
        score: i128,
        /// The bound the duals give.
        bound: i128,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongLength {
                list,
                expected,
                found,
            } => {
                write!(f, "{list} has {found} entries, it should have {expected}")
            }
            Self::NotPossible { case, expert } => {
                write!(
                    f,
                    "case {case} is matched to expert {expert}, which is not a possible pair"
                )
            }
            Self::OverCapacity {
                expert,
                capacity,
                load,
            } => {
                write!(f, "expert {expert} can take {capacity} cases and is given {load}")
            }
            Self::PinNotKept { pin } => {
                write!(
                    f,
                    "case {} is pinned to expert {}, the plan has it otherwise",
                    pin.case, pin.expert
                )
            }
            Self::OtherPins => write!(f, "the solution was made for other pins"),
            Self::ContestedUnderScore => {
                write!(f, "nothing can be contested where only the score counts")
            }
            Self::NotCovered { case, expert } => {
                write!(
                    f,
                    "contested case {case} could go to expert {expert}, who is not contested"
                )
            }
            Self::CardinalityNotProven { matched, bound } => {
                write!(
                    f,
                    "{matched} cases are matched, but the cover would allow {bound}"
                )
            }
            Self::NegativeSurplus { case, surplus } => {
                write!(f, "case {case} may stay unmatched, but its surplus is {surplus}")
            }
            Self::NegativePrice { expert, price } => {
                write!(f, "expert {expert} may stay free, but their price is {price}")
            }
            Self::PairUnderpriced { case, expert, by } => {
                write!(
                    f,
                    "case {case} and expert {expert} score {by} more than surplus and price"
                )
            }
            Self::OutOfRange { value } => write!(f, "{value} points are out of range for a price or surplus"),
            Self::ScoreNotProven { score, bound } => {
                write!(f, "the plan scores {score}, but the duals would allow {bound}")
            }
        }
    }
}

impl std::error::Error for Violation {}
