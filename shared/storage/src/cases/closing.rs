//! Outcomes.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use tandem_domain::cases::{SocialOutcome, TransitionOutcome};
use tandem_domain::ids::CaseId;

use crate::Result;

/// How a case ended, on both axes (S26).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The way into training.
    pub transition: TransitionOutcome,
    /// The place in society.
    pub social: SocialOutcome,
    /// When the training starts.
    pub training_starts_on: Option<NaiveDate>,
}

/// Closes a case that is locked.
pub async fn close(conn: &mut PgConnection, id: CaseId, outcome: &Outcome, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE cases SET state = 'CLOSED', closed_at = $5, transition_outcome = $2, social_outcome = $3,
             training_starts_on = $4, outcome_confirmed_at = NULL, version = version + 1, updated_at = $5
          WHERE id = $1",
        id.uuid(),
        outcome.transition.as_str(),
        outcome.social.as_str(),
        outcome.training_starts_on,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Confirms, or corrects, the outcome of a closed case that is locked.
pub async fn confirm_outcome(
    conn: &mut PgConnection,
    id: CaseId,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE cases SET outcome_confirmed_at = $5, transition_outcome = $2, social_outcome = $3,
             training_starts_on = $4, version = version + 1, updated_at = $5
          WHERE id = $1",
        id.uuid(),
        outcome.transition.as_str(),
        outcome.social.as_str(),
        outcome.training_starts_on,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Opens a closed case again; its outcome is none any more.
pub async fn reopen(conn: &mut PgConnection, id: CaseId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE cases SET state = 'SEARCHING', closed_at = NULL, transition_outcome = NULL, social_outcome = NULL,
             training_starts_on = NULL, outcome_confirmed_at = NULL, version = version + 1, updated_at = $2
          WHERE id = $1",
        id.uuid(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
