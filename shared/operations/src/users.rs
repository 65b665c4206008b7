//! Staff: users and their roles.

use serde_json::json;
use tandem_domain::{
    errors::UserError,
    ids::{RoleGrantId, UserId},
    policy::{Action, Decision, Grant, Resource, Role},
    users::{RoleGrant, User, UserInput},
    values::Language,
};
use tandem_storage::{
    PgConnection,
    paging::{Page, Slice},
    sessions,
    users::{self, Key},
};

use crate::{App, Audit, Caller, Result, idempotency, refuse};

/// One user; refused as not found where the caller may not see it. Everybody sees oneself.
pub async fn get(app: &App, caller: &Caller, id: UserId) -> Result<User> {
    by_ids(app, caller, &[id])
        .await?
        .pop()
        .ok_or_else(|| UserError::not_found("id", "user").into())
}

/// Those of these users that are there and that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[UserId]) -> Result<Vec<User>> {
    let visible: Vec<UserId> = ids.iter().copied().filter(|id| may_see(caller, *id)).collect();
    let mut conn = app.acquire(caller).await?;
    Ok(users::by_ids(&mut conn, &visible).await?)
}

/// The roles of those of these users that the caller may see.
pub async fn grants(app: &App, caller: &Caller, ids: &[UserId]) -> Result<Vec<RoleGrant>> {
    let visible: Vec<UserId> = ids.iter().copied().filter(|id| may_see(caller, *id)).collect();
    let mut conn = app.acquire(caller).await?;
    Ok(users::grants(&mut conn, &visible).await?)
}

fn may_see(caller: &Caller, id: UserId) -> bool {
    caller.user_id() == Some(id) || caller.can(Action::ViewUser, &Resource::programme()) == Decision::Allowed
}

/// Users by name; `search` is part of a name or an address.
pub async fn list(
    app: &App,
    caller: &Caller,
    search: Option<&str>,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<User>, Option<i64>)> {
    if !caller.scope(Action::ViewUser).everything {
        return Ok((page.slice(Vec::new()), total.then_some(0)));
    }
    let mut conn = app.acquire(caller).await?;
    let slice = users::list(&mut conn, search, page).await?;
    let total = if total {
        Some(users::count(&mut conn, search).await?)
    } else {
        None
    };
    Ok((slice, total))
}

/// Creates a user with these roles; `key` makes a repeated call the same effect.
pub async fn create(
    app: &App,
    caller: &Caller,
    input: UserInput,
    roles: &[Grant],
    key: Option<&str>,
) -> Result<User> {
    caller.authorize(Action::ManageUser, &Resource::programme(), "", "programme")?;
    for role in roles {
        check_role(*role)?;
    }
    let draft = input.check()?;
    let id: UserId = app.id();
    let mut tx = app.begin(caller).await?;
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "createUser", key, id).await? {
        return existing(&mut tx, earlier, "idempotencyKey").await;
    }
    users::insert(&mut tx, id, &draft, app.now())
        .await
        .map_err(|error| match error.constraint() {
            Some("users_email_unique") => UserError::invalid(
                "email",
                format!("there is a user with the address {} already", draft.email),
            )
            .into(),
            _ => crate::Error::from(error),
        })?;
    let mut trail = vec![Audit::new("user.created", id).about(id)];
    for role in roles {
        insert_grant(&mut tx, app, id, *role).await?;
        trail.push(granted("role.granted", id, *role));
    }
    app.audit(&mut tx, caller, &trail).await?;
    let user = existing(&mut tx, id, "id").await?;
    tx.commit().await?;
    Ok(user)
}

/// Gives a user a role. Nothing happens where the user has it.
pub async fn grant_role(app: &App, caller: &Caller, id: UserId, role: Grant) -> Result<User> {
    caller.authorize(Action::ManageUser, &Resource::programme(), "userId", "user")?;
    check_role(role)?;
    let mut tx = app.begin(caller).await?;
    let user = existing_for_update(&mut tx, id, "userId").await?;
    if insert_grant(&mut tx, app, id, role).await? {
        app.audit(&mut tx, caller, &[granted("role.granted", id, role)])
            .await?;
    }
    tx.commit().await?;
    Ok(user)
}

/// Takes a role from its user. The last administrator keeps it.
pub async fn revoke_role(app: &App, caller: &Caller, grant: RoleGrantId) -> Result<User> {
    caller.authorize(Action::ManageUser, &Resource::programme(), "roleGrantId", "role")?;
    let mut tx = app.begin(caller).await?;
    let given = users::find_grant(&mut tx, grant)
        .await?
        .ok_or_else(|| UserError::not_found("roleGrantId", "role"))?;
    if given.grant == Grant::Admin {
        keep_an_admin(&mut tx, given.user).await?;
    }
    users::delete_grant(&mut tx, grant).await?;
    app.audit(
        &mut tx,
        caller,
        &[granted("role.revoked", given.user, given.grant)],
    )
    .await?;
    let user = existing(&mut tx, given.user, "roleGrantId").await?;
    tx.commit().await?;
    Ok(user)
}

/// Lets a user sign in no more; every session ends at once. The last administrator stays.
pub async fn deactivate(app: &App, caller: &Caller, id: UserId) -> Result<User> {
    caller.authorize(Action::ManageUser, &Resource::programme(), "userId", "user")?;
    let mut tx = app.begin(caller).await?;
    keep_an_admin(&mut tx, id).await?;
    let user = existing_for_update(&mut tx, id, "userId").await?;
    if user.active {
        users::set_active(&mut tx, id, false, app.now()).await?;
        let ended = sessions::revoke_all(&mut tx, id, app.now()).await?;
        let audit = Audit::new("user.deactivated", id)
            .about(id)
            .detail(json!({ "sessionsEnded": ended }));
        app.audit(&mut tx, caller, &[audit]).await?;
    }
    let user = existing(&mut tx, id, "userId").await?;
    tx.commit().await?;
    Ok(user)
}

/// Lets a user sign in again.
pub async fn reactivate(app: &App, caller: &Caller, id: UserId) -> Result<User> {
    caller.authorize(Action::ManageUser, &Resource::programme(), "userId", "user")?;
    let mut tx = app.begin(caller).await?;
    let user = existing_for_update(&mut tx, id, "userId").await?;
    if !user.active {
        users::set_active(&mut tx, id, true, app.now()).await?;
        app.audit(&mut tx, caller, &[Audit::new("user.reactivated", id).about(id)])
            .await?;
    }
    let user = existing(&mut tx, id, "userId").await?;
    tx.commit().await?;
    Ok(user)
}

/// Sets the language of a user's e-mails: one's own, or for administrators anybody's. Mails to the mailbox of
/// an office or a centre follow the users who work there.
pub async fn set_language(app: &App, caller: &Caller, id: UserId, language: &str) -> Result<User> {
    if caller.user_id() != Some(id) {
        caller.authorize(Action::ManageUser, &Resource::programme(), "userId", "user")?;
    }
    let language: Language = language
        .parse()
        .map_err(|problem| UserError::invalid("language", problem))?;
    let mut tx = app.begin(caller).await?;
    let user = existing_for_update(&mut tx, id, "userId").await?;
    if user.language != language {
        users::set_language(&mut tx, id, &language, app.now()).await?;
        let audit = Audit::new("user.language_changed", id).about(id);
        app.audit(&mut tx, caller, &[audit]).await?;
    }
    let user = existing(&mut tx, id, "userId").await?;
    tx.commit().await?;
    Ok(user)
}

/// The roles that staff give. An expert's and a mentee's role lets its holder answer as that person,
/// which nobody else may (domain.md "Who may do what", rule 1): they come with the person's own sign-in.
fn check_role(role: Grant) -> Result<()> {
    match role.role() {
        Role::Admin | Role::Coordinator | Role::CenterStaff => Ok(()),
        Role::Expert | Role::Mentee => refuse(UserError::invalid(
            "role",
            "roles of experts and mentees cannot be given by staff; give ADMIN, COORDINATOR or CENTER_STAFF",
        )),
    }
}

async fn insert_grant(conn: &mut PgConnection, app: &App, user: UserId, role: Grant) -> Result<bool> {
    users::insert_grant(conn, app.id(), user, role, app.now())
        .await
        .map_err(|error| match error.constraint() {
            Some("role_grants_office_id_fkey") => UserError::not_found("role.officeId", "office").into(),
            Some("role_grants_center_id_fkey") => UserError::not_found("role.centerId", "centre").into(),
            _ => error.into(),
        })
}

fn granted(action: &'static str, user: UserId, role: Grant) -> Audit {
    let scope = match role {
        Grant::Coordinator(Some(office)) => Some(office.uuid()),
        Grant::CenterStaff(center) => Some(center.uuid()),
        Grant::Admin | Grant::Coordinator(None) | Grant::Expert(_) | Grant::Mentee(_) => None,
    };
    Audit::new(action, user)
        .about(user)
        .detail(json!({ "role": role.role().as_str(), "scope": scope }))
}

/// Refuses where `user` is the only administrator who may sign in.
async fn keep_an_admin(conn: &mut PgConnection, user: UserId) -> Result<()> {
    if users::lock_active_admins(conn).await? == [user] {
        return refuse(UserError::conflict(
            "this is the last administrator: make somebody else one first",
        ));
    }
    Ok(())
}

async fn existing(conn: &mut PgConnection, id: UserId, field: &str) -> Result<User> {
    users::find(conn, id)
        .await?
        .ok_or_else(|| UserError::not_found(field, "user").into())
}

async fn existing_for_update(conn: &mut PgConnection, id: UserId, field: &str) -> Result<User> {
    users::find_for_update(conn, id)
        .await?
        .ok_or_else(|| UserError::not_found(field, "user").into())
}
