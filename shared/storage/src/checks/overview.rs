//! How the active experts of an office stand with the checks, and what depends on it.
//!
//! `domain::checks::standing` means the same; a test holds the two together.

use chrono::{Days, NaiveDate};
use sqlx::PgConnection;
use tandem_domain::checks::{CheckKind, Standing};
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::policy::Scope;
use uuid::Uuid;

use crate::paging::{Page, Slice};
use crate::{Error, Result, parse};

/// One active expert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// The expert.
    pub expert_id: ExpertId,
    /// The expert's office.
    pub office_id: OfficeId,
    /// The expert's name as a list shows it.
    pub name: String,
    /// The kind that the expert's matches ask for.
    pub needed: CheckKind,
    /// How the expert stands.
    pub standing: Standing,
    /// Until when the check of that kind is or was valid.
    pub valid_until: Option<NaiveDate>,
    /// Since when a new certificate is asked for.
    pub requested_on: Option<NaiveDate>,
    /// Matches in `ACTIVE` or `PAUSED`.
    pub active_matches: i64,
    /// Matches in `APPROACHED`.
    pub open_approaches: i64,
    /// Matches between the yes and the beginning.
    pub planned_starts: i64,
    /// The next planned start of these.
    pub next_start: Option<NaiveDate>,
}

struct Row {
    expert_id: Uuid,
    office_id: Uuid,
    name: String,
    minor: bool,
    standing: String,
    valid_until: Option<NaiveDate>,
    requested_on: Option<NaiveDate>,
    running: i64,
    approached: i64,
    starting: i64,
    next_start: Option<NaiveDate>,
}

impl TryFrom<Row> for CheckRow {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            standing: parse("background_checks", "standing", row.expert_id, &row.standing)?,
            expert_id: row.expert_id.into(),
            office_id: row.office_id.into(),
            name: row.name,
            needed: if row.minor {
                CheckKind::Extended
            } else {
                CheckKind::Simple
            },
            valid_until: row.valid_until,
            requested_on: row.requested_on,
            active_matches: row.running,
            open_approaches: row.approached,
            planned_starts: row.starting,
            next_start: row.next_start,
        })
    }
}

/// Narrows the list; what is none or empty narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckFilter {
    /// Of this office.
    pub office: Option<OfficeId>,
    /// Who stands so.
    pub standings: Vec<Standing>,
    /// Whose check ends on this day or before it.
    pub ends_until: Option<NaiveDate>,
    /// On whom a match depends.
    pub with_matches: bool,
    /// Who is (or is not) asked for a new certificate.
    pub requested: Option<bool>,
}

/// The days on which everything is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Today in Germany.
    pub today: NaiveDate,
    /// How long before its end a check is expiring, in weeks.
    pub expiring_weeks: u32,
}

impl Moment {
    fn expiring_until(self) -> NaiveDate {
        self.today + Days::new(u64::from(self.expiring_weeks) * 7)
    }
}

// parameters 1 to 9
macro_rules! standing {
    ($begin:literal, $end:literal, $scope:expr, $filter:expr, $moment:expr $(, $more:expr)*) => {
        sqlx::query_as!(
            Row,
            $begin
                + r#"FROM (
               SELECT e.id AS expert_id, e.office_id, concat_ws(', ', e.family_name, NULLIF(e.given_name, '')) AS name,
                   d.minor, d.running, d.approached, d.starting, d.next_start,
                   CASE WHEN d.minor THEN c.extended_until ELSE c.any_until END AS valid_until,
                   CASE
                       WHEN (CASE WHEN d.minor THEN c.extended_until ELSE c.any_until END) IS NULL THEN
                           CASE WHEN c.any_until IS NULL AND EXISTS (
                               SELECT FROM background_checks b WHERE b.expert_id = e.id AND b.erased_on IS NULL
                                 AND NOT b.no_relevant_entry) THEN 'UNSUITABLE' ELSE 'MISSING' END
                       WHEN (CASE WHEN d.minor THEN c.extended_until ELSE c.any_until END) < $5 THEN 'EXPIRED'
                       WHEN (CASE WHEN d.minor THEN c.extended_until ELSE c.any_until END) <= $6 THEN 'EXPIRING'
                       ELSE 'VALID'
                   END AS standing,
                   (SELECT min(b.requested_on) FROM background_checks b
                     WHERE b.expert_id = e.id AND b.inspected_on IS NULL AND b.erased_on IS NULL) AS requested_on
                 FROM experts e
                 CROSS JOIN LATERAL (
                     SELECT max(valid_until) AS any_until,
                            max(valid_until) FILTER (WHERE kind = 'EXTENDED') AS extended_until
                       FROM counting_checks WHERE expert_id = e.id) c
                 CROSS JOIN LATERAL (
                     SELECT count(*) FILTER (WHERE m.state IN ('ACTIVE', 'PAUSED')) AS running,
                            count(*) FILTER (WHERE m.state = 'APPROACHED') AS approached,
                            count(*) FILTER (WHERE m.state IN ('INTERESTED', 'INTRODUCED', 'MET')) AS starting,
                            min(k.planned_start) FILTER (WHERE m.state IN ('INTERESTED', 'INTRODUCED', 'MET')) AS next_start,
                            COALESCE(bool_or(m.state <> 'APPROACHED' AND t.birth_date > (
                                greatest(COALESCE(m.first_meeting_on, k.planned_start), $5) - interval '18 years')::date),
                                false) AS minor
                       FROM matches m JOIN cases k ON k.id = m.case_id JOIN mentees t ON t.id = k.mentee_id
                      WHERE m.expert_id = e.id AND match_is_open(m.state)) d
                WHERE e.state = 'ACTIVE' AND ($1::bool OR e.office_id = ANY($2)) AND ($3::uuid IS NULL OR e.office_id = $3)
             ) s
             WHERE (cardinality($4::text[]) = 0 OR s.standing = ANY($4))
               AND ($7::date IS NULL OR s.valid_until <= $7)
               AND (NOT $8::bool OR s.running + s.approached + s.starting > 0)
               AND ($9::bool IS NULL OR $9 = (s.requested_on IS NOT NULL)) "#
                + $end,
            $scope.everything,
            &$scope.offices.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
            $filter.office.map(OfficeId::uuid),
            &$filter.standings.iter().map(|standing| standing.as_str()).collect::<Vec<_>>() as &[&str],
            $moment.today,
            $moment.expiring_until(),
            $filter.ends_until,
            $filter.with_matches,
            $filter.requested
            $(, $more)*
        )
    };
}

/// The last day of validity (long ago where there is none), and the expert.
pub type Key = (NaiveDate, Uuid);

/// The place of a row in the list.
pub fn key(row: &CheckRow) -> Key {
    (row.valid_until.unwrap_or(NEVER), row.expert_id.uuid())
}

const NEVER: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date of the calendar");

/// Active experts of a scope: who has no check first, then by the end of its validity.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &CheckFilter,
    moment: Moment,
    page: &Page<Key>,
) -> Result<Slice<CheckRow>> {
    let (after_day, after_id) = page.after.unzip();
    let (before_day, before_id) = page.before.unzip();
    let rows = standing!(
        r#"SELECT s.expert_id AS "expert_id!", s.office_id AS "office_id!", s.name AS "name!", s.minor AS "minor!",
               s.standing AS "standing!", s.valid_until AS "valid_until?", s.requested_on AS "requested_on?",
               s.running AS "running!", s.approached AS "approached!", s.starting AS "starting!",
               s.next_start AS "next_start?" "#,
        "AND ($10::date IS NULL OR (COALESCE(s.valid_until, '0001-01-01'), s.expert_id) > ($10, $11))
         AND ($12::date IS NULL OR (COALESCE(s.valid_until, '0001-01-01'), s.expert_id) < ($12, $13))
         ORDER BY CASE WHEN $14 THEN COALESCE(s.valid_until, '0001-01-01') END DESC,
                  CASE WHEN $14 THEN s.expert_id END DESC,
                  COALESCE(s.valid_until, '0001-01-01'), s.expert_id
         LIMIT $15",
        scope,
        filter,
        moment,
        after_day,
        after_id,
        before_day,
        before_id,
        page.backward,
        page.fetch()
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(CheckRow::try_from)
    .collect::<Result<Vec<_>>>()?;
    Ok(page.slice(rows))
}
