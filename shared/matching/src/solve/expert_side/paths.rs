//! Shortest augmenting paths for the experts the auction gave up on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::ExpertSide;
use crate::plan::{Observer, Phase};
use crate::solve::columns::Word;
use crate::solve::key::Key;
use crate::solve::matching::Matching;
use crate::solve::problem::{LEAST, NONE};
use crate::solve::shortlist::Entry;

const FAR: i64 = i64::MAX;
/// Longer than every path, shorter than one over a blocked case.
const BEYOND: i64 = 1 << 60;

/// The memory of the path search.
pub(super) struct Paths {
    distance: Vec<i64>,
    parent: Vec<(u32, i32)>,
    touched: Vec<u32>,
    /// Experts the search has come to, how far they are, and which case they would give up.
    done: Vec<(u32, i64)>,
    seen: Vec<bool>,
    via: Vec<u32>,
    heap: BinaryHeap<Reverse<Key>>,
}

impl<W: Word> ExpertSide<'_, W> {
    /// Fills every expert the auction gave up on.
    pub(in crate::solve) fn finish(
        &mut self,
        matching: &mut Matching,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
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
        while let Some(Reverse(key)) = self.paths.heap.pop() {
            let (distance, node) = key.parts();
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
            self.paths.heap.push(Reverse(Key::new(base - bound, node)));
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
    pub(super) fn new(cases: usize, experts: usize) -> Self {
        Self {
            distance: vec![FAR; cases],
            parent: vec![(NONE, 0); cases],
            touched: Vec::new(),
            done: Vec::new(),
            seen: vec![false; experts],
            via: vec![NONE; experts],
            heap: BinaryHeap::new(),
        }
    }

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
            self.heap.push(Reverse(Key::new(length, entry.partner)));
        }
    }
}
