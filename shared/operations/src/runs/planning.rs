//! From the numbers of a snapshot to the certified plan. Pure: no I/O, no clock, no randomness.

mod instance;
mod left_out;

use std::ops::ControlFlow;

use tandem_domain::candidates::{self as bulk, Pool, Seen};
use tandem_domain::eligibility::Rule;
use tandem_domain::runs::{Objective, Phase};
use tandem_matching::{
    Certificate, Difference, Instance, Pin, Solution, SolveError, WhatIf, WhatIfError, solve_growing,
};

use self::instance::{instance, keep_center_limits, no_instance, pins};
use self::left_out::Rest;
use super::snapshot::Snapshot;
use crate::candidates::Candidate;
use crate::{Error, Result};

/// About so many pairs are listed before rows are cut to their best: 64 MB. The programme's own size, of
/// 12,000 experts and 3,000 cases, stays far below, so that its rows are whole.
const PAIRS: usize = 8_000_000;
/// Rows are never cut to fewer than these.
const LEAST_LISTED: usize = 64;

/// Why there is no plan although nothing broke.
#[derive(Debug)]
pub(super) enum Stop {
    /// On request, or because another worker has taken over.
    Cancelled,
    /// For a reason that the coordinator reads.
    Failed(String),
    /// A fault.
    Fault(Error),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// Hears how far a computation is and may stop it.
pub(super) trait Watch: Sync {
    /// The next phase begins; it has so many steps, 0 where they are not counted.
    fn enter(&self, phase: Phase, total: u64);
    /// So many steps are done; whether to go on.
    fn step(&self, done: u64) -> bool;
}

/// Lets everything run.
pub(super) struct Unwatched;

impl Watch for Unwatched {
    fn enter(&self, _phase: Phase, _total: u64) {}
    fn step(&self, _done: u64) -> bool {
        true
    }
}

/// How many threads gather candidates.
pub(super) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// The instance that a snapshot is with its parameters.
pub(super) struct Problem<'a> {
    pub(super) snapshot: &'a Snapshot,
    pub(super) pool: Pool<'a>,
    pub(super) instance: Instance,
    pub(super) objective: tandem_matching::Objective,
    pub(super) pins: Vec<Pin>,
    cases: Vec<bulk::Case<'a>>,
    /// What was left out of each row, at most.
    bounds: Vec<Option<i32>>,
    /// Cases for which their centre has no room.
    kept_out: Vec<bool>,
    threads: usize,
}

/// A plan that is proved the best.
#[derive(Debug)]
pub(super) struct Plan {
    /// The pairs that were listed in the end.
    pub(super) instance: Instance,
    pub(super) solution: Solution,
    pub(super) certificate: Certificate,
}

impl<'a> Problem<'a> {
    /// Gathers the candidates of all cases.
    pub(super) fn new(
        snapshot: &'a Snapshot,
        threads: usize,
        watch: &dyn Watch,
    ) -> std::result::Result<Self, Stop> {
        let most = (PAIRS / snapshot.cases.len().max(1)).max(LEAST_LISTED);
        Self::listing(snapshot, most, threads, watch)
    }

    /// The same with at most so many pairs in a row at first.
    pub(super) fn listing(
        snapshot: &'a Snapshot,
        most: usize,
        threads: usize,
        watch: &dyn Watch,
    ) -> std::result::Result<Self, Stop> {
        watch.enter(Phase::Candidates, snapshot.cases.len() as u64);
        let experts = snapshot.experts.iter().map(super::SnapshotExpert::gathered);
        let pool = Pool::new(snapshot.ground.context(), experts.collect())?;
        let cases: Vec<bulk::Case<'a>> = snapshot.cases.iter().map(super::SnapshotCase::gathered).collect();
        let rows = pool.rows(&cases, most, threads, &|done| watch.step(done))?;
        let Some(rows) = rows else {
            return Err(Stop::Cancelled);
        };
        let kept_out = keep_center_limits(snapshot, |case| rows.offsets[case + 1] - rows.offsets[case]);
        let (pins, unlisted) = pins(snapshot, &pool, &rows)?;
        let (instance, bounds) = instance(&pool, rows, &kept_out, &unlisted)?;
        Ok(Self {
            snapshot,
            pool,
            instance,
            objective: match snapshot.ground.parameters.objective {
                Objective::Participation => tandem_matching::Objective::Participation,
                Objective::Score => tandem_matching::Objective::Score,
            },
            pins,
            cases,
            bounds,
            kept_out,
            threads,
        })
    }

    /// Whether every pair is listed.
    pub(super) fn is_whole(&self) -> bool {
        self.bounds.iter().all(Option::is_none)
    }

    /// The best plan, with its proof.
    pub(super) fn solve(&self, watch: &dyn Watch) -> std::result::Result<Plan, Stop> {
        self.solve_with(&self.pins, watch)
    }

    /// The best plan that contains these pins instead.
    fn solve_with(&self, pins: &[Pin], watch: &dyn Watch) -> std::result::Result<Plan, Stop> {
        watch.enter(Phase::Solving, self.cases.len() as u64);
        let mut observer = |_phase, done, _total| {
            if watch.step(done) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        let mut rest = Rest { problem: self, watch };
        let grown = solve_growing(
            self.instance.clone(),
            self.objective,
            pins,
            &mut rest,
            &mut observer,
        )
        .map_err(|error| match error {
            SolveError::Stopped => Stop::Cancelled,
            refused => Stop::Failed(self.pins_refused(&refused)),
        })?;
        watch.enter(Phase::Certifying, 1);
        // A plan without a proof is never stored.
        let certificate = tandem_matching::certify(&grown.instance, self.objective, pins, &grown.solution)
            .map_err(|violation| Error::Fault(format!("the plan failed its certificate: {violation}")))?;
        Ok(Plan {
            instance: grown.instance,
            solution: grown.solution,
            certificate,
        })
    }

    /// Why pins cannot be kept together, in the words of a coordinator.
    fn pins_refused(&self, error: &SolveError) -> String {
        let case = |index: u32| self.snapshot.cases[index as usize].id;
        let expert = |number: u32| self.snapshot.experts[self.pool.position(number)].id;
        match *error {
            SolveError::OverCapacity {
                expert: number,
                capacity,
                pinned,
            } => format!(
                "{pinned} cases are pinned to the expert {}, who has room for {capacity}",
                expert(number)
            ),
            SolveError::PinnedTwice { case: index, .. } => {
                format!("the case {} is pinned twice: pin it once", case(index))
            }
            SolveError::NotPossible { pin } => format!(
                "the case {} cannot be pinned to the expert {}: its centre has no room",
                case(pin.case),
                expert(pin.expert)
            ),
            ref other => format!("the pins cannot be kept: {other}"),
        }
    }

    /// What planning this pair instead costs against a plan.
    ///
    /// The error is for the coordinator.
    pub(super) fn instead(
        &self,
        plan: &Plan,
        case: u32,
        expert: u32,
    ) -> std::result::Result<Difference, Stop> {
        let number = self.pool.number(expert as usize);
        if self.is_whole() {
            let mut what_if = WhatIf::new(&self.instance, self.objective, &plan.solution);
            return what_if
                .instead(case, number)
                .map_err(|error| Stop::Failed(self.not_possible(error)));
        }
        // a pair that is not listed may matter to the rearrangement: plan again
        let mut pins = self.pins.clone();
        pins.push(Pin { case, expert: number });
        let mut with_pair = self.clone_with_pair(plan, case, number)?;
        with_pair.pins.clone_from(&pins);
        let other = with_pair.solve(&Unwatched)?;
        Ok(difference(self.objective, &plan.certificate, &other.certificate))
    }

    /// Why a pair cannot be asked about, in the words of a coordinator.
    fn not_possible(&self, error: WhatIfError) -> String {
        match error {
            WhatIfError::Pinned { case } => format!(
                "the case {} is pinned: only a new run can change that",
                self.snapshot.cases[case as usize].id
            ),
            WhatIfError::NoRoom { .. } => "this expert has no room besides pinned cases".into(),
            WhatIfError::NotPossible { .. } => "the centre of this case has no room".into(),
            other => other.to_string(),
        }
    }

    /// The problem with one more listed pair.
    fn clone_with_pair(&self, plan: &Plan, case: u32, number: u32) -> std::result::Result<Problem<'_>, Stop> {
        let mut extra = Vec::new();
        if plan.instance.score(case as usize, number).is_none() {
            let expert = self.pool.position(number) as u32;
            let candidate = self
                .candidate(case, expert)?
                .map_err(|rule| Stop::Failed(format!("the rule {rule} stands in the way")))?;
            extra.push((case, number, candidate.points.total()));
        }
        Ok(Problem {
            snapshot: self.snapshot,
            pool: Pool::new(
                self.snapshot.ground.context(),
                self.snapshot
                    .experts
                    .iter()
                    .map(super::SnapshotExpert::gathered)
                    .collect(),
            )?,
            instance: plan.instance.clone().and(&extra).map_err(no_instance)?,
            objective: self.objective,
            pins: Vec::new(),
            cases: self.cases.clone(),
            bounds: self.bounds.clone(),
            kept_out: self.kept_out.clone(),
            threads: self.threads,
        })
    }

    /// What explains a pair; the rule where one stands in the way.
    pub(super) fn candidate(&self, case: u32, expert: u32) -> Result<std::result::Result<Candidate, Rule>> {
        if self.kept_out[case as usize] {
            return Ok(Err(Rule::CenterLimit));
        }
        let (of_case, of_expert) = (
            &self.snapshot.cases[case as usize],
            &self.snapshot.experts[expert as usize],
        );
        self.snapshot.ground.candidate(
            &self.cases[case as usize],
            of_expert.id,
            &of_expert.gathered(),
            of_case.history(expert),
        )
    }

    /// Each case's expert in a plan, by their index in the snapshot.
    pub(super) fn assignment(&self, plan: &Plan) -> Vec<Option<u32>> {
        let experts = plan.solution.assignment.iter();
        experts
            .map(|number| number.map(|number| self.pool.position(number) as u32))
            .collect()
    }

    /// What the rules say around each case.
    pub(super) fn explain(&self) -> Result<Vec<Seen>> {
        let mut seen = self
            .pool
            .explain(&self.cases, self.threads, &|_| true)?
            .unwrap_or_default();
        for (seen, kept_out) in seen.iter_mut().zip(&self.kept_out) {
            if *kept_out && seen.candidates > 0 {
                *seen.removed.entry(Rule::CenterLimit).or_default() += std::mem::take(&mut seen.candidates);
            }
        }
        Ok(seen)
    }
}

/// What the second plan has less than the first.
pub(super) fn difference(
    objective: tandem_matching::Objective,
    first: &Certificate,
    second: &Certificate,
) -> Difference {
    Difference {
        cases: match objective {
            tandem_matching::Objective::Participation => first.cardinality as i64 - second.cardinality as i64,
            tandem_matching::Objective::Score => 0,
        },
        score: first.score - second.score,
    }
}

#[cfg(test)]
mod tests;
