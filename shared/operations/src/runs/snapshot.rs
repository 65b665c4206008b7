//! The numbers that went into a plan: ids, capacities, scores and the points behind them; no names.
//! Stored with the run, so that the same snapshot gives the same plan, byte for byte.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tandem_domain::eligibility::{Missing, Rule};
use tandem_domain::ids::{CaseId, CenterId, ExpertId};
use tandem_domain::scores::Points;
use tandem_matching::{Instance, Pin};
use tandem_storage::facts::CaseRow;

use crate::candidates::{Field, NearMiss, Pool};
use crate::{Error, Result};

/// Snapshots of this layout only are read.
const LAYOUT: u32 = 1;

/// Level 1: the numbers shrink to about a fifth, in the time that writing them saves.
const COMPRESSION: i32 = 1;

/// One possible pair, with what explains its score.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Index into `experts`.
    pub expert: u32,
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// Points a criterion, in the order of [`Points`]' fields.
    pub points: [i32; 8],
    /// What the expert still lacks.
    pub missing: Vec<Missing>,
}

/// One case of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotCase {
    /// The case.
    pub id: CaseId,
    /// How many experts each rule removed.
    pub removed: BTreeMap<Rule, u32>,
    /// The nearest misses.
    pub near_misses: Vec<NearMiss>,
    /// The possible pairs, by rising expert.
    pub pairs: Vec<Pair>,
}

/// Everything that the plan of a run follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    layout: u32,
    /// The experts who take part, by rising id, with the room that each had.
    pub experts: Vec<(ExpertId, u8)>,
    /// The cases, by rising id.
    pub cases: Vec<SnapshotCase>,
    /// Pairs that the coordinator set before.
    pub pins: Vec<(CaseId, ExpertId)>,
}

fn packed(points: &Points) -> [i32; 8] {
    [
        points.distance,
        points.occupation,
        points.support_areas,
        points.language,
        points.programmes,
        points.balance,
        points.waiting,
        points.missing,
    ]
}

impl Pair {
    /// Points a criterion.
    pub fn points(&self) -> Points {
        let [
            distance,
            occupation,
            support_areas,
            language,
            programmes,
            balance,
            waiting,
            missing,
        ] = self.points;
        Points {
            distance,
            occupation,
            support_areas,
            language,
            programmes,
            balance,
            waiting,
            missing,
        }
    }

    /// The score.
    pub fn score(&self) -> i32 {
        self.points.iter().sum()
    }
}

impl Snapshot {
    /// Gathers what takes part. Where a centre has a limit, its longest waiting cases with candidates
    /// take the room that is left; the others are counted under `CENTER_LIMIT`.
    pub fn new(pool: &Pool, cases: &[CaseRow], fields: Vec<Field>, pins: Vec<(CaseId, ExpertId)>) -> Self {
        let mut fields = fields;
        keep_center_limits(cases, &mut fields, &pins);
        let experts: Vec<(ExpertId, u8)> = pool
            .experts()
            .iter()
            .map(|expert| {
                (
                    expert.id,
                    expert.facts.capacity.saturating_sub(expert.facts.open_matches),
                )
            })
            .collect();
        let index = |id: ExpertId| {
            experts
                .binary_search_by_key(&id, |expert| expert.0)
                .expect("a candidate is one of the pool") as u32
        };
        let cases = cases
            .iter()
            .zip(fields)
            .map(|(case, field)| SnapshotCase {
                id: case.id,
                removed: field.removed,
                near_misses: field.near_misses,
                pairs: field
                    .candidates
                    .into_iter()
                    .map(|candidate| Pair {
                        expert: index(candidate.expert),
                        distance_m: candidate.distance_m,
                        points: packed(&candidate.points),
                        missing: candidate.missing,
                    })
                    .collect(),
            })
            .collect();
        Self {
            layout: LAYOUT,
            experts,
            cases,
            pins,
        }
    }

    /// As it is stored.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let bytes =
            postcard::to_allocvec(self).map_err(|error| Error::Fault(format!("snapshot: {error}")))?;
        zstd::bulk::compress(&bytes, COMPRESSION).map_err(|error| Error::Fault(format!("snapshot: {error}")))
    }

    /// As it was stored.
    pub fn decode(stored: &[u8]) -> Result<Self> {
        let bytes = zstd::stream::decode_all(stored)
            .map_err(|error| Error::Fault(format!("stored snapshot: {error}")))?;
        let snapshot: Self = postcard::from_bytes(&bytes)
            .map_err(|error| Error::Fault(format!("stored snapshot: {error}")))?;
        if snapshot.layout == LAYOUT {
            Ok(snapshot)
        } else {
            Err(Error::Fault(format!(
                "stored snapshot has layout {}, this program reads {LAYOUT}",
                snapshot.layout
            )))
        }
    }

    /// The numbers for the solver.
    pub fn instance(&self) -> Result<Instance> {
        let pairs: usize = self.cases.iter().map(|case| case.pairs.len()).sum();
        let mut offsets = Vec::with_capacity(self.cases.len() + 1);
        let mut experts = Vec::with_capacity(pairs);
        let mut scores = Vec::with_capacity(pairs);
        offsets.push(0);
        for case in &self.cases {
            experts.extend(case.pairs.iter().map(|pair| pair.expert));
            scores.extend(case.pairs.iter().map(Pair::score));
            offsets.push(experts.len());
        }
        let capacities = self.experts.iter().map(|expert| expert.1).collect();
        Instance::new(capacities, offsets, experts, scores)
            .map_err(|error| Error::Fault(format!("the snapshot is no instance: {error}")))
    }

    /// The pins for the solver.
    ///
    /// # Errors
    /// A text for the coordinator where a pinned case or expert no longer takes part.
    pub fn solver_pins(&self) -> std::result::Result<Vec<Pin>, String> {
        self.pins
            .iter()
            .map(|(case, expert)| {
                let case_index = self.case_index(*case);
                let expert_index = self.expert_index(*expert);
                match (case_index, expert_index) {
                    (Some(case), Some(expert)) => Ok(Pin { case, expert }),
                    (None, _) => Err(format!("the pinned case {case} is no longer searched for")),
                    (_, None) => Err(format!("the pinned expert {expert} is no longer available")),
                }
            })
            .collect()
    }

    /// Where a case stands in `cases`.
    pub fn case_index(&self, case: CaseId) -> Option<u32> {
        self.cases
            .binary_search_by_key(&case, |case| case.id)
            .ok()
            .map(|index| index as u32)
    }

    /// Where an expert stands in `experts`.
    pub fn expert_index(&self, expert: ExpertId) -> Option<u32> {
        self.experts
            .binary_search_by_key(&expert, |expert| expert.0)
            .ok()
            .map(|index| index as u32)
    }

    /// The pair of a case and an expert, by their indexes.
    pub fn pair(&self, case: u32, expert: u32) -> Option<&Pair> {
        let pairs = &self.cases[case as usize].pairs;
        pairs
            .binary_search_by_key(&expert, |pair| pair.expert)
            .ok()
            .map(|index| &pairs[index])
    }
}

/// A centre with a limit takes part with as many cases as it has room for: the pinned ones, then those
/// that wait longest.
fn keep_center_limits(cases: &[CaseRow], fields: &mut [Field], pins: &[(CaseId, ExpertId)]) {
    let mut by_center: BTreeMap<CenterId, Vec<usize>> = BTreeMap::new();
    for (index, case) in cases.iter().enumerate() {
        if case.center_room.is_some() && !fields[index].candidates.is_empty() {
            by_center.entry(case.center).or_default().push(index);
        }
    }
    for indexes in by_center.values_mut() {
        let room = cases[indexes[0]].center_room.map_or(usize::MAX, usize::from);
        indexes.sort_by_key(|&index| {
            let case = &cases[index];
            let pinned = pins.iter().any(|pin| pin.0 == case.id);
            (!pinned, case.traits.waiting_since, case.id)
        });
        for &index in indexes.iter().skip(room) {
            let field = &mut fields[index];
            let removed = std::mem::take(&mut field.candidates).len() as u32;
            *field.removed.entry(Rule::CenterLimit).or_default() += removed;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashMap};

    use chrono::NaiveDate;
    use tandem_domain::eligibility::{CaseFacts, ExpertFacts};
    use tandem_domain::experts::ExpertState;
    use tandem_domain::ids::OfficeId;
    use tandem_domain::runs::Parameters;
    use tandem_domain::scores::{CaseTraits, ExpertTraits};
    use tandem_domain::settings::Settings;
    use tandem_storage::facts::ExpertRow;
    use uuid::Uuid;

    use super::*;
    use crate::candidates::{Ground, fields};

    fn id<T: From<Uuid>>(number: u128) -> T {
        Uuid::from_u128(number).into()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ground() -> Ground {
        Ground {
            today: day("2026-11-23"),
            settings: Settings::default(),
            required_modules: BTreeSet::new(),
            parameters: Parameters {
                admit_missing: true,
                ..Parameters::default()
            },
        }
    }

    fn expert(number: u128, postal_code: &str) -> ExpertRow {
        ExpertRow {
            id: id(number),
            postal_code: postal_code.parse().unwrap(),
            facts: ExpertFacts {
                state: ExpertState::Active,
                office: OfficeId::from(Uuid::from_u128(1)),
                pauses: vec![],
                gender: None,
                travel_radius_km: 40,
                capacity: 2,
                open_matches: 0,
                recent_approaches: 0,
                checks: vec![],
                attended: vec![],
            },
            traits: ExpertTraits {
                occupations: vec![],
                support_areas: vec![],
                languages: vec![],
                programmes: 0,
                capacity: 2,
                open_matches: 0,
            },
        }
    }

    fn case(number: u128, waiting_since: &str, center_room: Option<u16>) -> CaseRow {
        CaseRow {
            id: id(number),
            center: id(1),
            mentee: id(number),
            postal_code: "01067".parse().unwrap(),
            center_room,
            searching: true,
            asked: false,
            facts: CaseFacts {
                office: id(1),
                radius_km: 30,
                planned_start: day("2026-12-01"),
                mentee_birth_date: day("2004-01-01"),
                expert_gender_wish: None,
            },
            traits: CaseTraits {
                support_areas: vec![],
                occupations: vec![],
                languages: vec![],
                waiting_since: day(waiting_since),
            },
        }
    }

    fn snapshot(cases: &[CaseRow], pins: Vec<(CaseId, ExpertId)>, threads: usize) -> Snapshot {
        // two in Dresden, one in Munich
        let pool = Pool::new(vec![expert(1, "01069"), expert(2, "01097"), expert(3, "80331")]).unwrap();
        let fields = fields(&ground(), &pool, cases, &HashMap::new(), threads, &|_| true)
            .unwrap()
            .unwrap();
        Snapshot::new(&pool, cases, fields, pins)
    }

    fn waiting() -> Vec<CaseRow> {
        vec![
            case(1, "2026-11-01", Some(2)),
            case(2, "2026-09-01", Some(2)),
            case(3, "2026-10-01", Some(2)),
        ]
    }

    fn taking_part(snapshot: &Snapshot) -> Vec<CaseId> {
        snapshot
            .cases
            .iter()
            .filter(|case| !case.pairs.is_empty())
            .map(|case| case.id)
            .collect()
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_stored() {
        let snapshot = snapshot(&waiting(), vec![(id(1), id(2))], 1);
        assert_eq!(Snapshot::decode(&snapshot.encode().unwrap()).unwrap(), snapshot);
        assert!(Snapshot::decode(b"nonsense").is_err());
    }

    #[test]
    fn only_experts_within_reach_are_candidates() {
        let snapshot = snapshot(&[case(1, "2026-11-01", None)], vec![], 1);
        let experts: Vec<u32> = snapshot.cases[0].pairs.iter().map(|pair| pair.expert).collect();
        assert_eq!(experts, [0, 1]);
        assert_eq!(snapshot.instance().unwrap().edges(), 2);
    }

    #[test]
    fn where_a_centre_has_little_room_its_longest_waiting_cases_take_it() {
        let snapshot = snapshot(&waiting(), vec![], 1);
        assert_eq!(taking_part(&snapshot), [id::<CaseId>(2), id(3)]);
        assert_eq!(snapshot.cases[0].removed[&Rule::CenterLimit], 2);
    }

    #[test]
    fn a_pinned_case_takes_a_centres_room_first() {
        let snapshot = snapshot(&waiting(), vec![(id(1), id(2))], 1);
        assert_eq!(taking_part(&snapshot), [id::<CaseId>(1), id(2)]);
        assert_eq!(snapshot.solver_pins(), Ok(vec![Pin { case: 0, expert: 1 }]));
    }

    #[test]
    fn a_full_centre_takes_part_with_no_case() {
        let snapshot = snapshot(&[case(1, "2026-11-01", Some(0))], vec![], 1);
        assert_eq!(taking_part(&snapshot), []);
        assert_eq!(snapshot.cases[0].removed[&Rule::CenterLimit], 2);
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let cases: Vec<CaseRow> = (1..200).map(|number| case(number, "2026-11-01", None)).collect();
        assert_eq!(
            snapshot(&cases, vec![], 1).encode().unwrap(),
            snapshot(&cases, vec![], 7).encode().unwrap()
        );
    }

    #[test]
    fn a_pin_on_a_case_that_is_gone_is_told_in_words() {
        let snapshot = snapshot(&waiting(), vec![(id(9), id(2))], 1);
        assert!(
            snapshot
                .solver_pins()
                .unwrap_err()
                .contains("no longer searched for")
        );
    }
}
