//! Service centres.

use serde_json::json;
use tandem_domain::centers::CenterDraft;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CenterId, OfficeId};
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_storage::PgConnection;
use tandem_storage::centers::{self, Center, CenterFilter, Saved};
use tandem_storage::paging::{Page, Slice};

use crate::occupations::exists;
use crate::{App, Audit, Caller, Error, Result, idempotency, refuse};

/// A change of a centre: what is not given stays.
#[derive(Debug, Clone, Default)]
pub struct CenterPatch {
    /// Another office that serves it; the caller needs the right in both.
    pub office: Option<OfficeId>,
    /// See [`CenterDraft`]; so for every field.
    pub external_id: Option<Option<String>>,
    /// Name.
    pub name: Option<String>,
    /// Carrier organisation.
    pub carrier_organisation: Option<String>,
    /// Street and number.
    pub street: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Shared mailbox.
    pub email: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// Contact person.
    pub contact_name: Option<String>,
    /// Limit of simultaneous matches; `Some(None)` takes it away.
    pub match_limit: Option<Option<i64>>,
    /// Whether it files cases.
    pub active: Option<bool>,
}

impl CenterPatch {
    fn apply(self, draft: CenterDraft) -> CenterDraft {
        CenterDraft {
            external_id: self.external_id.unwrap_or(draft.external_id),
            name: self.name.unwrap_or(draft.name),
            carrier_organisation: self.carrier_organisation.unwrap_or(draft.carrier_organisation),
            street: self.street.unwrap_or(draft.street),
            postal_code: self.postal_code.unwrap_or(draft.postal_code),
            email: self.email.unwrap_or(draft.email),
            phone: self.phone.unwrap_or(draft.phone),
            contact_name: self.contact_name.unwrap_or(draft.contact_name),
            match_limit: self.match_limit.unwrap_or(draft.match_limit),
            active: self.active.unwrap_or(draft.active),
        }
    }
}

/// One centre.
pub async fn get(app: &App, caller: &Caller, id: CenterId) -> Result<Center> {
    let mut conn = app.acquire(caller).await?;
    let center = found(centers::get(&mut conn, id).await?, "id")?;
    caller.authorize(
        Action::ViewCenter,
        &Resource::center(id, center.office_id),
        "id",
        "service centre",
    )?;
    Ok(center)
}

/// Those of these centres that are there and that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[CenterId]) -> Result<Vec<Center>> {
    let mut conn = app.acquire(caller).await?;
    let mut centers = centers::by_ids(&mut conn, ids).await?;
    centers.retain(|center| {
        caller.can(Action::ViewCenter, &Resource::center(center.id, center.office_id)) == Decision::Allowed
    });
    Ok(centers)
}

/// The centres that the caller may see, by name, and how many there are where `total` is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &CenterFilter,
    page: &Page<(String, CenterId)>,
    total: bool,
) -> Result<(Slice<Center>, Option<i64>)> {
    let scope = caller.scope(Action::ViewCenter);
    let mut conn = app.acquire(caller).await?;
    let slice = centers::list(&mut conn, &scope, filter, page).await?;
    let total = if total {
        Some(centers::count(&mut conn, &scope, filter).await?)
    } else {
        None
    };
    Ok((slice, total))
}

/// Makes a centre that `office` serves; `key` makes a repeated call the same effect.
pub async fn create(
    app: &App,
    caller: &Caller,
    office: OfficeId,
    draft: CenterDraft,
    key: Option<&str>,
) -> Result<Center> {
    let id: CenterId = app.id();
    caller.authorize(
        Action::ManageCenter,
        &Resource::center(id, office),
        "officeId",
        "office",
    )?;
    let profile = draft.validate(exists)?;
    let mut tx = app.begin(caller).await?;
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "createServiceCenter", key, id).await? {
        let center = found(centers::get(&mut tx, earlier).await?, "idempotencyKey")?;
        // another office may serve it since
        caller.authorize(
            Action::ManageCenter,
            &Resource::center(earlier, center.office_id),
            "idempotencyKey",
            "service centre",
        )?;
        return Ok(center);
    }
    centers::save(
        &mut tx,
        &[Saved {
            id,
            office_id: office,
            profile: &profile,
        }],
        app.now(),
    )
    .await
    .map_err(explain)?;
    app.audit(&mut tx, caller, &[Audit::new("center.created", id)])
        .await?;
    let center = found(centers::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(center)
}

/// Changes a centre. A `version` that is no longer the current one is a conflict; a change of nothing
/// changes nothing.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: CenterId,
    version: Option<i64>,
    patch: CenterPatch,
) -> Result<Center> {
    let mut tx = app.begin(caller).await?;
    let before = found(centers::lock(&mut tx, id).await?, "centerId")?;
    let resource = Resource::center(id, before.office_id);
    caller.authorize(Action::ManageCenter, &resource, "centerId", "service centre")?;
    if version.is_some_and(|version| version != before.version) {
        return refuse(stale("centre"));
    }
    let office_id = patch.office.unwrap_or(before.office_id);
    if office_id != before.office_id {
        caller.authorize(
            Action::ManageCenter,
            &Resource::center(id, office_id),
            "officeId",
            "office",
        )?;
    }
    let profile = patch.apply(before.profile.clone().into()).validate(exists)?;
    let mut changed = before.profile.differences(&profile);
    if office_id != before.office_id {
        changed.push("officeId");
    }
    if changed.is_empty() {
        return Ok(before);
    }
    centers::save(
        &mut tx,
        &[Saved {
            id,
            office_id,
            profile: &profile,
        }],
        app.now(),
    )
    .await
    .map_err(explain)?;
    app.audit(
        &mut tx,
        caller,
        &[Audit::new("center.updated", id).detail(json!({ "fields": changed }))],
    )
    .await?;
    let center = found(centers::get(&mut tx, id).await?, "centerId")?;
    tx.commit().await?;
    Ok(center)
}

/// The centre where it exists; for other operations that are given one.
pub async fn require(conn: &mut PgConnection, id: CenterId, field: &str) -> Result<Center> {
    found(centers::get(conn, id).await?, field)
}

fn found(center: Option<Center>, field: &str) -> Result<Center> {
    center.ok_or_else(|| UserError::not_found(field, "service centre").into())
}

/// What a version says that is no longer the current one.
pub(crate) fn stale(what: &str) -> UserError {
    UserError::new(
        Code::Conflict,
        "version",
        format!("somebody else changed this {what} meanwhile; look at it again and repeat your change"),
    )
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("service_centers_external_id_key") => UserError::invalid(
            "externalId",
            "another centre already has this external id; each has its own",
        )
        .into(),
        Some("service_centers_office_id_fkey") => UserError::not_found("officeId", "office").into(),
        _ => error.into(),
    }
}
