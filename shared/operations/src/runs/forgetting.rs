//! Somebody is erased: the numbers behind plans forget the person, and keep the rest.
//!
//! What a plan says of its pairs is stored with the plan and stays. What would be otherwise is computed without
//! the person from then on, as if the person had left before.

use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{CaseId, ExpertId};
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::runs::Parameters;
use tandem_domain::scores::ExpertTraits;
use tandem_storage::PgConnection;
use tandem_storage::personal_data::requests::Forgotten;
use tandem_storage::runs;

use super::snapshot::Snapshot;
use crate::Result;

impl Snapshot {
    /// Blanks what is about these people; whether there was anything.
    pub(super) fn forget(&mut self, people: &[Forgotten]) -> bool {
        let mut found = false;
        for person in people {
            found |= match *person {
                Forgotten::Expert(id, home) => self.forget_expert(id, home),
                Forgotten::Case(id) => self.forget_case(id),
            };
        }
        found
    }

    /// The row stays, so that the places of the others do.
    fn forget_expert(&mut self, id: ExpertId, home: PostalCode) -> bool {
        self.pins.retain(|(_, expert)| *expert != id);
        let Some(index) = self.expert_index(id) else {
            return false;
        };
        for case in &mut self.cases {
            case.histories.retain(|(expert, _)| *expert != index);
        }
        let expert = &mut self.experts[index as usize];
        expert.postal_code = home;
        let facts = &mut expert.facts;
        facts.state = ExpertState::Left;
        facts.pauses.clear();
        facts.gender = None;
        facts.travel_radius_km = 1;
        facts.capacity = 1;
        facts.open_matches = 0;
        facts.recent_approaches = 0;
        facts.checks.clear();
        facts.attended.clear();
        expert.traits = ExpertTraits {
            occupations: Vec::new(),
            support_areas: Vec::new(),
            languages: Vec::new(),
            programmes: 0,
            capacity: 1,
            open_matches: 0,
        };
        true
    }

    /// What is coarse in the case's own row stays here as well: dates, areas, codes of occupations.
    fn forget_case(&mut self, id: CaseId) -> bool {
        let Some(index) = self.case_index(id) else {
            return false;
        };
        let case = &mut self.cases[index as usize];
        case.traits.languages.clear();
        case.facts.expert_gender_wish = None;
        case.histories.clear();
        true
    }
}

/// Blanks these people in the numbers of every plan; of how many. Numbers that this version cannot read any
/// more are of no use to anybody, and go.
pub(crate) async fn forget(conn: &mut PgConnection, people: &[Forgotten]) -> Result<u64> {
    if people.is_empty() {
        return Ok(0);
    }
    runs::hold_snapshots(conn).await?;
    let mut changed = 0;
    // one by one: each may have megabytes
    for run in runs::with_snapshots(conn).await? {
        let Some(stored) = runs::snapshot(conn, run).await? else {
            continue;
        };
        let Ok(mut snapshot) = Snapshot::decode(&stored, &Parameters::default()) else {
            runs::replace_snapshot(conn, run, None).await?;
            changed += 1;
            continue;
        };
        if snapshot.forget(people) {
            runs::replace_snapshot(conn, run, Some(&snapshot.encode()?)).await?;
            changed += 1;
        }
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use tandem_domain::values::Gender;

    use super::*;
    use crate::runs::snapshot::tests::{case, id, snapshot};

    #[test]
    fn of_somebody_erased_a_plans_numbers_keep_an_id_and_nothing_else() {
        let mut case = case(1, "2026-11-01", None);
        case.facts.expert_gender_wish = Some(Gender::Female);
        case.traits.languages.push("fa".parse().unwrap());
        let mut whole = snapshot(vec![case], vec![(id(1), id(2))]);
        whole.experts[1].facts.gender = Some(Gender::Diverse);
        whole.experts[1].traits.languages.push("uk".parse().unwrap());
        let others = (whole.experts[0].clone(), whole.experts[2].clone());
        assert!(
            !whole
                .clone()
                .forget(&[Forgotten::Expert(id(9), "01067".parse().unwrap())])
        );
        assert!(whole.forget(&[
            Forgotten::Expert(id(2), "01067".parse().unwrap()),
            Forgotten::Case(id(1)),
        ]));
        let back = Snapshot::decode(&whole.encode().unwrap(), &Parameters::default()).unwrap();
        assert_eq!((back.experts[0].clone(), back.experts[2].clone()), others);
        let erased = &back.experts[1];
        assert_eq!(erased.facts.state, ExpertState::Left);
        assert_eq!(erased.facts.gender, None);
        assert!(erased.traits.languages.is_empty());
        assert_eq!(erased.postal_code, "01067".parse().unwrap());
        assert!(back.pins.is_empty());
        assert!(back.cases[0].traits.languages.is_empty());
        assert_eq!(back.cases[0].facts.expert_gender_wish, None);
    }
}
