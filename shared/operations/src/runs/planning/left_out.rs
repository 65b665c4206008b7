//! The pairs that rows were cut off from: asked for while a plan's duals refuse some of them.

use std::ops::ControlFlow;

use tandem_domain::candidates as bulk;
use tandem_matching::{Duals, Instance, LeftOut, LeftOutPair};

use super::{Problem, Watch};

/// So many pairs that were left out come into a row at once.
const GROWTH: usize = 64;

/// What is not listed.
pub(super) struct Rest<'p, 'a> {
    pub(super) problem: &'p Problem<'a>,
    pub(super) watch: &'p dyn Watch,
}

impl LeftOut for Rest<'_, '_> {
    fn bound(&self, case: usize) -> Option<i32> {
        self.problem.bounds[case]
    }

    fn refused(
        &mut self,
        cases: &[u32],
        listed: &Instance,
        duals: &Duals,
    ) -> ControlFlow<(), Vec<LeftOutPair>> {
        let problem = self.problem;
        let found = problem.pool.left_out(
            &problem.cases,
            cases,
            problem.threads,
            &|_| self.watch.step(0),
            bulk::Wanted {
                most: GROWTH,
                listed: &|case, expert| listed.score(case as usize, expert).is_some(),
                floor: &|case| duals.floor(case as usize),
                wanted: &|case, expert, score| !duals.allow(case as usize, expert as usize, score),
            },
        );
        match found {
            Ok(Some(found)) => ControlFlow::Continue(found),
            // every postal code was found before
            Ok(None) | Err(_) => ControlFlow::Break(()),
        }
    }
}
