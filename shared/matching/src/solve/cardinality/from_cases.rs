//! Hopcroft and Karp from the cases that are not matched.

use std::ops::ControlFlow;

use super::UNSEEN;
use crate::plan::{Observer, Phase};
use crate::solve::matching::Matching;
use crate::solve::problem::{NONE, Problem};

/// Extends `matching` to one with the most matches there are.
pub(in crate::solve) fn maximize_from_cases(
    problem: &Problem<'_>,
    matching: &mut Matching,
    observer: &mut dyn Observer,
) -> ControlFlow<()> {
    greedy(problem, matching);
    let cases = problem.instance.cases();
    let mut search = Search::new(cases, problem.instance.experts());
    let mut open = open_cases(problem, matching);
    loop {
        observer.progress(Phase::Cardinality, (cases - open.len()) as u64, cases as u64)?;
        if open.is_empty() || !search.layer(problem, matching, &open) {
            return ControlFlow::Continue(());
        }
        open.retain(|&case| !search.augment(problem, matching, case));
    }
}

/// The unmatched cases that have a row at all.
fn open_cases(problem: &Problem<'_>, matching: &Matching) -> Vec<u32> {
    (0..problem.instance.cases())
        .filter(|&case| matching.mate(case) == NONE && !problem.row(case).0.is_empty())
        .map(|case| case as u32)
        .collect()
}

fn greedy(problem: &Problem<'_>, matching: &mut Matching) {
    for case in 0..problem.instance.cases() {
        if matching.mate(case) != NONE {
            continue;
        }
        let row = problem.row(case).0;
        let room = |&&expert: &&u32| matching.load(expert as usize) < problem.capacity[expert as usize];
        if let Some(&expert) = row.iter().find(room) {
            matching.assign(case, expert as usize);
        }
    }
}

/// The state of one Hopcroft–Karp phase.
struct Search {
    /// The layer of each case, and of each expert that a case of that layer reaches first.
    case_layer: Vec<u32>,
    expert_layer: Vec<u32>,
    /// Where the scan of each case's row stands.
    row_cursor: Vec<u32>,
    /// The next case of each expert to try to move on.
    held_cursor: Vec<u32>,
    queue: Vec<u32>,
    path: Vec<(u32, u32)>,
}

impl Search {
    fn new(cases: usize, experts: usize) -> Self {
        Self {
            case_layer: vec![UNSEEN; cases],
            expert_layer: vec![UNSEEN; experts],
            row_cursor: vec![0; cases],
            held_cursor: vec![NONE; experts],
            queue: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Layers the graph from the open cases up to the first layer with room; false if there is none.
    fn layer(&mut self, problem: &Problem<'_>, matching: &Matching, open: &[u32]) -> bool {
        self.case_layer.fill(UNSEEN);
        self.expert_layer.fill(UNSEEN);
        self.row_cursor.fill(0);
        self.queue.clear();
        self.queue.extend_from_slice(open);
        for &case in open {
            self.case_layer[case as usize] = 0;
        }
        let mut last = UNSEEN;
        let mut at = 0;
        while let Some(&case) = self.queue.get(at) {
            at += 1;
            let layer = self.case_layer[case as usize];
            if layer >= last {
                break;
            }
            for &expert in problem.row(case as usize).0 {
                let expert = expert as usize;
                if self.expert_layer[expert] != UNSEEN {
                    continue;
                }
                self.expert_layer[expert] = layer;
                self.held_cursor[expert] = matching.first(expert);
                if matching.load(expert) < problem.capacity[expert] {
                    last = layer + 1;
                    continue;
                }
                let mut held = matching.first(expert);
                while held != NONE {
                    if self.case_layer[held as usize] == UNSEEN {
                        self.case_layer[held as usize] = layer + 1;
                        self.queue.push(held);
                    }
                    held = matching.after(held as usize);
                }
            }
        }
        last != UNSEEN
    }

    /// Looks for a shortest augmenting path from an open case and applies it.
    fn augment(&mut self, problem: &Problem<'_>, matching: &mut Matching, start: u32) -> bool {
        // `path` holds (case, expert tried from it) down to the present one.
        self.path.clear();
        let mut case = start;
        loop {
            match self.step(problem, matching, case) {
                Step::Room(expert) => {
                    self.path.push((case, expert));
                    break;
                }
                Step::Move(expert, held) => {
                    self.path.push((case, expert));
                    case = held;
                }
                Step::Dead => {
                    let Some((back, expert)) = self.path.pop() else {
                        return false;
                    };
                    self.skip_held(matching, expert);
                    case = back;
                }
            }
        }
        // From the far end, so that each expert on the way has room again before it is given a case.
        while let Some((case, expert)) = self.path.pop() {
            if matching.mate(case as usize) != NONE {
                self.skip_held(matching, matching.mate(case as usize));
                matching.release(case as usize);
            }
            matching.assign(case as usize, expert as usize);
        }
        true
    }

    fn skip_held(&mut self, matching: &Matching, expert: u32) {
        let cursor = &mut self.held_cursor[expert as usize];
        if *cursor != NONE {
            *cursor = matching.after(*cursor as usize);
        }
    }

    fn step(&mut self, problem: &Problem<'_>, matching: &Matching, case: u32) -> Step {
        let row = problem.row(case as usize).0;
        let layer = self.case_layer[case as usize];
        while let Some(&expert) = row.get(self.row_cursor[case as usize] as usize) {
            let index = expert as usize;
            if self.expert_layer[index] == layer {
                if matching.load(index) < problem.capacity[index] {
                    return Step::Room(expert);
                }
                while self.held_cursor[index] != NONE {
                    let held = self.held_cursor[index];
                    if self.case_layer[held as usize] == layer + 1 {
                        return Step::Move(expert, held);
                    }
                    self.held_cursor[index] = matching.after(held as usize);
                }
            }
            self.row_cursor[case as usize] += 1;
        }
        Step::Dead
    }
}

enum Step {
    /// The expert has room.
    Room(u32),
    /// The expert would have to give up this case.
    Move(u32, u32),
    /// The case cannot be matched in this phase.
    Dead,
}
