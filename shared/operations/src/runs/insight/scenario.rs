//! Another plan beside the stored one: with other weights, another radius, other pins.

use std::collections::BTreeMap;

use tandem_domain::eligibility::check_parameters;
use tandem_domain::errors::UserError;
use tandem_domain::ids::{CaseId, ExpertId, RunId};
use tandem_domain::runs::{Objective, Parameters};
use tandem_domain::scores::Weights;

use super::super::planning::{Plan, Problem, Unwatched, threads};
use super::super::snapshot::Snapshot;
use super::{computed, opened};
use crate::candidates::Candidate;
use crate::{App, Caller, Result, refuse};

/// What is to be otherwise; what is left out stays as the run has it.
#[derive(Debug, Clone, Default)]
pub struct ScenarioInput {
    /// What the plan optimizes.
    pub objective: Option<Objective>,
    /// Instead of each case's own radius, in kilometres.
    pub radius_km: Option<u16>,
    /// Whether experts who still lack check or training take part.
    pub admit_missing: Option<bool>,
    /// Whether only experts of the offices themselves take part.
    pub own_office_only: Option<bool>,
    /// Points a criterion.
    pub weights: Option<Weights>,
    /// Pairs that the plan has to contain besides the run's own; of the same case, instead of them.
    pub pins: Vec<(CaseId, ExpertId)>,
}

impl ScenarioInput {
    fn parameters(&self, run: &Parameters) -> Parameters {
        Parameters {
            objective: self.objective.unwrap_or(run.objective),
            own_office_only: self.own_office_only.unwrap_or(run.own_office_only),
            admit_missing: self.admit_missing.unwrap_or(run.admit_missing),
            radius_km: self.radius_km.or(run.radius_km),
            weights: self.weights.unwrap_or(run.weights),
        }
    }
}

/// A plan in two numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Cases with an expert.
    pub cases: u32,
    /// The total score.
    pub score: i64,
}

/// A case that two plans treat differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The case.
    pub case: CaseId,
    /// Its expert in the stored plan.
    pub planned: Option<ExpertId>,
    /// Its expert in the other plan, explained.
    pub other: Option<Candidate>,
}

/// The stored plan and another one, side by side. Both are proved the best for their parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// The stored plan.
    pub planned: Figures,
    /// The other plan, under its own parameters.
    pub other: Figures,
    /// What the pairs of the stored plan that the other parameters let through are worth under them: with
    /// other weights, totals cannot be compared without it.
    pub planned_there: Figures,
    /// How many cases change.
    pub changed: u32,
    /// Those that change: first who gains an expert, then who loses one, then who gets another one.
    pub changes: Vec<Change>,
}

/// Plans again with other parameters from the numbers of the run, and puts both side by side; nothing is
/// changed. At most `most` changes are listed.
///
/// # Errors
/// Refused where a parameter is out of range, or a pin cannot be kept.
pub async fn scenario(
    app: &App,
    caller: &Caller,
    id: RunId,
    input: ScenarioInput,
    most: usize,
) -> Result<Scenario> {
    let (run, bytes) = opened(app, caller, id).await?;
    let parameters = input.parameters(&run.parameters);
    check_parameters(&parameters)?;
    computed(move || {
        let stored = Snapshot::decode(&bytes, &run.parameters)?;
        let mut other = Snapshot::decode(&bytes, &parameters)?;
        let mut pins: BTreeMap<CaseId, ExpertId> = other.pins.iter().copied().collect();
        for (position, (case, expert)) in input.pins.iter().enumerate() {
            if other.case_index(*case).is_none() {
                return refuse(UserError::not_found(
                    format!("pins.{position}.caseId"),
                    "case in this matching run",
                ));
            }
            pins.insert(*case, *expert);
        }
        other.pins = pins.into_iter().collect();
        let threads = threads();
        let problem = Problem::new(&stored, threads, &Unwatched).map_err(|stop| stop.told("runId"))?;
        let plan = problem.solve(&Unwatched).map_err(|stop| stop.told("runId"))?;
        let there = Problem::new(&other, threads, &Unwatched).map_err(|stop| stop.told("pins"))?;
        let elsewhere = there.solve(&Unwatched).map_err(|stop| stop.told("pins"))?;
        compare((&problem, &plan), (&there, &elsewhere), most)
    })
    .await
}

fn figures(plan: &Plan) -> Figures {
    Figures {
        cases: plan.certificate.cardinality as u32,
        score: plan.certificate.score,
    }
}

fn compare(stored: (&Problem<'_>, &Plan), other: (&Problem<'_>, &Plan), most: usize) -> Result<Scenario> {
    let (planned, elsewhere) = (stored.0.assignment(stored.1), other.0.assignment(other.1));
    let snapshot = stored.0.snapshot;
    let mut planned_there = Figures::default();
    let mut changes = Vec::new();
    for (case, (own, others)) in planned.iter().zip(&elsewhere).enumerate() {
        if let Some(own) = own
            && let Ok(candidate) = other.0.candidate(case as u32, *own)?
        {
            planned_there.cases += 1;
            planned_there.score += i64::from(candidate.points.total());
        }
        if own != others {
            changes.push((own.is_some(), others.is_none(), case as u32));
        }
    }
    let changed = changes.len() as u32;
    // gained: false, false; lost: true, true; another: true, false
    changes.sort_unstable_by_key(|(had, lost, case)| (*had, !lost, *case));
    changes.truncate(most);
    let changes = changes.into_iter().map(|(_, _, case)| {
        let candidate = match elsewhere[case as usize] {
            Some(expert) => other.0.candidate(case, expert)?.ok(),
            None => None,
        };
        Ok(Change {
            case: snapshot.cases[case as usize].id,
            planned: planned[case as usize].map(|expert| snapshot.experts[expert as usize].id),
            other: candidate,
        })
    });
    Ok(Scenario {
        planned: figures(stored.1),
        other: figures(other.1),
        planned_there,
        changed,
        changes: changes.collect::<Result<_>>()?,
    })
}
