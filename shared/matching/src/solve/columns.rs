//! The rows of the experts: the instance seen from the other side.

use super::problem::Problem;
use super::shortlist::Entry;

/// The possible cases of each expert with room, by rising case.
pub(super) struct Columns {
    offsets: Vec<usize>,
    /// Case and score side by side: they are always wanted together, and written at random places.
    entries: Vec<Entry>,
}

impl Columns {
    /// Turns the rows of `part` around, leaving out experts that are not `wanted`.
    pub(super) fn new(
        problem: &Problem<'_>,
        part: impl Fn(usize) -> bool,
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        let mut offsets = vec![0; experts + 1];
        for case in (0..cases).filter(|&case| part(case)) {
            for &expert in problem.row(case).0 {
                offsets[expert as usize] += 1;
            }
        }
        let mut sum = 0;
        for (expert, offset) in offsets.iter_mut().enumerate() {
            let count = if expert < experts && wanted(expert) {
                *offset
            } else {
                0
            };
            *offset = sum;
            sum += count;
        }
        let mut entries = vec![Entry::default(); sum];
        let mut cursor: Vec<usize> = (0..experts)
            .map(|expert| {
                if wanted(expert) {
                    offsets[expert]
                } else {
                    usize::MAX
                }
            })
            .collect();
        for case in (0..cases).filter(|&case| part(case)) {
            let (row, scores) = problem.row(case);
            for (&expert, &score) in row.iter().zip(scores) {
                let at = &mut cursor[expert as usize];
                if *at != usize::MAX {
                    entries[*at] = Entry {
                        partner: case as u32,
                        score,
                    };
                    *at += 1;
                }
            }
        }
        Self { offsets, entries }
    }

    /// The pairs of an expert.
    #[inline]
    pub(super) fn of(&self, expert: usize) -> &[Entry] {
        &self.entries[self.offsets[expert]..self.offsets[expert + 1]]
    }
}
