//! From the numbers of a snapshot to the certified plan. Pure: no I/O, no clock, no randomness.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use tandem_domain::candidates::{self as bulk, Pool, Seen};
use tandem_domain::eligibility::Rule;
use tandem_domain::ids::CenterId;
use tandem_domain::runs::{Objective, Phase};
use tandem_matching::{
    Certificate, Difference, Duals, Instance, LeftOut, LeftOutPair, Pin, Solution, SolveError, WhatIf,
    WhatIfError, solve_growing,
};

use super::snapshot::Snapshot;
use crate::candidates::Candidate;
use crate::{Error, Result};

/// About so many pairs are listed before rows are cut to their best: 64 MB. The programme's own size, of
/// 12,000 experts and 3,000 cases, stays far below, so that its rows are whole.
const PAIRS: usize = 8_000_000;
/// Rows are never cut to fewer than these.
const LEAST_LISTED: usize = 64;
/// So many pairs that were left out come into a row at once.
const GROWTH: usize = 64;

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

fn no_instance(error: tandem_matching::InstanceError) -> Error {
    Error::Fault(format!("the snapshot is no instance: {error}"))
}

/// The pins for the solver, and those of them that rows were cut too short for.
fn pins(
    snapshot: &Snapshot,
    pool: &Pool<'_>,
    rows: &bulk::Rows,
) -> std::result::Result<(Vec<Pin>, Vec<LeftOutPair>), Stop> {
    let mut pins = Vec::with_capacity(snapshot.pins.len());
    let mut unlisted = Vec::new();
    for (case, expert) in &snapshot.pins {
        let Some(index) = snapshot.case_index(*case) else {
            return Err(Stop::Failed(format!(
                "the pinned case {case} is no longer searched for"
            )));
        };
        let Some(position) = snapshot.expert_index(*expert) else {
            return Err(Stop::Failed(format!(
                "the pinned expert {expert} is no longer there"
            )));
        };
        let number = pool.number(position as usize);
        let row = rows.offsets[index as usize]..rows.offsets[index as usize + 1];
        if rows.experts[row].binary_search(&number).is_err() {
            let of_case = &snapshot.cases[index as usize];
            let found = snapshot.ground.candidate(
                &of_case.gathered(),
                *expert,
                &snapshot.experts[position as usize].gathered(),
                of_case.history(position),
            )?;
            match found {
                Ok(candidate) => unlisted.push((index, number, candidate.points.total())),
                Err(rule) => {
                    return Err(Stop::Failed(format!(
                        "the expert {expert} cannot be pinned to the case {case} any more: the rule {rule} \
                         stands in the way"
                    )));
                }
            }
        }
        pins.push(Pin {
            case: index,
            expert: number,
        });
    }
    Ok((pins, unlisted))
}

/// The rows for the solver: those of cases that are kept out are empty.
fn instance(
    pool: &Pool<'_>,
    rows: bulk::Rows,
    kept_out: &[bool],
    unlisted: &[LeftOutPair],
) -> Result<(Instance, Vec<Option<i32>>)> {
    let mut rows = rows;
    if kept_out.contains(&true) {
        let mut kept = bulk::Rows {
            offsets: vec![0],
            ..bulk::Rows::default()
        };
        for (case, out) in kept_out.iter().enumerate() {
            if !out {
                let row = rows.offsets[case]..rows.offsets[case + 1];
                kept.experts.extend_from_slice(&rows.experts[row.clone()]);
                kept.scores.extend_from_slice(&rows.scores[row]);
            }
            kept.offsets.push(kept.experts.len());
            kept.bounds.push(rows.bounds[case].filter(|_| !out));
        }
        rows = kept;
    }
    let instance = Instance::new(pool.capacities(), rows.offsets, rows.experts, rows.scores)
        .and_then(|instance| instance.and(unlisted))
        .map_err(no_instance)?;
    Ok((instance, rows.bounds))
}

/// A centre with a limit takes part with as many cases as it has room for: the pinned ones, then those
/// that wait longest, of those that have candidates. The others are kept out.
fn keep_center_limits(snapshot: &Snapshot, candidates: impl Fn(usize) -> usize) -> Vec<bool> {
    let mut kept_out = vec![false; snapshot.cases.len()];
    let mut by_center: BTreeMap<CenterId, Vec<usize>> = BTreeMap::new();
    for (index, case) in snapshot.cases.iter().enumerate() {
        if case.center_room.is_some() && candidates(index) > 0 {
            by_center.entry(case.center).or_default().push(index);
        }
    }
    for indexes in by_center.values_mut() {
        let room = snapshot.cases[indexes[0]]
            .center_room
            .map_or(usize::MAX, usize::from);
        indexes.sort_by_key(|&index| {
            let case = &snapshot.cases[index];
            let pinned = snapshot.pins.iter().any(|pin| pin.0 == case.id);
            (!pinned, case.traits.waiting_since, case.id)
        });
        for &index in indexes.iter().skip(room) {
            kept_out[index] = true;
        }
    }
    kept_out
}

/// What is not listed.
struct Rest<'p, 'a> {
    problem: &'p Problem<'a>,
    watch: &'p dyn Watch,
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

#[cfg(test)]
mod tests {
    use tandem_domain::ids::{CaseId, ExpertId};

    use super::super::snapshot::SnapshotCase;
    use super::super::snapshot::tests::{case, expert, id, snapshot};
    use super::*;

    fn waiting() -> Vec<SnapshotCase> {
        vec![
            case(1, "2026-11-01", Some(2)),
            case(2, "2026-09-01", Some(2)),
            case(3, "2026-10-01", Some(2)),
        ]
    }

    fn problem(snapshot: &Snapshot) -> Problem<'_> {
        Problem::new(snapshot, 1, &Unwatched).unwrap_or_else(|_| panic!("there is a problem"))
    }

    fn taking_part(snapshot: &Snapshot) -> Vec<CaseId> {
        let problem = problem(snapshot);
        (0..snapshot.cases.len())
            .filter(|case| !problem.instance.row(*case).0.is_empty())
            .map(|case| snapshot.cases[case].id)
            .collect()
    }

    #[test]
    fn only_experts_within_reach_are_candidates() {
        let snapshot = snapshot(vec![case(1, "2026-11-01", None)], vec![]);
        let problem = problem(&snapshot);
        let mut experts: Vec<usize> = problem
            .instance
            .row(0)
            .0
            .iter()
            .map(|number| problem.pool.position(*number))
            .collect();
        experts.sort_unstable();
        assert_eq!(experts, [0, 1]);
    }

    #[test]
    fn where_a_centre_has_little_room_its_longest_waiting_cases_take_it() {
        let snapshot = snapshot(waiting(), vec![]);
        assert_eq!(taking_part(&snapshot), [id::<CaseId>(2), id(3)]);
        let seen = problem(&snapshot).explain().unwrap();
        assert_eq!((seen[0].removed[&Rule::CenterLimit], seen[0].candidates), (2, 0));
    }

    #[test]
    fn a_pinned_case_takes_a_centres_room_first() {
        let snapshot = snapshot(waiting(), vec![(id(1), id(2))]);
        assert_eq!(taking_part(&snapshot), [id::<CaseId>(1), id(2)]);
        let problem = problem(&snapshot);
        let plan = problem.solve(&Unwatched).unwrap();
        assert_eq!(problem.assignment(&plan)[0], Some(1));
    }

    #[test]
    fn a_full_centre_takes_part_with_no_case() {
        let snapshot = snapshot(vec![case(1, "2026-11-01", Some(0))], vec![]);
        assert_eq!(taking_part(&snapshot), []);
    }

    fn refused(pins: Vec<(CaseId, ExpertId)>) -> String {
        let cases = (1..=3).map(|number| case(number, "2026-11-01", None)).collect();
        let snapshot = snapshot(cases, pins);
        let stop = match Problem::new(&snapshot, 1, &Unwatched) {
            Ok(problem) => problem.solve(&Unwatched).map(drop).unwrap_err(),
            Err(stop) => stop,
        };
        match stop {
            Stop::Failed(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn pins_that_conflict_are_refused_with_the_reason() {
        assert!(refused(vec![(id(9), id(2))]).contains("no longer searched for"));
        assert!(refused(vec![(id(1), id(9))]).contains("no longer there"));
        assert!(refused(vec![(id(1), id(3))]).contains("the rule DISTANCE stands in the way"));
        let too_many = refused(vec![(id(1), id(2)), (id(2), id(2)), (id(3), id(2))]);
        assert!(
            too_many.contains("3 cases are pinned") && too_many.contains("room for 2"),
            "{too_many}"
        );
    }

    /// More experts than rows may hold, and cases that compete for them.
    fn crowd() -> Snapshot {
        let mut whole = snapshot(
            (1..=12)
                .map(|number| case(number, &format!("2026-{:02}-01", 1 + number % 9), None))
                .collect(),
            vec![],
        );
        let codes = [
            "01067", "01069", "01097", "01099", "01127", "01129", "01139", "01157",
        ];
        whole.experts = (1..=40)
            .map(|number| {
                let mut expert = expert(number, codes[number as usize % codes.len()]);
                expert.facts.capacity = 1;
                expert.facts.travel_radius_km = 5 + number as u16;
                expert.traits.programmes = usize::from(number % 3 == 0);
                expert
            })
            .collect();
        whole
    }

    #[test]
    fn cut_rows_grow_until_the_plan_is_that_of_whole_rows_whatever_the_number_of_threads() {
        let snapshot = crowd();
        let whole = problem(&snapshot);
        assert!(whole.is_whole());
        let best = whole.solve(&Unwatched).unwrap();
        for (most, threads) in [(1, 1), (2, 2), (3, 3)] {
            let cut = Problem::listing(&snapshot, most, threads, &Unwatched)
                .unwrap_or_else(|_| panic!("there is a problem"));
            assert!(!cut.is_whole());
            let plan = cut.solve(&Unwatched).unwrap();
            assert_eq!(plan.certificate, best.certificate);
            assert!(plan.instance.edges() <= whole.instance.edges());
            // the certificate of the cut rows holds for the whole ones
            let proof = tandem_matching::certify(&whole.instance, whole.objective, &[], &plan.solution);
            assert_eq!(proof, Ok(best.certificate));
            for (case, expert) in [(0, 7), (5, 20), (11, 39)] {
                assert_eq!(
                    cut.instead(&plan, case, expert).unwrap(),
                    whole.instead(&best, case, expert).unwrap(),
                );
            }
        }
    }
}
