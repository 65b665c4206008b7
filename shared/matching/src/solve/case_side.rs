//! Where experts are plentiful: every case is matched, and cases bid for experts.
//!
//! Experts' prices start at 0 and only rise; a price above 0 means that the expert is full.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::cardinality::Split;
use super::matching::Matching;
use super::problem::{NONE, Problem};
use crate::plan::{Observer, Phase};

const FAR: i64 = i64::MAX;

/// Matches the cases that are not contested to the experts that are not, at the highest total score.
pub(super) struct CaseSide<'a> {
    problem: &'a Problem<'a>,
    split: &'a Split,
    /// Whether a case may stay unmatched, at a total of 0.
    may_stay: bool,
    pub(super) price: Vec<i64>,
    score: Vec<i32>,
    distance: Vec<i64>,
    parent: Vec<u32>,
    parent_score: Vec<i32>,
    touched: Vec<u32>,
    done: Vec<u32>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

/// Where a shortest path ends.
#[derive(Clone, Copy)]
enum End {
    /// At an expert with room.
    Room(u32),
    /// At a case that stays unmatched from now on.
    Leave(u32),
}

impl<'a> CaseSide<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, split: &'a Split, may_stay: bool) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        Self {
            problem,
            split,
            may_stay,
            price: vec![0; experts],
            score: vec![0; cases],
            distance: vec![FAR; experts],
            parent: vec![NONE; experts],
            parent_score: vec![0; experts],
            touched: Vec::new(),
            done: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    pub(super) fn run(&mut self, matching: &mut Matching, observer: &mut dyn Observer) -> ControlFlow<()> {
        let cases = self.problem.instance.cases();
        for case in 0..cases {
            if case % 1024 == 0 {
                observer.progress(Phase::Paths, case as u64, cases as u64)?;
            }
            if !self.split.cases[case] && !self.problem.is_pinned(case) {
                self.assign(matching, case);
            }
        }
        ControlFlow::Continue(())
    }

    /// What the case has left after paying its expert, or would have at the best one for it.
    pub(super) fn surplus(&self, matching: &Matching, case: usize) -> i64 {
        match matching.mate(case) {
            NONE => 0,
            expert => i64::from(self.score[case]) - self.price[expert as usize],
        }
    }

    fn best(&self, case: usize) -> Option<i64> {
        let (experts, scores) = self.problem.row(case);
        let usable = experts
            .iter()
            .zip(scores)
            .filter(|&(&expert, _)| self.usable(expert as usize));
        usable
            .map(|(&expert, &score)| i64::from(score) - self.price[expert as usize])
            .max()
    }

    fn usable(&self, expert: usize) -> bool {
        !self.split.experts[expert] && self.problem.capacity[expert] > 0
    }

    /// Dijkstra over reduced costs from an unmatched case, then one augmentation.
    fn assign(&mut self, matching: &mut Matching, start: usize) {
        let Some(best) = self.best(start) else {
            debug_assert!(self.may_stay, "a case that is not contested can be matched");
            return;
        };
        if self.may_stay && best <= 0 {
            return;
        }
        let mut end = self.may_stay.then_some((best, End::Leave(start as u32)));
        self.relax(start, 0, best);
        let last = loop {
            let Some(Reverse((distance, expert))) = self.heap.pop() else {
                break end;
            };
            if end.is_some_and(|(limit, _)| limit <= distance) {
                break end;
            }
            let index = expert as usize;
            if distance > self.distance[index] {
                continue;
            }
            if matching.load(index) < self.problem.capacity[index] {
                break Some((distance, End::Room(expert)));
            }
            self.done.push(expert);
            let mut held = matching.first(index);
            while held != NONE {
                let surplus = self.surplus(matching, held as usize);
                if self.may_stay && end.is_none_or(|(limit, _)| distance + surplus < limit) {
                    end = Some((distance + surplus, End::Leave(held)));
                }
                self.relax(held as usize, distance, surplus);
                held = matching.after(held as usize);
            }
        };
        let (length, end) = last.expect("a case that is not contested can be matched");
        self.apply(matching, start, length, end);
    }

    fn relax(&mut self, case: usize, distance: i64, surplus: i64) {
        let (experts, scores) = self.problem.row(case);
        for (&expert, &score) in experts.iter().zip(scores) {
            let index = expert as usize;
            if !self.usable(index) {
                continue;
            }
            let length = distance + surplus + self.price[index] - i64::from(score);
            if length < self.distance[index] {
                if self.distance[index] == FAR {
                    self.touched.push(expert);
                }
                self.distance[index] = length;
                self.parent[index] = case as u32;
                self.parent_score[index] = score;
                self.heap.push(Reverse((length, expert)));
            }
        }
    }

    fn apply(&mut self, matching: &mut Matching, start: usize, length: i64, end: End) {
        for expert in self.done.drain(..) {
            let index = expert as usize;
            self.price[index] += length - self.distance[index];
        }
        let mut expert = match end {
            End::Room(expert) => expert,
            End::Leave(case) if case as usize == start => NONE,
            End::Leave(case) => {
                let expert = matching.mate(case as usize);
                matching.release(case as usize);
                expert
            }
        };
        while expert != NONE {
            let case = self.parent[expert as usize] as usize;
            let from = matching.mate(case);
            if from != NONE {
                matching.release(case);
            }
            matching.assign(case, expert as usize);
            self.score[case] = self.parent_score[expert as usize];
            expert = from;
        }
        for expert in self.touched.drain(..) {
            self.distance[expert as usize] = FAR;
        }
        self.heap.clear();
    }
}
