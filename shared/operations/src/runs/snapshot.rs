//! The numbers that went into a plan, as of one moment; no names. Stored with the run, so that the same
//! snapshot gives the same plan, byte for byte, and so that what would be with other weights or another
//! radius can be asked later without touching the plan.

mod packed;

use std::collections::HashMap;

use tandem_domain::candidates as bulk;
use tandem_domain::eligibility::{CaseFacts, ExpertFacts, PairHistory};
use tandem_domain::ids::{CaseId, CenterId, ExpertId};
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::runs::Parameters;
use tandem_domain::scores::{CaseTraits, ExpertTraits};
use tandem_storage::facts::{CaseRow, ExpertRow};

use crate::candidates::Ground;
use crate::{Error, Result};

/// Level 1: the numbers shrink to about a fifth, in the time that writing them saves.
const COMPRESSION: i32 = 1;

/// An expert as a plan sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotExpert {
    /// The expert.
    pub id: ExpertId,
    /// Where the expert lives.
    pub postal_code: PostalCode,
    /// What the rules ask for.
    pub facts: ExpertFacts,
    /// What the score asks for.
    pub traits: ExpertTraits,
}

/// A case as a plan sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotCase {
    /// The case.
    pub id: CaseId,
    /// Its centre.
    pub center: CenterId,
    /// Where the centre is.
    pub postal_code: PostalCode,
    /// How many more matches the centre can look after; none: no limit.
    pub center_room: Option<u16>,
    /// What the rules ask for.
    pub facts: CaseFacts,
    /// What the score asks for.
    pub traits: CaseTraits,
    /// Experts, by their index, who have a history with this case, by rising index.
    pub histories: Vec<(u32, PairHistory)>,
}

/// Everything that the plan of a run follows from.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// What the rules share.
    pub ground: Ground,
    /// Who was in the programme, by rising id.
    pub experts: Vec<SnapshotExpert>,
    /// The cases, by rising id.
    pub cases: Vec<SnapshotCase>,
    /// Pairs that the coordinator set before.
    pub pins: Vec<(CaseId, ExpertId)>,
}

impl SnapshotExpert {
    /// For gathering candidates.
    pub fn gathered(&self) -> bulk::Expert<'_> {
        bulk::Expert {
            postal_code: self.postal_code,
            facts: &self.facts,
            traits: &self.traits,
        }
    }
}

impl SnapshotCase {
    /// For gathering candidates.
    pub fn gathered(&self) -> bulk::Case<'_> {
        bulk::Case {
            postal_code: self.postal_code,
            facts: &self.facts,
            traits: &self.traits,
            histories: &self.histories,
        }
    }

    /// What the case's past says of an expert.
    pub fn history(&self, expert: u32) -> PairHistory {
        let found = self.histories.binary_search_by_key(&expert, |history| history.0);
        found.map_or(PairHistory::default(), |at| self.histories[at].1)
    }
}

impl Snapshot {
    /// Takes over what storage read, each list by rising id.
    pub fn new(
        ground: Ground,
        experts: Vec<ExpertRow>,
        cases: Vec<CaseRow>,
        histories: HashMap<(CaseId, ExpertId), PairHistory>,
        pins: Vec<(CaseId, ExpertId)>,
    ) -> Self {
        let mut by_case: HashMap<CaseId, Vec<(u32, PairHistory)>> = HashMap::new();
        for ((case, expert), history) in histories {
            // who has left has no index, and needs none
            if let Ok(index) = experts.binary_search_by_key(&expert, |row| row.id) {
                by_case.entry(case).or_default().push((index as u32, history));
            }
        }
        let cases = cases
            .into_iter()
            .map(|row| {
                let mut histories = by_case.remove(&row.id).unwrap_or_default();
                histories.sort_unstable_by_key(|history| history.0);
                SnapshotCase {
                    id: row.id,
                    center: row.center,
                    postal_code: row.postal_code,
                    center_room: row.center_room,
                    facts: row.facts,
                    traits: row.traits,
                    histories,
                }
            })
            .collect();
        let experts = experts
            .into_iter()
            .map(|row| SnapshotExpert {
                id: row.id,
                postal_code: row.postal_code,
                facts: row.facts,
                traits: row.traits,
            })
            .collect();
        Self {
            ground,
            experts,
            cases,
            pins,
        }
    }

    /// As it is stored.
    pub fn encode(&self) -> Result<Vec<u8>> {
        let bytes = postcard::to_allocvec(&packed::Packed::from(self))
            .map_err(|error| Error::Fault(format!("snapshot: {error}")))?;
        zstd::bulk::compress(&bytes, COMPRESSION).map_err(|error| Error::Fault(format!("snapshot: {error}")))
    }

    /// As it was stored, to be looked at with these parameters: the run's own, or others to compare.
    pub fn decode(stored: &[u8], parameters: &Parameters) -> Result<Self> {
        let bytes = zstd::stream::decode_all(stored)
            .map_err(|error| Error::Fault(format!("stored snapshot: {error}")))?;
        let packed: packed::Packed = postcard::from_bytes(&bytes)
            .map_err(|error| Error::Fault(format!("stored snapshot: {error}")))?;
        packed.unpack(parameters)
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
            .binary_search_by_key(&expert, |expert| expert.id)
            .ok()
            .map(|index| index as u32)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeSet;

    use chrono::NaiveDate;
    use tandem_domain::checks::{BackgroundCheck, CheckKind, Inspection};
    use tandem_domain::eligibility::Attended;
    use tandem_domain::experts::{ExpertOccupation, ExpertState, OccupationKind, Pause};
    use tandem_domain::settings::Settings;
    use tandem_domain::values::{Gender, SupportArea};
    use uuid::Uuid;

    use super::*;

    pub(crate) fn id<T: From<Uuid>>(number: u128) -> T {
        Uuid::from_u128(number).into()
    }

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn expert(number: u128, postal_code: &str) -> SnapshotExpert {
        SnapshotExpert {
            id: id(number),
            postal_code: postal_code.parse().unwrap(),
            facts: ExpertFacts {
                state: ExpertState::Active,
                office: id(1),
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

    pub(crate) fn case(number: u128, waiting_since: &str, center_room: Option<u16>) -> SnapshotCase {
        SnapshotCase {
            id: id(number),
            center: id(1),
            postal_code: "01067".parse().unwrap(),
            center_room,
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
            histories: vec![],
        }
    }

    /// Two experts in Dresden, one in Munich, all of whom a run with `admit_missing` takes.
    pub(crate) fn snapshot(cases: Vec<SnapshotCase>, pins: Vec<(CaseId, ExpertId)>) -> Snapshot {
        Snapshot {
            ground: Ground {
                today: day("2026-11-23"),
                settings: Settings::default(),
                required_modules: BTreeSet::new(),
                parameters: Parameters {
                    admit_missing: true,
                    ..Parameters::default()
                },
            },
            experts: vec![expert(1, "01069"), expert(2, "01097"), expert(3, "80331")],
            cases,
            pins,
        }
    }

    #[test]
    fn a_snapshot_comes_back_as_it_was_stored_but_for_what_no_rule_asks() {
        let mut whole = snapshot(vec![case(1, "2026-11-01", Some(2))], vec![(id(1), id(2))]);
        whole.ground.required_modules = ["BASE".to_owned(), "OTHER".to_owned()].into();
        whole.ground.settings.approach_limit = 9;
        let facts = &mut whole.experts[0].facts;
        facts.gender = Some(Gender::Diverse);
        facts.pauses.push(Pause {
            from: day("2027-01-01"),
            until: None,
        });
        facts.checks.push(BackgroundCheck {
            kind: CheckKind::Extended,
            inspection: Some(Inspection {
                certificate_date: day("2025-01-01"),
                inspected_on: day("2025-01-01"),
                no_relevant_entry: true,
                valid_until: day("2030-01-01"),
            }),
            erased: false,
        });
        facts.attended.push(Attended {
            module: "OTHER".into(),
            on: day("2025-03-01"),
            counts_until: Some(day("2028-03-01")),
        });
        let traits = &mut whole.experts[0].traits;
        traits.occupations.push(ExpertOccupation {
            kind: OccupationKind::Interest,
            kldb_code: Some("01".parse().unwrap()),
            label: String::new(),
        });
        traits.languages.push("fa".parse().unwrap());
        traits.programmes = 2;
        let wanted = &mut whole.cases[0].traits;
        wanted.support_areas.push((SupportArea::Other, 2));
        wanted.occupations.push("43412".parse().unwrap());
        whole.cases[0].histories.push((
            2,
            PairHistory {
                barred: true,
                open: false,
            },
        ));
        let stored = whole.encode().unwrap();
        let back = Snapshot::decode(&stored, &whole.ground.parameters).unwrap();
        assert_eq!(back.experts, whole.experts);
        assert_eq!(back.pins, whole.pins);
        assert_eq!(back.ground.required_modules, whole.ground.required_modules);
        assert_eq!(back.ground.settings.approach_limit, 9);
        // of the birth date is kept whether the mentee is of age at the start
        let mut expected = whole.cases.clone();
        expected[0].facts.mentee_birth_date = back.cases[0].facts.mentee_birth_date;
        assert_eq!(back.cases, expected);
        assert_ne!(back.cases[0].facts.mentee_birth_date, day("2004-01-01"));
        // stored again, it is the same to the byte
        assert_eq!(back.encode().unwrap(), stored);
        assert!(Snapshot::decode(b"nonsense", &Parameters::default()).is_err());
    }

    #[test]
    fn a_minor_stays_a_minor_without_the_birth_date() {
        use tandem_domain::checks::needed_kind;
        for (birth_date, kind) in [
            ("2008-12-02", CheckKind::Extended),
            ("2008-12-01", CheckKind::Simple),
        ] {
            let mut case = case(1, "2026-11-01", None);
            case.facts.mentee_birth_date = day(birth_date);
            let whole = snapshot(vec![case], vec![]);
            let back = Snapshot::decode(&whole.encode().unwrap(), &Parameters::default()).unwrap();
            let facts = &back.cases[0].facts;
            assert_eq!(
                needed_kind(facts.mentee_birth_date, facts.planned_start),
                kind,
                "{birth_date}"
            );
        }
    }
}
