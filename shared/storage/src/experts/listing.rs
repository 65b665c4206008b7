//! Lists of experts: scope, filters, text search, distance, and the order of it all.

use chrono::NaiveDate;
use sqlx::PgConnection;
use strum::VariantArray;
use tandem_domain::experts::ExpertState;
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::Scope;
use tandem_domain::postal_codes::PostalCode;
use tandem_domain::values::{Language, SupportArea};
use uuid::Uuid;

use crate::Result;
use crate::paging::{Page, Slice};

/// Words to be found in names, place, occupations and interests, typing errors forgiven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSearch {
    /// Folded words, the most telling first ([`tandem_domain::experts::search_words`]); each must be
    /// found. No word finds nobody.
    pub words: Vec<String>,
}

/// Postal codes within reach of a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Near {
    /// Each with its distance in metres.
    pub reached: Vec<(PostalCode, u32)>,
}

/// See [`tandem_domain::readiness`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Readiness {
    /// Ready for a mentee of age.
    Ready,
    /// Ready for a mentee under 18 as well.
    ReadyForMinors,
    /// Something is missing or stands in the way.
    NotReady,
}

/// Narrows a list of experts; what is not given narrows nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpertFilter {
    /// Of these offices.
    pub offices: Option<Vec<OfficeId>>,
    /// In one of these states.
    pub states: Option<Vec<ExpertState>>,
    /// Postal code begins so.
    pub postal_code_prefix: Option<String>,
    /// An occupation's or interest's KldB code begins so.
    pub occupation_prefix: Option<String>,
    /// Speaks this language.
    pub language: Option<Language>,
    /// Offers this area.
    pub support_area: Option<SupportArea>,
    /// Readiness on the day of the list.
    pub readiness: Option<Readiness>,
    /// Paused on the day of the list, or not.
    pub paused: Option<bool>,
    /// Free text.
    pub text: Option<TextSearch>,
    /// Within reach of a place.
    pub near: Option<Near>,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Order {
    /// Family name, given name.
    Name,
    /// Registered last first.
    Newest,
    /// The best answer to the text search first.
    Relevance,
    /// The nearest first.
    Distance,
}

/// A place in a list: what it is sorted by, whichever order it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Negative microseconds, negative rank or metres.
    pub number: i64,
    /// Sort name.
    pub text: String,
    /// The expert.
    pub id: ExpertId,
}

/// An expert that a list found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where in the list.
    pub key: Key,
    /// Whole metres from the place that `near` is about.
    pub distance_m: Option<u32>,
}

/// The condition that [`list`] and [`count`] share, with parameters 1 to 20; `e` are the experts and `near` the
/// postal codes within reach.
macro_rules! find {
    ($begin:literal, $end:literal, $scope:expr, $filter:expr, $today:expr $(, $more:expr)*) => {{
        let scope: &Scope = $scope;
        let filter: &ExpertFilter = $filter;
        let words: &[String] = filter.text.as_ref().map_or(&[], |text| &text.words);
        let near = filter.near.as_ref();
        let reached: &[(PostalCode, u32)] = near.map_or(&[], |near| &near.reached);
        let (codes, metres): (Vec<String>, Vec<i32>) =
            reached.iter().map(|(code, metres)| (code.to_string(), *metres as i32)).unzip();
        sqlx::query!(
            $begin
                + "FROM experts e LEFT JOIN UNNEST($14::text[], $15::int[]) AS near (code, metres) ON near.code = e.postal_code
                   WHERE ($1::bool OR e.office_id = ANY($2) OR e.id = ANY($3) OR EXISTS (
                       SELECT FROM matches m JOIN cases c ON c.id = m.case_id
                       WHERE m.expert_id = e.id AND m.state = ANY($4)
                         AND (c.center_id = ANY($5) OR c.mentee_id = ANY($6))))
                     AND ($7::uuid[] IS NULL OR e.office_id = ANY($7))
                     AND ($8::text[] IS NULL OR e.state = ANY($8))
                     AND ($9::text IS NULL OR starts_with(e.postal_code, $9))
                     AND ($10::text IS NULL OR EXISTS (
                         SELECT FROM expert_occupations o WHERE o.expert_id = e.id AND starts_with(o.kldb_code, $10)))
                     AND ($11::text IS NULL OR EXISTS (
                         SELECT FROM expert_languages l WHERE l.expert_id = e.id AND l.language = $11))
                     AND ($12::text IS NULL OR EXISTS (
                         SELECT FROM expert_support_areas a WHERE a.expert_id = e.id AND a.area = $12))
                     AND (NOT $13::bool OR near.metres IS NOT NULL)
                     AND ($16::text IS NULL OR e.id IN (SELECT experts_with_word($16)))
                     AND (cardinality($17::text[]) = 0 OR (
                         SELECT bool_and(e.search_text LIKE '%' || word || '%' OR word <% e.search_text)
                         FROM UNNEST($17) AS word))
                     AND ($18::bool IS NULL OR $18 = EXISTS (
                         SELECT FROM expert_pauses p WHERE p.expert_id = e.id
                           AND p.from_date <= $20::date AND (p.until_date IS NULL OR p.until_date >= $20)))
                     AND ($19::text IS NULL OR ($19 <> 'NOT_READY') = (
                         e.state = 'ACTIVE' AND e.open_matches < e.capacity
                         AND NOT EXISTS (
                             SELECT FROM expert_pauses p WHERE p.expert_id = e.id
                               AND p.from_date <= $20 AND (p.until_date IS NULL OR p.until_date >= $20))
                         AND EXISTS (
                             SELECT FROM counting_checks b WHERE b.expert_id = e.id
                               AND b.inspected_on <= $20 AND b.valid_until >= $20
                               AND (b.kind = 'EXTENDED' OR $19 <> 'READY_FOR_MINORS'))
                         AND NOT EXISTS (
                             SELECT FROM training_modules t WHERE t.required AND NOT EXISTS (
                                 SELECT FROM training_attendances a
                                 WHERE a.expert_id = e.id AND a.module_id = t.id AND a.state = 'ATTENDED'
                                   AND a.attended_on <= $20
                                   AND (t.validity_months IS NULL
                                        OR (a.attended_on + make_interval(months => t.validity_months))::date >= $20)))))"
                + $end,
            scope.everything,
            &scope.offices.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
            &scope.experts.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
            &revealing_states(),
            &scope.revealed_centers.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
            &scope.revealed_mentees.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
            filter.offices.as_ref().map(|ids| ids.iter().map(|id| id.uuid()).collect::<Vec<_>>()) as Option<Vec<Uuid>>,
            filter.states.as_ref().map(|states| states.iter().map(ToString::to_string).collect::<Vec<_>>()) as Option<Vec<String>>,
            filter.postal_code_prefix,
            filter.occupation_prefix,
            filter.language.as_ref().map(Language::as_str),
            filter.support_area.map(SupportArea::as_str),
            near.is_some(),
            &codes,
            &metres,
            // a search without a word to search for finds nobody
            filter.text.as_ref().map(|text| text.words.first().map_or("\u{fffd}", String::as_str)),
            words.get(1..).unwrap_or_default(),
            filter.paused,
            filter.readiness.map(<&str>::from),
            $today
            $(, $more)*
        )
    }};
}

fn revealing_states() -> Vec<String> {
    MatchState::VARIANTS
        .iter()
        .filter(|state| state.reveals_expert())
        .map(ToString::to_string)
        .collect()
}

/// A page of the experts within `scope`; `today` is the day on which readiness and pauses are asked.
///
/// Two experts are never at the same place in a list: the id decides where all else is equal.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &ExpertFilter,
    order: Order,
    today: NaiveDate,
    page: &Page<Key>,
) -> Result<Slice<Found>> {
    let words: &[String] = filter.text.as_ref().map_or(&[], |text| &text.words);
    let order: &str = order.into();
    // The order is a constant to the planner, which leaves the other cases away: lists by name are
    // read from the index.
    let rows = find!(
        r#"SELECT id AS "id!", number AS "number!", text AS "text!", metres FROM (
           SELECT e.id, near.metres, CASE $21::text WHEN 'NAME' THEN e.sort_name ELSE '' END AS text,
               CASE $21
                   WHEN 'NEWEST' THEN -(extract(epoch FROM e.created_at) * 1000000)::bigint
                   WHEN 'DISTANCE' THEN near.metres::bigint
                   WHEN 'RELEVANCE' THEN -(
                       SELECT sum(1000 * greatest(word_similarity(word, split_part(e.search_text, ' | ', 1)),
                           0.9 * word_similarity(word, e.search_text)))::bigint
                       FROM UNNEST($22::text[]) AS word)
                   ELSE 0 END AS number "#,
        r#") AS found
           WHERE ($23::bigint IS NULL OR (number, text, id) > ($23, $24::text, $25::uuid))
             AND ($26::bigint IS NULL OR (number, text, id) < ($26, $27::text, $28::uuid))
             AND ($21 <> 'NAME' OR (($24::text IS NULL OR text >= $24) AND ($27::text IS NULL OR text <= $27)))
           ORDER BY CASE WHEN $29 THEN number END DESC, CASE WHEN $29 THEN text END DESC,
               CASE WHEN $29 THEN id END DESC, number, text, id
           LIMIT $30"#,
        scope,
        filter,
        today,
        order,
        words,
        page.after.as_ref().map(|key| key.number),
        page.after.as_ref().map(|key| key.text.as_str()),
        page.after.as_ref().map(|key| key.id.uuid()),
        page.before.as_ref().map(|key| key.number),
        page.before.as_ref().map(|key| key.text.as_str()),
        page.before.as_ref().map(|key| key.id.uuid()),
        page.backward,
        page.fetch()
    )
    .fetch_all(conn)
    .await?;
    let found = rows
        .into_iter()
        .map(|row| Found {
            key: Key {
                number: row.number,
                text: row.text,
                id: row.id.into(),
            },
            distance_m: row.metres.map(i32::unsigned_abs),
        })
        .collect();
    Ok(page.slice(found))
}

/// How many experts [`list`] has in all.
pub async fn count(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &ExpertFilter,
    today: NaiveDate,
) -> Result<i64> {
    Ok(find!(r#"SELECT count(*) AS "count!" "#, "", scope, filter, today)
        .fetch_one(conn)
        .await?
        .count)
}

/// Which of these experts lie within `scope`.
pub async fn visible(conn: &mut PgConnection, scope: &Scope, experts: &[ExpertId]) -> Result<Vec<ExpertId>> {
    let rows = sqlx::query_scalar!(
        "SELECT e.id FROM experts e
         WHERE e.id = ANY($1) AND ($2::bool OR e.office_id = ANY($3) OR e.id = ANY($4) OR EXISTS (
             SELECT FROM matches m JOIN cases c ON c.id = m.case_id
             WHERE m.expert_id = e.id AND m.state = ANY($5) AND (c.center_id = ANY($6) OR c.mentee_id = ANY($7))))",
        &experts.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        scope.everything,
        &scope.offices.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        &scope.experts.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        &revealing_states(),
        &scope.revealed_centers.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        &scope.revealed_mentees.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ExpertId::from).collect())
}
