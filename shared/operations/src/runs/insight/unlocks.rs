//! Which certificates and trainings would unlock matches.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::eligibility::Missing;
use tandem_domain::ids::{ExpertId, RunId};
use tandem_domain::runs::{Measure, Parameters};
use tandem_domain::scores::Weights;
use tandem_matching::{Difference, Instance, Silent, certify, solve};

use super::super::planning::{Plan, Problem, Unwatched, difference, threads};
use super::super::snapshot::Snapshot;
use super::{computed, opened};
use crate::{App, Caller, Error, Result};

/// So many experts are asked about one by one.
const ONE_BY_ONE: usize = 100;

/// An expert whose missing piece would bring matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnlockedExpert {
    /// The expert.
    pub expert: ExpertId,
    /// What is missing.
    pub missing: Vec<Missing>,
    /// What the plan would gain if this expert alone had it; none where there were too many to ask about
    /// each.
    pub alone: Option<Difference>,
}

/// What getting one kind of thing done would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlock {
    /// What has to be done.
    pub measure: Measure,
    /// What the plan would gain if all of these had it done.
    pub gain: Difference,
    /// Those whom the gain needs, the one who brings the most alone first.
    pub experts: Vec<UnlockedExpert>,
}

/// For each kind of missing piece whom the best plan would use who is kept out by it alone, and what that
/// would bring; the most cases first.
///
/// Nobody is kept out where the run admits who still lacks something: then the list is empty.
pub async fn unlocks(app: &App, caller: &Caller, id: RunId) -> Result<Vec<Unlock>> {
    let (run, bytes) = opened(app, caller, id).await?;
    if run.parameters.admit_missing {
        return Ok(Vec::new());
    }
    computed(move || {
        let snapshot = Snapshot::decode(&bytes, &run.parameters)?;
        // the same with everything done: what is missing costs nothing
        let done = Snapshot::decode(
            &bytes,
            &Parameters {
                admit_missing: true,
                weights: Weights {
                    missing: 0,
                    ..run.parameters.weights
                },
                ..run.parameters.clone()
            },
        )?;
        let threads = threads();
        let problem = Problem::new(&snapshot, threads, &Unwatched).map_err(|stop| stop.told("runId"))?;
        let plan = problem.solve(&Unwatched).map_err(|stop| stop.told("runId"))?;
        let open = Problem::new(&done, threads, &Unwatched).map_err(|stop| stop.told("runId"))?;
        all(&problem, &plan, &open)
    })
    .await
}

/// A pair that something missing keeps out: case, expert's number, score.
type Pair = (u32, u32, i32);

fn all(problem: &Problem<'_>, plan: &Plan, open: &Problem<'_>) -> Result<Vec<Unlock>> {
    let mut by_measure: BTreeMap<Measure, Vec<Pair>> = BTreeMap::new();
    let mut missing: BTreeMap<u32, BTreeSet<Missing>> = BTreeMap::new();
    let mut pairs: BTreeMap<u32, Vec<Pair>> = BTreeMap::new();
    for case in 0..open.instance.cases() as u32 {
        if problem.pins.iter().any(|pin| pin.case == case) {
            continue;
        }
        let (experts, scores) = open.instance.row(case as usize);
        for (&number, &score) in experts.iter().zip(scores) {
            if plan.instance.score(case as usize, number).is_some() {
                continue;
            }
            let position = open.pool.position(number) as u32;
            // what was cut off a row is there without anybody doing anything
            let Ok(candidate) = open.candidate(case, position)? else {
                continue;
            };
            if candidate.missing.is_empty() {
                continue;
            }
            missing.entry(number).or_default().extend(candidate.missing);
            pairs.entry(number).or_default().push((case, number, score));
        }
    }
    let had_a_check = |number: u32| {
        let facts = &problem.snapshot.experts[problem.pool.position(number)].facts;
        !facts.checks.is_empty()
    };
    for (number, lacks) in &missing {
        let measure = Measure::of(lacks.iter().copied(), had_a_check(*number));
        by_measure.entry(measure).or_default().extend(&pairs[number]);
    }
    let mut unlocks = Vec::new();
    for (measure, extra) in by_measure {
        let (gain, used) = with(problem, plan, &extra)?;
        if used.is_empty() || (gain.cases, gain.score) <= (0, 0) {
            continue;
        }
        let mut experts = Vec::with_capacity(used.len());
        for number in &used {
            let alone = if used.len() <= ONE_BY_ONE {
                Some(with(problem, plan, &pairs[number])?.0)
            } else {
                None
            };
            experts.push(UnlockedExpert {
                expert: problem.snapshot.experts[problem.pool.position(*number)].id,
                missing: missing[number].iter().copied().collect(),
                alone,
            });
        }
        experts.sort_by_key(|expert| (std::cmp::Reverse(expert.alone), expert.expert));
        unlocks.push(Unlock {
            measure,
            gain,
            experts,
        });
    }
    unlocks.sort_by_key(|unlock| (std::cmp::Reverse(unlock.gain), unlock.measure));
    Ok(unlocks)
}

/// What the plan gains with these pairs, and the experts who are used for one of them.
fn with(problem: &Problem<'_>, plan: &Plan, extra: &[Pair]) -> Result<(Difference, BTreeSet<u32>)> {
    let fault = |error: &dyn std::fmt::Display| Error::Fault(format!("what would be unlocked: {error}"));
    let larger: Instance = plan.instance.clone().and(extra).map_err(|error| fault(&error))?;
    let (objective, pins) = (problem.objective, &problem.pins);
    let solution = solve(&larger, objective, pins, &mut Silent).map_err(|error| fault(&error))?;
    let certificate = certify(&larger, objective, pins, &solution).map_err(|error| fault(&error))?;
    let extra: BTreeSet<(u32, u32)> = extra.iter().map(|pair| (pair.0, pair.1)).collect();
    let used = solution
        .assignment
        .iter()
        .zip(0..)
        .filter_map(|(number, case)| number.filter(|number| extra.contains(&(case, *number))))
        .collect();
    Ok((difference(objective, &certificate, &plan.certificate), used))
}
