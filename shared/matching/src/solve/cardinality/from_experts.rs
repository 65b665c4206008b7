//! Hopcroft and Karp from the experts who have room.

use std::ops::ControlFlow;

use super::{Split, UNSEEN};
use crate::plan::{Observer, Phase};
use crate::solve::columns::{Columns, Word};
use crate::solve::matching::Matching;
use crate::solve::problem::{NONE, Problem};

/// Extends `matching` to one with the most matches there are, from the experts who have room, and splits
/// the problem: all but what can be reached from the experts who keep room is contested. Where neither
/// cases nor experts are left over, that is everything.
pub(in crate::solve) fn maximize_from_experts<W: Word>(
    problem: &Problem<'_>,
    columns: &Columns<W>,
    matching: &mut Matching,
    observer: &mut dyn Observer,
) -> ControlFlow<(), Split> {
    let experts = problem.instance.experts();
    let has_room =
        |matching: &Matching, expert: u32| matching.load(expert as usize) < problem.capacity[expert as usize];
    let mut open: Vec<u32> = (0..experts as u32)
        .filter(|&expert| has_room(matching, expert))
        .collect();
    let mut search = Search::new(columns, problem.instance.cases(), experts);
    loop {
        observer.progress(Phase::Cardinality, (experts - open.len()) as u64, experts as u64)?;
        if !search.layer(matching, &open) {
            break;
        }
        open.retain(|&expert| {
            while has_room(matching, expert) {
                if !search.augment(matching, expert) {
                    return true;
                }
            }
            false
        });
    }
    // The last search came to all that can be reached.
    let is_free = |expert: usize| search.expert_layer[expert] != UNSEEN;
    let mut split = Split::nothing(problem);
    split.any = true;
    for (case, contested) in split.cases.iter_mut().enumerate() {
        let mate = matching.mate(case);
        *contested = !problem.is_pinned(case) && (mate == NONE || !is_free(mate as usize));
    }
    for (expert, contested) in split.experts.iter_mut().enumerate() {
        *contested = problem.capacity[expert] > 0 && !is_free(expert);
    }
    ControlFlow::Continue(split)
}

/// The state of one phase.
struct Search<'a, W> {
    columns: &'a Columns<W>,
    /// The layer of each expert, and of each case that an expert of that layer reaches first.
    expert_layer: Vec<u32>,
    case_layer: Vec<u32>,
    /// Where the scan of each expert's cases stands.
    cursor: Vec<u32>,
    queue: Vec<u32>,
    path: Vec<(u32, u32)>,
}

impl<'a, W: Word> Search<'a, W> {
    fn new(columns: &'a Columns<W>, cases: usize, experts: usize) -> Self {
        Self {
            columns,
            expert_layer: vec![UNSEEN; experts],
            case_layer: vec![UNSEEN; cases],
            cursor: vec![0; experts],
            queue: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Layers the graph from the open experts up to the first layer with an unmatched case; false if there is
    /// none.
    fn layer(&mut self, matching: &Matching, open: &[u32]) -> bool {
        self.expert_layer.fill(UNSEEN);
        self.case_layer.fill(UNSEEN);
        self.cursor.fill(0);
        self.queue.clear();
        self.queue.extend_from_slice(open);
        for &expert in open {
            self.expert_layer[expert as usize] = 0;
        }
        let mut last = UNSEEN;
        let mut at = 0;
        while let Some(&expert) = self.queue.get(at) {
            at += 1;
            let layer = self.expert_layer[expert as usize];
            if layer >= last {
                break;
            }
            for entry in self.columns.of(expert as usize) {
                let case = entry.partner as usize;
                if self.case_layer[case] != UNSEEN {
                    continue;
                }
                self.case_layer[case] = layer;
                let mate = matching.mate(case);
                if mate == NONE {
                    last = layer + 1;
                } else if self.expert_layer[mate as usize] == UNSEEN {
                    self.expert_layer[mate as usize] = layer + 1;
                    self.queue.push(mate);
                }
            }
        }
        last != UNSEEN
    }

    /// Looks for a shortest augmenting path from an expert with room and applies it.
    fn augment(&mut self, matching: &mut Matching, start: u32) -> bool {
        // `path` holds (expert, case tried from them) down to the present one.
        self.path.clear();
        let mut expert = start;
        loop {
            match self.step(matching, expert) {
                Some((case, mate)) => {
                    self.path.push((expert, case));
                    if mate == NONE {
                        break;
                    }
                    expert = mate;
                }
                None => {
                    let Some((back, _)) = self.path.pop() else {
                        return false;
                    };
                    self.cursor[back as usize] += 1;
                    expert = back;
                }
            }
        }
        // From the start, so that each expert on the way has room again before they are given a case.
        for (expert, case) in self.path.drain(..) {
            if matching.mate(case as usize) != NONE {
                matching.release(case as usize);
            }
            matching.assign(case as usize, expert as usize);
        }
        true
    }

    /// The next case of an expert that leads on, and who holds it.
    fn step(&mut self, matching: &Matching, expert: u32) -> Option<(u32, u32)> {
        let layer = self.expert_layer[expert as usize];
        let cursor = &mut self.cursor[expert as usize];
        while let Some(entry) = self.columns.get(expert as usize, *cursor as usize) {
            if self.case_layer[entry.partner as usize] == layer {
                let mate = matching.mate(entry.partner as usize);
                if mate == NONE || self.expert_layer[mate as usize] == layer + 1 {
                    return Some((entry.partner, mate));
                }
            }
            *cursor += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Instance;
    use crate::plan::Silent;
    use crate::solve::columns::Packing;

    #[test]
    fn an_expert_whose_room_is_full_to_the_last_case_moves_one_on() {
        // the first expert is wanted by 256 cases and holds 255 of them, the second wants one of those
        let mut offsets: Vec<usize> = (1..=257).collect();
        offsets[0] = 0;
        let mut experts = vec![0; 257];
        experts[1] = 1;
        let instance = Instance::new(vec![255, 1], offsets, experts, vec![1; 257]).unwrap();
        let problem = Problem::new(&instance, &[]).unwrap();
        let columns = Columns::<u32>::new(&problem, Packing::new(&problem), |_| true, |_| true);
        let mut matching = Matching::new(instance.cases(), 2);
        for case in 0..255 {
            matching.assign(case, 0);
        }
        let split = maximize_from_experts(&problem, &columns, &mut matching, &mut Silent);
        let Some(split) = split.continue_value() else {
            panic!("nobody stopped it");
        };
        assert_eq!([0, 1].map(|expert| matching.load(expert)), [255, 1]);
        assert_eq!(split.experts, [true, true]);
    }
}
