//! An instance with its pins taken out.

use std::collections::BTreeMap;

use crate::instance::Instance;
use crate::plan::{Pin, SolveError};

/// The mark for "no case" and "no expert"; indexes stay below it (`MAX_NODES`).
pub(super) const NONE: u32 = u32::MAX;

/// The price of a partner who is not to be had, and a worth that no pair with anybody else comes down to:
/// `MAX_NODES` and [`HIGHEST`] keep true prices far from both.
pub(super) const BLOCKED: i64 = 1 << 61;
pub(super) const LEAST: i64 = -(1 << 60);

/// A price that ends an auction: beyond, only a shortest path raises it.
pub(super) const HIGHEST: i64 = 1 << 58;

/// What is left to decide once the pins are set: pinned cases have empty rows, and their experts that
/// much less room.
///
/// Cases have the numbers they have in the instance, unless [`Self::number_by_place`] gave them others. Pins
/// keep those of the instance.
pub(super) struct Problem<'a> {
    pub(super) instance: &'a Instance,
    /// The case of the instance that each case is; empty where that is the same.
    order: Vec<u32>,
    /// Room left after pins.
    pub(super) capacity: Vec<u8>,
    /// The pins by case.
    pub(super) pins: Vec<Pin>,
    pinned: Vec<bool>,
}

impl<'a> Problem<'a> {
    pub(super) fn new(instance: &'a Instance, pins: &[Pin]) -> Result<Self, SolveError> {
        let mut capacity = instance.capacities().to_vec();
        let mut by_case: BTreeMap<u32, u32> = BTreeMap::new();
        let mut by_expert: BTreeMap<u32, usize> = BTreeMap::new();
        for &pin in pins {
            if pin.case as usize >= instance.cases() {
                return Err(SolveError::UnknownCase {
                    pin,
                    cases: instance.cases(),
                });
            }
            if pin.expert as usize >= instance.experts() {
                return Err(SolveError::UnknownExpert {
                    pin,
                    experts: instance.experts(),
                });
            }
            if instance.score(pin.case as usize, pin.expert).is_none() {
                return Err(SolveError::NotPossible { pin });
            }
            if let Some(first) = by_case.insert(pin.case, pin.expert) {
                return Err(SolveError::PinnedTwice {
                    case: pin.case,
                    first,
                    second: pin.expert,
                });
            }
            *by_expert.entry(pin.expert).or_default() += 1;
        }
        for (&expert, &pinned) in &by_expert {
            let room = &mut capacity[expert as usize];
            if pinned > usize::from(*room) {
                return Err(SolveError::OverCapacity {
                    expert,
                    capacity: *room,
                    pinned,
                });
            }
            *room -= pinned as u8;
        }
        let mut flags = Vec::new();
        if !by_case.is_empty() {
            flags = vec![false; instance.cases()];
            for &case in by_case.keys() {
                flags[case as usize] = true;
            }
        }
        let pins = by_case
            .into_iter()
            .map(|(case, expert)| Pin { case, expert })
            .collect();
        Ok(Self {
            instance,
            order: Vec::new(),
            capacity,
            pins,
            pinned: flags,
        })
    }

    /// Numbers cases by the expert in the middle of their row. Where neighbouring experts are those whom the same
    /// cases want, cases that compete are neighbours then, and what the solver keeps of those who bid against
    /// each other lies together in memory.
    pub(super) fn number_by_place(&mut self) {
        let cases = 0..self.instance.cases() as u32;
        let mut order: Vec<(u32, u32)> = cases
            .map(|case| {
                let experts = self.instance.row(case as usize).0;
                (experts.get(experts.len() / 2).copied().unwrap_or(NONE), case)
            })
            .collect();
        order.sort_unstable();
        let placed = order.iter().map(|&(_, case)| self.is_pinned(case as usize));
        self.pinned = placed.collect();
        self.order = order.into_iter().map(|(_, case)| case).collect();
    }

    /// The values of cases, in the order of the instance.
    pub(super) fn in_order_of_instance<T: Copy>(&self, values: Vec<T>) -> Vec<T> {
        if self.order.is_empty() {
            return values;
        }
        let mut placed = values.clone();
        for (&case, &value) in self.order.iter().zip(&values) {
            placed[case as usize] = value;
        }
        placed
    }

    /// Whether those experts who are wanted at all have less room than there are cases that want one.
    pub(super) fn is_scarce(&self) -> bool {
        let wanting = (0..self.instance.cases())
            .filter(|&case| !self.row(case).0.is_empty())
            .count();
        let everybody: usize = self.capacity.iter().map(|&room| usize::from(room)).sum();
        if everybody < wanting {
            // no row need be read
            return true;
        }
        let mut seen = vec![false; self.instance.experts()];
        let mut room = 0;
        for (_, row) in self.rows_as_they_lie() {
            // mostly after a few rows, so that this costs nothing where experts are plentiful
            if room >= wanting {
                return false;
            }
            for &expert in row {
                let expert = expert as usize;
                room += usize::from(self.capacity[expert]) * usize::from(!seen[expert]);
                seen[expert] = true;
            }
        }
        room < wanting
    }

    /// The rows in the order in which they lie in memory, each with its case. Where cases are numbered anew, reading
    /// rows by number takes several times as long.
    pub(super) fn rows_as_they_lie(&self) -> impl Iterator<Item = (usize, &'a [u32])> {
        let mut numbers: Vec<u32> = vec![0; self.order.len()];
        for (number, &case) in (0..).zip(&self.order) {
            numbers[case as usize] = number;
        }
        (0..self.instance.cases()).map(move |case| {
            let number = numbers.get(case).map_or(case, |&number| number as usize);
            (number, self.row(number).0)
        })
    }

    /// Whether the case is decided by a pin.
    pub(super) fn is_pinned(&self, case: usize) -> bool {
        self.pinned.get(case).copied().unwrap_or(false)
    }

    /// The row of a case that is still to be decided, empty for a pinned one.
    #[inline]
    pub(super) fn row(&self, case: usize) -> (&'a [u32], &'a [i32]) {
        if self.is_pinned(case) {
            (&[], &[])
        } else {
            let case = self.order.get(case).map_or(case, |&case| case as usize);
            self.instance.row(case)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_of_experts_whom_nobody_wants_and_cases_that_want_nobody_do_not_count() {
        // two cases want the first expert, one of them the second as well, and one nobody: just enough
        let instance = Instance::new(vec![1, 1, 9], vec![0, 1, 3, 3], vec![0, 0, 1], vec![5; 3]).unwrap();
        assert!(!Problem::new(&instance, &[]).unwrap().is_scarce());
        // nobody has room to spare
        let enough = Instance::new(vec![1, 1], vec![0, 1, 3], vec![0, 0, 1], vec![5; 3]).unwrap();
        assert!(!Problem::new(&enough, &[]).unwrap().is_scarce());
        // the second case is decided: the first one wants somebody who is taken now
        let pin = Pin { case: 1, expert: 0 };
        assert!(Problem::new(&instance, &[pin]).unwrap().is_scarce());
        let scarce = Instance::new(vec![1, 1, 9], vec![0, 1, 2, 3], vec![0, 0, 0], vec![5; 3]).unwrap();
        assert!(Problem::new(&scarce, &[]).unwrap().is_scarce());
    }

    #[test]
    fn cases_are_numbered_by_the_expert_in_the_middle_of_their_row_and_keep_their_pins_and_values() {
        let rows = [vec![2], vec![], vec![0, 1, 2], vec![0, 2]];
        let mut offsets = vec![0];
        let experts: Vec<u32> = rows
            .iter()
            .flat_map(|row| {
                offsets.push(offsets.last().unwrap() + row.len());
                row.iter().copied()
            })
            .collect();
        let scores = vec![0; experts.len()];
        let instance = Instance::new(vec![1; 3], offsets, experts, scores).unwrap();
        let mut problem = Problem::new(&instance, &[Pin { case: 0, expert: 2 }]).unwrap();
        assert_eq!(problem.in_order_of_instance(vec![7, 8, 9, 6]), [7, 8, 9, 6]);
        problem.number_by_place();
        let numbered: Vec<&[u32]> = (0..4).map(|case| problem.row(case).0).collect();
        assert_eq!(numbered, [&[0, 1, 2][..], &[], &[0, 2], &[]]);
        let lying: Vec<(usize, &[u32])> = problem.rows_as_they_lie().collect();
        assert_eq!(lying, [(1, &[][..]), (3, &[]), (0, &[0, 1, 2]), (2, &[0, 2])]);
        assert_eq!(
            [0, 1, 2, 3].map(|case| problem.is_pinned(case)),
            [false, true, false, false]
        );
        // by these numbers: the third case of the instance first, then the first, the last, the second
        assert_eq!(
            problem.in_order_of_instance(vec!['c', 'a', 'd', 'b']),
            ['a', 'b', 'c', 'd']
        );
    }
}
