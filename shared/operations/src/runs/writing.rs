//! A plan as rows to be stored: a row a case, its proposal and alternates, and what the plan says of
//! itself.

use std::collections::{BTreeMap, HashSet};

use tandem_domain::candidates::Seen;
use tandem_domain::ids::CaseId;
use tandem_domain::runs::{ALTERNATES, CertificateSummary, Summary};
use tandem_storage::runs::{NewProposal, NewRunCase};

use super::planning::{Plan, Problem};
use crate::candidates::NearMiss;
use crate::{App, Error, Result};

/// The plan's choice and its alternates for one case, as experts' numbers with ranks: those with room left
/// in the plan first, then by score, then by id.
fn proposals_of(problem: &Problem<'_>, plan: &Plan, free: &[u8], case: usize, chosen: u32) -> Vec<(u32, u8)> {
    let (experts, scores) = plan.instance.row(case);
    let order = |number: u32, score: i32| {
        (
            free[number as usize] == 0,
            -i64::from(score),
            problem.pool.position(number),
        )
    };
    let mut others: Vec<_> = experts
        .iter()
        .zip(scores)
        .filter(|(number, _)| **number != chosen)
        .map(|(number, score)| (order(*number, *score), *number))
        .collect();
    if others.len() > ALTERNATES {
        others.select_nth_unstable(ALTERNATES - 1);
        others.truncate(ALTERNATES);
    }
    others.sort_unstable();
    let alternates = others
        .into_iter()
        .zip(1..)
        .map(|((_, number), rank)| (number, rank));
    std::iter::once((chosen, 0)).chain(alternates).collect()
}

/// Everything that is stored of a plan. `Summary::run_ms` is left for who knows it.
pub(super) fn written(
    app: &App,
    problem: &Problem<'_>,
    plan: &Plan,
    seen: Vec<Seen>,
) -> Result<(Summary, Vec<NewRunCase>, Vec<NewProposal>)> {
    let snapshot = problem.snapshot;
    let mut free = plan.instance.capacities().to_vec();
    for number in plan.solution.assignment.iter().flatten() {
        free[*number as usize] = free[*number as usize].saturating_sub(1);
    }
    let pinned: HashSet<CaseId> = snapshot.pins.iter().map(|pin| pin.0).collect();
    let mut cases = Vec::with_capacity(snapshot.cases.len());
    let mut proposals = Vec::with_capacity((ALTERNATES + 1) * snapshot.cases.len());
    let mut removed: BTreeMap<_, u64> = BTreeMap::new();
    let mut candidates = 0;
    for ((index, case), seen) in snapshot.cases.iter().enumerate().zip(seen) {
        for (rule, count) in &seen.removed {
            *removed.entry(*rule).or_default() += u64::from(*count);
        }
        candidates += u64::from(seen.candidates);
        let chosen = plan.solution.assignment[index];
        let near_misses: Vec<NearMiss> = if chosen.is_some() {
            Vec::new()
        } else {
            let misses = seen.near_misses.iter().map(|miss| NearMiss {
                expert: snapshot.experts[miss.position as usize].id,
                rule: miss.rule,
                distance_m: miss.distance_m,
            });
            misses.collect()
        };
        cases.push(NewRunCase {
            case: case.id,
            candidates: seen.candidates,
            removed: seen.removed,
            near_misses: serde_json::to_string(&near_misses)
                .map_err(|error| Error::Fault(format!("near misses: {error}")))?,
            matched: chosen.is_some(),
        });
        let Some(chosen) = chosen else { continue };
        for (number, rank) in proposals_of(problem, plan, &free, index, chosen) {
            let candidate = problem
                .candidate(index as u32, problem.pool.position(number) as u32)?
                .map_err(|rule| Error::Fault(format!("a planned pair breaks the rule {rule}")))?;
            let score = candidate.points.total();
            if plan.instance.score(index, number) != Some(score) {
                return Err(Error::Fault(
                    "the points of a planned pair are not its score".into(),
                ));
            }
            proposals.push(NewProposal {
                id: app.id(),
                case: case.id,
                expert: candidate.expert,
                rank,
                score,
                points: candidate.points,
                distance_m: candidate.distance_m,
                missing: candidate.missing,
                pinned: rank == 0 && pinned.contains(&case.id),
            });
        }
    }
    let summary = Summary {
        experts: snapshot.experts.len() as u32,
        cases: snapshot.cases.len() as u32,
        candidates,
        matched: plan.solution.assignment.iter().flatten().count() as u32,
        score: plan.certificate.score,
        certificate: CertificateSummary {
            cardinality_bound: plan.certificate.cardinality,
            score_bound: plan.certificate.score,
        },
        removed,
        run_ms: 0,
    };
    Ok((summary, cases, proposals))
}
