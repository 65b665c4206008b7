//! Cases: drafted and submitted by a centre, accepted by the office that serves it (domain.md "Life of a
//! case").

mod closing;
pub(crate) mod consenting;

pub use closing::{OutcomeDraft, close, confirm_outcome, reopen, search_again};
pub use consenting::{consent_records, contest_consent, recorded_consent};
use tandem_domain::cases::{CaseDraft, CaseState, CaseWishes, ready_to_submit};
use tandem_domain::errors::{Code, UserError};
use tandem_domain::ids::{CaseId, MenteeId};
use tandem_domain::matches::MatchState;
use tandem_domain::policy::{Action, Decision, Resource};
use tandem_domain::values::optional_text;
use tandem_storage::cases::{self, Key, Saved};
pub use tandem_storage::cases::{Case, CaseFilter, CaseOrder, ConsentRecord, key};
use tandem_storage::events::{self, Event};
use tandem_storage::paging::{Page, Slice};
use tandem_storage::{PgConnection, mentees};

use crate::matches;
use crate::mentees::{check_version, search_text};
use crate::{App, Audit, Caller, Error, Result, idempotency, refuse, settings};

/// The longest note with which an office returns a case.
const LONGEST_NOTE: usize = 2000;

pub(crate) fn resource(case: &Case) -> Resource {
    Resource::mentee(case.mentee, case.center, case.office).of_case(case.id)
}

/// Drafts a case for a mentee; `key` makes a repeated call the same effect.
///
/// # Errors
/// `CONFLICT` where the mentee has an open case: one wish for one expert at a time (S4).
pub async fn draft(
    app: &App,
    caller: &Caller,
    mentee: MenteeId,
    draft: CaseDraft,
    key: Option<&str>,
) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let Some(mentee) = mentees::lock(&mut tx, mentee).await? else {
        return refuse(UserError::not_found("menteeId", "mentee"));
    };
    let home = Resource::mentee(mentee.id, mentee.center, mentee.office);
    caller.authorize(Action::ManageCase, &home, "menteeId", "mentee")?;
    let default_radius = settings::current(&mut tx).await?.default_radius_km;
    let wishes = draft.validate(app.today(), default_radius)?;
    let id: CaseId = app.id();
    if let Some(earlier) = idempotency::claim(&mut tx, app, caller, "draftCase", key, id).await? {
        return found(cases::get(&mut tx, earlier).await?, "idempotencyKey");
    }
    let saved = Saved {
        id,
        center: mentee.center,
        mentee: mentee.id,
        contact_user: caller.user_id(),
        state: CaseState::Draft,
        submitted_at: None,
        accepted_at: None,
        wishes: &wishes,
    };
    cases::save(&mut tx, &[saved], app.now()).await.map_err(explain)?;
    consenting::note(&mut tx, app, caller, (id, mentee.id), None, &wishes).await?;
    trace(&mut tx, app, caller, "case.drafted", id, mentee.id).await?;
    finish(tx, id, Event::Case(id, mentee.center)).await
}

/// Changes what a case wishes for, all of it. A `version` that is no longer the current one is a
/// conflict; what is submitted keeps what submitting needs.
pub async fn update(
    app: &App,
    caller: &Caller,
    id: CaseId,
    version: Option<i64>,
    draft: CaseDraft,
) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let before = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    if !before.state.is_open() {
        return refuse(UserError::conflict(format!(
            "this case is {}, so it cannot be changed",
            before.state
        )));
    }
    let default_radius = settings::current(&mut tx).await?.default_radius_km;
    let wishes = draft.validate(app.today(), default_radius)?;
    if before.state != CaseState::Draft {
        check_submittable(&mut tx, app, before.mentee, &wishes).await?;
    }
    let saved = Saved {
        id,
        center: before.center,
        mentee: before.mentee,
        contact_user: None,
        state: before.state,
        submitted_at: before.submitted_at,
        accepted_at: before.accepted_at,
        wishes: &wishes,
    };
    cases::save(&mut tx, &[saved], app.now()).await.map_err(explain)?;
    let known = (id, before.mentee);
    consenting::note(&mut tx, app, caller, known, Some(&before), &wishes).await?;
    let trail = Audit::new("case.updated", id)
        .about(before.mentee)
        .detail(serde_json::json!({ "fields": changed_fields(&before.wishes, &wishes) }));
    app.audit(&mut tx, caller, &[trail]).await?;
    finish(tx, id, Event::Case(id, before.center)).await
}

/// The centre submits a case to the office that serves it (S18).
///
/// # Errors
/// Everything that is still missing, field by field: `NOT_READY` for the consents of mentee and guardian.
pub async fn submit(app: &App, caller: &Caller, id: CaseId, version: Option<i64>) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    let state = case.state.submit()?;
    check_submittable(&mut tx, app, case.mentee, &case.wishes).await?;
    consenting::tell(&mut tx, app, &[(id, case.mentee)]).await?;
    step(tx, app, caller, &case, state, "", "case.submitted").await
}

/// The office accepts a case: the search begins.
pub async fn accept(app: &App, caller: &Caller, id: CaseId, version: Option<i64>) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::DecideCase, id, version).await?;
    let state = case.state.accept()?;
    consenting::undoubted(&case)?;
    step(tx, app, caller, &case, state, "", "case.accepted").await
}

/// The office returns a case to its centre, with a note that says what is missing.
pub async fn send_back(
    app: &App,
    caller: &Caller,
    id: CaseId,
    version: Option<i64>,
    note: &str,
) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::DecideCase, id, version).await?;
    let state = case.state.send_back()?;
    let note =
        optional_text("note", note, LONGEST_NOTE).map_err(|error| UserError::invalid("note", error))?;
    if note.is_empty() {
        return refuse(UserError::invalid(
            "note",
            "a note is needed: tell the centre what to change before it submits again",
        ));
    }
    step(tx, app, caller, &case, state, &note, "case.returned").await
}

/// The centre takes a case back. Experts who are asked for it, or have said yes, get a neutral mail.
///
/// # Errors
/// `CONFLICT` while an accompaniment is active: it is ended first.
pub async fn withdraw(app: &App, caller: &Caller, id: CaseId, version: Option<i64>) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = take(&mut tx, caller, Action::ManageCase, id, version).await?;
    let state = case.state.withdraw()?;
    let open = matches::lock_open(&mut tx, id).await?;
    if open
        .iter()
        .any(|matching| matches!(matching.state, MatchState::Active | MatchState::Paused))
    {
        return refuse(UserError::conflict(
            "an expert accompanies this mentee: end the match first, then withdraw the case",
        ));
    }
    matches::withdraw_locked(&mut tx, app, caller, &open).await?;
    step(tx, app, caller, &case, state, "", "case.withdrawn").await
}

/// One case; not found where the caller may not see it. Reading a single one leaves a trace.
pub async fn get(app: &App, caller: &Caller, id: CaseId) -> Result<Case> {
    let mut tx = app.begin(caller).await?;
    let case = cases::get(&mut tx, id).await?;
    let case = case.filter(|case| caller.can(Action::ViewCase, &resource(case)) == Decision::Allowed);
    let case = found(case, "id")?;
    app.audit(
        &mut tx,
        caller,
        &[Audit::new("case.viewed", id).about(case.mentee)],
    )
    .await?;
    tx.commit().await?;
    Ok(case)
}

/// Those of these cases that the caller may see.
pub async fn by_ids(app: &App, caller: &Caller, ids: &[CaseId]) -> Result<Vec<Case>> {
    let mut conn = app.acquire(caller).await?;
    let mut cases = cases::by_ids(&mut conn, ids).await?;
    cases.retain(|case| caller.can(Action::ViewCase, &resource(case)) == Decision::Allowed);
    Ok(cases)
}

/// All cases of these mentees that the caller may see, the oldest first.
pub async fn for_mentees(app: &App, caller: &Caller, mentees: &[MenteeId]) -> Result<Vec<Case>> {
    let mut conn = app.acquire(caller).await?;
    let mut cases = cases::for_mentees(&mut conn, mentees).await?;
    cases.retain(|case| caller.can(Action::ViewCase, &resource(case)) == Decision::Allowed);
    Ok(cases)
}

/// The cases that the caller may see, and how many there are where `total` is wanted.
pub async fn list(
    app: &App,
    caller: &Caller,
    filter: &CaseFilter,
    order: CaseOrder,
    page: &Page<Key>,
    total: bool,
) -> Result<(Slice<Case>, Option<i64>)> {
    let filter = CaseFilter {
        text: search_text(filter.text.as_deref())?,
        ..filter.clone()
    };
    let scope = caller.scope(Action::ViewCase);
    let mut conn = app.begin(caller).await?;
    let slice = cases::list(&mut conn, &scope, &filter, order, page).await?;
    let total = if total {
        Some(cases::count(&mut conn, &scope, &filter).await?)
    } else {
        None
    };
    let shape = [
        ("states", !filter.states.is_empty()),
        ("centerId", filter.center.is_some()),
        ("officeId", filter.office.is_some()),
        ("menteeId", filter.mentee.is_some()),
        ("waitingSince", filter.waiting_since.is_some()),
        ("hasOpenMatch", filter.has_open_match.is_some()),
        ("consentContested", filter.consent_contested.is_some()),
        ("text", filter.text.is_some()),
    ];
    app.listed(conn, caller, "cases.listed", &shape).await?;
    Ok((slice, total))
}

fn found(case: Option<Case>, field: &str) -> Result<Case> {
    case.ok_or_else(|| UserError::not_found(field, "case").into())
}

/// Locks a case for somebody who may do `action` with it.
async fn take(
    conn: &mut PgConnection,
    caller: &Caller,
    action: Action,
    id: CaseId,
    version: Option<i64>,
) -> Result<Case> {
    let case = found(cases::lock(conn, id).await?, "id")?;
    caller.authorize(action, &resource(&case), "id", "case")?;
    check_version(version, case.version, "case")?;
    Ok(case)
}

async fn check_submittable(
    conn: &mut PgConnection,
    app: &App,
    mentee: MenteeId,
    wishes: &CaseWishes,
) -> Result<()> {
    let mentee = mentees::get(conn, mentee)
        .await?
        .ok_or_else(|| Error::Fault(format!("mentee {mentee} of a case is gone")))?;
    Ok(ready_to_submit(wishes, mentee.profile.birth_date, app.today())?)
}

/// Moves a case to its next state and ends the transaction.
async fn step(
    mut tx: tandem_storage::PgTransaction<'static>,
    app: &App,
    caller: &Caller,
    case: &Case,
    state: CaseState,
    note: &str,
    action: &'static str,
) -> Result<Case> {
    cases::set_state(&mut tx, &[case.id], state, note, app.now()).await?;
    trace(&mut tx, app, caller, action, case.id, case.mentee).await?;
    finish(tx, case.id, Event::Case(case.id, case.center)).await
}

async fn trace(
    conn: &mut PgConnection,
    app: &App,
    caller: &Caller,
    action: &'static str,
    id: CaseId,
    mentee: MenteeId,
) -> Result<()> {
    app.audit(conn, caller, &[Audit::new(action, id).about(mentee)])
        .await
}

async fn finish(mut tx: tandem_storage::PgTransaction<'static>, id: CaseId, event: Event) -> Result<Case> {
    events::notify(&mut tx, event).await?;
    let case = found(cases::get(&mut tx, id).await?, "id")?;
    tx.commit().await?;
    Ok(case)
}

fn explain(error: tandem_storage::Error) -> Error {
    match error.constraint() {
        Some("cases_external_id_unique") => UserError::invalid(
            "externalId",
            "another case of this centre already has this external id; each has its own",
        )
        .into(),
        Some("cases_one_open_per_mentee") => UserError::new(
            Code::Conflict,
            "menteeId",
            "this mentee has an open case already: close or withdraw it first",
        )
        .into(),
        _ => error.into(),
    }
}

fn changed_fields(before: &CaseWishes, after: &CaseWishes) -> Vec<&'static str> {
    [
        ("externalId", before.external_id != after.external_id),
        ("contactName", before.contact_name != after.contact_name),
        ("menteeWishes", before.mentee_wishes != after.mentee_wishes),
        ("centerWishes", before.center_wishes != after.center_wishes),
        ("startLevel", before.start_level != after.start_level),
        ("radiusKm", before.radius_km != after.radius_km),
        ("plannedStart", before.planned_start != after.planned_start),
        (
            "expertGenderWish",
            before.expert_gender_wish != after.expert_gender_wish,
        ),
        ("supportAreas", before.support_areas != after.support_areas),
        ("occupations", before.occupations != after.occupations),
        (
            "eligibilityConfirmed",
            before.eligibility_confirmed != after.eligibility_confirmed,
        ),
        (
            "menteeConsentOn",
            before.mentee_consent_on != after.mentee_consent_on,
        ),
        (
            "guardianConsentOn",
            before.guardian_consent_on != after.guardian_consent_on,
        ),
    ]
    .into_iter()
    .filter_map(|(field, changed)| changed.then_some(field))
    .collect()
}
