//! Regional offices.

use serde_json::json;
use tandem_domain::{
    errors::{Code, UserError},
    ids::OfficeId,
    offices::{Office, OfficeDraft, OfficeInput},
    policy::{Action, Decision, Resource},
};
use tandem_storage::{
    PgConnection,
    offices::{self, Key},
    paging::{Page, Slice},
};

use crate::{App, Audit, Caller, Error, Result, idempotency, refuse};

/// One office; refused as not found where the caller may not see it.
pub async fn get(app: &App, caller: &Caller, id: OfficeId) -> Result<Office> {
    caller.authorize(Action::ViewOffice, &Resource::office(id), "id", "office")?;
    let mut conn = app.acquire(caller).await?;
    found(offices::find(&mut conn, id).await?, "id")
}

/// Those of these offices that are there and that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[OfficeId]) -> Result<Vec<Office>> {
    let mut conn = app.acquire(caller).await?;
    let mut offices = offices::by_ids(&mut conn, ids).await?;
    offices
        .retain(|office| caller.can(Action::ViewOffice, &Resource::office(office.id)) == Decision::Allowed);
    Ok(offices)
}

/// The offices that the caller may see, by name, and how many there are where `total` is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<Office>, Option<i64>)> {
    let scope = caller.scope(Action::ViewOffice);
    let mut conn = app.acquire(caller).await?;
    let slice = offices::list(&mut conn, &scope, page).await?;
    let total = if total {
        Some(offices::count(&mut conn, &scope).await?)
    } else {
        None
    };
    Ok((slice, total))
}

/// Creates an office; `key` makes a repeated call the same effect.
pub async fn create(app: &App, caller: &Caller, input: OfficeInput, key: Option<&str>) -> Result<Office> {
    caller.authorize(Action::ManageOffice, &Resource::programme(), "", "programme")?;
    let draft = input.check()?;
    let id: OfficeId = app.id();
    let mut tx = app.begin(caller).await?;
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "createOffice", key, id).await? {
        return found(offices::find(&mut tx, earlier).await?, "idempotencyKey");
    }
    offices::insert(&mut tx, id, &draft, app.now())
        .await
        .map_err(|error| explain(error, &draft))?;
    app.audit(&mut tx, caller, &[Audit::new("office.created", id)])
        .await?;
    let office = found(offices::find(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(office)
}

/// Changes an office. A `version` that is no longer the current one is a conflict.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: OfficeId,
    version: Option<i64>,
    input: OfficeInput,
) -> Result<Office> {
    caller.authorize(Action::ManageOffice, &Resource::office(id), "id", "office")?;
    let draft = input.check()?;
    let mut tx = app.begin(caller).await?;
    let before = found(offices::find_for_update(&mut tx, id).await?, "id")?;
    if version.is_some_and(|version| version != before.version) {
        return refuse(UserError::new(
            Code::Conflict,
            "version",
            "somebody else changed this office meanwhile; look at it again and repeat your change",
        ));
    }
    offices::update(&mut tx, id, &draft, app.now())
        .await
        .map_err(|error| explain(error, &draft))?;
    let changed = changed_fields(&before, &draft);
    app.audit(
        &mut tx,
        caller,
        &[Audit::new("office.updated", id).detail(json!({ "fields": changed }))],
    )
    .await?;
    let office = found(offices::find(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(office)
}

/// Names the office where it exists; for other operations that are given one.
pub async fn require(conn: &mut PgConnection, id: OfficeId, field: &str) -> Result<Office> {
    found(offices::find(conn, id).await?, field)
}

fn found(office: Option<Office>, field: &str) -> Result<Office> {
    office.ok_or_else(|| UserError::not_found(field, "office").into())
}

fn explain(error: tandem_storage::Error, draft: &OfficeDraft) -> Error {
    match error.constraint() {
        Some("regional_offices_postal_code_fkey") => UserError::invalid(
            "postalCode",
            format!("there is no postal code {} in Germany", draft.postal_code),
        )
        .into(),
        Some("regional_offices_external_id_key") => UserError::invalid(
            "externalId",
            "another office already has this external id; each has its own",
        )
        .into(),
        _ => error.into(),
    }
}

fn changed_fields(before: &Office, after: &OfficeDraft) -> Vec<&'static str> {
    [
        ("externalId", before.external_id != after.external_id),
        ("name", before.name != after.name),
        ("postalCode", before.postal_code != after.postal_code),
        ("email", before.email != after.email),
        ("phone", before.phone != after.phone),
        ("contactName", before.contact_name != after.contact_name),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect()
}
