//! The cheapest steps of each case, so that a search need not look at whole rows.

use super::lex::{FAR, Lex, levels, lex};
use super::search::Residual;

/// How many steps of a case are kept.
const KEPT: usize = 8;
/// More than any step costs in points.
const BEYOND: i64 = 1 << 61;

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
        // A step costs no case if the first levels of surplus and price add up to that of a pair. So
        // prices by first level, in points, and out of reach for experts of the other.
        let by_level = [0, 1].map(|wanted| -> Vec<i64> {
            let experts = residual.price.iter().zip(&residual.room);
            experts
                .map(|(&price, &room)| match levels(price) {
                    (level, points) if level == wanted && room > 0 => points,
                    _ => BEYOND,
                })
                .collect()
        });
        let some_at_one = by_level[1].iter().any(|&points| points != BEYOND);
        let pair_level = levels(residual.value(0)).0;
        for case in (0..cases).filter(|&case| !residual.pinned[case]) {
            let (level, surplus) = levels(residual.surplus[case]);
            let near = &by_level[usize::from(pair_level > level)];
            rows.keep_cheapest(residual, case, surplus, near);
            if pair_level == level && some_at_one {
                // Steps that cost a case.
                let (experts, scores) = residual.instance.row(case);
                let pairs = experts.iter().zip(scores);
                let cost = |(&expert, &score): (&u32, &i32)| by_level[1][expert as usize] - i64::from(score);
                let least = pairs.map(cost).min().unwrap_or(BEYOND);
                if least < BEYOND / 2 {
                    rows.rest[case] = rows.rest[case].min(lex(1, surplus + least));
                }
            }
        }
        rows
    }

    fn keep_cheapest(&mut self, residual: &Residual<'_>, case: usize, surplus: i64, price: &[i64]) {
        let mate = residual.mate(case as u32);
        let mut steps = [Step {
            cost: BEYOND / 2,
            expert: 0,
        }; KEPT + 1];
        let mut length = 0;
        let (experts, scores) = residual.instance.row(case);
        for (&expert, &score) in experts.iter().zip(scores) {
            let cost = surplus + price[expert as usize] - i64::from(score);
            if cost >= steps[KEPT].cost || mate == Some(expert) {
                continue;
            }
            let mut at = KEPT;
            while at > 0 && steps[at - 1].cost > cost {
                steps[at] = steps[at - 1];
                at -= 1;
            }
            steps[at] = Step { cost, expert };
            length += 1;
        }
        self.steps[case].copy_from_slice(&steps[..KEPT]);
        self.lengths[case] = length.min(KEPT) as u8;
        if length > KEPT {
            self.rest[case] = Lex::from(steps[KEPT].cost);
        }
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
