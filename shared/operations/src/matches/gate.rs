//! Readiness, asked inside the transaction that lets an expert meet a mentee (S7 to S9).

use chrono::NaiveDate;
use tandem_domain::eligibility::Missing;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::matches::{Obstacle, obstacles};
use tandem_domain::parties::Side;
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::matches::Match;
use tandem_storage::{PgConnection, facts};

use super::step::Held;
use crate::{App, Caller, Error, Result};

/// What stands between the expert and a meeting with this mentee on a day, told as the caller may know it.
/// Whose expert row is locked, so that no check is inspected and nobody suspended meanwhile.
pub(super) async fn readiness(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    held: &Held,
    day: NaiveDate,
    field: &str,
) -> Result<Vec<UserError>> {
    let matching = &held.matching;
    let required = facts::required_modules(conn).await?;
    let expert = facts::experts(conn, Some(&[matching.expert]), app.now(), app.today().min(day))
        .await?
        .pop()
        .ok_or_else(|| Error::Fault(format!("expert {} of a match is gone", matching.expert)))?;
    let found = obstacles(&expert.facts, held.mentee.profile.birth_date, &required, day);
    Ok(explain(&found, knows_why(caller, matching), field))
}

/// Whether the caller may know why an expert is not available: the expert, and the expert's office (L).
pub(super) fn knows_why(caller: &Caller, matching: &Match) -> bool {
    let expert = Resource::expert(matching.expert, matching.expert_office);
    caller.is_side(Side::Expert, &matching.resource())
        || caller.can(Action::ViewExpertContact, &expert) == Decision::Allowed
}

fn explain(obstacles: &[Obstacle], knows_why: bool, field: &str) -> Vec<UserError> {
    let refusal = |message: &str| UserError::new(Code::NotReady, field, message);
    if obstacles.is_empty() {
        return Vec::new();
    }
    if !knows_why {
        return vec![refusal(
            "the expert is not available for this yet; the regional office is looking after it",
        )];
    }
    obstacles
        .iter()
        .map(|obstacle| {
            refusal(match obstacle {
                Obstacle::NotActive => "the expert is not active",
                Obstacle::Paused => "the expert is paused on this day",
                Obstacle::Missing(Missing::SimpleCheck) => {
                    "a valid police clearance certificate has not been inspected yet"
                }
                Obstacle::Missing(Missing::ExtendedCheck) => {
                    "a valid extended police clearance certificate, which meeting a mentee under 18 needs, has not been inspected yet"
                }
                Obstacle::Missing(Missing::BaseTraining) => "the base training has not been attended yet",
                Obstacle::Missing(Missing::InterculturalTraining) => {
                    "the intercultural training has not been attended yet"
                }
                Obstacle::Missing(Missing::OtherTraining) => "a required training has not been attended yet",
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outside_the_office_nobody_learns_why_an_expert_is_not_available() {
        for obstacle in [
            Obstacle::NotActive,
            Obstacle::Paused,
            Obstacle::Missing(Missing::ExtendedCheck),
            Obstacle::Missing(Missing::BaseTraining),
        ] {
            let told = explain(&[obstacle, obstacle], false, "id");
            assert_eq!(told, explain(&[Obstacle::NotActive], false, "id"));
            assert_eq!(explain(&[obstacle], true, "id").len(), 1);
        }
        assert!(explain(&[], false, "id").is_empty());
    }
}
