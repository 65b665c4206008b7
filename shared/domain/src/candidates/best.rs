//! Who is found for a case, and above which score nobody else need be looked at.

use std::cmp::Reverse;

/// So many steps of scores are told apart while the best are gathered.
const STEPS: usize = 2048;

/// Takes those who pass.
pub(super) trait Find {
    /// Whose score is lower is not taken.
    fn floor(&self) -> i32;
    /// How many are looked for, where not all.
    fn most(&self) -> Option<usize>;
    /// Sets the floor to a guess.
    fn guess(&mut self, floor: i32);
    /// Begins again without a guess where too few were taken to know that the guess was not too high.
    fn begin_again(&mut self) -> bool;
    /// Some more, none of whom was below the floor when they were looked at.
    fn take(&mut self, pairs: &[(u32, i32)]);
}

/// The best so many of a row: those with the highest scores, of equals those with the lowest numbers.
///
/// How many have each score is counted, so that the floor below which nobody comes in is known at every
/// moment.
#[derive(Debug)]
pub(super) struct Best<'p> {
    most: usize,
    pairs: &'p mut Vec<(u32, i32)>,
    /// Where the row begins among them.
    start: usize,
    /// How many were taken for each step of scores, up to this one among the pairs.
    counts: Vec<u32>,
    steps: usize,
    counted: usize,
    low: i32,
    /// Two to the power of this are a step.
    shift: u32,
    /// The step of the floor, and how many were taken from there on.
    step: usize,
    from_step: usize,
    floor: i32,
    /// The scores of the step of the floor.
    at_step: Vec<i32>,
    /// Room for sorting.
    spare: Vec<(u32, i32)>,
}

impl<'p> Best<'p> {
    /// For rows of at most so many each.
    pub(super) fn new(most: usize, pairs: &'p mut Vec<(u32, i32)>) -> Self {
        Self {
            most,
            start: pairs.len(),
            pairs,
            counts: Vec::new(),
            steps: 1,
            counted: 0,
            low: 0,
            shift: 0,
            step: 0,
            from_step: 0,
            floor: i32::MIN,
            at_step: Vec::new(),
            spare: Vec::new(),
        }
    }

    /// Begins a row in which scores differ by `span` from `low` on; others count as the nearest of these.
    pub(super) fn begin(&mut self, low: i32, span: u32) {
        self.start = self.pairs.len();
        self.counted = self.start;
        (self.step, self.from_step, self.floor) = (0, 0, i32::MIN);
        self.low = low;
        self.shift = (0..u32::BITS)
            .find(|shift| ((span >> shift) as usize) < STEPS)
            .unwrap_or_default();
        self.steps = (span >> self.shift) as usize + 1;
    }

    fn step_of(&self, score: i32) -> usize {
        let above = i64::from(score) - i64::from(self.low);
        ((above.max(0) >> self.shift) as usize).min(self.steps - 1)
    }

    /// Ends the row: by rising number, which is how they came where `in_order`. The answer is the last
    /// score that came in, where not all did.
    pub(super) fn finish(&mut self, in_order: bool) -> Option<i32> {
        let taken = self.pairs.len() - self.start;
        if taken <= self.most {
            if !in_order {
                sort(&mut self.pairs[self.start..], &mut self.spare);
            }
            return None;
        }
        let (last, equal) = self.last();
        if !in_order {
            self.keep(|score| score >= last);
            sort(&mut self.pairs[self.start..], &mut self.spare);
        }
        // of equals those come in that come first
        let mut left = equal;
        self.keep(|score| {
            let early_equal = score == last && left > 0;
            left -= usize::from(early_equal);
            (score > last) | early_equal
        });
        Some(last)
    }

    /// Keeps those of the row whose score is wanted.
    fn keep(&mut self, mut wanted: impl FnMut(i32) -> bool) {
        let mut end = self.start;
        for at in self.start..self.pairs.len() {
            let pair = self.pairs[at];
            // written in any case: a branch that goes either way costs more
            self.pairs[end] = pair;
            end += usize::from(wanted(pair.1));
        }
        self.pairs.truncate(end);
    }

    /// The last score that comes in, and how many of those who have it do.
    fn last(&mut self) -> (i32, usize) {
        let above = self.from_step - self.counts[self.step] as usize;
        let wanted = self.most - above;
        let within = self.step > 0 && self.step + 1 < self.steps;
        if self.shift == 0 && within {
            return (self.low + self.step as i32, wanted);
        }
        self.at_step.clear();
        for (_, score) in &self.pairs[self.start..] {
            if self.step_of(*score) == self.step {
                self.at_step.push(*score);
            }
        }
        let (better, last, _) = self
            .at_step
            .select_nth_unstable_by_key(wanted - 1, |score| Reverse(*score));
        let last = *last;
        (
            last,
            wanted - better.iter().filter(|better| **better > last).count(),
        )
    }

    /// Where the row that ended last ends among the pairs.
    pub(super) fn end(&self) -> usize {
        self.pairs.len()
    }
}

impl Find for Best<'_> {
    #[inline]
    fn floor(&self) -> i32 {
        self.floor
    }

    fn most(&self) -> Option<usize> {
        Some(self.most)
    }

    fn guess(&mut self, floor: i32) {
        self.floor = floor;
    }

    fn begin_again(&mut self) -> bool {
        if self.pairs.len() - self.start > self.most {
            return false;
        }
        self.pairs.truncate(self.start);
        self.floor = i32::MIN;
        true
    }

    fn take(&mut self, pairs: &[(u32, i32)]) {
        self.pairs.extend_from_slice(pairs);
        // Not before one too many is there: where the row turns out to be whole, nobody was passed over,
        // and nothing need be counted.
        if self.pairs.len() - self.start <= self.most {
            return;
        }
        if self.counted == self.start {
            self.counts.clear();
            self.counts.resize(self.steps, 0);
        }
        while let Some((_, score)) = self.pairs.get(self.counted) {
            let step = self.step_of(*score);
            self.counts[step] += 1;
            self.from_step += usize::from(step >= self.step);
            self.counted += 1;
        }
        while self.from_step - self.counts[self.step] as usize >= self.most {
            self.from_step -= self.counts[self.step] as usize;
            self.step += 1;
            let floor = i64::from(self.low) + ((self.step as i64) << self.shift);
            self.floor = self.floor.max(i32::try_from(floor).unwrap_or(i32::MAX));
        }
    }
}

/// Sorts pairs by number, digit by digit from the last one: rows are short and their numbers near each
/// other, so that two digits of a byte nearly always do.
fn sort(pairs: &mut [(u32, i32)], other: &mut Vec<(u32, i32)>) {
    let Some(least) = pairs.iter().map(|pair| pair.0).min() else {
        return;
    };
    let span = pairs.iter().map(|pair| pair.0 - least).max().unwrap_or_default();
    if span >> 24 > 0 {
        pairs.sort_unstable();
        return;
    }
    other.clear();
    other.resize(pairs.len(), (0, 0));
    let (mut from, mut into) = (pairs, other.as_mut_slice());
    // an even number of times, after which they are where they were
    let digits = if span >> 16 > 0 { 4 } else { 2 };
    for shift in (0..digits).map(|digit| 8 * digit) {
        let mut ends = [0_u32; 256];
        let digit = |pair: &(u32, i32)| ((pair.0 - least) >> shift) as usize & 255;
        for pair in from.iter() {
            ends[digit(pair)] += 1;
        }
        let mut end = 0;
        for slot in &mut ends {
            end += *slot;
            *slot = end - *slot;
        }
        for pair in from.iter() {
            let slot = &mut ends[digit(pair)];
            into[*slot as usize] = *pair;
            *slot += 1;
        }
        std::mem::swap(&mut from, &mut into);
    }
}

/// Everybody who is wanted and whose score is not below a floor.
pub(super) struct All<'r, W> {
    pub(super) row: &'r mut Vec<(u32, i32)>,
    pub(super) floor: i32,
    pub(super) wanted: W,
}

impl<W: Fn(u32, i32) -> bool> Find for All<'_, W> {
    fn floor(&self) -> i32 {
        self.floor
    }

    fn most(&self) -> Option<usize> {
        None
    }

    fn guess(&mut self, _floor: i32) {}

    fn begin_again(&mut self) -> bool {
        false
    }

    fn take(&mut self, pairs: &[(u32, i32)]) {
        let wanted = |pair: &&(u32, i32)| (self.wanted)(pair.0, pair.1);
        self.row.extend(pairs.iter().filter(wanted));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_those_of_the_sorted_row_whatever_the_span_and_the_order(
            scores in proptest::collection::vec(prop_oneof![0..6_i32, -50..5_000_i32, any::<i32>()], 0..60),
            most in 1..20_usize, low in -10..10_i32,
            span in prop_oneof![Just(0_u32), 0..100_u32, 0..100_000_u32, any::<u32>()],
            backwards in any::<bool>(), guess in proptest::option::of(-10..6_000_i32),
        ) {
            let mut row: Vec<(u32, i32)> = (0..).zip(scores).collect();
            let mut expected = row.clone();
            expected.sort_by_key(|pair| (Reverse(pair.1), pair.0));
            let bound = (expected.len() > most).then(|| expected[most - 1].1);
            expected.truncate(most);
            expected.sort_unstable();
            if backwards {
                row.reverse();
            }
            let mut pairs = vec![(9, 9)];
            let mut best = Best::new(most, &mut pairs);
            best.begin(low, span);
            if let Some(guess) = guess {
                best.guess(guess);
            }
            for guessed in [guess.is_some(), false] {
                for some in row.chunks(3) {
                    let floor = best.floor();
                    best.take(&some.iter().copied().filter(|pair| pair.1 >= floor).collect::<Vec<_>>());
                }
                if !guessed || !best.begin_again() {
                    break;
                }
            }
            prop_assert_eq!(best.finish(!backwards), bound);
            prop_assert_eq!(pairs.split_off(1), expected);
            prop_assert_eq!(pairs, [(9, 9)]);
        }
    }
}
