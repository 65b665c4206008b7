//! Where cases are plentiful: every expert is filled, and experts bid for cases.
//!
//! The mirror image of the case side. Cases' surpluses start at 0 and only rise; a surplus above 0 means
//! that the case is matched. The price of an expert falls from the score of their best case and may end
//! below 0. An expert bids for one case after the other; all cases that they hold leave them the same.

mod paths;

use std::ops::ControlFlow;

use crate::plan::{Observer, Phase};
use crate::solve::cardinality::Split;
use crate::solve::columns::{Columns, Word};
use crate::solve::matching::Matching;
use crate::solve::problem::{BLOCKED, HIGHEST, LEAST, NONE, Problem};
use crate::solve::shortlist::{Entry, Shortlists, Top};
use paths::Paths;

/// After so many bids for each unit of room an expert waits for a shortest path.
const ROUNDS: u16 = 16;

/// Fills experts with cases, at the highest total score.
pub(super) struct ExpertSide<'a, W> {
    problem: &'a Problem<'a>,
    columns: &'a Columns<W>,
    /// What each case an expert holds leaves them, and no other case would leave them more.
    price: Vec<i64>,
    /// What cases keep for themselves.
    surplus: Vec<i64>,
    score: Vec<i32>,
    rounds: Vec<u16>,
    lists: Shortlists,
    open: Vec<u32>,
    paths: Paths,
}

/// What became of a bid.
enum Outcome {
    Settled,
    Displaced(u32),
    GaveUp,
}

impl<'a, W: Word> ExpertSide<'a, W> {
    pub(super) fn new(problem: &'a Problem<'a>, columns: &'a Columns<W>) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        Self {
            problem,
            columns,
            price: vec![0; experts],
            surplus: vec![0; cases],
            score: vec![0; cases],
            rounds: vec![0; experts],
            lists: Shortlists::new(experts),
            open: Vec::new(),
            paths: Paths::new(cases, experts),
        }
    }

    /// The prices of experts and the surpluses of cases in the end.
    pub(super) fn into_duals(self) -> (Vec<i64>, Vec<i64>) {
        (self.price, self.surplus)
    }

    /// Takes cases and experts out that are not contested. No contested case loses its expert by that;
    /// experts lose the cases that are not contested.
    pub(super) fn restrict(&mut self, matching: &mut Matching, split: &Split) {
        for (case, contested) in split.cases.iter().enumerate() {
            if !contested && matching.mate(case) != NONE {
                matching.release(case);
            }
        }
        self.open.clear();
        for (expert, _) in split
            .experts
            .iter()
            .enumerate()
            .filter(|&(_, &contested)| contested)
        {
            if matching.load(expert) < self.problem.capacity[expert] {
                self.open.push(expert as u32);
            }
        }
        // No longer to be had.
        for (surplus, _) in self
            .surplus
            .iter_mut()
            .zip(&split.cases)
            .filter(|&(_, &contested)| !contested)
        {
            *surplus = BLOCKED;
        }
    }

    /// Lets the experts of `part` bid.
    pub(super) fn auction(
        &mut self,
        matching: &mut Matching,
        part: impl Fn(usize) -> bool,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
        let experts = self.problem.instance.experts();
        for start in 0..experts {
            if start % 4096 == 0 {
                observer.progress(Phase::Auction, start as u64, experts as u64)?;
            }
            if !part(start) {
                continue;
            }
            self.price[start] = -LEAST;
            while matching.load(start) < self.problem.capacity[start] {
                let mut expert = start;
                let gave_up = loop {
                    match self.place(matching, expert) {
                        Outcome::Settled => break false,
                        Outcome::Displaced(other) => expert = other as usize,
                        Outcome::GaveUp => {
                            self.open.push(expert as u32);
                            break expert == start;
                        }
                    }
                };
                if gave_up {
                    break;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The two best cases for an expert among those that others hold, or nobody.
    fn top(&mut self, matching: &Matching, expert: usize) -> Top {
        let mut top = Top::none();
        for fresh in [false, true] {
            let (list, bound) = self.lists.of(expert);
            top = Top::none();
            for &entry in list {
                if matching.mate(entry.partner as usize) != expert as u32 {
                    top.see(
                        entry,
                        i64::from(entry.score) - self.surplus[entry.partner as usize],
                    );
                }
            }
            if top.worth > bound {
                top.at_least(bound);
                return top;
            }
            if !fresh {
                self.make_list(expert);
            }
        }
        if top.worth < self.lists.of(expert).1 {
            // The expert holds much of the list.
            top = Top::none();
            for entry in self.columns.of(expert) {
                if matching.mate(entry.partner as usize) != expert as u32 {
                    top.see(
                        entry,
                        i64::from(entry.score) - self.surplus[entry.partner as usize],
                    );
                }
            }
        } else {
            top.at_least(self.lists.of(expert).1);
        }
        top
    }

    fn make_list(&mut self, expert: usize) {
        let pairs = self.columns.of(expert);
        self.lists.make(expert, pairs, &self.surplus);
    }

    fn place(&mut self, matching: &mut Matching, expert: usize) -> Outcome {
        let top = self.top(matching, expert);
        let rounds = ROUNDS.saturating_mul(u16::from(self.problem.capacity[expert]));
        if top.worth == LEAST || self.rounds[expert] >= rounds {
            return Outcome::GaveUp;
        }
        self.rounds[expert] += 1;
        let is_free = |entry: Entry| entry.partner != NONE && matching.mate(entry.partner as usize) == NONE;
        let leaves = if top.second_worth == LEAST {
            top.worth
        } else {
            top.second_worth
        };
        if is_free(top.first) {
            self.take(matching, expert, top.first, leaves);
            return Outcome::Settled;
        }
        if top.worth > leaves && top.worth - leaves + self.surplus[top.first.partner as usize] < HIGHEST {
            let loser = matching.mate(top.first.partner as usize);
            matching.release(top.first.partner as usize);
            self.take(matching, expert, top.first, leaves);
            return Outcome::Displaced(loser);
        }
        if top.worth == leaves && is_free(top.second) {
            self.take(matching, expert, top.second, leaves);
            return Outcome::Settled;
        }
        Outcome::GaveUp
    }

    /// Gives the expert a free case; each of theirs leaves them `leaves` from now on.
    fn take(&mut self, matching: &mut Matching, expert: usize, entry: Entry, leaves: i64) {
        matching.assign(entry.partner as usize, expert);
        self.score[entry.partner as usize] = entry.score;
        self.price[expert] = leaves;
        let mut held = matching.first(expert);
        while held != NONE {
            self.surplus[held as usize] = i64::from(self.score[held as usize]) - leaves;
            held = matching.after(held as usize);
        }
    }
}
