//! The matching under construction.

use super::problem::NONE;

/// Who holds whom. The cases of an expert form a doubly linked list threaded through the cases, so that
/// memory does not depend on capacities.
#[derive(Clone)]
pub(super) struct Matching {
    mate: Vec<u32>,
    load: Vec<u8>,
    head: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
}

impl Matching {
    pub(super) fn new(cases: usize, experts: usize) -> Self {
        Self {
            mate: vec![NONE; cases],
            load: vec![0; experts],
            head: vec![NONE; experts],
            next: vec![NONE; cases],
            previous: vec![NONE; cases],
        }
    }

    /// The expert of a case, [`NONE`] if it has none.
    #[inline]
    pub(super) fn mate(&self, case: usize) -> u32 {
        self.mate[case]
    }

    /// How many cases an expert holds.
    #[inline]
    pub(super) fn load(&self, expert: usize) -> u8 {
        self.load[expert]
    }

    /// The first case of an expert, [`NONE`] if they have none.
    #[inline]
    pub(super) fn first(&self, expert: usize) -> u32 {
        self.head[expert]
    }

    /// The case after this one of the same expert, [`NONE`] after the last.
    #[inline]
    pub(super) fn after(&self, case: usize) -> u32 {
        self.next[case]
    }

    pub(super) fn assign(&mut self, case: usize, expert: usize) {
        debug_assert_eq!(
            self.mate[case], NONE,
            "a case is released before it is assigned again"
        );
        let head = self.head[expert];
        self.mate[case] = expert as u32;
        self.next[case] = head;
        self.previous[case] = NONE;
        if head != NONE {
            self.previous[head as usize] = case as u32;
        }
        self.head[expert] = case as u32;
        self.load[expert] += 1;
    }

    pub(super) fn release(&mut self, case: usize) {
        let expert = self.mate[case] as usize;
        let (next, previous) = (self.next[case], self.previous[case]);
        if previous == NONE {
            self.head[expert] = next;
        } else {
            self.next[previous as usize] = next;
        }
        if next != NONE {
            self.previous[next as usize] = previous;
        }
        self.mate[case] = NONE;
        self.load[expert] -= 1;
    }
}
