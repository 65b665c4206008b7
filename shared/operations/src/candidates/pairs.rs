//! The rules once more, pair by pair, for approaches that are written in the same transaction.

use std::collections::{BTreeSet, HashMap};

use tandem_domain::eligibility::{ExpertFacts, Missing, Rule, may_propose, reach_m};
use tandem_domain::experts::ExpertState;
use tandem_domain::geo::distance_m;
use tandem_domain::ids::{CaseId, CenterId, ExpertId};
use tandem_domain::runs::Parameters;
use tandem_domain::scores::{Points, score};
use tandem_storage::PgConnection;
use tandem_storage::facts::{self, CaseRow, Cases, ExpertRow};

use super::{Ground, approached_since, coordinates};
use crate::{App, Result};

/// Where a pair stands, for an operation that is about to approach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFacts {
    /// Whole metres from the centre.
    pub distance_m: u32,
    /// Points a criterion.
    pub points: Points,
    /// What the expert still has to do.
    pub missing: Vec<Missing>,
}

/// Locks the cases and experts of `pairs` and asks every rule again, pair by pair, for approaches that
/// are written in the same transaction. Pairs count against each other: the second one of an expert
/// meets the capacity that the first one left.
///
/// One answer a pair, in their order: where it stands, or the first rule that fails. Unknown ids count as
/// `CASE_NOT_SEARCHING` and `STATE`.
pub async fn check_pairs(
    conn: &mut PgConnection,
    app: &App,
    parameters: &Parameters,
    pairs: &[(CaseId, ExpertId)],
) -> Result<Vec<std::result::Result<PairFacts, Rule>>> {
    let case_ids: Vec<CaseId> = pairs
        .iter()
        .map(|pair| pair.0)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let expert_ids: Vec<ExpertId> = pairs
        .iter()
        .map(|pair| pair.1)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    facts::lock(conn, &case_ids, &expert_ids).await?;
    let ground = Ground::load(conn, app, parameters).await?;
    let cases: HashMap<CaseId, CaseRow> = facts::cases(conn, Cases::These(&case_ids), ground.today)
        .await?
        .into_iter()
        .map(|case| (case.id, case))
        .collect();
    let since = approached_since(app, &ground.settings);
    let mut experts: HashMap<ExpertId, ExpertRow> =
        facts::experts(conn, Some(&expert_ids), since, ground.today)
            .await?
            .into_iter()
            .map(|expert| (expert.id, expert))
            .collect();
    let mut histories = facts::histories(conn, &case_ids).await?;
    let mut taken: HashMap<CenterId, BTreeSet<CaseId>> = HashMap::new();
    let mut answers = Vec::with_capacity(pairs.len());
    for &(case_id, expert_id) in pairs {
        let Some(case) = cases.get(&case_id).filter(|case| case.searching) else {
            answers.push(Err(Rule::CaseNotSearching));
            continue;
        };
        let Some(expert) = experts
            .get_mut(&expert_id)
            .filter(|expert| expert.facts.state == ExpertState::Active)
        else {
            answers.push(Err(Rule::State));
            continue;
        };
        let taken = taken.entry(case.center).or_default();
        let full = !case.asked
            && !taken.contains(&case_id)
            && case
                .center_room
                .is_some_and(|room| taken.len() >= usize::from(room));
        let metres = distance_m(coordinates(case.postal_code)?, coordinates(expert.postal_code)?);
        let history = histories.get(&(case_id, expert_id)).copied().unwrap_or_default();
        let answer = if full {
            Err(Rule::CenterLimit)
        } else {
            may_propose(&ground.context(), &case.facts, &expert.facts, metres, history)
        };
        answers.push(answer.map(|missing| {
            let points = score(
                &parameters.weights,
                &case.traits,
                &expert.traits,
                metres,
                reach_m(&case.facts, &expert.facts, parameters),
                missing.len(),
                ground.today,
            );
            count_approach(&mut expert.facts);
            taken.insert(case_id);
            histories.entry((case_id, expert_id)).or_default().open = true;
            PairFacts {
                distance_m: metres,
                points,
                missing,
            }
        }));
    }
    Ok(answers)
}

fn count_approach(facts: &mut ExpertFacts) {
    facts.open_matches = facts.open_matches.saturating_add(1);
    facts.recent_approaches = facts.recent_approaches.saturating_add(1);
}
