//! The solver's instance of a snapshot: its rows, its pins, and who takes part where a centre has little
//! room.

use std::collections::BTreeMap;

use tandem_domain::candidates::{self as bulk, Pool};
use tandem_domain::ids::CenterId;
use tandem_matching::{Instance, LeftOutPair, Pin};

use super::Stop;
use crate::runs::snapshot::Snapshot;
use crate::{Error, Result};

pub(super) fn no_instance(error: tandem_matching::InstanceError) -> Error {
    Error::Fault(format!("the snapshot is no instance: {error}"))
}

/// The pins for the solver, and those of them that rows were cut too short for.
pub(super) fn pins(
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
pub(super) fn instance(
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
pub(super) fn keep_center_limits(snapshot: &Snapshot, candidates: impl Fn(usize) -> usize) -> Vec<bool> {
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
