//! The problem: experts with capacities, cases, and the scored pairs that are possible.

use std::fmt;

/// A bipartite matching problem in compressed rows: one row of possible experts per case.
///
/// Rows are canonical, by rising expert index, so that everything computed from an instance depends on
/// the *set* of pairs in a row alone and not on the order in which they were handed over. Rows that
/// come in this order are taken as they are; others are sorted, which costs O(d log d) for a row of d.
///
/// ```
/// use tandem_matching::Instance;
///
/// // Two experts (room for 1 and 2 cases), two cases: the first can go to both, the second to expert 1.
/// let instance = Instance::new(vec![1, 2], vec![0, 2, 3], vec![0, 1, 1], vec![50, 40, 70]).unwrap();
/// assert_eq!((instance.experts(), instance.cases(), instance.edges()), (2, 2, 3));
/// assert_eq!(instance.score(0, 1), Some(40));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    capacities: Vec<u8>,
    row_offsets: Vec<usize>,
    experts: Vec<u32>,
    scores: Vec<i32>,
}

/// Cases and experts together stay below this number, so that sums of `i32` scores along any path of
/// the search fit an `i64` with room to spare, and so that `u32::MAX` is free as a mark.
pub const MAX_NODES: usize = 1 << 26;

impl Instance {
    /// Takes an instance over from its parts.
    ///
    /// `capacities` holds for each expert how many cases they can take (0 to 255), `row_offsets` where
    /// the row of each case starts in `experts` and `scores` (one entry more than there are cases, the
    /// first 0, the last the number of pairs). Scores use the whole range of `i32`.
    ///
    /// # Errors
    /// [`InstanceError`] names the first thing that is wrong. O(edges) when rows are already sorted.
    pub fn new(
        capacities: Vec<u8>,
        row_offsets: Vec<usize>,
        experts: Vec<u32>,
        scores: Vec<i32>,
    ) -> Result<Self, InstanceError> {
        if experts.len() != scores.len() {
            return Err(InstanceError::ScoresMissing {
                experts: experts.len(),
                scores: scores.len(),
            });
        }
        if row_offsets.first() != Some(&0) {
            return Err(InstanceError::FirstOffset {
                found: row_offsets.first().copied(),
            });
        }
        let cases = row_offsets.len() - 1;
        if cases.saturating_add(capacities.len()) >= MAX_NODES {
            return Err(InstanceError::TooLarge {
                cases,
                experts: capacities.len(),
            });
        }
        if let Some(case) = row_offsets.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(InstanceError::FallingOffsets { case });
        }
        if row_offsets[cases] != experts.len() {
            return Err(InstanceError::LastOffset {
                found: row_offsets[cases],
                edges: experts.len(),
            });
        }
        let mut instance = Self {
            capacities,
            row_offsets,
            experts,
            scores,
        };
        instance.make_canonical()?;
        Ok(instance)
    }

    fn make_canonical(&mut self) -> Result<(), InstanceError> {
        let expert_count = self.capacities.len();
        let mut keyed: Vec<(u32, i32)> = Vec::new();
        for case in 0..self.cases() {
            let range = self.row_offsets[case]..self.row_offsets[case + 1];
            let row = &mut self.experts[range.clone()];
            // One pass without branches: rising neighbours and a last one in range prove both at once.
            let rising = row
                .iter()
                .zip(row.iter().skip(1))
                .map(|(a, b)| u32::from(a >= b))
                .sum::<u32>()
                == 0;
            if rising {
                if let Some(&expert) = row.last()
                    && expert as usize >= expert_count
                {
                    return Err(InstanceError::UnknownExpert {
                        case,
                        expert,
                        experts: expert_count,
                    });
                }
                continue;
            }
            let scores = &mut self.scores[range];
            keyed.clear();
            keyed.extend(row.iter().copied().zip(scores.iter().copied()));
            keyed.sort_unstable();
            for (index, &(expert, score)) in keyed.iter().enumerate() {
                if index > 0 && row[index - 1] == expert {
                    return Err(InstanceError::DuplicateExpert { case, expert });
                }
                if expert as usize >= expert_count {
                    return Err(InstanceError::UnknownExpert {
                        case,
                        expert,
                        experts: expert_count,
                    });
                }
                row[index] = expert;
                scores[index] = score;
            }
        }
        Ok(())
    }

    /// The instance with more pairs: case, expert and score, by rising case and expert, none of them in it.
    pub(crate) fn with(self, more: &[(u32, u32, i32)]) -> Self {
        let mut grown = Self {
            capacities: self.capacities,
            row_offsets: Vec::with_capacity(self.row_offsets.len()),
            experts: Vec::with_capacity(self.experts.len() + more.len()),
            scores: Vec::with_capacity(self.experts.len() + more.len()),
        };
        grown.row_offsets.push(0);
        let mut more = more.iter().peekable();
        for (case, range) in self.row_offsets.windows(2).enumerate() {
            let mut at = range[0];
            while let Some(&(_, expert, score)) = more.next_if(|pair| pair.0 as usize == case) {
                let before = self.experts[at..range[1]].partition_point(|&own| own < expert);
                grown.experts.extend_from_slice(&self.experts[at..at + before]);
                grown.scores.extend_from_slice(&self.scores[at..at + before]);
                grown.experts.push(expert);
                grown.scores.push(score);
                at += before;
            }
            grown.experts.extend_from_slice(&self.experts[at..range[1]]);
            grown.scores.extend_from_slice(&self.scores[at..range[1]]);
            grown.row_offsets.push(grown.experts.len());
        }
        grown
    }

    /// The instance with more pairs: case, expert and score, in any order.
    ///
    /// # Errors
    /// [`InstanceError`] where there is no such case or expert, or the pair is there already.
    pub fn and(self, more: &[(u32, u32, i32)]) -> Result<Self, InstanceError> {
        let mut more = more.to_vec();
        more.sort_unstable();
        for (index, &(case, expert, _)) in more.iter().enumerate() {
            if case as usize >= self.cases() {
                return Err(InstanceError::UnknownCase {
                    case,
                    cases: self.cases(),
                });
            }
            let case = case as usize;
            if expert as usize >= self.experts() {
                return Err(InstanceError::UnknownExpert {
                    case,
                    expert,
                    experts: self.experts(),
                });
            }
            let again = index > 0 && more[index - 1].0 as usize == case && more[index - 1].1 == expert;
            if again || self.score(case, expert).is_some() {
                return Err(InstanceError::DuplicateExpert { case, expert });
            }
        }
        Ok(self.with(&more))
    }

    /// The number of experts.
    pub fn experts(&self) -> usize {
        self.capacities.len()
    }

    /// The number of cases.
    pub fn cases(&self) -> usize {
        self.row_offsets.len() - 1
    }

    /// The number of possible pairs.
    pub fn edges(&self) -> usize {
        self.experts.len()
    }

    /// How many cases each expert can take.
    pub fn capacities(&self) -> &[u8] {
        &self.capacities
    }

    /// Where the row of each case starts among the pairs; one entry more than there are cases.
    pub fn row_offsets(&self) -> &[usize] {
        &self.row_offsets
    }

    /// The scores of all pairs, row after row.
    pub fn scores(&self) -> &[i32] {
        &self.scores
    }

    /// The experts possible for a case, by rising index, and the score of each.
    ///
    /// # Panics
    /// If there is no such case.
    pub fn row(&self, case: usize) -> (&[u32], &[i32]) {
        let range = self.row_offsets[case]..self.row_offsets[case + 1];
        (&self.experts[range.clone()], &self.scores[range])
    }

    /// The score of a pair, `None` where the pair is not possible or an index is unknown. O(log d).
    pub fn score(&self, case: usize, expert: u32) -> Option<i32> {
        if case >= self.cases() {
            return None;
        }
        let (experts, scores) = self.row(case);
        experts.binary_search(&expert).ok().map(|index| scores[index])
    }
}

/// Why the parts of an instance do not make one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum InstanceError {
    /// Every pair needs exactly one score.
    ScoresMissing {
        /// Pairs given.
        experts: usize,
        /// Scores given.
        scores: usize,
    },
    /// The first row has to start at 0.
    FirstOffset {
        /// The first offset, `None` if there was none at all.
        found: Option<usize>,
    },
    /// A row ends before it starts.
    FallingOffsets {
        /// The case whose row it is.
        case: usize,
    },
    /// The last row has to end where the pairs end.
    LastOffset {
        /// The last offset.
        found: usize,
        /// Pairs given.
        edges: usize,
    },
    /// A row names an expert that has no capacity entry.
    UnknownExpert {
        /// The case whose row it is.
        case: usize,
        /// The index that is too large.
        expert: u32,
        /// The number of experts.
        experts: usize,
    },
    /// A row names an expert twice.
    DuplicateExpert {
        /// The case whose row it is.
        case: usize,
        /// The expert named twice.
        expert: u32,
    },
    /// A pair names a case that does not exist.
    UnknownCase {
        /// The index that is too large.
        case: u32,
        /// The number of cases.
        cases: usize,
    },
    /// More cases and experts than [`MAX_NODES`].
    TooLarge {
        /// The number of cases.
        cases: usize,
        /// The number of experts.
        experts: usize,
    },
}

impl fmt::Display for InstanceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ScoresMissing { experts, scores } => {
                write!(
                    f,
                    "{experts} pairs but {scores} scores: each pair needs exactly one score"
                )
            }
            Self::FirstOffset { found: None } => {
                write!(
                    f,
                    "no row offsets: even an instance without cases has the offset 0"
                )
            }
            Self::FirstOffset { found: Some(found) } => {
                write!(f, "the first row offset is {found}, it has to be 0")
            }
            Self::FallingOffsets { case } => {
                write!(
                    f,
                    "the row of case {case} ends before it starts: row offsets must not fall"
                )
            }
            Self::LastOffset { found, edges } => {
                write!(
                    f,
                    "the last row offset is {found}, it has to be the number of pairs, {edges}"
                )
            }
            Self::UnknownExpert {
                case,
                expert,
                experts,
            } => {
                write!(
                    f,
                    "case {case} names expert {expert}, but there are only {experts} (0 is the first)"
                )
            }
            Self::DuplicateExpert { case, expert } => {
                write!(f, "case {case} names expert {expert} twice: a pair has one score")
            }
            Self::UnknownCase { case, cases } => {
                write!(
                    f,
                    "a pair names case {case}, but there are only {cases} (0 is the first)"
                )
            }
            Self::TooLarge { cases, experts } => {
                write!(
                    f,
                    "{cases} cases and {experts} experts: together they must stay below {MAX_NODES}"
                )
            }
        }
    }
}

impl std::error::Error for InstanceError {}
