//! Users and their roles.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tandem_domain::{
    ids::{RoleGrantId, UserId},
    policy::{Grant, Role},
    users::{RoleGrant, User, UserDraft},
    values::{Email, Language},
};
use uuid::Uuid;

use crate::{
    Error, Result,
    paging::{Page, Slice},
    parse,
};

/// The order of the list of users: by name.
pub type Key = (String, Uuid);

struct Row {
    id: Uuid,
    email: String,
    name: String,
    phone: String,
    language: String,
    active: bool,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for User {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let email: Email = parse("users", "email", row.id, &row.email)?;
        let language: Language = parse("users", "language", row.id, &row.language)?;
        Ok(Self {
            id: row.id.into(),
            email,
            name: row.name,
            phone: row.phone,
            language,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

struct GrantRow {
    id: Uuid,
    user_id: Uuid,
    role: String,
    office_id: Option<Uuid>,
    center_id: Option<Uuid>,
    expert_id: Option<Uuid>,
    mentee_id: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl TryFrom<GrantRow> for RoleGrant {
    type Error = Error;

    fn try_from(row: GrantRow) -> Result<Self> {
        let role: Role = parse("role_grants", "role", row.id, &row.role)?;
        Ok(Self {
            id: row.id.into(),
            user: row.user_id.into(),
            grant: grant(role, row.office_id, row.center_id, row.expert_id, row.mentee_id).ok_or_else(
                || Error::Corrupt {
                    table: "role_grants",
                    column: "role",
                    id: row.id.to_string(),
                    problem: format!("{role} lacks its scope"),
                },
            )?,
            created_at: row.created_at,
        })
    }
}

fn grant(
    role: Role,
    office: Option<Uuid>,
    center: Option<Uuid>,
    expert: Option<Uuid>,
    mentee: Option<Uuid>,
) -> Option<Grant> {
    Some(match role {
        Role::Admin => Grant::Admin,
        Role::Coordinator => Grant::Coordinator(office.map(Into::into)),
        Role::CenterStaff => Grant::CenterStaff(center?.into()),
        Role::Expert => Grant::Expert(expert?.into()),
        Role::Mentee => Grant::Mentee(mentee?.into()),
    })
}

/// The scope columns of a grant: office, centre, expert, mentee.
fn columns(grant: Grant) -> [Option<Uuid>; 4] {
    match grant {
        Grant::Admin | Grant::Coordinator(None) => [None; 4],
        Grant::Coordinator(Some(office)) => [Some(office.uuid()), None, None, None],
        Grant::CenterStaff(center) => [None, Some(center.uuid()), None, None],
        Grant::Expert(expert) => [None, None, Some(expert.uuid()), None],
        Grant::Mentee(mentee) => [None, None, None, Some(mentee.uuid())],
    }
}

/// The users with these ids; an id that is not there is absent.
pub async fn by_ids(conn: &mut PgConnection, ids: &[UserId]) -> Result<Vec<User>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, email, name, phone, language, active, version, created_at, updated_at
           FROM users WHERE id = ANY($1)",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(User::try_from).collect()
}

/// One user.
pub async fn find(conn: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

/// One user, held until the end of the transaction.
pub async fn find_for_update(conn: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, email, name, phone, language, active, version, created_at, updated_at
           FROM users WHERE id = $1 FOR NO KEY UPDATE",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// The user with this address.
pub async fn find_by_email(conn: &mut PgConnection, email: &Email) -> Result<Option<User>> {
    let row = sqlx::query_as!(
        Row,
        "SELECT id, email, name, phone, language, active, version, created_at, updated_at
           FROM users WHERE email = $1",
        email.as_str(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(User::try_from).transpose()
}

/// Users by name; `search` is part of a name or an address.
pub async fn list(conn: &mut PgConnection, search: Option<&str>, page: &Page<Key>) -> Result<Slice<User>> {
    let (after_name, after_id) = page.after.clone().unzip();
    let (before_name, before_id) = page.before.clone().unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, email, name, phone, language, active, version, created_at, updated_at
             FROM users
            WHERE ($1::text IS NULL OR strpos(lower(name), lower($1)) > 0 OR strpos(email, lower($1)) > 0)
              AND ($2::text IS NULL OR (name, id) > ($2, $3::uuid))
              AND ($4::text IS NULL OR (name, id) < ($4, $5::uuid))
            ORDER BY CASE WHEN $6 THEN name END DESC, CASE WHEN $6 THEN id END DESC, name, id
            LIMIT $7"#,
        search,
        after_name,
        after_id,
        before_name,
        before_id,
        page.backward,
        page.fetch(),
    )
    .fetch_all(conn)
    .await?;
    let users = rows.into_iter().map(User::try_from).collect::<Result<Vec<_>>>()?;
    Ok(page.slice(users))
}

/// How many users a list has.
pub async fn count(conn: &mut PgConnection, search: Option<&str>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users
            WHERE ($1::text IS NULL OR strpos(lower(name), lower($1)) > 0 OR strpos(email, lower($1)) > 0)"#,
        search,
    )
    .fetch_one(conn)
    .await?)
}

/// Writes a new user.
pub async fn insert(
    conn: &mut PgConnection,
    id: UserId,
    draft: &UserDraft,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO users (id, email, name, phone, language, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)",
        id.uuid(),
        draft.email.as_str(),
        draft.name,
        draft.phone,
        draft.language.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Sets the language of a user's e-mails.
pub async fn set_language(
    conn: &mut PgConnection,
    id: UserId,
    language: &Language,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET language = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        language.as_str(),
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lets a user sign in, or not any more.
pub async fn set_active(conn: &mut PgConnection, id: UserId, active: bool, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET active = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        active,
        now,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The roles of these users, the oldest first.
pub async fn grants(conn: &mut PgConnection, users: &[UserId]) -> Result<Vec<RoleGrant>> {
    let users: Vec<Uuid> = users.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        GrantRow,
        "SELECT id, user_id, role, office_id, center_id, expert_id, mentee_id, created_at
           FROM role_grants WHERE user_id = ANY($1) ORDER BY created_at, id",
        &users,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(RoleGrant::try_from).collect()
}

/// One role of somebody.
pub async fn find_grant(conn: &mut PgConnection, id: RoleGrantId) -> Result<Option<RoleGrant>> {
    let row = sqlx::query_as!(
        GrantRow,
        "SELECT id, user_id, role, office_id, center_id, expert_id, mentee_id, created_at
           FROM role_grants WHERE id = $1",
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    row.map(RoleGrant::try_from).transpose()
}

/// Gives a role; `false` where the user has it already.
pub async fn insert_grant(
    conn: &mut PgConnection,
    id: RoleGrantId,
    user: UserId,
    grant: Grant,
    now: DateTime<Utc>,
) -> Result<bool> {
    let [office, center, expert, mentee] = columns(grant);
    let written = sqlx::query!(
        "INSERT INTO role_grants (id, user_id, role, office_id, center_id, expert_id, mentee_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT ON CONSTRAINT role_grants_unique DO NOTHING",
        id.uuid(),
        user.uuid(),
        grant.role().as_str(),
        office,
        center,
        expert,
        mentee,
        now,
    )
    .execute(conn)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Takes a role.
pub async fn delete_grant(conn: &mut PgConnection, id: RoleGrantId) -> Result<()> {
    sqlx::query!("DELETE FROM role_grants WHERE id = $1", id.uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// The administrators who may sign in; their rows are held, so that two who take the
/// role from each other at the same moment do not both succeed.
pub async fn lock_active_admins(conn: &mut PgConnection) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "SELECT u.id FROM users u
          WHERE u.active AND EXISTS (SELECT FROM role_grants g WHERE g.user_id = u.id AND g.role = 'ADMIN')
          ORDER BY u.id FOR NO KEY UPDATE",
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}
