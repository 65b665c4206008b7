//! A snapshot as it is written: what rules and scores ask for, and nothing else. Labels of occupations,
//! certificates that permit nothing and birth dates stay out; of the latter is kept whether the mentee is
//! of age at the planned start.

use std::collections::BTreeMap;

use chrono::{Datelike, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use tandem_domain::checks::{BackgroundCheck, CheckKind, Inspection, needed_kind};
use tandem_domain::eligibility::{Attended, CaseFacts, ExpertFacts, PairHistory};
use tandem_domain::experts::{ExpertOccupation, ExpertState, OccupationKind, Pause};
use tandem_domain::ids::{CaseId, CenterId, ExpertId, OfficeId};
use tandem_domain::occupations::KldbCode;
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::runs::Parameters;
use tandem_domain::scores::{CaseTraits, ExpertTraits};
use tandem_domain::settings::Settings;
use tandem_domain::values::{Gender, Language, SupportArea};

use super::{Snapshot, SnapshotCase, SnapshotExpert};
use crate::candidates::Ground;
use crate::{Error, Result};

/// Snapshots of this layout only are read.
const LAYOUT: u32 = 2;

/// Days before or after the snapshot was taken: small numbers are short.
type Day = i32;

#[derive(Serialize, Deserialize)]
pub(super) struct Packed {
    layout: u32,
    /// Days of the common era.
    today: i32,
    approach_limit: u32,
    modules: Vec<String>,
    offices: Vec<OfficeId>,
    experts: Vec<PackedExpert>,
    cases: Vec<PackedCase>,
    pins: Vec<(CaseId, ExpertId)>,
}

#[derive(Serialize, Deserialize)]
struct PackedExpert {
    id: ExpertId,
    postal_code: PostalCode,
    state: ExpertState,
    office: u32,
    pauses: Vec<(Day, Option<Day>)>,
    gender: Option<Gender>,
    travel_radius_km: u16,
    capacity: u8,
    open_matches: u8,
    recent_approaches: u32,
    checks: Vec<(CheckKind, Day, Day)>,
    attended: Vec<(u32, Day, Option<Day>)>,
    occupations: Vec<(OccupationKind, Option<KldbCode>)>,
    support_areas: Vec<SupportArea>,
    languages: Vec<Language>,
    programmes: u32,
}

#[derive(Serialize, Deserialize)]
struct PackedCase {
    id: CaseId,
    center: CenterId,
    postal_code: PostalCode,
    center_room: Option<u16>,
    office: u32,
    radius_km: u16,
    planned_start: Day,
    minor: bool,
    gender_wish: Option<Gender>,
    support_areas: Vec<(SupportArea, u8)>,
    occupations: Vec<KldbCode>,
    languages: Vec<Language>,
    waiting_since: Day,
    histories: Vec<(u32, bool, bool)>,
}

impl From<&Snapshot> for Packed {
    fn from(snapshot: &Snapshot) -> Self {
        let today = snapshot.ground.today.num_days_from_ce();
        let day = |date: NaiveDate| date.num_days_from_ce() - today;
        let mut offices: BTreeMap<OfficeId, u32> = snapshot
            .experts
            .iter()
            .map(|expert| expert.facts.office)
            .chain(snapshot.cases.iter().map(|case| case.facts.office))
            .map(|office| (office, 0))
            .collect();
        for (number, office) in (0..).zip(offices.values_mut()) {
            *office = number;
        }
        let modules: Vec<String> = snapshot.ground.required_modules.iter().cloned().collect();
        let experts = snapshot.experts.iter().map(|expert| {
            let (facts, traits) = (&expert.facts, &expert.traits);
            let checks = facts.checks.iter().filter_map(|check| {
                let found = check
                    .inspection
                    .filter(|found| found.no_relevant_entry && !check.erased)?;
                Some((check.kind, day(found.inspected_on), day(found.valid_until)))
            });
            let attended = facts.attended.iter().filter_map(|attended| {
                let module = modules.binary_search(&attended.module).ok()?;
                Some((module as u32, day(attended.on), attended.counts_until.map(day)))
            });
            PackedExpert {
                id: expert.id,
                postal_code: expert.postal_code,
                state: facts.state,
                office: offices[&facts.office],
                pauses: facts
                    .pauses
                    .iter()
                    .map(|pause| (day(pause.from), pause.until.map(day)))
                    .collect(),
                gender: facts.gender,
                travel_radius_km: facts.travel_radius_km,
                capacity: facts.capacity,
                open_matches: facts.open_matches,
                recent_approaches: facts.recent_approaches,
                checks: checks.collect(),
                attended: attended.collect(),
                occupations: traits
                    .occupations
                    .iter()
                    .map(|occupation| (occupation.kind, occupation.kldb_code))
                    .collect(),
                support_areas: traits.support_areas.clone(),
                languages: traits.languages.clone(),
                programmes: traits.programmes as u32,
            }
        });
        let cases = snapshot.cases.iter().map(|case| {
            let (facts, traits) = (&case.facts, &case.traits);
            let kind = needed_kind(facts.mentee_birth_date, facts.start(snapshot.ground.today));
            PackedCase {
                id: case.id,
                center: case.center,
                postal_code: case.postal_code,
                center_room: case.center_room,
                office: offices[&facts.office],
                radius_km: facts.radius_km,
                planned_start: day(facts.planned_start),
                minor: kind == CheckKind::Extended,
                gender_wish: facts.expert_gender_wish,
                support_areas: traits.support_areas.clone(),
                occupations: traits.occupations.clone(),
                languages: traits.languages.clone(),
                waiting_since: day(traits.waiting_since),
                histories: case
                    .histories
                    .iter()
                    .map(|(expert, history)| (*expert, history.barred, history.open))
                    .collect(),
            }
        });
        Self {
            layout: LAYOUT,
            today,
            approach_limit: snapshot.ground.settings.approach_limit,
            experts: experts.collect(),
            cases: cases.collect(),
            modules,
            offices: offices.into_keys().collect(),
            pins: snapshot.pins.clone(),
        }
    }
}

fn corrupt(what: &str) -> Error {
    Error::Fault(format!("stored snapshot: {what}"))
}

impl Packed {
    pub(super) fn unpack(self, parameters: &Parameters) -> Result<Snapshot> {
        if self.layout != LAYOUT {
            return Err(corrupt(&format!(
                "it has layout {}, this program reads {LAYOUT}",
                self.layout
            )));
        }
        let date = |days: Day| {
            self.today
                .checked_add(days)
                .and_then(NaiveDate::from_num_days_from_ce_opt)
                .ok_or_else(|| corrupt("a day that does not exist"))
        };
        let office = |number: u32| {
            let office = self.offices.get(number as usize).copied();
            office.ok_or_else(|| corrupt("an office that is not in its list"))
        };
        let today = date(0)?;
        let mut experts = Vec::with_capacity(self.experts.len());
        for packed in self.experts {
            experts.push(packed.unpack(&date, &office, &self.modules)?);
        }
        let mut cases = Vec::with_capacity(self.cases.len());
        for packed in self.cases {
            cases.push(packed.unpack(today, &date, &office)?);
        }
        Ok(Snapshot {
            ground: Ground {
                today,
                settings: Settings {
                    approach_limit: self.approach_limit,
                    ..Settings::default()
                },
                required_modules: self.modules.into_iter().collect(),
                parameters: parameters.clone(),
            },
            experts,
            cases,
            pins: self.pins,
        })
    }
}

impl PackedExpert {
    fn unpack(
        self,
        date: &impl Fn(Day) -> Result<NaiveDate>,
        office: &impl Fn(u32) -> Result<OfficeId>,
        modules: &[String],
    ) -> Result<SnapshotExpert> {
        let pauses = self.pauses.into_iter().map(|(from, until)| {
            Ok(Pause {
                from: date(from)?,
                until: until.map(date).transpose()?,
            })
        });
        let checks = self.checks.into_iter().map(|(kind, from, until)| {
            Ok(BackgroundCheck {
                kind,
                inspection: Some(Inspection {
                    certificate_date: date(from)?,
                    inspected_on: date(from)?,
                    no_relevant_entry: true,
                    valid_until: date(until)?,
                }),
                erased: false,
            })
        });
        let attended = self.attended.into_iter().map(|(module, on, until)| {
            let module = modules.get(module as usize).cloned();
            Ok(Attended {
                module: module.ok_or_else(|| corrupt("a module that is not in its list"))?,
                on: date(on)?,
                counts_until: until.map(date).transpose()?,
            })
        });
        Ok(SnapshotExpert {
            id: self.id,
            postal_code: self.postal_code,
            facts: ExpertFacts {
                state: self.state,
                office: office(self.office)?,
                pauses: pauses.collect::<Result<_>>()?,
                gender: self.gender,
                travel_radius_km: self.travel_radius_km,
                capacity: self.capacity,
                open_matches: self.open_matches,
                recent_approaches: self.recent_approaches,
                checks: checks.collect::<Result<_>>()?,
                attended: attended.collect::<Result<_>>()?,
            },
            traits: ExpertTraits {
                occupations: self
                    .occupations
                    .into_iter()
                    .map(|(kind, kldb_code)| ExpertOccupation {
                        kind,
                        kldb_code,
                        label: String::new(),
                    })
                    .collect(),
                support_areas: self.support_areas,
                languages: self.languages,
                programmes: self.programmes as usize,
                capacity: self.capacity,
                open_matches: self.open_matches,
            },
        })
    }
}

impl PackedCase {
    fn unpack(
        self,
        today: NaiveDate,
        date: &impl Fn(Day) -> Result<NaiveDate>,
        office: &impl Fn(u32) -> Result<OfficeId>,
    ) -> Result<SnapshotCase> {
        let planned_start = date(self.planned_start)?;
        // an age that leaves no doubt on which side of 18 it is
        let years = if self.minor { 17 } else { 30 };
        let mentee_birth_date = planned_start.max(today) - Months::new(12 * years);
        Ok(SnapshotCase {
            id: self.id,
            center: self.center,
            postal_code: self.postal_code,
            center_room: self.center_room,
            facts: CaseFacts {
                office: office(self.office)?,
                radius_km: self.radius_km,
                planned_start,
                mentee_birth_date,
                expert_gender_wish: self.gender_wish,
            },
            traits: CaseTraits {
                support_areas: self.support_areas,
                occupations: self.occupations,
                languages: self.languages,
                waiting_since: date(self.waiting_since)?,
            },
            histories: self
                .histories
                .into_iter()
                .map(|(expert, barred, open)| (expert, PairHistory { barred, open }))
                .collect(),
        })
    }
}
