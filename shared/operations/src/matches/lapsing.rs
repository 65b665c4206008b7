//! Questions that nobody answered.

use chrono::Days;
use tandem_domain::ids::MatchId;
use tandem_domain::matches::MatchState;
use tandem_storage::matches;

use super::answering::{AnswerOutcome, outcome_of};
use super::step::{hold, keep};
use crate::jobs::{self, Job};
use crate::{App, Caller, Result, settings};

/// Lapses the approaches whose mail left long enough ago, each in a transaction of its own, and brings the
/// next alternate forward. What could not be delivered is no silence and is left alone. Returns how many.
pub async fn lapse_due(app: &App) -> Result<usize> {
    let system = Caller::system();
    let mut conn = app.acquire(&system).await?;
    let settings = settings::current(&mut conn).await?;
    let before = app.now() - Days::new(settings.approach_lapse_days.into());
    let due: Vec<MatchId> = matches::lapsed(&mut conn, before, super::SWEEP_LIMIT).await?;
    drop(conn);
    let mut lapsed = 0;
    for id in due {
        let mut tx = app.begin(&system).await?;
        let Some(seen) = matches::get(&mut tx, id).await? else {
            continue;
        };
        let mut held = hold(&mut tx, app, &seen).await?;
        let matching = &mut held.matching;
        // the link works until the end of the day that the mail names, and so does the question
        let outcome = outcome_of(matching.state, matching.approach_sent_at, &settings, app.now());
        if matching.state == MatchState::Approached
            && !matching.undeliverable
            && outcome == Some(AnswerOutcome::Expired)
        {
            matching.state = matching.state.lapse()?;
            matching.ended_at = Some(app.now());
            keep(&mut tx, app, &system, matching, "match.lapsed").await?;
            jobs::enqueue(&mut tx, app, &[Job::NextAlternate { matching: id }]).await?;
            lapsed += 1;
        }
        tx.commit().await?;
    }
    Ok(lapsed)
}
