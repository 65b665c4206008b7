//! The largest number of matches, and where cases compete for too few experts.
//!
//! From the cases: Hopcroft and Karp (1973), generalized to capacities, O(edges · √cases). From the
//! experts: a breadth-first search for each unit of room. Both go on from any matching. The split is that
//! of Dulmage and Mendelsohn (1958); its square part, where neither cases nor experts are left over, counts
//! as not contested when the search came from the cases, and as contested when it came from the experts.

use std::ops::ControlFlow;

use super::columns::{Columns, Word};
use super::matching::Matching;
use super::problem::{NONE, Problem};
use crate::plan::{Observer, Phase};

const UNSEEN: u32 = u32::MAX;

/// The split of a problem: contested cases and experts, see [`crate::Duals`]. Experts without room are in
/// no plan, and it does not matter where they are.
pub(super) struct Split {
    pub(super) cases: Vec<bool>,
    pub(super) experts: Vec<bool>,
    /// Whether anything is contested at all.
    pub(super) any: bool,
}

/// Extends `matching` to one with the most matches there are.
pub(super) fn maximize(
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

impl Split {
    /// Nothing is contested.
    pub(super) fn nothing(problem: &Problem<'_>) -> Self {
        let (cases, experts) = (problem.instance.cases(), problem.instance.experts());
        Self {
            cases: vec![false; cases],
            experts: vec![false; experts],
            any: false,
        }
    }

    /// What can be reached from the unmatched cases by alternating paths. `matching` has to be one with
    /// the most matches.
    pub(super) fn from_cases(problem: &Problem<'_>, matching: &Matching) -> Self {
        let mut split = Self::nothing(problem);
        let mut stack: Vec<u32> = Vec::new();
        for case in 0..problem.instance.cases() {
            if matching.mate(case) == NONE && !problem.is_pinned(case) {
                split.cases[case] = true;
                stack.push(case as u32);
            }
        }
        split.any = !stack.is_empty();
        while let Some(case) = stack.pop() {
            for &expert in problem.row(case as usize).0 {
                let expert = expert as usize;
                if split.experts[expert] {
                    continue;
                }
                split.experts[expert] = true;
                let mut held = matching.first(expert);
                while held != NONE {
                    if !split.cases[held as usize] {
                        split.cases[held as usize] = true;
                        stack.push(held);
                    }
                    held = matching.after(held as usize);
                }
            }
        }
        split
    }
}

/// Extends `matching` to one with the most matches there are, from the experts that have room, and splits
/// the problem: all but what can be reached from the experts that keep room is contested. Where neither
/// cases nor experts are left over, that is everything.
///
/// One breadth-first search for each unit of room, O(edges) at worst. A search that finds nothing has
/// come to everything there is to come to, and no later one need look there again; these parts together
/// are what is not contested. Meant for where few experts have room.
pub(super) fn maximize_from_experts<W: Word>(
    problem: &Problem<'_>,
    columns: &Columns<W>,
    matching: &mut Matching,
    observer: &mut dyn Observer,
) -> ControlFlow<(), Split> {
    let experts = problem.instance.experts();
    // Who wanted each case first.
    let mut wanted_by = vec![NONE; problem.instance.cases()];
    // Experts the search has come to, and for each the case they would give up.
    let mut come_to = vec![false; experts];
    let mut via = vec![NONE; experts];
    let mut queue: Vec<u32> = Vec::new();
    let mut free = vec![false; experts];
    let mut touched: Vec<u32> = Vec::new();
    for start in 0..experts {
        if start % 4096 == 0 {
            observer.progress(Phase::Cardinality, start as u64, experts as u64)?;
        }
        while matching.load(start) < problem.capacity[start] && !free[start] {
            queue.push(start as u32);
            come_to[start] = true;
            via[start] = NONE;
            let mut at = 0;
            let end = 'search: loop {
                let Some(&expert) = queue.get(at) else {
                    break NONE;
                };
                at += 1;
                for entry in columns.of(expert as usize) {
                    let case = entry.partner as usize;
                    if wanted_by[case] != NONE {
                        continue;
                    }
                    let mate = matching.mate(case);
                    if mate == expert {
                        continue;
                    }
                    wanted_by[case] = expert;
                    touched.push(entry.partner);
                    if mate == NONE {
                        break 'search entry.partner;
                    }
                    if !come_to[mate as usize] {
                        come_to[mate as usize] = true;
                        via[mate as usize] = entry.partner;
                        queue.push(mate);
                    }
                }
            };
            if end == NONE {
                for expert in queue.drain(..) {
                    free[expert as usize] = true;
                }
                touched.clear();
                break;
            }
            let mut case = end;
            loop {
                let expert = wanted_by[case as usize];
                let given_up = via[expert as usize];
                if given_up != NONE {
                    matching.release(given_up as usize);
                }
                matching.assign(case as usize, expert as usize);
                if given_up == NONE {
                    break;
                }
                case = given_up;
            }
            for expert in queue.drain(..) {
                come_to[expert as usize] = false;
            }
            for case in touched.drain(..) {
                wanted_by[case as usize] = NONE;
            }
        }
    }
    let mut split = Split::nothing(problem);
    split.any = true;
    for (case, contested) in split.cases.iter_mut().enumerate() {
        let mate = matching.mate(case);
        *contested = !problem.is_pinned(case) && (mate == NONE || !free[mate as usize]);
    }
    for (expert, contested) in split.experts.iter_mut().enumerate() {
        *contested = problem.capacity[expert] > 0 && !free[expert];
    }
    ControlFlow::Continue(split)
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
