//! Senior Experts: registering, changing, reading.

mod duplicates;
mod listing;
mod own;
mod patch;
mod states;

pub use duplicates::Duplicate;
pub use listing::{ListFilter, NearInput, NearPlace, Row, list};
pub use own::{OPTIONAL_MAILS, OwnSettings, change_own_settings, own_settings};
pub use patch::ExpertPatch;
pub use states::{activate, leave, pause, reinstate, resume, suspend};

use std::collections::HashMap;

use serde_json::json;
use tandem_domain::errors::{Code, UserError};
use tandem_domain::experts::{ExpertDraft, ExpertProfile, ExpertState};
use tandem_domain::ids::{ExpertId, OfficeId};
use tandem_domain::parties::Party;
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::readiness::{Readiness, readiness};
use tandem_storage::PgConnection;
use tandem_storage::experts::{self, Details, Expert, ExpertPause, Part, Saved};
use tandem_storage::facts;

use crate::centers::stale;
use crate::occupations::{exists, place};
use crate::{App, Audit, Caller, Error, Result, addresses, idempotency, refuse};

/// How much of an expert a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// As a centre or a mentee after the yes (S21): who it is, and nothing of why somebody is or is not
    /// available.
    Partner,
    /// As an office: all that a search shows.
    Office,
    /// As the own office, or the expert: contact data as well.
    Whole,
}

/// How much of an expert who is visible at all the caller sees.
pub fn sight(caller: &Caller, expert: &Expert) -> Sight {
    let resource = Resource::expert(expert.id, expert.office_id);
    if caller.can(Action::ViewExpertContact, &resource) == Decision::Allowed {
        Sight::Whole
    } else if caller.can(Action::ViewExpert, &resource) == Decision::Allowed {
        Sight::Office
    } else {
        Sight::Partner
    }
}

/// Those of these experts whom the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[ExpertId]) -> Result<Vec<Expert>> {
    let mut conn = app.acquire(caller).await?;
    let scope = caller.scope(Action::ViewExpert);
    let visible = if scope.everything {
        ids.to_vec()
    } else {
        experts::visible(&mut conn, &scope, ids).await?
    };
    Ok(experts::by_ids(&mut conn, &visible).await?)
}

/// One expert, in detail; staff's reading leaves a trace.
pub async fn get(app: &App, caller: &Caller, id: ExpertId) -> Result<Expert> {
    let Some(expert) = by_ids(app, caller, &[id]).await?.pop() else {
        return refuse(UserError::not_found("id", "expert"));
    };
    let mut tx = app.begin(caller).await?;
    app.audit(&mut tx, caller, &[Audit::new("expert.viewed", id).about(id)])
        .await?;
    tx.commit().await?;
    Ok(expert)
}

/// Contact data of those of these experts whose contact data the caller may see: e-mail, telephone, street,
/// birth date. Leaves a trace of each.
pub async fn contacts(app: &App, caller: &Caller, ids: &[ExpertId]) -> Result<Vec<Expert>> {
    let mut tx = app.begin(caller).await?;
    let mut experts = experts::by_ids(&mut tx, ids).await?;
    experts.retain(|expert| sight(caller, expert) == Sight::Whole);
    let trace: Vec<Audit> = experts
        .iter()
        .map(|expert| Audit::new("expert.contact_viewed", expert.id).about(expert.id))
        .collect();
    app.audit(&mut tx, caller, &trace).await?;
    tx.commit().await?;
    Ok(experts)
}

/// These parts of the details (occupations, languages, areas, programmes) of experts whom the caller has been
/// shown. The lists that are not asked for are empty.
pub async fn details(
    app: &App,
    caller: &Caller,
    ids: &[ExpertId],
    parts: &[Part],
) -> Result<HashMap<ExpertId, Details>> {
    let mut conn = app.acquire(caller).await?;
    Ok(experts::parts_for(&mut conn, ids, parts).await?)
}

/// The pauses, not over yet, of those of these experts whom the caller sees as an office does.
pub async fn pauses(app: &App, caller: &Caller, ids: &[ExpertId]) -> Result<Vec<ExpertPause>> {
    let mut conn = app.acquire(caller).await?;
    let ids = at_least(&mut conn, caller, ids, Sight::Office).await?;
    Ok(experts::pauses_for(&mut conn, &ids, app.today()).await?)
}

/// The readiness today of those of these experts whom the caller sees as an office does. What is missing is
/// told to who sees the whole expert only: elsewhere "not available", never with a reason (L).
pub async fn readinesses(
    app: &App,
    caller: &Caller,
    ids: &[ExpertId],
) -> Result<HashMap<ExpertId, Readiness>> {
    let mut conn = app.acquire(caller).await?;
    let shown = at_least(&mut conn, caller, ids, Sight::Office).await?;
    let required = facts::required_modules(&mut conn).await?;
    let rows = facts::experts(&mut conn, Some(&shown), app.now(), app.today()).await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let mut readiness = readiness(&row.facts, &required, app.today());
            let resource = Resource::expert(row.id, row.facts.office);
            if caller.can(Action::ViewExpertContact, &resource) != Decision::Allowed {
                readiness.missing.clear();
            }
            (row.id, readiness)
        })
        .collect())
}

async fn at_least(
    conn: &mut PgConnection,
    caller: &Caller,
    ids: &[ExpertId],
    least: Sight,
) -> Result<Vec<ExpertId>> {
    let experts = experts::by_ids(conn, ids).await?;
    Ok(experts
        .into_iter()
        .filter(|expert| sight(caller, expert) >= least)
        .map(|expert| expert.id)
        .collect())
}

/// Registers an expert with an office. Experts who may be the same person are returned with it: a warning, no
/// refusal (S55). `key` makes a repeated call the same effect, then without the warning.
pub async fn register(
    app: &App,
    caller: &Caller,
    office: OfficeId,
    draft: ExpertDraft,
    key: Option<&str>,
) -> Result<(Expert, Vec<Duplicate>)> {
    let id: ExpertId = app.id();
    caller.authorize(
        Action::ManageExpert,
        &Resource::office(office),
        "officeId",
        "office",
    )?;
    let profile = draft.validate(app.today(), exists)?;
    gives_no_consent(false, profile.publicity_consent)?;
    let mut tx = app.begin(caller).await?;
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "registerExpert", key, id).await? {
        let expert = found(experts::get(&mut tx, earlier).await?, "idempotencyKey")?;
        // the expert may have moved to another office since
        caller.authorize(
            Action::ManageExpert,
            &Resource::expert(earlier, expert.office_id),
            "idempotencyKey",
            "expert",
        )?;
        return Ok((expert, Vec::new()));
    }
    let duplicates = duplicates::of(&mut tx, caller, &profile).await?;
    save(&mut tx, app, id, office, ExpertState::Registered, &profile).await?;
    app.audit(&mut tx, caller, &[Audit::new("expert.registered", id).about(id)])
        .await?;
    let expert = found(experts::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok((expert, duplicates))
}

/// Changes an expert. A `version` that is no longer the current one is a conflict; a change of nothing
/// changes nothing.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: ExpertId,
    version: Option<i64>,
    patch: ExpertPatch,
) -> Result<Expert> {
    let mut tx = app.begin(caller).await?;
    let before = locked(&mut tx, caller, id, version).await?;
    if before.state == ExpertState::Left {
        return refuse(UserError::conflict(
            "this expert has left: the data are no longer changed",
        ));
    }
    let office = patch.office.unwrap_or(before.office_id);
    if office != before.office_id {
        caller.authorize(
            Action::ManageExpert,
            &Resource::office(office),
            "officeId",
            "office",
        )?;
    }
    let details = experts::details_for(&mut tx, &[id])
        .await?
        .remove(&id)
        .unwrap_or_default();
    let old = before.profile(details);
    let mut profile = patch.apply(old.clone().into()).validate(app.today(), exists)?;
    gives_no_consent(old.publicity_consent, profile.publicity_consent)?;
    let stored = addresses::change(
        &mut tx,
        app,
        caller,
        Party::Expert(id),
        Some(&old.email),
        Some(&profile.email),
    )
    .await?;
    profile.email = stored.unwrap_or(profile.email);
    let mut changed = old.differences(&profile);
    if office != before.office_id {
        changed.push("officeId");
    }
    if changed.is_empty() {
        // a changed address is kept apart until it is confirmed
        tx.commit().await?;
        return Ok(before);
    }
    save(&mut tx, app, id, office, before.state, &profile).await?;
    let entry = Audit::new("expert.updated", id)
        .about(id)
        .detail(json!({ "fields": changed }));
    app.audit(&mut tx, caller, &[entry]).await?;
    let expert = found(experts::get(&mut tx, id).await?, "expertId")?;
    tx.commit().await?;
    Ok(expert)
}

async fn save(
    conn: &mut PgConnection,
    app: &App,
    id: ExpertId,
    office_id: OfficeId,
    state: ExpertState,
    profile: &ExpertProfile,
) -> Result<()> {
    let saved = Saved {
        id,
        office_id,
        state,
        activated_on: None,
        left_on: None,
        profile,
        place: place(profile.postal_code).map_or("", |place| place.place.as_str()),
    };
    experts::save(conn, &[saved], app.now()).await.map_err(explain)
}

/// Lets pass or refuses what somebody wants to do about an expert, named by `field`. A centre and a mentee see
/// an expert by the match that they have (S21), which the expert's own row does not tell: to them it is
/// `FORBIDDEN`, and `NOT_FOUND` to who does not see the expert.
pub(crate) async fn authorize(
    conn: &mut PgConnection,
    caller: &Caller,
    action: Action,
    (id, office): (ExpertId, OfficeId),
    field: &str,
) -> Result<()> {
    let resource = Resource::expert(id, office);
    if caller.can(action, &resource) == Decision::Hidden {
        let seen = experts::visible(conn, &caller.scope(Action::ViewExpert), &[id]).await?;
        if !seen.is_empty() {
            return refuse(UserError {
                field: field.to_owned(),
                ..UserError::forbidden("you may see this expert, but not do this")
            });
        }
    }
    caller.authorize(action, &resource, field, "expert")
}

/// The expert, locked, where the caller may change it and has seen its current version.
async fn locked(
    conn: &mut PgConnection,
    caller: &Caller,
    id: ExpertId,
    version: Option<i64>,
) -> Result<Expert> {
    let expert = found(experts::lock(conn, id).await?, "expertId")?;
    authorized(conn, expert, caller, version).await
}

/// The expert, locked, where the caller may do something else to it.
async fn locked_for(
    conn: &mut PgConnection,
    caller: &Caller,
    action: Action,
    id: ExpertId,
) -> Result<Expert> {
    let expert = found(experts::lock(conn, id).await?, "expertId")?;
    authorize(conn, caller, action, (id, expert.office_id), "expertId").await?;
    Ok(expert)
}

/// The same for an expert who is locked already.
async fn authorized(
    conn: &mut PgConnection,
    expert: Expert,
    caller: &Caller,
    version: Option<i64>,
) -> Result<Expert> {
    let home = (expert.id, expert.office_id);
    authorize(conn, caller, Action::ManageExpert, home, "expertId").await?;
    if version.is_some_and(|version| version != expert.version) {
        return refuse(stale("expert"));
    }
    Ok(expert)
}

fn found(expert: Option<Expert>, field: &str) -> Result<Expert> {
    expert.ok_or_else(|| UserError::not_found(field, "expert").into())
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("experts_external_id_unique") => UserError::invalid(
            "externalId",
            "another expert already has this external id; each has its own",
        )
        .into(),
        Some("experts_office_id_fkey") => UserError::not_found("officeId", "office").into(),
        Some("experts_capacity_not_exceeded") => UserError::new(
            Code::Conflict,
            "capacity",
            "the expert has more open matches than this; end or withdraw some of them first",
        )
        .into(),
        _ => error.into(),
    }
}

/// Consent is the person's own word (S14): the office can only note that it was taken back.
fn gives_no_consent(before: bool, after: bool) -> std::result::Result<(), UserError> {
    if after && !before {
        return Err(UserError::new(
            Code::Forbidden,
            "publicityConsent",
            "only the expert consents to publicity, on the own page; you can note that it was taken back",
        ));
    }
    Ok(())
}
