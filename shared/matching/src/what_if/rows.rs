//! The cheapest steps of each case, so that a search need not look at whole rows.

use super::lex::{FAR, Lex};
use super::search::Residual;

/// How many steps of a case are kept.
const KEPT: usize = 8;

/// A step of a case to another expert.
#[derive(Clone, Copy, Default)]
pub(super) struct Step {
    pub(super) cost: i64,
    pub(super) expert: u32,
}

/// Per case the cheapest steps that cost no case, by rising cost, and a bound on all others.
pub(super) struct Rows {
    steps: Vec<[Step; KEPT]>,
    lengths: Vec<u8>,
    /// No other step of the case is cheaper than this.
    rest: Vec<Lex>,
}

impl Rows {
    pub(super) fn new(residual: &Residual<'_>) -> Self {
        let cases = residual.instance.cases();
        let mut rows = Self {
            steps: vec![[Step::default(); KEPT]; cases],
            lengths: vec![0; cases],
            rest: vec![FAR; cases],
        };
        let mut near: Vec<(i64, u32)> = Vec::new();
        for case in (0..cases).filter(|&case| !residual.pinned[case]) {
            near.clear();
            for (expert, cost) in residual.steps(case as u32) {
                match i64::try_from(cost) {
                    Ok(cost) => near.push((cost, expert)),
                    Err(_) => rows.rest[case] = rows.rest[case].min(cost),
                }
            }
            if near.len() > KEPT {
                let (_, &mut (next, _), _) = near.select_nth_unstable(KEPT);
                rows.rest[case] = rows.rest[case].min(Lex::from(next));
                near.truncate(KEPT);
            }
            near.sort_unstable();
            for (step, &(cost, expert)) in rows.steps[case].iter_mut().zip(&near) {
                *step = Step { cost, expert };
            }
            rows.lengths[case] = near.len() as u8;
        }
        rows
    }

    /// The steps kept for a case, and the bound on the cost of all others.
    pub(super) fn of(&self, case: u32) -> (&[Step], Lex) {
        let index = case as usize;
        (
            &self.steps[index][..usize::from(self.lengths[index])],
            self.rest[index],
        )
    }
}
