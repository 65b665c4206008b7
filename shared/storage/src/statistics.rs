//! Statistics: numbers of cases and matches, and never a person.

use chrono::NaiveDate;
use sqlx::PgConnection;
use tandem_domain::ids::{CenterId, OfficeId};
use tandem_domain::statistics::{Cell, Period, PeriodUnit};
use uuid::Uuid;

use crate::{Result, parse};

/// Of what: an office (its centres' cases), a centre, or the whole programme.
#[derive(Debug, Clone, Copy, Default)]
pub struct Of {
    /// An office.
    pub office: Option<OfficeId>,
    /// A centre.
    pub center: Option<CenterId>,
}

struct Row {
    measure: String,
    key: String,
    bucket: Option<NaiveDate>,
    count: i64,
    median: Option<f64>,
    longest: Option<i64>,
    total: Option<i64>,
}

fn cells(rows: Vec<Row>) -> Result<Vec<Cell>> {
    rows.into_iter()
        .map(|row| {
            Ok(Cell {
                measure: parse("statistics", "measure", Uuid::nil(), &row.measure)?,
                key: row.key,
                bucket: row.bucket,
                count: row.count,
                median: row.median,
                longest: row.longest,
                total: row.total,
            })
        })
        .collect()
}

/// What happened in a period: each number for the whole of it (no bucket) and by month, quarter or year.
pub async fn in_period(
    conn: &mut PgConnection,
    of: Of,
    period: Period,
    unit: PeriodUnit,
) -> Result<Vec<Cell>> {
    let rows = sqlx::query_as!(
        Row,
        r#"WITH c AS (
               SELECT c.* FROM cases c JOIN service_centers s ON s.id = c.center_id
                WHERE ($1::uuid IS NULL OR s.office_id = $1) AND ($2::uuid IS NULL OR c.center_id = $2)
           ), m AS (
               SELECT m.*, c.submitted_at FROM matches m JOIN c ON c.id = m.case_id
           ), facts (measure, key, day, days, minutes) AS (
               SELECT 'SUBMITTED', '', (submitted_at AT TIME ZONE 'Europe/Berlin')::date, NULL::int, NULL::int
                 FROM c WHERE submitted_at IS NOT NULL
               UNION ALL
               SELECT 'CLOSED', '', (closed_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM c WHERE closed_at IS NOT NULL
               UNION ALL
               SELECT 'WITHDRAWN', '', (withdrawn_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM c WHERE withdrawn_at IS NOT NULL
               UNION ALL
               SELECT 'OUTCOME', transition_outcome, (closed_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM c WHERE closed_at IS NOT NULL
               UNION ALL
               SELECT 'SOCIAL_OUTCOME', social_outcome, (closed_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM c WHERE closed_at IS NOT NULL
               UNION ALL
               SELECT 'APPROACH',
                      CASE WHEN state = 'APPROACHED' THEN 'UNANSWERED'
                           WHEN state IN ('DECLINED', 'LAPSED', 'SUPERSEDED') THEN state
                           WHEN answered_at IS NULL THEN 'WITHDRAWN'
                           ELSE 'ACCEPTED' END,
                      (approached_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM m
               UNION ALL
               SELECT 'ACTIVATED', '', active_from,
                      active_from - (submitted_at AT TIME ZONE 'Europe/Berlin')::date, NULL
                 FROM m WHERE active_from IS NOT NULL
               UNION ALL
               SELECT 'ENDED', state, (ended_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM m WHERE state IN ('COMPLETED', 'ENDED_EARLY')
               UNION ALL
               SELECT 'END_REASON', unnest(end_reasons), (ended_at AT TIME ZONE 'Europe/Berlin')::date, NULL, NULL
                 FROM m WHERE state IN ('COMPLETED', 'ENDED_EARLY')
               UNION ALL
               SELECT 'MEETING', g.kind, g.met_on, NULL, g.minutes FROM meetings g JOIN m ON m.id = g.match_id
           )
           SELECT measure AS "measure!", key AS "key!", bucket AS "bucket?", count(*) AS "count!",
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS "median?",
                  max(days)::bigint AS "longest?", sum(minutes)::bigint AS "total?"
             FROM (SELECT facts.*, date_trunc($5, day)::date AS bucket FROM facts
                    WHERE day BETWEEN $3 AND $4) AS dated
            GROUP BY GROUPING SETS ((measure, key), (measure, key, bucket))
            ORDER BY bucket NULLS FIRST, measure, key"#,
        of.office.map(OfficeId::uuid),
        of.center.map(CenterId::uuid),
        period.from,
        period.until,
        unit.as_str(),
    )
    .fetch_all(conn)
    .await?;
    cells(rows)
}

/// The cases that are open on a day that is today, by state, with the days since their submission.
pub async fn open(conn: &mut PgConnection, of: Of, today: NaiveDate) -> Result<Vec<Cell>> {
    let rows = sqlx::query_as!(
        Row,
        r#"WITH waiting AS (
               SELECT c.state, $3::date - (c.submitted_at AT TIME ZONE 'Europe/Berlin')::date AS days
                 FROM cases c JOIN service_centers s ON s.id = c.center_id
                WHERE ($1::uuid IS NULL OR s.office_id = $1) AND ($2::uuid IS NULL OR c.center_id = $2)
                  AND c.state NOT IN ('CLOSED', 'WITHDRAWN')
           )
           SELECT 'OPEN' AS "measure!", state AS "key!", NULL::date AS "bucket?", count(*) AS "count!",
                  percentile_cont(0.5) WITHIN GROUP (ORDER BY days) AS "median?",
                  max(days)::bigint AS "longest?", NULL::bigint AS "total?"
             FROM waiting GROUP BY state ORDER BY state"#,
        of.office.map(OfficeId::uuid),
        of.center.map(CenterId::uuid),
        today,
    )
    .fetch_all(conn)
    .await?;
    cells(rows)
}
