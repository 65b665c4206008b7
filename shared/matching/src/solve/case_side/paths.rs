//! Shortest augmenting paths for the cases the auction gave up on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::ControlFlow;

use super::CaseSide;
use crate::plan::{Observer, Phase};
use crate::solve::key::Key;
use crate::solve::matching::Matching;
use crate::solve::problem::{LEAST, NONE, Problem};
use crate::solve::shortlist::Entry;

const FAR: i64 = i64::MAX;
/// Longer than every path, shorter than one over a blocked expert.
const BEYOND: i64 = 1 << 60;

/// The memory of the path search.
pub(super) struct Paths {
    distance: Vec<i64>,
    parent: Vec<(u32, i32)>,
    touched: Vec<u32>,
    done: Vec<u32>,
    heap: BinaryHeap<Reverse<Key>>,
}

/// Where a shortest path ends.
#[derive(Clone, Copy)]
enum End {
    /// At an expert with room.
    Room(u32),
    /// At a case that stays unmatched from now on.
    Leave(u32),
}

impl CaseSide<'_> {
    /// Finds an expert for every case the auction gave up on.
    pub(in crate::solve) fn finish(
        &mut self,
        matching: &mut Matching,
        observer: &mut dyn Observer,
    ) -> ControlFlow<()> {
        let open = std::mem::take(&mut self.open);
        for (done, &case) in open.iter().enumerate() {
            if done % 256 == 0 {
                observer.progress(Phase::Paths, done as u64, open.len() as u64)?;
            }
            self.assign(matching, case as usize);
        }
        ControlFlow::Continue(())
    }

    /// What the best expert is worth to a case.
    fn best(&mut self, case: usize) -> i64 {
        let worth = |entry: Entry, price: &[i64]| i64::from(entry.score) - price[entry.partner as usize];
        let (list, bound) = self.lists.of(case);
        let best = list
            .iter()
            .map(|&entry| worth(entry, &self.price))
            .max()
            .unwrap_or(LEAST);
        if best >= bound {
            return best;
        }
        self.make_list(case);
        self.lists
            .of(case)
            .0
            .first()
            .map_or(LEAST, |&entry| worth(entry, &self.price))
    }

    /// Dijkstra over reduced costs from an unmatched case, then one augmentation.
    fn assign(&mut self, matching: &mut Matching, start: usize) {
        let best = self.best(start);
        if self.may_stay && best <= 0 {
            return;
        }
        assert!(best > LEAST, "a case that is not contested has a possible expert");
        let mut end = if self.may_stay {
            (best, End::Leave(start as u32))
        } else {
            (BEYOND, End::Leave(NONE))
        };
        self.relax(matching, start, best, &mut end);
        let experts = self.price.len() as u32;
        while let Some(Reverse(key)) = self.paths.heap.pop() {
            let (distance, node) = key.parts();
            if end.0 <= distance {
                break;
            }
            if node >= experts {
                self.relax_rest(matching, (node - experts) as usize, distance, &mut end);
                continue;
            }
            if distance > self.paths.distance[node as usize] {
                continue;
            }
            self.paths.done.push(node);
            let mut held = matching.first(node as usize);
            while held != NONE {
                let base = distance + self.surplus(matching, held as usize);
                if self.may_stay && base < end.0 {
                    end = (base, End::Leave(held));
                }
                self.relax(matching, held as usize, base, &mut end);
                held = matching.after(held as usize);
            }
        }
        assert!(end.0 < BEYOND, "a case that is not contested can be matched");
        self.apply(matching, start, end.0, end.1);
    }

    /// Follows the best pairs of a case; `base` is the length of the way to it, plus its surplus. The
    /// others wait in the heap until the search has come as far as the nearest of them could be.
    fn relax(&mut self, matching: &Matching, case: usize, base: i64, end: &mut (i64, End)) {
        if !self.lists.is_made(case) {
            self.make_list(case);
        }
        let (list, bound) = self.lists.of(case);
        for &entry in list {
            self.paths
                .reach(self.problem, matching, &self.price, (case, base), entry, end);
        }
        if bound > LEAST && base - bound < end.0 {
            let node = (self.price.len() + case) as u32;
            self.paths.heap.push(Reverse(Key::new(base - bound, node)));
        }
    }

    /// The search has come to the pairs of a case that are not on its list.
    fn relax_rest(&mut self, matching: &Matching, case: usize, distance: i64, end: &mut (i64, End)) {
        let bound = self.lists.of(case).1;
        let base = distance + bound;
        self.make_list(case);
        if self.lists.of(case).1 < bound {
            self.relax(matching, case, base, end);
            return;
        }
        for entry in self.entries(case) {
            self.paths
                .reach(self.problem, matching, &self.price, (case, base), entry, end);
        }
    }

    /// Changes prices and matching along the path that was found.
    fn apply(&mut self, matching: &mut Matching, start: usize, length: i64, end: End) {
        let paths = &mut self.paths;
        for expert in paths.done.drain(..) {
            self.price[expert as usize] += length - paths.distance[expert as usize];
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
            let (case, score) = paths.parent[expert as usize];
            let from = matching.mate(case as usize);
            if from != NONE {
                matching.release(case as usize);
            }
            matching.assign(case as usize, expert as usize);
            self.score[case as usize] = score;
            expert = from;
        }
        for expert in paths.touched.drain(..) {
            paths.distance[expert as usize] = FAR;
        }
        paths.heap.clear();
    }
}

impl Paths {
    pub(super) fn new(experts: usize) -> Self {
        Self {
            distance: vec![FAR; experts],
            parent: vec![(NONE, 0); experts],
            touched: Vec::new(),
            done: Vec::new(),
            heap: BinaryHeap::new(),
        }
    }

    /// Comes to an expert from a case at the end of a way of length `base`.
    #[inline]
    fn reach(
        &mut self,
        problem: &Problem<'_>,
        matching: &Matching,
        price: &[i64],
        (case, base): (usize, i64),
        entry: Entry,
        end: &mut (i64, End),
    ) {
        let index = entry.partner as usize;
        let length = base + price[index] - i64::from(entry.score);
        if length >= end.0 || length >= self.distance[index] {
            return;
        }
        if self.distance[index] == FAR {
            self.touched.push(entry.partner);
        }
        self.distance[index] = length;
        self.parent[index] = (case as u32, entry.score);
        if matching.load(index) < problem.capacity[index] {
            *end = (length, End::Room(entry.partner));
        } else {
            self.heap.push(Reverse(Key::new(length, entry.partner)));
        }
    }
}
