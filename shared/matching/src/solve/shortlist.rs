//! The best partners of each bidder, so that a bid need not look at its whole row.
//!
//! A shortlist holds the partners that were worth most to the bidder when it was made, and a bound on
//! what all others were worth. Prices only rise while bids are made and paths are sought, so worth only
//! falls and the bound stays true.

use super::problem::{LEAST, NONE};

/// How many partners a shortlist holds: two cache lines with what belongs to them.
const KEPT: usize = 8;

/// A partner and the score of the pair.
#[derive(Clone, Copy, Default)]
pub(super) struct Entry {
    pub(super) partner: u32,
    pub(super) score: i32,
}

/// The two best partners.
#[derive(Clone, Copy)]
pub(super) struct Top {
    pub(super) first: Entry,
    /// What the first is worth: score less price. [`LEAST`] if there is none.
    pub(super) worth: i64,
    /// Has no partner where a bound stands for the second.
    pub(super) second: Entry,
    pub(super) second_worth: i64,
}

impl Top {
    const NOBODY: Entry = Entry {
        partner: NONE,
        score: 0,
    };

    pub(super) fn none() -> Self {
        Self {
            first: Self::NOBODY,
            worth: LEAST,
            second: Self::NOBODY,
            second_worth: LEAST,
        }
    }

    /// Takes one more partner into account. Of equals, the one that comes first stays first.
    #[inline]
    pub(super) fn see(&mut self, entry: Entry, worth: i64) {
        if worth > self.second_worth {
            if worth > self.worth {
                self.second = self.first;
                self.second_worth = self.worth;
                self.first = entry;
                self.worth = worth;
            } else {
                self.second = entry;
                self.second_worth = worth;
            }
        }
    }
}

impl Top {
    /// Puts something that is worth this much in the place of the second, if it is worth more.
    pub(super) fn at_least(&mut self, worth: i64) {
        if self.second_worth < worth {
            self.second_worth = worth;
            self.second = Self::NOBODY;
        }
    }
}

/// The shortlists of all bidders.
pub(super) struct Shortlists {
    entries: Vec<[Entry; KEPT]>,
    lengths: Vec<u8>,
    bounds: Vec<i64>,
}

impl Shortlists {
    /// Empty lists, whose bound says that nothing is known.
    pub(super) fn new(bidders: usize) -> Self {
        Self {
            entries: vec![[Entry::default(); KEPT]; bidders],
            lengths: vec![0; bidders],
            bounds: vec![i64::MAX; bidders],
        }
    }

    /// The list of a bidder, and the bound on the worth of everybody else.
    #[inline]
    pub(super) fn of(&self, bidder: usize) -> (&[Entry], i64) {
        (
            &self.entries[bidder][..usize::from(self.lengths[bidder])],
            self.bounds[bidder],
        )
    }

    /// Whether the list of a bidder has ever been made.
    #[inline]
    pub(super) fn is_made(&self, bidder: usize) -> bool {
        self.bounds[bidder] != i64::MAX
    }

    /// Makes the list of a bidder anew from all its pairs. Partners worth [`LEAST`] or less are nobody. No
    /// price is negative.
    pub(super) fn make(&mut self, bidder: usize, pairs: impl Iterator<Item = Entry>, price: &[i64]) {
        let mut worths = [LEAST; KEPT + 1];
        let mut entries = [Entry::default(); KEPT + 1];
        let mut length = 0;
        for entry in pairs {
            // most prices need not be looked up
            if i64::from(entry.score) <= worths[KEPT] {
                continue;
            }
            let worth = i64::from(entry.score) - price[entry.partner as usize];
            if worth <= worths[KEPT] {
                continue;
            }
            let mut at = KEPT;
            while at > 0 && worths[at - 1] < worth {
                worths[at] = worths[at - 1];
                entries[at] = entries[at - 1];
                at -= 1;
            }
            worths[at] = worth;
            entries[at] = entry;
            length += 1;
        }
        self.entries[bidder].copy_from_slice(&entries[..KEPT]);
        self.lengths[bidder] = length.min(KEPT) as u8;
        self.bounds[bidder] = worths[KEPT];
    }
}
