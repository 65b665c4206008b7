//! The rows of the experts: the instance seen from the other side.

use super::problem::Problem;
use super::shortlist::Entry;

const WANTED: u64 = 1 << 63;

/// How case and score share a word.
#[derive(Clone, Copy)]
pub(super) struct Packing {
    /// What is taken off each score, and how many bits are left for it.
    least: i32,
    score_bits: u32,
    case_bits: u32,
}

impl Packing {
    /// That of a problem. O(edges).
    pub(super) fn new(problem: &Problem<'_>) -> Self {
        let bits = |most: u32| u32::BITS - most.leading_zeros();
        let scores = problem.instance.scores();
        let least = scores.iter().copied().min().unwrap_or_default();
        let most = scores.iter().copied().max().unwrap_or_default();
        Self {
            least,
            score_bits: bits(most.abs_diff(least)),
            case_bits: bits(problem.instance.cases() as u32),
        }
    }

    /// Whether both fit into 32 bits.
    pub(super) fn is_narrow(self) -> bool {
        self.score_bits + self.case_bits <= u32::BITS
    }
}

/// A pair in one word: memory for words comes zeroed from the system, and is written only once. Half as
/// many bytes are half the memory and less of the time, where cases and scores are small enough.
pub(super) trait Word: Copy + Default {
    fn pack(entry: Entry, packing: Packing) -> Self;
    fn unpack(self, packing: Packing) -> Entry;
}

impl Word for u64 {
    #[inline]
    fn pack(entry: Entry, _packing: Packing) -> Self {
        Self::from(entry.partner) << 32 | Self::from(entry.score.cast_unsigned())
    }

    #[inline]
    fn unpack(self, _packing: Packing) -> Entry {
        Entry {
            partner: (self >> 32) as u32,
            score: (self as u32).cast_signed(),
        }
    }
}

impl Word for u32 {
    #[inline]
    fn pack(entry: Entry, packing: Packing) -> Self {
        // narrow, with at least one bit for cases: no shift is by the whole width
        entry.partner << packing.score_bits | entry.score.abs_diff(packing.least)
    }

    #[inline]
    fn unpack(self, packing: Packing) -> Entry {
        let case = self >> packing.score_bits;
        let above = self ^ case << packing.score_bits;
        Entry {
            partner: case,
            score: packing.least.wrapping_add_unsigned(above),
        }
    }
}

/// The possible cases of each expert with room, by rising case.
pub(super) struct Columns<W> {
    offsets: Vec<usize>,
    packing: Packing,
    /// Case and score side by side: they are always wanted together, and written at random places.
    entries: Vec<W>,
}

impl<W: Word> Columns<W> {
    /// Turns the rows of `part` around, leaving out experts that are not `wanted`.
    pub(super) fn new(
        problem: &Problem<'_>,
        packing: Packing,
        part: impl Fn(usize) -> bool,
        wanted: impl Fn(usize) -> bool,
    ) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        let mut counts = vec![0_u32; experts];
        for (_, row) in problem.rows_as_they_lie().filter(|&(case, _)| part(case)) {
            for &expert in row {
                counts[expert as usize] += 1;
            }
        }
        let mut offsets = Vec::with_capacity(experts + 1);
        let mut sum = 0;
        for (expert, count) in counts.into_iter().enumerate() {
            offsets.push(sum);
            if wanted(expert) {
                sum += count as usize;
            }
        }
        offsets.push(sum);
        // Whether an expert is wanted is as good as random from pair to pair, and a branch on it would be
        // mispredicted half of the time. So every pair is written: those of experts that are not wanted to
        // one place behind all others, where their cursors stay because they lack the bit that is added.
        let mut entries = vec![W::default(); sum + 1];
        let mut cursor: Vec<u64> = (0..experts)
            .map(|expert| {
                if wanted(expert) {
                    WANTED | offsets[expert] as u64
                } else {
                    sum as u64
                }
            })
            .collect();
        for case in (0..cases).filter(|&case| part(case)) {
            let (row, scores) = problem.row(case);
            for (&expert, &score) in row.iter().zip(scores) {
                let at = &mut cursor[expert as usize];
                entries[(*at & !WANTED) as usize] = W::pack(
                    Entry {
                        partner: case as u32,
                        score,
                    },
                    packing,
                );
                *at += *at >> 63;
            }
        }
        Self {
            offsets,
            packing,
            entries,
        }
    }

    /// The pairs of an expert.
    #[inline]
    pub(super) fn of(&self, expert: usize) -> impl Iterator<Item = Entry> + Clone {
        self.entries[self.offsets[expert]..self.offsets[expert + 1]]
            .iter()
            .map(|&packed| packed.unpack(self.packing))
    }

    /// One of the pairs of an expert.
    #[inline]
    pub(super) fn get(&self, expert: usize, at: usize) -> Option<Entry> {
        let entries = &self.entries[self.offsets[expert]..self.offsets[expert + 1]];
        entries.get(at).map(|&packed| packed.unpack(self.packing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Instance;

    fn packing(cases: usize, scores: [i32; 2]) -> Packing {
        let mut offsets = vec![2; cases + 1];
        offsets[0] = 0;
        let instance = Instance::new(vec![1, 1], offsets, vec![0, 1], scores.to_vec()).unwrap();
        Packing::new(&Problem::new(&instance, &[]).unwrap())
    }

    fn come_back<W: Word>(packing: Packing, pairs: &[(u32, i32)]) {
        for &(partner, score) in pairs {
            let entry = W::pack(Entry { partner, score }, packing).unpack(packing);
            assert_eq!((entry.partner, entry.score), (partner, score));
        }
    }

    #[test]
    fn pairs_come_out_of_a_word_as_they_went_in_at_the_edges_as_well() {
        let small = packing(120_000, [-7, 8_000]);
        assert!(small.is_narrow());
        come_back::<u32>(small, &[(0, -7), (119_999, 8_000), (65_536, 0)]);
        // all scores equal: no bit for them
        let equal = packing(3, [i32::MIN; 2]);
        assert!(equal.is_narrow());
        come_back::<u32>(equal, &[(0, i32::MIN), (2, i32::MIN)]);
        let wide = packing(3, [i32::MIN, i32::MAX]);
        assert!(!wide.is_narrow());
        come_back::<u64>(wide, &[(2, i32::MIN), (0, i32::MAX), (1, -1)]);
        // the most that fits: two bits for up to three cases, thirty for scores
        let full = packing(3, [-1, (1 << 30) - 2]);
        assert!(full.is_narrow() && !packing(4, [-1, (1 << 30) - 2]).is_narrow());
        come_back::<u32>(full, &[(2, (1 << 30) - 2), (0, -1)]);
    }
}
