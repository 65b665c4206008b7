//! Regional offices.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::{
    ids::OfficeId,
    offices::{Office, OfficeDraft},
    policy::Scope,
    postal_codes::PostalCode,
    values::Email,
};
use uuid::Uuid;

use crate::{
    Result,
    paging::{Page, Slice},
    parse,
};

/// The order of the list of offices: by name.
pub type Key = (String, Uuid);

struct Row {
    id: Uuid,
    external_id: Option<String>,
    name: String,
    postal_code: String,
    email: String,
    phone: String,
    contact_name: String,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Office {
    type Error = crate::Error;

    fn try_from(row: Row) -> Result<Self> {
        let postal_code: PostalCode = parse("regional_offices", "postal_code", row.id, &row.postal_code)?;
        let email: Email = parse("regional_offices", "email", row.id, &row.email)?;
        Ok(Self {
            id: row.id.into(),
            external_id: row.external_id,
            name: row.name,
            postal_code,
            email,
            phone: row.phone,
            contact_name: row.contact_name,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The offices with these ids; an id that is not there is absent.
pub async fn by_ids(conn: &mut PgConnection, ids: &[OfficeId]) -> Result<Vec<Office>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, external_id, name, postal_code, email, phone, contact_name, version, created_at, updated_at
           FROM regional_offices WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Office::try_from).collect()
}

/// One office.
pub async fn find(conn: &mut PgConnection, id: OfficeId) -> Result<Option<Office>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One office, held until the end of the transaction.
pub async fn find_for_update(conn: &mut PgConnection, id: OfficeId) -> Result<Option<Office>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, external_id, name, postal_code, email, phone, contact_name, version, created_at, updated_at
           FROM regional_offices WHERE id = $1 FOR UPDATE",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(Office::try_from).transpose()
}

/// The offices that somebody may see, by name.
pub async fn list(conn: &mut PgConnection, scope: &Scope, page: &Page<Key>) -> Result<Slice<Office>> {
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    let (after_name, after_id) = page.after.clone().unzip();
    let (before_name, before_id) = page.before.clone().unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, external_id, name, postal_code, email, phone, contact_name, version, created_at, updated_at
             FROM regional_offices
            WHERE ($1::bool OR id = ANY($2))
              AND ($3::text IS NULL OR (name, id) > ($3, $4::uuid))
              AND ($5::text IS NULL OR (name, id) < ($5, $6::uuid))
            ORDER BY CASE WHEN $7 THEN name END DESC, CASE WHEN $7 THEN id END DESC, name, id
            LIMIT $8"#,
        scope.everything,
        &offices,
        after_name,
        after_id,
        before_name,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let offices = rows
        .into_iter()
        .map(Office::try_from)
        .collect::<Result<Vec<_>>>()?;
    Ok(page.slice(offices))
}

/// How many offices somebody may see.
pub async fn count(conn: &mut PgConnection, scope: &Scope) -> Result<i64> {
    let offices: Vec<Uuid> = scope.offices.iter().map(|id| id.uuid()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM regional_offices WHERE ($1::bool OR id = ANY($2))"#,
        scope.everything,
        &offices,
    )
    .fetch_one(conn)
    .await?)
}

/// Writes a new office.
pub async fn insert(
    conn: &mut PgConnection,
    id: OfficeId,
    draft: &OfficeDraft,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO regional_offices
             (id, external_id, name, postal_code, email, phone, contact_name, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        id.uuid(),
        draft.external_id,
        draft.name,
        draft.postal_code.as_str(),
        draft.email.as_str(),
        draft.phone,
        draft.contact_name,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes an office anew; its version grows by one.
pub async fn update(
    conn: &mut PgConnection,
    id: OfficeId,
    draft: &OfficeDraft,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE regional_offices
            SET external_id = $2, name = $3, postal_code = $4, email = $5, phone = $6, contact_name = $7,
                version = version + 1, updated_at = $8
          WHERE id = $1",
        id.uuid(),
        draft.external_id,
        draft.name,
        draft.postal_code.as_str(),
        draft.email.as_str(),
        draft.phone,
        draft.contact_name,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}
