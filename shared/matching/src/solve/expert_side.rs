//! Where cases are plentiful: every expert is filled, and experts bid for cases.
//!
//! Cases' surpluses start at 0 and only rise; a surplus above 0 means that the case is matched. The
//! price of an expert falls from the score of their best case and may end below 0.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::cardinality::Split;
use super::matching::Matching;
use super::problem::{NONE, Problem};
use crate::plan::{Observer, Phase};

const FAR: i64 = i64::MAX;

/// Fills the contested experts with contested cases, at the highest total score.
pub(super) struct ExpertSide<'a> {
    problem: &'a Problem<'a>,
    /// The rows of contested experts.
    offsets: Vec<usize>,
    cases: Vec<u32>,
    scores: Vec<i32>,
    pub(super) price: Vec<i64>,
    score: Vec<i32>,
    distance: Vec<i64>,
    parent: Vec<u32>,
    parent_score: Vec<i32>,
    /// Whether the search has come to an expert, and which of their cases they would give up.
    seen: Vec<bool>,
    via: Vec<u32>,
    touched: Vec<u32>,
    done: Vec<(u32, i64)>,
    heap: BinaryHeap<Reverse<(i64, u32)>>,
}

impl<'a> ExpertSide<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, split: &Split) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        let mut offsets = vec![0; experts + 1];
        for case in (0..cases).filter(|&case| split.cases[case]) {
            for &expert in problem.row(case).0 {
                offsets[expert as usize + 1] += 1;
            }
        }
        for expert in 0..experts {
            offsets[expert + 1] += offsets[expert];
        }
        let mut cursor = offsets.clone();
        let mut case_of = vec![0; offsets[experts]];
        let mut score_of = vec![0; offsets[experts]];
        for case in (0..cases).filter(|&case| split.cases[case]) {
            let (row, scores) = problem.row(case);
            for (&expert, &score) in row.iter().zip(scores) {
                let at = &mut cursor[expert as usize];
                case_of[*at] = case as u32;
                score_of[*at] = score;
                *at += 1;
            }
        }
        Self {
            problem,
            offsets,
            cases: case_of,
            scores: score_of,
            price: vec![0; experts],
            score: vec![0; cases],
            distance: vec![FAR; cases],
            parent: vec![NONE; cases],
            parent_score: vec![0; cases],
            seen: vec![false; experts],
            via: vec![NONE; experts],
            touched: Vec::new(),
            done: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    pub(super) fn run(
        &mut self,
        matching: &mut Matching,
        split: &Split,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
        let experts = self.problem.instance.experts();
        for expert in 0..experts {
            if expert % 1024 == 0 {
                observer.progress(Phase::Paths, expert as u64, experts as u64)?;
            }
            if !split.experts[expert] || self.problem.capacity[expert] == 0 {
                continue;
            }
            self.price[expert] = self.best(matching, expert);
            while matching.load(expert) < self.problem.capacity[expert] {
                self.fill(matching, expert);
            }
        }
        ControlFlow::Continue(())
    }

    /// What the case adds after its expert's price is paid; 0 for an unmatched one.
    pub(super) fn surplus(&self, matching: &Matching, case: usize) -> i64 {
        match matching.mate(case) {
            NONE => 0,
            expert => i64::from(self.score[case]) - self.price[expert as usize],
        }
    }

    fn row(&self, expert: usize) -> impl Iterator<Item = (u32, i32)> + use<'_, 'a> {
        let range = self.offsets[expert]..self.offsets[expert + 1];
        self.cases[range.clone()]
            .iter()
            .copied()
            .zip(self.scores[range].iter().copied())
    }

    fn best(&self, matching: &Matching, expert: usize) -> i64 {
        let value = |(case, score): (u32, i32)| i64::from(score) - self.surplus(matching, case as usize);
        self.row(expert).map(value).max().unwrap_or(0)
    }

    /// Dijkstra over reduced costs from an expert with room, then one augmentation.
    fn fill(&mut self, matching: &mut Matching, start: usize) {
        self.relax(matching, start, 0);
        let (length, end) = loop {
            let Reverse((distance, case)) = self.heap.pop().expect("a contested expert can be filled");
            if distance > self.distance[case as usize] {
                continue;
            }
            match matching.mate(case as usize) {
                NONE => break (distance, case),
                expert if self.seen[expert as usize] => {}
                expert => {
                    self.via[expert as usize] = case;
                    self.relax(matching, expert as usize, distance);
                }
            }
        };
        let mut case = end;
        while case != NONE {
            let expert = self.parent[case as usize] as usize;
            // Released first, so that the expert has room when the other case comes.
            let given_up = self.via[expert];
            if given_up != NONE {
                matching.release(given_up as usize);
            }
            matching.assign(case as usize, expert);
            self.score[case as usize] = self.parent_score[case as usize];
            case = given_up;
        }
        for (expert, distance) in self.done.drain(..) {
            self.price[expert as usize] -= length - distance;
            self.seen[expert as usize] = false;
            self.via[expert as usize] = NONE;
        }
        for case in self.touched.drain(..) {
            self.distance[case as usize] = FAR;
        }
        self.heap.clear();
    }

    fn relax(&mut self, matching: &Matching, expert: usize, distance: i64) {
        self.done.push((expert as u32, distance));
        self.seen[expert] = true;
        let range = self.offsets[expert]..self.offsets[expert + 1];
        for at in range {
            let (case, score) = (self.cases[at], self.scores[at]);
            let index = case as usize;
            if matching.mate(index) == expert as u32 {
                continue;
            }
            let length = distance + self.price[expert] + self.surplus(matching, index) - i64::from(score);
            if length < self.distance[index] {
                if self.distance[index] == FAR {
                    self.touched.push(case);
                }
                self.distance[index] = length;
                self.parent[index] = expert as u32;
                self.parent_score[index] = score;
                self.heap.push(Reverse((length, case)));
            }
        }
    }
}
