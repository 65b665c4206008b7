//! Service centres.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use tandem_domain::centers::CenterProfile;
use tandem_domain::ids::{CenterId, OfficeId};
use tandem_domain::policy::Scope;
use uuid::Uuid;

use crate::paging::{Page, Slice};
use crate::{Error, Result, parse};

/// A service centre.
#[derive(Debug, Clone, PartialEq)]
pub struct Center {
    /// Its id.
    pub id: CenterId,
    /// The office that serves it.
    pub office_id: OfficeId,
    /// Its own data.
    pub profile: CenterProfile,
    /// Grows with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
}

struct Row {
    id: Uuid,
    office_id: Uuid,
    external_id: Option<String>,
    name: String,
    carrier_organisation: String,
    street: String,
    postal_code: String,
    email: String,
    phone: String,
    contact_name: String,
    match_limit: Option<i16>,
    active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Center {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let table = "service_centers";
        Ok(Self {
            id: row.id.into(),
            office_id: row.office_id.into(),
            profile: CenterProfile {
                external_id: row.external_id,
                name: row.name,
                carrier_organisation: row.carrier_organisation,
                street: row.street,
                postal_code: parse(table, "postal_code", row.id, &row.postal_code)?,
                email: parse(table, "email", row.id, &row.email)?,
                phone: row.phone,
                contact_name: row.contact_name,
                match_limit: row.match_limit.map(i16::unsigned_abs),
                active: row.active,
            },
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The centres with these ids that exist, in no particular order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[CenterId]) -> Result<Vec<Center>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT id, office_id, external_id, name, carrier_organisation, street, postal_code, email, phone,
             contact_name, match_limit, active, version, created_at, updated_at
         FROM service_centers WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Center::try_from)
    .collect()
}

/// One centre.
pub async fn get(conn: &mut PgConnection, id: CenterId) -> Result<Option<Center>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One centre, locked until the transaction ends.
pub async fn lock(conn: &mut PgConnection, id: CenterId) -> Result<Option<Center>> {
    sqlx::query!(
        "SELECT id FROM service_centers WHERE id = $1 FOR UPDATE",
        id.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    get(conn, id).await
}

/// Centres by the ids of the list that they came from.
pub async fn by_external_ids(conn: &mut PgConnection, external_ids: &[String]) -> Result<Vec<Center>> {
    let ids: Vec<CenterId> = sqlx::query_scalar!(
        "SELECT id FROM service_centers WHERE external_id = ANY($1)",
        external_ids
    )
    .fetch_all(&mut *conn)
    .await?
    .into_iter()
    .map(CenterId::from)
    .collect();
    by_ids(conn, &ids).await
}

/// A centre to be written.
#[derive(Debug)]
pub struct Saved<'a> {
    /// A new id, or that of the centre which is changed.
    pub id: CenterId,
    /// The office that serves it.
    pub office_id: OfficeId,
    /// Its data.
    pub profile: &'a CenterProfile,
}

#[derive(Serialize)]
struct SavedRow<'a> {
    id: Uuid,
    office_id: Uuid,
    external_id: Option<&'a str>,
    name: &'a str,
    carrier_organisation: &'a str,
    street: &'a str,
    postal_code: &'a str,
    email: &'a str,
    phone: &'a str,
    contact_name: &'a str,
    match_limit: Option<u16>,
    active: bool,
}

/// Writes centres, new ones and changed ones, in one statement.
pub async fn save(conn: &mut PgConnection, centers: &[Saved<'_>], at: DateTime<Utc>) -> Result<()> {
    let rows: Vec<SavedRow<'_>> = centers
        .iter()
        .map(
            |Saved {
                 id,
                 office_id,
                 profile,
             }| SavedRow {
                id: id.uuid(),
                office_id: office_id.uuid(),
                external_id: profile.external_id.as_deref(),
                name: &profile.name,
                carrier_organisation: &profile.carrier_organisation,
                street: &profile.street,
                postal_code: profile.postal_code.as_str(),
                email: profile.email.as_str(),
                phone: &profile.phone,
                contact_name: &profile.contact_name,
                match_limit: profile.match_limit,
                active: profile.active,
            },
        )
        .collect();
    sqlx::query!(
        "INSERT INTO service_centers (id, office_id, external_id, name, carrier_organisation, street, postal_code,
             email, phone, contact_name, match_limit, active, created_at, updated_at)
         SELECT r.id, r.office_id, r.external_id, r.name, r.carrier_organisation, r.street, r.postal_code,
             r.email, r.phone, r.contact_name, r.match_limit, r.active, $2, $2
         FROM jsonb_to_recordset($1) AS r (id uuid, office_id uuid, external_id text, name text,
             carrier_organisation text, street text, postal_code text, email text, phone text,
             contact_name text, match_limit smallint, active boolean)
         ON CONFLICT (id) DO UPDATE SET
             office_id = excluded.office_id, external_id = excluded.external_id, name = excluded.name,
             carrier_organisation = excluded.carrier_organisation, street = excluded.street,
             postal_code = excluded.postal_code, email = excluded.email, phone = excluded.phone,
             contact_name = excluded.contact_name, match_limit = excluded.match_limit,
             active = excluded.active, version = service_centers.version + 1, updated_at = excluded.updated_at",
        serde_json::to_value(&rows).expect("a centre is plain data"),
        at,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Narrows a list of centres.
#[derive(Debug, Clone, Default)]
pub struct CenterFilter {
    /// Only centres that this office serves.
    pub office: Option<OfficeId>,
    /// Only centres that file cases, or only those that do not.
    pub active: Option<bool>,
    /// Only centres whose name contains this.
    pub name: Option<String>,
}

/// The centres within `scope`, by name.
pub async fn list(
    conn: &mut PgConnection,
    scope: &Scope,
    filter: &CenterFilter,
    page: &Page<(String, CenterId)>,
) -> Result<Slice<Center>> {
    let (after_name, after_id) = page.after.clone().map(|(name, id)| (name, id.uuid())).unzip();
    let (before_name, before_id) = page.before.clone().map(|(name, id)| (name, id.uuid())).unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, office_id, external_id, name, carrier_organisation, street, postal_code, email, phone,
               contact_name, match_limit, active, version, created_at, updated_at
           FROM service_centers
           WHERE ($1::bool OR office_id = ANY($2) OR id = ANY($3))
             AND ($4::uuid IS NULL OR office_id = $4)
             AND ($5::bool IS NULL OR active = $5)
             AND ($6::text IS NULL OR strpos(lower(name), lower($6)) > 0)
             AND ($7::text IS NULL OR (name, id) > ($7, $8::uuid))
             AND ($9::text IS NULL OR (name, id) < ($9, $10::uuid))
           ORDER BY CASE WHEN $11 THEN name END DESC, CASE WHEN $11 THEN id END DESC, name, id
           LIMIT $12"#,
        scope.everything,
        &offices(scope),
        &centers(scope),
        filter.office.map(OfficeId::uuid),
        filter.active,
        filter.name,
        after_name,
        after_id,
        before_name,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?
    .into_iter()
    .map(Center::try_from)
    .collect::<Result<Vec<_>>>()?;
    Ok(page.slice(rows))
}

/// How many centres [`list`] has in all.
pub async fn count(conn: &mut PgConnection, scope: &Scope, filter: &CenterFilter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM service_centers
           WHERE ($1::bool OR office_id = ANY($2) OR id = ANY($3))
             AND ($4::uuid IS NULL OR office_id = $4)
             AND ($5::bool IS NULL OR active = $5)
             AND ($6::text IS NULL OR strpos(lower(name), lower($6)) > 0)"#,
        scope.everything,
        &offices(scope),
        &centers(scope),
        filter.office.map(OfficeId::uuid),
        filter.active,
        filter.name,
    )
    .fetch_one(conn)
    .await?)
}

fn offices(scope: &Scope) -> Vec<Uuid> {
    scope.offices.iter().map(|id| id.uuid()).collect()
}

fn centers(scope: &Scope) -> Vec<Uuid> {
    scope.centers.iter().map(|id| id.uuid()).collect()
}
