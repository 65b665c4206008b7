//! Where cases are plentiful: every expert is filled, and experts bid for cases.
//!
//! The mirror image of the case side. Cases' surpluses start at 0 and only rise; a surplus above 0 means
//! that the case is matched. The price of an expert falls from the score of their best case and may end
//! below 0. An expert bids for one case after the other; all cases that they hold leave them the same.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::cardinality::Split;
use super::columns::Columns;
use super::matching::Matching;
use super::problem::{BLOCKED, HIGHEST, LEAST, NONE, Problem};
use super::shortlist::{Entry, Shortlists, Top};
use crate::plan::{Observer, Phase};

const FAR: i64 = i64::MAX;
/// Longer than every path.
const BEYOND: i64 = 1 << 60;
/// After so many bids for each unit of room an expert waits for a shortest path.
const ROUNDS: u16 = 16;

/// Fills experts with cases, at the highest total score.
pub(super) struct ExpertSide<'a> {
    problem: &'a Problem<'a>,
    columns: &'a Columns,
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

/// The memory of the path search.
struct Paths {
    distance: Vec<i64>,
    parent: Vec<(u32, i32)>,
    touched: Vec<u32>,
    /// Experts the search has come to, how far they are, and which case they would give up.
    done: Vec<(u32, i64)>,
    seen: Vec<bool>,
    via: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

/// What became of a bid.
enum Outcome {
    Settled,
    Displaced(u32),
    GaveUp,
}

impl<'a> ExpertSide<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, columns: &'a Columns) -> Self {
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
            paths: Paths {
                distance: vec![FAR; cases],
                parent: vec![(NONE, 0); cases],
                touched: Vec::new(),
                done: Vec::new(),
                seen: vec![false; experts],
                via: vec![NONE; experts],
                heap: BinaryHeap::new(),
            },
        }
    }

    pub(super) fn price(&self, expert: usize) -> i64 {
        self.price[expert]
    }

    pub(super) fn surplus(&self, case: usize) -> i64 {
        self.surplus[case]
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

    /// Fills every expert the auction gave up on.
    pub(super) fn finish(&mut self, matching: &mut Matching, observer: &mut dyn Observer) -> ControlFlow<()> {
        let mut open = std::mem::take(&mut self.open);
        open.sort_unstable();
        open.dedup();
        for (done, &expert) in open.iter().enumerate() {
            if done % 256 == 0 {
                observer.progress(Phase::Paths, done as u64, open.len() as u64)?;
            }
            while matching.load(expert as usize) < self.problem.capacity[expert as usize] {
                if matching.load(expert as usize) == 0 {
                    self.price[expert as usize] = self.top(matching, expert as usize).worth;
                }
                self.fill(matching, expert as usize);
            }
        }
        ControlFlow::Continue(())
    }

    /// Dijkstra over reduced costs from an expert with room, then one augmentation.
    fn fill(&mut self, matching: &mut Matching, start: usize) {
        let mut end = (BEYOND, NONE);
        self.come_to(matching, start, 0, &mut end);
        let cases = self.surplus.len() as u32;
        while let Some(Reverse((distance, node))) = self.paths.heap.pop() {
            if end.0 <= distance {
                break;
            }
            if node >= cases {
                self.relax_rest(matching, (node - cases) as usize, distance, &mut end);
                continue;
            }
            if distance > self.paths.distance[node as usize] {
                continue;
            }
            let expert = matching.mate(node as usize) as usize;
            if !self.paths.seen[expert] {
                self.paths.via[expert] = node;
                self.come_to(matching, expert, distance, &mut end);
            }
        }
        assert!(end.0 < BEYOND, "a contested expert can be filled");
        self.apply(matching, end.0, end.1);
    }

    fn come_to(&mut self, matching: &Matching, expert: usize, distance: i64, end: &mut (i64, u32)) {
        self.paths.done.push((expert as u32, distance));
        self.paths.seen[expert] = true;
        self.relax(matching, expert, distance + self.price[expert], end);
    }

    /// Follows the best pairs of an expert; `base` is the length of the way to them, plus their price.
    /// The others wait in the heap until the search has come as far as the nearest of them could be.
    fn relax(&mut self, matching: &Matching, expert: usize, base: i64, end: &mut (i64, u32)) {
        if !self.lists.is_made(expert) {
            self.make_list(expert);
        }
        let (list, bound) = self.lists.of(expert);
        for &entry in list {
            self.paths
                .reach(matching, &self.surplus, (expert, base), entry, end);
        }
        if bound > LEAST && base - bound < end.0 {
            let node = (self.surplus.len() + expert) as u32;
            self.paths.heap.push(Reverse((base - bound, node)));
        }
    }

    /// The search has come to the pairs of an expert that are not on their list.
    fn relax_rest(&mut self, matching: &Matching, expert: usize, distance: i64, end: &mut (i64, u32)) {
        let bound = self.lists.of(expert).1;
        let base = distance + bound;
        self.make_list(expert);
        if self.lists.of(expert).1 < bound {
            self.relax(matching, expert, base, end);
            return;
        }
        for entry in self.columns.of(expert) {
            self.paths
                .reach(matching, &self.surplus, (expert, base), entry, end);
        }
    }

    /// Changes prices, surpluses and matching along the path that was found.
    fn apply(&mut self, matching: &mut Matching, length: i64, end: u32) {
        let mut case = end;
        while case != NONE {
            let (expert, score) = self.paths.parent[case as usize];
            // Released first, so that the expert has room when the other case comes.
            let given_up = self.paths.via[expert as usize];
            if given_up != NONE {
                matching.release(given_up as usize);
            }
            matching.assign(case as usize, expert as usize);
            self.score[case as usize] = score;
            case = given_up;
        }
        let paths = &mut self.paths;
        for (expert, distance) in paths.done.drain(..) {
            let index = expert as usize;
            paths.seen[index] = false;
            paths.via[index] = NONE;
            self.price[index] -= length - distance;
            let mut held = matching.first(index);
            while held != NONE {
                self.surplus[held as usize] = i64::from(self.score[held as usize]) - self.price[index];
                held = matching.after(held as usize);
            }
        }
        for case in paths.touched.drain(..) {
            paths.distance[case as usize] = FAR;
        }
        paths.heap.clear();
    }
}

impl Paths {
    /// Comes to a case from an expert at the end of a way of length `base`.
    #[inline]
    fn reach(
        &mut self,
        matching: &Matching,
        surplus: &[i64],
        (expert, base): (usize, i64),
        entry: Entry,
        end: &mut (i64, u32),
    ) {
        let index = entry.partner as usize;
        let length = base + surplus[index] - i64::from(entry.score);
        if length >= end.0 || length >= self.distance[index] {
            return;
        }
        let mate = matching.mate(index);
        if mate == expert as u32 {
            return;
        }
        if self.distance[index] == FAR {
            self.touched.push(entry.partner);
        }
        self.distance[index] = length;
        self.parent[index] = (expert as u32, entry.score);
        if mate == NONE {
            *end = (length, entry.partner);
        } else {
            self.heap.push(Reverse((length, entry.partner)));
        }
    }
}
