//! Where one more expert would help: around which centre, and in which field.

use std::collections::{BTreeMap, BTreeSet};

use tandem_domain::eligibility::Rule;
use tandem_domain::experts::{ExpertOccupation, OccupationKind};
use tandem_domain::geo::Spot;
use tandem_domain::ids::{CenterId, RunId};
use tandem_domain::occupations::KldbCode;
use tandem_domain::scores::{ExpertTraits, score};
use tandem_matching::{Difference, WhatIf};

use super::super::planning::{Plan, Problem, Unwatched, threads};
use super::super::snapshot::{Snapshot, SnapshotCase};
use super::{computed, opened};
use crate::candidates::coordinates;
use crate::{App, Caller, Result};

/// One more ready expert around a centre in a field, and what that would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bottleneck {
    /// The centre at whose door the expert would live.
    pub center: CenterId,
    /// How far the expert would travel, in kilometres.
    pub radius_km: u16,
    /// The field that brings the most there: the first two digits of KldB 2010. None where the cases name
    /// no target occupation.
    pub field: Option<KldbCode>,
    /// What the plan would gain with one expert.
    pub gain: Difference,
    /// Cases without an expert that such an expert could accompany.
    pub waiting: u32,
}

/// Around each centre of the run what one more ready expert, with room for one case, would bring, the most
/// first; centres where none would bring a case more are left out, unless the run is after points alone.
pub async fn bottlenecks(app: &App, caller: &Caller, id: RunId, most: usize) -> Result<Vec<Bottleneck>> {
    let (run, bytes) = opened(app, caller, id).await?;
    computed(move || {
        let snapshot = Snapshot::decode(&bytes, &run.parameters)?;
        let problem = Problem::new(&snapshot, threads(), &Unwatched).map_err(|stop| stop.told("runId"))?;
        let plan = problem.solve(&Unwatched).map_err(|stop| stop.told("runId"))?;
        let mut found = all(&problem, &plan)?;
        found.truncate(most);
        Ok(found)
    })
    .await
}

fn all(problem: &Problem<'_>, plan: &Plan) -> Result<Vec<Bottleneck>> {
    let snapshot = problem.snapshot;
    let what_if = WhatIf::new(&plan.instance, problem.objective, &plan.solution);
    let mut centers: BTreeMap<CenterId, &SnapshotCase> = BTreeMap::new();
    for case in &snapshot.cases {
        centers.entry(case.center).or_insert(case);
    }
    let spots: Vec<Spot> = snapshot
        .cases
        .iter()
        .map(|case| Ok(Spot::new(coordinates(case.postal_code)?)))
        .collect::<Result<_>>()?;
    // for nobody in particular, so of no gender that somebody wished for
    let open: Vec<usize> = (0..snapshot.cases.len())
        .filter(|&case| {
            snapshot.cases[case].facts.expert_gender_wish.is_none() && !problem.is_kept_out(case as u32)
        })
        .collect();
    let mut found = Vec::new();
    for (center, at) in centers {
        let radius_km = snapshot
            .ground
            .parameters
            .radius_km
            .unwrap_or(snapshot.ground.settings.default_radius_km);
        let here = Spot::new(coordinates(at.postal_code)?);
        let near: Vec<(usize, u32)> = open
            .iter()
            .map(|&case| (case, here.distance_m(&spots[case])))
            .filter(|&(case, metres)| metres <= reach_m(snapshot, case, radius_km))
            .collect();
        let waiting = near
            .iter()
            .filter(|(case, _)| plan.solution.assignment[*case].is_none())
            .count() as u32;
        let fields: BTreeSet<Option<KldbCode>> = near
            .iter()
            .flat_map(|(case, _)| &snapshot.cases[*case].traits.occupations)
            .map(|code| Some(code.field()))
            .chain([None])
            .collect();
        let mut best: Option<(Option<KldbCode>, Difference)> = None;
        for field in fields {
            let pairs: Vec<(u32, i32)> = near
                .iter()
                .map(|&(case, metres)| (case as u32, points(snapshot, case, metres, field, radius_km)))
                .collect();
            let gain = what_if.extra_expert(&pairs).map_err(|error| {
                crate::Error::Fault(format!("a case of the plan is not in the plan: {error}"))
            })?;
            if best.is_none_or(|(_, other)| gain > other) {
                best = Some((field, gain));
            }
        }
        let Some((field, gain)) = best else { continue };
        let counts = match problem.objective {
            tandem_matching::Objective::Participation => gain.cases > 0,
            tandem_matching::Objective::Score => gain.score > 0,
        };
        if counts {
            found.push(Bottleneck {
                center,
                radius_km,
                field,
                gain,
                waiting,
            });
        }
    }
    found.sort_by_key(|found| {
        (
            std::cmp::Reverse((found.gain.cases, found.waiting, found.gain.score)),
            found.center,
        )
    });
    Ok(found)
}

/// The smaller of both radii.
fn reach_m(snapshot: &Snapshot, case: usize, radius_km: u16) -> u32 {
    let own = snapshot
        .ground
        .parameters
        .radius_km
        .unwrap_or(snapshot.cases[case].facts.radius_km);
    u32::from(own.min(radius_km)) * 1000
}

/// The points of an expert of whom nothing is known but the place and the field.
fn points(snapshot: &Snapshot, case: usize, metres: u32, field: Option<KldbCode>, radius_km: u16) -> i32 {
    let somebody = ExpertTraits {
        occupations: field
            .map(|field| ExpertOccupation {
                kind: OccupationKind::Occupation,
                kldb_code: Some(field),
                label: String::new(),
            })
            .into_iter()
            .collect(),
        support_areas: Vec::new(),
        languages: Vec::new(),
        programmes: 0,
        capacity: 1,
        open_matches: 0,
    };
    let ground = &snapshot.ground;
    score(
        &ground.parameters.weights,
        &snapshot.cases[case].traits,
        &somebody,
        metres,
        reach_m(snapshot, case, radius_km),
        0,
        ground.today,
    )
    .total()
}

impl Problem<'_> {
    /// Whether the case's centre has no room for it.
    fn is_kept_out(&self, case: u32) -> bool {
        matches!(self.candidate(case, 0), Ok(Err(Rule::CenterLimit)))
    }
}
