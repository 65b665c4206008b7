//! Where experts are plentiful: every case is matched, and cases bid for experts.
//!
//! Experts' prices start at 0 and only rise; a price above 0 means that the expert is full. What a case
//! holds is always among the best there is for it at these prices, so that the duals prove the matching
//! at every moment and no rounding has to be made good later (an auction with ε = 0). The auction gives
//! up on a case where bids no longer raise a price; a shortest augmenting path finds it its expert.

mod paths;

use std::ops::ControlFlow;

use crate::plan::{Observer, Phase};
use crate::solve::cardinality::Split;
use crate::solve::matching::Matching;
use crate::solve::problem::{BLOCKED, HIGHEST, LEAST, NONE, Problem};
use crate::solve::shortlist::{Entry, Shortlists, Top};
use paths::Paths;

/// The bid of a case that has nowhere else to go.
const ANY: i64 = i64::MAX;
/// After so many bids a case waits for a shortest path.
const ROUNDS: u8 = 16;

/// Matches cases to experts at the highest total score.
pub(super) struct CaseSide<'a> {
    problem: &'a Problem<'a>,
    /// Whether a case may stay unmatched, at a total of 0.
    may_stay: bool,
    /// Prices; [`BLOCKED`] for experts that are not to be had.
    price: Vec<i64>,
    /// For a matched case the score of its pair, and the price up to which it stays.
    score: Vec<i32>,
    bid: Vec<i64>,
    rounds: Vec<u8>,
    lists: Shortlists,
    /// Cases the auction gave up on.
    open: Vec<u32>,
    paths: Paths,
}

/// What became of a bid.
enum Outcome {
    Settled,
    Displaced(u32),
    GaveUp,
}

impl<'a> CaseSide<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, may_stay: bool) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        let price = problem
            .capacity
            .iter()
            .map(|&room| if room == 0 { BLOCKED } else { 0 })
            .collect();
        Self {
            problem,
            may_stay,
            price,
            score: vec![0; cases],
            bid: vec![0; cases],
            rounds: vec![0; cases],
            lists: Shortlists::new(cases),
            open: Vec::new(),
            paths: Paths::new(experts),
        }
    }

    /// The price of an expert, 0 for one that is not to be had.
    pub(super) fn price(&self, expert: usize) -> i64 {
        if self.price[expert] == BLOCKED {
            0
        } else {
            self.price[expert]
        }
    }

    /// What a case has left after paying its expert, 0 for an unmatched one.
    pub(super) fn surplus(&self, matching: &Matching, case: usize) -> i64 {
        match matching.mate(case) {
            NONE => 0,
            expert => i64::from(self.score[case]) - self.price[expert as usize],
        }
    }

    /// Whether the auction has found an expert for every case that needs one.
    pub(super) fn is_complete(&self) -> bool {
        self.open.is_empty()
    }

    /// Takes contested cases and experts out. No expert that stays loses a case by that; cases that were
    /// with a contested expert are open again.
    pub(super) fn restrict(&mut self, matching: &mut Matching, split: &Split) {
        self.open.retain(|&case| !split.cases[case as usize]);
        for case in 0..self.problem.instance.cases() {
            let expert = matching.mate(case);
            if expert != NONE && split.experts[expert as usize] {
                matching.release(case);
                if !split.cases[case] {
                    self.open.push(case as u32);
                }
            }
        }
        self.block(split);
    }

    /// Contested experts are not to be had.
    pub(super) fn block(&mut self, split: &Split) {
        for (price, _) in self
            .price
            .iter_mut()
            .zip(&split.experts)
            .filter(|&(_, &contested)| contested)
        {
            *price = BLOCKED;
        }
    }

    /// Lets the cases of `part` bid.
    pub(super) fn auction(
        &mut self,
        matching: &mut Matching,
        part: impl Fn(usize) -> bool,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
        let cases = self.problem.instance.cases();
        for start in 0..cases {
            if start % 4096 == 0 {
                observer.progress(Phase::Auction, start as u64, cases as u64)?;
            }
            if !part(start) || self.problem.is_pinned(start) {
                continue;
            }
            let mut case = start;
            loop {
                match self.place(matching, case) {
                    Outcome::Settled => break,
                    Outcome::Displaced(other) => case = other as usize,
                    Outcome::GaveUp => {
                        self.open.push(case as u32);
                        break;
                    }
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn entries(&self, case: usize) -> impl Iterator<Item = Entry> + use<'a> {
        let (experts, scores) = self.problem.row(case);
        experts
            .iter()
            .zip(scores)
            .map(|(&partner, &score)| Entry { partner, score })
    }

    /// The two best experts for a case.
    fn top(&mut self, case: usize) -> Top {
        let mut top = Top::none();
        if self.rounds[case] == 0 {
            // Most cases bid once: no list is worth making for that.
            for entry in self.entries(case) {
                top.see(entry, i64::from(entry.score) - self.price[entry.partner as usize]);
            }
            return top;
        }
        // A list whose best no longer beats the bound is made anew; then its best is the best.
        for fresh in [false, true] {
            let (list, bound) = self.lists.of(case);
            top = Top::none();
            for &entry in list {
                top.see(entry, i64::from(entry.score) - self.price[entry.partner as usize]);
            }
            if top.worth > bound || fresh {
                top.at_least(bound);
                break;
            }
            self.make_list(case);
        }
        top
    }

    fn make_list(&mut self, case: usize) {
        let entries = self.entries(case);
        self.lists.make(case, entries, &self.price);
    }

    fn has_room(&self, matching: &Matching, expert: u32) -> bool {
        matching.load(expert as usize) < self.problem.capacity[expert as usize]
    }

    fn place(&mut self, matching: &mut Matching, case: usize) -> Outcome {
        let mut top = self.top(case);
        if top.worth == LEAST {
            return if self.may_stay {
                Outcome::Settled
            } else {
                Outcome::GaveUp
            };
        }
        if self.may_stay {
            if top.worth <= 0 {
                return Outcome::Settled;
            }
            top.at_least(0);
        }
        if self.rounds[case] == ROUNDS {
            return Outcome::GaveUp;
        }
        self.rounds[case] += 1;
        let bid = if top.second_worth == LEAST {
            ANY
        } else {
            i64::from(top.first.score) - top.second_worth
        };
        if self.has_room(matching, top.first.partner) {
            self.settle(matching, case, top.first, bid);
            return Outcome::Settled;
        }
        if top.worth > top.second_worth && bid != ANY && bid < HIGHEST {
            return self.displace(matching, case, top.first, bid);
        }
        if top.worth == top.second_worth
            && top.second.partner != NONE
            && self.has_room(matching, top.second.partner)
        {
            self.settle(matching, case, top.second, 0);
            return Outcome::Settled;
        }
        Outcome::GaveUp
    }

    /// Gives the case to an expert with room.
    fn settle(&mut self, matching: &mut Matching, case: usize, entry: Entry, bid: i64) {
        let expert = entry.partner as usize;
        matching.assign(case, expert);
        self.score[case] = entry.score;
        self.bid[case] = bid;
        if matching.load(expert) == self.problem.capacity[expert] {
            let (_, least, _) = self.least_bids(matching, expert);
            if least != ANY {
                self.price[expert] = least;
            }
        }
    }

    /// The case of an expert with the lowest bid, this bid, and the one after it.
    fn least_bids(&self, matching: &Matching, expert: usize) -> (u32, i64, i64) {
        let (mut who, mut least, mut second) = (NONE, ANY, ANY);
        let mut held = matching.first(expert);
        while held != NONE {
            let bid = self.bid[held as usize];
            if who == NONE || bid < least {
                (who, least, second) = (held, bid, least);
            } else {
                second = second.min(bid);
            }
            held = matching.after(held as usize);
        }
        (who, least, second)
    }

    /// Bids against the cases of a full expert.
    fn displace(&mut self, matching: &mut Matching, case: usize, entry: Entry, bid: i64) -> Outcome {
        let expert = entry.partner as usize;
        let (loser, _, second) = self.least_bids(matching, expert);
        matching.release(loser as usize);
        matching.assign(case, expert);
        self.score[case] = entry.score;
        self.bid[case] = bid;
        self.price[expert] = second.min(bid);
        Outcome::Displaced(loser)
    }
}
