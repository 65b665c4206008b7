//! Mentees.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::ids::{CenterId, MenteeId, OfficeId};
use tandem_domain::mentees::{Guardian, GuardianKind, MenteeProfile};
use tandem_domain::policy::Scope;
use tandem_domain::values::{CefrLevel, Email, Gender, Language};
use uuid::Uuid;

use crate::paging::{Page, Slice};
use crate::{Error, Result, parse};

/// A mentee of a centre.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mentee {
    /// The id.
    pub id: MenteeId,
    /// The centre that looks after the mentee.
    pub center: CenterId,
    /// The office that serves the centre.
    pub office: OfficeId,
    /// The mentee's data.
    pub profile: MenteeProfile,
    /// Grows with every change.
    pub version: i64,
    /// When the mentee was registered.
    pub created_at: DateTime<Utc>,
    /// When the row was changed last.
    pub updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    center_id: Uuid,
    office_id: Uuid,
    external_id: Option<String>,
    given_name: String,
    family_name: String,
    gender: Option<String>,
    birth_date: NaiveDate,
    email: Option<String>,
    phone: String,
    language: String,
    first_language: Option<String>,
    german_level: String,
    german_level_on: Option<NaiveDate>,
    german_level_source: String,
    guardian_kind: Option<String>,
    guardian_name: Option<String>,
    guardian_email: Option<String>,
    guardian_phone: Option<String>,
    languages: Vec<String>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Mentee {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        fn optional<T: std::str::FromStr>(
            column: &'static str,
            id: Uuid,
            text: Option<&str>,
        ) -> Result<Option<T>> {
            text.map(|text| parse("mentees", column, id, text)).transpose()
        }
        let id = row.id;
        let guardian = match optional::<GuardianKind>("guardian_kind", id, row.guardian_kind.as_deref())? {
            None => None,
            Some(kind) => Some(Guardian {
                kind,
                name: row.guardian_name.unwrap_or_default(),
                email: optional("guardian_email", id, row.guardian_email.as_deref())?,
                phone: row.guardian_phone.unwrap_or_default(),
            }),
        };
        Ok(Self {
            id: id.into(),
            center: row.center_id.into(),
            office: row.office_id.into(),
            profile: MenteeProfile {
                external_id: row.external_id,
                given_name: row.given_name,
                family_name: row.family_name,
                gender: optional("gender", id, row.gender.as_deref())?,
                birth_date: row.birth_date,
                email: optional("email", id, row.email.as_deref())?,
                phone: row.phone,
                language: parse("mentees", "language", id, &row.language)?,
                first_language: optional("first_language", id, row.first_language.as_deref())?,
                languages: row
                    .languages
                    .iter()
                    .map(|text| parse("mentee_languages", "language", id, text))
                    .collect::<Result<_>>()?,
                german_level: parse("mentees", "german_level", id, &row.german_level)?,
                german_level_on: row.german_level_on,
                german_level_source: row.german_level_source,
                guardian,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The mentees with these ids that exist, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[MenteeId]) -> Result<Vec<Mentee>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        r#"SELECT t.id, t.center_id, s.office_id, t.external_id, t.given_name, t.family_name, t.gender, t.birth_date,
               t.email, t.phone, t.language, t.first_language, t.german_level, t.german_level_on,
               t.german_level_source, t.guardian_kind, t.guardian_name, t.guardian_email, t.guardian_phone,
               ARRAY(SELECT l.language FROM mentee_languages l WHERE l.mentee_id = t.id ORDER BY l.language)
                   AS "languages!: Vec<String>",
               t.version, t.created_at, t.updated_at
             FROM mentees t JOIN service_centers s ON s.id = t.center_id
            WHERE t.id = ANY($1)"#,
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Mentee::try_from)
    .collect()
}

/// One mentee.
pub async fn get(conn: &mut PgConnection, id: MenteeId) -> Result<Option<Mentee>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One mentee, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: MenteeId) -> Result<Option<Mentee>> {
    sqlx::query!("SELECT id FROM mentees WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut *conn)
        .await?;
    get(conn, id).await
}

/// The ids of a centre's mentees by the ids that they have in its own list; what is unknown is absent.
pub async fn by_external_ids(
    conn: &mut PgConnection,
    keys: &[(CenterId, String)],
) -> Result<Vec<(CenterId, String, MenteeId)>> {
    let centers: Vec<Uuid> = keys.iter().map(|(center, _)| center.uuid()).collect();
    let external_ids: Vec<&str> = keys.iter().map(|(_, id)| id.as_str()).collect();
    let rows = sqlx::query!(
        r#"SELECT t.center_id, t.external_id AS "external_id!", t.id
             FROM mentees t
             JOIN unnest($1::uuid[], $2::text[]) AS key (center_id, external_id)
               ON key.center_id = t.center_id AND key.external_id = t.external_id"#,
        &centers,
        &external_ids as &[&str],
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.center_id.into(), row.external_id, row.id.into()))
        .collect())
}

/// Narrows the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MenteeFilter {
    /// Only mentees of this centre.
    pub center: Option<CenterId>,
    /// Only mentees of centres that this office serves.
    pub office: Option<OfficeId>,
    /// Only whose name, or id in the centre's list, contains this text.
    pub text: Option<String>,
    /// Only mentees with (or without) a case that is neither closed nor withdrawn.
    pub has_open_case: Option<bool>,
}

/// The order of the list: by name.
pub type Key = (String, String, Uuid);

/// The mentees of a scope, by family name and given name.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &MenteeFilter,
    page: &Page<Key>,
) -> Result<Slice<Mentee>> {
    let (offices, centers, mentees) = scope_ids(scope);
    let (after_family, after_given, after_id) = unzip(page.after.as_ref());
    let (before_family, before_given, before_id) = unzip(page.before.as_ref());
    let ids: Vec<MenteeId> = sqlx::query_scalar!(
        "SELECT t.id
           FROM mentees t JOIN service_centers s ON s.id = t.center_id
          WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR t.center_id = ANY($3::uuid[]) OR t.id = ANY($4::uuid[]))
            AND ($5::uuid IS NULL OR t.center_id = $5)
            AND ($6::uuid IS NULL OR s.office_id = $6)
            AND ($7::text IS NULL OR strpos(lower(t.given_name || ' ' || t.family_name), lower($7)) > 0
                 OR t.external_id = $7)
            AND ($8::bool IS NULL OR $8 = EXISTS (SELECT FROM cases c
                 WHERE c.mentee_id = t.id AND c.state NOT IN ('CLOSED', 'WITHDRAWN')))
            AND ($9::text IS NULL OR (t.family_name, t.given_name, t.id) > ($9, $10, $11::uuid))
            AND ($12::text IS NULL OR (t.family_name, t.given_name, t.id) < ($12, $13, $14::uuid))
          ORDER BY CASE WHEN $15 THEN t.family_name END DESC, CASE WHEN $15 THEN t.given_name END DESC,
                   CASE WHEN $15 THEN t.id END DESC, t.family_name, t.given_name, t.id
          LIMIT $16",
        scope.everything,
        &offices,
        &centers,
        &mentees,
        filter.center.map(CenterId::uuid),
        filter.office.map(OfficeId::uuid),
        filter.text,
        filter.has_open_case,
        after_family,
        after_given,
        after_id,
        before_family,
        before_given,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(MenteeId::from)
    .collect();
    let slice = page.slice(ids);
    let mut found: std::collections::HashMap<MenteeId, Mentee> = by_ids(conn, &slice.rows)
        .await?
        .into_iter()
        .map(|mentee| (mentee.id, mentee))
        .collect();
    let rows = slice.rows.iter().filter_map(|id| found.remove(id)).collect();
    Ok(Slice {
        rows,
        has_next: slice.has_next,
        has_previous: slice.has_previous,
    })
}

/// How many mentees a scope and a filter hold.
pub async fn count(conn: &mut PgConnection, scope: &Scope, filter: &MenteeFilter) -> Result<i64> {
    let (offices, centers, mentees) = scope_ids(scope);
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!"
             FROM mentees t JOIN service_centers s ON s.id = t.center_id
            WHERE ($1::bool OR s.office_id = ANY($2::uuid[]) OR t.center_id = ANY($3::uuid[]) OR t.id = ANY($4::uuid[]))
              AND ($5::uuid IS NULL OR t.center_id = $5)
              AND ($6::uuid IS NULL OR s.office_id = $6)
              AND ($7::text IS NULL OR strpos(lower(t.given_name || ' ' || t.family_name), lower($7)) > 0
                   OR t.external_id = $7)
              AND ($8::bool IS NULL OR $8 = EXISTS (SELECT FROM cases c
                   WHERE c.mentee_id = t.id AND c.state NOT IN ('CLOSED', 'WITHDRAWN')))"#,
        scope.everything,
        &offices,
        &centers,
        &mentees,
        filter.center.map(CenterId::uuid),
        filter.office.map(OfficeId::uuid),
        filter.text,
        filter.has_open_case,
    )
    .fetch_one(conn)
    .await?)
}

fn scope_ids(scope: &Scope) -> (Vec<Uuid>, Vec<Uuid>, Vec<Uuid>) {
    (
        scope.offices.iter().map(|id| id.uuid()).collect(),
        scope.centers.iter().map(|id| id.uuid()).collect(),
        scope.mentees.iter().map(|id| id.uuid()).collect(),
    )
}

fn unzip(key: Option<&Key>) -> (Option<String>, Option<String>, Option<Uuid>) {
    match key.cloned() {
        Some((family, given, id)) => (Some(family), Some(given), Some(id)),
        None => (None, None, None),
    }
}

/// A mentee to be written.
#[derive(Debug)]
pub struct Saved<'a> {
    /// A new id, or that of the mentee who is changed.
    pub id: MenteeId,
    /// The centre of a new mentee; an existing one keeps its own.
    pub center: CenterId,
    /// The data.
    pub profile: &'a MenteeProfile,
}

#[derive(Serialize)]
struct SavedRow<'a> {
    id: Uuid,
    center_id: Uuid,
    external_id: Option<&'a str>,
    given_name: &'a str,
    family_name: &'a str,
    gender: Option<&'static str>,
    birth_date: NaiveDate,
    email: Option<&'a str>,
    phone: &'a str,
    language: &'a str,
    first_language: Option<&'a str>,
    german_level: &'static str,
    german_level_on: Option<NaiveDate>,
    german_level_source: &'a str,
    guardian_kind: Option<&'static str>,
    guardian_name: Option<&'a str>,
    guardian_email: Option<&'a str>,
    guardian_phone: Option<&'a str>,
}

/// Writes mentees with their languages, new ones and changed ones, in three statements however many they
/// are. A change adds one to the version.
pub async fn save(conn: &mut PgConnection, mentees: &[Saved<'_>], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<SavedRow<'_>> = mentees
        .iter()
        .map(|saved| {
            let profile = saved.profile;
            let guardian = profile.guardian.as_ref();
            SavedRow {
                id: saved.id.uuid(),
                center_id: saved.center.uuid(),
                external_id: profile.external_id.as_deref(),
                given_name: &profile.given_name,
                family_name: &profile.family_name,
                gender: profile.gender.map(Gender::as_str),
                birth_date: profile.birth_date,
                email: profile.email.as_ref().map(Email::as_str),
                phone: &profile.phone,
                language: profile.language.as_str(),
                first_language: profile.first_language.as_ref().map(Language::as_str),
                german_level: CefrLevel::as_str(profile.german_level),
                german_level_on: profile.german_level_on,
                german_level_source: &profile.german_level_source,
                guardian_kind: guardian.map(|guardian| guardian.kind.as_str()),
                guardian_name: guardian.map(|guardian| guardian.name.as_str()),
                guardian_email: guardian
                    .and_then(|guardian| guardian.email.as_ref())
                    .map(Email::as_str),
                guardian_phone: guardian.map(|guardian| guardian.phone.as_str()),
            }
        })
        .collect();
    sqlx::query!(
        "INSERT INTO mentees (id, center_id, external_id, given_name, family_name, gender, birth_date, email, phone,
             language, first_language, first_language_consent, german_level, german_level_on, german_level_source,
             guardian_kind, guardian_name, guardian_email, guardian_phone, created_at, updated_at)
         SELECT r.id, r.center_id, r.external_id, r.given_name, r.family_name, r.gender, r.birth_date, r.email, r.phone,
             r.language, r.first_language, r.first_language IS NOT NULL, r.german_level, r.german_level_on,
             r.german_level_source, r.guardian_kind, r.guardian_name, r.guardian_email, r.guardian_phone, $2, $2
           FROM jsonb_to_recordset($1) AS r (id uuid, center_id uuid, external_id text, given_name text,
             family_name text, gender text, birth_date date, email text, phone text, language text,
             first_language text, german_level text, german_level_on date, german_level_source text,
             guardian_kind text, guardian_name text, guardian_email text, guardian_phone text)
         ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, given_name = excluded.given_name,
             family_name = excluded.family_name, gender = excluded.gender, birth_date = excluded.birth_date,
             email = excluded.email, phone = excluded.phone, language = excluded.language,
             first_language = excluded.first_language, first_language_consent = excluded.first_language_consent,
             german_level = excluded.german_level, german_level_on = excluded.german_level_on,
             german_level_source = excluded.german_level_source, guardian_kind = excluded.guardian_kind,
             guardian_name = excluded.guardian_name, guardian_email = excluded.guardian_email,
             guardian_phone = excluded.guardian_phone, version = mentees.version + 1,
             updated_at = excluded.updated_at",
        serde_json::json!(rows),
        at,
    )
    .execute(&mut *conn)
    .await?;

    let ids: Vec<Uuid> = mentees.iter().map(|saved| saved.id.uuid()).collect();
    sqlx::query!("DELETE FROM mentee_languages WHERE mentee_id = ANY($1)", &ids)
        .execute(&mut *conn)
        .await?;
    let (ids, languages): (Vec<Uuid>, Vec<&str>) = mentees
        .iter()
        .flat_map(|saved| {
            let languages = saved.profile.languages.iter();
            languages.map(|language| (saved.id.uuid(), language.as_str()))
        })
        .unzip();
    sqlx::query!(
        "INSERT INTO mentee_languages (mentee_id, language) SELECT * FROM unnest($1::uuid[], $2::text[])",
        &ids,
        &languages as &[&str],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The mentee consents to publicity at an instant, or takes that back (S54).
pub async fn set_publicity_consent(
    conn: &mut PgConnection,
    id: MenteeId,
    consent: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE mentees SET publicity_consent_at = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        consent,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The guardian of a mentee does.
pub async fn set_guardian_publicity_consent(
    conn: &mut PgConnection,
    id: MenteeId,
    consent: Option<DateTime<Utc>>,
    at: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE mentees SET guardian_publicity_consent_at = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        consent,
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the mentee, and whether the guardian has consented to publicity.
pub async fn publicity_consents(conn: &mut PgConnection, id: MenteeId) -> Result<(bool, bool)> {
    let row = sqlx::query!(
        r#"SELECT publicity_consent_at IS NOT NULL AS "own!", guardian_publicity_consent_at IS NOT NULL AS "guardian!"
             FROM mentees WHERE id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map_or((false, false), |row| (row.own, row.guardian)))
}
