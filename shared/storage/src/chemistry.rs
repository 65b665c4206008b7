//! Verdicts after the first meeting. Nobody reads them but the rule that makes a result of them, and each
//! person the own one.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::chemistry::{Verdict, Verdicts};
use tandem_domain::ids::{MatchId, UserId};
use tandem_domain::parties::{GivenWay, Side};

use crate::{Result, parse};

/// A verdict as it is given.
#[derive(Debug, Clone)]
pub struct NewVerdict<'a> {
    /// The match.
    pub matching: MatchId,
    /// Whose.
    pub side: Side,
    /// What.
    pub verdict: Verdict,
    /// How it came.
    pub way: GivenWay,
    /// Who recorded what stood on paper, and who saw it.
    pub paper: Option<(UserId, &'a str)>,
}

/// What the sides of a match said so far.
pub async fn verdicts(conn: &mut PgConnection, id: MatchId) -> Result<Verdicts> {
    let mut verdicts = Verdicts::default();
    for row in sqlx::query!(
        "SELECT side, verdict FROM chemistry_verdicts WHERE match_id = $1",
        id.uuid()
    )
    .fetch_all(conn)
    .await?
    {
        let side = parse("chemistry_verdicts", "side", id, &row.side)?;
        verdicts.set(side, parse("chemistry_verdicts", "verdict", id, &row.verdict)?);
    }
    Ok(verdicts)
}

/// Writes what a side says, in place of what it said before.
pub async fn put(conn: &mut PgConnection, new: &NewVerdict<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "INSERT INTO chemistry_verdicts (match_id, side, verdict, given_by_way, recorded_by, witness, answered_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (match_id, side) DO UPDATE SET verdict = excluded.verdict,
             given_by_way = excluded.given_by_way, recorded_by = excluded.recorded_by, witness = excluded.witness,
             answered_at = excluded.answered_at",
        new.matching.uuid(),
        new.side.as_str(),
        new.verdict.as_str(),
        new.way.as_str(),
        new.paper.map(|(by, _)| by.uuid()),
        new.paper.map(|(_, witness)| witness),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back what was recorded on paper for a side; `false` where the side has answered itself since.
pub async fn take_back_paper(conn: &mut PgConnection, id: MatchId, side: Side) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM chemistry_verdicts WHERE match_id = $1 AND side = $2 AND given_by_way = 'PAPER'",
        id.uuid(),
        side.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
