//! Exact answers to "what if" about a best plan, without solving again.
//!
//! A plan that differs from a best one by one decision differs along one cycle of the residual graph,
//! so that each question is one shortest path search. All cycles that touch "unmatched" or "free room"
//! pass through one node, the hub. The set-up measures the distance of everything from the hub once, which
//! taken as potentials leaves no arc a negative cost, and the distance of everything to the hub: it is the
//! answer, unless a way to the case's own expert is shorter, and it tells where such a way cannot lead any
//! more, so that most searches end after a few steps.

mod lex;
mod rows;
mod search;

use std::fmt;
use std::sync::OnceLock;

use crate::instance::Instance;
use crate::plan::{Objective, Solution};
use lex::{Lex, levels};
use rows::Rows;
use search::{Residual, Search, ToHub};

/// A difference between two plans: positive is a loss where a cost is asked for, and a gain where a gain
/// is.
///
/// Cases count before points: a loss of one case can come with more points than before, which is then a
/// negative loss of points. Under [`Objective::Score`] only points count, and `cases` is always 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Difference {
    /// Matched cases.
    pub cases: i64,
    /// Points of the total score.
    pub score: i64,
}

impl Difference {
    fn from_lex(value: Lex) -> Self {
        let (cases, score) = levels(value);
        Self { cases, score }
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhatIfError {
    /// There is no such case.
    UnknownCase {
        /// The index asked for.
        case: u32,
    },
    /// There is no such expert.
    UnknownExpert {
        /// The index asked for.
        expert: u32,
    },
    /// The pair is not possible at all.
    NotPossible {
        /// The case.
        case: u32,
        /// The expert.
        expert: u32,
    },
    /// The case is pinned; only a new plan can change that.
    Pinned {
        /// The case.
        case: u32,
    },
    /// The expert has no room besides pinned cases.
    NoRoom {
        /// The expert.
        expert: u32,
    },
}

impl fmt::Display for WhatIfError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCase { case } => write!(f, "there is no case {case}"),
            Self::UnknownExpert { expert } => write!(f, "there is no expert {expert}"),
            Self::NotPossible { case, expert } => {
                write!(f, "case {case} cannot go to expert {expert}: not a possible pair")
            }
            Self::Pinned { case } => write!(f, "case {case} is pinned: only a new plan can change that"),
            Self::NoRoom { expert } => write!(f, "expert {expert} has no room besides pinned cases"),
        }
    }
}

impl std::error::Error for WhatIfError {}

/// Answers questions about a certified plan.
///
/// Set-up costs O(edges · log experts). A question is one search that ends as soon as the answer is
/// certain; it reuses memory, which is why it takes `&mut self`.
///
/// ```
/// use tandem_matching::{Instance, Objective, Silent, WhatIf, solve};
///
/// let instance =
///     Instance::new(vec![1, 1], vec![0, 2, 4], vec![0, 1, 0, 1], vec![50, 5, 60, 40]).unwrap();
/// let solution = solve(&instance, Objective::Participation, &[], &mut Silent).unwrap();
/// let mut what_if = WhatIf::new(&instance, Objective::Participation, &solution);
///
/// // Case 1 with expert 0 would push case 0 to expert 1: 60 + 5 instead of 50 + 40.
/// let cost = what_if.instead(1, 0).unwrap();
/// assert_eq!((cost.cases, cost.score), (0, 25));
/// // With room for two at expert 0, both cases could go there.
/// assert_eq!(what_if.extra_capacity(0).unwrap().score, 20);
/// ```
pub struct WhatIf<'a> {
    residual: Residual<'a>,
    /// What one unit of room would gain at experts without room, once somebody has asked.
    absent: OnceLock<Vec<Lex>>,
    rows: Rows,
    to_hub: ToHub,
    search: Search,
}

impl<'a> WhatIf<'a> {
    /// Prepares answers about `solution`, which has to be certified for this instance and objective:
    /// answers about any other plan are without meaning.
    ///
    /// # Panics
    /// May panic if the solution is not one of this instance.
    pub fn new(instance: &'a Instance, objective: Objective, solution: &Solution) -> Self {
        let mut residual = Residual::new(instance, objective, solution);
        let mut search = Search::new(instance.experts());
        search.measure_from_hub(&mut residual);
        let rows = Rows::new(&residual);
        let to_hub = ToHub::new(&residual, &rows);
        Self {
            residual,
            absent: OnceLock::new(),
            rows,
            to_hub,
            search,
        }
    }

    /// What it costs to give the case to this expert instead, everything else arranged for the best.
    ///
    /// # Errors
    /// [`WhatIfError`] if the pair is not possible or pins stand against it.
    pub fn instead(&mut self, case: u32, expert: u32) -> Result<Difference, WhatIfError> {
        let score = self.check_pair(case, expert)?;
        if self.residual.room[expert as usize] == 0 {
            return Err(WhatIfError::NoRoom { expert });
        }
        if self.residual.mate(case) == Some(expert) {
            return Ok(Difference::default());
        }
        let step = self.residual.reduced_cost(case, expert, score);
        let way = self
            .search
            .way_from_expert(&self.residual, &self.rows, &self.to_hub, expert, case);
        Ok(Difference::from_lex(step + way))
    }

    /// What it costs to pin the pair: the same as [`Self::instead`], and nothing if the plan has it.
    ///
    /// # Errors
    /// As [`Self::instead`].
    pub fn pin(&mut self, case: u32, expert: u32) -> Result<Difference, WhatIfError> {
        self.instead(case, expert)
    }

    /// What it costs to forbid the pair: nothing if the plan does not have it.
    ///
    /// # Errors
    /// [`WhatIfError`] if the pair is not possible or pinned.
    pub fn forbid(&mut self, case: u32, expert: u32) -> Result<Difference, WhatIfError> {
        self.check_pair(case, expert)?;
        if self.residual.mate(case) != Some(expert) {
            return Ok(Difference::default());
        }
        Ok(Difference::from_lex(self.search.way_from_case(
            &self.residual,
            &self.rows,
            &self.to_hub,
            case,
        )))
    }

    /// What is gained if the expert could take one case more. Also answers for an expert whose capacity
    /// is 0, and never negative. The first question about such an expert looks at all pairs once, O(edges).
    ///
    /// # Errors
    /// [`WhatIfError::UnknownExpert`].
    pub fn extra_capacity(&self, expert: u32) -> Result<Difference, WhatIfError> {
        let index = expert as usize;
        let gain = match self.residual.room.get(index) {
            None => return Err(WhatIfError::UnknownExpert { expert }),
            Some(0) => self.absent.get_or_init(|| self.residual.gains_of_absent())[index],
            Some(_) => self.residual.price[index],
        };
        Ok(Difference::from_lex(gain.max(0)))
    }

    /// What is gained if there were one more expert, who can take one of these cases with these scores.
    ///
    /// # Errors
    /// [`WhatIfError::UnknownCase`]. Pinned cases stay where they are.
    pub fn extra_expert(&self, pairs: &[(u32, i32)]) -> Result<Difference, WhatIfError> {
        let mut gain: Lex = 0;
        for &(case, score) in pairs {
            if case as usize >= self.residual.instance.cases() {
                return Err(WhatIfError::UnknownCase { case });
            }
            if !self.residual.pinned[case as usize] {
                gain = gain.max(self.residual.value(score) - self.residual.surplus[case as usize]);
            }
        }
        Ok(Difference::from_lex(gain))
    }

    /// The price of an expert: what one more case's worth of their room would add. Another name for
    /// [`Self::extra_capacity`] from the other end: all prices are the lowest that prove the plan.
    ///
    /// # Errors
    /// [`WhatIfError::UnknownExpert`].
    pub fn price(&self, expert: u32) -> Result<Difference, WhatIfError> {
        self.extra_capacity(expert)
    }

    /// The surplus of a case: what would be lost if it were withdrawn, 0 for an unmatched one.
    ///
    /// # Errors
    /// [`WhatIfError`] if there is no such case or it is pinned.
    pub fn surplus(&self, case: u32) -> Result<Difference, WhatIfError> {
        self.check_case(case)?;
        Ok(Difference::from_lex(self.residual.surplus[case as usize]))
    }

    fn check_case(&self, case: u32) -> Result<(), WhatIfError> {
        match self.residual.pinned.get(case as usize) {
            None => Err(WhatIfError::UnknownCase { case }),
            Some(true) => Err(WhatIfError::Pinned { case }),
            Some(false) => Ok(()),
        }
    }

    fn check_pair(&self, case: u32, expert: u32) -> Result<i32, WhatIfError> {
        self.check_case(case)?;
        if expert as usize >= self.residual.instance.experts() {
            return Err(WhatIfError::UnknownExpert { expert });
        }
        let score = self.residual.instance.score(case as usize, expert);
        score.ok_or(WhatIfError::NotPossible { case, expert })
    }
}

impl fmt::Debug for WhatIf<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instance = self.residual.instance;
        f.debug_struct("WhatIf")
            .field("cases", &instance.cases())
            .field("experts", &instance.experts())
            .finish_non_exhaustive()
    }
}
