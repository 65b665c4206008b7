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
pub(super) struct Problem<'a> {
    pub(super) instance: &'a Instance,
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
            capacity,
            pins,
            pinned: flags,
        })
    }

    /// Whether experts have less room than there are cases.
    pub(super) fn is_scarce(&self) -> bool {
        let room: u64 = self.capacity.iter().copied().map(u64::from).sum();
        room < (self.instance.cases() - self.pins.len()) as u64
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
            self.instance.row(case)
        }
    }
}
