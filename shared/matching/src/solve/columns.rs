//! The rows of the experts: the instance seen from the other side.

use super::problem::Problem;
use super::shortlist::Entry;

const WANTED: u64 = 1 << 63;

/// The possible cases of each expert with room, by rising case.
pub(super) struct Columns {
    offsets: Vec<usize>,
    /// Case and score side by side: they are always wanted together, and written at random places.
    entries: Vec<u64>,
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
        // Whether an expert is wanted is as good as random from pair to pair, and a branch on it would be
        // mispredicted half of the time. So every pair is written: those of experts that are not wanted to
        // one place behind all others, where their cursors stay because they lack the bit that is added.
        let mut entries = vec![0; sum + 1];
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
                entries[(*at & !WANTED) as usize] = pack(Entry {
                    partner: case as u32,
                    score,
                });
                *at += *at >> 63;
            }
        }
        Self { offsets, entries }
    }

    /// The pairs of an expert.
    #[inline]
    pub(super) fn of(&self, expert: usize) -> impl Iterator<Item = Entry> + Clone {
        self.entries[self.offsets[expert]..self.offsets[expert + 1]]
            .iter()
            .map(|&packed| unpack(packed))
    }
}

/// One word for a pair: memory for words comes zeroed from the system, and is written only once.
fn pack(entry: Entry) -> u64 {
    u64::from(entry.partner) << 32 | u64::from(entry.score.cast_unsigned())
}

fn unpack(packed: u64) -> Entry {
    Entry {
        partner: (packed >> 32) as u32,
        score: (packed as u32).cast_signed(),
    }
}
